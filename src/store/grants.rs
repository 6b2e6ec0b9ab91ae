//! Grants.

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Session, count, entities, entity, execute};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::access::Access;
use crate::domain::grant::Grant;
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::time::Timestamp;

statements! {
    INSERT on "grants" = "INSERT INTO grants (id, number, agent_id, request_id, resource, access, \
        starts_at, expires_at, state, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
        ON CONFLICT DO NOTHING";
    UPDATE on "grants" = "UPDATE grants SET expires_at = $2, state = $3, doc = $4 \
        WHERE id = $1 AND state = 'active'";
    BY_ID on "grants" = "SELECT id, doc FROM grants WHERE id = $1";
    BY_NUMBER on "grants" = "SELECT id, doc FROM grants WHERE number = $1";
    OF_REQUEST on "grants" = "SELECT id, doc FROM grants WHERE request_id = $1";
    LIVE_OF on "grants" = "SELECT id, doc FROM grants WHERE agent_id = $1 AND state = 'active' \
        AND starts_at <= $2 AND expires_at > $2 ORDER BY expires_at, id";
    LIVE on "grants" = "SELECT id, doc FROM grants WHERE state = 'active' \
        AND starts_at <= $1 AND expires_at > $1 ORDER BY expires_at, id LIMIT $2";
    COUNT_ALL_LIVE on "grants" = "SELECT COUNT(*) FROM grants WHERE state = 'active' \
        AND starts_at <= $1 AND expires_at > $1";
    LIVE_FOR on "grants" = "SELECT id, doc FROM grants WHERE agent_id = $1 AND access IN ($2, $3) \
        AND state = 'active' AND starts_at <= $4 AND expires_at > $4 \
        ORDER BY expires_at DESC, id LIMIT 1";
    COUNT on "grants" = "SELECT COUNT(*) FROM grants WHERE agent_id = $1 AND access = $2";
    COUNT_ON on "grants" = "SELECT COUNT(*) FROM grants WHERE agent_id = $1 AND resource = $2";
    COUNT_LIVE on "grants" = "SELECT COUNT(*) FROM grants WHERE agent_id = $1 AND state = 'active' \
        AND starts_at <= $2 AND expires_at > $2";
}

impl Tx {
    /// Keeps a new grant. Its agent and its request must be kept before it.
    /// [`StoreError::Conflict`] if its request has opened one already.
    pub async fn insert_grant(&mut self, grant: &Grant) -> Result<(), StoreError> {
        let inserted = execute!(
            self,
            INSERT,
            grant.id.to_string(),
            i64::from(grant.reference.number),
            grant.agent.to_string(),
            grant.request.to_string(),
            grant.access.resource.as_str(),
            grant.access.to_string(),
            grant.starts_at,
            grant.expires_at,
            grant.state.word(),
            Json(grant),
        )?;
        if inserted == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("{} has opened a grant already", grant.reference)))
        }
    }

    /// Keeps the grant as it is now. [`StoreError::Conflict`] if it was not active any more.
    pub async fn update_grant(&mut self, grant: &Grant) -> Result<(), StoreError> {
        let (id, word) = (grant.id.to_string(), grant.state.word());
        if execute!(self, UPDATE, id, grant.expires_at, word, Json(grant))? == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("grant {} is not active any more", grant.reference)))
        }
    }
}

impl Session {
    /// The grant.
    pub async fn grant(&mut self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        entity!(self, BY_ID, Grant, id.to_string())
    }

    /// The grant with this number in its reference.
    pub async fn grant_by_number(&mut self, number: u32) -> Result<Option<Grant>, StoreError> {
        entity!(self, BY_NUMBER, Grant, i64::from(number))
    }

    /// The grant that this request opened.
    pub async fn grant_of_request(
        &mut self,
        request: RequestId,
    ) -> Result<Option<Grant>, StoreError> {
        entity!(self, OF_REQUEST, Grant, request.to_string())
    }

    /// What this agent holds at this moment, the first to end first.
    pub async fn live_grants_of(
        &mut self,
        agent: AgentId,
        now: Timestamp,
    ) -> Result<Vec<Grant>, StoreError> {
        entities!(self, LIVE_OF, Grant, agent.to_string(), now)
    }

    /// What is held by anybody at this moment, the first to end first, and how many there are.
    pub async fn live_grants(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<(Vec<Grant>, u32), StoreError> {
        let grants = entities!(self, LIVE, Grant, now, i64::from(limit))?;
        Ok((grants, count!(self, COUNT_ALL_LIVE, now)?))
    }

    /// The grant of this access, or of all objects of its resource, that this agent holds at this
    /// moment; the last to end, if several.
    pub async fn live_grant_for(
        &mut self,
        agent: AgentId,
        access: &Access,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError> {
        let (one, all) = (access.to_string(), access.to_all().to_string());
        entity!(self, LIVE_FOR, Grant, agent.to_string(), one, all, now)
    }

    /// How many grants of this access the agent ever had.
    pub async fn count_grants(
        &mut self,
        agent: AgentId,
        access: &Access,
    ) -> Result<u32, StoreError> {
        count!(self, COUNT, agent.to_string(), access.to_string())
    }

    /// How many grants on this resource, with whatever action, the agent ever had.
    pub async fn count_grants_on(
        &mut self,
        agent: AgentId,
        resource: &str,
    ) -> Result<u32, StoreError> {
        count!(self, COUNT_ON, agent.to_string(), resource)
    }

    /// How many grants the agent holds at this moment.
    pub async fn count_live(&mut self, agent: AgentId, now: Timestamp) -> Result<u32, StoreError> {
        count!(self, COUNT_LIVE, agent.to_string(), now)
    }
}
