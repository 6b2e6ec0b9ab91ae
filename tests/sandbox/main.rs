//! The stand-in workspace, judged from outside: on the wire as Slack's documentation describes it,
//! and by Slack's own clients.
#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in what its tests share"
)]

mod cards;
mod delivery;
mod failing;
mod files;
#[path = "../support/installed.rs"]
mod installed;
mod morphism;
mod official_clients;
mod page;
mod persistence;
mod sockets;
mod support;
mod views;
mod web_api;
