//! Reads `[break_glass]` and `[incidents]`.

use std::collections::BTreeSet;

use super::holders::Roles;
use super::log::Log;
use super::walk::{Key, Table, Value};
use crate::domain::role::RoleName;
use crate::domain::time::Span;
use crate::policy::near;
use crate::policy::{BreakGlass, Incidents};

/// The longest that nobody is asked about.
const LONGEST: Span = Span::hours(8);

/// Both sections.
pub(super) struct Emergency {
    pub(super) break_glass: Option<BreakGlass>,
    pub(super) incidents: Incidents,
}

impl Emergency {
    /// The roles that are of use here.
    pub(super) fn roles(&self) -> BTreeSet<&RoleName> {
        let glass =
            self.break_glass.iter().flat_map(|glass| glass.who.iter().chain(&glass.review_by));
        glass.chain(&self.incidents.on_call).collect()
    }
}

/// Both sections, each of which may be absent; `None` if one has a mistake, which is noted.
pub(super) fn read(log: &mut Log<'_>, root: &Table<'_, '_>, roles: &Roles) -> Option<Emergency> {
    let glass = match root.get("break_glass") {
        None => Some(None),
        Some(value) => break_glass(log, &value, roles).map(Some),
    };
    let incidents = match root.get("incidents") {
        None => Some(Incidents::default()),
        Some(value) => incidents(log, &value, roles),
    };
    Some(Emergency { break_glass: glass?, incidents: incidents? })
}

fn break_glass(log: &mut Log<'_>, value: &Value<'_, '_>, roles: &Roles) -> Option<BreakGlass> {
    let table = value.table(log, "[break_glass]")?;
    table.only(log, &["who", "longest", "usual", "review_by", "review_within"]);
    let who = table
        .need(log, "who", "Name the roles whose holders may: who = [\"team-lead\"].")
        .and_then(|v| names(log, &v, roles));
    let review_by = table
        .need(log, "review_by", "Name who looks at it afterwards: review_by = [\"security\"].")
        .and_then(|v| names(log, &v, roles));
    let longest = table.get("longest").map_or(Some(Span::hours(1)), |v| longest(log, &v));
    let within = |v: Value<'_, '_>| v.span(log);
    let review_within = table.get("review_within").map_or(Some(Span::days(1)), within);
    let longest = longest?;
    let usual = match table.get("usual") {
        None => Some(longest.min(Span::minutes(15))),
        Some(value) => {
            let usual = value.span(log)?;
            if usual > longest {
                log.mistake(
                    value.at,
                    format!("{} is longer than break_glass.longest", value.path),
                    format!("Make it {longest} or less, or leave it out."),
                );
            }
            Some(usual)
        }
    };
    Some(BreakGlass {
        who: who?,
        longest,
        usual: usual?,
        review_by: review_by?,
        review_within: review_within?,
    })
}

fn longest(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<Span> {
    let span = value.span(log)?;
    if span > LONGEST {
        log.mistake(
            value.at,
            format!("{} is too long for what nobody was asked about", value.path),
            format!("Make it {LONGEST} or less: whoever needs longer asks meanwhile."),
        );
    }
    Some(span)
}

fn incidents(log: &mut Log<'_>, value: &Value<'_, '_>, roles: &Roles) -> Option<Incidents> {
    let table = value.table(log, "[incidents]")?;
    table.only(log, &["on_call", "looks_back"]);
    let on_call = match table.get("on_call") {
        None => Some(None),
        Some(value) => value.text(log, "\"on-call\"").and_then(|name| {
            known(log, Key { name, at: value.at }, &value.path, roles)
                .then(|| Some(RoleName::new(name)))
        }),
    };
    let usual = Incidents::default().looks_back;
    let looks_back = table.get("looks_back").map_or(Some(usual), |v| v.span(log));
    Some(Incidents { on_call: on_call?, looks_back: looks_back? })
}

/// One or more roles that there are.
fn names(log: &mut Log<'_>, value: &Value<'_, '_>, roles: &Roles) -> Option<Vec<RoleName>> {
    let all = value.texts(log, "[\"security\"]")?;
    if all.is_empty() {
        log.mistake(
            value.at,
            format!("{} names nobody", value.path),
            "Name at least one role; without the section nobody breaks the glass.",
        );
    }
    let mut every = true;
    for key in &all {
        every &= known(log, *key, &value.path, roles);
    }
    (every && !all.is_empty()).then(|| all.iter().map(|key| RoleName::new(key.name)).collect())
}

fn known(log: &mut Log<'_>, key: Key<'_>, path: &str, roles: &Roles) -> bool {
    let all: BTreeSet<&str> =
        roles.keys().map(RoleName::as_str).chain([RoleName::TEAM_LEAD]).collect();
    let known = all.contains(key.name);
    if !known {
        log.mistake(
            key.at,
            format!("unknown role \"{}\" in {path}", key.name),
            near::cure(key.name, "roles", all),
        );
    }
    known
}
