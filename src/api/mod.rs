//! The doors for programs: OpenID AuthZEN and OAuth 2.0 over HTTP.

pub mod caller;
pub mod oauth;
