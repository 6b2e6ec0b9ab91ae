//! What is granted, prolonged, handed back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Lasting;
use crate::domain::agent::Slug;
use crate::domain::time::Timestamp;

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Grant {
    /// What people call it: `G-1042`.
    pub reference: String,
    /// Who may.
    #[schema(value_type = String)]
    pub agent: Slug,
    /// May do what: `database:read`.
    pub access: String,
    /// `active`, `expired`, `revoked`, `released`.
    pub state: String,
    /// From the approval on.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// From this moment on every answer is no.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// The time that is left, while it is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Lasting>,
}

/// `POST /api/v1/grants/{reference}/extend`: a new request, decided by the same people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extend {
    /// So much longer, `30m`.
    pub by: String,
    /// Why.
    pub justification: String,
}

/// `POST /api/v1/grants/{reference}/revoke`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// Why.
    #[serde(default)]
    pub reason: String,
}
