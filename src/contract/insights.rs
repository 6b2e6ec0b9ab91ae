//! Numbers that show whether this works: `GET /api/v1/insights`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Lasting;
use crate::domain::time::Timestamp;

/// The numbers of the last days. They are about requests, tiers and roles, never about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Insights {
    /// The moment at which they were counted.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Over so many days is counted, and compared with as many before.
    pub days: u32,
    /// By tier, the lowest first.
    pub tiers: Vec<TierNumbers>,
    /// By role, the slowest first.
    pub roles: Vec<RoleNumbers>,
    /// What ended in these days. Appeals are not among it.
    pub ended: Outcomes,
    /// What ended in the days before.
    pub ended_before: Outcomes,
    /// Appeals that ended in these days.
    pub appeals: Appeals,
    /// The last weeks one by one, the oldest first; each has seven whole days.
    pub weeks: Vec<Week>,
    /// The agents, now.
    pub agents: Agents,
    /// The grants.
    pub grants: Grants,
}

/// A tier in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TierNumbers {
    /// Which.
    pub tier: u8,
    /// Within which time its people decide, by the policy.
    pub promise: Lasting,
    /// From the question to the last yes, where people said yes, in these days.
    pub took: Took,
    /// The same in the days before.
    pub took_before: Took,
    /// What waits now.
    pub waiting: Waiting,
}

/// A role in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleNumbers {
    /// Which.
    pub role: String,
    /// From the question to its yes, in these days.
    pub took: Took,
    /// What waits for its yes now.
    pub waiting: Waiting,
}

/// How long something took: percentiles by nearest rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Took {
    /// By how many that is judged; at most the latest 5,000 of a tier.
    pub samples: u64,
    /// Half took no longer; absent with fewer than 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<Lasting>,
    /// 19 of 20 took no longer; absent with fewer than 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<Lasting>,
}

/// What waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// Since when the oldest does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}

/// How many requests ended in which way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outcomes {
    /// People said yes.
    pub approved_by_people: u64,
    /// A rule of the policy said yes.
    pub approved_by_rule: u64,
    /// Somebody said no.
    pub denied: u64,
    /// Nobody answered in time.
    pub expired: u64,
    /// Taken back, or what it asked about was gone.
    pub cancelled: u64,
}

/// Appeals against a no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Appeals {
    /// That ended.
    pub ended: u64,
    /// That became a yes.
    pub overturned: u64,
}

/// A week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Week {
    /// After this moment …
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// … and up to this one.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// What ended in it.
    pub ended: Outcomes,
}

/// The agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Agents {
    /// At work.
    pub active: u64,
    /// At work, and certified.
    pub certified: u64,
    /// Without an owner, at work or stopped.
    pub ownerless: u64,
}

/// The grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Grants {
    /// Live now.
    pub live: u64,
    /// That ended in these days; absent where the use of grants is not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// Of those, that no call ever rested on; absent where the use of grants is not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused: Option<u64>,
}
