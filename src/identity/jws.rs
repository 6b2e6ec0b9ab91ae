//! Signed texts in their compact form (RFC 7515): taken apart, and nothing believed yet.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::algorithm::{Algorithm, VerifyingKey};

/// The longest text that is looked at. A token with fifty grants is far below it.
pub const LONGEST: usize = 32 * 1024;

/// A signed text, taken apart. What it says is a claim until [`Jws::is_signed_by`] is true.
#[derive(Debug, Clone)]
pub struct Jws<'a> {
    /// The header.
    pub header: Map<String, Value>,
    /// What it says.
    pub claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

/// It is no signed text in the compact form, or longer than is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no signed token in the compact form (three parts with dots between)")]
pub struct Malformed;

impl<'a> Jws<'a> {
    /// Takes a text apart. Extensions that must be understood (`crit`) are not.
    ///
    /// # Errors
    ///
    /// [`Malformed`].
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        if text.len() > LONGEST {
            return Err(Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Malformed)?;
        let (header, claims) = (object(header)?, object(claims)?);
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Malformed)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(Malformed);
        }
        Ok(Self { header, claims, signed, signature })
    }

    /// A text of the header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// A text among the claims.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// The algorithm that the header names, if it is an asymmetric one that is known.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.header("alg").and_then(Algorithm::named)
    }

    /// Whether it was signed by this key, by the algorithm that its header names.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        self.algorithm().is_some_and(|by| key.verifies(by, self.signed.as_bytes(), &self.signature))
    }
}

fn object(part: &str) -> Result<Map<String, Value>, Malformed> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Malformed)
}

/// Signs a header and claims: the compact form. `sign` gives the signature of a text.
pub fn sign(
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
    sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Option<String> {
    let part = |map: &Map<String, Value>| {
        serde_json::to_vec(map).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
    };
    let mut text = format!("{}.{}", part(header)?, part(claims)?);
    let signature = sign(text.as_bytes())?;
    text.push('.');
    text.push_str(&URL_SAFE_NO_PAD.encode(signature));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn what_is_deep_huge_or_odd_is_refused() {
        let deep = encode(&format!("{{\"a\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000)));
        let (header, claims) = (encode("{\"alg\":\"ES256\"}"), encode("{}"));
        assert!(Jws::parse(&format!("{header}.{claims}.AAAA")).is_ok());
        for text in [
            format!("{header}.{deep}.AAAA"),
            format!("{header}.{}.AAAA", "A".repeat(1_000_000)),
            format!("{header}.{claims}"),
            format!("{header}.{claims}.AAAA.AAAA.AAAA"),
            format!("{}.{claims}.AAAA", encode("[]")),
            format!("{}.{claims}.AAAA", encode("{\"alg\":\"ES256\",\"crit\":[\"exp\"]}")),
            format!("{header}.{claims}.AA=="),
            format!("{header}.{claims}.AA+/"),
            String::new(),
            "..".to_owned(),
        ] {
            assert!(Jws::parse(&text).is_err(), "{}", &text[..text.len().min(80)]);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fall(text in ".{0,200}", parts in "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
            let _ = (Jws::parse(&text).is_ok(), Jws::parse(&parts).is_ok());
        }
    }
}
