//! Reads `[owners]`: handing agents over, and agents that nobody answers for.

use std::collections::BTreeSet;

use super::holders::Roles;
use super::log::Log;
use super::walk::{Table, Value};
use crate::domain::role::RoleName;
use crate::domain::time::Span;
use crate::policy::near;
use crate::policy::rules::Owners;

const KEYS: [&str; 4] = ["handover", "countdown", "notices_before", "retire_after"];

/// What the section says, over what holds if it says nothing; `None` if something is wrong, which is
/// noted.
pub(super) fn owners(log: &mut Log<'_>, root: &Table<'_, '_>, roles: &Roles) -> Option<Owners> {
    let usual = Owners::default();
    let Some(value) = root.get("owners") else { return Some(usual) };
    let table = value.table(log, "[owners]")?;
    table.only(log, &KEYS);
    let handover = match table.get("handover") {
        None => Some(usual.handover),
        Some(value) => handover(log, &value, roles),
    };
    let mut length = |key: &str, usual: Span, like: &str| match table.get(key) {
        None => Some((usual, table.at)),
        Some(value) => value.span(log).map(|span| {
            if span < Span::days(1) {
                log.mistake(
                    value.at,
                    format!("{} is shorter than a day", value.path),
                    format!("People must have the time to see it: write it like \"{like}\"."),
                );
            }
            (span, value.at)
        }),
    };
    let countdown = length("countdown", usual.countdown, "30d");
    let retire_after = length("retire_after", usual.retire_after, "60d");
    let notices_before = match (table.get("notices_before"), countdown) {
        (_, None) => None,
        (Some(value), Some((countdown, _))) => notices(log, &value, countdown),
        // Those that a shorter countdown has no room for are left out.
        (None, Some((countdown, _))) => {
            Some(usual.notices_before.into_iter().filter(|before| *before < countdown).collect())
        }
    };
    Some(Owners {
        handover: handover?,
        countdown: countdown?.0,
        notices_before: notices_before?,
        retire_after: retire_after?.0,
    })
}

fn handover(log: &mut Log<'_>, value: &Value<'_, '_>, roles: &Roles) -> Option<Vec<RoleName>> {
    let all = value.texts(log, "[\"team-lead\"]")?;
    let known: BTreeSet<&str> =
        roles.keys().map(RoleName::as_str).chain([RoleName::TEAM_LEAD]).collect();
    for key in &all {
        if !known.contains(key.name) {
            log.mistake(
                key.at,
                format!("unknown role \"{}\" in {}", key.name, value.path),
                near::cure(key.name, "roles", known.iter().copied()),
            );
        }
    }
    Some(all.iter().map(|key| RoleName::new(key.name)).collect())
}

/// When it is said again, the longest before first.
fn notices(log: &mut Log<'_>, value: &Value<'_, '_>, countdown: Span) -> Option<Vec<Span>> {
    let list = value.list(log, "[\"14d\", \"7d\", \"1d\"]")?;
    let mut spans: Vec<Span> = Vec::new();
    for value in &list {
        let Some(span) = value.span(log) else { continue };
        if spans.contains(&span) {
            log.mistake(value.at, format!("{span} stands here twice"), "Remove one of them.");
        } else if span >= countdown {
            log.mistake(
                value.at,
                format!(
                    "the countdown is {countdown}, so nobody would be told {span} before its end"
                ),
                format!("Make it shorter than {countdown}, or remove it."),
            );
        }
        spans.push(span);
    }
    spans.sort_unstable_by(|a, b| b.cmp(a));
    Some(spans)
}
