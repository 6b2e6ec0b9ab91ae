//! The copies of requests' cards, and the messages that they became.

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Session, entities, entity, execute};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::delivery::{Card, MessageRef};
use crate::domain::ids::{CardId, RequestId};

statements! {
    INSERT on "cards" = "INSERT INTO cards (id, request_id, channel, ts, doc) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    SET_MESSAGE on "cards" = "UPDATE cards SET channel = $2, ts = $3, doc = $4 WHERE id = $1";
    REMOVE on "cards" = "DELETE FROM cards WHERE id = $1";
    BY_ID on "cards" = "SELECT id, doc FROM cards WHERE id = $1";
    OF_REQUEST on "cards" = "SELECT id, doc FROM cards WHERE request_id = $1 ORDER BY id";
    BY_MESSAGE on "cards" = "SELECT id, doc FROM cards WHERE channel = $1 AND ts = $2";
}

impl Tx {
    /// Keeps a new card. Its request must be kept before it.
    pub async fn insert_card(&mut self, card: &Card) -> Result<(), StoreError> {
        let message = card.message.as_ref();
        let inserted = execute!(
            self,
            INSERT,
            card.id.to_string(),
            card.request.to_string(),
            message.map(|m| m.channel.as_str()),
            message.map(|m| m.ts.as_str()),
            Json(card),
        )?;
        if inserted == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("there is a card {}", card.id)))
        }
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

    /// The card that is this message.
    pub async fn card_by_message(
        &mut self,
        message: &MessageRef,
    ) -> Result<Option<Card>, StoreError> {
        entity!(self, BY_MESSAGE, Card, message.channel.as_str(), message.ts.as_str())
    }
}
