//! Programs that ask by themselves: the AuthZEN Access Request and Approval Profile, walked as a client
//! walks it, over sockets, with people answering in Slack, on both databases.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod approvals;
mod bundles;
mod callbacks;
mod client;
mod documents;
mod limits;
mod links;
mod problems;
mod receiver;
mod signer;
mod troubles;
mod twice;
mod walk;
mod world;

#[path = "../support/database.rs"]
mod database;
#[path = "../it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the office serves other stories, too")]
mod support;
