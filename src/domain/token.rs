//! What was issued to an agent. A token is good until its time is over, unless it was taken back or
//! something that it rests on has ended: the agent, the credential, a grant, or the token that it was
//! exchanged for.

use serde::{Deserialize, Serialize};

use super::ids::{AgentId, CredentialId, GrantId, TokenId};
use super::time::Timestamp;

/// A token that was issued, as the record keeps it; never the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedToken {
    /// Its identity, the `jti`.
    pub id: TokenId,
    /// To which agent.
    pub agent: AgentId,
    /// The credential by which the agent proved itself.
    pub credential: CredentialId,
    /// The tokens of ours that it was exchanged for; over when one of them is taken back.
    pub exchanged: Vec<TokenId>,
    /// The grants that it carries; over when one of them is.
    pub grants: Vec<GrantId>,
    /// Whom it is for.
    pub audience: Vec<String>,
    /// The person in whose name, if not the agent's own.
    pub on_behalf_of: Option<String>,
    /// Since when.
    pub issued_at: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// When it was taken back, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl IssuedToken {
    /// Whether it is good as far as it itself goes.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.issued_at <= now && now < self.until
    }

    /// Somebody takes it back. `None` if it was over already.
    pub fn revoke(self, now: Timestamp) -> Option<Self> {
        if self.is_live(now) { Some(Self { revoked_at: Some(now), ..self }) } else { None }
    }
}
