//! What agents did, told on a real socket; whether the record is whole; and the story that it tells.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod activity;
mod commands;
#[path = "../support/database.rs"]
mod database;
#[expect(dead_code, reason = "the house of the questions has more rooms than are needed here")]
#[path = "../authzen/house.rs"]
mod house;
mod seals;
mod telemetry;
mod trace;

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
