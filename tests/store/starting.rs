//! Connecting: addresses, migrations, and whether every statement fits the tables.

use std::time::{Duration, Instant};

use countersign::store::{Engine, MIGRATIONS, Store, StoreError, statements};
use sqlx::{Executor, SqlSafeStr};

use crate::database::TestDatabase;
use crate::guards::Hand;
use crate::on_both;
use crate::samples::{Ids, agent, keep, store};

on_both! {
    four_start_at_once,
    every_statement_can_be_prepared,
    it_is_all_there_after_a_restart,
    an_older_version_starts_with_newer_tables,
    a_changed_migration_is_refused,
}

async fn four_start_at_once(database: TestDatabase) {
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = database.url().to_owned();
            tokio::spawn(async move { Store::connect(&url).await })
        })
        .collect();
    for start in starts {
        let store = start.await.unwrap().unwrap();
        let written = store.write(|tx| Box::pin(async move { tx.next_number().await })).await;
        assert!(written.is_ok(), "{written:?}");
        store.close().await;
    }
}

async fn every_statement_can_be_prepared(database: TestDatabase) {
    let store = store(&database).await;
    let mut hand = Hand::on(&database).await;
    let mut seen = 0;
    for statement in statements() {
        let sql = statement.sql.into_sql_str();
        let prepared = match &mut hand {
            Hand::Sqlite(c) => c.prepare(sql).await.map(drop),
            Hand::Postgres(c) => c.prepare(sql).await.map(drop),
        };
        assert!(prepared.is_ok(), "{}: {prepared:?}", statement.sql);
        assert!(
            statement.sql.contains(statement.table),
            "{}: not about {}",
            statement.sql,
            statement.table
        );
        seen += 1;
    }
    assert!(seen > 60, "only {seen} statements are listed");
    drop(store);
}

async fn it_is_all_there_after_a_restart(database: TestDatabase) {
    let ids = Ids::new();
    let one = agent(&ids, "agent-one", "OLGA");
    let before = store(&database).await;
    keep(&before, vec![one.clone()], vec![], vec![]).await;
    let mut changes = before.changed();
    changes.mark_unchanged();
    before.close().await;
    assert!(changes.changed().await.is_err(), "nothing comes any more");
    let late = before.write(|tx| Box::pin(async move { tx.next_number().await })).await;
    assert!(late.as_ref().is_err_and(StoreError::is_unavailable), "{late:?}");
    let late = before.ping().await;
    assert!(late.as_ref().is_err_and(StoreError::is_unavailable), "{late:?}");

    let after = store(&database).await;
    assert_eq!(after.read().await.unwrap().agent(one.id).await.unwrap(), Some(one));
    let sqlite = database.url().starts_with("sqlite:");
    assert_eq!(after.engine(), if sqlite { Engine::Sqlite } else { Engine::Postgres });
}

async fn an_older_version_starts_with_newer_tables(database: TestDatabase) {
    store(&database).await.close().await;
    let mut hand = Hand::on(&database).await;
    hand.run(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', TRUE, 'x', 1); \
         ALTER TABLE agents ADD COLUMN mood TEXT",
    )
    .await
    .unwrap();
    let ids = Ids::new();
    let older = store(&database).await;
    keep(&older, vec![agent(&ids, "agent-one", "OLGA")], vec![], vec![]).await;
}

async fn a_changed_migration_is_refused(database: TestDatabase) {
    store(&database).await.close().await;
    let mut hand = Hand::on(&database).await;
    hand.run("UPDATE _sqlx_migrations SET checksum = 'other' WHERE version = 1").await.unwrap();
    let refused = Store::connect(database.url()).await;
    match refused {
        Err(StoreError::Migration { .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_list_of_migrations_is_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    let listed: Vec<(String, String)> = MIGRATIONS
        .iter()
        .map(|(n, what, sql)| (format!("{n:04}_{}", what.replace(' ', "_")), (*sql).to_owned()))
        .collect();
    assert_eq!(listed, files);
}

#[tokio::test]
async fn addresses_that_name_no_database_are_refused_without_repeating_them() {
    for url in [
        "",
        "countersign.db",
        "mysql://root:hunter2@host/db",
        "sqlite://",
        "sqlite::memory:",
        "sqlite://x?mode=memory",
        "postgres://user:hunter2@host:port/db",
    ] {
        match Store::connect(url).await {
            Err(error @ StoreError::BadUrl { .. }) => {
                let text = error.to_string();
                assert!(text.contains("postgres://user@host/name"), "{text}");
                assert!(!text.contains("hunter2"), "{text}");
            }
            other => panic!("{url}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_at_once() {
    let started = Instant::now();
    // Nothing listens on the discard port.
    let error = Store::connect("postgres://nobody:hunter2@127.0.0.1:9/none").await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}
