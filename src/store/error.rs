//! What can go wrong in the store, told so that the caller knows what to tell.

use std::sync::Arc;

use sqlx::migrate::MigrateError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is too slow or full, or the store is closed. Trying again
    /// later may help. Nothing was recorded, except as [`StoreError::may_be_recorded`] says.
    #[error("the database is not available: {source}")]
    Unavailable {
        /// Why.
        source: Cause,
    },
    /// What was to be changed has changed meanwhile: a request has ended, a name was taken, a vote
    /// was cast.
    #[error("it conflicts with what is recorded: {what}")]
    Conflict {
        /// What stands in the way.
        what: String,
    },
    /// A row holds what this program does not understand: it was changed by hand, or written by a
    /// newer version.
    #[error(
        "the record {row} in table {table} cannot be understood (column {column}): it was changed by hand or by a newer version"
    )]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column (its number in the statement, where the name is not known).
        column: String,
        /// The row's key, or `?` where it is not known.
        row: String,
    },
    /// The tables could not be brought up to date at the start.
    #[error("the tables could not be brought up to date: {source}; see migrations/README.md")]
    Migration {
        /// Why.
        #[source]
        source: MigrateError,
    },
    /// The address names no database.
    #[error(
        "`database.url` names no database: {why}; write `sqlite://data/countersign.db` or `postgres://user@host/name`"
    )]
    BadUrl {
        /// What is wrong; never contains the address, which may hold a password.
        why: String,
    },
    /// The database refused a statement. That is a fault of this program or of the tables.
    #[error("the database refused a statement on table {table}: {source}")]
    Refused {
        /// The table.
        table: &'static str,
        /// Why.
        #[source]
        source: Arc<sqlx::Error>,
    },
    /// A value could not be written as JSON. That is a fault of this program.
    #[error("a record for table {table} could not be written as JSON: {source}")]
    Unwritable {
        /// The table.
        table: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// Why the database is not available.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Cause {
    /// It said so, or could not be reached.
    #[error("{0}")]
    Database(#[source] Arc<sqlx::Error>),
    /// It did not answer in time.
    #[error("it did not answer in time")]
    Slow,
    /// The connection was lost while the change was made durable: it may or may not be recorded.
    #[error("it was lost while it recorded the change, which may or may not be recorded ({0})")]
    Unsure(#[source] Arc<sqlx::Error>),
    /// The work panicked; what it had done was taken back.
    #[error("the work failed unexpectedly and was taken back")]
    Panicked,
    /// The work went on after a statement had failed; what it had done was taken back.
    #[error("a statement of the work had failed, and all of it was taken back ({0})")]
    Spoilt(String),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether trying again later may help.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Whether the change may be recorded in spite of the error: the answer was lost on its way.
    pub const fn may_be_recorded(&self) -> bool {
        matches!(self, Self::Unavailable { source: Cause::Unsure(_) | Cause::Slow })
    }

    /// Something stands in the way of what a work wanted to do.
    pub fn conflict(what: impl Into<String>) -> Self {
        Self::Conflict { what: what.into() }
    }

    /// Sorts what the driver says of a statement on this table.
    pub(super) fn of(error: sqlx::Error, table: &'static str) -> Self {
        match error {
            sqlx::Error::ColumnDecode { index, .. } => {
                Self::Inconsistent { table, column: index, row: "?".to_owned() }
            }
            sqlx::Error::Database(e) if e.is_unique_violation() => {
                Self::conflict(format!("{table}: {}", e.message()))
            }
            e if is_trouble(&e) => Self::Unavailable { source: Cause::Database(Arc::new(e)) },
            e => Self::Refused { table, source: Arc::new(e) },
        }
    }

    /// The cause to tell others who were in the same transaction.
    pub(super) fn into_cause(self) -> Cause {
        match self {
            Self::Unavailable { source } => source,
            Self::Refused { source, .. } => Cause::Database(source),
            other => Cause::Spoilt(other.to_string()),
        }
    }
}

impl From<Cause> for StoreError {
    fn from(source: Cause) -> Self {
        Self::Unavailable { source }
    }
}

/// Whether the error comes from the state of the database or of the way there, and not from what
/// was asked of it.
pub(super) fn is_trouble(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(e) => e.code().is_some_and(|code| is_trouble_code(&code, e.as_ref())),
        _ => false,
    }
}

fn is_trouble_code(code: &str, error: &dyn sqlx::error::DatabaseError) -> bool {
    if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
        // https://www.postgresql.org/docs/15/errcodes-appendix.html: connection exceptions,
        // insufficient resources, operator intervention, system errors, wrong password or name of
        // the database (which an operator cures), lock timeouts, deadlocks, read-only standbys.
        matches!(code.get(..2), Some("08" | "28" | "3D" | "53" | "57" | "58"))
            || matches!(code, "25006" | "25P03" | "40001" | "40P01" | "55P03")
    } else {
        // https://sqlite.org/rescode.html: the primary code is the lowest byte. BUSY, LOCKED,
        // NOMEM, READONLY, INTERRUPT, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB.
        code.parse::<u32>().is_ok_and(|code| {
            matches!(code & 0xff, 5 | 6 | 7 | 8 | 9 | 10 | 11 | 13 | 14 | 15 | 26)
        })
    }
}
