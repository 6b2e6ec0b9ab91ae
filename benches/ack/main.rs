//! Signed slash command or click to acknowledgement: how many a second, and how long each waits;
//! beside it the database's own bare commit rate.
//! `cargo bench --bench ack [-- sqlite|postgres] [reads|clicks|requests]`

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

use std::time::Duration;

use bytes::Bytes;
use common::bed::{Bed, Database, log_to_nowhere};
use common::load::{Round, run};
use common::seed::Asked;
use common::signed::Signer;
use common::slack::Slack;
use common::{LOAD_CORE, machine, median, ms, seed, stay_on};
use countersign::clock::Entropy;
use countersign::slack::wire::limits::Limits;
use countersign::store::Store;

/// As long as a round may last.
const LASTING: Duration = Duration::from_secs(3);
const CONNECTIONS: [usize; 3] = [1, 32, 256];
/// As many clicks as a round can use up.
const CLICKS: usize = if cfg!(debug_assertions) { 1_200 } else { 12_000 };

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("{}", machine());
    stay_on(LOAD_CORE);
    log_to_nowhere();
    let _ = rustls::crypto::ring::default_provider().install_default();
    // How often each is measured; the median counts.
    let rounds = std::env::var("COUNTERSIGN_BENCH_ROUNDS").ok().and_then(|n| n.parse().ok());
    println!(
        "{:<11} {:<28} {:>5} {:>9} {:>12} {:>9} {:>9}",
        "database", "what", "conns", "a second", "a cpu second", "p50", "p99"
    );
    for database in Database::asked_for().await {
        measure(&database, rounds.unwrap_or(3)).await;
        database.drop().await;
    }
}

async fn measure(database: &Database, times: usize) {
    let slack = Slack::start().await;
    let entropy = Entropy::from_system();
    let store = Store::connect(&database.url).await.expect("a store");
    let agents: Vec<_> =
        (0..20).map(|n| seed::agent(&entropy, &format!("support-agent-{n}"))).collect();
    let agent = agents[0].clone();
    seed::agents(&store, agents).await;

    let mut signer = Signer::new(slack.response_url());
    if wanted("reads") {
        reads(database, &slack, &mut signer, times).await;
    }

    // What is durable is measured beside the bare commits, in turns: the disk is not always as fast.
    let bare = async || common::bare::commits(database, 32, LASTING).await;
    let connections = |wanted: bool| CONNECTIONS.into_iter().filter(move |_| wanted);
    for connections in connections(wanted("clicks")) {
        let (mut rates, mut rounds) = (vec![bare().await], Vec::new());
        for _ in 0..times {
            let asked = seed::requests(&store, &entropy, &agent, CLICKS).await;
            let clicks = clicks(&mut signer, &asked);
            let bed = Bed::start(database, &slack, Limits::slack()).await;
            let round = run(bed.address, connections, clicks, LASTING).await;
            bed.stop().await;
            counted(&store, &asked, &round).await;
            rounds.push(round);
            rates.push(bare().await);
        }
        report(database, "a click that counts", connections, &rounds);
        against(database, &rates, &rounds);
    }
    for connections in connections(wanted("requests")) {
        let (mut rates, mut rounds) = (vec![bare().await], Vec::new());
        for _ in 0..times {
            let many = CLICKS / 2;
            let stamp = common::now().timestamp_millis();
            let slugs: Vec<String> = (0..many).map(|n| format!("a{stamp}-{n}")).collect();
            let agents = slugs.iter().map(|slug| seed::agent(&entropy, slug)).collect();
            seed::agents(&store, agents).await;
            let typed = slugs.iter().map(|slug| {
                let words = "for 30m because customer support queries";
                signer.command("U0DANA", &format!("request {slug} tickets:comment {words}"))
            });
            let typed = typed.collect();
            let bed = Bed::start(database, &slack, Limits::slack()).await;
            let round = run(bed.address, connections, typed, LASTING).await;
            bed.stop().await;
            assert!(round.sample.contains("G-"), "{}", round.sample);
            rounds.push(round);
            rates.push(bare().await);
        }
        report(database, "a request that is recorded", connections, &rounds);
        against(database, &rates, &rounds);
    }
    store.close().await;
}

/// Whether the command line names this part, or none.
fn wanted(part: &str) -> bool {
    let named = |part: &str| std::env::args().skip(1).any(|word| word == part);
    named(part) || !["reads", "clicks", "requests"].into_iter().any(named)
}

/// What is only read.
async fn reads(database: &Database, slack: &Slack, signer: &mut Signer, times: usize) {
    let bed = Bed::start(database, slack, Limits::slack()).await;
    for (what, text, many) in
        [("/agent help", "help", 120_000), ("/agent", "", 30_000), ("/agent list", "list", 30_000)]
    {
        for connections in CONNECTIONS {
            let mut rounds = Vec::new();
            for _ in 0..times {
                let many = if connections == 1 { many / 2 } else { many };
                let requests = (0..many).map(|_| signer.command("U0DANA", text)).collect();
                rounds.push(run(bed.address, connections, requests, LASTING).await);
            }
            assert!(rounds[0].sample.contains("ephemeral"), "{}", rounds[0].sample);
            report(database, what, connections, &rounds);
        }
    }
    bed.stop().await;
}

/// Theo approves: one of two that each request needs.
fn clicks(signer: &mut Signer, asked: &[Asked]) -> Vec<Bytes> {
    asked.iter().map(|(id, ts)| signer.approve("U0THEO", *id, ts)).collect()
}

/// What was acknowledged is on the record, each click once. Where so many wait that the store cannot
/// do it in time, the person is told that nothing was recorded: those are counted, and none of them
/// was told early.
async fn counted(store: &Store, asked: &[Asked], round: &Round) {
    let in_time = countersign::store::Limits::default().wait;
    let (mut session, mut refused) = (store.read().await.expect("a session"), 0);
    for (at, _, waited) in &round.acknowledged {
        let request = session.request(asked[*at].0).await.expect("a read").expect("the request");
        if request.votes.is_empty() && *waited >= in_time {
            refused += 1;
        } else {
            assert_eq!(request.votes.len(), 1, "{} was told {waited:?}", request.reference);
        }
    }
    if refused > 0 {
        let all = round.acknowledged.len();
        println!("  {refused} of {all} were told after {in_time:?} that nothing was recorded");
    }
}

fn report(database: &Database, what: &str, connections: usize, rounds: &[Round]) {
    let of = |value: &dyn Fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    println!(
        "{:<11} {what:<28} {connections:>5} {:>9.0} {:>12.0} {:>9} {:>9}",
        database.name(),
        of(&Round::rate),
        of(&Round::per_processor_second),
        ms(Duration::from_secs_f64(of(&|r| r.waits().0.as_secs_f64()))),
        ms(Duration::from_secs_f64(of(&|r| r.waits().1.as_secs_f64()))),
    );
}

fn against(database: &Database, bare: &[f64], rounds: &[Round]) {
    let bare = median(bare.to_vec());
    let rate = median(rounds.iter().map(Round::rate).collect());
    println!(
        "{:<11} {:<28} {:>5} {bare:>9.0} {:>12}",
        database.name(),
        "  bare commits, same run",
        "",
        format!("{:.0} %", rate / bare * 100.0),
    );
}
