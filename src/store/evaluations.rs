//! The record of what was asked and answered at run time.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use ulid::Ulid;

use super::error::StoreError;
use super::session::{Session, all, one};
use super::several::several;
use super::statement::statements;
use super::tx::Tx;
use crate::domain::behalf::TokenUsed;
use crate::domain::evaluation::Record;
use crate::domain::event::{Actor, What};
use crate::domain::ids::{AgentId, BatchId, EvaluationId, TokenId};
use crate::domain::time::Timestamp;

const TABLE: &str = "evaluation_batches";

statements! {
    AROUND on "evaluation_batches" = "SELECT id, last_id, doc FROM evaluation_batches \
        WHERE first_id <= $1 ORDER BY first_id DESC LIMIT 1";
    LATEST on "evaluation_batches" = "SELECT id, doc FROM evaluation_batches \
        ORDER BY first_id DESC LIMIT $1";
    WITH_TOKEN on "evaluation_batches" = "SELECT b.id, b.doc FROM evaluation_batches b \
        LEFT JOIN asked_agents a ON a.first_id = b.first_id \
        WHERE b.first_id >= $1 AND b.first_id <= $2 AND (a.agents IS NULL OR a.agents LIKE $3) \
        AND b.doc LIKE $4 ORDER BY b.first_id DESC LIMIT $5";
}

/// Evaluations that are written at the end of the transaction.
#[derive(Debug, Clone)]
pub(super) struct NewBatch {
    id: BatchId,
    first: EvaluationId,
    last: EvaluationId,
    at: Timestamp,
    sha256: String,
    doc: Arc<str>,
}

impl Tx {
    /// Keeps evaluations that were answered at the same moment, and seals them in the log. Their
    /// ids must follow each other in the order given (see [`EvaluationId`]); nothing is done if
    /// there are none.
    pub async fn record_evaluations(
        &mut self,
        batch: BatchId,
        at: Timestamp,
        records: &[Record],
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(()) };
        let doc = serde_json::to_string(records)
            .map_err(|source| StoreError::Unwritable { table: TABLE, source })?;
        let sha256 = hex::encode(Sha256::digest(doc.as_bytes()));
        self.batches.push(NewBatch {
            id: batch,
            first: first.id,
            last: last.id,
            at,
            sha256: sha256.clone(),
            doc: doc.into(),
        });
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        self.append(at, Actor::System, What::EvaluationsRecorded { batch, count, sha256 }).await
    }

    /// Writes the evaluations that were recorded.
    pub(super) async fn settle_evaluations(&mut self) -> Result<(), StoreError> {
        let batches = self.batches.take();
        let text = |places| {
            format!(
                "INSERT INTO evaluation_batches (id, first_id, last_id, at, sha256, doc) \
                 VALUES {places}"
            )
        };
        let written = several!(self, TABLE, &batches, 6, text, |query, batch| query
            .bind(batch.id.to_string())
            .bind(batch.first.to_string())
            .bind(batch.last.to_string())
            .bind(batch.at)
            .bind(batch.sha256.as_str())
            .bind(&*batch.doc));
        written.map(drop)
    }

    /// The record of this evaluation, also if this transaction made it.
    pub async fn evaluation(&mut self, id: EvaluationId) -> Result<Option<Record>, StoreError> {
        self.settle_evaluations().await?;
        self.session.evaluation(id).await
    }
}

impl Session {
    /// The record of this evaluation.
    pub async fn evaluation(&mut self, id: EvaluationId) -> Result<Option<Record>, StoreError> {
        let id_text = id.to_string();
        let Some((batch, last, doc)) = one!(self, AROUND, (String, String, String), &id_text)?
        else {
            return Ok(None);
        };
        if last < id_text {
            return Ok(None);
        }
        Ok(open(batch, &doc)?.into_iter().find(|record| record.id == id))
    }

    /// What was asked about this agent with this token between two moments, the newest first: from so
    /// many of the groups that name both, each whole.
    pub async fn asked_with(
        &mut self,
        token: TokenId,
        agent: AgentId,
        (from, to): (Timestamp, Timestamp),
        most: u32,
    ) -> Result<Vec<Record>, StoreError> {
        let (first, last) = (id_of(from, u128::MIN), id_of(to, u128::MAX));
        let (about, named) = (format!("%{agent}%"), format!("%{token}%"));
        let rows =
            all!(self, WITH_TOKEN, (String, String), first, last, about, named, i64::from(most))?;
        let with = |record: &Record| {
            let used = record.token.as_ref().map(TokenUsed::id);
            record.agent == Some(agent) && used == Some(token)
        };
        let mut asked = Vec::new();
        for (batch, doc) in rows {
            asked.extend(open(batch, &doc)?.into_iter().rev().filter(with));
        }
        Ok(asked)
    }

    /// The latest records, the newest first: those of so many batches.
    pub async fn latest_evaluations(&mut self, batches: u32) -> Result<Vec<Record>, StoreError> {
        let mut latest = Vec::new();
        for (batch, doc) in all!(self, LATEST, (String, String), i64::from(batches))? {
            latest.extend(open(batch, &doc)?.into_iter().rev());
        }
        Ok(latest)
    }
}

/// The least, or the greatest, that the id of an evaluation of this moment can be.
fn id_of(at: Timestamp, random: u128) -> String {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    EvaluationId::new(Ulid::from_parts(millis, random)).to_string()
}

/// The records of a batch.
fn open(batch: String, doc: &str) -> Result<Vec<Record>, StoreError> {
    serde_json::from_str(doc).map_err(|error| {
        tracing::error!(table = TABLE, row = batch, %error, "a record is not understood");
        StoreError::Inconsistent { table: TABLE, column: "doc".to_owned(), row: batch }
    })
}
