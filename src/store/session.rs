//! A session with one of the two databases, and the way in which one body of code serves both.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteArguments;
use sqlx::types::Json;
use sqlx::{
    Database, Decode, Either, Executor, Postgres, SqlSafeStr, SqlStr, Sqlite, SqliteConnection,
    Type, query::Query,
};

use super::ahead::{Ahead, FEW};
use super::error::{Cause, StoreError, is_trouble};
use super::readers::Home;
use super::statement::Statement;

/// A session for reading; inside a transaction ([`super::Tx`]) it sees what the transaction did.
pub struct Session {
    pub(super) link: Link,
    /// How long one statement may take.
    pub(super) limit: Duration,
    /// What the first failed statement said: a transaction that goes on after it must not commit.
    pub(super) failed: Option<String>,
    /// What was changed.
    pub(super) touched: Touched,
    /// What is to be said to the database before the next statement: the savepoint of a work,
    /// which so costs SQLite no round trip of its own, and nothing if the work says nothing.
    pub(super) due: Option<&'static str>,
    /// What goes to SQLite with the next statement.
    pub(super) ahead: Ahead,
    /// Whether a statement was begun whose end was not seen, or the last one failed.
    amiss: bool,
    /// Where the connection goes at the end, unless to its pool.
    home: Option<Home>,
}

/// What was changed, as far as somebody waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Touched {
    /// Anything at all.
    pub(super) any: bool,
    /// A delivery may be taken that could not be taken before.
    pub(super) ready: bool,
    /// There is something else to do at a time.
    pub(super) dated: bool,
}

/// The connection behind a session.
#[derive(Debug)]
pub(super) enum Link {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
    /// It did not answer in time, and nobody knows what it is doing now.
    Gone,
}

/// Why a statement gave no result.
pub(super) enum Trouble {
    Slow,
    Sql(sqlx::Error),
}

impl Session {
    pub(super) fn new(link: Link, limit: Duration) -> Self {
        let (touched, ahead) = (Touched::default(), Ahead::default());
        Self { link, limit, failed: None, touched, due: None, ahead, amiss: false, home: None }
    }

    /// The same, whose connection goes there at the end.
    pub(super) fn at(mut self, home: Home) -> Self {
        self.home = Some(home);
        self
    }

    /// Closes the connection without another word to it.
    pub(super) fn abandon(&mut self) {
        match std::mem::replace(&mut self.link, Link::Gone) {
            Link::Sqlite(connection) => drop(connection.detach()),
            Link::Postgres(connection) => drop(connection.detach()),
            Link::Gone => {}
        }
    }

    /// Runs a command without parameters or rows: `COMMIT`, `SAVEPOINT w`.
    pub(super) async fn command(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let limit = self.limit;
        self.amiss = true;
        let outcome = match &mut self.link {
            // As a query it stays prepared.
            Link::Sqlite(c) => bounded(limit, sqlx::query(sql).execute(&mut **c)).await.map(drop),
            Link::Postgres(c) => {
                bounded(limit, sqlx::raw_sql(sql).execute(&mut **c)).await.map(drop)
            }
            Link::Gone => Err(Trouble::Slow),
        };
        self.judge("chain_head", outcome)
    }

    /// The text to send for this statement with what goes before it, and the values of that. SQLite
    /// takes all at once; PostgreSQL, which takes one statement with parameters at a time, is told
    /// here what is due.
    pub(super) async fn whole(
        &mut self,
        sql: impl SqlSafeStr,
    ) -> Result<(SqlStr, SqliteArguments), StoreError> {
        let (sql, due) = (sql.into_sql_str(), self.due.take());
        if matches!(self.link, Link::Sqlite(_)) {
            self.amiss = true;
            return Ok(self.ahead.before(due, sql));
        }
        if let Some(due) = due {
            self.command(due).await?;
        }
        self.amiss = true;
        Ok((sql, SqliteArguments::default()))
    }

    /// Makes everything durable, with what waited for the next statement.
    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        let (text, values) = self.whole("COMMIT").await?;
        let limit = self.limit;
        let outcome = match &mut self.link {
            Link::Sqlite(c) => {
                bounded(limit, sqlx::query_with(text, values).execute(&mut **c)).await.map(drop)
            }
            Link::Postgres(c) => {
                bounded(limit, sqlx::raw_sql(text).execute(&mut **c)).await.map(drop)
            }
            Link::Gone => Err(Trouble::Slow),
        };
        self.judge("chain_head", outcome)
    }

    /// Whether a statement with so many rows, for whose outcome nobody waits, goes with the next one.
    pub(super) const fn gathers(&self, rows: usize) -> bool {
        self.ahead.open && rows <= FEW && matches!(self.link, Link::Sqlite(_))
    }

    /// Sorts the outcome of a statement, and remembers a failure.
    pub(super) fn judge<T>(
        &mut self,
        table: &'static str,
        outcome: Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        self.amiss = outcome.is_err();
        match outcome {
            Ok(value) => Ok(value),
            Err(Trouble::Slow) => {
                self.abandon();
                self.failed.get_or_insert_with(|| Cause::Slow.to_string());
                Err(Cause::Slow.into())
            }
            // A row that cannot be understood leaves the transaction as it is.
            Err(Trouble::Sql(error @ sqlx::Error::ColumnDecode { .. })) => {
                Err(StoreError::of(error, table))
            }
            Err(Trouble::Sql(error)) => {
                self.failed.get_or_insert_with(|| error.to_string());
                Err(StoreError::of(error, table))
            }
        }
    }

    /// Asks the database for a sign of life.
    pub(super) async fn ping(&mut self) -> Result<(), StoreError> {
        self.command("SELECT 1").await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(home) = self.home.take().filter(|_| !self.amiss) else { return };
        home.take_in(std::mem::replace(&mut self.link, Link::Gone));
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.link {
            Link::Sqlite(_) => "Session(SQLite)",
            Link::Postgres(_) => "Session(PostgreSQL)",
            Link::Gone => "Session(gone)",
        })
    }
}

/// Waits for a statement as long as it may take.
pub(super) async fn bounded<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome.map_err(Trouble::Sql),
        Err(_) => Err(Trouble::Slow),
    }
}

/// How many rows the last statement of the text changed. (SQLite counts on from the statement
/// before when one changes no rows by its nature, such as a savepoint.)
pub(super) async fn changed(
    connection: &mut SqliteConnection,
    query: Query<'_, Sqlite, SqliteArguments>,
) -> Result<u64, sqlx::Error> {
    let mut steps = connection.fetch_many(query);
    let mut changed = 0;
    while let Some(step) = steps.try_next().await? {
        if let Either::Left(done) = step {
            changed = done.rows_affected();
        }
    }
    Ok(changed)
}

/// What a lost connection means at the moment of `COMMIT`: nobody knows.
pub(super) fn unsure(error: StoreError) -> Cause {
    match error {
        StoreError::Unavailable { source: Cause::Database(e) } if is_lost(&e) => Cause::Unsure(e),
        other => other.into_cause(),
    }
}

fn is_lost(error: &Arc<sqlx::Error>) -> bool {
    // A database that still answers has said that it did not commit.
    is_trouble(error) && !matches!(**error, sqlx::Error::Database(_))
}

/// Expands one body for both engines. All forms give a `Result<_, StoreError>`.
///
/// - `execute!(session, STATEMENT, binds…)`: how many rows were changed
/// - `all!(session, STATEMENT, (A, B), binds…)`: the rows, as tuples
/// - `one!(session, STATEMENT, (A, B), binds…)`: the first row, if there is one
macro_rules! execute {
    ($session:expr, $statement:expr $(, $bind:expr)* $(,)?) => {{
        let session: &mut $crate::store::session::Session = $session;
        let (limit, statement) = (session.limit, $statement);
        match session.whole(statement.sql).await {
            Err(error) => Err(error),
            Ok((text, values)) => {
                let outcome = match &mut session.link {
                    $crate::store::session::Link::Sqlite(c) => $crate::store::session::bounded(
                        limit,
                        $crate::store::session::changed(
                            &mut **c, sqlx::query_with(text, values)$(.bind($bind))*,
                        ),
                    ).await,
                    $crate::store::session::Link::Postgres(c) => $crate::store::session::bounded(
                        limit, sqlx::query(text)$(.bind($bind))*.execute(&mut **c),
                    ).await.map(|done| done.rows_affected()),
                    $crate::store::session::Link::Gone => {
                        Err($crate::store::session::Trouble::Slow)
                    }
                };
                let outcome = session.judge(statement.table, outcome);
                session.touched.any |= matches!(outcome, Ok(1..));
                outcome
            }
        }
    }};
}
macro_rules! fetch {
    ($how:ident, $session:expr, $statement:expr, $row:ty $(, $bind:expr)* $(,)?) => {{
        let session: &mut $crate::store::session::Session = $session;
        let (limit, statement) = (session.limit, $statement);
        match session.whole(statement.sql).await {
            Err(error) => Err(error),
            Ok((text, values)) => {
                let outcome = match &mut session.link {
                    $crate::store::session::Link::Sqlite(c) => $crate::store::session::bounded(
                        limit,
                        sqlx::query_as_with::<_, $row, _>(text, values)
                            $(.bind($bind))*.$how(&mut **c),
                    ).await,
                    $crate::store::session::Link::Postgres(c) => $crate::store::session::bounded(
                        limit, sqlx::query_as::<_, $row>(text)$(.bind($bind))*.$how(&mut **c),
                    ).await,
                    $crate::store::session::Link::Gone => {
                        Err($crate::store::session::Trouble::Slow)
                    }
                };
                session.judge(statement.table, outcome)
            }
        }
    }};
}
macro_rules! all {
    ($($of:tt)*) => { $crate::store::session::fetch!(fetch_all, $($of)*) };
}
macro_rules! one {
    ($($of:tt)*) => { $crate::store::session::fetch!(fetch_optional, $($of)*) };
}
/// The entities of a statement that selects a key and a `doc`.
macro_rules! entities {
    ($session:expr, $statement:expr, $entity:ty $(, $bind:expr)* $(,)?) => {
        $crate::store::session::all!(
            $session, $statement, (String, $crate::store::session::Doc<$entity>) $(, $bind)*
        )
        .and_then(|rows| {
            rows.into_iter().map(|(key, doc)| doc.open(&$statement, &key)).collect::<Result<Vec<_>, _>>()
        })
    };
}
/// The one entity of a statement that selects a key and a `doc`, if there is one.
macro_rules! entity {
    ($session:expr, $statement:expr, $entity:ty $(, $bind:expr)* $(,)?) => {
        $crate::store::session::one!(
            $session, $statement, (String, $crate::store::session::Doc<$entity>) $(, $bind)*
        )
        .and_then(|row| row.map(|(key, doc)| doc.open(&$statement, &key)).transpose())
    };
}
/// The number that a counting statement gives.
macro_rules! count {
    ($session:expr, $statement:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::session::one!($session, $statement, (i64,) $(, $bind)*)
            .map(|row| row.map_or(0, |(n,)| u32::try_from(n).unwrap_or(u32::MAX)))
    };
}
pub(super) use {all, count, entities, entity, execute, fetch, one};

/// A `doc` column as it was found: the entity, or why it is none. Kept apart from the reading of
/// the row, so that the row's key can be named.
pub(super) struct Doc<T>(Result<T, String>);

impl<T> Doc<T> {
    /// The entity; the error names the row.
    pub(super) fn open(self, statement: &Statement, key: &str) -> Result<T, StoreError> {
        self.0.map_err(|why| {
            tracing::error!(table = statement.table, row = key, why, "a record is not understood");
            StoreError::Inconsistent {
                table: statement.table,
                column: "doc".to_owned(),
                row: key.to_owned(),
            }
        })
    }
}

impl<T, DB: Database> Type<DB> for Doc<T>
where
    Json<T>: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <Json<T> as Type<DB>>::type_info()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        <Json<T> as Type<DB>>::compatible(ty)
    }
}

impl<'r, T, DB: Database> Decode<'r, DB> for Doc<T>
where
    Json<T>: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(Self(
            <Json<T> as Decode<'r, DB>>::decode(value)
                .map(|json| json.0)
                .map_err(|e| e.to_string()),
        ))
    }
}

/// A value of a column that is understood by reading its text; the error names the row.
pub(super) fn read_text<T: std::str::FromStr>(
    text: &str,
    table: &'static str,
    column: &str,
    row: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Inconsistent {
        table,
        column: column.to_owned(),
        row: row.to_owned(),
    })
}
