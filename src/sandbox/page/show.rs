//! What the page shows: the workspace as one person sees it.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answer, not_found};
use crate::sandbox::acts::{can_read, seen_by};
use crate::sandbox::clock::wall_now;
use crate::sandbox::core::{AppTransport, Core};
use crate::sandbox::model::people_set as set;
use crate::sandbox::model::{
    Author, Channel, ChannelKind, File, Message, Model, Person, PersonKind, time_of_ts,
};

/// Whom the browser plays.
#[derive(Deserialize)]
pub(super) struct As {
    #[serde(default, rename = "as")]
    person: String,
}

impl As {
    /// The person's id; without one, the first who can sign in.
    #[expect(clippy::result_large_err, reason = "the error is the answer itself")]
    pub(super) fn resolve(self, core: &Core) -> Result<String, Response> {
        let found = core.read(|state| {
            let mut people = state.model.people.iter().filter(|person| person.can_sign_in());
            people
                .find(|person| self.person.is_empty() || person.id == self.person)
                .map(|person| person.id.clone())
        });
        found.ok_or_else(|| not_found("there is nobody with this id who can sign in"))
    }
}

/// `GET /_page/state`
pub(super) async fn state(State(core): State<Arc<Core>>, Query(person): Query<As>) -> Response {
    let me = match person.resolve(&core) {
        Ok(me) => me,
        Err(refusal) => return refusal,
    };
    let next_deadline = core.clock.next_deadline().await;
    let now = core.now();
    let connected = core.transport() != AppTransport::Socket || core.sockets.count() > 0;
    answer(&core.read(|state| {
        let model = &state.model;
        let home = model.homes.get(&me).map(
            |view| json!({"published": true, "hash": view.hash, "view": view.as_slack(model)}),
        );
        let modals: Vec<Value> =
            model.modals.get(&me).into_iter().flatten().map(|view| view.as_slack(model)).collect();
        let people: Vec<Value> = model
            .people
            .iter()
            .filter(|person| person.kind != PersonKind::Slackbot)
            .map(describe)
            .collect();
        let channels: Vec<Value> = match model.person(&me) {
            None => Vec::new(),
            Some(person) => {
                let mut seen: Vec<&Channel> =
                    model.channels.values().filter(|channel| can_read(person, channel)).collect();
                seen.sort_by_key(|channel| (channel.is_dm(), &channel.name));
                seen.into_iter().map(|channel| room(model, person, channel)).collect()
            }
        };
        json!({
            "now": now,
            "offset_seconds": (now - wall_now()).num_seconds().max(0),
            "workspace": {"name": model.team.name, "team_id": model.team.id},
            "bot": {
                "user_id": model.app.bot_user_id,
                "name": model.app.name,
                "app_id": model.app.id,
                "connected": connected,
                "command_names": model.app.commands,
            },
            "people": people,
            "me": me,
            "channels": channels,
            "home": home,
            "modals": modals,
            "next_deadline": next_deadline,
        })
    }))
}

fn describe(person: &Person) -> Value {
    let kind = match person.kind {
        PersonKind::Member => "member",
        PersonKind::Guest => "guest",
        PersonKind::SingleChannelGuest => "single_channel_guest",
        PersonKind::Deactivated => "deactivated",
        PersonKind::Outsider => "outsider",
        PersonKind::Bot | PersonKind::WorkflowBot | PersonKind::Slackbot => "bot",
    };
    let initials: String =
        person.real_name.split(' ').filter_map(|name| name.chars().next()).take(2).collect();
    json!({
        "id": person.id,
        "name": person.name,
        "real_name": person.real_name,
        "title": person.title,
        "kind": kind,
        "initials": initials,
        "color": format!("#{}", person.color()),
        "can_sign_in": person.can_sign_in(),
    })
}

fn room(model: &Model, person: &Person, channel: &Channel) -> Value {
    let read = channel.read.get(&person.id).map_or("", String::as_str);
    let mention = format!("<@{}", person.id);
    let unread: Vec<&Message> = seen_by(&person.id, channel)
        .rev()
        .take_while(|message| message.ts.as_str() > read)
        .filter(|message| !message.is_ephemeral())
        .filter(|message| message.author != Author::Person { user: person.id.clone() })
        .collect();
    let mentions = unread.iter().filter(|message| message.words().contains(&mention)).count();
    let mut room = json!({
        "id": channel.id,
        "name": channel.name,
        "kind": match channel.kind {
            ChannelKind::Public => "channel",
            ChannelKind::Private => "private",
            ChannelKind::Dm { .. } => "dm",
        },
        "external": channel.is_external(),
        "archived": channel.archived,
        "member": channel.members.contains(&person.id),
        "unread": unread.len(),
        "mentions": mentions,
        "topic": channel.topic,
    });
    if channel.is_dm() {
        set(&mut room, "with", json!(model.app.bot_user_id));
    }
    room
}

/// Which messages.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(flatten)]
    person: As,
    channel: String,
}

/// `GET /_page/messages`: oldest first, with the ephemeral ones that only this person sees.
pub(super) async fn messages(
    State(core): State<Arc<Core>>,
    Query(which): Query<Which>,
) -> Response {
    let id = which.channel;
    let me = match which.person.resolve(&core) {
        Ok(me) => me,
        Err(refusal) => return refusal,
    };
    let shown = core.read(|state| {
        let model = &state.model;
        let person = model.person(&me)?;
        let channel = model.channel(&id).filter(|channel| can_read(person, channel))?;
        Some(seen_by(&me, channel).map(|message| show(model, message)).collect::<Vec<_>>())
    });
    match shown {
        Some(messages) => answer(&json!({"channel": id, "messages": messages})),
        None => not_found("there is no such channel, or this person does not see it"),
    }
}

/// A picture, as the page draws an image block.
fn file(file: &File) -> Value {
    json!({
        "title": file.title,
        "alt_text": file.alt,
        "image_url": format!("/_page/picture/{}", file.id),
    })
}

/// `GET /_page/picture/{id}`
pub(super) async fn picture(State(core): State<Arc<Core>>, Path(id): Path<String>) -> Response {
    let found = core.read(|state| state.model.files.get(&id).filter(|file| file.shared)?.bytes());
    match found {
        Some(bytes) => {
            let headers =
                [(header::CONTENT_TYPE, "image/png"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
            (headers, bytes).into_response()
        }
        None => not_found("there is no such picture"),
    }
}

fn show(model: &Model, message: &Message) -> Value {
    let (user, name) = match &message.author {
        Author::Person { user } => {
            (user.as_str(), model.person(user).map_or(user.as_str(), |p| p.real_name.as_str()))
        }
        Author::App => (model.app.bot_user_id.as_str(), model.app.name.as_str()),
        Author::Slack => ("USLACKBOT", "Slackbot"),
    };
    json!({
        "ts": message.ts,
        "user": user,
        "user_name": name,
        "is_bot": !matches!(message.author, Author::Person { .. }),
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "files": message.files.iter().filter_map(|id| model.files.get(id)).map(file).collect::<Vec<_>>(),
        "edited": message.edited.is_some(),
        "ephemeral": message.is_ephemeral(),
        "thread_ts": message.thread_ts,
        "time": time_of_ts(&message.ts),
        "state": message.state,
    })
}
