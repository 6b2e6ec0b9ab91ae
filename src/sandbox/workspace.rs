//! The workspace as its people use it and tests watch it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::acts::press::{self, Place};
use super::acts::{self, ActError, ClickOutcome, CommandOutcome, SubmitOutcome};
use super::core::{Core, RecordedCall};
use super::limits::RateLimits;
use super::model::{Message, Model, Person, PersonKind, Status, View};
use super::outgoing::{self, DeliveryFailure, HttpAnswer, SignedRequest, payloads};
use super::socket::DisconnectReason;
use super::state::Change;
use super::transcript::transcript;
use super::triggers::Origin;

/// The workspace as its people use it and tests watch it.
///
/// People are named by their user id, channels by theirs. Cheap to clone.
#[derive(Clone)]
pub struct Workspace {
    core: Arc<Core>,
}

/// What was waited for did not come.
#[derive(Clone, Debug, thiserror::Error)]
#[error("after {waited:?} still no {what}. What there is:\n{transcript}")]
pub struct WaitFailed {
    /// What was waited for.
    pub what: String,
    /// How long.
    pub waited: Duration,
    /// What was there instead: messages, forms, homes, the last calls.
    pub transcript: String,
}

impl Workspace {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    // What people do.

    /// A person types a slash command in a channel: `/agent list`, or only `list` for the app's
    /// first command.
    ///
    /// # Errors
    /// When this person cannot: not when the app fails, that is an outcome.
    pub async fn slash_command(
        &self,
        user: &str,
        channel: &str,
        text: &str,
    ) -> Result<CommandOutcome, ActError> {
        self.core.slash_command(user, channel, text).await
    }

    /// A person writes a message.
    ///
    /// # Errors
    /// When this person cannot.
    pub fn say(&self, user: &str, channel: &str, text: &str) -> Result<Message, ActError> {
        self.core.say(user, channel, text)
    }

    /// A person presses a button of a message.
    ///
    /// # Errors
    /// When there is no such message or button that this person sees.
    pub async fn click(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        action_id: &str,
    ) -> Result<ClickOutcome, ActError> {
        self.choose(user, channel, ts, action_id, json!(null)).await
    }

    /// A person chooses in a menu of a message: the value of an option, a list of them, an id.
    ///
    /// # Errors
    /// When there is no such message, menu or option that this person sees.
    pub async fn choose(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        action_id: &str,
        value: Value,
    ) -> Result<ClickOutcome, ActError> {
        let place = Place { block_id: None, action_id };
        self.core.click(user, (channel, ts), place, &value, None).await
    }

    /// A person presses a button of a message as it was when they last looked, though the message
    /// may have changed or gone since.
    ///
    /// # Errors
    /// When that message had no such button.
    pub async fn click_as_seen(
        &self,
        user: &str,
        channel: &str,
        seen: &Message,
        action_id: &str,
    ) -> Result<ClickOutcome, ActError> {
        let place = Place { block_id: None, action_id };
        self.core.click(user, (channel, &seen.ts), place, &Value::Null, Some(seen)).await
    }

    /// A person presses or chooses something in a modal or in App Home. An empty `block_id` is any
    /// block; the value of a button is null.
    ///
    /// # Errors
    /// When this person has no such view open, or it has no such element or option.
    pub async fn click_in_view(
        &self,
        user: &str,
        view_id: &str,
        block_id: &str,
        action_id: &str,
        value: Value,
    ) -> Result<ClickOutcome, ActError> {
        let place = place(block_id, action_id);
        self.core.click_in_view(user, view_id, place, &value).await
    }

    /// A person fills in a field; nothing is sent. An empty `block_id` is any block.
    ///
    /// # Errors
    /// When this person has no such view open, or it has no such field or option.
    pub fn fill(
        &self,
        user: &str,
        view_id: &str,
        block_id: &str,
        action_id: &str,
        value: Value,
    ) -> Result<(), ActError> {
        self.core.fill(user, view_id, place(block_id, action_id), &value)
    }

    /// A person types into a menu whose options the app gives, and gets these.
    ///
    /// # Errors
    /// When this person has no such view open, or the app gave no answer.
    pub async fn suggestions(
        &self,
        user: &str,
        view_id: &str,
        block_id: &str,
        action_id: &str,
        typed: &str,
    ) -> Result<Vec<Value>, ActError> {
        self.core.suggestions(user, view_id, (block_id, action_id), typed).await
    }

    /// A person submits a form.
    ///
    /// # Errors
    /// When this person has no such form open: not when the app fails, that is an outcome.
    pub async fn submit(&self, user: &str, view_id: &str) -> Result<SubmitOutcome, ActError> {
        self.core.submit(user, view_id).await
    }

    /// A person closes a form without submitting it.
    ///
    /// # Errors
    /// When this person has no such form open.
    pub fn close(&self, user: &str, view_id: &str) -> Result<(), ActError> {
        self.core.close(user, view_id)
    }

    /// A person opens the app's own tab.
    ///
    /// # Errors
    /// When this person cannot sign in.
    pub fn open_home(&self, user: &str) -> Result<(), ActError> {
        self.core.open_home(user)
    }

    /// A person has read a channel.
    pub fn mark_read(&self, user: &str, channel: &str) {
        self.core.change(|state, _| {
            let Some(place) = state.model.channels.get_mut(channel) else { return };
            let last = acts::seen_by(user, place).next_back().map(|last| last.ts.clone());
            let Some(last) = last else { return };
            // Said only when it is news: the page asks again after every change.
            if place.read.get(user).is_none_or(|read| *read < last) {
                place.read.insert(user.to_owned(), last);
                state.changes.push(Change::State);
            }
        });
    }

    // What administrators do.

    /// Changes who is in a user group; the app hears of it.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn set_group_members(&self, group: &str, members: &[&str]) -> Result<(), ActError> {
        self.core.set_group_members(group, members)
    }

    /// Deactivates a person; the app hears of it.
    ///
    /// # Errors
    /// When there is nobody with this id.
    pub fn deactivate(&self, user: &str) -> Result<(), ActError> {
        self.core.set_person_kind(user, PersonKind::Deactivated)
    }

    /// Makes a person a guest, or anything else; the app hears of it.
    ///
    /// # Errors
    /// When there is nobody with this id.
    pub fn set_person_kind(&self, user: &str, kind: PersonKind) -> Result<(), ActError> {
        self.core.set_person_kind(user, kind)
    }

    /// A person sets their status, or takes it away by an empty one; the app hears of it.
    ///
    /// # Errors
    /// When there is nobody with this id.
    pub fn set_status(&self, user: &str, status: Status) -> Result<(), ActError> {
        self.core.set_status(user, status)
    }

    /// A person pauses their notifications from one moment to another (seconds since 1970), or lets
    /// them come again.
    ///
    /// # Errors
    /// When there is nobody with this id.
    pub fn set_paused(&self, user: &str, paused: Option<(i64, i64)>) -> Result<(), ActError> {
        self.core.set_paused(user, paused)
    }

    /// Somebody, or a bot, comes to the workspace; the app hears of it.
    pub fn arrive(&self, person: Person) {
        self.core.arrive(person);
    }

    /// Archives a channel, or brings it back.
    ///
    /// # Errors
    /// When there is no such channel.
    pub fn archive(&self, channel: &str, archived: bool) -> Result<(), ActError> {
        self.core.archive(channel, archived)
    }

    /// Puts a person or bot into a channel, or takes them out.
    ///
    /// # Errors
    /// When there is no such channel.
    pub fn set_membership(&self, channel: &str, user: &str, member: bool) -> Result<(), ActError> {
        self.core.join(channel, user, member)
    }

    /// Deletes a message underneath the app, which does not hear of it.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn delete_message(&self, channel: &str, ts: &str) -> Result<Message, ActError> {
        self.core.delete_message(channel, ts)
    }

    /// Removes the app: its bot token is revoked, and it hears of it.
    pub fn uninstall(&self) {
        self.core.uninstall();
    }

    /// Revokes a token without a word.
    pub fn revoke_token(&self, token: &str) {
        self.core.change(|state, _| state.revoked.push(token.to_owned()));
    }

    /// The scopes the bot token has from now on.
    pub fn set_scopes(&self, scopes: &[&str]) {
        self.core.change(|state, _| {
            state.model.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        });
    }

    /// Whether Slack's rate limits hold from now on.
    pub fn set_rate_limits(&self, limits: RateLimits) {
        self.core.limiter.set(limits);
    }

    /// Changes anything else.
    pub fn change_model<T>(&self, change: impl FnOnce(&mut Model) -> T) -> T {
        self.core.change(|state, _| {
            state.changes.push(Change::State);
            change(&mut state.model)
        })
    }

    // What people see.

    /// Every message of a channel, oldest first; ephemeral ones too, whoever they are for.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        self.read(|model| {
            model.channel(channel).map(|channel| channel.messages.clone()).unwrap_or_default()
        })
    }

    /// What one person sees in a channel, oldest first; nothing if they may not read it.
    pub fn visible_to(&self, user: &str, channel: &str) -> Vec<Message> {
        self.read(|model| match (model.person(user), model.channel(channel)) {
            (Some(person), Some(channel)) if acts::can_read(person, channel) => {
                acts::seen_by(user, channel).cloned().collect()
            }
            _ => Vec::new(),
        })
    }

    /// The direct messages between a person and the bot, opened if need be: the channel's id.
    pub fn dm_with_bot(&self, user: &str) -> String {
        self.core.change(|state, _| {
            let existed = state.model.dm_of(user).is_some();
            let id = state.model.open_dm(user);
            if !existed {
                state.changes.push(Change::State);
            }
            id
        })
    }

    /// The form that a person has before them, the top one.
    pub fn modal(&self, user: &str) -> Option<View> {
        self.read(|model| model.modals.get(user)?.last().cloned())
    }

    /// The App Home that was published for a person.
    pub fn home(&self, user: &str) -> Option<View> {
        self.read(|model| model.homes.get(user).cloned())
    }

    /// Looks at everything, while nobody else can: `look` must not ask the workspace for anything
    /// itself.
    pub fn read<T>(&self, look: impl FnOnce(&Model) -> T) -> T {
        self.core.read(|state| look(&state.model))
    }

    /// The calls of the app so far, oldest first.
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.core.calls()
    }

    /// Every change from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.core.subscribe()
    }

    /// Waits until `look` finds something in the workspace. It looks while nobody else can, so it
    /// must not ask the workspace for anything itself.
    ///
    /// # Errors
    /// When it does not within `timeout`; the error tells what there was instead.
    pub async fn wait_for<T>(
        &self,
        timeout: Duration,
        what: &str,
        mut look: impl FnMut(&Model) -> Option<T>,
    ) -> Result<T, WaitFailed> {
        self.wait(timeout, what, |core| core.read(|state| look(&state.model))).await
    }

    /// Waits until `look` finds something in the calls of the app.
    ///
    /// # Errors
    /// When it does not within `timeout`; the error tells what there was instead.
    pub async fn wait_for_calls<T>(
        &self,
        timeout: Duration,
        what: &str,
        mut look: impl FnMut(&[RecordedCall]) -> Option<T>,
    ) -> Result<T, WaitFailed> {
        self.wait(timeout, what, |core| look(&core.calls())).await
    }

    /// Waits until so many sockets of the app are open.
    ///
    /// # Errors
    /// When they are not within `timeout`.
    pub async fn wait_for_sockets(
        &self,
        timeout: Duration,
        count: usize,
    ) -> Result<(), WaitFailed> {
        let what = format!("{count} open sockets");
        self.wait(timeout, &what, |core| (core.sockets.count() == count).then_some(())).await
    }

    async fn wait<T>(
        &self,
        timeout: Duration,
        what: &str,
        mut look: impl FnMut(&Core) -> Option<T>,
    ) -> Result<T, WaitFailed> {
        let mut version = self.core.version();
        let found = tokio::time::timeout(timeout, async {
            loop {
                version.mark_unchanged();
                if let Some(found) = look(&self.core) {
                    return Some(found);
                }
                // The sender lives as long as the core, so this cannot end early.
                if version.changed().await.is_err() {
                    return None;
                }
            }
        });
        found.await.ok().flatten().ok_or_else(|| WaitFailed {
            what: what.to_owned(),
            waited: timeout,
            transcript: self.transcript(),
        })
    }

    /// Everything a person debugging a test wants to read: messages, forms, homes, last calls.
    pub fn transcript(&self) -> String {
        let sockets = self.core.sockets.count();
        self.read(|model| transcript(model, &self.core.calls(), sockets))
    }

    // The wires.

    /// How many sockets the app has open.
    pub fn sockets_open(&self) -> usize {
        self.core.sockets.count()
    }

    /// Tells every socket to go. How many were told.
    pub fn disconnect(&self, reason: DisconnectReason) -> usize {
        self.core.sockets.disconnect(reason, false)
    }

    /// Tells the oldest socket to go. How many were told.
    pub fn disconnect_oldest(&self, reason: DisconnectReason) -> usize {
        self.core.sockets.disconnect(reason, true)
    }

    /// Closes the sockets that were warned, now rather than 10 s later. How many.
    pub fn close_warned(&self) -> usize {
        self.core.sockets.close_warned()
    }

    /// Cuts every socket without a word. How many.
    pub fn reset_sockets(&self) -> usize {
        self.core.sockets.reset()
    }

    /// Switches Socket Mode on again after [`DisconnectReason::LinkDisabled`].
    pub fn enable_socket_mode(&self) {
        self.core.sockets.enable();
    }

    /// Sends an event of any kind, if the app subscribed to it.
    pub fn emit(&self, event: Value) {
        self.core.emit(event);
    }

    // For tests that forge, change or repeat what Slack sends.

    /// The signature of a body: `v0=…`. The timestamp is in seconds.
    pub fn sign(&self, timestamp: i64, body: &[u8]) -> String {
        outgoing::signature(&self.core.secrets.signing, &timestamp.to_string(), body)
    }

    /// The fields of a slash command, as Slack would send them now.
    ///
    /// # Errors
    /// When there is no such person or channel.
    pub fn command_fields(
        &self,
        user: &str,
        channel: &str,
        command: &str,
        text: &str,
    ) -> Result<BTreeMap<String, String>, ActError> {
        self.core.change(|state, now| {
            let no_channel = || ActError::NoSuchChannel(channel.to_owned());
            let place = state.model.channel(channel).ok_or_else(no_channel)?.clone();
            let nobody = || ActError::NoSuchPerson(user.to_owned());
            let person = state.model.person(user).ok_or_else(nobody)?.clone();
            let base = format!("http://{}", self.core.address);
            let secret = &self.core.secrets.signing;
            let to = (user, channel);
            let (tickets, _) = state.tickets(secret, &base, to, Origin::Command, now);
            let fields =
                payloads::command(&state.model, &person, &place, (command, text), &tickets);
            Ok(fields.into_iter().collect())
        })
    }

    /// The payload of a click in a message, as Slack would send it now.
    ///
    /// # Errors
    /// When there is no such message, element or option that this person sees.
    pub fn click_payload(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        action_id: &str,
        value: Value,
    ) -> Result<Value, ActError> {
        let place = Place { block_id: None, action_id };
        self.core.change(|state, now| {
            press::in_message(state, &self.core, user, (channel, ts), place, &value, None, now)
                .map(|prepared| prepared.payload)
        })
    }

    /// The payload of a submission, as Slack would send it now, complete or not.
    ///
    /// # Errors
    /// When this person has no such form open.
    pub fn submission_payload(&self, user: &str, view_id: &str) -> Result<Value, ActError> {
        self.core.change(|state, now| {
            let nobody = || ActError::NoSuchPerson(user.to_owned());
            let person = state.model.person(user).ok_or_else(nobody)?.clone();
            let view = acts::open_view(state, user, view_id)?;
            let trigger = state.trigger(&self.core.secrets.signing, user, now);
            Ok(payloads::view_submission(&state.model, &person, &view, &trigger))
        })
    }

    /// A request to the app, signed now. `path`: `/slack/commands`, …; `base_url` as in
    /// [`AppTransport::Http`](super::AppTransport::Http).
    pub fn signed_request(
        &self,
        base_url: &str,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> SignedRequest {
        let timestamp = self.core.now().timestamp();
        SignedRequest {
            url: format!("{}{path}", base_url.trim_end_matches('/')),
            content_type: content_type.to_owned(),
            signature: self.sign(timestamp, &body),
            timestamp: timestamp.to_string(),
            body,
            headers: Vec::new(),
        }
    }

    /// Sends a request to the app, however it is signed.
    ///
    /// # Errors
    /// When there is no answer within 10 s.
    pub async fn send(&self, request: &SignedRequest) -> Result<HttpAnswer, DeliveryFailure> {
        outgoing::send(request, Duration::from_secs(10)).await
    }

    /// Asks the app's address for events to prove itself, as Slack does when it is set up. Whether
    /// it answered with the challenge.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn verify_url(&self, base_url: &str) -> Result<bool, DeliveryFailure> {
        let challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
        let body = payloads::url_verification(challenge).to_string().into_bytes();
        let request = self.signed_request(base_url, "/slack/events", "application/json", body);
        Ok(self.send(&request).await?.text().contains(challenge))
    }
}

fn place<'a>(block_id: &'a str, action_id: &'a str) -> Place<'a> {
    Place { block_id: (!block_id.is_empty()).then_some(block_id), action_id }
}
