//! Who is in the workspace: people, bots, user groups, and the app under test.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A field that nobody knows: Slack adds some any day, and so the stand-in always does.
pub(crate) const FROM_TOMORROW: &str = "a_field_from_tomorrow";

/// A workspace, or the organisation above it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Team {
    /// `T…` for a workspace, `E…` for an organisation.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The part before `.slack.com`.
    pub domain: String,
    /// Address of an icon.
    pub icon: Option<String>,
}

/// The app that is installed: the bot under test.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct App {
    /// `A…`
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its bot user, `U…`.
    pub bot_user_id: String,
    /// Its bot, `B…`.
    pub bot_id: String,
    /// Its slash commands, with the slash.
    pub commands: Vec<String>,
    /// The events it subscribed to, such as `app_home_opened` or `message.im`.
    pub events: Vec<String>,
    /// Whether the text of its commands arrives with people and channels written as
    /// `<@U…|name>` and `<#C…|name>` (`should_escape` in the manifest).
    pub should_escape: bool,
}

/// What sort of person this is, as far as an app must care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonKind {
    /// A full, active member.
    Member,
    /// A guest of several channels.
    Guest,
    /// A guest of one channel.
    SingleChannelGuest,
    /// An account that was deactivated.
    Deactivated,
    /// A person of another workspace, here through a shared channel.
    Outsider,
    /// An app's bot user.
    Bot,
    /// The bot user of a workflow that people built.
    WorkflowBot,
    /// Slack's own bot, which says of itself that it is none.
    Slackbot,
}

/// A person, or a bot user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// `U…` or `W…`
    pub id: String,
    /// The workspace they belong to.
    pub team_id: String,
    /// The handle, without `@`.
    pub name: String,
    /// The name people read.
    pub real_name: String,
    /// What they do.
    pub title: String,
    /// Absent for people of other workspaces and for bots.
    pub email: Option<String>,
    /// IANA time zone; absent for people of other workspaces.
    pub tz: Option<String>,
    /// What sort of person.
    pub kind: PersonKind,
    /// Whether they administer the workspace.
    pub admin: bool,
    /// For bots, `B…`.
    pub bot_id: Option<String>,
    /// For bots, the app they belong to.
    pub app_id: Option<String>,
    /// The status that they have set.
    #[serde(default)]
    pub status: Status,
    /// When their notifications are paused next, or just now: from, until, in seconds since 1970.
    #[serde(default)]
    pub paused: Option<(i64, i64)>,
}

/// The status beside a person's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// `:palm_tree:`; empty if there is none.
    pub emoji: String,
    /// Its words.
    pub text: String,
    /// When it ends, in seconds since 1970; 0 if it does not.
    pub expiration: i64,
}

impl Person {
    /// Whether a person can sit down and use Slack as this account.
    pub fn can_sign_in(&self) -> bool {
        self.kind != PersonKind::Deactivated && !self.is_bot() && self.kind != PersonKind::Slackbot
    }

    /// Whether Slack says of it that it is a bot; also of one that was deleted.
    pub(crate) fn is_bot(&self) -> bool {
        matches!(self.kind, PersonKind::Bot | PersonKind::WorkflowBot)
            || (self.kind == PersonKind::Deactivated && self.bot_id.is_some())
    }

    /// The object that `users.info` answers with. `stranger`: of another workspace, and sharing
    /// no channel with the app.
    pub(crate) fn as_slack(&self, with_email: bool, stranger: bool) -> Value {
        let first = self.real_name.split(' ').next().unwrap_or_default();
        let last = self.real_name.split_once(' ').map(|(_, last)| last).unwrap_or_default();
        let mut profile = json!({
            "title": self.title,
            "phone": "",
            "skype": "",
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "fields": null,
            "status_text": self.status.text,
            "status_emoji": self.status.emoji,
            "status_expiration": self.status.expiration,
            "avatar_hash": "g0000000000a",
            "first_name": first,
            "last_name": last,
            "image_48": "https://secure.gravatar.com/avatar/0?s=48",
            "team": self.team_id,
        });
        let mut user = json!({
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "deleted": self.kind == PersonKind::Deactivated,
            "real_name": self.real_name,
            "is_bot": self.is_bot(),
            "is_workflow_bot": self.kind == PersonKind::WorkflowBot,
            "is_app_user": false,
            "updated": 1_700_000_000,
            "who_can_share_contact_card": "EVERYONE",
            FROM_TOMORROW: {"nested": [1, null, "x"]},
        });
        if let (true, Some(email)) = (with_email, &self.email) {
            set(&mut profile, "email", json!(email));
        }
        if let (Some(bot_id), Some(app_id)) = (&self.bot_id, &self.app_id) {
            set(&mut profile, "bot_id", json!(bot_id));
            set(&mut profile, "api_app_id", json!(app_id));
            set(&mut profile, "always_active", json!(true));
        }
        if self.kind != PersonKind::Deactivated {
            set(&mut user, "color", json!(self.color()));
            set(&mut user, "is_admin", json!(self.admin));
            set(&mut user, "is_owner", json!(false));
            set(&mut user, "is_primary_owner", json!(false));
            set(
                &mut user,
                "is_restricted",
                json!(matches!(self.kind, PersonKind::Guest | PersonKind::SingleChannelGuest)),
            );
            set(
                &mut user,
                "is_ultra_restricted",
                json!(self.kind == PersonKind::SingleChannelGuest),
            );
            set(&mut user, "is_email_confirmed", json!(self.email.is_some()));
            if let Some(tz) = &self.tz {
                set(&mut user, "tz", json!(tz));
                set(&mut user, "tz_label", json!("Central European Time"));
                set(&mut user, "tz_offset", json!(3600));
            }
        }
        if self.kind == PersonKind::Outsider {
            set(&mut user, "is_stranger", json!(stranger));
        }
        set(&mut user, "profile", profile);
        user
    }

    /// Their entry in the answer of `dnd.teamInfo`.
    pub(crate) fn dnd_as_slack(&self) -> Value {
        let (from, until) = self.paused.unwrap_or((1, 1));
        json!({
            "dnd_enabled": self.paused.is_some(),
            "next_dnd_start_ts": from,
            "next_dnd_end_ts": until,
        })
    }

    /// The colour of their initials, six hexadecimal digits.
    pub(crate) fn color(&self) -> &'static str {
        const COLORS: [&str; 10] = [
            "9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "e0a729", "684b6c",
            "5b89d5", "2b6836",
        ];
        let sum: usize = self.id.bytes().map(usize::from).sum();
        COLORS.get(sum % COLORS.len()).copied().unwrap_or("9f69e7")
    }
}

/// A user group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// `S…`
    pub id: String,
    /// Without `@`.
    pub handle: String,
    /// What people call it.
    pub name: String,
    /// User ids; as really happens, deactivated people may linger in it.
    pub members: Vec<String>,
    /// Whether it was disabled.
    pub disabled: bool,
    /// Whether it belongs to another workspace.
    pub external: bool,
}

impl Group {
    /// The object that `usergroups.list` answers with.
    pub(crate) fn as_slack(&self, team: &str, with_users: bool, with_count: bool) -> Value {
        let mut group = json!({
            "id": self.id,
            "team_id": team,
            "is_usergroup": true,
            "is_subteam": true,
            "name": self.name,
            "description": "",
            "handle": self.handle,
            "is_external": self.external,
            "date_create": 1_690_000_000,
            "date_update": 1_700_000_000,
            "date_delete": if self.disabled { 1_700_000_000 } else { 0 },
            "auto_type": null,
            "auto_provision": false,
            "enterprise_subteam_id": "",
            "created_by": "USLACKBOT",
            "updated_by": "USLACKBOT",
            "deleted_by": null,
            "prefs": {"channels": [], "groups": []},
        });
        if with_users {
            set(&mut group, "users", json!(self.members));
        }
        if with_count {
            // Slack sends the number of people as a number in some answers, as text in others.
            set(&mut group, "user_count", json!(self.members.len().to_string()));
        }
        group
    }
}

/// Sets one field of a JSON object.
pub(crate) fn set(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(key.to_owned(), value);
    }
}
