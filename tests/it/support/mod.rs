//! The office in which the stories happen: the whole product and the stand-in workspace, with real
//! sockets between them, a database of its own, and a clock that stands still until it is moved.

mod office;
mod person;

pub use office::{Office, Setup};
pub use person::{Answers, Person};

/// A story, told on both databases.
#[macro_export]
macro_rules! stories {
    ($($(#[$doc:meta])* async fn $name:ident($office:ident) $body:block)*) => {$(
        mod $name {
            use super::*;
            $(#[$doc])*
            async fn story($office: &$crate::support::Office) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let office = $crate::support::Office::open(countersign::store::Engine::Sqlite).await;
                story(&office).await;
                office.close().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let office = $crate::support::Office::open(countersign::store::Engine::Postgres).await;
                story(&office).await;
                office.close().await;
            }
        }
    )*};
}
