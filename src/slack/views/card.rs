//! A request, as those who decide see it.

use slack_morphism::prelude::SlackBlockButtonElement;

use super::escape::{and, clip, first};
use super::keys;
use super::line::Line;
use super::page::{Message, Page, button, danger, primary};
use super::words::{self, MOST_NAMED};
use crate::domain::agent::{Agent, AgentState};
use crate::domain::delivery::Face;
use crate::domain::request::{Acceptance, Ask, Denied, Origin, Request, RequestState};
use crate::domain::task::Submitter;
use crate::domain::time::{Span, Timestamp};
use crate::slack::actions::Button;

/// The card's first shape: what is asked, and nothing that changes. If the answer to its posting is
/// lost it is posted again, and this copy is never updated.
pub fn new_card(face: Face, request: &Request, agent: &Agent) -> Message {
    let mut lines = vec![title(face, request, agent)];
    lines.extend(question(request, agent, None));
    Page::message()
        .lines(lines)
        .small(Line::say("Where it stands: ").code(format!("/agent show {}", agent.slug.as_str())))
        .into_message()
}

/// The whole card, as it is at this moment.
///
/// `opens` is what opens if approved, in the policy's plain words; `usual` the time it usually takes.
pub fn card(
    face: Face,
    request: &Request,
    agent: &Agent,
    opens: Option<&str>,
    usual: Option<Span>,
    now: Timestamp,
) -> Message {
    let mut lines = vec![title(face, request, agent)];
    lines.extend(question(request, agent, opens));
    lines.extend(words::findings(&request.findings));
    lines.extend(words::escalated(request, now));
    lines.extend(words::requirements(request, agent, now));
    if request.is_open(now) {
        lines.push(words::until(request, usual, now));
    }
    Page::message()
        .lines(lines)
        .lines(words::marked_outcome(request, agent, now).into_iter().collect())
        .buttons(buttons(face, request, now))
        .into_message()
}

fn title(face: Face, request: &Request, agent: &Agent) -> Line {
    let line = match face {
        Face::Approval => words::asks(request, agent),
        // Once it has ended, nothing waits any more.
        Face::Reminder if matches!(request.state, RequestState::Open) => {
            Line::say("⏳ Still waiting: ").line(words::asks(request, agent))
        }
        Face::Backup if matches!(request.state, RequestState::Open) => {
            Line::say("⏳ Nobody answered in time, so you are asked: ")
                .line(words::asks(request, agent))
        }
        Face::Reminder | Face::Backup => words::asks(request, agent),
        Face::Ownership => Line::default()
            .person(&request.asked_by)
            .text(" asks you to answer for ")
            .bold(agent.slug.as_str())
            .text(" as its owner"),
    };
    line.text(format!(" · {}", request.reference))
}

/// What is asked: the lines that never change while the request lives.
pub fn question(request: &Request, agent: &Agent, opens: Option<&str>) -> Vec<Line> {
    let mut lines = Vec::new();
    match &request.ask {
        Ask::Registration => {
            lines.extend(description(agent));
            if let Some((name, proof, lasting)) = request.credential() {
                lines.push(Line::fact("Key").quoted(&clip(name, 60)).text(format!(
                    " · {}, for {}",
                    keys::kind(proof),
                    lasting.words()
                )));
                lines.extend(keys::proof(proof));
            }
            lines.push(asked_by(request, agent).text(", team ").text(agent.team.as_str()));
            return lines;
        }
        Ask::Grant { lasting, raise_to, .. } => {
            let lasts = Line::fact("For").text(format!("{} from approval", lasting.words()));
            // Written out: the card's first shape has no moment from which to count.
            lines.push(match request.origin.not_after() {
                None => lasts,
                Some(until) => lasts.text(", not beyond ").at(until, request.asked_at),
            });
            let tier = match raise_to {
                Some(to) => format!(", tier {} → {to}", agent.tier),
                None => format!(", tier {}", agent.tier),
            };
            lines.push(asked_by(request, agent).text(tier));
        }
        Ask::Emergency { .. } | Ask::Review { .. } => {
            lines.extend(super::emergency::question(request, agent));
        }
        Ask::Appeal { denied, .. } => {
            lines.extend(both_sides(request, agent, denied));
            if let Some(opens) = opens {
                lines.push(Line::fact("Opens").text(clip(opens, 300)));
            }
            return lines;
        }
        Ask::Extension { .. } => {
            lines.push(asked_by(request, agent).text(format!(", tier {}", agent.tier)));
        }
        Ask::Credential { proof, lasting, .. } => {
            lines.extend(keys::proof(proof));
            lines.push(
                Line::fact("For")
                    .text(format!("⚠ {} from approval, then it ends", lasting.words())),
            );
            lines.push(asked_by(request, agent).text(format!(", tier {}", agent.tier)));
        }
        Ask::Handover { to, .. } => {
            lines.push(Line::fact("New owner").person(to));
            lines.extend(description(agent));
            lines.push(asked_by(request, agent).text(", team ").text(agent.team.as_str()));
        }
        Ask::TierChange { from, to, .. } => {
            lines.extend(super::life::tier_change(*from, *to));
            lines.push(asked_by(request, agent));
        }
        Ask::Change { change, .. } => {
            lines.extend(super::life::change(change));
            lines.push(asked_by(request, agent));
        }
        Ask::Reinstatement { .. } => {
            lines.push(asked_by(request, agent).text(format!(", tier {}", agent.tier)));
            if let AgentState::Suspended { by, reason, .. } = &agent.state {
                let line = Line::fact("Stopped by").by(by);
                lines.push(if reason.is_empty() { line } else { line.text(": ").quoted(reason) });
            }
        }
    }
    if let Some(because) = request.ask.because() {
        lines.push(Line::fact("Why").quoted(because));
    }
    if let Some(opens) = opens {
        lines.push(Line::fact("Opens").text(super::escape::clip(opens, 300)));
    }
    lines
}

/// What was asked and why, why it was denied and by whom, and what is new.
fn both_sides(request: &Request, agent: &Agent, denied: &Denied) -> Vec<Line> {
    let mut lines = Vec::new();
    match &denied.ask {
        Ask::Registration => lines.extend(description(agent)),
        Ask::Credential { proof, .. } => lines.extend(keys::proof(proof)),
        _ => {}
    }
    if let Some(lasting) = denied.ask.lasting() {
        lines.push(Line::fact("For").text(format!("{} from approval", lasting.words())));
    }
    lines.push(by_whom("Appealed by", request, agent).text(format!(", tier {}", agent.tier)));
    let mut asked = Line::fact("Asked").text(format!("{} by ", denied.reference));
    asked = asked.person(&denied.asked_by);
    lines.push(match denied.ask.because() {
        Some(because) => asked.text(": ").quoted(because),
        None => asked,
    });
    lines.push(
        Line::fact("Denied")
            .text("by ")
            .person(&denied.by)
            .text(", ")
            .at(denied.at, request.asked_at)
            .text(": ")
            .quoted(&denied.reason),
    );
    lines.extend(request.ask.because().map(|because| Line::fact("New").quoted(because)));
    lines
}

/// A credential that is asked for: its name and kind.
pub fn asked_for_credential(ask: &Ask) -> Line {
    match ask {
        Ask::Credential { name, proof, .. } => {
            Line::default().quoted(&clip(name, 60)).text(format!(" · {}", keys::kind(proof)))
        }
        other => Line::say(other.word()),
    }
}

fn asked_by(request: &Request, agent: &Agent) -> Line {
    by_whom("Asked by", request, agent)
}

/// Who put the question, and who answers for the agent.
fn by_whom(title: &str, request: &Request, agent: &Agent) -> Line {
    if let Origin::Agent { by_service, .. } = &request.origin {
        let program = match by_service {
            None => Submitter::Agent(agent.id),
            Some(name) => Submitter::Service(name.clone()),
        };
        return Line::fact(title)
            .line(words::itself(&program, agent))
            .text(" (owner ")
            .person(&agent.owner)
            .text(")");
    }
    let line = Line::fact(title).person(&request.asked_by);
    if request.asked_by == agent.owner {
        line.text(" (owner)")
    } else {
        line.text(", owner ").person(&agent.owner)
    }
}

/// What an agent is: purpose, systems, where it runs, model, tier and why.
pub fn description(agent: &Agent) -> Vec<Line> {
    let said = &agent.description;
    let systems: Vec<String> =
        said.systems.iter().map(|system| super::escape::clip(system, 60)).collect();
    let systems = if systems.is_empty() {
        "nothing named".to_owned()
    } else {
        and(&first(&systems, MOST_NAMED))
    };
    let why: Vec<String> = said.answers.reasons().into_iter().map(str::to_owned).collect();
    let raised = if agent.tier > said.answers.tier() { "; raised since" } else { "" };
    vec![
        Line::fact("Purpose").quoted(&said.purpose),
        Line::fact("Touches").text(systems),
        Line::fact("Runs on")
            .text(super::escape::clip(&said.runs_on, 120))
            .text(" · ")
            .bold("Model")
            .text("  ")
            .text(super::escape::clip(&said.model, 120)),
        Line::fact("Tier").text(format!(
            "{}, {}: {}{raised}",
            agent.tier,
            agent.tier.meaning(),
            and(&why)
        )),
    ]
}

/// What can be clicked on the card: nothing once the request has ended.
fn buttons(face: Face, request: &Request, now: Timestamp) -> Vec<SlackBlockButtonElement> {
    let id = request.id;
    let details = button(&Button::Details(id), "Details");
    match face {
        _ if !request.is_open(now) => Vec::new(),
        Face::Approval | Face::Reminder | Face::Backup => decide(request),
        Face::Ownership if request.acceptance == Acceptance::Awaited => vec![
            primary(&Button::Accept(id), "Accept"),
            danger(&Button::Decline(id), "Decline…"),
            details,
        ],
        Face::Ownership => vec![details],
    }
}

/// Approve, Deny and Details.
pub fn decide(request: &Request) -> Vec<SlackBlockButtonElement> {
    let (yes, no) = match request.ask.is_review() {
        true => ("Justified", "Not justified…"),
        false => ("Approve", "Deny…"),
    };
    vec![
        primary(&Button::Approve(request.id), yes),
        danger(&Button::Deny(request.id), no),
        button(&Button::Details(request.id), "Details"),
    ]
}
