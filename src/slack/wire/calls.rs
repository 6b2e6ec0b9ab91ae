//! The methods of Slack's Web API that are used, each with what it answers.
//!
//! Answers are read for what is used and no more, so that a new field or an odd type elsewhere
//! breaks nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::{Arguments, As, CallError, Client};
use super::desk::Message;
use super::installation::Installation;
use super::intake::is_blank;
use super::limits::{POST, PUBLISH, UPDATE};
use crate::domain::delivery::MessageRef;

/// `auth.test`: whose token it is. <https://docs.slack.dev/reference/methods/auth.test>
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuthTest {
    /// The workspace, or the organisation of an org-wide installation.
    pub team_id: String,
    /// Its name.
    pub team: Option<String>,
    /// The organisation, if there is one.
    pub enterprise_id: Option<String>,
    /// Whether the app is installed in the whole organisation.
    pub is_enterprise_install: Option<bool>,
    /// The bot's user.
    pub user_id: String,
    /// The bot.
    pub bot_id: Option<String>,
    /// The workspace's address.
    pub url: Option<String>,
}

/// A person as `users.info` tells of them.
/// <https://docs.slack.dev/reference/objects/user-object>
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
pub struct UserInfo {
    /// Their id.
    pub id: String,
    /// Their own workspace.
    pub team_id: Option<String>,
    /// Their handle.
    pub name: Option<String>,
    /// The name they gave.
    pub real_name: Option<String>,
    /// Whether the account was deactivated.
    pub deleted: Option<bool>,
    /// Whether it is a bot.
    pub is_bot: Option<bool>,
    /// Whether it is a workflow's bot.
    pub is_workflow_bot: Option<bool>,
    /// Whether it is a guest of any sort.
    pub is_restricted: Option<bool>,
    /// Whether it is a guest of one channel.
    pub is_ultra_restricted: Option<bool>,
    /// Whether they are of another workspace and share no channel with us.
    pub is_stranger: Option<bool>,
    /// Whether they were invited and have not come yet.
    pub is_invited_user: Option<bool>,
    /// The organisation they are in.
    pub enterprise_user: Option<EnterpriseUser>,
    /// Their profile.
    pub profile: Option<UserProfile>,
}

/// A person in an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
pub struct EnterpriseUser {
    /// The organisation.
    pub enterprise_id: Option<String>,
    /// The workspaces they are in.
    pub teams: Option<Vec<String>>,
}

/// A person's profile.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
pub struct UserProfile {
    /// The name they chose to be shown.
    pub display_name: Option<String>,
    /// Their workspace.
    pub team: Option<String>,
    /// The emoji of their status, `:palm_tree:`; empty if they have none.
    pub status_emoji: Option<String>,
    /// The words of their status.
    pub status_text: Option<String>,
    /// When the status ends, in seconds since 1970; 0 if it does not.
    pub status_expiration: Option<i64>,
    /// Of a bot: which.
    pub bot_id: Option<String>,
    /// Of a bot: its app.
    pub api_app_id: Option<String>,
}

/// When somebody's notifications are paused, as `dnd.teamInfo` tells of it.
/// <https://docs.slack.dev/reference/methods/dnd.teamInfo>
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
pub struct DndInfo {
    /// Whether there is a schedule at all.
    pub dnd_enabled: Option<bool>,
    /// When the next pause begins, or the present one began, in seconds since 1970.
    pub next_dnd_start_ts: Option<i64>,
    /// When it ends.
    pub next_dnd_end_ts: Option<i64>,
}

/// A channel as `conversations.info` tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChannelInfo {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Whether it was archived.
    pub is_archived: Option<bool>,
    /// Whether the app is in it.
    pub is_member: Option<bool>,
    /// Whether it is private.
    pub is_private: Option<bool>,
    /// Whether another workspace is in it.
    pub is_ext_shared: Option<bool>,
}

/// A user group as `usergroups.list` tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupInfo {
    /// Its id.
    pub id: String,
    /// Without `@`.
    pub handle: Option<String>,
    /// When it was disabled, in seconds since 1970; 0 if it was not.
    pub date_delete: Option<i64>,
    /// Whether it belongs to another workspace.
    pub is_external: Option<bool>,
}

/// A view as it was opened or changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OpenedView {
    /// Its id.
    pub id: String,
    /// Changes with each update.
    pub hash: Option<String>,
}

#[derive(Deserialize)]
struct Posted {
    channel: String,
    ts: String,
}

#[derive(Deserialize)]
struct Viewed {
    view: OpenedView,
}

/// Slack said yes; nothing else is of interest.
#[derive(Deserialize)]
struct Done {}

/// How many pages of a list are read at most.
const PAGES: usize = 50;
/// How many users are asked for at once: the most that Slack gives.
const USERS_AT_ONCE: &str = "1000";

impl Client {
    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        query: Vec<(&str, Option<&str>)>,
    ) -> Result<T, CallError> {
        self.call(As::Bot, method, None, Arguments::Query(query), self.patience()).await
    }

    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        channel: Option<&str>,
        json: Value,
    ) -> Result<T, CallError> {
        self.call(As::Bot, method, channel, Arguments::Json(json), self.patience()).await
    }

    /// `auth.test`, with the scopes that the bot's token has.
    pub async fn auth_test(&self) -> Result<(AuthTest, Vec<String>), CallError> {
        let (answer, headers) = self.call_with_headers("auth.test").await?;
        let scopes = headers.get("x-oauth-scopes").and_then(|value| value.to_str().ok());
        let scopes = scopes.unwrap_or_default().split(',').map(str::trim);
        Ok((answer, scopes.filter(|s| !s.is_empty()).map(str::to_owned).collect()))
    }

    /// Where the app is installed; asks for the organisation's workspaces if there are several.
    pub async fn installation(&self) -> Result<Installation, CallError> {
        let (auth, _) = self.auth_test().await?;
        let name = auth.team.clone().unwrap_or_default();
        let found = match (&auth.enterprise_id, auth.is_enterprise_install) {
            (Some(enterprise), Some(true)) => {
                // Those that cannot be listed are learnt from what comes in.
                let mut teams = self.teams().await.unwrap_or_else(|error| {
                    tracing::warn!(%error, "could not list the organisation's workspaces");
                    Vec::new()
                });
                if auth.team_id != *enterprise {
                    teams.push(auth.team_id.clone());
                }
                Installation::organisation(enterprise.clone(), teams)
            }
            _ => Installation::workspace(auth.team_id.clone(), auth.enterprise_id.clone()),
        };
        Ok(found.known_as(auth.user_id, name))
    }

    /// `auth.teams.list`: the workspaces of the organisation in which the app is allowed.
    pub async fn teams(&self) -> Result<Vec<String>, CallError> {
        #[derive(Deserialize)]
        struct Team {
            id: String,
        }
        #[derive(Deserialize)]
        struct Page {
            teams: Vec<Team>,
            response_metadata: Option<Cursor>,
        }
        #[derive(Deserialize)]
        struct Cursor {
            next_cursor: Option<String>,
        }
        let (mut all, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let query = vec![("limit", Some("200")), ("cursor", cursor.as_deref())];
            let page: Page = self.get("auth.teams.list", query).await?;
            all.extend(page.teams.into_iter().map(|team| team.id));
            cursor = page.response_metadata.and_then(|m| m.next_cursor).filter(|c| !c.is_empty());
            if cursor.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// `chat.postMessage` to a channel, or to a person by their user id; gives the message's name,
    /// in which the channel of direct messages is `D…`.
    pub async fn post_message(
        &self,
        channel: &str,
        message: &Message,
    ) -> Result<MessageRef, CallError> {
        self.post_in(channel, None, message).await
    }

    /// The same, as a reply in the thread below a message of this name, if one is given.
    pub async fn post_in(
        &self,
        channel: &str,
        thread: Option<&str>,
        message: &Message,
    ) -> Result<MessageRef, CallError> {
        let mut body = content(message);
        if let Some(ts) = thread {
            body.insert("thread_ts".to_owned(), json!(ts));
        }
        body.insert("channel".to_owned(), json!(channel));
        body.insert("unfurl_links".to_owned(), json!(false));
        body.insert("unfurl_media".to_owned(), json!(false));
        let posted: Posted = self.post(POST, Some(channel), Value::Object(body)).await?;
        Ok(MessageRef { channel: posted.channel, ts: posted.ts })
    }

    /// `chat.update`: the message shows this instead.
    pub async fn update_message(
        &self,
        message: &MessageRef,
        shows: &Message,
    ) -> Result<(), CallError> {
        let mut body = content(shows);
        // Without blocks Slack would take away those that are there only if the text came alone;
        // an empty list says so.
        body.entry("blocks").or_insert_with(|| json!([]));
        body.insert("channel".to_owned(), json!(message.channel));
        body.insert("ts".to_owned(), json!(message.ts));
        let Done {} = self.post(UPDATE, Some(&message.channel), Value::Object(body)).await?;
        Ok(())
    }

    /// `chat.postEphemeral`: for one person in a channel, until they reload.
    pub async fn post_ephemeral(
        &self,
        channel: &str,
        user: &str,
        message: &Message,
    ) -> Result<(), CallError> {
        let mut body = content(message);
        body.insert("channel".to_owned(), json!(channel));
        body.insert("user".to_owned(), json!(user));
        let body = Value::Object(body);
        let Done {} = self.post("chat.postEphemeral", Some(channel), body).await?;
        Ok(())
    }

    /// `conversations.open`: the channel (`D…`) of direct messages with this person.
    pub async fn open_conversation(&self, user: &str) -> Result<String, CallError> {
        #[derive(Deserialize)]
        struct Channel {
            id: String,
        }
        #[derive(Deserialize)]
        struct Opened {
            channel: Channel,
        }
        let opened: Opened =
            self.post("conversations.open", None, json!({ "users": user })).await?;
        Ok(opened.channel.id)
    }

    /// `views.open`
    pub async fn open_view(&self, trigger_id: &str, view: &Value) -> Result<OpenedView, CallError> {
        self.view("views.open", json!({ "trigger_id": trigger_id, "view": view })).await
    }

    /// `views.push`
    pub async fn push_view(&self, trigger_id: &str, view: &Value) -> Result<OpenedView, CallError> {
        self.view("views.push", json!({ "trigger_id": trigger_id, "view": view })).await
    }

    /// `views.update`; `hash_conflict` if a hash is given and the view has changed since.
    pub async fn update_view(
        &self,
        view_id: &str,
        hash: Option<&str>,
        view: &Value,
    ) -> Result<OpenedView, CallError> {
        let mut body = json!({ "view_id": view_id, "view": view });
        if let (Some(hash), Some(fields)) = (hash, body.as_object_mut()) {
            fields.insert("hash".to_owned(), json!(hash));
        }
        self.view("views.update", body).await
    }

    async fn view(&self, method: &'static str, body: Value) -> Result<OpenedView, CallError> {
        let arguments = Arguments::Json(body);
        let viewed: Viewed =
            self.call(As::Bot, method, None, arguments, self.view_patience()).await?;
        Ok(viewed.view)
    }

    /// `views.publish`: the person's App Home shows this.
    pub async fn publish_view(&self, user: &str, view: &Value) -> Result<(), CallError> {
        let body = json!({ "user_id": user, "view": view });
        let Done {} = self.post(PUBLISH, None, body).await?;
        Ok(())
    }

    /// `users.info`
    pub async fn user(&self, user: &str) -> Result<UserInfo, CallError> {
        #[derive(Deserialize)]
        struct Found {
            user: UserInfo,
        }
        let found: Found = self.get("users.info", vec![("user", Some(user))]).await?;
        Ok(found.user)
    }

    /// `dnd.teamInfo`: when the notifications of these people are paused; of 50 at most. Org-wide
    /// installations name the workspace.
    pub async fn dnd(
        &self,
        users: &[String],
        team: Option<&str>,
    ) -> Result<BTreeMap<String, DndInfo>, CallError> {
        #[derive(Deserialize)]
        struct Found {
            users: BTreeMap<String, DndInfo>,
        }
        let users = users.join(",");
        let query = vec![("users", Some(users.as_str())), ("team_id", team)];
        let found: Found = self.get("dnd.teamInfo", query).await?;
        Ok(found.users)
    }

    /// `users.list`: everybody of the workspace, those that were deactivated too. Waits when Slack asks
    /// to, for as long as `patience` in all. Org-wide installations name the workspace.
    pub async fn all_users(
        &self,
        team: Option<&str>,
        patience: Duration,
    ) -> Result<Vec<UserInfo>, CallError> {
        #[derive(Deserialize)]
        struct Page {
            members: Vec<UserInfo>,
            response_metadata: Option<Cursor>,
        }
        #[derive(Deserialize)]
        struct Cursor {
            next_cursor: Option<String>,
        }
        let (mut all, mut cursor, mut patience) = (Vec::new(), None::<String>, patience);
        loop {
            let query = vec![
                ("limit", Some(USERS_AT_ONCE)),
                ("cursor", cursor.as_deref()),
                ("team_id", team),
            ];
            let page: Page = match self.get("users.list", query).await {
                Err(CallError::RateLimited { after }) if after <= patience => {
                    patience = patience.saturating_sub(after.max(Duration::from_millis(50)));
                    tokio::time::sleep(after).await;
                    continue;
                }
                page => page?,
            };
            all.extend(page.members);
            cursor = page.response_metadata.and_then(|m| m.next_cursor).filter(|c| !c.is_empty());
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    /// `users.lookupByEmail`; deactivated people are not found.
    pub async fn user_by_email(&self, email: &str) -> Result<UserInfo, CallError> {
        #[derive(Deserialize)]
        struct Found {
            user: UserInfo,
        }
        let found: Found = self.get("users.lookupByEmail", vec![("email", Some(email))]).await?;
        Ok(found.user)
    }

    /// `usergroups.users.list`: the user ids in a group. Org-wide installations name the workspace.
    pub async fn group_members(
        &self,
        group: &str,
        team: Option<&str>,
    ) -> Result<Vec<String>, CallError> {
        #[derive(Deserialize)]
        struct Found {
            users: Vec<String>,
        }
        let query = vec![("usergroup", Some(group)), ("team_id", team)];
        let found: Found = self.get("usergroups.users.list", query).await?;
        Ok(found.users)
    }

    /// `usergroups.list`, the disabled ones too. Org-wide installations name the workspace.
    pub async fn groups(&self, team: Option<&str>) -> Result<Vec<GroupInfo>, CallError> {
        #[derive(Deserialize)]
        struct Found {
            usergroups: Vec<GroupInfo>,
        }
        let query = vec![("include_disabled", Some("true")), ("team_id", team)];
        let found: Found = self.get("usergroups.list", query).await?;
        Ok(found.usergroups)
    }

    /// `conversations.info`
    pub async fn channel(&self, channel: &str) -> Result<ChannelInfo, CallError> {
        #[derive(Deserialize)]
        struct Found {
            channel: ChannelInfo,
        }
        let found: Found = self.get("conversations.info", vec![("channel", Some(channel))]).await?;
        Ok(found.channel)
    }

    /// `team.info`: the workspace's name.
    pub async fn team_name(&self, team: Option<&str>) -> Result<String, CallError> {
        #[derive(Deserialize)]
        struct Team {
            name: String,
        }
        #[derive(Deserialize)]
        struct Found {
            team: Team,
        }
        let found: Found = self.get("team.info", vec![("team", team)]).await?;
        Ok(found.team.name)
    }

    /// `apps.connections.open`: the address of a fresh Socket Mode connection. It carries a ticket,
    /// so it is a secret.
    pub async fn open_connection(&self) -> Result<SecretString, CallError> {
        #[derive(Deserialize)]
        struct Found {
            url: String,
        }
        let arguments = Arguments::Json(json!({}));
        let method = "apps.connections.open";
        let found: Found = self.call(As::App, method, None, arguments, self.patience()).await?;
        Ok(SecretString::from(found.url))
    }
}

fn content(message: &Message) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("text".to_owned(), json!(message.text));
    if !is_blank(&message.blocks) {
        body.insert("blocks".to_owned(), message.blocks.clone());
    }
    body
}
