//! Incidents: that there is one, what is known, what happened.

use super::escape::clip;
use super::keys;
use super::line::Line;
use super::lists::happened;
use super::page::{Message, Page, button, danger};
use super::refusals::refusal;
use super::words::{self, MOST_NAMED};
use crate::domain::activity::Activity;
use crate::domain::agent::Agent;
use crate::domain::evaluation::{Decision, Record};
use crate::domain::event::Actor;
use crate::domain::incident::{Incident, IncidentState};
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::service::incidents::{
    Deeds, Entry, Happened, IncidentOf, Incidental, Known, NoIncident, Timeline,
};
use crate::slack::actions::Button;

/// So many of the last entries a timeline shows in Slack.
const MOST_ENTRIES: usize = 20;

/// To security's channel and to those on call: an incident. Kept true.
pub fn opened(incident: &Incident, agent: &Agent, now: Timestamp) -> Message {
    let slug = agent.slug.as_str();
    let reference = incident.reference;
    let mut lines = vec![match &incident.state {
        IncidentState::Open => {
            Line::say("🚨 ").bold(format!("Incident {reference}")).text(": ").bold(slug)
        }
        IncidentState::Closed { .. } => {
            Line::say("✅ ").bold(format!("Incident {reference} is closed")).text(": ").bold(slug)
        }
    }];
    lines.push(Line::fact("Why").quoted(&incident.reason));
    lines.push(
        Line::fact("Opened by").person(&incident.opened_by).text(", ").at(incident.opened_at, now),
    );
    lines.push(Line::fact("Owner").person(&incident.owner));
    lines.push(Line::fact("On call").line(people(&incident.on_call)));
    lines.push(Line::fact("Agent").line(words::agent_state(agent, now)));
    if incident.is_open() {
        lines.push(Line::fact("Next").text(
            "what is known stands in the thread in security’s channel: look into it together \
                 there, and close the incident with what was found.",
        ));
    }
    lines.extend(closing(incident, now));
    Page::message().lines(lines).buttons(buttons(incident)).into_message()
}

fn buttons(incident: &Incident) -> Vec<slack_morphism::prelude::SlackBlockButtonElement> {
    let mut buttons = vec![button(&Button::Timeline(incident.id), "Timeline")];
    if incident.is_open() {
        buttons.push(danger(&Button::CloseIncident(incident.id), "Close…"));
    }
    buttons.push(button(&Button::Show(incident.agent), "Show agent"));
    buttons
}

fn people(people: &[PersonId]) -> Line {
    let Some((first, others)) = people.split_first() else {
        return Line::say("nobody: the policy names no role under ")
            .code("[incidents]")
            .text(", or nobody holds it");
    };
    let line = Line::default().person(first);
    let line = others.iter().take(MOST_NAMED).fold(line, |line, one| line.text(", ").person(one));
    match others.len().saturating_sub(MOST_NAMED) {
        0 => line,
        more => line.text(format!(" and {more} more")),
    }
}

fn closing(incident: &Incident, now: Timestamp) -> Option<Line> {
    let IncidentState::Closed { at, by, note } = &incident.state else { return None };
    Some(Line::fact("Closed by").person(by).text(", ").at(*at, now).text(": ").quoted(note))
}

/// Below it: some of what is known.
pub fn facts(incident: &Incident, agent: &Agent, known: &Known, now: Timestamp) -> Message {
    let lines = match known {
        Known::Deeds(deeds) => did(incident, deeds, now),
        Known::Grants(grants) => {
            let mut lines = vec![Line::strong("What it had, and who allowed it")];
            for (grant, request) in grants.iter().take(MOST_NAMED) {
                let line = Line::say(format!("• {}  ", grant.reference))
                    .bold(words::access(&grant.access))
                    .text("  ");
                let outcome = request.as_ref().and_then(|r| words::outcome(r, agent, now));
                lines.push(match outcome {
                    Some(outcome) => line.line(outcome),
                    None => line.text("its request is not on the record"),
                });
            }
            lines.extend(more(grants.len()));
            if grants.is_empty() {
                lines.push(Line::say("It held no grant."));
            }
            lines
        }
        Known::Models { registered, seen } => {
            let mut lines = vec![
                Line::strong("The models that it was seen with"),
                Line::say("• registered as ").quoted(&clip(registered, 120)),
            ];
            for one in seen.iter().take(MOST_NAMED) {
                lines.push(
                    Line::say("• ")
                        .quoted(&clip(&one.model, 120))
                        .text(format!(", {}, last ", times(one.times)))
                        .at(one.last, now),
                );
            }
            lines.extend(more(seen.len()));
            if seen.is_empty() {
                lines.push(Line::say("It named none in that time."));
            }
            lines
        }
        Known::CutOff { credentials, tokens, requests } => {
            let mut lines = vec![Line::strong("What it could act by, and what it waited for")];
            for one in credentials.iter().take(MOST_NAMED) {
                lines.push(
                    Line::say("• credential ")
                        .quoted(&clip(&one.name, 60))
                        .text(format!(" · {}", keys::kind(&one.proof))),
                );
            }
            lines.extend(more(credentials.len()));
            lines.push(Line::say(format!("• {}", words::count(*tokens, "live token"))));
            for one in requests.iter().take(MOST_NAMED) {
                lines.push(
                    Line::say(format!("• {}  ", one.reference)).text(words::subject(one, agent)),
                );
            }
            lines.extend(more(requests.len()));
            if !agent.is_active() {
                lines.push(Line::say(
                    "None of it opens anything while the agent is stopped. Keys that may be known \
                     to others should be taken away: see Show agent, Keys.",
                ));
            }
            lines
        }
        Known::Closing => {
            let reference = incident.reference;
            let mut lines = vec![
                Line::say("✅ ")
                    .bold(format!("Incident {reference} is closed"))
                    .text(": ")
                    .bold(agent.slug.as_str()),
            ];
            lines.extend(closing(incident, now));
            if !agent.is_active() {
                lines.push(
                    Line::fact("Next")
                        .text(
                            "the agent stays as it is. If it may go on, its owner asks for that: ",
                        )
                        .code(format!("/agent reinstate {}", agent.slug)),
                );
            }
            lines.push(
                Line::say("The whole story: ").code(format!("countersign incident {reference}")),
            );
            lines
        }
    };
    Page::message().lines(lines).into_message()
}

fn more(all: usize) -> Option<Line> {
    let more = all.saturating_sub(MOST_NAMED);
    (more > 0).then(|| Line::say(format!("… and {more} more")))
}

fn times(n: usize) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}

fn counted(deeds: &Deeds) -> Line {
    let asked = deeds.allowed + deeds.denied;
    if asked == 0 && deeds.activities == 0 {
        return Line::say("It asked nothing, and told of nothing that it did.");
    }
    Line::say(format!(
        "It asked {}: {} allowed, {} denied. It told of {}.",
        times(asked),
        deeds.allowed,
        deeds.denied,
        match deeds.activities {
            1 => "1 thing that it did".to_owned(),
            n => format!("{n} things that it did"),
        }
    ))
}

fn did(incident: &Incident, deeds: &Deeds, now: Timestamp) -> Vec<Line> {
    let mut lines = vec![
        Line::strong("What it did").text(" before, since ").at(incident.since, now),
        counted(deeds),
    ];
    if !deeds.complete {
        lines
            .push(Line::say("Only the last part of that time was looked through: there was more."));
    }
    if !deeds.refusals.is_empty() {
        lines.push(Line::strong("Its last refusals"));
        lines.extend(
            deeds
                .refusals
                .iter()
                .map(|one| Line::say("• ").at(one.at, now).text("  ").line(asked(one))),
        );
    }
    if !deeds.last.is_empty() {
        lines.push(Line::strong("What it did last"));
        lines.extend(
            deeds
                .last
                .iter()
                .map(|one| Line::say("• ").at(one.occurred_at, now).text("  ").line(deed(one))),
        );
    }
    lines
}

/// `write on database “orders”: denied (approval_required)`.
fn asked(record: &Record) -> Line {
    let line = Line::say(clip(&record.action, 60))
        .text(" on ")
        .text(clip(&record.resource.kind, 60))
        .text(" ")
        .quoted(&clip(&record.resource.id, 80));
    match &record.answer {
        Decision::Allow { .. } => line.text(": allowed"),
        Decision::Deny { denial } => line.text(format!(": denied ({})", denial.code())),
    }
}

/// What was done, as it was told: how it ended, what it touched, why.
fn deed(activity: &Activity) -> Line {
    let deed = &activity.deed;
    let mut line = Line::say(deed.outcome.map_or("done", |outcome| outcome.word()));
    if let Some(task) = &deed.task {
        line = line.text(", ").quoted(&clip(task, 80));
    }
    if let Some(first) = deed.data_accessed.first() {
        line =
            line.text(format!(", touched {} ", clip(&first.kind, 60))).quoted(&clip(&first.id, 80));
        if deed.data_accessed.len() > 1 {
            line = line.text(format!(" and {} more", deed.data_accessed.len() - 1));
        }
    }
    match &deed.decision_rationale {
        Some(why) => line.text(", because ").quoted(&clip(why, 120)),
        None => line,
    }
}

/// The incidents that are open.
pub fn list(open: &[IncidentOf], now: Timestamp) -> Message {
    if open.is_empty() {
        return Page::message()
            .lines(vec![
                Line::strong("No incident is open."),
                Line::fact("Next")
                    .text("if something is wrong with an agent: ")
                    .code("/agent incident support-agent-v2 because …"),
            ])
            .into_message();
    }
    Page::message()
        .line(Line::strong(words::count(open.len(), "open incident")))
        .entries(open, open.len(), 10, |page, IncidentOf { incident, agent }| {
            let lines = vec![
                Line::say(format!("🚨 {}  ", incident.reference))
                    .bold(agent.slug.as_str())
                    .text(", opened by ")
                    .person(&incident.opened_by)
                    .text(", ")
                    .at(incident.opened_at, now),
                Line::fact("Why").quoted(&incident.reason),
            ];
            page.entry(&incident.id.to_string(), lines, buttons(incident))
        })
        .into_message()
}

/// What happened around an incident: the last of it.
pub fn timeline(told: &Timeline, now: Timestamp) -> Message {
    let Timeline { incident, agent, entries, complete, .. } = told;
    let reference = incident.reference;
    let mut lines = vec![
        Line::strong(format!("Timeline of {reference}")).text(": ").bold(agent.slug.as_str()),
        Line::fact("From").at(incident.since, now),
    ];
    let before = entries.len().saturating_sub(MOST_ENTRIES);
    if before > 0 || !complete {
        lines.push(Line::say(format!("… {} before", words::count(before, "more entry"))));
    }
    let last = entries.iter().skip(before);
    lines.extend(last.map(|one| entry(one, agent, now).shortened(200)));
    Page::message()
        .lines(lines)
        .small(
            Line::say("All of it, with the proof that nobody changed the log: ")
                .code(format!("countersign incident {reference}")),
        )
        .into_message()
}

fn entry(entry: &Entry, agent: &Agent, now: Timestamp) -> Line {
    let line = Line::say("• ").at(entry.at, now).text("  ");
    match &entry.what {
        Happened::Log { body, .. } => {
            let line = line.text(happened(&body.what, agent));
            match &body.actor {
                Actor::Person(person) => line.text(", ").person(person),
                Actor::Agent(_) => line.text(", by itself"),
                Actor::Service(name) => line.text(", ").text(clip(name, 60)),
                Actor::IdentityProvider | Actor::System => line,
            }
        }
        Happened::Evaluation { evaluation } => line.text("asked: ").line(asked(evaluation)),
        Happened::Activity { activity } => line.text("did: ").line(deed(activity)),
    }
}

/// What came of opening or closing one, to who did it.
pub fn done(incidental: &Incidental) -> Message {
    match incidental {
        Incidental::Opened(IncidentOf { incident, agent }) => {
            let now = incident.opened_at;
            let stopped = match incident.stopped {
                true => " is stopped, and what it had is cut off",
                false => " was not at work before",
            };
            Page::message()
                .lines(vec![
                    Line::say(format!("🚨 {} is open: ", incident.reference))
                        .bold(agent.slug.as_str())
                        .text(format!("{stopped}.")),
                    Line::fact("Told")
                        .text("security’s channel; on call: ")
                        .line(people(&incident.on_call)),
                    Line::fact("Agent").line(words::agent_state(agent, now)),
                    Line::fact("Next").text(
                        "what is known comes into the thread in security’s channel: look into it \
                         together there.",
                    ),
                ])
                .buttons(buttons(incident))
                .into_message()
        }
        Incidental::Closed(IncidentOf { incident, agent }) => {
            let mut lines = vec![
                Line::say(format!("✅ {} is closed: ", incident.reference))
                    .bold(agent.slug.as_str())
                    .text("."),
            ];
            lines.push(Line::fact("Next").text(match agent.is_active() {
                true => "nothing to do; its owner is told.",
                false => "nothing to do; its owner is told, and can ask that it may go on.",
            }));
            Page::message().lines(lines).into_message()
        }
        Incidental::Refused(why) => refusal(why),
        Incidental::Before => Page::message()
            .line(Line::say("This was received before and is done; nothing was done twice."))
            .into_message(),
    }
}

/// Why nothing can be done so: one sentence.
pub fn why_not(why: &NoIncident) -> Line {
    match why {
        NoIncident::MayNotOpen { agent, owner } => Line::say(
            "Only the owner, the leads of its team, those on call and security look into incidents \
             of ",
        )
        .bold(agent.as_str())
        .text(". Its owner is ")
        .person(owner)
        .text("."),
        NoIncident::MayNotClose { reference } => Line::say(format!(
            "{reference} is closed by security, those on call or a lead of the agent’s team, and not \
             by its owner."
        )),
        NoIncident::AlreadyOpen(incident) => Line::say(format!(
            "There is an incident about it already: {}, opened by ",
            incident.reference
        ))
        .person(&incident.opened_by)
        .text("."),
        NoIncident::Closed(incident) => match &incident.state {
            IncidentState::Closed { at, by, .. } => {
                Line::say(format!("{} was closed by ", incident.reference))
                    .person(by)
                    .text(", ")
                    .at(*at, *at)
                    .text(".")
            }
            IncidentState::Open => Line::say(format!("{} is open.", incident.reference)),
        },
        NoIncident::Unknown => Line::say("There is no such incident."),
    }
}

/// What would help.
pub fn next(why: &NoIncident) -> Line {
    match why {
        NoIncident::MayNotOpen { owner, .. } => {
            Line::say("tell ").person(owner).text(" or security what you saw.")
        }
        NoIncident::MayNotClose { .. } => Line::say("write what you know into its thread."),
        NoIncident::AlreadyOpen(_) => {
            Line::say("write what you know into its thread in security’s channel.")
        }
        NoIncident::Closed(_) | NoIncident::Unknown => {
            Line::say("see what is open: ").code("/agent incidents")
        }
    }
}
