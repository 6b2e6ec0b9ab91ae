//! An agent's key pair on this machine: made here, kept here, and never sent anywhere. What is sent is its
//! public half, and for each token a short signed proof (RFC 7523).

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::environment::{read_private, write_private};
use super::trouble::Trouble;
use crate::domain::credential::PublicKey;
use crate::domain::signing_key::Algorithm;
use crate::domain::time::Timestamp;
use crate::identity::jws;
use crate::identity::pair::KeyPair;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// What PKCS #8 in its first version puts before an Ed25519 seed (RFC 8410, section 7); every tool reads it.
const PKCS8_ED25519: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// The columns of a line of PEM (RFC 7468, section 2).
const COLUMNS: usize = 64;
/// How long a proof can be used, in seconds.
const PROOF_SECONDS: i64 = 60;

/// A key pair, and where its private half is kept.
pub struct AgentKey {
    pair: KeyPair,
    path: PathBuf,
}

impl std::fmt::Debug for AgentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentKey").field("path", &self.path).finish_non_exhaustive()
    }
}

impl AgentKey {
    /// Makes an Ed25519 pair and keeps it. A key that is there already is used, never overwritten.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or one that is there cannot be used.
    pub fn find_or_make(path: &Path) -> Result<Self, Trouble> {
        if let Some(key) = Self::find(path)? {
            return Ok(key);
        }
        let (_, made) = KeyPair::make(Algorithm::EdDsa)
            .map_err(|error| Trouble::fault("No key could be made.", error))?;
        // What is made has the public half behind the seed, which not every tool reads: the seed alone
        // says it all.
        let seed = made.get(PKCS8_ED25519.len()..PKCS8_ED25519.len() + 32).unwrap_or_default();
        let pkcs8 = [PKCS8_ED25519.as_slice(), seed].concat();
        write_private(path, &pem(&pkcs8))?;
        Self::read(path)
    }

    /// Reads the pair that is kept there, if one is.
    ///
    /// # Errors
    ///
    /// When others may read it, or it is no Ed25519 or P-256 key.
    pub fn find(path: &Path) -> Result<Option<Self>, Trouble> {
        let Some(text) = read_private(path)? else { return Ok(None) };
        let unreadable = || {
            Trouble::invalid(
                format!("{} is no private key that can be used.", path.display()),
                "an Ed25519 or P-256 key in PKCS #8 is needed: -----BEGIN PRIVATE KEY-----.",
                "openssl genpkey -algorithm ed25519 -out key.pem   makes one; so does agent-cli register",
            )
        };
        let der = from_pem(&text).ok_or_else(unreadable)?;
        let pair = [Algorithm::EdDsa, Algorithm::Es256]
            .into_iter()
            .find_map(|algorithm| KeyPair::read(algorithm, &der).ok());
        let pair = pair.ok_or_else(unreadable)?;
        Ok(Some(Self { pair, path: path.to_owned() }))
    }

    /// Reads the pair that must be there.
    ///
    /// # Errors
    ///
    /// As [`AgentKey::find`], and when there is none.
    pub fn read(path: &Path) -> Result<Self, Trouble> {
        Self::find(path)?.ok_or_else(|| {
            Trouble::invalid(
                format!("There is no key at {}.", path.display()),
                "an agent proves itself by its private key.",
                "agent-cli register NAME   makes one; or name it: COUNTERSIGN_AGENT_KEY=path",
            )
        })
    }

    /// The public half.
    pub const fn public(&self) -> &PublicKey {
        self.pair.public()
    }

    /// The public half as a JWK, to be sent with a registration.
    pub fn jwk(&self) -> String {
        serde_json::to_string(self.pair.public()).unwrap_or_default()
    }

    /// Where the private half is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A proof that whoever sends it is this agent, for this server, now (`private_key_jwt`).
    ///
    /// # Errors
    ///
    /// When this machine gives no randomness.
    pub fn proof(
        &self,
        agent: &str,
        server: &str,
        now: Timestamp,
        id: &str,
    ) -> Result<String, Trouble> {
        let algorithm = match self.pair.public() {
            PublicKey::Ed25519 { .. } => "EdDSA",
            PublicKey::P256 { .. } => "ES256",
        };
        let header = json!({ "alg": algorithm, "kid": self.public().thumbprint() });
        let at = now.timestamp();
        let claims = json!({
            "iss": agent, "sub": agent, "aud": server, "iat": at, "exp": at + PROOF_SECONDS, "jti": id,
        });
        let members = |value: Value| value.as_object().cloned().unwrap_or_default();
        jws::sign(&members(header), &members(claims), |text| self.pair.sign(text)).ok_or_else(
            || Trouble::fault("The key could not sign.", "this machine gave no randomness"),
        )
    }
}

fn pem(der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("{BEGIN}\n");
    let mut left = encoded.as_str();
    while !left.is_empty() {
        let (line, rest) = left.split_at(left.len().min(COLUMNS));
        text.push_str(line);
        text.push('\n');
        left = rest;
    }
    text.push_str(END);
    text.push('\n');
    text
}

fn from_pem(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(BEGIN)?;
    let (body, _) = rest.split_once(END)?;
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::algorithm::VerifyingKey;
    use crate::identity::jws::Jws;

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/support-agent.pem");
        assert!(AgentKey::find(&path).unwrap().is_none());
        assert!(AgentKey::read(&path).unwrap_err().words().what.contains("no key at"));
        let made = AgentKey::find_or_make(&path).unwrap().public().thumbprint();
        assert_eq!(AgentKey::find_or_make(&path).unwrap().public().thumbprint(), made);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(BEGIN) && text.len() < 200, "{text}");
    }

    #[test]
    fn a_proof_is_signed_by_the_key_for_one_server_and_one_minute() {
        let folder = tempfile::tempdir().unwrap();
        let key = AgentKey::find_or_make(&folder.path().join("a.pem")).unwrap();
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let proof = key.proof("support-agent", "https://a.example", now, "once").unwrap();
        let read = Jws::parse(&proof).unwrap();
        assert!(read.is_signed_by(&VerifyingKey::of(key.public()).unwrap()));
        assert_eq!(read.claims["exp"], json!(1_800_000_060));
        assert_eq!(read.claim("aud"), Some("https://a.example"));
        assert_eq!(read.header("kid"), Some(key.public().thumbprint().as_str()));
    }

    #[test]
    fn what_is_no_key_says_what_would_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pem");
        for text in ["", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
        {
            write_private(&path, text).unwrap();
            let words = AgentKey::read(&path).unwrap_err().words();
            assert!(words.what.contains("no private key that can be used"), "{words:?}");
        }
    }
}
