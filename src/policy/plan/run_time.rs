//! What changed for the rules at run time.

use std::collections::BTreeMap;

use super::{Changes, Effect};
use crate::policy::Policy;
use crate::policy::runtime::cedar::About;

/// A rule that forbids less, or permits more, opens. Whether another text of a rule does either is
/// not for this program to say, so it is marked as if it did.
pub(super) fn rules(old: &Policy, new: &Policy, changes: &mut Changes) {
    let by_id = |policy: &'_ Policy| -> BTreeMap<String, Rule> {
        policy.rules.all().map(|rule| (rule.id.to_owned(), Rule::of(&rule))).collect()
    };
    let (before, after) = (by_id(old), by_id(new));
    for (id, was) in &before {
        let about = format!("rules.{id}");
        match after.get(id) {
            None if was.forbids => changes.note(about, "the condition is gone", Effect::Widens),
            None => changes.note(about, "the permission is gone", Effect::Narrows),
            Some(is) => changed(was, is, &about, changes),
        }
    }
    for (id, is) in after.iter().filter(|(id, _)| !before.contains_key(*id)) {
        let about = format!("rules.{id}");
        if is.forbids {
            changes.note(about, "a new condition, which forbids", Effect::Narrows);
        } else {
            changes.note(about, "a new rule, which permits without a grant", Effect::Widens);
        }
    }
    let (was, is) = (old.rules.ground(), new.rules.ground());
    if was.0 != is.0 {
        let what = "the schema is different: look at which questions the rules hold for";
        changes.note("rules", what, Effect::Widens);
    }
    if was.1 != is.1 {
        let what = "the entities are different: look at who is in which group";
        changes.note("rules", what, Effect::Widens);
    }
    if old.offset != new.offset {
        let what = format!("utc_offset is {} (was {}): working hours move", new.offset, old.offset);
        changes.note("rules", what, Effect::Widens);
    }
}

fn changed(was: &Rule, is: &Rule, about: &str, changes: &mut Changes) {
    match (was.forbids, is.forbids) {
        (true, false) => changes.note(about, "permits, and forbade", Effect::Widens),
        (false, true) => changes.note(about, "forbids, and permitted", Effect::Narrows),
        _ if was.meaning != is.meaning => {
            let what = "says something else: look at what it opens and closes";
            changes.note(about, what, Effect::Widens);
        }
        _ if was.said != is.said => {
            changes.note(about, "gives other words as its reason", Effect::Same);
        }
        _ => {}
    }
}

/// What counts of a rule.
struct Rule {
    forbids: bool,
    meaning: serde_json::Value,
    said: (Option<String>, Option<String>),
}

impl Rule {
    fn of(about: &About<'_>) -> Self {
        Self {
            forbids: about.forbids,
            meaning: about.meaning.clone(),
            said: (about.user.map(str::to_owned), about.admin.map(str::to_owned)),
        }
    }
}
