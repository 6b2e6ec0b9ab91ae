//! What the person at the page does.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{answer, failed};
use crate::sandbox::acts::press::Place;
use crate::sandbox::acts::{ActError, ClickOutcome, CommandOutcome, SubmitOutcome};
use crate::sandbox::clock::wall_now;
use crate::sandbox::core::Core;
use crate::sandbox::model::PersonKind;
use crate::sandbox::state::Change;
use crate::sandbox::workspace::Workspace;

/// The furthest the clock is moved at once: 400 days.
const FURTHEST: i64 = 400 * 86_400;

/// Does it to the end, also when the browser does not wait: whoever reloads the page has still
/// clicked.
async fn to_the_end(
    core: &Arc<Core>,
    deed: impl Future<Output = Response> + Send + 'static,
) -> Response {
    match core.tasks.spawn(deed).await {
        Ok(response) => response,
        Err(error) => failed(format!("That did not work: {error}")),
    }
}

fn done(outcome: Result<(), ActError>) -> Response {
    match outcome {
        Ok(()) => answer(&json!({"ok": true})),
        Err(error) => failed(error),
    }
}

#[derive(Deserialize)]
pub(super) struct Say {
    #[serde(rename = "as")]
    me: String,
    channel: String,
    text: String,
}

/// `POST /_page/say`: a message, or a slash command.
pub(super) async fn say(State(core): State<Arc<Core>>, Json(deed): Json<Say>) -> Response {
    let deed = speak(Arc::clone(&core), deed);
    to_the_end(&core, deed).await
}

async fn speak(core: Arc<Core>, deed: Say) -> Response {
    let Say { me, channel, text } = deed;
    if !text.starts_with('/') {
        return done(core.say(&me, &channel, &text).map(drop));
    }
    match core.slash_command(&me, &channel, &text).await {
        Ok(CommandOutcome::Quiet | CommandOutcome::Answered(_)) => answer(&json!({"ok": true})),
        Ok(CommandOutcome::Failed(words)) => failed(words),
        Err(error) => failed(error),
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Container {
    Message { channel: String, ts: String },
    View { view_id: String },
}

#[derive(Deserialize)]
pub(super) struct Action {
    #[serde(rename = "as")]
    me: String,
    container: Container,
    block_id: String,
    action_id: String,
    #[serde(default)]
    value: Value,
}

/// `POST /_page/action`: a press, or a choice that the app hears of at once.
pub(super) async fn action(State(core): State<Arc<Core>>, Json(deed): Json<Action>) -> Response {
    let deed = press(Arc::clone(&core), deed);
    to_the_end(&core, deed).await
}

async fn press(core: Arc<Core>, deed: Action) -> Response {
    let place = Place { block_id: Some(&deed.block_id), action_id: &deed.action_id };
    let outcome = match &deed.container {
        Container::Message { channel, ts } => {
            core.click(&deed.me, (channel, ts), place, &deed.value, None).await
        }
        Container::View { view_id } => {
            core.click_in_view(&deed.me, view_id, place, &deed.value).await
        }
    };
    match outcome {
        Ok(ClickOutcome::Acknowledged) => answer(&json!({"ok": true})),
        Ok(ClickOutcome::Failed(_)) => {
            let name = core.read(|state| state.model.app.name.clone());
            failed(format!("{name} did not respond. Try again?"))
        }
        Err(error) => failed(error),
    }
}

#[derive(Deserialize)]
pub(super) struct ViewState {
    #[serde(rename = "as")]
    me: String,
    view_id: String,
    block_id: String,
    action_id: String,
    #[serde(default)]
    value: Value,
}

/// `POST /_page/view_state`: a field was filled in; the app does not hear of it yet.
pub(super) async fn view_state(
    State(core): State<Arc<Core>>,
    Json(deed): Json<ViewState>,
) -> Response {
    let place = Place { block_id: Some(&deed.block_id), action_id: &deed.action_id };
    done(core.fill(&deed.me, &deed.view_id, place, &deed.value))
}

#[derive(Deserialize)]
pub(super) struct Submit {
    #[serde(rename = "as")]
    me: String,
    view_id: String,
    #[serde(default)]
    values: BTreeMap<String, Map<String, Value>>,
}

/// `POST /_page/submit`: the form as it stands, with what the page still had to tell.
pub(super) async fn submit(State(core): State<Arc<Core>>, Json(deed): Json<Submit>) -> Response {
    let deed = send(Arc::clone(&core), deed);
    to_the_end(&core, deed).await
}

async fn send(core: Arc<Core>, deed: Submit) -> Response {
    let Submit { me, view_id, values } = deed;
    for (block_id, actions) in &values {
        for (action_id, value) in actions {
            let place = Place { block_id: Some(block_id), action_id };
            match core.fill(&me, &view_id, place, value) {
                // A field that the app took out of the form meanwhile is no longer asked for.
                Ok(()) | Err(ActError::NoSuchElement { .. }) => {}
                Err(error) => return failed(error),
            }
        }
    }
    let trouble = "We had some trouble connecting. Try again?";
    let (errors, closed) = match core.submit(&me, &view_id).await {
        Ok(SubmitOutcome::Closed) => (Value::Null, true),
        Ok(SubmitOutcome::Updated | SubmitOutcome::Pushed) => (Value::Null, false),
        Ok(SubmitOutcome::Errors(errors)) => (json!(errors), false),
        Ok(SubmitOutcome::NoAnswer(_)) => return failed(trouble),
        Ok(SubmitOutcome::Refused(why)) => {
            // Whoever builds the bot reads why in the log; people read what Slack says.
            tracing::warn!(why, "the app's answer to a form is of no use");
            return failed(trouble);
        }
        Err(error) => return failed(error),
    };
    answer(&json!({"ok": true, "errors": errors, "closed": closed}))
}

#[derive(Deserialize)]
pub(super) struct Close {
    #[serde(rename = "as")]
    me: String,
    view_id: String,
}

/// `POST /_page/close`
pub(super) async fn close(State(core): State<Arc<Core>>, Json(deed): Json<Close>) -> Response {
    done(core.close(&deed.me, &deed.view_id))
}

#[derive(Deserialize)]
pub(super) struct OpenHome {
    #[serde(rename = "as")]
    me: String,
}

/// `POST /_page/open_home`
pub(super) async fn open_home(
    State(core): State<Arc<Core>>,
    Json(deed): Json<OpenHome>,
) -> Response {
    done(core.open_home(&deed.me))
}

#[derive(Deserialize)]
pub(super) struct Read {
    #[serde(rename = "as")]
    me: String,
    channel: String,
}

/// `POST /_page/read`
pub(super) async fn read(State(core): State<Arc<Core>>, Json(deed): Json<Read>) -> Response {
    Workspace::new(core).mark_read(&deed.me, &deed.channel);
    answer(&json!({"ok": true}))
}

#[derive(Deserialize)]
pub(super) struct BePerson {
    user: String,
    kind: PersonKind,
}

/// `POST /_page/person`: an administrator makes somebody a member, a guest, or deactivated.
pub(super) async fn person(State(core): State<Arc<Core>>, Json(deed): Json<BePerson>) -> Response {
    let of_here = core.read(|state| {
        let person = state.model.person(&deed.user)?;
        Some(matches!(
            person.kind,
            PersonKind::Member
                | PersonKind::Guest
                | PersonKind::SingleChannelGuest
                | PersonKind::Deactivated
        ))
    });
    let possible =
        matches!(deed.kind, PersonKind::Member | PersonKind::Guest | PersonKind::Deactivated);
    match of_here {
        None => done(Err(ActError::NoSuchPerson(deed.user))),
        Some(true) if possible => done(core.set_person_kind(&deed.user, deed.kind)),
        Some(_) => failed("People of this workspace are members, guests, or deactivated."),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Clock {
    Advance { advance_seconds: i64 },
    To { to: String },
}

/// `POST /_page/clock`: moves the time forward, for the bot as for the workspace.
pub(super) async fn clock(State(core): State<Arc<Core>>, Json(deed): Json<Clock>) -> Response {
    let by = match deed {
        Clock::Advance { advance_seconds: seconds @ 0..=FURTHEST } => {
            chrono::Duration::seconds(seconds)
        }
        Clock::Advance { .. } => {
            return failed("The clock goes forward, by 400 days at most.");
        }
        Clock::To { to } if to == "next_deadline" => match core.clock.next_deadline().await {
            Some(next) => (next - core.now()).max(chrono::Duration::zero()),
            None => return failed("Nothing is due, so there is nowhere to move the clock to."),
        },
        Clock::To { to } => return failed(format!("The clock cannot move to “{to}”.")),
    };
    core.clock.advance(by);
    core.tell([Change::Clock]);
    let now = core.now();
    let offset = (now - wall_now()).num_seconds().max(0);
    answer(&json!({"ok": true, "now": now, "offset_seconds": offset}))
}
