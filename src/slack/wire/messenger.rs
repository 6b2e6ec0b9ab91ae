//! [`Messenger`] on Slack: what is to be shown is rendered, posted or changed, and what Slack
//! answers is read as one of: there, gone, later, never.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::client::{CallError, Client};
use super::desk::Message;
use super::files::NotShown;
use super::installation::Installation;
use super::limits::{POST, PUBLISH, UPDATE};
use crate::domain::delivery::{Delivery, MessageRef, Place};
use crate::service::messenger::{Delivered, Messenger, Parcel};
use crate::slack::picture::Picture;

/// A parcel as Slack shows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Rendered {
    /// A message.
    Message(Message),
    /// A message with a picture below it.
    Pictured(Message, Picture),
    /// The view of an App Home.
    Home(Value),
}

/// Makes a parcel into what Slack shows; pure.
pub type Render = Arc<dyn Fn(&Parcel) -> Rendered + Send + Sync>;

/// Shows things to people in Slack.
pub struct SlackMessenger {
    client: Arc<Client>,
    installation: Arc<Installation>,
    render: Render,
    /// Why pictures were not shown, each told once to the log.
    told: Mutex<BTreeSet<String>>,
}

impl SlackMessenger {
    /// Shows what `render` makes of a parcel, through this client.
    pub fn new(client: Arc<Client>, installation: Arc<Installation>, render: Render) -> Self {
        Self { client, installation, render, told: Mutex::default() }
    }

    /// Where Slack posts it: a channel's id, or a person's, which Slack takes for their direct
    /// messages with the app.
    fn channel<'a>(&self, place: &'a Place) -> Result<&'a str, Delivered> {
        match place {
            Place::Channel(id) | Place::Thread(MessageRef { channel: id, .. }) => Ok(id),
            Place::Person(person) if person.workspace == self.installation.id() => Ok(&person.user),
            Place::Person(_) => Err(Delivered::Never { error: "of_another_workspace".to_owned() }),
        }
    }

    async fn post(&self, place: &Place, message: &Message) -> Delivered {
        let channel = match self.channel(place) {
            Ok(channel) => channel,
            Err(never) => return never,
        };
        if let Err(wait) = self.client.limits().take(POST, Some(channel)) {
            return wait_for(wait);
        }
        let thread = match place {
            Place::Thread(above) => Some(above.ts.as_str()),
            Place::Channel(_) | Place::Person(_) => None,
        };
        match self.client.post_in(channel, thread, message).await {
            Ok(message) => Delivered::Posted(message),
            Err(error) => outcome(&error),
        }
    }

    /// With the picture; without it where Slack does not take it: what is said must arrive.
    async fn post_pictured(
        &self,
        place: &Place,
        message: &Message,
        picture: &Picture,
    ) -> Delivered {
        let Place::Channel(channel) = place else { return self.post(place, message).await };
        if let Err(wait) = self.client.limits().take(POST, Some(channel)) {
            return wait_for(wait);
        }
        let why = match self.client.post_picture(channel, message, picture).await {
            Ok(()) => return Delivered::Shown,
            Err(NotShown::Bytes(why)) => why.to_string(),
            Err(NotShown::Call(error)) => match outcome(&error) {
                Delivered::Never { error } => error,
                // Slack itself is away: words would not arrive, either.
                later => return later,
            },
        };
        let first = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(why.clone());
        if first {
            tracing::warn!(
                why,
                channel,
                "a picture is not shown, the words are: give the app the scope files:write and invite \
                 it to the channel; countersign doctor looks at both"
            );
        }
        match self.client.post_message(channel, message).await {
            Ok(message) => Delivered::Posted(message),
            Err(error) => outcome(&error),
        }
    }

    async fn update(&self, at: &MessageRef, shows: &Message) -> Delivered {
        if let Err(wait) = self.client.limits().take(UPDATE, Some(&at.channel)) {
            return wait_for(wait);
        }
        match self.client.update_message(at, shows).await {
            Ok(()) => Delivered::Shown,
            Err(error) => outcome(&error),
        }
    }

    async fn publish(&self, parcel: &Parcel, view: &Value) -> Delivered {
        let Parcel::Home { overview } = parcel else {
            return Delivered::Never { error: "a_view_for_a_message".to_owned() };
        };
        let place = Place::Person(overview.person.clone());
        let user = match self.channel(&place) {
            Ok(user) => user,
            Err(never) => return never,
        };
        if let Err(wait) = self.client.limits().take(PUBLISH, None) {
            return wait_for(wait);
        }
        match self.client.publish_view(user, view).await {
            Ok(()) => Delivered::Shown,
            Err(error) => outcome(&error),
        }
    }
}

#[async_trait]
impl Messenger for SlackMessenger {
    async fn deliver(&self, parcel: &Parcel) -> Delivered {
        match ((self.render)(parcel), parcel) {
            (Rendered::Home(view), _) => self.publish(parcel, &view).await,
            (Rendered::Message(message), Parcel::NewCard { card, .. }) => {
                self.post(&card.place, &message).await
            }
            (Rendered::Message(shows), Parcel::Card { message, .. }) => {
                self.update(message, &shows).await
            }
            (Rendered::Message(message), Parcel::Notice { place, .. }) => {
                self.post(place, &message).await
            }
            (Rendered::Message(shows), Parcel::Bulletin { bulletin, .. }) => {
                match &bulletin.message {
                    Some(message) => self.update(message, &shows).await,
                    None => self.post(&bulletin.place, &shows).await,
                }
            }
            (Rendered::Pictured(message, picture), Parcel::Notice { place, .. }) => {
                self.post_pictured(place, &message, &picture).await
            }
            (Rendered::Pictured(..), _) => {
                Delivered::Never { error: "a_picture_that_cannot_change".to_owned() }
            }
            (Rendered::Message(_), Parcel::Home { .. }) => {
                Delivered::Never { error: "a_message_for_a_view".to_owned() }
            }
        }
    }

    fn ready(&self, delivery: &Delivery, message: Option<&MessageRef>) -> Result<(), Duration> {
        let limits = self.client.limits();
        let wait = match (delivery, message) {
            (
                Delivery::Card { .. } | Delivery::Bulletin { .. } | Delivery::Change { .. },
                Some(message),
            ) => limits.wait(UPDATE, Some(&message.channel)),
            // What is not posted yet: where to is known only when it is looked up.
            (Delivery::Card { .. } | Delivery::Bulletin { .. } | Delivery::Change { .. }, None) => {
                limits.wait(POST, None)
            }
            (Delivery::Notice { place, .. }, _) => {
                self.channel(place).ok().and_then(|channel| limits.wait(POST, Some(channel)))
            }
            (Delivery::Home { .. }, _) => limits.wait(PUBLISH, None),
            (Delivery::Callback { .. }, _) => None,
        };
        wait.map_or(Ok(()), Err)
    }
}

fn wait_for(wait: Duration) -> Delivered {
    Delivered::Retry { after: Some(wait), error: "our_own_limit".to_owned() }
}

/// What is wrong with our own right to act: it will be put right, and then everything must arrive.
const OURS: [&str; 6] = [
    "invalid_auth",
    "not_authed",
    "token_revoked",
    "token_expired",
    "team_added_to_org",
    "org_login_required",
];
/// What passes by itself.
const PASSING: [&str; 8] = [
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "hash_conflict",
    "external_channel_migrating",
    "accesslimited",
    "update_failed",
];

/// What an error means for a delivery. Whether a post that got no answer was done is not known; it
/// is tried again, because a message twice is better than none.
pub fn outcome(error: &CallError) -> Delivered {
    match error {
        CallError::RateLimited { after } => {
            Delivered::Retry { after: Some(*after), error: "ratelimited".to_owned() }
        }
        CallError::Timeout | CallError::Transport(_) | CallError::Malformed => {
            Delivered::Retry { after: None, error: error.to_string() }
        }
        CallError::Slack { code, .. } => match code.as_str() {
            "message_not_found" => Delivered::Gone,
            code if PASSING.contains(&code) => {
                Delivered::Retry { after: None, error: code.to_owned() }
            }
            code if OURS.contains(&code) => {
                Delivered::Retry { after: Some(Duration::from_secs(60)), error: code.to_owned() }
            }
            _ => Delivered::Never { error: error.to_string() },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slack(code: &str) -> Delivered {
        outcome(&CallError::Slack { code: code.to_owned(), messages: Vec::new() })
    }

    #[test]
    fn what_can_never_arrive_is_told_from_what_may_arrive_later() {
        assert_eq!(slack("message_not_found"), Delivered::Gone);
        for never in [
            "channel_not_found",
            "is_archived",
            "not_in_channel",
            "user_disabled",
            "account_inactive",
            "invalid_blocks",
            "missing_scope",
            "cant_update_message",
            "a_code_from_tomorrow",
        ] {
            assert_eq!(slack(never), Delivered::Never { error: never.to_owned() });
        }
        for later in ["internal_error", "service_unavailable", "token_revoked"] {
            assert!(matches!(slack(later), Delivered::Retry { .. }), "{later}");
        }
        let wait = Duration::from_secs(7);
        assert_eq!(
            outcome(&CallError::RateLimited { after: wait }),
            Delivered::Retry { after: Some(wait), error: "ratelimited".to_owned() }
        );
        for ambiguous in
            [CallError::Timeout, CallError::Transport("http 503".to_owned()), CallError::Malformed]
        {
            assert!(matches!(outcome(&ambiguous), Delivered::Retry { after: None, .. }));
        }
    }

    #[test]
    fn slacks_own_words_on_a_bad_block_are_kept() {
        let error = CallError::Slack {
            code: "invalid_blocks".to_owned(),
            messages: vec!["must be less than 3001 characters [json-pointer:/blocks/0]".to_owned()],
        };
        let Delivered::Never { error } = outcome(&error) else { panic!("not never") };
        assert!(error.starts_with("invalid_blocks (must be less"), "{error}");
    }
}
