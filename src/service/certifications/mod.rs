//! The review that keeps an agent at work: asked in time, reminded, and with a consequence that was
//! announced and that one answer undoes.
//!
//! | file | idea |
//! |---|---|
//! | here | planning, asking, calling off |
//! | `due` | what happens when its moments come |
//! | `answer` | the owner's yes |
//! | `seen` | what the owner needs to know for an answer |
//! | `campaign` | all of it at a glance, for security |
//! | [`outcome`] | what these answer |

mod answer;
mod campaign;
mod due;
pub mod outcome;
mod seen;

use std::collections::BTreeMap;

pub use campaign::campaign;
pub(super) use due::{Watch, act};
pub(super) use seen::content;

use super::opening::{due_at, refresh_homes};
use super::{Result, Service, bulletins};
use crate::clock::Entropy;
use crate::domain::agent::{Agent, AgentState};
use crate::domain::certification::{Certification, CertificationState};
use crate::domain::deadline::{Deadline, Due};
use crate::domain::delivery::{Notice, Place};
use crate::domain::event::{Actor, What};
use crate::domain::ids::{AgentId, CertificationId, DeadlineId};
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::store::{StoreError, Tx, work};

type Done<T> = std::result::Result<T, StoreError>;

/// As many at a time in the sweep.
const AT_ONCE: u32 = 100;

/// The next review of an agent that is at work is planned, in place of whatever was.
pub(super) async fn plan(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: &Agent,
    now: Timestamp,
) -> Done<()> {
    tx.drop_deadlines(&Due::certifying(agent.id)).await?;
    let AgentState::Active { certified_until, .. } = agent.state else { return Ok(()) };
    let at = policy.certifying().terms().opens_at(certified_until).max(now);
    let due = Due::CertificationOpening { agent: agent.id };
    tx.put_deadline(&due_at(entropy, now, at, due)).await
}

/// Somebody answers for the agent from now on, or again: an open review is put to them, and otherwise
/// the next one is planned.
pub(super) async fn owned(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: &Agent,
    now: Timestamp,
) -> Done<()> {
    match tx.open_certification(agent.id).await?.filter(|_| agent.is_active()) {
        // It was opened while they were away, and nobody could be asked.
        Some(review) if review.asked == agent.owner => ask(tx, entropy, &review, agent, now).await,
        Some(review) => handed_over(tx, entropy, review, agent, now).await,
        None => plan(tx, entropy, policy, agent, now).await,
    }
}

/// The owner is asked, unless they were or it is too early. Returns the review.
async fn open(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: &Agent,
    now: Timestamp,
) -> Done<Option<Certification>> {
    let AgentState::Active { certified_until, .. } = agent.state else { return Ok(None) };
    let rules = policy.certifying();
    if now < rules.terms().opens_at(certified_until) {
        plan(tx, entropy, policy, agent, now).await?;
        return Ok(None);
    }
    let since = match tx.last_certified(agent.id).await? {
        Some(last) => last.state.ended_at().unwrap_or(last.opened_at),
        None => agent.registered_at,
    };
    // One that was missed before the agent was stopped and let go on is put anew by this one.
    let newest = tx.newest_certification(agent.id).await?;
    let is_missed =
        |review: &Certification| matches!(review.state, CertificationState::Missed { .. });
    if let Some(missed) = newest.filter(is_missed) {
        ended(tx, entropy, missed.call_off(now), now).await?;
    }
    let id = CertificationId::new(entropy.ulid(now));
    let review = Certification::open(id, agent, certified_until, since, rules.terms(), now);
    if !tx.insert_certification(&review).await? {
        return Ok(None);
    }
    let mut deadlines: Vec<Deadline> = Vec::new();
    for before in &rules.remind_before {
        let at = review.due - before.delta();
        if at > now {
            let due = Due::CertificationReminder { certification: id, before: *before };
            deadlines.push(due_at(entropy, now, at, due));
        }
    }
    let due = Due::CertificationDue { certification: id };
    deadlines.push(due_at(entropy, now, review.due, due));
    let due = Due::CertificationEnd { certification: id };
    deadlines.push(due_at(entropy, now, review.suspends_at, due));
    tx.put_deadlines(&deadlines).await?;
    let what = What::CertificationOpened { certification: id, agent: agent.id, due: review.due };
    tx.append(now, Actor::System, what).await?;
    refresh_homes(tx, entropy, now, [&agent.owner]);
    Ok(Some(review))
}

/// The question to the owner, as another copy that is kept true.
async fn ask(
    tx: &mut Tx,
    entropy: &Entropy,
    review: &Certification,
    agent: &Agent,
    now: Timestamp,
) -> Done<()> {
    let owner = agent.owner.clone();
    let place = Place::Person(owner.clone());
    let notice = Notice::CertificationAsked { certification: review.id, owner };
    bulletins::post(tx, entropy, &review.id, place, notice, now).await
}

/// Those who watch over the agent are told where its review stands, and see what becomes of it.
async fn tell(
    tx: &mut Tx,
    entropy: &Entropy,
    review: &Certification,
    places: impl IntoIterator<Item = Place>,
    now: Timestamp,
) -> Done<()> {
    for place in places {
        let notice = Notice::CertificationWatched { certification: review.id };
        bulletins::post(tx, entropy, &review.id, place, notice, now).await?;
    }
    Ok(())
}

/// The agent is not at work any more, for whatever reason: its open review asks nothing, and none is
/// planned. What was missed can still be made good.
pub(in crate::service) async fn call_off(
    tx: &mut Tx,
    entropy: &Entropy,
    agent: AgentId,
    now: Timestamp,
) -> Done<()> {
    tx.drop_deadlines(&Due::certifying(agent)).await?;
    match tx.open_certification(agent).await? {
        Some(review) => ended(tx, entropy, review.call_off(now), now).await,
        None => Ok(()),
    }
}

/// The same for good: what was missed is over as well.
pub(super) async fn call_off_for_good(
    tx: &mut Tx,
    entropy: &Entropy,
    agent: AgentId,
    now: Timestamp,
) -> Done<()> {
    call_off(tx, entropy, agent, now).await?;
    match tx.newest_certification(agent).await? {
        Some(review) => ended(tx, entropy, review.call_off(now), now).await,
        None => Ok(()),
    }
}

/// A review has ended, if it has: nothing is due for it any more, and every copy shows its end.
async fn ended(
    tx: &mut Tx,
    entropy: &Entropy,
    review: Option<Certification>,
    now: Timestamp,
) -> Done<()> {
    let Some(review) = review else { return Ok(()) };
    tx.update_certification(&review).await?;
    tx.drop_deadlines(&review.id.to_string()).await?;
    bulletins::redraw(tx, entropy, &review.id, now);
    refresh_homes(tx, entropy, now, [&review.asked]);
    Ok(())
}

/// A grant has ended: a review that shows what the agent has is another.
pub(super) async fn grant_ended(
    tx: &mut Tx,
    entropy: &Entropy,
    agent: AgentId,
    now: Timestamp,
) -> Done<()> {
    if let Some(review) = tx.open_certification(agent).await? {
        bulletins::redraw(tx, entropy, &review.id, now);
    }
    Ok(())
}

impl Service {
    /// Agents that nobody asks about are planned: those of before there were reviews. And reviews whose
    /// agent was stopped or changed hands are called off, or put to who owns it now.
    pub(super) async fn sweep_certifications(&self) -> Result<()> {
        loop {
            let found = self.parts.store.read().await?.agents_without_review(AT_ONCE).await?;
            let full = found.len() == AT_ONCE as usize;
            let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
            let work = work(move |tx| {
                Box::pin(async move {
                    for agent in found {
                        let Some(agent) = tx.agent(agent.id).await? else { continue };
                        if tx.open_certification(agent.id).await?.is_none() {
                            plan(tx, &entropy, &policy, &agent, now).await?;
                        }
                    }
                    Ok(())
                })
            });
            self.parts.store.write(work).await?;
            if !full {
                break;
            }
        }
        let mut after = String::new();
        loop {
            let mut session = self.parts.store.read().await?;
            let found = session.open_certifications(&after, AT_ONCE).await?;
            drop(session);
            let Some((last, _)) = found.last() else { return Ok(()) };
            after = last.id.to_string();
            let changed = found
                .into_iter()
                .filter(|(review, agent)| !agent.is_active() || review.asked != agent.owner)
                .map(|(review, _)| review.id)
                .collect::<Vec<_>>();
            if !changed.is_empty() {
                self.set_right(changed).await?;
            }
        }
    }

    async fn set_right(&self, reviews: Vec<CertificationId>) -> Result<()> {
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                for id in reviews {
                    let found = tx.certification_with_agent(id).await?;
                    let Some((review, agent)) = found.filter(|(r, _)| r.can_be_answered()) else {
                        continue;
                    };
                    if agent.is_active() {
                        handed_over(tx, &entropy, review, &agent, now).await?;
                    } else {
                        call_off(tx, &entropy, agent.id, now).await?;
                    }
                }
                Ok(())
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// What must be known of an agent's people before a moment of its review comes: who watches over
    /// it, and whether its owner is still there.
    pub(super) async fn watches(&self, due: &[Deadline]) -> Result<BTreeMap<DeadlineId, Watch>> {
        let mut found = BTreeMap::new();
        let mut counted = false;
        for deadline in due {
            let agent = match deadline.due {
                Due::CertificationOpening { agent } => {
                    // What the agent did is part of the question.
                    if !std::mem::replace(&mut counted, true) {
                        self.count_use().await?;
                    }
                    self.agent_by_id(agent).await?
                }
                Due::CertificationReminder { certification, .. }
                | Due::CertificationDue { certification }
                | Due::CertificationEnd { certification } => {
                    let mut session = self.parts.store.read().await?;
                    let found = session.certification_with_agent(certification).await?;
                    found.map(|(_, agent)| agent)
                }
                _ => None,
            };
            if let Some(agent) = agent {
                found.insert(deadline.id, self.watch(&agent).await);
            }
        }
        Ok(found)
    }
}

/// Somebody else owns the agent now: they are asked, and who was asked before is not any more.
async fn handed_over(
    tx: &mut Tx,
    entropy: &Entropy,
    review: Certification,
    agent: &Agent,
    now: Timestamp,
) -> Done<()> {
    if review.asked == agent.owner {
        return Ok(());
    }
    refresh_homes(tx, entropy, now, [&review.asked, &agent.owner]);
    let review = Certification { asked: agent.owner.clone(), ..review };
    tx.update_certification(&review).await?;
    bulletins::redraw(tx, entropy, &review.id, now);
    ask(tx, entropy, &review, agent, now).await
}
