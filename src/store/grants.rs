//! Grants.

use sqlx::types::Json;

use super::agents;
use super::error::StoreError;
use super::session::{Doc, Session, all, count, entities, entity, execute, one};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::access::Access;
use crate::domain::agent::Agent;
use crate::domain::grant::Grant;
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::person::PersonId;
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
    LIVE_OF_OWNER on "grants" = "SELECT g.id, g.doc, a.id, a.doc FROM agents a JOIN grants g \
        ON g.agent_id = a.id AND g.state = 'active' AND g.starts_at <= $2 AND g.expires_at > $2 \
        WHERE a.owner = $1 AND a.state NOT IN ('rejected', 'retired') \
        ORDER BY g.expires_at, g.id LIMIT $3";
    LIVE on "grants" = "SELECT g.id, g.doc, a.id, a.doc FROM grants g \
        JOIN agents a ON a.id = g.agent_id WHERE g.state = 'active' \
        AND g.starts_at <= $1 AND g.expires_at > $1 ORDER BY g.expires_at, g.id LIMIT $2";
    WITH_AGENT on "grants" = "SELECT g.id, g.doc, a.id, a.doc FROM grants g \
        JOIN agents a ON a.id = g.agent_id WHERE g.id = $1";
    COUNT_ALL_LIVE on "grants" = "SELECT COUNT(*) FROM grants WHERE state = 'active' \
        AND starts_at <= $1 AND expires_at > $1";
    LIVE_FOR on "grants" = "SELECT id, doc FROM grants WHERE agent_id = $1 AND access IN ($2, $3) \
        AND state = 'active' AND starts_at <= $4 AND expires_at > $4 \
        ORDER BY expires_at DESC, id LIMIT 1";
    PAST on "grants" = "SELECT \
        (SELECT COUNT(*) FROM grants WHERE agent_id = $1 AND access = $2), \
        (SELECT COUNT(*) FROM grants WHERE agent_id = $1 AND resource = $3), \
        (SELECT COUNT(*) FROM requests WHERE agent_id = $1 AND access = $2 AND state = 'denied')";
    CHOSEN on "grants" = "SELECT g.id, g.doc, a.id, a.doc FROM grants g \
        JOIN agents a ON a.id = g.agent_id WHERE ($1 = '' OR g.agent_id = $1) \
        AND ($2 = '' OR a.owner = $2) AND ($3 = FALSE OR (g.state = 'active' \
        AND g.starts_at <= $4 AND g.expires_at > $4)) AND g.number < $5 \
        ORDER BY g.number DESC LIMIT $6";
    COUNT_CHOSEN on "grants" = "SELECT COUNT(*) FROM grants g \
        JOIN agents a ON a.id = g.agent_id WHERE ($1 = '' OR g.agent_id = $1) \
        AND ($2 = '' OR a.owner = $2) AND ($3 = FALSE OR (g.state = 'active' \
        AND g.starts_at <= $4 AND g.expires_at > $4))";
    COUNT_LIVE on "grants" = "SELECT COUNT(*) FROM grants WHERE agent_id = $1 AND state = 'active' \
        AND starts_at <= $2 AND expires_at > $2";
}

/// Which grants are wanted; an empty choice wants all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GrantChoice {
    /// Of which agent.
    pub agent: Option<AgentId>,
    /// Of whose agents.
    pub owner: Option<PersonId>,
    /// Whether only those that open something at this moment.
    pub live: bool,
}

/// What an agent had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// How many grants of the access.
    pub had: u32,
    /// How many grants on its resource, with whatever action.
    pub had_resource: u32,
    /// How often it was denied the access.
    pub denied: u32,
}

type Pair = (String, Doc<Grant>, String, Doc<Agent>);

fn pair((grant, g, agent, a): Pair) -> Result<(Grant, Agent), StoreError> {
    Ok((g.open(&BY_ID, &grant)?, a.open(&agents::BY_ID, &agent)?))
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

    /// The grant with its agent.
    pub async fn grant_with_agent(
        &mut self,
        id: GrantId,
    ) -> Result<Option<(Grant, Agent)>, StoreError> {
        one!(self, WITH_AGENT, Pair, id.to_string())?.map(pair).transpose()
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

    /// What the agents of this person hold at this moment and which agent, the first to end first.
    pub async fn live_grants_of_owner(
        &mut self,
        owner: &PersonId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Grant, Agent)>, StoreError> {
        let rows = all!(self, LIVE_OF_OWNER, Pair, owner.to_string(), now, i64::from(limit))?;
        rows.into_iter().map(pair).collect()
    }

    /// What is held by anybody at this moment and by whom, the first to end first, and how many
    /// there are.
    pub async fn live_grants(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<(Vec<(Grant, Agent)>, u32), StoreError> {
        let rows = all!(self, LIVE, Pair, now, i64::from(limit))?;
        let grants = rows.into_iter().map(pair).collect::<Result<_, _>>()?;
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

    /// What the agent had of this access before.
    pub async fn past(&mut self, agent: AgentId, access: &Access) -> Result<Past, StoreError> {
        let (id, resource) = (agent.to_string(), access.resource.as_str());
        let row = one!(self, PAST, (i64, i64, i64), id, access.to_string(), resource)?;
        let (had, had_resource, denied) = row.unwrap_or_default();
        let count = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(Past { had: count(had), had_resource: count(had_resource), denied: count(denied) })
    }

    /// The grants that are wanted with their agents, the newest first, from the one before the number
    /// `before` on; and how many there are in all.
    pub async fn grants_chosen(
        &mut self,
        choice: &GrantChoice,
        now: Timestamp,
        before: Option<u32>,
        limit: u32,
    ) -> Result<(Vec<(Grant, Agent)>, u32), StoreError> {
        let agent = choice.agent.map(|id| id.to_string()).unwrap_or_default();
        let owner = choice.owner.as_ref().map(ToString::to_string).unwrap_or_default();
        let (live, limit) = (choice.live, i64::from(limit));
        let before = before.map_or(i64::MAX, i64::from);
        let rows = all!(self, CHOSEN, Pair, &agent, &owner, live, now, before, limit)?;
        let grants = rows.into_iter().map(pair).collect::<Result<_, _>>()?;
        Ok((grants, count!(self, COUNT_CHOSEN, &agent, &owner, live, now)?))
    }

    /// How many grants the agent holds at this moment.
    pub async fn count_live(&mut self, agent: AgentId, now: Timestamp) -> Result<u32, StoreError> {
        count!(self, COUNT_LIVE, agent.to_string(), now)
    }
}
