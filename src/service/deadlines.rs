//! What is due is done: reminders, and ends. Each in one transaction with what follows from it, so
//! that it happens once, whichever worker does it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::{error, warn};

use super::certifications::{self, Watch};
use super::escalate::out_of_time;
use super::grants::{about, owner_and_team, tell_ended};
use super::opening::{post_card, refresh_homes, send};
use super::owners::countdown;
use super::{Result, Service, ServiceError};
use crate::clock::Entropy;
use crate::domain::agent::Agent;
use crate::domain::credential::CredentialState;
use crate::domain::deadline::{Deadline, Due};
use crate::domain::delivery::{Delivery, Face, Notice, Place};
use crate::domain::event::{Actor, What};
use crate::domain::ids::{AgentId, DeadlineId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::request::{Acceptance, Asked, Request};
use crate::domain::time::{Span, Timestamp};
use crate::policy::Policy;
use crate::store::{StoreError, Tx, work};

type Done<T> = std::result::Result<T, StoreError>;

/// What had to be found out before the transaction.
struct Known {
    /// Whose word each request waits for.
    awaited: BTreeMap<RequestId, Vec<PersonId>>,
    /// Who is to hear again of each agent that nobody answers for.
    leads: BTreeMap<AgentId, Vec<PersonId>>,
    /// Who watches over the agents that are to be reviewed.
    watches: BTreeMap<DeadlineId, Watch>,
    /// Who can answer as the backup of each request whose time is over; absent, if that could not be
    /// found out now.
    backups: BTreeMap<RequestId, Vec<Asked>>,
}

/// How long what could not be done waits for its next try.
const TRIED_AGAIN: Span = Span::minutes(5);

impl Service {
    /// Does up to `limit` things that are due, the oldest first. Returns how many were done.
    pub async fn act_on_due(&self, limit: u32) -> Result<usize> {
        let now = self.now();
        let due = self.parts.store.read().await?.due(now, limit).await?;
        if due.is_empty() {
            return Ok(0);
        }
        // Whom to remind needs the workspace, so it is found before the transaction.
        let (mut awaited, mut backups) = (BTreeMap::new(), BTreeMap::new());
        let mut leads = BTreeMap::new();
        for deadline in &due {
            match deadline.due {
                Due::RequestReminder { request } => {
                    awaited.insert(request, self.awaited_people(request, now).await?);
                }
                Due::OwnerlessNotice { agent, .. } => {
                    leads.insert(agent, self.told_of_ownerless(agent).await?);
                }
                Due::RequestExpiry { request } => match self.backup_people(request, now).await {
                    Ok(people) => {
                        backups.insert(request, people);
                    }
                    Err(ServiceError::Directory(error)) => {
                        let error = &error as &dyn std::error::Error;
                        warn!(error, %request, "the backup is not known now: will try again");
                    }
                    Err(error) => return Err(error),
                },
                _ => {}
            }
        }
        let watches = self.watches(&due).await?;
        let known = Arc::new(Known { awaited, backups, leads, watches });
        match self.act_on(due.clone(), &known, now).await {
            // One row that cannot be read must not hold back what is due beside it.
            Err(error) if !error.is_unavailable() => self.act_on_each(due, &known, now).await,
            outcome => Ok(outcome?),
        }
    }

    /// All of these in one transaction. Returns how many were done.
    async fn act_on(&self, due: Vec<Deadline>, known: &Arc<Known>, now: Timestamp) -> Done<usize> {
        let (entropy, policy, known) = (self.entropy(), self.policy(), Arc::clone(known));
        let work = work(move |tx| {
            Box::pin(async move {
                let mut acting = Acting { entropy, policy, now, agents: BTreeMap::new() };
                let ids: Vec<DeadlineId> = due.iter().map(|deadline| deadline.id).collect();
                let ours = tx.finish_deadlines(&ids).await?;
                // Gone means that another worker did it, or that it was called off.
                for deadline in due.iter().filter(|deadline| ours.contains(&deadline.id)) {
                    acting.act(tx, deadline, &known).await?;
                }
                Ok(ours.len())
            })
        });
        self.parts.store.write(work).await
    }

    /// Each by itself; what fails is said and tried again later.
    async fn act_on_each(
        &self,
        due: Vec<Deadline>,
        known: &Arc<Known>,
        now: Timestamp,
    ) -> Result<usize> {
        let mut done = 0;
        for deadline in due {
            match self.act_on(vec![deadline], known, now).await {
                Ok(n) => done += n,
                Err(error) if error.is_unavailable() => return Err(error.into()),
                Err(error) => {
                    error!(
                        deadline = ?deadline.due,
                        error = &error as &dyn std::error::Error,
                        "a deadline could not be met, and will be tried again"
                    );
                    let later = Deadline { at: now + TRIED_AGAIN.delta(), ..deadline };
                    let work = work(move |tx| {
                        Box::pin(async move {
                            if tx.finish_deadline(later.id).await? {
                                tx.put_deadline(&later).await?;
                            }
                            Ok(())
                        })
                    });
                    self.parts.store.write(work).await?;
                }
            }
        }
        Ok(done)
    }

    /// The people whose word a request waits for. When the workspace cannot be asked, those who
    /// got a card when it was opened and have not voted.
    async fn awaited_people(&self, id: RequestId, now: Timestamp) -> Result<Vec<PersonId>> {
        let Some((request, agent)) = self.request_and_agent(id).await? else {
            return Ok(Vec::new());
        };
        if !request.is_open(now) {
            return Ok(Vec::new());
        }
        let mut people: Vec<PersonId> = match self.still_awaited(&request, &agent).await {
            Ok(people) => people,
            Err(_) => self.with_a_card(&request).await?,
        };
        if request.acceptance == Acceptance::Awaited {
            people.push(request.acceptor(&agent.owner).clone());
        }
        Ok(people)
    }

    /// Those who could give what is missing, and those who stand in for them; who is away is passed
    /// over.
    async fn still_awaited(&self, request: &Request, agent: &Agent) -> Result<Vec<PersonId>> {
        let (policy, awaited) = (self.policy(), request.awaited());
        let (roles, workspace) = (request.answerable(), &request.asked_by.workspace);
        let roster = self.roster(&policy, &roles, &request.team, workspace).await?;
        let mut excluded = request.excluded(&agent.owner);
        excluded.extend(request.votes.iter().map(|vote| &vote.by));
        let asked = self.to_be_asked(&policy, &roster, &request.team, &awaited, &excluded).await?;
        let could = |asked: &Asked| {
            let lent = asked.stands_in.values();
            std::iter::once(&asked.roles)
                .chain(lent)
                .any(|roles| request.covers(roles).iter().any(|role| awaited.contains(role)))
        };
        let present = asked.into_iter().filter(|asked| asked.away.is_none() && could(asked));
        Ok(present.map(|asked| asked.person).collect())
    }

    async fn with_a_card(&self, request: &Request) -> Result<Vec<PersonId>> {
        let cards = self.parts.store.read().await?.cards_of(request.id).await?;
        Ok(cards
            .into_iter()
            .filter(|card| card.face == Face::Approval)
            .filter_map(|card| match card.place {
                Place::Person(person) => Some(person),
                Place::Channel(_) | Place::Thread(_) => None,
            })
            .filter(|person| !request.votes.iter().any(|v| v.by == *person))
            .collect())
    }
}

struct Acting {
    entropy: Arc<Entropy>,
    policy: Arc<Policy>,
    now: Timestamp,
    /// A hundred grants of one agent may end at one moment.
    agents: BTreeMap<AgentId, Agent>,
}

impl Acting {
    async fn act(&mut self, tx: &mut Tx, deadline: &Deadline, known: &Known) -> Done<()> {
        match deadline.due {
            Due::RequestReminder { request: id } => {
                let open = tx.request(id).await?.filter(|r| r.is_open(self.now));
                let Some(request) = open else { return Ok(()) };
                let Some(agent) = tx.agent(request.agent).await? else { return Ok(()) };
                // A reminder is one more copy of the card: like all of them it has buttons only
                // while they count, and shows the end.
                for person in known.awaited.get(&id).into_iter().flatten() {
                    let owner = person == request.acceptor(&agent.owner);
                    let face = if owner { Face::Ownership } else { Face::Reminder };
                    let place = Place::Person(person.clone());
                    post_card(tx, &self.entropy, &request, place, face, self.now).await?;
                }
                super::emergency::remind_again(tx, &self.entropy, &request, self.now).await
            }
            Due::RequestExpiry { request } => {
                let Some(request) = tx.request(request).await? else { return Ok(()) };
                if request.is_overdue(self.now) {
                    let (entropy, policy) = (&self.entropy, &self.policy);
                    return super::emergency::overdue(tx, entropy, policy, &request, self.now)
                        .await;
                }
                // Not from the cache: a registration's end changes the agent.
                let Some(agent) = tx.agent(request.agent).await? else { return Ok(()) };
                let Some(backup) = known.backups.get(&request.id) else {
                    let later = Deadline { at: self.now + TRIED_AGAIN.delta(), ..*deadline };
                    return tx.put_deadline(&later).await;
                };
                let agent =
                    out_of_time(tx, &self.entropy, request, agent, backup, self.now).await?;
                self.agents.extend(agent.map(|agent| (agent.id, agent)));
                Ok(())
            }
            Due::DelegationEnd { delegation } => {
                let over = tx.delegation(delegation).await?.and_then(|d| d.end(self.now));
                let Some(over) = over else { return Ok(()) };
                super::delegate::ended(tx, &self.entropy, &over, self.now).await
            }
            Due::GrantReminder { grant, before } => {
                let Some(grant) = tx.grant(grant).await?.filter(|g| g.is_live(self.now)) else {
                    return Ok(());
                };
                let Some(agent) = self.agent(tx, grant.agent).await? else { return Ok(()) };
                for place in owner_and_team(&self.policy, &agent) {
                    let notice = Notice::GrantEnding { grant: grant.id, before };
                    self.notice(tx, place, notice).await?;
                }
                Ok(())
            }
            Due::GrantExpiry { grant } => {
                let Some(grant) = tx.grant(grant).await?.and_then(|g| g.expire(self.now).ok())
                else {
                    return Ok(());
                };
                tx.update_grant(&grant).await?;
                let what = What::GrantExpired { grant: grant.id };
                tx.append_about(self.now, Actor::System, what, about(&grant)).await?;
                let Some(agent) = self.agent(tx, grant.agent).await? else { return Ok(()) };
                tell_ended(tx, &self.entropy, &self.policy, &grant, &agent, self.now).await
            }
            Due::OwnerlessNotice { agent, before } => {
                let leads = known.leads.get(&agent).map_or(&[][..], Vec::as_slice);
                let (entropy, policy) = (&self.entropy, &self.policy);
                countdown::say_again(tx, entropy, policy, agent, before, leads, self.now).await
            }
            Due::OwnerlessStop { agent } => {
                self.agents.remove(&agent);
                countdown::stop(tx, &self.entropy, &self.policy, agent, self.now).await
            }
            Due::OwnerlessRetirement { agent } => {
                self.agents.remove(&agent);
                countdown::retire(tx, &self.entropy, &self.policy, agent, self.now).await
            }
            Due::CertificationOpening { .. }
            | Due::CertificationReminder { .. }
            | Due::CertificationDue { .. }
            | Due::CertificationEnd { .. } => {
                let Some(watch) = known.watches.get(&deadline.id) else { return Ok(()) };
                let (entropy, policy) = (&self.entropy, &self.policy);
                let due = deadline.due;
                let agent = certifications::act(tx, entropy, policy, due, watch, self.now).await?;
                self.agents.extend(agent.map(|agent| (agent.id, agent)));
                Ok(())
            }
            Due::DiscoveryReminder { discovery } => {
                super::discoveries::remind(tx, &self.entropy, &self.policy, discovery, self.now)
                    .await
            }
            Due::Discoveries => {
                super::discoveries::tell(tx, &self.entropy, &self.policy, self.now).await
            }
            // These have a worker of their own, see `sweep`.
            Due::Sweep | Due::OwnersSweep { .. } | Due::IdpMatching => Ok(()),
            Due::Digest => super::digest::due(tx, &self.entropy, &self.policy, self.now).await,
            Due::CredentialReminder { credential, before } => {
                let live = tx.credential(credential).await?.filter(|c| c.is_live(self.now));
                let Some(credential) = live else { return Ok(()) };
                let agent = self.agent(tx, credential.agent).await?;
                let agent = agent.filter(|agent| agent.is_active() && agent.orphaned.is_none());
                let Some(agent) = agent else { return Ok(()) };
                let notice = Notice::CredentialEnding { credential: credential.id, before };
                self.notice(tx, Place::Person(agent.owner), notice).await
            }
            Due::CredentialExpiry { credential } => {
                let over = tx
                    .credential(credential)
                    .await?
                    .filter(|c| c.state == CredentialState::Active && self.now >= c.expires_at);
                let Some(credential) = over else { return Ok(()) };
                let Some(agent) = self.agent(tx, credential.agent).await? else { return Ok(()) };
                refresh_homes(tx, &self.entropy, self.now, [&agent.owner]);
                if agent.orphaned.is_some() {
                    return Ok(());
                }
                let notice = Notice::CredentialEnded { credential: credential.id };
                self.notice(tx, Place::Person(agent.owner), notice).await
            }
        }
    }

    async fn notice(&self, tx: &mut Tx, place: Place, notice: Notice) -> Done<()> {
        send(tx, &self.entropy, self.now, &Delivery::Notice { place, notice }).await
    }

    async fn agent(&mut self, tx: &mut Tx, id: AgentId) -> Done<Option<Agent>> {
        if let Some(agent) = self.agents.get(&id) {
            return Ok(Some(agent.clone()));
        }
        let agent = tx.agent(id).await?;
        if let Some(agent) = &agent {
            self.agents.insert(id, agent.clone());
        }
        Ok(agent)
    }
}
