//! PostgreSQL goes away and comes back. Whoever asks is told in time, and nothing acknowledged is
//! lost.

use std::str::FromStr;
use std::time::{Duration, Instant};

use countersign::store::{Store, StoreError};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::oneshot;

use crate::database::TestDatabase;
use crate::guards::Hand;
use crate::log::verify;
use crate::proxy::{Proxy, Wire};
use crate::samples::{at, store};

const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// A person must be told within three seconds.
const IN_TIME: Duration = Duration::from_secs(3);

async fn write(store: &Store, key: &'static str) -> Result<bool, StoreError> {
    store
        .write(move |tx| {
            Box::pin(async move {
                let what = countersign::domain::event::What::PolicyLoaded {
                    digest: key.into(),
                    before: None,
                };
                tx.append(at(0), countersign::domain::event::Actor::System, what).await?;
                tx.once(key, at(0)).await
            })
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_connections_are_replaced_without_anybody_noticing() {
    let database = TestDatabase::postgres().await;
    let store = store(&database).await;
    let mut hand = Hand::on(&database).await;
    for key in ["one", "two", "three"] {
        assert!(write(&store, key).await.unwrap());
        store.ping().await.unwrap();
        hand.run(TERMINATE).await.unwrap();
    }
    assert!(write(&store, "four").await.unwrap());
    assert_eq!(verify(&store).await, Ok(4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_work() {
    let database = TestDatabase::postgres().await;
    let store = store(&database).await;
    let (begun, begins) = oneshot::channel();
    let (go, goes) = oneshot::channel();
    let half = {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write(|tx| {
                    Box::pin(async move {
                        tx.once("half", at(0)).await?;
                        begun.send(()).unwrap();
                        goes.await.unwrap();
                        tx.once("whole", at(0)).await
                    })
                })
                .await
        })
    };
    begins.await.unwrap();
    Hand::on(&database).await.run(TERMINATE).await.unwrap();
    go.send(()).unwrap();
    let half = half.await.unwrap();
    assert!(half.as_ref().is_err_and(StoreError::is_unavailable), "{half:?}");
    assert!(write(&store, "half").await.unwrap(), "what was half done is not there");
    assert_eq!(verify(&store).await, Ok(1));
}

/// A store behind a wire of its own, with the usual limits.
async fn behind_a_wire(database: &TestDatabase) -> (Store, Proxy) {
    let server = PgConnectOptions::from_str(database.url()).unwrap();
    let proxy = Proxy::to(format!("{}:{}", server.get_host(), server.get_port())).await;
    let near = server.host(&proxy.near().ip().to_string()).port(proxy.near().port());
    let store = Store::connect(near.to_url_lossy().as_str()).await.unwrap();
    (store, proxy)
}

async fn is_told_in_time(store: &Store, key: &'static str) {
    let started = Instant::now();
    let written = write(store, key).await;
    assert!(written.as_ref().is_err_and(StoreError::is_unavailable), "{written:?}");
    assert!(started.elapsed() < IN_TIME, "a writer waited {:?}", started.elapsed());
    let started = Instant::now();
    let read = store.ping().await;
    assert!(read.as_ref().is_err_and(StoreError::is_unavailable), "{read:?}");
    assert!(started.elapsed() < IN_TIME, "a reader waited {:?}", started.elapsed());
}

/// Waits until the store works again.
async fn recovers(store: &Store, key: &'static str) {
    let started = Instant::now();
    loop {
        let (written, read) = (write(store, key).await, store.ping().await);
        if written.is_ok() && read.is_ok() {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "still {written:?}, {read:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_that_is_cut() {
    let database = TestDatabase::postgres().await;
    let (store, proxy) = behind_a_wire(&database).await;
    assert!(write(&store, "before").await.unwrap());
    proxy.set(Wire::Cut);
    is_told_in_time(&store, "during").await;
    proxy.set(Wire::Whole);
    recovers(&store, "during").await;
    verify(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_that_falls_silent() {
    let database = TestDatabase::postgres().await;
    let (store, proxy) = behind_a_wire(&database).await;
    assert!(write(&store, "before").await.unwrap());
    store.ping().await.unwrap();
    proxy.set(Wire::Silent);
    is_told_in_time(&store, "during").await;
    // Many who wait at the same time are told as fast as one.
    let many = (0..50).map(|_| is_told_in_time(&store, "many"));
    futures::future::join_all(many).await;
    proxy.set(Wire::Whole);
    recovers(&store, "after").await;
    verify(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_never_arrives_is_not_taken_for_a_no() {
    let database = TestDatabase::postgres().await;
    let (store, proxy) = behind_a_wire(&database).await;
    let (begun, begins) = oneshot::channel();
    let (go, goes) = oneshot::channel();
    let unsure = {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write(|tx| {
                    Box::pin(async move {
                        tx.once("click", at(0)).await?;
                        // This has the key written now: what is left is the COMMIT.
                        tx.forget_once_before(at(-1)).await?;
                        begun.send(()).unwrap();
                        goes.await.unwrap();
                        Ok(())
                    })
                })
                .await
        })
    };
    begins.await.unwrap();
    // The COMMIT arrives at the server; its answer does not come back.
    proxy.set(Wire::Deaf);
    go.send(()).unwrap();
    let unsure = unsure.await.unwrap().unwrap_err();
    assert!(unsure.is_unavailable() && unsure.may_be_recorded(), "{unsure:?}");
    proxy.set(Wire::Cut);
    proxy.set(Wire::Whole);
    // It was recorded: the same click again counts nothing.
    let started = Instant::now();
    let again = loop {
        match store.write(|tx| Box::pin(async move { tx.once("click", at(1)).await })).await {
            Ok(first_time) => break first_time,
            Err(e) => assert!(started.elapsed() < Duration::from_secs(30), "still {e}"),
        }
    };
    assert!(!again);
}
