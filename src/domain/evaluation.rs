//! One question at run time, and its answer (the words are those of OpenID AuthZEN 1.0).
//!
//! The order in which an answer is found: the agent is known and active, its tier is enough, a live
//! grant or a standing rule opens it, and no condition speaks against it. What follows from a no is
//! part of it: a code for programs, and whether it can be asked for ([`Denial::remedy`]).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::access::Access;
use super::agent::Slug;
use super::ids::{AgentId, GrantId, RequestId};
use super::person::PersonId;
use super::request::Reference;
use super::tier::Tier;
use super::time::Timestamp;

/// Properties and context, as a caller claims them.
pub type Properties = Map<String, Value>;

/// Somebody or something in a question: `{"type": "agent", "id": "support-agent-v2"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Its type; agents have [`AGENT`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name among its type. For agents the slug, or the id (`agt_…`).
    pub id: String,
    /// What the caller says of it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties: Properties,
}

/// The type of subjects that are agents.
pub const AGENT: &str = "agent";

/// What is to be done: `{"name": "read"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What the caller says of it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties: Properties,
}

/// May this subject do this to this resource, now, in this context?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Who.
    pub subject: Entity,
    /// Does what.
    pub action: Action,
    /// To what.
    pub resource: Entity,
    /// Under which circumstances.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub context: Properties,
}

impl Question {
    /// The access that is asked for, with the one object it is about: `database#orders:read`.
    /// None if the policy could not name it so.
    pub fn access(&self) -> Option<Access> {
        Access::to_object(&self.resource.kind, &self.resource.id, &self.action.name)
    }
}

/// What the registry knows of the agent in a question. It wins over what a caller claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAgent {
    /// Its identity.
    pub id: AgentId,
    /// Its name.
    pub slug: Slug,
    /// How much harm it could do.
    pub tier: Tier,
    /// The team it works for.
    pub team: String,
    /// Who answers for it.
    pub owner: PersonId,
    /// The model behind it.
    pub model: String,
}

/// A live grant, as far as a decision needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveGrant {
    /// Which.
    pub id: GrantId,
    /// What people call it.
    pub reference: Reference,
    /// The request that it came from, and so the people who allowed it.
    pub request: RequestId,
    /// When it ends.
    pub until: Timestamp,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Yes, on these grounds.
    Allow {
        /// Why.
        basis: Basis,
    },
    /// No.
    Deny {
        /// Why.
        denial: Denial,
    },
}

impl Decision {
    /// Whether it is a yes.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// The grounds of a yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "basis", rename_all = "snake_case")]
pub enum Basis {
    /// People granted it, for a time.
    Grant(LiveGrant),
    /// The policy's rules allow it without a grant.
    Rule {
        /// The rule's `@id`.
        rule: String,
    },
}

/// The grounds of a no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "denial", rename_all = "snake_case")]
pub enum Denial {
    /// No agent has this name, and no rule speaks for such a subject.
    UnknownSubject,
    /// The agent is registered and not active.
    NotActive {
        /// Its state in a word: `pending`, `suspended`, `retired`, `rejected`.
        state: String,
    },
    /// The policy knows no such resource or action, and no rule speaks for it.
    UnknownAccess,
    /// The agent's tier is too low.
    TierTooLow {
        /// The lowest that may.
        needs: Tier,
        /// The agent's.
        has: Tier,
    },
    /// Nothing opens it.
    NoGrant,
    /// A condition of the policy is not met.
    Forbidden {
        /// The rule's `@id`.
        rule: String,
        /// Why, in the policy's words for whoever is blocked.
        user: Option<String>,
        /// Why, in the policy's words for administrators.
        admin: Option<String>,
    },
    /// A condition could not be judged: something that it needs is missing or of another kind.
    /// Fails closed.
    CannotJudge {
        /// What, such as `context.conversation.participants is missing`.
        what: String,
    },
    /// An approval was shown that does not open this (see the Access Request and Approval Profile).
    Approval {
        /// Why not.
        why: ApprovalRefused,
    },
    /// The caller asked too often.
    Quota,
}

/// Why an approval that a caller shows does not open what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalRefused {
    /// Its time is over, or it was taken back.
    Expired,
    /// It is for something else.
    OutOfScope,
    /// It is not effective yet.
    Pending,
    /// It is not ours, or was changed.
    Unverifiable,
}

/// What can be done about a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Ask for it: people may approve.
    Request,
    /// Try again in a moment.
    Retry,
    /// Nothing, as things are.
    None,
}

impl Denial {
    /// The code for programs, and AuthZEN's `context.reason`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownSubject => "unknown_subject",
            Self::NotActive { .. } => "agent_not_active",
            Self::UnknownAccess => "unknown_access",
            Self::TierTooLow { .. } => "tier_too_low",
            Self::NoGrant => "approval_required",
            Self::Forbidden { .. } => "condition_not_met",
            Self::CannotJudge { .. } => "condition_not_judged",
            Self::Approval { why } => match why {
                ApprovalRefused::Expired => "approval_expired",
                ApprovalRefused::OutOfScope => "out_of_scope",
                ApprovalRefused::Pending => "grant_pending",
                ApprovalRefused::Unverifiable => "approval_unverifiable",
            },
            Self::Quota => "quota_exceeded",
        }
    }

    /// What can be done about it.
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::NoGrant
            | Self::TierTooLow { .. }
            | Self::Approval { why: ApprovalRefused::Expired | ApprovalRefused::OutOfScope } => {
                Remedy::Request
            }
            Self::Approval { why: ApprovalRefused::Pending } | Self::Quota => Remedy::Retry,
            Self::UnknownSubject
            | Self::NotActive { .. }
            | Self::UnknownAccess
            | Self::Forbidden { .. }
            | Self::CannotJudge { .. }
            | Self::Approval { why: ApprovalRefused::Unverifiable } => Remedy::None,
        }
    }
}

/// What agents say of themselves with a question (`context.agent` of an evaluation), kept on the
/// record. All of it is the caller's claim.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Claims {
    /// The model and its version at the moment of asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// A hash of the prompt that led to the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_hash: Option<String>,
    /// The task in hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
}
