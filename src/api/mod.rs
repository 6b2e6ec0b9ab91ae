//! The doors for programs: OpenID AuthZEN and OAuth 2.0 over HTTP.
//!
//! | file | idea |
//! |---|---|
//! | [`authenticate`] | who asks |
//! | [`extract`] | a body, read as the standards want it |
//! | [`problem`] | what is told when there is no answer |
//! | [`authzen`] | questions at run time |

pub mod authenticate;
pub mod authzen;
pub mod extract;
pub mod problem;
