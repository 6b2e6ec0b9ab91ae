//! Who calls: a person who logged in, an agent, a service that the policy names, or a workload.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::api::caller::{self as door, NoCaller};
use crate::domain::ids::AgentId;
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::service::tokens::TokenDesk;
use crate::service::tokens::caller::{Caller as Known, NotKnown};
use crate::service::tokens::workload::Workload;

/// What persons' access tokens begin with.
pub const PERSON: &str = "csp_";

/// A person who logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Who.
    pub person: PersonId,
    /// The device's name, as it was shown when it was confirmed; untrusted text, cleaned.
    pub device: String,
    /// Until when the login lasts without being used.
    pub until: Timestamp,
}

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

/// Finds people by their tokens.
#[async_trait]
pub trait People: Send + Sync + 'static {
    /// Who logged in to get this access token; none if nobody did, or the login is over.
    async fn person(&self, token: &str) -> crate::service::Result<Option<LoggedIn>>;
}

/// Everybody whom the server knows.
pub struct Everybody {
    /// Agents, services, workloads.
    pub desk: TokenDesk,
    /// People.
    pub people: Arc<dyn People>,
}

#[async_trait]
impl Callers for Everybody {
    async fn caller(&self, request: &Parts) -> Result<Caller, NoCaller> {
        let (headers, path) = (&request.headers, request.uri.path());
        if let Some(token) = bearer(headers).filter(|token| token.starts_with(PERSON)) {
            return match self.people.person(token).await {
                Ok(Some(found)) => Ok(Caller::Person(found)),
                Ok(None) => Err(unknown("the login is over, or was never made: log in again")),
                Err(error) => Err(NoCaller::Away(error)),
            };
        }
        match door::authenticate(&self.desk, headers, &request.method, path).await {
            Ok(Known::Agent { id, .. }) => Ok(Caller::Agent(id)),
            Ok(Known::Service { name }) => Ok(Caller::Service(name)),
            Err(NoCaller::NotKnown(NotKnown::Token(why))) => {
                self.workload(headers).await?.ok_or_else(|| unknown(&why))
            }
            Err(other) => Err(other),
        }
    }
}

impl Everybody {
    /// The workload whose platform's token is shown, if it is one that the policy trusts.
    async fn workload(&self, headers: &HeaderMap) -> Result<Option<Caller>, NoCaller> {
        let Some(token) = bearer(headers) else { return Ok(None) };
        match self.desk.workload_caller(token).await {
            Ok(found) => Ok(found.ok().map(Caller::Workload)),
            Err(error) => Err(NoCaller::Away(error)),
        }
    }
}

fn unknown(words: &str) -> NoCaller {
    NoCaller::NotKnown(NotKnown::Token(words.to_owned()))
}

/// The token of the one header `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (first, None) = (all.next()?, all.next()) else { return None };
    let (scheme, token) = first.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
