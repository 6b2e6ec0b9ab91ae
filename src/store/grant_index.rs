//! What an index of agents and grants in memory is read from: all of them in pages, and afterwards
//! those that the audit log says were touched.

use super::error::StoreError;
use super::session::{Session, entities};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::agent::Agent;
use crate::domain::grant::Grant;
use crate::domain::ids::{AgentId, GrantId};

statements! {
    AGENTS_AFTER on "agents" = "SELECT id, doc FROM agents WHERE id > $1 ORDER BY id LIMIT $2";
    ACTIVE_AFTER on "grants" = "SELECT id, doc FROM grants WHERE state = 'active' AND id > $1 \
        ORDER BY id LIMIT $2";
    CHANGED_AGENTS on "agents" = "SELECT id, doc FROM agents WHERE id IN \
        (SELECT agent_id FROM events WHERE seq > $1 AND seq <= $2 AND agent_id IS NOT NULL)";
    CHANGED_GRANTS on "grants" = "SELECT id, doc FROM grants WHERE id IN \
        (SELECT grant_id FROM events WHERE seq > $1 AND seq <= $2 AND grant_id IS NOT NULL)";
}

/// What some lines of the log are about, as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// The agents, in whatever state.
    pub agents: Vec<Agent>,
    /// The grants, in whatever state.
    pub grants: Vec<Grant>,
}

impl Changed {
    /// Whether the lines are about no agent and no grant.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.grants.is_empty()
    }
}

impl Tx {
    /// The same as [`Session::changed`], with the lines that this transaction appended: what shares it
    /// may have changed something a moment ago.
    pub async fn changed(&mut self, from: i64, to: i64) -> Result<Changed, StoreError> {
        self.settle_events().await?;
        self.session.changed(from, to).await
    }
}

impl Session {
    /// The agents whose ids follow this one, in the order of their ids.
    pub async fn agents_after(
        &mut self,
        after: Option<AgentId>,
        limit: u32,
    ) -> Result<Vec<Agent>, StoreError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        entities!(self, AGENTS_AFTER, Agent, after, i64::from(limit))
    }

    /// The grants that have not ended on the record and whose ids follow this one, in their order.
    pub async fn active_grants_after(
        &mut self,
        after: Option<GrantId>,
        limit: u32,
    ) -> Result<Vec<Grant>, StoreError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        entities!(self, ACTIVE_AFTER, Grant, after, i64::from(limit))
    }

    /// The agents and grants that the lines after `from` up to and with `to` are about, as they are
    /// now: at least as new as those lines.
    pub async fn changed(&mut self, from: i64, to: i64) -> Result<Changed, StoreError> {
        let agents = entities!(self, CHANGED_AGENTS, Agent, from, to)?;
        let grants = entities!(self, CHANGED_GRANTS, Grant, from, to)?;
        Ok(Changed { agents, grants })
    }
}
