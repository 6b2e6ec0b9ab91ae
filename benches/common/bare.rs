//! The database's own bare commit rate: one row inserted and committed, again and again, with the
//! settings that the store uses.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use countersign::store::Engine;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::bed::Database;

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS bare (id BIGINT NOT NULL PRIMARY KEY, doc TEXT NOT NULL)";
const INSERT: &str = "INSERT INTO bare (id, doc) VALUES ($1, $2)";
const DOC: &str = "about as long as the body of an event: two hundred letters, more or less, that say who \
    did what to which request at which moment, and nothing that anybody would want to keep longer than this";

/// Commits a second: over one connection with SQLite, which has one writer; over this many with
/// PostgreSQL.
pub async fn commits(database: &Database, connections: usize, lasting: Duration) -> f64 {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    let next = Arc::new(AtomicI64::new(0));
    let started = Instant::now();
    match database.engine {
        Engine::Sqlite => {
            let options = SqliteConnectOptions::from_str(&database.url).expect("a path");
            let options = options
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full);
            let mut connection =
                SqliteConnection::connect_with(&options).await.expect("a connection");
            sqlx::query(TABLE).execute(&mut connection).await.expect("a table");
            let started = Instant::now();
            while started.elapsed() < lasting {
                let id = NEXT.fetch_add(1, Ordering::Relaxed);
                let insert = sqlx::query(INSERT).bind(id).bind(DOC);
                insert.execute(&mut connection).await.expect("a commit");
                next.fetch_add(1, Ordering::Relaxed);
            }
            let rate = next.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
            connection.close().await.expect("a clean end");
            return rate;
        }
        Engine::Postgres => {
            let options = PgConnectOptions::from_str(&database.url).expect("an address");
            let mut all = Vec::new();
            for _ in 0..connections {
                all.push(PgConnection::connect_with(&options).await.expect("a connection"));
            }
            sqlx::query(TABLE).execute(&mut all[0]).await.expect("a table");
            let started = Instant::now();
            let commits = all.into_iter().map(|mut connection| {
                let next = Arc::clone(&next);
                async move {
                    while started.elapsed() < lasting {
                        let id = NEXT.fetch_add(1, Ordering::Relaxed);
                        let insert = sqlx::query(INSERT).bind(id).bind(DOC);
                        insert.execute(&mut connection).await.expect("a commit");
                        next.fetch_add(1, Ordering::Relaxed);
                    }
                    connection.close().await.expect("a clean end");
                }
            });
            futures::future::join_all(commits).await;
        }
    }
    next.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}
