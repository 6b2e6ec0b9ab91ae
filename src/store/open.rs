//! From an address to connections with the settings that the promises need.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use super::error::{Cause, StoreError};
use super::session::{Link, Session};
use super::{Engine, Limits};

/// Statements kept prepared on each connection; more than there are statements.
const PREPARED: usize = 256;

/// Which database the address names.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// A file.
    Sqlite(SqliteConnectOptions),
    /// A server.
    Postgres(PgConnectOptions),
}

/// Reads the address.
pub(super) fn target(url: &str) -> Result<Target, StoreError> {
    let bad = |why: &str| StoreError::BadUrl { why: why.to_owned() };
    match url.split_once(':').map(|(scheme, rest)| (scheme, rest.trim_start_matches('/'))) {
        Some(("sqlite", "")) => Err(bad("the path of the file is missing")),
        Some(("sqlite", rest)) if rest.contains(":memory:") || rest.contains("mode=memory") => {
            Err(bad("a database in memory would lose what was acknowledged"))
        }
        Some(("sqlite", _)) => {
            let options = SqliteConnectOptions::from_str(url)
                .map_err(|_| bad("what follows `sqlite://` is no path"))?;
            Ok(Target::Sqlite(options))
        }
        Some(("postgres" | "postgresql", _)) => {
            let options = PgConnectOptions::from_str(url)
                .map_err(|_| bad("what follows `postgres://` is not understood"))?;
            Ok(Target::Postgres(
                options.application_name("countersign").statement_cache_capacity(PREPARED),
            ))
        }
        _ => Err(bad("it begins with neither `sqlite:` nor `postgres:`")),
    }
}

impl Target {
    pub(super) const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// The settings of a connection that writes.
    pub(super) fn settled(self, limits: Limits) -> Self {
        match self {
            Self::Sqlite(options) => Self::Sqlite(
                options
                    .create_if_missing(true)
                    .foreign_keys(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // A click that was acknowledged survives even a loss of power.
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(limits.lock())
                    .statement_cache_capacity(PREPARED),
            ),
            Self::Postgres(options) => Self::Postgres(options),
        }
    }

    /// Makes the folder that the file is to be in.
    pub(super) async fn prepare(&self) -> Result<(), StoreError> {
        let Self::Sqlite(options) = self else { return Ok(()) };
        match options.get_filename().parent() {
            Some(folder) if folder != Path::new("") => tokio::fs::create_dir_all(folder)
                .await
                .map_err(|e| StoreError::from(Cause::Database(Arc::new(sqlx::Error::Io(e))))),
            _ => Ok(()),
        }
    }

    /// The connections for reading.
    pub(super) fn readers(&self, limits: Limits) -> Pool {
        match self {
            Self::Sqlite(options) => Pool::Sqlite(
                SqlitePoolOptions::new()
                    .max_connections(limits.readers)
                    .acquire_timeout(limits.wait)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .test_before_acquire(false)
                    .connect_lazy_with(options.clone().pragma("query_only", "on")),
            ),
            Self::Postgres(options) => {
                let settings = settings(limits, true);
                Pool::Postgres(
                    PgPoolOptions::new()
                        .max_connections(limits.readers)
                        .acquire_timeout(limits.wait)
                        .after_connect(move |connection, _| {
                            let settings = settings.clone();
                            Box::pin(async move {
                                sqlx::raw_sql(AssertSqlSafe(settings)).execute(connection).await?;
                                Ok(())
                            })
                        })
                        .connect_lazy_with(options.clone()),
                )
            }
        }
    }

    /// The one connection for writing.
    pub(super) fn writer(&self, limits: Limits) -> Pool {
        match self {
            Self::Sqlite(options) => Pool::Sqlite(
                SqlitePoolOptions::new()
                    .max_connections(1)
                    .acquire_timeout(limits.connect())
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .test_before_acquire(false)
                    .connect_lazy_with(options.clone()),
            ),
            Self::Postgres(options) => {
                let settings = settings(limits, false);
                Pool::Postgres(
                    PgPoolOptions::new()
                        .max_connections(1)
                        .acquire_timeout(limits.connect())
                        .idle_timeout(None)
                        .max_lifetime(None)
                        .test_before_acquire(false)
                        .after_connect(move |connection, _| {
                            let settings = settings.clone();
                            Box::pin(async move {
                                sqlx::raw_sql(AssertSqlSafe(settings)).execute(connection).await?;
                                Ok(())
                            })
                        })
                        .connect_lazy_with(options.clone()),
                )
            }
        }
    }
}

/// What every connection with PostgreSQL is told: nothing may hang, a writer that has frozen gives
/// the head's row back to the other replicas, and a commit is on the disk before it is confirmed.
fn settings(limits: Limits, read_only: bool) -> Arc<str> {
    let (lock, statement) = (limits.lock().as_millis(), limits.wait.as_millis());
    let idle = (limits.wait * 2).as_millis();
    let mut settings = format!(
        "SET lock_timeout = {lock}; SET statement_timeout = {statement}; \
         SET idle_in_transaction_session_timeout = {idle}; "
    );
    settings.push_str(if read_only {
        "SET default_transaction_read_only = on"
    } else {
        // A server may have it off by default; a replicated one may want more than `on`.
        "SELECT set_config('synchronous_commit', 'on', FALSE) \
         WHERE current_setting('synchronous_commit') IN ('off', 'local')"
    });
    settings.into()
}

/// Connections with one of the two databases.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    /// A connection, soon or not at all.
    pub(super) async fn link(&self) -> Result<Link, StoreError> {
        let link = match self {
            Self::Sqlite(pool) => pool.acquire().await.map(Link::Sqlite),
            Self::Postgres(pool) => pool.acquire().await.map(Link::Postgres),
        };
        link.map_err(|e| match e {
            sqlx::Error::PoolClosed => Cause::Closed.into(),
            e => Cause::Database(Arc::new(e)).into(),
        })
    }

    /// A session on one.
    pub(super) async fn session(&self, limit: Duration) -> Result<Session, StoreError> {
        Ok(Session::new(self.link().await?, limit))
    }

    /// Closes them, after those in use came back.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}
