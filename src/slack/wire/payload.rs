//! Slack's forms and JSON, read into [`Inbound`].
//!
//! The structs are our own and ask for no more than is used: fields that are unknown, null or
//! missing where they can be, are no reason to lose a click. Errors say where the reading failed
//! and never what was in it, because that is people's text and Slack's secrets.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::inbound::{Click, Inbound, ResponseUrl, Slash, Submission, ViewRef, chosen};
use super::installation::Installation;
use crate::domain::delivery::MessageRef;
use crate::domain::person::PersonId;
use crate::service::input::OnceKey;
use crate::slack::actions::Button;

/// Why something that came in could not be read. Safe to log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPayload {
    /// Not a form.
    #[error("not a form")]
    Form,
    /// Not the JSON that was expected.
    #[error("not the JSON that was expected ({problem}, line {line}, column {column})")]
    Json {
        /// The kind of mistake.
        problem: &'static str,
        /// Where it is.
        line: usize,
        /// Where it is.
        column: usize,
    },
    /// Something that cannot be done without is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
}

impl From<serde_json::Error> for BadPayload {
    fn from(error: serde_json::Error) -> Self {
        use serde_json::error::Category;
        let problem = match error.classify() {
            Category::Io => "unreadable",
            Category::Syntax => "no JSON",
            Category::Data => "another shape",
            Category::Eof => "cut short",
        };
        Self::Json { problem, line: error.line(), column: error.column() }
    }
}

/// A slash command's fields: a form over HTTP, an object in Socket Mode.
///
/// <https://docs.slack.dev/interactivity/implementing-slash-commands>
#[derive(Deserialize)]
struct SlashFields<'a> {
    #[serde(borrow)]
    command: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    team_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    enterprise_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    channel_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    channel_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    trigger_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    response_url: Option<Cow<'a, str>>,
}

impl SlashFields<'_> {
    fn read(self, at: &Installation) -> Result<Inbound, BadPayload> {
        let user = need(self.user_id, "user_id")?;
        let team = self.team_id.filter(|team| !team.is_empty());
        // Slack names the workspace and the organisation above it in one breath.
        if let (Some(team), Some(enterprise)) = (&team, &self.enterprise_id)
            && at.enterprise() == Some(enterprise)
        {
            at.learn(team);
        }
        let trigger_id = need(self.trigger_id, "trigger_id")?.into_owned();
        Ok(Inbound::Slash(Slash {
            by: at.person(&user, team.as_deref()),
            channel: need(self.channel_id, "channel_id")?.into_owned(),
            channel_name: self.channel_name.unwrap_or_default().into_owned(),
            command: need(self.command, "command")?.into_owned(),
            text: self.text.unwrap_or_default().into_owned(),
            once: OnceKey(format!("trigger:{trigger_id}")),
            trigger_id,
            response_url: self.response_url.filter(|url| !url.is_empty()).map(ResponseUrl::new),
        }))
    }
}

fn need<'a>(field: Option<Cow<'a, str>>, name: &'static str) -> Result<Cow<'a, str>, BadPayload> {
    field.filter(|value| !value.is_empty()).ok_or(BadPayload::Missing(name))
}

/// A slash command, from the body of an HTTP request.
pub fn slash_form(body: &[u8], at: &Installation) -> Result<Inbound, BadPayload> {
    let fields: SlashFields<'_> =
        serde_urlencoded::from_bytes(body).map_err(|_| BadPayload::Form)?;
    fields.read(at)
}

/// A slash command, from a Socket Mode envelope's payload.
pub fn slash_json(payload: Value, at: &Installation) -> Result<Inbound, BadPayload> {
    SlashFields::deserialize(payload)?.read(at)
}

/// Whether the body of a request to the commands' address only asks for the certificate.
pub fn is_ssl_check(body: &[u8]) -> bool {
    // Commands come by the thousand and this never: look before reading.
    const MARK: &[u8] = b"ssl_check=1";
    if !body.windows(MARK.len()).any(|window| window == MARK) {
        return false;
    }
    #[derive(Deserialize)]
    struct Check<'a> {
        #[serde(borrow)]
        ssl_check: Option<Cow<'a, str>>,
    }
    serde_urlencoded::from_bytes::<Check<'_>>(body)
        .is_ok_and(|check| check.ssl_check.as_deref() == Some("1"))
}

/// The JSON inside the form that carries an interaction over HTTP.
pub fn interaction_form(body: &[u8], at: &Installation) -> Result<Inbound, BadPayload> {
    #[derive(Deserialize)]
    struct Form<'a> {
        #[serde(borrow)]
        payload: Option<Cow<'a, str>>,
    }
    let form: Form<'_> = serde_urlencoded::from_bytes(body).map_err(|_| BadPayload::Form)?;
    let payload = form.payload.ok_or(BadPayload::Missing("payload"))?;
    serde_json::from_str::<Interaction>(&payload)?.read(at)
}

/// An interaction, from a Socket Mode envelope's payload.
pub fn interaction_json(payload: Value, at: &Installation) -> Result<Inbound, BadPayload> {
    Interaction::deserialize(payload)?.read(at)
}

#[derive(Deserialize)]
struct Named {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Team {
    id: Option<String>,
    enterprise_id: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: Option<String>,
    team_id: Option<String>,
}

#[derive(Deserialize, Default)]
struct Container {
    message_ts: Option<String>,
    channel_id: Option<String>,
    is_ephemeral: Option<bool>,
}

#[derive(Deserialize)]
struct Shown {
    ts: Option<String>,
}

#[derive(Deserialize)]
struct State {
    values: Option<Value>,
}

#[derive(Deserialize)]
struct View {
    id: Option<String>,
    hash: Option<String>,
    callback_id: Option<String>,
    private_metadata: Option<String>,
    state: Option<State>,
}

impl View {
    fn read(self) -> Option<ViewRef> {
        Some(ViewRef {
            id: self.id?,
            hash: self.hash.filter(|hash| !hash.is_empty()),
            callback_id: self.callback_id.unwrap_or_default(),
            private_metadata: self.private_metadata.unwrap_or_default(),
            values: self
                .state
                .and_then(|state| state.values)
                .filter(Value::is_object)
                .unwrap_or_else(|| Value::Object(serde_json::Map::new())),
        })
    }
}

#[derive(Deserialize)]
struct Answerable {
    response_url: Option<String>,
}

/// <https://docs.slack.dev/reference/interaction-payloads>
#[derive(Deserialize)]
struct Interaction {
    #[serde(rename = "type")]
    kind: Option<String>,
    team: Option<Team>,
    user: Option<User>,
    channel: Option<Named>,
    container: Option<Container>,
    message: Option<Shown>,
    actions: Option<Vec<Value>>,
    view: Option<View>,
    trigger_id: Option<String>,
    response_url: Option<String>,
    response_urls: Option<Vec<Answerable>>,
}

impl Interaction {
    fn read(self, at: &Installation) -> Result<Inbound, BadPayload> {
        match self.kind.as_deref() {
            Some("block_actions") => self.click(at),
            Some("view_submission") => self.submission(at),
            Some(other) => Ok(ignored(other)),
            None => Err(BadPayload::Missing("type")),
        }
    }

    fn by(&self, at: &Installation) -> Result<PersonId, BadPayload> {
        let user = self.user.as_ref().ok_or(BadPayload::Missing("user"))?;
        let id = user.id.as_deref().ok_or(BadPayload::Missing("user.id"))?;
        let team = self.team.as_ref();
        let context = team.and_then(|team| team.id.as_deref());
        // Not told means not known: `team` is where it was clicked, not where the person is from.
        let home = user.team_id.as_deref();
        // In an organisation, `team` is null or names the workspace and what is above it.
        if let (Some(home), Some(above)) = (home, team.and_then(|t| t.enterprise_id.as_deref()))
            && at.enterprise() == Some(above)
            && context == Some(home)
        {
            at.learn(home);
        }
        Ok(at.person(id, home))
    }

    fn click(self, at: &Installation) -> Result<Inbound, BadPayload> {
        let by = self.by(at)?;
        // Slack sends one action at a time.
        let Some(action) = self.actions.and_then(|all| all.into_iter().next()) else {
            return Err(BadPayload::Missing("actions"));
        };
        let field =
            |name: &str| action.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (action_id, kind) = (field("action_id"), field("type"));
        let value = chosen(&action);
        let container = self.container.unwrap_or_default();
        let channel = self.channel.and_then(|channel| channel.id).or(container.channel_id);
        let ts = container.message_ts.or(self.message.and_then(|message| message.ts));
        let message = match (&channel, ts) {
            (Some(channel), Some(ts)) if container.is_ephemeral != Some(true) => {
                Some(MessageRef { channel: channel.clone(), ts })
            }
            _ => None,
        };
        let trigger_id = self.trigger_id.unwrap_or_default();
        let once = if trigger_id.is_empty() {
            OnceKey(format!("action:{by}:{}:{action_id}", field("action_ts")))
        } else {
            OnceKey(format!("trigger:{trigger_id}"))
        };
        let view = self.view.and_then(View::read);
        let is_input = view.is_some() && kind != "button" && kind != "overflow";
        let click = Click {
            button: Button::read(&action_id, value.as_str().unwrap_or_default()),
            by,
            block_id: field("block_id"),
            action_id,
            value,
            message,
            channel,
            view,
            trigger_id,
            response_url: self.response_url.filter(|url| !url.is_empty()).map(ResponseUrl::new),
            once,
        };
        Ok(if is_input { Inbound::Changed(click) } else { Inbound::Button(click) })
    }

    fn submission(self, at: &Installation) -> Result<Inbound, BadPayload> {
        let by = self.by(at)?;
        let view = self.view.and_then(View::read).ok_or(BadPayload::Missing("view.id"))?;
        Ok(Inbound::Submitted(Submission {
            form: view.form(),
            once: filled_in(&view),
            by,
            view,
            trigger_id: self.trigger_id.filter(|id| !id.is_empty()),
            response_urls: self
                .response_urls
                .unwrap_or_default()
                .into_iter()
                .filter_map(|entry| entry.response_url)
                .map(ResponseUrl::new)
                .collect(),
        }))
    }
}

/// The name of a form with what is filled in. Not the trigger: a form that is sent again, because
/// the first answer was slow, has another trigger and is the same form; one that was corrected is
/// another.
fn filled_in(view: &ViewRef) -> OnceKey {
    let digest = Sha256::digest(view.values.to_string());
    let short = digest.get(..16).unwrap_or_default();
    OnceKey(format!("view:{}:{}", view.id, hex::encode(short)))
}

fn ignored(kind: &str) -> Inbound {
    let kind = kind.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
    Inbound::Ignored { kind }
}

/// What came to the events' address.
#[derive(Debug, Clone)]
pub enum Event {
    /// Slack asks whether this is the right address: answer with the challenge.
    Challenge(String),
    /// Something that happened.
    Happened(Inbound),
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: Option<String>,
    challenge: Option<String>,
    team_id: Option<String>,
    enterprise_id: Option<String>,
    event: Option<Happening>,
    authorizations: Option<Vec<Authorization>>,
}

#[derive(Deserialize)]
struct Authorization {
    enterprise_id: Option<String>,
    is_enterprise_install: Option<bool>,
}

#[derive(Deserialize)]
struct Happening {
    #[serde(rename = "type")]
    kind: Option<String>,
    /// A user's id in some events, a whole user in others.
    user: Option<Value>,
    tab: Option<String>,
    subteam: Option<Named>,
    subteam_id: Option<String>,
    tokens: Option<Tokens>,
    team_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Tokens {
    bot: Option<Vec<String>>,
}

/// An event, from the body of an HTTP request.
pub fn event_body(body: &[u8], at: &Installation) -> Result<Event, BadPayload> {
    serde_json::from_slice::<Envelope>(body)?.read(at)
}

/// An event, from a Socket Mode envelope's payload.
pub fn event_json(payload: Value, at: &Installation) -> Result<Event, BadPayload> {
    Envelope::deserialize(payload)?.read(at)
}

impl Envelope {
    fn read(self, at: &Installation) -> Result<Event, BadPayload> {
        match self.kind.as_deref() {
            Some("url_verification") => {
                self.challenge.map(Event::Challenge).ok_or(BadPayload::Missing("challenge"))
            }
            Some("event_callback") => self.happened(at).map(Event::Happened),
            Some(other) => Ok(Event::Happened(ignored(other))),
            None => Err(BadPayload::Missing("type")),
        }
    }

    /// Whether Slack says that this is for our installation in the whole organisation.
    fn is_for_the_organisation(&self, at: &Installation) -> bool {
        self.authorizations.iter().flatten().any(|one| {
            one.is_enterprise_install == Some(true)
                && one.enterprise_id.as_deref() == at.enterprise()
        })
    }

    fn happened(self, at: &Installation) -> Result<Inbound, BadPayload> {
        let for_organisation = self.is_for_the_organisation(at);
        let event = self.event.ok_or(BadPayload::Missing("event"))?;
        let is_machine = event.user.as_ref().is_some_and(|user| {
            let is = |flag| user.get(flag).and_then(Value::as_bool) == Some(true);
            is("is_bot") || is("is_workflow_bot")
        });
        let user = match &event.user {
            Some(Value::String(id)) => Some(id.clone()),
            Some(Value::Object(user)) => user.get("id").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        Ok(match event.kind.as_deref() {
            Some("app_home_opened") if event.tab.as_deref().unwrap_or("home") == "home" => {
                let user = user.ok_or(BadPayload::Missing("event.user"))?;
                // Only people of a workspace with the app have its App Home.
                let home = if for_organisation { at.enterprise() } else { self.team_id.as_deref() };
                Inbound::HomeOpened { person: at.person(&user, home) }
            }
            Some("user_change" | "team_join" | "user_profile_changed") => match user {
                Some(user) if is_machine => Inbound::MachineChanged { user },
                user => {
                    Inbound::PeopleChanged { user: user.map(|user| PersonId::new(at.id(), user)) }
                }
            },
            Some("subteam_updated" | "subteam_created") => {
                Inbound::GroupChanged { group: event.subteam.and_then(|group| group.id) }
            }
            Some("subteam_members_changed") => Inbound::GroupChanged { group: event.subteam_id },
            Some("tokens_revoked") => Inbound::Revoked {
                uninstalled: false,
                bots: event.tokens.and_then(|tokens| tokens.bot).unwrap_or_default(),
            },
            Some("app_uninstalled") => Inbound::Revoked { uninstalled: true, bots: Vec::new() },
            Some("team_access_granted") => {
                if self.enterprise_id.as_deref() == at.enterprise() {
                    event.team_ids.iter().flatten().for_each(|team| at.learn(team));
                }
                ignored("team_access_granted")
            }
            Some(other) => ignored(other),
            None => return Err(BadPayload::Missing("event.type")),
        })
    }
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
