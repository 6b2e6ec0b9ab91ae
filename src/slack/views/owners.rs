//! Who answers for an agent: handing it over, that nobody does any more, and taking it.

use slack_morphism::prelude::{
    SlackBlockButtonElement, SlackBlockUsersSelectElement, SlackInputBlock, SlackView,
};

use super::escape::roughly;
use super::forms::{OWNER, because};
use super::line::Line;
use super::page::{Message, Page, button, confirmed, plain, primary};
use super::refusals::refusal;
use super::words;
use crate::domain::agent::{Agent, AgentState, Cause};
use crate::domain::person::{PersonId, Standing};
use crate::domain::request::Request;
use crate::domain::time::{Span, Timestamp};
use crate::service::owners::outcome::{HandoverForm, OwnerRefusal, Taken};
use crate::slack::actions::{Button, Form};

/// Takes an agent that nobody answers for, after a question: it acts at once.
fn take(agent: &Agent) -> SlackBlockButtonElement {
    confirmed(
        primary(&Button::Take(agent.id), "Take it"),
        "Take it?",
        &format!(
            "You answer for {} from this moment on: what it does, what it holds, and whether it is \
             still needed. You can hand it over later.",
            agent.slug
        ),
        "Take it",
    )
}

/// Take it, where nobody answers for it; else hand it over.
pub fn take_or_hand_over(agent: &Agent) -> SlackBlockButtonElement {
    if agent.orphaned.is_some() {
        take(agent)
    } else {
        button(&Button::HandOver(agent.id), "Hand over…")
    }
}

/// Who answers for the agent.
pub fn owner(agent: &Agent, now: Timestamp) -> Vec<Line> {
    let Some(orphaned) = &agent.orphaned else {
        let line = Line::fact("Owner").person(&agent.owner);
        return vec![line.text(format!(", team {}", agent.team))];
    };
    vec![
        Line::fact("Owner")
            .text("⚠ nobody since ")
            .at(orphaned.since, now)
            .text("; before, ")
            .person(&agent.owner)
            .text(format!(" · team {}", agent.team)),
        ends(agent, now),
    ]
}

/// When it is stopped and retired, if nobody takes it.
fn ends(agent: &Agent, now: Timestamp) -> Line {
    let Some(orphaned) = &agent.orphaned else { return Line::default() };
    let line = if agent.is_active() {
        Line::fact("Ends").text("stopped ").at(orphaned.suspended_at, now).text(", retired ")
    } else {
        Line::fact("Ends").text("retired ")
    };
    line.at(orphaned.retired_at, now).text(", unless somebody takes it")
}

/// Nobody answers for an agent any more; or how that went on. `before` is said again so long before
/// the stop.
pub fn ownerless(
    agent: &Agent,
    since: Timestamp,
    before: (&PersonId, Standing),
    again: Option<Span>,
    now: Timestamp,
) -> Message {
    let slug = agent.slug.as_str();
    let (owner, standing) = before;
    let open = agent.orphaned.as_ref().filter(|orphaned| orphaned.since == since);
    let Some(orphaned) = open else { return not_ownerless(agent, owner, now) };
    let left = Span::between(now, orphaned.suspended_at);
    let headline = match (&agent.state, again, left) {
        (AgentState::Suspended { cause: Cause::Ownerless, .. }, ..) => {
            Line::say("🛑 ").bold(slug).text(" is stopped: nobody answers for it.")
        }
        (AgentState::Active { .. }, Some(_), Some(left)) => {
            Line::say(format!("⏳ In {}, ", roughly(left)))
                .bold(slug)
                .text(" is stopped: nobody answers for it.")
        }
        _ => Line::say("⚠ Nobody answers for ").bold(slug).text(" any more."),
    };
    let holds = if agent.is_active() {
        "it goes on with what it has, and nothing new can be had for it."
    } else {
        "what it has opens nothing, and nothing can be had for it."
    };
    Page::message()
        .lines(vec![
            headline,
            Line::fact("Why")
                .text("its owner ")
                .person(owner)
                .text(format!(" {}.", words::is_standing(standing))),
            Line::fact("Now").text(holds),
            ends(agent, now),
            Line::fact("Next").text(format!(
                "whoever leads team {}, or is in security, can take it with one click, and answers \
                 for it from then on.",
                agent.team
            )),
        ])
        .buttons(vec![take(agent), button(&Button::Show(agent.id), "Show agent")])
        .into_message()
}

/// How a time without an owner ended.
fn not_ownerless(agent: &Agent, before: &PersonId, now: Timestamp) -> Message {
    let slug = agent.slug.as_str();
    let line = match &agent.state {
        AgentState::Retired { .. } => Line::say(format!("{} ", words::agent_mark(agent)))
            .bold(slug)
            .text(": ")
            .line(words::agent_state(agent, now)),
        _ if agent.owner == *before => Line::say("✅ ")
            .bold(slug)
            .text(" has its owner again: ")
            .person(before)
            .text(" is back."),
        _ => Line::say("✅ ").person(&agent.owner).text(" answers for ").bold(slug).text(" now."),
    };
    Page::message()
        .line(line)
        .buttons(vec![button(&Button::Show(agent.id), "Show agent")])
        .into_message()
}

/// Nobody took it in time.
pub fn stopped(agent: &Agent, now: Timestamp) -> Message {
    Page::message()
        .lines(vec![
            Line::say("🛑 ").bold(agent.slug.as_str()).text(" is stopped: nobody took it in time."),
            Line::fact("Now")
                .text("what it has opens nothing; what was asked for it is cancelled."),
            ends(agent, now),
            Line::fact("Next").text(format!(
                "whoever leads team {}, or is in security, can still take it; then it goes on.",
                agent.team
            )),
        ])
        .buttons(vec![take(agent), button(&Button::Show(agent.id), "Show agent")])
        .into_message()
}

/// Somebody else answers for an agent, or its owner is back.
pub fn changed(agent: &Agent, from: &PersonId, to: &PersonId) -> Message {
    let slug = agent.slug.as_str();
    let (line, next) = if from == to {
        (
            Line::say("✅ ")
                .person(to)
                .text(" is back, and answers for ")
                .bold(slug)
                .text(" again."),
            "look at what happened to it meanwhile.",
        )
    } else {
        (
            Line::say("🔁 ")
                .person(to)
                .text(" answers for ")
                .bold(slug)
                .text(" now, in place of ")
                .person(from)
                .text("."),
            "nothing to do. What it has stays as it is.",
        )
    };
    Page::message()
        .lines(vec![line, Line::fact("Next").text(next)])
        .buttons(vec![button(&Button::Show(agent.id), "Show agent")])
        .into_message()
}

/// What came of taking an agent.
pub fn taken(taken: &Taken) -> Message {
    match taken {
        Taken::Done { agent, goes_on } => {
            let goes_on = if *goes_on { " It was stopped, and goes on." } else { "" };
            Page::message()
                .lines(vec![
                    Line::say("✅ You answer for ")
                        .bold(agent.slug.as_str())
                        .text(format!(" now.{goes_on}")),
                    Line::fact("Next").text(
                        "look at what it has and what it is for; hand it over if somebody else should \
                         answer for it. On what it asks for others decide now: nobody approves \
                         their own.",
                    ),
                ])
                .buttons(vec![
                    button(&Button::Show(agent.id), "Show agent"),
                    button(&Button::Keys(agent.id), "Keys"),
                    button(&Button::HandOver(agent.id), "Hand over…"),
                ])
                .into_message()
        }
        Taken::Refused(why) => refusal(why),
        Taken::Before => super::replies::before(),
    }
}

/// The form for a handover, as far as it was filled in.
pub fn hand_over(agent: &Agent, draft: &HandoverForm) -> SlackView {
    let menu = SlackBlockUsersSelectElement::new()
        .with_action_id(OWNER.into())
        .with_placeholder(plain("Choose a person", 150))
        .opt_initial_user(draft.to.as_ref().map(|person| person.user.clone()));
    let input = SlackInputBlock::new(plain("New owner", 150), menu.into())
        .with_block_id(OWNER.into())
        .with_hint(plain("They must accept before it is theirs.", 300));
    let mut lines = vec![
        Line::strong(agent.slug.as_str()).text(" gets another owner. What it has stays as it is."),
    ];
    lines.extend(owner(agent, agent.registered_at).into_iter().take(1));
    Page::view()
        .lines(lines)
        .input(input)
        .input(because(
            "Why",
            "The new owner reads it, and those who must agree.",
            "Who looks after it from now on, and why?",
            &draft.because,
        ))
        .into_modal("Hand over an agent", Some("Ask"), &Form::HandOver { agent: agent.id })
}

/// What becomes of a handover that was approved.
pub fn handed_over(agent: &Agent, to: &PersonId) -> Line {
    Line::default().person(to).text(" answers for ").bold(agent.slug.as_str()).text(" from now on.")
}

/// Who would decide on what they are to own.
pub fn own_handover(request: &Request, agent: &Agent, me: &PersonId) -> Option<Line> {
    (request.acceptor(&agent.owner) == me && agent.owner != *me).then(|| {
        Line::say(format!(
            "You are to answer for {}, so somebody else has to agree; your word is Accept.",
            agent.slug
        ))
    })
}

/// What cannot be done, and why.
pub fn what(refusal: &OwnerRefusal) -> Line {
    match refusal {
        OwnerRefusal::Ownerless(agent) => Line::say("Nobody answers for ")
            .bold(agent.slug.as_str())
            .text(" at present, so nothing new can be had for it."),
        OwnerRefusal::MayNotHandOver { agent, owner } => {
            Line::say("Only its owner, a lead of its team and security can hand over ")
                .bold(agent.as_str())
                .text(". Its owner is ")
                .person(owner)
                .text(".")
        }
        OwnerRefusal::NobodyNamed(agent) => {
            Line::say("It was not said who is to answer for ").bold(agent.as_str()).text(".")
        }
        OwnerRefusal::CannotOwn { person, standing } => Line::default().person(person).text(
            format!(" {}; an owner is a full, active member.", words::is_standing(*standing)),
        ),
        OwnerRefusal::OwnsIt { agent, owner } => Line::default()
            .person(owner)
            .text(" answers for ")
            .bold(agent.as_str())
            .text(" already."),
        OwnerRefusal::MayNotTake(agent) => {
            Line::say("Only a lead of its team and security can take ")
                .bold(agent.as_str())
                .text(".")
        }
        OwnerRefusal::HasOwner(agent) => Line::say("There is nothing to take: ")
            .person(&agent.owner)
            .text(" answers for ")
            .bold(agent.slug.as_str())
            .text("."),
    }
}

/// What cannot be done, where the person cannot be named: on the field where they were chosen.
pub fn on_the_field(refusal: &OwnerRefusal) -> Option<String> {
    match refusal {
        OwnerRefusal::CannotOwn { standing, .. } => Some(format!(
            "This person {}; an owner is a full, active member.",
            words::is_standing(*standing)
        )),
        OwnerRefusal::OwnsIt { .. } => Some("This person answers for it already.".to_owned()),
        OwnerRefusal::NobodyNamed(_) => Some("Please choose a person.".to_owned()),
        _ => None,
    }
}

/// What would help, if anything does.
pub fn next(refusal: &OwnerRefusal) -> Line {
    match refusal {
        OwnerRefusal::Ownerless(agent) => {
            Line::say("a lead of its team or security takes it first: ")
                .code(format!("/agent take {}", agent.slug))
        }
        OwnerRefusal::MayNotHandOver { owner, .. } => {
            Line::say("ask ").person(owner).text(" to do it.")
        }
        OwnerRefusal::NobodyNamed(agent) => {
            Line::say("name the person: ").code(format!("/agent transfer {agent} to @name"))
        }
        OwnerRefusal::CannotOwn { .. } => Line::say("choose somebody else."),
        OwnerRefusal::OwnsIt { .. } => Line::say("nothing to do, or choose somebody else."),
        OwnerRefusal::MayNotTake(agent) => {
            Line::say("ask one of them. Who leads which team is in the policy; who it is about: ")
                .code(format!("/agent show {agent}"))
        }
        OwnerRefusal::HasOwner(agent) => Line::say("nothing to do. To have it, ask ")
            .person(&agent.owner)
            .text(" to hand it over."),
    }
}

/// What can be done about it.
pub fn buttons(refusal: &OwnerRefusal) -> Vec<SlackBlockButtonElement> {
    match refusal {
        OwnerRefusal::Ownerless(agent) => {
            vec![take(agent), button(&Button::Show(agent.id), "Show agent")]
        }
        OwnerRefusal::HasOwner(agent) => vec![button(&Button::Show(agent.id), "Show agent")],
        _ => Vec::new(),
    }
}

/// An agent that nobody answers for, and that the reader may take.
pub fn row(page: &mut Page, agent: &Agent, now: Timestamp) -> bool {
    let lines = vec![
        Line::say(format!("{} ", words::agent_mark(agent)))
            .bold(agent.slug.as_str())
            .text(format!(" · tier {} · team {} · before, ", agent.tier, agent.team))
            .person(&agent.owner),
        ends(agent, now),
    ];
    let buttons = vec![take(agent), button(&Button::Show(agent.id), "Show")];
    page.entry(&agent.id.to_string(), lines, buttons)
}
