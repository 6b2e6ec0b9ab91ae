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

mod appeal;
mod approved;
mod awaited;
mod backup;
mod behalf;
mod byways;
mod certify;
mod change;
mod credentials;
mod deadlines;
mod delegate;
mod discovery;
mod emergency;
mod escalate;
mod grant;
mod handover;
mod incidents;
mod input;
mod insights;
mod login;
mod offers;
mod owners;
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
mod year;
