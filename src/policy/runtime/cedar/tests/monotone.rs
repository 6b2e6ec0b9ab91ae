//! Another condition never opens anything.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Conditions of all kinds, some of which fail where something is missing.
const CONDITIONS: [&str; 8] = [
    "true",
    "context.hour >= 12",
    "context has risky && context.risky",
    "context has conversation && context.conversation.participants.contains(\"cust-7\")",
    "principal is user && principal has age && principal.age * 9223372036854775807 > 3",
    "principal is user && principal has boss && principal.boss has role",
    "resource is docs && resource.sensitivity > 1",
    "context.granted",
];

fn rule(id: usize, (forbids, condition): &(bool, usize)) -> String {
    let effect = if *forbids { "forbid" } else { "permit" };
    let condition = CONDITIONS[*condition];
    format!(
        "@id(\"r{id}\") @reason(\"no\") {effect} (principal, action, resource) when {{ {condition} }};\n"
    )
}

fn rules() -> impl Strategy<Value = Vec<(bool, usize)>> {
    proptest::collection::vec((any::<bool>(), 0..CONDITIONS.len()), 0..4)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
        Just(json!(["cust-7"])),
        Just(json!({ "participants": ["cust-7"] })),
        Just(json!({ "participants": 7 })),
        Just(json!({})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn adding_a_condition_never_turns_a_no_into_a_yes(
        before in rules(), condition in 0..CONDITIONS.len(), at in 0usize..4,
        properties in proptest::collection::vec((0usize..3, value()), 0..3),
        context in proptest::collection::vec((0usize..3, value()), 0..3),
        granted in any::<bool>(),
    ) {
        let named = |names: [&str; 3], all: Vec<(usize, Value)>| -> Properties {
            all.into_iter().map(|(i, value)| (names[i].to_owned(), value)).collect()
        };
        let mut asked = by_alice();
        asked.subject.properties = named(["age", "boss", "odd"], properties);
        asked.context = named(["risky", "conversation", "odd"], context);
        let text = |all: &[(bool, usize)]| -> String {
            all.iter().enumerate().map(|(i, each)| rule(i, each)).collect()
        };
        let mut after = before.clone();
        after.insert(at.min(before.len()), (true, condition));
        let live = grant();
        let facts = Facts { grant: granted.then_some(&live), ..NOTHING() };
        let (before, after) = (policy(&text(&before)), policy(&text(&after)));
        let yes = |policy: &Policy| policy.decide(&asked, &facts).is_allowed();
        prop_assert!(yes(&before) || !yes(&after), "{:?} {:?}", before.rule(&asked, &facts), after.rule(&asked, &facts));
    }

    #[test]
    fn whatever_is_sent_gets_an_answer(
        subject in value(), resource in value(), context in value(), id in "\\PC{0,12}",
    ) {
        let policy = policy(&format!("{}{}", permits_when("true"), forbids_when("context has risky && context.risky")));
        let each = |value: &Value, names: &[&str]| -> Properties {
            names.iter().map(|name| ((*name).to_owned(), value.clone())).collect()
        };
        let mut asked = by_alice();
        asked.subject.id = id.clone();
        asked.resource.id = id;
        asked.subject.properties = each(&subject, &["role", "age", "boss", "from", "tags", "share"]);
        asked.resource.properties = each(&resource, &["sensitivity", "keeper", "sensitivity_word"]);
        asked.context = each(&context, &["conversation", "risky", "wait", "action", "now"]);
        let _ = said(&policy, &asked);
    }
}
