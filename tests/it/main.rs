//! Stories of the product, told in its own words, on both databases.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../support/database.rs"]
mod database;
mod support;

mod byways;
mod credentials;
mod deadlines;
mod discovery;
mod escalate;
mod grant;
mod input;
mod login;
mod peers;
mod policy;
mod program;
mod promises;
mod register;
mod remind;
mod see;
mod slack_faults;
mod stop;
mod vote;
mod whole;
