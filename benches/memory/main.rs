//! The memory of the real server: at rest on an empty database, and with many live grants.
//! `cargo bench --bench memory [-- 100000] [sqlite|postgres]`

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

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::TimeDelta;
use common::bed::{Database, environment};
use common::load::run;
use common::signed::Signer;
use common::slack::Slack;
use common::{machine, seed};
use countersign::clock::Entropy;
use countersign::store::Store;

/// The owners among whom the agents are shared; one of them is Dana, who types the commands.
const OWNERS: usize = 500;
/// The agents among which the grants are shared.
const AGENTS: usize = 5_000;
/// As many commands are answered before the memory is looked at.
const COMMANDS: usize = 2_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    println!("{}", machine());
    let many = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(1_000_000);
    for database in Database::asked_for().await {
        look(&database, "no grants").await;
        let entropy = Entropy::from_system();
        let store = Store::connect(&database.url).await.expect("a store");
        let agents: Vec<_> = (0..AGENTS)
            .map(|n| {
                let owner = match n % OWNERS {
                    0 => "U0DANA".to_owned(),
                    other => format!("U0OWNER{other}"),
                };
                seed::agent_of(&entropy, &format!("agent-{n}"), &owner)
            })
            .collect();
        seed::agents(&store, agents.clone()).await;
        store.close().await;
        let ends = common::now() + TimeDelta::days(1);
        seed::grants(&database, &entropy, &agents, many, ends).await;
        look(&database, &format!("{many} live grants")).await;
        database.drop().await;
    }
}

/// Starts the server, and says what it takes at rest and after some work.
async fn look(database: &Database, with: &str) {
    let slack = Slack::start().await;
    let mut server = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("serve")
        .envs(environment(database, &slack))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the server starts");
    let log = server.stderr.take().expect("its log");
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut tell = Some(tell);
        // Read to the end, so that the server never waits for its reader.
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if let Some((_, address)) = line.split_once("at work address=")
                && let Some(tell) = tell.take()
            {
                tell.send(address.trim().parse::<SocketAddr>().expect("an address")).ok();
            }
        }
    });
    let address = told.await.expect("the server is at work");
    // Its first look at what is due.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let rest = resident(server.id());
    let mut signer = Signer::new(slack.response_url());
    for text in ["help", "", "list", "grants"] {
        let typed = (0..COMMANDS).map(|_| signer.command("U0DANA", text)).collect();
        run(address, 32, typed, Duration::from_secs(20)).await;
    }
    let worked = resident(server.id());
    println!(
        "{:<11} {with:<20} at rest {rest:.0} MB, after {} commands {worked:.0} MB",
        database.name(),
        COMMANDS * 4
    );
    server.kill().expect("ended");
    server.wait().expect("ended");
}

/// What a process keeps in memory, in megabytes.
fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the status");
    let found = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = found.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kib.expect("a number") / 1024.0
}
