//! The server is killed at every commit: right after it is durable, before anybody is told.

use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
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
        Engine::Postgres => 8,
    }
}
/// After so many servers that survived the story it has no such commit any more. Not after the
/// first: what waits at one moment shares a commit, so that each run needs a few more or fewer.
const SURVIVORS: usize = 4;

/// One experiment: whether the server was killed, for the story may need fewer commits this time.
async fn killed_at(engine: Engine, door: Door, n: u64) -> bool {
    let site = Arc::new(Site::open(engine, door).await);
    let bot = Bot::start(&site, Some(n)).await;
    let told = tokio::time::timeout(Duration::from_secs(110), async {
        bot.story().await;
        bot.ends_true().await;
    });
    assert!(
        told.await.is_ok(),
        "killed at commit {n}: no end of the story\n{}\n=== the last server\n{}",
        site.transcript(),
        bot.server().said()
    );
    let mut died = bot.died();
    let mut end = told_to_end(&bot).await;
    // Its commit can be the very last one, made while it ended.
    if !died && end.signal() == Some(ABORTED) {
        died = true;
        let last = Bot::start(&site, None).await;
        end = told_to_end(&last).await;
    }
    assert_eq!((end.code(), end.signal()), (Some(0), None), "{}", site.transcript());
    site.audit_verifies().await;
    died
}

/// SIGABRT.
const ABORTED: i32 = 6;

/// How the server ends that is told to. It is up by then: a process that is told before it has begun
/// to listen for signals, as one that was just started again may be, ends as the system has it.
async fn told_to_end(bot: &Bot) -> std::process::ExitStatus {
    bot.is_up().await;
    bot.retire();
    let server = bot.server();
    server.signal("TERM");
    let end = server.end(Duration::from_secs(15)).await;
    bot.site.remember(&server);
    end
}

/// Kills at the commits from the first on, each so many after the other, until servers survive the
/// story.
async fn kills(engine: Engine, door: Door, first: usize, step: usize) {
    let (survived, killed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let last = AtomicU64::new(0);
    let going_on = |_: &u64| std::future::ready(survived.load(SeqCst) < SURVIVORS);
    futures::stream::iter((first as u64..).step_by(step))
        .take_while(going_on)
        .for_each_concurrent(at_once(engine), |n| {
            let (survived, killed, last) = (&survived, &killed, &last);
            async move {
                // A task of its own: none of them holds the others up.
                let experiment = tokio::spawn(killed_at(engine, door, n));
                if experiment.await.unwrap_or_else(|e| panic!("killed at commit {n}: {e}")) {
                    killed.fetch_add(1, SeqCst);
                    last.fetch_max(n, SeqCst);
                } else {
                    survived.fetch_add(1, SeqCst);
                }
            }
        })
        .await;
    let (killed, last) = (killed.into_inner(), last.into_inner());
    println!("{engine:?} {door:?}: {killed} servers killed, the last at commit {last}");
    assert!(killed * step > 40, "the story has more commits than {killed} × {step}");
}

/// Every commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_sqlite_socket() {
    kills(Engine::Sqlite, Door::Socket, 1, 1).await;
}

// The other ways to put a server together share the commits among them.

/// Commits 1, 3, 5 …
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_sqlite_http() {
    kills(Engine::Sqlite, Door::Http, 1, 2).await;
}

/// Commits 2, 6, 10 …
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_postgres_http() {
    kills(Engine::Postgres, Door::Http, 2, 4).await;
}

/// Commits 4, 8, 12 …
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_postgres_socket() {
    kills(Engine::Postgres, Door::Socket, 4, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_dies_without_a_kill() {
    for (engine, door) in [(Engine::Sqlite, Door::Socket), (Engine::Postgres, Door::Http)] {
        assert!(!killed_at(engine, door, u64::MAX).await);
    }
}
