//! The gate's findings as SARIF, which code-scanning pages show beside the code. Pure.

use super::junit::details;
use super::report::{ASKED, Finding, Level, MANIFEST, Report};
use crate::client::sarif::{Level as Loudness, Outcome, Rule, Tool, write};

/// Each rule, and what it asks for.
const RULES: [(&str, &str); 7] = [
    ("registered", "The agent is registered."),
    ("active", "The agent's registration is approved, and it is not stopped."),
    ("tier", "The agent has a risk tier, and the manifest's answers lead to no higher one."),
    ("certified", "The owner's word that the agent is needed and compliant holds."),
    (MANIFEST, "agent.toml can be read, and says what the registry says."),
    ("access", "Each declared access is granted, or can be."),
    (ASKED, "The server said whether the pipeline may go on."),
];

/// The document; what passed is not in it.
pub(super) fn render(report: &Report) -> String {
    let tool =
        Tool { name: "agent-cli gate".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let rules = RULES.map(|(id, says)| Rule {
        id: id.to_owned(),
        says: says.to_owned(),
        help: "What to do stands in each result; agent-cli gate says it, too.".to_owned(),
    });
    let mut outcomes = Vec::new();
    for judged in &report.judged {
        let worth = judged.checks.iter().filter(|check| check.outcome != Level::Passed);
        outcomes.extend(worth.map(|finding| Outcome {
            rule: finding.rule.clone(),
            level: loudness(finding.outcome, report.advise),
            message: message(finding),
            file: judged.file.replace('\\', "/"),
            line: finding.place.line,
        }));
    }
    // Texts, numbers and lists of them are always JSON.
    serde_json::to_string_pretty(&write(&tool, &rules, &outcomes)).unwrap_or_default()
}

const fn loudness(level: Level, advise: bool) -> Loudness {
    match (level, advise) {
        (Level::Failed, false) => Loudness::Error,
        (Level::Failed, true) => Loudness::Warning,
        (Level::Noted | Level::Passed, _) => Loudness::Note,
    }
}

fn message(finding: &Finding) -> String {
    let details = details(finding);
    match details.is_empty() {
        true => finding.found.clone(),
        false => format!("{}\n{details}", finding.found),
    }
}
