//! What must happen once: a click that is delivered twice counts once.

use std::collections::{BTreeMap, BTreeSet};

use super::error::StoreError;
use super::session::{Session, execute, one};
use super::several::several;
use super::statement::statements;
use super::tx::Tx;
use crate::domain::time::Timestamp;

statements! {
    UNSEE on "once_keys" = "DELETE FROM once_keys WHERE name = $1";
    SEEN on "once_keys" = "SELECT name FROM once_keys WHERE name = $1";
    FORGET on "once_keys" = "DELETE FROM once_keys WHERE at < $1";
}

/// Those among some keys that were seen; their places follow.
const SEEN_AMONG: &str = "SELECT name FROM once_keys WHERE name IN";

/// A key that is written, or removed, at the end of the transaction.
#[derive(Debug, Clone)]
pub(super) struct NewKey {
    name: String,
    /// Since when it is seen; none if it may come again.
    seen: Option<Timestamp>,
}

impl Tx {
    /// Whether this is the first time that the key is seen. Forgotten with the transaction, if that
    /// comes to nothing. That no key is seen twice, by whatever writer, is also the table's guard.
    pub async fn once(&mut self, key: &str, now: Timestamp) -> Result<bool, StoreError> {
        let first = !self.was_done(key).await?;
        if first {
            self.keys.push(NewKey { name: key.to_owned(), seen: Some(now) });
        }
        Ok(first)
    }

    /// Nothing was done for this key after all: it may come again.
    pub async fn unsee(&mut self, key: &str) -> Result<(), StoreError> {
        self.keys.push(NewKey { name: key.to_owned(), seen: None });
        Ok(())
    }

    /// Whether what carries this key was done before, be it in this transaction.
    pub async fn was_done(&mut self, key: &str) -> Result<bool, StoreError> {
        match self.keys.all().iter().rfind(|known| known.name == key) {
            Some(known) => Ok(known.seen.is_some()),
            None => match self.looked_up.get(key) {
                Some(seen) => Ok(*seen),
                None => self.session.was_done(key).await,
            },
        }
    }

    /// Looks up these keys at the beginning of the transaction: until its end nobody else writes.
    pub(super) async fn look_up(&mut self, keys: BTreeSet<String>) -> Result<(), StoreError> {
        let names: Vec<String> = keys.into_iter().collect();
        let found: Vec<(String,)> =
            self.all_of("once_keys", SEEN_AMONG, |n| format!("${n}"), "", &names).await?;
        self.looked_up = names.into_iter().map(|name| (name, false)).collect();
        self.looked_up.extend(found.into_iter().map(|(name,)| (name, true)));
        Ok(())
    }

    /// Writes the keys that were seen, and removes those that may come again.
    pub(super) async fn settle_keys(&mut self) -> Result<(), StoreError> {
        let mut ends: BTreeMap<String, (bool, Option<Timestamp>)> = BTreeMap::new();
        for NewKey { name, seen } in self.keys.take() {
            // One that was not seen first may be in the table.
            let end = ends.entry(name).or_insert((seen.is_none(), None));
            end.1 = seen;
        }
        for (name, _) in ends.iter().filter(|(_, (may_be_there, _))| *may_be_there) {
            execute!(self, UNSEE, name.as_str())?;
        }
        let seen: Vec<_> =
            ends.iter().filter_map(|(name, (_, seen))| seen.map(|at| (name, at))).collect();
        let text = |places| format!("INSERT INTO once_keys (name, at) VALUES {places}");
        let written = several!(self, "once_keys", &seen, 2, text, |query, (name, at)| query
            .bind(name.as_str())
            .bind(*at));
        written.map(drop)
    }

    /// Forgets the keys that were seen before this moment, and says how many there were. Slack
    /// repeats a delivery for about an hour; 48 hours are kept.
    pub async fn forget_once_before(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.settle_keys().await?;
        self.looked_up.clear();
        execute!(self, FORGET, before)
    }
}

impl Session {
    /// Whether what carries this key was done before.
    pub async fn was_done(&mut self, key: &str) -> Result<bool, StoreError> {
        Ok(one!(self, SEEN, (String,), key)?.is_some())
    }
}
