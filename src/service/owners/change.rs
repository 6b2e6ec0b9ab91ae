//! What follows whenever somebody else answers for an agent, in the same transaction.

use crate::clock::Entropy;
use crate::domain::agent::{Agent, Cause, Orphaned};
use crate::domain::deadline::Due;
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{About, Actor, What};
use crate::domain::person::PersonId;
use crate::domain::request::{Ask, Request};
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::service::opening::{refresh_homes, send};
use crate::service::{bulletins, certifications};
use crate::store::{StoreError, Tx};

type Done<T> = std::result::Result<T, StoreError>;

/// The ids under which what happens to the agent's ownership is found.
pub(super) fn about(agent: &Agent) -> About {
    About { agent: Some(agent.id), ..About::default() }
}

/// This person answers for the agent from now on: nothing counts down any more, everything that was
/// told of it shows so, it goes on if it was stopped only for want of an owner, and its next review is theirs.
pub(super) async fn settle_in(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: Agent,
    owner: PersonId,
    actor: Actor,
    now: Timestamp,
) -> Done<Agent> {
    let (before, orphaned) = (agent.owner.clone(), agent.orphaned.clone());
    let stopped = agent.cause() == Some(Cause::Ownerless);
    let agent = agent.owned_by(owner, now);
    tx.update_agent(&agent).await?;
    if let Some(Orphaned { since, .. }) = orphaned {
        tx.drop_deadlines(&Due::ownerless(agent.id)).await?;
        bulletins::redraw(tx, entropy, &Orphaned::episode(agent.id, since), now);
    }
    if stopped {
        let what = What::AgentReinstated { agent: agent.id };
        tx.append_about(now, actor, what, about(&agent)).await?;
    }
    certifications::owned(tx, entropy, policy, &agent, now).await?;
    refresh_homes(tx, entropy, now, [&before, &agent.owner]);
    Ok(agent)
}

/// A handover was approved. The one who asked and the one who answered for the agent are told as of
/// every end; besides them, who answers for it now, and the team.
pub(in crate::service) async fn handed_over(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    request: &Request,
    agent: Agent,
    actor: Actor,
    now: Timestamp,
) -> Done<Agent> {
    let Ask::Handover { to, .. } = &request.ask else { return Ok(agent) };
    let from = agent.owner.clone();
    let what = What::OwnerChanged { agent: agent.id, from: from.clone(), to: to.clone() };
    let about = crate::service::settle::about(request);
    tx.append_about(now, actor.clone(), what, about).await?;
    let agent = settle_in(tx, entropy, policy, agent, to.clone(), actor, now).await?;
    if *to != request.asked_by {
        let place = Place::Person(to.clone());
        let notice = Notice::Outcome { request: request.id };
        send(tx, entropy, now, &Delivery::Notice { place, notice }).await?;
    }
    if let Some(team) = policy.team(&agent.team) {
        let place = Place::Channel(team.channel.clone());
        let notice = Notice::OwnerChanged { agent: agent.id, from, to: to.clone() };
        send(tx, entropy, now, &Delivery::Notice { place, notice }).await?;
    }
    Ok(agent)
}
