//! Who agents are and what they get for it, over HTTP, on both databases; and what attackers get.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../support/database.rs"]
mod database;
mod http;
#[path = "../support/installed.rs"]
mod installed;
mod outside;
mod site;
mod tools;

mod assertions;
mod attacks;
mod callers;
mod clients;
mod exchange;
mod grants;
mod keys;
mod logins;
mod looking;
mod possession;
mod whole;

/// A story, told on both databases.
macro_rules! stories {
    ($($(#[$doc:meta])* async fn $name:ident($site:ident) $body:block)*) => {$(
        $(#[$doc])*
        async fn $name($site: &$crate::site::Site) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let site = $crate::site::Site::open(countersign::store::Engine::Sqlite).await;
                super::$name(&site).await;
                site.verifies().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let site = $crate::site::Site::open(countersign::store::Engine::Postgres).await;
                super::$name(&site).await;
                site.verifies().await;
            }
        }
    )*};
}
pub(crate) use stories;
