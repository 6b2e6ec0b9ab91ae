//! `agent-cli` as people, pipelines and agents use it: the real binary, in a terminal or piped, against
//! the real server beside the stand-in workspace. What people see is held in snapshots.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod desk;
mod failing;
mod gate;
mod impostor;
mod init;
#[path = "../support/installed.rs"]
mod installed;
mod login;
mod manifests;
mod mcp;
mod office;
mod others;
mod pipes;
mod requests;
mod running;
mod start;
mod terminal;
