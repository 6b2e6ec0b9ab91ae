//! `countersign certifications`: the reviews of all agents, for a spreadsheet or a program.
//!
//! Like `audit`, it needs only the database. What it prints is what `/agent certifications` counts and
//! `GET /api/v1/certifications` lists.

use std::io::Write;

use serde_json::json;

use super::arguments::{Certifications, ListFormat};
use super::audit::{open, read};
use super::exit::{Exit, Failure};
use crate::clock::{Clock, SystemClock};
use crate::domain::role::TeamName;
use crate::domain::time::{Span, Timestamp};
use crate::service::certifications::campaign;
use crate::service::certifications::outcome::{CampaignLine, ReviewChoice};
use crate::store::{Session, StoreError};

/// The columns.
const COLUMNS: [&str; 9] = [
    "agent",
    "team",
    "tier",
    "owner",
    "standing",
    "due",
    "suspends_at",
    "certified_at",
    "certified_by",
];
/// The span in which a yes counts as done is no part of the export.
const ANY: Span = Span::days(1);

/// Runs the command.
pub(super) async fn run(
    arguments: Certifications,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let Certifications { format, standing, team, file } = arguments;
    let choice = ReviewChoice { standing, team: team.map(TeamName::new) };
    let store = open(file).await?;
    let exit = print(&mut read(&store).await?, choice, format, SystemClock.now(), out).await;
    store.close().await;
    exit
}

async fn print(
    session: &mut Session,
    choice: ReviewChoice,
    format: ListFormat,
    now: Timestamp,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let campaign = campaign(session, choice, ANY, now).await.map_err(unreadable)?;
    if format == ListFormat::Csv {
        writeln!(out, "{}", COLUMNS.join(","))?;
    }
    for line in &campaign.lines {
        let cells = cells(line);
        match format {
            ListFormat::Csv => {
                let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
                writeln!(out, "{}", cells.join(","))?;
            }
            ListFormat::Json => {
                let cells = COLUMNS.into_iter().zip(&cells).map(|(name, cell)| {
                    let cell = if cell.is_empty() { json!(null) } else { json!(cell) };
                    (name.to_owned(), cell)
                });
                writeln!(out, "{}", serde_json::Value::Object(cells.collect()))?;
            }
        }
    }
    Ok(Exit::Well)
}

/// One line, column by column.
fn cells(line: &CampaignLine) -> [String; 9] {
    let moment = |at: Timestamp| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let certified = line.certified.as_ref();
    [
        line.agent.slug.to_string(),
        line.agent.team.to_string(),
        line.agent.tier.to_string(),
        line.agent.owner.to_string(),
        line.standing.word().to_owned(),
        moment(line.due),
        line.suspends_at.map(moment).unwrap_or_default(),
        certified.map(|(at, _)| moment(*at)).unwrap_or_default(),
        certified.map(|(_, by)| by.to_string()).unwrap_or_default(),
    ]
}

/// A cell as RFC 4180 has it. What a spreadsheet would take for a formula is made text.
fn quoted(cell: &str) -> String {
    let harmless = !cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if harmless && !cell.contains([',', '"', '\n', '\r']) {
        return cell.to_owned();
    }
    let apostrophe = if harmless { "" } else { "'" };
    format!("\"{apostrophe}{}\"", cell.replace('"', "\"\""))
}

fn unreadable(error: StoreError) -> Failure {
    Failure::unavailable("the reviews cannot be read", error)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_stays_a_cell() {
        for (cell, written) in [
            ("support-agent-v2", "support-agent-v2"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"a\"", "\"say \"\"a\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            assert_eq!(quoted(cell), written);
        }
    }
}
