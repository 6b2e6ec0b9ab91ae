//! Real processes: the server binary as a child, beside a stand-in workspace in this process. They
//! are killed, told to end, run two on one database, cut off from Slack and from the database; what
//! a person was told must stay true.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::type_complexity,
    reason = "a test that cannot go on says so by ending"
)]

#[path = "../support/database.rs"]
mod database;
mod life;
#[path = "../store/proxy.rs"]
mod proxy;
mod server;
mod site;
mod story;
mod truth;

mod database_away;
mod disk_full;
mod ending;
mod grants;
mod kills;
mod replicas;
mod slack_fails;
mod taken_back;
