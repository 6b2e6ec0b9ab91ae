//! The doors for programs: OpenID AuthZEN and OAuth 2.0 over HTTP.

pub mod callbacks;
pub mod link;
pub mod requests;
