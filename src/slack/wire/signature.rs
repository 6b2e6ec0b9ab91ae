//! Slack's signature of a request, version 0: HMAC-SHA256 over `v0:{timestamp}:{raw body}`.
//!
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack>

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::domain::time::Timestamp;

/// How far a request's time may be from ours, in seconds, either way.
pub const TOLERANCE: i64 = 300;

/// The header with the time of sending, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "x-slack-request-timestamp";
/// The header with the signature, `v0=` and 64 hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "x-slack-signature";

/// The signing secret, ready for use.
#[derive(Clone)]
pub struct Verifier {
    keyed: Hmac<Sha256>,
}

/// A signing secret that anybody could guess, because it is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signing secret is empty: copy it from the app's page, Basic Information")]
pub struct EmptySecret;

/// Why a request is not Slack's, or not of now. Never tells what the right signature would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// One of the headers is missing.
    #[error("no signature")]
    Missing,
    /// A header that Slack would not send.
    #[error("a malformed signature")]
    Malformed,
    /// Signed too long ago, or in the future.
    #[error("a signature of another time; are both clocks right?")]
    Stale,
    /// Signed with another secret, or another body.
    #[error("a wrong signature; is the signing secret right?")]
    Wrong,
}

/// A request that Slack signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// The signature's bytes: they name this request, byte for byte.
    pub tag: [u8; 32],
    /// When it was signed, in seconds since 1970.
    pub at: i64,
}

impl Verifier {
    /// Verifies with this secret.
    pub fn new(secret: &SecretString) -> Result<Self, EmptySecret> {
        let secret = secret.expose_secret().trim();
        if secret.is_empty() {
            return Err(EmptySecret);
        }
        Hmac::new_from_slice(secret.as_bytes()).map(|keyed| Self { keyed }).map_err(|_| EmptySecret)
    }

    /// Whether Slack signed this body at about this time. Takes the raw body, before any parsing;
    /// compares in constant time.
    pub fn verify(
        &self,
        timestamp: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Signed, BadSignature> {
        let (Some(timestamp), Some(signature)) = (timestamp, signature) else {
            return Err(BadSignature::Missing);
        };
        if timestamp.len() > 12 || !timestamp.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadSignature::Malformed);
        }
        let at: i64 = timestamp.parse().map_err(|_| BadSignature::Malformed)?;
        let digits = signature.strip_prefix("v0=").ok_or(BadSignature::Malformed)?;
        let mut tag = [0_u8; 32];
        hex::decode_to_slice(digits, &mut tag).map_err(|_| BadSignature::Malformed)?;
        if now.timestamp().abs_diff(at) > TOLERANCE.unsigned_abs() {
            return Err(BadSignature::Stale);
        }
        let mut mac = self.keyed.clone();
        for part in [b"v0:".as_slice(), timestamp.as_bytes(), b":", body] {
            mac.update(part);
        }
        mac.verify_slice(&tag).map_err(|_| BadSignature::Wrong)?;
        Ok(Signed { tag, at })
    }

    /// The signature header's value for this body at this time, as Slack would make it.
    pub fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        let mut mac = self.keyed.clone();
        for part in [b"v0:".as_slice(), timestamp.as_bytes(), b":", body] {
            mac.update(part);
        }
        format!("v0={}", hex::encode(mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    // The example in Slack's documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const SENT: i64 = 1_531_420_618;
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
        &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
        &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands\
        %2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121\
        .803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn verifier() -> Verifier {
        Verifier::new(&SecretString::from(SECRET)).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn verify(
        timestamp: &str,
        signature: &str,
        body: &[u8],
        now: i64,
    ) -> Result<i64, BadSignature> {
        verifier().verify(Some(timestamp), Some(signature), body, at(now)).map(|signed| signed.at)
    }

    #[test]
    fn the_documented_example_passes_and_is_what_we_would_sign() {
        let sent = SENT.to_string();
        assert_eq!(verify(&sent, SIGNATURE, BODY.as_bytes(), SENT), Ok(SENT));
        assert_eq!(verifier().sign(&sent, BODY.as_bytes()), SIGNATURE);
    }

    #[test]
    fn five_minutes_either_way_and_no_more() {
        let sent = SENT.to_string();
        for now in [SENT - 300, SENT + 300] {
            assert_eq!(verify(&sent, SIGNATURE, BODY.as_bytes(), now), Ok(SENT));
        }
        for now in [SENT - 301, SENT + 301, 0, SENT + 86_400] {
            assert_eq!(verify(&sent, SIGNATURE, BODY.as_bytes(), now), Err(BadSignature::Stale));
        }
    }

    #[test]
    fn what_slack_would_not_send_is_refused() {
        let body = BODY.as_bytes();
        let missing = verifier().verify(None, Some(SIGNATURE), body, at(SENT));
        assert_eq!(missing, Err(BadSignature::Missing));
        let missing = verifier().verify(Some("1531420618"), None, body, at(SENT));
        assert_eq!(missing, Err(BadSignature::Missing));
        for timestamp in ["", "+1531420618", " 1531420618", "-1", "1531420618.0", "9999999999999"] {
            let found = verify(timestamp, SIGNATURE, body, SENT);
            assert_eq!(found, Err(BadSignature::Malformed), "{timestamp:?}");
        }
        for signature in ["", "v0=", "v1=00", SIGNATURE.trim_start_matches("v0="), "v0=zz"] {
            let found = verify("1531420618", signature, body, SENT);
            assert_eq!(found, Err(BadSignature::Malformed), "{signature:?}");
        }
        assert_eq!(Verifier::new(&SecretString::from(" ")).unwrap_err(), EmptySecret);
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_noticed(
            body in proptest::collection::vec(any::<u8>(), 1..200),
            at_byte in any::<prop::sample::Index>(),
            flip in 1_u8..,
        ) {
            let sent = SENT.to_string();
            let signature = verifier().sign(&sent, &body);
            prop_assert_eq!(verify(&sent, &signature, &body, SENT), Ok(SENT));
            let mut forged = body.clone();
            forged[at_byte.index(body.len())] ^= flip;
            prop_assert_eq!(verify(&sent, &signature, &forged, SENT), Err(BadSignature::Wrong));
            let later = (SENT + 1).to_string();
            prop_assert_eq!(verify(&later, &signature, &body, SENT), Err(BadSignature::Wrong));
        }
    }
}
