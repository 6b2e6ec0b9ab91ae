//! Somebody takes an agent that nobody answers for: one click, and they do.

use super::change::{about, settle_in};
use super::outcome::{OwnerRefusal, Taken};
use crate::domain::agent::Cause;
use crate::domain::event::{Actor, What};
use crate::domain::person::PersonId;
use crate::service::input::OnceKey;
use crate::service::outcome::Refusal;
use crate::service::settle::conflict;
use crate::service::{Result, Service};
use crate::store::work;

impl Service {
    /// A lead of the agent's team, or security, takes it. Of two who click at once the second is told
    /// who was faster.
    pub async fn take(&self, by: &PersonId, name: &str, once: Option<OnceKey>) -> Result<Taken> {
        let agent = match self.find_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Taken::Refused(refusal)),
        };
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Taken::Refused(Refusal::NotMember(standing)));
        }
        if !self.leads_or_guards(&self.policy(), by, &agent).await? {
            let refusal = OwnerRefusal::MayNotTake(agent.slug);
            return Ok(Taken::Refused(Refusal::Owner(refusal)));
        }
        // Whoever tries to take it may know before we do that its owner is gone.
        if agent.lives() && agent.orphaned.is_none() {
            self.look_after(&agent.owner).await?;
        }
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let (by, id) = (by.clone(), agent.id);
        let work = work(move |tx| {
            Box::pin(async move {
                let agent = tx.agent(id).await?.ok_or_else(|| conflict("the agent is gone"))?;
                if !agent.lives() {
                    return Ok(Taken::Refused(Refusal::NotActive(agent)));
                }
                if agent.orphaned.is_none() {
                    return Ok(Taken::Refused(Refusal::Owner(OwnerRefusal::HasOwner(agent))));
                }
                let goes_on = agent.cause() == Some(Cause::Ownerless);
                let (from, to) = (agent.owner.clone(), by.clone());
                let actor = Actor::Person(by.clone());
                let what = What::OwnerTaken { agent: id, from, to };
                tx.append_about(now, actor.clone(), what, about(&agent)).await?;
                let agent = settle_in(tx, &entropy, &policy, agent, by, actor, now).await?;
                Ok(Taken::Done { agent, goes_on })
            })
        });
        match self.once(once.clone(), work).await? {
            Taken::Refused(_) if self.was_done(once.as_ref()).await? => Ok(Taken::Before),
            taken => Ok(taken),
        }
    }
}
