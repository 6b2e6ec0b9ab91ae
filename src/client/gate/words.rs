//! The gate's words for people. Pure.

use super::report::{Finding, Judged, Level, Report, Verdict};
use crate::client::look::{Ink, Look};
use crate::client::words::{counted, harmless, wrapped};
use crate::contract::Lasting;
use crate::domain::time::Span;

/// How far checks stand from the edge.
const EDGE: usize = 4;
/// How far what belongs to a check stands from the edge.
const BELOW: usize = 11;

/// What people read.
pub fn render(report: &Report, look: Look) -> String {
    let mut out = String::new();
    for judged in &report.judged {
        if !out.is_empty() {
            out.push('\n');
        }
        one(judged, report.advise, look, &mut out);
    }
    let end = match report.verdict() {
        Verdict::Advised => Some("Only advice was asked for (--advise): the pipeline goes on."),
        Verdict::Unchecked => Some("Nothing failed, and not everything was checked."),
        Verdict::Passed | Verdict::Failed => None,
    };
    if let Some(end) = end {
        out.push('\n');
        out.push_str(&look.ink(Ink::Care, end));
        out.push('\n');
    }
    out
}

/// What is said of a manifest in one line, for headings: `support-agent-v2 may pass: 6 checks.`
pub fn headline(judged: &Judged) -> String {
    let name = harmless(judged.name());
    let failed = judged.checks.iter().filter(|check| check.outcome == Level::Failed).count();
    let noted = judged.checks.iter().filter(|check| check.outcome == Level::Noted).count();
    let all = counted(judged.checks.len(), "check", "checks");
    if judged.is_missing() {
        return format!("{name} is missing.");
    }
    if judged.without_answer() {
        return format!("{name} was not checked.");
    }
    if judged.agent.is_none() {
        return format!("{name} cannot be read: {}.", counted(failed, "mistake", "mistakes"));
    }
    match (failed, noted) {
        (0, 0) => format!("{name} may pass: {all}."),
        (0, noted) => format!("{name} may pass: {all}, {noted} with a note."),
        (failed, _) => format!("{name} must not pass yet: {failed} of {all} failed."),
    }
}

fn one(judged: &Judged, advise: bool, look: Look, out: &mut String) {
    let ink = match (judged.failed(), advise) {
        (false, _) => Ink::Good,
        (true, true) => Ink::Care,
        (true, false) => Ink::Bad,
    };
    out.push_str(&look.ink(ink, &headline(judged)));
    out.push('\n');
    for finding in &judged.checks {
        check(judged, finding, look, out);
    }
    if judged.failed() {
        rest(judged, look, out);
    }
}

/// How long it takes, whom to ask, and the one link.
fn rest(judged: &Judged, look: Look, out: &mut String) {
    let mut rows = Vec::new();
    if let Some(wait) = wait(judged) {
        rows.push(("Wait", wait));
    }
    rows.extend(judged.ask.iter().map(|ask| ("Ask", harmless(ask))));
    if let Some(link) = &judged.link {
        let link = look.ink(Ink::Command, &harmless(link));
        rows.push(("Or", format!("{link} puts the ready request before the owner")));
    }
    if !rows.is_empty() {
        out.push('\n');
    }
    let mut before = "";
    for (label, row) in rows {
        let shown = if label == before { "" } else { label };
        before = label;
        out.push_str(&format!("  {}{row}\n", look.ink(Ink::Faint, &format!("{shown:<7}"))));
    }
}

/// How long it is until an answer, as people say it: the usual time, or the longest where nothing is usual
/// yet.
pub fn wait(judged: &Judged) -> Option<String> {
    let words = |lasting: &Lasting| Span::seconds(lasting.seconds).words();
    let usual = judged.usual.as_ref().map(|usual| format!("usually {}", words(usual)));
    usual.or_else(|| Some(format!("{} at most", words(judged.decide_within.as_ref()?))))
}

fn check(judged: &Judged, finding: &Finding, look: Look, out: &mut String) {
    let (mark, ink) = match finding.outcome {
        Level::Passed => ("✓", Ink::Good),
        Level::Noted => ("⚠", Ink::Care),
        Level::Failed => ("✗", Ink::Bad),
    };
    let place = match judged.agent {
        // Whoever mends a file wants to jump to the place.
        None => {
            format!("{}:{}:{}", harmless(&judged.file), finding.place.line, finding.place.column)
        }
        Some(_) => harmless(&finding.title()),
    };
    let room = usize::from(look.width);
    let text = format!("{place}: {}", harmless(&finding.found));
    let mut lines = wrapped(&text, room.saturating_sub(EDGE).max(20)).into_iter();
    let first = lines.next().unwrap_or_default();
    out.push_str(&format!("  {} {first}\n", look.ink(ink, mark)));
    for line in lines {
        out.push_str(&format!("{:EDGE$}{line}\n", ""));
    }
    let why: Vec<String> = finding.why.iter().map(|why| harmless(why)).collect();
    let next: Vec<String> = finding.next.iter().map(|next| harmless(next)).collect();
    for (label, lines) in [("Why", why), ("Next", next)] {
        let mut label = format!("{label:<7}");
        for line in lines {
            // A command that is broken in two cannot be copied.
            let is_command = line.starts_with("agent-cli ");
            let parts = if is_command {
                vec![look.ink(Ink::Command, &line)]
            } else {
                wrapped(&line, room.saturating_sub(BELOW).max(20))
            };
            for part in parts {
                out.push_str(&format!("{:EDGE$}{}{part}\n", "", look.ink(Ink::Faint, &label)));
                label = " ".repeat(BELOW - EDGE);
            }
        }
    }
}
