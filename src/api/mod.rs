//! The doors for programs: OpenID AuthZEN and OAuth 2.0 over HTTP.
//!
//! | file | idea |
//! |---|---|
//! | [`caller`], [`authenticate`] | who asks |
//! | [`extract`] | a body, read as the standards want it |
//! | [`problem`] | what is told when there is no answer |
//! | [`authzen`] | questions at run time |
//! | [`requests`] | what is refused is asked for, and followed |
//! | [`callbacks`] | programs are told what became of it |
//! | [`link`] | people pass a refusal on to the owner |
//! | [`oauth`] | tokens |
//! | [`device`] | where people are told what to do with a device's code |
//! | [`activity`] | what agents did |
//! | [`scim`] | the identity provider pushes people and groups |
//! | [`v1`] | `/api/v1`: what `agent-cli` uses |

pub mod activity;
pub mod authenticate;
pub mod authzen;
pub mod callbacks;
pub mod caller;
pub mod device;
pub mod extract;
pub mod link;
pub mod oauth;
pub mod problem;
pub mod requests;
pub mod scim;
pub mod v1;
