//! Incidents, and what the record holds about an agent around one.

use sqlx::types::Json;
use ulid::Ulid;

use super::activity;
use super::error::StoreError;
use super::events;
use super::session::{Doc, Session, all, entities, entity, execute, one};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::activity::Activity;
use crate::domain::evaluation::Record;
use crate::domain::event::Line;
use crate::domain::ids::{ActivityId, AgentId, EvaluationId, IncidentId};
use crate::domain::incident::Incident;
use crate::domain::time::Timestamp;
use crate::domain::token::IssuedToken;

statements! {
    INSERT on "incidents" = "INSERT INTO incidents (id, number, agent_id, opened_at, state, doc) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    UPDATE on "incidents" = "UPDATE incidents SET state = $2, doc = $3 WHERE id = $1 AND state = 'open'";
    BY_ID on "incidents" = "SELECT id, doc FROM incidents WHERE id = $1";
    BY_NUMBER on "incidents" = "SELECT id, doc FROM incidents WHERE number = $1";
    OPEN on "incidents" = "SELECT id, doc FROM incidents WHERE state = 'open' \
        ORDER BY opened_at, id LIMIT $1";
    OPEN_OF_AGENT on "incidents" = "SELECT id, doc FROM incidents \
        WHERE agent_id = $1 AND state = 'open' ORDER BY number LIMIT 1";
    ACTIVITIES on "activities" = "SELECT id, doc FROM activities WHERE agent_id = $1 \
        AND at >= $2 AND at <= $3 AND id < $4 ORDER BY id DESC LIMIT $5";
    NAMING on "evaluation_batches" = "SELECT b.id, b.first_id, b.doc FROM evaluation_batches b \
        LEFT JOIN asked_agents a ON a.first_id = b.first_id \
        WHERE b.first_id < $1 AND b.first_id >= $2 AND (a.agents IS NULL OR a.agents LIKE $3) \
        ORDER BY b.first_id DESC LIMIT $4";
    EDGE on "evaluation_batches" = "SELECT first_id FROM evaluation_batches \
        WHERE first_id < $1 AND first_id >= $2 ORDER BY first_id DESC LIMIT 1 OFFSET $3";
    TOKENS on "tokens" = "SELECT id, doc FROM tokens WHERE until > $2 AND agent_id = $1 ORDER BY id";
    LINES on "events" = "SELECT seq, at, body, hash_before, hash FROM events \
        WHERE agent_id = $1 AND at >= $2 AND seq > $3 ORDER BY seq LIMIT $4";
}

/// What comes last of everything that is ordered by time.
const LAST: Ulid = Ulid(u128::MAX);

/// So many groups of answers are looked at for each that is read: those that name others only cost
/// little.
const LOOKED_AT: i64 = 100;

/// A page of what agents asked at run time, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// What this agent asked.
    pub records: Vec<Record>,
    /// From where the next page goes on; none if this was the last one.
    pub next: Option<String>,
}

impl Tx {
    /// Keeps a new incident. Its agent must be kept before it.
    pub async fn insert_incident(&mut self, incident: &Incident) -> Result<(), StoreError> {
        let inserted = execute!(
            self,
            INSERT,
            incident.id.to_string(),
            i64::from(incident.reference.number),
            incident.agent.to_string(),
            incident.opened_at,
            incident.state.word(),
            Json(incident),
        )?;
        if inserted == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("there is an incident {}", incident.reference)))
        }
    }

    /// Keeps the incident as it is now. [`StoreError::Conflict`] if it was closed.
    pub async fn update_incident(&mut self, incident: &Incident) -> Result<(), StoreError> {
        let id = incident.id.to_string();
        if execute!(self, UPDATE, id, incident.state.word(), Json(incident))? == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("{} is closed", incident.reference)))
        }
    }
}

impl Session {
    /// The incident.
    pub async fn incident(&mut self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        entity!(self, BY_ID, Incident, id.to_string())
    }

    /// The incident with this number in its reference.
    pub async fn incident_by_number(
        &mut self,
        number: u32,
    ) -> Result<Option<Incident>, StoreError> {
        entity!(self, BY_NUMBER, Incident, i64::from(number))
    }

    /// The incidents that are open, the oldest first.
    pub async fn open_incidents(&mut self, limit: u32) -> Result<Vec<Incident>, StoreError> {
        entities!(self, OPEN, Incident, i64::from(limit))
    }

    /// The incident about this agent that is open.
    pub async fn open_incident_of(
        &mut self,
        agent: AgentId,
    ) -> Result<Option<Incident>, StoreError> {
        entity!(self, OPEN_OF_AGENT, Incident, agent.to_string())
    }

    /// What this agent told, or was told of, between two moments; the newest first. `before` is the
    /// last one of the page before.
    pub async fn activities_of(
        &mut self,
        agent: AgentId,
        (from, to): (Timestamp, Timestamp),
        before: Option<&Activity>,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        let before = before.map_or(ActivityId::new(LAST), |last| last.id).to_string();
        let (agent, limit) = (agent.to_string(), i64::from(limit));
        let rows = all!(self, ACTIVITIES, (String, String), agent, from, to, before, limit)?;
        rows.into_iter().map(activity::open).collect()
    }

    /// What this agent asked since a moment, from at most so many groups of answers that name it, the
    /// newest first; a page may be empty, and others follow it. `before` is what the page before says.
    pub async fn asked_by(
        &mut self,
        agent: AgentId,
        from: Timestamp,
        before: Option<String>,
        limit: u32,
    ) -> Result<Asked, StoreError> {
        type Row = (String, String, String);
        // Ids are ordered by time: the least that an evaluation of that moment can have.
        let millis = u64::try_from(from.timestamp_millis()).unwrap_or_default();
        let first = EvaluationId::new(Ulid::from_parts(millis, 0)).to_string();
        let before = before.unwrap_or_else(|| EvaluationId::new(LAST).to_string());
        let last = i64::from(limit) * LOOKED_AT - 1;
        let edge = one!(self, EDGE, (String,), &before, &first, last)?.map(|(edge,)| edge);
        let until = edge.as_ref().unwrap_or(&first);
        let (name, most) = (agent.to_string(), i64::from(limit));
        let rows = all!(self, NAMING, Row, &before, until, format!("%{name}%"), most)?;
        let whole = rows.len() >= limit as usize;
        let next = if whole { rows.last().map(|(_, first, _)| first.clone()) } else { edge };
        let mut records = Vec::new();
        for (id, _, doc) in rows {
            // A group that was not counted yet may name others only: its text is searched faster than
            // it is read.
            if !doc.contains(&name) {
                continue;
            }
            let all: Vec<Record> = serde_json::from_str(&doc).map_err(|error| {
                tracing::error!(row = id, %error, "a record is not understood");
                StoreError::Inconsistent {
                    table: NAMING.table,
                    column: "doc".to_owned(),
                    row: id.clone(),
                }
            })?;
            records.extend(all.into_iter().rev().filter(|record| record.agent == Some(agent)));
        }
        Ok(Asked { records, next })
    }

    /// The tokens of this agent that are good at this moment as far as they themselves go.
    pub async fn live_tokens_of(
        &mut self,
        agent: AgentId,
        now: Timestamp,
    ) -> Result<Vec<IssuedToken>, StoreError> {
        type Row = (String, Doc<IssuedToken>);
        let rows = all!(self, TOKENS, Row, agent.to_string(), now)?;
        let mut live = Vec::new();
        for (id, doc) in rows {
            let token = doc.open(&TOKENS, &id)?;
            if token.is_live(now) {
                live.push(token);
            }
        }
        Ok(live)
    }

    /// The lines of the log about this agent from a moment on that follow the line `after`, in
    /// order.
    pub async fn lines_about(
        &mut self,
        agent: AgentId,
        from: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError> {
        let limit = i64::from(limit);
        let rows = all!(self, LINES, events::Row, agent.to_string(), from, after, limit)?;
        Ok(rows.into_iter().map(events::line).collect())
    }
}
