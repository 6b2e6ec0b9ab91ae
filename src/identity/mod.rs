//! Who signs, and who is who: this server's signing keys, the tokens it issues, and the proofs that
//! agents show. Nothing here reads a database; the time comes from outside. Keys are made from the
//! operating system's randomness, always: a seed that somebody knows would be a key that they know.
//!
//! | file | idea |
//! |---|---|
//! | [`algorithm`], [`jws`] | signatures, and texts that carry them |
//! | [`verify`](mod@verify) | one table of what each kind of text must be |
//! | [`dpop`] | proofs of possession |
//! | [`pair`], [`ring`], [`vault`] | this server's keys: made, used, kept |
//! | [`issuers`], [`fetch`] | the keys of others |

pub mod algorithm;
pub mod dpop;
pub mod fetch;
pub mod issuers;
pub mod jws;
pub mod pair;
pub mod ring;
pub mod vault;
pub mod verify;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a signed text is. Each kind has its own `typ`, so that one can never pass for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An access token (RFC 9068): `at+jwt`.
    AccessToken,
    /// What ties an access request to the denial it answers: `binding+jwt`.
    Binding,
    /// What an approval opens, for re-evaluation: `approval+jwt`.
    Approval,
    /// What tells a program that what it asked for has ended: `callback+jwt`.
    Callback,
    /// A link that puts a ready request before the agent's owner: `link+jwt`.
    Link,
}

impl Kind {
    /// The `typ` in the header.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::Binding => "binding+jwt",
            Self::Approval => "approval+jwt",
            Self::Callback => "callback+jwt",
            Self::Link => "link+jwt",
        }
    }
}

/// Why a signed text is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disbelief {
    /// It is no signed text of this kind, or not by a key of ours.
    #[error("it is not signed by this server, or not for this purpose")]
    NotOurs,
    /// Its time is over.
    #[error("its time is over")]
    Expired,
    /// Its time has not come.
    #[error("its time has not come")]
    NotYet,
    /// It is for somebody else.
    #[error("it is for another audience")]
    Audience,
}

/// Signs what this server says, and recognises it.
pub trait Signer: Send + Sync + 'static {
    /// The `iss` of what is signed: this server's address, without a slash at its end.
    fn issuer(&self) -> &str;

    /// Signs these claims, which must be a JSON object with `exp` (seconds) and may have `aud`;
    /// `iss` and `iat` are added. A compact JWS. `None` when there is no key to sign with.
    fn sign(
        &self,
        kind: Kind,
        claims: &serde_json::Map<String, serde_json::Value>,
    ) -> Option<String>;

    /// The claims of a text that this server signed as this kind, for this audience, and whose time
    /// is not over.
    ///
    /// # Errors
    ///
    /// Why it is not believed.
    fn recognise(
        &self,
        kind: Kind,
        audience: Option<&str>,
        text: &str,
    ) -> Result<serde_json::Map<String, serde_json::Value>, Disbelief>;
}

/// Claims as a JSON object.
pub fn claims_of<T: Serialize>(claims: &T) -> Option<serde_json::Map<String, serde_json::Value>> {
    match serde_json::to_value(claims) {
        Ok(serde_json::Value::Object(map)) => Some(map),
        _ => None,
    }
}

/// A JSON object as claims.
pub fn read_claims<T: DeserializeOwned>(
    claims: serde_json::Map<String, serde_json::Value>,
) -> Option<T> {
    serde_json::from_value(serde_json::Value::Object(claims)).ok()
}
