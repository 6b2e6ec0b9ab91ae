//! What cannot be done because of who answers for an agent, as a problem.

use axum::http::StatusCode;

use super::names::Named;
use super::refused::Refused;
use crate::domain::person::{PersonId, Standing};
use crate::service::owners::outcome::OwnerRefusal;

/// The people whom it names.
pub(super) fn people(refusal: &OwnerRefusal) -> Vec<&PersonId> {
    match refusal {
        OwnerRefusal::MayNotHandOver { owner, .. } | OwnerRefusal::OwnsIt { owner, .. } => {
            vec![owner]
        }
        OwnerRefusal::CannotOwn { person, .. } => vec![person],
        OwnerRefusal::HasOwner(agent) => vec![&agent.owner],
        OwnerRefusal::Ownerless(_) | OwnerRefusal::NobodyNamed(_) | OwnerRefusal::MayNotTake(_) => {
            Vec::new()
        }
    }
}

/// Why not, and what to do next.
pub(super) fn refused(refusal: &OwnerRefusal, named: &Named) -> Refused {
    let of = |status, kind: &str, title: &str, detail: String, next: String| {
        Refused::new(status, kind, title, detail).next([next])
    };
    match refusal {
        OwnerRefusal::Ownerless(agent) => of(
            StatusCode::CONFLICT,
            "ownerless",
            "Nobody answers for the agent",
            format!("The owner of {} has left; nothing new can be had for it.", agent.slug),
            format!("a lead of its team or security takes it: /agent take {} in Slack", agent.slug),
        ),
        OwnerRefusal::MayNotHandOver { agent, owner } => of(
            StatusCode::FORBIDDEN,
            "may_not_hand_over",
            "Not for this caller",
            format!("Only its owner, a lead of its team and security can hand over {agent}."),
            format!("ask {} to do it", named.say(owner)),
        ),
        OwnerRefusal::NobodyNamed(agent) => of(
            StatusCode::BAD_REQUEST,
            "nobody_named",
            "Something must change first",
            format!("It is not said who is to answer for {agent}."),
            "name a full member of the workspace".to_owned(),
        ),
        OwnerRefusal::CannotOwn { person, standing } => of(
            StatusCode::CONFLICT,
            "cannot_own",
            "This person cannot own an agent",
            format!("{} {}; an owner is a full, active member.", named.say(person), is(*standing)),
            "choose somebody else".to_owned(),
        ),
        OwnerRefusal::OwnsIt { agent, owner } => of(
            StatusCode::CONFLICT,
            "owns_it",
            "It is so already",
            format!("{} answers for {agent} already.", named.say(owner)),
            format!("agent-cli show {agent}"),
        ),
        OwnerRefusal::MayNotTake(agent) => of(
            StatusCode::FORBIDDEN,
            "may_not_take",
            "Not for this caller",
            format!("Only a lead of its team and security can take {agent}."),
            "ask one of them".to_owned(),
        ),
        OwnerRefusal::HasOwner(agent) => of(
            StatusCode::CONFLICT,
            "has_owner",
            "There is nothing to take",
            format!("{} answers for {}.", named.say(&agent.owner), agent.slug),
            format!("agent-cli show {}", agent.slug),
        ),
    }
}

const fn is(standing: Standing) -> &'static str {
    match standing {
        Standing::Member => "is a full member",
        Standing::Guest => "is a guest",
        Standing::Outsider => "belongs to another workspace",
        Standing::Deactivated => "has a deactivated account",
        Standing::Bot => "is a bot or an app",
        Standing::Invited => "has not joined yet",
        Standing::Unknown => "is not known to Slack",
    }
}
