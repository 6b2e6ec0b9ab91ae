//! Proof of possession (DPoP, RFC 9449): whoever calls shows that they hold a key, for this one call.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::algorithm::VerifyingKey;
use super::jws::Jws;
use super::verify::{Expected, Text, Wrong, verify};
use crate::domain::credential::PublicKey;
use crate::domain::time::Timestamp;

/// The call that a proof must be for.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `POST`.
    pub method: &'a str,
    /// The address as the caller knows it, without question mark and fragment.
    pub address: &'a str,
    /// The token that is shown beside it, if one is.
    pub token: Option<&'a str>,
}

/// A proof that holds. It must be seen once: whoever takes it keeps [`Proof::once`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The key's RFC 7638 thumbprint, as tokens name it (`cnf.jkt`).
    pub thumbprint: String,
    /// What tells the proof from all others.
    pub once: String,
}

/// Checks a proof (RFC 9449, section 4.3).
///
/// # Errors
///
/// [`Wrong`].
pub fn check(text: &str, call: Call<'_>, now: Timestamp) -> Result<Proof, Wrong> {
    let jws = Jws::parse(text)?;
    let jwk = jws.header.get("jwk").ok_or(Wrong::Claim("jwk"))?;
    // A private key in it is refused as well.
    let key = PublicKey::from_jwk(jwk).map_err(|_| Wrong::Claim("jwk"))?;
    let verifying = VerifyingKey::of(&key).ok_or(Wrong::Claim("jwk"))?;
    let expected = Expected { keys: &[verifying], issuer: None, audiences: &[] };
    let claims = verify(Text::Dpop, &jws, &expected, now)?;
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let same = claim("htm") == call.method
        && address(claim("htu")) == address(call.address)
        && call.token.is_none_or(|token| {
            claim("ath") == URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
        });
    if !same {
        return Err(Wrong::OtherCall);
    }
    let thumbprint = key.thumbprint();
    let jti = hex::encode(Sha256::digest(claim("jti").as_bytes()));
    Ok(Proof { once: format!("dpop:{thumbprint}:{jti}"), thumbprint })
}

/// An address without question mark and fragment; scheme and host in small letters, usual ports left
/// out (RFC 3986, section 6.2).
fn address(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let (scheme, mut host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let usual = if scheme == "https" { ":443" } else { ":80" };
    if let Some(without) = host.strip_suffix(usual) {
        host = without.to_owned();
    }
    format!("{scheme}://{host}{path}")
}
