//! `agent.toml`: what a repository says about its agent. It belongs in git; nothing in it is secret.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::agents::Answers;

/// The file's name.
pub const FILE: &str = "agent.toml";

/// What a repository says about its agent. Everything is checked against the registry by `agent-cli gate`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The file's own version, 1.
    pub version: u32,
    /// Who the agent is.
    #[serde(deserialize_with = "super::object::object")]
    pub agent: Described,
    /// What it may have to do: each must be granted or grantable.
    #[serde(
        default,
        rename = "access",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::object::objects"
    )]
    pub accesses: Vec<Declared>,
}

/// Who the agent is, as at its registration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Who answers for it: an e-mail address or a Slack user id. The registry decides; this tells people
    /// who read the repository, and whom a link asks when nobody registered it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The team it works for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// The systems it touches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<String>,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub runs_on: String,
    /// The model behind it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// Does it write or change anything?
    #[serde(default)]
    pub writes: bool,
    /// Does it see customer or personal data?
    #[serde(default)]
    pub customer_data: bool,
    /// Does it call or message anything outside the company?
    #[serde(default)]
    pub external_calls: bool,
    /// Can it move or promise money?
    #[serde(default)]
    pub money: bool,
}

impl Described {
    /// The answers from which the tier follows.
    pub const fn answers(&self) -> Answers {
        let Self { writes, customer_data, external_calls, money, .. } = *self;
        Answers { writes, customer_data, external_calls, money }
    }
}

/// Something that the agent may have to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Resource and action, `database:read`.
    pub name: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
    /// For how long it is asked, `30m`.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasting: Option<String>,
}
