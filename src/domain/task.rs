//! A task: what a program holds in its hand after it asked for something, and by which it follows
//! the question until people have answered (OpenID AuthZEN's Access Request and Approval Profile).
//!
//! A task has no life of its own: each of its items follows a request, and stands where that stands.
//! Several tasks may follow one request, because what is being decided already is not asked again.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::evaluation::{Action, Entity};
use super::event::Actor;
use super::grant::Grant;
use super::ids::{AgentId, EvaluationId, RequestId, TaskId};
use super::request::{Request, RequestState};
use super::time::Timestamp;

/// The program that asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Submitter {
    /// The agent itself.
    Agent(AgentId),
    /// A service that the policy names, in the agent's name.
    Service(String),
}

impl Submitter {
    /// Who did it, for the log.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Agent(id) => Actor::Agent(*id),
            Self::Service(name) => Actor::Service(name.clone()),
        }
    }

    /// A text that no other program has: `agt_…`, or `service:crm`.
    pub fn key(&self) -> String {
        match self {
            Self::Agent(id) => id.to_string(),
            Self::Service(name) => format!("service:{name}"),
        }
    }
}

/// Where the outcome is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// An HTTPS address that the policy allows.
    pub endpoint: String,
    /// Given back as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Value>,
    /// The ends that are to be told; all, if none is named.
    #[serde(default)]
    pub events: Vec<Status>,
}

impl Callback {
    /// Whether this end is to be told.
    pub fn tells(&self, end: Status) -> bool {
        self.events.is_empty() || self.events.contains(&end)
    }
}

/// One thing that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Access to what, as the program named it.
    pub resource: Entity,
    /// To do what with it.
    pub action: Action,
    /// The evaluation that said no.
    pub evaluation: EvaluationId,
    /// The request that it follows.
    pub request: RequestId,
    /// Whether the request was opened by this task. If not, it goes on without it.
    pub own: bool,
    /// When the program lost interest in what goes on without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Timestamp>,
}

/// What a program follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its identity: opaque, and nothing that could be guessed.
    pub id: TaskId,
    /// The agent that is to get what is asked.
    pub agent: AgentId,
    /// Who asked.
    pub by: Submitter,
    /// What is asked, in the order of the submission; never empty.
    pub items: Vec<Item>,
    /// Whether it came as a list of items, and is answered so.
    pub bundle: bool,
    /// Whether a faster way was wished for. There is none: it goes the ordinary way.
    #[serde(default)]
    pub emergency: bool,
    /// Where the outcome is to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
    /// What the program said of itself; kept for the record, believed by nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Value>,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when it can be followed.
    pub expires_at: Timestamp,
}

/// Where something stands, in the profile's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// People are asked.
    Pending,
    /// Yes, and it is open.
    Approved,
    /// No.
    Denied,
    /// Nobody answered in time.
    Expired,
    /// It was taken back, or what it asked about is gone.
    Cancelled,
    /// It was approved or asked, and nothing came of it.
    Failed,
    /// The items ended in different ways.
    Partial,
}

impl Status {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Partial => "partial",
        }
    }

    /// The ends that can be told, by their words.
    pub fn event(word: &str) -> Option<Self> {
        [Self::Approved, Self::Denied, Self::Expired, Self::Cancelled, Self::Failed, Self::Partial]
            .into_iter()
            .find(|status| status.word() == word)
    }

    /// Whether it stays so.
    pub const fn is_end(self) -> bool {
        !matches!(self, Self::Pending)
    }
}

impl Item {
    /// Where it stands, by the request that it follows and the grant that came of it.
    pub fn status(
        &self,
        request: Option<&Request>,
        grant: Option<&Grant>,
        now: Timestamp,
    ) -> Status {
        let Some(request) = request else { return Status::Failed };
        let state = request.state_at(now);
        // Who lost interest before the end did not see it.
        if let Some(at) = self.withdrawn
            && state.ended_at().is_none_or(|end| at <= end)
        {
            return Status::Cancelled;
        }
        match state {
            RequestState::Open => Status::Pending,
            RequestState::Approved { .. } if grant.is_some() => Status::Approved,
            RequestState::Approved { .. } => Status::Failed,
            RequestState::Denied { .. } => Status::Denied,
            RequestState::Cancelled { .. } => Status::Cancelled,
            RequestState::Expired { .. } => Status::Expired,
        }
    }
}

impl Task {
    /// Where the whole stands: pending while anything is, the common end of all items, or partial.
    pub fn status(items: &[Status]) -> Status {
        if items.contains(&Status::Pending) {
            return Status::Pending;
        }
        match items.split_first() {
            None => Status::Failed,
            Some((first, others)) if others.iter().all(|other| other == first) => *first,
            Some(_) => Status::Partial,
        }
    }

    /// Whether this program may follow it: the agent that is to get it, and who asked.
    pub fn is_for(&self, reader: &Submitter) -> bool {
        self.by == *reader || *reader == Submitter::Agent(self.agent)
    }

    /// Whether it can still be followed.
    pub fn is_kept(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

#[cfg(test)]
#[path = "task_tests.rs"]
mod tests;
