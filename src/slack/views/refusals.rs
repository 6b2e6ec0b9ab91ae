//! Why something cannot be asked or done, what would help, and how long that takes.

use super::appeals;
use super::escape::{at_most, clip, first, or};
use super::life;
use super::line::Line;
use super::owners;
use super::page::{Message, Page, button, hand_back};
use super::words::{self, MOST_NAMED};
use crate::domain::agent::{Agent, AgentState, Slug};
use crate::domain::request::{Request, RequestState};
use crate::service::emergency::NoEmergency;
use crate::service::incidents::NoIncident;
use crate::service::outcome::{NoAppeal, Refusal};
use crate::service::owners::outcome::OwnerRefusal;
use crate::slack::actions::Button;

/// The longest piece of what somebody typed that is said back to them.
const TYPED: usize = 80;

/// The private answer.
pub fn refusal(refusal: &Refusal) -> Message {
    page(refusal).into_message()
}

fn page(refusal: &Refusal) -> Page {
    let mut lines = vec![what(refusal)];
    lines.extend(next(refusal).map(|line| Line::fact("Next").line(line)));
    let page = Page::message().lines(lines);
    match refusal {
        Refusal::UnknownAgent { .. } => page.buttons(vec![
            button(&Button::Request(None), "Ask for access"),
            button(&Button::Register, "Register an agent"),
        ]),
        Refusal::Emergency(NoEmergency::ReviewDue(review)) => {
            page.buttons(vec![button(&Button::Details(review.id), "Details")])
        }
        Refusal::Incident(NoIncident::AlreadyOpen(incident)) => page.buttons(vec![
            button(&Button::Timeline(incident.id), "Timeline"),
            button(&Button::Show(incident.agent), "Show agent"),
        ]),
        Refusal::NotActive(agent) => page.buttons(match agent.state {
            AgentState::Pending { request } => vec![
                button(&Button::Details(request), "Details"),
                button(&Button::Show(agent.id), "Show agent"),
            ],
            _ if agent.orphaned.is_some() => {
                owners::buttons(&OwnerRefusal::Ownerless(agent.clone()))
            }
            AgentState::Suspended { .. } => life::undo(agent)
                .into_iter()
                .chain([button(&Button::Show(agent.id), "Show agent")])
                .collect(),
            AgentState::Active { .. }
            | AgentState::Retired { .. }
            | AgentState::Rejected { .. } => vec![button(&Button::Show(agent.id), "Show agent")],
        }),
        Refusal::Owner(refusal) => page.buttons(owners::buttons(refusal)),
        Refusal::AlreadyAsked(request) => page.buttons(vec![
            button(&Button::Details(request.id), "Details"),
            button(&Button::TakeBack(request.id), "Take back"),
        ]),
        Refusal::AlreadyHas(grant) => {
            page.buttons(vec![button(&Button::Extend(grant.id), "Extend…"), hand_back(grant)])
        }
        Refusal::NotDecided(request) => {
            page.buttons(vec![button(&Button::Details(request.id), "Details")])
        }
        Refusal::Appeal(NoAppeal::AppealedBefore(appeal)) => {
            page.buttons(vec![button(&Button::Details(appeal.id), "Details")])
        }
        Refusal::GrantEnded(grant) => {
            page.buttons(vec![button(&Button::Request(Some(grant.agent)), "Ask again")])
        }
        _ => page,
    }
}

/// What cannot be done, and why: one sentence.
pub fn what(refusal: &Refusal) -> Line {
    match refusal {
        Refusal::NotMember(standing) => Line::say(words::standing(*standing))
            .text(" Only full, active members can ask, own and decide here."),
        Refusal::UnknownAgent { typed, .. } if typed.trim().is_empty() => {
            Line::say("No agent was named.")
        }
        Refusal::UnknownAgent { typed, .. } => {
            Line::say("There is no agent ").quoted(&clip(typed, TYPED)).text(".")
        }
        Refusal::NotOwner { agent, owner } => Line::say("Only its owner can do that for ")
            .bold(agent.as_str())
            .text(": ")
            .person(owner)
            .text("."),
        Refusal::Owner(refusal) => owners::what(refusal),
        Refusal::NotActive(agent) => not_active(agent),
        Refusal::NotSuspended(agent) => Line::strong(agent.slug.as_str()).text(format!(
            " was not stopped (it is {}), so there is nothing to undo.",
            agent.state.word()
        )),
        Refusal::BadAccess { typed, .. } if typed.trim().is_empty() => {
            Line::say("It is not said what it should be allowed to do.")
        }
        Refusal::BadAccess { typed, .. } => Line::default()
            .quoted(&clip(typed, TYPED))
            .text(" names no access: write resource and action, like ")
            .code("database:read")
            .text("."),
        Refusal::UnknownResource { typed, .. } => {
            Line::say("There is no resource ").quoted(&clip(typed, TYPED)).text(".")
        }
        Refusal::UnknownAction { access, .. } if access.action.is_empty() => {
            Line::say("It is not said what it should do on ")
                .bold(clip(&access.resource, TYPED))
                .text(".")
        }
        Refusal::UnknownAction { access, .. } => Line::say("There is no action ")
            .quoted(&clip(&access.action, TYPED))
            .text(" on ")
            .bold(clip(&access.resource, TYPED))
            .text("."),
        Refusal::BadDuration { typed, .. } if typed.trim().is_empty() => {
            Line::say("It is not said for how long.")
        }
        Refusal::BadDuration { typed, .. } => {
            Line::default().quoted(&clip(typed, TYPED)).text(" is no length of time.")
        }
        Refusal::TooLong { asked, longest, tier } => Line::say(format!(
            "{} is too long: tier {tier} may have at most {} at once.",
            asked.words(),
            longest.words()
        )),
        Refusal::TooLongInAll { asked, longest, .. } => Line::say(format!(
            "{} more would be too long: a grant lasts at most {} in all.",
            asked.words(),
            longest.words()
        )),
        Refusal::NoReason => Line::say("A reason is missing."),
        Refusal::AlreadyAsked(request) => {
            Line::say(format!("This is being decided already: {}.", request.reference))
        }
        Refusal::AlreadyHas(grant) => {
            Line::say(format!("It has this already: {}, ", grant.reference))
                .text("until ")
                .at(grant.expires_at, grant.starts_at)
                .text(".")
        }
        Refusal::TooManyOpen { limit } => {
            Line::say(format!("It waits for {limit} answers already, which is as many as it may."))
        }
        Refusal::NobodyCanDecide { roles } => Line::say(format!(
            "Nobody could decide this: there is nobody else for {}.",
            words::roles(roles)
        )),
        Refusal::UnknownReference { typed, .. } if typed.trim().is_empty() => {
            Line::say("It is not said which one.")
        }
        Refusal::UnknownReference { typed, .. } => {
            Line::say("There is nothing here called ").quoted(&clip(typed, TYPED)).text(".")
        }
        Refusal::NotDecided(request) => Line::say(format!(
            "{} is a request that people are still deciding: there is no grant of it yet.",
            request.reference
        )),
        Refusal::GrantEnded(grant) => {
            Line::say(format!("{} is not live any more: ", grant.reference))
                .line(words::grant_state(grant, grant.expires_at))
        }
        Refusal::MayNotEnd { agent, owner } => {
            Line::say("Only the owner, those who decide on it, and security can do that for ")
                .bold(agent.as_str())
                .text(". Its owner is ")
                .person(owner)
                .text(".")
        }
        Refusal::MayNotStop { agent, owner } => Line::say("Only the owner and security can stop ")
            .bold(agent.as_str())
            .text(". Its owner is ")
            .person(owner)
            .text("."),
        Refusal::Emergency(why) => super::emergency::why_not(why),
        Refusal::Incident(why) => super::incidents::why_not(why),
        Refusal::Change(why) => life::what(why),
        Refusal::NotRequester { asked_by } => {
            Line::say("Only who asked can take a request back: ").person(asked_by).text(".")
        }
        Refusal::RequestEnded(request) => {
            Line::say(format!("{} has ended: it {}.", request.reference, how_ended(request)))
        }
        Refusal::Appeal(why) => appeals::what(why),
    }
}

fn not_active(agent: &Agent) -> Line {
    let line = Line::strong(agent.slug.as_str());
    match &agent.state {
        AgentState::Pending { .. } => line.text(" is not registered yet: people are deciding."),
        AgentState::Suspended { .. } => match life::why_suspended(agent) {
            Some(why) => line.text(" was ").line(why).text("."),
            None => line,
        },
        AgentState::Retired { by, .. } => line.text(" was retired by ").by(by).text("."),
        AgentState::Rejected { .. } => line.text(" was not approved; the name is free again."),
        AgentState::Active { .. } => line.text(" is at work already."),
    }
}

pub(super) fn how_ended(request: &Request) -> &'static str {
    match request.state {
        RequestState::Approved { .. } => "was approved",
        RequestState::Denied { .. } => "was denied",
        RequestState::Cancelled { .. } => "was cancelled",
        // Open and asked about as ended: its time has come, and nobody had recorded it yet.
        RequestState::Expired { .. } | RequestState::Open => "expired unanswered",
    }
}

/// What would help, if anything does.
pub fn next(refusal: &Refusal) -> Option<Line> {
    Some(match refusal {
        Refusal::NotMember(_) => Line::say("ask a full member of your team to do it for you."),
        Refusal::UnknownAgent { near, yours, .. } => unknown_agent(near, yours),
        Refusal::NotOwner { owner, .. } => Line::say("ask ").person(owner).text(" to do it."),
        Refusal::Owner(refusal) => owners::next(refusal),
        Refusal::Change(why) => life::next(why),
        Refusal::NotActive(agent) => match agent.state {
            _ if agent.orphaned.is_some() => owners::next(&OwnerRefusal::Ownerless(agent.clone())),
            AgentState::Pending { .. } => Line::say("wait for the answer; you will be told."),
            AgentState::Suspended { .. } => return life::undone_by(agent),
            AgentState::Retired { .. } | AgentState::Rejected { .. } => {
                Line::say("register it anew: ").code("/agent register")
            }
            AgentState::Active { .. } => return None,
        },
        Refusal::NotSuspended(agent) => {
            Line::say("see where it stands: ").code(format!("/agent show {}", agent.slug))
        }
        Refusal::BadAccess { resources, .. } => exist("resources", resources),
        Refusal::UnknownResource { near, all, .. } => {
            let exist = exist("resources", all);
            after(near, exist)
        }
        Refusal::UnknownAction { access, near, all } => {
            let all: Vec<String> = all
                .iter()
                .map(|(action, tier)| format!("{} (tier {tier})", clip(action, TYPED)))
                .collect();
            let exist = exist(&format!("actions on {}", clip(&access.resource, TYPED)), &all);
            after(near, exist)
        }
        Refusal::BadDuration { longest, .. } => Line::say("write it like ")
            .code("30m")
            .text(", ")
            .code("8h")
            .text(" or ")
            .code("1h30m")
            .text(format!("; at most {}.", longest.words())),
        Refusal::TooLong { longest, .. } => Line::say("ask for ")
            .code(longest.to_string())
            .text(" or less. It can be extended before it ends."),
        Refusal::TooLongInAll { left, .. } => match left {
            Some(left) => Line::say(format!("ask for at most {} more.", at_most(*left))),
            None => Line::say("let it end, and ask for a new grant."),
        },
        Refusal::NoReason => {
            Line::say("say in a few words why; people decide by it. For example: ")
                .code("because customer support queries")
        }
        Refusal::AlreadyAsked(request) => Line::say("wait for the answer, until ")
            .at(request.decide_by, request.asked_at)
            .text(" at the latest, or take it back and ask anew."),
        Refusal::AlreadyHas(_) => Line::say("nothing to do, or ask for more time."),
        Refusal::TooManyOpen { .. } => {
            Line::say("wait for one of the answers, or take a request back.")
        }
        Refusal::NobodyCanDecide { .. } => {
            Line::say("security has been told. Ask again once people hold these roles.")
        }
        Refusal::UnknownReference { near, .. } => {
            let near: Vec<String> = near.iter().map(ToString::to_string).collect();
            if near.is_empty() {
                Line::say("see what there is: ").code("/agent grants")
            } else {
                meant(&near)
            }
        }
        Refusal::NotDecided(request) => Line::say("wait for the answer, until ")
            .at(request.decide_by, request.asked_at)
            .text(" at the latest."),
        Refusal::GrantEnded(grant) => {
            Line::say("ask for a new one: ").code(format!("/agent request … {}", grant.access))
        }
        Refusal::MayNotEnd { owner, .. } | Refusal::MayNotStop { owner, .. } => {
            Line::say("ask ").person(owner).text(", or security if it is urgent.")
        }
        Refusal::Emergency(why) => return super::emergency::next(why),
        Refusal::Incident(why) => super::incidents::next(why),
        Refusal::NotRequester { asked_by } => {
            Line::say("ask ").person(asked_by).text(" to take it back; approvers can deny it.")
        }
        Refusal::RequestEnded(_) => return None,
        Refusal::Appeal(why) => return appeals::next(why),
    })
}

fn unknown_agent(near: &[Slug], yours: &[Slug]) -> Line {
    let names = |slugs: &[Slug]| slugs.iter().map(ToString::to_string).collect::<Vec<_>>();
    let yours = if yours.is_empty() {
        Line::say("you own no active agent yet: ")
            .code("/agent register")
            .text(" takes two minutes.")
    } else {
        Line::say(format!("your agents are: {}.", first(&names(yours), MOST_NAMED).join(", ")))
    };
    after(&names(near), yours)
}

/// What was perhaps meant, and then what there is.
fn after(near: &[String], exist: Line) -> Line {
    if near.is_empty() { exist } else { meant(near).text(" ").line(exist.capitalised()) }
}

fn meant(near: &[String]) -> Line {
    let near: Vec<String> = near.iter().take(3).map(|name| clip(name, TYPED)).collect();
    Line::say("did you mean ").bold(or(&near)).text("?")
}

fn exist(what: &str, all: &[String]) -> Line {
    let all: Vec<String> = all.iter().map(|name| clip(name, TYPED)).collect();
    if all.is_empty() {
        Line::say(format!("there are no {what} yet; the policy names them."))
    } else {
        Line::say(format!("these {what} exist: {}.", first(&all, 20).join(", ")))
    }
}
