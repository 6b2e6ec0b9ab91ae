//! What registrations mean for what was found: one that was asked for makes it the agent's when it is
//! approved, and so does one of the same name.

use super::{Done, change};
use crate::clock::Entropy;
use crate::domain::agent::Agent;
use crate::domain::discovery::{Discovery, DiscoveryState, Match};
use crate::domain::event::{Actor, What};
use crate::domain::ids::{AgentId, DiscoveryId};
use crate::domain::person::{By, PersonId};
use crate::domain::time::Timestamp;
use crate::store::Tx;

/// Who was asked sends the registration. If it is not asked of them any more, it is a registration like
/// any other.
pub(in crate::service) async fn registering(
    tx: &mut Tx,
    entropy: &Entropy,
    id: DiscoveryId,
    by: &PersonId,
    agent: AgentId,
    now: Timestamp,
) -> Done<()> {
    let Some(before) = tx.discovery(id).await? else { return Ok(()) };
    let Ok(after) = before.clone().registering(by, agent) else { return Ok(()) };
    tx.update_discovery(&after).await?;
    // Others decide now, and their request has reminders of its own.
    tx.drop_deadlines(&id.to_string()).await?;
    redraw(tx, entropy, &after, now);
    Ok(())
}

fn redraw(tx: &mut Tx, entropy: &Entropy, it: &Discovery, now: Timestamp) {
    crate::service::bulletins::redraw(tx, entropy, &it.id, now);
    if let Some(batch) = &it.told {
        crate::service::bulletins::redraw(tx, entropy, batch, now);
    }
}

/// An agent's registration was approved: what waited for it, and what has its name, is the agent's.
pub(in crate::service) async fn registered(
    tx: &mut Tx,
    entropy: &Entropy,
    agent: &Agent,
    now: Timestamp,
) -> Done<()> {
    for before in tx.discoveries_of(agent.id).await? {
        claim(tx, entropy, before, agent, None, now).await?;
    }
    for before in tx.open_discoveries_called(agent.slug.as_str()).await? {
        if before.state.agent().is_none() && before.is_not() != Some(agent.id) {
            claim(tx, entropy, before, agent, Some(Match::Name), now).await?;
        }
    }
    Ok(())
}

async fn claim(
    tx: &mut Tx,
    entropy: &Entropy,
    before: Discovery,
    agent: &Agent,
    matched: Option<Match>,
    now: Timestamp,
) -> Done<()> {
    // It may have gone meanwhile: when it is back, it is back as the agent's.
    if let DiscoveryState::Gone { at, before: state } = &before.state {
        let there = Discovery { state: state.as_ref().clone(), ..before.clone() };
        let Ok(there) = there.claim(agent.id, agent.owner.clone(), matched, now) else {
            return Ok(());
        };
        let state = DiscoveryState::Gone { at: *at, before: Box::new(there.state.clone()) };
        return tx.update_discovery(&Discovery { state, ..there }).await;
    }
    let word = matched.as_ref().map(|matched| matched.word().to_owned());
    let (by, actor): (By, Actor) = match matched {
        Some(_) => (By::System, Actor::System),
        None => (agent.owner.clone().into(), Actor::Person(agent.owner.clone())),
    };
    let Ok(after) = before.clone().claim(agent.id, by, matched, now) else { return Ok(()) };
    let what = What::DiscoveryClaimed { discovery: after.id, agent: agent.id, matched: word };
    change(tx, entropy, &before, &after, actor, what, now).await
}

/// An agent's registration came to nothing: what waited for it is nobody's again.
pub(in crate::service) async fn unregistered(
    tx: &mut Tx,
    entropy: &Entropy,
    agent: AgentId,
    now: Timestamp,
) -> Done<()> {
    for before in tx.discoveries_of(agent).await? {
        let after = before.clone().not_registered(agent);
        if after.state != before.state {
            let why = "not_registered".to_owned();
            let what = What::DiscoveryReopened { discovery: after.id, why };
            change(tx, entropy, &before, &after, Actor::System, what, now).await?;
        }
    }
    Ok(())
}
