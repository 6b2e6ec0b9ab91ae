//! The time to decide is over: the backup that the policy named is asked, or the request expires.

use super::opening::{due_at, post_card, refresh_homes, send};
use super::settle::{about, came_to_nothing};
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::agent::Agent;
use crate::domain::backup::Backup;
use crate::domain::deadline::Due;
use crate::domain::delivery::{Delivery, Face, Notice, Place};
use crate::domain::event::{Actor, What};
use crate::domain::ids::RequestId;
use crate::domain::request::{Asked, Request};
use crate::domain::time::{Span, Timestamp};
use crate::store::{StoreError, Tx};

type Done<T> = std::result::Result<T, StoreError>;

impl Service {
    /// Who can answer as the backup of a request whose time is over; nobody if it has none.
    pub(super) async fn backup_people(&self, id: RequestId, now: Timestamp) -> Result<Vec<Asked>> {
        let Some((request, agent)) = self.request_and_agent(id).await? else {
            return Ok(Vec::new());
        };
        let Backup::Planned { role, .. } = &request.backup else { return Ok(Vec::new()) };
        if !request.goes_to_backup(now) {
            return Ok(Vec::new());
        }
        let policy = self.policy();
        let mut roles = request.answerable();
        roles.push(role.clone());
        let roster =
            self.roster(&policy, &roles, &request.team, &request.asked_by.workspace).await?;
        let mut excluded = request.excluded(&agent.owner);
        excluded.extend(request.votes.iter().map(|vote| &vote.by));
        let needs = [role.clone()];
        let asked = self.to_be_asked(&policy, &roster, &request.team, &needs, &excluded).await?;
        let is_backup = |asked: &Asked| {
            asked.roles.contains(role) || asked.stands_in.values().any(|roles| roles.contains(role))
        };
        Ok(asked.into_iter().filter(is_backup).collect())
    }
}

/// Nobody answered in time. Returns the agent as it is now.
pub(super) async fn out_of_time(
    tx: &mut Tx,
    entropy: &Entropy,
    request: Request,
    agent: Agent,
    backup: &[Asked],
    now: Timestamp,
) -> Done<Option<Agent>> {
    if !request.goes_to_backup(now) {
        let Some(expired) = request.expire(now) else { return Ok(None) };
        return came_to_nothing(tx, entropy, &expired, agent, now).await.map(Some);
    }
    if backup.is_empty() {
        let Some(expired) = request.expire_without_backup(now) else { return Ok(None) };
        return came_to_nothing(tx, entropy, &expired, agent, now).await.map(Some);
    }
    let Some(request) = request.escalate(backup.to_vec(), now) else { return Ok(None) };
    tx.update_request(&request).await?;
    if let Backup::Called { role, missing, .. } = &request.backup {
        let (role, missing, until) = (role.clone(), missing.clone(), request.decide_by);
        let what = What::RequestEscalated { request: request.id, role, missing, until };
        tx.append_about(now, Actor::System, what, about(&request)).await?;
    }
    for asked in backup.iter().filter(|asked| asked.away.is_none()) {
        let place = Place::Person(asked.person.clone());
        post_card(tx, entropy, &request, place, Face::Backup, now).await?;
    }
    tx.redraw(request.id, entropy.ulid(now), now);
    let mut told = vec![&request.asked_by];
    told.extend((agent.owner != request.asked_by).then_some(&agent.owner));
    for person in &told {
        let notice = Notice::Escalated { request: request.id };
        let place = Place::Person((*person).clone());
        send(tx, entropy, now, &Delivery::Notice { place, notice }).await?;
    }
    let mut deadlines = Vec::new();
    if let Some(within) = Span::between(now, request.decide_by) {
        let due = Due::RequestReminder { request: request.id };
        deadlines.push(due_at(entropy, now, now + within.half().delta(), due));
    }
    let due = Due::RequestExpiry { request: request.id };
    deadlines.push(due_at(entropy, now, request.decide_by, due));
    tx.put_deadlines(&deadlines).await?;
    let asked = backup.iter().map(|asked| &asked.person);
    refresh_homes(tx, entropy, now, asked.chain(told));
    Ok(Some(agent))
}
