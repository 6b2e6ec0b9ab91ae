//! The connections for reading.
//!
//! A pool asks a connection for a sign of life when it comes back. To SQLite that is a way to another
//! thread, as much as most sessions read, for a connection that cannot die: so the next session gets
//! it as it is, if the one before ended in good order. With PostgreSQL a connection may be dead at any
//! moment, and the pool sees to it that nobody notices.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{Cause, StoreError};
use super::open::Pool;
use super::session::{Link, Session};

/// The connections for reading.
#[derive(Debug)]
pub(super) struct Readers {
    pool: Pool,
    /// With SQLite.
    kept: Option<Arc<Kept>>,
}

/// The connections that nobody uses at the moment.
#[derive(Debug)]
struct Kept {
    /// As many sessions may read as the pool has connections: whoever may need not wait for one.
    permits: Arc<Semaphore>,
    /// The last that came back is last; none once the store is closed.
    idle: Mutex<Option<Vec<Link>>>,
}

/// Where a session's connection goes at its end.
pub(super) struct Home {
    kept: Arc<Kept>,
    /// Given back after the connection.
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    /// So many connections of this pool, which has no more.
    pub(super) fn new(pool: Pool, many: u32) -> Self {
        let permits = usize::try_from(many).unwrap_or(Semaphore::MAX_PERMITS);
        let kept = || Kept {
            permits: Arc::new(Semaphore::new(permits)),
            idle: Mutex::new(Some(Vec::new())),
        };
        let kept = matches!(pool, Pool::Sqlite(_)).then(|| Arc::new(kept()));
        Self { pool, kept }
    }

    /// A session, soon or not at all; neither it nor a statement of it takes longer than `limit`.
    pub(super) async fn session(&self, limit: Duration) -> Result<Session, StoreError> {
        let Some(kept) = &self.kept else { return self.pool.session(limit).await };
        let permit = Arc::clone(&kept.permits).acquire_owned();
        let permit = match tokio::time::timeout(limit, permit).await {
            Ok(permit) => permit.map_err(|_| Cause::Closed)?,
            Err(_) => return Err(Cause::Slow.into()),
        };
        let at_hand = kept.idle().as_mut().and_then(Vec::pop);
        let link = match at_hand {
            Some(link) => link,
            None => self.pool.link().await?,
        };
        Ok(Session::new(link, limit).at(Home { kept: Arc::clone(kept), _permit: permit }))
    }

    /// Closes them, after those in use came back.
    pub(super) async fn close(&self) {
        let idle = self.kept.as_ref().and_then(|kept| kept.idle().take());
        drop(idle);
        self.pool.close().await;
    }
}

impl Kept {
    fn idle(&self) -> MutexGuard<'_, Option<Vec<Link>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Home {
    /// A connection comes back from a session that ended in good order. Dropped, it goes to the pool.
    pub(super) fn take_in(&self, link: Link) {
        if let Some(idle) = self.kept.idle().as_mut() {
            idle.push(link);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Limits, Store};

    const LIMIT: Duration = Duration::from_secs(10);
    /// Takes the database long enough to be seen waiting.
    const LONG: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) \
        SELECT COUNT(*) FROM n";

    async fn store(readers: u32) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let limits = Limits { wait: LIMIT, readers, ..Limits::default() };
        let store = Store::connect_with(&url, limits).await.unwrap();
        (folder, store)
    }

    fn at_hand(store: &Store) -> usize {
        let kept = store.shared.readers.kept.as_ref().unwrap();
        kept.idle().as_ref().map_or(0, Vec::len)
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
            let mut statement = std::pin::pin!(session.command(LONG));
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
