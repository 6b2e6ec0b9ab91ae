//! Transactions and group commits: all or nothing for each work, whatever becomes of the others.

use std::pin::pin;
use std::time::Duration;

use countersign::domain::event::{Actor, What};
use countersign::store::{Limits, Store, StoreError, Tx};
use futures::future::BoxFuture;
use tokio::sync::oneshot;

use crate::database::TestDatabase;
use crate::log::verify;
use crate::on_both;
use crate::samples::{Ids, agent, at, store};

on_both! {
    works_that_wait_share_a_commit,
    one_that_fails_takes_back_only_its_own,
    one_that_panics_takes_back_only_its_own,
    a_failure_that_is_ignored_is_not_committed,
    a_conflict_may_be_expected,
    who_goes_away_leaves_nothing_behind,
    a_work_that_hangs_is_ended_and_the_store_goes_on,
    the_first_that_fails_lets_the_others_in,
}

/// A work that begins a transaction and keeps it open until it is told to go on; the others that
/// are asked for meanwhile go into the same transaction.
pub struct Gate {
    open: oneshot::Sender<()>,
    first: tokio::task::JoinHandle<Result<(), StoreError>>,
}

impl Gate {
    pub async fn close(store: &Store) -> Self {
        let (open, opened) = oneshot::channel();
        let (begun, begins) = oneshot::channel();
        let store = store.clone();
        let first = tokio::spawn(async move {
            store
                .write(|tx| {
                    Box::pin(async move {
                        mark(tx, "the first").await?;
                        begun.send(()).unwrap();
                        opened.await.unwrap();
                        Ok(())
                    })
                })
                .await
        });
        begins.await.unwrap();
        Self { open, first }
    }

    pub async fn open(self) {
        self.outcome().await.unwrap();
    }

    /// Opens it, and says what became of the first work.
    pub async fn outcome(self) -> Result<(), StoreError> {
        self.open.send(()).unwrap();
        self.first.await.unwrap()
    }
}

/// Leaves a trace.
async fn mark(tx: &mut Tx, digest: &str) -> Result<u32, StoreError> {
    let what = What::PolicyLoaded { digest: digest.to_owned(), before: None };
    tx.append(at(0), Actor::System, what).await?;
    tx.once(digest, at(0)).await?;
    tx.next_number().await
}

fn marking(
    digest: String,
) -> impl for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<u32, StoreError>> {
    move |tx| Box::pin(async move { mark(tx, &digest).await })
}

/// Which of these left a trace.
async fn marked(store: &Store) -> Vec<String> {
    let lines = store.read().await.unwrap().lines(0, 1_000).await.unwrap();
    lines
        .iter()
        .map(|line| {
            let body: serde_json::Value = serde_json::from_str(&line.body).unwrap();
            body["digest"].as_str().unwrap().to_owned()
        })
        .collect()
}

async fn works_that_wait_share_a_commit(database: TestDatabase) {
    let store = store(&database).await;
    let before = *store.changed().borrow();
    let gate = Gate::close(&store).await;
    let mut waiting = Vec::new();
    for i in 0..30 {
        let mut work = Box::pin(store.write(marking(format!("work {i}"))));
        assert!(futures::poll!(&mut work).is_pending());
        waiting.push(work);
    }
    gate.open().await;
    let mut numbers = Vec::new();
    for work in waiting {
        numbers.push(work.await.unwrap());
    }
    assert_eq!(numbers, (2..32).collect::<Vec<_>>(), "in the order of asking");
    assert_eq!(marked(&store).await.len(), 31);
    assert_eq!(verify(&store).await, Ok(31));
    let commits = *store.changed().borrow() - before;
    assert!(commits < 31, "{commits} commits for 31 works");
}

async fn one_that_fails_takes_back_only_its_own(database: TestDatabase) {
    let store = store(&database).await;
    let gate = Gate::close(&store).await;
    let good = pin!(store.write(marking("good".into())));
    let mut good = good;
    assert!(futures::poll!(&mut good).is_pending());
    let mut bad = pin!(store.write(|tx| {
        Box::pin(async move {
            mark(tx, "bad").await?;
            Err::<(), _>(StoreError::Conflict { what: "as it happens".into() })
        })
    }));
    assert!(futures::poll!(&mut bad).is_pending());
    let mut last = pin!(store.write(marking("last".into())));
    assert!(futures::poll!(&mut last).is_pending());
    gate.open().await;
    assert_eq!(good.await.unwrap(), 2);
    match bad.await {
        Err(StoreError::Conflict { what }) => assert_eq!(what, "as it happens"),
        other => panic!("{other:?}"),
    }
    assert_eq!(last.await.unwrap(), 3, "the number was taken back");
    assert_eq!(marked(&store).await, ["the first", "good", "last"]);
    assert_eq!(verify(&store).await, Ok(3));
    assert!(store.write(|tx| Box::pin(async move { tx.once("bad", at(0)).await })).await.unwrap());
}

async fn one_that_panics_takes_back_only_its_own(database: TestDatabase) {
    let store = store(&database).await;
    let gate = Gate::close(&store).await;
    let mut bad = pin!(store.write(|tx| {
        Box::pin(async move {
            mark(tx, "bad").await?;
            panic!("as it happens");
            #[expect(unreachable_code, reason = "it gives the work its type")]
            Ok::<(), StoreError>(())
        })
    }));
    assert!(futures::poll!(&mut bad).is_pending());
    let mut good = pin!(store.write(marking("good".into())));
    assert!(futures::poll!(&mut good).is_pending());
    gate.open().await;
    let bad = bad.await;
    assert!(bad.as_ref().is_err_and(StoreError::is_unavailable), "{bad:?}");
    good.await.unwrap();
    assert_eq!(marked(&store).await, ["the first", "good"]);
    assert_eq!(verify(&store).await, Ok(2));
}

async fn a_failure_that_is_ignored_is_not_committed(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    // A request of an agent that is not kept is refused by the database.
    let orphan = crate::samples::request(
        &ids,
        1,
        ids.agent(),
        countersign::domain::request::Ask::Registration,
    );
    for alone in [true, false] {
        let gate = if alone { None } else { Some(Gate::close(&store).await) };
        let orphan = orphan.clone();
        let mut careless = pin!(store.write(move |tx| {
            Box::pin(async move {
                mark(tx, "before").await?;
                assert!(tx.insert_request(&orphan).await.is_err());
                Ok(())
            })
        }));
        if let Some(gate) = gate {
            assert!(futures::poll!(&mut careless).is_pending());
            gate.open().await;
        }
        let careless = careless.await;
        assert!(careless.as_ref().is_err_and(StoreError::is_unavailable), "{careless:?}");
    }
    assert_eq!(marked(&store).await, ["the first"]);
    assert_eq!(verify(&store).await, Ok(1));
}

async fn a_conflict_may_be_expected(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (one, two) = (agent(&ids, "agent-one", "OLGA"), agent(&ids, "agent-one", "DANA"));
    // PostgreSQL ends a transaction at the first error; a conflict must not be one to it.
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.insert_agent(&one).await?;
                let taken = tx.insert_agent(&two).await;
                assert!(matches!(taken, Err(StoreError::Conflict { .. })), "{taken:?}");
                mark(tx, "said so").await
            })
        })
        .await
        .unwrap();
    assert_eq!(marked(&store).await, ["said so"]);
}

async fn who_goes_away_leaves_nothing_behind(database: TestDatabase) {
    let store = store(&database).await;
    let gate = Gate::close(&store).await;
    {
        let mut gone = pin!(store.write(marking("gone".into())));
        assert!(futures::poll!(&mut gone).is_pending());
    }
    // One that goes away while its work is being done.
    let (begun, begins) = oneshot::channel();
    let (left, leaves) = oneshot::channel();
    let leaving = {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write(|tx| {
                    Box::pin(async move {
                        mark(tx, "left").await?;
                        begun.send(()).unwrap();
                        leaves.await.unwrap();
                        Ok(())
                    })
                })
                .await
        })
    };
    // The first is answered after the commit, and that waits for whoever is let in behind it.
    gate.open.send(()).unwrap();
    begins.await.unwrap();
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    left.send(()).unwrap();
    gate.first.await.unwrap().unwrap();
    store.write(marking("after".into())).await.unwrap();
    assert_eq!(marked(&store).await, ["the first", "after"]);
    assert_eq!(verify(&store).await, Ok(2));
}

async fn a_work_that_hangs_is_ended_and_the_store_goes_on(database: TestDatabase) {
    let limits = Limits { wait: Duration::from_secs(1), ..Limits::default() };
    let store = Store::connect_with(database.url(), limits).await.unwrap();
    let hung: Result<(), _> = store
        .write(|tx| {
            Box::pin(async move {
                mark(tx, "hung").await?;
                std::future::pending().await
            })
        })
        .await;
    assert!(hung.as_ref().is_err_and(StoreError::is_unavailable), "{hung:?}");
    drop(store);
    let store = crate::samples::store(&database).await;
    store.write(marking("after".into())).await.unwrap();
    assert_eq!(marked(&store).await, ["after"]);
}

async fn the_first_that_fails_lets_the_others_in(database: TestDatabase) {
    let store = store(&database).await;
    let works: Vec<_> = (0..20)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |tx| {
                        Box::pin(async move {
                            mark(tx, &format!("work {i}")).await?;
                            if i % 2 == 0 {
                                return Err(StoreError::Conflict { what: "even".into() });
                            }
                            Ok(())
                        })
                    })
                    .await
            })
        })
        .collect();
    for (i, work) in works.into_iter().enumerate() {
        assert_eq!(work.await.unwrap().is_ok(), i % 2 == 1);
    }
    assert_eq!(marked(&store).await.len(), 10);
    assert_eq!(verify(&store).await, Ok(10));
}
