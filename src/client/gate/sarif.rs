//! The gate's findings as SARIF 2.1.0 (OASIS), which code-scanning tools show beside the code. Pure.

use serde_json::{Value, json};

use super::junit::details;
use super::report::{ASKED, Finding, Judged, Level, MANIFEST, Report};

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
    let rules: Vec<Value> = RULES
        .iter()
        .map(|(id, text)| {
            json!({
                "id": id,
                "shortDescription": { "text": text },
                "defaultConfiguration": { "level": "error" },
                "help": { "text": format!("{text} What to do stands in each result.") },
            })
        })
        .collect();
    let mut results = Vec::new();
    for judged in &report.judged {
        let worth = judged.checks.iter().filter(|check| check.outcome != Level::Passed);
        results.extend(worth.map(|finding| result(judged, finding, report.advise)));
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Countersign gate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    // Texts, numbers and lists of them are always JSON.
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn result(judged: &Judged, finding: &Finding, advise: bool) -> Value {
    let level = match (finding.outcome, advise) {
        (Level::Failed, false) => "error",
        (Level::Failed, true) => "warning",
        (Level::Noted | Level::Passed, _) => "note",
    };
    let mut text = finding.found.clone();
    let details = details(finding);
    if !details.is_empty() {
        text.push('\n');
        text.push_str(&details);
    }
    let about = finding.about.as_deref().unwrap_or_default();
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&judged.file) },
            "region": { "startLine": finding.place.line, "startColumn": finding.place.column },
        } }],
        // The same finding stays the same one when lines move.
        "partialFingerprints": {
            "countersignFinding/v1": format!("{}:{}:{about}", judged.name(), finding.rule),
        },
    });
    let index = RULES.iter().position(|(id, _)| *id == finding.rule);
    if let (Some(index), Some(members)) = (index, result.as_object_mut()) {
        members.insert("ruleIndex".to_owned(), json!(index));
    }
    result
}

/// A path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
