//! What was issued to agents.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Doc, Session, entity, execute};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::ids::TokenId;
use crate::domain::time::Timestamp;
use crate::domain::token::IssuedToken;

statements! {
    INSERT on "tokens" = "INSERT INTO tokens (id, agent_id, until, doc) VALUES ($1, $2, $3, $4)";
    UPDATE on "tokens" = "UPDATE tokens SET doc = $2 WHERE id = $1";
    BY_ID on "tokens" = "SELECT id, doc FROM tokens WHERE id = $1";
    FORGET on "tokens" = "DELETE FROM tokens WHERE until < $1";
}

/// The same of several, whose places follow.
const OF_THESE: &str = "SELECT id, doc FROM tokens WHERE id IN";

impl Tx {
    /// Keeps what a new token rests on.
    pub async fn insert_token(&mut self, token: &IssuedToken) -> Result<(), StoreError> {
        let (id, agent) = (token.id.to_string(), token.agent.to_string());
        execute!(self, INSERT, id, agent, token.until, Json(token)).map(drop)
    }

    /// Keeps the token as it is now.
    pub async fn update_token(&mut self, token: &IssuedToken) -> Result<(), StoreError> {
        execute!(self, UPDATE, token.id.to_string(), Json(token)).map(drop)
    }

    /// Forgets the tokens that were over before this moment; the log remembers them.
    pub async fn forget_tokens_before(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        execute!(self, FORGET, before)
    }
}

impl Session {
    /// What is known of the token.
    pub async fn token(&mut self, id: TokenId) -> Result<Option<IssuedToken>, StoreError> {
        entity!(self, BY_ID, IssuedToken, id.to_string())
    }

    /// What is known of these tokens; those that are not known are left out. None are looked for
    /// where none are named.
    pub async fn tokens(
        &mut self,
        ids: &BTreeSet<TokenId>,
    ) -> Result<BTreeMap<TokenId, IssuedToken>, StoreError> {
        type Row = (String, Doc<IssuedToken>);
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let place = |n| format!("${n}");
        let rows: Vec<Row> = self.all_of("tokens", OF_THESE, place, "", &ids).await?;
        let token = |(id, doc): Row| doc.open(&BY_ID, &id).map(|token| (token.id, token));
        rows.into_iter().map(token).collect()
    }
}
