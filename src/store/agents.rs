//! Agents.

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Doc, Session, all, count, entities, entity, execute, read_text};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::agent::{Agent, Slug};
use crate::domain::ids::AgentId;
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;

statements! {
    INSERT on "agents" = "INSERT INTO agents \
        (id, slug, owner, team, tier, state, registered_at, doc, ownerless) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    UPDATE on "agents" = "UPDATE agents \
        SET slug = $2, owner = $3, team = $4, tier = $5, state = $6, doc = $7, ownerless = $8 \
        WHERE id = $1";
    BY_ID on "agents" = "SELECT id, doc FROM agents WHERE id = $1";
    BY_SLUG on "agents" = "SELECT id, doc FROM agents WHERE slug = $1 AND state <> 'rejected'";
    OF_OWNER on "agents" = "SELECT id, doc FROM agents \
        WHERE owner = $1 AND state NOT IN ('rejected', 'retired') ORDER BY slug";
    OF_OWNER_WITH_LIVE on "agents" = "SELECT a.id, a.doc, (SELECT COUNT(*) FROM grants g \
        WHERE g.agent_id = a.id AND g.state = 'active' AND g.starts_at <= $2 AND g.expires_at > $2), \
        (SELECT COUNT(*) FROM credentials c \
        WHERE c.agent_id = a.id AND c.state = 'active' AND c.expires_at > $2) \
        FROM agents a WHERE a.owner = $1 AND a.state NOT IN ('rejected', 'retired') ORDER BY a.slug";
    OWNERLESS on "agents" = "SELECT id, doc FROM agents WHERE ownerless = TRUE \
        ORDER BY slug LIMIT $1";
    OWNERS on "agents" = "SELECT DISTINCT owner FROM agents \
        WHERE state NOT IN ('rejected', 'retired') ORDER BY owner";
    PAGE on "agents" = "SELECT id, doc FROM agents WHERE state <> 'rejected' \
        ORDER BY slug LIMIT $1 OFFSET $2";
    PAGE_WITH_LIVE on "agents" = "SELECT a.id, a.doc, (SELECT COUNT(*) FROM grants g \
        WHERE g.agent_id = a.id AND g.state = 'active' AND g.starts_at <= $1 AND g.expires_at > $1), \
        (SELECT COUNT(*) FROM credentials c \
        WHERE c.agent_id = a.id AND c.state = 'active' AND c.expires_at > $1) \
        FROM agents a WHERE a.state <> 'rejected' ORDER BY a.slug LIMIT $2";
    CHOSEN on "agents" = "SELECT a.id, a.doc, (SELECT COUNT(*) FROM grants g \
        WHERE g.agent_id = a.id AND g.state = 'active' AND g.starts_at <= $1 AND g.expires_at > $1), \
        (SELECT COUNT(*) FROM credentials c \
        WHERE c.agent_id = a.id AND c.state = 'active' AND c.expires_at > $1) \
        FROM agents a WHERE a.state <> 'rejected' AND ($2 = '' OR a.owner = $2) \
        AND ($3 = '' OR a.team = $3) AND ($4 = '' OR a.state = $4) AND a.slug > $5 \
        ORDER BY a.slug LIMIT $6";
    COUNT_CHOSEN on "agents" = "SELECT COUNT(*) FROM agents WHERE state <> 'rejected' \
        AND ($1 = '' OR owner = $1) AND ($2 = '' OR team = $2) AND ($3 = '' OR state = $3)";
    COUNT on "agents" = "SELECT COUNT(*) FROM agents WHERE state <> 'rejected'";
    SLUGS on "agents" = "SELECT slug, id FROM agents WHERE state <> 'rejected' \
        ORDER BY slug LIMIT 10000";
}

/// Which agents are wanted; an empty choice wants all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentChoice {
    /// Whose.
    pub owner: Option<PersonId>,
    /// Of which team.
    pub team: Option<String>,
    /// In which state, in a word.
    pub state: Option<String>,
}

type LiveRow = (String, Doc<Agent>, i64, i64);

/// An agent with what it has at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithLive {
    /// The agent.
    pub agent: Agent,
    /// How many grants it holds.
    pub grants: u32,
    /// In how many ways it can prove itself.
    pub credentials: u32,
}

fn with_live((id, agent, grants, credentials): LiveRow) -> Result<WithLive, StoreError> {
    let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let agent = agent.open(&BY_ID, &id)?;
    Ok(WithLive { agent, grants: number(grants), credentials: number(credentials) })
}

impl Tx {
    /// Keeps a new agent. [`StoreError::Conflict`] if its name is taken.
    pub async fn insert_agent(&mut self, agent: &Agent) -> Result<(), StoreError> {
        let inserted = execute!(
            self,
            INSERT,
            agent.id.to_string(),
            agent.slug.as_str(),
            agent.owner.to_string(),
            agent.team.as_str(),
            i64::from(agent.tier.number()),
            agent.state.word(),
            agent.registered_at,
            Json(agent),
            agent.orphaned.is_some(),
        )?;
        if inserted == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("there is an agent called {}", agent.slug)))
        }
    }

    /// Keeps the agent as it is now. [`StoreError::Conflict`] if there is none.
    pub async fn update_agent(&mut self, agent: &Agent) -> Result<(), StoreError> {
        let updated = execute!(
            self,
            UPDATE,
            agent.id.to_string(),
            agent.slug.as_str(),
            agent.owner.to_string(),
            agent.team.as_str(),
            i64::from(agent.tier.number()),
            agent.state.word(),
            Json(agent),
            agent.orphaned.is_some(),
        )?;
        if updated == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("there is no agent {}", agent.id)))
        }
    }
}

impl Session {
    /// The agent.
    pub async fn agent(&mut self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        entity!(self, BY_ID, Agent, id.to_string())
    }

    /// The agent of this name, unless its registration came to nothing.
    pub async fn agent_by_slug(&mut self, slug: &str) -> Result<Option<Agent>, StoreError> {
        entity!(self, BY_SLUG, Agent, slug)
    }

    /// The agents that this person answers for, by name; not those that were rejected or retired.
    pub async fn agents_of(&mut self, owner: &PersonId) -> Result<Vec<Agent>, StoreError> {
        entities!(self, OF_OWNER, Agent, owner.to_string())
    }

    /// The agents that nobody answers for, by name.
    pub async fn ownerless(&mut self, limit: u32) -> Result<Vec<Agent>, StoreError> {
        entities!(self, OWNERLESS, Agent, i64::from(limit))
    }

    /// Everybody who answers for an agent that was not rejected or retired.
    pub async fn owners(&mut self) -> Result<Vec<PersonId>, StoreError> {
        let rows = all!(self, OWNERS, (String,))?;
        rows.iter().map(|(owner,)| read_text(owner, "agents", "owner", owner)).collect()
    }

    /// A page of all agents by name, without the rejected, and how many there are in all.
    pub async fn agents(
        &mut self,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Agent>, u32), StoreError> {
        let page = entities!(self, PAGE, Agent, i64::from(limit), i64::from(offset))?;
        Ok((page, count!(self, COUNT)?))
    }

    /// The first agents by name, without the rejected, each with how many grants it holds at this
    /// moment; and how many agents there are in all.
    pub async fn agents_with_live(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<(Vec<WithLive>, u32), StoreError> {
        let rows = all!(self, PAGE_WITH_LIVE, LiveRow, now, i64::from(limit))?;
        let agents = rows.into_iter().map(with_live).collect::<Result<_, _>>()?;
        Ok((agents, count!(self, COUNT)?))
    }

    /// The agents that are wanted, by name, from the one behind `after` on; and how many there are in
    /// all.
    pub async fn agents_chosen(
        &mut self,
        choice: &AgentChoice,
        now: Timestamp,
        after: &str,
        limit: u32,
    ) -> Result<(Vec<WithLive>, u32), StoreError> {
        let owner = choice.owner.as_ref().map(ToString::to_string).unwrap_or_default();
        let team = choice.team.as_deref().unwrap_or_default();
        let state = choice.state.as_deref().unwrap_or_default();
        let limit = i64::from(limit);
        let rows = all!(self, CHOSEN, LiveRow, now, &owner, team, state, after, limit)?;
        let agents = rows.into_iter().map(with_live).collect::<Result<_, _>>()?;
        Ok((agents, count!(self, COUNT_CHOSEN, &owner, team, state)?))
    }

    /// What this agent has at this moment.
    pub async fn agent_with_live(
        &mut self,
        agent: Agent,
        now: Timestamp,
    ) -> Result<WithLive, StoreError> {
        let grants = self.count_live(agent.id, now).await?;
        let credentials = self.credentials_of(agent.id).await?;
        let live = credentials.iter().filter(|credential| credential.is_live(now)).count();
        Ok(WithLive { agent, grants, credentials: u32::try_from(live).unwrap_or(u32::MAX) })
    }

    /// As [`Session::agents_of`], each with what it has at this moment.
    pub async fn agents_of_with_live(
        &mut self,
        owner: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<WithLive>, StoreError> {
        let rows = all!(self, OF_OWNER_WITH_LIVE, LiveRow, owner.to_string(), now)?;
        rows.into_iter().map(with_live).collect()
    }

    /// The names of all agents but the rejected; at most 10,000.
    pub async fn slugs(&mut self) -> Result<Vec<Slug>, StoreError> {
        let rows = all!(self, SLUGS, (String, String))?;
        rows.iter().map(|(slug, id)| read_text(slug, "agents", "slug", id)).collect()
    }
}
