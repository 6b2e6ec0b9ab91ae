//! What was found and may be an agent.

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Session, all, count, entities, entity, execute};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::discovery::{Discovery, DiscoveryState};
use crate::domain::ids::{AgentId, DiscoveryId};
use crate::domain::person::PersonId;

statements! {
    INSERT on "discoveries" = "INSERT INTO discoveries \
        (id, source, external_id, slug, state, agent_id, asked_of, told, doc) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    UPDATE on "discoveries" = "UPDATE discoveries SET slug = $2, state = $3, agent_id = $4, \
        asked_of = $5, told = $6, doc = $7 WHERE id = $1";
    BY_ID on "discoveries" = "SELECT id, doc FROM discoveries WHERE id = $1";
    BY_EXTERNAL on "discoveries" = "SELECT id, doc FROM discoveries \
        WHERE source = $1 AND external_id = $2";
    CLAIMED_ELSEWHERE on "discoveries" = "SELECT id, doc FROM discoveries \
        WHERE external_id = $1 AND state = 'claimed' AND source <> $2 ORDER BY id LIMIT 1";
    OPEN_BY_SLUG on "discoveries" = "SELECT id, doc FROM discoveries \
        WHERE slug = $1 AND state IN ('unclaimed', 'asked') ORDER BY id LIMIT 100";
    OF_AGENT on "discoveries" = "SELECT id, doc FROM discoveries WHERE agent_id = $1 \
        ORDER BY id LIMIT 1000";
    OF_SOURCE on "discoveries" = "SELECT id, doc FROM discoveries \
        WHERE source = $1 AND state <> 'gone' ORDER BY id";
    OF_ENDED on "discoveries" = "SELECT d.id, d.doc FROM discoveries d \
        JOIN agents a ON a.id = d.agent_id WHERE d.state = 'claimed' \
        AND a.state IN ('retired', 'rejected') ORDER BY d.id LIMIT 500";
    UNTOLD on "discoveries" = "SELECT id, doc FROM discoveries WHERE told IS NULL \
        AND state IN ('unclaimed', 'asked', 'claimed') ORDER BY id LIMIT 5000";
    TOLD_AS on "discoveries" = "SELECT id, doc FROM discoveries WHERE told = $1 \
        AND state IN ('unclaimed', 'asked') ORDER BY id LIMIT $2";
    COUNT_TOLD_AS on "discoveries" = "SELECT COUNT(*) FROM discoveries WHERE told = $1 \
        AND state IN ('unclaimed', 'asked')";
    OPEN on "discoveries" = "SELECT id, doc FROM discoveries \
        WHERE state IN ('unclaimed', 'asked') ORDER BY id LIMIT $1";
    ASKED_OF on "discoveries" = "SELECT id, doc FROM discoveries \
        WHERE asked_of = $1 AND state = 'asked' ORDER BY id LIMIT $2";
    PAGE on "discoveries" = "SELECT id, doc FROM discoveries \
        WHERE ($1 = '' OR state = $1) AND ($2 = '' OR source = $2) AND id > $3 \
        ORDER BY id LIMIT $4";
    COUNT on "discoveries" = "SELECT COUNT(*) FROM discoveries \
        WHERE ($1 = '' OR state = $1) AND ($2 = '' OR source = $2)";
    BY_STATE on "discoveries" = "SELECT state, COUNT(*) FROM discoveries GROUP BY state";
    AGENTS on "agents" = "SELECT COUNT(*) FROM agents \
        WHERE state NOT IN ('rejected', 'retired')";
}

/// How many there are of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiscoveryCounts {
    /// Agents in the registry that were not retired.
    pub agents: u32,
    /// Nobody has said whose they are.
    pub unclaimed: u32,
    /// Somebody was asked to register them.
    pub asked: u32,
    /// They are agents'.
    pub claimed: u32,
    /// They are no agents.
    pub not_agents: u32,
    /// They are not there any more.
    pub gone: u32,
}

/// The person who is asked.
fn asked_of(state: &DiscoveryState) -> Option<String> {
    match state {
        DiscoveryState::Asked { of, .. } => Some(of.to_string()),
        _ => None,
    }
}

impl Tx {
    /// Keeps what was found. [`StoreError::Conflict`] if it is known.
    pub async fn insert_discovery(&mut self, found: &Discovery) -> Result<(), StoreError> {
        let inserted = execute!(
            self,
            INSERT,
            found.id.to_string(),
            found.source.as_str(),
            found.external_id.as_str(),
            found.slug().map(String::from),
            found.state.word(),
            found.state.agent().map(|agent| agent.to_string()),
            asked_of(&found.state),
            found.told.as_deref(),
            Json(found),
        )?;
        if inserted == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("there is a discovery like {}", found.id)))
        }
    }

    /// Keeps it as it is now.
    pub async fn update_discovery(&mut self, found: &Discovery) -> Result<(), StoreError> {
        let (slug, agent) = (found.slug().map(String::from), found.state.agent());
        execute!(
            self,
            UPDATE,
            found.id.to_string(),
            slug,
            found.state.word(),
            agent.map(|agent| agent.to_string()),
            asked_of(&found.state),
            found.told.as_deref(),
            Json(found),
        )
        .map(drop)
    }
}

impl Session {
    /// What was found under this id.
    pub async fn discovery(&mut self, id: DiscoveryId) -> Result<Option<Discovery>, StoreError> {
        entity!(self, BY_ID, Discovery, id.to_string())
    }

    /// What was found there under this id of theirs.
    pub async fn discovery_by_external(
        &mut self,
        source: &str,
        external_id: &str,
    ) -> Result<Option<Discovery>, StoreError> {
        entity!(self, BY_EXTERNAL, Discovery, source, external_id)
    }

    /// What was found elsewhere under the same id, and is an agent's.
    pub async fn claimed_elsewhere(
        &mut self,
        source: &str,
        external_id: &str,
    ) -> Result<Option<Discovery>, StoreError> {
        entity!(self, CLAIMED_ELSEWHERE, Discovery, external_id, source)
    }

    /// What would have this name as an agent, and is nobody's yet.
    pub async fn open_discoveries_called(
        &mut self,
        slug: &str,
    ) -> Result<Vec<Discovery>, StoreError> {
        entities!(self, OPEN_BY_SLUG, Discovery, slug)
    }

    /// What is, was or will be this agent's.
    pub async fn discoveries_of(&mut self, agent: AgentId) -> Result<Vec<Discovery>, StoreError> {
        entities!(self, OF_AGENT, Discovery, agent.to_string())
    }

    /// All that was found there and is not known to be gone.
    pub async fn discoveries_in(&mut self, source: &str) -> Result<Vec<Discovery>, StoreError> {
        entities!(self, OF_SOURCE, Discovery, source)
    }

    /// What is an agent's that is no more; 500 at most.
    pub async fn discoveries_of_ended(&mut self) -> Result<Vec<Discovery>, StoreError> {
        entities!(self, OF_ENDED, Discovery)
    }

    /// What security is still to be told of.
    pub async fn untold_discoveries(&mut self) -> Result<Vec<Discovery>, StoreError> {
        entities!(self, UNTOLD, Discovery)
    }

    /// The first of those that were told together and are still open, and how many of them are.
    pub async fn discoveries_told_as(
        &mut self,
        batch: &str,
        limit: u32,
    ) -> Result<(Vec<Discovery>, u32), StoreError> {
        let first = entities!(self, TOLD_AS, Discovery, batch, i64::from(limit))?;
        Ok((first, count!(self, COUNT_TOLD_AS, batch)?))
    }

    /// The first that are still open.
    pub async fn open_discoveries(&mut self, limit: u32) -> Result<Vec<Discovery>, StoreError> {
        entities!(self, OPEN, Discovery, i64::from(limit))
    }

    /// The first that this person is asked to register.
    pub async fn discoveries_asked_of(
        &mut self,
        person: &PersonId,
        limit: u32,
    ) -> Result<Vec<Discovery>, StoreError> {
        entities!(self, ASKED_OF, Discovery, person.to_string(), i64::from(limit))
    }

    /// A page of what was found, the oldest first, from the one behind `after` on; and how many there
    /// are in all. An empty state or source is any.
    pub async fn discoveries_chosen(
        &mut self,
        state: &str,
        source: &str,
        after: &str,
        limit: u32,
    ) -> Result<(Vec<Discovery>, u32), StoreError> {
        let page = entities!(self, PAGE, Discovery, state, source, after, i64::from(limit))?;
        Ok((page, count!(self, COUNT, state, source)?))
    }

    /// How many there are of each.
    pub async fn count_discoveries(&mut self) -> Result<DiscoveryCounts, StoreError> {
        let mut counts = DiscoveryCounts { agents: count!(self, AGENTS)?, ..Default::default() };
        for (state, number) in all!(self, BY_STATE, (String, i64))? {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let place = match state.as_str() {
                "unclaimed" => &mut counts.unclaimed,
                "asked" => &mut counts.asked,
                "claimed" => &mut counts.claimed,
                "not_an_agent" => &mut counts.not_agents,
                _ => &mut counts.gone,
            };
            *place = number;
        }
        Ok(counts)
    }
}
