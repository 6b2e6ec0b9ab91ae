//! The connections for reading, kept at hand.
//!
//! A pool asks a connection for a sign of life when it comes back, and PostgreSQL's also when it goes
//! out: each is a way to the database and back, as much as most sessions read. A connection that came
//! back a moment ago, from a session that ended in good order, is given to the next one as it is. All
//! others go through the pool, and each does now and then, so that none grows old.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{Cause, StoreError};
use super::open::Pool;
use super::session::{Link, Session};

/// As long ago a connection may have come back to be taken as good.
const A_MOMENT: Duration = Duration::from_secs(1);
/// As long it may pass the pool by.
const AT_MOST: Duration = Duration::from_secs(60);

/// The connections for reading.
#[derive(Debug)]
pub(super) struct Readers {
    pool: Pool,
    kept: Arc<Kept>,
}

/// Those that nobody uses.
#[derive(Debug)]
struct Kept {
    /// As many sessions may read as the pool has connections: whoever may need not wait for one.
    permits: Arc<Semaphore>,
    /// The last that came back is last; none once the store is closed.
    idle: Mutex<Option<VecDeque<Idle>>>,
}

#[derive(Debug)]
struct Idle {
    link: Link,
    /// When it left the pool.
    from: Instant,
    /// When it came back.
    since: Instant,
}

/// Where a session's connection goes at its end.
pub(super) struct Home {
    kept: Arc<Kept>,
    from: Instant,
    /// Given back after the connection.
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    /// So many connections of this pool, which has no more.
    pub(super) fn new(pool: Pool, many: u32) -> Self {
        let permits = usize::try_from(many).unwrap_or(Semaphore::MAX_PERMITS);
        let permits = Arc::new(Semaphore::new(permits));
        let idle = Mutex::new(Some(VecDeque::new()));
        Self { pool, kept: Arc::new(Kept { permits, idle }) }
    }

    /// A session, soon or not at all; neither it nor a statement of it takes longer than `limit`.
    pub(super) async fn session(&self, limit: Duration) -> Result<Session, StoreError> {
        let permit = Arc::clone(&self.kept.permits).acquire_owned();
        let permit = match tokio::time::timeout(limit, permit).await {
            Ok(permit) => permit.map_err(|_| Cause::Closed)?,
            Err(_) => return Err(Cause::Slow.into()),
        };
        let (link, from) = match self.kept.take(Instant::now()) {
            Some(idle) => (idle.link, idle.from),
            None => (self.pool.link().await?, Instant::now()),
        };
        let home = Home { kept: Arc::clone(&self.kept), from, _permit: permit };
        Ok(Session::new(link, limit).at(home))
    }

    /// Closes them, after those in use came back.
    pub(super) async fn close(&self) {
        drop(self.kept.idle().take());
        self.pool.close().await;
        self.kept.permits.close();
    }
}

impl Kept {
    fn idle(&self) -> std::sync::MutexGuard<'_, Option<VecDeque<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that came back last, if that was a moment ago. Those that nobody wanted for longer
    /// go back to the pool.
    fn take(&self, now: Instant) -> Option<Idle> {
        let (taken, unwanted): (_, Vec<Idle>) = {
            let mut idle = self.idle();
            let idle = idle.as_mut()?;
            let rests = |idle: &Idle| now.saturating_duration_since(idle.since) > A_MOMENT;
            let unwanted = idle.iter().take_while(|idle| rests(idle)).count();
            let unwanted = idle.drain(..unwanted).collect();
            (idle.pop_back(), unwanted)
        };
        drop(unwanted);
        taken
    }
}

impl Home {
    /// A connection comes back from a session that ended in good order.
    pub(super) fn take_in(&self, link: Link) {
        let since = Instant::now();
        // Dropped, it goes to the pool.
        if since.saturating_duration_since(self.from) > AT_MOST {
            return;
        }
        if let Some(idle) = self.kept.idle().as_mut() {
            idle.push_back(Idle { link, from: self.from, since });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Limits, Store};

    const LIMIT: Duration = Duration::from_secs(10);

    async fn store(readers: u32) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let limits = Limits { wait: LIMIT, readers, ..Limits::default() };
        let store = Store::connect_with(&url, limits).await.unwrap();
        (folder, store)
    }

    fn at_hand(store: &Store) -> usize {
        store.shared.readers.kept.idle().as_ref().map_or(0, VecDeque::len)
    }

    #[tokio::test]
    async fn what_came_back_in_good_order_is_at_hand() {
        let (_folder, store) = store(2).await;
        store.ping().await.unwrap();
        assert_eq!(at_hand(&store), 1);
        let mut session = store.read().await.unwrap();
        assert_eq!(at_hand(&store), 0);
        session.ping().await.unwrap();
        drop(session);
        assert_eq!(at_hand(&store), 1);
        // Nobody wanted it for a while.
        let later = Instant::now() + 2 * A_MOMENT;
        assert!(store.shared.readers.kept.take(later).is_none());
        assert_eq!(at_hand(&store), 0);
        store.ping().await.unwrap();
    }

    #[tokio::test]
    async fn what_failed_or_was_cut_off_goes_to_the_pool() {
        let (_folder, store) = store(1).await;
        let mut session = store.read().await.unwrap();
        assert!(session.command("SELECT nothing").await.is_err());
        drop(session);
        assert_eq!(at_hand(&store), 0);
        let mut session = store.read().await.unwrap();
        {
            let mut statement = std::pin::pin!(session.ping());
            assert!(futures::poll!(&mut statement).is_pending());
        }
        drop(session);
        assert_eq!(at_hand(&store), 0);
        store.ping().await.unwrap();
        assert_eq!(at_hand(&store), 1);
    }

    #[tokio::test]
    async fn whoever_waits_for_the_last_one_gets_it() {
        let (_folder, store) = store(1).await;
        let mut first = store.read().await.unwrap();
        let mut second = std::pin::pin!(store.read());
        assert!(futures::poll!(&mut second).is_pending());
        first.ping().await.unwrap();
        drop(first);
        second.await.unwrap().ping().await.unwrap();
    }

    #[tokio::test]
    async fn the_store_closes_after_the_last_session() {
        let (_folder, store) = store(2).await;
        store.ping().await.unwrap();
        let mut session = store.read().await.unwrap();
        let mut closing = std::pin::pin!(store.close());
        assert!(futures::poll!(&mut closing).is_pending());
        session.ping().await.unwrap();
        drop(session);
        closing.await;
        assert!(store.read().await.is_err());
    }
}
