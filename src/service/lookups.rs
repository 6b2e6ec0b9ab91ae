//! Finding what a form or a button is about, before it is filled in.

use super::outcome::Refusal;
use super::{Result, Service, credentials};
use crate::domain::agent::Agent;
use crate::domain::grant::Grant;
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::person::{PersonId, Standing};
use crate::domain::request::{Ask, Reference, Request};
use crate::domain::tier::Tier;
use crate::domain::time::Span;

impl Service {
    /// Whether the person may do anything here at all.
    pub async fn overview_standing(&self, person: &PersonId) -> Result<Standing> {
        self.standing(person).await
    }

    /// A grant with its agent, as they are now.
    pub async fn grant_and_agent(&self, id: GrantId) -> Result<Option<(Grant, Agent)>> {
        Ok(self.parts.store.read().await?.grant_with_agent(id).await?)
    }

    /// An agent, as it is now.
    pub async fn agent_by_id(&self, id: AgentId) -> Result<Option<Agent>> {
        Ok(self.parts.store.read().await?.agent(id).await?)
    }

    /// The request that people call so.
    pub async fn request_by_reference(&self, typed: &str) -> Result<Option<RequestId>> {
        let Ok(Reference { number, .. }) = typed.parse() else { return Ok(None) };
        let found = self.parts.store.read().await?.request_by_number(number).await?;
        Ok(found.map(|request| request.id))
    }

    /// The grant that the person wants to extend, if they may and it is live.
    pub async fn grant_to_extend(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<(Grant, Agent), Refusal>> {
        let (grant, agent) = match self.find_grant(by, name).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(if agent.owner != *by {
            Err(Refusal::NotOwner { agent: agent.slug, owner: agent.owner })
        } else if !grant.is_live(self.now()) {
            Err(Refusal::GrantEnded(grant))
        } else {
            Ok((grant, agent))
        })
    }

    /// What opens if the request is approved, in the policy's words, and the time it usually takes.
    pub async fn what_it_means(&self, request: &Request) -> Result<(Option<String>, Option<Span>)> {
        let usual = match &request.ask {
            // Others decide on appeals than those of the tier.
            Ask::Appeal { .. } => None,
            _ => self.parts.store.read().await?.usual_wait(request.tier).await?,
        };
        let policy = self.policy();
        let opens = match request.ask.in_truth() {
            Ask::Credential { proof, .. } => {
                let agent = self.agent_by_id(request.agent).await?;
                agent.map(|agent| credentials::opens(&policy, &agent, proof))
            }
            Ask::TierChange { to, .. } => self.what_ends(request.agent, *to).await?,
            Ask::Change { change, .. } => self.what_ends(request.agent, change.tier_to).await?,
            ask => ask.access().and_then(|access| {
                policy.resource(&access.resource)?.opens(&access.action).map(str::to_owned)
            }),
        };
        Ok((opens, usual))
    }

    /// What an agent loses with this tier, in words; none if it loses nothing.
    async fn what_ends(&self, agent: AgentId, tier: Tier) -> Result<Option<String>> {
        let live = self.parts.store.read().await?.live_grants_of(agent, self.now()).await?;
        let ends = super::changes::beyond(&self.policy(), live, tier);
        let named: Vec<String> =
            ends.iter().map(|grant| format!("{} {}", grant.reference, grant.access)).collect();
        Ok((!named.is_empty()).then(|| {
            format!("nothing; it ends {}, which tier {tier} may not hold", named.join(", "))
        }))
    }
}
