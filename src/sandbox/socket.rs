//! Socket Mode: the app opens web sockets, and gets everything through them.
//!
//! <https://docs.slack.dev/apis/events-api/using-socket-mode>

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::core::Core;
use super::model::FROM_TOMORROW;
use super::outgoing::{ACK_WITHIN, Answer, DeliveryFailure, Parcel};
use super::state::Change;
use super::triggers::mark;

/// Sockets one app may have open.
const MOST_SOCKETS: usize = 10;
/// Times an envelope is sent again when nobody acknowledges it.
const MOST_RETRIES: u32 = 3;
/// How long a socket stays after the warning.
const AFTER_WARNING: Duration = Duration::from_secs(10);
/// How often Slack asks whether the other side is there.
const PING_EVERY: Duration = Duration::from_secs(10);
/// Pings without an answer before Slack gives the socket up.
const MOST_MISSED_PINGS: u32 = 3;

/// Why Slack ends a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// It will be closed about 10 s later, or by [`close_warned`].
    ///
    /// [`close_warned`]: super::workspace::Workspace::close_warned
    Warning,
    /// It is closed now: open another.
    RefreshRequested,
    /// Socket Mode was switched off for the app; none can be opened from now on.
    LinkDisabled,
    /// There are too many.
    TooManyWebsockets,
}

impl DisconnectReason {
    fn code(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::RefreshRequested => "refresh_requested",
            Self::LinkDisabled => "link_disabled",
            Self::TooManyWebsockets => "too_many_websockets",
        }
    }
}

/// Something for one socket to do.
enum Order {
    Send(String),
    Disconnect(DisconnectReason),
    Close,
    Reset,
}

struct Open {
    orders: mpsc::UnboundedSender<Order>,
    leaving: bool,
}

/// An envelope that was not acknowledged yet.
struct Waiting {
    kind: &'static str,
    payload: Value,
    accepts_payload: bool,
    /// Whoever waits for the acknowledgement; it may have stopped waiting.
    done: oneshot::Sender<Answer>,
    on: Option<u64>,
    attempt: u32,
    reason: &'static str,
    envelope_ids: Vec<String>,
}

#[derive(Default)]
struct Hub {
    counter: u64,
    tickets: HashSet<String>,
    open: BTreeMap<u64, Open>,
    waiting: BTreeMap<u64, Waiting>,
    turn: u64,
    disabled: bool,
}

/// The app's sockets, and what waits to be acknowledged.
#[derive(Default)]
pub(crate) struct Sockets {
    hub: Mutex<Hub>,
}

impl Sockets {
    fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.hub().open.len()
    }

    /// A ticket for one socket; `None` when Socket Mode is switched off.
    pub(crate) fn ticket(&self, secret: &str) -> Option<String> {
        let mut hub = self.hub();
        if hub.disabled {
            return None;
        }
        hub.counter += 1;
        let ticket = mark(secret, &format!("ticket:{}", hub.counter));
        hub.tickets.insert(ticket.clone());
        Some(ticket)
    }

    /// Uses a ticket up. Whether it was good.
    pub(crate) fn admit(&self, ticket: &str) -> bool {
        self.hub().tickets.remove(ticket)
    }

    /// Switches Socket Mode on again after [`DisconnectReason::LinkDisabled`].
    pub(crate) fn enable(&self) {
        self.hub().disabled = false;
    }

    /// Tells sockets to go: all, or the oldest only. How many were told.
    pub(crate) fn disconnect(&self, reason: DisconnectReason, only_oldest: bool) -> usize {
        let mut hub = self.hub();
        if reason == DisconnectReason::LinkDisabled {
            hub.disabled = true;
        }
        let mut told = 0;
        for open in hub.open.values_mut().filter(|open| !open.leaving) {
            open.leaving = true;
            let _ = open.orders.send(Order::Disconnect(reason));
            told += 1;
            if only_oldest {
                break;
            }
        }
        told
    }

    /// Closes the sockets that were warned.
    pub(crate) fn close_warned(&self) -> usize {
        let hub = self.hub();
        let leaving = hub.open.values().filter(|open| open.leaving);
        leaving.map(|open| open.orders.send(Order::Close)).filter(Result::is_ok).count()
    }

    /// Cuts every socket without a word.
    pub(crate) fn reset(&self) -> usize {
        let hub = self.hub();
        hub.open.values().map(|open| open.orders.send(Order::Reset)).filter(Result::is_ok).count()
    }

    /// Sends something in an envelope and waits for its acknowledgement.
    pub(crate) async fn deliver(
        &self,
        core: &Arc<Core>,
        parcel: Parcel,
    ) -> Result<Answer, DeliveryFailure> {
        let (kind, payload, accepts_payload) = contents(parcel);
        let (done, mut acknowledged) = oneshot::channel();
        let number = {
            let mut hub = self.hub();
            hub.counter += 1;
            let number = hub.counter;
            let waiting = Waiting {
                kind,
                payload,
                accepts_payload,
                done,
                on: None,
                attempt: 0,
                reason: "",
                envelope_ids: Vec::new(),
            };
            hub.waiting.insert(number, waiting);
            hub.send(number, &core.secrets.signing);
            number
        };
        // Whoever stops waiting altogether, such as a test that is over, leaves nothing behind.
        let mut abandoned = Abandoned { sockets: self, number, armed: true };
        if let Ok(answer) = tokio::time::timeout(ACK_WITHIN, &mut acknowledged).await {
            return answer.map_err(|_| DeliveryFailure::NotAcknowledged);
        }
        if kind == "slash_commands" {
            // The person has been told that it failed: it must not happen after all.
            drop(abandoned);
        } else {
            abandoned.armed = false;
            let core_again = Arc::clone(core);
            core.tasks.spawn(async move {
                tokio::select! {
                    () = core_again.stop.cancelled() => {}
                    () = core_again.sockets.keep_trying(&core_again, number, acknowledged) => {}
                }
            });
        }
        Err(DeliveryFailure::NotAcknowledged)
    }

    async fn keep_trying(
        &self,
        core: &Core,
        number: u64,
        mut acknowledged: oneshot::Receiver<Answer>,
    ) {
        loop {
            {
                let mut hub = self.hub();
                let Some(waiting) = hub.waiting.get_mut(&number) else { return };
                // Retries count only while there is somebody to send it to.
                if waiting.on.take().is_some() {
                    waiting.attempt += 1;
                    waiting.reason = "timeout";
                }
                if waiting.attempt > MOST_RETRIES {
                    hub.waiting.remove(&number);
                    tracing::warn!("an envelope was given up: nobody acknowledged it");
                    return;
                }
                hub.send(number, &core.secrets.signing);
            }
            if tokio::time::timeout(ACK_WITHIN, &mut acknowledged).await.is_ok() {
                return;
            }
        }
    }

    fn acknowledged(&self, envelope_id: &str, payload: Option<Value>) {
        let mut hub = self.hub();
        let found = hub
            .waiting
            .iter()
            .find(|(_, waiting)| waiting.envelope_ids.iter().any(|id| id == envelope_id))
            .map(|(number, _)| *number);
        let Some(waiting) = found.and_then(|number| hub.waiting.remove(&number)) else { return };
        let answer = match payload {
            Some(payload) if waiting.accepts_payload && !is_empty(&payload) => {
                Answer::Json(payload)
            }
            _ => Answer::Empty,
        };
        // Whoever waited may have given up in between.
        let _ = waiting.done.send(answer);
    }
}

/// Takes an envelope back when it is dropped.
struct Abandoned<'s> {
    sockets: &'s Sockets,
    number: u64,
    armed: bool,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.sockets.hub().waiting.remove(&self.number);
        }
    }
}

fn is_empty(payload: &Value) -> bool {
    match payload {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn contents(parcel: Parcel) -> (&'static str, Value, bool) {
    match parcel {
        Parcel::Command(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name, Value::String(value)));
            ("slash_commands", Value::Object(fields.collect()), true)
        }
        Parcel::Interactive(payload) => {
            let kind = payload.get("type").and_then(Value::as_str).unwrap_or_default();
            let accepts = matches!(kind, "view_submission" | "block_suggestion");
            ("interactive", payload, accepts)
        }
        Parcel::Event(event) => ("events_api", event, false),
    }
}

impl Hub {
    /// Sends a waiting envelope to one socket, if any is open.
    fn send(&mut self, number: u64, secret: &str) {
        let staying: Vec<u64> =
            self.open.iter().filter(|(_, open)| !open.leaving).map(|(id, _)| *id).collect();
        let choice = if staying.is_empty() { self.open.keys().copied().collect() } else { staying };
        self.turn += 1;
        let turn = usize::try_from(self.turn).unwrap_or_default();
        let Some(socket) = turn.checked_rem(choice.len()).and_then(|at| choice.get(at)).copied()
        else {
            return;
        };
        let Some(waiting) = self.waiting.get_mut(&number) else { return };
        // Each time it is sent it is another envelope around the same payload.
        let envelope_id = uuid(&mark(secret, &format!("envelope:{number}:{}", self.turn)));
        let mut envelope = json!({
            "envelope_id": envelope_id,
            "type": waiting.kind,
            "payload": waiting.payload,
            "accepts_response_payload": waiting.accepts_payload,
            FROM_TOMORROW: {"x": null},
        });
        if let Value::Object(fields) = &mut envelope
            && (waiting.kind == "events_api" || waiting.attempt > 0)
        {
            fields.insert("retry_attempt".to_owned(), json!(waiting.attempt));
            fields.insert("retry_reason".to_owned(), json!(waiting.reason));
        }
        waiting.envelope_ids.push(envelope_id);
        waiting.on = Some(socket);
        if let Some(open) = self.open.get(&socket) {
            let _ = open.orders.send(Order::Send(envelope.to_string()));
        }
    }

    /// A socket is gone: what it did not acknowledge goes to another at once.
    fn lost(&mut self, socket: u64, secret: &str) {
        self.open.remove(&socket);
        let lost: Vec<u64> = self
            .waiting
            .iter_mut()
            .filter(|(_, waiting)| waiting.on == Some(socket))
            .map(|(number, waiting)| {
                waiting.on = None;
                waiting.attempt += 1;
                waiting.reason = "socket_closed";
                *number
            })
            .collect();
        for number in lost {
            self.send(number, secret);
        }
    }
}

fn uuid(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// Talks to one socket until it ends.
pub(crate) async fn talk(core: Arc<Core>, mut socket: WebSocket) {
    let (orders, mut to_do) = mpsc::unbounded_channel();
    let (id, count) = {
        let mut hub = core.sockets.hub();
        hub.counter += 1;
        let id = hub.counter;
        if hub.open.len() < MOST_SOCKETS {
            hub.open.insert(id, Open { orders: orders.clone(), leaving: false });
        }
        (id, hub.open.len())
    };
    let hello = json!({
        "type": "hello",
        "num_connections": count,
        "debug_info": {
            "host": "applink-stand-in",
            "build_number": 1,
            "approximate_connection_time": 18060,
        },
        "connection_info": {"app_id": core.read(|state| state.model.app.id.clone())},
        FROM_TOMORROW: {"x": null},
    });
    if socket.send(Message::Text(hello.to_string().into())).await.is_ok() {
        let admitted = core.sockets.hub().open.contains_key(&id);
        if admitted {
            let waiting: Vec<u64> = {
                let hub = core.sockets.hub();
                let idle = hub.waiting.iter().filter(|(_, waiting)| waiting.on.is_none());
                idle.map(|(number, _)| *number).collect()
            };
            for number in waiting {
                core.sockets.hub().send(number, &core.secrets.signing);
            }
            core.tell([Change::State]);
        } else {
            let _ = orders.send(Order::Disconnect(DisconnectReason::TooManyWebsockets));
        }
        converse(&core, &mut socket, &mut to_do).await;
    }
    core.sockets.hub().lost(id, &core.secrets.signing);
    core.tell([Change::State]);
}

async fn converse(
    core: &Arc<Core>,
    socket: &mut WebSocket,
    to_do: &mut mpsc::UnboundedReceiver<Order>,
) {
    let mut pings = tokio::time::interval(PING_EVERY);
    pings.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut unanswered = 0;
    let mut close_at: Option<tokio::time::Instant> = None;
    loop {
        let closing = async {
            match close_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = core.stop.cancelled() => return close(socket, "going away").await,
            () = closing => return close(socket, "closed after the warning").await,
            order = to_do.recv() => match order {
                None | Some(Order::Reset) => return,
                Some(Order::Close) => return close(socket, "closed").await,
                Some(Order::Send(text)) => {
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        return;
                    }
                }
                Some(Order::Disconnect(reason)) => {
                    let words = json!({
                        "type": "disconnect",
                        "reason": reason.code(),
                        "debug_info": {"host": "applink-stand-in"},
                        FROM_TOMORROW: {"x": null},
                    });
                    if socket.send(Message::Text(words.to_string().into())).await.is_err() {
                        return;
                    }
                    if reason != DisconnectReason::Warning {
                        return close(socket, reason.code()).await;
                    }
                    close_at = Some(tokio::time::Instant::now() + AFTER_WARNING);
                }
            },
            message = socket.recv() => match message {
                None | Some(Err(_)) | Some(Ok(Message::Close(_))) => return,
                Some(Ok(Message::Text(text))) => hear(core, text.as_str()),
                Some(Ok(Message::Pong(_))) => unanswered = 0,
                Some(Ok(Message::Ping(_) | Message::Binary(_))) => {}
            },
            _ = pings.tick() => {
                unanswered += 1;
                let ping = Message::Ping("Ping from applink-stand-in".into());
                if unanswered > MOST_MISSED_PINGS || socket.send(ping).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn close(socket: &mut WebSocket, reason: &'static str) {
    let frame = CloseFrame { code: 1000, reason: reason.into() };
    // It goes either way.
    let _ = socket.send(Message::Close(Some(frame))).await;
}

fn hear(core: &Core, text: &str) {
    let Ok(message) = serde_json::from_str::<Value>(text) else {
        tracing::debug!("the app sent something that is no JSON through its socket");
        return;
    };
    if let Some(envelope_id) = message.get("envelope_id").and_then(Value::as_str) {
        core.sockets.acknowledged(envelope_id, message.get("payload").cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_take_no_payload_and_submissions_do() {
        let accepts = |kind: &str| contents(Parcel::Interactive(json!({"type": kind}))).2;
        assert!(!accepts("block_actions"));
        assert!(!accepts("view_closed"));
        assert!(accepts("view_submission"));
        assert!(contents(Parcel::Command(Vec::new())).2);
        assert!(!contents(Parcel::Event(json!({}))).2);
    }

    #[test]
    fn a_ticket_opens_one_socket() {
        let sockets = Sockets::default();
        let ticket = sockets.ticket("secret").unwrap();
        assert!(sockets.admit(&ticket));
        assert!(!sockets.admit(&ticket));
        assert!(!sockets.admit("made up"));
        sockets.disconnect(DisconnectReason::LinkDisabled, false);
        assert!(sockets.ticket("secret").is_none());
    }
}
