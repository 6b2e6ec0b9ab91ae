//! The server is killed at every commit: right after it is durable, before anybody is told.

use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::time::Duration;

use countersign::store::Engine;
use futures::StreamExt;

use crate::site::{Door, Site};
use crate::story::Bot;

/// How many experiments go on at once; they mostly wait. Fewer on PostgreSQL, whose connections are
/// counted.
const fn at_once(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => 12,
        Engine::Postgres => 4,
    }
}

/// One experiment: whether the server was killed, for the story may need fewer commits this time.
async fn killed_at(engine: Engine, door: Door, n: u64) -> bool {
    let site = Arc::new(Site::open(engine, door).await);
    let bot = Bot::start(&site, Some(n)).await;
    let told = tokio::time::timeout(Duration::from_secs(70), async {
        bot.story().await;
        bot.ends_true().await;
    });
    assert!(
        told.await.is_ok(),
        "killed at commit {n}: no end of the story\n{}\n=== the last server\n{}",
        site.transcript(),
        bot.server().said()
    );
    let server = bot.server();
    bot.retire();
    server.signal("TERM");
    let end = server.end(Duration::from_secs(15)).await;
    assert_eq!((end.code(), end.signal()), (Some(0), None), "{}", server.said());
    site.audit_verifies().await;
    bot.died()
}

/// Kills at every commit (or every `step`th), until the server survives the story a whole batch
/// long: then it has no such commit any more.
async fn every_commit(engine: Engine, door: Door, step: u64) {
    let mut killed = 0;
    let mut from = 1;
    loop {
        let batch: Vec<u64> = (from..).step_by(step as usize).take(at_once(engine)).collect();
        let last = *batch.last().unwrap();
        let died: Vec<bool> = futures::stream::iter(batch)
            .map(|n| killed_at(engine, door, n))
            .buffer_unordered(at_once(engine))
            .collect()
            .await;
        let deaths = died.iter().filter(|died| **died).count();
        killed += deaths;
        println!("{engine:?} {door:?}: up to commit {last}: {deaths} of {} died", died.len());
        if deaths == 0 {
            break;
        }
        from = last + step;
    }
    assert!(killed as u64 * step > 30, "the story has more commits than {killed} × {step}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_sqlite_socket() {
    every_commit(Engine::Sqlite, Door::Socket, 1).await;
}

/// A sample: every sixth commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_postgres_http() {
    every_commit(Engine::Postgres, Door::Http, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_dies_without_a_kill() {
    for (engine, door) in [(Engine::Sqlite, Door::Socket), (Engine::Postgres, Door::Http)] {
        assert!(!killed_at(engine, door, u64::MAX).await);
    }
}
