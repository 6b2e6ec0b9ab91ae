//! Slack's rate limits: so many calls a minute for each method, one message a second a channel.
//! Real time counts here, whatever the workspace's clock says.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whether the limits hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RateLimits {
    /// As in Slack.
    #[default]
    Strict,
    /// None, for tests about something else.
    Off,
}

/// How many calls a minute Slack takes of a method.
///
/// <https://docs.slack.dev/apis/web-api/rate-limits>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// 20 a minute.
    Two,
    /// 50 a minute.
    Three,
    /// 100 a minute.
    Four,
    /// Hundreds a minute.
    Special,
    /// `chat.postMessage`: hundreds a minute, and one a second in each channel.
    Posting,
}

impl Tier {
    fn per_minute(self) -> f64 {
        match self {
            Self::Two => 20.0,
            Self::Three => 50.0,
            Self::Four => 100.0,
            Self::Special | Self::Posting => 600.0,
        }
    }
}

/// Messages a channel takes at once before one a second holds.
const CHANNEL_BURST: f64 = 4.0;

/// A bucket that fills with time and is emptied by calls.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// Counts the calls.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    limits: Mutex<RateLimits>,
    buckets: Mutex<HashMap<String, Bucket>>,
}

impl RateLimiter {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits: Mutex::new(limits), buckets: Mutex::default() }
    }

    /// From now on.
    pub(crate) fn set(&self, limits: RateLimits) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    /// Counts one call of `method`, which concerns `channel`. `Err`: too many; the whole seconds to
    /// wait.
    pub(crate) fn take(
        &self,
        method: &str,
        tier: Tier,
        channel: Option<&str>,
        now: Instant,
    ) -> Result<(), u64> {
        if *self.limits.lock().unwrap_or_else(PoisonError::into_inner) == RateLimits::Off {
            return Ok(());
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let per_minute = tier.per_minute();
        let mut wanted = vec![(method.to_owned(), per_minute, per_minute / 60.0)];
        if let (Tier::Posting, Some(channel)) = (tier, channel) {
            wanted.push((format!("{method} {channel}"), CHANNEL_BURST, 1.0));
        }
        // Look at every bucket before taking from any: a refused call uses nothing up.
        let mut wait = 0.0_f64;
        for (key, size, per_second) in &wanted {
            let bucket = buckets.entry(key.clone()).or_insert(Bucket { tokens: *size, at: now });
            let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
            bucket.tokens = (bucket.tokens + passed * per_second).min(*size);
            bucket.at = now;
            if bucket.tokens < 1.0 {
                wait = wait.max((1.0 - bucket.tokens) / per_second);
            }
        }
        if wait > 0.0 {
            return Err(Duration::from_secs_f64(wait.ceil()).as_secs().max(1));
        }
        for (key, ..) in &wanted {
            if let Some(bucket) = buckets.get_mut(key) {
                bucket.tokens -= 1.0;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_takes_a_short_burst_and_then_one_message_a_second() {
        let limiter = RateLimiter::new(RateLimits::Strict);
        let start = Instant::now();
        let post = |channel, at| limiter.take("chat.postMessage", Tier::Posting, Some(channel), at);
        for _ in 0..4 {
            assert_eq!(post("C1", start), Ok(()));
        }
        assert_eq!(post("C1", start), Err(1));
        assert_eq!(post("C2", start), Ok(()), "another channel has its own second");
        let later = start + Duration::from_secs(1);
        assert_eq!(post("C1", later), Ok(()));
        assert_eq!(post("C1", later), Err(1));
    }

    #[test]
    fn a_method_takes_so_many_calls_a_minute_and_no_other_method_suffers() {
        let limiter = RateLimiter::new(RateLimits::Strict);
        let start = Instant::now();
        for _ in 0..20 {
            assert_eq!(limiter.take("usergroups.list", Tier::Two, None, start), Ok(()));
        }
        assert_eq!(limiter.take("usergroups.list", Tier::Two, None, start), Err(3));
        assert_eq!(limiter.take("users.info", Tier::Four, None, start), Ok(()));
        let later = start + Duration::from_secs(3);
        assert_eq!(limiter.take("usergroups.list", Tier::Two, None, later), Ok(()));
    }

    #[test]
    fn off_is_off() {
        let limiter = RateLimiter::new(RateLimits::Off);
        let start = Instant::now();
        assert!((0..1000).all(|_| limiter.take("x", Tier::Two, None, start).is_ok()));
    }
}
