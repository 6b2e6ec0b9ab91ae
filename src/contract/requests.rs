//! Questions put to people, and how they stand.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Lasting;
use super::grants::Grant;
use super::people::Person;
use crate::domain::agent::Slug;
use crate::domain::time::Timestamp;

/// `POST /api/v1/agents/{name}/requests`: may the agent do this, for so long?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Resource and action, `database:read`. A resource alone asks for its lowest action.
    pub access: String,
    /// For how long, `30m`; an hour, or what the policy allows if that is less, if absent.
    #[serde(default, rename = "for")]
    pub lasting: Option<String>,
    /// Why; people read it.
    pub justification: String,
}

/// `POST /api/v1/requests/{reference}/appeal`: a no is put before others, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// What is new; the people who decide read it beside the reason of the no.
    pub justification: String,
}

/// A request, and how it stands: `GET /api/v1/requests/{reference}`. With `?wait=25` the answer comes when
/// it changes against `?seen=<changed_at>`, or after so many seconds (at most 25).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Request {
    /// What people call it: `G-1042`.
    pub reference: String,
    /// `registration`, `grant`, `emergency`, `review`, `extension`, `reinstatement`, `handover`,
    /// `tier_change`, `change`, `credential`, `appeal`.
    pub kind: String,
    /// The agent.
    #[schema(value_type = String)]
    pub agent: Slug,
    /// `open`, `approved`, `denied`, `cancelled`, `expired`.
    pub state: String,
    /// Resource and action, of a request for a grant or an extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// For how long.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Lasting>,
    /// What people call the credential that its yes adds, of a registration that brings one along or a
    /// request for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// What was denied before, of an appeal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeals: Option<String>,
    /// Who asked; absent where the agent asked by itself, and for agents and services (they are told roles).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Person>,
    /// Whether the agent asked by itself, or a service in its name.
    #[serde(default)]
    pub by_itself: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// Until when people can answer.
    #[schema(value_type = String, format = DateTime)]
    pub decide_by: Timestamp,
    /// The time it usually takes, if there is a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Lasting>,
    /// The yeses that are needed, each with whose it is or who is awaited.
    pub needs: Vec<Need>,
    /// Set when the named owner must accept first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits_owner: Option<Person>,
    /// How it ended, in a sentence, with the reason of a no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The grant that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    /// Changes whenever anything above does; for `?seen=`.
    pub version: String,
}

/// One yes that is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Need {
    /// The role.
    pub role: String,
    /// Whose yes covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_by: Option<Person>,
    /// Who could say it, while it is awaited (people of the workspace only see this, not agents).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaited: Vec<Person>,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who ended it, if one person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
    /// Why, of a no or a cancellation; the rule's name where the policy said yes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Until when a no can be appealed, if it can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub appeal_until: Option<Timestamp>,
    /// What could be done next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
}
