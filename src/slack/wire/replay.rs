//! Requests that were answered are not answered again, byte for byte.
//!
//! Whoever records a signed request can send it again for five minutes. The once-key keeps that
//! from doing anything twice; this refuses it at the door. Slack's own retries are other requests:
//! they are signed at the time when they are sent. Only a retry within the same second is equal to
//! its first sending, and Slack retries only what was not answered: so what was not answered is
//! forgotten, and only what was is refused. Should the answer itself be lost on its way, the retry
//! after that (a minute later, signed anew) meets the once-key.
//!
//! This is kept in memory and bounded: it is the second lock on the door, the once-key is the first.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::signature::{Signed, TOLERANCE};
use crate::domain::time::Timestamp;

/// How many answered requests are remembered, unless told otherwise: 200 a second for five minutes,
/// in about seven megabytes.
pub const REMEMBERED: usize = 1 << 16;

/// The requests that are being answered or were.
#[derive(Debug)]
pub struct Replays {
    seen: Mutex<Seen>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Seen {
    tags: HashSet<[u8; 32]>,
    /// In the order of arrival, with the second after which the signature is stale anyway.
    order: VecDeque<(i64, [u8; 32])>,
}

impl Replays {
    /// Remembers so many.
    pub fn new(capacity: usize) -> Self {
        Self { seen: Mutex::default(), capacity: capacity.max(1) }
    }

    /// Begins to answer this request; `None` if it is being answered or was.
    pub fn begin(&self, signed: &Signed, now: Timestamp) -> Option<Turn<'_>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.timestamp();
        while let Some((until, tag)) = seen.order.front().copied() {
            if until >= now && seen.order.len() < self.capacity {
                break;
            }
            seen.order.pop_front();
            seen.tags.remove(&tag);
        }
        if !seen.tags.insert(signed.tag) {
            return None;
        }
        seen.order.push_back((signed.at.saturating_add(TOLERANCE), signed.tag));
        Some(Turn { replays: self, tag: signed.tag, answered: false })
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).tags.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn forget(&self, tag: &[u8; 32]) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).tags.remove(tag);
    }
}

/// A request that is being answered. Forgotten when dropped, unless it was answered.
#[derive(Debug)]
pub struct Turn<'a> {
    replays: &'a Replays,
    tag: [u8; 32],
    answered: bool,
}

impl Turn<'_> {
    /// It was answered: from now on it is refused.
    pub fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.replays.forget(&self.tag);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn signed(n: u8, at: i64) -> Signed {
        Signed { tag: [n; 32], at }
    }

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn what_was_answered_is_refused_and_what_was_not_may_come_again() {
        let replays = Replays::new(8);
        let first = replays.begin(&signed(1, 100), at(100)).unwrap();
        assert!(replays.begin(&signed(1, 100), at(100)).is_none(), "while it is being answered");
        drop(first);
        let again = replays.begin(&signed(1, 100), at(100)).unwrap();
        again.answered();
        assert!(replays.begin(&signed(1, 100), at(101)).is_none());
        assert!(replays.begin(&signed(2, 100), at(101)).is_some(), "another request");
    }

    #[test]
    fn it_forgets_what_is_stale_anyway_and_never_grows_beyond_its_bound() {
        let replays = Replays::new(3);
        for n in 0..3 {
            replays.begin(&signed(n, 100), at(100)).unwrap().answered();
        }
        replays.begin(&signed(9, 100), at(100)).unwrap().answered();
        assert_eq!(replays.len(), 3, "the oldest made room");
        replays.begin(&signed(10, 500), at(500)).unwrap().answered();
        assert_eq!(replays.len(), 1, "the others were stale at 401");
    }
}
