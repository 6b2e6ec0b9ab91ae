//! Statements about several rows at once: one round trip for many.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow};

use super::error::StoreError;
use super::session::{Link, Session, Trouble, bounded};

/// How many of so many rows go into the next statement: powers of two, so that there are few
/// different texts, which the connection keeps prepared.
pub(super) const fn some_of(rows: usize) -> usize {
    const MOST: usize = 64;
    if rows >= MOST { MOST } else { 1 << (usize::BITS - 1 - rows.leading_zeros()) }
}

/// The places `($1, $2), ($3, $4)` of so many rows with so many values each.
pub(super) fn places(rows: usize, values: usize) -> String {
    use std::fmt::Write;
    let mut places = String::with_capacity(rows * values * 6);
    for row in 0..rows {
        places.push_str(if row == 0 { "(" } else { ", (" });
        for value in 1..=values {
            let separator = if value == 1 { "" } else { ", " };
            // Writing into a text cannot fail.
            write!(places, "{separator}${}", row * values + value).ok();
        }
        places.push(')');
    }
    places
}

/// Runs one statement for some rows at a time: `several!(session, TABLE, rows, values, text, |query,
/// row| …)`, where `text` makes the statement from the places of the values, and the last argument
/// binds one row. Gives how many rows were changed; none where the statement goes with the next one,
/// as few rows do at the end of a transaction.
macro_rules! several {
    ($session:expr, $table:expr, $rows:expr, $values:expr, $text:expr, |$query:ident, $row:pat_param| $bound:expr) => {{
        let session: &mut $crate::store::session::Session = $session;
        let mut rest: &[_] = $rows;
        let mut changed = 0;
        loop {
            if rest.is_empty() {
                break Ok(changed);
            }
            let (some, others) = rest.split_at($crate::store::several::some_of(rest.len()));
            rest = others;
            let text: String = $text($crate::store::several::places(some.len(), $values));
            if session.gathers(some.len() + rest.len()) {
                let before = session.ahead.len();
                let mut $query = session.ahead.values();
                for $row in some {
                    $query = $bound;
                }
                match session.ahead.push($table, &text, before, $query) {
                    Ok(()) => session.touched.any = true,
                    Err(error) => break Err(error),
                }
                continue;
            }
            let (text, values) = match session.whole(sqlx::AssertSqlSafe(text)).await {
                Ok(whole) => whole,
                Err(error) => break Err(error),
            };
            let limit = session.limit;
            let outcome = match &mut session.link {
                $crate::store::session::Link::Sqlite(c) => {
                    let mut $query = sqlx::query_with(text, values);
                    for $row in some {
                        $query = $bound;
                    }
                    let done = $crate::store::session::changed(&mut **c, $query);
                    $crate::store::session::bounded(limit, done).await
                }
                $crate::store::session::Link::Postgres(c) => {
                    let mut $query = sqlx::query(text);
                    for $row in some {
                        $query = $bound;
                    }
                    $crate::store::session::bounded(limit, $query.execute(&mut **c))
                        .await
                        .map(|done| done.rows_affected())
                }
                $crate::store::session::Link::Gone => Err($crate::store::session::Trouble::Slow),
            };
            match session.judge($table, outcome) {
                Ok(n) => {
                    session.touched.any |= n > 0;
                    changed += n;
                }
                Err(error) => break Err(error),
            }
        }
    }};
}
pub(super) use several;

impl Session {
    /// The rows of a statement around a list with one term for each key: `… WHERE id IN ($1, $2) …`.
    /// `term` makes the term of the place with this number.
    pub(super) async fn all_of<R>(
        &mut self,
        table: &'static str,
        before: &'static str,
        term: impl Fn(usize) -> String,
        after: &'static str,
        keys: &[String],
    ) -> Result<Vec<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let text = |terms: &[String]| format!("{before} ({}) {after}", terms.join(", "));
        self.rows_of(table, text, term, keys).await
    }

    /// The rows of a statement with one term for each key; `text` makes it from the terms.
    pub(super) async fn rows_of<R>(
        &mut self,
        table: &'static str,
        text: impl Fn(&[String]) -> String,
        term: impl Fn(usize) -> String,
        keys: &[String],
    ) -> Result<Vec<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut rows = Vec::with_capacity(keys.len());
        let mut rest = keys;
        while !rest.is_empty() {
            let (some, others) = rest.split_at(some_of(rest.len()));
            rest = others;
            let terms: Vec<String> = (1..=some.len()).map(&term).collect();
            let whole = self.whole(AssertSqlSafe(text(&terms))).await?;
            let ((text, values), limit) = (whole, self.limit);
            macro_rules! rows {
                ($connection:expr, $query:expr) => {{
                    let mut query = $query;
                    for key in some {
                        query = query.bind(key.as_str());
                    }
                    bounded(limit, query.fetch_all(&mut **$connection)).await
                }};
            }
            let found = match &mut self.link {
                Link::Sqlite(connection) => {
                    rows!(connection, sqlx::query_as_with::<_, R, _>(text, values))
                }
                Link::Postgres(connection) => rows!(connection, sqlx::query_as::<_, R>(text)),
                Link::Gone => Err(Trouble::Slow),
            };
            rows.extend(self.judge(table, found)?);
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_in_few_sizes() {
        let sizes = |mut rows: usize| {
            let mut sizes = Vec::new();
            while rows > 0 {
                sizes.push(some_of(rows));
                rows -= some_of(rows);
            }
            sizes
        };
        assert_eq!(sizes(1), [1]);
        assert_eq!(sizes(7), [4, 2, 1]);
        assert_eq!(sizes(64), [64]);
        assert_eq!(sizes(160), [64, 64, 32]);
    }

    #[test]
    fn places_are_counted_through() {
        assert_eq!(places(1, 1), "($1)");
        assert_eq!(places(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
