//! Reads `[resources.NAME]`.

use std::collections::BTreeMap;

use super::log::Log;
use super::walk::{Table, Value};
use crate::domain::tier::Tier;
use crate::policy::near;
use crate::policy::rules::{Opens, Resource};

const ACTIONS: &str = "actions = { read = 1, write = 2 }";
const OPENS: &str = "opens = \"reading every row of the support database\"";

pub(super) fn resources(
    log: &mut Log<'_>,
    root: &Table<'_, '_>,
) -> Option<BTreeMap<String, Resource>> {
    let Some(value) = root.get("resources") else {
        log.warn(
            0,
            "there are no resources, so agents can be registered and ask for nothing",
            "Add [resources.NAME] with sensitivity and actions.",
        );
        return Some(BTreeMap::new());
    };
    let table = value.table(log, "[resources.database]")?;
    let named = table.named(log, "a resource");
    // All are read, whether or not one of them is whole, so that each notes its mistakes.
    let read: Vec<Option<Resource>> =
        named.iter().map(|(key, value)| one(log, key.name, value)).collect();
    read.into_iter()
        .map(|resource| resource.map(|resource| (resource.name.clone(), resource)))
        .collect()
}

fn one(log: &mut Log<'_>, name: &str, value: &Value<'_, '_>) -> Option<Resource> {
    let table = value.table(log, &format!("[resources.{name}] with sensitivity and actions"))?;
    table.only(log, &["sensitivity", "actions", "opens"]);
    let sensitivity = table
        .need(log, "sensitivity", "Say how much it would give away: sensitivity = \"internal\".")
        .and_then(|v| v.sensitivity(log));
    let actions = table
        .need(log, "actions", format!("Say what can be done, and from which tier: {ACTIONS}."))
        .and_then(|v| actions(log, &v));
    let opens = match table.get("opens") {
        None => {
            log.warn(
                table.at,
                format!("{} does not say what it opens", table.path),
                format!("Approvers read it on the card: {OPENS}."),
            );
            Opens::Unsaid
        }
        Some(value) => opens(log, &value, actions.as_ref()),
    };
    Some(Resource { name: name.to_owned(), sensitivity: sensitivity?, actions: actions?, opens })
}

fn actions(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<BTreeMap<String, Tier>> {
    let table = value.table(log, ACTIONS)?;
    if table.entries().next().is_none() {
        log.mistake(table.at, format!("{} is empty", table.path), format!("Write {ACTIONS}."));
    }
    let read: Vec<_> = table
        .named(log, "an action")
        .into_iter()
        .map(|(key, value)| (key.name.to_owned(), value.tier(log)))
        .collect();
    read.into_iter().map(|(name, tier)| tier.map(|tier| (name, tier))).collect()
}

fn opens(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    actions: Option<&BTreeMap<String, Tier>>,
) -> Opens {
    const LIKE: &str = "\"reading every row of the support database\"";
    if value.is_text() {
        return value.words(log, LIKE).map_or(Opens::Unsaid, |text| Opens::Any(text.to_owned()));
    }
    let like = format!("{LIKE}, or {{ read = \"…\", write = \"…\" }}");
    let Some(table) = value.table(log, &like) else { return Opens::Unsaid };
    let mut words = BTreeMap::new();
    for (key, value) in table.entries() {
        if let Some(actions) = actions
            && !actions.contains_key(key.name)
        {
            log.mistake(
                key.at,
                format!("{} names the unknown action \"{}\"", table.path, key.name),
                near::cure(key.name, "actions here", actions.keys().map(String::as_str)),
            );
        }
        if let Some(text) = value.words(log, LIKE) {
            words.insert(key.name.to_owned(), text.to_owned());
        }
    }
    for action in actions.into_iter().flat_map(BTreeMap::keys) {
        if table.get(action).is_none() {
            log.warn(
                table.at,
                format!("{} does not say what \"{action}\" opens", table.path),
                "Approvers read it on the card: add it.",
            );
        }
    }
    Opens::Each(words)
}
