//! A report for code-scanning pages.

use std::collections::BTreeMap;

use serde_json::Value;

use super::sign::Kind;
use super::{Finding, Report, words};
use crate::client::sarif::{self, Level, Outcome, Rule, Tool};

/// The report as SARIF 2.1.0. Signs in tests and documents that prove little are left out.
pub fn render(report: &Report, version: &str) -> Value {
    let worth = |finding: &&Finding| finding.percent >= 20 || finding.kind == Kind::HardCodedKey;
    let findings: Vec<&Finding> = report.findings.iter().filter(worth).collect();
    let rules: BTreeMap<&str, Rule> = findings
        .iter()
        .map(|finding| {
            let help = words::next_step(report).to_owned();
            (finding.id, Rule { id: finding.id.to_owned(), says: finding.says.to_owned(), help })
        })
        .collect();
    let outcomes: Vec<Outcome> = findings
        .iter()
        .flat_map(|finding| finding.places.iter().map(move |place| (finding, place)))
        .filter(|(finding, place)| place.percent >= 20 || finding.kind == Kind::HardCodedKey)
        .map(|(finding, place)| Outcome {
            rule: finding.id.to_owned(),
            level: level(finding.kind, place.percent),
            message: format!(
                "{} ({} %). {}",
                finding.says,
                place.percent,
                words::headline(report.judgement.verdict)
            ),
            file: place.file.clone(),
            line: place.line,
        })
        .collect();
    let tool = Tool { name: "agent-cli scan".to_owned(), version: version.to_owned() };
    sarif::write(&tool, &rules.into_values().collect::<Vec<_>>(), &outcomes)
}

const fn level(kind: Kind, percent: u32) -> Level {
    match kind {
        Kind::HardCodedKey if percent >= 20 => Level::Error,
        // In a test or a document it was probably made up; somebody should know.
        Kind::HardCodedKey => Level::Warning,
        Kind::Framework | Kind::Acts | Kind::PipelineAgent | Kind::PersonalToken | Kind::Server => {
            Level::Warning
        }
        _ => Level::Note,
    }
}
