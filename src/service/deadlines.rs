//! What is due is done: reminders, and ends. Each in one transaction with what follows from it, so
//! that it happens once, whichever worker does it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::error;

use super::grants::{about, owner_and_team, tell_ended};
use super::opening::{post_card, refresh_homes, send};
use super::people::deciders;
use super::settle::came_to_nothing;
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::agent::Agent;
use crate::domain::credential::CredentialState;
use crate::domain::deadline::{Deadline, Due};
use crate::domain::delivery::{Delivery, Face, Notice, Place};
use crate::domain::event::{Actor, What};
use crate::domain::ids::{AgentId, DeadlineId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::request::{Acceptance, Request};
use crate::domain::time::{Span, Timestamp};
use crate::policy::Policy;
use crate::store::{StoreError, Tx, work};

type Done<T> = std::result::Result<T, StoreError>;

/// What had to be found out before the transaction.
struct Known {
    /// Whose word each request waits for.
    awaited: BTreeMap<RequestId, Vec<PersonId>>,
    /// When the next sweep is due, if there was one.
    swept: Option<Timestamp>,
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
        let mut awaited = BTreeMap::new();
        for deadline in &due {
            if let Due::RequestReminder { request } = deadline.due {
                awaited.insert(request, self.awaited_people(request, now).await?);
            }
        }
        // So does the sweep, which is work of its own; what goes wrong there holds nothing else up.
        let swept = match due.iter().any(|deadline| deadline.due == Due::Sweep) {
            true => Some(self.sweep(now).await),
            false => None,
        };
        let known = Arc::new(Known { awaited, swept });
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
        let awaited = request.awaited();
        let workspace = &request.asked_by.workspace;
        let roster = self.roster(&self.policy(), &awaited, &request.team, workspace).await;
        let mut people: Vec<PersonId> = match roster {
            Ok(roster) => {
                let voted = request.votes.iter().map(|v| &v.by);
                let excluded: Vec<&PersonId> =
                    voted.chain([&request.asked_by, &agent.owner]).collect();
                deciders(&roster, &excluded).into_keys().collect()
            }
            Err(_) => self.with_a_card(&request).await?,
        };
        if request.acceptance == Acceptance::Awaited {
            people.push(agent.owner);
        }
        Ok(people)
    }

    async fn with_a_card(&self, request: &Request) -> Result<Vec<PersonId>> {
        let cards = self.parts.store.read().await?.cards_of(request.id).await?;
        Ok(cards
            .into_iter()
            .filter(|card| card.face == Face::Approval)
            .filter_map(|card| match card.place {
                Place::Person(person) => Some(person),
                Place::Channel(_) => None,
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
                    let owner = *person == agent.owner;
                    let face = if owner { Face::Ownership } else { Face::Reminder };
                    let place = Place::Person(person.clone());
                    post_card(tx, &self.entropy, &request, place, face, self.now).await?;
                }
                Ok(())
            }
            Due::RequestExpiry { request } => {
                let expired = tx.request(request).await?.and_then(|r| r.expire(self.now));
                let Some(request) = expired else { return Ok(()) };
                // Not from the cache: a registration's end changes the agent.
                let Some(agent) = tx.agent(request.agent).await? else { return Ok(()) };
                let agent = came_to_nothing(tx, &self.entropy, &request, agent, self.now).await?;
                self.agents.insert(agent.id, agent);
                Ok(())
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
            Due::DiscoveryReminder { discovery } => {
                super::discoveries::remind(tx, &self.entropy, &self.policy, discovery, self.now)
                    .await
            }
            Due::Discoveries => {
                super::discoveries::tell(tx, &self.entropy, &self.policy, self.now).await
            }
            Due::Sweep => match known.swept {
                Some(at) => tx.put_deadline(&super::sweep::next(deadline, at)).await,
                None => Ok(()),
            },
            Due::CredentialReminder { credential, before } => {
                let live = tx.credential(credential).await?.filter(|c| c.is_live(self.now));
                let Some(credential) = live else { return Ok(()) };
                let agent = self.agent(tx, credential.agent).await?.filter(Agent::is_active);
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
