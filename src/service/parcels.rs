//! A delivery becomes a parcel: what is to be shown, as it is at the moment of sending.

use super::messenger::{Content, Parcel};
use super::{Result, Service};
use crate::domain::agent::Agent;
use crate::domain::delivery::{Card, Delivery, Face, MessageRef, Notice, Place};
use crate::domain::event::{Actor, What};
use crate::domain::grant::Grant;
use crate::domain::ids::{CardId, DeliveryId, TaskId};
use crate::domain::request::{Ask, Request, RequestState};
use crate::domain::time::Timestamp;
use crate::store::{Session, Tx, work};

impl Service {
    /// What a delivery shows now; `None` if there is nothing (any more) to show.
    pub async fn parcel(&self, delivery: &Delivery) -> Result<Option<Parcel>> {
        let now = self.now();
        match delivery {
            Delivery::Card { card } => self.card_parcel(*card).await,
            Delivery::Home { person } => {
                Ok(Some(Parcel::Home { overview: self.at_home(person).await? }))
            }
            Delivery::Bulletin { bulletin } | Delivery::Change { bulletin, .. } => {
                let mut session = self.parts.store.read().await?;
                let Some(bulletin) = session.bulletin(*bulletin).await? else { return Ok(None) };
                let content = content(&mut session, &bulletin.notice, now).await?;
                Ok(content.map(|content| Parcel::Bulletin { bulletin, content, now }))
            }
            // Programs are told by another way than people.
            Delivery::Callback { .. } => Ok(None),
            Delivery::Notice { place, notice: Notice::Digest } => {
                let content = self.digest().await?;
                let place = place.clone();
                Ok(content.map(|content| Parcel::Notice { place, content, now }))
            }
            Delivery::Notice { place, notice } => {
                let mut session = self.parts.store.read().await?;
                let content = content(&mut session, notice, now).await?;
                drop(session);
                let content = self.with_appeal(content, now).await?;
                // "About to end" must not be said of what has ended while Slack was away.
                let stale = match &content {
                    Some(Content::GrantEnding { grant, .. }) => !grant.is_live(now),
                    Some(Content::CredentialEnding { credential, .. }) => !credential.is_live(now),
                    // Nor that somebody is asked who has answered meanwhile.
                    Some(Content::Escalated { request, .. }) => !request.is_open(now),
                    // A question that is answered or over is not put any more.
                    Some(Content::LoginAsked { login }) => !login.waits(now),
                    _ => false,
                };
                let content = content.filter(|_| !stale);
                let place = place.clone();
                Ok(content.map(|content| Parcel::Notice { place, content, now }))
            }
        }
    }

    /// A no that can be appealed says until when.
    async fn with_appeal(
        &self,
        content: Option<Content>,
        now: Timestamp,
    ) -> Result<Option<Content>> {
        let Some(Content::Outcome { request, agent, grant, .. }) = content else {
            return Ok(content);
        };
        let appeal_until = self.appeal_until(&request, &agent, now).await?;
        Ok(Some(Content::Outcome { request, agent, grant, appeal_until }))
    }

    async fn card_parcel(&self, id: CardId) -> Result<Option<Parcel>> {
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let Some(card) = session.card(id).await? else { return Ok(None) };
        let Some((request, agent)) = with_agent(&mut session, card.request).await? else {
            return Ok(None);
        };
        let Some(message) = card.message.clone() else {
            return Ok(Some(Parcel::NewCard { card, request, agent }));
        };
        drop(session);
        let (opens, usual) = self.what_it_means(&request).await?;
        Ok(Some(Parcel::Card { card, message, request, agent, opens, usual, now }))
    }

    /// Slack has shown a copy of a card: from now on it is changed, not posted.
    pub async fn card_posted(&self, id: CardId, message: MessageRef) -> Result<()> {
        let work = work(move |tx| Box::pin(async move { tx.set_card_message(id, &message).await }));
        Ok(self.parts.store.write(work).await?)
    }

    /// Somebody deleted a copy of a card. While the question is open it is posted anew; an ended
    /// one needs no copy.
    pub async fn card_gone(&self, card: &Card) -> Result<()> {
        let (now, entropy) = (self.now(), self.entropy());
        let card = card.clone();
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(request) = tx.request(card.request).await? else { return Ok(()) };
                tx.remove_card(card.id).await?;
                if request.state == RequestState::Open {
                    let (place, face) = (card.place, card.face);
                    super::opening::post_card(tx, &entropy, &request, place, face, now).await?;
                }
                Ok(())
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// A message can never arrive: on the record, and security's channel is told, unless the
    /// message was itself such a telling. Those that arrived before it are noted with it.
    pub async fn never_delivered(
        &self,
        arrived: Vec<DeliveryId>,
        id: DeliveryId,
        delivery: &Delivery,
        error: &str,
    ) -> Result<()> {
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let (delivery, error) = (delivery.clone(), error.to_owned());
        let work = work(move |tx| {
            Box::pin(async move {
                for before in arrived {
                    tx.delivered(before).await?;
                }
                tx.give_up(id, &error).await?;
                let what = What::DeliveryFailed { delivery: id, error: error.clone() };
                tx.append(now, Actor::System, what).await?;
                let security = Place::Channel(policy.security_channel().to_owned());
                let to = match &delivery {
                    Delivery::Callback { task } => {
                        let Some(notice) = callback_failed(tx, *task, error, now).await? else {
                            return Ok(());
                        };
                        let told = Delivery::Notice { place: security, notice };
                        return super::opening::send(tx, &entropy, now, &told).await;
                    }
                    Delivery::Notice { notice: Notice::DeliveryFailed { .. }, .. } => {
                        return Ok(());
                    }
                    Delivery::Notice { place, .. } => place.clone(),
                    Delivery::Card { card } => match tx.card(*card).await? {
                        Some(card) => card.place,
                        None => return Ok(()),
                    },
                    Delivery::Bulletin { bulletin } | Delivery::Change { bulletin, .. } => {
                        match tx.bulletin(*bulletin).await? {
                            Some(bulletin) => bulletin.place,
                            None => return Ok(()),
                        }
                    }
                    Delivery::Home { person } => Place::Person(person.clone()),
                };
                // The log has each; people are told once of a place that cannot be reached, not
                // with every change of every card in it.
                if !tx.once(&format!("undelivered:{to:?}:{error}"), now).await? {
                    return Ok(());
                }
                let notice = Notice::DeliveryFailed { delivery: id, to, error };
                let told = Delivery::Notice { place: security, notice };
                super::opening::send(tx, &entropy, now, &told).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Whether this message is a copy of a card that is kept true.
    pub async fn knows_card(&self, message: &MessageRef) -> Result<bool> {
        Ok(self.parts.store.read().await?.card_by_message(message).await?.is_some())
    }

    /// A click came from a message that we do not know as a copy of the request's card: a post
    /// whose answer was lost. From now on it is kept true like the others.
    pub async fn adopt_card(
        &self,
        request: &Request,
        place: Place,
        face: Face,
        message: &MessageRef,
    ) -> Result<()> {
        let (now, entropy) = (self.now(), self.entropy());
        let (request, message) = (request.id, message.clone());
        let work = work(move |tx| {
            Box::pin(async move {
                if tx.card_by_message(&message).await?.is_some() {
                    return Ok(());
                }
                let id = CardId::new(entropy.ulid(now));
                let card = Card { id, request, place, face, message: Some(message) };
                tx.insert_card(&card).await?;
                super::opening::send(tx, &entropy, now, &Delivery::Card { card: id }).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}

/// What security is told of a program that cannot be told: once for each host.
async fn callback_failed(
    tx: &mut Tx,
    task: TaskId,
    error: String,
    now: Timestamp,
) -> Found<Notice> {
    let Some(task) = tx.task(task).await? else { return Ok(None) };
    let Some(callback) = task.callback else { return Ok(None) };
    let host = host_of(&callback.endpoint).to_owned();
    if !tx.once(&format!("undelivered:callback:{host}:{error}"), now).await? {
        return Ok(None);
    }
    Ok(Some(Notice::CallbackFailed { agent: task.agent, host, error }))
}

/// As many of those that were found together are named.
const FIRST_FOUND: u32 = 5;

/// The host of an address, with its port.
fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

type Found<T> = std::result::Result<Option<T>, crate::store::StoreError>;

async fn with_agent(
    session: &mut Session,
    request: crate::domain::ids::RequestId,
) -> Found<(Request, Agent)> {
    session.request_with_agent(request).await
}

async fn grant_with_agent(
    session: &mut Session,
    grant: crate::domain::ids::GrantId,
) -> Found<(Grant, Agent)> {
    session.grant_with_agent(grant).await
}

async fn incident_with_agent(
    session: &mut Session,
    id: crate::domain::ids::IncidentId,
) -> Found<(crate::domain::incident::Incident, Agent)> {
    let Some(incident) = session.incident(id).await? else { return Ok(None) };
    Ok(session.agent(incident.agent).await?.map(|agent| (incident, agent)))
}

async fn emergency(session: &mut Session, id: crate::domain::ids::RequestId) -> Found<Content> {
    let Some((request, agent)) = with_agent(session, id).await? else { return Ok(None) };
    let Some(grant) = session.grant_of_request(id).await? else { return Ok(None) };
    let review = session.review_of(grant.id).await?;
    Ok(Some(Content::Emergency { request, agent, grant, review }))
}

/// What the notice says now.
async fn content(session: &mut Session, notice: &Notice, now: Timestamp) -> Found<Content> {
    Ok(match notice {
        Notice::Escalated { request } => match with_agent(session, *request).await? {
            Some((request, agent)) => {
                let usual = session.usual_wait(request.tier).await?;
                Some(Content::Escalated { request, agent, usual })
            }
            None => None,
        },
        Notice::Delegated { delegation } => {
            let found = session.delegation(*delegation).await?;
            found.map(|delegation| Content::Delegated { delegation })
        }
        Notice::Outcome { request } => match with_agent(session, *request).await? {
            Some((request, agent)) => {
                let grant = match request.ask.in_truth() {
                    Ask::Extension { grant, .. } => {
                        match session.grant_of_request(request.id).await? {
                            Some(grant) => Some(grant),
                            None => session.grant(*grant).await?,
                        }
                    }
                    Ask::Review { grant, .. } => session.grant(*grant).await?,
                    _ => session.grant_of_request(request.id).await?,
                };
                Some(Content::Outcome { request, agent, grant, appeal_until: None })
            }
            None => None,
        },
        Notice::ApprovedWithoutPeople { request } => with_agent(session, *request)
            .await?
            .map(|(request, agent)| Content::ApprovedWithoutPeople { request, agent }),
        Notice::GrantEnding { grant, before } => grant_with_agent(session, *grant)
            .await?
            .map(|(grant, agent)| Content::GrantEnding { grant, agent, before: *before }),
        Notice::GrantEnded { grant } => grant_with_agent(session, *grant)
            .await?
            .map(|(grant, agent)| Content::GrantEnded { grant, agent }),
        Notice::CredentialEnding { credential, .. } => super::credentials::with_agent(
            session,
            *credential,
            now,
        )
        .await?
        .map(|(credential, agent, beside)| Content::CredentialEnding { credential, agent, beside }),
        Notice::CredentialEnded { credential } => super::credentials::with_agent(
            session,
            *credential,
            now,
        )
        .await?
        .map(|(credential, agent, beside)| Content::CredentialEnded { credential, agent, beside }),
        Notice::AgentStopped { agent } => {
            session.agent(*agent).await?.map(|agent| Content::AgentStopped { agent })
        }
        Notice::Ownerless { agent, since, owner, standing, before } => {
            session.agent(*agent).await?.map(|agent| Content::Ownerless {
                agent,
                since: *since,
                owner: owner.clone(),
                standing: *standing,
                before: *before,
            })
        }
        Notice::OwnerChanged { agent, from, to } => session
            .agent(*agent)
            .await?
            .map(|agent| Content::OwnerChanged { agent, from: from.clone(), to: to.clone() }),
        Notice::TeamChanged { agent, from, to } => session
            .agent(*agent)
            .await?
            .map(|agent| Content::TeamChanged { agent, from: from.clone(), to: to.clone() }),
        Notice::Emergency { request } => emergency(session, *request).await?,
        Notice::ReviewOverdue { request } => with_agent(session, *request)
            .await?
            .map(|(request, agent)| Content::ReviewOverdue { request, agent }),
        Notice::Incident { incident } => incident_with_agent(session, *incident)
            .await?
            .map(|(incident, agent)| Content::Incident { incident, agent }),
        Notice::IncidentFacts { incident, facts } => {
            match incident_with_agent(session, *incident).await? {
                Some((incident, agent)) => {
                    let known = super::incidents::known(session, &incident, *facts).await?;
                    Some(Content::IncidentFacts { incident, agent, known })
                }
                None => None,
            }
        }
        Notice::CertificationAsked { .. } | Notice::CertificationWatched { .. } => {
            super::certifications::content(session, notice, now).await?
        }
        Notice::AgentRetired { agent } => {
            session.agent(*agent).await?.map(|agent| Content::AgentRetired { agent })
        }
        Notice::NobodyCanDecide { agent, asked_by, roles } => Some(Content::NobodyCanDecide {
            agent: agent.clone(),
            asked_by: asked_by.clone(),
            roles: roles.clone(),
        }),
        Notice::DeliveryFailed { delivery, to, error } => Some(Content::DeliveryFailed {
            delivery: *delivery,
            to: to.clone(),
            error: error.clone(),
        }),
        Notice::MayBeAsked { agent, access } => session
            .agent(*agent)
            .await?
            .map(|agent| Content::MayBeAsked { agent, access: access.clone() }),
        Notice::MayBeRegistered { draft } => {
            Some(Content::MayBeRegistered { draft: draft.clone() })
        }
        Notice::DiscoveryFound { discovery } => super::discoveries::found(session, *discovery)
            .await?
            .map(|found| Content::DiscoveryFound { found }),
        Notice::DiscoveriesFound { batch, count } => {
            let (first, open) = session.discoveries_told_as(batch, FIRST_FOUND).await?;
            Some(Content::DiscoveriesFound { count: *count, open, first })
        }
        Notice::DiscoveryAsked { discovery, of } => super::discoveries::found(session, *discovery)
            .await?
            .map(|found| Content::DiscoveryAsked { found, reader: of.clone() }),
        Notice::QuotaReached { agent, quota, limit } => session
            .agent(*agent)
            .await?
            .map(|agent| Content::QuotaReached { agent, quota: quota.clone(), limit: *limit }),
        Notice::LoginAsked { login } => {
            session.login(*login).await?.map(|login| Content::LoginAsked { login })
        }
        Notice::LoginEnded { login } => {
            session.login(*login).await?.map(|login| Content::LoginEnded { login })
        }
        Notice::CallbackFailed { agent, host, error } => {
            session.agent(*agent).await?.map(|agent| Content::CallbackFailed {
                agent,
                host: host.clone(),
                error: error.clone(),
            })
        }
        // Needs the policy, too: see `Service::digest`.
        Notice::Digest => None,
        Notice::PolicyLoaded { digest } => Some(Content::PolicyLoaded { digest: digest.clone() }),
        Notice::PolicyRefused { mistakes } => {
            Some(Content::PolicyRefused { mistakes: mistakes.clone() })
        }
    })
}
