//! The one writer of a store, and its group commits.
//!
//! Making a change durable costs one wait for the disk, however much is changed. So all work that
//! waits at the same time goes into one transaction, each work inside a savepoint of its own, and is
//! answered after the one commit. Work that fails takes back only what it did itself.
//!
//! What nobody reads in the transaction is written at its end, for all its works at once (see
//! `later.rs`). If the database refuses that, which nobody plans for, nothing of the transaction is
//! recorded, and for a while each work has a transaction of its own: whatever is refused again then
//! stands in nobody's way.

use std::collections::{BTreeSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::error::{Cause, StoreError};
use super::open::Pool;
use super::session::Touched;
use super::tx::Tx;

/// The most works in one transaction.
const LARGEST_BATCH: usize = 64;
/// How long a transaction takes further works in.
const LONGEST_BATCH: Duration = Duration::from_millis(200);
/// The most works that wait for the writer; the rest wait to be let in.
pub(super) const LONGEST_QUEUE: usize = 1_024;

/// A work on its way through the writer.
pub(super) trait Job: Send {
    /// Whether nobody waits for the answer any more.
    fn abandoned(&self) -> bool;
    /// The key of what is done once, if it is such a work.
    fn key(&self) -> Option<&str>;
    /// Does the work; whether it is to be kept.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;
    /// Answers: with what the work returned, or with what became of the whole transaction.
    fn answer(self: Box<Self>, end: Result<(), Cause>);
}

/// A work of one kind, with the way back to whoever waits for it.
pub(super) struct Work<T, F> {
    key: Option<String>,
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Work<T, F> {
    pub(super) fn new(
        key: Option<String>,
        work: F,
    ) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Self { key, work: Some(work), outcome: None, reply }, answer)
    }
}

impl<T, F> Job for Work<T, F>
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
{
    fn abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return false };
            let outcome = AssertUnwindSafe(async { work(&mut *tx).await }).catch_unwind().await;
            let outcome = match outcome {
                Ok(Ok(value)) => match tx.failed.take() {
                    Some(why) => Err(Cause::Spoilt(why).into()),
                    None => Ok(value),
                },
                Ok(Err(error)) => Err(error),
                Err(_) => Err(Cause::Panicked.into()),
            };
            // Whoever went away was told, if anything, that nothing was recorded.
            let keep = outcome.is_ok() && !self.reply.is_closed();
            self.outcome = Some(outcome);
            keep
        })
    }

    fn answer(self: Box<Self>, end: Result<(), Cause>) {
        let outcome = match (end, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(Cause::Closed.into()),
            // Even a failure of the work's own may rest on what others did in the transaction
            // that is lost with it.
            (Err(cause), _) => Err(cause.into()),
        };
        // Nobody may be waiting any more; then nobody needs the answer.
        drop(self.reply.send(outcome));
    }
}

/// The task that writes.
pub(super) struct Writer {
    pub(super) pool: Pool,
    pub(super) queue: mpsc::Receiver<Box<dyn Job>>,
    /// Taken from the queue, for this transaction or the next.
    pub(super) taken: VecDeque<Box<dyn Job>>,
    pub(super) changes: watch::Sender<u64>,
    pub(super) ready: watch::Sender<u64>,
    pub(super) dated: watch::Sender<u64>,
    pub(super) closing: CancellationToken,
    /// How long one work or statement may take.
    pub(super) limit: Duration,
    /// How many more commits until the process aborts, for crash tests.
    #[cfg(debug_assertions)]
    pub(super) abort_after: Option<u64>,
    /// The connection, while it is good.
    pub(super) tx: Option<Tx>,
    /// So many works more have a transaction of their own.
    pub(super) apart: usize,
}

/// How a transaction stands after the works that went into it.
enum Filled {
    /// To be committed.
    Ready,
    /// Its only work failed, and it was rolled back.
    Empty,
}

impl Writer {
    /// Writes until the store is closed, and then what still waits.
    pub(super) async fn run(mut self) {
        loop {
            if let Some(next) = self.taken.pop_front() {
                self.transaction(next).await;
                continue;
            }
            let next = tokio::select! {
                biased;
                () = self.closing.cancelled() => {
                    self.queue.close();
                    self.queue.recv().await
                }
                next = self.queue.recv() => next,
            };
            match next {
                Some(job) => self.transaction(job).await,
                None => break,
            }
        }
        self.tx = None;
        self.pool.close().await;
    }

    /// One transaction, with this work and with those that wait behind it.
    async fn transaction(&mut self, first: Box<dyn Job>) {
        if first.abandoned() {
            return;
        }
        let mut tx = match self.begin().await {
            Ok(tx) => tx,
            Err(error) => {
                tracing::warn!(%error, "nothing can be written");
                let cause = error.into_cause();
                first.answer(Err(cause.clone()));
                // Those who wait behind it would only wait for the same.
                while let Some(job) = self.next_waiting() {
                    job.answer(Err(cause.clone()));
                }
                return;
            }
        };
        let mut done = Vec::new();
        let end = match self.fill(&mut tx, first, &mut done).await {
            Ok(Filled::Ready) => tx.commit().await,
            Ok(Filled::Empty) => Ok(Touched::default()),
            Err(cause) => Err(cause),
        };
        let end = match end {
            Ok(touched) => {
                self.tx = Some(tx);
                if touched.any {
                    #[cfg(debug_assertions)]
                    self.abort_if_it_is_time();
                    self.changes.send_modify(|n| *n = n.wrapping_add(1));
                }
                if touched.ready {
                    self.ready.send_modify(|n| *n = n.wrapping_add(1));
                }
                if touched.dated {
                    self.dated.send_modify(|n| *n = n.wrapping_add(1));
                }
                Ok(())
            }
            Err(cause) => {
                tracing::warn!(error = %cause, works = done.len(), "a transaction was lost");
                if done.len() > 1 {
                    self.apart = LARGEST_BATCH;
                }
                tx.abandon();
                Err(cause)
            }
        };
        for job in done {
            job.answer(end.clone());
        }
    }

    /// Ends the process as a `kill -9` would, at the moment when the most can be lost: the change is
    /// durable, and neither whoever asked for it nor the jobs know.
    #[cfg(debug_assertions)]
    fn abort_if_it_is_time(&mut self) {
        let Some(left) = self.abort_after.as_mut() else { return };
        *left = left.saturating_sub(1);
        if *left == 0 {
            std::process::abort();
        }
    }

    /// Begins on the connection at hand or, if that has died while it was idle, on a new one.
    async fn begin(&mut self) -> Result<Tx, StoreError> {
        let started = Instant::now();
        if let Some(mut tx) = self.tx.take() {
            match tx.begin().await {
                Ok(()) => return Ok(tx),
                Err(error) => {
                    tx.abandon();
                    // A dead connection says so at once; what took long is something else, and
                    // would take as long again.
                    if started.elapsed() > self.limit / 4 {
                        return Err(error);
                    }
                    tracing::info!(%error, "the writer connects again");
                }
            }
        }
        let mut tx = Tx::on(self.pool.session(self.limit).await?);
        match tx.begin().await {
            Ok(()) => Ok(tx),
            Err(error) => {
                tx.abandon();
                Err(error)
            }
        }
    }

    /// Does the works. Those in `done` wait for the outcome of the transaction.
    async fn fill(
        &mut self,
        tx: &mut Tx,
        first: Box<dyn Job>,
        done: &mut Vec<Box<dyn Job>>,
    ) -> Result<Filled, Cause> {
        let started = Instant::now();
        let most = if self.apart > 0 { 1 } else { LARGEST_BATCH };
        self.apart = self.apart.saturating_sub(1);
        // Whether what is done once was done before is looked up for all of them together.
        while self.taken.len() + 1 < most
            && let Ok(job) = self.queue.try_recv()
        {
            self.taken.push_back(job);
        }
        let all = std::iter::once(&first).chain(self.taken.iter().take(most - 1));
        let keys: BTreeSet<String> = all.filter_map(|job| job.key()).map(str::to_owned).collect();
        if let Err(error) = tx.look_up(keys).await {
            done.push(first);
            return Err(error.into_cause());
        }
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            // The first needs no savepoint: to undo it is to undo the transaction.
            let alone = done.is_empty();
            let mark = tx.mark();
            if !alone {
                tx.save();
            }
            let keep = tokio::time::timeout(self.limit, job.run(tx)).await;
            done.push(job);
            match (keep, alone) {
                (Err(_), _) => return Err(Cause::Slow),
                (Ok(true), _) => {}
                (Ok(false), true) => {
                    tx.rollback().await.map_err(StoreError::into_cause)?;
                    return Ok(Filled::Empty);
                }
                (Ok(false), false) => {
                    tx.undo(mark).await.map_err(StoreError::into_cause)?;
                }
            }
            if done.len() < most && started.elapsed() < LONGEST_BATCH {
                next = self.next_waiting();
            }
        }
        Ok(Filled::Ready)
    }

    /// The next work that waits and that somebody waits for.
    fn next_waiting(&mut self) -> Option<Box<dyn Job>> {
        loop {
            let next = self.taken.pop_front().or_else(|| self.queue.try_recv().ok())?;
            if !next.abandoned() {
                return Some(next);
            }
        }
    }
}
