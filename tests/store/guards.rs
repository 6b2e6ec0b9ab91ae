//! A hand that reaches into the database behind the store's back, and what the store says to that.

use std::time::{Duration, Instant};

use countersign::domain::request::Ask;
use countersign::store::{Store, StoreError};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::database::TestDatabase;
use crate::on_both;
use crate::samples::{Ids, agent, at, keep, request, store};

on_both! {
    a_row_that_is_not_understood_is_named,
    reading_is_no_change,
    who_holds_the_right_to_write_too_long_does_not_stop_the_store,
}

/// A connection beside the store's own.
pub enum Hand {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Hand {
    pub async fn on(database: &TestDatabase) -> Self {
        if database.url().starts_with("sqlite:") {
            Self::Sqlite(SqliteConnection::connect(database.url()).await.unwrap())
        } else {
            Self::Postgres(PgConnection::connect(database.url()).await.unwrap())
        }
    }

    /// Runs it; the rows it changed, or the database's words.
    pub async fn run(&mut self, sql: &'static str) -> Result<u64, String> {
        match self {
            Self::Sqlite(c) => sqlx::raw_sql(sql).execute(c).await.map(|d| d.rows_affected()),
            Self::Postgres(c) => sqlx::raw_sql(sql).execute(c).await.map(|d| d.rows_affected()),
        }
        .map_err(|e| e.to_string())
    }

    /// What the owner of a database can do.
    pub async fn take_the_guards_away(&mut self) {
        let sql = match self {
            Self::Sqlite(_) => {
                "DROP TRIGGER events_are_not_changed; DROP TRIGGER events_are_not_deleted"
            }
            Self::Postgres(_) => "DROP TRIGGER events_are_not_changed ON events",
        };
        self.run(sql).await.unwrap();
    }
}

async fn a_row_that_is_not_understood_is_named(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let asked = request(&ids, 1, one.id, Ask::Registration);
    keep(&store, vec![one.clone()], vec![asked.clone()], vec![]).await;
    let mut hand = Hand::on(&database).await;
    hand.run("UPDATE agents SET doc = '{\"id\": 7}'").await.unwrap();
    hand.run("UPDATE requests SET number = -1").await.unwrap();
    let mut session = store.read().await.unwrap();
    for found in [
        session.agent(one.id).await.map(drop),
        session.agent_by_slug("agent-one").await.map(drop),
        session.agents(10, 0).await.map(drop),
    ] {
        match found {
            Err(StoreError::Inconsistent { table, column, row }) => {
                assert_eq!((table, column.as_str(), row), ("agents", "doc", one.id.to_string()));
            }
            other => panic!("{other:?}"),
        }
    }
    // Reading goes on, and so does work that met such a row.
    assert_eq!(session.request(asked.id).await.unwrap().as_ref(), Some(&asked));
    let id = one.id;
    let seen = store
        .write(move |tx| {
            Box::pin(async move {
                let broken = tx.agent(id).await.is_err();
                tx.set_policy("went on", at(0)).await?;
                Ok(broken)
            })
        })
        .await;
    assert!(seen.unwrap());
    assert_eq!(session.current_policy().await.unwrap().as_deref(), Some("went on"));

    hand.run("UPDATE agents SET slug = 'Not A Name'").await.unwrap();
    match session.slugs().await {
        Err(StoreError::Inconsistent { table, column, row }) => {
            assert_eq!((table, column.as_str(), row), ("agents", "slug", one.id.to_string()));
        }
        other => panic!("{other:?}"),
    }
}

async fn reading_is_no_change(database: TestDatabase) {
    let store = store(&database).await;
    let before = *store.changed().borrow();
    store.ping().await.unwrap();
    store.read().await.unwrap().open_requests(1).await.unwrap();
    // Jobs that look for work through a transaction must not wake themselves.
    store.write(|tx| Box::pin(async move { tx.lease("w", at(0), at(1), 1).await })).await.unwrap();
    store.write(|tx| Box::pin(async move { tx.drop_deadlines("req_none").await })).await.unwrap();
    assert_eq!(*store.changed().borrow(), before);
    store.write(|tx| Box::pin(async move { tx.once("x", at(0)).await })).await.unwrap();
    assert_eq!(*store.changed().borrow(), before + 1);
}

/// Another process with the same database, which writes for too long.
async fn who_holds_the_right_to_write_too_long_does_not_stop_the_store(database: TestDatabase) {
    let store = Store::connect(database.url()).await.unwrap();
    let mut hand = Hand::on(&database).await;
    let hold = match &hand {
        Hand::Sqlite(_) => "BEGIN IMMEDIATE",
        Hand::Postgres(_) => "BEGIN; SELECT seq FROM chain_head FOR UPDATE",
    };
    hand.run(hold).await.unwrap();
    let started = Instant::now();
    let refused = store.write(|tx| Box::pin(async move { tx.once("x", at(0)).await })).await;
    assert!(refused.as_ref().is_err_and(StoreError::is_unavailable), "{refused:?}");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(
        store.read().await.unwrap().open_requests(1).await.unwrap().is_empty(),
        "reading goes on"
    );
    hand.run("ROLLBACK").await.unwrap();
    loop {
        match store.write(|tx| Box::pin(async move { tx.once("x", at(0)).await })).await {
            Ok(first_time) => break assert!(first_time, "nothing was recorded before"),
            Err(e) => assert!(started.elapsed() < Duration::from_secs(30), "still {e}"),
        }
    }
}
