//! What a policy holds, once it was read.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::access::{Access, Sensitivity};
use crate::domain::backup::Backup;
use crate::domain::certification::Terms;
use crate::domain::role::RoleName;
use crate::domain::tier::Tier;
use crate::domain::time::Span;

/// The channels, by Slack id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channels {
    pub(super) approvals: String,
    pub(super) security: String,
    pub(super) help: Option<String>,
}

/// When owners say anew that their agents are needed and compliant, and what becomes of those of
/// which nobody says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certifying {
    /// How long an owner's word holds.
    pub every: Span,
    /// So long before it lapses the owner is asked.
    pub open_before: Span,
    /// So long before it lapses the owner is reminded, the longest first.
    pub remind_before: Vec<Span>,
    /// So long after it lapsed the agent is suspended.
    pub grace: Span,
}

impl Certifying {
    /// How much time a review gives.
    pub const fn terms(&self) -> Terms {
        Terms { open_before: self.open_before, grace: self.grace }
    }
}

/// Who holds a role: everybody in the user groups and in the groups of the identity provider, and
/// these people besides. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holders {
    /// Slack user groups (`S…`).
    pub usergroups: Vec<String>,
    /// Slack users (`U…`, or `W…` in an Enterprise organisation).
    pub people: Vec<String>,
    /// Groups of the identity provider, by the names that it gives them.
    pub idp_groups: Vec<String>,
}

impl Holders {
    /// All of them, in words that tell one from the other.
    pub(super) fn ids(&self) -> BTreeSet<String> {
        let ids = self.usergroups.iter().chain(&self.people).cloned();
        ids.chain(self.idp_groups.iter().map(|group| idp_group(group))).collect()
    }

    /// In words: `user group S0SECURITY and U0VERA`.
    pub(super) fn words(&self) -> String {
        let groups = self.usergroups.iter().map(|group| format!("user group {group}"));
        let idp = self.idp_groups.iter().map(|group| idp_group(group));
        groups.chain(idp).chain(self.people.iter().cloned()).collect::<Vec<_>>().join(" and ")
    }
}

fn idp_group(name: &str) -> String {
    format!("the identity provider's group \"{name}\"")
}

/// A team that agents work for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Who holds the role `team-lead` for the team's agents.
    pub leads: Holders,
    /// The Slack channel where the team reads about its agents.
    pub channel: String,
}

/// What holds for a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierRules {
    /// The roles whose yes is needed: one person for each entry, so a role that stands here twice
    /// needs two people. Never empty.
    pub requires: Vec<RoleName>,
    /// A request that nobody answered for so long goes to the backup, or expires.
    pub decide_within: Span,
    /// The longest that can be asked at once.
    pub longest_grant: Span,
    /// The longest that a grant can become through extensions.
    pub longest_total: Span,
    /// Those awaited are reminded so long after a request was opened.
    pub remind_after: Span,
    /// Who is asked when the time is over: nobody, or those who are planned.
    pub backup: Backup,
}

/// The rules of all three tiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tiers {
    pub(super) observer: TierRules,
    pub(super) internal: TierRules,
    pub(super) external: TierRules,
}

impl Tiers {
    pub(super) const fn of(&self, tier: Tier) -> &TierRules {
        match tier {
            Tier::Observer => &self.observer,
            Tier::Internal => &self.internal,
            Tier::External => &self.external,
        }
    }
}

/// How agents are handed over, and what becomes of those that nobody answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owners {
    /// The roles whose yes a handover needs beside the new owner's; none if that alone is enough.
    pub handover: Vec<RoleName>,
    /// An agent that nobody answers for is stopped after so long.
    pub countdown: Span,
    /// So long before that it is said again, the longest first.
    pub notices_before: Vec<Span>,
    /// So long after it was stopped it is retired.
    pub retire_after: Span,
}

impl Default for Owners {
    fn default() -> Self {
        Self {
            handover: vec![RoleName::new(RoleName::TEAM_LEAD)],
            countdown: Span::days(30),
            notices_before: vec![Span::days(14), Span::days(7), Span::days(1)],
            retire_after: Span::days(60),
        }
    }
}

/// Something that agents can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its name: `database`.
    pub name: String,
    /// How much it would give away.
    pub sensitivity: Sensitivity,
    /// What can be done with it, and the lowest tier that may. Never empty.
    pub actions: BTreeMap<String, Tier>,
    pub(super) opens: Opens,
}

/// What opens if access is approved, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opens {
    /// The policy does not say.
    Unsaid,
    /// The same for every action.
    Any(String),
    /// For each action its own words.
    Each(BTreeMap<String, String>),
}

impl Resource {
    /// What opens if this action is approved, in the policy's words.
    pub fn opens(&self, action: &str) -> Option<&str> {
        match &self.opens {
            Opens::Unsaid => None,
            Opens::Any(words) => self.actions.contains_key(action).then_some(words),
            Opens::Each(words) => words.get(action).map(String::as_str),
        }
    }
}

/// Something that is asked, as far as the policy cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case<'a> {
    /// A new agent.
    Registration {
        /// The tier that follows from the answers.
        tier: Tier,
    },
    /// A grant.
    Grant {
        /// The agent's own tier, as it is before the request.
        tier: Tier,
        /// What is asked for.
        access: &'a Access,
        /// For how long.
        lasting: Span,
    },
    /// A longer grant.
    Extension {
        /// The agent's own tier.
        tier: Tier,
        /// What the grant opens.
        access: &'a Access,
        /// How long the grant would be in all, from its approval to its new end.
        total: Span,
    },
}
