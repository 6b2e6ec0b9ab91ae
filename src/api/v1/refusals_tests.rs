//! The words of every refusal.

use std::fmt::Write as _;

use ulid::Ulid;

use super::*;
use crate::contract::problem::Problem;
use crate::domain::access::Access;
use crate::domain::agent::{Cause, Description, Orphaned};
use crate::domain::grant::{Grant, GrantState};
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::person::By;
use crate::domain::request::{Acceptance, Ask, Origin, Request};
use crate::domain::role::TeamName;
use crate::domain::tier::{Answers, Tier};
use crate::domain::time::{Span, Timestamp};
use crate::service::outcome::{CannotChange, NoAppeal};
use crate::service::owners::outcome::OwnerRefusal;

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
        brings: None,
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
    let orphaned = Some(Orphaned::from(at, Span::days(30), Span::days(60)));
    let active = || agent(AgentState::Active { since: at, certified_until: at });
    let ownerless = Agent { orphaned, ..active() };
    let stopped = ownerless
        .clone()
        .suspend(By::System, "nobody answers for it".into(), Cause::Ownerless, at)
        .unwrap();
    let (owned, strange_tier) = (slug.clone(), strange.clone());
    let at_work = || agent(AgentState::Active { since: at, certified_until: at });
    vec![
        Refusal::NotActive(stopped),
        Refusal::Owner(OwnerRefusal::Ownerless(ownerless)),
        Refusal::Owner(OwnerRefusal::MayNotHandOver { agent: slug.clone(), owner: owner.clone() }),
        Refusal::Owner(OwnerRefusal::NobodyNamed(slug.clone())),
        Refusal::Owner(OwnerRefusal::CannotOwn {
            person: owner.clone(),
            standing: Standing::Guest,
        }),
        Refusal::Owner(OwnerRefusal::OwnsIt { agent: slug.clone(), owner: owner.clone() }),
        Refusal::Owner(OwnerRefusal::MayNotTake(slug.clone())),
        Refusal::Owner(OwnerRefusal::HasOwner(active())),
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
        Refusal::NotDecided(request(RequestState::Open)),
        Refusal::GrantEnded(grant()),
        Refusal::MayNotEnd { agent: slug.clone(), owner: owner.clone() },
        Refusal::MayNotStop { agent: slug, owner },
        Refusal::Change(CannotChange::MayNotRetire { agent: owned.clone(), owner: dana() }),
        Refusal::Change(CannotChange::BadTier { typed: strange_tier }),
        Refusal::Change(CannotChange::HasTier(at_work())),
        Refusal::Change(CannotChange::BelowAnswers { agent: at_work(), wanted: Tier::Observer }),
        Refusal::Change(CannotChange::Nothing(at_work())),
        Refusal::Change(CannotChange::NeedsCertifying(at_work())),
        Refusal::Change(CannotChange::NotSecurity),
        Refusal::NotActive(agent(AgentState::Suspended {
            at,
            by: By::System,
            reason: String::new(),
            cause: Cause::Uncertified,
            certified_until: at,
        })),
        Refusal::NotRequester { asked_by: dana() },
        Refusal::RequestEnded(request(RequestState::Expired { at })),
        Refusal::RequestEnded(request(RequestState::Denied { at, by, reason: "no".into() })),
        Refusal::Appeal(NoAppeal::NoBoard),
        Refusal::Appeal(NoAppeal::NotDenied(request(RequestState::Open))),
        Refusal::Appeal(NoAppeal::NotDenied(request(RequestState::Expired { at }))),
        Refusal::Appeal(NoAppeal::Final(request(RequestState::Expired { at }))),
        Refusal::Appeal(NoAppeal::AppealedBefore(request(RequestState::Open))),
        Refusal::Appeal(NoAppeal::MayNotAppeal { asked_by: dana(), owner: dana() }),
        Refusal::Appeal(NoAppeal::MayNotAppeal {
            asked_by: dana(),
            owner: PersonId::new("T0ACME", "U0THEO"),
        }),
        Refusal::Appeal(NoAppeal::TooLateToAppeal {
            reference: "G-12".parse().unwrap(),
            until: at,
            now: at,
        }),
        Refusal::Appeal(NoAppeal::OwnerDeclined { owner: dana() }),
        Refusal::Appeal(NoAppeal::CannotBecomeTrue {
            reference: "G-12".parse().unwrap(),
            reason: "another agent has its name by now".into(),
        }),
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
        assert!(!next.is_empty(), "{kind}: and now?");
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
