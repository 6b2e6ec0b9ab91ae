//! The copies of requests' cards, and the messages that they became.

use std::collections::BTreeSet;

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Doc, Session, entities, entity, execute};
use super::several::several;
use super::statement::statements;
use super::tx::Tx;
use crate::domain::delivery::{Card, MessageRef};
use crate::domain::ids::{CardId, RequestId};

statements! {
    SET_MESSAGE on "cards" = "UPDATE cards SET channel = $2, ts = $3, doc = $4 WHERE id = $1";
    REMOVE on "cards" = "DELETE FROM cards WHERE id = $1";
    BY_ID on "cards" = "SELECT id, doc FROM cards WHERE id = $1";
    OF_REQUEST on "cards" = "SELECT id, doc FROM cards WHERE request_id = $1 ORDER BY id";
    BY_MESSAGE on "cards" = "SELECT id, doc FROM cards WHERE channel = $1 AND ts = $2";
}

/// The cards of several requests, whose places follow.
const OF_REQUESTS: &str = "SELECT id, doc FROM cards WHERE request_id IN";

impl Tx {
    /// Keeps new cards. Their request must be kept before them.
    pub async fn insert_cards(&mut self, cards: &[Card]) -> Result<(), StoreError> {
        let text = |places| {
            format!(
                "INSERT INTO cards (id, request_id, channel, ts, doc) VALUES {places} \
                 ON CONFLICT DO NOTHING"
            )
        };
        let inserted: u64 = several!(self, "cards", cards, 5, text, |query, card| query
            .bind(card.id.to_string())
            .bind(card.request.to_string())
            .bind(card.message.as_ref().map(|m| m.channel.as_str()))
            .bind(card.message.as_ref().map(|m| m.ts.as_str()))
            .bind(Json(card)))?;
        if usize::try_from(inserted).is_ok_and(|n| n == cards.len()) {
            Ok(())
        } else {
            let ids: Vec<String> = cards.iter().map(|card| card.id.to_string()).collect();
            Err(StoreError::conflict(format!("there is a card among {}", ids.join(", "))))
        }
    }

    /// Keeps a new card. Its request must be kept before it.
    pub async fn insert_card(&mut self, card: &Card) -> Result<(), StoreError> {
        self.insert_cards(std::slice::from_ref(card)).await
    }

    /// The card is this message from now on. [`StoreError::Conflict`] if there is no such card.
    pub async fn set_card_message(
        &mut self,
        id: CardId,
        message: &MessageRef,
    ) -> Result<(), StoreError> {
        let card = self.card(id).await?;
        let card = card.ok_or_else(|| StoreError::conflict(format!("there is no card {id}")))?;
        let card = Card { message: Some(message.clone()), ..card };
        let (channel, ts) = (message.channel.as_str(), message.ts.as_str());
        execute!(self, SET_MESSAGE, id.to_string(), channel, ts, Json(&card)).map(drop)
    }

    /// Forgets a copy whose message is gone.
    pub async fn remove_card(&mut self, id: CardId) -> Result<(), StoreError> {
        execute!(self, REMOVE, id.to_string()).map(drop)
    }
}

impl Session {
    /// The card.
    pub async fn card(&mut self, id: CardId) -> Result<Option<Card>, StoreError> {
        entity!(self, BY_ID, Card, id.to_string())
    }

    /// All copies of the request's card.
    pub async fn cards_of(&mut self, request: RequestId) -> Result<Vec<Card>, StoreError> {
        entities!(self, OF_REQUEST, Card, request.to_string())
    }

    /// All copies of these requests' cards.
    pub(super) async fn cards_of_all(
        &mut self,
        requests: &BTreeSet<RequestId>,
    ) -> Result<Vec<Card>, StoreError> {
        let ids: Vec<String> = requests.iter().map(ToString::to_string).collect();
        let term = |n| format!("${n}");
        let rows: Vec<(String, Doc<Card>)> =
            self.all_of("cards", OF_REQUESTS, term, "", &ids).await?;
        let mut cards = rows
            .into_iter()
            .map(|(id, doc)| doc.open(&OF_REQUEST, &id))
            .collect::<Result<Vec<Card>, _>>()?;
        cards.sort_by_key(|card| card.id);
        Ok(cards)
    }

    /// The card that is this message.
    pub async fn card_by_message(
        &mut self,
        message: &MessageRef,
    ) -> Result<Option<Card>, StoreError> {
        entity!(self, BY_MESSAGE, Card, message.channel.as_str(), message.ts.as_str())
    }
}
