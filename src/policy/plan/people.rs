//! What changed for people: channels, roles, teams, and whose yes is needed.

use super::{Changes, Effect};
use crate::domain::backup::Backup;
use crate::domain::role::RoleName;
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::Policy;
use crate::policy::rules::Holders;

pub(super) fn channels(old: &Policy, new: &Policy, changes: &mut Changes) {
    let (before, after) = (&old.channels, &new.channels);
    changes.moved("channels", "approvals", &before.approvals, &after.approvals);
    changes.moved("channels", "security", &before.security, &after.security);
    let help = |channel: &Option<String>| channel.clone().unwrap_or_else(|| "none".to_owned());
    changes.moved("channels", "help", &help(&before.help), &help(&after.help));
}

pub(super) fn roles(old: &Policy, new: &Policy, changes: &mut Changes) {
    for (role, before) in &old.roles {
        let about = format!("roles.{role}");
        match new.roles.get(role) {
            // Whether it is missed shows in the tiers that required it.
            None => changes.note(about, "the role is gone", Effect::Same),
            Some(after) => holders(&about, before, after, changes),
        }
    }
    for (role, after) in &new.roles {
        if !old.roles.contains_key(role) {
            let what = format!("a new role, held by {}", after.words());
            changes.note(format!("roles.{role}"), what, Effect::Same);
        }
    }
}

/// More holders are more people whose yes counts.
fn holders(about: &str, before: &Holders, after: &Holders, changes: &mut Changes) {
    let (was, is) = (before.ids(), after.ids());
    let list = |ids: Vec<&String>| ids.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let came = list(is.difference(&was).collect());
    let left = list(was.difference(&is).collect());
    match (came.as_str(), left.as_str()) {
        ("", "") => {}
        (came, "") => changes.note(about, format!("{came} may say yes too"), Effect::Widens),
        ("", left) => {
            changes.note(about, format!("{left} may not say yes any more"), Effect::Narrows)
        }
        (came, left) => {
            changes.note(about, format!("{came} may say yes in place of {left}"), Effect::Widens);
        }
    }
}

pub(super) fn teams(old: &Policy, new: &Policy, changes: &mut Changes) {
    for (name, before) in &old.teams {
        let about = format!("teams.{name}");
        match new.teams.get(name) {
            None => changes.note(
                about,
                "the team is gone: nobody can lead its agents, and none can be registered for it",
                Effect::Narrows,
            ),
            Some(after) => {
                holders(&format!("{about}.leads"), &before.leads, &after.leads, changes);
                changes.moved(about, "channel", &before.channel, &after.channel);
            }
        }
    }
    for (name, after) in &new.teams {
        if !old.teams.contains_key(name) {
            let what = format!("a new team: {} may say yes for its agents", after.leads.words());
            changes.note(format!("teams.{name}"), what, Effect::Widens);
        }
    }
}

pub(super) fn tiers(old: &Policy, new: &Policy, changes: &mut Changes) {
    for tier in Tier::ALL {
        let (before, after) = (old.tier(tier), new.tier(tier));
        let about = format!("tiers.{tier}");
        requires(&about, &before.requires, &after.requires, changes);
        let words = |span: &Span| span.words();
        let within = [before.decide_within, after.decide_within].map(Span::words);
        changes.moved(&about, "decide_within", &within[0], &within[1]);
        let grant = (before.longest_grant, after.longest_grant);
        changes.grew(&about, "longest_grant", grant, words);
        let total = (before.longest_total, after.longest_total);
        changes.grew(&about, "longest_total", total, words);
        let remind = [before.remind_after, after.remind_after].map(Span::words);
        changes.moved(&about, "remind_after", &remind[0], &remind[1]);
        backup(&about, &before.backup, &after.backup, changes);
    }
}

/// Whoever may say yes in the place of those who do not answer.
fn backup(about: &str, before: &Backup, after: &Backup, changes: &mut Changes) {
    let words = |backup: &Backup| match backup {
        Backup::Planned { role, within } => format!("{role} for {}", within.words()),
        Backup::Nobody | Backup::Called { .. } => "nobody".to_owned(),
    };
    let effect = match (before, after) {
        _ if before == after => return,
        (_, Backup::Nobody) => Effect::Narrows,
        (Backup::Planned { role: one, .. }, Backup::Planned { role: two, .. }) if one == two => {
            Effect::Same
        }
        _ => Effect::Widens,
    };
    let what =
        format!("after the time to decide {} is asked (was {})", words(after), words(before));
    changes.note(about, what, effect);
}

/// Whoever is not asked any more was a hurdle, whoever comes in their place.
pub(super) fn requires(
    about: &str,
    before: &[RoleName],
    after: &[RoleName],
    changes: &mut Changes,
) {
    let dropped = minus(before, after);
    let added = minus(after, before);
    let from = format!("{} (was {})", join(after), join(before));
    if !dropped.is_empty() {
        let what = format!("needs {from}: {} is not asked any more", join(&dropped));
        changes.note(about, what, Effect::Widens);
    } else if !added.is_empty() {
        let what = format!("needs {from}: {} is asked too", join(&added));
        changes.note(about, what, Effect::Narrows);
    } else if before != after {
        changes.note(about, format!("asks in another order: {from}"), Effect::Same);
    }
}

/// What is left of `all` when each of `others` is taken out once.
fn minus(all: &[RoleName], others: &[RoleName]) -> Vec<RoleName> {
    let mut rest = all.to_vec();
    for other in others {
        if let Some(i) = rest.iter().position(|role| role == other) {
            rest.remove(i);
        }
    }
    rest
}

fn join(roles: &[RoleName]) -> String {
    if roles.is_empty() {
        return "nobody".to_owned();
    }
    roles.iter().map(RoleName::as_str).collect::<Vec<_>>().join(" + ")
}
