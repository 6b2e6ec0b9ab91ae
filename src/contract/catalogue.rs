//! What can be asked for: `GET /api/v1/catalogue`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Lasting;
use super::agents::Route;

/// What there is to ask for, and who decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Catalogue {
    /// The resources of the policy.
    pub resources: Vec<Resource>,
    /// The tiers, with who decides.
    pub tiers: Vec<Tier>,
    /// The teams an agent can work for.
    pub teams: Vec<String>,
    /// The policy's digest.
    pub policy: String,
}

/// A resource of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resource {
    /// `database`.
    pub name: String,
    /// `public`, `internal`, …
    pub sensitivity: String,
    /// What can be done with it.
    pub actions: Vec<Action>,
}

/// Something that can be done with a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// `read`.
    pub name: String,
    /// The lowest tier that may hold it.
    pub tier: u8,
    /// What it opens, in the policy's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
}

/// A tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tier {
    /// Who decides.
    #[serde(flatten)]
    pub route: Route,
    /// The longest that can be asked for at once.
    pub longest_grant: Lasting,
}
