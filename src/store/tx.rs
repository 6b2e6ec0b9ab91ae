//! A write transaction, as the work inside it sees it.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use sqlx::FromRow;

use super::deliveries::Waiting;
use super::error::{Cause, StoreError};
use super::evaluations::NewBatch;
use super::events::NewLine;
use super::later::{Later, Stand};
use super::once::NewKey;
use super::requests::NewVote;
use super::session::{Link, Session, Touched, Trouble, bounded, execute, unsure};
use super::statement::statements;
use crate::domain::event::ChainHash;
use crate::domain::ids::DeliveryId;

statements! {
    // There is one row, whatever was there: it is the last statement, and goes with the COMMIT.
    STORE_HEAD on "chain_head" = "INSERT INTO chain_head (only_row, seq, hash, requests, deliveries) \
        VALUES (1, $1, $2, $3, $4) ON CONFLICT (only_row) DO UPDATE SET seq = excluded.seq, \
        hash = excluded.hash, requests = excluded.requests, deliveries = excluded.deliveries";
}

/// Takes the right to write at once (a transaction that begins with reading could not get it later:
/// SQLITE_BUSY_SNAPSHOT) and reads the head; one round trip.
const BEGIN_SQLITE: &str =
    "BEGIN IMMEDIATE; SELECT seq, hash, requests, deliveries FROM chain_head";
/// The same: whoever locks the head's row is the one who writes, among all replicas.
const BEGIN_POSTGRES: &str =
    "BEGIN; SELECT seq, hash, requests, deliveries FROM chain_head FOR UPDATE";

/// A write transaction: a [`Session`] that may also change things. What is done through it is done
/// as a whole or not at all.
#[derive(Debug)]
pub struct Tx {
    pub(super) session: Session,
    /// The head as this transaction leaves it.
    pub(super) head: Head,
    /// The head as the database has it.
    stored: Head,
    /// What is written at the end.
    pub(super) lines: Later<NewLine>,
    pub(super) batches: Later<NewBatch>,
    pub(super) keys: Later<NewKey>,
    pub(super) waiting: Later<Waiting>,
    pub(super) arrived: Later<DeliveryId>,
    pub(super) votes: Later<NewVote>,
    /// Keys, and whether they were seen when the transaction began.
    pub(super) looked_up: BTreeMap<String, bool>,
    /// Whether there is a savepoint in the database.
    saved: bool,
}

/// The last line of the log and the counters, kept in memory while the transaction holds their row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: i64,
    pub(super) hash: ChainHash,
    pub(super) requests: i64,
    pub(super) deliveries: i64,
}

/// Where to go back to.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    head: Head,
    touched: Touched,
    lines: Stand,
    batches: Stand,
    keys: Stand,
    waiting: Stand,
    arrived: Stand,
    votes: Stand,
}

type HeadRow = (i64, String, i64, i64);

impl Head {
    fn of((seq, hash, requests, deliveries): HeadRow) -> Self {
        let hash = if seq == 0 { ChainHash::origin() } else { ChainHash::from_text(hash) };
        Self { seq, hash, requests, deliveries }
    }

    fn origin() -> Self {
        Self { seq: 0, hash: ChainHash::origin(), requests: 0, deliveries: 0 }
    }
}

impl Deref for Tx {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl Tx {
    /// Not begun yet.
    pub(super) fn on(session: Session) -> Self {
        Self {
            session,
            head: Head::origin(),
            stored: Head::origin(),
            lines: Later::new(),
            batches: Later::new(),
            keys: Later::new(),
            waiting: Later::new(),
            arrived: Later::new(),
            votes: Later::new(),
            looked_up: BTreeMap::new(),
            saved: false,
        }
    }

    /// Begins, and waits for the right to write.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        self.session.failed = None;
        self.session.touched = Touched::default();
        self.forget();
        let limit = self.session.limit;
        let rows: Result<Vec<HeadRow>, Trouble> = match &mut self.session.link {
            // As a query it stays prepared.
            Link::Sqlite(c) => {
                bounded(limit, sqlx::query_as(BEGIN_SQLITE).fetch_all(&mut **c)).await
            }
            Link::Postgres(c) => bounded(limit, sqlx::raw_sql(BEGIN_POSTGRES).fetch_all(&mut **c))
                .await
                .and_then(|rows| {
                    rows.iter()
                        .map(HeadRow::from_row)
                        .collect::<Result<_, _>>()
                        .map_err(Trouble::Sql)
                }),
            Link::Gone => Err(Trouble::Slow),
        };
        let rows = self.session.judge("chain_head", rows)?;
        let head = rows.into_iter().next().ok_or_else(|| StoreError::Inconsistent {
            table: "chain_head",
            column: "only_row".to_owned(),
            row: "1".to_owned(),
        })?;
        self.stored = Head::of(head);
        self.head = self.stored.clone();
        Ok(())
    }

    /// Makes everything durable. Says what was changed.
    pub(super) async fn commit(&mut self) -> Result<Touched, Cause> {
        // A savepoint that nothing was done behind needs not be.
        self.session.due = None;
        // Nobody looks at the outcome of a single statement any more.
        self.session.ahead.open = true;
        self.settle().await.map_err(StoreError::into_cause)?;
        if self.head != self.stored {
            self.store_head().await.map_err(StoreError::into_cause)?;
        }
        // PostgreSQL answers the COMMIT of a failed transaction with success, and rolls back.
        if let Some(why) = &self.session.failed {
            return Err(Cause::Spoilt(why.clone()));
        }
        self.session.commit().await.map_err(unsure)?;
        self.session.ahead.open = false;
        Ok(self.session.touched)
    }

    async fn store_head(&mut self) -> Result<(), StoreError> {
        let head = &self.head;
        if self.session.gathers(1) {
            let ahead = &mut self.session.ahead;
            let before = ahead.len();
            let query = ahead.values().bind(head.seq).bind(head.hash.as_str().to_owned());
            let query = query.bind(head.requests).bind(head.deliveries);
            self.session.touched.any = true;
            return ahead.push(STORE_HEAD.table, STORE_HEAD.sql, before, query);
        }
        let (seq, hash) = (head.seq, head.hash.as_str().to_owned());
        let (requests, deliveries) = (head.requests, head.deliveries);
        execute!(self, STORE_HEAD, seq, hash, requests, deliveries).map(drop)
    }

    /// Takes everything back.
    pub(super) async fn rollback(&mut self) -> Result<(), StoreError> {
        self.session.failed = None;
        self.forget();
        self.session.command("ROLLBACK").await
    }

    fn forget(&mut self) {
        self.session.due = None;
        self.session.ahead.clear();
        self.saved = false;
        self.lines.clear();
        self.batches.clear();
        self.keys.clear();
        self.waiting.clear();
        self.arrived.clear();
        self.votes.clear();
        self.looked_up.clear();
    }

    /// Where the transaction stands.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            head: self.head.clone(),
            touched: self.session.touched,
            lines: self.lines.stand(),
            batches: self.batches.stand(),
            keys: self.keys.stand(),
            waiting: self.waiting.stand(),
            arrived: self.arrived.stand(),
            votes: self.votes.stand(),
        }
    }

    /// Opens a savepoint, with the next statement; there is one at a time. What was done since the
    /// one before is kept.
    pub(super) fn save(&mut self) {
        if self.session.due.is_none() {
            self.session.due = Some(if self.saved {
                "RELEASE SAVEPOINT work; SAVEPOINT work"
            } else {
                "SAVEPOINT work"
            });
            self.saved = true;
        }
    }

    /// Takes back what was done since the savepoint.
    pub(super) async fn undo(&mut self, mark: Mark) -> Result<(), StoreError> {
        self.session.failed = None;
        // While it is still due, nothing was done.
        if self.session.due.is_none() {
            self.session.command("ROLLBACK TO SAVEPOINT work; RELEASE SAVEPOINT work").await?;
            self.saved = false;
        }
        self.head = mark.head;
        self.session.touched = mark.touched;
        self.lines.back_to(mark.lines);
        self.batches.back_to(mark.batches);
        self.keys.back_to(mark.keys);
        self.waiting.back_to(mark.waiting);
        self.arrived.back_to(mark.arrived);
        self.votes.back_to(mark.votes);
        Ok(())
    }
}
