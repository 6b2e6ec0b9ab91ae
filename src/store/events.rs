//! The audit log: lines that carry the hash of the line before.

use super::error::StoreError;
use super::session::{Session, all, one, read_text};
use super::several::several;
use super::statement::statements;
use super::tx::Tx;
use crate::domain::event::{About, Actor, Body, ChainHash, Line, What, chain};
use crate::domain::ids::{AgentId, RequestId};
use crate::domain::time::{Timestamp, to_micros};

statements! {
    LINES on "events" = "SELECT seq, at, body, hash_before, hash FROM events \
        WHERE seq > $1 ORDER BY seq LIMIT $2";
    ABOUT_AGENT on "events" = "SELECT seq, at, body, hash_before, hash FROM events \
        WHERE agent_id = $1 ORDER BY seq DESC LIMIT $2";
    REQUESTS_AFTER on "events" = "SELECT DISTINCT request_id FROM events \
        WHERE seq > $1 AND seq <= $2 AND request_id IS NOT NULL";
    HEAD on "chain_head" = "SELECT seq, hash FROM chain_head";
}

/// Inserts several lines; the places of the values follow.
const INSERT: &str = "INSERT INTO events \
    (seq, at, body, hash_before, hash, agent_id, request_id, grant_id) VALUES ";

/// A line that is written at the end of the transaction.
#[derive(Debug, Clone)]
pub(super) struct NewLine {
    seq: i64,
    at: Timestamp,
    body: String,
    before: ChainHash,
    hash: ChainHash,
    agent: Option<String>,
    request: Option<String>,
    grant: Option<String>,
}

pub(super) type Row = (i64, Timestamp, String, String, String);

pub(super) fn line((seq, at, body, before, hash): Row) -> Line {
    let (before, hash) = (ChainHash::from_text(before), ChainHash::from_text(hash));
    Line { seq, at, body, before, hash }
}

impl Tx {
    /// Appends a line about what the event itself names.
    pub async fn append(
        &mut self,
        at: Timestamp,
        actor: Actor,
        what: What,
    ) -> Result<(), StoreError> {
        self.append_about(at, actor, what, About::default()).await
    }

    /// Appends a line that is also found under ids which the event itself does not name, such as
    /// the agent of a request.
    pub async fn append_about(
        &mut self,
        at: Timestamp,
        actor: Actor,
        what: What,
        about: About,
    ) -> Result<(), StoreError> {
        let own = what.about();
        let agent = about.agent.or(own.agent).map(|id| id.to_string());
        let request = about.request.or(own.request).map(|id| id.to_string());
        let grant = about.grant.or(own.grant).map(|id| id.to_string());
        let body = serde_json::to_string(&Body { actor, what })
            .map_err(|source| StoreError::Unwritable { table: "events", source })?;
        // What is hashed is what both databases keep.
        let at = to_micros(at);
        let seq = self.head.seq + 1;
        let before = self.head.hash.clone();
        let hash = chain(&before, seq, at, &body);
        let line = NewLine { seq, at, body, before, hash, agent, request, grant };
        self.head.seq = seq;
        self.head.hash = line.hash.clone();
        self.lines.push(line);
        Ok(())
    }

    /// Writes the lines that were appended.
    pub(super) async fn settle_events(&mut self) -> Result<(), StoreError> {
        let lines = self.lines.take();
        let text = |places| format!("{INSERT}{places}");
        let written = several!(self, "events", &lines, 8, text, |query, line| query
            .bind(line.seq)
            .bind(line.at)
            .bind(line.body.as_str())
            .bind(line.before.as_str())
            .bind(line.hash.as_str())
            .bind(line.agent.as_deref())
            .bind(line.request.as_deref())
            .bind(line.grant.as_deref()));
        written.map(drop)
    }

    /// What happened around this agent, the newest first, with what this transaction appended.
    pub async fn events_about_agent(
        &mut self,
        agent: AgentId,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError> {
        self.settle_events().await?;
        self.session.events_about_agent(agent, limit).await
    }

    /// The lines after the one with this number (0 for all), with those of this transaction.
    pub async fn lines(&mut self, after: i64, limit: u32) -> Result<Vec<Line>, StoreError> {
        self.settle_events().await?;
        self.session.lines(after, limit).await
    }

    /// The last line's number and hash, as this transaction leaves them.
    pub async fn head(&mut self) -> Result<(i64, ChainHash), StoreError> {
        Ok((self.head.seq, self.head.hash.clone()))
    }

    /// The next number for a reference, counted over all requests from 1. Taken back with the
    /// transaction.
    pub async fn next_number(&mut self) -> Result<u32, StoreError> {
        let next = self.head.requests + 1;
        let number = u32::try_from(next).map_err(|_| StoreError::Inconsistent {
            table: "chain_head",
            column: "requests".to_owned(),
            row: "1".to_owned(),
        })?;
        self.head.requests = next;
        Ok(number)
    }
}

impl Session {
    /// What happened around this agent, the newest first.
    pub async fn events_about_agent(
        &mut self,
        agent: AgentId,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError> {
        let rows = all!(self, ABOUT_AGENT, Row, agent.to_string(), i64::from(limit))?;
        Ok(rows.into_iter().map(line).collect())
    }

    /// The lines after the one with this number (0 for all), in order.
    pub async fn lines(&mut self, after: i64, limit: u32) -> Result<Vec<Line>, StoreError> {
        let rows = all!(self, LINES, Row, after, i64::from(limit))?;
        Ok(rows.into_iter().map(line).collect())
    }

    /// The requests that lines after one and up to another are about.
    pub async fn requests_between(
        &mut self,
        after: i64,
        until: i64,
    ) -> Result<Vec<RequestId>, StoreError> {
        let rows = all!(self, REQUESTS_AFTER, (String,), after, until)?;
        rows.iter().map(|(id,)| read_text(id, "events", "request_id", id)).collect()
    }

    /// The last line's number (0 before the first) and hash, as they are recorded beside the log.
    pub async fn head(&mut self) -> Result<(i64, ChainHash), StoreError> {
        match one!(self, HEAD, (i64, String))? {
            Some((0, _)) => Ok((0, ChainHash::origin())),
            Some((seq, hash)) => Ok((seq, ChainHash::from_text(hash))),
            None => Err(StoreError::Inconsistent {
                table: "chain_head",
                column: "only_row".to_owned(),
                row: "1".to_owned(),
            }),
        }
    }
}
