//! A pipeline's check: `POST /api/v1/gate`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Lasting;
use super::manifest::Manifest;

/// What is checked. Who asks: a person, the agent itself, or a workload of an issuer that the policy trusts
/// (the pipeline's own OIDC token, as it is, as the bearer token).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateQuestion {
    /// What the repository says about its agent.
    #[serde(deserialize_with = "super::object::object")]
    pub manifest: Manifest,
}

/// What the registry says to it. All checks are made, also after one that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateAnswer {
    /// Whether the pipeline may go on: no check failed.
    pub passed: bool,
    /// The agent's name as it was asked.
    pub agent: String,
    /// The checks, in the order in which to mend them.
    pub checks: Vec<Check>,
    /// The usual time until what is missing is decided, if there is a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Lasting>,
    /// Within how long people must decide on what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decide_within: Option<Lasting>,
    /// Whom to ask: roles, the owner, the help channel; in words.
    pub ask: Vec<String>,
    /// One link that puts the ready request before the owner; absent if nothing can be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The policy's digest.
    pub policy: String,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// `registered`, `active`, `tier`, `certified`, `manifest`, `access`: stable, for programs.
    pub rule: String,
    /// What it is about, where there are several: the access, the manifest's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// How it went.
    pub outcome: Outcome,
    /// What was found, in a sentence.
    pub found: String,
    /// Why it matters, in a sentence; for what failed or warns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The commands that mend it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckOutcome)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not wrong, and worth knowing: an access that is not granted but can be.
    Noted,
    /// It stops the pipeline.
    Failed,
}
