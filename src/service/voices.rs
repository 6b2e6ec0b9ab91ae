//! For whom somebody may speak on a request, and who is asked: those who hold its roles, and those
//! who stand in for them. Who is away is passed over, never in their rights.

use std::collections::{BTreeMap, BTreeSet};

use tracing::debug;

use super::people::deciders;
use super::{Result, Service};
use crate::domain::delegation::Delegation;
use crate::domain::person::PersonId;
use crate::domain::request::{Asked, Request};
use crate::domain::role::{RoleName, Roster, TeamName};
use crate::domain::text::clean;
use crate::domain::time::Timestamp;
use crate::domain::voice::{Loan, Said, Voice, match_votes};
use crate::domain::vote::{Choice, Vote};
use crate::policy::Policy;

/// As much of a name as a card shows.
const LONGEST_NAME: usize = 40;

impl Service {
    /// For whom the person may speak on this request, looked up now.
    pub(super) async fn voice(
        &self,
        policy: &Policy,
        person: &PersonId,
        request: &Request,
    ) -> Result<Voice> {
        let given = self.given_to(policy, person).await?;
        self.voice_with(policy, person, request, &given).await
    }

    /// What others let this person answer for, as far as it counts for any request.
    async fn given_to(&self, policy: &Policy, person: &PersonId) -> Result<Vec<Delegation>> {
        if !policy.delegations().allowed {
            return Ok(Vec::new());
        }
        let given = self.parts.store.read().await?.delegations_to(person, self.now()).await?;
        self.that_count(policy, given).await
    }

    /// Those of these delegations that count for any request.
    pub(super) async fn that_count(
        &self,
        policy: &Policy,
        given: Vec<Delegation>,
    ) -> Result<Vec<Delegation>> {
        if !policy.delegations().allowed {
            return Ok(Vec::new());
        }
        let now = self.now();
        let mut from_members = Vec::with_capacity(given.len());
        for delegation in given.into_iter().filter(|given| given.is_in_force(now)) {
            if self.standing(&delegation.from).await?.is_member() {
                from_members.push(delegation);
            }
        }
        Ok(from_members)
    }

    /// The same, where it is known what others let this person answer for.
    pub(super) async fn voice_with(
        &self,
        policy: &Policy,
        person: &PersonId,
        request: &Request,
        given: &[Delegation],
    ) -> Result<Voice> {
        let (roles, team) = (request.answerable(), &request.team);
        let own = self.roles_of(policy, person, &roles, team).await?;
        let mut loans = Vec::new();
        if !given.is_empty() && self.may_stand_in(policy, person, team).await? {
            for delegation in given {
                let holds = self.roles_of(policy, &delegation.from, &roles, team).await?;
                let lends = lends(policy, delegation, &holds);
                let (delegation, from) = (delegation.id, delegation.from.clone());
                loans.push(Loan { delegation, from, holds, lends });
            }
        }
        Ok(Voice { own, loans })
    }

    /// Whether the policy lets this person answer for others at all.
    pub(super) async fn may_stand_in(
        &self,
        policy: &Policy,
        person: &PersonId,
        team: &TeamName,
    ) -> Result<bool> {
        match &policy.delegations().to {
            None => Ok(true),
            Some(roles) => Ok(!self.roles_of(policy, person, roles, team).await?.is_empty()),
        }
    }

    /// Everybody who could answer, of the people in the roster and those who stand in for them; who
    /// is away is marked by their name and passed over, unless too few are left to cover what is
    /// needed. The roster has all roles that the request takes.
    pub(super) async fn to_be_asked(
        &self,
        policy: &Policy,
        roster: &Roster,
        team: &TeamName,
        needs: &[RoleName],
        excluded: &[&PersonId],
    ) -> Result<Vec<Asked>> {
        let given = self.in_force(policy).await?;
        self.to_be_asked_with(policy, roster, team, needs, excluded, &given).await
    }

    /// The same, with these delegations in force.
    pub(super) async fn to_be_asked_with(
        &self,
        policy: &Policy,
        roster: &Roster,
        team: &TeamName,
        needs: &[RoleName],
        excluded: &[&PersonId],
        given: &[Delegation],
    ) -> Result<Vec<Asked>> {
        let people = deciders(roster, excluded);
        let mut asked: BTreeMap<PersonId, Asked> = people
            .iter()
            .map(|(person, roles)| (person.clone(), of(person, roles.clone())))
            .collect();
        for delegation in given {
            let Some(holds) = people.get(&delegation.from) else { continue };
            let to = &delegation.to;
            if excluded.contains(&to)
                || !holds.is_subset(&lends(policy, delegation, holds))
                || !self.standing(to).await?.is_member()
                || !self.may_stand_in(policy, to, team).await?
            {
                continue;
            }
            let entry = asked.entry(to.clone()).or_insert_with(|| of(to, BTreeSet::new()));
            entry.stands_in.insert(delegation.from.clone(), holds.clone());
        }
        let mut asked: Vec<Asked> = asked.into_values().collect();
        self.pass_over(policy, &mut asked, needs).await;
        Ok(asked)
    }

    /// All delegations in force, as far as they count.
    pub(super) async fn in_force(&self, policy: &Policy) -> Result<Vec<Delegation>> {
        if !policy.delegations().allowed {
            return Ok(Vec::new());
        }
        Ok(self.parts.store.read().await?.delegations_in_force(self.now()).await?)
    }

    /// Marks who is away. Failing to learn it never blocks anything: then nobody is.
    async fn pass_over(&self, policy: &Policy, asked: &mut [Asked], needs: &[RoleName]) {
        let absence = policy.absence();
        if !absence.is_looked_at() || asked.is_empty() {
            return;
        }
        let now = self.now();
        let people: Vec<PersonId> = asked.iter().map(|asked| asked.person.clone()).collect();
        let away = self.parts.directory.away(&people, absence, now).await;
        if away.is_empty() {
            return;
        }
        for i in passed_over(asked, needs, &away, now) {
            let Some(asked) = asked.get_mut(i) else { continue };
            // The name as text: to mention somebody who is away would call them.
            let name = match self.parts.directory.profile(&asked.person).await {
                Ok(profile) => clean(&profile.name, LONGEST_NAME),
                Err(error) => {
                    debug!(error = &error as &dyn std::error::Error, "a name is not known");
                    String::new()
                }
            };
            asked.away = Some(name);
        }
    }
}

fn of(person: &PersonId, roles: BTreeSet<RoleName>) -> Asked {
    Asked { person: person.clone(), roles, stands_in: BTreeMap::new(), away: None }
}

/// The roles among these that the delegation lends, as far as the policy lets it.
fn lends(
    policy: &Policy,
    delegation: &Delegation,
    holds: &BTreeSet<RoleName>,
) -> BTreeSet<RoleName> {
    let may = |role: &&RoleName| delegation.roles.has(role) && policy.delegations().may_lend(role);
    holds.iter().filter(may).cloned().collect()
}

/// Which of these are passed over because they are away: all who are, except where the others could
/// not cover what is needed. Then all who could cover that are asked.
fn passed_over(
    asked: &[Asked],
    needs: &[RoleName],
    away: &BTreeSet<PersonId>,
    now: Timestamp,
) -> Vec<usize> {
    let present: Vec<Vote> = asked
        .iter()
        .filter(|asked| !away.contains(&asked.person))
        .map(|asked| {
            let (roles, stands_in) = (asked.roles.clone(), asked.stands_in.clone());
            Said { roles, stands_in }.vote(asked.person.clone(), now, Choice::Approve)
        })
        .collect();
    let present: Vec<&Vote> = present.iter().collect();
    let missing: BTreeSet<&RoleName> = match_votes(needs, &present, Clone::clone)
        .iter()
        .zip(needs)
        .filter(|(cover, _)| cover.is_none())
        .map(|(_, role)| role)
        .collect();
    let is_needed = |asked: &Asked| {
        let lent = asked.stands_in.values().flatten();
        asked.roles.iter().chain(lent).any(|role| missing.contains(role))
    };
    asked
        .iter()
        .enumerate()
        .filter(|(_, asked)| away.contains(&asked.person) && !is_needed(asked))
        .map(|(i, _)| i)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> PersonId {
        PersonId::new("T0ACME", name)
    }

    fn roles(names: &[&str]) -> BTreeSet<RoleName> {
        names.iter().map(|name| RoleName::new(*name)).collect()
    }

    fn over(needs: &[&str], away: &[&str]) -> Vec<String> {
        let mut vera = of(&person("VERA"), BTreeSet::new());
        vera.stands_in.insert(person("THEO"), roles(&["team-lead"]));
        let asked = [
            of(&person("SAM"), roles(&["security"])),
            of(&person("SARA"), roles(&["security"])),
            of(&person("THEO"), roles(&["team-lead"])),
            vera,
        ];
        let needs: Vec<RoleName> = needs.iter().map(|name| RoleName::new(*name)).collect();
        let away = away.iter().map(|name| person(name)).collect();
        passed_over(&asked, &needs, &away, Timestamp::UNIX_EPOCH)
            .into_iter()
            .map(|i| asked[i].person.user.clone())
            .collect()
    }

    #[test]
    fn who_is_away_is_passed_over_while_others_are_there() {
        let needs = ["security", "team-lead"];
        assert_eq!(over(&needs, &["SARA"]), ["SARA"]);
        // All holders of a needed role are away: all of them are asked.
        assert_eq!(over(&needs, &["SAM", "SARA"]), [""; 0]);
        // Who stands in for somebody who is away is there in their place.
        assert_eq!(over(&needs, &["THEO"]), ["THEO"]);
        assert_eq!(over(&needs, &["THEO", "VERA"]), [""; 0]);
        // Two are needed, one is there.
        assert_eq!(over(&["security", "security"], &["SARA", "THEO"]), ["THEO"]);
    }
}
