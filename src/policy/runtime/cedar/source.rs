//! Reads the rules of one `.cedar` file.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{Effect, Policy as CedarPolicy, PolicyId, PolicySet, ValidationMode, Validator};
use serde_json::Value;

use super::diagnostics;
use crate::domain::access::is_name;
use crate::policy::near;
use crate::policy::read::Log;

/// The annotations that mean something here.
const ANNOTATIONS: [&str; 3] = ["id", "reason", "admin"];
/// The most that a card or a terminal shows of a reason.
const LONGEST: usize = 300;

/// One rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// Its `@id`.
    pub(super) id: String,
    /// Whether it forbids; else it permits.
    pub(super) forbids: bool,
    /// Its `@reason`.
    pub(super) user: Option<String>,
    /// Its `@admin`.
    pub(super) admin: Option<String>,
    /// Where it stands in its file, in bytes.
    pub(super) at: usize,
    /// Its file's text, to which the places in Cedar's errors refer.
    pub(super) text: Arc<str>,
    pub(super) policy: CedarPolicy,
    /// The rule without annotations and spelling.
    pub(super) meaning: Value,
}

/// Reads a file; `taken` are the ids of the rules in the files before, with their files.
pub(super) fn read(
    log: &mut Log<'_>,
    file: &str,
    text: &str,
    taken: &mut BTreeMap<String, String>,
) -> Vec<Rule> {
    let set = match PolicySet::from_str(text) {
        Ok(set) => set,
        Err(errors) => {
            let cure = "Correct the rule: https://docs.cedarpolicy.com has the grammar.";
            diagnostics::mistakes(log, &(&errors).into(), cure);
            return Vec::new();
        }
    };
    for template in set.templates() {
        log.mistake(
            text.find(&template.to_string()).unwrap_or_default(),
            "this rule is a template, which nothing would fill in",
            "Name principal and resource instead of ?principal and ?resource.",
        );
    }
    let whole: Arc<str> = text.into();
    let mut rules = Vec::new();
    let mut from = 0;
    for policy in in_order(&set) {
        let written = policy.to_string();
        let rest = text.get(from..).unwrap_or_default();
        let at = rest.find(&written).map_or(from, |found| from + found);
        from = at + written.len();
        rules.extend(one(log, file, &whole, at, policy, taken));
    }
    rules
}

/// The rules as they stand in the file: Cedar numbers them.
fn in_order(set: &PolicySet) -> Vec<&CedarPolicy> {
    let mut all: Vec<&CedarPolicy> = set.policies().collect();
    let number = |policy: &CedarPolicy| -> Option<u32> {
        policy.id().to_string().trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok()
    };
    all.sort_by_key(|policy| number(policy));
    all
}

fn one(
    log: &mut Log<'_>,
    file: &str,
    text: &Arc<str>,
    at: usize,
    policy: &CedarPolicy,
    taken: &mut BTreeMap<String, String>,
) -> Option<Rule> {
    for (name, _) in policy.annotations().filter(|(name, _)| !ANNOTATIONS.contains(name)) {
        let what = format!("the annotation @{name} means nothing here");
        log.mistake(at, what, near::cure(name, "annotations", ANNOTATIONS));
    }
    let forbids = policy.effect() == Effect::Forbid;
    let user = said(log, at, policy, "reason");
    let admin = said(log, at, policy, "admin");
    let id = id(log, file, at, policy, taken);
    if forbids && user.is_none() {
        log.warn(
            at,
            "this rule forbids and does not say why",
            "Whoever is blocked reads it: @reason(\"customers are served from 8 to 18\").",
        );
    }
    let id = id?;
    let Ok(mut meaning) = policy.to_json() else {
        log.mistake(at, "this rule cannot be compared with others", "Write it more plainly.");
        return None;
    };
    if let Some(object) = meaning.as_object_mut() {
        object.remove("annotations");
    }
    let policy = policy.new_id(PolicyId::new(&id));
    Some(Rule { id, forbids, user, admin, at, text: Arc::clone(text), policy, meaning })
}

fn id(
    log: &mut Log<'_>,
    file: &str,
    at: usize,
    policy: &CedarPolicy,
    taken: &mut BTreeMap<String, String>,
) -> Option<String> {
    const LIKE: &str = "Write @id(\"working-hours\") before it: the record names the rule by it.";
    let Some(id) = policy.annotation("id") else {
        log.mistake(at, "this rule has no @id", LIKE);
        return None;
    };
    if !is_name(id) {
        log.mistake(
            at,
            format!("\"{}\" cannot be the @id of a rule", id.escape_debug()),
            "Use small letters, digits, and - _ . / (at most 64, a letter or digit first).",
        );
        return None;
    }
    if let Some(other) = taken.insert(id.to_owned(), file.to_owned()) {
        log.mistake(
            at,
            format!("another rule in {other} has the @id \"{id}\""),
            "Give each rule its own: the record names the rule by it.",
        );
        return None;
    }
    Some(id.to_owned())
}

fn said(log: &mut Log<'_>, at: usize, policy: &CedarPolicy, name: &str) -> Option<String> {
    let words = policy.annotation(name)?;
    if words.trim().is_empty() {
        log.mistake(at, format!("@{name} says nothing"), "Say why in a sentence, or remove it.");
    } else if words.chars().count() > LONGEST || words.contains(char::is_control) {
        log.mistake(
            at,
            format!("@{name} is too long, or has more than one line"),
            format!("Say it on one line, in at most {LONGEST} characters."),
        );
    }
    Some(words.to_owned())
}

/// Holds the rules of one file against the schema, strictly.
pub(super) fn validate(log: &mut Log<'_>, validator: &Validator, rules: &[Rule]) {
    let Some(set) = together(rules.iter()) else {
        log.mistake(0, "these rules cannot stand together", "Give each its own @id.");
        return;
    };
    let result = validator.validate(&set, ValidationMode::Strict);
    for error in result.validation_errors() {
        let cure = "Correct the rule, or declare what it needs in schema.cedarschema.";
        diagnostics::mistakes(log, &error.into(), cure);
    }
    for warning in result.validation_warnings() {
        diagnostics::warning(log, &warning.into(), "Check that this is meant.");
    }
}

/// These rules as Cedar takes them; `None` never, as their ids are distinct.
pub(super) fn together<'r>(rules: impl Iterator<Item = &'r Rule>) -> Option<PolicySet> {
    PolicySet::from_policies(rules.map(|rule| rule.policy.clone())).ok()
}
