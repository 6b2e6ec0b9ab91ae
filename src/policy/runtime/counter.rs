//! How often something happens for each agent. Each replica counts for itself.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::domain::ids::AgentId;
use crate::domain::time::Timestamp;

type Limiter = DefaultKeyedRateLimiter<AgentId>;

/// The counts of all agents, of one thing that has a quota.
#[derive(Default)]
pub struct Counter {
    /// Of so many a minute.
    limiter: Mutex<Option<(u32, Arc<Limiter>)>>,
    /// The hour in which it was said last.
    told: Mutex<HashMap<AgentId, i64>>,
}

/// It was too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften {
    /// When to come again.
    pub wait: Duration,
    /// Whether this is the first time in an hour, and should be told.
    pub first: bool,
}

impl Counter {
    /// Counts once more for this agent, of so many a minute.
    ///
    /// # Errors
    ///
    /// It was too often.
    pub fn take(&self, agent: AgentId, a_minute: u32, now: Timestamp) -> Result<(), TooOften> {
        let wait = match self.limiter(a_minute) {
            None => Duration::from_secs(60),
            Some(limiter) => match limiter.check_key(&agent) {
                Ok(()) => return Ok(()),
                Err(not_until) => not_until.wait_time_from(DefaultClock::default().now()),
            },
        };
        let hour = now.timestamp() / 3_600;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        Err(TooOften { wait, first: told.insert(agent, hour) != Some(hour) })
    }

    /// It could not be told after all.
    pub fn untold(&self, agent: AgentId) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).remove(&agent);
    }

    /// The counts for this quota; they begin anew when the policy changes it. None for a quota of
    /// nothing at all.
    fn limiter(&self, a_minute: u32) -> Option<Arc<Limiter>> {
        let mut held = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some((of, limiter)) if *of == a_minute => Some(Arc::clone(limiter)),
            _ => {
                let quota = Quota::per_minute(NonZeroU32::new(a_minute)?);
                let limiter = Arc::new(RateLimiter::keyed(quota));
                *held = Some((a_minute, Arc::clone(&limiter)));
                Some(limiter)
            }
        }
    }
}

impl std::fmt::Debug for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counter")
    }
}
