//! What is open already is put to whoever stands in for somebody from now on, too.

use std::collections::BTreeSet;

use super::opening::post_card;
use super::owners::nobody_answers;
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::agent::Agent;
use crate::domain::delegation::Delegation;
use crate::domain::delivery::{Face, Place};
use crate::domain::ids::RequestId;
use crate::domain::person::{PersonId, Standing};
use crate::domain::request::{Asked, Request};
use crate::domain::role::RoleName;
use crate::domain::time::Timestamp;
use crate::domain::voice::{Loan, Voice};
use crate::policy::Policy;
use crate::store::{StoreError, Tx};

/// As many open requests are looked through, the oldest first.
const LOOKED_THROUGH: u32 = 200;

/// A request that waits for somebody in whose place another answers, and that other.
pub(super) struct Waiting {
    request: RequestId,
    asked: Asked,
}

impl Service {
    /// What waits for the one who gives this delegation, as far as the other can answer it. Found
    /// before the transaction: people are looked up for it.
    pub(super) async fn waits_for_stand_in(
        &self,
        policy: &Policy,
        new: &Delegation,
    ) -> Result<Vec<Waiting>> {
        let now = self.now();
        let open = self.parts.store.read().await?.open_requests_with_agents(LOOKED_THROUGH).await?;
        // It is in the place of another to the same person.
        let mut given = self.in_force(policy).await?;
        given.retain(|old| old.from != new.from || old.to != new.to);
        given.push(new.clone());
        let mut waiting = Vec::new();
        for (request, agent) in open {
            let (roles, team) = (request.answerable(), &request.team);
            if !can_be_answered(&request, &agent, now)
                || self.roles_of(policy, &new.from, &roles, team).await?.is_empty()
            {
                continue;
            }
            let (needs, workspace) = (request.awaited(), &request.asked_by.workspace);
            let roster = self.roster(policy, &roles, team, workspace).await?;
            let mut excluded = request.excluded(&agent.owner);
            excluded.extend(request.votes.iter().map(|vote| &vote.by));
            let asked =
                self.to_be_asked_with(policy, &roster, team, &needs, &excluded, &given).await?;
            let stands_in =
                |one: &Asked| one.person == new.to && one.stands_in.contains_key(&new.from);
            if let Some(asked) = asked.into_iter().find(stands_in) {
                waiting.push(Waiting { request: request.id, asked });
            }
        }
        Ok(waiting)
    }
}

/// The delegation is in force: who stands in gets the card of each, and every copy names them.
pub(super) async fn put_to(
    tx: &mut Tx,
    entropy: &Entropy,
    new: &Delegation,
    waiting: Vec<Waiting>,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    for Waiting { request, asked } in waiting {
        // Under the lock: somebody may have answered meanwhile.
        let Some((request, agent)) = tx.request_with_agent(request).await? else { continue };
        if !can_be_answered(&request, &agent, now) || !helps(&request, &agent, new, &asked, now) {
            continue;
        }
        let place = Place::Person(asked.person.clone());
        let is_here = asked.away.is_none();
        let request = request.also_asking(asked);
        tx.update_request(&request).await?;
        let cards = tx.cards_of(request.id).await?;
        let has_one = |face: Face| face != Face::Ownership;
        if is_here && !cards.iter().any(|card| card.place == place && has_one(card.face)) {
            post_card(tx, entropy, &request, place, Face::Approval, now).await?;
        }
        tx.redraw(request.id, entropy.ulid(now), now);
    }
    Ok(())
}

/// Whether a yes of anybody counts now.
fn can_be_answered(request: &Request, agent: &Agent, now: Timestamp) -> bool {
    let has_owner = nobody_answers(agent).is_none();
    request.is_open(now) && (has_owner || !request.ask.needs_owner())
}

/// Whether a yes of whoever stands in brings the request further.
fn helps(
    request: &Request,
    agent: &Agent,
    new: &Delegation,
    asked: &Asked,
    now: Timestamp,
) -> bool {
    let lent = |(from, roles): (&PersonId, &BTreeSet<RoleName>)| Loan {
        delegation: new.id,
        from: from.clone(),
        holds: roles.clone(),
        lends: roles.clone(),
    };
    let loans = asked.stands_in.iter().map(lent).collect();
    let voice = Voice { own: asked.roles.clone(), loans };
    let said = request.may_vote(&asked.person, Standing::Member, &voice, &agent.owner, now);
    said.is_ok_and(|said| {
        said.stands_in.contains_key(&new.from) && request.would_help(&asked.person, said, now)
    })
}
