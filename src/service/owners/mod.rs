//! Who answers for an agent: handed over to somebody else, lost, and taken by somebody again.
//!
//! | file | what happens there |
//! |---|---|
//! | `handover` | the owner, a lead or security asks that somebody else answers for it |
//! | `lost` | the owner is no full member any more, or is one again |
//! | `sweep` | what Slack's word did not reach is found out |
//! | `countdown` | what is due while nobody answers for it: notices, the stop, the end |
//! | `take` | a lead or security takes it, with one click |
//! | `change` | what follows whenever somebody else answers for it |

pub(super) mod change;
pub(super) mod countdown;
mod handover;
mod lost;
pub mod outcome;
mod sweep;
mod take;

use std::collections::BTreeSet;

use outcome::OwnerRefusal;

use super::outcome::Refusal;
use super::people::deciders;
use super::{Result, Service};
use crate::domain::agent::Agent;
use crate::domain::person::PersonId;
use crate::domain::role::RoleName;
use crate::policy::Policy;

/// Why nothing new can be had for this agent, if nobody answers for it.
pub(super) fn nobody_answers(agent: &Agent) -> Option<Refusal> {
    agent.orphaned.is_some().then(|| Refusal::Owner(OwnerRefusal::Ownerless(agent.clone())))
}

impl Service {
    /// Whether the person leads the agent's team or is security's. Their standing is another
    /// question.
    async fn leads_or_guards(&self, policy: &Policy, by: &PersonId, agent: &Agent) -> Result<bool> {
        let roles = [RoleName::new(RoleName::TEAM_LEAD), RoleName::new(RoleName::SECURITY)];
        Ok(!self.roles_of(policy, by, &roles, &agent.team).await?.is_empty())
    }

    /// The full members who lead the agent's team, its owner aside.
    pub(super) async fn leads_of(&self, policy: &Policy, agent: &Agent) -> Result<Vec<PersonId>> {
        let lead = [RoleName::new(RoleName::TEAM_LEAD)];
        let roster = self.roster(policy, &lead, &agent.team, &agent.owner.workspace).await?;
        Ok(deciders(&roster, &[&agent.owner]).into_keys().collect())
    }

    /// Those of these agents that nobody answers for that this full member may take.
    pub(super) async fn takeable(
        &self,
        policy: &Policy,
        by: &PersonId,
        ownerless: Vec<Agent>,
    ) -> Result<Vec<Agent>> {
        let (mut theirs, mut others) = (BTreeSet::new(), BTreeSet::new());
        let mut found = Vec::new();
        // What is theirs comes back to them by itself.
        for agent in ownerless.into_iter().filter(|agent| agent.owner != *by) {
            if !theirs.contains(&agent.team) && !others.contains(&agent.team) {
                let may = self.leads_or_guards(policy, by, &agent).await?;
                if may { &mut theirs } else { &mut others }.insert(agent.team.clone());
            }
            if theirs.contains(&agent.team) {
                found.push(agent);
            }
        }
        Ok(found)
    }
}
