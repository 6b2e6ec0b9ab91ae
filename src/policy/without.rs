//! What is approved at once, without people.

use std::collections::BTreeSet;

use super::Policy;
use super::rules::Case;
use crate::domain::access::{Access, Sensitivity};
use crate::domain::tier::Tier;
use crate::domain::time::Span;

/// One `[[without_people]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// As the policy names it, or `without_people #2`.
    pub(super) name: String,
    /// The highest tier of agent that it covers.
    pub(super) tier: Tier,
    /// What it covers.
    pub(super) covers: Covers,
}

/// What a rule covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Covers {
    /// New agents.
    Registration,
    /// Grants, within limits.
    Grant(Limits),
    /// Extensions, within limits.
    Extension(Limits),
}

/// The limits of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limits {
    /// The highest sensitivity of the resource.
    pub(super) sensitivity: Sensitivity,
    /// The actions.
    pub(super) actions: BTreeSet<String>,
    /// The resources, if not all.
    pub(super) resources: Option<BTreeSet<String>>,
    /// The longest that may be asked; of an extension, the longest that the grant may become.
    pub(super) up_to: Span,
}

/// The first rule that covers the case.
pub(super) fn first<'p>(policy: &'p Policy, case: &Case<'_>) -> Option<&'p Rule> {
    policy.without_people.iter().find(|rule| rule.applies(policy, case))
}

/// The longest that an agent of this tier gets without people, if anything, and by which rule.
pub(super) fn longest<'p>(
    policy: &'p Policy,
    kind: Kind,
    tier: Tier,
    access: &Access,
) -> Option<(Span, &'p Rule)> {
    policy
        .without_people
        .iter()
        .filter_map(|rule| {
            let limits = rule.limits(kind)?;
            let longest = limits.up_to.min(ceiling(policy, kind, tier));
            rule.fits(policy, limits, tier, access).then_some((longest, rule))
        })
        .max_by_key(|(span, _)| *span)
}

/// A grant, or its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Grant,
    Extension,
}

/// The longest that could be asked at all.
pub(super) const fn ceiling(policy: &Policy, kind: Kind, tier: Tier) -> Span {
    match kind {
        Kind::Grant => policy.tier(tier).longest_grant,
        Kind::Extension => policy.tier(tier).longest_total,
    }
}

impl Rule {
    fn applies(&self, policy: &Policy, case: &Case<'_>) -> bool {
        let (kind, tier, access, asked) = match *case {
            Case::Registration { tier } => {
                return matches!(self.covers, Covers::Registration) && tier <= self.tier;
            }
            Case::Grant { tier, access, lasting } => (Kind::Grant, tier, access, lasting),
            Case::Extension { tier, access, total } => (Kind::Extension, tier, access, total),
        };
        self.limits(kind).is_some_and(|limits| {
            asked <= limits.up_to
                && asked <= ceiling(policy, kind, tier)
                && self.fits(policy, limits, tier, access)
        })
    }

    /// The limits, if the rule is about this kind.
    pub(super) const fn limits(&self, kind: Kind) -> Option<&Limits> {
        match (&self.covers, kind) {
            (Covers::Grant(limits), Kind::Grant) | (Covers::Extension(limits), Kind::Extension) => {
                Some(limits)
            }
            _ => None,
        }
    }

    /// Whether agent and access, whatever the time, are within the rule. An agent whose own tier is
    /// too low for the action would have to be raised, which only people do.
    fn fits(&self, policy: &Policy, limits: &Limits, tier: Tier, access: &Access) -> bool {
        let Some(resource) = policy.resource(&access.resource) else { return false };
        let Some(needed) = resource.actions.get(&access.action) else { return false };
        tier <= self.tier
            && *needed <= tier
            && resource.sensitivity <= limits.sensitivity
            && limits.actions.contains(&access.action)
            && limits.resources.as_ref().is_none_or(|only| only.contains(&access.resource))
    }
}
