//! Reads `[[without_people]]`.

use std::collections::{BTreeMap, BTreeSet};

use super::log::Log;
use super::walk::{Table, Value};
use crate::domain::access::Sensitivity;
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::near;
use crate::policy::rules::{Resource, TierRules, Tiers};
use crate::policy::without::{Covers, Kind, Limits, Rule};

const KEYS: [&str; 7] = ["name", "ask", "tier", "sensitivity", "actions", "resources", "up_to"];
const LIMITS: [&str; 4] = ["sensitivity", "actions", "resources", "up_to"];
const ASKS: [&str; 3] = ["grant", "registration", "extension"];

/// What the rules are checked against; absent where that itself could not be read.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) tiers: Option<&'a Tiers>,
    pub(super) resources: Option<&'a BTreeMap<String, Resource>>,
}

pub(super) fn rules(
    log: &mut Log<'_>,
    root: &Table<'_, '_>,
    known: Known<'_>,
) -> Option<Vec<Rule>> {
    let Some(value) = root.get("without_people") else { return Some(Vec::new()) };
    let all = value.list(log, "[[without_people]], with double brackets")?;
    let mut names = BTreeSet::new();
    let read: Vec<Option<Rule>> = all
        .iter()
        .enumerate()
        .map(|(i, value)| one(log, i + 1, value, known, &mut names))
        .collect();
    read.into_iter().collect()
}

fn one(
    log: &mut Log<'_>,
    number: usize,
    value: &Value<'_, '_>,
    known: Known<'_>,
    names: &mut BTreeSet<String>,
) -> Option<Rule> {
    let table = value.table(log, "[[without_people]], with double brackets")?;
    table.only(log, &KEYS);
    let name = match table.get("name") {
        None => Some(format!("without_people #{number}")),
        Some(value) => name(log, &value, names),
    };
    let tier = table
        .need(log, "tier", "Name the highest tier of agent that the rule covers: tier = 1.")
        .and_then(|v| v.tier(log));
    let ask = match table.get("ask") {
        None => Some("grant"),
        Some(value) => ask(log, &value),
    };
    let covers = match ask? {
        "registration" => {
            for key in LIMITS {
                if let Some(value) = table.get(key) {
                    log.mistake(
                        value.at,
                        format!("{} means nothing for registrations", value.path),
                        "Remove it: nothing is opened by a registration, only its tier counts.",
                    );
                }
            }
            Covers::Registration
        }
        "extension" => Covers::Extension(limits(log, &table, known, tier, Kind::Extension)?),
        _ => Covers::Grant(limits(log, &table, known, tier, Kind::Grant)?),
    };
    Some(Rule { name: name?, tier: tier?, covers })
}

fn name(log: &mut Log<'_>, value: &Value<'_, '_>, names: &mut BTreeSet<String>) -> Option<String> {
    let name = value.words(log, "a few words, like \"short internal reads\"")?.to_owned();
    if !names.insert(name.clone()) {
        log.mistake(
            value.at,
            format!("another rule has the name \"{name}\""),
            "Give each rule its own: the name says in the record why nobody was asked.",
        );
    }
    Some(name)
}

fn ask(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<&'static str> {
    let text = value.text(log, "\"grant\"")?;
    let found = ASKS.into_iter().find(|ask| *ask == text);
    if found.is_none() {
        log.mistake(
            value.at,
            format!("{}: \"{text}\" is nothing that is asked", value.path),
            near::cure(text, "kinds", ASKS),
        );
    }
    found
}

fn limits(
    log: &mut Log<'_>,
    table: &Table<'_, '_>,
    known: Known<'_>,
    tier: Option<Tier>,
    kind: Kind,
) -> Option<Limits> {
    let sensitivity = table
        .need(
            log,
            "sensitivity",
            "Name the highest that the rule covers: sensitivity = \"internal\".",
        )
        .and_then(|v| sensitivity(log, &v));
    let actions = table
        .need(log, "actions", "Name the actions that the rule covers: actions = [\"read\"].")
        .and_then(|v| actions(log, &v, known));
    let resources = match table.get("resources") {
        None => Some(None),
        Some(value) => resources(log, &value, known).map(Some),
    };
    let up_to = table
        .need(log, "up_to", "Say the longest that nobody is asked about: up_to = \"1h\".")
        .and_then(|v| up_to(log, &v, known, tier, kind));
    let limits = Limits {
        sensitivity: sensitivity?,
        actions: actions?,
        resources: resources?,
        up_to: up_to?,
    };
    covers_something(log, table, known, tier?, &limits);
    Some(limits)
}

fn sensitivity(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<Sensitivity> {
    let found = value.sensitivity(log)?;
    if found >= Sensitivity::Confidential {
        log.warn(
            value.at,
            format!("{} opens {} resources without asking anybody", value.path, found.word()),
            "Check that this is meant: customers' data and money deserve a person's look.",
        );
    }
    Some(found)
}

fn actions(log: &mut Log<'_>, value: &Value<'_, '_>, known: Known<'_>) -> Option<BTreeSet<String>> {
    let all: Option<BTreeSet<&str>> = known
        .resources
        .map(|all| all.values().flat_map(|r| r.actions.keys()).map(String::as_str).collect());
    set(log, value, "action", all.as_ref())
}

fn resources(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    known: Known<'_>,
) -> Option<BTreeSet<String>> {
    let all: Option<BTreeSet<&str>> =
        known.resources.map(|all| all.keys().map(String::as_str).collect());
    set(log, value, "resource", all.as_ref())
}

/// The words in a list that must not be empty, each of them known.
fn set(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    kind: &str,
    known: Option<&BTreeSet<&str>>,
) -> Option<BTreeSet<String>> {
    let words = value.texts(log, "[\"read\"]")?;
    if words.is_empty() {
        log.mistake(
            value.at,
            format!("{} is empty", value.path),
            format!("Name an {kind}, or more."),
        );
    }
    for word in &words {
        if let Some(known) = known
            && !known.contains(word.name)
        {
            log.mistake(
                word.at,
                format!("unknown {kind} \"{}\" in {}", word.name, value.path),
                near::cure(word.name, &format!("{kind}s"), known.iter().copied()),
            );
        }
    }
    Some(words.iter().map(|word| word.name.to_owned()).collect())
}

fn up_to(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    known: Known<'_>,
    tier: Option<Tier>,
    kind: Kind,
) -> Option<Span> {
    let span = value.span(log)?;
    if let (Some(tiers), Some(tier)) = (known.tiers, tier) {
        let (limit, of): (_, fn(&TierRules) -> Span) = match kind {
            Kind::Grant => ("longest_grant", |rules| rules.longest_grant),
            Kind::Extension => ("longest_total", |rules| rules.longest_total),
        };
        let covered = Tier::ALL.into_iter().filter(|t| *t <= tier);
        let longest = covered.map(|t| of(tiers.of(t))).max();
        if let Some(longest) = longest
            && span > longest
        {
            log.mistake(
                value.at,
                format!("{} is longer than {limit} allows anybody ({longest})", value.path),
                format!("Make it {longest} or shorter, or raise {limit} of the tier."),
            );
        }
    }
    Some(span)
}

fn covers_something(
    log: &mut Log<'_>,
    table: &Table<'_, '_>,
    known: Known<'_>,
    tier: Tier,
    limits: &Limits,
) {
    let Some(resources) = known.resources else { return };
    let covered = resources.values().any(|resource| {
        resource.sensitivity <= limits.sensitivity
            && limits.resources.as_ref().is_none_or(|only| only.contains(&resource.name))
            && resource
                .actions
                .iter()
                .any(|(action, needed)| *needed <= tier && limits.actions.contains(action))
    });
    if !covered {
        log.warn(
            table.at,
            format!(
                "{} covers nothing: no resource fits its tier, sensitivity and actions",
                table.path
            ),
            "Widen it, or remove it.",
        );
    }
}
