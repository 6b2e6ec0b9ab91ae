//! The store, on both engines.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod answering;
mod at_the_end;
#[path = "../support/database.rs"]
mod database;
mod deadlines;
mod discoveries;
mod entities;
mod guards;
mod incidents;
mod insights;
mod lanes;
mod lanes_model;
mod log;
mod outages;
mod proxy;
mod samples;
mod starting;
mod writing;

/// Runs each test function of the module on both engines: `on_both! { name, name }`.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::database::TestDatabase::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::database::TestDatabase::postgres().await).await;
            })*
        }
    };
}
pub(crate) use on_both;
