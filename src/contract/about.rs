//! Which server this is, and what it speaks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::time::Timestamp;

/// The version of the interface; it changes only when older clients could not go on.
pub const API_VERSION: u32 = 1;

/// `GET /api/v1/about`, for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct About {
    /// `countersign`: whoever typed another server's address is told so.
    pub product: String,
    /// The server's version.
    pub version: String,
    /// The newest version of the interface that it speaks.
    pub api_version: u32,
    /// The oldest version of the interface that it still speaks.
    pub oldest_api_version: u32,
    /// Its public address.
    pub address: String,
    /// The command in Slack, `/agent`.
    pub slash_command: String,
    /// Its time. An agent's proofs are made by it, so that a machine whose clock is wrong is not locked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub now: Option<Timestamp>,
}
