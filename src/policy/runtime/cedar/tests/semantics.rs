//! What a rule means, a sentence each.

use serde_json::json;

use super::*;
use crate::domain::evaluation::{Basis, Decision, Denial};

#[test]
fn without_rules_nothing_is_said() {
    let policy = Policy::starter();
    assert_eq!(said(&policy, &by_alice()), Ruling::Silent);
}

#[test]
fn a_permit_that_applies_permits_and_one_that_does_not_is_silent() {
    let adults =
        policy(&permits_when("principal is user && principal has age && principal.age >= 18"));
    let aged = |age| question(entity("user", "alice", json!({ "age": age })));
    assert_eq!(said(&adults, &aged(18)), permit("a"));
    assert_eq!(said(&adults, &aged(17)), Ruling::Silent);
    assert_eq!(said(&adults, &by_alice()), Ruling::Silent);
}

#[test]
fn a_forbid_comes_before_a_permit_and_says_why_to_both_readers() {
    let both = "@id(\"yes\") permit (principal, action, resource);
        @id(\"no\") @reason(\"not now\") @admin(\"see R-7\") forbid (principal, action, resource);";
    assert_eq!(
        said(&policy(both), &by_alice()),
        Ruling::Forbid {
            rule: "no".to_owned(),
            user: Some("not now".to_owned()),
            admin: Some("see R-7".to_owned()),
        }
    );
}

#[test]
fn of_several_rules_that_speak_the_first_is_named() {
    let files = |rules: [&str; 2]| rules.join("\n");
    let (z, a) = (
        "@id(\"z\") @reason(\"z\") forbid (principal, action, resource);",
        "@id(\"a\") @reason(\"a\") forbid (principal, action, resource);",
    );
    assert_eq!(forbidden(&said(&policy(&files([z, a])), &by_alice())), Some("z"));
    assert_eq!(forbidden(&said(&policy(&files([a, z])), &by_alice())), Some("a"));
}

#[test]
fn what_a_condition_needs_and_does_not_get_is_named() {
    let schema = SCHEMA.replace("conversation?:", "conversation:");
    let rules = "@id(\"p\") permit (principal, action, resource);
        @id(\"c\") @reason(\"no\") forbid (principal, action, resource)
        unless { context.conversation.participants.contains(\"cust-7\") };";
    let mut files = folder(rules, "[]");
    files.insert("schema.cedarschema".to_owned(), schema);
    let policy = Policy::from_files(&files).unwrap_or_else(|refused| panic!("{refused}"));
    for (context, what) in [
        (json!({}), "context.conversation is missing"),
        (json!({ "conversation": null }), "context.conversation is missing"),
        (json!({ "conversation": {} }), "context.conversation.participants is missing"),
        (
            json!({ "conversation": { "participants": "cust-7" } }),
            "context.conversation.participants is a text, and the policy expects a list",
        ),
        (
            json!({ "conversation": { "participants": ["cust-7", 8] } }),
            "context.conversation.participants.1 is a number, and the policy expects a text",
        ),
        (
            json!({ "conversation": ["cust-7"] }),
            "context.conversation is a list, and the policy expects an object",
        ),
    ] {
        assert_eq!(said(&policy, &in_context(context)), cannot(what));
    }
    let there = json!({ "conversation": { "participants": ["cust-7"], "mood": 4 } });
    assert_eq!(said(&policy, &in_context(there)), permit("p"));
}

#[test]
fn a_permit_that_cannot_be_judged_permits_nothing_and_stops_nothing() {
    let rules = permits_when("principal is user && principal.age.greaterThan(3)");
    assert!(load(&rules, "[]").is_err(), "a slip of types is found at load");
    // Overflow is found when it happens.
    let adds = "principal is user && principal has age && principal.age + 1 > 0";
    let old = question(entity("user", "alice", json!({ "age": i64::MAX })));
    assert_eq!(said(&policy(&permits_when(adds)), &old), Ruling::Silent);
    let Ruling::CannotJudge { what } = said(&policy(&forbids_when(adds)), &old) else {
        panic!("judged")
    };
    assert!(what.starts_with("principal.age + 1: "), "{what}");
}

#[test]
fn a_wrong_kind_is_no_way_around_a_condition() {
    let rules = forbids_when("context has risky && context.risky");
    let policy = policy(&rules);
    assert_eq!(forbidden(&said(&policy, &in_context(json!({ "risky": true })))), Some("b"));
    assert_eq!(said(&policy, &in_context(json!({ "risky": false }))), Ruling::Silent);
    assert_eq!(
        said(&policy, &in_context(json!({ "risky": "yes" }))),
        cannot("context.risky is a text, and the policy expects true or false")
    );
    let odd = question(entity("user", "alice", json!({ "age": 1.5 })));
    assert_eq!(
        said(&policy, &odd),
        cannot("subject.age is a number, and the policy expects a whole number")
    );
    // Where nothing could forbid, it permits nothing, and that is all.
    let lenient = super::policy(&permits_when("context has risky && context.risky"));
    assert_eq!(said(&lenient, &in_context(json!({ "risky": "yes" }))), Ruling::Silent);
}

#[test]
fn what_the_schema_does_not_know_is_passed_over() {
    let policy = policy(&permits_when("context.weekday == 1"));
    let mut asked =
        in_context(json!({ "time": "2025-06-27T18:03-07:00", "ip": [1, { "a": null }] }));
    asked.subject.properties = object(json!({ "shoe_size": { "eu": 42 } }));
    asked.resource.properties = object(json!({ "pages": -1.5 }));
    asked.action.properties = object(json!({ "hard": [] }));
    assert_eq!(said(&policy, &asked), permit("a"));
}

#[test]
fn every_kind_of_value_arrives() {
    for (condition, subject, context) in [
        (
            "principal is user && principal has from && principal.from.isInRange(ip(\"10.0.0.0/8\"))",
            json!({ "from": "10.1.2.3" }),
            json!({}),
        ),
        (
            "principal is user && principal has share && principal.share.lessThan(decimal(\"0.5\"))",
            json!({ "share": "0.25" }),
            json!({}),
        ),
        (
            "principal is user && principal has tags && principal.tags.contains(\"vip\")",
            json!({ "tags": ["vip"] }),
            json!({}),
        ),
        (
            "principal is user && principal has boss && principal.boss == user::\"bob\"",
            json!({ "boss": { "type": "user", "id": "bob" } }),
            json!({}),
        ),
        (
            "principal is user && principal has boss && principal.boss == user::\"bob\"",
            json!({ "boss": "bob" }),
            json!({}),
        ),
        (
            "context has wait && context.wait == duration(\"90m\")",
            json!({}),
            json!({ "wait": "1h30m" }),
        ),
        (
            "context has conversation && context.conversation has parties && context.conversation.parties.contains({id: \"a\", since: datetime(\"2026-01-01T10:00:00Z\")})",
            json!({}),
            json!({ "conversation": { "participants": [], "parties": [{ "id": "a", "since": "2026-01-01T11:00:00+01:00" }] } }),
        ),
    ] {
        let policy = policy(&permits_when(condition));
        let asked =
            Question { context: object(context), ..question(entity("user", "alice", subject)) };
        assert_eq!(said(&policy, &asked), permit("a"), "{condition}");
    }
    let range = "principal is user && principal has from && principal.from.isLoopback()";
    let asked = question(entity("user", "alice", json!({ "from": "not an address" })));
    let Ruling::CannotJudge { what } = said(&policy(&forbids_when(range)), &asked) else {
        panic!("judged")
    };
    assert!(what.contains("not an address"), "{what}");
}

#[test]
fn what_the_registry_knows_wins_over_claims() {
    let trusted = policy(&permits_when(
        "principal is agent && principal.tier == 2 && principal.slug == \"support-agent-v2\" \
         && principal.team == \"support\" && principal.owner == \"T0/U0DANA\" \
         && principal.model == \"m-1\" && principal == agent::\"support-agent-v2\"",
    ));
    let claims = json!({ "tier": 1, "slug": "x", "team": "vip", "owner": "me", "model": "none" });
    assert_eq!(said_of_agent(&trusted, claims), permit("a"));
    // What it does not know, the caller may say.
    let region = policy(&permits_when(
        "principal is agent && principal has region && principal.region == \"eu\"",
    ));
    assert_eq!(said_of_agent(&region, json!({ "region": "eu" })), permit("a"));
    assert_eq!(said_of_agent(&region, json!({})), Ruling::Silent);
}

#[test]
fn nothing_is_said_for_an_agent_that_nobody_registered() {
    let open = policy("@id(\"a\") permit (principal, action, resource);");
    let asked = question(entity("agent", "ghost", json!({ "tier": 1 })));
    assert_eq!(said(&open, &asked), Ruling::Silent);
    assert_eq!(said(&open, &by_alice()), permit("a"));
}

const PEOPLE: &str = r#"[
  { "uid": { "type": "group", "id": "all" }, "attrs": {}, "parents": [] },
  { "uid": { "type": "group", "id": "staff" }, "attrs": {}, "parents": [{ "type": "group", "id": "all" }] },
  { "uid": { "type": "user", "id": "alice" }, "attrs": { "role": "clerk", "boss": { "type": "user", "id": "bob" } },
    "parents": [{ "type": "group", "id": "staff" }] },
  { "uid": { "type": "user", "id": "bob" }, "attrs": { "role": "admin" }, "parents": [] },
  { "uid": { "type": "docs", "id": "handbook" }, "attrs": { "sensitivity": 2, "sensitivity_word": "internal", "keeper": { "type": "user", "id": "bob" } }, "parents": [] }
]"#;

#[test]
fn entities_bring_their_groups_and_attributes() {
    for (condition, expected) in [
        ("principal in group::\"all\"", true),
        ("principal in group::\"other\"", false),
        ("principal is user && principal has role && principal.role == \"clerk\"", true),
        // Through what it names: whoever they are must be there, too.
        (
            "principal is user && principal has boss && principal.boss has role && principal.boss.role == \"admin\"",
            true,
        ),
        (
            "resource is docs && resource has keeper && resource.keeper has role && resource.keeper.role == \"admin\"",
            true,
        ),
        ("user::\"bob\" has role && user::\"bob\".role == \"admin\"", true),
        ("action in Action::\"reading\"", true),
    ] {
        let policy = policy_with(&permits_when(condition), PEOPLE);
        let expected = if expected { permit("a") } else { Ruling::Silent };
        assert_eq!(said(&policy, &by_alice()), expected, "{condition}");
    }
    let stranger = question(entity("user", "mallory", json!({})));
    let staff = policy_with(&permits_when("principal in group::\"staff\""), PEOPLE);
    assert_eq!(said(&staff, &stranger), Ruling::Silent);
    // An entity that the question itself names is looked up, too.
    let boss = policy_with(
        &permits_when(
            "principal is user && principal has boss && principal.boss in group::\"staff\"",
        ),
        PEOPLE,
    );
    let asked = question(entity("user", "mallory", json!({ "boss": "alice" })));
    assert_eq!(said(&boss, &asked), permit("a"));
}

#[test]
fn properties_count_over_what_is_stored_of_people_and_under_what_is_stored_of_things() {
    let admin =
        permits_when("principal is user && principal has role && principal.role == \"admin\"");
    let admin = policy_with(&admin, PEOPLE);
    let asked = question(entity("user", "alice", json!({ "role": "admin" })));
    assert_eq!(said(&admin, &asked), permit("a"));

    let kept =
        permits_when("resource is docs && resource has keeper && resource.keeper == user::\"bob\"");
    let kept = policy_with(&kept, PEOPLE);
    let claim = |id: &str| Question {
        resource: entity("docs", id, json!({ "keeper": "mallory" })),
        ..by_alice()
    };
    assert_eq!(said(&kept, &claim("handbook")), permit("a"));
    assert_eq!(said(&kept, &claim("leaflet")), Ruling::Silent);
}

#[test]
fn sensitivity_is_the_policys_or_a_higher_one() {
    let asked = |condition: &str, id: &str, told: serde_json::Value| {
        let policy = policy_with(&permits_when(condition), PEOPLE);
        said(&policy, &Question { resource: entity("docs", id, told), ..by_alice() })
    };
    let is = |n: i64, word: &str| {
        format!(
            "resource is docs && resource.sensitivity == {n} && resource.sensitivity_word == \"{word}\""
        )
    };
    let none = json!({});
    assert_eq!(asked(&is(1, "public"), "leaflet", none.clone()), permit("a"));
    assert_eq!(asked(&is(2, "internal"), "handbook", none), permit("a"));
    assert_eq!(asked(&is(2, "internal"), "handbook", json!({ "sensitivity": 1 })), permit("a"));
    assert_eq!(asked(&is(3, "confidential"), "handbook", json!({ "sensitivity": 3 })), permit("a"));
    assert_eq!(asked(&is(4, "restricted"), "leaflet", json!({ "sensitivity": 99 })), permit("a"));
    assert_eq!(
        asked(&is(1, "public"), "leaflet", json!({ "sensitivity_word": "restricted" })),
        permit("a")
    );

    let account =
        policy(&permits_when("resource is customer_account && resource.sensitivity == 3"));
    let asked = |kind| Question { resource: entity(kind, "a-1", json!({})), ..by_alice() };
    assert_eq!(said(&account, &asked("customer-account")), permit("a"));
}

#[test]
fn the_moment_is_told_in_the_policys_time() {
    let at_half_past_midnight = "context.hour == 0 && context.weekday == 2 \
        && context.now == datetime(\"2026-03-02T23:30:00Z\") && !context.granted";
    let mut files = folder(&permits_when(at_half_past_midnight), "[]");
    files.insert("policy.toml".to_owned(), format!("{POLICY}\n[rules]\nutc_offset = \"+01:00\"\n"));
    let policy = Policy::from_files(&files).unwrap_or_else(|refused| panic!("{refused}"));
    let now = "2026-03-02T23:30:00Z".parse().unwrap();
    // Whatever the caller says the time is.
    let asked = in_context(
        json!({ "hour": 12, "weekday": 1, "granted": true, "now": "2020-01-01T00:00:00Z" }),
    );
    assert_eq!(policy.rule(&asked, &Facts { now, ..NOTHING() }), permit("a"));
    assert_eq!(said(&policy, &asked), Ruling::Silent);
}

#[test]
fn a_rule_can_ask_whether_there_is_a_grant_and_how_the_action_is_done() {
    let policy =
        policy(&permits_when("context.granted && context.action has soft && context.action.soft"));
    let mut asked = in_context(json!({ "action": { "soft": true } }));
    let live = grant();
    let granted = Facts { grant: Some(&live), ..NOTHING() };
    assert_eq!(policy.rule(&asked, &granted), Ruling::Silent, "the context is no place for it");
    asked.action.properties = object(json!({ "soft": true }));
    assert_eq!(policy.rule(&asked, &granted), permit("a"));
    assert_eq!(said(&policy, &asked), Ruling::Silent);
}

#[test]
fn questions_that_no_rule_is_about_are_answered_by_none() {
    let policy = policy("@id(\"a\") permit (principal is user, action, resource is docs);");
    let other = |change: fn(&mut Question)| {
        let mut asked = by_alice();
        change(&mut asked);
        said(&policy, &asked)
    };
    assert_eq!(other(|_| {}), permit("a"));
    assert_eq!(other(|q| q.subject.kind = "spaceship".to_owned()), Ruling::Silent);
    assert_eq!(other(|q| q.resource.kind = "customer-account".to_owned()), Ruling::Silent);
    assert_eq!(other(|q| q.action.name = "burn".to_owned()), Ruling::Silent);
    assert_eq!(other(|q| q.action.name = "reading".to_owned()), Ruling::Silent);
}

#[test]
fn who_asks_about_themselves_is_one_entity() {
    let schema = SCHEMA
        .replace("resource: [docs, customer_account]", "resource: [docs, customer_account, user]");
    let mut files = folder(
        "@id(\"self\") permit (principal is user, action, resource is user) when { principal == resource && resource has role && resource.role == \"clerk\" };",
        PEOPLE,
    );
    files.insert("schema.cedarschema".to_owned(), schema);
    let policy = Policy::from_files(&files).unwrap_or_else(|refused| panic!("{refused}"));
    let asked = Question { resource: entity("user", "alice", json!({})), ..by_alice() };
    assert_eq!(said(&policy, &asked), permit("self"));
}

#[test]
fn a_grant_is_a_yes_and_conditions_hold_for_it_too() {
    let agent = agent();
    let live = grant();
    let asked = question(entity("agent", "support-agent-v2", json!({})));
    let decide = |policy: &Policy, grant: Option<&LiveGrant>| {
        policy.decide(&asked, &Facts { agent: Some(&agent), grant, now: noon() })
    };
    let silent = policy("");
    assert_eq!(decide(&silent, None), Decision::Deny { denial: Denial::NoGrant });
    let by_grant = Decision::Allow { basis: Basis::Grant(live.clone()) };
    assert_eq!(decide(&silent, Some(&live)), by_grant);
    let standing = policy(&permits_when("true"));
    assert_eq!(decide(&standing, Some(&live)), by_grant);
    let rule = "a".to_owned();
    assert_eq!(decide(&standing, None), Decision::Allow { basis: Basis::Rule { rule } });
    let closed = policy(&forbids_when("context.granted"));
    let Decision::Deny { denial } = decide(&closed, Some(&live)) else { panic!("allowed") };
    assert_eq!(denial.code(), "condition_not_met");
    assert_eq!(decide(&closed, None), Decision::Deny { denial: Denial::NoGrant });
}

#[test]
fn a_tier_that_is_too_low_comes_before_every_rule() {
    let observer = KnownAgent { tier: Tier::Observer, ..agent() };
    let policy = policy(&permits_when("true"));
    let facts = Facts { agent: Some(&observer), ..NOTHING() };
    // An object that the policy could not write is of the resource all the same.
    for id in ["a-1", " ", "\u{202e}"] {
        let asked = Question {
            resource: entity("customer-account", id, json!({})),
            ..question(entity("agent", "support-agent-v2", json!({ "tier": 3 })))
        };
        let Decision::Deny { denial } = policy.decide(&asked, &facts) else { panic!("{id:?}") };
        assert_eq!(denial.code(), "tier_too_low", "{id:?}");
    }
}

#[test]
fn what_is_known_can_be_listed() {
    let policy = policy_with("", PEOPLE);
    let users: Vec<&str> = policy.known_entities("user").collect();
    assert_eq!(users, ["alice", "bob"]);
    assert_eq!(policy.known_entities("spaceship").count(), 0);
    assert_eq!(policy.known_entities("Action").count(), 0);
    let list = |kind| policy.known_actions(kind).into_iter().collect::<Vec<_>>();
    assert_eq!(list("docs"), ["read"]);
    assert_eq!(list("customer-account"), ["read"]);
    assert!(list("spaceship").is_empty());
    let kinds: Vec<&str> = policy.known_kinds().into_iter().collect();
    assert_eq!(kinds, ["agent", "customer-account", "docs", "group", "user"]);
}
