//! Who holds which role at this moment: the evidence on which clicks are judged.

use std::collections::{BTreeMap, BTreeSet};

use super::{Result, Service};
use crate::domain::person::{PersonId, Standing};
use crate::domain::role::{RoleName, Roster, TeamName};
use crate::domain::vote::match_people;
use crate::policy::Policy;

impl Service {
    /// The person's standing, looked up now.
    pub(super) async fn standing(&self, person: &PersonId) -> Result<Standing> {
        Ok(self.parts.directory.profile(person).await?.standing)
    }

    /// Everybody whom the policy names for the role, whatever their standing.
    async fn named(
        &self,
        policy: &Policy,
        role: &RoleName,
        team: &TeamName,
        workspace: &str,
    ) -> Result<BTreeSet<PersonId>> {
        let mut people = BTreeSet::new();
        let Some(holders) = policy.holders(role, team) else { return Ok(people) };
        for user in &holders.people {
            people.insert(PersonId::new(workspace, user.clone()));
        }
        for group in &holders.usergroups {
            people.extend(self.parts.directory.group(group).await?);
        }
        self.by_identity_provider(policy, holders, workspace, &mut people).await?;
        Ok(people)
    }

    /// The roles among these that the person holds now. Their standing is another question.
    pub(super) async fn roles_of(
        &self,
        policy: &Policy,
        person: &PersonId,
        roles: impl IntoIterator<Item = &RoleName>,
        team: &TeamName,
    ) -> Result<BTreeSet<RoleName>> {
        let mut held = BTreeSet::new();
        for role in roles {
            if !held.contains(role)
                && self.named(policy, role, team, &person.workspace).await?.contains(person)
            {
                held.insert(role.clone());
            }
        }
        Ok(held)
    }

    /// Whether the person is security's, and a full member.
    pub(super) async fn is_security(
        &self,
        policy: &Policy,
        person: &PersonId,
        team: &TeamName,
    ) -> Result<bool> {
        let security = RoleName::new(RoleName::SECURITY);
        Ok(!self.roles_of(policy, person, [&security], team).await?.is_empty()
            && self.standing(person).await?.is_member())
    }

    /// Everybody who holds one of these roles, with their standing, looked up now.
    pub(super) async fn roster(
        &self,
        policy: &Policy,
        roles: &[RoleName],
        team: &TeamName,
        workspace: &str,
    ) -> Result<Roster> {
        let mut found = BTreeMap::new();
        for role in roles {
            if found.contains_key(role) {
                continue;
            }
            let mut holders = BTreeMap::new();
            for person in self.named(policy, role, team, workspace).await? {
                let standing = self.standing(&person).await?;
                holders.insert(person, standing);
            }
            found.insert(role.clone(), holders);
        }
        Ok(Roster { at: self.now(), roles: found })
    }
}

/// The people of the roster who may decide, with the roles that each could answer for: full members
/// other than those excluded.
pub(super) fn deciders(
    roster: &Roster,
    excluded: &[&PersonId],
) -> BTreeMap<PersonId, BTreeSet<RoleName>> {
    let mut people: BTreeMap<PersonId, BTreeSet<RoleName>> = BTreeMap::new();
    for role in roster.roles.keys() {
        for person in roster.holders(role) {
            if !excluded.contains(&person) {
                people.entry(person.clone()).or_default().insert(role.clone());
            }
        }
    }
    people
}

/// The requirements that distinct people among these could not cover.
pub(super) fn uncoverable(
    needs: &[RoleName],
    people: &BTreeMap<PersonId, BTreeSet<RoleName>>,
) -> Vec<RoleName> {
    let held: Vec<&BTreeSet<RoleName>> = people.values().collect();
    match_people(needs, &held)
        .iter()
        .zip(needs)
        .filter(|(who, _)| who.is_none())
        .map(|(_, role)| role.clone())
        .collect()
}
