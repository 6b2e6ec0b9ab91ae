//! What changed for things: resources, reminders, certification, the digest, discovery.

use std::collections::BTreeMap;

use super::{Changes, Effect};
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::Policy;
use crate::policy::rules::Resource;

pub(super) fn resources(old: &Policy, new: &Policy, changes: &mut Changes) {
    for (name, before) in &old.resources {
        match new.resources.get(name) {
            None => changes.note(
                format!("resources.{name}"),
                "gone: nobody can ask for it any more",
                Effect::Narrows,
            ),
            Some(after) => resource(before, after, changes),
        }
    }
    for (name, after) in &new.resources {
        if !old.resources.contains_key(name) {
            let what = format!(
                "a new resource ({}), which agents can ask for: {}",
                after.sensitivity.word(),
                actions(&after.actions)
            );
            changes.note(format!("resources.{name}"), what, Effect::Widens);
        }
    }
}

fn resource(before: &Resource, after: &Resource, changes: &mut Changes) {
    let about = format!("resources.{}", after.name);
    // A resource that counts as less sensitive is guarded less.
    let sensitivity = (std::cmp::Reverse(before.sensitivity), std::cmp::Reverse(after.sensitivity));
    changes.grew(&about, "sensitivity", sensitivity, |s| s.0.word().to_owned());
    for (action, was) in &before.actions {
        match after.actions.get(action) {
            None => changes.note(
                &about,
                format!("the action {action} is gone: nobody can ask for it any more"),
                Effect::Narrows,
            ),
            Some(is) => {
                let tiers = (std::cmp::Reverse(*was), std::cmp::Reverse(*is));
                let name = format!("the lowest tier that may hold {action}");
                changes.grew(&about, &name, tiers, |tier| tier.0.to_string());
            }
        }
    }
    for (action, tier) in &after.actions {
        if !before.actions.contains_key(action) {
            let what =
                format!("a new action, which agents can ask for: {action} (from tier {tier})");
            changes.note(&about, what, Effect::Widens);
        }
    }
    for action in after.actions.keys().filter(|action| before.actions.contains_key(*action)) {
        let say = |words: Option<&str>| words.map_or("unsaid".to_owned(), |w| format!("\"{w}\""));
        let (was, is) = (say(before.opens(action)), say(after.opens(action)));
        changes.moved(&about, &format!("what {action} opens"), &was, &is);
    }
}

fn actions(actions: &BTreeMap<String, Tier>) -> String {
    let each = actions.iter().map(|(action, tier)| format!("{action} (from tier {tier})"));
    each.collect::<Vec<_>>().join(", ")
}

pub(super) fn reminders(old: &Policy, new: &Policy, changes: &mut Changes) {
    let list = |policy: &Policy| match policy.remind_before_end() {
        [] => "never".to_owned(),
        spans => spans.iter().map(|span| span.words()).collect::<Vec<_>>().join(" and "),
    };
    changes.moved("reminders", "before_end", &list(old), &list(new));
}

/// Agents that are looked at less often keep longer what they should have lost.
pub(super) fn certification(old: &Policy, new: &Policy, changes: &mut Changes) {
    let (old, new) = (old.certifying(), new.certifying());
    let words = |span: &Span| span.words();
    changes.grew("certification", "every", (old.every, new.every), words);
    changes.grew("certification", "grace", (old.grace, new.grace), words);
    let (before, after) = (old.open_before.words(), new.open_before.words());
    changes.moved("certification", "open_before", &before, &after);
    let list = |spans: &[Span]| match spans {
        [] => "never".to_owned(),
        spans => spans.iter().map(|span| span.words()).collect::<Vec<_>>().join(" and "),
    };
    let (before, after) = (list(&old.remind_before), list(&new.remind_before));
    changes.moved("certification", "remind_before", &before, &after);
}

pub(super) fn digest(old: &Policy, new: &Policy, changes: &mut Changes) {
    let when = |policy: &Policy| {
        policy.weekly().map_or_else(|| "never".to_owned(), |weekly| weekly.words())
    };
    changes.moved("digest", "the weekly digest", &when(old), &when(new));
}

/// What is not looked for, or passed over, works on without an owner.
pub(super) fn discovery(old: &Policy, new: &Policy, changes: &mut Changes) {
    let (was, is) = (old.discovery(), new.discovery());
    match (was.slack, is.slack) {
        (true, false) => changes.note(
            "discovery",
            "bots of the workspace that nobody registered are not looked for any more",
            Effect::Widens,
        ),
        (false, true) => changes.note(
            "discovery",
            "bots of the workspace that nobody registered are looked for",
            Effect::Narrows,
        ),
        _ => {}
    }
    for pattern in is.ignore.iter().filter(|pattern| !was.ignore.contains(pattern)) {
        let what = format!("what is called {} is passed over", pattern.as_str());
        changes.note("discovery", what, Effect::Widens);
    }
    for pattern in was.ignore.iter().filter(|pattern| !is.ignore.contains(pattern)) {
        let what = format!("what is called {} is not passed over any more", pattern.as_str());
        changes.note("discovery", what, Effect::Narrows);
    }
    let (before, after) = (was.remind_after.words(), is.remind_after.words());
    changes.moved("discovery", "remind_after", &before, &after);
}
