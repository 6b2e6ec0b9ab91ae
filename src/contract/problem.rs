//! Why something was not done, and what to do next (RFC 9457).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What each answer of `/api/v1` carries that is no success, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:countersign:problem:not_owner`: stable, for programs.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and why, in a sentence or two.
    pub detail: String,
    /// What to do next, in the order in which to try it; commands where there are some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
    /// What exists or is near, when a name was not found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<String>,
    /// What is wrong with which field of what was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// So many seconds until it is worth trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// What is being decided already, when the same was asked before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// The member's name.
    pub field: String,
    /// What is wrong, and what would do.
    pub problem: String,
}

/// What the kinds of problems begin with.
pub const KIND: &str = "urn:countersign:problem:";
