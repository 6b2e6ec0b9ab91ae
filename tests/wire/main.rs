//! The wire against the stand-in workspace: what Slack sends arrives, what it must not see stays
//! here, and what goes wrong on the way is told apart.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by ending"
)]

mod calls;
mod common;
mod desk;
mod directory;
mod doctor;
mod http;
mod logs;
mod manifest;
mod messenger;
mod silence;
mod socket;
