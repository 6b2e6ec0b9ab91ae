//! `/agent why`: why a call was answered so, and what helps.

use super::escape::{clip, roughly};
use super::line::Line;
use super::page::{Message, Page, button, primary};
use crate::domain::agent::AgentState;
use crate::domain::evaluation::{Decision, Denial, Remedy};
use crate::domain::time::Timestamp;
use crate::service::why::{Explained, Met, Refusals, Why};
use crate::slack::actions::Button;

/// Where the id of an evaluation is found.
const WHERE: &str = "each answer carries it as evaluation_id, and so do the agent's own logs";

/// Why an answer was what it was.
pub fn why(why: &Why) -> Message {
    match why {
        Why::Unknown { typed } => Page::message()
            .lines(vec![
                Line::say("There is no call ")
                    .quoted(typed)
                    .text(" on the record that you may see: its agent's owner and security may."),
                Line::fact("Next").text(format!("take its id whole: {WHERE}.")),
            ])
            .into_message(),
        Why::Found { explained, owns, now } => found(explained, *owns, *now),
    }
}

fn found(explained: &Explained, owns: bool, now: Timestamp) -> Message {
    let record = &explained.record;
    let mark = if record.answer.is_allowed() { "✅ " } else { "⛔ " };
    // The policy's own words are among them, and what a caller named.
    let mut lines = vec![Line::say(mark).text(clip(&explained.words, 1_200))];
    lines.push(Line::fact("Asked").ago(record.at, now).text(", ").at(record.at, now));
    if let Some(rule) = explained.rests_on.as_ref() {
        lines.push(Line::fact("Rests on").code(clip(rule, 120)));
    }
    lines.extend(next(explained, owns).map(|line| Line::fact("Next").line(line)));
    if let (Some(usual), true) = (explained.usual, explained.ask.is_some()) {
        lines.push(Line::fact("Wait").text(format!("usually {}", roughly(usual))));
    }
    let mut buttons = Vec::new();
    if let Some(agent) = &explained.agent {
        if let (Some(access), true) = (&explained.ask, owns) {
            buttons.push(primary(&Button::AskFor(agent.id, access.to_all()), "Ask for it…"));
        } else if matches!(agent.state, AgentState::Suspended { .. }) && owns {
            buttons.push(primary(&Button::Reinstate(agent.id), "Ask that it may go on…"));
        }
        buttons.push(button(&Button::Show(agent.id), "Show agent"));
    }
    Page::message()
        .lines(lines)
        .buttons(buttons)
        .small(Line::default().code(record.id.to_string()).text(format!(
            ", {}, policy {}",
            explained.reason,
            record.policy.chars().take(12).collect::<String>()
        )))
        .into_message()
}

/// What helps.
fn next(explained: &Explained, owns: bool) -> Option<Line> {
    let Decision::Deny { denial } = &explained.record.answer else { return None };
    let agent = explained.agent.as_ref();
    Some(match denial {
        Denial::NoGrant | Denial::TierTooLow { .. } | Denial::Approval { .. } => {
            match (agent, &explained.ask) {
                (Some(agent), Some(access)) if owns => Line::say("ask for it: ").code(format!(
                    "/agent request {} {} for 30m because …",
                    agent.slug,
                    access.to_all()
                )),
                (Some(agent), Some(_)) => {
                    Line::say("its owner can ask for it: ").person(&agent.owner).text(".")
                }
                _ => Line::say("look at the agent first: it is not at work."),
            }
        }
        Denial::UnknownSubject => {
            Line::say("if it is an agent, register it: ").code("/agent register")
        }
        Denial::NotActive { .. } => {
            Line::say("look at the agent: who is awaited, or why it stopped.")
        }
        Denial::UnknownAccess => {
            Line::say("ask for something that the policy knows: ").code("/agent request")
        }
        Denial::Forbidden { .. } => {
            Line::say("meet the condition; a grant does not help against it.")
        }
        Denial::CannotJudge { .. } => {
            Line::say("whoever asks must send what is missing with the question, in its context.")
        }
        Denial::Quota => Line::say("try again in a minute."),
    })
}

/// What one's own agents were refused lately; without any, where the id is found.
pub fn refusals(refusals: &Refusals) -> Message {
    let now = refusals.now;
    let explained = Line::fact("To see why a call was answered so")
        .code("/agent why eval_…")
        .text(format!(": {WHERE}."));
    let page = match (refusals.met.len(), refusals.owns_any) {
        (0, false) => Page::message()
            .line(Line::say("You own no agent, so nothing was refused to one of yours.")),
        (0, true) => {
            Page::message().line(Line::say("None of the latest refusals was to an agent of yours."))
        }
        (n, _) => Page::message().line(Line::strong("Refused lately")).entries(
            &refusals.met,
            n,
            n,
            |page, met| row(page, met, now),
        ),
    };
    page.small(explained).into_message()
}

fn row(page: &mut Page, met: &Met, now: Timestamp) -> bool {
    let Met { record, agent } = met;
    // Of all objects of its kind: what one call was about may have no name that can be asked for.
    let access = format!("{}:{}", record.resource.kind, record.action).parse().ok();
    let mut buttons = Vec::new();
    let code = match &record.answer {
        Decision::Deny { denial } => {
            let helps = denial.remedy() == Remedy::Request;
            if let (true, true, Some(access)) = (helps, agent.is_active(), access) {
                buttons.push(primary(&Button::AskFor(agent.id, access), "Ask for it…"));
            }
            denial.code()
        }
        Decision::Allow { .. } => "",
    };
    buttons.push(button(&Button::Show(agent.id), "Show agent"));
    let what = format!("{} on {} ", clip(&record.action, 60), clip(&record.resource.kind, 60),);
    page.entry(
        &record.id.to_string(),
        vec![
            Line::strong(agent.slug.as_str())
                .text(" may not ")
                .text(what)
                .quoted(&clip(&record.resource.id, 80))
                .text(format!(": {code}, "))
                .ago(record.at, now),
            Line::say("Why: ").code(format!("/agent why {}", record.id)),
        ],
        buttons,
    )
}
