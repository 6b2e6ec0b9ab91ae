//! Putting a question to people: routed, written, and on its way in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::outcome::{Refusal, Route};
use super::people::{deciders, uncoverable};
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::agent::{Agent, AgentState, Slug};
use crate::domain::backup::Backup;
use crate::domain::credential::FirstCredential;
use crate::domain::deadline::{Deadline, Due};
use crate::domain::delivery::{Card, Delivery, Face, Notice, Place};
use crate::domain::event::{TextHash, What};
use crate::domain::grant::Grant;
use crate::domain::ids::{CardId, DeadlineId, DeliveryId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::request::{Acceptance, Ask, Asked, Origin, Reference, Request, RequestState};
use crate::domain::review::Finding;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::tier::Tier;
use crate::domain::time::{Span, Timestamp};
use crate::policy::Policy;
use crate::store::{StoreError, Tx};

/// A question that is ready to be put to people.
pub(super) struct Question {
    pub agent: Agent,
    pub asked_by: PersonId,
    pub origin: Origin,
    pub ask: Ask,
    /// The credential that a registration brings along.
    pub brings: Option<FirstCredential>,
    pub tier: Tier,
    pub acceptance: Acceptance,
    pub findings: Vec<Finding>,
    /// The rule by which no people are needed.
    pub rule: Option<String>,
}

/// Who is asked.
pub(super) struct Addressees {
    pub needs: Vec<RoleName>,
    pub asked: Vec<Asked>,
}

/// What a question became.
pub(super) enum Put {
    Open(Agent, Request),
    Approved(Agent, Request, Option<Grant>),
}

impl Service {
    /// Who decides at this tier, and how long that takes.
    pub(super) async fn route(
        &self,
        policy: &Policy,
        tier: Tier,
        rule: Option<String>,
    ) -> Result<Route> {
        let rules = policy.tier(tier);
        let usual = self.parts.store.read().await?.usual_wait(tier).await?;
        Ok(Route {
            tier,
            needs: rules.requires.clone(),
            decide_within: rules.decide_within,
            usual,
            without_people: rule,
        })
    }

    /// Who can answer, or a refusal where too few can: a question that nobody can answer would only
    /// waste the asker's time. Security is told, because it is theirs to mend.
    pub(super) async fn addressees(
        &self,
        policy: &Policy,
        tier: Tier,
        team: &TeamName,
        asked_by: &PersonId,
        owner: &PersonId,
    ) -> Result<std::result::Result<Addressees, Refusal>> {
        let needs = policy.tier(tier).requires.clone();
        let roster = self.roster(policy, &needs, team, &asked_by.workspace).await?;
        let excluded = [asked_by, owner];
        // Who stands in for others adds nothing here: each of those could answer as well.
        let missing = uncoverable(&needs, &deciders(&roster, &excluded));
        if !missing.is_empty() {
            return Ok(Err(Refusal::NobodyCanDecide { roles: missing }));
        }
        let asked = self.to_be_asked(policy, &roster, team, &needs, &excluded).await?;
        Ok(Ok(Addressees { needs, asked }))
    }

    /// Tells security's channel that a question could not be put.
    pub(super) async fn tell_nobody_can_decide(
        &self,
        agent: &Slug,
        asked_by: &PersonId,
        roles: &[RoleName],
    ) -> Result<()> {
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let notice = Notice::NobodyCanDecide {
            agent: agent.clone(),
            asked_by: asked_by.clone(),
            roles: roles.iter().map(ToString::to_string).collect(),
        };
        Ok(self
            .parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let place = Place::Channel(policy.security_channel().to_owned());
                    send(tx, &entropy, now, &Delivery::Notice { place, notice }).await
                })
            })
            .await?)
    }
}

/// Writes the question, and everything that follows from it.
pub(super) async fn put(
    tx: &mut Tx,
    entropy: &Arc<Entropy>,
    policy: &Policy,
    question: Question,
    to: Addressees,
    now: Timestamp,
) -> std::result::Result<Put, StoreError> {
    let Question { agent, asked_by, origin, ask, brings, tier, acceptance, findings, rule } =
        question;
    // Whether a no stands is never decided by a rule.
    let rule = rule.filter(|_| !matches!(ask, Ask::Appeal { .. }));
    let rules = Time::of(policy, tier, &ask);
    let needs = if rule.is_some() { Vec::new() } else { to.needs };
    let reference = Reference { letter: ask.letter(), number: tx.next_number().await? };
    let id = match agent.state {
        // A registration's request is named by its agent already.
        AgentState::Pending { request } => request,
        _ => RequestId::new(entropy.ulid(now)),
    };
    // What would open nothing any more need not be decided.
    let latest = now + rules.decide_within.delta();
    let not_after = match &ask {
        Ask::Appeal { denied, .. } => denied.not_after,
        _ => origin.not_after(),
    };
    let decide_by = not_after.map_or(latest, |until| until.min(latest));
    let team = ask.moves_to().unwrap_or(&agent.team).clone();
    let request = Request {
        id,
        reference,
        agent: agent.id,
        asked_by,
        origin,
        asked_at: now,
        ask,
        brings,
        tier,
        team,
        needs,
        asked: to.asked,
        acceptance,
        votes: Vec::new(),
        findings,
        decide_by,
        backup: rules.backup,
        policy: policy.digest().to_owned(),
        state: RequestState::Open,
    };
    tx.insert_request(&request).await?;
    tx.append(now, request.asker(), opened(&request)).await?;

    if let Some(rule) = rule
        && request.acceptance == Acceptance::NotNeeded
    {
        let request = request.approve_by_rule(rule, now);
        let (agent, grant) =
            super::settle::approved(tx, entropy, policy, &request, agent, now).await?;
        let told = Notice::ApprovedWithoutPeople { request: request.id };
        let place = Place::Channel(policy.approvals_channel().to_owned());
        send(tx, entropy, now, &Delivery::Notice { place, notice: told }).await?;
        return Ok(Put::Approved(agent, request, grant));
    }

    // Everybody who can act and is not passed over gets a card, and the channel one for all to see.
    if !request.needs.is_empty() {
        let channel = Place::Channel(policy.approvals_channel().to_owned());
        refresh_homes(tx, entropy, now, request.asked.iter().map(|asked| &asked.person));
        let present = request.asked.iter().filter(|asked| asked.away.is_none());
        let people = present.map(|asked| Place::Person(asked.person.clone()));
        let places = std::iter::once(channel).chain(people);
        let cards: Vec<Card> = places
            .map(|place| {
                let id = CardId::new(entropy.ulid(now));
                Card { id, request: request.id, place, face: Face::Approval, message: None }
            })
            .collect();
        tx.insert_cards(&cards).await?;
        for card in &cards {
            send(tx, entropy, now, &Delivery::Card { card: card.id }).await?;
        }
    }
    if request.acceptance == Acceptance::Awaited {
        let place = Place::Person(request.acceptor(&agent.owner).clone());
        post_card(tx, entropy, &request, place, Face::Ownership, now).await?;
    }
    let mut deadlines = Vec::new();
    let remind_at = now + rules.remind_after.delta();
    if remind_at < request.decide_by {
        let due = Due::RequestReminder { request: request.id };
        deadlines.push(due_at(entropy, now, remind_at, due));
    }
    let due = Due::RequestExpiry { request: request.id };
    deadlines.push(due_at(entropy, now, request.decide_by, due));
    tx.put_deadlines(&deadlines).await?;
    refresh_homes(tx, entropy, now, [&request.asked_by, &agent.owner]);
    Ok(Put::Open(agent, request))
}

/// The time that a question has.
struct Time {
    decide_within: Span,
    remind_after: Span,
    backup: Backup,
}

impl Time {
    fn of(policy: &Policy, tier: Tier, ask: &Ask) -> Self {
        match (ask, policy.appeals()) {
            (Ask::Appeal { .. }, Some(rules)) => Self {
                decide_within: rules.decide_within,
                remind_after: rules.decide_within.half(),
                // The board has the last word; nobody has it in its place.
                backup: Backup::Nobody,
            },
            _ => {
                let rules = policy.tier(tier);
                Self {
                    decide_within: rules.decide_within,
                    remind_after: rules.remind_after,
                    backup: rules.backup.clone(),
                }
            }
        }
    }
}

pub(super) fn opened(request: &Request) -> What {
    let lasting = request.ask.lasting().or(request.credential().map(|(.., lasting)| lasting));
    What::RequestOpened {
        request: request.id,
        reference: request.reference,
        agent: request.agent,
        ask: request.ask.word().to_owned(),
        access: request.ask.access().cloned(),
        lasting,
        tier: request.tier,
        needs: request.needs.clone(),
        policy: request.policy.clone(),
        because: request.ask.because().map(TextHash::of),
    }
}

/// A new copy of a request's card, on its way.
pub(super) async fn post_card(
    tx: &mut Tx,
    entropy: &Entropy,
    request: &Request,
    place: Place,
    face: Face,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let id = CardId::new(entropy.ulid(now));
    tx.insert_card(&Card { id, request: request.id, place, face, message: None }).await?;
    send(tx, entropy, now, &Delivery::Card { card: id }).await
}

/// A message on its way.
pub(super) async fn send(
    tx: &mut Tx,
    entropy: &Entropy,
    now: Timestamp,
    delivery: &Delivery,
) -> std::result::Result<(), StoreError> {
    tx.enqueue(DeliveryId::new(entropy.ulid(now)), delivery, now).await
}

/// Something to do at a time.
pub(super) fn due_at(entropy: &Entropy, now: Timestamp, at: Timestamp, due: Due) -> Deadline {
    Deadline { id: DeadlineId::new(entropy.ulid(now)), at, due }
}

/// The App Homes of those who have opened theirs show what is new.
pub(super) fn refresh_homes<'a>(
    tx: &mut Tx,
    entropy: &Entropy,
    now: Timestamp,
    people: impl IntoIterator<Item = &'a PersonId>,
) {
    let people: BTreeSet<&PersonId> = people.into_iter().collect();
    tx.refresh_homes(people.into_iter().cloned().collect(), entropy.ulid(now), now);
}

impl Addressees {
    /// Nobody needs to be asked.
    pub(super) fn nobody() -> Self {
        Self { needs: Vec::new(), asked: Vec::new() }
    }
}
