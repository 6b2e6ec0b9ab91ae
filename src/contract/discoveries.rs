//! What was found and may be an agent: `/api/v1/discoveries`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::people::Person;
use crate::domain::agent::Slug;
use crate::domain::time::Timestamp;

/// The most that is taken at once.
pub const MOST_FINDINGS: usize = 1_000;

/// `POST /api/v1/discoveries`: what was found elsewhere. A finding that cannot be taken is answered as
/// `invalid`, with its reason; the others are taken all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// Where they were found: small letters, digits and dashes, such as `aws-iam`.
    #[schema(example = "aws-iam")]
    pub source: String,
    /// The findings.
    #[schema(value_type = Vec<Finding>, min_items = 1, max_items = 1000)]
    pub items: Vec<Value>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Its id there, by which it is known again. Never a secret.
    pub external_id: String,
    /// What people call it.
    pub name: String,
    /// `bot`, `app`, `workflow`, `service-account`, `key`, `github-app` or `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Who may answer for it: an e-mail address or a Slack user id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What else is known of it; a few short texts are kept, and none that looks like a secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub details: BTreeMap<String, String>,
}

/// What became of the findings, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Taken {
    /// One for each finding.
    pub items: Vec<TakenOne>,
}

/// What became of one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TakenOne {
    /// `new`: nobody knew of it, and security is told. `known`: it is nobody's yet. `claimed`: it is an
    /// agent's. `dismissed`: it is no agent. `ignored`: the policy passes over it. `invalid`: it could
    /// not be taken.
    pub outcome: String,
    /// Its id here; absent if it was not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The agent that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub agent: Option<Slug>,
    /// Why it could not be taken, and what to send instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Discovery {
    /// Its id here.
    pub id: String,
    /// Where it was found: `slack`, `aws-iam`.
    pub source: String,
    /// Its id there.
    pub external_id: String,
    /// What it is called.
    pub name: String,
    /// `bot`, `app`, `workflow`, `service-account`, `key`, `github-app` or `other`.
    pub kind: String,
    /// What else is known of it.
    pub details: BTreeMap<String, String>,
    /// Who may answer for it, as its source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `unclaimed`, `asked`, `claimed`, `not_an_agent` or `gone`.
    pub state: String,
    /// The agent that it belongs to, or will when its registration is approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub agent: Option<Slug>,
    /// Who is asked to register it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Person>,
    /// Who decided about it, if a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Person>,
    /// When it was first seen.
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Timestamp,
    /// When it was last seen.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Timestamp,
}
