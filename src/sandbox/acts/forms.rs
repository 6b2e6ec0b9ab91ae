//! Filling in, submitting and closing forms; opening App Home.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::press::{Place, fill};
use super::{ActError, actor, text_of};
use crate::sandbox::blocks;
use crate::sandbox::core::Core;
use crate::sandbox::kit;
use crate::sandbox::model::{View, ViewKind};
use crate::sandbox::outgoing::{Answer, DeliveryFailure, Parcel, payloads};
use crate::sandbox::state::State;

/// What a person sees after submitting a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// The form is gone.
    Closed,
    /// Something is wrong with these fields, by block id: Slack said so itself, or the app did.
    Errors(BTreeMap<String, String>),
    /// The form shows something else.
    Updated,
    /// Another form lies over it.
    Pushed,
    /// The app did not answer in time; the form stays with "We had some trouble connecting".
    NoAnswer(DeliveryFailure),
    /// The app's answer was of no use to Slack, and why; the form stays with the same words.
    Refused(String),
}

impl Core {
    /// A person fills in one field; nothing is sent.
    pub(crate) fn fill(
        &self,
        user: &str,
        view_id: &str,
        place: Place<'_>,
        choice: &Value,
    ) -> Result<(), ActError> {
        self.change(|state, _| {
            actor(&state.model, user)?;
            fill(state, user, view_id, place, choice).map(drop)
        })
    }

    /// A person submits a form.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        user: &str,
        view_id: &str,
    ) -> Result<SubmitOutcome, ActError> {
        let prepared = self.change(|state, now| {
            let person = actor(&state.model, user)?.clone();
            let view = open_view(state, user, view_id)?;
            let wrong = kit::incomplete(&view.blocks, &view.state);
            if !wrong.is_empty() {
                state.show_errors(view_id, wrong.clone());
                return Ok::<_, ActError>(Err(wrong));
            }
            state.show_errors(view_id, BTreeMap::new());
            let trigger = state.trigger(&self.secrets.signing, user, now);
            let payload = payloads::view_submission(&state.model, &person, &view, &trigger);
            Ok(Ok((payload, trigger)))
        })?;
        let (payload, trigger) = match prepared {
            Ok(prepared) => prepared,
            Err(wrong) => return Ok(SubmitOutcome::Errors(wrong)),
        };
        let outcome = self.deliver(Parcel::Interactive(payload)).await;
        Ok(self.change(|state, now| {
            state.triggers.landed(&trigger);
            let outcome = match outcome {
                Ok(Answer::Empty) => {
                    state.close_view(user, view_id, false);
                    SubmitOutcome::Closed
                }
                Ok(Answer::Json(answer)) => respond(state, user, view_id, &answer, now),
                Ok(Answer::Text(text)) => {
                    SubmitOutcome::Refused(format!("not JSON and not empty: {text}"))
                }
                Err(failure) => SubmitOutcome::NoAnswer(failure),
            };
            if matches!(outcome, SubmitOutcome::NoAnswer(_) | SubmitOutcome::Refused(_)) {
                let trouble = "We had some trouble connecting. Try again?".to_owned();
                state.show_errors(view_id, [(String::new(), trouble)].into());
            }
            outcome
        }))
    }

    /// A person closes a form without submitting it.
    pub(crate) fn close(self: &Arc<Self>, user: &str, view_id: &str) -> Result<(), ActError> {
        let payloads: Vec<Value> = self.change(|state, _| {
            let person = actor(&state.model, user)?.clone();
            let view = open_view(state, user, view_id)?;
            let all = view.clear_on_close();
            let closed = state.close_view(user, view_id, all);
            Ok::<_, ActError>(
                closed
                    .iter()
                    .filter(|view| view.notify_on_close())
                    .map(|view| payloads::view_closed(&state.model, &person, view, all))
                    .collect(),
            )
        })?;
        for payload in payloads {
            let core = Arc::clone(self);
            self.tasks.spawn(async move {
                if let Err(failure) = core.deliver(Parcel::Interactive(payload)).await {
                    tracing::debug!(%failure, "the app did not hear that its form was closed");
                }
            });
        }
        Ok(())
    }

    /// A person opens the app's own tab.
    pub(crate) fn open_home(self: &Arc<Self>, user: &str) -> Result<(), ActError> {
        let event = self.change(|state, now| {
            actor(&state.model, user)?;
            let channel = state.model.open_dm(user);
            let event_ts = state.model.next_ts(now);
            let mut event = json!({
                "type": "app_home_opened",
                "user": user,
                "channel": channel,
                "tab": "home",
                "event_ts": event_ts,
            });
            if let (Some(view), Value::Object(fields)) = (state.model.homes.get(user), &mut event) {
                fields.insert("view".to_owned(), view.as_slack(&state.model));
            }
            Ok::<_, ActError>(event)
        })?;
        self.emit(event);
        Ok(())
    }

    /// A person types into a menu whose options the app gives.
    pub(crate) async fn suggestions(
        self: &Arc<Self>,
        user: &str,
        view_id: &str,
        place: (&str, &str),
        typed: &str,
    ) -> Result<Vec<Value>, ActError> {
        let payload = self.change(|state, _| {
            let person = actor(&state.model, user)?.clone();
            let view = open_view(state, user, view_id)?;
            Ok::<_, ActError>(payloads::block_suggestion(
                &state.model,
                &person,
                &view,
                place,
                typed,
            ))
        })?;
        match self.deliver(Parcel::Interactive(payload)).await? {
            Answer::Json(answer) => Ok(kit::options(&answer).into_iter().cloned().collect()),
            Answer::Empty | Answer::Text(_) => Ok(Vec::new()),
        }
    }
}

/// The modal with this id, if this person has it open.
pub(crate) fn open_view(state: &State, user: &str, view_id: &str) -> Result<View, ActError> {
    state
        .model
        .view(view_id)
        .filter(|view| view.user == user)
        .cloned()
        .ok_or_else(|| ActError::NoSuchView(view_id.to_owned()))
}

/// Does what the app answered to a submission.
fn respond(
    state: &mut State,
    user: &str,
    view_id: &str,
    answer: &Value,
    now: chrono::DateTime<chrono::Utc>,
) -> SubmitOutcome {
    match text_of(answer, "response_action") {
        "errors" => errors(state, view_id, answer),
        "clear" => {
            state.close_view(user, view_id, true);
            SubmitOutcome::Closed
        }
        action @ ("update" | "push") => {
            let Some(view) = answer.get("view") else {
                return SubmitOutcome::Refused(format!("`{action}` without a view"));
            };
            let wrong = blocks::check_view(view, ViewKind::Modal);
            if !wrong.is_empty() {
                return SubmitOutcome::Refused(wrong.join("; "));
            }
            if action == "update" {
                return match state.replace_view(view_id, view, now) {
                    Some(_) => SubmitOutcome::Updated,
                    None => SubmitOutcome::Refused("the view is gone".to_owned()),
                };
            }
            if state.model.modals.get(user).map_or(0, Vec::len) >= 3 {
                return SubmitOutcome::Refused("push_limit_reached".to_owned());
            }
            let view = state.new_view(user, view, now);
            state.push_view(view);
            SubmitOutcome::Pushed
        }
        other => SubmitOutcome::Refused(format!("unknown response_action “{other}”")),
    }
}

fn errors(state: &mut State, view_id: &str, answer: &Value) -> SubmitOutcome {
    let Some(Value::Object(given)) = answer.get("errors") else {
        return SubmitOutcome::Refused("`errors` without errors".to_owned());
    };
    let inputs: Vec<String> = state
        .model
        .view(view_id)
        .map(|view| {
            let elements = kit::elements(&view.blocks).into_iter();
            elements.filter(|e| e.input.is_some()).map(|e| e.block_id).collect()
        })
        .unwrap_or_default();
    let mut wrong = BTreeMap::new();
    for (block_id, words) in given {
        let Some(words) = words.as_str().filter(|words| !words.is_empty()) else {
            return SubmitOutcome::Refused(format!("the error of `{block_id}` is no text"));
        };
        if !inputs.contains(block_id) {
            return SubmitOutcome::Refused(format!(
                "there is no input block `{block_id}`; there are: {}",
                inputs.join(", ")
            ));
        }
        wrong.insert(block_id.clone(), words.to_owned());
    }
    if wrong.is_empty() {
        return SubmitOutcome::Refused("`errors` without errors".to_owned());
    }
    state.show_errors(view_id, wrong.clone());
    SubmitOutcome::Errors(wrong)
}
