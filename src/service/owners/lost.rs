//! An owner is no full member any more: their account was deactivated, they became a guest, they left.
//! Slack says so at once, and the daily sweep finds what Slack's word did not reach. Their agents go on
//! with what they have, and those who may take them are asked to.

use tracing::warn;

use super::change::{about, settle_in};
use super::countdown::deadlines;
use crate::clock::Entropy;
use crate::domain::agent::{Agent, AgentState, Orphaned};
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{Actor, What};
use crate::domain::ids::{AgentId, RequestId};
use crate::domain::person::{By, PersonId, Standing};
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::service::opening::{refresh_homes, send};
use crate::service::settle::came_to_nothing;
use crate::service::{Result, Service, bulletins};
use crate::store::{StoreError, Tx, work};

type Done<T> = std::result::Result<T, StoreError>;

impl Service {
    /// Looks at a person of whom Slack says that something has changed: what they answer for loses
    /// its owner if they are no full member any more, and has it again if they are one again.
    pub async fn look_after(&self, person: &PersonId) -> Result<()> {
        let mut session = self.parts.store.read().await?;
        let agents = session.agents_of(person).await?;
        let handovers: Vec<RequestId> = session
            .open_handovers()
            .await?
            .into_iter()
            .filter(|request| request.ask.new_owner() == Some(person))
            .map(|request| request.id)
            .collect();
        drop(session);
        // Nearly everybody of whom Slack says something: a name, a picture, a status.
        if agents.is_empty() && handovers.is_empty() {
            return Ok(());
        }
        match self.standing(person).await? {
            // They were, or will be, and the rest is seen when they have arrived.
            Standing::Invited => Ok(()),
            Standing::Member => {
                for agent in agents.into_iter().filter(|agent| agent.orphaned.is_some()) {
                    self.returned(agent.id, person).await?;
                }
                Ok(())
            }
            standing => {
                for agent in agents.into_iter().filter(|agent| agent.orphaned.is_none()) {
                    self.lost(agent, standing).await?;
                }
                for request in handovers {
                    self.cannot_take_over(request).await?;
                }
                Ok(())
            }
        }
    }

    /// The agent's owner is no full member any more.
    async fn lost(&self, agent: Agent, standing: Standing) -> Result<()> {
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        // Whoever leads the team is asked; that it cannot be said now who does must not keep the
        // others from hearing of it.
        let leads = self.leads_of(&policy, &agent).await.unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            warn!(error, agent = %agent.slug, "its team's leads could not be asked to take it");
            Vec::new()
        });
        let (id, owner) = (agent.id, agent.owner);
        let work = work(move |tx| {
            Box::pin(async move {
                let found = tx.agent(id).await?.filter(|agent| agent.owner == owner);
                let Some(agent) = found else { return Ok(()) };
                match agent.state {
                    AgentState::Pending { request } => {
                        never_began(tx, &entropy, agent, request, standing, now).await
                    }
                    _ => leave_alone(tx, &entropy, &policy, agent, standing, &leads, now).await,
                }
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// The agent's owner is a full member again, before anybody took it.
    async fn returned(&self, id: AgentId, owner: &PersonId) -> Result<()> {
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let owner = owner.clone();
        let work = work(move |tx| {
            Box::pin(async move {
                let found = tx.agent(id).await?;
                let found = found.filter(|agent| agent.owner == owner && agent.orphaned.is_some());
                let Some(agent) = found else { return Ok(()) };
                let what = What::OwnerReturned { agent: id, owner: owner.clone() };
                tx.append_about(now, Actor::System, what, about(&agent)).await?;
                let actor = Actor::System;
                settle_in(tx, &entropy, &policy, agent, owner.clone(), actor, now).await?;
                let place = Place::Person(owner.clone());
                let notice = Notice::OwnerChanged { agent: id, from: owner.clone(), to: owner };
                send(tx, &entropy, now, &Delivery::Notice { place, notice }).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Whoever was to take an agent over cannot any more.
    async fn cannot_take_over(&self, id: RequestId) -> Result<()> {
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                let Some((request, agent)) = tx.request_with_agent(id).await? else {
                    return Ok(());
                };
                let why = "whoever was to answer for it is no full member any more".to_owned();
                if let Some(request) = request.overtaken(By::System, why, now) {
                    came_to_nothing(tx, &entropy, &request, agent, now).await?;
                }
                Ok(())
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}

/// The agent is not registered yet: without an owner it never is.
async fn never_began(
    tx: &mut Tx,
    entropy: &Entropy,
    agent: Agent,
    request: RequestId,
    standing: Standing,
    now: Timestamp,
) -> Done<()> {
    let Some(request) = tx.request(request).await? else { return Ok(()) };
    let why = "whoever was to answer for it is no full member any more".to_owned();
    let Some(request) = request.overtaken(By::System, why, now) else { return Ok(()) };
    let what = What::AgentOrphaned { agent: agent.id, owner: agent.owner.clone(), standing };
    tx.append_about(now, Actor::System, what, about(&agent)).await?;
    // Nobody is there to be told.
    let orphaned = Some(Orphaned { since: now, suspended_at: now, retired_at: now });
    let agent = Agent { orphaned, ..agent };
    came_to_nothing(tx, entropy, &request, agent, now).await.map(drop)
}

/// From now on nobody answers for the agent: it is said where somebody may take it, and the time
/// until it is stopped begins.
async fn leave_alone(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: Agent,
    standing: Standing,
    leads: &[PersonId],
    now: Timestamp,
) -> Done<()> {
    let owners = policy.owners();
    let orphaned = Orphaned::from(now, owners.countdown, owners.retire_after);
    let Some(agent) = agent.lose_owner(orphaned.clone()) else { return Ok(()) };
    tx.update_agent(&agent).await?;
    let owner = agent.owner.clone();
    let what = What::AgentOrphaned { agent: agent.id, owner: owner.clone(), standing };
    tx.append_about(now, Actor::System, what, about(&agent)).await?;
    tx.put_deadlines(&deadlines(entropy, owners, &agent, &orphaned, now)).await?;
    let notice = Notice::Ownerless { agent: agent.id, since: now, owner, standing, before: None };
    tell(tx, entropy, policy, &agent, leads, &notice, now).await?;
    refresh_homes(tx, entropy, now, leads.iter().chain([&agent.owner]));
    Ok(())
}

/// Says it in security's and the team's channel and to the leads, to be kept true.
pub(super) async fn tell(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: &Agent,
    leads: &[PersonId],
    notice: &Notice,
    now: Timestamp,
) -> Done<()> {
    let Some(orphaned) = &agent.orphaned else { return Ok(()) };
    let episode = Orphaned::episode(agent.id, orphaned.since);
    let security = Place::Channel(policy.security_channel().to_owned());
    let team = policy.team(&agent.team).map(|team| Place::Channel(team.channel.clone()));
    let leads = leads.iter().cloned().map(Place::Person);
    for place in std::iter::once(security).chain(team).chain(leads) {
        bulletins::post(tx, entropy, &episode, place, notice.clone(), now).await?;
    }
    Ok(())
}
