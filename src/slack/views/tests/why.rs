//! Why a call was answered so.

use serde_json::json;
use ulid::Ulid;

use super::catalogue::{Catalogue, Shown};
use super::sample::*;
use crate::domain::agent::Agent;
use crate::domain::evaluation::{
    ApprovalRefused, Basis, Decision, Denial, KnownAgent, LiveGrant, Question, Record,
};
use crate::domain::event::Actor;
use crate::domain::ids::EvaluationId;
use crate::domain::request::ApprovedBy;
use crate::domain::text::clean;
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::Policy;
use crate::service::why::words::{self, Known};
use crate::service::why::{Explained, Met, Refusals, Why};

fn record(said: &Said, n: u128, agent: &Agent, answer: Decision) -> Record {
    let question: Question = serde_json::from_value(json!({
        "subject": { "type": "agent", "id": "support-agent-v2" },
        "action": { "name": "write" },
        "resource": { "type": "database", "id": said.short },
    }))
    .unwrap();
    let id = EvaluationId::new(Ulid::from_parts(1_800_000_000_000, n));
    let caller = Actor::Service("crm".to_owned());
    Record::of(id, at(300), caller.into(), &question, Some(agent.id), answer, "0123456789abcdef")
}

fn explained(said: &Said, agent: Agent, answer: Decision) -> Explained {
    let record = record(said, 1, &agent, answer);
    let question = record.question();
    let known = KnownAgent::of(&agent);
    let state = agent.state.word();
    let known = Known { agent: &known, state, cause: agent.cause().unwrap_or_default() };
    let words = words::why(
        &question,
        &record.answer,
        Some(known),
        &Policy::starter(),
        Some(&ApprovedBy::People),
    );
    let (reason, rests_on) = match &record.answer {
        Decision::Allow { basis: Basis::Grant(grant) } => {
            ("grant", Some(grant.reference.to_string()))
        }
        Decision::Allow { .. } => ("rule", Some(clean(&said.short, 60))),
        Decision::Deny { denial } => (denial.code(), None),
    };
    let helps = agent.is_active() && reason == "approval_required";
    let ask = "database:write".parse().ok().filter(|_| helps);
    let usual = ask.is_some().then(|| Span::minutes(40));
    let subject = agent.slug.to_string();
    Explained { record, agent: Some(agent), subject, reason, words, rests_on, ask, usual }
}

/// Every answer that can be explained.
pub fn answers(said: &Said, all: &mut Catalogue) {
    use crate::slack::views::why::{refusals, why};
    let mut add = |name: &str, shown: Shown| all.push((format!("why_{name}"), shown));
    let agent = said.agent();
    let grant = Basis::Grant(LiveGrant {
        id: grant_id(1),
        reference: reference("G-1042"),
        request: request_id(1),
        until: at(4_000),
    });
    let deny = |denial| Decision::Deny { denial };
    let words = || Some(said.reason.clone());
    let forbidden =
        Denial::Forbidden { rule: "office-hours".to_owned(), user: words(), admin: None };
    let missing = Denial::CannotJudge { what: "context.conversation is missing".to_owned() };
    let stopped = Denial::NotActive { state: "suspended".to_owned() };
    for (name, agent, answer, owns) in [
        ("grant", agent.clone(), Decision::Allow { basis: grant }, true),
        (
            "rule",
            agent.clone(),
            Decision::Allow { basis: Basis::Rule { rule: clean(&said.short, 60) } },
            true,
        ),
        ("no_grant", agent.clone(), deny(Denial::NoGrant), true),
        ("no_grant_for_security", agent.clone(), deny(Denial::NoGrant), false),
        (
            "tier",
            agent.clone(),
            deny(Denial::TierTooLow { needs: Tier::External, has: Tier::Internal }),
            true,
        ),
        ("stopped", said.suspended(), deny(stopped), true),
        ("forbidden", agent.clone(), deny(forbidden), true),
        ("not_judged", agent.clone(), deny(missing), true),
        ("unknown_access", agent.clone(), deny(Denial::UnknownAccess), true),
        ("approval", agent.clone(), deny(Denial::Approval { why: ApprovalRefused::Expired }), true),
        ("quota", agent.clone(), deny(Denial::Quota), true),
    ] {
        let explained = Box::new(explained(said, agent, answer));
        add(name, why(&Why::Found { explained, owns, now: now() }).into());
    }
    add("unknown", why(&Why::Unknown { typed: clean(&said.short, 60) }).into());
    let met = (0..said.many.clamp(2, 5)).map(|n| Met {
        record: record(
            said,
            10 + n as u128,
            &agent,
            deny(if n == 1 { Denial::Quota } else { Denial::NoGrant }),
        ),
        agent: agent.clone(),
    });
    let of = |met: Vec<Met>, owns_any| Refusals { met, owns_any, now: now() };
    add("refusals", refusals(&of(met.collect(), true)).into());
    add("none_refused", refusals(&of(Vec::new(), true)).into());
    add("no_agent", refusals(&of(Vec::new(), false)).into());
}
