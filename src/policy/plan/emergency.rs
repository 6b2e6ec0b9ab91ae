//! What changed for emergencies and incidents.

use std::collections::BTreeSet;

use super::{Changes, Effect};
use crate::domain::role::RoleName;
use crate::policy::Policy;

const GLASS: &str = "break_glass";

pub(super) fn break_glass(old: &Policy, new: &Policy, changes: &mut Changes) {
    let (was, is) = match (&old.break_glass, &new.break_glass) {
        (None, None) => return,
        (None, Some(is)) => {
            let what = format!("{} may break the glass", said(&is.who));
            return changes.note(GLASS, what, Effect::Widens);
        }
        (Some(_), None) => {
            return changes.note(GLASS, "nobody breaks the glass any more", Effect::Narrows);
        }
        (Some(was), Some(is)) => (was, is),
    };
    let (before, after): (BTreeSet<&RoleName>, BTreeSet<&RoleName>) =
        (was.who.iter().collect(), is.who.iter().collect());
    if before != after {
        let effect = if after.is_subset(&before) { Effect::Narrows } else { Effect::Widens };
        let what = format!("who is {} (was {})", said(&is.who), said(&was.who));
        changes.note(GLASS, what, effect);
    }
    changes.grew(GLASS, "longest", (was.longest, is.longest), |s| s.words());
    changes.moved(GLASS, "usual", &was.usual.words(), &is.usual.words());
    if was.review_by != is.review_by {
        let (mut before, mut after) = (was.review_by.clone(), is.review_by.clone());
        before.sort();
        after.sort();
        // More people look at it, and all who looked before still do: that is stricter.
        let stricter = before.iter().all(|role| {
            let count = |all: &[RoleName]| all.iter().filter(|one| *one == role).count();
            count(&after) >= count(&before)
        });
        let effect = match (before == after, stricter) {
            (true, _) => Effect::Same,
            (_, true) => Effect::Narrows,
            (_, false) => Effect::Widens,
        };
        let what = format!("review_by is {} (was {})", said(&is.review_by), said(&was.review_by));
        changes.note(GLASS, what, effect);
    }
    changes.grew(GLASS, "review_within", (was.review_within, is.review_within), |s| s.words());
}

pub(super) fn incidents(old: &Policy, new: &Policy, changes: &mut Changes) {
    let (was, is) = (&old.incidents, &new.incidents);
    let name = |role: &Option<RoleName>| {
        role.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string)
    };
    // Whoever is on call may open incidents, and so stop agents.
    if was.on_call != is.on_call {
        let what = format!("on_call is {} (was {})", name(&is.on_call), name(&was.on_call));
        let effect = if is.on_call.is_none() { Effect::Narrows } else { Effect::Widens };
        changes.note("incidents", what, effect);
    }
    let (before, after) = (was.looks_back.words(), is.looks_back.words());
    changes.moved("incidents", "looks_back", &before, &after);
}

fn said(roles: &[RoleName]) -> String {
    roles.iter().map(RoleName::as_str).collect::<Vec<_>>().join(" + ")
}
