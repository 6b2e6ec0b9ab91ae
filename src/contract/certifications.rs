//! Reviews: whether agents are still needed, and who said so.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::Person;
use crate::domain::agent::Slug;
use crate::domain::time::Timestamp;

/// Where an agent stands with its review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Certification {
    /// Its name.
    #[schema(value_type = String)]
    pub agent: Slug,
    /// The team it works for.
    pub team: String,
    /// 1, 2 or 3.
    pub tier: u8,
    /// Who answers for it.
    pub owner: Person,
    /// `suspended` (for a missed review), `late`, `due`, `certified`, or `stopped` for another reason.
    pub standing: String,
    /// Until when the owner should answer; or until when their last word holds.
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
    /// When it is suspended, if nobody answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub suspends_at: Option<Timestamp>,
    /// When its owner said last that it is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub certified_at: Option<Timestamp>,
    /// Who said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certified_by: Option<Person>,
}
