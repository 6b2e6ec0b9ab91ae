//! The registry, for a service catalogue: `GET /api/v1/registry`, `countersign export`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::agents::AgentLine;
use crate::domain::time::Timestamp;

/// All agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registry {
    /// When this was true.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The agents, by name; also those that are retired, and not those whose registration was rejected.
    pub agents: Vec<Entry>,
}

/// An agent in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RegistryEntry)]
pub struct Entry {
    /// What stands in a list.
    #[serde(flatten)]
    pub line: AgentLine,
    /// Its identity, for ever.
    pub id: String,
    /// What it is for.
    pub purpose: String,
    /// The systems it touches.
    pub systems: Vec<String>,
    /// Where it runs.
    pub runs_on: String,
    /// The model behind it.
    pub model: String,
    /// Since when it is known.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: Timestamp,
    /// Until when its owner's word holds that it is needed and compliant; absent while that does not
    /// arise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub certified_until: Option<Timestamp>,
}
