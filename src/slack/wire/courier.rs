//! What is done after the acknowledgement: opening forms, telling somebody something.
//!
//! These are answers to somebody who is waiting; what must arrive goes through deliveries instead.
//! A failure is logged without what was to be said, and the person is told if that is possible.

use std::sync::Arc;

use serde_json::{Value, json};

use super::client::{CallError, Client};
use super::desk::{FollowUp, Message};
use super::inbound::ResponseUrl;
use super::intake::{Asker, is_blank};
use crate::domain::person::PersonId;

/// Does what is to be done after the acknowledgement.
#[derive(Debug, Clone)]
pub struct Courier {
    client: Arc<Client>,
}

impl Courier {
    /// Through this client.
    pub const fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    /// Does these, one after the other; each has its own deadline, and none keeps another back for
    /// ever.
    pub async fn run(&self, asker: &Asker, then: Vec<FollowUp>) {
        for follow_up in then {
            self.one(asker, follow_up).await;
        }
    }

    async fn one(&self, asker: &Asker, follow_up: FollowUp) {
        let (what, result) = match follow_up {
            FollowUp::OpenView { trigger_id, view } => {
                ("views.open", self.client.open_view(&trigger_id, &view).await.map(|_| ()))
            }
            FollowUp::PushView { trigger_id, view } => {
                ("views.push", self.client.push_view(&trigger_id, &view).await.map(|_| ()))
            }
            FollowUp::UpdateView { view_id, hash, view } => {
                let updated = self.client.update_view(&view_id, hash.as_deref(), &view).await;
                // A form that changed meanwhile, or was closed, shows something newer.
                let newer = |error: &CallError| {
                    matches!(error.code(), Some("hash_conflict" | "not_found" | "view_not_found"))
                };
                match updated {
                    Err(error) if newer(&error) => {
                        tracing::debug!(%error, "a form had changed before it could be updated");
                        return;
                    }
                    other => ("views.update", other.map(|_| ())),
                }
            }
            FollowUp::PublishHome { person, view } => {
                // Nobody asked for words: the delivery that goes with it tries again.
                if let Err(error) = self.client.publish_view(&person.user, &view).await {
                    tracing::debug!(%person, %error, "an App Home was not shown at once");
                }
                return;
            }
            FollowUp::Replace { response_url, message } => {
                // Nobody asked for it: the next click there tries again.
                if let Err(error) = self.client.respond(&response_url, &instead(&message)).await {
                    tracing::debug!(%error, "a message that is out of date could not be replaced");
                }
                return;
            }
            FollowUp::Tell { to, channel, response_url, message } => {
                self.tell(&to, channel.as_deref(), response_url.as_ref(), &message).await;
                return;
            }
        };
        if let Err(error) = result {
            tracing::warn!(method = what, %error, "a form could not be shown");
            let words = Message::text(unopened(&error));
            if let Some(FollowUp::Tell { to, channel, response_url, message }) = asker.tell(words) {
                self.tell(&to, channel.as_deref(), response_url.as_ref(), &message).await;
            }
        }
    }

    /// Tells somebody something that nobody else sees, in the first way that works.
    pub async fn tell(
        &self,
        to: &PersonId,
        channel: Option<&str>,
        response_url: Option<&ResponseUrl>,
        message: &Message,
    ) {
        if let Some(url) = response_url {
            match self.client.respond(url, &private(message)).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(%error, "an address for answers did not take one"),
            }
        }
        if let Some(channel) = channel {
            match self.client.post_ephemeral(channel, &to.user, message).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(%error, "a channel did not take a private answer"),
            }
        }
        if let Err(error) = self.client.post_message(&to.user, message).await {
            tracing::warn!(person = %to, %error, "could not answer somebody");
        }
    }
}

/// The body of a private answer at a response URL.
fn private(message: &Message) -> Value {
    let body =
        json!({"response_type": "ephemeral", "replace_original": false, "text": message.text});
    with_blocks(body, message)
}

/// The body of what takes the place of the message that the response URL belongs to.
fn instead(message: &Message) -> Value {
    with_blocks(json!({"replace_original": true, "text": message.text}), message)
}

fn with_blocks(mut body: Value, message: &Message) -> Value {
    if let (false, Some(fields)) = (is_blank(&message.blocks), body.as_object_mut()) {
        fields.insert("blocks".to_owned(), message.blocks.clone());
    }
    body
}

/// Why the form did not open, and what to do.
fn unopened(error: &CallError) -> &'static str {
    match error {
        CallError::Timeout => "The form did not open in time. Try again.",
        CallError::Slack { code, .. }
            if matches!(
                code.as_str(),
                "expired_trigger_id" | "trigger_expired" | "exchanged_trigger_id"
            ) =>
        {
            "The form did not open in time. Try again."
        }
        CallError::RateLimited { .. } => {
            "Slack takes no more forms for a moment. Try again in a minute."
        }
        _ => {
            "The form could not be opened, and nothing was recorded. Try again; if it keeps \
              failing, tell whoever runs Countersign."
        }
    }
}
