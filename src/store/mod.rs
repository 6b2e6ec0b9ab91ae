//! The store: one SQL text for SQLite and PostgreSQL; a transaction is the unit of work.
//!
//! Everything that changes goes through [`Store::write`]: the new state, its event, its deadlines
//! and its deliveries are durable together or not there at all. Works that wait at the same moment
//! share one commit (see `writer.rs`), and on PostgreSQL the writers of all replicas come one after
//! the other, because each holds the row of the log's head. So inside a work nothing changes
//! underneath: what was read is still so when it is written.
//!
//! | file | idea |
//! |---|---|
//! | `open`, `migrate` | from an address to tables that are up to date |
//! | [`session`], [`tx`], `writer` | reading; writing; group commits |
//! | `readers` | the connections for reading, kept at hand |
//! | `several` | statements about several rows at once |
//! | `ahead` | statements that travel with the next one |
//! | `later` | what a transaction writes at its end, for all its works at once |
//! | `agents` … `deliveries` | the statements, a file an entity |
//! | [`error`] | what can go wrong |

mod activity;
mod agents;
mod ahead;
mod bulletins;
mod cards;
mod certifications;
mod credentials;
mod deadlines;
mod delegations;
mod deliveries;
mod discoveries;
pub mod error;
mod evaluations;
mod events;
mod grant_index;
mod grants;
mod identity_provider;
mod incidents;
mod insights;
mod later;
mod logins;
mod measure;
mod migrate;
mod once;
mod open;
mod readers;
mod requests;
mod seals;
pub mod session;
mod settings;
mod several;
mod signing_keys;
pub mod statement;
mod tasks;
mod tokens;
pub mod tx;
mod uses;
mod writer;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use agents::{AgentChoice, WithLive};
pub use certifications::Reviewed;
pub use discoveries::DiscoveryCounts;
use error::Cause;
pub use error::StoreError;

pub use grant_index::Changed;
pub use grants::{GrantChoice, Past};
pub use incidents::Asked;
pub use measure::{Decided, Measure};
pub use migrate::MIGRATIONS;
use readers::Readers;
pub use requests::{RequestChoice, RequestInFull};
pub use seals::{Kept, Sealed};
pub use session::Session;
pub use statement::Statement;
pub use tasks::Sent;
pub use tx::Tx;
pub use uses::{AgentUse, GrantUse, Tally};
use writer::{Job, LONGEST_QUEUE, Work, Writer};

/// Which database is underneath.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file.
    Sqlite,
    /// PostgreSQL, or what speaks its protocol.
    Postgres,
}

/// How long things may take, and how many go on at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a caller waits for a write, a connection or a statement before it is told that the
    /// database is not available. A person must be told within 3 seconds.
    pub wait: Duration,
    /// How many sessions read at the same time.
    pub readers: u32,
    /// For crash tests, and not there in release builds: the process aborts right after this many
    /// commits that changed something, when the last of them is durable and nobody has been told.
    #[cfg(debug_assertions)]
    pub abort_after: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(2),
            readers: 16,
            #[cfg(debug_assertions)]
            abort_after: None,
        }
    }
}

impl Limits {
    /// How long to wait for another writer.
    fn lock(self) -> Duration {
        self.wait * 3 / 4
    }

    /// How long to wait for a new connection of the writer.
    fn connect(self) -> Duration {
        self.wait / 2
    }
}

/// The store. Cheap to clone; all clones share the connections and the one writer.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    limits: Limits,
    readers: Readers,
    queue: mpsc::Sender<Box<dyn Job>>,
    changes: watch::Receiver<u64>,
    ready: watch::Receiver<u64>,
    dated: watch::Receiver<u64>,
    closing: CancellationToken,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Connects to `sqlite://path` (the file and its folder are made if they are missing) or
    /// `postgres://user@host/name`, and brings the tables up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadUrl`], [`StoreError::Unavailable`] or [`StoreError::Migration`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, Limits::default()).await
    }

    /// Connects with other limits than the usual ones.
    ///
    /// # Errors
    ///
    /// As [`Store::connect`].
    pub async fn connect_with(url: &str, limits: Limits) -> Result<Self, StoreError> {
        let target = open::target(url)?.settled(limits);
        target.prepare().await?;
        migrate::migrate(&target).await?;
        let (queue, works) = mpsc::channel(LONGEST_QUEUE);
        let (changed, changes) = watch::channel(0);
        let (readied, ready) = watch::channel(0);
        let (put, dated) = watch::channel(0);
        let closing = CancellationToken::new();
        let writer = Writer {
            pool: target.writer(limits),
            queue: works,
            changes: changed,
            ready: readied,
            dated: put,
            closing: closing.clone(),
            limit: limits.wait,
            #[cfg(debug_assertions)]
            abort_after: limits.abort_after,
            tx: None,
            apart: 0,
            taken: VecDeque::new(),
        };
        let writer = Mutex::new(Some(tokio::spawn(writer.run())));
        let readers = Readers::new(target.readers(limits), limits.readers);
        let engine = target.engine();
        let shared =
            Shared { engine, limits, readers, queue, changes, ready, dated, closing, writer };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Which database is underneath.
    pub fn engine(&self) -> Engine {
        self.shared.engine
    }

    /// Does the work in a write transaction, all of it or nothing, and returns after it is durable.
    ///
    /// The work sees its own changes. If it returns an error, panics or nobody waits for it any
    /// more, what it did is taken back. It must not wait for anything but the transaction: others
    /// wait behind it.
    ///
    /// # Errors
    ///
    /// What the work returns, or [`StoreError::Unavailable`], at the latest after [`Limits::wait`].
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.write_once(None, work).await
    }

    /// As [`Store::write`], for a work that will ask [`Tx::once`] for this key: it is looked up
    /// together with those of all works that share the transaction.
    ///
    /// # Errors
    ///
    /// As [`Store::write`].
    pub async fn write_once<T, F>(&self, key: Option<String>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let (work, answer) = Work::new(key, work);
        let job: Box<dyn Job> = Box::new(work);
        let through = async {
            self.shared.queue.send(job).await.map_err(|_| Cause::Closed)?;
            answer.await.map_err(|_| Cause::Closed)?
        };
        match tokio::time::timeout(self.shared.limits.wait, through).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Cause::Slow.into()),
        }
    }

    /// A session for reading, outside any write transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub async fn read(&self) -> Result<Session, StoreError> {
        self.shared.readers.session(self.shared.limits.wait).await
    }

    /// Counts the commits of this process that changed anything. Its `changed()` resolves after
    /// each, so that whoever follows need not wait for their next look; it is an error once the
    /// store is closed. Other replicas' commits do not show here.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.shared.changes.clone()
    }

    /// As [`Store::changed`], for the commits after which a delivery may be taken that could not be
    /// taken before.
    pub fn ready(&self) -> watch::Receiver<u64> {
        self.shared.ready.clone()
    }

    /// As [`Store::changed`], for the commits that put something to be done at a time.
    pub fn dated(&self) -> watch::Receiver<u64> {
        self.shared.dated.clone()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read().await?.ping().await
    }

    /// Writes what still waits, and closes all connections. Afterwards everything is
    /// [`StoreError::Unavailable`].
    pub async fn close(&self) {
        self.shared.closing.cancel();
        let writer = self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the writer ended badly");
        }
        self.shared.readers.close().await;
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("engine", &self.shared.engine).finish_non_exhaustive()
    }
}

/// The work for [`Store::write`], so that the compiler knows what it may borrow.
pub const fn work<T, F>(work: F) -> F
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>>,
{
    work
}

/// Every statement that the store sends to both engines, to be prepared by a test.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    [
        tx::ALL,
        agents::ALL,
        requests::ALL,
        grants::ALL,
        grant_index::ALL,
        identity_provider::ALL,
        evaluations::ALL,
        activity::ALL,
        seals::ALL,
        measure::ALL,
        insights::ALL,
        bulletins::ALL,
        cards::ALL,
        certifications::ALL,
        uses::ALL,
        deadlines::ALL,
        delegations::ALL,
        deliveries::ALL,
        discoveries::ALL,
        events::ALL,
        once::ALL,
        settings::ALL,
        incidents::ALL,
        tasks::ALL,
        credentials::ALL,
        tokens::ALL,
        logins::ALL,
        signing_keys::ALL,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_for_reading_refuses_to_write() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let store = Store::connect(&url).await.unwrap();
        let mut session = store.read().await.unwrap();
        let refused = session.command("INSERT INTO homes (person) VALUES ('T/U')").await;
        assert!(refused.is_err(), "{refused:?}");
        session.ping().await.unwrap();
    }
}
