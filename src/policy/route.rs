//! The way a request goes: whose people decide, or why it cannot be asked.

use super::Policy;
use super::near::near;
use super::rules::Case;
use super::without::{self, Kind};
use crate::domain::access::Access;
use crate::domain::role::RoleName;
use crate::domain::tier::Tier;
use crate::domain::time::Span;

/// The way a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The tier whose people decide: the agent's own, or the one that the action needs.
    pub tier: Tier,
    /// The tier that the agent would be raised to, when its own is too low for the action.
    pub raises_to: Option<Tier>,
    /// The rule by which nobody is asked, if one applies.
    pub without_people: Option<String>,
    /// The roles that are asked, one person for each; empty when nobody is.
    pub needs: Vec<RoleName>,
}

/// Why something cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotAsk {
    /// The policy knows no such resource.
    #[error("the policy knows no resource \"{typed}\"")]
    UnknownResource {
        /// What was asked for.
        typed: String,
        /// The name that is near to it.
        near: Option<String>,
    },
    /// The resource has no such action.
    #[error("{resource} has no action \"{typed}\"")]
    UnknownAction {
        /// The resource.
        resource: String,
        /// What was asked for.
        typed: String,
        /// The name that is near to it.
        near: Option<String>,
    },
    /// It is longer than the policy allows.
    #[error("{} is longer than tier {tier} allows: at most {}", asked.words(), longest.words())]
    TooLong {
        /// What was asked.
        asked: Span,
        /// The tier whose limit it is.
        tier: Tier,
        /// What the policy allows.
        longest: Span,
    },
}

impl CannotAsk {
    /// One word for it: `unknown-resource`, `unknown-action`, `too-long`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::UnknownResource { .. } => "unknown-resource",
            Self::UnknownAction { .. } => "unknown-action",
            Self::TooLong { .. } => "too-long",
        }
    }

    /// The words that [`word`](Self::word) can say.
    pub(super) const WORDS: [&'static str; 3] = ["unknown-resource", "unknown-action", "too-long"];
}

/// See [`Policy::route`].
pub(super) fn route(policy: &Policy, case: &Case<'_>) -> Result<Way, CannotAsk> {
    let (own, tier) = match *case {
        Case::Registration { tier } => (tier, tier),
        Case::Grant { tier, access, lasting } => {
            (tier, within(policy, Kind::Grant, tier, access, lasting)?)
        }
        Case::Extension { tier, access, total } => {
            (tier, within(policy, Kind::Extension, tier, access, total)?)
        }
    };
    let without_people = policy.without_people(case);
    let needs = match without_people {
        Some(_) => Vec::new(),
        None => policy.tier(tier).requires.clone(),
    };
    Ok(Way { tier, raises_to: (tier > own).then_some(tier), without_people, needs })
}

/// The tier that decides, if what is asked exists and is not too long.
fn within(
    policy: &Policy,
    kind: Kind,
    own: Tier,
    access: &Access,
    asked: Span,
) -> Result<Tier, CannotAsk> {
    let resource = policy.resource(&access.resource).ok_or_else(|| CannotAsk::UnknownResource {
        typed: access.resource.clone(),
        near: near(&access.resource, policy.resources().map(|r| r.name.as_str()))
            .map(str::to_owned),
    })?;
    let needed = resource.actions.get(&access.action).ok_or_else(|| CannotAsk::UnknownAction {
        resource: resource.name.clone(),
        typed: access.action.clone(),
        near: near(&access.action, resource.actions.keys().map(String::as_str)).map(str::to_owned),
    })?;
    let tier = own.max(*needed);
    let longest = without::ceiling(policy, kind, tier);
    if asked > longest {
        return Err(CannotAsk::TooLong { asked, tier, longest });
    }
    Ok(tier)
}
