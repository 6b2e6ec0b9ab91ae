//! Who somebody is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::agent::Slug;
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;

/// A person, by id and by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// `T0ACME/U0DANA`.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// As Slack shows them, where Slack could be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// `GET /api/v1/me`: whom the token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Me {
    /// A person who logged in.
    Person {
        /// Who.
        person: Person,
        /// Whether they may do anything here: `member`, `guest`, `deactivated`, …
        standing: String,
        /// The name of the device that logged in.
        device: String,
        /// Until when the login lasts without being used.
        #[schema(value_type = String, format = DateTime)]
        until: Timestamp,
        /// Their agents.
        #[schema(value_type = Vec<String>)]
        agents: Vec<Slug>,
        /// How many requests wait for their word.
        waiting_for_you: u32,
    },
    /// An agent, by a token of its own.
    Agent {
        /// Its name.
        #[schema(value_type = String)]
        agent: Slug,
    },
    /// A service that the policy names.
    Service {
        /// Its name in the policy.
        name: String,
    },
    /// A workload of an issuer that the policy trusts; no agent need belong to it.
    Workload {
        /// The issuer's name in the policy.
        issuer: String,
        /// The token's `sub`.
        subject: String,
        /// The agents that are known by it.
        #[schema(value_type = Vec<String>)]
        agents: Vec<Slug>,
    },
}
