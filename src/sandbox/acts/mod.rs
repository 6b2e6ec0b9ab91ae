//! What people do: command, click, fill in, submit, write.

mod admin;
mod command;
mod forms;
pub(crate) mod press;

use serde_json::Value;

pub use command::CommandOutcome;
pub use forms::SubmitOutcome;
pub(crate) use forms::open_view;
pub use press::ClickOutcome;

use super::model::{Channel, ChannelKind, Message, Model, Person, PersonKind};
use super::outgoing::DeliveryFailure;
use super::outgoing::payloads::Tickets;
use super::state::State;
use super::triggers::Origin;

/// Why a person cannot do that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// There is nobody with this id.
    #[error("there is no person {0} in the workspace")]
    NoSuchPerson(String),
    /// Bots and deactivated accounts.
    #[error("{0} cannot sign in: it is a bot, or it was deactivated")]
    CannotSignIn(String),
    /// There is no such channel, or this person does not see it.
    #[error("there is no channel {0} that this person can see")]
    NoSuchChannel(String),
    /// Writing is for members.
    #[error("this person is not in channel {0}")]
    NotInChannel(String),
    /// Nobody can write there any more.
    #[error("channel {0} is archived")]
    Archived(String),
    /// There is no such message, or this person does not see it.
    #[error("there is no message {ts} in {channel} that this person can see; there are: {seen}")]
    NoSuchMessage {
        /// The channel.
        channel: String,
        /// The timestamp.
        ts: String,
        /// What there is.
        seen: String,
    },
    /// This person has no such view open.
    #[error("this person has no view {0} open")]
    NoSuchView(String),
    /// There is nothing of that name to press, choose or fill in.
    #[error("there is no element `{wanted}`; there are: {seen}")]
    NoSuchElement {
        /// What was looked for.
        wanted: String,
        /// What there is.
        seen: String,
    },
    /// The choice is not offered.
    #[error("{0}")]
    NoSuchChoice(String),
    /// A field of a form goes to the app only with the form.
    #[error("`{0}` does not dispatch: the app hears of it when the form is submitted")]
    NotDispatched(String),
    /// The app did not get it.
    #[error(transparent)]
    NotDelivered(#[from] DeliveryFailure),
}

/// Somebody who can use Slack.
fn actor<'m>(model: &'m Model, user: &str) -> Result<&'m Person, ActError> {
    let person = model.person(user).ok_or_else(|| ActError::NoSuchPerson(user.to_owned()))?;
    if person.can_sign_in() { Ok(person) } else { Err(ActError::CannotSignIn(user.to_owned())) }
}

/// Whether this person can read the channel: members can, and every full member any public one.
pub(crate) fn can_read(person: &Person, channel: &Channel) -> bool {
    channel.members.contains(&person.id)
        || (person.kind == PersonKind::Member && channel.kind == ChannelKind::Public)
}

fn readable<'m>(model: &'m Model, person: &Person, id: &str) -> Result<&'m Channel, ActError> {
    model
        .channel(id)
        .filter(|channel| can_read(person, channel))
        .ok_or_else(|| ActError::NoSuchChannel(id.to_owned()))
}

/// What this person sees in a channel, oldest first.
pub(crate) fn seen_by<'m>(
    user: &'m str,
    channel: &'m Channel,
) -> impl DoubleEndedIterator<Item = &'m Message> {
    channel
        .messages
        .iter()
        .filter(move |message| message.ephemeral_to.as_ref().is_none_or(|only| only == user))
}

fn visible_message<'m>(
    user: &str,
    channel: &'m Channel,
    ts: &str,
) -> Result<&'m Message, ActError> {
    channel
        .message(ts)
        .filter(|message| message.ephemeral_to.as_ref().is_none_or(|only| only == user))
        .ok_or_else(|| ActError::NoSuchMessage {
            channel: channel.id.clone(),
            ts: ts.to_owned(),
            seen: channel
                .messages
                .iter()
                .map(|message| format!("{} “{}”", message.ts, message.text))
                .collect::<Vec<_>>()
                .join(", "),
        })
}

impl State {
    /// A trigger, and an address to answer at: its path.
    pub(crate) fn tickets(
        &mut self,
        secret: &str,
        base: &str,
        (user, channel): (&str, &str),
        origin: Origin,
        now: chrono::DateTime<chrono::Utc>,
    ) -> (Tickets, String) {
        let trigger_id = self.trigger(secret, user, now);
        let number = self.model.next_number();
        let team = self.model.team.id.clone();
        let path = self.response_urls.give(secret, number, &team, (user, channel), origin, now);
        (Tickets { trigger_id, response_url: format!("{base}{path}") }, path)
    }

    pub(crate) fn trigger(
        &mut self,
        secret: &str,
        user: &str,
        now: chrono::DateTime<chrono::Utc>,
    ) -> String {
        let number = self.model.next_number();
        self.triggers.give(secret, number, user, now)
    }
}

/// The value of a field of an answer, as text.
fn text_of<'v>(answer: &'v Value, name: &str) -> &'v str {
    answer.get(name).and_then(Value::as_str).unwrap_or_default()
}
