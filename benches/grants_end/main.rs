//! Many grants that end at one moment: how late the last is recorded and the last notice is handed
//! to the sender, and whether clicks stay fast meanwhile.
//! `cargo bench --bench grants_end [-- 10000] [sqlite|postgres]`

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement ends where it cannot go on, and says what it found"
)]

#[expect(dead_code, reason = "the measurements share it, and none uses all of it")]
#[path = "../common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use common::bed::{Bed, Database, log_to_nowhere};
use common::load::run;
use common::signed::Signer;
use common::slack::Slack;
use common::{LOAD_CORE, machine, ms, percentile, seed, stay_on};
use countersign::clock::Entropy;
use countersign::slack::wire::limits::Limits;
use countersign::store::Store;

/// The owners, each with one agent.
const OWNERS: usize = 200;
/// A click every so often.
const PACE: Duration = Duration::from_millis(100);
/// Longer than all of it may take.
const PATIENCE: Duration = Duration::from_secs(1_800);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("{}", machine());
    stay_on(LOAD_CORE);
    log_to_nowhere();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let many = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(100_000);
    for database in Database::asked_for().await {
        measure(&database, many).await;
        database.drop().await;
    }
}

async fn measure(database: &Database, many: usize) {
    let slack = Slack::start().await;
    let entropy = Entropy::from_system();
    let store = Store::connect(&database.url).await.expect("a store");
    let agents: Vec<_> = (0..OWNERS)
        .map(|n| seed::agent_of(&entropy, &format!("agent-{n}"), &format!("U0OWNER{n}")))
        .collect();
    seed::agents(&store, agents.clone()).await;
    let asked = seed::requests(&store, &entropy, &agents[0], 3_000).await;
    let wait = TimeDelta::seconds(3);
    // Far enough away for the rows to be written first.
    let ends = common::now() + TimeDelta::hours(1);
    seed::grants(database, &entropy, &agents, many, ends).await;

    let bed = Bed::start(database, &slack, Limits::none()).await;
    let mut signer = Signer::new(slack.response_url());
    bed.clock.advance(ends - common::now() - wait);
    let moment = Instant::now() + wait.to_std().expect("a time");
    let mut waits = Vec::new();
    let (mut recorded, mut queued) = (None, None);
    let mut asked = asked.into_iter();
    let started = Instant::now();
    // A notice to the owner and one to the team's channel.
    let notices = (many / OWNERS * OWNERS * 2) as u64;
    loop {
        let (posted, last) = slack.posted();
        if recorded.is_none() {
            let mut session = store.read().await.expect("a session");
            if session.next_deadline().await.expect("a read").is_none_or(|at| at > ends) {
                recorded = Some(Instant::now());
                queued = Some(posted);
            }
        }
        if posted >= notices {
            let last = last.expect("a message");
            let recorded = recorded.unwrap_or(last);
            waits.sort_unstable();
            println!(
                "{}: {many} grants; last end recorded after {:.1} s (by then {} notices were out), \
                 last of {notices} notices handed over after {:.1} s; {} clicks meanwhile: p50 {}, \
                 p99 {}, longest {}",
                database.name(),
                recorded.saturating_duration_since(moment).as_secs_f64(),
                queued.unwrap_or_default(),
                last.saturating_duration_since(moment).as_secs_f64(),
                waits.len(),
                ms(percentile(&waits, 0.5)),
                ms(percentile(&waits, 0.99)),
                ms(percentile(&waits, 1.0)),
            );
            break;
        }
        assert!(started.elapsed() < PATIENCE, "{posted} of {notices} notices, {recorded:?}");
        if Instant::now() > moment
            && let Some((id, ts)) = asked.next()
        {
            // Signed with the time that the server lives by.
            let click = signer.ahead(bed.clock.offset()).approve("U0THEO", id, &ts);
            let round = run(bed.address, 1, vec![click], PATIENCE).await;
            waits.extend(round.waits);
        }
        tokio::time::sleep(PACE).await;
    }
    bed.stop().await;
    store.close().await;
}
