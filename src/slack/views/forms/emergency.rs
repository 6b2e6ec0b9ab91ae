//! The forms for what cannot wait, and for incidents.

use slack_morphism::prelude::SlackView;

use super::ask::{access, lasting};
use super::{AGENT, TextField, because};
use crate::domain::agent::Agent;
use crate::domain::incident::Incident;
use crate::domain::request::Request;
use crate::service::emergency::GlassChoices;
use crate::service::input::GrantForm;
use crate::slack::actions::Form;
use crate::slack::views::line::Line;
use crate::slack::views::page::Page;
use crate::slack::views::words;

/// What is to be opened at once, as far as it was typed.
pub fn break_glass(draft: &GrantForm, choices: &GlassChoices) -> SlackView {
    let usual = choices.usual.to_string();
    let length = if draft.lasting.is_empty() { &usual } else { &draft.lasting };
    let agent = TextField {
        id: AGENT,
        label: "Agent",
        hint: Some("Anybody’s; it must be at work."),
        example: "support-agent-v2",
        draft: draft.agent.trim(),
        longest: 80,
        lines: false,
    };
    Page::view()
        .lines(vec![
            Line::say("⚠ ").bold("This opens at once, and nobody is asked."),
            Line::say(
                "Everybody who would have been asked is told at this moment, with your reason, and \
                 can end it.",
            ),
            Line::say(format!(
                "Afterwards {} say whether it was justified, within {}. Until they have, you cannot \
                 do it again.",
                words::roles(&choices.review_by),
                choices.review_within.words()
            )),
            Line::say("For what can wait: ").code("/agent request"),
        ])
        .input(agent.input())
        .input(access(draft, &choices.accesses))
        .input(lasting(
            "For how long",
            length,
            &format!("From now on, at most {}. It ends by itself.", choices.longest.words()),
        ))
        .input(because(
            "Why it cannot wait",
            "Those who were not asked read it, and those who judge it afterwards.",
            "What is broken, who is affected, what will you do?",
            &draft.because,
        ))
        .into_modal("Break the glass", Some("Open it now"), &Form::BreakGlass)
}

/// Why an emergency was none.
pub fn not_justified(review: &Request, agent: &Agent) -> SlackView {
    Page::view()
        .lines(vec![
            words::asks(review, agent).text(format!(" · {}", review.reference)),
            Line::say("Your no ends the review, and what is left of the grant."),
        ])
        .input(because(
            "Why it was not justified",
            "Who did it reads it, and so does security’s channel.",
            "What should have been done?",
            "",
        ))
        .into_modal("Not justified", Some("Not justified"), &Form::Deny { request: review.id })
}

/// Why an incident is opened.
pub fn incident(agent: &Agent) -> SlackView {
    let what = match agent.is_active() {
        true => " is stopped at once: it loses everything it has, and what it asked for.",
        false => " is not at work; the incident is about what it did before.",
    };
    Page::view()
        .lines(vec![
            Line::strong(agent.slug.as_str()).text(what),
            Line::say(
                "Security’s channel gets a thread with what is known, and those on call are told.",
            ),
        ])
        .input(because(
            "Why",
            "Everybody who looks into it reads it.",
            "What did it do, and how was it seen?",
            "",
        ))
        .into_modal("Open an incident", Some("Open it"), &Form::Incident { agent: agent.id })
}

/// What was found.
pub fn close_incident(incident: &Incident, agent: &Agent) -> SlackView {
    Page::view()
        .lines(vec![
            Line::strong(format!("Incident {}", incident.reference))
                .text(": ")
                .bold(agent.slug.as_str()),
            Line::fact("Why").quoted(&incident.reason),
            Line::say("The agent stays stopped; people decide whether it may go on."),
        ])
        .input(because(
            "What was found",
            "It stays on the record.",
            "What happened, what was the cause, what was done?",
            "",
        ))
        .into_modal(
            "Close an incident",
            Some("Close it"),
            &Form::CloseIncident { incident: incident.id },
        )
}
