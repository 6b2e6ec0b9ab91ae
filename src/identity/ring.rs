//! The keys that this server signs with and recognises its own texts by.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::algorithm::VerifyingKey;
use super::jws::{self, Jws};
use super::pair::{BadPair, KeyPair};
use super::verify::{Expected, Text, Wrong, verify};
use super::{Disbelief, Kind, Signer};
use crate::clock::Clock;
use crate::domain::signing_key::{Algorithm, SHOWN_AHEAD, SIGNS_FOR, SigningKey};
use crate::domain::time::Timestamp;

/// A key with its private half, if this server has it.
#[derive(Debug, Clone)]
pub struct RingKey {
    /// What the record says of it.
    pub record: SigningKey,
    /// The private half.
    pub pair: Option<Arc<KeyPair>>,
}

/// The keys at hand; replaced as a whole when others come or go.
pub struct KeyRing {
    issuer: String,
    clock: Arc<dyn Clock>,
    keys: RwLock<Arc<Vec<RingKey>>>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Kind {
    /// How texts of this kind are signed: what others verify by what everybody can.
    const fn algorithm(self) -> Algorithm {
        match self {
            Self::AccessToken | Self::Callback => Algorithm::Es256,
            Self::Binding | Self::Approval | Self::Link => Algorithm::EdDsa,
        }
    }
}

impl KeyRing {
    /// Without keys yet: nothing is signed. `issuer` is this server's address.
    pub fn empty(issuer: &str, clock: Arc<dyn Clock>) -> Self {
        let issuer = issuer.trim_end_matches('/').to_owned();
        Self { issuer, clock, keys: RwLock::default() }
    }

    /// With keys of its own that nobody else ever sees: for tests, and for trying things.
    ///
    /// # Errors
    ///
    /// [`BadPair`] when the machine gives no randomness.
    pub fn in_memory(issuer: &str, clock: Arc<dyn Clock>) -> Result<Self, BadPair> {
        let ring = Self::empty(issuer, clock);
        let now = ring.clock.now();
        let mut keys = Vec::new();
        for algorithm in Algorithm::ALL {
            let (pair, _) = KeyPair::make(algorithm)?;
            let signs_until = now + SIGNS_FOR.delta();
            let record = SigningKey {
                kid: pair.public().thumbprint(),
                algorithm,
                public: pair.public().clone(),
                sealed: None,
                made_at: now,
                signs_from: now - SHOWN_AHEAD.delta(),
                signs_until,
                shown_until: signs_until + algorithm.longest().delta(),
                retired: false,
            };
            keys.push(RingKey { record, pair: Some(Arc::new(pair)) });
        }
        ring.replace(keys);
        Ok(ring)
    }

    /// These are the keys from now on.
    pub fn replace(&self, keys: Vec<RingKey>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    fn keys(&self) -> Arc<Vec<RingKey>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether texts of this kind can be signed now.
    pub fn can_sign(&self, kind: Kind) -> bool {
        let now = self.clock.now();
        signing(&self.keys(), kind, now, now).is_some()
    }

    /// The public halves, as a JWK set (RFC 7517, section 5): those that sign, those that soon will,
    /// and those of which something may still be about.
    pub fn jwks(&self) -> Value {
        let now = self.clock.now();
        let keys = self.keys();
        let shown = keys.iter().filter(|key| now < key.record.shown_until).filter_map(|key| {
            let mut jwk = serde_json::to_value(&key.record.public).ok()?;
            let members = jwk.as_object_mut()?;
            members.insert("kid".to_owned(), key.record.kid.clone().into());
            members.insert("use".to_owned(), "sig".into());
            members.insert("alg".to_owned(), key.record.algorithm.name().into());
            Some(jwk)
        });
        json!({ "keys": shown.collect::<Vec<_>>() })
    }
}

/// The key that signs texts of this kind that end at `until`: the one whose time it is, or else (when
/// the server slept through a change of keys) the last one that is shown for long enough.
fn signing(
    keys: &[RingKey],
    kind: Kind,
    now: Timestamp,
    until: Timestamp,
) -> Option<(&RingKey, &KeyPair)> {
    keys.iter()
        .filter(|key| key.record.algorithm == kind.algorithm())
        .filter(|key| key.record.signs_from <= now && until <= key.record.shown_until)
        .filter_map(|key| key.pair.as_deref().map(|pair| (key, pair)))
        .max_by_key(|(key, _)| (key.record.signs_from, &key.record.kid))
}

impl Signer for KeyRing {
    fn issuer(&self) -> &str {
        &self.issuer
    }

    fn sign(&self, kind: Kind, claims: &Map<String, Value>) -> Option<String> {
        let now = self.clock.now();
        let exp = claims.get("exp").and_then(Value::as_i64)?;
        let until = Timestamp::from_timestamp(exp, 0)?;
        let keys = self.keys();
        let (key, pair) = signing(&keys, kind, now, until)?;
        let mut header = Map::new();
        header.insert("typ".to_owned(), kind.typ().into());
        header.insert("alg".to_owned(), key.record.algorithm.name().into());
        header.insert("kid".to_owned(), key.record.kid.clone().into());
        let mut claims = claims.clone();
        claims.insert("iss".to_owned(), self.issuer.clone().into());
        claims.insert("iat".to_owned(), now.timestamp().into());
        jws::sign(&header, &claims, |text| pair.sign(text))
    }

    fn recognise(
        &self,
        kind: Kind,
        audience: Option<&str>,
        text: &str,
    ) -> Result<Map<String, Value>, Disbelief> {
        let jws = Jws::parse(text).map_err(|_| Disbelief::NotOurs)?;
        let now = self.clock.now();
        let kid = jws.header("kid").ok_or(Disbelief::NotOurs)?;
        let keys = self.keys();
        let key = keys
            .iter()
            .find(|key| key.record.kid == kid && now < key.record.shown_until + GRACE)
            .and_then(|key| VerifyingKey::of(&key.record.public))
            .ok_or(Disbelief::NotOurs)?;
        let audiences: Vec<&str> = audience.into_iter().collect();
        let expected = Expected { keys: &[key], issuer: Some(&self.issuer), audiences: &audiences };
        verify(Text::Ours(kind), &jws, &expected, now).map_err(|wrong| match wrong {
            Wrong::Expired => Disbelief::Expired,
            Wrong::NotYet => Disbelief::NotYet,
            Wrong::Audience(_) => Disbelief::Audience,
            _ => Disbelief::NotOurs,
        })
    }
}

/// What is recognised a little longer than its key is shown is told to be over, not unknown.
const GRACE: TimeDelta = TimeDelta::hours(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MovableClock;

    const ISSUER: &str = "https://agents.example.com";

    fn ring() -> (Arc<MovableClock>, KeyRing) {
        let at = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Arc::new(MovableClock::standing(at));
        let ring = KeyRing::in_memory(&format!("{ISSUER}/"), Arc::clone(&clock) as _).unwrap();
        (clock, ring)
    }

    fn claims(now: &MovableClock, seconds: i64) -> Map<String, Value> {
        let exp = now.now().timestamp() + seconds;
        let claims = json!({"sub": "x", "aud": "https://crm", "exp": exp, "iss": "forged"});
        claims.as_object().unwrap().clone()
    }

    #[test]
    fn what_it_signs_it_recognises_as_that_and_nothing_else() {
        let (clock, ring) = ring();
        for kind in [Kind::AccessToken, Kind::Binding, Kind::Approval, Kind::Link] {
            let text = ring.sign(kind, &claims(&clock, 60)).unwrap();
            let read = ring.recognise(kind, Some("https://crm"), &text).unwrap();
            assert_eq!((&read["iss"], &read["sub"]), (&ISSUER.into(), &"x".into()));
            let other = Some("https://other");
            assert_eq!(ring.recognise(kind, other, &text), Err(Disbelief::Audience));
            for another in [Kind::AccessToken, Kind::Binding, Kind::Approval, Kind::Link] {
                let as_other = ring.recognise(another, None, &text);
                assert_eq!(as_other.is_ok(), another == kind, "{kind:?} as {another:?}");
            }
            let tampered = text.replacen('.', ".e", 1);
            assert_eq!(ring.recognise(kind, None, &tampered), Err(Disbelief::NotOurs));
        }
    }

    #[test]
    fn to_the_second_it_is_over() {
        let (clock, ring) = ring();
        let text = ring.sign(Kind::Link, &claims(&clock, 60)).unwrap();
        clock.advance(TimeDelta::seconds(59));
        assert!(ring.recognise(Kind::Link, None, &text).is_ok());
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(ring.recognise(Kind::Link, None, &text), Err(Disbelief::Expired));
        let mut early = claims(&clock, 60);
        early.insert("nbf".to_owned(), (clock.now().timestamp() + 5).into());
        let early = ring.sign(Kind::Link, &early).unwrap();
        assert_eq!(ring.recognise(Kind::Link, None, &early), Err(Disbelief::NotYet));
    }

    #[test]
    fn nothing_is_signed_that_would_outlive_its_key_and_nothing_without_one() {
        let (clock, ring) = ring();
        assert!(ring.sign(Kind::AccessToken, &claims(&clock, 60 * 86_400)).is_none());
        assert!(ring.sign(Kind::Approval, &claims(&clock, 60 * 86_400)).is_some());
        let none = KeyRing::empty(ISSUER, clock.clone());
        assert!(none.sign(Kind::Link, &claims(&clock, 60)).is_none() && !none.can_sign(Kind::Link));
        assert_eq!(none.jwks(), json!({ "keys": [] }));
    }

    #[test]
    fn a_forged_text_is_not_ours() {
        let (clock, ring) = ring();
        let text = ring.sign(Kind::AccessToken, &claims(&clock, 60)).unwrap();
        let jws = Jws::parse(&text).unwrap();
        let forge = |change: &dyn Fn(&mut Map<String, Value>), secret: &[u8]| {
            let mut header = jws.header.clone();
            change(&mut header);
            jws::sign(&header, &jws.claims, |text| {
                let key = ::ring::hmac::Key::new(::ring::hmac::HMAC_SHA256, secret);
                Some(::ring::hmac::sign(&key, text).as_ref().to_vec())
            })
            .unwrap()
        };
        let public = ring.jwks()["keys"][0].to_string();
        for alg in ["HS256", "none", "ES256", "EdDSA", "RS256"] {
            let set = |header: &mut Map<String, Value>| {
                header.insert("alg".to_owned(), alg.into());
            };
            let forged = forge(&set, public.as_bytes());
            let told = ring.recognise(Kind::AccessToken, None, &forged);
            assert_eq!(told, Err(Disbelief::NotOurs), "{alg}");
        }
        let unsigned = format!("{}.", text.rsplit_once('.').unwrap().0);
        assert_eq!(ring.recognise(Kind::AccessToken, None, &unsigned), Err(Disbelief::NotOurs));
        // A key that the token itself brings along is not asked.
        let other = KeyRing::in_memory(ISSUER, clock.clone()).unwrap();
        let theirs = other.sign(Kind::AccessToken, &claims(&clock, 60)).unwrap();
        assert_eq!(ring.recognise(Kind::AccessToken, None, &theirs), Err(Disbelief::NotOurs));
    }
}
