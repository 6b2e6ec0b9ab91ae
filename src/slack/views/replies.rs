//! Answers for one person only: what happened, why, what to do next, how long it takes.

use super::card::question;
use super::escape::{clip, first, or, roughly};
use super::line::Line;
use super::notices::outcome;
use super::page::{Message, Page, button};
use super::refusals::refusal;
use super::words::{self, MOST_NAMED};
use crate::domain::agent::Agent;
use crate::domain::grant::{Grant, GrantState};
use crate::domain::person::{PersonId, Standing};
use crate::domain::request::{Acceptance, Ask, CannotLend, NotCounted, Request};
use crate::domain::time::{Span, Timestamp};
use crate::service::outcome::{
    Asked, Cancelled, Ended, FieldProblem, Registered, Stopped, VoteReply,
};
use crate::slack::actions::Button;

/// What came of asking for a grant, an extension or a reinstatement.
pub fn asked(asked: &Asked) -> Message {
    match asked {
        Asked::Opened { agent, request, usual } => opened(request, agent, *usual).into_message(),
        Asked::Approved { agent, request, grant } => {
            let now = request.state.ended_at().unwrap_or(request.asked_at);
            outcome(request, agent, grant.as_ref(), now).into_message()
        }
        Asked::Refused(why) => refusal(why),
        Asked::Before => before(),
    }
}

/// What came of a registration.
pub fn registered(registered: &Registered) -> Message {
    match registered {
        Registered::Opened { agent, request, usual } => {
            opened(request, agent, *usual).into_message()
        }
        Registered::Approved { agent, request } => {
            let now = request.state.ended_at().unwrap_or(request.asked_at);
            outcome(request, agent, None, now).into_message()
        }
        Registered::Invalid(problems) => must_change(problems.iter().map(|(field, problem)| {
            Line::strong(super::forms::field_label(*field)).text(": ").line(field_problem(problem))
        })),
        Registered::InvalidCredential(problems) => {
            must_change(problems.iter().map(|(_, problem)| {
                Line::strong("Key").text(": ").text(super::forms::credential_problem(problem))
            }))
        }
        Registered::Refused(why) => refusal(why),
        Registered::Before => before(),
    }
}

/// A registration that was not recorded, and what is wrong with it.
fn must_change(wrong: impl Iterator<Item = Line>) -> Message {
    let mut lines = vec![Line::say("Something in the form must change first:")];
    lines.extend(wrong.map(|line| Line::say("• ").line(line)));
    lines.push(Line::fact("Next").text("nothing was recorded; open the form again and send it."));
    Page::message()
        .lines(lines)
        .buttons(vec![button(&Button::Register, "Register an agent")])
        .into_message()
}

/// What is wrong with a field, as a line.
pub fn field_problem(problem: &FieldProblem) -> Line {
    match problem {
        FieldProblem::NameTaken { owner } => {
            Line::say("an agent has this name already; it belongs to ").person(owner).text(".")
        }
        other => Line::say(super::forms::problem_words(other)),
    }
}

/// People are asked: whom, until when, what the asker can do meanwhile.
fn opened(request: &Request, agent: &Agent, usual: Option<Span>) -> Page {
    let now = request.asked_at;
    let mut lines = vec![
        Line::say("⏳ Sent: ")
            .line(words::asks(request, agent))
            .text(format!(" · {}", request.reference)),
    ];
    if request.ask == Ask::Registration {
        lines.push(Line::fact("Tier").text(format!(
            "{}, {}: {}",
            request.tier,
            request.tier.meaning(),
            agent.description.answers.reasons().join(", ")
        )));
    } else if let Ask::Credential { lasting, .. } = &request.ask {
        lines.push(Line::fact("For").text(format!("{} from approval", lasting.words())));
    } else if let Ask::Grant { lasting, raise_to, .. } = &request.ask {
        lines.push(Line::fact("For").text(format!("{} from approval", lasting.words())));
        if let Some(to) = raise_to {
            lines.push(Line::fact("Tier").text(format!(
                "this needs tier {to}, and it is tier {}; a yes raises it.",
                agent.tier
            )));
        }
    }
    let awaited = request.awaited();
    let mut whom = Line::fact("Waits for").text(words::roles(&awaited));
    let acceptor = request.acceptor(&agent.owner);
    if request.acceptance == Acceptance::Awaited {
        whom = match awaited.is_empty() {
            true => whom.person(acceptor).text(" to accept as owner"),
            false => whom.text(", and ").person(acceptor).text(" to accept as owner"),
        };
    }
    lines.push(whom);
    lines.push(Line::fact("Wait").line(words::wait(usual, request.decide_by, now)));
    lines.push(
        Line::fact("Next")
            .text("nothing to do: they were told, and you get a message with the answer."),
    );
    Page::message().lines(lines).buttons(vec![
        button(&Button::Details(request.id), "Details"),
        button(&Button::TakeBack(request.id), "Take back"),
    ])
}

/// The same was done before.
pub fn before() -> Message {
    Page::message()
        .line(Line::say("This was received before and is done; nothing was done twice."))
        .into_message()
}

/// What a click on a card did, to the person who clicked.
pub fn vote(reply: &VoteReply, me: &PersonId) -> Message {
    if let Some(said) = super::emergency::reviewed(reply) {
        return said;
    }
    match reply {
        VoteReply::Counted { request, agent } => {
            let acceptor = request.acceptor(&agent.owner);
            let accepted = matches!(request.acceptance, Acceptance::Given { .. }) && acceptor == me;
            let now = request.votes.last().map_or(request.asked_at, |vote| vote.at);
            let mut lines = vec![Line::say(if accepted {
                format!("✓ You answer for {} from its approval on.", agent.slug)
            } else {
                format!("✓ Your yes counts: {}.", words::subject(request, agent))
            })];
            let awaited = request.awaited();
            lines.push(if awaited.is_empty() {
                Line::fact("Waits for").person(acceptor).text(" to accept as owner")
            } else {
                Line::fact("Waits for").text(words::roles(&awaited))
            });
            lines.push(words::until(request, None, now));
            Page::message().lines(lines).into_message()
        }
        VoteReply::Approved { request, agent, grant } => {
            let now = request.state.ended_at().unwrap_or(request.asked_at);
            let mut lines = vec![Line::say("✅ That was the last yes: ").text(format!(
                "{} is approved · {}",
                words::subject(request, agent),
                request.reference
            ))];
            lines.extend(grant.as_ref().map(|g| Line::fact("Ends").at(g.expires_at, now)));
            lines.push(
                Line::fact("Next")
                    .text("nothing to do; ")
                    .person(&request.asked_by)
                    .text(" knows."),
            );
            Page::message().lines(lines).into_message()
        }
        VoteReply::Denied { request, agent } => Page::message()
            .lines(vec![
                Line::say(format!("❌ Your no ends it: {}.", words::subject(request, agent))),
                Line::fact("Next")
                    .text("nothing to do; ")
                    .person(&request.asked_by)
                    .text(" is told your reason."),
            ])
            .into_message(),
        VoteReply::CameToNothing { request, agent } => {
            let now = request.state.ended_at().unwrap_or(request.asked_at);
            let mut lines = vec![Line::say(format!(
                "Yours was the last yes, but nothing could come of it: {}.",
                words::subject(request, agent)
            ))];
            lines.extend(words::marked_outcome(request, agent, now));
            lines.push(
                Line::fact("Next")
                    .text("nothing to do; ")
                    .person(&request.asked_by)
                    .text(" is told why."),
            );
            Page::message().lines(lines).into_message()
        }
        VoteReply::NotCounted { why, request, agent } => not_counted(why, request, agent, me),
        VoteReply::Unknown => Page::message()
            .lines(vec![
                Line::say("This request does not exist any more; your click changed nothing."),
                Line::fact("Next").text("see what waits for you: ").code("/agent"),
            ])
            .into_message(),
        VoteReply::Before => before(),
    }
}

fn not_counted(why: &NotCounted, request: &Request, agent: &Agent, me: &PersonId) -> Message {
    let now = request.state.ended_at().unwrap_or(request.asked_at);
    let next = |words: &str| Some(Line::fact("Next").text(words));
    let roles = words::roles(&request.needs);
    let (what, next) = match why {
        NotCounted::Ended(state) => {
            let ended = Request { state: state.clone(), ..request.clone() };
            let at = state.ended_at().unwrap_or(now);
            (
                Line::say(format!("{} has ended; your click changed nothing.", request.reference)),
                words::marked_outcome(&ended, agent, at),
            )
        }
        NotCounted::OwnRequest if request.ask.is_review() => (
            Line::say("Nobody judges their own emergency, and this one was yours."),
            next(&format!("wait for {roles}.")),
        ),
        NotCounted::OwnRequest => (
            Line::say("Nobody approves their own request, and this one is yours."),
            next(&format!("wait for {roles}; or take it back.")),
        ),
        NotCounted::Ownerless => (
            Line::say(format!(
                "Nobody answers for {} at present, so nothing new is given to it.",
                agent.slug
            )),
            Some(
                Line::fact("Next")
                    .text("it waits until somebody takes it: ")
                    .code(format!("/agent take {}", agent.slug)),
            ),
        ),
        NotCounted::OwnAgent => (
            super::owners::own_handover(request, agent, me).unwrap_or_else(|| {
                Line::say(format!(
                    "You answer for {}, so somebody else has to say yes.",
                    agent.slug
                ))
            }),
            next(&format!("wait for {roles}.")),
        ),
        NotCounted::Standing(standing) => (
            Line::say(words::standing(*standing))
                .text(" Only full, active members of this workspace decide."),
            None,
        ),
        NotCounted::NotEligible
            if request.needs.is_empty() || request.acceptor(&agent.owner) == me =>
        {
            (Line::say("Only the person who was named as owner can answer this."), None)
        }
        NotCounted::NotEligible => (
            Line::say(format!("This is for {roles} to decide, and you are not among them.")),
            next("nothing to do. Who holds a role is in the policy."),
        ),
        NotCounted::AlreadyVoted { at } => (
            Line::say("You have answered already, ").ago(*at, now.max(*at)).text("; it counts."),
            None,
        ),
        NotCounted::AlreadyCovered => (
            Line::say(format!(
                "Your role has its yes already; {} is still awaited.",
                words::roles(&request.awaited())
            )),
            next("nothing to do. You can still deny it."),
        ),
        NotCounted::Represented { by, at } => (
            Line::default()
                .person(by)
                .text(" has answered in your place, ")
                .ago(*at, now.max(*at))
                .text("; it counts, and one of the two is enough."),
            next("nothing to do. To answer yourself from now on: /agent delegate."),
        ),
        NotCounted::StandsInInVain { who, why } => {
            let line = Line::say("You could answer this only for ").person(who);
            (
                match why {
                    CannotLend::Asked => line.text(", who asked it."),
                    CannotLend::Owns => line.text(", who answers for the agent."),
                    CannotLend::DeniedIt => line.text(", who denied what is appealed."),
                    CannotLend::Voted => line.text(", who has answered already."),
                    CannotLend::InPart => {
                        line.text(", who lends you only some of the roles that it takes of them.")
                    }
                },
                next(&format!("nothing to do; {roles} decide.")),
            )
        }
        NotCounted::DeniedIt => (
            Line::say("You denied what is appealed here, so others decide whether that stands."),
            next(&format!("nothing to do; {roles} decide.")),
        ),
        NotCounted::GoesToBackup => (
            Line::say("The time to answer is over, and the backup is being asked just now."),
            next("try again in a minute: then your word counts again."),
        ),
        NotCounted::NoReason => (
            Line::say("A no needs a reason: the requester reads it."),
            next("click Deny… again and say in a few words why."),
        ),
    };
    let mut lines = vec![what];
    lines.extend(next);
    let buttons = if *why == NotCounted::OwnRequest && !request.ask.is_review() {
        vec![button(&Button::TakeBack(request.id), "Take back")]
    } else {
        Vec::new()
    };
    Page::message().lines(lines).buttons(buttons).into_message()
}

/// What came of handing a grant back or revoking it.
pub fn ended(ended: &Ended) -> Message {
    match ended {
        Ended::Done { grant, agent } => {
            let now = match &grant.state {
                GrantState::Active => grant.expires_at,
                GrantState::Expired { at }
                | GrantState::Revoked { at, .. }
                | GrantState::Released { at, .. } => *at,
            };
            Page::message()
                .lines(vec![
                    Line::say("✓ ")
                        .bold(agent.slug.as_str())
                        .text(" no longer has ")
                        .bold(words::access(&grant.access))
                        .text(format!(", from this moment on · {}", grant.reference)),
                    Line::fact("State").line(words::grant_state(grant, now)),
                    Line::fact("Next").text("nothing to do. Its other grants stay as they are."),
                ])
                .into_message()
        }
        Ended::Refused(why) => refusal(why),
        Ended::Before => before(),
    }
}

/// What came of stopping an agent.
pub fn stopped(stopped: &Stopped) -> Message {
    match stopped {
        Stopped::Done { agent, grants, requests } => {
            let mut lines = vec![Line::say("🛑 ").bold(agent.slug.as_str()).text(" is stopped.")];
            lines.extend(grants_ended(grants));
            lines.extend(requests_cancelled(requests));
            lines.push(
                Line::fact("Next")
                    .text("it gets nothing until people approve that it may go on: ")
                    .code(format!("/agent reinstate {}", agent.slug)),
            );
            Page::message()
                .lines(lines)
                .buttons(vec![button(&Button::Show(agent.id), "Show agent")])
                .into_message()
        }
        Stopped::Refused(why) => refusal(why),
        Stopped::Before => before(),
    }
}

/// The grants that ended with an agent, if there were any.
pub(super) fn grants_ended(grants: &[Grant]) -> Option<Line> {
    let names = grants.iter().map(|g| format!("{} {}", g.reference, g.access)).collect();
    counted("Ended", "grant", names)
}

/// The requests that were cancelled with it, if there were any.
pub(super) fn requests_cancelled(requests: &[Request]) -> Option<Line> {
    counted("Cancelled", "request", requests.iter().map(|r| r.reference.to_string()).collect())
}

/// How many they are, and the first of them by name.
fn counted(label: &'static str, what: &str, names: Vec<String>) -> Option<Line> {
    let named = || first(&names, MOST_NAMED).join(", ");
    (!names.is_empty()).then(|| {
        Line::fact(label).text(format!("{}: {}", words::count(names.len(), what), named()))
    })
}

/// What came of taking a request back.
pub fn cancelled(cancelled: &Cancelled) -> Message {
    match cancelled {
        Cancelled::Done { request, agent } => Page::message()
            .lines(vec![
                Line::say(format!(
                    "✓ {} is taken back: {}.",
                    request.reference,
                    words::subject(request, agent)
                )),
                Line::fact("Next").text("nothing to do. It can be asked again at any time."),
            ])
            .into_message(),
        Cancelled::Refused(why) => refusal(why),
        Cancelled::Before => before(),
    }
}

/// The database or Slack could not be reached.
pub fn unavailable() -> Message {
    Page::message()
        .lines(vec![
            Line::say("⚠ That did not work just now: nothing was recorded."),
            Line::fact("Why").text("something that Countersign needs is not answering."),
            Line::fact("Next").text("try again in a minute. If it goes on, tell those who run it."),
        ])
        .into_message()
}

/// The database did not say in time whether it recorded what was done.
pub fn unsure() -> Message {
    Page::message()
        .lines(vec![
            Line::say("⚠ That took too long, and it is not certain that it was recorded."),
            Line::fact("Next")
                .text("look with ")
                .code("/agent")
                .text(" whether it was done; if not, try again in a minute."),
        ])
        .into_message()
}

/// Why this person can do nothing here.
pub fn not_for_you(standing: Standing) -> Message {
    Page::message()
        .lines(vec![
            Line::say(words::standing(standing))
                .text(" Only full, active members can ask, own and decide here."),
            Line::fact("Next").text("ask a full member of your team to do it for you."),
        ])
        .into_message()
}

/// What was typed is no command; `near` are commands that were perhaps meant.
pub fn not_understood(typed: &str, near: &[&str]) -> Message {
    let near: Vec<String> =
        near.iter().take(3).map(|name| format!("/agent {}", clip(name, 40))).collect();
    let mut lines = vec![Line::say("I do not understand ").quoted(&clip(typed, 80)).text(".")];
    lines.push(if near.is_empty() {
        Line::fact("Next").code("/agent help").text(" shows all that can be typed.")
    } else {
        Line::fact("Next")
            .text("did you mean ")
            .code(or(&near))
            .text("? All that can be typed: ")
            .code("/agent help")
    });
    Page::message().lines(lines).into_message()
}

/// Everything about a request, for the person who asks for details.
pub fn details(
    request: &Request,
    agent: &Agent,
    opens: Option<&str>,
    usual: Option<Span>,
    now: Timestamp,
) -> Message {
    let mut lines = vec![
        words::asks(request, agent).text(format!(" · {}", request.reference)),
        Line::fact("Asked").ago(request.asked_at, now).text(", ").at(request.asked_at, now),
    ];
    lines.extend(question(request, agent, opens));
    if let Some(usual) = usual.filter(|_| request.is_open(now)) {
        lines.push(Line::fact("Usually").text(roughly(usual)));
    }
    let mut page = Page::message().lines(lines);
    if request.ask != Ask::Registration {
        let mut about = vec![Line::strong(format!("About {}", agent.slug))];
        about.extend(super::card::description(agent));
        about.push(Line::fact("State").line(words::agent_state(agent, now)));
        page = page.lines(about);
    }
    let mut votes: Vec<Line> = request
        .findings
        .iter()
        .take(MOST_NAMED)
        .map(|finding| Line::say(words::finding(*finding)))
        .collect();
    votes.extend(words::requirements(request, agent, now));
    votes.push(match words::marked_outcome(request, agent, now) {
        Some(outcome) => outcome,
        None => words::until(request, None, now),
    });
    page.lines(votes)
        .small(Line::say(format!("{} · policy ", request.id)).code(clip(&request.policy, 20)))
        .buttons(vec![button(&Button::Show(agent.id), "Show agent")])
        .into_message()
}
