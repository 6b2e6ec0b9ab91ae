//! Signs as the product does, with a key of the test's own, by the office's clock.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::clock::{Clock, MovableClock};
use countersign::identity::{Disbelief, Kind, Signer};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

/// What the product is called from outside.
pub const ISSUER: &str = "https://agents.example.com";

/// A signer with a secret of its own.
pub struct TestSigner {
    /// By which it dates and judges.
    pub clock: Arc<MovableClock>,
    /// Its key.
    pub secret: &'static [u8],
}

impl TestSigner {
    fn mac(&self, text: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret).expect("a key");
        mac.update(text.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A part of a signed text, read without believing it.
pub fn decode(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

impl Signer for TestSigner {
    fn issuer(&self) -> &str {
        ISSUER
    }

    fn sign(&self, kind: Kind, claims: &Map<String, Value>) -> Option<String> {
        let mut claims = claims.clone();
        claims.insert("iss".to_owned(), ISSUER.into());
        claims.insert("iat".to_owned(), self.clock.now().timestamp().into());
        let header = encode(&json!({ "alg": "HS256", "kid": "test", "typ": kind.typ() }));
        let text = format!("{header}.{}", encode(&Value::Object(claims)));
        Some(format!("{text}.{}", self.mac(&text)))
    }

    fn recognise(
        &self,
        kind: Kind,
        audience: Option<&str>,
        text: &str,
    ) -> Result<Map<String, Value>, Disbelief> {
        let (signed, mac) = text.rsplit_once('.').ok_or(Disbelief::NotOurs)?;
        let (header, claims) = signed.split_once('.').ok_or(Disbelief::NotOurs)?;
        let header = decode(header).ok_or(Disbelief::NotOurs)?;
        if mac != self.mac(signed) || header["typ"] != kind.typ() {
            return Err(Disbelief::NotOurs);
        }
        let Some(Value::Object(claims)) = decode(claims) else { return Err(Disbelief::NotOurs) };
        let now = self.clock.now().timestamp();
        if claims.get("exp").and_then(Value::as_i64).is_none_or(|exp| now >= exp) {
            return Err(Disbelief::Expired);
        }
        if audience.is_some_and(|wanted| claims.get("aud").is_none_or(|aud| aud != wanted)) {
            return Err(Disbelief::Audience);
        }
        Ok(claims)
    }
}
