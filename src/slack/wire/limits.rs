//! How often Slack may be called: so many calls a minute for each method, one message a second for
//! each channel, and not at all while Slack asks to wait.
//!
//! <https://docs.slack.dev/apis/web-api/rate-limits>: the tiers say at least how many calls a
//! minute Slack takes of a method; posting is about one message a second in a channel, short bursts
//! tolerated. `Retry-After` of a 429 concerns that method alone.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

/// So many in this time; that many at once after a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The steady rate: one in this time.
    pub every: Duration,
    /// How many at once after a rest.
    pub burst: NonZeroU32,
}

impl Rate {
    /// So many a minute, as many at once after a rest.
    pub const fn per_minute(n: NonZeroU32) -> Self {
        Self { every: Duration::from_millis(60_000 / n.get() as u64), burst: n }
    }

    fn quota(self) -> Quota {
        let every = self.every.max(Duration::from_millis(1));
        Quota::with_period(every)
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(self.burst)
    }
}

/// The limits to keep to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSettings {
    /// Messages in one channel.
    pub channel: Rate,
    /// Calls of one method.
    pub methods: Vec<(&'static str, Rate)>,
}

const fn at_least_one(n: u32) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => NonZeroU32::MIN,
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            channel: Rate { every: Duration::from_secs(1), burst: at_least_one(3) },
            methods: vec![
                // "Several hundred messages a minute" in a workspace.
                (POST, Rate::per_minute(at_least_one(300))),
                (UPDATE, Rate::per_minute(at_least_one(50))),
                (PUBLISH, Rate::per_minute(at_least_one(100))),
            ],
        }
    }
}

/// `chat.postMessage`, the one method that is limited for each channel too.
pub const POST: &str = "chat.postMessage";
/// `chat.update`
pub const UPDATE: &str = "chat.update";
/// `views.publish`
pub const PUBLISH: &str = "views.publish";

/// How long to wait if Slack says "too many" and not how long.
pub const UNSAID: Duration = Duration::from_secs(5);

/// Tells the time that has passed since some moment; real time, because Slack counts in it.
#[derive(Clone)]
struct Ticks(Arc<dyn Fn() -> Duration + Send + Sync>);

impl fmt::Debug for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticks")
    }
}

impl GovernorClock for Ticks {
    type Instant = Duration;
    fn now(&self) -> Duration {
        (self.0)()
    }
}

type Key = (&'static str, Option<String>);
type Limiter = RateLimiter<Key, DefaultKeyedStateStore<Key>, Ticks, StateInformationMiddleware>;

/// Counts the calls and remembers until when Slack asked to wait.
pub struct Limits {
    channels: Option<Limiter>,
    methods: HashMap<&'static str, Limiter>,
    ticks: Ticks,
    closed: Mutex<Closed>,
}

#[derive(Default)]
struct Closed {
    /// Until when our own limits are used up.
    used_up: HashMap<Key, Duration>,
    /// Until when Slack asked to wait.
    paused: HashMap<Key, Duration>,
}

/// How many channels are remembered before those that are free again are forgotten.
const MANY: usize = 4_096;

impl Limits {
    /// Slack's limits.
    pub fn slack() -> Self {
        Self::new(Some(LimitSettings::default()))
    }

    /// No limits but those that Slack tells with a 429; for tests about something else.
    pub fn none() -> Self {
        Self::new(None)
    }

    /// These limits; none but Slack's 429 if absent.
    pub fn new(settings: Option<LimitSettings>) -> Self {
        let start = Instant::now();
        Self::with_ticks(settings, Ticks(Arc::new(move || start.elapsed())))
    }

    fn with_ticks(settings: Option<LimitSettings>, ticks: Ticks) -> Self {
        let limiter = |rate: Rate| {
            Limiter::new(rate.quota(), DefaultKeyedStateStore::default(), ticks.clone())
        };
        let channels = settings.as_ref().map(|settings| limiter(settings.channel));
        let methods = settings
            .into_iter()
            .flat_map(|settings| settings.methods)
            .map(|(method, rate)| (method, limiter(rate)))
            .collect();
        Self { channels, methods, ticks, closed: Mutex::default() }
    }

    /// How long to wait before this call; `None` if it may be made now. Uses nothing up.
    pub fn wait(&self, method: &'static str, channel: Option<&str>) -> Option<Duration> {
        let now = self.ticks.now();
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = [(method, None), (method, channel.map(str::to_owned))];
        keys.iter()
            .flat_map(|key| [closed.used_up.get(key), closed.paused.get(key)])
            .flatten()
            .filter_map(|until| until.checked_sub(now))
            .filter(|left| !left.is_zero())
            .max()
    }

    /// How long Slack asked to wait before this call; `None` if it did not. What people wait for
    /// is not held back by our own limits, only by Slack's word.
    pub fn paused(&self, method: &'static str, channel: Option<&str>) -> Option<Duration> {
        let now = self.ticks.now();
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = [(method, None), (method, channel.map(str::to_owned))];
        keys.iter()
            .filter_map(|key| closed.paused.get(key))
            .filter_map(|until| until.checked_sub(now))
            .filter(|left| !left.is_zero())
            .max()
    }

    /// Counts one call. `Err`: not now; how long to wait.
    pub fn take(&self, method: &'static str, channel: Option<&str>) -> Result<(), Duration> {
        if let Some(wait) = self.wait(method, channel) {
            return Err(wait);
        }
        if let (POST, Some(channel), Some(limiter)) = (method, channel, &self.channels) {
            self.count(limiter, (method, Some(channel.to_owned())))?;
        }
        match self.methods.get(method) {
            Some(limiter) => self.count(limiter, (method, None)),
            None => Ok(()),
        }
    }

    fn count(&self, limiter: &Limiter, key: Key) -> Result<(), Duration> {
        let now = self.ticks.now();
        let free_in = match limiter.check_key(&key) {
            // The last one: nothing is left until one has grown again.
            Ok(left) if left.remaining_burst_capacity() == 0 => left.quota().replenish_interval(),
            Ok(_) => return Ok(()),
            Err(until) => {
                let wait = until.wait_time_from(now);
                self.close(|closed| &mut closed.used_up, key, now + wait, now);
                return Err(wait);
            }
        };
        self.close(|closed| &mut closed.used_up, key, now + free_in, now);
        Ok(())
    }

    /// Slack said "too many" to this call: not again before this time has passed.
    ///
    /// For a channel's messages it is the channel that waits; when a second channel is told so
    /// meanwhile, it is the workspace that sends too much, and all channels wait.
    pub fn pause(&self, method: &'static str, channel: Option<&str>, wait: Duration) {
        let now = self.ticks.now();
        let others = {
            let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
            closed.paused.iter().any(|((paused, place), until)| {
                *paused == method && place.is_some() && place.as_deref() != channel && *until > now
            })
        };
        let place = channel.filter(|_| method == POST && !others).map(str::to_owned);
        self.close(|closed| &mut closed.paused, (method, place), now + wait, now);
    }

    fn close(
        &self,
        of: impl Fn(&mut Closed) -> &mut HashMap<Key, Duration>,
        key: Key,
        until: Duration,
        now: Duration,
    ) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let of = of(&mut closed);
        if of.len() >= MANY {
            of.retain(|_, until| *until > now);
            if let Some(limiter) = &self.channels {
                limiter.retain_recent();
            }
        }
        let entry = of.entry(key).or_default();
        *entry = until.max(*entry);
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn moving(settings: Option<LimitSettings>) -> (Limits, Arc<AtomicU64>) {
        let millis = Arc::new(AtomicU64::new(0));
        let ticking = Arc::clone(&millis);
        let ticks = Ticks(Arc::new(move || Duration::from_millis(ticking.load(Ordering::SeqCst))));
        (Limits::with_ticks(settings, ticks), millis)
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_channel_takes_three_at_once_and_then_one_a_second() {
        let (limits, millis) = moving(Some(LimitSettings::default()));
        for _ in 0..3 {
            assert_eq!(limits.wait(POST, Some("C1")), None);
            assert_eq!(limits.take(POST, Some("C1")), Ok(()));
        }
        assert_eq!(limits.wait(POST, Some("C1")), Some(SECOND), "asking shows it beforehand");
        assert_eq!(limits.take(POST, Some("C1")), Err(SECOND));
        assert_eq!(limits.take(POST, Some("C2")), Ok(()), "another channel has its own second");
        assert_eq!(limits.take(UPDATE, Some("C1")), Ok(()), "a change is no message");
        millis.store(1_000, Ordering::SeqCst);
        assert_eq!(limits.take(POST, Some("C1")), Ok(()));
        assert!(limits.take(POST, Some("C1")).is_err());
    }

    #[test]
    fn a_method_takes_so_many_a_minute() {
        let (limits, millis) = moving(Some(LimitSettings::default()));
        assert!((0..50).all(|_| limits.take(UPDATE, Some("C1")).is_ok()));
        assert_eq!(limits.take(UPDATE, Some("C2")), Err(Duration::from_millis(1_200)));
        millis.store(1_200, Ordering::SeqCst);
        assert_eq!(limits.take(UPDATE, Some("C2")), Ok(()));
    }

    #[test]
    fn slacks_own_word_holds_also_without_limits() {
        let (limits, millis) = moving(None);
        assert!((0..1_000).all(|_| limits.take(POST, Some("C1")).is_ok()));
        limits.pause(POST, Some("C1"), 7 * SECOND);
        assert_eq!(limits.paused(POST, Some("C1")), Some(7 * SECOND));
        assert_eq!(limits.take(POST, Some("C1")), Err(7 * SECOND));
        assert_eq!(limits.take(POST, Some("C2")), Ok(()), "one channel was told, one waits");
        limits.pause(POST, Some("C2"), 3 * SECOND);
        assert_eq!(limits.take(POST, Some("C3")), Err(3 * SECOND), "two were told: all wait");
        millis.store(3_000, Ordering::SeqCst);
        assert_eq!(limits.take(POST, Some("C3")), Ok(()));
        assert_eq!(limits.take(POST, Some("C1")), Err(4 * SECOND));
        limits.pause(UPDATE, Some("C1"), SECOND);
        assert_eq!(limits.wait(UPDATE, Some("C9")), Some(SECOND), "for others it is the method");
    }

    proptest! {
        /// However the calls come, a channel never gets more than Slack allows, and whoever waits
        /// as long as they were told is let through.
        #[test]
        fn never_too_many_and_never_longer_than_said(gaps in proptest::collection::vec(0_u64..1_500, 1..60)) {
            let (limits, millis) = moving(Some(LimitSettings::default()));
            let mut sent: Vec<u64> = Vec::new();
            let mut now = 0;
            for gap in gaps {
                now += gap;
                millis.store(now, Ordering::SeqCst);
                if let Err(wait) = limits.take(POST, Some("C1")) {
                    now += u64::try_from(wait.as_micros().div_ceil(1_000)).unwrap();
                    millis.store(now, Ordering::SeqCst);
                    prop_assert_eq!(limits.take(POST, Some("C1")), Ok(()));
                }
                sent.push(now);
            }
            for (i, first) in sent.iter().enumerate() {
                for (count, last) in sent[i..].iter().enumerate() {
                    // `count + 1` messages within this time: three at once and one more a second.
                    prop_assert!(count as u64 <= 2 + (last - first) / 1_000 + 1);
                }
            }
        }
    }
}
