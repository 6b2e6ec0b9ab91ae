//! Notices that are kept true, and the messages that they became.

use std::collections::BTreeSet;

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Doc, Session, entities, entity, execute};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::delivery::{Bulletin, MessageRef};
use crate::domain::ids::BulletinId;

statements! {
    INSERT on "bulletins" = "INSERT INTO bulletins (id, about, channel, ts, doc) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING";
    SET_MESSAGE on "bulletins" = "UPDATE bulletins SET channel = $2, ts = $3, doc = $4 WHERE id = $1";
    REMOVE on "bulletins" = "DELETE FROM bulletins WHERE id = $1";
    BY_ID on "bulletins" = "SELECT id, doc FROM bulletins WHERE id = $1";
    ABOUT on "bulletins" = "SELECT id, doc FROM bulletins WHERE about = $1 ORDER BY id";
    BY_MESSAGE on "bulletins" = "SELECT id, doc FROM bulletins WHERE channel = $1 AND ts = $2";
}

/// The bulletins about several things, whose places follow.
const ABOUT_SEVERAL: &str = "SELECT id, doc FROM bulletins WHERE about IN";

impl Tx {
    /// Keeps a new bulletin.
    pub async fn insert_bulletin(&mut self, bulletin: &Bulletin) -> Result<(), StoreError> {
        let inserted = execute!(
            self,
            INSERT,
            bulletin.id.to_string(),
            bulletin.about.as_str(),
            bulletin.message.as_ref().map(|m| m.channel.as_str()),
            bulletin.message.as_ref().map(|m| m.ts.as_str()),
            Json(bulletin),
        )?;
        if inserted == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("there is a bulletin {}", bulletin.id)))
        }
    }

    /// The bulletin is this message from now on. [`StoreError::Conflict`] if there is no such one.
    pub async fn set_bulletin_message(
        &mut self,
        id: BulletinId,
        message: &MessageRef,
    ) -> Result<(), StoreError> {
        let found = self.bulletin(id).await?;
        let found = found.ok_or_else(|| StoreError::conflict(format!("there is no {id}")))?;
        let bulletin = Bulletin { message: Some(message.clone()), ..found };
        let (channel, ts) = (message.channel.as_str(), message.ts.as_str());
        execute!(self, SET_MESSAGE, id.to_string(), channel, ts, Json(&bulletin)).map(drop)
    }

    /// Forgets one whose message is gone.
    pub async fn remove_bulletin(&mut self, id: BulletinId) -> Result<(), StoreError> {
        execute!(self, REMOVE, id.to_string()).map(drop)
    }
}

impl Session {
    /// The bulletin.
    pub async fn bulletin(&mut self, id: BulletinId) -> Result<Option<Bulletin>, StoreError> {
        entity!(self, BY_ID, Bulletin, id.to_string())
    }

    /// All bulletins about this.
    pub async fn bulletins_about(&mut self, about: &str) -> Result<Vec<Bulletin>, StoreError> {
        entities!(self, ABOUT, Bulletin, about)
    }

    /// The bulletin that is this message.
    pub async fn bulletin_by_message(
        &mut self,
        message: &MessageRef,
    ) -> Result<Option<Bulletin>, StoreError> {
        entity!(self, BY_MESSAGE, Bulletin, message.channel.as_str(), message.ts.as_str())
    }

    /// All bulletins about these.
    pub(super) async fn bulletins_about_all(
        &mut self,
        about: &BTreeSet<String>,
    ) -> Result<Vec<Bulletin>, StoreError> {
        let about: Vec<String> = about.iter().cloned().collect();
        let term = |n| format!("${n}");
        let rows: Vec<(String, Doc<Bulletin>)> =
            self.all_of("bulletins", ABOUT_SEVERAL, term, "", &about).await?;
        rows.into_iter().map(|(id, doc)| doc.open(&ABOUT, &id)).collect()
    }
}
