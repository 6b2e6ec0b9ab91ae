//! Who calls: a person who logged in, an agent, a service that the policy names, or a workload.

use async_trait::async_trait;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::api::caller::{self as door, NoCaller};
use crate::domain::ids::AgentId;
pub use crate::service::logins::tokens::LoggedIn;
use crate::service::tokens::TokenDesk;
use crate::service::tokens::caller::{Caller as Known, NotKnown};
use crate::service::tokens::workload::Workload;

/// Somebody who proved who they are. Whether a person may do anything here is looked up at each call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A person who logged in.
    Person(LoggedIn),
    /// An agent; it speaks for itself.
    Agent(AgentId),
    /// A service that the policy names.
    Service(String),
    /// A workload of an issuer that the policy trusts.
    Workload(Workload),
}

impl Caller {
    /// A text that no other caller has.
    pub fn key(&self) -> String {
        match self {
            Self::Person(of) => of.person.to_string(),
            Self::Agent(id) => id.to_string(),
            Self::Service(name) => format!("service:{name}"),
            Self::Workload(of) => format!("workload:{}:{}", of.issuer, of.subject),
        }
    }
}

/// Finds out who calls.
#[async_trait]
pub trait Callers: Send + Sync + 'static {
    /// Who sends this.
    ///
    /// # Errors
    ///
    /// It is not known; see [`NoCaller`].
    async fn caller(&self, request: &Parts) -> Result<Caller, NoCaller>;
}

/// Everybody whom the server knows.
#[async_trait]
impl Callers for TokenDesk {
    async fn caller(&self, request: &Parts) -> Result<Caller, NoCaller> {
        let (headers, path) = (&request.headers, request.uri.path());
        match door::authenticate(self, headers, &request.method, path).await {
            Ok(Known::Person(found)) => Ok(Caller::Person(found)),
            Ok(Known::Agent { id, .. }) => Ok(Caller::Agent(id)),
            Ok(Known::Service { name }) => Ok(Caller::Service(name)),
            Err(NoCaller::NotKnown(NotKnown::Token(why))) => {
                // A pipeline may show its platform's token, whether or not it is an agent's.
                match workload(self, headers).await {
                    Ok(Some(workload)) => Ok(Caller::Workload(workload)),
                    Ok(None) => Err(NoCaller::NotKnown(NotKnown::Token(why))),
                    Err(error) => Err(NoCaller::Away(error)),
                }
            }
            Err(other) => Err(other),
        }
    }
}

/// The workload whose platform's token is shown, if it is one that the policy trusts.
async fn workload(
    desk: &TokenDesk,
    headers: &HeaderMap,
) -> crate::service::Result<Option<Workload>> {
    match bearer(headers) {
        Some(token) => Ok(desk.workload_caller(token).await?.ok()),
        None => Ok(None),
    }
}

/// The token of the one header `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (first, None) = (all.next()?, all.next()) else { return None };
    let (scheme, token) = first.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
