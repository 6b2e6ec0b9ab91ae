//! Reads `[roles]` and `[teams.NAME]`.

use std::collections::BTreeMap;

use super::directory;
use super::ids::{self, Kind};
use super::log::Log;
use super::walk::{Table, Value};
use crate::domain::role::{RoleName, TeamName};
use crate::policy::rules::{Holders, Team};

const HOLDERS: &str = "{ usergroup = \"S…\" }, { people = [\"U…\"] } or { idp_group = \"…\" }";

/// The roles, each with the place of its name.
pub(super) type Roles = BTreeMap<RoleName, (Holders, usize)>;

pub(super) fn roles(log: &mut Log<'_>, root: &Table<'_, '_>) -> Roles {
    let mut roles = Roles::new();
    let Some(value) = root.get("roles") else {
        no_security(log, 0);
        return roles;
    };
    let Some(table) = value.table(log, "[roles]") else { return roles };
    if table.get(RoleName::SECURITY).is_none() {
        no_security(log, table.at);
    }
    for (key, value) in table.named(log, "a role") {
        if key.name == RoleName::TEAM_LEAD {
            log.mistake(
                key.at,
                "team-lead is always there, and means the leads of the agent's own team",
                "Remove it here; name the leads in teams.NAME.leads.",
            );
        }
        let holders = holders(log, &value);
        roles.insert(RoleName::new(key.name), (holders, key.at));
    }
    roles
}

/// The one role that the product itself knows, besides the team leads.
fn no_security(log: &mut Log<'_>, at: usize) {
    log.warn(
        at,
        "there is no role security, so only its owner can stop an agent at once",
        "Add it: security = { usergroup = \"S…\" }.",
    );
}

pub(super) fn teams(log: &mut Log<'_>, root: &Table<'_, '_>) -> BTreeMap<TeamName, Team> {
    const CURE: &str = "Add [teams.NAME] with leads and channel: every agent works for a team.";
    let mut teams = BTreeMap::new();
    let Some(table) = root.need(log, "teams", CURE).and_then(|v| v.table(log, "[teams.support]"))
    else {
        return teams;
    };
    let named = table.named(log, "a team");
    if named.is_empty() && table.entries().next().is_none() {
        log.mistake(table.at, "there is no team", CURE);
    }
    for (key, value) in named {
        let like = format!("[teams.{}] with leads and channel", key.name);
        let Some(team) = value.table(log, &like) else { continue };
        team.only(log, &["leads", "channel"]);
        let leads = team
            .need(log, "leads", format!("Say who leads the team: leads = {HOLDERS}."))
            .map(|v| holders(log, &v))
            .unwrap_or_default();
        let channel = team
            .need(log, "channel", "Name the channel where the team reads: channel = \"C…\".")
            .and_then(|v| ids::one(log, &v, Kind::Channel))
            .unwrap_or_default();
        teams.insert(TeamName::new(key.name), Team { leads, channel });
    }
    teams
}

fn holders(log: &mut Log<'_>, value: &Value<'_, '_>) -> Holders {
    let Some(table) = value.table(log, HOLDERS) else { return Holders::default() };
    table.only(log, &["usergroup", "people", "idp_group"]);
    let (groups, people) = (table.get("usergroup"), table.get("people"));
    let idp_groups = table.get("idp_group");
    if groups.is_none() && people.is_none() && idp_groups.is_none() {
        log.mistake(table.at, format!("nobody holds {}", table.path), format!("Write {HOLDERS}."));
    }
    Holders {
        usergroups: groups.map(|v| ids::some(log, &v, Kind::UserGroup)).unwrap_or_default(),
        people: people.map(|v| ids::some(log, &v, Kind::User)).unwrap_or_default(),
        idp_groups: idp_groups.map(|v| directory::groups(log, &v)).unwrap_or_default(),
    }
}
