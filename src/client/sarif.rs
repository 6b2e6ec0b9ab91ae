//! Findings for code-scanning pages: SARIF 2.1.0 (OASIS), as much of it as they read.

use serde_json::{Value, json};

/// What found something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name: `agent-cli scan`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A kind of finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Stable: pages know a finding by it.
    pub id: String,
    /// What is found, in a few words.
    pub says: String,
    /// What to do about it.
    pub help: String,
}

/// How loud a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It must be mended.
    Error,
    /// It should be looked at.
    Warning,
    /// It is good to know.
    Note,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The [`Rule`]'s id.
    pub rule: String,
    /// How loud.
    pub level: Level,
    /// What stands there, in a sentence.
    pub message: String,
    /// The path below the repository's root, with `/`. Pages refuse a finding without a file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One run of one tool. Findings keep their order; one of an unknown rule has no index.
pub fn write(tool: &Tool, rules: &[Rule], outcomes: &[Outcome]) -> Value {
    let described: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": { "text": rule.says },
                "help": { "text": rule.help },
            })
        })
        .collect();
    let results: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            let mut result = json!({
                "ruleId": outcome.rule,
                "level": outcome.level.word(),
                "message": { "text": outcome.message },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": { "uri": uri(&outcome.file), "uriBaseId": "%SRCROOT%" },
                        "region": { "startLine": outcome.line.max(1) },
                    },
                }],
            });
            let index = rules.iter().position(|rule| rule.id == outcome.rule);
            if let (Some(index), Some(result)) = (index, result.as_object_mut()) {
                result.insert("ruleIndex".to_owned(), json!(index));
            }
            result
        })
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": tool.name, "version": tool.version, "rules": described } },
            "results": results,
        }],
    })
}

/// A path as a relative reference (RFC 3986): everything but what may stand there is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_with_a_finding() {
        let tool = Tool { name: "agent-cli gate".to_owned(), version: "1.2.3".to_owned() };
        let rule =
            |id: &str| Rule { id: id.to_owned(), says: "x".to_owned(), help: "do y".to_owned() };
        let outcome = |rule: &str, file: &str, line| Outcome {
            rule: rule.to_owned(),
            level: Level::Error,
            message: "not registered".to_owned(),
            file: file.to_owned(),
            line,
        };
        let written = write(
            &tool,
            &[rule("a"), rule("b")],
            &[outcome("b", "src/a b#é.rs", 0), outcome("unknown", "agent.toml", 7)],
        );
        let run = &written["runs"][0];
        assert_eq!(written["version"], "2.1.0");
        assert_eq!(run["tool"]["driver"]["rules"][1]["id"], "b");
        let location = &run["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(run["results"][0]["ruleIndex"], 1);
        assert_eq!(location["artifactLocation"]["uri"], "src/a%20b%23%C3%A9.rs");
        assert_eq!(location["region"]["startLine"], 1, "lines begin with 1");
        assert_eq!(run["results"][1]["ruleIndex"], Value::Null);
        assert_eq!(run["results"][1]["level"], "error");
    }
}
