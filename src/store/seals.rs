//! The records beside the log, as they are stored, to be held against their seals in it.

use std::collections::BTreeMap;

use super::error::StoreError;
use super::session::{Session, all, one};
use super::statement::statements;
use crate::domain::activity::{Activity, seal};
use crate::domain::evaluation::Record;
use crate::domain::ids::EvaluationId;

statements! {
    BATCHES on "evaluation_batches" = "SELECT id, first_id, last_id, sha256, doc \
        FROM evaluation_batches WHERE id >= $1 AND id <= $2 ORDER BY id LIMIT $3";
    ACTIVITIES on "activities" = "SELECT id, agent_id, evaluation_id, grant_id, sha256, doc \
        FROM activities WHERE id >= $1 AND id <= $2 ORDER BY id LIMIT $3";
    BATCH_OF on "evaluation_batches" = "SELECT id, last_id FROM evaluation_batches \
        WHERE first_id <= $1 ORDER BY first_id DESC LIMIT 1";
    COUNT_BATCHES on "evaluation_batches" = "SELECT COUNT(*) FROM evaluation_batches";
    COUNT_ACTIVITIES on "activities" = "SELECT COUNT(*) FROM activities";
}

/// The most records that are read at once: one may be as long as a thousand questions.
const AT_ONCE: usize = 100;

/// The kinds of records that the log seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sealed {
    /// Evaluations that were recorded together.
    Batch,
    /// What an agent did.
    Activity,
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of what is stored, in hex.
    pub sha256: String,
    /// Whether it is found under what it says: the columns agree with the record.
    pub labelled: bool,
}

type BatchRow = (String, String, String, String, String);
type ActivityRow = (String, String, Option<String>, Option<String>, String, String);

fn batch((id, first, last, column, doc): BatchRow) -> (String, Kept) {
    let sha256 = seal(&doc);
    let ends = serde_json::from_str::<Vec<Record>>(&doc).ok().and_then(|records| {
        let (from, to) = (records.first()?.id, records.last()?.id);
        Some((from.to_string(), to.to_string()))
    });
    let labelled = column == sha256 && ends == Some((first, last));
    (id, Kept { sha256, labelled })
}

fn activity((id, agent, evaluation, grant, column, doc): ActivityRow) -> (String, Kept) {
    let sha256 = seal(&doc);
    let labelled = column == sha256
        && serde_json::from_str::<Activity>(&doc).is_ok_and(|activity| {
            activity.id.to_string() == id
                && activity.agent.to_string() == agent
                && activity.evaluation.map(|id| id.to_string()) == evaluation
                && activity.grant.map(|id| id.to_string()) == grant
        });
    (id, Kept { sha256, labelled })
}

impl Session {
    /// Those of these records (ids in any order) that are stored.
    pub async fn kept(
        &mut self,
        kind: Sealed,
        ids: &[String],
    ) -> Result<BTreeMap<String, Kept>, StoreError> {
        let (Some(from), Some(to)) = (ids.iter().min(), ids.iter().max()) else {
            return Ok(BTreeMap::new());
        };
        let mut found = BTreeMap::new();
        let mut from = from.clone();
        loop {
            let page = self.kept_between(kind, &from, to).await?;
            let (read, last) = (page.len(), page.last().map(|(id, _)| id.clone()));
            found.extend(page.into_iter().filter(|(id, _)| ids.contains(id)));
            match last {
                // The next id: nothing sorts between a text and the same with the lowest letter.
                Some(last) if read == AT_ONCE && found.len() < ids.len() => from = last + "0",
                _ => return Ok(found),
            }
        }
    }

    async fn kept_between(
        &mut self,
        kind: Sealed,
        from: &str,
        to: &str,
    ) -> Result<Vec<(String, Kept)>, StoreError> {
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        Ok(match kind {
            Sealed::Batch => {
                let rows = all!(self, BATCHES, BatchRow, from, to, limit)?;
                rows.into_iter().map(batch).collect()
            }
            Sealed::Activity => {
                let rows = all!(self, ACTIVITIES, ActivityRow, from, to, limit)?;
                rows.into_iter().map(activity).collect()
            }
        })
    }

    /// The ids of the records after this one (none for the first), in order; none at the end.
    pub async fn kept_after(
        &mut self,
        kind: Sealed,
        after: Option<&str>,
    ) -> Result<Vec<String>, StoreError> {
        let from = after.map_or_else(String::new, |id| format!("{id}0"));
        let page = self.kept_between(kind, &from, "zzzz").await?;
        Ok(page.into_iter().map(|(id, _)| id).collect())
    }

    /// The record that this evaluation stands in.
    pub async fn batch_of(
        &mut self,
        evaluation: EvaluationId,
    ) -> Result<Option<String>, StoreError> {
        let id = evaluation.to_string();
        let row = one!(self, BATCH_OF, (String, String), &id)?;
        Ok(row.and_then(|(batch, last)| (last >= id).then_some(batch)))
    }

    /// How many records of this kind are stored.
    pub async fn count_kept(&mut self, kind: Sealed) -> Result<i64, StoreError> {
        let statement = match kind {
            Sealed::Batch => COUNT_BATCHES,
            Sealed::Activity => COUNT_ACTIVITIES,
        };
        Ok(one!(self, statement, (i64,))?.map_or(0, |(count,)| count))
    }
}
