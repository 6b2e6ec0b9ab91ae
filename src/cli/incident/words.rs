//! A timeline in words: pure, as lines for a terminal or as Markdown.

use std::fmt::Write;

use super::Log;
use crate::cli::audit::Names;
use crate::cli::trace;
use crate::domain::activity::Activity;
use crate::domain::behalf::TokenUsed;
use crate::domain::evaluation::{Decision, Record};
use crate::domain::incident::{Incident, IncidentState};
use crate::domain::person::PersonId;
use crate::domain::text::clean;
use crate::domain::time::Timestamp;
use crate::service::incidents::{Entry, Happened, Timeline};

/// The longest line that is told of one fact, in characters.
const LONGEST: usize = 1_200;

/// Lines for a terminal. What others wrote must not play with it.
pub(super) fn text(told: &Timeline, names: &Names, log: &Log) -> String {
    let mut out = String::new();
    for (label, words) in head(told, log) {
        // Writing into a text cannot fail.
        let _ = writeln!(out, "{}", format!("{label:<11}{}", clean(&words, LONGEST)).trim_end());
    }
    for grant in &told.grants {
        let _ = write!(out, "\n{}", trace::grant(grant));
    }
    let _ = writeln!(out, "\nTimeline, {}", window(told));
    for entry in &told.entries {
        let (kind, words) = said(entry, names);
        let _ = writeln!(out, "{}  {kind:<9} {}", moment(entry.at), clean(&words, LONGEST));
    }
    out
}

/// The same as Markdown, in which no text of others is read as markup.
pub(super) fn markdown(told: &Timeline, names: &Names, log: &Log) -> String {
    let (incident, slug) = (&told.incident, &told.agent.slug);
    let mut out = format!("# Incident {}: {slug}\n\n", incident.reference);
    for (label, words) in head(told, log) {
        let label = if label.is_empty() { String::new() } else { format!("**{label}** ") };
        let _ = writeln!(out, "- {label}{}", plain(&words));
    }
    if !told.grants.is_empty() {
        out.push_str("\n## What it had, and who allowed it\n\n");
        for grant in &told.grants {
            for line in trace::grant(grant).lines() {
                let (indent, line) = match line.strip_prefix(' ') {
                    Some(rest) => ("  - ", rest.trim_start()),
                    None => ("- ", line),
                };
                let _ = writeln!(out, "{indent}{}", plain(line));
            }
        }
    }
    let _ = writeln!(out, "\n## Timeline, {}\n", window(told));
    out.push_str("| when | from | what |\n|---|---|---|\n");
    for entry in &told.entries {
        let (kind, words) = said(entry, names);
        let _ = writeln!(out, "| {} | {kind} | {} |", moment(entry.at), plain(&words));
    }
    out
}

/// What the incident is, a fact a line.
fn head(told: &Timeline, log: &Log) -> Vec<(&'static str, String)> {
    let Incident {
        reference, opened_by, opened_at, reason, owner, on_call, stopped, cut_off, ..
    } = &told.incident;
    let agent = &told.agent;
    let mut lines = vec![
        (
            "Incident",
            format!("{reference}: {} ({}), {}", agent.slug, agent.id, told.incident.state.word()),
        ),
        ("Opened", format!("{} by {opened_by}", moment(*opened_at))),
        ("", format!("\"{reason}\"")),
        ("Owner", owner.to_string()),
        ("On call", list(on_call)),
    ];
    let did = if *stopped { "stopped the agent; " } else { "the agent was not at work; " };
    lines.push((
        "Cut off",
        format!(
            "{did}grants {}, open requests {}, credentials {}, tokens {}",
            cut_off.grants.len(),
            cut_off.requests.len(),
            cut_off.credentials.len(),
            cut_off.tokens.len()
        ),
    ));
    if let IncidentState::Closed { at, by, note } = &told.incident.state {
        lines.push(("Closed", format!("{} by {by}", moment(*at))));
        lines.push(("", format!("\"{note}\"")));
    }
    lines.push(("Log", log.verdict.clone()));
    if !log.intact {
        lines.push((
            "",
            "WHAT FOLLOWS CANNOT BE TRUSTED. Run `countersign audit verify`".to_owned(),
        ));
    }
    lines
}

fn window(told: &Timeline) -> String {
    let from = moment(told.incident.since);
    match &told.incident.state {
        IncidentState::Open => format!("from {from} until now"),
        IncidentState::Closed { at, .. } => format!("from {from} until {}", moment(*at)),
    }
}

/// Where an entry is from, and what it says.
fn said(entry: &Entry, names: &Names) -> (&'static str, String) {
    match &entry.what {
        Happened::Log { line, body } => {
            let (actor, what) = (names.actor(&body.actor), names.what(&body.what));
            ("log", format!("{actor}: {what} (line {line})"))
        }
        Happened::Evaluation { evaluation } => ("asked", asked(evaluation)),
        Happened::Activity { activity } => ("did", deed(activity)),
    }
}

fn asked(record: &Record) -> String {
    let Record { id, action, resource, answer, claims, token, .. } = record;
    let whose = token.as_ref().and_then(TokenUsed::on_behalf_of);
    let whose = whose.map_or_else(String::new, |whose| format!(" on behalf of {whose}"));
    let answer = match answer {
        Decision::Allow { .. } => "allowed".to_owned(),
        Decision::Deny { denial } => format!("denied ({})", denial.code()),
    };
    let model = claims.model_version.as_ref().map_or_else(String::new, |m| format!(", model {m}"));
    format!("may it {action} {} \"{}\"{whose}? {answer}{model} ({id})", resource.kind, resource.id)
}

fn deed(activity: &Activity) -> String {
    let deed = &activity.deed;
    let mut words = deed.outcome.map_or("done", |outcome| outcome.word()).to_owned();
    for (what, text) in
        [("task", &deed.task), ("model", &deed.model_version), ("prompt", &deed.prompt_hash)]
    {
        if let Some(text) = text {
            let _ = write!(words, ", {what} {text}");
        }
    }
    for one in &deed.data_accessed {
        let _ = write!(words, ", touched {} \"{}\"", one.kind, one.id);
    }
    if let Some(why) = &deed.decision_rationale {
        let _ = write!(words, ", \"{why}\"");
    }
    let _ = write!(words, " ({})", activity.id);
    words
}

fn list(people: &[PersonId]) -> String {
    match people {
        [] => "nobody".to_owned(),
        people => people.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Text as it reads, on one line of Markdown.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text, LONGEST).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
