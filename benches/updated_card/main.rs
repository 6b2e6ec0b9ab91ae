//! From the click's acknowledgement to the changed card at Slack: the copy that was clicked, and
//! the last of all five. `cargo bench --bench updated_card [-- sqlite|postgres]`

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

use common::bed::{Bed, Database, log_to_nowhere};
use common::load::run;
use common::signed::Signer;
use common::slack::Slack;
use common::{LOAD_CORE, machine, ms, percentile, seed, stay_on};
use countersign::clock::Entropy;
use countersign::slack::wire::limits::Limits;
use countersign::store::Store;

/// In the approvals channel, and in the messages of four people.
const COPIES: usize = 5;
/// Longer than any card may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("{}", machine());
    stay_on(LOAD_CORE);
    log_to_nowhere();
    let _ = rustls::crypto::ring::default_provider().install_default();
    println!(
        "{:<11} {:<22} {:>6} {:>12} {:>12} {:>12} {:>12}",
        "database", "Slack's limits", "clicks", "clicked p50", "p99", "all five p50", "p99"
    );
    for database in Database::asked_for().await {
        measure(&database, "not kept", Limits::none, 400).await;
        // As many as fit into one minute's share of `chat.update`, which is 50.
        measure(&database, "kept, within", Limits::slack, 9).await;
        measure(&database, "kept, twice as many", Limits::slack, 20).await;
        database.drop().await;
    }
}

async fn measure(database: &Database, kept: &str, limits: fn() -> Limits, clicks: usize) {
    let slack = Slack::start().await;
    let entropy = Entropy::from_system();
    let store = Store::connect(&database.url).await.expect("a store");
    let slug = format!("agent-{}", common::now().timestamp_micros());
    let agent = seed::agent(&entropy, &slug);
    seed::agents(&store, vec![agent.clone()]).await;
    let asked = seed::requests(&store, &entropy, &agent, clicks).await;
    store.close().await;

    let bed = Bed::start(database, &slack, limits()).await;
    let mut signer = Signer::new(slack.response_url());
    let (mut clicked, mut all) = (Vec::new(), Vec::new());
    for (id, ts) in &asked {
        let click = signer.approve("U0THEO", *id, ts);
        let round = run(bed.address, 1, vec![click], PATIENCE).await;
        let acknowledged = round.acknowledged[0].1;
        let copies = changed(&slack, ts).await;
        let after = |at: Instant| at.saturating_duration_since(acknowledged);
        let own = copies.iter().find(|(channel, _)| channel == "C0APPROVALS");
        clicked.push(after(own.expect("the copy in the channel").1));
        all.extend(copies.iter().map(|(_, at)| after(*at)).max());
    }
    bed.stop().await;
    clicked.sort_unstable();
    all.sort_unstable();
    println!(
        "{:<11} {kept:<22} {clicks:>6} {:>12} {:>12} {:>12} {:>12}",
        database.name(),
        ms(percentile(&clicked, 0.5)),
        ms(percentile(&clicked, 0.99)),
        ms(percentile(&all, 0.5)),
        ms(percentile(&all, 0.99)),
    );
}

/// Waits until every copy of the card has changed.
async fn changed(slack: &Slack, ts: &str) -> Vec<(String, Instant)> {
    let started = Instant::now();
    loop {
        let copies = slack.updated(ts);
        if copies.len() == COPIES {
            slack.forget();
            return copies;
        }
        assert!(started.elapsed() < PATIENCE, "only {} copies of {ts} changed", copies.len());
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}
