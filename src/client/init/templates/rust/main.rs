//! {{NAME}}: {{PURPOSE}}
//!
//!     agent-cli run -- cargo run               does the work, or says why it may not
//!     agent-cli run -- cargo run -- --ask      asks people for what it may not, and waits for them

mod countersign;

use std::process::ExitCode;
use std::time::Duration;

use countersign::{About, Away, Guard, AWAY, DENIED};
use serde_json::{json, Value};

const ABOUT: About = About {
    model_version: {{MODEL}}, // the model that decides, with its version
    prompt: {{PROMPT}},
    task: "try out",
};
/// What is done with what: one thing.
const ACTION: &str = {{ACTION}};
const KIND: &str = {{KIND}};
const OBJECT: &str = {{OBJECT}};

/// The work: yours goes here. It comes back with why it did what it did, and what it touched.
fn work() -> (&'static str, Value) {
    println!("Working with {KIND} {OBJECT}.");
    ("looked once, and changed nothing", json!([{ "type": KIND, "id": OBJECT }]))
}

fn run() -> Result<ExitCode, Away> {
    let guard = Guard::from_environment()?;
    let mut answer = guard.may(ACTION, KIND, OBJECT, &ABOUT, None)?;
    if !answer.allowed() && std::env::args().any(|argument| argument == "--ask") {
        let why = format!("its first run: {}", ABOUT.task);
        if let Some(approval) = guard.ask(&answer, &why, Duration::from_secs(3600))? {
            answer = guard.may(ACTION, KIND, OBJECT, &ABOUT, Some(&approval))?;
        }
    }
    if !answer.allowed() {
        answer.explain();
        return Ok(ExitCode::from(DENIED));
    }
    let (rationale, touched) = work();
    println!("Done, and on the record: {}.", guard.tell(&answer, &ABOUT, rationale, touched)?);
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    run().unwrap_or_else(|away| {
        eprintln!("Nothing was done: {away}");
        ExitCode::from(AWAY)
    })
}
