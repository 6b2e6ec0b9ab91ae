//! Agents as entities of Backstage, in its descriptor format
//! (<https://backstage.io/docs/features/software-catalog/descriptor-format>): several YAML documents.
//!
//! The owner in the catalogue is the team, `group:default/support`, because catalogues know teams by
//! name; the one person who answers for the agent stands beside it, by Slack's id and by name.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::contract::registry::{Entry, Registry};

/// The longest name of an entity.
const LONGEST: usize = 63;
/// What the keys of our annotations begin with.
const OURS: &str = "countersign";

/// All agents, a document each; `address` is that of the server.
pub fn documents(registry: &Registry, address: Option<&str>) -> String {
    let mut text = String::new();
    for entry in &registry.agents {
        text.push_str("---\n");
        yaml(&mut text, &component(entry, address), 0);
    }
    text
}

/// An agent as a component.
fn component(entry: &Entry, address: Option<&str>) -> Value {
    let line = &entry.line;
    let mut notes = Map::new();
    let mut note = |name: &str, value: &str| {
        if !value.is_empty() {
            notes.insert(format!("{OURS}/{name}"), value.into());
        }
    };
    note("agent-id", &entry.id);
    note("state", &line.state);
    note("tier", &line.tier.to_string());
    note("owner", &line.owner.id.to_string());
    note("owner-name", line.owner.name.as_deref().unwrap_or_default());
    note("team", &line.team);
    note("systems", &entry.systems.join(", "));
    note("model", &entry.model);
    note("runs-on", &entry.runs_on);
    note("live-grants", &line.live_grants.to_string());
    note("certified-until", &entry.certified_until.map(|at| at.to_rfc3339()).unwrap_or_default());
    let links = address.map(|address| {
        json!([{ "url": format!("{address}/api/v1/agents/{}", line.name), "title": "Countersign" }])
    });
    let mut metadata = json!({
        "name": name(line.name.as_str()),
        "description": entry.purpose,
        "annotations": notes,
        "tags": ["ai-agent", format!("tier-{}", line.tier)],
    });
    if let (Some(links), Some(metadata)) = (links, metadata.as_object_mut()) {
        metadata.insert("links".to_owned(), links);
    }
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": metadata,
        "spec": {
            "type": "ai-agent",
            "lifecycle": lifecycle(&line.state),
            "owner": format!("group:default/{}", name(&line.team)),
        },
    })
}

/// The state in a catalogue's words, where it has one for it.
fn lifecycle(state: &str) -> &str {
    match state {
        "pending" => "experimental",
        "active" => "production",
        "retired" => "deprecated",
        other => other,
    }
}

/// A valid name: letters, digits and single `-`, `_` or `.` between them, at most 63.
fn name(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if out.len() >= LONGEST {
            break;
        }
        let good = c.is_ascii_alphanumeric();
        let between = if matches!(c, '_' | '.') { c } else { '-' };
        if good {
            out.push(c);
        } else if out.ends_with(|c: char| c.is_ascii_alphanumeric()) {
            out.push(between);
        }
    }
    let out = out.trim_end_matches(['-', '_', '.']);
    if out.is_empty() { "unnamed".to_owned() } else { out.to_owned() }
}

/// A value as block YAML. Texts stand in double quotes, as JSON writes them: so no text of people is
/// read as anything else. (YAML 1.2.2, section 1.3: JSON's texts are YAML's.)
fn yaml(out: &mut String, value: &Value, deep: usize) {
    let indent = "  ".repeat(deep);
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let key = if is_plain(name) { name.clone() } else { quoted(name) };
                // Writing into a text cannot fail.
                let _ = write!(out, "{indent}{key}:");
                below(out, value, deep);
            }
        }
        Value::Array(all) => {
            for one in all {
                let _ = write!(out, "{indent}-");
                below(out, one, deep);
            }
        }
        scalar => {
            let _ = writeln!(out, "{indent}{}", text(scalar));
        }
    }
}

fn below(out: &mut String, value: &Value, deep: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            out.push('\n');
            yaml(out, value, deep + 1);
        }
        Value::Array(all) if !all.is_empty() => {
            out.push('\n');
            yaml(out, value, deep + 1);
        }
        scalar => {
            let _ = writeln!(out, " {}", text(scalar));
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A text in double quotes; what YAML does not let stand as it is, is escaped.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7F}'..='\u{9F}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{FEFF}'
            | '\u{FFFE}'..='\u{FFFF}' => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::agents::AgentLine;
    use crate::contract::people::Person;
    use crate::domain::person::PersonId;
    use crate::domain::time::Timestamp;

    fn entry(state: &str, purpose: &str, team: &str) -> Entry {
        let at = Timestamp::from_timestamp(1_796_000_000, 0).unwrap();
        Entry {
            line: AgentLine {
                name: "support-agent-v2".parse().unwrap(),
                state: state.to_owned(),
                suspended: None,
                ownerless: None,
                tier: 2,
                owner: Person {
                    id: PersonId::new("T0ACME", "U0DANA"),
                    name: Some("Dana: Developer".to_owned()),
                },
                team: team.to_owned(),
                live_grants: 1,
                live_credentials: 0,
            },
            id: "agt_01J00000000000000000000000".to_owned(),
            purpose: purpose.to_owned(),
            systems: vec!["tickets".to_owned(), "database".to_owned()],
            runs_on: "kubernetes".to_owned(),
            model: String::new(),
            registered_at: at,
            certified_until: (state == "active").then_some(at),
        }
    }

    #[test]
    fn agents_are_components() {
        let at = Timestamp::from_timestamp(1_796_000_000, 0).unwrap();
        let agents = vec![
            entry("active", "answers “support” tickets", "support"),
            entry("suspended", "- a: [b] # \"c\"\n---\nkind: User\u{85}\u{7f}", "data/eu west"),
            entry("retired", "", "support"),
        ];
        let registry = Registry { at, agents };
        insta::assert_snapshot!(documents(&registry, Some("https://agents.example.com")));
        assert!(!documents(&registry, None).contains("links"));
    }

    #[test]
    fn names_are_valid_whatever_the_policy_calls_a_team() {
        for (text, expected) in [
            ("support", "support"),
            ("data/eu west", "data-eu-west"),
            ("-a--b_.c-", "a-b_c"),
            ("ü", "unnamed"),
            (&"x-".repeat(60), &format!("{}x", "x-".repeat(31))),
        ] {
            assert_eq!(name(text), expected, "{text}");
        }
    }
}
