//! What is taken from the outside world: the time, and chance. Everything inside gets both as
//! arguments; only this file asks for them.

use std::sync::Mutex;

use chrono::TimeDelta;
use rand::{Rng, RngExt, SeedableRng};
use ulid::Ulid;

use crate::domain::time::{Timestamp, to_micros};

/// Tells the time, to the microsecond.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the place that asks")]
        let now = chrono::Utc::now();
        to_micros(now)
    }
}

/// A clock that is moved forward by hand: the machine's time plus an offset (in the stand-in
/// workspace), or a time that stands still until it is moved (in tests).
#[derive(Debug)]
pub struct MovableClock {
    stands_at: Option<Mutex<Timestamp>>,
    offset: Mutex<TimeDelta>,
}

impl MovableClock {
    /// Runs with the machine's clock, so far ahead of it.
    pub fn running(offset: TimeDelta) -> Self {
        Self { stands_at: None, offset: Mutex::new(offset) }
    }

    /// Stands still at this moment until it is moved.
    pub fn standing(at: Timestamp) -> Self {
        Self { stands_at: Some(Mutex::new(to_micros(at))), offset: Mutex::new(TimeDelta::zero()) }
    }

    /// Moves it forward. Time never goes back: a negative length does nothing.
    pub fn advance(&self, by: TimeDelta) {
        let by = by.max(TimeDelta::zero());
        if let Some(stands) = &self.stands_at {
            *lock(stands) += by;
        }
        *lock(&self.offset) += by;
    }

    /// How far it was moved in all.
    pub fn offset(&self) -> TimeDelta {
        *lock(&self.offset)
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        match &self.stands_at {
            Some(at) => *lock(at),
            None => SystemClock.now() + *lock(&self.offset),
        }
    }
}

/// A value behind a lock, also when a thread died holding it: the values here are always whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Gives identifiers and random numbers.
pub struct Entropy {
    rng: Mutex<Box<dyn Rng + Send>>,
}

impl Entropy {
    /// From the operating system's randomness.
    pub fn from_system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the place that asks")]
        let rng = rand::rngs::StdRng::from_rng(&mut rand::rng());
        Self { rng: Mutex::new(Box::new(rng)) }
    }

    /// The same sequence for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self { rng: Mutex::new(Box::new(rand::rngs::StdRng::seed_from_u64(seed))) }
    }

    /// A fresh ULID, ordered by the time given.
    pub fn ulid(&self, now: Timestamp) -> Ulid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        Ulid::from_parts(millis, lock(&self.rng).random())
    }

    /// What nobody guesses: 32 random bytes.
    pub fn secret(&self) -> [u8; 32] {
        lock(&self.rng).random()
    }

    /// A number below `bound` (0 if there is none), for jitter.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { lock(&self.rng).random_range(0..bound) }
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy")
    }
}
