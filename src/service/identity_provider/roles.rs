//! Who holds which role, from where that is known, and how fresh it is.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::holders::{claiming, counts_since, pushes};
use crate::domain::person::PersonId;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::time::{Span, Timestamp};
use crate::policy::{Holders, Policy};
use crate::service::{Result, Service};
use crate::store::Session;

/// As many people of one role have their standing looked up: an answer must not wait for hundreds.
const JUDGED: usize = 25;

/// What tokens said is shown as stale for so long.
const REMEMBERED: TimeDelta = TimeDelta::days(31);

/// Who holds the roles of the policy, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// Each role; `team-lead` once for each team.
    pub roles: Vec<RoleStand>,
    /// So long counts what tokens say of groups.
    pub stale_after: Span,
    /// When this was true.
    pub now: Timestamp,
}

/// How one role stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleStand {
    /// Which.
    pub role: RoleName,
    /// Of which team, for `team-lead`.
    pub team: Option<TeamName>,
    /// From where its holders are known.
    pub sources: Vec<Source>,
    /// How many full members hold it, among those whose standing was looked up.
    pub members: usize,
    /// How many more the sources name.
    pub more: usize,
}

impl RoleStand {
    /// Whether nobody holds it.
    pub const fn is_empty(&self) -> bool {
        self.members == 0 && self.more == 0
    }
}

/// From where holders are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A list in the policy, of so many people.
    People(usize),
    /// A Slack user group.
    UserGroup {
        /// Its id.
        id: String,
        /// How many are in it, and how old that answer is; none if Slack could not be asked.
        known: Option<(usize, TimeDelta)>,
    },
    /// A group of the identity provider.
    IdpGroup {
        /// Its name.
        name: String,
        /// As it was pushed, if it was.
        pushed: Option<PushedGroup>,
        /// As tokens said, if any token may say so.
        claimed: Option<ClaimedGroup>,
    },
}

/// A group as it was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedGroup {
    /// How many people of the workspace are in it.
    pub people: usize,
    /// The users in it who are nobody in the workspace, by the names by which they log in.
    pub unmatched: Vec<String>,
    /// When the identity provider last said something else of it.
    pub changed_at: Timestamp,
}

/// A group as tokens said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedGroup {
    /// How many people are in it by a token that counts.
    pub people: usize,
    /// How many were by one that does not count any more.
    pub stale: usize,
    /// When the newest token was made.
    pub newest: Option<Timestamp>,
}

impl Service {
    /// Who holds the roles of the policy now.
    pub async fn roles(&self, workspace: &str) -> Result<Roles> {
        let (policy, now) = (self.policy(), self.now());
        let mut roles = Vec::new();
        let mut groups: BTreeMap<String, Option<(BTreeSet<PersonId>, TimeDelta)>> = BTreeMap::new();
        for (role, team, holders) in policy.roles() {
            for id in &holders.usergroups {
                if !groups.contains_key(id) {
                    let people = self.parts.directory.group(id).await.ok();
                    let age = || self.parts.directory.group_age(id).unwrap_or_default();
                    let known = people.map(|people| (people.into_iter().collect(), age()));
                    groups.insert(id.clone(), known);
                }
            }
            let mut people: BTreeSet<PersonId> = BTreeSet::new();
            people.extend(holders.people.iter().map(|user| PersonId::new(workspace, user.clone())));
            let named = holders.usergroups.iter().filter_map(|id| groups.get(id)?.as_ref());
            people.extend(named.flat_map(|(members, _)| members.iter().cloned()));
            self.by_identity_provider(&policy, holders, workspace, &mut people).await?;
            let mut members = 0;
            for person in people.iter().take(JUDGED) {
                members += usize::from(self.standing(person).await?.is_member());
            }
            let more = people.len().saturating_sub(JUDGED);
            let mut session = self.parts.store.read().await?;
            let mut sources = Vec::new();
            for id in &holders.usergroups {
                let known = groups.get(id).and_then(Option::as_ref);
                let known = known.map(|(people, age)| (people.len(), *age));
                sources.push(Source::UserGroup { id: id.clone(), known });
            }
            sources.extend(idp_sources(&mut session, &policy, holders, now).await?);
            if !holders.people.is_empty() {
                sources.push(Source::People(holders.people.len()));
            }
            roles.push(RoleStand { role, team: team.cloned(), sources, members, more });
        }
        Ok(Roles { roles, stale_after: policy.identity_provider().stale_after, now })
    }
}

/// How the groups of the identity provider stand that hold a role.
pub async fn idp_sources(
    session: &mut Session,
    policy: &Policy,
    holders: &Holders,
    now: Timestamp,
) -> std::result::Result<Vec<Source>, crate::store::StoreError> {
    let mut sources = Vec::new();
    for name in &holders.idp_groups {
        let pushed = match session.idp_group_by_name(name).await? {
            // The policy means the name exactly as it is.
            Some(group) if pushes(policy) && group.facts.display_name == *name => {
                let unmatched = session.unmatched_members(name).await?;
                Some(PushedGroup {
                    people: session.people_of_idp_group(name).await?.len(),
                    unmatched: unmatched.into_iter().map(|user| user.facts.user_name).collect(),
                    changed_at: group.changed_at,
                })
            }
            _ => None,
        };
        let (mut all, mut says) = (BTreeMap::<PersonId, Timestamp>::new(), false);
        for issuer in claiming(policy) {
            says = true;
            for (person, at) in session.people_claiming(name, issuer, now - REMEMBERED).await? {
                let newest = all.entry(person).or_insert(at);
                *newest = at.max(*newest);
            }
        }
        let since = counts_since(policy, now);
        let people = all.values().filter(|at| **at > since).count();
        let claimed = says.then(|| ClaimedGroup {
            people,
            stale: all.len() - people,
            newest: all.values().max().copied(),
        });
        sources.push(Source::IdpGroup { name: name.clone(), pushed, claimed });
    }
    Ok(sources)
}
