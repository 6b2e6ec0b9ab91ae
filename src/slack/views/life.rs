//! What becomes of agents: suspended and who undoes that, another tier, another description, retired.

use slack_morphism::prelude::SlackBlockButtonElement;

use super::escape::clip;
use super::line::Line;
use super::page::{Message, Page, button, danger, primary};
use super::refusals::refusal;
use super::replies::{grants_ended, requests_cancelled};
use super::words;
use crate::domain::agent::{Agent, AgentState, Cause, Description};
use crate::domain::ask::{Change, Move};
use crate::domain::role::TeamName;
use crate::domain::tier::Tier;
use crate::domain::time::Timestamp;
use crate::service::outcome::CannotChange;
use crate::service::retire::{Ended, Retired};
use crate::slack::actions::Button;

/// The longest piece of a description that is compared on a card.
const COMPARED: usize = 200;

/// Why a suspended agent is suspended: `stopped by @sam: “it loops”`.
pub fn why_suspended(agent: &Agent) -> Option<Line> {
    let AgentState::Suspended { by, reason, cause, .. } = &agent.state else { return None };
    let line = match cause {
        Cause::Stopped => Line::say("stopped by ").by(by),
        Cause::Uncertified | Cause::Ownerless => Line::say("suspended by ").by(by),
    };
    Some(if reason.is_empty() { line } else { line.text(": ").quoted(reason) })
}

/// Who can undo a suspension, and how.
pub fn undone_by(agent: &Agent) -> Option<Line> {
    let slug = &agent.slug;
    Some(match agent.cause()? {
        Cause::Stopped => Line::default()
            .person(&agent.owner)
            .text(", its owner, asks that it may go on: ")
            .code(format!("/agent reinstate {slug}"))
            .text(format!("; the people of tier {} decide.", agent.tier)),
        Cause::Uncertified => Line::default()
            .person(&agent.owner)
            .text(", its owner, says that it is still needed: ")
            .code(format!("/agent certify {slug}"))
            .text("; it goes on at once."),
        Cause::Ownerless => Line::say("whoever answers for it from now on takes it: ")
            .code(format!("/agent take {slug}"))
            .text("."),
    })
}

/// The button that undoes a suspension.
pub fn undo(agent: &Agent) -> Option<SlackBlockButtonElement> {
    match agent.cause()? {
        Cause::Stopped => Some(button(&Button::Reinstate(agent.id), "Ask that it may go on…")),
        Cause::Uncertified => Some(primary(&Button::CertifyAgent(agent.id), "Certify…")),
        Cause::Ownerless => None,
    }
}

/// What cannot be done, and why.
pub fn what(why: &CannotChange) -> Line {
    match why {
        CannotChange::MayNotRetire { agent, owner } => {
            Line::say("Only the owner and security can retire ")
                .bold(agent.as_str())
                .text(". Its owner is ")
                .person(owner)
                .text(".")
        }
        CannotChange::BadTier { typed } if typed.trim().is_empty() => {
            Line::say("It is not said which tier.")
        }
        CannotChange::BadTier { typed } => {
            Line::default().quoted(&clip(typed, 40)).text(" is no tier.")
        }
        CannotChange::HasTier(agent) => {
            Line::strong(agent.slug.as_str()).text(format!(" is tier {} already.", agent.tier))
        }
        CannotChange::BelowAnswers { agent, wanted } => {
            let answers = agent.description.answers;
            Line::strong(agent.slug.as_str()).text(format!(
                " cannot be tier {wanted}: by what is registered it is tier {} ({}).",
                answers.tier(),
                answers.reasons().join(", ")
            ))
        }
        CannotChange::Nothing(agent) => Line::strong(agent.slug.as_str())
            .text(" is described so already: nothing in the form is new."),
        CannotChange::NeedsCertifying(agent) => Line::strong(agent.slug.as_str())
            .text(" is suspended because its owner did not say in time that it is still needed."),
        CannotChange::NotSecurity => Line::say("Only security looks at all reviews."),
    }
}

/// What would help.
pub fn next(why: &CannotChange) -> Line {
    match why {
        CannotChange::MayNotRetire { owner, .. } => {
            Line::say("ask ").person(owner).text(", or security if it is urgent.")
        }
        CannotChange::BadTier { .. } => Line::say(
            "there are 1 (read-only), 2 (internal writes) and 3 (external, customer data, money).",
        ),
        CannotChange::HasTier(agent) => {
            Line::say("nothing to do: ").code(format!("/agent show {}", agent.slug))
        }
        CannotChange::BelowAnswers { agent, .. } => {
            Line::say("if it does less by now, say so, and its tier follows: ")
                .code(format!("/agent edit {}", agent.slug))
        }
        CannotChange::Nothing(_) => Line::say("change what is not right any more, or close it."),
        CannotChange::NeedsCertifying(agent) => {
            Line::say("nobody needs to decide; say that it is: ")
                .code(format!("/agent certify {}", agent.slug))
        }
        CannotChange::NotSecurity => Line::say("your own agents: ").code("/agent certify"),
    }
}

/// `tier 2 → 3`, as those who decide read it.
pub fn tier_change(from: Tier, to: Tier) -> Vec<Line> {
    vec![
        Line::fact("Tier")
            .text(format!("{from}, {} → ", from.meaning()))
            .bold(to.to_string())
            .text(format!(", {}. {}", to.meaning(), words::tier_means(to))),
    ]
}

/// What changes, old → new; what stays is not said.
pub fn change(change: &Change) -> Vec<Line> {
    let Change { from, to, tier_from, tier_to, team } = change;
    let Description { purpose, systems, runs_on, model, answers } = from;
    let mut lines = Vec::new();
    let mut compare = |label: &str, old: &str, new: &str| {
        if old != new {
            let (old, new) = (clip(old, COMPARED), clip(new, COMPARED));
            lines.push(Line::fact(label).quoted(&old).text(" → ").quoted(&new));
        }
    };
    compare("Purpose", purpose, &to.purpose);
    compare("Touches", &systems.join(", "), &to.systems.join(", "));
    compare("Runs on", runs_on, &to.runs_on);
    compare("Model", model, &to.model);
    if let Some(Move { from, to }) = team {
        let (from, to) = (clip(from.as_str(), 40), clip(to.as_str(), 40));
        lines.push(Line::fact("Team").text(format!("{from} → ")).bold(&to));
    }
    if *answers != to.answers {
        lines.push(Line::fact("Answers").text(format!(
            "{} → {}",
            answers.reasons().join(", "),
            to.answers.reasons().join(", ")
        )));
    }
    if tier_from == tier_to {
        lines.push(Line::fact("Tier").text(format!("{tier_from}, as before")));
    } else {
        lines.extend(tier_change(*tier_from, *tier_to));
    }
    lines
}

/// An agent works for another team: to the channels of both.
pub fn moved(agent: &Agent, from: &TeamName, to: &TeamName) -> Message {
    let (from, to) = (clip(from.as_str(), 40), clip(to.as_str(), 40));
    Page::message()
        .lines(vec![
            Line::say("🔁 ")
                .bold(agent.slug.as_str())
                .text(" works for team ")
                .bold(&to)
                .text(format!(" now, no longer for {from}.")),
            Line::fact("Owner").person(&agent.owner),
            Line::fact("Next").text(
                "nothing to do. What it has stays as it is; what was asked before stays with those \
                 who were asked.",
            ),
        ])
        .buttons(vec![button(&Button::Show(agent.id), "Show agent")])
        .into_message()
}

/// An agent was ended for good: to its owner, the team's and security's channel.
pub fn retired_notice(agent: &Agent, now: Timestamp) -> Message {
    Page::message()
        .lines(vec![
            Line::say("⚪ ")
                .bold(agent.slug.as_str())
                .text(": ")
                .line(words::agent_state(agent, now)),
            Line::fact("Owner").person(&agent.owner),
            Line::say(
                "Everything it had has ended for good: grants, credentials and tokens. Its record \
                 stays, and its name is not given to another.",
            ),
        ])
        .buttons(vec![button(&Button::Show(agent.id), "Show agent")])
        .into_message()
}

/// What came of retiring an agent.
pub fn retired(retired: &Retired) -> Message {
    let Ended { agent, grants, requests, credentials } = match retired {
        Retired::Done(ended) => &**ended,
        Retired::Refused(why) => return refusal(why),
        Retired::Before => return super::replies::before(),
    };
    let mut lines = vec![Line::say("⚪ ").bold(agent.slug.as_str()).text(" is retired for good.")];
    lines.extend(grants_ended(grants));
    if !credentials.is_empty() {
        lines.push(Line::fact("Taken away").text(words::count(credentials.len(), "credential")));
    }
    lines.extend(requests_cancelled(requests));
    lines.push(
        Line::fact("Next")
            .text("nothing to do. Its record stays: ")
            .code(format!("/agent show {}", agent.slug)),
    );
    Page::message()
        .lines(lines)
        .buttons(vec![button(&Button::Show(agent.id), "Show agent")])
        .into_message()
}

/// What can be changed about an agent at work.
pub fn change_buttons(agent: &Agent) -> Vec<SlackBlockButtonElement> {
    vec![
        button(&Button::Edit(agent.id), "Edit…"),
        button(&Button::Tier(agent.id), "Tier…"),
        danger(&Button::Retire(agent.id), "Retire…"),
    ]
}
