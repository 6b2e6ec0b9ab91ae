//! Fresh databases for tests: a file for SQLite, a database of its own on a PostgreSQL server.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use tempfile::TempDir;
use tokio::runtime::RuntimeFlavor;

/// The environment variable that says where PostgreSQL is.
pub const POSTGRES: &str = "COUNTERSIGN_TEST_POSTGRES";

/// A database that nobody else uses; gone when this is dropped.
pub struct TestDatabase {
    url: String,
    kind: Kind,
}

enum Kind {
    Sqlite { _folder: TempDir },
    Postgres { server: PgConnectOptions, name: String },
}

impl TestDatabase {
    /// An address of a file that does not exist yet, in a folder of its own.
    pub async fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("data/countersign.db").display());
        Self { url, kind: Kind::Sqlite { _folder: folder } }
    }

    /// An empty database on the server that the environment names.
    pub async fn postgres() -> Self {
        let server = std::env::var(POSTGRES).unwrap_or_else(|_| {
            panic!(
                "{POSTGRES} is not set: start PostgreSQL with `scripts/test-services` and use the \
                 address that it prints, or set it to that of any server where you may create \
                 databases, such as postgres://postgres@127.0.0.1:5432/postgres"
            )
        });
        let server =
            PgConnectOptions::from_str(&server).expect("an address of a PostgreSQL server");
        let mut admin = PgConnection::connect_with(&server).await.unwrap_or_else(|e| {
            panic!("PostgreSQL does not answer where {POSTGRES} says ({e}): is it running?")
        });
        let (name,): (String,) = sqlx::query_as(
            "SELECT 'countersign_test_' || md5(random()::text || clock_timestamp()::text)",
        )
        .fetch_one(&mut admin)
        .await
        .expect("a name");
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0")))
            .execute(&mut admin)
            .await
            .expect("the right to create databases");
        admin.close().await.expect("a clean end");
        let url = server.clone().database(&name).to_url_lossy().to_string();
        Self { url, kind: Kind::Postgres { server, name } }
    }

    /// The address, as `database.url` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Kind::Postgres { server, name } = &self.kind else { return };
        let server = server.clone();
        let drop_it = format!("DROP DATABASE {name} WITH (FORCE)");
        // A test may end in a runtime that takes no more work.
        let end = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let mut admin = PgConnection::connect_with(&server).await?;
                sqlx::raw_sql(AssertSqlSafe(drop_it)).execute(&mut admin).await?;
                admin.close().await
            })
        });
        // PostgreSQL drops a database when every session has taken note of it, and one that is just
        // logging in does not before its client has answered. That client may be a task that waits
        // for this very thread: without letting it go on, both would wait until the login times out,
        // a minute later.
        let ended = match tokio::runtime::Handle::try_current().map(|h| h.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(|| end.join()),
            _ => end.join(),
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(e)) => eprintln!("the database {name} stays behind: {e}"),
            Err(_) => eprintln!("the database {name} stays behind"),
        }
    }
}
