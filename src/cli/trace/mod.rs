//! `countersign trace`: from a call back to the people who allowed it.
//!
//! Like `audit`, it needs only the database.
//!
//! | file | idea |
//! |---|---|
//! | `words` | a story in words |
//! | `call` | a question and its answer, in words |

mod call;
mod words;

#[cfg(test)]
mod tests;

use std::io::Write;

pub(super) use words::grant;

use super::arguments;
use super::audit::{open, read, unreadable};
use super::exit::{Exit, Failure};
use crate::clock::{Clock, SystemClock};
use crate::domain::time::Timestamp;
use crate::service::trace::named::Named;
use crate::service::trace::trace;
use crate::store::Session;

/// Runs the command.
pub(super) async fn run(
    arguments: arguments::Trace,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let arguments::Trace { named, json, file } = arguments;
    let store = open(file).await?;
    let exit = tell(&mut read(&store).await?, named, json, SystemClock.now(), out).await;
    store.close().await;
    exit
}

/// Tells the story, as it stands now.
async fn tell(
    session: &mut Session,
    named: Named,
    json: bool,
    now: Timestamp,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let Some(story) = trace(session, named, now).await.map_err(unreadable)? else {
        return Err(Failure::NotThere(format!(
            "there is no {named} on this record ({} is meant): look whether it is whole, and whether \
             --config names the server that answered",
            named.kind()
        )));
    };
    if json {
        let text = serde_json::to_string_pretty(&story).map_err(std::io::Error::from)?;
        writeln!(out, "{text}")?;
    } else {
        write!(out, "{}", words::tell(&story))?;
    }
    Ok(Exit::Well)
}
