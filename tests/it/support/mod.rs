//! The office in which the stories happen: the whole product and the stand-in workspace, with real
//! sockets between them, a database of its own, and a clock that stands still until it is moved.

mod hand;
mod look;
mod office;
mod person;

pub use office::{Office, PATIENCE, Setup};
pub use person::{Answers, Person};

/// A policy folder with the starter's `policy.toml`, some texts of it in place of others.
pub fn starter_with(changes: &[(&str, &str)]) -> std::path::PathBuf {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let starter = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/policy/policy.toml");
    let mut text = std::fs::read_to_string(starter).expect("the starter policy");
    for (from, to) in changes {
        assert!(text.contains(from), "no {from} in the starter policy");
        text = text.replacen(from, to, 1);
    }
    std::fs::write(folder.join("policy.toml"), text).expect("written");
    folder
}

/// A story, told on both databases.
#[macro_export]
macro_rules! stories {
    ($($(#[$doc:meta])* async fn $name:ident($office:ident) $body:block)*) => {$(
        $(#[$doc])*
        async fn $name($office: &$crate::support::Office) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let office = $crate::support::Office::open(countersign::store::Engine::Sqlite).await;
                super::$name(&office).await;
                office.close().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let office = $crate::support::Office::open(countersign::store::Engine::Postgres).await;
                super::$name(&office).await;
                office.close().await;
            }
        }
    )*};
}

/// A story, told in an office of its own kind, on SQLite: of what no database makes different.
#[macro_export]
macro_rules! stories_of {
    ($setup:expr; $($(#[$doc:meta])* async fn $name:ident($office:ident) $body:block)*) => {$(
        $(#[$doc])*
        async fn $name($office: &$crate::support::Office) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let mut setup = $crate::support::Setup::on(countersign::store::Engine::Sqlite);
                let change: fn(&mut $crate::support::Setup) = $setup;
                change(&mut setup);
                let office = $crate::support::Office::set_up(setup).await;
                super::$name(&office).await;
                office.close().await;
            }
        }
    )*};
}

/// What the function `on` of the module tells, on both databases.
#[macro_export]
macro_rules! told_on_both {
    () => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn sqlite() {
            on(countersign::store::Engine::Sqlite).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn postgres() {
            on(countersign::store::Engine::Postgres).await;
        }
    };
}

/// A story, told in an office of its own kind, on both databases.
#[macro_export]
macro_rules! stories_of_both {
    ($setup:expr; $($(#[$doc:meta])* async fn $name:ident($office:ident) $body:block)*) => {$(
        $(#[$doc])*
        async fn $name($office: &$crate::support::Office) $body

        mod $name {
            use countersign::store::Engine;
            use $crate::support::{Office, Setup};

            async fn on(engine: Engine) {
                let mut setup = Setup::on(engine);
                let change: fn(&mut Setup) = $setup;
                change(&mut setup);
                let office = Office::set_up(setup).await;
                super::$name(&office).await;
                office.close().await;
            }

            $crate::told_on_both!();
        }
    )*};
}
