//! What agents prove themselves with.

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Session, entities, entity, execute};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::credential::{Credential, CredentialState, Proof};
use crate::domain::ids::{AgentId, CredentialId};

statements! {
    INSERT on "credentials" = "INSERT INTO credentials \
        (id, agent_id, proof, fingerprint, issuer, expires_at, state, doc) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    UPDATE on "credentials" = "UPDATE credentials SET expires_at = $2, state = $3, doc = $4 \
        WHERE id = $1 AND state = 'active'";
    BY_ID on "credentials" = "SELECT id, doc FROM credentials WHERE id = $1";
    OF_AGENT on "credentials" = "SELECT id, doc FROM credentials WHERE agent_id = $1 ORDER BY id";
    BY_FINGERPRINT on "credentials" = "SELECT id, doc FROM credentials \
        WHERE fingerprint = $1 AND state = 'active' ORDER BY id";
    OF_ISSUER on "credentials" = "SELECT id, doc FROM credentials \
        WHERE issuer = $1 AND state = 'active' ORDER BY id";
}

const fn word(state: &CredentialState) -> &'static str {
    match state {
        CredentialState::Active => "active",
        CredentialState::Revoked { .. } => "revoked",
    }
}

impl Tx {
    /// Keeps a new credential. [`StoreError::Conflict`] if a live credential has the same
    /// fingerprint: one key, and one set of claims, is one agent's.
    pub async fn insert_credential(&mut self, credential: &Credential) -> Result<(), StoreError> {
        let fingerprint = credential.proof.fingerprint();
        let same = self.credentials_by_fingerprint(&fingerprint).await?;
        if same.iter().any(|other| other.is_live(credential.added_at)) {
            return Err(StoreError::conflict("another credential is the same"));
        }
        let issuer = match &credential.proof {
            Proof::Workload { issuer, .. } => Some(issuer.as_str()),
            Proof::Key { .. } => None,
        };
        let inserted = execute!(
            self,
            INSERT,
            credential.id.to_string(),
            credential.agent.to_string(),
            credential.proof.word(),
            fingerprint,
            issuer,
            credential.expires_at,
            word(&credential.state),
            Json(credential),
        )?;
        if inserted == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("there is a credential {}", credential.id)))
        }
    }

    /// Keeps the credential as it is now. [`StoreError::Conflict`] if it was revoked before.
    pub async fn update_credential(&mut self, credential: &Credential) -> Result<(), StoreError> {
        let (id, word) = (credential.id.to_string(), word(&credential.state));
        if execute!(self, UPDATE, id, credential.expires_at, word, Json(credential))? == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("credential {} is revoked", credential.id)))
        }
    }
}

impl Session {
    /// The credential.
    pub async fn credential(&mut self, id: CredentialId) -> Result<Option<Credential>, StoreError> {
        entity!(self, BY_ID, Credential, id.to_string())
    }

    /// All that this agent ever had, the oldest first.
    pub async fn credentials_of(&mut self, agent: AgentId) -> Result<Vec<Credential>, StoreError> {
        entities!(self, OF_AGENT, Credential, agent.to_string())
    }

    /// Those with this fingerprint ([`Proof::fingerprint`]) that were not revoked.
    pub async fn credentials_by_fingerprint(
        &mut self,
        fingerprint: &str,
    ) -> Result<Vec<Credential>, StoreError> {
        entities!(self, BY_FINGERPRINT, Credential, fingerprint)
    }

    /// Those by a token of this issuer (its name in the policy) that were not revoked.
    pub async fn credentials_of_issuer(
        &mut self,
        issuer: &str,
    ) -> Result<Vec<Credential>, StoreError> {
        entities!(self, OF_ISSUER, Credential, issuer)
    }
}
