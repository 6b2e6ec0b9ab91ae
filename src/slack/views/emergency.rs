//! What was opened at once because it could not wait, and what is thought of it afterwards.

use super::escape::{clip, or, roughly};
use super::line::Line;
use super::page::{Message, Page, button, danger};
use super::refusals::refusal;
use super::words;
use crate::domain::agent::Agent;
use crate::domain::emergency::NotThen;
use crate::domain::grant::Grant;
use crate::domain::request::{Ask, Request};
use crate::domain::role::RoleName;
use crate::domain::time::Timestamp;
use crate::service::emergency::{Broken, NoEmergency};
use crate::service::outcome::VoteReply;
use crate::slack::actions::Button;

/// So many of those who were skipped are named.
const MOST_SKIPPED: usize = 8;

/// What an emergency was, or what is asked about it, as the beginning of a card.
pub fn asks(request: &Request, agent: &Agent) -> Line {
    let slug = agent.slug.as_str();
    let access = request.ask.access().map(words::access).unwrap_or_default();
    match &request.ask {
        Ask::Review { .. } => Line::say("Was it an emergency? ")
            .bold(slug)
            .text(" got ")
            .bold(access)
            .text(" at once"),
        _ => Line::strong(slug).text(" gets ").bold(access).text(" at once"),
    }
}

/// What never changes about an emergency, or about its review.
pub fn question(request: &Request, agent: &Agent) -> Vec<Line> {
    let mut lines = Vec::new();
    match &request.ask {
        Ask::Review { emergency, lasting, .. } => lines.push(
            Line::fact("Opened by")
                .person(&request.asked_by)
                .text(format!(" for {}, without asking anybody · {emergency}", lasting.words())),
        ),
        Ask::Emergency { lasting, .. } => {
            lines.push(Line::fact("For").text(lasting.words()));
            lines.push(Line::fact("Opened by").person(&request.asked_by));
        }
        _ => {}
    }
    lines.push(Line::fact("Owner").person(&agent.owner).text(format!(", tier {}", agent.tier)));
    lines
}

/// When a review is due.
pub fn due(review: &Request, now: Timestamp) -> Line {
    if review.is_overdue(now) {
        Line::say("⚠ ").bold("Overdue").text("  since ").at(review.decide_by, now)
    } else {
        Line::fact("Due").at(review.decide_by, now)
    }
}

/// To those who were skipped: what is open, why, and how to end it. Kept true.
pub fn opened(
    request: &Request,
    agent: &Agent,
    grant: &Grant,
    review: Option<&Request>,
    now: Timestamp,
) -> Message {
    let live = grant.is_live(now);
    let access = words::access(&grant.access);
    let title = Line::say(if live { "🚨 " } else { "⌛ " })
        .bold(agent.slug.as_str())
        .text(if live { " has " } else { " had " })
        .bold(access)
        .text(format!(" in an emergency: nobody was asked · {}", request.reference));
    let mut lines = vec![title];
    lines.extend(question(request, agent));
    lines.extend(request.ask.because().map(|because| Line::fact("Why").quoted(because)));
    lines.push(Line::fact("State").line(words::grant_state(grant, now)));
    lines.extend(skipped(request));
    lines.extend(review.map(|review| reviewing(review, agent, now)));
    let mut buttons = Vec::new();
    if live {
        lines.push(
            Line::fact("Next")
                .text("if it should not be so, end it; else nothing. It ends by itself, too."),
        );
        buttons.push(danger(&Button::Revoke(grant.id), "Revoke…"));
    }
    buttons.push(button(&Button::Details(request.id), "Details"));
    buttons.push(button(&Button::Show(agent.id), "Show agent"));
    Page::message().lines(lines).buttons(buttons).into_message()
}

fn skipped(request: &Request) -> Option<Line> {
    let (first, others) = request.asked.split_first()?;
    let mut line = Line::fact("Not asked").person(&first.person);
    for one in others.iter().take(MOST_SKIPPED) {
        line = line.text(", ").person(&one.person);
    }
    Some(match others.len().saturating_sub(MOST_SKIPPED) {
        0 => line,
        more => line.text(format!(" and {more} more")),
    })
}

/// How the review stands.
fn reviewing(review: &Request, agent: &Agent, now: Timestamp) -> Line {
    let line = Line::fact("Review").text(format!("{}: ", review.reference));
    match words::marked_outcome(review, agent, now) {
        Some(outcome) => line.line(outcome),
        None if review.is_overdue(now) => line
            .text(format!("⚠ overdue, by {}, since ", words::roles(&review.awaited())))
            .at(review.decide_by, now),
        None => line
            .text(format!("by {}, due ", words::roles(&review.awaited())))
            .at(review.decide_by, now),
    }
}

/// To security's channel: a review should have been done by now. Kept true.
pub fn overdue(review: &Request, agent: &Agent, now: Timestamp) -> Message {
    let emergency = match &review.ask {
        Ask::Review { emergency, .. } => emergency.to_string(),
        _ => review.reference.to_string(),
    };
    let what = format!(" · {}", review.reference);
    let lines = match words::marked_outcome(review, agent, now) {
        Some(outcome) => vec![
            Line::say(format!("The review of {emergency} was overdue, and is done{what}")),
            outcome,
        ],
        None => vec![
            Line::say("⚠ ").bold(format!("The review of {emergency} is overdue")).text(what),
            Line::fact("Due").at(review.decide_by, now),
            Line::fact("Opened by")
                .person(&review.asked_by)
                .text(", who cannot break the glass again until it is done"),
            Line::fact("Waits for").text(words::roles(&review.awaited())),
            Line::fact("Next").text(
                "say whether it was justified, on the card above or in your messages from the app. \
                 Those awaited are reminded every day.",
            ),
        ],
    };
    Page::message()
        .lines(lines)
        .buttons(vec![button(&Button::Details(review.id), "Details")])
        .into_message()
}

/// A review found that it was none.
pub fn not_one(review: &Request, agent: &Agent) -> Line {
    let emergency = match &review.ask {
        Ask::Review { emergency, .. } => emergency.to_string(),
        _ => review.reference.to_string(),
    };
    Line::say(format!("{emergency} was not justified: ")).bold(agent.slug.as_str())
}

/// What a reviewer's last word did; none where it is said like any other vote.
pub fn reviewed(reply: &VoteReply) -> Option<Message> {
    let told = |request: &Request, what: &str| {
        Line::fact("Next").text("nothing to do; ").person(&request.asked_by).text(what)
    };
    let lines = match reply {
        VoteReply::Approved { request, agent, .. } if request.ask.is_review() => vec![
            Line::say(format!("✅ Justified: {}.", words::subject(request, agent))),
            told(request, " is told, and may do it again."),
        ],
        VoteReply::Denied { request, agent } if request.ask.is_review() => vec![
            Line::say(format!("❌ Not justified: {}.", words::subject(request, agent))),
            Line::say("What was left of the grant has ended, and security’s channel is told."),
            told(request, " is told your reason."),
        ],
        _ => return None,
    };
    Some(Page::message().lines(lines).into_message())
}

/// What came of breaking the glass, to who did it.
pub fn broken(broken: &Broken) -> Message {
    match broken {
        Broken::Opened { agent, request, grant, review } => {
            let now = request.asked_at;
            let left = grant
                .left(now)
                .map_or_else(String::new, |left| format!(" ({} left)", roughly(left)));
            let told = words::count(request.asked.len(), "person");
            let told = told.replace("persons", "people");
            Page::message()
                .lines(vec![
                    Line::say("🚨 ")
                        .bold(agent.slug.as_str())
                        .text(" has ")
                        .bold(words::access(&grant.access))
                        .text(" until ")
                        .at(grant.expires_at, now)
                        .text(format!("{left} · {}", request.reference)),
                    Line::fact("Told").text(format!(
                        "{told} who would have been asked, and security’s channel: with your reason"
                    )),
                    reviewing(review, agent, now)
                        .text("; until it is done you cannot break the glass again"),
                    Line::fact("Next").text("do what you must, and end it as soon as it is done."),
                ])
                .buttons(vec![
                    button(&Button::Revoke(grant.id), "End it…"),
                    button(&Button::Show(agent.id), "Show agent"),
                ])
                .into_message()
        }
        Broken::Refused(why) => refusal(why),
        Broken::Before => Page::message()
            .line(Line::say("This was received before and is done; nothing was done twice."))
            .into_message(),
    }
}

/// Why it is not opened at once: one sentence.
pub fn why_not(why: &NoEmergency) -> Line {
    match why {
        NoEmergency::NotInPolicy => {
            Line::say("The policy here allows nobody to open something without asking.")
        }
        NoEmergency::NotEntitled { who } => Line::say(format!(
            "Only these may open something without asking: {}. You are not among them.",
            either(who)
        )),
        NoEmergency::NotThen { agent, access, why } => {
            let slug = agent.slug.as_str();
            match why {
                NotThen::Orphaned => Line::say("Nobody answers for ")
                    .bold(slug)
                    .text(": its owner has left. So nothing is opened for it without asking."),
                NotThen::TierTooLow { needs, has } => Line::strong(words::access(access))
                    .text(format!(" needs tier {needs}, and "))
                    .bold(slug)
                    .text(format!(" is tier {has}: an emergency never raises a tier.")),
                NotThen::TooLong { asked, longest } => Line::say(format!(
                    "{} is too long: what is opened in an emergency lasts at most {}.",
                    asked.words(),
                    longest.words()
                )),
                NotThen::ThinReason => Line::say(
                    "The reason says too little: those who were not asked, and those who review it, \
                     have only this.",
                ),
            }
        }
        NoEmergency::ReviewDue(review) => {
            let before = match &review.ask {
                Ask::Review { emergency, .. } => emergency.to_string(),
                _ => review.reference.to_string(),
            };
            Line::say(format!(
                "Your last emergency, {before}, was not reviewed yet ({}): until then there is no \
                 second one.",
                review.reference
            ))
        }
        NoEmergency::NobodyReviews { roles } => Line::say(format!(
            "Nobody could review it afterwards: there is nobody else for {}.",
            words::roles(roles)
        )),
        NoEmergency::Owed => {
            Line::say("A review is owed: it cannot be taken back, only done by those who do it.")
        }
    }
}

/// What would help.
pub fn next(why: &NoEmergency) -> Option<Line> {
    Some(match why {
        NoEmergency::NotInPolicy | NoEmergency::NotEntitled { .. } => {
            Line::say("ask in the usual way: ")
                .code("/agent request")
                .text(", and tell the people.")
        }
        NoEmergency::NotThen { why, .. } => match why {
            NotThen::Orphaned => Line::say("somebody has to own it first."),
            NotThen::TierTooLow { .. } => Line::say("ask in the usual way: ")
                .code("/agent request")
                .text(". A yes of the people raises the tier, too."),
            NotThen::TooLong { longest, .. } => Line::say("take ")
                .code(longest.to_string())
                .text(" or less, and ask for more meanwhile: ")
                .code("/agent request"),
            NotThen::ThinReason => {
                Line::say("say what is broken, who is affected, and what you do: ")
                    .code("because orders are stuck since noon, the queue must be emptied")
            }
        },
        NoEmergency::ReviewDue(review) => Line::say(format!(
            "speak to {}, who review it; or ask in the usual way: ",
            words::roles(&review.awaited())
        ))
        .code("/agent request"),
        NoEmergency::NobodyReviews { .. } => {
            Line::say("security has been told. Ask in the usual way: ").code("/agent request")
        }
        NoEmergency::Owed => return None,
    })
}

fn either(roles: &[RoleName]) -> String {
    let said: Vec<String> = roles.iter().map(|name| clip(&words::role(name), 60)).collect();
    or(&said)
}
