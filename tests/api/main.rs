//! `/api/v1` over real HTTP, with people who log in by the device flow and answer in Slack, on both
//! databases.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

/// A story, told on both databases, by a server that gives agents tokens.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($office:ident) $body:block)*) => {$(
        $(#[$doc])*
        async fn $name($office: &$crate::support::Office) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let office = $crate::office(countersign::store::Engine::Sqlite).await;
                super::$name(&office).await;
                office.close().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let office = $crate::office(countersign::store::Engine::Postgres).await;
                super::$name(&office).await;
                office.close().await;
            }
        }
    )*};
}

/// An office whose server has a place for its keys on either database.
async fn office(engine: countersign::store::Engine) -> support::Office {
    let mut setup = support::Setup::on(engine);
    setup.settings.push(("IDENTITY__ENCRYPTION_KEY", "a-secret-of-more-than-32-characters"));
    support::Office::set_up(setup).await
}

#[path = "../support/database.rs"]
mod database;
#[path = "../support/installed.rs"]
mod installed;
#[path = "../it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the office serves other stories, too")]
mod support;

mod access;
mod agents;
mod client;
mod described;
mod discoveries;
mod gate;
mod insights;
mod itself;
mod registry;
mod requests;
mod scim;
mod strict;
