//! A parcel becomes what Slack shows.

use serde::Serialize;
use serde_json::Value;

use super::wire::desk::Message;
use super::wire::messenger::Rendered;
use super::{picture, views};
use crate::service::messenger::{Content, Parcel};

/// What Slack shows of a parcel; pure.
pub fn render(parcel: &Parcel) -> Rendered {
    match parcel {
        Parcel::NewCard { card, request, agent } => {
            Rendered::Message(message(views::new_card(card.face, request, agent)))
        }
        Parcel::Card { card, request, agent, opens, usual, now, .. } => Rendered::Message(message(
            views::card(card.face, request, agent, opens.as_deref(), *usual, *now),
        )),
        Parcel::Notice { content: content @ Content::Digest { insights }, now, .. } => {
            let message = message(views::notice(content, *now));
            match picture::weekly(insights) {
                Some(picture) => Rendered::Pictured(message, picture),
                None => Rendered::Message(message),
            }
        }
        Parcel::Notice { content, now, .. } => {
            Rendered::Message(message(views::first_notice(content, *now)))
        }
        Parcel::Bulletin { content, now, .. } => {
            Rendered::Message(message(views::notice(content, *now)))
        }
        Parcel::Home { overview } => Rendered::Home(json(&views::home(overview))),
    }
}

/// A message as it goes over the wire.
pub fn message(message: views::Message) -> Message {
    Message { blocks: json(&message.blocks), text: message.text }
}

/// What the views make is plain data: it always has a JSON form.
pub fn json(view: &impl Serialize) -> Value {
    serde_json::to_value(view).unwrap_or_default()
}
