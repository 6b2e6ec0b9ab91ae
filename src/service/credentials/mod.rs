//! How an agent comes to prove who it is: a credential is asked for by its owner, approved by people
//! like everything else, and taken away at once when it must be.

mod ask;
mod keep;
pub mod outcome;
mod revoke;

pub(super) use ask::{broad, field_of, read as read_form};
pub(super) use keep::{add, live_credentials, open_request, same, why_taken, with_agent};

use outcome::{CredentialChoices, Keys, KeysShown};

use super::outcome::Refusal;
use super::{Result, Service};
use crate::domain::agent::Agent;
use crate::domain::credential::Proof;
use crate::domain::person::PersonId;
use crate::domain::role::RoleName;
use crate::policy::Policy;
use crate::policy::runtime::Trusted;

impl Service {
    /// What an agent proves itself by, for those who may take it away.
    pub async fn keys(&self, by: &PersonId, name: &str) -> Result<KeysShown> {
        let agent = match self.find_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(KeysShown::Refused(refusal)),
        };
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(KeysShown::Refused(Refusal::NotMember(standing)));
        }
        if !self.may_see_keys(by, &agent).await? {
            return Ok(KeysShown::MayNot { agent: agent.slug, owner: agent.owner });
        }
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let mut credentials = session.credentials_of(agent.id).await?;
        // What is accepted stands first, and of that what ends first; then the latest that is over.
        credentials.sort_by_key(|c| {
            let live = c.is_live(now);
            let order = c.expires_at.timestamp();
            (!live, if live { order } else { order.saturating_neg() })
        });
        let mut open = session.open_requests_of_agent(agent.id).await?;
        open.retain(|request| request.credential().is_some() && request.is_open(now));
        let mine = agent.owner == *by;
        Ok(KeysShown::Shown(Keys { agent, credentials, open, mine, now }))
    }

    /// What the form for a credential offers, if this person may ask for one.
    pub async fn credential_choices(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<(Agent, CredentialChoices), Refusal>> {
        Ok(match self.own_agent(by, name).await? {
            Ok(agent) if agent.is_active() => Ok((agent, choices(&self.policy()))),
            Ok(agent) => Err(Refusal::NotActive(agent)),
            Err(refusal) => Err(refusal),
        })
    }

    /// Whether the person may see and take away the agent's credentials: its owner, the leads of its
    /// team, and security.
    pub(super) async fn may_see_keys(&self, by: &PersonId, agent: &Agent) -> Result<bool> {
        if !self.standing(by).await?.is_member() {
            return Ok(false);
        }
        let roles = [RoleName::new(RoleName::SECURITY), RoleName::new(RoleName::TEAM_LEAD)];
        Ok(agent.owner == *by
            || !self.roles_of(&self.policy(), by, &roles, &agent.team).await?.is_empty())
    }
}

fn choices(policy: &Policy) -> CredentialChoices {
    CredentialChoices {
        issuers: policy
            .issuers()
            .values()
            .filter(|issuer| issuer.vouches_for == Trusted::Workloads)
            .map(|issuer| (issuer.name.clone(), issuer.issuer.clone()))
            .collect(),
        longest: policy.tokens().longest_credential,
    }
}

/// What a credential lets the agent do, in plain words.
pub(super) fn opens(policy: &Policy, agent: &Agent, proof: &Proof) -> String {
    let what = format!("proving itself as {} and getting tokens for its grants", agent.slug);
    match proof {
        Proof::Key { .. } => {
            format!("{what}: for whoever holds the private half of this key")
        }
        Proof::Workload { issuer, .. } => {
            let address = policy.issuers().get(issuer).map_or(issuer, |issuer| &issuer.issuer);
            format!("{what}: for every workload to which {address} gives a token with these claims")
        }
    }
}
