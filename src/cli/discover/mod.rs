//! `countersign discover`: what was found elsewhere is held against the registry.
//!
//! Like `audit`, it needs only the database (and the policy); the running server tells security.

mod read;
mod words;

#[cfg(test)]
mod tests;

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::arguments::{self, ConfigFile};
use super::audit::open;
use super::exit::{Exit, Failure};
use crate::clock::{Clock, Entropy, SystemClock};
use crate::config::{self, Sources};
use crate::domain::discovery::Finding;
use crate::domain::event::Actor;
use crate::policy::Policy;
use crate::service::discoveries::record::{Seen, look, take};
use crate::store::{Store, StoreError};
pub use read::Format;
use read::Line;

/// Runs the command.
pub(super) async fn run(
    command: arguments::Discover,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let arguments::Discover::Import(import) = command;
    let text = text_of(&import.findings)?;
    let policy = policy(&import.file)?;
    let format = import.format.unwrap_or_else(|| Format::of(&import.findings, &text));
    let lines = read::read(&text, format, import.source.as_deref());
    let store = open(import.file).await?;
    let told = tell(&store, policy, &lines, import.dry_run, out).await;
    store.close().await;
    told
}

/// Takes the findings, and says what became of them.
async fn tell(
    store: &Store,
    policy: Policy,
    lines: &[Line],
    dry_run: bool,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let good: Vec<Finding> = lines.iter().filter_map(|line| line.finding.clone().ok()).collect();
    let seen: Vec<Seen> = if dry_run {
        let mut session = store.read().await.map_err(away)?;
        look(&mut session, &policy, &good).await.map_err(away)?
    } else {
        let (entropy, policy) = (Arc::new(Entropy::from_system()), Arc::new(policy));
        let (by, now) = (Actor::System, SystemClock.now());
        let taken = take(store, &entropy, &policy, &by, &good, now).await.map_err(away)?;
        taken.into_iter().map(|recorded| recorded.seen).collect()
    };
    let found = good.iter().zip(&seen);
    write!(out, "{}", words::told(found, lines, dry_run))?;
    Ok(Exit::well(!lines.is_empty() && lines.iter().all(|line| line.finding.is_ok())))
}

fn away(error: StoreError) -> Failure {
    Failure::unavailable(
        "the findings could not all be taken; import them again: what was taken counts once",
        error,
    )
}

/// What stands in the file, or comes in.
fn text_of(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(file).map(|read| bytes = read)
    };
    let name = file.display();
    read.map_err(|error| Failure::unavailable(format!("{name} cannot be read"), error))?;
    String::from_utf8(bytes).map_err(|error| {
        Failure::unavailable(
            format!("{name} is no UTF-8 text: save it as UTF-8"),
            error.utf8_error(),
        )
    })
}

/// The policy of the server.
fn policy(file: &ConfigFile) -> Result<Policy, Failure> {
    let sources = Sources::of_process(file.config.clone());
    match config::Policy::load(&sources)?.path {
        None => Ok(Policy::starter()),
        Some(folder) => Policy::load(&folder).map_err(|refused| {
            Failure::settings(
                "the policy has mistakes: countersign policy check names them",
                refused,
            )
        }),
    }
}
