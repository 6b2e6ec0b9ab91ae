//! What `agent-cli` and the server say to each other: the shapes of `/api/v1`, used by both sides, and
//! published as OpenAPI.
//!
//! | file | idea |
//! |---|---|
//! | [`about`] | which server this is, and what it speaks |
//! | [`login`] | a person logs in from a terminal |
//! | [`people`] | who somebody is |
//! | [`agents`] | agents: registered, listed, shown, stopped |
//! | [`requests`] | questions put to people, and how they stand |
//! | [`grants`] | what is granted, prolonged, handed back |
//! | [`catalogue`] | what can be asked for |
//! | [`certifications`] | whether agents are still needed |
//! | [`evaluation`] | why an answer was what it was |
//! | [`insights`] | numbers that show whether this works |
//! | [`discoveries`] | what was found and may be an agent |
//! | [`manifest`] | `agent.toml` |
//! | [`gate`] | a pipeline's check |
//! | [`activity`] | what an agent did |
//! | [`registry`] | all agents, for a service catalogue |
//! | [`problem`] | why something was not done, and what to do next |
//!
//! Times are RFC 3339 in UTC. Lengths of time are written as people type them (`30m`, `8h`, `7d`) in
//! what is sent, and both so and in seconds in what is answered. Whoever reads must put up with members
//! that they do not know: a newer server may send more.

pub mod about;
pub mod activity;
pub mod agents;
pub mod catalogue;
pub mod certifications;
pub mod discoveries;
pub mod evaluation;
pub mod gate;
pub mod grants;
pub mod insights;
pub mod login;
pub mod manifest;
mod object;
pub mod people;
pub mod problem;
pub mod registry;
pub mod requests;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::time::Span;

/// A length of time, for people and for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lasting {
    /// As people type it: `30m`.
    pub text: String,
    /// In seconds.
    pub seconds: u32,
}

impl From<Span> for Lasting {
    fn from(span: Span) -> Self {
        Self { text: span.to_string(), seconds: span.as_seconds() }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u32,
    /// What to send as `after` to get the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
