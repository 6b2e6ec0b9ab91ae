//! Reads `[directory]`, and the groups of the identity provider that hold roles.

use super::log::Log;
use super::services;
use super::trust::Trust;
use super::walk::{Table, Value};
use crate::domain::time::Span;
use crate::policy::runtime::{IdentityProvider, Trusted};

/// How old a word about groups may be at most, whatever the policy says.
const LONGEST: Span = Span::days(30);
/// The longest name of a group, in characters.
const LONGEST_NAME: usize = 256;

/// The section; the usual if it is absent.
pub(super) fn read(
    log: &mut Log<'_>,
    root: &Table<'_, '_>,
    trust: Option<&Trust>,
) -> Option<IdentityProvider> {
    let usual = IdentityProvider::default();
    let Some(value) = root.get("directory") else { return Some(usual) };
    let table = value.table(log, "[directory] with scim_bearer_sha256")?;
    table.only(log, &["scim_bearer_sha256", "stale_after"]);
    let scim_bearers = match table.get("scim_bearer_sha256") {
        None => Some(usual.scim_bearers),
        Some(value) => {
            services::hashes(log, &value).filter(|all| are_its_own(log, &value, all, trust))
        }
    };
    let stale_after = match table.get("stale_after") {
        None => Some(usual.stale_after),
        Some(value) => value.span(log).and_then(|span| {
            let fits = span >= Span::minutes(5) && span <= LONGEST;
            if !fits {
                log.mistake(
                    value.at,
                    format!("{}: {span} is too short or too long", value.path),
                    format!("Write a length of time from 5m to {LONGEST}."),
                );
            }
            fits.then_some(span)
        }),
    };
    Some(IdentityProvider { scim_bearers: scim_bearers?, stale_after: stale_after? })
}

/// A service that could push groups would say who approves.
fn are_its_own(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    all: &[String],
    trust: Option<&Trust>,
) -> bool {
    let mut services = trust.into_iter().flat_map(|trust| trust.services.values());
    let other =
        services.find(|service| service.bearers().any(|hash| all.iter().any(|h| h == hash)));
    if let Some(other) = other {
        log.mistake(
            value.at,
            format!("{} is the token of {}, too", value.path, other.name),
            services::MAKE,
        );
    }
    other.is_none()
}

/// The names of groups: at least one, and none of them twice.
pub(super) fn groups(log: &mut Log<'_>, value: &Value<'_, '_>) -> Vec<String> {
    let Some(all) = value.texts(log, "\"sec-eng\", as the identity provider calls the group")
    else {
        return Vec::new();
    };
    if all.is_empty() {
        log.mistake(value.at, format!("{} names nobody", value.path), "Name at least one group.");
    }
    let mut names: Vec<String> = Vec::new();
    for key in all {
        let name = key.name;
        let fits = (1..=LONGEST_NAME).contains(&name.chars().count())
            && name.trim() == name
            && !name.contains(char::is_control);
        if !fits {
            log.mistake(
                key.at,
                format!("{}: \"{}\" is no name of a group", value.path, name.escape_debug()),
                "Write it as the identity provider does: \"sec-eng\".",
            );
        } else if names.iter().any(|known| known == name) {
            let what = format!("{} names {name} twice", value.path);
            log.mistake(key.at, what, "Remove one of them.");
        } else {
            names.push(name.to_owned());
        }
    }
    names
}

/// Groups of which nobody says who is in them hold nothing: that is no policy.
pub(super) fn has_sources(
    log: &mut Log<'_>,
    root: &Table<'_, '_>,
    directory: Option<&IdentityProvider>,
    trust: Option<&Trust>,
) {
    let (Some(directory), Some(trust)) = (directory, trust) else { return };
    let by_claims = trust
        .issuers
        .values()
        .any(|issuer| matches!(&issuer.vouches_for, Trusted::People { groups_claim: Some(_), .. }));
    if by_claims || !directory.scim_bearers.is_empty() {
        return;
    }
    let mut places = Vec::new();
    if let Some(roles) = root.get("roles").and_then(|value| value.quietly()) {
        places.extend(roles.entries().map(|(_, value)| value));
    }
    if let Some(teams) = root.get("teams").and_then(|value| value.quietly()) {
        let leads = teams.entries().filter_map(|(_, team)| team.quietly()?.get("leads"));
        places.extend(leads);
    }
    for value in places.iter().filter_map(|value| value.quietly()?.get("idp_group")) {
        log.mistake(
            value.at,
            format!("{}: nobody says who is in this group", value.path),
            "Let the identity provider push its groups ([directory] scim_bearer_sha256), or read \
             them from its tokens (groups_claim of an issuer that vouches for people).",
        );
    }
}
