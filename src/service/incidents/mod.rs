//! Incidents: something is wrong with an agent. It is stopped, security's channel gets a thread with
//! what is known, and whoever is on call is called.

mod facts;
mod timeline;

pub use facts::{Deeds, Known, Seen};
pub use timeline::{Entry, Happened, Timeline, timeline};

pub(super) use facts::known;

use super::agents::stop_now;
use super::bulletins;
use super::grants::owner_and_team;
use super::input::OnceKey;
use super::opening::send;
use super::outcome::Refusal;
use super::people::deciders;
use super::settle::conflict;
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::agent::{Agent, AgentState, Slug};
use crate::domain::delivery::{Delivery, MessageRef, Notice, Place};
use crate::domain::event::{Actor, TextHash, What};
use crate::domain::ids::{BulletinId, IncidentId};
use crate::domain::incident::{CutOff, Facts, Incident, IncidentState};
use crate::domain::person::PersonId;
use crate::domain::request::Reference;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::store::{StoreError, Tx, work};

/// As many as a list shows.
const SHOWN: u32 = 20;

type Done<T> = std::result::Result<T, StoreError>;

/// What came of opening an incident, or closing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incidental {
    /// It is open.
    Opened(IncidentOf),
    /// It is closed.
    Closed(IncidentOf),
    /// It cannot be.
    Refused(Refusal),
    /// The same was done before.
    Before,
}

/// An incident and its agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentOf {
    /// The incident.
    pub incident: Incident,
    /// The agent it is about.
    pub agent: Agent,
}

/// Why nothing can be done so about an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoIncident {
    /// Only the owner, the leads of its team, those on call and security open one.
    MayNotOpen {
        /// About this agent.
        agent: Slug,
        /// Who answers for it.
        owner: PersonId,
    },
    /// Only the leads of its team, those on call and security close one, and never its owner.
    MayNotClose {
        /// What people call it.
        reference: Reference,
    },
    /// One about this agent is open.
    AlreadyOpen(Incident),
    /// It is closed.
    Closed(Incident),
    /// There is none of this name.
    Unknown,
}

impl Service {
    /// Opens an incident: the agent is stopped, and people are called.
    pub async fn open_incident(
        &self,
        by: &PersonId,
        name: &str,
        because: &str,
        once: Option<OnceKey>,
    ) -> Result<Incidental> {
        let agent = match self.may_open_incident(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return self.refused_or_before(refusal, once).await,
        };
        let reason = clean(because, LONGEST_TEXT);
        if reason.is_empty() {
            return Ok(Incidental::Refused(Refusal::NoReason));
        }
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let on_call = self.on_call(&policy, &agent.team, &by.workspace).await?;
        let (by, id) = (by.clone(), agent.id);
        let work = work(move |tx| {
            Box::pin(async move {
                let agent = tx.agent(id).await?.ok_or_else(|| conflict("the agent is gone"))?;
                if let Some(open) = tx.open_incident_of(id).await? {
                    return Ok(refused(NoIncident::AlreadyOpen(open)));
                }
                let cut_off = cut_off(tx, &agent, now).await?;
                let stopped = agent.can_be_stopped();
                let reference =
                    Reference { letter: Incident::LETTER, number: tx.next_number().await? };
                let incident = Incident {
                    id: IncidentId::new(entropy.ulid(now)),
                    reference,
                    agent: id,
                    opened_by: by.clone(),
                    opened_at: now,
                    reason: reason.clone(),
                    owner: agent.owner.clone(),
                    on_call,
                    since: now - policy.incidents().looks_back.delta(),
                    stopped,
                    cut_off,
                    state: IncidentState::Open,
                };
                tx.insert_incident(&incident).await?;
                let what = What::IncidentOpened {
                    incident: incident.id,
                    reference,
                    agent: id,
                    reason: TextHash::of(&reason),
                };
                tx.append(now, Actor::Person(by.clone()), what).await?;
                let agent = if stopped {
                    let why = format!("{reference}: {reason}");
                    let (agent, ..) = stop_now(tx, &entropy, &policy, agent, &by, why, now).await?;
                    for place in owner_and_team(&policy, &agent) {
                        let notice = Notice::AgentStopped { agent: id };
                        send(tx, &entropy, now, &Delivery::Notice { place, notice }).await?;
                    }
                    agent
                } else {
                    agent
                };
                call(tx, &entropy, &policy, &incident, now).await?;
                Ok(Incidental::Opened(IncidentOf { incident, agent }))
            })
        });
        self.once(once, work).await
    }

    /// The agent by this name, if this person may open an incident about it.
    pub async fn may_open_incident(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<Agent, Refusal>> {
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Err(Refusal::NotMember(standing)));
        }
        let agent = match self.find_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if matches!(agent.state, AgentState::Pending { .. } | AgentState::Rejected { .. }) {
            return Ok(Err(Refusal::NotActive(agent)));
        }
        if agent.owner != *by && !self.handles_incidents(by, &agent).await? {
            let (agent, owner) = (agent.slug, agent.owner);
            return Ok(Err(Refusal::Incident(NoIncident::MayNotOpen { agent, owner })));
        }
        if let Some(open) = self.parts.store.read().await?.open_incident_of(agent.id).await? {
            return Ok(Err(Refusal::Incident(NoIncident::AlreadyOpen(open))));
        }
        Ok(Ok(agent))
    }

    /// Closes an incident, with what was found. The agent stays stopped: it goes on by the way of
    /// every stopped agent.
    pub async fn close_incident(
        &self,
        by: &PersonId,
        id: IncidentId,
        note: &str,
        once: Option<OnceKey>,
    ) -> Result<Incidental> {
        if let Err(refusal) = self.may_close_incident(by, id).await? {
            return self.refused_or_before(refusal, once).await;
        }
        let note = clean(note, LONGEST_TEXT);
        if note.is_empty() {
            return Ok(Incidental::Refused(Refusal::NoReason));
        }
        let (now, entropy, by) = (self.now(), self.entropy(), by.clone());
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(incident) = tx.incident(id).await? else {
                    return Ok(refused(NoIncident::Unknown));
                };
                let gone = || conflict("the agent is gone");
                let agent = tx.agent(incident.agent).await?.ok_or_else(gone)?;
                let Some(incident) = incident.clone().close(by.clone(), note.clone(), now) else {
                    return Ok(refused(NoIncident::Closed(incident)));
                };
                tx.update_incident(&incident).await?;
                let note = TextHash::of(&note);
                let what = What::IncidentClosed { incident: id, agent: agent.id, note };
                tx.append(now, Actor::Person(by), what).await?;
                bulletins::redraw(tx, &entropy, &id, now);
                let mut places = vec![Place::Person(incident.owner.clone())];
                places.extend(thread_of(tx, id).await?);
                for place in places {
                    let facts = Facts::Closing;
                    let notice = Notice::IncidentFacts { incident: id, facts };
                    send(tx, &entropy, now, &Delivery::Notice { place, notice }).await?;
                }
                Ok(Incidental::Closed(IncidentOf { incident, agent }))
            })
        });
        self.once(once, work).await
    }

    /// The incident, if this person may close it.
    pub async fn may_close_incident(
        &self,
        by: &PersonId,
        id: IncidentId,
    ) -> Result<std::result::Result<IncidentOf, Refusal>> {
        let Some(of) = self.incident(id).await? else {
            return Ok(Err(Refusal::Incident(NoIncident::Unknown)));
        };
        if !of.incident.is_open() {
            return Ok(Err(Refusal::Incident(NoIncident::Closed(of.incident))));
        }
        let own = *by == of.incident.owner || *by == of.agent.owner;
        if own || !self.handles_incidents(by, &of.agent).await? {
            let reference = of.incident.reference;
            return Ok(Err(Refusal::Incident(NoIncident::MayNotClose { reference })));
        }
        Ok(Ok(of))
    }

    /// The incident with its agent, as they are now.
    pub async fn incident(&self, id: IncidentId) -> Result<Option<IncidentOf>> {
        let mut session = self.parts.store.read().await?;
        let Some(incident) = session.incident(id).await? else { return Ok(None) };
        let agent = session.agent(incident.agent).await?;
        Ok(agent.map(|agent| IncidentOf { incident, agent }))
    }

    /// What happened around an incident, for those who may look into it: its last part.
    pub async fn incident_timeline(
        &self,
        by: &PersonId,
        id: IncidentId,
    ) -> Result<std::result::Result<(Timeline, Timestamp), Refusal>> {
        let Some(of) = self.incident(id).await? else {
            return Ok(Err(Refusal::Incident(NoIncident::Unknown)));
        };
        if of.agent.owner != *by && !self.handles_incidents(by, &of.agent).await? {
            let (agent, owner) = (of.agent.slug, of.agent.owner);
            return Ok(Err(Refusal::Incident(NoIncident::MayNotOpen { agent, owner })));
        }
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let told = timeline(&mut session, of.incident, of.agent, Some(facts::PAGES)).await?;
        Ok(Ok((told, now)))
    }

    /// The incidents that are open, the oldest first.
    pub async fn open_incidents(&self) -> Result<(Vec<IncidentOf>, Timestamp)> {
        let mut session = self.parts.store.read().await?;
        let mut open = Vec::new();
        for incident in session.open_incidents(SHOWN).await? {
            if let Some(agent) = session.agent(incident.agent).await? {
                open.push(IncidentOf { incident, agent });
            }
        }
        Ok((open, self.now()))
    }

    /// Whether the person looks into incidents of this agent: security, the leads of its team, and
    /// whoever is on call.
    async fn handles_incidents(&self, by: &PersonId, agent: &Agent) -> Result<bool> {
        let policy = self.policy();
        let mut roles = vec![RoleName::new(RoleName::SECURITY), RoleName::new(RoleName::TEAM_LEAD)];
        roles.extend(policy.incidents().on_call.clone());
        Ok(!self.roles_of(&policy, by, &roles, &agent.team).await?.is_empty()
            && self.standing(by).await?.is_member())
    }

    /// Who is on call now.
    async fn on_call(
        &self,
        policy: &Policy,
        team: &TeamName,
        workspace: &str,
    ) -> Result<Vec<PersonId>> {
        let roles: Vec<RoleName> = policy.incidents().on_call.iter().cloned().collect();
        let roster = self.roster(policy, &roles, team, workspace).await?;
        Ok(deciders(&roster, &[]).into_keys().collect())
    }

    async fn refused_or_before(
        &self,
        refusal: Refusal,
        once: Option<OnceKey>,
    ) -> Result<Incidental> {
        Ok(match self.was_done(once.as_ref()).await? {
            true => Incidental::Before,
            false => Incidental::Refused(refusal),
        })
    }
}

const fn refused(why: NoIncident) -> Incidental {
    Incidental::Refused(Refusal::Incident(why))
}

/// What the agent has at this moment.
async fn cut_off(tx: &mut Tx, agent: &Agent, now: Timestamp) -> Done<CutOff> {
    let open = tx.open_requests_of_agent(agent.id).await?;
    let credentials = tx.credentials_of(agent.id).await?;
    Ok(CutOff {
        grants: tx.live_grants_of(agent.id, now).await?.iter().map(|grant| grant.id).collect(),
        requests: open.iter().filter(|r| !r.ask.is_review()).map(|request| request.id).collect(),
        credentials: credentials.iter().filter(|c| c.is_live(now)).map(|c| c.id).collect(),
        tokens: tx.live_tokens_of(agent.id, now).await?.iter().map(|token| token.id).collect(),
    })
}

/// Security's channel, and those on call.
async fn call(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    incident: &Incident,
    now: Timestamp,
) -> Done<()> {
    let mut places = vec![Place::Channel(policy.security_channel().to_owned())];
    let others = incident.on_call.iter().filter(|person| **person != incident.opened_by);
    places.extend(others.cloned().map(Place::Person));
    for place in places {
        let notice = Notice::Incident { incident: incident.id };
        bulletins::post(tx, entropy, &incident.id, place, notice, now).await?;
    }
    Ok(())
}

/// The first message of an incident is there: below it stands what is known.
pub(super) async fn begin_thread(
    tx: &mut Tx,
    entropy: &Entropy,
    posted: BulletinId,
    now: Timestamp,
) -> Done<()> {
    let Some(bulletin) = tx.bulletin(posted).await? else { return Ok(()) };
    let Notice::Incident { incident } = bulletin.notice else { return Ok(()) };
    let (Place::Channel(_), Some(message)) = (bulletin.place, bulletin.message) else {
        return Ok(());
    };
    for facts in Facts::ALL {
        let place = Place::Thread(message.clone());
        let notice = Notice::IncidentFacts { incident, facts };
        send(tx, entropy, now, &Delivery::Notice { place, notice }).await?;
    }
    Ok(())
}

/// The thread below the incident's message, once that is there.
async fn thread_of(tx: &mut Tx, id: IncidentId) -> Done<Option<Place>> {
    let told = tx.bulletins_about(&id.to_string()).await?;
    let in_channel = told.into_iter().find(|one| matches!(one.place, Place::Channel(_)));
    let message: Option<MessageRef> = in_channel.and_then(|one| one.message);
    Ok(message.map(Place::Thread))
}
