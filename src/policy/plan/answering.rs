//! What changed in who answers for whom, who is passed over, and who decides on appeals.

use std::collections::BTreeSet;

use super::{Changes, Effect};
use crate::domain::role::RoleName;
use crate::domain::time::Span;
use crate::policy::Policy;

pub(super) fn delegations(old: &Policy, new: &Policy, changes: &mut Changes) {
    let (before, after) = (&old.delegations, &new.delegations);
    match (before.allowed, after.allowed) {
        (false, true) => changes.note(
            "delegation",
            "people may let others answer in their place",
            Effect::Widens,
        ),
        (true, false) => changes.note(
            "delegation",
            "nobody may let another answer in their place any more",
            Effect::Narrows,
        ),
        _ => {}
    }
    changes
        .grew("delegation", "longest", (before.longest, after.longest), |span: &Span| span.words());
    some("roles that may be lent", &before.roles, &after.roles, changes);
    some("those who may answer for others", &before.to, &after.to, changes);
}

/// A choice of roles, of which more opens more; absent it is all.
fn some(
    name: &str,
    before: &Option<BTreeSet<RoleName>>,
    after: &Option<BTreeSet<RoleName>>,
    changes: &mut Changes,
) {
    if before == after {
        return;
    }
    let effect = match (before, after) {
        (Some(_), None) => Effect::Widens,
        (Some(before), Some(after)) if !after.is_subset(before) => Effect::Widens,
        _ => Effect::Narrows,
    };
    let words = |roles: &Option<BTreeSet<RoleName>>| match roles {
        None => "all".to_owned(),
        Some(roles) => roles.iter().map(RoleName::as_str).collect::<Vec<_>>().join(", "),
    };
    changes.note("delegation", format!("{name}: {} (was {})", words(after), words(before)), effect);
}

pub(super) fn absence(old: &Policy, new: &Policy, changes: &mut Changes) {
    let words = |policy: &Policy| {
        let mut all = policy.absence.statuses.clone();
        all.extend(policy.absence.dnd.then(|| "do-not-disturb".to_owned()));
        if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
    };
    changes.moved("absence", "what tells that somebody is away", &words(old), &words(new));
}

pub(super) fn appeals(old: &Policy, new: &Policy, changes: &mut Changes) {
    let about = "appeals";
    match (&old.appeals, &new.appeals) {
        (None, None) => {}
        (None, Some(after)) => {
            let what = format!("a no can be appealed: {} decide", join(&after.board));
            changes.note(about, what, Effect::Widens);
        }
        (Some(_), None) => changes.note(about, "a no cannot be appealed any more", Effect::Narrows),
        (Some(before), Some(after)) => {
            super::people::requires(about, &before.board, &after.board, changes);
            let words = |span: &Span| span.words();
            changes.grew(about, "within", (before.within, after.within), words);
            let within = [before.decide_within, after.decide_within].map(Span::words);
            changes.moved(about, "decide_within", &within[0], &within[1]);
        }
    }
}

fn join(roles: &[RoleName]) -> String {
    roles.iter().map(RoleName::as_str).collect::<Vec<_>>().join(" + ")
}
