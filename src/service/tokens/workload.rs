//! A workload that shows its platform's own token, without being an agent: a pipeline at its gate.

use super::proof::holds;
use super::refused::Code;
use super::{Result, TokenDesk};
use crate::domain::agent::Slug;
use crate::domain::claims::is_everybodys;
use crate::domain::credential::Proof;
use crate::policy::runtime::Trusted;

/// A workload of an issuer that the policy trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// The issuer's name in the policy.
    pub issuer: String,
    /// The token's `sub`.
    pub subject: String,
    /// Whether the issuer gives tokens to everybody's workloads, and not to one company's alone.
    pub everybodys: bool,
    /// The agents that are known by its claims.
    pub agents: Vec<Slug>,
}

impl TokenDesk {
    /// The workload that shows this token; why it is not believed, in words for who shows it.
    pub async fn workload_caller(
        &self,
        token: &str,
    ) -> Result<std::result::Result<Workload, String>> {
        let (issuer, claims) = match self.foreign(token, Code::InvalidClient).await? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused.words.into_owned())),
        };
        if issuer.vouches_for != Trusted::Workloads {
            return Ok(Err("the token's issuer vouches for people: log in with agent-cli".into()));
        }
        let now = self.service().now();
        let mut session = self.service().store().read().await?;
        let mut agents = Vec::new();
        for credential in session.credentials_of_issuer(&issuer.name).await? {
            let Proof::Workload { claims: needed, .. } = &credential.proof else { continue };
            if credential.is_live(now)
                && holds(needed, &claims)
                && let Some(agent) = session.agent(credential.agent).await?
                && !agents.contains(&agent.slug)
            {
                agents.push(agent.slug);
            }
        }
        let subject = claims.get("sub").and_then(serde_json::Value::as_str).unwrap_or_default();
        let subject = crate::domain::text::clean(subject, 200);
        let everybodys = is_everybodys(&issuer.issuer);
        Ok(Ok(Workload { issuer: issuer.name, subject, everybodys, agents }))
    }
}
