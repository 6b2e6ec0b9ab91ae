//! What is to be done at a time.

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Session, entities, execute, one};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::deadline::Deadline;
use crate::domain::ids::DeadlineId;
use crate::domain::time::Timestamp;

statements! {
    PUT on "deadlines" = "INSERT INTO deadlines (id, at, subject, doc) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (id) DO UPDATE SET at = excluded.at, subject = excluded.subject, doc = excluded.doc";
    DUE on "deadlines" = "SELECT id, doc FROM deadlines WHERE at <= $1 ORDER BY at, id LIMIT $2";
    FINISH on "deadlines" = "DELETE FROM deadlines WHERE id = $1";
    DROP on "deadlines" = "DELETE FROM deadlines WHERE subject = $1";
    NEXT on "deadlines" = "SELECT at FROM deadlines ORDER BY at LIMIT 1";
}

impl Tx {
    /// Keeps what is to be done, or moves what was kept under the same id.
    pub async fn put_deadline(&mut self, deadline: &Deadline) -> Result<(), StoreError> {
        let (id, subject) = (deadline.id.to_string(), deadline.due.subject());
        execute!(self, PUT, id, deadline.at, subject, Json(deadline)).map(drop)
    }

    /// It is done. `false` if it was gone: somebody else did it, or it was dropped.
    pub async fn finish_deadline(&mut self, id: DeadlineId) -> Result<bool, StoreError> {
        execute!(self, FINISH, id.to_string()).map(|n| n == 1)
    }

    /// Nothing is to be done any more about this request or grant (see
    /// [`crate::domain::deadline::Due::subject`]).
    pub async fn drop_deadlines(&mut self, subject: &str) -> Result<(), StoreError> {
        execute!(self, DROP, subject).map(drop)
    }
}

impl Session {
    /// What is due at this moment, the oldest first.
    pub async fn due(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Deadline>, StoreError> {
        entities!(self, DUE, Deadline, now, i64::from(limit))
    }

    /// When the next thing is to be done.
    pub async fn next_deadline(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(one!(self, NEXT, (Timestamp,))?.map(|(at,)| at))
    }
}
