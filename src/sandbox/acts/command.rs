//! Slash commands and messages of people.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::{ActError, actor, readable};
use crate::sandbox::args::Args;
use crate::sandbox::core::Core;
use crate::sandbox::model::{Author, ChannelKind, Message, Model, PersonKind};
use crate::sandbox::outgoing::{Answer, DeliveryFailure, Parcel, payloads};
use crate::sandbox::response_url;
use crate::sandbox::state::{Draft, State};
use crate::sandbox::triggers::{Origin, ResponseUrl};

/// What a person sees after a slash command.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandOutcome {
    /// Nothing, for now: the app took it and may answer later.
    Quiet,
    /// The app's answer, which came with its acknowledgement.
    Answered(Box<Message>),
    /// Slack's own words, for this person only: it failed, or there is no such command.
    Failed(String),
}

impl CommandOutcome {
    /// What the person reads, empty if nothing.
    pub fn words(&self) -> String {
        match self {
            Self::Quiet => String::new(),
            Self::Answered(message) => message.words(),
            Self::Failed(words) => words.clone(),
        }
    }
}

impl Core {
    /// A person types a slash command, with or without its name: `/agent list`, or `list` for the
    /// app's first command.
    pub(crate) async fn slash_command(
        self: &Arc<Self>,
        user: &str,
        channel: &str,
        typed: &str,
    ) -> Result<CommandOutcome, ActError> {
        let typed = typed.trim();
        let (command, text) = match typed.starts_with('/') {
            true => typed.split_once(char::is_whitespace).unwrap_or((typed, "")),
            false => ("", typed),
        };
        let prepared =
            self.change(|state, now| prepare(state, self, user, channel, (command, text), now))?;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(words) => return Ok(self.say_as_slack(user, channel, words)),
        };
        let outcome = self.deliver(Parcel::Command(prepared.fields)).await;
        let command = prepared.command;
        let applied = self.change(|state, now| {
            state.triggers.landed(&prepared.trigger_id);
            let path = &prepared.path;
            let answer = match &outcome {
                Ok(Answer::Json(answer)) => answer.clone(),
                Ok(Answer::Text(text)) => json!({"text": text}),
                Ok(Answer::Empty) | Err(_) => {
                    state.response_urls.landed(path);
                    return Ok(None);
                }
            };
            let url = state.response_urls.check(path, now).map_err(|refusal| refusal.code());
            state.response_urls.landed(path);
            answered(state, &url?, &answer, (&command, text), now)
        });
        Ok(match (outcome, applied) {
            (Ok(_), Ok(None)) => CommandOutcome::Quiet,
            (Ok(_), Ok(Some(message))) => CommandOutcome::Answered(Box::new(message)),
            (Ok(_), Err(error)) => self.say_as_slack(user, channel, failed(&command, &error.code)),
            (Err(failure), _) => self.say_as_slack(user, channel, words_for(&command, &failure)),
        })
    }

    /// Slack tells one person something.
    fn say_as_slack(&self, user: &str, channel: &str, words: String) -> CommandOutcome {
        self.change(|state, now| {
            let draft = Draft {
                text: words.clone(),
                ephemeral_to: Some(user.to_owned()),
                ..Draft::default()
            };
            state.post(channel, Author::Slack, draft, now);
        });
        CommandOutcome::Failed(words)
    }

    /// A person writes a message.
    pub(crate) fn say(
        self: &Arc<Self>,
        user: &str,
        channel: &str,
        text: &str,
    ) -> Result<Message, ActError> {
        let (message, event) = self.change(|state, now| {
            let person = actor(&state.model, user)?;
            let place = readable(&state.model, person, channel)?;
            if !place.members.contains(user) {
                return Err(ActError::NotInChannel(channel.to_owned()));
            }
            if place.archived {
                return Err(ActError::Archived(channel.to_owned()));
            }
            let kind = match place.kind {
                ChannelKind::Public => "channel",
                ChannelKind::Private => "group",
                ChannelKind::Dm { .. } => "im",
            };
            let team = person.team_id.clone();
            let draft = Draft { text: escape(&state.model, text), ..Draft::default() };
            let author = Author::Person { user: user.to_owned() };
            let message = state
                .post(channel, author, draft, now)
                .ok_or_else(|| ActError::NoSuchChannel(channel.to_owned()))?;
            let event = json!({
                "type": "message",
                "user": user,
                "text": message.text,
                "ts": message.ts,
                "event_ts": message.ts,
                "channel": channel,
                "channel_type": kind,
                "team": team,
            });
            Ok((message, event))
        })?;
        self.emit(event);
        Ok(message)
    }
}

/// A command on its way.
struct Prepared {
    fields: Vec<(String, String)>,
    command: String,
    trigger_id: String,
    path: String,
}

/// The fields of a command, or Slack's words when there is no such command.
fn prepare(
    state: &mut State,
    core: &Core,
    user: &str,
    channel: &str,
    (command, text): (&str, &str),
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Result<Prepared, String>, ActError> {
    let person = actor(&state.model, user)?.clone();
    let place = readable(&state.model, &person, channel)?.clone();
    let commands = &state.model.app.commands;
    let command = match (command, commands.first()) {
        ("", Some(first)) => first.clone(),
        (given, _) => given.to_owned(),
    };
    let known = commands.contains(&command);
    // Commands belong to the workspace that installed the app: others cannot give them.
    if !known || person.kind == PersonKind::Outsider {
        return Ok(Err(format!(
            "{command} is not a valid command. Messages that start with a “/” are taken as \
             commands; to write one, put a space before it."
        )));
    }
    let text = text.trim();
    let text =
        if state.model.app.should_escape { escape(&state.model, text) } else { text.to_owned() };
    let base = format!("http://{}", core.address);
    let secret = &core.secrets.signing;
    let (tickets, path) = state.tickets(secret, &base, (user, channel), Origin::Command, now);
    let fields = payloads::command(&state.model, &person, &place, (&command, &text), &tickets);
    Ok(Ok(Prepared { fields, command, trigger_id: tickets.trigger_id, path }))
}

/// Shows the answer that came with the acknowledgement.
fn answered(
    state: &mut State,
    url: &ResponseUrl,
    answer: &Value,
    (command, text): (&str, &str),
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Option<Message>, crate::sandbox::web_api::ApiError> {
    let mut headers = HeaderMap::new();
    let json_type = HeaderValue::from_static("application/json; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, json_type);
    let args = Args::parse(&headers, None, answer.to_string().as_bytes())?;
    if !["text", "blocks", "attachments"].iter().any(|name| args.has(name)) {
        return Ok(None);
    }
    if args.text("response_type").as_deref() == Some("in_channel") {
        // Everybody then sees the command, too.
        let draft = Draft { text: format!("{command} {text}"), ..Draft::default() };
        let author = Author::Person { user: url.user.clone() };
        state.post(&url.channel, author, draft, now);
    }
    let ts = response_url::apply(state, url, &args, now)?;
    Ok(ts.and_then(|ts| state.model.message(&url.channel, &ts).cloned()))
}

fn failed(command: &str, code: &str) -> String {
    format!("{command} failed with the error “{code}”")
}

/// What Slack tells a person whose command did not get through.
fn words_for(command: &str, failure: &DeliveryFailure) -> String {
    match failure {
        DeliveryFailure::Timeout => failed(command, "operation_timeout"),
        DeliveryFailure::NotAcknowledged => {
            format!("{command} failed because the app did not respond")
        }
        DeliveryFailure::Connection(_) | DeliveryFailure::Status(_) => {
            failed(command, "dispatch_failed")
        }
        DeliveryFailure::BadAnswer(_) => failed(command, "invalid_response"),
    }
}

/// What Slack's client makes of typed text: `&`, `<`, `>` are escaped, `@name` and `#channel`
/// become references where there is such a person, group or channel.
pub(crate) fn escape(model: &Model, text: &str) -> String {
    text.split_inclusive(char::is_whitespace).map(|word| escape_word(model, word)).collect()
}

fn escape_word(model: &Model, word: &str) -> String {
    let safe = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let Some(sigil) = word.chars().next().filter(|c| matches!(c, '@' | '#')) else {
        return safe(word);
    };
    let rest = word.get(1..).unwrap_or_default();
    let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let name_bare = name.trim_end_matches('.');
    let after = format!("{}{after}", name.get(name_bare.len()..).unwrap_or_default());
    let reference = if sigil == '#' {
        let mut channels = model.channels.values();
        channels
            .find(|channel| !channel.is_dm() && channel.name == name_bare)
            .map(|channel| format!("<#{}|{}>", channel.id, channel.name))
    } else {
        let person = model.people.iter().find(|person| person.name == name_bare);
        let group = model.groups.values().find(|group| group.handle == name_bare);
        person
            .map(|person| format!("<@{}|{}>", person.id, person.name))
            .or(group.map(|group| format!("<!subteam^{}|@{}>", group.id, group.handle)))
    };
    match reference {
        Some(reference) => reference + &safe(&after),
        None => safe(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::Seed;

    #[test]
    fn typed_text_is_escaped_and_names_become_references() {
        let model = Model::new(Seed::acme(), false);
        let escaped = |text| escape(&model, text);
        assert_eq!(escaped("a & b <c>"), "a &amp; b &lt;c&gt;");
        assert_eq!(escaped("to @dana, please"), "to <@U0DANA|dana>, please");
        assert_eq!(escaped("ask @dana."), "ask <@U0DANA|dana>.");
        assert_eq!(escaped("see #agent-help"), "see <#C0HELP|agent-help>");
        assert_eq!(escaped("@support-leads"), "<!subteam^S0SUPPORTLEADS|@support-leads>");
        assert_eq!(escaped("@nobody  twice"), "@nobody  twice");
    }
}
