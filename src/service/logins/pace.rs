//! How often is too often: asking for a login, typing codes, fetching tokens. Each replica counts for
//! itself, in memory: nothing that strangers do costs a row before it is allowed.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::domain::ids::LoginId;
use crate::domain::login::{CODE_LIVES, INTERVAL};
use crate::domain::person::PersonId;
use crate::domain::time::{Span, Timestamp};

/// So many logins one address may ask for in a minute. An office may share one address.
const ASKED_BY_ADDRESS: NonZeroU32 = at_least_one(20);
/// So many all together.
const ASKED_BY_ALL: NonZeroU32 = at_least_one(600);
/// So many codes one person may type in a minute.
const TYPED_BY_PERSON: NonZeroU32 = at_least_one(5);
/// Above so many counts, those that are full again are forgotten.
const REMEMBERED: usize = 10_000;
/// A device that asks too soon must wait so much longer from then on (RFC 8628, section 3.5).
const LONGER: Span = Span::seconds(5);
/// It is not made to wait longer than this.
const LONGEST: Span = Span::seconds(30);
/// An answer that was long on its way makes the next question seem early by so much.
const TOLERANCE: Span = Span::seconds(1);

const fn at_least_one(n: u32) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => NonZeroU32::MIN,
    }
}

/// The counts.
pub struct Pace {
    asked: Keyed<IpAddr>,
    asked_by_all: DefaultDirectRateLimiter,
    typed: Keyed<PersonId>,
    polls: Mutex<HashMap<LoginId, Poll>>,
}

/// When a device asked last, and how long it has to wait since.
#[derive(Debug, Clone, Copy)]
struct Poll {
    at: Timestamp,
    wait: Span,
}

struct Keyed<K: Hash + Eq + Clone>(DefaultKeyedRateLimiter<K>);

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn a_minute(n: NonZeroU32) -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(n)))
    }

    /// Counts once more; in so many seconds it may be tried again, if it was too often.
    fn take(&self, key: &K) -> Result<(), u64> {
        if self.0.len() > REMEMBERED {
            self.0.retain_recent();
        }
        let wait = self
            .0
            .check_key(key)
            .map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()));
        wait.map_err(whole_seconds)
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            asked: Keyed::a_minute(ASKED_BY_ADDRESS),
            asked_by_all: RateLimiter::direct(Quota::per_minute(ASKED_BY_ALL)),
            typed: Keyed::a_minute(TYPED_BY_PERSON),
            polls: Mutex::default(),
        }
    }
}

impl Pace {
    /// A device asks for a login.
    ///
    /// # Errors
    ///
    /// The seconds to wait.
    pub(super) fn asks(&self, from: Option<IpAddr>) -> Result<(), u64> {
        if let Some(address) = from {
            self.asked.take(&network(address))?;
        }
        self.asked_by_all.check().map_err(|not_until| {
            whole_seconds(not_until.wait_time_from(DefaultClock::default().now()))
        })
    }

    /// A person types a code. All count: which are wrong is known only afterwards, and many could be
    /// under way at once.
    ///
    /// # Errors
    ///
    /// The seconds to wait.
    pub(super) fn types(&self, by: &PersonId) -> Result<(), u64> {
        self.typed.take(by)
    }

    /// A device asks for the tokens of this login. Says whether it has waited long enough; if not, it
    /// must wait longer from now on.
    pub(super) fn polls(&self, login: LoginId, now: Timestamp) -> bool {
        let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
        if polls.len() > REMEMBERED {
            polls.retain(|_, poll| now - poll.at < CODE_LIVES.delta());
        }
        let Some(poll) = polls.get_mut(&login) else {
            polls.insert(login, Poll { at: now, wait: INTERVAL });
            return true;
        };
        if now - poll.at + TOLERANCE.delta() < poll.wait.delta() {
            poll.wait = poll.wait.plus(LONGER).min(LONGEST);
            return false;
        }
        poll.at = now;
        true
    }
}

/// Whoever has one IPv6 address has the other 2⁶⁴ of its network.
const fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

const fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(1)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use ulid::Ulid;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_device_that_does_not_wait_must_wait_longer() {
        let pace = Pace::default();
        let login = LoginId::new(Ulid::from_parts(1, 1));
        assert!(pace.polls(login, at(0)));
        assert!(!pace.polls(login, at(2)));
        assert!(!pace.polls(login, at(5)), "ten seconds now");
        assert!(pace.polls(login, at(15)));
        assert!(pace.polls(login, at(30)), "it stays at what it has come to");
        assert!(!pace.polls(login, at(35)));
        for _ in 0..50 {
            assert!(!pace.polls(login, at(36)));
        }
        assert!(pace.polls(login, at(60)), "half a minute is the most");
        assert!(pace.polls(LoginId::new(Ulid::from_parts(1, 2)), at(60)));
    }

    #[test]
    fn an_answer_that_was_long_on_its_way_makes_nobody_wait() {
        let pace = Pace::default();
        let login = LoginId::new(Ulid::from_parts(1, 1));
        assert!(pace.polls(login, at(0)));
        assert!(pace.polls(login, at(5) - TimeDelta::milliseconds(400)));
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        let pace = Pace::default();
        let address = |n: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 0, 0, 0, n));
        let allowed = (0..40).filter(|n| pace.asks(Some(address(*n))).is_ok()).count();
        assert_eq!(allowed, 20);
        assert!(pace.asks(Some(address(99))).is_err_and(|wait| (1..=60).contains(&wait)));
        assert!(pace.asks(Some("192.0.2.1".parse().unwrap())).is_ok());
    }

    #[test]
    fn a_person_types_a_few_codes_a_minute() {
        let pace = Pace::default();
        let (dana, theo) = (PersonId::new("T", "U0DANA"), PersonId::new("T", "U0THEO"));
        let allowed = (0..20).filter(|_| pace.types(&dana).is_ok()).count();
        assert_eq!(allowed, 5);
        assert!(pace.types(&theo).is_ok());
    }
}
