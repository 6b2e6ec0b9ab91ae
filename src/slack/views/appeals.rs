//! Why a no cannot be appealed.

use super::escape::clip;
use super::line::Line;
use super::refusals::how_ended;
use crate::domain::request::RequestState;
use crate::service::outcome::NoAppeal;

/// The sentence.
pub fn what(why: &NoAppeal) -> Line {
    match why {
        NoAppeal::NoBoard => {
            Line::say("A no cannot be appealed here: the policy names nobody who decides on that.")
        }
        NoAppeal::NotDenied(request) => Line::say(match &request.state {
            RequestState::Open => {
                format!("{} is still being decided: only a no can be appealed.", request.reference)
            }
            _ => format!(
                "Only a no can be appealed, and {} {}.",
                request.reference,
                how_ended(request)
            ),
        }),
        NoAppeal::Final(request) => Line::say(format!(
            "{} was an appeal: what is decided on an appeal is final.",
            request.reference
        )),
        NoAppeal::AppealedBefore(appeal) => {
            Line::say(format!("This was appealed before, as {}: once is all.", appeal.reference))
        }
        NoAppeal::MayNotAppeal { asked_by, owner } => {
            let line = Line::say("Only who asked can appeal: ").person(asked_by);
            if owner == asked_by {
                line.text(".")
            } else {
                line.text("; or the agent’s owner: ").person(owner).text(".")
            }
        }
        NoAppeal::TooLateToAppeal { reference, until, now } => {
            Line::say(format!("The no to {reference} could be appealed until "))
                .at(*until, *now)
                .text(".")
        }
        NoAppeal::OwnerDeclined { owner } => Line::default()
            .person(owner)
            .text(" does not want to answer for the agent, and nobody is made to."),
        NoAppeal::CannotBecomeTrue { reference, reason } => Line::say(format!(
            "{reference} could not become true any more, whoever agreed: {}.",
            clip(reason, 120)
        )),
    }
}

/// What would help.
pub fn next(why: &NoAppeal) -> Option<Line> {
    match why {
        NoAppeal::NoBoard
        | NoAppeal::TooLateToAppeal { .. }
        | NoAppeal::CannotBecomeTrue { .. } => {
            Some(Line::say("ask anew, with what is different now."))
        }
        NoAppeal::NotDenied(_) | NoAppeal::Final(_) | NoAppeal::AppealedBefore(_) => None,
        NoAppeal::MayNotAppeal { asked_by, .. } => {
            Some(Line::say("ask ").person(asked_by).text(" to do it."))
        }
        NoAppeal::OwnerDeclined { .. } => Some(Line::say("register it with another owner.")),
    }
}
