//! The eight decisions of the AuthZEN certification scenario, by the fixture's rules.

use std::path::Path;

use serde_json::{Value, json};

use super::{NOTHING, entity, object};
use crate::domain::evaluation::{Action, Question};
use crate::policy::{Policy, Ruling};

fn fixture() -> Policy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/authzen/policy");
    Policy::load(&folder).unwrap_or_else(|refused| panic!("{refused}"))
}

type Thing<'a> = (&'a str, Value);

fn is_allowed(policy: &Policy, subject: Thing<'_>, action: Thing<'_>, record: Thing<'_>) -> bool {
    let question = Question {
        subject: entity("user", subject.0, subject.1),
        action: Action { name: action.0.to_owned(), properties: object(action.1) },
        resource: entity("record", record.0, record.1),
        context: object(json!({ "time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1" })),
        for_whom: None,
    };
    matches!(policy.rule(&question, &NOTHING()), Ruling::Permit { .. })
}

#[test]
fn the_eight_decisions() {
    let policy = fixture();
    let no = || json!({});
    let (one, two) = (|| ("record-1", json!({})), || ("record-2", json!({})));
    let archived = || ("record-2", json!({ "status": "archived" }));
    let admin = |id| (id, json!({ "role": "admin" }));
    let soft = |soft: bool| ("delete", json!({ "soft": soft }));
    for (number, expected, subject, action, record) in [
        (1, true, ("alice", no()), ("read", no()), one()),
        (2, true, ("alice", no()), ("write", no()), one()),
        (3, true, ("bob", no()), ("read", no()), one()),
        (4, false, ("bob", no()), ("write", no()), one()),
        (5, false, ("alice", no()), ("write", no()), archived()),
        (5, false, ("alice", no()), ("write", no()), two()),
        (5, false, ("alice", no()), ("write", no()), ("record-3", json!({ "status": "archived" }))),
        (6, true, admin("bob"), ("write", no()), archived()),
        (6, true, admin("alice"), ("write", no()), archived()),
        (6, true, ("bob", no()), ("write", no()), two()),
        (7, true, ("alice", no()), soft(true), one()),
        (8, false, ("alice", no()), soft(false), one()),
        (8, false, ("alice", no()), ("delete", no()), one()),
    ] {
        let said = is_allowed(&policy, subject.clone(), action.clone(), record.clone());
        assert_eq!(said, expected, "rule {number}: {subject:?} {action:?} {record:?}");
    }
}

#[test]
fn what_a_search_goes_through_is_known() {
    let policy = fixture();
    assert_eq!(policy.known_entities("user").collect::<Vec<_>>(), ["alice", "bob"]);
    assert_eq!(policy.known_entities("record").collect::<Vec<_>>(), ["record-1", "record-2"]);
    let actions: Vec<&str> = policy.known_actions("record").into_iter().collect();
    assert_eq!(actions, ["delete", "read", "write"]);
    let nobody = || ("nonexistent-user", json!({}));
    for action in actions {
        assert!(!is_allowed(&policy, nobody(), (action, json!({})), ("record-1", json!({}))));
    }
}
