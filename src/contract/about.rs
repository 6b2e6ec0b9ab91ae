//! Which server this is, and what it speaks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
}
