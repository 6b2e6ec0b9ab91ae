//! A timeline as it is printed.

use ulid::Ulid;

use super::{Log, words};
use crate::cli::audit::Names;
use crate::domain::access::Access;
use crate::domain::activity::{Accessed, Activity, Deed, Outcome};
use crate::domain::agent::{Agent, AgentState, Cause, Description};
use crate::domain::evaluation::{Claims, Decision, Denial, Name, Record};
use crate::domain::event::{Actor, Body, TextHash, What};
use crate::domain::grant::{Grant, GrantState};
use crate::domain::ids::{ActivityId, AgentId, EvaluationId, GrantId, IncidentId, RequestId};
use crate::domain::incident::{CutOff, Incident, IncidentState};
use crate::domain::person::PersonId;
use crate::domain::role::TeamName;
use crate::domain::tier::{Answers, Tier};
use crate::domain::time::Timestamp;
use crate::service::incidents::{Entry, Happened, Timeline};
use crate::service::trace::GrantStory;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap()
}

const fn ulid(n: u64) -> Ulid {
    Ulid::from_parts(1_800_000_000_000 + n, n as u128)
}

fn person(user: &str) -> PersonId {
    PersonId::new("T0ACME", user)
}

/// What somebody might write to play with a terminal, or with who reads Markdown.
const SLY: &str = "it deletes rows\u{1b}[2J <img src=x> | [ok](http://evil.example) `x` **now**";

fn told(state: IncidentState) -> Timeline {
    let agent_id = AgentId::new(ulid(1));
    let agent = Agent {
        id: agent_id,
        slug: "support-agent-v2".parse().unwrap(),
        description: Description {
            purpose: "Answers questions".to_owned(),
            systems: vec![],
            runs_on: "kubernetes".to_owned(),
            model: "a model".to_owned(),
            answers: Answers::default(),
        },
        owner: person("U0DANA"),
        team: TeamName::new("support"),
        tier: Tier::Internal,
        registered_at: at(-1_000),
        state: AgentState::Suspended {
            at: at(0),
            by: person("U0SAM").into(),
            reason: String::new(),
            cause: Cause::Stopped,
            certified_until: at(9_000),
        },
        orphaned: None,
    };
    let grant = Grant {
        id: GrantId::new(ulid(12)),
        reference: "E-12".parse().unwrap(),
        agent: agent_id,
        access: Access::new("database", "write"),
        request: RequestId::new(ulid(12)),
        starts_at: at(-10),
        expires_at: at(5),
        state: GrantState::Active,
    };
    let log = |line, minutes, actor, what| Entry {
        at: at(minutes),
        what: Happened::Log { line, body: Body { actor, what } },
    };
    let evaluation = Record {
        id: EvaluationId::new(ulid(20)),
        at: at(-8),
        caller: Actor::Service("crm".to_owned()),
        token: None,
        for_whom: None,
        subject: Name { kind: "agent".to_owned(), id: "support-agent-v2".to_owned() },
        agent: Some(agent_id),
        action: "drop".to_owned(),
        resource: Name { kind: "database".to_owned(), id: SLY.to_owned() },
        context: None,
        tie: None,
        claims: Claims { model_version: Some("m-5".to_owned()), ..Claims::default() },
        answer: Decision::Deny { denial: Denial::NoGrant },
        policy: "9f2c".to_owned(),
    };
    let activity = Activity {
        id: ActivityId::new(ulid(30)),
        at: at(-7),
        told_by: Actor::Agent(agent_id),
        agent: agent_id,
        evaluation: None,
        grant: Some(grant.id),
        occurred_at: at(-7),
        deed: Deed {
            outcome: Some(Outcome::Failure),
            decision_rationale: Some(SLY.to_owned()),
            data_accessed: vec![Accessed {
                kind: "database".to_owned(),
                id: "orders".to_owned(),
                fields: vec![],
            }],
            ..Deed::default()
        },
    };
    let sam = || Actor::Person(person("U0SAM"));
    let reference = "I-14".parse().unwrap();
    let incident = Incident {
        id: IncidentId::new(ulid(14)),
        reference,
        agent: agent_id,
        opened_by: person("U0SAM"),
        opened_at: at(0),
        reason: SLY.to_owned(),
        owner: person("U0DANA"),
        on_call: vec![person("U0OMAR")],
        since: at(-1_440),
        stopped: true,
        cut_off: CutOff { grants: vec![grant.id], ..CutOff::default() },
        state,
    };
    let entries = vec![
        Entry { at: at(-8), what: Happened::Evaluation { evaluation } },
        Entry { at: at(-7), what: Happened::Activity { activity } },
        log(
            41,
            0,
            sam(),
            What::IncidentOpened {
                incident: incident.id,
                reference,
                agent: agent_id,
                reason: TextHash::of(SLY),
            },
        ),
        log(42, 0, sam(), What::AgentSuspended { agent: agent_id, reason: TextHash::of(SLY) }),
    ];
    let grants = vec![GrantStory { grant, request: None, later: vec![] }];
    Timeline { incident, agent, grants, entries, complete: true }
}

fn intact() -> Log {
    let verdict = "The audit log is intact: 42 lines, each following from the one before.";
    Log { intact: true, verdict: verdict.to_owned() }
}

#[test]
fn an_open_incident_in_a_terminal() {
    let text = words::text(&told(IncidentState::Open), &Names::default(), &intact());
    assert!(!text.contains('\u{1b}'), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_closed_incident_as_markdown() {
    let note = SLY.to_owned();
    let closed = IncidentState::Closed { at: at(90), by: person("U0SAM"), note };
    let log = Log { intact: false, verdict: "The audit log is NOT intact: line 7.".to_owned() };
    let text = words::markdown(&told(closed), &Names::default(), &log);
    assert!(
        !text.contains("<img") && !text.contains("[ok](") && !text.contains(" **now**"),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn for_programs_nothing_is_lost() {
    let told = told(IncidentState::Open);
    let log = intact();
    let export = super::Export { timeline: &told, log: &log, told_at: at(1) };
    let json = serde_json::to_value(&export).unwrap();
    assert_eq!(json["log"]["intact"], true);
    assert_eq!(json["incident"]["reference"], "I-14");
    assert_eq!(json["grants"][0]["grant"]["reference"], "E-12");
    let kinds: Vec<&str> = json["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["source"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["evaluation", "activity", "log", "log"]);
    assert_eq!(json["entries"][2]["kind"], "incident_opened");
}
