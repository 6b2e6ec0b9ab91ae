//! What is to be done at a time.

use std::collections::BTreeSet;

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Session, entities, execute, one, read_text};
use super::several::several;
use super::statement::statements;
use super::tx::Tx;
use crate::domain::deadline::Deadline;
use crate::domain::ids::DeadlineId;
use crate::domain::time::Timestamp;

statements! {
    DUE on "deadlines" = "SELECT id, doc FROM deadlines \
        WHERE at <= $1 AND subject NOT IN ('sweep', 'idp') ORDER BY at, id LIMIT $2";
    DUE_OUTSIDE on "deadlines" = "SELECT id, doc FROM deadlines \
        WHERE at <= $1 AND subject IN ('sweep', 'idp') ORDER BY at, id LIMIT $2";
    FINISH on "deadlines" = "DELETE FROM deadlines WHERE id = $1";
    DROP on "deadlines" = "DELETE FROM deadlines WHERE subject = $1";
    NEXT on "deadlines" = "SELECT at FROM deadlines WHERE subject NOT IN ('sweep', 'idp') \
        ORDER BY at LIMIT 1";
    ABOUT on "deadlines" = "SELECT id, doc FROM deadlines WHERE subject = $1 ORDER BY at, id";
}

/// Removes several, whose places follow.
const FINISH_SEVERAL: &str = "DELETE FROM deadlines WHERE id IN";

impl Tx {
    /// Keeps what is to be done, or moves what was kept under the same id.
    pub async fn put_deadline(&mut self, deadline: &Deadline) -> Result<(), StoreError> {
        self.put_deadlines(std::slice::from_ref(deadline)).await
    }

    /// Keeps all of this, as [`Tx::put_deadline`] does; no id may be among them twice.
    pub async fn put_deadlines(&mut self, deadlines: &[Deadline]) -> Result<(), StoreError> {
        let text = |places| {
            format!(
                "INSERT INTO deadlines (id, at, subject, doc) VALUES {places} ON CONFLICT (id) \
                 DO UPDATE SET at = excluded.at, subject = excluded.subject, doc = excluded.doc"
            )
        };
        let put = several!(self, "deadlines", deadlines, 4, text, |query, deadline| query
            .bind(deadline.id.to_string())
            .bind(deadline.at)
            .bind(deadline.due.subject())
            .bind(Json(deadline)));
        self.touched.dated |= !deadlines.is_empty();
        put.map(drop)
    }

    /// It is done. `false` if it was gone: somebody else did it, or it was dropped.
    pub async fn finish_deadline(&mut self, id: DeadlineId) -> Result<bool, StoreError> {
        execute!(self, FINISH, id.to_string()).map(|n| n == 1)
    }

    /// They are done. Returns those that were there; the others somebody else did, or they were
    /// dropped.
    pub async fn finish_deadlines(
        &mut self,
        ids: &[DeadlineId],
    ) -> Result<BTreeSet<DeadlineId>, StoreError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let place = |n| format!("${n}");
        let rows: Vec<(String,)> =
            self.all_of("deadlines", FINISH_SEVERAL, place, "RETURNING id", &ids).await?;
        self.touched.any |= !rows.is_empty();
        rows.iter().map(|(id,)| read_text(id, "deadlines", "id", id)).collect()
    }

    /// Nothing is to be done any more about this request or grant (see
    /// [`crate::domain::deadline::Due::subject`]).
    pub async fn drop_deadlines(&mut self, subject: &str) -> Result<(), StoreError> {
        execute!(self, DROP, subject).map(drop)
    }
}

impl Session {
    /// What is due at this moment, the oldest first; what looks outside has a lane of its own, see
    /// [`Session::due_outside`].
    pub async fn due(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Deadline>, StoreError> {
        entities!(self, DUE, Deadline, now, i64::from(limit))
    }

    /// What is due at this moment of looking outside, the oldest first: it takes as long as others let
    /// it.
    pub async fn due_outside(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Deadline>, StoreError> {
        entities!(self, DUE_OUTSIDE, Deadline, now, i64::from(limit))
    }

    /// What is to be done about this, the first first.
    pub async fn deadlines_about(&mut self, subject: &str) -> Result<Vec<Deadline>, StoreError> {
        entities!(self, ABOUT, Deadline, subject)
    }

    /// When the next thing is to be done that somebody may wait for: the daily sweep aside, and the
    /// search for the identity provider's users.
    pub async fn next_deadline(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(one!(self, NEXT, (Timestamp,))?.map(|(at,)| at))
    }
}
