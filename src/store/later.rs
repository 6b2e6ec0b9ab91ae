//! What a transaction writes at its end: rows of all its works at once, in few statements.
//!
//! Most of what a click costs is not the rows but the round trips. What nothing in the
//! transaction reads, and what can stand in nobody's way, is therefore kept here until the commit:
//! lines of the log, evaluations, keys of what is done once, votes, and deliveries. Work that is taken back takes its
//! entries with it. What is to be read within the transaction is written before ([`Tx::settle`]).

use super::error::StoreError;
use super::tx::Tx;

/// Entries in the order of writing; those before `written` are in the database.
#[derive(Debug)]
pub(super) struct Later<T> {
    entries: Vec<T>,
    written: usize,
}

/// Where to go back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    entries: usize,
    written: usize,
}

impl<T> Later<T> {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), written: 0 }
    }

    pub(super) fn push(&mut self, entry: T) {
        self.entries.push(entry);
    }

    /// All entries of the transaction, the oldest first.
    pub(super) fn all(&self) -> &[T] {
        &self.entries
    }

    /// Those that are not in the database yet.
    pub(super) fn unwritten(&self) -> &[T] {
        self.entries.get(self.written..).unwrap_or_default()
    }

    /// Those that are not in the database yet. From now on they count as written.
    pub(super) fn take(&mut self) -> Vec<T>
    where
        T: Clone,
    {
        let new = self.unwritten().to_vec();
        self.written = self.entries.len();
        new
    }

    pub(super) const fn stand(&self) -> Stand {
        Stand { entries: self.entries.len(), written: self.written }
    }

    /// Forgets what came since. What was written since was written behind the savepoint that is
    /// rolled back: of what came before, it counts as not written again.
    pub(super) fn back_to(&mut self, stand: Stand) {
        self.entries.truncate(stand.entries);
        self.written = stand.written;
    }

    /// For a new transaction.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.written = 0;
    }
}

impl Tx {
    /// Writes what was kept for the end.
    pub(super) async fn settle(&mut self) -> Result<(), StoreError> {
        self.settle_events().await?;
        self.settle_evaluations().await?;
        self.settle_keys().await?;
        self.settle_votes().await?;
        self.settle_deliveries().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_back_forgets_what_came_since_and_what_was_written_since() {
        let mut later = Later::new();
        later.push("before");
        let stand = later.stand();
        later.push("since");
        assert_eq!(later.take(), ["before", "since"]);
        assert_eq!(later.take(), [""; 0]);
        later.back_to(stand);
        assert_eq!(later.all(), ["before"]);
        assert_eq!(later.take(), ["before"], "it was written behind the savepoint");
    }
}
