//! Taking a credential away: from this moment on it is not accepted.

use super::keep::{live_credentials, with_agent};
use super::outcome::CredentialRevoked;
use crate::domain::agent::Agent;
use crate::domain::credential::{Credential, CredentialState};
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{About, Actor, TextHash, What};
use crate::domain::ids::CredentialId;
use crate::domain::person::PersonId;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::service::input::OnceKey;
use crate::service::once::Outcome;
use crate::service::opening::{refresh_homes, send};
use crate::service::{Result, Service};
use crate::store::work;

impl Outcome for CredentialRevoked {
    fn before() -> Self {
        Self::Before
    }

    fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Before)
    }
}

impl Service {
    /// The owner, a lead of the agent's team or security takes a credential away, at once.
    pub async fn revoke_credential(
        &self,
        by: &PersonId,
        id: CredentialId,
        reason: &str,
        once: Option<OnceKey>,
    ) -> Result<CredentialRevoked> {
        match self.may_revoke_credential(by, id).await? {
            Ok(_) => {}
            // It is over perhaps because this very form took it away, and the answer was lost.
            Err(CredentialRevoked::Over { .. }) if self.was_done(once.as_ref()).await? => {
                return Ok(CredentialRevoked::Before);
            }
            Err(refused) => return Ok(refused),
        }
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let (by, reason) = (by.clone(), clean(reason, LONGEST_TEXT));
        let work = work(move |tx| {
            Box::pin(async move {
                let Some((before, agent, _)) = with_agent(tx, id, now).await? else {
                    return Ok(CredentialRevoked::Unknown);
                };
                let hash = TextHash::of(&reason);
                let Some(credential) = before.clone().revoke(by.clone(), reason, now) else {
                    return Ok(CredentialRevoked::Over { credential: before, agent });
                };
                tx.update_credential(&credential).await?;
                tx.drop_deadlines(&id.to_string()).await?;
                let what =
                    What::CredentialRevoked { credential: id, agent: agent.id, reason: hash };
                let about =
                    About { agent: Some(agent.id), request: Some(credential.request), grant: None };
                tx.append_about(now, Actor::Person(by), what, about).await?;
                let owner = Place::Person(agent.owner.clone());
                let security = Place::Channel(policy.security_channel().to_owned());
                for place in [owner, security] {
                    let notice = Notice::CredentialEnded { credential: id };
                    send(tx, &entropy, now, &Delivery::Notice { place, notice }).await?;
                }
                refresh_homes(tx, &entropy, now, [&agent.owner]);
                let beside = live_credentials(tx, agent.id, now).await?;
                Ok(CredentialRevoked::Done { credential, agent, beside })
            })
        });
        self.once(once, work).await
    }

    /// The credential with its agent, if this person may take it away and it is not over; else why
    /// not.
    pub async fn may_revoke_credential(
        &self,
        by: &PersonId,
        id: CredentialId,
    ) -> Result<std::result::Result<(Credential, Agent), CredentialRevoked>> {
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Err(CredentialRevoked::NotMember(standing)));
        }
        let now = self.now();
        let found = with_agent(&mut self.parts.store.read().await?, id, now).await?;
        let Some((credential, agent, _)) = found else {
            return Ok(Err(CredentialRevoked::Unknown));
        };
        if !self.may_see_keys(by, &agent).await? {
            let (agent, owner) = (agent.slug, agent.owner);
            return Ok(Err(CredentialRevoked::MayNot { agent, owner }));
        }
        let revoked = matches!(credential.state, CredentialState::Revoked { .. });
        if revoked || !credential.is_live(now) {
            return Ok(Err(CredentialRevoked::Over { credential, agent }));
        }
        Ok(Ok((credential, agent)))
    }
}
