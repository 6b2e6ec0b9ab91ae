//! An agent is ended for good: everything it had and asked for ends, and the record stays. Its name is
//! not given to another.

use super::input::OnceKey;
use super::once::Outcome;
use super::opening::{refresh_homes, send};
use super::outcome::{CannotChange, Refusal};
use super::settle::conflict;
use super::winding_down::end_all;
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::agent::{Agent, AgentState};
use crate::domain::credential::Credential;
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{About, Actor, TextHash, What};
use crate::domain::grant::Grant;
use crate::domain::ids::AgentId;
use crate::domain::person::{By, PersonId};
use crate::domain::request::Request;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::store::{StoreError, Tx, work};

/// What ended with an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The agent, retired.
    pub agent: Agent,
    /// The grants that were revoked.
    pub grants: Vec<Grant>,
    /// The requests that were cancelled.
    pub requests: Vec<Request>,
    /// The credentials that were taken away.
    pub credentials: Vec<Credential>,
}

/// What came of retiring an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retired {
    /// It is ended.
    Done(Box<Ended>),
    /// It cannot be.
    Refused(Refusal),
    /// The same was done before.
    Before,
}

impl Outcome for Retired {
    fn before() -> Self {
        Self::Before
    }

    fn is_done(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

/// Ends the agent for good, whoever decided it.
pub(super) async fn end_for_good(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: Agent,
    by: By,
    reason: String,
    now: Timestamp,
) -> std::result::Result<Ended, StoreError> {
    let agent = agent.retire(by.clone(), reason.clone(), now).map_err(conflict)?;
    tx.update_agent(&agent).await?;
    let about = About { agent: Some(agent.id), ..About::default() };
    let what = What::AgentRetired { agent: agent.id, reason: TextHash::of(&reason) };
    tx.append_about(now, Actor::from(by.clone()), what, about).await?;
    let (grants, requests, credentials) = end_all(tx, entropy, policy, &agent, &by, now).await?;
    let mut places = super::grants::owner_and_team(policy, &agent);
    places.push(Place::Channel(policy.security_channel().to_owned()));
    for place in places {
        let notice = Notice::AgentRetired { agent: agent.id };
        send(tx, entropy, now, &Delivery::Notice { place, notice }).await?;
    }
    refresh_homes(tx, entropy, now, [&agent.owner]);
    Ok(Ended { agent, grants, requests, credentials })
}

impl Service {
    /// The agent of this name, if this person may retire it; else why not.
    pub async fn may_retire(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<Agent, Refusal>> {
        let agent = match self.find_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Err(Refusal::NotMember(standing)));
        }
        if agent.owner != *by && !self.is_security(&self.policy(), by, &agent.team).await? {
            let (agent, owner) = (agent.slug, agent.owner);
            return Ok(Err(Refusal::Change(CannotChange::MayNotRetire { agent, owner })));
        }
        Ok(if can_be_retired(&agent) { Ok(agent) } else { Err(Refusal::NotActive(agent)) })
    }

    /// The owner or security ends an agent for good.
    pub async fn retire(
        &self,
        by: &PersonId,
        id: AgentId,
        reason: &str,
        once: Option<OnceKey>,
    ) -> Result<Retired> {
        let Some(agent) = self.agent_by_id(id).await? else {
            let typed = id.to_string();
            let near = Vec::new();
            return Ok(Retired::Refused(Refusal::UnknownReference { typed, near }));
        };
        match self.may_retire(by, agent.slug.as_str()).await? {
            Ok(agent) if agent.id == id => {}
            // It may be retired by this very form, whose answer was lost.
            Err(Refusal::NotActive(_)) if self.was_done(once.as_ref()).await? => {
                return Ok(Retired::Before);
            }
            Ok(agent) => return Ok(Retired::Refused(Refusal::NotActive(agent))),
            Err(refusal) => return Ok(Retired::Refused(refusal)),
        }
        let reason = clean(reason, LONGEST_TEXT);
        if reason.is_empty() {
            return Ok(Retired::Refused(Refusal::NoReason));
        }
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let by = by.clone();
        let work = work(move |tx| {
            Box::pin(async move {
                let agent = tx.agent(id).await?.ok_or_else(|| conflict("the agent is gone"))?;
                if !can_be_retired(&agent) {
                    return Ok(Retired::Refused(Refusal::NotActive(agent)));
                }
                let who = By::from(by.clone());
                let ended = end_for_good(tx, &entropy, &policy, agent, who, reason, now).await?;
                refresh_homes(tx, &entropy, now, [&by]);
                Ok(Retired::Done(Box::new(ended)))
            })
        });
        self.once(once, work).await
    }
}

const fn can_be_retired(agent: &Agent) -> bool {
    matches!(agent.state, AgentState::Active { .. } | AgentState::Suspended { .. })
}
