//! People, agents, requests and grants in representative states, with one text in every place
//! that people or agents can fill.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use ulid::Ulid;

use crate::domain::access::{Access, Sensitivity};
use crate::domain::agent::{Agent, AgentState, Cause, Description, Slug};
use crate::domain::backup::Backup;
use crate::domain::claims::{Breadth, MOST_CLAIMS};
use crate::domain::credential::{Credential, CredentialState, Proof, PublicKey};
use crate::domain::grant::{Grant, GrantState};
use crate::domain::ids::{AgentId, CredentialId, DeliveryId, GrantId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::request::{
    Acceptance, ApprovedBy, Ask, Asked, Origin, Reference, Request, RequestState,
};
use crate::domain::review::Finding;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::text::clean;
use crate::domain::tier::{Answers, Tier};
use crate::domain::time::{Span, Timestamp};
use crate::domain::vote::{Choice, Vote};

/// 15 January 2027, 08:00 UTC, and so many seconds.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::seconds(seconds)
}

pub fn now() -> Timestamp {
    at(600)
}

/// The ids of everybody who occurs, and of the channels.
pub const PEOPLE: [&str; 6] = ["U0DANA", "U0THEO", "U0SAM", "U0SARA", "U0VERA", "U0MINA"];
pub const CHANNELS: [&str; 2] = ["C0APPROVALS", "C0SECURITY"];

pub fn person(user: &str) -> PersonId {
    assert!(PEOPLE.contains(&user), "{user} is not in the list of people");
    PersonId::new("T0ACME", user)
}

pub fn dana() -> PersonId {
    person("U0DANA")
}
pub fn theo() -> PersonId {
    person("U0THEO")
}
pub fn sam() -> PersonId {
    person("U0SAM")
}

pub fn role(name: &str) -> RoleName {
    RoleName::new(name)
}

pub fn agent_id(n: u128) -> AgentId {
    AgentId::new(Ulid::from_parts(1_800_000_000_000, n))
}
pub fn request_id(n: u128) -> RequestId {
    RequestId::new(Ulid::from_parts(1_800_000_000_000, n))
}
pub fn grant_id(n: u128) -> GrantId {
    GrantId::new(Ulid::from_parts(1_800_000_000_000, n))
}
pub fn credential_id(n: u128) -> CredentialId {
    CredentialId::new(Ulid::from_parts(1_800_000_000_000, n))
}
pub fn delivery_id() -> DeliveryId {
    DeliveryId::new(Ulid::from_parts(1_800_000_000_000, 9))
}

pub fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

/// The words that people and agents say in a sample.
#[derive(Debug, Clone)]
pub struct Said {
    pub purpose: String,
    pub system: String,
    pub short: String,
    pub because: String,
    pub reason: String,
    /// How many there are of what can be many.
    pub many: usize,
}

impl Said {
    /// What people usually say.
    pub fn kindly() -> Self {
        Self {
            purpose: "Answers customers' questions from the handbook & the order history".into(),
            system: "helpdesk".into(),
            short: "Kubernetes <prod>".into(),
            because: "customer support queries".into(),
            reason: "Please ask for the replica instead, it holds the same rows.".into(),
            many: 1,
        }
    }

    /// The same text everywhere, and many of everything.
    pub fn everywhere(text: &str, many: usize) -> Self {
        let text = text.to_owned();
        Self {
            purpose: text.clone(),
            system: text.clone(),
            short: text.clone(),
            because: text.clone(),
            reason: text,
            many,
        }
    }

    pub fn agent(&self) -> Agent {
        Agent {
            id: agent_id(1),
            slug: "support-agent-v2".parse::<Slug>().unwrap(),
            description: Description {
                purpose: self.purpose.clone(),
                systems: (0..self.many.max(2))
                    .map(|i| if i == 0 { self.system.clone() } else { "orders".to_owned() })
                    .collect(),
                runs_on: self.short.clone(),
                model: "sonnet 4.5".to_owned(),
                answers: Answers { writes: true, ..Answers::default() },
            },
            owner: dana(),
            team: TeamName::new("support"),
            tier: Tier::Internal,
            registered_at: at(-86_400),
            state: AgentState::Active { since: at(-80_000), certified_until: at(7_000_000) },
            orphaned: None,
        }
    }

    pub fn pending(&self) -> Agent {
        Agent { state: AgentState::Pending { request: request_id(1) }, ..self.agent() }
    }

    pub fn suspended(&self) -> Agent {
        Agent {
            state: AgentState::Suspended {
                at: at(300),
                by: sam().into(),
                reason: self.reason.clone(),
                cause: Cause::Stopped,
                certified_until: at(7_000_000),
            },
            ..self.agent()
        }
    }

    pub fn access(&self) -> Access {
        Access::new("database", "read")
    }

    pub fn request(&self, number: u32, ask: Ask) -> Request {
        Request {
            id: request_id(u128::from(number)),
            reference: Reference { letter: ask.letter(), number },
            agent: agent_id(1),
            asked_by: dana(),
            origin: Origin::Person,
            asked_at: at(0),
            ask,
            brings: None,
            tier: Tier::Internal,
            team: TeamName::new("support"),
            needs: vec![role("team-lead"), role("security")],
            asked: vec![
                was_asked(theo(), "team-lead"),
                was_asked(sam(), "security"),
                was_asked(PersonId::new("T0ACME", "U0SARA"), "security"),
            ],
            acceptance: Acceptance::NotNeeded,
            votes: Vec::new(),
            findings: Vec::new(),
            decide_by: at(4 * 3_600),
            backup: Backup::Nobody,
            policy: "9f2c1a7be0d4".to_owned(),
            state: RequestState::Open,
        }
    }

    pub fn registration(&self) -> Request {
        self.request(12, Ask::Registration)
    }

    pub fn grant_request(&self) -> Request {
        let findings: Vec<Finding> = [
            Finding::OwnerActive,
            Finding::Certified,
            Finding::TierSuffices,
            Finding::FirstTime,
            Finding::Sensitive { sensitivity: Sensitivity::Confidential },
        ]
        .into_iter()
        .cycle()
        .take(4 * self.many)
        .collect();
        Request {
            findings,
            ..self.request(
                1042,
                Ask::Grant {
                    access: self.access(),
                    lasting: Span::minutes(30),
                    because: self.because.clone(),
                    raise_to: None,
                },
            )
        }
    }

    /// The agent asks for one object by itself.
    pub fn own_request(&self, by_service: Option<&str>) -> Request {
        let request = self.grant_request();
        let ask = match request.ask {
            Ask::Grant { lasting, because, raise_to, .. } => {
                Ask::Grant { access: self.access_to_object(), lasting, because, raise_to }
            }
            ask => ask,
        };
        let by_service = by_service.map(str::to_owned);
        let not_after = Some(at(7_200));
        let origin = Origin::Agent { evaluation: None, task: None, by_service, not_after };
        Request { ask, origin, ..request }
    }

    pub fn access_to_object(&self) -> Access {
        // As the domain takes it: nothing that deceives, and never empty.
        let object = Some(clean(&self.short, 128)).filter(|object| !object.is_empty());
        Access { object: object.or(Some("orders".to_owned())), ..self.access() }
    }

    pub fn extension(&self) -> Request {
        self.request(
            1043,
            Ask::Extension {
                grant: grant_id(1),
                access: self.access(),
                by: Span::minutes(30),
                because: self.because.clone(),
            },
        )
    }

    pub fn key_request(&self) -> Request {
        let findings =
            vec![Finding::OwnerActive, Finding::Certified, Finding::BesideLive { live: 1 }];
        let ask = Ask::Credential {
            name: self.short.clone(),
            proof: self.key(),
            lasting: Span::days(90),
            because: self.because.clone(),
        };
        Request { findings, ..self.request(1045, ask) }
    }

    pub fn workload_request(&self) -> Request {
        let breadth = Breadth::NoRepositoryId;
        let findings =
            vec![Finding::OwnerActive, Finding::FirstCredential, Finding::BroadClaims { breadth }];
        let ask = Ask::Credential {
            name: self.short.clone(),
            proof: self.workload(),
            lasting: Span::days(30),
            because: self.because.clone(),
        };
        Request { findings, ..self.request(1046, ask) }
    }

    pub fn key(&self) -> Proof {
        let key = PublicKey::ed25519(&[7; 32]);
        Proof::Key { thumbprint: key.thumbprint(), key }
    }

    pub fn workload(&self) -> Proof {
        let claims = (0..self.many.clamp(1, MOST_CLAIMS - 1))
            .map(|i| (format!("claim_{i}"), self.short.chars().take(255).collect()))
            .chain([("repository".to_owned(), "acme/support-agent".to_owned())])
            .collect();
        Proof::Workload { issuer: "github".to_owned(), claims }
    }

    pub fn credential(&self) -> Credential {
        Credential {
            id: credential_id(1),
            agent: agent_id(1),
            name: self.short.clone(),
            proof: self.key(),
            request: request_id(1045),
            added_at: at(540),
            expires_at: at(540 + 90 * 86_400),
            state: CredentialState::Active,
        }
    }

    pub fn credential_ending(&self) -> Credential {
        let expires_at = at(600 + 7 * 86_400);
        Credential { id: credential_id(2), proof: self.workload(), expires_at, ..self.credential() }
    }

    pub fn credential_ended(&self) -> Credential {
        Credential {
            id: credential_id(3),
            added_at: at(-86_400),
            expires_at: at(590),
            ..self.credential()
        }
    }

    pub fn credential_revoked(&self) -> Credential {
        Credential {
            id: credential_id(4),
            state: CredentialState::Revoked {
                at: at(580),
                by: sam().into(),
                reason: self.reason.clone(),
            },
            ..self.credential()
        }
    }

    pub fn reinstatement(&self) -> Request {
        self.request(1044, Ask::Reinstatement { because: self.because.clone() })
    }

    /// With the team lead's yes.
    pub fn half(&self, request: Request) -> Request {
        Request { votes: vec![yes(theo(), &["team-lead"], 480)], ..request }
    }

    pub fn approved(&self, request: Request) -> Request {
        Request {
            votes: vec![yes(theo(), &["team-lead"], 480), yes(sam(), &["security"], 540)],
            state: RequestState::Approved { at: at(540), by: ApprovedBy::People },
            ..request
        }
    }

    pub fn approved_by_policy(&self, request: Request) -> Request {
        let by = ApprovedBy::Policy { rule: self.reason.clone() };
        Request { needs: Vec::new(), state: RequestState::Approved { at: at(540), by }, ..request }
    }

    pub fn denied(&self, request: Request) -> Request {
        Request {
            state: RequestState::Denied { at: at(540), by: sam(), reason: self.reason.clone() },
            ..self.half(request)
        }
    }

    pub fn cancelled(&self, request: Request) -> Request {
        Request {
            state: RequestState::Cancelled {
                at: at(540),
                by: dana().into(),
                program: None,
                reason: self.reason.clone(),
            },
            ..request
        }
    }

    /// Cancelled at the last yes, because somebody else has it by now.
    pub fn taken(&self, request: Request) -> Request {
        Request {
            state: RequestState::Cancelled {
                at: at(540),
                by: sam().into(),
                program: None,
                reason: self.reason.clone(),
            },
            ..self.approved(request)
        }
    }

    pub fn expired(&self, request: Request) -> Request {
        Request { decide_by: at(500), state: RequestState::Expired { at: at(500) }, ..request }
    }

    pub fn grant(&self) -> Grant {
        Grant {
            id: grant_id(1),
            reference: reference("G-1042"),
            agent: agent_id(1),
            access: self.access(),
            request: request_id(1042),
            starts_at: at(540),
            expires_at: at(540 + 1_800),
            state: GrantState::Active,
        }
    }

    pub fn revoked(&self) -> Grant {
        Grant {
            state: GrantState::Revoked {
                at: at(580),
                by: sam().into(),
                reason: self.reason.clone(),
            },
            ..self.grant()
        }
    }

    pub fn released(&self) -> Grant {
        Grant {
            state: GrantState::Released { at: at(580), by: dana(), program: None },
            ..self.grant()
        }
    }

    pub fn run_out(&self) -> Grant {
        Grant {
            starts_at: at(-1_800),
            expires_at: at(590),
            state: GrantState::Expired { at: at(591) },
            ..self.grant()
        }
    }
}

pub fn yes(by: PersonId, roles: &[&str], seconds: i64) -> Vote {
    Vote {
        by,
        at: at(seconds),
        roles: roles.iter().map(|name| role(name)).collect::<BTreeSet<_>>(),
        stands_in: BTreeMap::new(),
        choice: Choice::Approve,
    }
}

pub fn was_asked(person: PersonId, name: &str) -> Asked {
    Asked { person, roles: [role(name)].into(), stands_in: BTreeMap::new(), away: None }
}
