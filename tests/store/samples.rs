//! Entities to store, and a store to put them in.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign::clock::Entropy;
use countersign::domain::access::Access;
use countersign::domain::agent::{Agent, AgentState, Description};
use countersign::domain::delivery::{Card, Face, Place};
use countersign::domain::grant::{Grant, GrantState};
use countersign::domain::ids::{AgentId, CardId, DeadlineId, DeliveryId, GrantId, RequestId};
use countersign::domain::person::PersonId;
use countersign::domain::request::{Acceptance, Ask, Origin, Reference, Request, RequestState};
use countersign::domain::review::Finding;
use countersign::domain::role::{RoleName, TeamName};
use countersign::domain::tier::{Answers, Tier};
use countersign::domain::time::{Span, Timestamp};
use countersign::domain::vote::{Choice, Vote};
use countersign::store::{Limits, Store};

use crate::database::TestDatabase;

/// A store that is patient with a slow machine.
pub async fn store(database: &TestDatabase) -> Store {
    let limits = Limits { wait: Duration::from_secs(30), ..Limits::default() };
    Store::connect_with(database.url(), limits).await.expect("a store")
}

/// So many seconds and some odd microseconds after a moment.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(1_800_000_000_000_000 + seconds * 1_000_000 + 7)
        .expect("a time")
}

pub fn person(name: &str) -> PersonId {
    PersonId::new("T0ACME", name)
}

/// A maker of ids.
pub struct Ids(Entropy);

impl Ids {
    pub fn new() -> Self {
        Self(Entropy::from_system())
    }

    pub fn agent(&self) -> AgentId {
        AgentId::new(self.0.ulid(at(0)))
    }

    pub fn request(&self) -> RequestId {
        RequestId::new(self.0.ulid(at(0)))
    }

    pub fn grant(&self) -> GrantId {
        GrantId::new(self.0.ulid(at(0)))
    }

    pub fn card(&self) -> CardId {
        CardId::new(self.0.ulid(at(0)))
    }

    pub fn delivery(&self) -> DeliveryId {
        DeliveryId::new(self.0.ulid(at(0)))
    }

    pub fn deadline(&self) -> DeadlineId {
        DeadlineId::new(self.0.ulid(at(0)))
    }
}

pub fn agent(ids: &Ids, slug: &str, owner: &str) -> Agent {
    Agent {
        id: ids.agent(),
        slug: slug.parse().expect("a name"),
        description: Description {
            purpose: "answers \"customers\" – für Kundinnen 🎉 <!channel> \\ '; DROP TABLE".into(),
            systems: vec!["zendesk".into(), "postgres".into()],
            runs_on: "kubernetes".into(),
            model: "a model, version 4".into(),
            answers: Answers::default(),
        },
        owner: person(owner),
        team: TeamName::new("support"),
        tier: Tier::Internal,
        registered_at: at(0),
        state: AgentState::Active { since: at(1), certified_until: at(1_000_000) },
        orphaned: None,
    }
}

pub fn ask_for(access: &Access) -> Ask {
    Ask::Grant {
        access: access.clone(),
        lasting: Span::minutes(30),
        because: "customer support queries".into(),
        raise_to: Some(Tier::External),
    }
}

pub fn request(ids: &Ids, number: u32, agent: AgentId, ask: Ask) -> Request {
    Request {
        id: ids.request(),
        reference: Reference { letter: ask.letter(), number },
        agent,
        asked_by: person("DANA"),
        origin: Origin::Person,
        asked_at: at(i64::from(number)),
        ask,
        brings: None,
        tier: Tier::Internal,
        team: TeamName::new("support"),
        needs: vec![RoleName::new("security"), RoleName::new("team-lead")],
        acceptance: Acceptance::Given { at: at(3) },
        asked: vec![],
        votes: vec![],
        findings: vec![Finding::FirstTime, Finding::DeniedBefore { times: 2 }],
        decide_by: at(3_600),
        backup: Default::default(),
        policy: "digest".into(),
        state: RequestState::Open,
    }
}

pub fn vote(by: &str, seconds: i64) -> Vote {
    Vote {
        by: person(by),
        at: at(seconds),
        roles: BTreeSet::from([RoleName::new("security")]),
        stands_in: Default::default(),
        choice: Choice::Approve,
    }
}

pub fn grant(ids: &Ids, request: &Request, access: &Access, from: i64, to: i64) -> Grant {
    Grant {
        id: ids.grant(),
        reference: request.reference,
        agent: request.agent,
        access: access.clone(),
        request: request.id,
        starts_at: at(from),
        expires_at: at(to),
        state: GrantState::Active,
    }
}

pub fn card(ids: &Ids, request: RequestId, place: Place) -> Card {
    Card { id: ids.card(), request, place, face: Face::Approval, message: None }
}

/// Keeps these, in one transaction.
pub async fn keep(store: &Store, agents: Vec<Agent>, requests: Vec<Request>, grants: Vec<Grant>) {
    store
        .write(move |tx| {
            Box::pin(async move {
                for agent in &agents {
                    tx.insert_agent(agent).await?;
                }
                for request in &requests {
                    tx.insert_request(request).await?;
                }
                for grant in &grants {
                    tx.insert_grant(grant).await?;
                }
                Ok(())
            })
        })
        .await
        .expect("kept");
}
