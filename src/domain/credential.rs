//! How an agent proves who it is: a public key, or an identity that its platform vouches for.
//!
//! The private half of a key never leaves where the agent runs; here are only public keys and
//! conditions. An agent has as many credentials as it needs, so that one can follow another without
//! a gap: Active → Revoked, and over when its time is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::{AgentId, CredentialId, RequestId};
use super::person::By;
use super::time::{Span, Timestamp};

/// A public key as RFC 7517 writes it: Ed25519 (RFC 8037) or P-256 (RFC 7518).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum PublicKey {
    /// Ed25519, for signatures by `EdDSA`.
    #[serde(rename = "OKP")]
    Ed25519 {
        /// `Ed25519`.
        crv: Ed25519,
        /// The key, base64url of 32 bytes.
        x: String,
    },
    /// P-256, for signatures by `ES256`.
    #[serde(rename = "EC")]
    P256 {
        /// `P-256`.
        crv: P256,
        /// The first coordinate, base64url of 32 bytes.
        x: String,
        /// The second coordinate, base64url of 32 bytes.
        y: String,
    },
}

/// The curve's name in a JWK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Ed25519 {
    /// `Ed25519`.
    #[default]
    Ed25519,
}

/// The curve's name in a JWK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum P256 {
    /// `P-256`.
    #[default]
    #[serde(rename = "P-256")]
    P256,
}

/// What is accepted as proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "snake_case")]
pub enum Proof {
    /// A signature by the private half of this key.
    Key {
        /// The public half.
        key: PublicKey,
        /// Its RFC 7638 thumbprint (SHA-256, base64url): what the key is called.
        thumbprint: String,
    },
    /// A token that a trusted issuer gave to the workload.
    Workload {
        /// The issuer, as the policy names it.
        issuer: String,
        /// Every one of these claims must be there with exactly this value.
        claims: BTreeMap<String, String>,
    },
}

impl Proof {
    /// What it is called in one word: `key`, `workload`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Key { .. } => "key",
            Self::Workload { .. } => "workload",
        }
    }

    /// What tells it from others: the thumbprint, or the issuer with its claims in order.
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Key { thumbprint, .. } => thumbprint.clone(),
            Self::Workload { issuer, claims } => {
                let claims: Vec<String> =
                    claims.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{issuer} {}", claims.join(" "))
            }
        }
    }
}

/// A credential that a registration brings along: one yes is for both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstCredential {
    /// What people call it; untrusted text, cleaned.
    pub name: String,
    /// What is to be accepted.
    pub proof: Proof,
    /// For so long from the approval.
    pub lasting: Span,
}

/// A credential of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its identity.
    pub id: CredentialId,
    /// Whose.
    pub agent: AgentId,
    /// What people call it: `laptop`, `production`.
    pub name: String,
    /// What is accepted.
    pub proof: Proof,
    /// The request by whose approval it was added.
    pub request: RequestId,
    /// From when on it is accepted.
    pub added_at: Timestamp,
    /// From this moment on it is not accepted any more.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: CredentialState,
}

/// Where a credential stands, with the facts that belong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CredentialState {
    /// Accepted until `expires_at`.
    Active,
    /// Somebody took it away.
    Revoked {
        /// When.
        at: Timestamp,
        /// Who.
        by: By,
        /// Why; may be empty.
        reason: String,
    },
}

impl Credential {
    /// Whether it is accepted at this moment.
    pub fn is_live(&self, now: Timestamp) -> bool {
        matches!(self.state, CredentialState::Active)
            && self.added_at <= now
            && now < self.expires_at
    }

    /// Somebody takes it away. `None` if it was over already.
    pub fn revoke(self, by: impl Into<By>, reason: String, now: Timestamp) -> Option<Self> {
        if self.is_live(now) {
            let by = by.into();
            Some(Self { state: CredentialState::Revoked { at: now, by, reason }, ..self })
        } else {
            None
        }
    }
}
