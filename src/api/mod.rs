//! The doors for programs: OpenID AuthZEN and OAuth 2.0 over HTTP.
//!
//! | file | idea |
//! |---|---|
//! | [`authenticate`], [`caller`] | who asks |
//! | [`extract`] | a body, read as the standards want it |
//! | [`problem`] | what is told when there is no answer |
//! | [`authzen`] | questions at run time |
//! | [`oauth`] | tokens |
//! | [`activity`] | what agents did |

pub mod activity;
pub mod authenticate;
pub mod authzen;
pub mod caller;
pub mod extract;
pub mod oauth;
pub mod problem;
