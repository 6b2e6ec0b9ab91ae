//! What follows when a request ends: written in the same transaction as the end itself.

use std::collections::BTreeSet;

use super::opening::{due_at, refresh_homes, send};
use super::owners::change::handed_over;
use crate::clock::Entropy;
use crate::domain::agent::Agent;
use crate::domain::deadline::Due;
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{About, Actor, TextHash, What};
use crate::domain::grant::{Grant, GrantState};
use crate::domain::ids::GrantId;
use crate::domain::person::{By, PersonId};
use crate::domain::request::{ApprovedBy, Ask, Request, RequestState};
use crate::domain::task::Submitter;
use crate::domain::time::{Span, Timestamp};
use crate::policy::Policy;
use crate::store::{StoreError, Tx};

type Done<T> = std::result::Result<T, StoreError>;

/// A request was approved: what it asked for becomes true.
pub(super) async fn approved(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    request: &Request,
    agent: Agent,
    now: Timestamp,
) -> Done<(Agent, Option<Grant>)> {
    let (rule, actor) = match &request.state {
        RequestState::Approved { by: ApprovedBy::Policy { rule }, .. } => {
            (Some(rule.clone()), Actor::System)
        }
        RequestState::Approved { by: ApprovedBy::Emergency, .. } => (None, request.asker()),
        _ => (None, last_voter(request)),
    };
    let people: Vec<PersonId> = request
        .requirements()
        .into_iter()
        .filter_map(|r| r.covered_by.map(|vote| vote.by.clone()))
        .collect();
    ended(tx, entropy, request, &agent, now).await?;
    // Of an emergency its own line tells.
    if !matches!(request.ask, Ask::Emergency { .. }) {
        let what = What::RequestApproved { request: request.id, rule, people };
        tx.append_about(now, actor.clone(), what, about(request)).await?;
    }

    // What an appeal is about becomes true as if it had been asked and approved now.
    let appealed = matches!(request.ask, Ask::Appeal { .. });
    let request = &super::appeals::in_truth(request);
    match &request.ask {
        Ask::Registration => {
            let certified_until = now + policy.certify_every().delta();
            let agent = match appealed {
                true => agent.revive(now, certified_until),
                false => agent.activate(now, certified_until),
            };
            let agent = agent.map_err(conflict)?;
            tx.update_agent(&agent).await?;
            super::certifications::plan(tx, entropy, policy, &agent, now).await?;
            let (tier, owner) = (agent.tier, agent.owner.clone());
            let what = What::AgentActivated { agent: agent.id, tier, owner };
            tx.append_about(now, actor.clone(), what, about(request)).await?;
            super::credentials::add(tx, entropy, request, actor, now).await?;
            super::discoveries::registered(tx, entropy, &agent, now).await?;
            Ok((agent, None))
        }
        Ask::Reinstatement { .. } => {
            let agent = agent.reinstate(now).map_err(conflict)?;
            tx.update_agent(&agent).await?;
            super::certifications::plan(tx, entropy, policy, &agent, now).await?;
            let what = What::AgentReinstated { agent: agent.id };
            tx.append_about(now, actor, what, about(request)).await?;
            Ok((agent, None))
        }
        Ask::Handover { .. } => {
            let agent = handed_over(tx, entropy, policy, request, agent, actor, now).await?;
            Ok((agent, None))
        }
        Ask::TierChange { .. } | Ask::Change { .. } => {
            let retier = super::changes::retier(tx, entropy, policy, request, agent, actor, now);
            Ok((Box::pin(retier).await?, None))
        }
        Ask::Appeal { .. } => Err(StoreError::conflict("an appeal is never appealed")),
        Ask::Credential { .. } => {
            super::credentials::add(tx, entropy, request, actor, now).await?;
            Ok((agent, None))
        }
        Ask::Grant { lasting, raise_to, .. } => {
            let agent = match raise_to {
                Some(to) if *to > agent.tier => {
                    let from = agent.tier;
                    let agent = agent.raise(*to);
                    tx.update_agent(&agent).await?;
                    let what = What::TierRaised { agent: agent.id, from, to: *to };
                    tx.append_about(now, actor.clone(), what, about(request)).await?;
                    agent
                }
                _ => agent,
            };
            let grant = start(tx, entropy, policy, request, *lasting, actor, now).await?;
            Ok((agent, grant))
        }
        Ask::Emergency { lasting, .. } => {
            let grant = start(tx, entropy, policy, request, *lasting, actor, now).await?;
            Ok((agent, grant))
        }
        Ask::Review { of, .. } => {
            super::emergency::reviewed(tx, entropy, request, of, now);
            Ok((agent, None))
        }
        Ask::Extension { grant: id, by, .. } => {
            let Some(grant) = tx.grant(*id).await? else {
                return Err(StoreError::conflict("the grant that was to go on is gone"));
            };
            match grant.extend(*by, now) {
                Ok(grant) => {
                    tx.update_grant(&grant).await?;
                    tx.drop_deadlines(&grant.id.to_string()).await?;
                    schedule_end(tx, entropy, policy, &grant, now).await?;
                    let until = grant.expires_at;
                    let what = What::GrantExtended { grant: grant.id, request: request.id, until };
                    tx.append_about(now, actor, what, about(request)).await?;
                    super::bulletins::redraw(tx, entropy, &grant.id, now);
                    super::emergency::redraw(tx, entropy, &grant, now);
                    Ok((agent, Some(grant)))
                }
                // It ended while people decided. The yes still stands: it opens the same again,
                // for the time that was asked, from now on.
                Err(_) => {
                    let grant = start(tx, entropy, policy, request, *by, actor, now).await?;
                    Ok((agent, grant))
                }
            }
        }
    }
}

/// A new grant begins.
async fn start(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    request: &Request,
    lasting: Span,
    actor: Actor,
    now: Timestamp,
) -> Done<Option<Grant>> {
    let Some(access) = request.ask.access() else { return Ok(None) };
    let latest = now + lasting.delta();
    let expires_at = request.origin.not_after().map_or(latest, |until| until.min(latest));
    let grant = Grant {
        id: GrantId::new(entropy.ulid(now)),
        reference: request.reference,
        agent: request.agent,
        access: access.clone(),
        request: request.id,
        starts_at: now,
        expires_at,
        state: GrantState::Active,
    };
    tx.insert_grant(&grant).await?;
    schedule_end(tx, entropy, policy, &grant, now).await?;
    let (access, until) = (grant.access.clone(), grant.expires_at);
    let what = What::GrantStarted { grant: grant.id, agent: grant.agent, access, until };
    tx.append_about(now, actor, what, about(request)).await?;
    Ok(Some(grant))
}

/// The reminders before a grant's end, and the end.
async fn schedule_end(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    grant: &Grant,
    now: Timestamp,
) -> Done<()> {
    let mut deadlines = Vec::new();
    for before in policy.remind_before_end() {
        let at = grant.expires_at - before.delta();
        if at > now {
            let due = Due::GrantReminder { grant: grant.id, before: *before };
            deadlines.push(due_at(entropy, now, at, due));
        }
    }
    let due = Due::GrantExpiry { grant: grant.id };
    deadlines.push(due_at(entropy, now, grant.expires_at, due));
    tx.put_deadlines(&deadlines).await
}

/// A request came to nothing: denied, cancelled or expired. A registration frees its name.
pub(super) async fn came_to_nothing(
    tx: &mut Tx,
    entropy: &Entropy,
    request: &Request,
    agent: Agent,
    now: Timestamp,
) -> Done<Agent> {
    let (actor, what) = match &request.state {
        RequestState::Denied { by, reason, .. } => (
            Actor::Person(by.clone()),
            What::RequestDenied { request: request.id, reason: TextHash::of(reason) },
        ),
        RequestState::Cancelled { by, program, .. } => {
            let by = program.as_ref().map_or_else(|| by.clone().into(), Submitter::actor);
            (by, What::RequestCancelled { request: request.id })
        }
        _ => (Actor::System, What::RequestExpired { request: request.id }),
    };
    ended(tx, entropy, request, &agent, now).await?;
    tx.append_about(now, actor.clone(), what, about(request)).await?;
    if matches!(request.ask, Ask::Registration) {
        let agent = agent.reject(now).map_err(conflict)?;
        tx.update_agent(&agent).await?;
        let what = What::AgentRejected { agent: agent.id };
        tx.append_about(now, actor, what, about(request)).await?;
        super::discoveries::unregistered(tx, entropy, agent.id, now).await?;
        return Ok(agent);
    }
    Ok(agent)
}

/// What every end has in common: no deadline is left, every copy of the card shows it, and those
/// whom it concerns are told.
async fn ended(
    tx: &mut Tx,
    entropy: &Entropy,
    request: &Request,
    agent: &Agent,
    now: Timestamp,
) -> Done<()> {
    tx.update_request(request).await?;
    tx.drop_deadlines(&request.id.to_string()).await?;
    // Every copy of the request's card shows it as it is now.
    tx.redraw(request.id, entropy.ulid(now), now);
    let mut told: BTreeSet<&PersonId> = BTreeSet::from([&request.asked_by, &agent.owner]);
    // Who has left cannot be told.
    if agent.orphaned.is_some() {
        told.remove(&agent.owner);
    }
    // Who took it back knows, and who got the policy's yes has it as the answer.
    match &request.state {
        RequestState::Cancelled { by: By::Person(by), program: None, .. } => {
            told.remove(by);
        }
        RequestState::Approved { by: ApprovedBy::Policy { .. }, .. }
            if request.origin.is_person() =>
        {
            told.remove(&request.asked_by);
        }
        // Of this everybody is told in its own words.
        RequestState::Approved { by: ApprovedBy::Emergency, .. } => told.clear(),
        _ => {}
    }
    super::access_requests::tell_programs(tx, entropy, request, now).await?;
    for person in told {
        let notice = Notice::Outcome { request: request.id };
        let place = Place::Person(person.clone());
        send(tx, entropy, now, &Delivery::Notice { place, notice }).await?;
    }
    let voters = request.votes.iter().map(|v| &v.by);
    let people = voters.chain([&request.asked_by, &agent.owner]);
    refresh_homes(tx, entropy, now, people);
    Ok(())
}

/// The ids under which a request's events are found.
pub(super) fn about(request: &Request) -> About {
    About { agent: Some(request.agent), request: Some(request.id), grant: None }
}

fn last_voter(request: &Request) -> Actor {
    request.votes.last().map_or(Actor::System, |vote| Actor::Person(vote.by.clone()))
}

pub(super) fn conflict(error: impl std::fmt::Display) -> StoreError {
    StoreError::conflict(error.to_string())
}
