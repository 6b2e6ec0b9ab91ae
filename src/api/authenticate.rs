//! Who asks: a service that the policy names, or an agent.

use async_trait::async_trait;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::caller::{self, NoCaller};
use super::problem::Problem;
use super::requests::Callers;
use crate::domain::behalf::{Asker, TokenUsed};
use crate::domain::event::Actor;
use crate::domain::ids::AgentId;
use crate::domain::task::Submitter;
use crate::service::access_requests::follow::Reader;
use crate::service::tokens::TokenDesk;

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A service that the policy names; it may ask about anybody.
    Service {
        /// Its name in the policy.
        name: String,
    },
    /// An agent; it may ask about itself.
    Agent {
        /// Which.
        id: AgentId,
        /// The token that it showed.
        token: Option<TokenUsed>,
    },
}

impl Caller {
    /// As the record names them.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Service { name } => Actor::Service(name.clone()),
            Self::Agent { id, .. } => Actor::Agent(*id),
        }
    }

    /// The same, with the token by which an agent asks.
    pub fn asker(&self) -> Asker {
        let token = match self {
            Self::Service { .. } => None,
            Self::Agent { token, .. } => token.clone(),
        };
        Asker { caller: self.actor(), token }
    }
}

/// Why it is not known who asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unauthorised {
    /// There is no proof.
    #[error("say who asks: send `Authorization: Bearer …`")]
    Missing,
    /// The proof is not accepted.
    #[error("the token is not accepted: {0}")]
    Refused(String),
    /// A person asks, where only services and agents do.
    #[error(
        "this address is for services and agents, and the token is a person's: people use /api/v1"
    )]
    Person,
    /// It cannot be judged at the moment.
    #[error("who asks cannot be judged at the moment; ask again")]
    Unavailable,
}

/// Finds out who asks.
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// Who sends this request.
    ///
    /// # Errors
    ///
    /// It is not known; see [`Unauthorised`].
    async fn caller(&self, request: &Parts) -> Result<Caller, Unauthorised>;
}

/// Services and agents, by what the use cases about tokens know of them.
#[async_trait]
impl Authenticate for TokenDesk {
    async fn caller(&self, request: &Parts) -> Result<Caller, Unauthorised> {
        let path = request.uri.path();
        match caller::authenticate(self, &request.headers, &request.method, path).await {
            Ok(caller::Caller::Service { name }) => Ok(Caller::Service { name }),
            Ok(caller::Caller::Agent { id, token, .. }) => Ok(Caller::Agent { id, token }),
            Ok(caller::Caller::Person(_)) => Err(Unauthorised::Person),
            Err(NoCaller::Nobody) => Err(Unauthorised::Missing),
            Err(NoCaller::NotKnown(why)) => Err(Unauthorised::Refused(why.to_string())),
            Err(NoCaller::Away(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a caller was not looked up"
                );
                Err(Unauthorised::Unavailable)
            }
        }
    }
}

/// The same for programs that ask for access.
#[async_trait]
impl Callers for TokenDesk {
    async fn caller(&self, request: &Parts) -> Result<Submitter, Response> {
        match self.reader(request).await? {
            Reader::Program(program) => Ok(program),
            Reader::Person(_) => {
                Err(Problem::forbidden(Unauthorised::Person.to_string()).into_response())
            }
        }
    }

    async fn reader(&self, request: &Parts) -> Result<Reader, Response> {
        let path = request.uri.path();
        match caller::authenticate(self, &request.headers, &request.method, path).await {
            Ok(caller::Caller::Service { name }) => Ok(Reader::Program(Submitter::Service(name))),
            Ok(caller::Caller::Agent { id, .. }) => Ok(Reader::Program(Submitter::Agent(id))),
            Ok(caller::Caller::Person(of)) => Ok(Reader::Person(of.person)),
            Err(nobody) => Err(nobody.into_response()),
        }
    }
}
