//! A no put before others, once; and why one cannot be.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::admit::{Member, Reader};
use super::names::Named;
use super::refusals::{forbidden, how_ended, of};
use super::refused::Refused;
use super::registration::asked;
use super::requests::{look, stand_of};
use super::take::{Body, Name, NoQuery, Once};
use super::{Answer, Api};
use crate::contract::requests::{Appeal, Request};
use crate::domain::person::PersonId;
use crate::domain::request::{Ask, RequestState};
use crate::service::outcome::NoAppeal;

/// Appeals against a denial, once, with what is new: others decide than those who said no, and what they
/// decide is final. Who asked may, and the agent's owner, within the policy's time.
#[utoipa::path(
    post,
    path = "/api/v1/requests/{reference}/appeal",
    operation_id = "appeal",
    tag = "requests",
    params(("reference" = String, Path, description = "What was denied", example = "G-1042")),
    request_body = Appeal,
    responses((status = 202, description = "The board is asked", body = Request))
)]
pub(super) async fn appeal(
    State(api): State<Arc<Api>>,
    member: Member,
    Name(name): Name,
    _: NoQuery,
    once: Once,
    Body { value, digest }: Body<Appeal>,
) -> Answer {
    let by = &member.person;
    let denied = look(&api, &Reader::Member(by.clone()), &name).await?.of;
    let (id, agent) = (denied.request.id, denied.agent.id.to_string());
    let key = once.key(&member.key, &format!("appeal {id}"), &digest);
    let reference = denied.request.reference.to_string();
    let done = api.service.appeal(by, &reference, &value.justification, key).await?;
    let same = |ask: &Ask| matches!(ask, Ask::Appeal { denied, .. } if denied.request == id);
    asked(&api, &stand_of(&api, done, &agent, same).await?, Some(by)).await
}

/// The people whom it names.
pub(super) fn people(why: &NoAppeal) -> Vec<&PersonId> {
    match why {
        NoAppeal::MayNotAppeal { asked_by, .. } => vec![asked_by],
        NoAppeal::OwnerDeclined { owner } => vec![owner],
        _ => Vec::new(),
    }
}

/// Why there is no appeal, and what to do next.
pub(super) fn refused(why: &NoAppeal, named: &Named) -> Refused {
    let conflict = |kind: &str, detail: String| {
        of(StatusCode::CONFLICT, kind, "It cannot be appealed", detail)
    };
    let anew = || ["ask anew, and say what is different now".to_owned()];
    let status = |reference: &dyn std::fmt::Display| [format!("agent-cli status {reference}")];
    match why {
        NoAppeal::NoBoard => {
            let detail =
                "A no cannot be appealed here: the policy names nobody who decides on that.";
            conflict("no_appeals", detail.to_owned()).next(anew())
        }
        NoAppeal::NotDenied(request) => {
            let reference = request.reference;
            let detail = match &request.state {
                RequestState::Open => {
                    format!("{reference} is still being decided: only a no can be appealed.")
                }
                _ => format!("Only a no can be appealed, and {reference} {}.", how_ended(request)),
            };
            conflict("not_denied", detail).next(status(&reference))
        }
        NoAppeal::Final(request) => {
            let reference = request.reference;
            let detail =
                format!("{reference} was an appeal: what is decided on an appeal is final.");
            conflict("final", detail).next(status(&reference))
        }
        NoAppeal::AppealedBefore(appeal) => {
            let reference = appeal.reference;
            let detail = format!("This was appealed before, as {reference}: once is all.");
            conflict("appealed_before", detail).reference(reference).next(status(&reference))
        }
        NoAppeal::MayNotAppeal { asked_by, owner } => {
            let asked_by_name = named.say(asked_by);
            let or_owner = if asked_by == owner { "" } else { ", or the agent's owner" };
            let detail = format!("Only who asked can appeal: {asked_by_name}{or_owner}.");
            forbidden("may_not_appeal", detail).next([format!("ask {asked_by_name} to do it")])
        }
        NoAppeal::TooLateToAppeal { reference, until, .. } => {
            let detail = format!("The no to {reference} could be appealed until {until}.");
            of(StatusCode::GONE, "too_late_to_appeal", "It is too late to appeal", detail)
                .next(anew())
        }
        NoAppeal::OwnerDeclined { owner } => {
            let detail = format!(
                "{} does not want to answer for the agent, and nobody is made to.",
                named.say(owner)
            );
            conflict("owner_declined", detail).next(["register it with another owner".to_owned()])
        }
        NoAppeal::CannotBecomeTrue { reference, reason } => {
            let detail =
                format!("{reference} could not become true any more, whoever agreed: {reason}.");
            conflict("cannot_become_true", detail).next(anew())
        }
    }
}
