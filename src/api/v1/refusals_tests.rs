//! The words of every refusal.

use std::fmt::Write as _;

use ulid::Ulid;

use super::*;
use crate::contract::problem::Problem;
use crate::domain::access::Access;
use crate::domain::agent::{Cause, Description};
use crate::domain::grant::{Grant, GrantState};
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::request::{Acceptance, Ask, Origin, Request};
use crate::domain::role::TeamName;
use crate::domain::tier::{Answers, Tier};
use crate::domain::time::{Span, Timestamp};

fn dana() -> PersonId {
    PersonId::new("T0ACME", "U0DANA")
}

fn now() -> Timestamp {
    Timestamp::from_timestamp(1_796_000_000, 0).unwrap()
}

fn agent(state: AgentState) -> Agent {
    Agent {
        id: AgentId::new(Ulid::from_parts(1, 1)),
        slug: "support-agent-v2".parse().unwrap(),
        description: Description {
            purpose: "answers tickets".into(),
            systems: vec!["crm".into()],
            runs_on: "kubernetes".into(),
            model: "m-5".into(),
            answers: Answers::default(),
        },
        owner: dana(),
        team: TeamName::new("support"),
        tier: Tier::Observer,
        registered_at: now(),
        state,
        orphaned: None,
    }
}

fn request(state: RequestState) -> Request {
    Request {
        id: RequestId::new(Ulid::from_parts(1, 2)),
        reference: "G-12".parse().unwrap(),
        agent: AgentId::new(Ulid::from_parts(1, 1)),
        asked_by: dana(),
        origin: Origin::Person,
        asked_at: now(),
        ask: Ask::Registration,
        tier: Tier::Observer,
        team: TeamName::new("support"),
        needs: Vec::new(),
        asked: Vec::new(),
        acceptance: Acceptance::NotNeeded,
        votes: Vec::new(),
        findings: Vec::new(),
        decide_by: now(),
        backup: Default::default(),
        policy: "digest".into(),
        state,
    }
}

fn grant() -> Grant {
    Grant {
        id: GrantId::new(Ulid::from_parts(1, 3)),
        reference: "G-11".parse().unwrap(),
        agent: AgentId::new(Ulid::from_parts(1, 1)),
        access: Access::new("database", "read"),
        request: RequestId::new(Ulid::from_parts(1, 2)),
        starts_at: now(),
        expires_at: now(),
        state: GrantState::Active,
    }
}

fn all() -> Vec<Refusal> {
    let slug: Slug = "support-agent-v2".parse().unwrap();
    let strange = "x\u{202e}\u{7}<b>".to_owned();
    let (owner, longest) = (dana(), Span::hours(8));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let at = now();
    let by = dana();
    vec![
        Refusal::NotMember(Standing::Guest),
        Refusal::UnknownAgent { typed: strange.clone(), near: vec![], yours: vec![] },
        Refusal::UnknownAgent { typed: "support".into(), near: vec![slug.clone()], yours: vec![] },
        Refusal::UnknownAgent { typed: "new-one".into(), near: vec![], yours: vec![slug.clone()] },
        Refusal::NotOwner { agent: slug.clone(), owner: owner.clone() },
        Refusal::NotActive(agent(AgentState::Pending { request: grant().request })),
        Refusal::NotActive(agent(AgentState::Suspended {
            at,
            by: by.clone().into(),
            reason: "it mails everybody".into(),
            cause: Cause::Stopped,
            certified_until: at,
        })),
        Refusal::NotActive(agent(AgentState::Retired {
            at,
            by: by.clone().into(),
            reason: String::new(),
        })),
        Refusal::NotActive(agent(AgentState::Rejected { at })),
        Refusal::NotSuspended(agent(AgentState::Pending { request: grant().request })),
        Refusal::BadAccess { typed: strange.clone(), resources: names(&["database"]) },
        Refusal::UnknownResource {
            typed: "databse".into(),
            near: names(&["database"]),
            all: names(&["database", "crm"]),
        },
        Refusal::UnknownAction {
            access: Access::new("database", "raed"),
            near: names(&["read"]),
            all: vec![],
        },
        Refusal::UnknownAction {
            access: Access::new("database", ""),
            near: vec![],
            all: vec![("read".into(), Tier::Observer)],
        },
        Refusal::BadDuration { typed: "soon".into(), longest },
        Refusal::TooLong { asked: Span::hours(9), longest, tier: Tier::Internal },
        Refusal::TooLongInAll { asked: longest, left: Some(Span::hours(1)), longest },
        Refusal::TooLongInAll { asked: longest, left: None, longest },
        Refusal::NoReason,
        Refusal::AlreadyAsked(request(RequestState::Open)),
        Refusal::AlreadyHas(grant()),
        Refusal::TooManyOpen { limit: 10 },
        Refusal::NobodyCanDecide {
            roles: vec![RoleName::new("team-lead"), RoleName::new("security")],
        },
        Refusal::UnknownReference { typed: strange, near: vec!["G-11".parse().unwrap()] },
        Refusal::GrantEnded(grant()),
        Refusal::MayNotEnd { agent: slug.clone(), owner: owner.clone() },
        Refusal::MayNotStop { agent: slug, owner },
        Refusal::NotRequester { asked_by: dana() },
        Refusal::RequestEnded(request(RequestState::Expired { at })),
        Refusal::RequestEnded(request(RequestState::Denied { at, by, reason: "no".into() })),
    ]
}

#[test]
fn what_is_refused_is_said_with_why_and_what_next() {
    let named: Named = [(dana(), "Dana Developer".to_owned())].into_iter().collect();
    let mut words = String::new();
    for refusal in all() {
        let refused = refused(&refusal, &named);
        let Problem { kind, title, status, detail, next, near, fields, retry_after, reference } =
            refused.problem().clone();
        assert!((400..500).contains(&status) && status != 422, "{refusal:?}: {status}");
        assert!(detail.ends_with('.') && !detail.contains('\u{202e}'), "{detail}");
        assert!(!next.is_empty() || !near.is_empty() || !fields.is_empty(), "{kind}: and now?");
        let _ = writeln!(words, "{status} {kind}: {title}\n  {detail}");
        for (label, all) in [("next", next), ("near", near)] {
            for one in all {
                let _ = writeln!(words, "  {label}: {one}");
            }
        }
        for field in fields {
            let _ = writeln!(words, "  field: {}", field.field);
        }
        if let Some(seconds) = retry_after {
            let _ = writeln!(words, "  again in: {seconds} s");
        }
        if let Some(reference) = reference {
            let _ = writeln!(words, "  see: {reference}");
        }
    }
    insta::assert_snapshot!(words);
}
