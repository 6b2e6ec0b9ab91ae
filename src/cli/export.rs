//! `countersign export`: the registry, for a service catalogue or a spreadsheet.
//!
//! Like `audit`, it needs only the database.

use std::io::Write;

use super::arguments::{self, ExportFormat};
use super::audit::{connect, read, unreadable};
use super::exit::{Exit, Failure};
use crate::api::v1::{backstage, shapes};
use crate::clock::{Clock, SystemClock};
use crate::config::{RecordConfig, Server, Sources};
use crate::contract::registry::{Entry, Registry};
use crate::service::registry::everything;

/// Prints the registry.
pub(super) async fn run(
    arguments: arguments::Export,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let sources = Sources::of_process(arguments.file.config);
    let config = RecordConfig::load(&sources)?;
    let address = Server::load(&sources)?.public_url;
    let store = connect(&config.database).await?;
    let at = SystemClock.now();
    let lines = everything(&mut read(&store).await?, at).await.map_err(unreadable);
    store.close().await;
    // People's names are Slack's to tell, which is not asked here.
    let agents = lines?.iter().map(|line| shapes::entry(line, |_| None)).collect();
    let registry = Registry { at, agents };
    match arguments.format {
        ExportFormat::Json => {
            let text = serde_json::to_string_pretty(&registry).map_err(std::io::Error::from)?;
            writeln!(out, "{text}")?;
        }
        ExportFormat::Backstage => {
            let address = address.as_ref().map(|address| address.as_str());
            write!(out, "{}", backstage::documents(&registry, address))?;
        }
        ExportFormat::Csv => write!(out, "{}", csv(&registry))?,
    }
    Ok(Exit::Well)
}

/// The columns, in order.
const COLUMNS: [&str; 14] = [
    "name",
    "state",
    "tier",
    "owner",
    "team",
    "purpose",
    "systems",
    "runs_on",
    "model",
    "live_grants",
    "live_credentials",
    "registered_at",
    "certified_until",
    "id",
];

/// RFC 4180.
fn csv(registry: &Registry) -> String {
    let mut text = COLUMNS.join(",") + "\r\n";
    for Entry { line, id, purpose, systems, runs_on, model, registered_at, certified_until } in
        &registry.agents
    {
        let cells: [String; COLUMNS.len()] = [
            line.name.to_string(),
            line.state.clone(),
            line.tier.to_string(),
            line.owner.id.to_string(),
            line.team.clone(),
            purpose.clone(),
            systems.join("; "),
            runs_on.clone(),
            model.clone(),
            line.live_grants.to_string(),
            line.live_credentials.to_string(),
            registered_at.to_rfc3339(),
            certified_until.map(|at| at.to_rfc3339()).unwrap_or_default(),
            id.clone(),
        ];
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell. What people wrote must not be run by a spreadsheet as a formula.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_cell_and_no_formula() {
        for (cell, expected) in [
            ("plain", "\"plain\""),
            ("a, \"b\"\nc", "\"a, \"\"b\"\"\nc\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("-1", "\"'-1\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
