//! When the server's own keys sign, and when another follows: decided here, purely, from the keys
//! that there are and the time.
//!
//! A key is shown to those who verify a day before it signs, so that nobody meets a name that they
//! do not know; it is shown after its time until the last text that it signed is over.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::credential::PublicKey;
use super::time::{Span, Timestamp};

/// How long a key signs.
pub const SIGNS_FOR: Span = Span::days(30);
/// How long it is shown before.
pub const SHOWN_AHEAD: Span = Span::days(1);

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 (RFC 7518): access tokens, because everybody can verify it.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519 (RFC 8037): what this server gives out to see it again.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Es256, Self::EdDsa];

    /// The name in headers: `ES256`, `EdDSA`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The longest life of what it signs: an access token lives minutes, an approval as long as a
    /// grant.
    pub const fn longest(self) -> Span {
        match self {
            Self::Es256 => Span::days(1),
            Self::EdDsa => Span::days(100),
        }
    }
}

/// A key of the server, as the record keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name: the thumbprint of its public half.
    pub kid: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The public half.
    pub public: PublicKey,
    /// The private half, encrypted; none where a file holds it.
    pub sealed: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// Until when it signs.
    pub signs_until: Timestamp,
    /// Until when what it signed is recognised.
    pub shown_until: Timestamp,
    /// Whether the record tells that it signs no more.
    pub retired: bool,
}

/// When a key that is made now signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// From when on.
    pub signs_from: Timestamp,
    /// Until when.
    pub signs_until: Timestamp,
    /// Until when it is shown.
    pub shown_until: Timestamp,
}

impl Term {
    fn from(start: Timestamp, algorithm: Algorithm) -> Self {
        let signs_until = start + SIGNS_FOR.delta();
        let shown_until = signs_until + algorithm.longest().delta() + TimeDelta::hours(1);
        Self { signs_from: start, signs_until, shown_until }
    }
}

/// What is to be done with the keys of one algorithm. `usable` says whether this server has the
/// private half.
pub fn next_term(
    keys: &[SigningKey],
    algorithm: Algorithm,
    now: Timestamp,
    usable: impl Fn(&SigningKey) -> bool,
) -> Option<Term> {
    let last = keys
        .iter()
        .filter(|key| key.algorithm == algorithm && usable(key))
        .map(|key| key.signs_until)
        .max();
    match last {
        Some(until) if now < until - SHOWN_AHEAD.delta() => None,
        Some(until) => Some(Term::from(until.max(now), algorithm)),
        None => Some(Term::from(now, algorithm)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(term: Term) -> SigningKey {
        SigningKey {
            kid: format!("{}", term.signs_from.timestamp()),
            algorithm: Algorithm::Es256,
            public: PublicKey::ed25519(&[1; 32]),
            sealed: None,
            made_at: term.signs_from,
            signs_from: term.signs_from,
            signs_until: term.signs_until,
            shown_until: term.shown_until,
            retired: false,
        }
    }

    proptest! {
        /// Whenever somebody looks after the keys, one signs now; and when it is done often enough,
        /// a key was shown a day before it began, without a gap between two.
        #[test]
        fn there_is_always_one_and_it_was_announced(
            waits in proptest::collection::vec(1i64..72, 1..200), late in 0i64..200,
        ) {
            let mut now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
            let mut keys: Vec<SigningKey> = Vec::new();
            let tend = |now: Timestamp, keys: &mut Vec<SigningKey>| {
                if let Some(term) = next_term(keys, Algorithm::Es256, now, |_| true) {
                    keys.push(key(term));
                }
            };
            tend(now, &mut keys);
            for wait in waits {
                now += TimeDelta::hours(wait.min(20));
                tend(now, &mut keys);
                prop_assert!(keys.iter().any(|k| k.signs_from <= now && now < k.signs_until));
                prop_assert!(next_term(&keys, Algorithm::Es256, now, |_| true).is_none());
                for pair in keys.windows(2) {
                    prop_assert_eq!(pair[0].signs_until, pair[1].signs_from);
                }
            }
            // After a long sleep there is one at once.
            now += TimeDelta::days(late);
            tend(now, &mut keys);
            prop_assert!(keys.iter().any(|k| k.signs_from <= now && now < k.signs_until));
        }
    }
}
