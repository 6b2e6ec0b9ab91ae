//! What GitHub Actions reads: annotations at the lines of the manifest, and the summary of the step. Pure.

use std::fmt::Write as _;

use super::junit::details;
use super::report::{Finding, Judged, Level, Report, Verdict};
use super::words::{headline, wait};

/// Annotations, a line each: `::error file=agent.toml,line=4,…::…`. What passed gets none.
pub fn annotations(report: &Report) -> String {
    let mut out = String::new();
    for judged in &report.judged {
        for finding in &judged.checks {
            let command = match (finding.outcome, report.advise) {
                (Level::Passed, _) => continue,
                (Level::Noted, _) => "notice",
                (Level::Failed, true) => "warning",
                (Level::Failed, false) => "error",
            };
            out.push_str(&annotation(command, judged, finding));
        }
    }
    out
}

fn annotation(command: &str, judged: &Judged, finding: &Finding) -> String {
    let mut message = finding.found.clone();
    let details = details(finding);
    if !details.is_empty() {
        message.push('\n');
        message.push_str(&details);
    }
    if finding.outcome == Level::Failed
        && let Some(link) = &judged.link
    {
        // Writing to a text cannot fail.
        let _ = write!(message, "\nOr one click, for the owner: {link}");
    }
    format!(
        "::{command} file={},line={},col={},title={}::{}\n",
        property(&judged.file),
        finding.place.line,
        finding.place.column,
        property(&format!("Countersign: {}", finding.title())),
        data(&message)
    )
}

/// The text of a workflow command, as the runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a workflow command's property, as the runner reads it back.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The text with nothing left in it that the runner would obey as a command, for the log: it obeys
/// `::…` at the beginning of a line and `##[…` anywhere.
pub fn tame(text: &str) -> String {
    text.replace("::", ": :").replace("##[", "# #[")
}

/// The summary of the step, in Markdown.
pub fn summary(report: &Report) -> String {
    let mut out = String::from("## Countersign gate\n");
    for judged in &report.judged {
        let mark = match (judged.failed(), report.advise) {
            (false, _) => "✅",
            (true, true) => "⚠️",
            (true, false) => "❌",
        };
        let _ = write!(out, "\n### {mark} {}\n\n", plain(&headline(judged)));
        out.push_str("| | Check | Found | Next |\n|---|---|---|---|\n");
        for finding in &judged.checks {
            let mark = match finding.outcome {
                Level::Passed => "✅",
                Level::Noted => "ℹ️",
                Level::Failed => "❌",
            };
            let why = finding.why.iter().map(|why| format!("<br>{}", plain(why)));
            let next: Vec<String> = finding.next.iter().map(|step| next(step)).collect();
            let _ = writeln!(
                out,
                "| {mark} | {} | {}{} | {} |",
                plain(&finding.title()),
                plain(&finding.found),
                why.collect::<String>(),
                next.join("<br>")
            );
        }
        let mut rest = Vec::new();
        if let Some(wait) = wait(judged) {
            rest.push(format!("**Wait**: {wait}."));
        }
        if !judged.ask.is_empty() {
            let ask: Vec<String> = judged.ask.iter().map(|ask| plain(ask)).collect();
            rest.push(format!("**Ask**: {}.", ask.join(" · ")));
        }
        if let Some(link) = judged.link.as_deref().and_then(address) {
            rest.push(format!("[Put the ready request before the owner]({link})"));
        }
        if judged.failed() && !rest.is_empty() {
            let _ = write!(out, "\n{}\n", rest.join("  \n"));
        }
    }
    if report.verdict() == Verdict::Advised {
        out.push_str("\nOnly advice was asked for: the pipeline goes on.\n");
    }
    out
}

/// Text that Markdown leaves alone, on one line.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            // An address in the text would become a link.
            ':' => out.push_str("&#58;"),
            c if c.is_control() || c.is_whitespace() => out.push(' '),
            c if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | '-' | '\'' | '"' | '/') => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// What to do, in a cell of a table; commands as such.
fn next(text: &str) -> String {
    if text.starts_with("agent-cli ") { code(text) } else { plain(text) }
}

fn code(text: &str) -> String {
    let mut out = String::from("<code>");
    for c in text.chars() {
        match c {
            c if c.is_control() || c.is_whitespace() => out.push(' '),
            '&' | '<' | '>' | '|' | '`' | '*' | '_' | '[' | '@' => {
                // Writing to a text cannot fail.
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push_str("</code>");
    out
}

/// An address that can stand in a link: nothing but what addresses are made of.
fn address(link: &str) -> Option<&str> {
    let begins = link.starts_with("https://") || link.starts_with("http://");
    let fits = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, ':' | '/' | '.' | '-' | '_' | '~' | '%' | '?' | '=' | '&' | '#' | '+')
    };
    (begins && link.chars().all(fits)).then_some(link)
}
