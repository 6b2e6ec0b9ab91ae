//! `countersign incident`: everything that happened around an incident, in order, to be kept or sent
//! on. Like `audit`, it needs only the database.

mod words;

#[cfg(test)]
mod tests;

use std::io::Write;

use serde::Serialize;

use super::arguments::{self, TimelineFormat};
use super::audit::{Names, open, read, unreadable, verify};
use super::exit::{Exit, Failure};
use crate::clock::{Clock, SystemClock};
use crate::domain::incident::Incident;
use crate::domain::request::Reference;
use crate::domain::time::Timestamp;
use crate::service::incidents::{Happened, Timeline, timeline};
use crate::store::Session;

/// What is known of the log from which the story is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Log {
    /// Whether nobody has changed it, nor the records beside it.
    intact: bool,
    /// The same in words.
    verdict: String,
}

/// All of it, for programs.
#[derive(Serialize)]
struct Export<'a> {
    #[serde(flatten)]
    timeline: &'a Timeline,
    log: &'a Log,
    told_at: Timestamp,
}

/// Runs the command.
pub(super) async fn run(
    arguments: arguments::Incident,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let arguments::Incident { reference, format, file } = arguments;
    let store = open(file).await?;
    let mut session = read(&store).await?;
    let exit = tell(&mut session, reference, format, SystemClock.now(), out).await;
    drop(session);
    store.close().await;
    exit
}

/// Tells the story, as it stands now. It ends with a fault if the log cannot be trusted: what it says
/// is told all the same.
async fn tell(
    session: &mut Session,
    reference: Reference,
    format: TimelineFormat,
    now: Timestamp,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let found = match reference.letter {
        Incident::LETTER => {
            session.incident_by_number(reference.number).await.map_err(unreadable)?
        }
        _ => None,
    };
    let not_there = || {
        Failure::NotThere(format!(
            "there is no incident {reference} on this record: they look like I-12, and /agent \
             incidents lists those that are open"
        ))
    };
    let incident = found.ok_or_else(not_there)?;
    let agent = session.agent(incident.agent).await.map_err(unreadable)?.ok_or_else(not_there)?;
    let told = timeline(session, incident, agent, None).await.map_err(unreadable)?;
    let mut words = Vec::new();
    let exit = verify(session, None, &mut words).await?;
    let verdict = String::from_utf8_lossy(&words);
    let verdict = verdict.lines().next().unwrap_or_default().to_owned();
    let log = Log { intact: exit == Exit::Well, verdict };
    match format {
        TimelineFormat::Json => {
            let export = Export { timeline: &told, log: &log, told_at: now };
            let text = serde_json::to_string_pretty(&export).map_err(std::io::Error::from)?;
            writeln!(out, "{text}")?;
        }
        TimelineFormat::Text | TimelineFormat::Markdown => {
            let mut names = Names::default();
            for entry in &told.entries {
                if let Happened::Log { body, .. } = &entry.what {
                    names.learn(session, body).await.map_err(unreadable)?;
                }
            }
            let text = match format {
                TimelineFormat::Markdown => words::markdown(&told, &names, &log),
                _ => words::text(&told, &names, &log),
            };
            write!(out, "{text}")?;
        }
    }
    Ok(exit)
}
