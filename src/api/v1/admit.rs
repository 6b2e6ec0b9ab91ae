//! Which callers may call what. A person is judged as at Slack's door: only a full, active member may
//! do or read anything, and that is looked up at each call.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::Api;
use super::caller::{Caller, LoggedIn};
use super::refusals::not_member;
use super::refused::Refused;
use crate::domain::agent::{Agent, Slug};
use crate::domain::ids::AgentId;
use crate::domain::person::PersonId;

/// Whoever proved who they are, whatever their standing.
pub(super) struct Anybody(pub Caller);

impl FromRequestParts<Arc<Api>> for Anybody {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refused> {
        Ok(Self(api.callers.caller(parts).await?))
    }
}

/// A person who may ask, own and decide.
pub(super) struct Member {
    /// Who.
    pub person: PersonId,
    /// As [`Caller::key`].
    pub key: String,
}

impl FromRequestParts<Arc<Api>> for Member {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refused> {
        let caller = api.callers.caller(parts).await?;
        let key = caller.key();
        match caller {
            Caller::Person(LoggedIn { person, .. }) => {
                member(api, &person).await?;
                Ok(Self { person, key })
            }
            _ => Err(only("a person who logged in", "agent-cli login")),
        }
    }
}

/// A member, or an agent for itself.
pub(super) enum Asker {
    /// A member.
    Member(PersonId),
    /// An agent.
    Agent(Box<Agent>),
}

impl FromRequestParts<Arc<Api>> for Asker {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refused> {
        match api.callers.caller(parts).await? {
            Caller::Person(LoggedIn { person, .. }) => {
                member(api, &person).await?;
                Ok(Self::Member(person))
            }
            Caller::Agent(id) => Ok(Self::Agent(Box::new(agent(api, id).await?))),
            Caller::Service(_) | Caller::Workload(_) => {
                Err(only("a person who logged in, or an agent for itself", "agent-cli login"))
            }
        }
    }
}

impl Asker {
    /// As [`Caller::key`].
    pub(super) fn key(&self) -> String {
        match self {
            Self::Member(person) => person.to_string(),
            Self::Agent(agent) => agent.id.to_string(),
        }
    }

    /// The person, if it is one.
    pub(super) const fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Member(person) => Some(person),
            Self::Agent(_) => None,
        }
    }

    /// The agent, if this is one and it means another than itself by the name.
    ///
    /// # Errors
    ///
    /// 403: an agent speaks for itself alone.
    pub(super) fn means_itself(&self, name: &str) -> Result<(), Refused> {
        match self {
            Self::Agent(agent) if !is_named(agent, name) => Err(not_yours(&agent.slug)),
            Self::Member(_) | Self::Agent(_) => Ok(()),
        }
    }
}

/// Somebody who may read: a member, an agent for itself, a service what concerns it.
pub(super) enum Reader {
    /// A member.
    Member(PersonId),
    /// An agent.
    Agent(Box<Agent>),
    /// A service of the policy.
    Service(String),
}

impl FromRequestParts<Arc<Api>> for Reader {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refused> {
        match api.callers.caller(parts).await? {
            Caller::Person(LoggedIn { person, .. }) => {
                member(api, &person).await?;
                Ok(Self::Member(person))
            }
            Caller::Agent(id) => Ok(Self::Agent(Box::new(agent(api, id).await?))),
            Caller::Service(name) => Ok(Self::Service(name)),
            Caller::Workload(_) => Err(only(
                "a person, an agent or a service; a workload that is none has /api/v1/gate and \
                 /api/v1/me",
                "agent-cli login",
            )),
        }
    }
}

impl Reader {
    /// As [`Caller::key`].
    pub(super) fn key(&self) -> String {
        match self {
            Self::Member(person) => person.to_string(),
            Self::Agent(agent) => agent.id.to_string(),
            Self::Service(name) => format!("service:{name}"),
        }
    }

    /// The person, if it is one.
    pub(super) const fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Member(person) => Some(person),
            Self::Agent(_) | Self::Service(_) => None,
        }
    }
}

/// Whether the name, or the id, is this agent's.
pub(super) fn is_named(agent: &Agent, name: &str) -> bool {
    agent.slug.as_str() == name || agent.id.to_string() == name
}

/// 403, unless the person is a full, active member at this moment.
pub(super) async fn member(api: &Api, person: &PersonId) -> Result<(), Refused> {
    match api.service.overview_standing(person).await? {
        standing if standing.is_member() => Ok(()),
        standing => Err(not_member(standing)),
    }
}

async fn agent(api: &Api, id: AgentId) -> Result<Agent, Refused> {
    let found = api.service.agent_by_id(id).await?;
    found.ok_or_else(|| only("an agent that is registered", "agent-cli register"))
}

/// 403: this is for others.
pub(super) fn only(whom: &str, next: &str) -> Refused {
    let detail = format!("This is for {whom}.");
    let refused = Refused::new(StatusCode::FORBIDDEN, "not_for_you", "Not for this caller", detail);
    refused.next([next.to_owned()])
}

/// 403: an agent meant another than itself.
pub(super) fn not_yours(own: &Slug) -> Refused {
    let detail = format!("An agent speaks and reads for itself alone; this token is of {own}.");
    Refused::new(StatusCode::FORBIDDEN, "not_for_you", "Not for this caller", detail)
        .next([format!("name {own}, or let a person do it: agent-cli login")])
}
