//! `/api/v1` over real HTTP, with people who log in by the device flow and answer in Slack, on both
//! databases.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod agents;
mod client;
mod described;
mod gate;
mod itself;
mod requests;
mod strict;

#[path = "../support/database.rs"]
mod database;
#[path = "../it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the office serves other stories, too")]
mod support;
