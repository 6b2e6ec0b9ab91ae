//! Clicks on buttons and choices in menus.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{ActError, actor, readable, visible_message};
use crate::sandbox::core::Core;
use crate::sandbox::kit::{self, Element};
use crate::sandbox::model::Message;
use crate::sandbox::outgoing::{DeliveryFailure, Parcel, payloads};
use crate::sandbox::state::{Change, State};
use crate::sandbox::triggers::Origin;

/// What became of a click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClickOutcome {
    /// The app acknowledged it.
    Acknowledged,
    /// It did not; the person sees a warning sign beside the button.
    Failed(DeliveryFailure),
}

/// Where somebody clicks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The block, when the action id alone is not enough.
    pub block_id: Option<&'a str>,
    /// The element.
    pub action_id: &'a str,
}

/// A click on its way.
pub(crate) struct Prepared {
    pub payload: Value,
    trigger_id: String,
    path: Option<String>,
}

impl Core {
    /// A person clicks, or chooses, in a message. `seen`: as it was when the person last looked,
    /// which may not be as it is now.
    pub(crate) async fn click(
        self: &Arc<Self>,
        user: &str,
        (channel, ts): (&str, &str),
        place: Place<'_>,
        choice: &Value,
        seen: Option<&Message>,
    ) -> Result<ClickOutcome, ActError> {
        let prepared = self.change(|state, now| {
            in_message(state, self, user, (channel, ts), place, choice, seen, now)
        })?;
        self.press(prepared).await
    }

    /// A person clicks, or chooses, in a view.
    pub(crate) async fn click_in_view(
        self: &Arc<Self>,
        user: &str,
        view_id: &str,
        place: Place<'_>,
        choice: &Value,
    ) -> Result<ClickOutcome, ActError> {
        let prepared =
            self.change(|state, now| in_view(state, self, user, view_id, place, choice, now))?;
        self.press(prepared).await
    }

    async fn press(self: &Arc<Self>, prepared: Prepared) -> Result<ClickOutcome, ActError> {
        let outcome = self.deliver(Parcel::Interactive(prepared.payload)).await;
        self.change(|state, _| {
            state.triggers.landed(&prepared.trigger_id);
            if let Some(path) = &prepared.path {
                state.response_urls.landed(path);
            }
        });
        Ok(match outcome {
            Ok(_) => ClickOutcome::Acknowledged,
            Err(failure) => ClickOutcome::Failed(failure),
        })
    }
}

/// What Slack sends for a click in a message.
#[expect(clippy::too_many_arguments, reason = "who, where, what, and as it was when they looked")]
pub(crate) fn in_message(
    state: &mut State,
    core: &Core,
    user: &str,
    (channel, ts): (&str, &str),
    place: Place<'_>,
    choice: &Value,
    seen: Option<&Message>,
    now: DateTime<Utc>,
) -> Result<Prepared, ActError> {
    let person = actor(&state.model, user)?.clone();
    let room = readable(&state.model, &person, channel)?.clone();
    let message = match seen {
        Some(seen) => seen.clone(),
        None => visible_message(user, &room, ts)?.clone(),
    };
    let element = find(message.blocks.as_deref().unwrap_or_default(), place)?;
    let action_ts = state.model.next_ts(now);
    let action = kit::action(&element, choice, &action_ts).map_err(ActError::NoSuchChoice)?;
    let mut message = message;
    if kit::state_key(&element.kind).is_some() {
        let entry = kit::choose(&element, choice).map_err(ActError::NoSuchChoice)?;
        kit::put(&mut message.state, &element, entry);
        if let Some(kept) =
            state.model.channels.get_mut(channel).and_then(|channel| channel.message_mut(ts))
        {
            kept.state = message.state.clone();
        }
    }
    let origin = Origin::Message { ts: message.ts.clone(), ephemeral: message.is_ephemeral() };
    let base = format!("http://{}", core.address);
    let (tickets, path) = state.tickets(&core.secrets.signing, &base, (user, channel), origin, now);
    let payload =
        payloads::message_action(&state.model, &person, &room, &message, action, &tickets);
    Ok(Prepared { payload, trigger_id: tickets.trigger_id, path: Some(path) })
}

/// What Slack sends for a click in a view.
pub(crate) fn in_view(
    state: &mut State,
    core: &Core,
    user: &str,
    view_id: &str,
    place: Place<'_>,
    choice: &Value,
    now: DateTime<Utc>,
) -> Result<Prepared, ActError> {
    let person = actor(&state.model, user)?.clone();
    let element = fill(state, user, view_id, place, choice)?;
    if element.input.as_ref().is_some_and(|input| !input.dispatch) {
        return Err(ActError::NotDispatched(element.action_id));
    }
    let action_ts = state.model.next_ts(now);
    let action = kit::action(&element, choice, &action_ts).map_err(ActError::NoSuchChoice)?;
    let view =
        state.model.view(view_id).ok_or_else(|| ActError::NoSuchView(view_id.to_owned()))?.clone();
    let trigger_id = state.trigger(&core.secrets.signing, user, now);
    let payload = payloads::view_action(&state.model, &person, &view, action, &trigger_id);
    Ok(Prepared { payload, trigger_id, path: None })
}

/// Records what a person chose or typed in a view, where it keeps anything.
pub(crate) fn fill(
    state: &mut State,
    user: &str,
    view_id: &str,
    place: Place<'_>,
    choice: &Value,
) -> Result<Element, ActError> {
    let view = state
        .model
        .view_mut(view_id)
        .filter(|view| view.user == user)
        .ok_or_else(|| ActError::NoSuchView(view_id.to_owned()))?;
    let element = find(&view.blocks, place)?;
    if kit::state_key(&element.kind).is_some() {
        let entry = kit::choose(&element, choice).map_err(ActError::NoSuchChoice)?;
        kit::put(&mut view.state, &element, entry);
        state.changes.push(Change::Modal { user: user.to_owned() });
    }
    Ok(element)
}

fn find(blocks: &[Value], place: Place<'_>) -> Result<Element, ActError> {
    let all = kit::elements(blocks);
    all.iter()
        .find(|element| {
            element.action_id == place.action_id
                && place.block_id.is_none_or(|block| element.block_id == block)
        })
        .cloned()
        .ok_or_else(|| ActError::NoSuchElement {
            wanted: match place.block_id {
                Some(block) => format!("{block}/{}", place.action_id),
                None => place.action_id.to_owned(),
            },
            seen: all
                .iter()
                .map(|element| format!("{}/{}", element.block_id, element.action_id))
                .collect::<Vec<_>>()
                .join(", "),
        })
}
