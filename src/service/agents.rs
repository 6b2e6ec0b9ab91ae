//! Agents: listed, shown, stopped.

use super::credentials::live_credentials;
use super::input::OnceKey;
use super::opening::{refresh_homes, send};
use super::outcome::{AgentDetail, AgentLine, GrantOf, HistoryLine, Listing, Refusal, Stopped};
use super::settle::conflict;
use super::winding_down::{cancel_all, revoke_all};
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::agent::{Agent, Cause};
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{About, Actor, Body, TextHash, What};
use crate::domain::grant::Grant;
use crate::domain::person::{By, PersonId};
use crate::domain::request::{Reference, Request};
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::store::{Session, StoreError, Tx, work};

/// As many lines as a list shows.
const SHOWN: u32 = 20;
/// As many lines of history as an agent's page shows.
const HISTORY: u32 = 12;

impl Service {
    /// The agents that there are.
    pub async fn list(&self) -> Result<Listing<AgentLine>> {
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let (agents, total) = session.agents_with_live(now, SHOWN).await?;
        let shown = agents.into_iter().map(AgentLine::from).collect();
        Ok(Listing { shown, total, now })
    }

    /// Everything about one agent.
    pub async fn show(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<AgentDetail, Refusal>> {
        let agent = match self.find_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.detail(agent).await.map(Ok)
    }

    /// The same of an agent that is known.
    pub async fn detail(&self, agent: Agent) -> Result<AgentDetail> {
        let now = self.now();
        let route = self.route(&self.policy(), agent.tier, None).await?;
        self.count_use().await?;
        let mut session = self.parts.store.read().await?;
        let grants = session.live_grants_of(agent.id, now).await?;
        let mut used = session.grant_use(agent.id).await?;
        used.retain(|id, _| grants.iter().any(|grant| grant.id == *id));
        let live_credentials = live_credentials(&mut session, agent.id, now).await?;
        let open = session.open_requests_of_agent(agent.id).await?;
        let mut history = Vec::new();
        for line in session.events_about_agent(agent.id, HISTORY).await? {
            if let Ok(Body { actor, what }) = serde_json::from_str(&line.body) {
                let by = match actor {
                    Actor::Person(person) => Some(person),
                    Actor::System
                    | Actor::IdentityProvider
                    | Actor::Agent(_)
                    | Actor::Service(_) => None,
                };
                let reference = reference(&mut session, &what).await?;
                history.push(HistoryLine { at: line.at, by, reference, what });
            }
        }
        Ok(AgentDetail { agent, route, grants, used, live_credentials, open, history, now })
    }

    /// The live grants, of one agent if it is named.
    pub async fn grants(
        &self,
        by: &PersonId,
        agent: Option<&str>,
    ) -> Result<std::result::Result<Listing<GrantOf>, Refusal>> {
        let now = self.now();
        if let Some(name) = agent {
            let agent = match self.find_agent(by, name).await? {
                Ok(agent) => agent,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let mut session = self.parts.store.read().await?;
            let live = session.live_grants_of(agent.id, now).await?;
            let total = u32::try_from(live.len()).unwrap_or(u32::MAX);
            let shown = live
                .into_iter()
                .take(SHOWN as usize)
                .map(|grant| GrantOf { grant, agent: agent.clone() })
                .collect();
            return Ok(Ok(Listing { shown, total, now }));
        }
        let mut session = self.parts.store.read().await?;
        let (grants, total) = session.live_grants(now, SHOWN).await?;
        let shown = grants.into_iter().map(|(grant, agent)| GrantOf { grant, agent }).collect();
        Ok(Ok(Listing { shown, total, now }))
    }

    /// The owner or security stops an agent: all that it has ends now.
    pub async fn stop(
        &self,
        by: &PersonId,
        name: &str,
        reason: &str,
        once: Option<OnceKey>,
    ) -> Result<Stopped> {
        let agent = match self.find_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Stopped::Refused(refusal)),
        };
        let policy = self.policy();
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Stopped::Refused(Refusal::NotMember(standing)));
        }
        if agent.owner != *by && !self.is_security(&policy, by, &agent.team).await? {
            let (agent, owner) = (agent.slug, agent.owner);
            return Ok(Stopped::Refused(Refusal::MayNotStop { agent, owner }));
        }
        let (now, entropy, id) = (self.now(), self.entropy(), agent.id);
        let (by, reason) = (by.clone(), clean(reason, LONGEST_TEXT));
        let work = work(move |tx| {
            Box::pin(async move {
                let agent = tx.agent(id).await?.ok_or_else(|| conflict("the agent is gone"))?;
                if !agent.can_be_stopped() {
                    return Ok(Stopped::Refused(Refusal::NotActive(agent)));
                }
                let (agent, grants, requests) =
                    stop_now(tx, &entropy, &policy, agent, &by, reason, now).await?;
                let mut places = super::grants::owner_and_team(&policy, &agent);
                places.push(Place::Channel(policy.security_channel().to_owned()));
                for place in places {
                    let notice = Notice::AgentStopped { agent: agent.id };
                    send(tx, &entropy, now, &Delivery::Notice { place, notice }).await?;
                }
                Ok(Stopped::Done { agent, grants, requests })
            })
        });
        self.once(once, work).await
    }
}

/// An agent is stopped: everything that it has ends, and everything that it asked for. Who is
/// told is the caller's to say.
pub(super) async fn stop_now(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: Agent,
    by: &PersonId,
    reason: String,
    now: Timestamp,
) -> std::result::Result<(Agent, Vec<Grant>, Vec<Request>), StoreError> {
    let hash = TextHash::of(&reason);
    let agent = agent.suspend(by.clone(), reason, Cause::Stopped, now).map_err(conflict)?;
    tx.update_agent(&agent).await?;
    let about = About { agent: Some(agent.id), ..About::default() };
    let what = What::AgentSuspended { agent: agent.id, reason: hash };
    tx.append_about(now, Actor::Person(by.clone()), what, about).await?;

    let why = format!("{} was stopped", agent.slug);
    let who = By::from(by.clone());
    let grants = revoke_all(tx, entropy, policy, &agent, &who, &why, now).await?;
    let requests = cancel_all(tx, entropy, &agent, &who, &why, now).await?;
    refresh_homes(tx, entropy, now, [&agent.owner, by]);
    Ok((agent, grants, requests))
}

/// What people call the request or the grant that an event is about.
async fn reference(session: &mut Session, what: &What) -> Result<Option<Reference>> {
    if let What::RequestOpened { reference, .. } = what {
        return Ok(Some(*reference));
    }
    let about = what.about();
    Ok(match (about.grant, about.request) {
        (Some(grant), _) => session.grant(grant).await?.map(|grant| grant.reference),
        (None, Some(request)) => session.request(request).await?.map(|request| request.reference),
        (None, None) => None,
    })
}
