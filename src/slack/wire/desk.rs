//! The seam between the wire and the use cases: something came in, what is answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Bytes;
use serde_json::Value;

use super::inbound::{Inbound, ResponseUrl};
use super::intake::Payload;
use crate::domain::person::PersonId;

/// Takes what came in, has it done, and says what to answer.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// Handles it. When this returns, whatever had to be recorded is durable, or the answer says
    /// that it is not. May be called twice with the same thing; its once-key tells.
    ///
    /// Dropped by nobody: if it takes longer than the wire can wait, the person is told that it
    /// takes long, this goes on, and its answer follows later.
    async fn handle(&self, inbound: Inbound) -> Answer;
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What Slack is told at once.
    pub ack: Ack,
    /// What is done after that, in this order.
    pub then: Vec<FollowUp>,
}

impl Answer {
    /// Nothing to say.
    pub const fn empty() -> Self {
        Self { ack: Ack::Empty, then: Vec::new() }
    }

    /// Words for the person who asked, for nobody else to see.
    pub const fn say(message: Message) -> Self {
        Self { ack: Ack::Message(message), then: Vec::new() }
    }

    /// This acknowledgement and nothing after it.
    pub const fn ack(ack: Ack) -> Self {
        Self { ack, then: Vec::new() }
    }

    /// One thing to do after an empty acknowledgement.
    pub fn then(follow_up: FollowUp) -> Self {
        Self { ack: Ack::Empty, then: vec![follow_up] }
    }
}

/// What Slack is told at once. Where a kind of answer does not fit what came in (words for a
/// click, a view for a command), the wire finds the way that does.
#[derive(Debug, Clone)]
pub enum Ack {
    /// It was taken. A form closes.
    Empty,
    /// Words for the person alone.
    Message(Message),
    /// The same, made once and said often.
    Prepared(Prepared),
    /// The form stays, with an error at these blocks (block id to text).
    FieldErrors(BTreeMap<String, String>),
    /// The form shows this view instead.
    UpdateView(Value),
    /// This view opens on top of the form.
    PushView(Value),
    /// The form closes, with all below it.
    ClearViews,
    /// It could not be recorded and there is nothing to say: Slack is to deliver it again.
    Again,
}

/// A message: what screen readers and notifications say, and how it looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The whole content as plain text.
    pub text: String,
    /// Block Kit, an array; null or empty for text alone.
    pub blocks: Value,
}

impl Message {
    /// Text alone. Untrusted text must be escaped before.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), blocks: Value::Null }
    }
}

/// Words for whoever types a command, with the bytes that go over the wire: for answers that are the
/// same for everybody, so that giving them costs next to nothing.
#[derive(Debug, Clone)]
pub struct Prepared {
    message: Arc<Message>,
    body: Bytes,
}

impl Prepared {
    /// Makes it.
    pub fn new(message: Message) -> Self {
        let body = serde_json::to_vec(&Payload::private(message.clone())).unwrap_or_default();
        Self { message: Arc::new(message), body: body.into() }
    }

    /// The words.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The JSON with which a command is answered.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

/// What is done after the acknowledgement.
#[derive(Debug, Clone)]
pub enum FollowUp {
    /// Opens a form.
    OpenView {
        /// From what came in; three seconds, once.
        trigger_id: String,
        /// The form.
        view: Value,
    },
    /// Opens a form on top of the one that is open.
    PushView {
        /// From what came in; three seconds, once.
        trigger_id: String,
        /// The form.
        view: Value,
    },
    /// Shows another view in the place of an open one.
    UpdateView {
        /// The open one.
        view_id: String,
        /// Refuse if it has changed since.
        hash: Option<String>,
        /// The other.
        view: Value,
    },
    /// Shows this view as a person's App Home, at once; what must arrive goes as a delivery too.
    PublishHome {
        /// Whose.
        person: PersonId,
        /// The view.
        view: Value,
    },
    /// Shows another message in the place of the one in which something was clicked.
    Replace {
        /// From the click.
        response_url: ResponseUrl,
        /// The other.
        message: Message,
    },
    /// Tells somebody something that nobody else sees: at the response URL if there is one, else
    /// ephemerally in the channel, else as a direct message.
    Tell {
        /// Whom.
        to: PersonId,
        /// Where they are.
        channel: Option<String>,
        /// Where an answer may be posted.
        response_url: Option<ResponseUrl>,
        /// What.
        message: Message,
    },
}
