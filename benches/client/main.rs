//! How long people and pipelines wait for `agent-cli`: from the start of the process to its end.
//!
//! `cargo bench --bench client`: the real binary beside the real server and the stand-in workspace, on this
//! machine. Each line is measured a hundred times; the first start, which reads the binary from the disk, is not
//! counted.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement ends where it cannot go on, and says what it found"
)]

#[expect(dead_code, reason = "the tests do more at the same desk")]
#[path = "../../tests/cli/desk.rs"]
mod desk;
#[expect(dead_code, reason = "the tests do more in the same office")]
#[path = "../../tests/cli/office.rs"]
mod office;
#[expect(dead_code, reason = "the tests do more at the same terminal")]
#[path = "../../tests/cli/terminal.rs"]
mod terminal;

use std::time::{Duration, Instant};

use crate::desk::Desk;
use crate::office::{Office, registration};

/// How often each line is measured.
const ROUNDS: usize = 100;

const MANIFEST: &str = "\
version = 1

[agent]
name    = \"support-agent\"
purpose = \"answers support mail\"
systems = [\"database\"]

[[access]]
name = \"database:read\"
";

fn main() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let registered = desk.runs(&registration("support-agent"));
    assert_eq!(registered.status, 0, "{registered:?}");
    let reference = registered.out.split(':').next().expect("a reference").to_owned();
    office.person("U0THEO").approves(&reference);
    let settled = desk.runs(&["status", &reference, "--wait"]);
    assert_eq!(settled.status, 0, "{settled:?}");
    std::fs::write(desk.folder().join("agent.toml"), MANIFEST).expect("a manifest");

    println!("| what | the half take at most | 99 of 100 at most |");
    println!("|---|---|---|");
    for (what, arguments) in [
        ("`agent-cli --help`", &["--help"][..]),
        ("`agent-cli gate`", &["gate"]),
        ("`agent-cli list`", &["list"]),
    ] {
        let (half, most) = measured(&desk, arguments);
        println!("| {what} | {} | {} |", millis(half), millis(most));
    }
}

/// The median, and what all but the slowest keep within.
fn measured(desk: &Desk, arguments: &[&str]) -> (Duration, Duration) {
    desk.runs(arguments);
    let once = || {
        let begun = Instant::now();
        let ended = desk.runs(arguments);
        let took = begun.elapsed();
        assert_eq!(ended.status, 0, "{ended:?}");
        took
    };
    let mut all: Vec<Duration> = (0..ROUNDS).map(|_| once()).collect();
    all.sort_unstable();
    (all[ROUNDS / 2], all[ROUNDS - 2])
}

fn millis(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1_000.0)
}
