//! What the workspace sends to the app: commands, interactions, events.

mod http;
pub(crate) mod payloads;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub use http::{HttpAnswer, SignedRequest};
pub(crate) use http::{send, signature};

use super::core::{AppTransport, Core};

/// How long Slack waits for an acknowledgement.
pub const ACK_WITHIN: Duration = Duration::from_secs(3);

/// Something for the app.
#[derive(Clone, Debug)]
pub(crate) enum Parcel {
    /// A slash command, field by field.
    Command(Vec<(String, String)>),
    /// A click, a submission, …
    Interactive(Value),
    /// An event, with everything around it.
    Event(Value),
}

/// What the app acknowledged with.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing more.
    Empty,
    /// Plain text.
    Text(String),
    /// JSON.
    Json(Value),
}

/// Why the app did not get it, or gave no proper answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryFailure {
    /// No answer over HTTP within 3 s.
    #[error("the app did not answer within 3 seconds")]
    Timeout,
    /// No socket was open, or nobody acknowledged the envelope within 3 s.
    #[error("no socket of the app acknowledged it within 3 seconds")]
    NotAcknowledged,
    /// No connection, or it was cut.
    #[error("the app could not be reached: {0}")]
    Connection(String),
    /// An answer that is no success.
    #[error("the app answered with HTTP status {0}")]
    Status(u16),
    /// An answer that Slack cannot use.
    #[error("the app's answer is of no use: {0}")]
    BadAnswer(String),
}

impl Core {
    /// Sends something to the app and waits for its acknowledgement.
    pub(crate) async fn deliver(
        self: &Arc<Self>,
        parcel: Parcel,
    ) -> Result<Answer, DeliveryFailure> {
        if self.faults.next_is_doubled() {
            let (core, again) = (Arc::clone(self), parcel.clone());
            self.tasks.spawn(async move {
                if let Err(failure) = core.deliver_once(again, None).await {
                    tracing::debug!(%failure, "the second copy was not delivered");
                }
            });
        }
        self.deliver_once(parcel, None).await
    }

    async fn deliver_once(
        self: &Arc<Self>,
        parcel: Parcel,
        retry: Option<(usize, &str)>,
    ) -> Result<Answer, DeliveryFailure> {
        match self.transport() {
            AppTransport::Socket => self.sockets.deliver(self, parcel).await,
            AppTransport::Http { base_url } => {
                let request = http::request(self, &base_url, &parcel, retry)?;
                match http::send(&request, ACK_WITHIN).await? {
                    HttpAnswer { status: 200..=299, content_type, body } => {
                        http::understand(&content_type, &body)
                    }
                    HttpAnswer { status, .. } => Err(DeliveryFailure::Status(status)),
                }
            }
        }
    }

    /// Sends an event, if the app subscribed to it, and keeps trying as Slack does. Returns at
    /// once.
    pub(crate) fn emit(self: &Arc<Self>, event: Value) {
        let subscribed = self.read(|state| payloads::is_subscribed(&state.model, &event));
        if !subscribed {
            return;
        }
        let envelope =
            self.change(|state, now| payloads::event_callback(&mut state.model, event, now));
        let core = Arc::clone(self);
        self.tasks.spawn(async move {
            tokio::select! {
                () = core.stop.cancelled() => {}
                () = core.deliver_event(envelope) => {}
            }
        });
    }

    async fn deliver_event(self: &Arc<Self>, envelope: Value) {
        let mut outcome = self.deliver(Parcel::Event(envelope.clone())).await;
        if self.transport() == AppTransport::Socket {
            // Envelopes are sent again by the sockets themselves.
            return;
        }
        for (attempt, wait) in self.event_retries.clone().into_iter().enumerate() {
            let reason = match &outcome {
                Ok(_) => return,
                Err(DeliveryFailure::Timeout | DeliveryFailure::NotAcknowledged) => "http_timeout",
                Err(DeliveryFailure::Connection(_)) => "connection_failed",
                Err(DeliveryFailure::Status(_) | DeliveryFailure::BadAnswer(_)) => "http_error",
            };
            tokio::time::sleep(wait).await;
            let parcel = Parcel::Event(envelope.clone());
            outcome = self.deliver_once(parcel, Some((attempt + 1, reason))).await;
        }
        if let Err(failure) = outcome {
            tracing::warn!(%failure, "an event was given up");
        }
    }
}
