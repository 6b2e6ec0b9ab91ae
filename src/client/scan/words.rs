//! A report as people read it.

use super::place::Setting;
use super::sign::Kind;
use super::{Finding, Place, Report, Sureness, Verdict};
use crate::client::look::Look;

/// So many places of one sign are shown; `--json` has the others.
const SHOWN: usize = 3;

/// The whole report: the verdict, why, and the one next step.
pub fn render(report: &Report, look: Look) -> String {
    let judgement = report.judgement;
    let mut lines = vec![
        format!(
            "{} {}",
            look.strong(headline(judgement.verdict)),
            how_sure(judgement.sureness, judgement.percent)
        ),
        String::new(),
    ];
    let (strong, weak): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| finding.percent >= 20);
    let (keys, strong): (Vec<_>, Vec<_>) =
        strong.into_iter().partition(|finding| finding.kind == Kind::HardCodedKey);
    if !strong.is_empty() {
        let title =
            if judgement.verdict == Verdict::Nothing { "Seen, and not enough" } else { "Why" };
        lines.push(look.strong(title));
        strong.iter().for_each(|finding| lines.extend(entry(finding, look)));
        lines.push(String::new());
    }
    if !keys.is_empty() {
        lines.push(look.warning("Keys in the files, named and not shown"));
        keys.iter().for_each(|finding| lines.extend(entry(finding, look)));
        let advice =
            "Whoever has read the repository has them: make new ones, and keep those out of it.";
        lines.push(look.wrap(8, advice));
        lines.push(String::new());
    }
    if !weak.is_empty() {
        let names: Vec<&str> = weak.iter().map(|finding| finding.says).collect();
        let beside = format!("Beside it, in tests, documents and the like: {}.", names.join("; "));
        lines.extend([look.faint(&look.wrap(0, &beside)), String::new()]);
    }
    lines.push(format!("{}  {}", look.strong("Next"), next_step(report)));
    lines.push(look.faint(&counted(report)));
    lines.join("\n") + "\n"
}

/// The verdict in one sentence.
pub const fn headline(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Agent => "This is an agent: a model decides, and something happens.",
        Verdict::AgentInPipeline => "An agent works in this repository's pipeline.",
        Verdict::ServesAgents => "This gives tools to agents.",
        Verdict::CallsAModel => "This calls a model.",
        Verdict::PersonsKey => "This runs by itself with a person's key.",
        Verdict::Library => {
            "This is a library for calling models or building agents; it is no agent itself."
        }
        Verdict::Nothing => "Nothing here looks like an agent.",
    }
}

fn how_sure(sureness: Sureness, percent: u8) -> String {
    let word = match sureness {
        Sureness::Sure => "Sure",
        Sureness::Likely => "Likely",
        Sureness::Unsure => "Not sure",
    };
    format!("{word}, {percent} %.")
}

/// The one thing to do.
pub fn next_step(report: &Report) -> &'static str {
    match report.judgement.verdict {
        Verdict::Agent => "agent-cli init    registers it; two minutes, nothing to read first",
        Verdict::AgentInPipeline => {
            "agent-cli init    registers the agent that the pipeline starts"
        }
        Verdict::ServesAgents => {
            "agent-cli quiz    whoever connects acts with its key: register those agents, not this"
        }
        Verdict::CallsAModel => "agent-cli quiz    five plain questions: should it be registered?",
        Verdict::PersonsKey => {
            "agent-cli init    gives it a key of its own in place of the person's"
        }
        // What starts it may stand elsewhere: in somebody's crontab, say.
        Verdict::Nothing if has_a_token(report) => {
            "agent-cli quiz    it has a person's key: if it runs by itself, it should be registered"
        }
        Verdict::Library | Verdict::Nothing => "nothing to do",
    }
}

fn has_a_token(report: &Report) -> bool {
    report.findings.iter().any(|finding| {
        matches!(finding.kind, Kind::PersonalToken | Kind::HardCodedKey)
            && finding.percent >= 60
            && finding.places.iter().any(|place| place.setting != Setting::Pipeline)
    })
}

/// A sign: how much it proves, what it is, where it stands.
fn entry(finding: &Finding, look: Look) -> Vec<String> {
    let shown: Vec<String> = finding.places.iter().take(SHOWN).map(place).collect();
    let more = finding.places_in_all.saturating_sub(shown.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    vec![
        format!("  {:>3} % {}", finding.percent, finding.says),
        look.faint(&look.wrap(8, &format!("{}{more}", shown.join(", ")))),
    ]
}

fn place(place: &Place) -> String {
    // A file's name is whatever somebody called it; a terminal must not obey it.
    let file: String = place.file.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let says = place.setting.says();
    let setting = if says.is_empty() { String::new() } else { format!(" ({says})") };
    format!("{file}:{}{setting}", place.line)
}

fn counted(report: &Report) -> String {
    let files = &report.files;
    let mut parts = vec![format!("{} files read", files.read)];
    for (count, what) in [
        (files.large, "too large"),
        (files.binary, "without text"),
        (files.unreadable, "unreadable"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if files.cut_short {
        parts.push("and there are more than may be looked at".to_owned());
    }
    format!("{}.", parts.join(", "))
}
