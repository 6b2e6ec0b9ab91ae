//! The algorithms of signatures (RFC 7518, RFC 8037) and the keys that verify them. Asymmetric ones
//! alone: a shared secret, or none at all, has no name here, so that nothing can be confused with it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::Value;

use crate::domain::credential::PublicKey;

/// How something is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519; also written `Ed25519` (RFC 9864).
    EdDsa,
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// RSA, PKCS #1 1.5.
    Rs256,
    /// RSA, PKCS #1 1.5.
    Rs384,
    /// RSA, PKCS #1 1.5.
    Rs512,
    /// RSA, PSS.
    Ps256,
    /// RSA, PSS.
    Ps384,
    /// RSA, PSS.
    Ps512,
}

impl Algorithm {
    /// The algorithm that a header's `alg` names, if it is one of these.
    pub fn named(alg: &str) -> Option<Self> {
        Some(match alg {
            "EdDSA" | "Ed25519" => Self::EdDsa,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            _ => return None,
        })
    }
}

/// A key that verifies, by the kind that it is and never by what a token claims of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyingKey {
    /// 32 bytes.
    Ed25519(Vec<u8>),
    /// An uncompressed point.
    P256(Vec<u8>),
    /// An uncompressed point.
    P384(Vec<u8>),
    /// Modulus and exponent.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
}

impl VerifyingKey {
    /// The key of an agent or service.
    pub fn of(key: &PublicKey) -> Option<Self> {
        let bytes = key.bytes()?;
        Some(match key {
            PublicKey::Ed25519 { .. } => Self::Ed25519(bytes),
            PublicKey::P256 { .. } => Self::P256(bytes),
        })
    }

    /// A key of a foreign JWK set, if it is of a kind that is believed.
    pub fn from_jwk(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
        let point = |length: usize| {
            let (x, y) = (bytes("x")?, bytes("y")?);
            (x.len() == length && y.len() == length).then(|| [&[4], &x[..], &y[..]].concat())
        };
        match (text("kty")?, text("crv")) {
            ("OKP", Some("Ed25519")) => bytes("x").filter(|x| x.len() == 32).map(Self::Ed25519),
            ("EC", Some("P-256")) => point(32).map(Self::P256),
            ("EC", Some("P-384")) => point(48).map(Self::P384),
            ("RSA", _) => Some(Self::Rsa { n: bytes("n")?, e: bytes("e")? }),
            _ => None,
        }
    }

    /// Whether this key, by this algorithm, signed this message. An algorithm of another kind of key
    /// never did.
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        let by = |kind: &'static dyn ring::signature::VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(kind, key).verify(message, signature).is_ok()
        };
        let rsa: &RsaParameters = match (self, algorithm) {
            (Self::Ed25519(key), EdDsa) => return by(&ED25519, key),
            (Self::P256(key), Es256) => return by(&ECDSA_P256_SHA256_FIXED, key),
            (Self::P384(key), Es384) => return by(&ECDSA_P384_SHA384_FIXED, key),
            (Self::Rsa { .. }, Rs256) => &RSA_PKCS1_2048_8192_SHA256,
            (Self::Rsa { .. }, Rs384) => &RSA_PKCS1_2048_8192_SHA384,
            (Self::Rsa { .. }, Rs512) => &RSA_PKCS1_2048_8192_SHA512,
            (Self::Rsa { .. }, Ps256) => &RSA_PSS_2048_8192_SHA256,
            (Self::Rsa { .. }, Ps384) => &RSA_PSS_2048_8192_SHA384,
            (Self::Rsa { .. }, Ps512) => &RSA_PSS_2048_8192_SHA512,
            _ => return false,
        };
        match self {
            Self::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(rsa, message, signature).is_ok()
            }
            _ => false,
        }
    }
}

/// Whether a key that somebody wants to use can ever verify anything: a P-256 point may lie beside
/// the curve.
pub fn is_sound(key: &PublicKey) -> bool {
    use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
    let Some(bytes) = key.bytes() else { return false };
    match key {
        // Every 32 bytes are taken for a point; one that is none verifies nothing.
        PublicKey::Ed25519 { .. } => true,
        PublicKey::P256 { .. } => {
            let Ok(own) =
                EphemeralPrivateKey::generate(&ECDH_P256, &ring::rand::SystemRandom::new())
            else {
                return false;
            };
            agree_ephemeral(own, &UnparsedPublicKey::new(&ECDH_P256, bytes), |_| ()).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_symmetric_or_nothing_has_no_name() {
        for alg in ["none", "None", "NONE", "HS256", "HS512", "", "es256", "dir", "A256GCMKW"] {
            assert_eq!(Algorithm::named(alg), None, "{alg}");
        }
        let oct = serde_json::json!({"kty": "oct", "k": "AAAA"});
        assert_eq!(VerifyingKey::from_jwk(&oct), None);
    }

    #[test]
    fn a_point_beside_the_curve_is_no_key() {
        assert!(!is_sound(&PublicKey::p256(&[1; 32], &[2; 32])));
        // RFC 7517, appendix A.1.
        let jwk = serde_json::json!({"kty":"EC","crv":"P-256",
            "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"});
        assert!(is_sound(&PublicKey::from_jwk(&jwk).unwrap()));
    }
}
