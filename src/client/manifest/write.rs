//! What is to be said → a text with its comments.

use std::fmt::Write as _;

use crate::contract::manifest::Manifest;

/// The manifest as a file: every key explained, in the order in which people think of it.
///
/// What [`read`](fn@super::read) reads of it is the same manifest.
pub fn write(manifest: &Manifest) -> String {
    let agent = &manifest.agent;
    let mut out = format!(
        "\
# Who this agent is, and what it may have to do. Belongs in git; nothing in it is secret.
# `agent-cli gate` holds it against the registry in every pipeline.
version = {}

[agent]
name    = {}
purpose = {}
",
        manifest.version,
        quoted(&agent.name),
        quoted(&agent.purpose)
    );
    // Writing to a text cannot fail.
    if let Some(owner) = &agent.owner {
        let _ = writeln!(out, "owner   = {}  # who answers for it", quoted(owner));
    }
    if let Some(team) = &agent.team {
        let _ = writeln!(out, "team    = {}", quoted(team));
    }
    let systems: Vec<String> = agent.systems.iter().map(|name| quoted(name)).collect();
    let _ = writeln!(out, "systems = [{}]  # what it touches", systems.join(", "));
    for (key, value) in [("runs_on", &agent.runs_on), ("model  ", &agent.model)] {
        if !value.is_empty() {
            let _ = writeln!(out, "{key} = {}", quoted(value));
        }
    }
    out.push_str("\n# From these answers its risk tier follows, and with it who must approve.\n");
    for (key, answer, meaning) in [
        ("writes        ", agent.writes, "writes or changes something"),
        ("customer_data ", agent.customer_data, "sees customers' or personal data"),
        ("external_calls", agent.external_calls, "calls or messages anything outside the company"),
        ("money         ", agent.money, "can move or promise money"),
    ] {
        let gap = if answer { " " } else { "" };
        let _ = writeln!(out, "{key} = {answer}{gap}  # {meaning}");
    }
    if manifest.accesses.is_empty() {
        out.push_str(NO_ACCESS);
    } else {
        out.push_str(
            "\n# What it may have to do: each is granted by people, and ends by itself.\n",
        );
    }
    for (i, access) in manifest.accesses.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let _ = writeln!(out, "[[access]]\nname    = {}", quoted(&access.name));
        if !access.because.is_empty() {
            let _ = writeln!(out, "because = {}", quoted(&access.because));
        }
        if let Some(lasting) = &access.lasting {
            let _ = writeln!(out, "for     = {}", quoted(lasting));
        }
    }
    out
}

/// What stands in place of accesses where there are none.
const NO_ACCESS: &str = r#"
# What it may have to do goes here; each is granted by people, and ends by itself:
# [[access]]
# name    = "database:read"
# because = "to look orders up"
# for     = "30m"
"#;

/// A text as TOML writes it, on one line; control characters and those that turn the reading
/// direction round are escaped, so that what is read is what is there.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control()
                || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}') =>
            {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
