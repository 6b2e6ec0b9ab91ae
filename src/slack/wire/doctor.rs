//! What is wrong with tokens, scopes, channels and user groups, and the cure for each.

use super::calls::GroupInfo;
use super::client::{CallError, Client};
use super::directory::standing;
use super::installation::Installation;
use crate::domain::person::Standing;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What to do; nothing if all is well.
    pub cure: Option<String>,
}

impl Check {
    fn good(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self { name: name.into(), ok: true, found: found.into(), cure: None }
    }

    fn bad(name: impl Into<String>, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { name: name.into(), ok: false, found: found.into(), cure: Some(cure.into()) }
    }
}

/// The scopes that the bot's token must have; `manifests/slack/README.md` says why each.
pub const SCOPES: [&str; 10] = [
    "commands",
    "chat:write",
    "chat:write.public",
    "im:write",
    "users:read",
    "users:read.email",
    "usergroups:read",
    "dnd:read",
    "channels:read",
    "groups:read",
];

/// The scope without which the weekly digest has no picture.
pub const PICTURES: &str = "files:write";

/// What the configuration and the policy name, by Slack's ids.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Whether the app is to use Socket Mode.
    pub socket_mode: bool,
    /// Channels that messages go to.
    pub channels: Vec<String>,
    /// The channel of the weekly digest, if there is one.
    pub digest: Option<String>,
    /// User groups that hold roles.
    pub groups: Vec<String>,
    /// People who hold roles by name.
    pub people: Vec<String>,
}

/// Looks at everything, one check for each thing; the first failing one may explain the rest.
pub async fn checks(client: &Client, named: &Named) -> Vec<Check> {
    let mut all = Vec::new();
    let Some((installation, scopes)) = bot_token(client, &mut all).await else { return all };
    if named.socket_mode {
        all.push(app_token(client).await);
    }
    for channel in &named.channels {
        all.push(channel_check(client, channel).await);
    }
    if let Some(channel) = &named.digest {
        all.push(digest_check(client, channel, &scopes).await);
    }
    if !named.groups.is_empty() {
        groups(client, &installation, &named.groups, &mut all).await;
    }
    for person in &named.people {
        all.push(person_check(client, &installation, person).await);
    }
    all
}

/// The token and its scopes; nothing else can be looked at without it.
async fn bot_token(client: &Client, all: &mut Vec<Check>) -> Option<(Installation, Vec<String>)> {
    let name = "slack.bot_token";
    let (auth, scopes) = match client.auth_test().await {
        Ok(found) => found,
        Err(error) => {
            all.push(Check::bad(name, error.to_string(), token_cure(&error)));
            return None;
        }
    };
    let org_wide = auth.is_enterprise_install == Some(true);
    let whole = if org_wide { "the whole organisation " } else { "" };
    let team = auth.team.as_deref().unwrap_or(&auth.team_id);
    all.push(Check::good(name, format!("installed in {whole}{team} as {}", auth.user_id)));
    let missing: Vec<&str> =
        SCOPES.into_iter().filter(|scope| !scopes.iter().any(|has| has == scope)).collect();
    all.push(if scopes.is_empty() {
        Check::bad(
            "scopes",
            "Slack does not say which scopes the token has",
            "check that slack.bot_token begins with xoxb- and that slack.api_url is Slack's own",
        )
    } else if missing.is_empty() {
        Check::good("scopes", scopes.join(", "))
    } else {
        Check::bad(
            "scopes",
            format!("missing: {}", missing.join(", ")),
            "add them under OAuth & Permissions (or take the manifest in manifests/slack), \
             reinstall the app and set slack.bot_token to the new token",
        )
    });
    match client.installation().await {
        Ok(installation) => Some((installation, scopes)),
        Err(error) => {
            all.push(Check::bad("workspace", error.to_string(), token_cure(&error)));
            None
        }
    }
}

async fn app_token(client: &Client) -> Check {
    let name = "slack.app_token";
    if !client.has_app_token() {
        return Check::bad(
            name,
            "not set, and Socket Mode needs it",
            "make an app-level token with the scope connections:write under Basic Information and \
             set slack.app_token, or set slack.mode = \"http\"",
        );
    }
    match client.open_connection().await {
        Ok(_) => Check::good(name, "opens connections"),
        Err(error) => Check::bad(
            name,
            error.to_string(),
            match error.code() {
                Some(
                    "not_allowed_token_type" | "invalid_auth" | "missing_scope" | "no_permission",
                ) => "set slack.app_token to an app-level token (xapp-…) with the scope \
                 connections:write, made under Basic Information"
                    .to_owned(),
                Some("link_disabled") => {
                    "switch Socket Mode on in the app's settings, or set slack.mode = \"http\""
                        .to_owned()
                }
                _ => token_cure(&error),
            },
        ),
    }
}

async fn channel_check(client: &Client, id: &str) -> Check {
    let name = format!("channel {id}");
    let found = match client.channel(id).await {
        Ok(found) => found,
        Err(error) if error.code() == Some("channel_not_found") => {
            return Check::bad(
                name,
                "the app cannot see it",
                "check the id in the policy (channel details, at the bottom); if the channel is \
                 private, invite the app to it",
            );
        }
        Err(error) => return Check::bad(name, error.to_string(), call_cure(&error)),
    };
    let shown = found.name.as_deref().map_or_else(|| id.to_owned(), |name| format!("#{name}"));
    if found.is_archived == Some(true) {
        Check::bad(name, format!("{shown} is archived"), "name another channel in the policy")
    } else if found.is_private == Some(true) && found.is_member != Some(true) {
        Check::bad(name, format!("the app is not in {shown}"), "invite the app to it")
    } else if found.is_ext_shared == Some(true) {
        Check::good(
            name,
            format!("{shown}, which people of other workspaces read too (they cannot decide)"),
        )
    } else {
        Check::good(name, shown)
    }
}

/// Whether the weekly digest can have its picture: files go only where the app is, unlike words.
async fn digest_check(client: &Client, id: &str, scopes: &[String]) -> Check {
    let name = "weekly digest";
    if !scopes.iter().any(|scope| scope == PICTURES) {
        return Check::bad(
            name,
            format!("goes out without its picture: the scope {PICTURES} is missing"),
            "add it under OAuth & Permissions (or take the manifest in manifests/slack) and \
             reinstall the app; or take [digest] out of the policy",
        );
    }
    match client.channel(id).await {
        Ok(found) if found.is_member != Some(true) => Check::bad(
            name,
            format!("goes out without its picture: the app is not in {id}"),
            "invite the app to the channel",
        ),
        Ok(_) => Check::good(name, format!("goes to {id}, with its picture")),
        Err(error) => Check::bad(name, error.to_string(), call_cure(&error)),
    }
}

async fn groups(
    client: &Client,
    installation: &Installation,
    wanted: &[String],
    all: &mut Vec<Check>,
) {
    let teams = installation.teams();
    let teams: Vec<Option<&str>> = if installation.is_org_wide() && !teams.is_empty() {
        teams.iter().map(|team| Some(team.as_str())).collect()
    } else {
        vec![None]
    };
    let mut found: Vec<(Option<&str>, GroupInfo)> = Vec::new();
    for team in teams {
        match client.groups(team).await {
            Ok(groups) => found.extend(groups.into_iter().map(|group| (team, group))),
            Err(error) => {
                all.push(Check::bad("user groups", error.to_string(), call_cure(&error)));
                return;
            }
        }
    }
    for id in wanted {
        let name = format!("user group {id}");
        let Some((team, group)) = found.iter().find(|(_, group)| group.id == *id) else {
            all.push(Check::bad(
                name,
                "not in this workspace",
                "check the id in the policy (the group's page, under …, Copy group ID)",
            ));
            continue;
        };
        let shown = group.handle.as_deref().map_or_else(|| id.clone(), |h| format!("@{h}"));
        if group.date_delete.unwrap_or_default() > 0 {
            let cure = "enable it again, or name another in the policy";
            all.push(Check::bad(name, format!("{shown} is disabled: nobody decides by it"), cure));
            continue;
        }
        all.push(match client.group_members(id, *team).await {
            Ok(members) if members.is_empty() => {
                Check::bad(name, format!("nobody is in {shown}"), "add the people who decide")
            }
            Ok(members) => {
                let people = if members.len() == 1 { "person" } else { "people" };
                Check::good(name, format!("{shown}, {} {people}", members.len()))
            }
            Err(error) => Check::bad(name, error.to_string(), call_cure(&error)),
        });
    }
}

async fn person_check(client: &Client, installation: &Installation, id: &str) -> Check {
    let name = format!("person {id}");
    let user = match client.user(id).await {
        Ok(user) => user,
        Err(error) if error.code() == Some("user_not_found") => {
            return Check::bad(name, "Slack knows nobody by this id", "correct it in the policy");
        }
        Err(error) => return Check::bad(name, error.to_string(), call_cure(&error)),
    };
    let shown = user.real_name.clone().or_else(|| user.name.clone()).unwrap_or_default();
    let what = match standing(&user, installation) {
        Standing::Member => return Check::good(name, shown),
        Standing::Guest => "is a guest",
        Standing::Outsider => "is of another workspace",
        Standing::Deactivated => "has a deactivated account",
        Standing::Bot => "is a bot",
        Standing::Invited => "has not accepted the invitation yet",
        Standing::Unknown => "is unknown",
    };
    let cure = "name a full member in the policy: only they may decide";
    Check::bad(name, format!("{shown} {what}"), cure)
}

fn token_cure(error: &CallError) -> String {
    match error {
        CallError::Slack { code, .. } => match code.as_str() {
            "not_authed" => "set slack.bot_token (or slack.bot_token_file)".to_owned(),
            "account_inactive" | "token_revoked" | "token_expired" | "invalid_auth" => {
                "install the app again under OAuth & Permissions and set slack.bot_token to the \
                 token shown there (xoxb-…)"
                    .to_owned()
            }
            _ => call_cure(error),
        },
        _ => call_cure(error),
    }
}

fn call_cure(error: &CallError) -> String {
    match error {
        CallError::RateLimited { after } => {
            format!("Slack asks to wait: try again in {} s", after.as_secs().max(1))
        }
        CallError::Slack { code, .. } if code == "missing_scope" => {
            "add the scope under OAuth & Permissions and reinstall the app".to_owned()
        }
        CallError::Slack { code, .. } if code == "plan_upgrade_required" => {
            "user groups need a paid Slack plan; name people in the policy instead".to_owned()
        }
        CallError::Slack { code, .. } => {
            format!("look `{code}` up at https://docs.slack.dev/reference/methods")
        }
        CallError::Transport(_) | CallError::Timeout => {
            "check that this machine reaches slack.com (proxy, firewall, DNS) and that \
             slack.api_url is right"
                .to_owned()
        }
        CallError::Malformed => {
            "something other than Slack answered: check slack.api_url and the proxy".to_owned()
        }
    }
}
