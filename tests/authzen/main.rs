//! The policy decision point as services see it: on a real socket, over a database that other
//! replicas share.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod attacks;
mod certification;
#[path = "../support/database.rs"]
mod database;
mod house;
mod records;
mod searches;
mod stories;

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
