//! What an agent did, as it tells itself or the service that it worked through.
//!
//! An evaluation says what was asked and answered; an activity says what came of it: which model
//! decided, on what grounds, and which data it touched. It names the evaluation and the grant that
//! it rests on, so that the way leads from the data back to the people who allowed it. All of it is
//! the teller's claim, except that the ids are checked.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::Actor;
use super::ids::{ActivityId, AgentId, EvaluationId, GrantId};
use super::request::Reference;
use super::time::Timestamp;

/// The longest model version, prompt hash, task, type or name of a field, in characters.
pub const LONGEST_NAME: usize = 200;
/// The longest id of something that was accessed, in characters.
pub const LONGEST_ID: usize = 1_024;
/// The longest rationale, in characters.
pub const LONGEST_RATIONALE: usize = 4_000;
/// The most things that one activity may have accessed, and the most fields of one of them.
pub const MOST_ACCESSED: usize = 200;
/// The most activities that may be told at once.
pub const MOST_AT_ONCE: usize = 1_000;

/// Something that was read or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accessed {
    /// The type of the resource, as the policy names it: `database`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name among its type.
    pub id: String,
    /// Which of its fields; all or unknown, if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it was meant.
    Success,
    /// In part.
    Partial,
    /// Not at all.
    Failure,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Success, Self::Partial, Self::Failure];

    /// The word for it: `success`, `partial`, `failure`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Partial => "partial",
            Self::Failure => "failure",
        }
    }
}

/// What was done, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Deed {
    /// The model and its version that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// A hash of the prompt that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_hash: Option<String>,
    /// Why, in the agent's words; untrusted text, cleaned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_rationale: Option<String>,
    /// The task in hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// What was read or written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_accessed: Vec<Accessed>,
    /// How it ended, if the teller knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

impl Deed {
    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A grant, by its id or by what people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantName {
    /// `gnt_…`
    Id(GrantId),
    /// `G-1042`
    Reference(Reference),
}

/// An activity as it is told, before what it names is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The agent's name or id. The teller, if it is left out.
    pub agent: Option<String>,
    /// The question that was asked before.
    pub evaluation: Option<EvaluationId>,
    /// The grant that it rests on.
    pub grant: Option<GrantName>,
    /// When it was done. When it is told, if it is left out.
    pub occurred_at: Option<Timestamp>,
    /// What was done.
    pub deed: Deed,
}

/// An activity on the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Its identity.
    pub id: ActivityId,
    /// When it was told.
    pub at: Timestamp,
    /// By whom: the agent, or a service about it.
    pub told_by: Actor,
    /// Who did it.
    pub agent: AgentId,
    /// The question that was asked before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<EvaluationId>,
    /// The grant that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// When it was done, as the teller says.
    pub occurred_at: Timestamp,
    /// What was done.
    #[serde(flatten)]
    pub deed: Deed,
}

/// The seal of a record as it is stored: SHA-256, in hex.
pub fn seal(doc: &str) -> String {
    hex::encode(Sha256::digest(doc.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_reads_back_as_it_was_written() {
        let at = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let accessed = Accessed {
            kind: "customer-account".to_owned(),
            id: "c-7".to_owned(),
            fields: vec!["email".to_owned()],
        };
        let deed = Deed {
            decision_rationale: Some("the customer asked".to_owned()),
            data_accessed: vec![accessed],
            outcome: Some(Outcome::Success),
            ..Deed::default()
        };
        let activity = Activity {
            id: ActivityId::new(ulid::Ulid(7)),
            at,
            told_by: Actor::Service("crm".to_owned()),
            agent: AgentId::new(ulid::Ulid(1)),
            evaluation: Some(EvaluationId::new(ulid::Ulid(2))),
            grant: None,
            occurred_at: at,
            deed,
        };
        let text = serde_json::to_string(&activity).unwrap();
        assert_eq!(serde_json::from_str::<Activity>(&text).unwrap(), activity);
        assert!(Deed::default().is_empty() && !activity.deed.is_empty());
    }
}
