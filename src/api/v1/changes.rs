//! Why an agent cannot become something else.

use axum::http::StatusCode;

use super::names::Named;
use super::refusals::{forbidden, invalid, of};
use super::refused::Refused;
use crate::domain::agent::{Agent, Cause};
use crate::domain::person::PersonId;
use crate::domain::text::clean;
use crate::service::outcome::CannotChange;

/// The people whom the refusal names.
pub(super) fn people(why: &CannotChange) -> Vec<&PersonId> {
    match why {
        CannotChange::MayNotRetire { owner, .. } => vec![owner],
        CannotChange::NeedsCertifying(agent) => vec![&agent.owner],
        _ => Vec::new(),
    }
}

/// What is told of it.
pub(super) fn refused(why: &CannotChange, named: &Named) -> Refused {
    let conflict = |kind: &str, detail: String| {
        of(StatusCode::CONFLICT, kind, "It cannot become that", detail)
    };
    let show = |agent: &Agent| [format!("agent-cli show {}", agent.slug)];
    match why {
        CannotChange::MayNotRetire { agent, owner } => forbidden(
            "may_not_retire",
            format!(
                "Only the owner and security can retire {agent}. Its owner is {}.",
                named.say(owner)
            ),
        )
        .next([format!("ask {}, or security if it is urgent", named.say(owner))]),
        CannotChange::BadTier { typed } => {
            let typed = clean(typed, 40);
            invalid("bad_tier", "tier", format!("`{typed}` is no tier: there are 1, 2 and 3."))
                .next(["write 1, 2 or 3; /agent help in Slack says what each means".to_owned()])
        }
        CannotChange::HasTier(agent) => {
            conflict("has_tier", format!("{} is tier {} already.", agent.slug, agent.tier))
                .next(show(agent))
        }
        CannotChange::BelowAnswers { agent, wanted } => {
            let tier = agent.description.answers.tier();
            let detail =
                format!("{} cannot be tier {wanted}: by its answers it is {tier}.", agent.slug);
            conflict("below_answers", detail)
                .next([format!("say what it does by now: /agent edit {} in Slack", agent.slug)])
        }
        CannotChange::Nothing(agent) => {
            conflict("nothing_changed", format!("{} is described so already.", agent.slug))
                .next(show(agent))
        }
        CannotChange::NeedsCertifying(agent) => {
            let owner = named.say(&agent.owner);
            let detail = format!(
                "{} is suspended because its owner did not say in time that it is still needed.",
                agent.slug
            );
            conflict("needs_certifying", detail)
                .next([Cause::Uncertified.undone_by(&agent.slug, owner)])
        }
        CannotChange::NotSecurity => {
            forbidden("not_security", "Only security looks at all reviews.".to_owned())
                .next(["your own agents: /agent certify in Slack".to_owned()])
        }
    }
}
