//! Why an answer was what it was: `GET /api/v1/evaluations/{id}`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::time::Timestamp;

/// A question at run time, its answer, and the way out. The agent's owner, the agent, the service that
/// asked, and security see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// The evaluation's id.
    pub id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The subject as it was named: the agent's name, for an agent.
    pub subject: String,
    /// What was to be done.
    pub action: String,
    /// With what: `database/orders`.
    pub resource: String,
    /// The answer.
    pub allowed: bool,
    /// One word for programs: `no_grant`, `tier_too_low`, `forbidden`, `grant`, `rule`, …
    pub reason: String,
    /// A sentence for people.
    pub words: String,
    /// The grant, the rule, or the request that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_on: Option<String>,
    /// What to do next: commands, in the order in which to try them.
    pub next: Vec<String>,
    /// The usual time to an answer, if a request would help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<super::Lasting>,
    /// The link that puts the ready request before the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The agent's token by which it was asked, or which the service that asked named: its `jti`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Whether that token is the agent's, by this server's own record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_known: Option<bool>,
    /// The person in whose name the token was issued, if not the agent's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// For whom the agent acts, as who asked has it: `user/alice@example.com`. Nothing but their word
    /// says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_whom: Option<String>,
    /// The policy's digest at the answer.
    pub policy: String,
}
