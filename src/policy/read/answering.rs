//! Reads `[delegation]`, `[absence]` and `[appeals]`.

use std::collections::BTreeSet;

use super::holders::Roles;
use super::log::Log;
use super::walk::{Table, Value};
use crate::domain::absence::Absence;
use crate::domain::role::RoleName;
use crate::domain::time::Span;
use crate::policy::answering::{Appeals, Delegations};
use crate::policy::near;

/// What the three sections say.
pub(super) struct Answering {
    pub(super) delegations: Delegations,
    pub(super) absence: Absence,
    pub(super) appeals: Option<Appeals>,
}

/// All three, whether or not one before has mistakes.
pub(super) fn read(log: &mut Log<'_>, root: &Table<'_, '_>, roles: &Roles) -> Option<Answering> {
    let delegations = delegations(log, root, roles);
    let absence = absence(log, root);
    let appeals = appeals(log, root, roles);
    Some(Answering { delegations: delegations?, absence: absence?, appeals: appeals? })
}

fn delegations(log: &mut Log<'_>, root: &Table<'_, '_>, roles: &Roles) -> Option<Delegations> {
    let usual = Delegations::default();
    let Some(value) = root.get("delegation") else { return Some(usual) };
    let table = value.table(log, "[delegation]")?;
    table.only(log, &["allowed", "longest", "roles", "to"]);
    let allowed = match table.get("allowed") {
        Some(value) => value.flag(log),
        None => Some(true),
    };
    let longest = match table.get("longest") {
        Some(value) => value.span(log),
        None => Some(usual.longest),
    };
    let mut some = |key: &str| match table.get(key) {
        None => Some(None),
        Some(value) => named(log, &value, roles, "[\"security\"]").map(|all| Some(set(all))),
    };
    let (roles, to) = (some("roles"), some("to"));
    Some(Delegations { allowed: allowed?, longest: longest?, roles: roles?, to: to? })
}

fn set(roles: Vec<RoleName>) -> BTreeSet<RoleName> {
    roles.into_iter().collect()
}

fn absence(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<Absence> {
    let Some(value) = root.get("absence") else { return Some(Absence::default()) };
    let table = value.table(log, "[absence]")?;
    table.only(log, &["statuses", "dnd"]);
    let dnd = match table.get("dnd") {
        Some(value) => value.flag(log),
        None => Some(false),
    };
    let mut statuses = Vec::new();
    if let Some(value) = table.get("statuses") {
        for key in value.texts(log, "[\":palm_tree:\"]")? {
            let status = key.name.trim();
            if status.is_empty() {
                log.mistake(
                    key.at,
                    format!("{} has a status that says nothing", value.path),
                    "Write an emoji like \":palm_tree:\", or a whole status text.",
                );
            } else if !status.is_ascii() && status.chars().count() <= 2 {
                log.mistake(
                    key.at,
                    format!("{}: \"{status}\" is a picture, and Slack sends its name", value.path),
                    "Write the emoji's name between colons, like \":palm_tree:\".",
                );
            }
            statuses.push(status.to_owned());
        }
    }
    Some(Absence { statuses, dnd: dnd? })
}

fn appeals(log: &mut Log<'_>, root: &Table<'_, '_>, roles: &Roles) -> Option<Option<Appeals>> {
    let Some(value) = root.get("appeals") else { return Some(None) };
    let table = value.table(log, "[appeals]")?;
    table.only(log, &["board", "within", "decide_within"]);
    let board = table
        .need(log, "board", "Name whose yes an appeal needs: board = [\"vp\", \"compliance\"].")
        .and_then(|value| {
            let board = named(log, &value, roles, "[\"vp\", \"compliance\"]")?;
            super::tiers::enough_people(log, &value, &board, roles);
            Some(board)
        });
    let mut span = |key: &str, usual: Span| match table.get(key) {
        Some(value) => value.span(log),
        None => Some(usual),
    };
    let (within, decide_within) =
        (span("within", Span::days(7)), span("decide_within", Span::days(2)));
    Some(Some(Appeals { board: board?, within: within?, decide_within: decide_within? }))
}

/// Roles that there are, at least one.
pub(super) fn named(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    roles: &Roles,
    like: &str,
) -> Option<Vec<RoleName>> {
    let all = value.texts(log, like)?;
    if all.is_empty() {
        let cure = format!("Name at least one role, like {like}, or leave it out.");
        log.mistake(value.at, format!("{} names no role", value.path), cure);
    }
    let known: BTreeSet<&str> =
        roles.keys().map(RoleName::as_str).chain([RoleName::TEAM_LEAD]).collect();
    for key in all.iter().filter(|key| !known.contains(key.name)) {
        log.mistake(
            key.at,
            format!("unknown role \"{}\" in {}", key.name, value.path),
            near::cure(key.name, "roles", known.iter().copied()),
        );
    }
    Some(all.iter().map(|key| RoleName::new(key.name)).collect())
}
