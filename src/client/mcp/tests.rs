//! What a model is told: of the tools, of its mistakes, and of what came of a call.

use serde_json::{Map, Value, json};

use super::calls::{Call, read};
use super::words::{asked, holdings, judged, stands, trouble};
use super::{serve, tools};
use crate::client::trouble::Trouble;
use crate::contract::Lasting;
use crate::contract::grants::Grant;
use crate::contract::people::Person;
use crate::contract::problem::Problem;
use crate::contract::requests::{Need, Outcome, Request};
use crate::domain::access::Access;

fn arguments(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

#[test]
fn the_tools_are_described() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&serve::described()).unwrap());
}

#[test]
fn each_example_is_a_call() {
    for tool in &tools::ALL {
        let example = serde_json::from_str(tool.example).unwrap();
        read(tool.name, arguments(example)).unwrap_or_else(|mistake| panic!("{mistake}"));
    }
}

#[test]
fn a_mistake_says_what_would_do() {
    let mut told = String::new();
    for (tool, said) in [
        ("may_I_please", json!({})),
        ("may_i", json!({})),
        ("may_i", json!({ "access": "database" })),
        ("may_i", json!({ "access": 7 })),
        ("may_i", json!({ "access": "database:read", "resource": "orders" })),
        ("may_i", json!({ "access": "database:read", "tsak": "x" })),
        ("may_i", json!({ "access": "x".repeat(400) })),
        ("request_permission", json!({ "access": "database:read" })),
        ("request_permission", json!({ "access": "database:read", "justification": " " })),
        ("request_permission", json!({ "access": "a:b", "justification": "so", "for": "ever" })),
        ("wait_for", json!({ "reference": "1042" })),
        ("wait_for", json!({ "reference": "G-1042", "seconds": 0 })),
        ("wait_for", json!({ "reference": "G-1042", "seconds": "60" })),
        ("wait_for", json!({ "reference": "G-1042", "seconds": 1.5 })),
        ("my_grants", json!({ "agent": "other" })),
        ("hand_back", json!({ "reference": null })),
    ] {
        let mistake = read(tool, arguments(said)).expect_err(tool);
        told.push_str(&format!("{tool}: {mistake}\n"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn numbers_with_a_point_are_whole_all_the_same() {
    let call =
        read("wait_for", arguments(json!({ "reference": "g-1042", "seconds": 90.0 }))).unwrap();
    let Call::WaitFor { reference, seconds } = call else { panic!("{call:?}") };
    assert_eq!((reference.to_string().as_str(), seconds), ("G-1042", 90));
}

fn request(state: &str) -> Request {
    let person = |id: &str| Person { id: id.parse().unwrap(), name: None };
    let at = |text: &str| text.parse().unwrap();
    let role = |role: &str, given_by| Need { role: role.to_owned(), given_by, awaited: Vec::new() };
    let reason = match state {
        "denied" => Some("use the replica\u{1b}[31m".to_owned()),
        _ => None,
    };
    Request {
        reference: "G-1042".to_owned(),
        kind: "grant".to_owned(),
        agent: "support-agent-v2".parse().unwrap(),
        state: state.to_owned(),
        access: Some("database:read".to_owned()),
        lasting: Some(Lasting { text: "30m".to_owned(), seconds: 1_800 }),
        credential: None,
        justification: Some("ticket 7".to_owned()),
        appeals: None,
        asked_by: None,
        by_itself: true,
        opened_at: at("2026-11-23T09:00:00Z"),
        decide_by: at("2026-11-23T13:00:00Z"),
        usual: Some(Lasting { text: "40m".to_owned(), seconds: 2_400 }),
        needs: vec![role("team-lead", Some(person("T0ACME/U0THEO"))), role("security", None)],
        awaits_owner: None,
        outcome: (state != "open").then(|| Outcome {
            at: at("2026-11-23T09:10:00Z"),
            by: None,
            reason,
            appeal_until: (state == "denied").then(|| at("2026-11-30T09:10:00Z")),
            next: Vec::new(),
        }),
        grant: (state == "approved").then(grant),
        version: "1".to_owned(),
    }
}

fn grant() -> Grant {
    Grant {
        reference: "G-1042".to_owned(),
        agent: "support-agent-v2".parse().unwrap(),
        access: "database:read".to_owned(),
        state: "active".to_owned(),
        starts_at: "2026-11-23T09:10:00Z".parse().unwrap(),
        expires_at: "2026-11-23T09:40:00Z".parse().unwrap(),
        left: Some(Lasting { text: "25m".to_owned(), seconds: 1_500 }),
    }
}

#[test]
fn what_an_agent_reads() {
    let agent = "support-agent-v2".parse().unwrap();
    let access = Access::new("database", "read");
    let yes = json!({ "decision": true, "context": {
        "evaluation_id": "eval_1", "grant": { "reference": "G-1042", "expires_at": "2026-11-23T09:40:00Z" } } });
    let no = json!({ "decision": false, "context": {
        "evaluation_id": "eval_2", "reason": "no_grant",
        "reason_user": { "en": "support-agent-v2 may not read database \"*\" now. It holds no live grant for it. \
            Ask for it in Slack: /agent request \u{2026} Usually 40 minutes (team lead)." },
        "why": { "en": "support-agent-v2 may not read database \"*\" now. It holds no live grant for it." },
        "wait": { "en": "Usually 40 minutes (team lead)." },
        "access_request": { "form_url": "https://agents.example.com/r/8fK2Qd" } } });
    let never = json!({ "decision": false });
    let mut told = Vec::new();
    for answer in [&yes, &no, &never] {
        let (words, facts) = judged(&agent, &access, answer);
        told.push(format!("{words}\n{facts}"));
    }
    told.push(asked(&request("open")));
    told.push(asked(&request("approved")));
    for state in ["open", "approved", "denied", "expired", "cancelled"] {
        told.push(stands(&request(state)));
    }
    told.push(holdings(&[grant()], &[request("open")]));
    told.push(holdings(&[], &[]));
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn the_next_step_after_a_mistake_is_a_tool() {
    let problem = |next: &[&str], reference: Option<&str>| {
        Trouble::Problem(Box::new(Problem {
            kind: "urn:countersign:problem:some".to_owned(),
            title: "It cannot be".to_owned(),
            status: 404,
            detail: "Something is not as it should be.".to_owned(),
            next: next.iter().map(|&next| next.to_owned()).collect(),
            near: Vec::new(),
            fields: Vec::new(),
            retry_after: None,
            reference: reference.map(str::to_owned),
        }))
    };
    let all = [
        problem(&["agent-cli grants", "agent-cli status"], None),
        problem(&["agent-cli status G-1042 --wait"], Some("G-1042")),
        problem(
            &["agent-cli request-permission --resource database:read --justification \"...\""],
            None,
        ),
        problem(&["agent-cli extend G-1042 --by 30m --justification \"...\""], None),
        problem(&["agent-cli release G-1042", "agent-cli login"], None),
        problem(&["agent-cli register support-agent"], None),
        problem(&["say in a few words why"], None),
    ];
    let told: Vec<String> = all.iter().map(trouble).collect();
    let told = told.join("\n\n");
    assert!(!told.contains("agent-cli"), "{told}");
    insta::assert_snapshot!(told);
}
