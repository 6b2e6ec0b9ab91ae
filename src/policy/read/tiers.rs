//! Reads `[tiers.1]` to `[tiers.3]`.

use std::collections::{BTreeMap, BTreeSet};

use super::answering::Answering;
use super::holders::Roles;
use super::log::Log;
use super::walk::{Table, Value};
use crate::domain::backup::Backup;
use crate::domain::role::RoleName;
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::domain::vote::can_be_covered;
use crate::policy::near;
use crate::policy::rules::{TierRules, Tiers};

const KEYS: [&str; 7] = [
    "requires",
    "decide_within",
    "longest_grant",
    "longest_total",
    "remind_after",
    "backup",
    "backup_within",
];
const CURE: &str =
    "Add [tiers.1], [tiers.2] and [tiers.3], each with requires, decide_within and longest_grant.";

/// The rules of all tiers; `None` if something is missing, which is noted.
pub(super) fn tiers(log: &mut Log<'_>, root: &Table<'_, '_>, roles: &Roles) -> Option<Tiers> {
    let table = root.need(log, "tiers", CURE)?.table(log, "[tiers.1]")?;
    table.only(log, &["1", "2", "3"]);
    // All three are read before any is asked for, so that each notes its mistakes.
    let observer = one(log, &table, Tier::Observer, roles);
    let internal = one(log, &table, Tier::Internal, roles);
    let external = one(log, &table, Tier::External, roles);
    let tiers = Tiers { observer: observer?, internal: internal?, external: external? };
    compare(log, &table, &tiers);
    Some(tiers)
}

fn one(log: &mut Log<'_>, table: &Table<'_, '_>, tier: Tier, roles: &Roles) -> Option<TierRules> {
    let name = tier.to_string();
    let cure =
        format!("Add [tiers.{tier}]: who decides on agents of tier {tier} ({}).", tier.meaning());
    let table = table.need(log, &name, cure)?.table(log, &format!("[tiers.{tier}]"))?;
    table.only(log, &KEYS);
    let requires = table
        .need(log, "requires", "Name the roles that must agree: requires = [\"team-lead\"].")
        .and_then(|v| requires(log, &v, roles));
    let decide_within = table
        .need(log, "decide_within", "Say how long people have: decide_within = \"4h\".")
        .and_then(|v| v.span(log));
    let longest_grant = table
        .need(log, "longest_grant", "Say the longest that can be asked: longest_grant = \"8h\".")
        .and_then(|v| v.span(log));
    let longest_total = table.get("longest_total").map(|v| (v.span(log), v.at));
    let remind_after = table.get("remind_after").map(|v| (v.span(log), v.at));

    let backup = backup(log, &table, roles);

    let (decide_within, longest_grant) = (decide_within?, longest_grant?);
    let longest_total = match longest_total {
        None => longest_grant.plus(longest_grant).plus(longest_grant),
        Some((total, at)) => {
            let total = total?;
            if total < longest_grant {
                log.mistake(
                    at,
                    format!("{}.longest_total is shorter than longest_grant", table.path),
                    format!(
                        "Make it {longest_grant} or more, or leave it out for three times that."
                    ),
                );
            }
            total
        }
    };
    let remind_after = match remind_after {
        None => decide_within.half(),
        Some((after, at)) => {
            let after = after?;
            if after >= decide_within {
                log.mistake(
                    at,
                    format!("{}.remind_after comes when the request has expired", table.path),
                    format!(
                        "Make it shorter than decide_within ({decide_within}), or leave it out."
                    ),
                );
            }
            after
        }
    };
    Some(TierRules {
        requires: requires?,
        decide_within,
        longest_grant,
        longest_total,
        remind_after,
        backup: backup?,
    })
}

/// Who is asked when the time is over, and for how long.
fn backup(log: &mut Log<'_>, table: &Table<'_, '_>, roles: &Roles) -> Option<Backup> {
    let within = table.get("backup_within").map(|value| (value.span(log), value.at));
    let Some(value) = table.get("backup") else {
        if let Some((_, at)) = within {
            log.mistake(
                at,
                format!("{}.backup_within is for nobody", table.path),
                "Name the role that is asked then: backup = \"vp\".",
            );
        }
        return Some(Backup::Nobody);
    };
    let named = super::answering::named(log, &value, roles, "\"vp\"")?;
    let [role] = named.as_slice() else {
        log.mistake(
            value.at,
            format!("{} must be one role", value.path),
            "Write it like backup = \"vp\".",
        );
        return None;
    };
    let within = match within {
        Some((span, _)) => span?,
        None => {
            log.mistake(
                value.at,
                format!("{}.backup_within is missing", table.path),
                "Say how long the backup has: backup_within = \"4h\".",
            );
            return None;
        }
    };
    Some(Backup::Planned { role: role.clone(), within })
}

fn requires(log: &mut Log<'_>, value: &Value<'_, '_>, roles: &Roles) -> Option<Vec<RoleName>> {
    let all = value.texts(log, "[\"security\", \"team-lead\"]")?;
    if all.is_empty() {
        log.mistake(
            value.at,
            format!("{} asks nobody", value.path),
            "Name at least one role; what needs no people belongs in [[without_people]].",
        );
    }
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
    let needs: Vec<RoleName> = all.iter().map(|key| RoleName::new(key.name)).collect();
    enough_people(log, value, &needs, roles);
    Some(needs)
}

/// Where all holders are listed by name, the list must be able to cover what is required: each yes
/// is another person. What user groups hold is only known at the click.
pub(super) fn enough_people(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    needs: &[RoleName],
    roles: &Roles,
) {
    let mut held: BTreeMap<&str, BTreeSet<RoleName>> = BTreeMap::new();
    let mut listed = Vec::new();
    for need in needs {
        let Some((holders, _)) = roles.get(need) else { continue };
        if holders.usergroups.is_empty() && !holders.people.is_empty() {
            listed.push(need.clone());
            for person in &holders.people {
                held.entry(person).or_default().insert(need.clone());
            }
        }
    }
    let people: Vec<&BTreeSet<RoleName>> = held.values().collect();
    if !can_be_covered(&listed, &people) {
        let names: Vec<&str> = listed.iter().map(RoleName::as_str).collect();
        log.mistake(
            value.at,
            format!(
                "{} can never be met: {} need as many different people, and too few are listed",
                value.path,
                names.join(" + ")
            ),
            "List more people for these roles, or require fewer.",
        );
    }
}

/// A higher tier that is easier than a lower one is allowed, and seldom meant.
fn compare(log: &mut Log<'_>, table: &Table<'_, '_>, tiers: &Tiers) {
    let at = |tier: Tier| table.get(&tier.to_string()).map_or(table.at, |v| v.at);
    for (low, high) in [(Tier::Observer, Tier::Internal), (Tier::Internal, Tier::External)] {
        let (lower, higher) = (tiers.of(low), tiers.of(high));
        if higher.requires.len() < lower.requires.len() {
            log.warn(
                at(high),
                format!("tier {high} needs fewer people than tier {low}"),
                format!("Check tiers.{high}.requires: the higher tier could do more harm."),
            );
        }
        let longer = |what: &str, a: Span, b: Span| {
            (b > a).then(|| format!("tier {high} has a longer {what} than tier {low}"))
        };
        for what in [
            longer("longest_grant", lower.longest_grant, higher.longest_grant),
            longer("longest_total", lower.longest_total, higher.longest_total),
        ]
        .into_iter()
        .flatten()
        {
            log.warn(at(high), what, "Check whether the riskier agents should keep access longer.");
        }
    }
}

/// A role that nothing names is allowed, and seldom meant.
/// `also` are roles that other sections name.
pub(super) fn unused(
    log: &mut Log<'_>,
    roles: &Roles,
    tiers: &Tiers,
    answering: &Answering,
    also: &BTreeSet<&RoleName>,
) {
    let asked = |role: &RoleName| {
        Tier::ALL.into_iter().map(|tier| tiers.of(tier)).any(|rules| {
            let backup =
                matches!(&rules.backup, Backup::Planned { role: backup, .. } if backup == role);
            backup || rules.requires.contains(role)
        })
    };
    let appeals = answering.appeals.as_ref();
    let to = answering.delegations.to.as_ref();
    for (role, (_, at)) in roles {
        let named = asked(role)
            || also.contains(role)
            // Whoever holds it stops agents, takes them, and much else.
            || role.as_str() == RoleName::SECURITY
            || appeals.is_some_and(|appeals| appeals.board.contains(role))
            || to.is_some_and(|to| to.contains(role));
        if !named {
            log.warn(
                *at,
                format!("no tier requires the role {role}"),
                "Name it in the requires of a tier, or remove it.",
            );
        }
    }
}
