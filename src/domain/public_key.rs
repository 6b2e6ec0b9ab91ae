//! A public key as somebody pastes it: a JWK (RFC 7517) or a PEM file, read, checked, and called by
//! its thumbprint. Only public halves are taken; a private one is refused and forgotten.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::credential::{Ed25519, P256, PublicKey};

/// The longest text that is looked at; a key has a few hundred bytes.
const LONGEST: usize = 8 * 1024;

/// What a DER `SubjectPublicKeyInfo` of an Ed25519 key begins with (RFC 8410, section 4).
const SPKI_ED25519: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// The same of an uncompressed P-256 point, with the `04` that says so (RFC 5480, section 2).
const SPKI_P256: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
/// The same of a compressed one.
const SPKI_P256_SHORT: [u8; 4] = [0x30, 0x39, 0x30, 0x13];

/// Why a text cannot be used as a public key. None of these repeats any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Nothing is there.
    #[error("there is no key: paste the public key, as a JWK or in PEM")]
    Empty,
    /// The private half.
    #[error(
        "this is a private key. It was not kept, and must be thought of as known to others now: make \
         a new pair where the agent runs, and send its public half alone"
    )]
    Private,
    /// A shared secret.
    #[error(
        "this is a shared secret, and agents prove themselves without one: make a key pair \
         (Ed25519 or P-256) where the agent runs, and send its public half"
    )]
    Shared,
    /// A certificate, or something else in PEM.
    #[error(
        "this is no public key: send what begins with -----BEGIN PUBLIC KEY----- \
         (`openssl pkey -in key.pem -pubout` prints it)"
    )]
    OtherPem,
    /// RSA, another curve.
    #[error("only Ed25519 and P-256 (ES256) keys are taken: make a pair of one of these")]
    OtherKind,
    /// A P-256 point in its short form.
    #[error(
        "this P-256 key is in the compressed form: write it with \
         `openssl ec -pubin -in key.pem -conv_form uncompressed`"
    )]
    Compressed,
    /// A set of keys.
    #[error("this is a set of keys: send one of them")]
    Set,
    /// Nothing that is known.
    #[error("this is no public key: send a JWK or PEM of an Ed25519 or P-256 public key, whole")]
    Unreadable,
}

impl PublicKey {
    /// Reads a key that somebody pasted.
    ///
    /// # Errors
    ///
    /// [`BadKey`], which says what to do and repeats nothing of the text.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadKey::Empty);
        }
        // First of all, whatever else is wrong with it: somebody may have given a secret away.
        if text.contains("PRIVATE KEY") {
            return Err(BadKey::Private);
        }
        if text.len() > LONGEST {
            return Err(BadKey::Unreadable);
        }
        if text.starts_with("-----BEGIN") { Self::from_pem(text) } else { Self::from_json(text) }
    }

    fn from_json(text: &str) -> Result<Self, BadKey> {
        match serde_json::from_str(text) {
            Ok(value) => Self::from_jwk(&value),
            // A private key that was cut on its way is one all the same.
            Err(_) if text.contains("\"d\"") => Err(BadKey::Private),
            Err(_) => Err(BadKey::Unreadable),
        }
    }

    /// Reads a JWK.
    ///
    /// # Errors
    ///
    /// As [`PublicKey::parse`].
    pub fn from_jwk(jwk: &Value) -> Result<Self, BadKey> {
        let jwk = jwk.as_object().ok_or(BadKey::Unreadable)?;
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let private = |keys: &[Value]| keys.iter().any(|key| key.get("d").is_some());
        if jwk.contains_key("d")
            || jwk.get("keys").and_then(Value::as_array).is_some_and(|keys| private(keys))
        {
            return Err(BadKey::Private);
        }
        if jwk.contains_key("keys") {
            return Err(BadKey::Set);
        }
        match (text("kty"), text("crv")) {
            (Some("oct"), _) => Err(BadKey::Shared),
            (Some("OKP"), Some("Ed25519")) => {
                let x = text("x").and_then(coordinate).ok_or(BadKey::Unreadable)?;
                Ok(Self::ed25519(&x))
            }
            (Some("EC"), Some("P-256")) => {
                let x = text("x").and_then(coordinate).ok_or(BadKey::Unreadable)?;
                let y = text("y").and_then(coordinate).ok_or(BadKey::Unreadable)?;
                Ok(Self::p256(&x, &y))
            }
            (Some("RSA" | "OKP" | "EC" | "AKP"), _) => Err(BadKey::OtherKind),
            _ => Err(BadKey::Unreadable),
        }
    }

    fn from_pem(text: &str) -> Result<Self, BadKey> {
        let body = text
            .strip_prefix("-----BEGIN PUBLIC KEY-----")
            .ok_or(BadKey::OtherPem)?
            .split("-----END PUBLIC KEY-----")
            .next()
            .unwrap_or_default();
        let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        let der = STANDARD.decode(body).map_err(|_| BadKey::Unreadable)?;
        if let Some(key) = der.strip_prefix(&SPKI_ED25519) {
            let key = key.try_into().map_err(|_| BadKey::Unreadable)?;
            return Ok(Self::ed25519(key));
        }
        if let Some(point) = der.strip_prefix(&SPKI_P256) {
            let (x, y) = point.split_first_chunk::<32>().ok_or(BadKey::Unreadable)?;
            return Ok(Self::p256(x, y.try_into().map_err(|_| BadKey::Unreadable)?));
        }
        Err(match der.strip_prefix(&SPKI_P256_SHORT) {
            Some(_) => BadKey::Compressed,
            None if der.first() == Some(&0x30) => BadKey::OtherKind,
            None => BadKey::Unreadable,
        })
    }

    /// The Ed25519 key of these bytes.
    pub fn ed25519(x: &[u8; 32]) -> Self {
        Self::Ed25519 { crv: Ed25519::Ed25519, x: URL_SAFE_NO_PAD.encode(x) }
    }

    /// The P-256 key of these coordinates.
    pub fn p256(x: &[u8; 32], y: &[u8; 32]) -> Self {
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Self::P256 { crv: P256::P256, x, y }
    }

    /// The key's bytes as algorithms take them: 32 for Ed25519; for P-256 the uncompressed point,
    /// 65. `None` if its texts are not base64url of 32 bytes.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Ed25519 { x, .. } => coordinate(x).map(|x| x.to_vec()),
            Self::P256 { x, y, .. } => {
                Some([&[4], &coordinate(x)?[..], &coordinate(y)?[..]].concat())
            }
        }
    }

    /// The name of the algorithm that it verifies (`alg`, RFC 7518 and 8037).
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519 { .. } => "EdDSA",
            Self::P256 { .. } => "ES256",
        }
    }

    /// What the key is called (RFC 7638): SHA-256 of its required members in order, base64url.
    pub fn thumbprint(&self) -> String {
        let members = match self {
            Self::Ed25519 { x, .. } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
            Self::P256 { x, y, .. } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
        };
        URL_SAFE_NO_PAD.encode(Sha256::digest(members.as_bytes()))
    }
}

/// 32 bytes in base64url without padding, written in the one canonical way.
fn coordinate(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const PEM_ED: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        // RFC 8037, appendix A.3.
        let key =
            PublicKey::parse(&json!({"kty":"OKP","crv":"Ed25519","x":X}).to_string()).unwrap();
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(PublicKey::parse(PEM_ED), Ok(key));
    }

    #[test]
    fn a_private_key_is_refused_with_the_cure_and_never_repeated() {
        let d = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
        let jwk = json!({"kty":"OKP","crv":"Ed25519","x":X,"d":d});
        for private in [
            jwk.to_string(),
            json!({ "keys": [jwk] }).to_string(),
            format!("{{\"kty\":\"OKP\", \"d\": \"{d}"),
            format!("-----BEGIN PRIVATE KEY-----\n{d}\n-----END PRIVATE KEY-----"),
            format!("here it is: -----BEGIN EC PRIVATE KEY-----\n{d}"),
            format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}", d.repeat(400)),
        ] {
            let refused = PublicKey::parse(&private).unwrap_err();
            assert_eq!(refused, BadKey::Private);
            let words = format!("{refused} {refused:?}");
            assert!(words.contains("make a new pair") && !words.contains(&d[..8]), "{words}");
        }
    }

    #[test]
    fn what_is_something_else_is_told_what_it_is() {
        let refused = |text: &str| PublicKey::parse(text).unwrap_err();
        assert_eq!(refused("  "), BadKey::Empty);
        assert_eq!(refused(r#"{"kty":"oct","k":"AAAA"}"#), BadKey::Shared);
        assert_eq!(refused(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#), BadKey::OtherKind);
        assert_eq!(refused(r#"{"kty":"EC","crv":"P-384","x":"A","y":"A"}"#), BadKey::OtherKind);
        assert_eq!(refused(r#"{"keys":[]}"#), BadKey::Set);
        assert_eq!(refused("-----BEGIN CERTIFICATE-----\nMIIB"), BadKey::OtherPem);
        assert_eq!(refused("-----BEGIN PUBLIC KEY-----\nMIIB"), BadKey::OtherKind);
        assert_eq!(refused("ssh-ed25519 AAAA dana@laptop"), BadKey::Unreadable);
        // Too short, and not the one canonical way to write it.
        assert_eq!(refused(r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#), BadKey::Unreadable);
        let loose = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}p"}}"#, &X[..42]);
        assert_eq!(refused(&loose), BadKey::Unreadable);
    }

    proptest! {
        /// Whatever is pasted, it is read or refused, and what is read reads back.
        #[test]
        fn whatever_is_pasted(x in any::<[u8; 32]>(), y in any::<[u8; 32]>(), noise in ".{0,60}") {
            for key in [PublicKey::ed25519(&x), PublicKey::p256(&x, &y)] {
                let text = serde_json::to_string(&key).unwrap();
                prop_assert_eq!(PublicKey::parse(&text), Ok(key));
            }
            prop_assert!(PublicKey::parse(&noise).is_err());
        }
    }
}
