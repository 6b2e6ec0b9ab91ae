//! The time type, and spans of time as people write and read them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A moment in UTC. Everything stored is truncated to microseconds (see [`to_micros`]), which is
/// what PostgreSQL keeps, so that a record reads back exactly as it was hashed.
pub type Timestamp = DateTime<Utc>;

/// The moment without what is finer than a microsecond.
pub fn to_micros(at: Timestamp) -> Timestamp {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// A length of time, in whole seconds, at least one.
///
/// Reads `30m`, `1h30m`, `2 hours`, `1 day`; writes `30m`, `1h30m`; shows itself to people as
/// `30 minutes` through [`Span::words`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Span(u32);

/// A text that is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time: write it like `30m`, `8h`, `1h30m` or `7d`")]
pub struct BadSpan(pub String);

const UNITS: [(&str, u32); 5] =
    [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

impl Span {
    /// So many seconds; nothing is no span, and becomes one second.
    pub const fn seconds(n: u32) -> Self {
        Self(if n == 0 { 1 } else { n })
    }

    /// So many minutes.
    pub const fn minutes(n: u32) -> Self {
        Self::seconds(n.saturating_mul(60))
    }

    /// So many hours.
    pub const fn hours(n: u32) -> Self {
        Self::minutes(n.saturating_mul(60))
    }

    /// So many days of 24 hours.
    pub const fn days(n: u32) -> Self {
        Self::hours(n.saturating_mul(24))
    }

    /// The length in seconds.
    pub const fn as_seconds(self) -> u32 {
        self.0
    }

    /// The length for arithmetic with timestamps.
    pub fn delta(self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.0))
    }

    /// The span between two moments, if the second is at least a second later.
    pub fn between(from: Timestamp, to: Timestamp) -> Option<Self> {
        u32::try_from((to - from).num_seconds()).ok().filter(|n| *n > 0).map(Self)
    }

    /// Half of it.
    pub const fn half(self) -> Self {
        Self::seconds(self.0 / 2)
    }

    /// Both together.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// As people say it, the two largest units: `30 minutes`, `1 hour 30 minutes`, `7 days`.
    pub fn words(self) -> String {
        let mut left = self.0;
        let mut parts = Vec::new();
        // Weeks are understood, never said: "7 days" is plainer.
        for (name, size) in UNITS.iter().skip(1) {
            let n = left / size;
            left %= size;
            if n > 0 {
                parts.push(format!("{n} {name}{}", if n == 1 { "" } else { "s" }));
            }
        }
        parts.truncate(2);
        parts.join(" ")
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        for (letter, size) in [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)] {
            let n = left / size;
            left %= size;
            if n > 0 {
                write!(f, "{n}{letter}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Span {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let bad = || BadSpan(text.chars().take(40).collect());
        let mut total: u32 = 0;
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(bad());
        }
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, tail) = rest.split_at(digits);
            let number: u32 = number.parse().map_err(|_| bad())?;
            let tail = tail.trim_start();
            let letters =
                tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
            let (unit, tail) = tail.split_at(letters);
            let size = unit_seconds(unit).ok_or_else(bad)?;
            total = number.checked_mul(size).and_then(|n| total.checked_add(n)).ok_or_else(bad)?;
            rest = tail.trim_start();
        }
        if total == 0 { Err(bad()) } else { Ok(Self(total)) }
    }
}

fn unit_seconds(unit: &str) -> Option<u32> {
    let unit = unit.to_ascii_lowercase();
    match unit.as_str() {
        "min" | "mins" => return Some(60),
        "hr" | "hrs" => return Some(3_600),
        "sec" | "secs" => return Some(1),
        _ => {}
    }
    UNITS
        .iter()
        .find(|(name, _)| {
            unit == *name
                || unit.strip_suffix('s') == Some(*name)
                || (unit.len() == 1 && name.starts_with(&unit))
        })
        .map(|(_, size)| *size)
}

impl From<Span> for String {
    fn from(span: Span) -> String {
        span.to_string()
    }
}

impl TryFrom<String> for Span {
    type Error = BadSpan;
    fn try_from(text: String) -> Result<Self, BadSpan> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_write_spans_in_many_ways() {
        for (text, seconds) in [
            ("30m", 1_800),
            ("30 minutes", 1_800),
            ("1h30m", 5_400),
            ("1 hour 30 mins", 5_400),
            ("2D", 172_800),
            ("1w", 604_800),
            ("45s", 45),
        ] {
            assert_eq!(text.parse::<Span>().map(Span::as_seconds), Ok(seconds), "{text}");
        }
        for text in ["", "0m", "m", "30", "-5m", "half an hour", "99999999999d", "1x"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn people_read_spans_in_words() {
        assert_eq!(Span::minutes(30).words(), "30 minutes");
        assert_eq!(Span::minutes(90).words(), "1 hour 30 minutes");
        assert_eq!(Span::days(7).words(), "7 days");
        assert_eq!(Span::seconds(1).words(), "1 second");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(n in 1u32..) {
            let span = Span::seconds(n);
            prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
        }
    }
}
