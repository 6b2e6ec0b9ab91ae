//! What must happen once: a click that is delivered twice counts once.

use super::error::StoreError;
use super::session::{Session, execute, one};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::time::Timestamp;

statements! {
    ONCE on "once_keys" = "INSERT INTO once_keys (name, at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    UNSEE on "once_keys" = "DELETE FROM once_keys WHERE name = $1";
    SEEN on "once_keys" = "SELECT name FROM once_keys WHERE name = $1";
    FORGET on "once_keys" = "DELETE FROM once_keys WHERE at < $1";
}

impl Tx {
    /// Whether this is the first time that the key is seen. Forgotten with the transaction, if that
    /// comes to nothing.
    pub async fn once(&mut self, key: &str, now: Timestamp) -> Result<bool, StoreError> {
        execute!(self, ONCE, key, now).map(|n| n == 1)
    }

    /// Nothing was done for this key after all: it may come again.
    pub async fn unsee(&mut self, key: &str) -> Result<(), StoreError> {
        execute!(self, UNSEE, key).map(drop)
    }

    /// Forgets the keys that were seen before this moment, and says how many there were. Slack
    /// repeats a delivery for about an hour; 48 hours are kept.
    pub async fn forget_once_before(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        execute!(self, FORGET, before)
    }
}

impl Session {
    /// Whether what carries this key was done before.
    pub async fn was_done(&mut self, key: &str) -> Result<bool, StoreError> {
        Ok(one!(self, SEEN, (String,), key)?.is_some())
    }
}
