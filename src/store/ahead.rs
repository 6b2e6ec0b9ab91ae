//! Statements that travel with the next one.
//!
//! To SQLite, which has a thread of its own, a statement is a way there and back, and a transaction
//! of one small work costs mostly ways. Several statements may stand in one text there, with their
//! values numbered through; so what nobody waits for is gathered here and goes with the next statement.

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Execute, SqlSafeStr, SqlStr, Sqlite};

use super::error::StoreError;

/// Statements with more rows than this go by themselves: so few texts come together in so few ways
/// that the connection keeps them prepared, and with many rows the way counts for little.
pub(super) const FEW: usize = 4;

/// Statements of SQLite that wait for the next one.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Each with `; ` behind it.
    text: String,
    values: SqliteArguments,
    /// Whether any are taken at the moment.
    pub(super) open: bool,
}

impl Ahead {
    /// A query with the values so far, to bind those of a statement to.
    pub(super) fn values<'q>(&mut self) -> Query<'q, Sqlite, SqliteArguments> {
        sqlx::query_with("", std::mem::take(&mut self.values))
    }

    /// One more statement, whose values were bound to what [`Ahead::values`] gave. The places in the
    /// text count from `$1`, and so many values were there before.
    pub(super) fn push(
        &mut self,
        table: &'static str,
        text: &str,
        before: usize,
        mut query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<(), StoreError> {
        let values = query.take_arguments().map_err(sqlx::Error::Encode);
        self.values = values.map_err(|e| StoreError::of(e, table))?.unwrap_or_default();
        renumber(&mut self.text, text, before);
        self.text.push_str("; ");
        Ok(())
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The text to send for a statement: what waits, what is due right before the statement, and
    /// the statement; with the values of what waits.
    pub(super) fn before(
        &mut self,
        due: Option<&'static str>,
        sql: SqlStr,
    ) -> (SqlStr, SqliteArguments) {
        if due.is_none() && self.text.is_empty() {
            return (sql, SqliteArguments::default());
        }
        let (mut text, values) = (std::mem::take(&mut self.text), std::mem::take(&mut self.values));
        if let Some(due) = due {
            text.push_str(due);
            text.push_str("; ");
        }
        renumber(&mut text, sql.as_str(), values.len());
        (AssertSqlSafe(text).into_sql_str(), values)
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Appends the statement with its places (`$1`) moved on by so many.
fn renumber(to: &mut String, sql: &str, by: usize) {
    if by == 0 {
        to.push_str(sql);
        return;
    }
    let mut parts = sql.split('$');
    to.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        to.push('$');
        match number.parse::<usize>() {
            Ok(number) => to.push_str(&(number + by).to_string()),
            Err(_) => to.push_str(number),
        }
        to.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_moved_on() {
        let moved = |sql: &str, by| {
            let mut to = String::from("x; ");
            renumber(&mut to, sql, by);
            to
        };
        assert_eq!(moved("INSERT ($1, $12), ($2)", 0), "x; INSERT ($1, $12), ($2)");
        assert_eq!(moved("INSERT ($1, $12), ($2)", 7), "x; INSERT ($8, $19), ($9)");
        assert_eq!(moved("COMMIT", 7), "x; COMMIT");
    }

    #[test]
    fn what_waits_goes_before_what_is_due() {
        let mut ahead = Ahead::default();
        for (text, value) in [("A $1", 1_i64), ("B $1", 2)] {
            let before = ahead.len();
            let query = ahead.values().bind(value);
            ahead.push("events", text, before, query).unwrap();
        }
        let (text, values) = ahead.before(Some("SAVEPOINT w"), "C $1".into_sql_str());
        assert_eq!(text.as_str(), "A $1; B $2; SAVEPOINT w; C $3");
        assert_eq!(values.len(), 2);
        assert_eq!(ahead.before(None, "D".into_sql_str()).0.as_str(), "D");
    }
}
