//! Every mistake in rules, schema and entities, as its author reads it.

use std::fmt::Write;

use super::*;

const RULE: &str = "@id(\"a\") permit (principal, action, resource);\n";

/// Rules with a mistake.
const RULES: &[(&str, &str)] = &[
    ("no semicolon", "@id(\"a\")\npermit (principal, action, resource)\n"),
    ("no such word", "@id(\"a\") allow (principal, action, resource);"),
    (
        "a bracket that is not closed",
        "@id(\"a\") permit (principal, action, resource) when { true ;",
    ),
    ("no id", "// first\npermit (principal, action, resource);"),
    ("an id that is none", "@id(\"Working hours\") permit (principal, action, resource);"),
    (
        "the same id twice",
        "@id(\"a\") permit (principal, action, resource);\n@id(\"a\") permit (principal, action, resource);",
    ),
    ("a misspelt annotation", "@id(\"a\") @raeson(\"x\") permit (principal, action, resource);"),
    (
        "a reason that says nothing",
        "@id(\"a\") @reason(\" \") forbid (principal, action, resource);",
    ),
    ("a template", "@id(\"a\") permit (principal == ?principal, action, resource);"),
    (
        "a misspelt attribute",
        "@id(\"a\") permit (principal is user, action, resource) when { principal.rloe == \"x\" };",
    ),
    (
        "an attribute that need not be there",
        "@id(\"a\") permit (principal is user, action, resource) when { principal.role == \"x\" };",
    ),
    (
        "a number and a text",
        "@id(\"a\") permit (principal, action, resource) when { context.hour == \"8\" };",
    ),
    ("an unknown type", "@id(\"a\") permit (principal is usr, action, resource);"),
    ("an unknown action", "@id(\"a\") permit (principal, action == Action::\"raed\", resource);"),
    (
        "two at once",
        "@id(\"a\") permit (principal is usr, action, resource);\npermit (principal, action, resource is dcs);",
    ),
];

/// Texts of the schema, each in place of another.
const SCHEMAS: &[(&str, &str, &str)] = &[
    ("a semicolon too few", "entity group in [group];", "entity group in [group]"),
    ("an unknown type", "boss?: user", "boss?: usr"),
    (
        "a namespace",
        "entity group in [group];",
        "entity group in [group]; namespace Acme { entity office; }",
    ),
    ("tags", "region?: String,\n};", "region?: String,\n} tags String;"),
    ("an agent without a tier", "tier: Long, team", "team"),
    ("a tier that is a text", "tier: Long", "tier: String"),
    ("hours that are texts", "hour: Long", "hour: String"),
    ("a sensitivity that is a word", "sensitivity: Long };", "sensitivity: String };"),
    ("an action that is a text", "action: { soft?: Bool }", "action: String"),
];

/// Entities with a mistake.
const ENTITIES: &[(&str, &str)] = &[
    ("not JSON", "[\n  { \"uid\": }\n]"),
    ("no list", "{}"),
    (
        "an agent",
        "[\n { \"uid\": { \"type\": \"agent\", \"id\": \"bot-1\" }, \"attrs\": {}, \"parents\": [] }]",
    ),
    (
        "an unknown type",
        "[{ \"uid\": { \"type\": \"usr\", \"id\": \"alice\" }, \"attrs\": {}, \"parents\": [] }]",
    ),
    (
        "an attribute of another kind",
        "[\n { \"uid\": { \"type\": \"user\", \"id\": \"alice\" }, \"attrs\": { \"age\": \"old\" }, \"parents\": [] }]",
    ),
    (
        "an unknown attribute",
        "[{ \"uid\": { \"type\": \"user\", \"id\": \"alice\" }, \"attrs\": { \"shoe\": 1 }, \"parents\": [] }]",
    ),
    (
        "a parent that cannot be",
        "[{ \"uid\": { \"type\": \"user\", \"id\": \"alice\" }, \"attrs\": {}, \"parents\": [{ \"type\": \"docs\", \"id\": \"d\" }] }]",
    ),
    (
        "somebody twice",
        "[{ \"uid\": { \"type\": \"user\", \"id\": \"alice\" }, \"attrs\": {}, \"parents\": [] }, { \"uid\": { \"type\": \"user\", \"id\": \"alice\" }, \"attrs\": { \"age\": 1 }, \"parents\": [] }]",
    ),
];

fn list(all: &mut String, title: &str, refused: &Refused) {
    let _ = writeln!(all, "{title}");
    for mistake in &refused.mistakes {
        let _ = writeln!(all, "  {mistake}");
        assert!(mistake.cure.ends_with(['.', '?', ')']), "{mistake}");
        assert!(!mistake.what.contains('\n'), "{mistake:?}");
    }
}

#[test]
fn every_mistake_has_its_place_and_its_cure() {
    let mut all = String::new();
    for (title, rules) in RULES {
        list(&mut all, title, &load(rules, "[]").expect_err(title));
    }
    for (title, from, to) in SCHEMAS {
        assert!(SCHEMA.contains(from), "{from}");
        let mut files = folder(RULE, "[]");
        files.insert("schema.cedarschema".to_owned(), SCHEMA.replacen(from, to, 1));
        list(&mut all, title, &Policy::from_files(&files).expect_err(title));
    }
    for (title, entities) in ENTITIES {
        list(&mut all, title, &load(RULE, entities).expect_err(title));
    }
    insta::assert_snapshot!("mistakes", all);
}

#[test]
fn a_folder_says_what_it_lacks() {
    let mut all = String::new();
    let mut files = folder(RULE, "[]");
    files.remove("schema.cedarschema");
    list(&mut all, "no schema", &Policy::from_files(&files).unwrap_err());

    let files = [("a.cedar", RULE), ("more/b.cedar", RULE)];
    let mut both = folder("", "[]");
    both.extend(files.map(|(name, text)| (name.to_owned(), text.to_owned())));
    list(&mut all, "an id in two files", &Policy::from_files(&both).unwrap_err());

    let mut wider = folder(&forbids_when("context.hour > 20"), "[]");
    let policy = POLICY.replace("actions = { read = 1 }", "actions = { read = 1, print = 1 }");
    let policy = format!(
        "{policy}\n[resources.payroll]\nsensitivity = \"restricted\"\nactions = {{ read = 3 }}\nopens = \"pay\"\n"
    );
    wider.insert("policy.toml".to_owned(), policy);
    list(
        &mut all,
        "a condition that would not hold for all",
        &Policy::from_files(&wider).unwrap_err(),
    );

    let mut twins = folder(RULE, "[]");
    let policy = format!(
        "{POLICY}\n[resources.customer_account]\nsensitivity = \"public\"\nactions = {{ read = 1 }}\nopens = \"pay\"\n"
    );
    twins.insert("policy.toml".to_owned(), policy);
    list(&mut all, "two resources of one name", &Policy::from_files(&twins).unwrap_err());
    insta::assert_snapshot!("lacks", all);
}

#[test]
fn what_is_perhaps_not_meant_is_said_and_allowed() {
    let policy = policy(
        "@id(\"a\") forbid (principal, action, resource) when { context.hour > 20 };\n\
         @id(\"b\") permit (principal is user, action, resource) when { context has nothing };",
    );
    let all: Vec<String> = policy.warnings().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("warnings", all.join("\n"));
}

#[test]
fn a_policy_that_fails_its_own_cases_is_refused_at_their_place() {
    let mut files = folder(&permits_when("context.hour < 12"), "[]");
    let cases = "[[evaluation]]\nname = \"always\"\nsubject = { type = \"user\", id = \"alice\" }\n\
        action = \"read\"\nresource = { type = \"docs\", id = \"d\" }\nnow = 2026-03-02T12:00:00Z\n\
        expect = { decision = true, rule = \"a\" }\n\n[[test]]\nname = \"a way\"\n\
        agent = { tier = 1 }\nask = { kind = \"registration\" }\nexpect = { needs = [\"security\"] }\n";
    files.insert("tests/cases.toml".to_owned(), cases.to_owned());
    let refused = Policy::from_files(&files).unwrap_err();
    let said: Vec<String> = refused.mistakes.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("own_cases", said.join("\n"));
    let right = cases.replace("T12:", "T11:").replace("\"security\"", "\"team-lead\"");
    files.insert("tests/cases.toml".to_owned(), right);
    assert!(Policy::from_files(&files).is_ok());
}

#[test]
fn files_cut_off_anywhere_are_refused_or_harmless() {
    let people = include_str!("../../../../../tests/data/authzen/policy/entities.json");
    let rules =
        "@id(\"é\")\npermit (principal is user, action, resource) when { context.hour > 3 };";
    for (name, text) in
        [("rules.cedar", rules), ("schema.cedarschema", SCHEMA), ("entities.json", people)]
    {
        for end in (0..text.len()).step_by(7).filter(|end| text.is_char_boundary(*end)) {
            let mut files = folder("", "[]");
            files.insert(name.to_owned(), text[..end].to_owned());
            let Err(refused) = Policy::from_files(&files) else { continue };
            for mistake in &refused.mistakes {
                let text = &files[&mistake.file];
                let lines = text.split('\n').count();
                assert!((1..=lines).contains(&(mistake.line as usize)), "{mistake}");
            }
        }
    }
}
