//! Stories, as they are told.

use super::words::tell;
use crate::domain::access::Access;
use crate::domain::activity::{Accessed, Activity, Deed, Outcome};
use crate::domain::agent::{Agent, AgentState, Cause, Description};
use crate::domain::behalf::TokenUsed;
use crate::domain::evaluation::{Basis, Claims, Decision, Denial, LiveGrant, Name, Record};
use crate::domain::event::Actor;
use crate::domain::grant::{Grant, GrantState};
use crate::domain::ids::{ActivityId, AgentId, EvaluationId, GrantId, RequestId, TokenId};
use crate::domain::person::PersonId;
use crate::domain::request::{
    Acceptance, ApprovedBy, Ask, Origin, Reference, Request, RequestState,
};
use crate::domain::role::{RoleName, TeamName};
use crate::domain::tier::{Answers, Tier};
use crate::domain::time::{Span, Timestamp};
use crate::domain::vote::{Choice, Vote};
use crate::service::trace::{AgentStory, Call, Done, GrantStory, Seal, Story, Token};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_timestamp(1_790_000_000 + 60 * minutes, 0).unwrap()
}

fn ulid(n: u128) -> ulid::Ulid {
    ulid::Ulid(n)
}

fn person(user: &str) -> PersonId {
    PersonId::new("T0ACME", user)
}

fn agent_id() -> AgentId {
    AgentId::new(ulid(1))
}

fn vote(user: &str, minute: i64, role: &str) -> Vote {
    let roles = [RoleName::new(role)].into();
    Vote {
        by: person(user),
        at: at(minute),
        roles,
        stands_in: Default::default(),
        choice: Choice::Approve,
    }
}

fn request(number: u32, letter: char, ask: Ask, votes: Vec<Vote>, state: RequestState) -> Request {
    Request {
        id: RequestId::new(ulid(u128::from(number))),
        reference: Reference { letter, number },
        agent: agent_id(),
        asked_by: person("U0DANA"),
        origin: Origin::Person,
        asked_at: at(i64::from(number)),
        ask,
        brings: None,
        tier: Tier::Internal,
        team: TeamName::new("support"),
        needs: vec![RoleName::new("team-lead"), RoleName::new("security")],
        asked: Vec::new(),
        acceptance: Acceptance::NotNeeded,
        votes,
        findings: Vec::new(),
        decide_by: at(100),
        backup: Default::default(),
        policy: "4f3a9c".repeat(8),
        state,
    }
}

fn asks(because: &str) -> Ask {
    Ask::Grant {
        access: Access::new("database", "read"),
        lasting: Span::minutes(30),
        because: because.to_owned(),
        raise_to: None,
    }
}

fn agent() -> AgentStory {
    let agent = Agent {
        id: agent_id(),
        slug: "support-agent-v2".parse().unwrap(),
        description: Description {
            purpose: "Answers questions".to_owned(),
            systems: vec!["helpdesk".to_owned()],
            runs_on: "kubernetes".to_owned(),
            model: "a model".to_owned(),
            answers: Answers::default(),
        },
        owner: person("U0DANA"),
        team: TeamName::new("support"),
        tier: Tier::Internal,
        registered_at: at(0),
        state: AgentState::Suspended {
            at: at(60),
            by: person("U0SAM").into(),
            reason: "odd queries".to_owned(),
            cause: Cause::Stopped,
            certified_until: at(9_000),
        },
        orphaned: None,
    };
    let by = ApprovedBy::People;
    let state = RequestState::Approved { at: at(3), by };
    let votes = vec![vote("U0THEO", 2, "team-lead"), vote("U0SAM", 3, "security")];
    let registration = Some(request(1, 'R', Ask::Registration, votes, state));
    AgentStory { agent, registration }
}

fn grant() -> GrantStory {
    let reason = "the ticket is closed\u{1b}[2J".to_owned();
    let grant = Grant {
        id: GrantId::new(ulid(12)),
        reference: Reference { letter: 'G', number: 12 },
        agent: agent_id(),
        access: Access::new("database", "read"),
        request: RequestId::new(ulid(12)),
        starts_at: at(14),
        expires_at: at(44),
        state: GrantState::Revoked { at: at(30), by: person("U0THEO").into(), reason },
    };
    let votes = vec![vote("U0THEO", 13, "team-lead"), vote("U0SAM", 14, "security")];
    let state = RequestState::Approved { at: at(14), by: ApprovedBy::People };
    let opened = request(12, 'G', asks("customer support queries"), votes, state);
    let more = Ask::Extension {
        grant: grant.id,
        access: grant.access.clone(),
        by: Span::minutes(30),
        because: "it takes longer".to_owned(),
    };
    let by = person("U0SAM");
    let mut no = vote("U0SAM", 16, "security");
    no.choice = Choice::Deny { reason: "ask again tomorrow".to_owned() };
    let state = RequestState::Denied { at: at(16), by, reason: "ask again tomorrow".to_owned() };
    GrantStory {
        grant,
        request: Some(opened),
        later: vec![request(15, 'X', more, vec![no], state)],
    }
}

fn call(answer: Decision) -> Call {
    let claim = |text: &str| Some(text.to_owned());
    let evaluation = Record {
        id: EvaluationId::new(ulid(20)),
        at: at(20),
        caller: Actor::Service("crm".to_owned()),
        token: None,
        for_whom: None,
        subject: Name { kind: "agent".to_owned(), id: "support-agent-v2".to_owned() },
        agent: Some(agent_id()),
        action: "read".to_owned(),
        resource: Name { kind: "database".to_owned(), id: "orders".to_owned() },
        context: None,
        tie: None,
        claims: Claims {
            model_version: claim("m-4.1"),
            prompt_hash: claim("ab12"),
            task: claim("ticket 7"),
        },
        answer,
        policy: "4f3a9c".repeat(8),
    };
    Call { evaluation, seal: Some(Seal { line: 41, whole: true }) }
}

fn done(whole: bool) -> Done {
    let accessed = |id: &str, fields: &[&str]| Accessed {
        kind: "database".to_owned(),
        id: id.to_owned(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
    };
    let activity = Activity {
        id: ActivityId::new(ulid(21)),
        at: at(21),
        told_by: Actor::Agent(agent_id()),
        agent: agent_id(),
        evaluation: Some(EvaluationId::new(ulid(20))),
        grant: Some(GrantId::new(ulid(12))),
        occurred_at: at(20),
        deed: Deed {
            decision_rationale: Some("the customer asked for the total".to_owned()),
            data_accessed: vec![accessed("orders", &["total", "date"]), accessed("people", &[])],
            outcome: Some(Outcome::Success),
            ..Deed::default()
        },
    };
    Done { activity, seal: whole.then_some(Seal { line: 42, whole: true }) }
}

fn story(answer: Decision) -> Story {
    Story {
        about: "eval_x".to_owned(),
        told_at: at(90),
        call: Some(call(answer)),
        token: None,
        asked: Vec::new(),
        asked_more: false,
        grants: Vec::new(),
        requests: Vec::new(),
        agent: Some(agent()),
        activities: Vec::new(),
    }
}

#[test]
fn a_yes_is_told_to_its_end() {
    let basis = Basis::Grant(LiveGrant {
        id: GrantId::new(ulid(12)),
        reference: Reference { letter: 'G', number: 12 },
        request: RequestId::new(ulid(12)),
        until: at(44),
    });
    let mut story = story(Decision::Allow { basis });
    story.grants = vec![grant()];
    story.activities = vec![done(true)];
    let on_behalf_of = Some("T0ACME/U0DANA".to_owned());
    let used = TokenUsed::Named { id: TokenId::new(ulid(30)), on_behalf_of };
    story.call.as_mut().unwrap().evaluation.token = Some(used);
    let told = tell(&story);
    assert!(!told.contains('\u{1b}'), "{told}");
    insta::assert_snapshot!(told);
}

#[test]
fn what_was_done_after_a_no_and_what_no_line_seals_is_marked() {
    let denial = Denial::TierTooLow { needs: Tier::External, has: Tier::Internal };
    let mut story = story(Decision::Deny { denial });
    story.call.as_mut().unwrap().seal = Some(Seal { line: 41, whole: false });
    story.agent = None;
    story.activities = vec![done(false)];
    let used = TokenUsed::Unknown { id: TokenId::new(ulid(30)) };
    let evaluation = &mut story.call.as_mut().unwrap().evaluation;
    evaluation.token = Some(used);
    let alice = "alice@example.com".to_owned();
    evaluation.for_whom = Some(Name { kind: "user".to_owned(), id: alice });
    insta::assert_snapshot!(tell(&story));
}

#[test]
fn a_token_and_an_open_request_are_told() {
    let mut token = story(Decision::Deny { denial: Denial::NoGrant });
    token.call = None;
    token.agent = None;
    token.token = Some(Token {
        id: TokenId::new(ulid(30)),
        agent: agent_id(),
        by: "key_01".to_owned(),
        audience: vec!["https://crm.example.com".to_owned(), "https://b.example".to_owned()],
        on_behalf_of: Some("T0ACME/U0DANA".to_owned()),
        issued_at: at(20),
        until: at(25),
        revoked_at: None,
        credential: None,
        credential_request: None,
    });
    let (id, on_behalf_of) = (TokenId::new(ulid(30)), Some("T0ACME/U0DANA".to_owned()));
    let shown = TokenUsed::Shown { id, on_behalf_of };
    let mut yes = call(Decision::Allow { basis: Basis::Rule { rule: "read-docs".to_owned() } });
    let mut no = call(Decision::Deny { denial: Denial::NoGrant });
    yes.evaluation.token = Some(shown);
    no.evaluation.token = Some(TokenUsed::Unknown { id });
    token.asked = vec![no.evaluation, yes.evaluation];
    token.asked_more = true;
    let state = RequestState::Open;
    token.requests =
        vec![request(15, 'G', asks("more"), vec![vote("U0THEO", 16, "team-lead")], state)];
    insta::assert_snapshot!(tell(&token));
}

/// What nobody was asked is told as that: who opened it, who was passed over, what was thought of it.
#[test]
fn an_emergency_is_named_as_one() {
    let access = Access::new("database", "write");
    let because = || "orders are stuck".to_owned();
    let ask =
        Ask::Emergency { access: access.clone(), lasting: Span::minutes(15), because: because() };
    let state = RequestState::Approved { at: at(12), by: ApprovedBy::Emergency };
    let asked = |user: &str| crate::domain::request::Asked {
        person: person(user),
        roles: [RoleName::new("security")].into(),
        stands_in: Default::default(),
        away: None,
    };
    let opened = Request {
        needs: Vec::new(),
        asked: vec![asked("U0SAM"), asked("U0SARA")],
        ..request(12, 'E', ask, Vec::new(), state)
    };
    let story = grant();
    let review = Ask::Review {
        of: opened.id,
        emergency: opened.reference,
        grant: story.grant.id,
        access,
        lasting: Span::minutes(15),
        because: because(),
    };
    let reason = "it could wait".to_owned();
    let no = RequestState::Denied { at: at(40), by: person("U0SAM"), reason };
    let later = vec![request(13, 'V', review, Vec::new(), no)];
    let told = super::words::grant(&GrantStory { request: Some(opened), later, ..story });
    for part in [
        "OPENED AT ONCE",
        "by T0ACME/U0DANA alone",
        "not asked: T0ACME/U0SAM and T0ACME/U0SARA",
        "found NOT justified",
        "it could wait",
    ] {
        assert!(told.contains(part), "no {part} in {told}");
    }
}
