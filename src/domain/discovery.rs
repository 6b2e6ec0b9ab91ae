//! What was found in the workspace or elsewhere and may be an agent that nobody registered: a bot, a
//! service account, a key. It is nobody's until somebody says whose it is, or that it is no agent.
//!
//! Unclaimed ⇄ Asked → Claimed / NotAnAgent; and Gone, from which it comes back as it was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::agent::Slug;
pub use super::finding::{BadFinding, Finding, Kind, SLACK, Sent};
use super::ids::{AgentId, DiscoveryId};
use super::person::{By, PersonId};
use super::time::Timestamp;

/// What tells without anybody's word whose something is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "match", rename_all = "snake_case")]
pub enum Match {
    /// The agent has the same name.
    Name,
    /// The agent has something with the same id, found elsewhere.
    ExternalId {
        /// Where.
        source: String,
    },
}

impl Match {
    /// One word for the log.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::ExternalId { .. } => "external_id",
        }
    }
}

/// Why something is nobody's, although it was somebody's or was asked of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "again", rename_all = "snake_case")]
pub enum Again {
    /// Who was asked says that it is not theirs.
    NotTheirs {
        /// Who.
        by: PersonId,
    },
    /// Who was asked registered it, and that came to nothing.
    NotRegistered {
        /// Who.
        by: PersonId,
    },
    /// It was taken for an agent's that it is not.
    WrongAgent {
        /// Who said so.
        by: PersonId,
        /// The agent.
        agent: AgentId,
    },
    /// The agent it belonged to is no more.
    AgentEnded {
        /// The agent.
        agent: AgentId,
    },
    /// It was gone, and is back.
    Returned,
}

impl Again {
    /// One word for the log.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NotTheirs { .. } => "not_theirs",
            Self::NotRegistered { .. } => "not_registered",
            Self::WrongAgent { .. } => "wrong_agent",
            Self::AgentEnded { .. } => "agent_ended",
            Self::Returned => "returned",
        }
    }
}

/// Where something that was found stands, with the facts that belong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DiscoveryState {
    /// Nobody has said whose it is.
    Unclaimed {
        /// When to say so again, if somebody wished that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remind_at: Option<Timestamp>,
        /// Why it is so again, if it was otherwise before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<Again>,
    },
    /// Somebody was asked to register it.
    Asked {
        /// Who.
        of: PersonId,
        /// Who asked.
        by: PersonId,
        /// When.
        at: Timestamp,
        /// The agent as which it waits to be approved, once they did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentId>,
    },
    /// It is this agent's.
    Claimed {
        /// The agent.
        agent: AgentId,
        /// Who said so.
        by: By,
        /// When.
        at: Timestamp,
        /// What matched, if nobody said it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matched: Option<Match>,
    },
    /// It is no agent, and that stays so.
    NotAnAgent {
        /// Who said so.
        by: By,
        /// Why; never empty.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// It is not there any more.
    Gone {
        /// Since when it is known.
        at: Timestamp,
        /// How it stood.
        before: Box<Self>,
    },
}

impl DiscoveryState {
    /// The words for the states, in the order of an inventory.
    pub const WORDS: [&'static str; 5] = ["unclaimed", "asked", "claimed", "not_an_agent", "gone"];

    /// One word for the state.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unclaimed { .. } => "unclaimed",
            Self::Asked { .. } => "asked",
            Self::Claimed { .. } => "claimed",
            Self::NotAnAgent { .. } => "not_an_agent",
            Self::Gone { .. } => "gone",
        }
    }

    /// The agent it belongs to, or will.
    pub const fn agent(&self) -> Option<AgentId> {
        match self {
            Self::Claimed { agent, .. } => Some(*agent),
            Self::Asked { agent, .. } => *agent,
            Self::Gone { before, .. } => before.agent(),
            Self::Unclaimed { .. } | Self::NotAnAgent { .. } => None,
        }
    }

    const fn unclaimed() -> Self {
        Self::Unclaimed { remind_at: None, again: None }
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovery {
    /// Its identity here.
    pub id: DiscoveryId,
    /// Where it was found: `slack`, `aws-iam`.
    pub source: String,
    /// Its id there.
    pub external_id: String,
    /// What it is called; untrusted text.
    pub name: String,
    /// What sort of thing.
    pub kind: Kind,
    /// What else is known of it; untrusted text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// Who may answer for it: an e-mail address or a Slack user id; untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_hint: Option<String>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// The message by which security was told of it; `None` while that is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// Where it stands.
    pub state: DiscoveryState,
}

/// A step that came too late: it is decided, or gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided(pub Box<Discovery>);

impl Discovery {
    /// Seen for the first time.
    pub fn found(id: DiscoveryId, finding: Finding, now: Timestamp) -> Self {
        let Finding { source, external_id, name, kind, owner, details } = finding;
        Self {
            id,
            source,
            external_id,
            name,
            kind,
            details,
            owner_hint: owner,
            first_seen: now,
            last_seen: now,
            told: None,
            state: DiscoveryState::unclaimed(),
        }
    }

    /// The name that it would have as an agent.
    pub fn slug(&self) -> Option<Slug> {
        Slug::like(&self.name)
    }

    /// Whether somebody is still to say whose it is.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, DiscoveryState::Unclaimed { .. } | DiscoveryState::Asked { .. })
    }

    /// Seen again: how it stood stays, and what was gone is back as it was decided. What nobody had
    /// decided is to be told again when it comes back.
    #[must_use]
    pub fn seen(self, finding: &Finding, now: Timestamp) -> Self {
        let seen = Self {
            name: finding.name.clone(),
            kind: finding.kind,
            details: finding.details.clone(),
            owner_hint: finding.owner.clone().or(self.owner_hint),
            last_seen: now.max(self.last_seen),
            ..self
        };
        match &seen.state {
            DiscoveryState::Gone { before, .. } => match before.as_ref() {
                DiscoveryState::Claimed { .. } | DiscoveryState::NotAnAgent { .. } => {
                    Self { state: before.as_ref().clone(), ..seen }
                }
                _ => seen.reopened(Again::Returned),
            },
            _ => seen,
        }
    }

    /// It is not there any more. One that is gone already stays as it is.
    #[must_use]
    pub fn gone(self, now: Timestamp) -> Self {
        match self.state {
            DiscoveryState::Gone { .. } => self,
            before => {
                Self { state: DiscoveryState::Gone { at: now, before: Box::new(before) }, ..self }
            }
        }
    }

    /// Somebody is asked to register it.
    pub fn ask(self, of: PersonId, by: PersonId, now: Timestamp) -> Result<Self, Decided> {
        let state = DiscoveryState::Asked { of, by, at: now, agent: None };
        self.open().map(|open| Self { state, ..open })
    }

    /// Who was asked has registered it as this agent, which waits to be approved.
    pub fn registering(self, by: &PersonId, as_agent: AgentId) -> Result<Self, Decided> {
        match self.state {
            DiscoveryState::Asked { of, by: asked_by, at, .. } if of == *by => {
                let state = DiscoveryState::Asked { of, by: asked_by, at, agent: Some(as_agent) };
                Ok(Self { state, ..self })
            }
            _ => Err(Decided(Box::new(self))),
        }
    }

    /// It is this agent's.
    pub fn claim(
        self,
        agent: AgentId,
        by: impl Into<By>,
        matched: Option<Match>,
        now: Timestamp,
    ) -> Result<Self, Decided> {
        let state = DiscoveryState::Claimed { agent, by: by.into(), at: now, matched };
        self.open().map(|open| Self { state, ..open })
    }

    /// It is no agent.
    pub fn dismiss(
        self,
        by: impl Into<By>,
        reason: String,
        now: Timestamp,
    ) -> Result<Self, Decided> {
        let state = DiscoveryState::NotAnAgent { by: by.into(), reason, at: now };
        self.open().map(|open| Self { state, ..open })
    }

    /// It is to be told again at that time.
    pub fn remind(self, at: Timestamp) -> Result<Self, Decided> {
        match self.state {
            DiscoveryState::Unclaimed { again, .. } => {
                let state = DiscoveryState::Unclaimed { remind_at: Some(at), again };
                Ok(Self { state, ..self })
            }
            _ => Err(Decided(Box::new(self))),
        }
    }

    /// The time to tell it again has come; `None` if there is no reason any more.
    pub fn reminded(self, now: Timestamp) -> Option<Self> {
        let state = match self.state {
            DiscoveryState::Unclaimed { remind_at: Some(at), again } if at <= now => {
                DiscoveryState::Unclaimed { remind_at: None, again }
            }
            DiscoveryState::Asked { agent: None, .. } => self.state,
            _ => return None,
        };
        Some(Self { state, told: None, ..self })
    }

    /// Who was asked says that it is not theirs.
    pub fn hand_back(self, by: PersonId) -> Result<Self, Decided> {
        match &self.state {
            DiscoveryState::Asked { of, agent: None, .. } if *of == by => {
                Ok(self.reopened(Again::NotTheirs { by }))
            }
            _ => Err(Decided(Box::new(self))),
        }
    }

    /// The registration as this agent came to nothing. What is not asked so stays as it is.
    #[must_use]
    pub fn not_registered(self, as_agent: AgentId) -> Self {
        match &self.state {
            DiscoveryState::Asked { of, agent: Some(agent), .. } if *agent == as_agent => {
                let by = of.clone();
                self.reopened(Again::NotRegistered { by })
            }
            _ => self,
        }
    }

    /// It was taken for an agent's that it is not: of what nobody had said.
    pub fn correct(self, by: PersonId) -> Result<Self, Decided> {
        match &self.state {
            DiscoveryState::Claimed { agent, by: By::System, .. } => {
                let agent = *agent;
                Ok(self.reopened(Again::WrongAgent { by, agent }))
            }
            _ => Err(Decided(Box::new(self))),
        }
    }

    /// The agent it belonged to is no more. What belongs to another stays as it is.
    #[must_use]
    pub fn orphaned(self, of: AgentId) -> Self {
        match &self.state {
            DiscoveryState::Claimed { agent, .. } if *agent == of => {
                self.reopened(Again::AgentEnded { agent: of })
            }
            _ => self,
        }
    }

    /// The agent of which this was said to be none, so that the same mistake is not made again.
    pub const fn is_not(&self) -> Option<AgentId> {
        match &self.state {
            DiscoveryState::Unclaimed { again: Some(Again::WrongAgent { agent, .. }), .. } => {
                Some(*agent)
            }
            _ => None,
        }
    }

    fn reopened(self, again: Again) -> Self {
        let state = DiscoveryState::Unclaimed { remind_at: None, again: Some(again) };
        Self { state, told: None, ..self }
    }

    fn open(self) -> Result<Self, Decided> {
        if self.is_open() { Ok(self) } else { Err(Decided(Box::new(self))) }
    }
}

#[cfg(test)]
#[path = "discovery_tests.rs"]
mod tests;
