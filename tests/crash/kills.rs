//! The server is killed at every commit, right after it is durable and before anybody is told; and at
//! every message, right after Slack shows it and before anybody knows.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::store::Engine;
use futures::StreamExt;

use crate::site::{Door, Site};
use crate::story::{Bot, Death, Story, aborted};

/// How many experiments go on at once. They mostly wait, on PostgreSQL for the leases of the dead.
const fn at_once(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => 12,
        Engine::Postgres => 14,
    }
}
/// After so many servers that survived the story it has no such moment any more. Not after the
/// first: what waits at one moment shares a commit, so that each run needs a few more or fewer.
const SURVIVORS: usize = 4;

/// What came of one experiment.
struct Outcome {
    /// Whether the server died, for the story may have fewer such moments this time.
    died: bool,
    /// How many copies of messages there were that nobody knew of.
    forgotten: usize,
}

async fn experiment(engine: Engine, door: Door, story: Story, death: Option<Death>) -> Outcome {
    let site = Arc::new(Site::open(engine, door).await);
    let bot = Bot::start(&site, death).await;
    let told = tokio::time::timeout(Duration::from_secs(110), async {
        bot.tells(story).await;
        bot.ends_true(story).await
    });
    let Ok(forgotten) = told.await else {
        panic!(
            "{death:?}: no end of the story\n{}\n=== the last server\n{}",
            site.transcript(),
            bot.server().said()
        );
    };
    let mut died = bot.died();
    let mut end = told_to_end(&bot).await;
    // Its moment can be the very last one, while it ended.
    if !died && aborted(end) {
        died = true;
        let last = Bot::start(&site, None).await;
        end = told_to_end(&last).await;
    }
    assert!(end.success(), "{end}\n{}", site.transcript());
    site.audit_verifies().await;
    Outcome { died, forgotten }
}

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

/// What came of all of them.
#[derive(Default)]
struct Found {
    killed: BTreeSet<u64>,
    survived: usize,
    forgotten: usize,
}

/// Which moments of a story a server dies at.
struct Moments {
    of: fn(u64) -> Death,
    /// From this one on.
    first: u64,
    /// Each so many after the other.
    step: usize,
    /// The story has at least so many, and a server dies at each of these.
    least: u64,
}

/// Kills until servers survive the story: at the odd moments what Slack hears comes through sockets,
/// at the even ones over HTTP. How many copies there were that nobody knew of.
async fn kills(engine: Engine, story: Story, at: Moments) -> usize {
    let found = Mutex::new(Found::default());
    let found_now = || found.lock().unwrap_or_else(PoisonError::into_inner);
    let going_on = |_: &u64| std::future::ready(found_now().survived < SURVIVORS);
    futures::stream::iter((at.first..).step_by(at.step))
        .take_while(going_on)
        .for_each_concurrent(at_once(engine), async |n| {
            let door = if n % 2 == 1 { Door::Socket } else { Door::Http };
            let death = (at.of)(n);
            // A task of its own: none of them holds the others up.
            let one = tokio::spawn(experiment(engine, door, story, Some(death)));
            let one = one.await.unwrap_or_else(|e| panic!("{death:?} {door:?}: {e}"));
            let mut found = found_now();
            found.forgotten += one.forgotten;
            if one.died {
                found.killed.insert(n);
            } else {
                found.survived += 1;
            }
        })
        .await;
    let Found { killed, forgotten, .. } =
        found.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{engine:?} {story:?}: {} servers killed, the last at {:?}; {forgotten} second copies",
        killed.len(),
        killed.last().map(|n| (at.of)(*n)),
    );
    let all = (at.first..=at.least).step_by(at.step);
    let spared: Vec<u64> = all.filter(|n| !killed.contains(n)).collect();
    assert!(
        spared.is_empty(),
        "the story is shorter than {}, or nobody died at {spared:?}",
        at.least
    );
    forgotten
}

/// Every commit of the first story.
const ASKING: Moments = Moments { of: Death::AfterCommits, first: 1, step: 1, least: 72 };
/// Those of the second, after the registration, which is the first story's, too.
const LIVING: Moments = Moments { of: Death::AfterCommits, first: 11, step: 1, least: 105 };
/// Every message of the first story.
const SHOWN: Moments = Moments { of: Death::AfterAnswers, first: 1, step: 1, least: 60 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_asking_sqlite() {
    kills(Engine::Sqlite, Story::Asking, ASKING).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_asking_postgres() {
    kills(Engine::Postgres, Story::Asking, ASKING).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_living_sqlite() {
    kills(Engine::Sqlite, Story::Living, LIVING).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_living_postgres() {
    kills(Engine::Postgres, Story::Living, LIVING).await;
}

/// What Slack shows and nobody knows of is shown once more, and ends as it should all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_and_not_known_is_shown_again_sqlite() {
    let forgotten = kills(Engine::Sqlite, Story::Asking, SHOWN).await;
    assert!(forgotten > 10, "{forgotten} copies that nobody knew of");
}

/// There, what the dead server held waits for its lease to end: one moment in three is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_and_not_known_is_shown_again_postgres() {
    let forgotten = kills(Engine::Postgres, Story::Asking, Moments { step: 3, ..SHOWN }).await;
    assert!(forgotten > 3, "{forgotten} copies that nobody knew of");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_dies_without_a_kill() {
    for (engine, door, story) in [
        (Engine::Sqlite, Door::Socket, Story::Living),
        (Engine::Postgres, Door::Http, Story::Asking),
    ] {
        let outcome = experiment(engine, door, story, None).await;
        assert!(!outcome.died);
        assert_eq!(outcome.forgotten, 0);
    }
}
