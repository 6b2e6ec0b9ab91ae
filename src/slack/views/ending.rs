//! What the app tells about a grant by itself: that it ends soon, that it goes on, that it has ended.

use super::escape::roughly;
use super::line::Line;
use super::page::{Page, button, hand_back};
use super::words;
use crate::domain::agent::Agent;
use crate::domain::grant::{Grant, GrantState};
use crate::domain::person::By;
use crate::domain::time::{Span, Timestamp};
use crate::slack::actions::Button;

/// Before the end: what is lost, and what can be done. When it was extended since, that; when it has
/// ended, the end.
pub(super) fn soon(grant: &Grant, agent: &Agent, before: Span, now: Timestamp) -> Page {
    let Some(left) = grant.left(now) else { return ended(grant, agent, now) };
    let extended = left > before;
    let (mark, verb, next) = if extended {
        (
            "✅ Extended: ".to_owned(),
            " keeps ",
            "nothing to do; the work goes on. A reminder comes before the end.",
        )
    } else {
        (
            format!("⏰ In {}: ", roughly(left)),
            " loses ",
            "extend it if the work goes on, hand it back if it is done, or do nothing and it ends by \
             itself.",
        )
    };
    Page::message()
        .lines(vec![
            Line::say(mark)
                .bold(agent.slug.as_str())
                .text(verb)
                .bold(words::access(&grant.access))
                .text(format!(" · {}", grant.reference)),
            Line::fact("Ends")
                .at(grant.expires_at, now)
                .text(" · ")
                .bold("Owner")
                .text("  ")
                .person(&agent.owner),
            Line::fact("Next").text(next),
        ])
        .buttons(vec![button(&Button::Extend(grant.id), "Extend…"), hand_back(grant)])
}

/// The end, in whatever way.
pub(super) fn ended(grant: &Grant, agent: &Agent, now: Timestamp) -> Page {
    let state = grant.state_at(now);
    let mut lines = vec![
        no_longer(grant, agent, now).text(format!(" · {}", grant.reference)),
        Line::fact("State").line(words::grant_state(grant, now)),
    ];
    let next = match (&state, agent.is_active()) {
        (GrantState::Active, _) => None,
        (_, false) => Some(Line::say("the agent is not at work; nothing can be asked for it now.")),
        (GrantState::Revoked { by: By::Person(by), .. }, true) => {
            Some(Line::say("speak with ").person(by).text(" before asking again."))
        }
        (_, true) => {
            Some(Line::say("nothing to do. If the work goes on, ask again: ").code(format!(
                "/agent request {} {}",
                agent.slug.as_str(),
                grant.access
            )))
        }
    };
    lines.extend(next.map(|line| Line::fact("Next").line(line)));
    let buttons = if agent.is_active() && !matches!(state, GrantState::Active) {
        vec![button(&Button::Request(Some(agent.id)), "Ask again")]
    } else {
        Vec::new()
    };
    Page::message().lines(lines).buttons(buttons)
}

/// What became of a grant, as the headline of whatever tells of it.
pub(super) fn no_longer(grant: &Grant, agent: &Agent, now: Timestamp) -> Line {
    let (mark, verb) = match grant.state_at(now) {
        GrantState::Active => ("⏰ ", " has "),
        GrantState::Revoked { .. } => ("🛑 ", " no longer has "),
        GrantState::Expired { .. } | GrantState::Released { .. } => ("⌛ ", " no longer has "),
    };
    Line::say(mark).bold(agent.slug.as_str()).text(verb).bold(words::access(&grant.access))
}
