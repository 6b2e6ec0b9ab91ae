//! [`Directory`] on Slack: who somebody is, who is in a group.
//!
//! How old an answer can be: a person's standing at most 60 seconds; a group's members 15 seconds,
//! or at most 60 while Slack cannot be reached or asks to wait. Slack's own word that somebody or a
//! group has changed makes it forget them at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use tracing::debug;

use super::cache::Cache;
use super::calls::{DndInfo, UserInfo};
use super::client::{CallError, Client};
use super::inbound::Inbound;
use super::installation::Installation;
use super::intake::Acquaintance;
use crate::clock::Clock;
use crate::domain::absence::Absence;
use crate::domain::discovery::{Kind, SLACK, Sent};
use crate::domain::person::{PersonId, Profile, Standing};
use crate::domain::time::Timestamp;
use crate::service::directory::{Directory, DirectoryError, Machine};

const PERSON_FRESH: TimeDelta = TimeDelta::seconds(60);
const GROUP_FRESH: TimeDelta = TimeDelta::seconds(15);
const GROUP_USABLE: TimeDelta = TimeDelta::seconds(60);

/// Who is away may be told a minute late.
const PAUSES_FRESH: TimeDelta = TimeDelta::seconds(60);
/// So long a question about who is away may take: nothing waits for it longer.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// So many people Slack takes in one question about pauses.
const ASKED_AT_ONCE: usize = 50;
/// How long Slack may make us wait in all while everybody is listed.
const LISTING: Duration = Duration::from_secs(90);

/// How many people and groups are remembered at most.
const REMEMBERED: usize = 20_000;

/// The people and groups of one installation.
pub struct SlackDirectory {
    client: Arc<Client>,
    installation: Arc<Installation>,
    people: Cache<Option<Arc<UserInfo>>, CallError>,
    groups: Cache<Arc<Vec<PersonId>>, CallError>,
    pauses: Cache<Arc<BTreeMap<String, DndInfo>>, CallError>,
}

impl SlackDirectory {
    /// Asks Slack through this client, about this installation.
    pub fn new(
        client: Arc<Client>,
        installation: Arc<Installation>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            client,
            installation,
            people: Cache::new(Arc::clone(&clock), REMEMBERED),
            groups: Cache::new(Arc::clone(&clock), REMEMBERED),
            pauses: Cache::new(clock, REMEMBERED),
        }
    }

    /// When the notifications of these people are paused, as far as Slack says it.
    async fn pauses(&self, users: &[String]) -> Arc<BTreeMap<String, DndInfo>> {
        let (client, installation) = (Arc::clone(&self.client), Arc::clone(&self.installation));
        let asked = users.to_vec();
        let ask = || async move {
            let team = match installation.teams() {
                teams if installation.is_org_wide() => teams.into_iter().next(),
                _ => None,
            };
            client.dnd(&asked, team.as_deref()).await.map(Arc::new)
        };
        let key = users.join(",");
        match self.pauses.get(&key, PAUSES_FRESH, PAUSES_FRESH, |_| false, ask).await {
            Ok(found) => found,
            Err(error) => {
                debug!(error = &error as &dyn std::error::Error, "who is away is not known");
                Arc::default()
            }
        }
    }

    async fn look_for_absence(
        &self,
        people: &[PersonId],
        absence: &Absence,
        now: Timestamp,
    ) -> BTreeSet<PersonId> {
        let mut away = BTreeSet::new();
        let here: Vec<&PersonId> =
            people.iter().filter(|who| who.workspace == self.installation.id()).collect();
        if !absence.statuses.is_empty() {
            for person in &here {
                let Ok(Some(user)) = self.user(&person.user).await else { continue };
                let Some(profile) = &user.profile else { continue };
                let emoji = profile.status_emoji.as_deref().unwrap_or_default();
                let text = profile.status_text.as_deref().unwrap_or_default();
                let expires = profile.status_expiration.unwrap_or_default();
                if absence.by_status(emoji, text, expires, now) {
                    away.insert((*person).clone());
                }
            }
        }
        if absence.dnd {
            let mut users: Vec<String> = here.iter().map(|person| person.user.clone()).collect();
            users.sort();
            for some in users.chunks(ASKED_AT_ONCE) {
                let pauses = self.pauses(some).await;
                let paused = here.iter().filter(|person| {
                    pauses.get(&person.user).is_some_and(|pause| is_paused(pause, now))
                });
                away.extend(paused.map(|person| (*person).clone()));
            }
        }
        away
    }

    /// What Slack says of this user id; `None` if it knows nobody by it.
    async fn user(&self, user: &str) -> Result<Option<Arc<UserInfo>>, DirectoryError> {
        let (client, id) = (Arc::clone(&self.client), user.to_owned());
        let ask = || async move {
            match client.user(&id).await {
                Ok(found) => Ok(Some(Arc::new(found))),
                Err(error) if error.code().is_some_and(is_nobody) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let found = self.people.get(user, PERSON_FRESH, PERSON_FRESH, |_| false, ask).await;
        found.map_err(|error| failed(user, &error))
    }
}

/// Slack's codes for a user id that names nobody whom we can see.
fn is_nobody(code: &str) -> bool {
    matches!(code, "user_not_found" | "users_not_found" | "user_not_visible" | "invalid_user_id")
}

fn failed(about: &str, error: &CallError) -> DirectoryError {
    let error = error.code().map_or_else(|| error.to_string(), str::to_owned);
    DirectoryError { about: about.to_owned(), error }
}

#[async_trait]
impl Directory for SlackDirectory {
    async fn profile(&self, person: &PersonId) -> Result<Profile, DirectoryError> {
        if person.workspace != self.installation.id() {
            // People of other workspaces were looked up when they came in; they decide nothing,
            // whatever Slack would say of their id here.
            return Ok(Profile {
                id: person.clone(),
                name: person.user.clone(),
                standing: Standing::Outsider,
            });
        }
        let found = self.user(&person.user).await?;
        Ok(Profile {
            id: person.clone(),
            name: found.as_ref().map_or_else(|| person.user.clone(), |user| name(user)),
            standing: found.map_or(Standing::Unknown, |user| standing(&user, &self.installation)),
        })
    }

    async fn group(&self, id: &str) -> Result<Vec<PersonId>, DirectoryError> {
        let (client, installation) = (Arc::clone(&self.client), Arc::clone(&self.installation));
        let group = id.to_owned();
        let ask = || async move {
            let members = members(&client, &installation, &group).await?;
            let person = |user: String| PersonId::new(installation.id(), user);
            Ok(Arc::new(members.into_iter().map(person).collect::<Vec<_>>()))
        };
        let passing = |error: &CallError| !matches!(error, CallError::Slack { .. });
        let found = self.groups.get(id, GROUP_FRESH, GROUP_USABLE, passing, ask).await;
        found.map(|members| members.to_vec()).map_err(|error| failed(id, &error))
    }

    fn group_age(&self, id: &str) -> Option<TimeDelta> {
        self.groups.age(id)
    }

    async fn find(&self, hint: &str) -> Result<Option<PersonId>, DirectoryError> {
        let person = |user: &str| PersonId::new(self.installation.id(), user);
        if !hint.contains('@') {
            let is_id =
                hint.starts_with(['U', 'W']) && hint.chars().all(|c| c.is_ascii_alphanumeric());
            // One that nobody has shows when their standing is looked up.
            return Ok(is_id.then(|| person(hint)));
        }
        match self.client.user_by_email(hint).await {
            Ok(found) => Ok(Some(person(&found.id))),
            Err(error) if error.code().is_some_and(is_nobody) => Ok(None),
            // The address stays out of the log.
            Err(error) => Err(failed("an e-mail address", &error)),
        }
    }

    async fn channel_name(&self, id: &str) -> Result<Option<String>, DirectoryError> {
        match self.client.channel(id).await {
            Ok(channel) => Ok(channel.name),
            Err(error) if error.code() == Some("channel_not_found") => Ok(None),
            Err(error) => Err(failed(id, &error)),
        }
    }

    async fn away(
        &self,
        people: &[PersonId],
        absence: &Absence,
        now: Timestamp,
    ) -> BTreeSet<PersonId> {
        let look = self.look_for_absence(people, absence, now);
        tokio::time::timeout(LONGEST_WAIT, look).await.unwrap_or_default()
    }

    async fn machines(&self) -> Result<Option<Vec<Machine>>, DirectoryError> {
        let teams: Vec<Option<String>> = match self.installation.teams() {
            teams if self.installation.is_org_wide() && !teams.is_empty() => {
                teams.into_iter().map(Some).collect()
            }
            _ => vec![None],
        };
        let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
        for team in teams {
            let users = self.client.all_users(team.as_deref(), LISTING).await;
            for user in users.map_err(|error| failed("everybody", &error))? {
                // In an organisation a bot is in several workspaces.
                if let Some(found) = machine(&user, &self.installation)
                    && seen.insert(user.id)
                {
                    all.push(found);
                }
            }
        }
        Ok(Some(all))
    }

    async fn machine(&self, id: &str) -> Result<Option<Machine>, DirectoryError> {
        Ok(self.user(id).await?.and_then(|user| machine(&user, &self.installation)))
    }
}

/// Whether notifications are paused at this moment.
fn is_paused(pause: &DndInfo, now: Timestamp) -> bool {
    let (Some(from), Some(until)) = (pause.next_dnd_start_ts, pause.next_dnd_end_ts) else {
        return false;
    };
    pause.dnd_enabled == Some(true) && (from..until).contains(&now.timestamp())
}

/// The bot, app or workflow that the user is; `None` for people, for Slack's own bot, for Countersign's
/// and for those of other workspaces.
fn machine(user: &UserInfo, installation: &Installation) -> Option<Machine> {
    let is = |flag: Option<bool>| flag == Some(true);
    let workflow = is(user.is_workflow_bot);
    let ours = user.id == installation.bot_user() || user.id == "USLACKBOT";
    if ours || !(workflow || is(user.is_bot)) || !belongs(user, installation) {
        return None;
    }
    let profile = user.profile.as_ref();
    let details = [
        ("app", profile.and_then(|profile| profile.api_app_id.as_ref())),
        ("bot", profile.and_then(|profile| profile.bot_id.as_ref())),
        ("handle", user.name.as_ref()),
    ];
    let known = |(key, value): (&str, Option<&String>)| Some((key.to_owned(), value?.clone()));
    Some(Machine {
        sent: Sent {
            source: SLACK.to_owned(),
            external_id: user.id.clone(),
            name: user
                .real_name
                .clone()
                .filter(|n| !n.trim().is_empty())
                .unwrap_or_else(|| name(user)),
            kind: if workflow { Kind::Workflow } else { Kind::Bot }.word().to_owned(),
            owner: String::new(),
            details: details.into_iter().filter_map(known).collect(),
        },
        deleted: is(user.deleted),
    })
}

/// The user ids in a group; nobody if it is disabled or unknown.
///
/// In an organisation a group belongs to one of the workspaces, and Slack wants to be told which:
/// they are asked in turn.
async fn members(
    client: &Client,
    installation: &Installation,
    group: &str,
) -> Result<Vec<String>, CallError> {
    let teams: Vec<Option<String>> = match installation.teams() {
        teams if installation.is_org_wide() && !teams.is_empty() => {
            teams.into_iter().map(Some).collect()
        }
        _ => vec![None],
    };
    for team in teams {
        match client.group_members(group, team.as_deref()).await {
            Ok(members) => return Ok(members),
            Err(error) if error.code().is_some_and(is_no_group) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Vec::new())
}

/// Slack's codes for a group that has no members to speak of.
fn is_no_group(code: &str) -> bool {
    matches!(code, "no_such_subteam" | "subteam_not_found" | "subteam_disabled")
}

#[async_trait]
impl Acquaintance for SlackDirectory {
    async fn settle(&self, seen: &PersonId) -> Result<PersonId, DirectoryError> {
        if seen.workspace == self.installation.id() {
            return Ok(seen.clone());
        }
        let Some(user) = self.user(&seen.user).await? else { return Ok(seen.clone()) };
        if !belongs(&user, &self.installation) {
            let home = user.team_id.as_deref().unwrap_or(&seen.workspace);
            return Ok(PersonId::new(home, seen.user.as_str()));
        }
        // All of that workspace are of the organisation, if this one is there at home.
        if user.team_id.as_deref() == Some(seen.workspace.as_str()) {
            self.installation.learn(&seen.workspace);
        }
        Ok(PersonId::new(self.installation.id(), seen.user.as_str()))
    }

    fn heard(&self, inbound: &Inbound) {
        match inbound {
            Inbound::PeopleChanged { user: Some(user) } => self.people.forget(&user.user),
            Inbound::MachineChanged { user } => self.people.forget(user),
            Inbound::PeopleChanged { user: None } => self.people.clear(),
            Inbound::GroupChanged { group: Some(group) } => self.groups.forget(group),
            Inbound::GroupChanged { group: None } => self.groups.clear(),
            _ => {}
        }
    }
}

fn name(user: &UserInfo) -> String {
    let shown = user.profile.as_ref().and_then(|profile| profile.display_name.as_ref());
    [shown, user.real_name.as_ref(), user.name.as_ref()]
        .into_iter()
        .flatten()
        .find(|name| !name.trim().is_empty())
        .unwrap_or(&user.id)
        .clone()
}

/// Whether they are of this workspace, or of this organisation.
fn belongs(user: &UserInfo, installation: &Installation) -> bool {
    if user.is_stranger == Some(true) {
        return false;
    }
    let home = user
        .team_id
        .as_deref()
        .or_else(|| user.profile.as_ref().and_then(|profile| profile.team.as_deref()));
    if home.is_some_and(|home| installation.knows(home)) {
        return true;
    }
    let Some(member) = &user.enterprise_user else { return false };
    if installation.is_org_wide() {
        return member.enterprise_id.as_deref() == Some(installation.id());
    }
    // In an organisation people of one workspace may be members of another as well.
    member.teams.iter().flatten().any(|team| team == installation.id())
}

/// What may be expected of them. <https://docs.slack.dev/reference/objects/user-object>
pub fn standing(user: &UserInfo, installation: &Installation) -> Standing {
    let is = |flag: Option<bool>| flag == Some(true);
    // Slack's own bot says of itself that it is none.
    if user.id == "USLACKBOT" || is(user.is_bot) || is(user.is_workflow_bot) {
        Standing::Bot
    } else if !belongs(user, installation) {
        Standing::Outsider
    } else if is(user.deleted) {
        Standing::Deactivated
    } else if is(user.is_invited_user) {
        Standing::Invited
    } else if is(user.is_restricted) || is(user.is_ultra_restricted) {
        Standing::Guest
    } else {
        Standing::Member
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(installation: &Installation, user: Value) -> Standing {
        let user: UserInfo = serde_json::from_value(user).unwrap();
        standing(&user, installation)
    }

    #[test]
    fn only_full_active_members_of_this_workspace_are_members() {
        let acme = Installation::workspace("T0ACME", Some("E0ACME".to_owned()));
        for (user, expected) in [
            (json!({"id": "U1", "team_id": "T0ACME"}), Standing::Member),
            (json!({"id": "U1", "team_id": "T0ACME", "deleted": true}), Standing::Deactivated),
            (json!({"id": "U1", "team_id": "T0ACME", "is_bot": true}), Standing::Bot),
            (json!({"id": "USLACKBOT", "team_id": "T0ACME", "is_bot": false}), Standing::Bot),
            (json!({"id": "U1", "team_id": "T0ACME", "is_restricted": true}), Standing::Guest),
            (
                json!({"id": "U1", "team_id": "T0ACME", "is_ultra_restricted": true}),
                Standing::Guest,
            ),
            (json!({"id": "U1", "team_id": "T0ACME", "is_invited_user": true}), Standing::Invited),
            (json!({"id": "U1", "team_id": "T0ACME", "is_stranger": true}), Standing::Outsider),
            (json!({"id": "U1", "team_id": "T0OTHER", "is_stranger": false}), Standing::Outsider),
            (json!({"id": "U1", "profile": {"team": "T0OTHER"}}), Standing::Outsider),
            (json!({"id": "U1", "profile": {"team": "T0ACME"}}), Standing::Member),
            (json!({"id": "U1"}), Standing::Outsider),
            // In the same organisation, at home elsewhere, and a member here too.
            (
                json!({"id": "W1", "team_id": "T0TWO", "enterprise_user": {"enterprise_id": "E0ACME", "teams": ["T0TWO", "T0ACME"]}}),
                Standing::Member,
            ),
            (
                json!({"id": "W1", "team_id": "T0TWO", "enterprise_user": {"enterprise_id": "E0ACME", "teams": ["T0TWO"]}}),
                Standing::Outsider,
            ),
        ] {
            assert_eq!(of(&acme, user.clone()), expected, "{user}");
        }
    }

    #[test]
    fn bots_and_workflows_of_this_workspace_are_machines() {
        let acme = Installation::workspace("T0ACME", None).known_as("U0OURS", "countersign");
        let of = |user: Value| {
            let user: UserInfo = serde_json::from_value(user).unwrap();
            machine(&user, &acme)
        };
        let robo = of(json!({
            "id": "U1", "team_id": "T0ACME", "is_bot": true, "real_name": "Robo", "name": "robo",
            "profile": {"bot_id": "B1", "api_app_id": "A1"},
        }))
        .unwrap();
        assert_eq!((robo.sent.kind.as_str(), robo.sent.name.as_str()), ("bot", "Robo"));
        assert!(robo.sent.details.contains(&("app".to_owned(), "A1".to_owned())));
        assert!(!robo.deleted);
        let steps = of(json!({
            "id": "U2", "team_id": "T0ACME", "is_bot": true, "is_workflow_bot": true,
            "deleted": true, "profile": {"display_name": "Onboarding"},
        }))
        .unwrap();
        assert_eq!(
            (steps.sent.kind.as_str(), steps.sent.name.as_str()),
            ("workflow", "Onboarding")
        );
        assert!(steps.deleted);
        for other in [
            json!({"id": "U3", "team_id": "T0ACME"}),
            json!({"id": "U0OURS", "team_id": "T0ACME", "is_bot": true}),
            json!({"id": "USLACKBOT", "team_id": "T0ACME", "is_bot": true}),
            json!({"id": "U4", "team_id": "T0OTHER", "is_bot": true}),
        ] {
            assert_eq!(of(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn in_an_organisation_all_its_people_belong_and_nobody_else() {
        let org = Installation::organisation("E0ACME", ["T0ONE".to_owned()]);
        for (user, expected) in [
            (json!({"id": "W1", "team_id": "T0ONE"}), Standing::Member),
            (json!({"id": "W1", "team_id": "E0ACME"}), Standing::Member),
            (
                json!({"id": "W1", "team_id": "T0NEW", "enterprise_user": {"enterprise_id": "E0ACME"}}),
                Standing::Member,
            ),
            (
                json!({"id": "W1", "team_id": "T0X", "enterprise_user": {"enterprise_id": "E0OTHER", "teams": ["T0ONE"]}}),
                Standing::Outsider,
            ),
            (json!({"id": "W1", "team_id": "T0X"}), Standing::Outsider),
        ] {
            assert_eq!(of(&org, user.clone()), expected, "{user}");
        }
    }
}
