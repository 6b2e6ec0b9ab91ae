//! `docs/policy.md` explains every key that the policy understands.

use std::collections::{BTreeMap, BTreeSet};

use super::{SMALL, small_with};
use crate::policy::Policy;

const DOCS: &str = include_str!("../../../docs/policy.md");

/// A key that is near to none, so that the cure lists those that there are.
const ODD: &str = "zzzzzzzzzzzz = 1\n";

/// A place in each kind of table of `policy.toml`, before which an odd key can stand.
const PLACES: [&str; 6] = [
    "[channels]",
    "approvals = ",
    "leads = ",
    "requires = ",
    "sensitivity = \"confidential\"",
    "tier = 1\n",
];

#[test]
fn every_key_is_documented() {
    let mut texts: Vec<String> =
        PLACES.iter().map(|place| small_with(place, &format!("{ODD}{place}"))).collect();
    for section in [
        "reminders",
        "certification",
        "owners",
        "digest",
        "break_glass",
        "incidents",
        "delegation",
        "absence",
        "appeals",
        "discovery",
        "rules",
        "issuers.a",
        "services.a",
        "tokens",
        "quotas",
        "callbacks",
        "directory",
    ] {
        texts.push(format!("[{section}]\n{ODD}{SMALL}"));
    }
    for table in ["jwk = {", "workload = {"] {
        texts.push(format!("[services.a]\n{table} zzzzzzzzzzzz = 1 }}\n{SMALL}"));
    }
    texts.push(SMALL.replace("{ people", "{ zzzzzzzzzzzz = 1, people"));
    let mut keys = BTreeSet::new();
    for text in texts {
        keys.extend(keys_near("policy.toml", &[("policy.toml", &text)]));
    }
    for case in [
        "zzzzzzzzzzzz = 1",
        "[[test]]\nzzzzzzzzzzzz = 1",
        "[[test]]\nagent = { zzzzzzzzzzzz = 1 }",
        "[[test]]\nask = { kind = \"grant\", zzzzzzzzzzzz = 1 }",
        "[[test]]\nask = { kind = \"extension\", zzzzzzzzzzzz = 1 }",
        "[[test]]\nexpect = { zzzzzzzzzzzz = 1 }",
        "[[evaluation]]\nzzzzzzzzzzzz = 1",
        "[[evaluation]]\nagent = { zzzzzzzzzzzz = 1 }",
        "[[evaluation]]\naction = { zzzzzzzzzzzz = 1 }",
        "[[evaluation]]\nresource = { zzzzzzzzzzzz = 1 }",
        "[[evaluation]]\nexpect = { zzzzzzzzzzzz = 1 }",
    ] {
        keys.extend(keys_near("tests/a.toml", &[("policy.toml", SMALL), ("tests/a.toml", case)]));
    }
    assert!(keys.len() > 70, "{keys:?}");
    for key in keys {
        assert!(DOCS.contains(&format!("`{key}`")), "docs/policy.md does not explain `{key}`");
    }
}

/// The keys that are listed as the cure for the odd one.
fn keys_near(file: &str, files: &[(&str, &str)]) -> Vec<String> {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let refused = Policy::from_files(&files).unwrap_err();
    let cure = refused
        .mistakes
        .iter()
        .filter(|m| m.file == file)
        .find_map(|m| m.cure.strip_prefix("The keys here are: "))
        .unwrap_or_else(|| panic!("the odd key was not found: {refused}"));
    cure.trim_end_matches('.').split(", ").map(str::to_owned).collect()
}
