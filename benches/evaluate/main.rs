//! Questions at run time: how many a second, how long each waits, how soon a revocation is felt on
//! another replica, and what the server keeps in memory. Every answer is on the record. And tokens:
//! how many a second.
//! `cargo bench --bench evaluate [-- sqlite|postgres] [1000|1000000|tokens]`

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
mod house;
mod many;
mod tokens;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use common::bed::{Database, log_to_nowhere};
use common::load::{Round, run};
use common::signed::Signer;
use common::slack::Slack;
use common::{LOAD_CORE, SERVER_CORE, keep_on, machine, median, ms, percentile, seed, stay_on};
use countersign::clock::Entropy;
use countersign::domain::agent::Agent;
use countersign::store::{Engine, Store};
use house::{Policy, Server, question};

/// As long as a round may last.
const LASTING: Duration = Duration::from_secs(3);
const CONNECTIONS: [usize; 3] = [1, 32, 256];
/// As many questions as a round can use up.
const QUESTIONS: usize = 120_000;
/// How often a grant is taken back.
const REVOCATIONS: usize = 30;
/// Who answers for the agents.
const OWNER: &str = "U0DANA";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("{}", machine());
    stay_on(LOAD_CORE);
    log_to_nowhere();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let rounds = std::env::var("COUNTERSIGN_BENCH_ROUNDS").ok().and_then(|n| n.parse().ok());
    println!(
        "{:<11} {:<28} {:>5} {:>9} {:>12} {:>9} {:>9}",
        "database", "live grants", "conns", "a second", "a cpu second", "p50", "p99"
    );
    let only: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let tokens = std::env::args().any(|word| word == "tokens");
    for grants in [1_000, 1_000_000] {
        if (only.is_empty() && !tokens) || only.contains(&grants) {
            for database in Database::asked_for().await {
                measure(&database, grants, rounds.unwrap_or(3)).await;
                database.drop().await;
            }
        }
    }
    if only.is_empty() || tokens {
        for database in Database::asked_for().await {
            tokens::measure(&database, rounds.unwrap_or(3)).await;
            database.drop().await;
        }
    }
}

async fn measure(database: &Database, grants: usize, times: usize) {
    let (slack, policy) = (Slack::start().await, Policy::with_ten_rules());
    let entropy = Entropy::from_system();
    let store = Store::connect(&database.url).await.expect("a store");
    let agents: Vec<Agent> =
        (0..grants.isqrt()).map(|n| seed::agent(&entropy, &format!("agent-{n}"))).collect();
    seed::agents(&store, agents.clone()).await;
    let objects = grants / agents.len();
    let ends = common::now() + TimeDelta::days(1);
    many::grants(database, &agents, objects, ends).await;

    let started = Instant::now();
    let (alone, address) = house::process(database, &slack, &policy).await;
    println!("{:<11} {grants:<28} starts in {}", database.name(), ms(started.elapsed()));
    let rest = house::resident(alone.id());
    run(address, 32, questions(&agents, objects, 20_000), Duration::from_secs(20)).await;
    let worked = house::resident(alone.id());
    println!(
        "{:<11} {grants:<28} {rest:.0} MiB at rest, {worked:.0} MiB after 20,000 questions",
        database.name()
    );
    house::end(alone);

    let server = Server::start(database, &slack, &policy).await;
    for connections in CONNECTIONS {
        let (mut rates, mut rounds) =
            (vec![common::bare::commits(database, 32, LASTING).await], Vec::new());
        for _ in 0..times {
            let asked = questions(&agents, objects, QUESTIONS);
            let round = run(server.address, connections, asked, LASTING).await;
            assert!(round.sample.contains("evaluation_id"), "{}", round.sample);
            assert!(round.sample.contains("\"decision\":true"), "{}", round.sample);
            rounds.push(round);
            rates.push(common::bare::commits(database, 32, LASTING).await);
        }
        report(database, &grants.to_string(), connections, &rounds);
        println!(
            "{:<11} {:<28} {:>5} {:>9.0}",
            database.name(),
            "  bare commits, same run",
            "",
            median(rates)
        );
    }
    server.stop().await;
    revocations(database, &slack, &policy, &store, (&agents, objects)).await;
    store.close().await;
}

/// Takes grants back at one server's door while the other is under load, and asks the other at once.
/// Every answer after the acknowledgement must be a no.
async fn revocations(
    database: &Database,
    slack: &Slack,
    policy: &Policy,
    store: &Store,
    (agents, objects): (&[Agent], usize),
) {
    let (one, door) = house::process(database, slack, policy).await;
    // A file is for one server, which then hears of it and is asked.
    let other = match database.engine {
        Engine::Postgres => Some(house::process(database, slack, policy).await),
        Engine::Sqlite => None,
    };
    let address = other.as_ref().map_or(door, |(_, address)| *address);
    for server in [Some(&one), other.as_ref().map(|(server, _)| server)].into_iter().flatten() {
        keep_on(SERVER_CORE, server.id());
    }
    let load = async {
        // The last agent's grants are taken back; the others' are asked for meanwhile.
        let others = agents.get(..agents.len() - 1).unwrap_or_default();
        run(address, 32, questions(others, objects, QUESTIONS), Duration::from_secs(6)).await
    };
    let taking_back = async {
        let last = agents.last().expect("an agent");
        let mut session = store.read().await.expect("a session");
        let grants = session.live_grants_of(last.id, common::now()).await.expect("a read");
        drop(session);
        let mut signer = Signer::new(slack.response_url());
        let (mut waits, mut stale) = (Vec::new(), 0);
        for grant in grants.into_iter().take(REVOCATIONS) {
            let object = grant.access.object.clone().expect("an object");
            assert!(asked(address, last, &object).await.0, "open before");
            let text = format!("revoke {} because it is measured", grant.reference);
            let said = run(door, 1, vec![signer.command(OWNER, &text)], LASTING).await;
            assert!(said.sample.contains("no longer has"), "{}", said.sample);
            let acknowledged = said.acknowledged[0].1;
            while asked(address, last, &object).await.0 {
                stale += 1;
            }
            waits.push(acknowledged.elapsed());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        waits.sort_unstable();
        println!(
            "{:<11} revoked at {} server: {stale} stale answers of {}; to the first no p50 {}, p99 {}",
            database.name(),
            if other.is_some() { "another" } else { "the same" },
            waits.len(),
            ms(percentile(&waits, 0.5)),
            ms(percentile(&waits, 0.99)),
        );
        assert_eq!(stale, 0, "no answer is older than the last acknowledged revocation");
    };
    tokio::join!(load, taking_back);
    house::end(one);
    if let Some((other, _)) = other {
        house::end(other);
    }
}

/// One question on a connection of its own: the answer, and how long it took.
async fn asked(address: SocketAddr, agent: &Agent, object: &str) -> (bool, Duration) {
    let one = vec![question(agent.slug.as_str(), object)];
    let round = run(address, 1, one, LASTING).await;
    (round.sample.contains("\"decision\":true"), round.waits[0])
}

/// Questions about agents and objects all over, each with a grant that opens it.
fn questions(agents: &[Agent], objects: usize, many: usize) -> Vec<bytes::Bytes> {
    let all = agents.len() * objects;
    (0..many)
        .map(|n| {
            // A large prime leads everywhere, far from the place before.
            let at = n.wrapping_mul(7_368_787) % all;
            question(agents[at / objects].slug.as_str(), &many::object(at % objects))
        })
        .collect()
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
