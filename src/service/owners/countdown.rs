//! What is due while nobody answers for an agent: it is said again, it is stopped, it is retired.

use super::change::about;
use super::lost::tell;
use crate::clock::Entropy;
use crate::domain::agent::{Agent, Cause, Orphaned};
use crate::domain::deadline::{Deadline, Due};
use crate::domain::delivery::{Notice, Place};
use crate::domain::event::{Actor, TextHash, What};
use crate::domain::ids::AgentId;
use crate::domain::person::{By, PersonId};
use crate::domain::time::{Span, Timestamp};
use crate::policy::{Owners, Policy};
use crate::service::opening::{due_at, refresh_homes};
use crate::service::settle::conflict;
use crate::service::winding_down::{cancel, end_all};
use crate::service::{Result, Service, bulletins, certifications};
use crate::store::{StoreError, Tx};

type Done<T> = std::result::Result<T, StoreError>;

/// Everything that is due if nobody takes the agent.
pub(super) fn deadlines(
    entropy: &Entropy,
    owners: &Owners,
    agent: &Agent,
    orphaned: &Orphaned,
    now: Timestamp,
) -> Vec<Deadline> {
    let agent = agent.id;
    let notices = owners.notices_before.iter().map(|before| {
        (orphaned.suspended_at - before.delta(), Due::OwnerlessNotice { agent, before: *before })
    });
    let stop = (orphaned.suspended_at, Due::OwnerlessStop { agent });
    let retirement = (orphaned.retired_at, Due::OwnerlessRetirement { agent });
    notices
        .chain([stop, retirement])
        .filter(|(at, _)| *at > now)
        .map(|(at, due)| due_at(entropy, now, at, due))
        .collect()
}

impl Service {
    /// Who is to be told that nobody answers for the agent: the leads of its team. When the
    /// workspace cannot be asked, those who were told before.
    pub(in crate::service) async fn told_of_ownerless(&self, id: AgentId) -> Result<Vec<PersonId>> {
        let Some(agent) = self.agent_by_id(id).await? else { return Ok(Vec::new()) };
        let Some(orphaned) = &agent.orphaned else { return Ok(Vec::new()) };
        if let Ok(leads) = self.leads_of(&self.policy(), &agent).await {
            return Ok(leads);
        }
        let episode = Orphaned::episode(id, orphaned.since);
        let told = self.parts.store.read().await?.bulletins_about(&episode).await?;
        let mut leads: Vec<PersonId> = told
            .into_iter()
            .filter_map(|bulletin| match bulletin.place {
                Place::Person(person) => Some(person),
                Place::Channel(_) | Place::Thread(_) => None,
            })
            .collect();
        leads.sort_unstable();
        leads.dedup();
        Ok(leads)
    }
}

/// It is said again that nobody answers for the agent, unless it is too late to say so, or the next
/// time has come as well.
pub(in crate::service) async fn say_again(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    id: AgentId,
    before: Span,
    leads: &[PersonId],
    now: Timestamp,
) -> Done<()> {
    let Some(agent) = tx.agent(id).await?.filter(Agent::is_active) else { return Ok(()) };
    let Some(Orphaned { since, suspended_at, .. }) = agent.orphaned else { return Ok(()) };
    let next = policy.owners().notices_before.iter().filter(|next| **next < before).max();
    let next = next.map_or(suspended_at, |next| suspended_at - next.delta());
    if now >= next {
        return Ok(());
    }
    let Some((owner, standing)) = told_before(tx, &agent, since).await? else { return Ok(()) };
    let notice = Notice::Ownerless { agent: id, since, owner, standing, before: Some(before) };
    tell(tx, entropy, policy, &agent, leads, &notice, now).await
}

/// What became of the owner, as it was said the first time.
async fn told_before(
    tx: &mut Tx,
    agent: &Agent,
    since: Timestamp,
) -> Done<Option<(PersonId, crate::domain::person::Standing)>> {
    let told = tx.bulletins_about(&Orphaned::episode(agent.id, since)).await?;
    Ok(told.into_iter().find_map(|bulletin| match bulletin.notice {
        Notice::Ownerless { owner, standing, .. } => Some((owner, standing)),
        _ => None,
    }))
}

/// Nobody took the agent: it is stopped. What it has stays and opens nothing; what was asked for it is
/// cancelled, but for a handover, which would bring it an owner.
pub(in crate::service) async fn stop(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    id: AgentId,
    now: Timestamp,
) -> Done<()> {
    let Some(agent) = tx.agent(id).await?.filter(Agent::is_active) else { return Ok(()) };
    let Some(Orphaned { since, .. }) = agent.orphaned else { return Ok(()) };
    let why = "nobody answers for it".to_owned();
    let agent = agent.suspend(By::System, why.clone(), Cause::Ownerless, now).map_err(conflict)?;
    tx.update_agent(&agent).await?;
    let what = What::AgentSuspended { agent: id, reason: TextHash::of(&why) };
    tx.append_about(now, Actor::System, what, about(&agent)).await?;
    // Nobody is there to say that it is needed; whoever takes it is asked anew.
    certifications::call_off(tx, entropy, id, now).await?;
    for request in tx.open_requests_of_agent(id).await? {
        if request.ask.new_owner().is_none() {
            let why = format!("{} was stopped", agent.slug);
            cancel(tx, entropy, &agent, request, &By::System, &why, now).await?;
        }
    }
    told_ended(tx, entropy, policy, &agent, since, now).await
}

/// Still nobody took the agent: it is retired, and everything that it has ends.
pub(in crate::service) async fn retire(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    id: AgentId,
    now: Timestamp,
) -> Done<()> {
    let Some(agent) = tx.agent(id).await?.filter(Agent::lives) else { return Ok(()) };
    let Some(Orphaned { since, .. }) = agent.orphaned else { return Ok(()) };
    end_all(tx, entropy, policy, &agent, &By::System, now).await?;
    let why = "nobody took it".to_owned();
    let agent = agent.retire(By::System, why.clone(), now).map_err(conflict)?;
    tx.update_agent(&agent).await?;
    tx.drop_deadlines(&Due::ownerless(id)).await?;
    let what = What::AgentRetired { agent: id, reason: TextHash::of(&why) };
    tx.append_about(now, Actor::System, what, about(&agent)).await?;
    told_ended(tx, entropy, policy, &agent, since, now).await
}

/// Everything that was told of the agent shows how it stands now, and security and the team hear it: as
/// one more of these, because it can still be taken.
async fn told_ended(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: &Agent,
    since: Timestamp,
    now: Timestamp,
) -> Done<()> {
    let episode = Orphaned::episode(agent.id, since);
    bulletins::redraw(tx, entropy, &episode, now);
    let security = Place::Channel(policy.security_channel().to_owned());
    let team = policy.team(&agent.team).map(|team| Place::Channel(team.channel.clone()));
    for place in std::iter::once(security).chain(team) {
        let notice = Notice::AgentStopped { agent: agent.id };
        bulletins::post(tx, entropy, &episode, place, notice, now).await?;
    }
    refresh_homes(tx, entropy, now, [&agent.owner]);
    Ok(())
}
