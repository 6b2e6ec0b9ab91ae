//! The forms that ask only why: deny, decline, revoke, stop, reinstate.

use slack_morphism::prelude::SlackView;

use super::because;
use crate::domain::agent::{Agent, AgentState};
use crate::domain::grant::Grant;
use crate::domain::request::{Ask, Request};
use crate::slack::actions::Form;
use crate::slack::views::line::Line;
use crate::slack::views::page::Page;
use crate::slack::views::words;

/// Why a request is denied.
pub fn deny(request: &Request, agent: &Agent) -> SlackView {
    if request.ask.is_review() {
        return super::emergency::not_justified(request, agent);
    }
    Page::view()
        .lines(vec![
            words::asks(request, agent).text(format!(" · {}", request.reference)),
            Line::say("Your no ends the request for everybody."),
        ])
        .input(because(
            "Why not",
            "The requester reads it, and learns what to change.",
            "What is missing, or what would be better?",
            "",
        ))
        .into_modal("Deny", Some("Deny"), &Form::Deny { request: request.id })
}

/// Why a named owner declines.
pub fn decline(request: &Request, agent: &Agent) -> SlackView {
    Page::view()
        .lines(vec![
            Line::say("You do not want to answer for ")
                .bold(agent.slug.as_str())
                .text(format!(" · {}", request.reference)),
            Line::say(match request.ask {
                Ask::Handover { .. } => "That ends the handover; its owner stays the same.",
                _ => "That ends the registration; it can be asked again with another owner.",
            }),
        ])
        .input(because("Why not", "Who asked reads it.", "Who would be the right owner?", ""))
        .into_modal("Decline", Some("Decline"), &Form::Decline { request: request.id })
}

/// Why a grant is revoked.
pub fn revoke(grant: &Grant, agent: &Agent) -> SlackView {
    Page::view()
        .lines(vec![
            Line::strong(agent.slug.as_str())
                .text(" loses ")
                .bold(words::access(&grant.access))
                .text(format!(" at once · {}", grant.reference)),
            Line::say("Its other grants stay as they are."),
        ])
        .input(because("Why", "The owner reads it.", "What happened?", ""))
        .into_modal("Revoke a grant", Some("Revoke"), &Form::Revoke { grant: grant.id })
}

/// Why an agent is stopped.
pub fn stop(agent: &Agent) -> SlackView {
    Page::view()
        .lines(vec![
            Line::strong(agent.slug.as_str())
                .text(" loses everything it has at once, and what it asked for is cancelled."),
            Line::say("It may go on only after people approve that."),
        ])
        .input(because("Why", "The owner and security read it.", "What happened?", ""))
        .into_modal("Stop an agent", Some("Stop it"), &Form::Stop { agent: agent.id })
}

/// Why a stopped agent should go on.
pub fn reinstate(agent: &Agent) -> SlackView {
    let mut lines = vec![
        Line::strong(agent.slug.as_str())
            .text(" asks to go on. The people for ")
            .text(format!("{} decide.", words::tier(agent.tier))),
    ];
    if let AgentState::Suspended { by, reason, .. } = &agent.state {
        let line = Line::fact("Stopped by").by(by);
        lines.push(if reason.is_empty() { line } else { line.text(": ").quoted(reason) });
    }
    lines.push(Line::say("Its earlier grants do not come back."));
    Page::view()
        .lines(lines)
        .input(because(
            "Why",
            "It is shown on the card, to those who decide.",
            "What was mended?",
            "",
        ))
        .into_modal("Let it go on", Some("Ask"), &Form::Reinstate { agent: agent.id })
}
