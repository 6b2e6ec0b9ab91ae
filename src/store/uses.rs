//! How often grants are used, what agents ask and tell, and which groups of evaluations name whom:
//! counted from the log, behind the hot path.

use std::collections::{BTreeMap, BTreeSet};

use super::error::StoreError;
use super::session::{Session, all, execute, one};
use super::several::several;
use super::statement::statements;
use super::tx::Tx;
use crate::domain::activity::Activity;
use crate::domain::evaluation::Record;
use crate::domain::ids::{AgentId, BatchId, EvaluationId, GrantId};
use crate::domain::time::Timestamp;

statements! {
    MARK on "use_mark" = "SELECT seq FROM use_mark";
    FIRST_MARK on "use_mark" = "INSERT INTO use_mark (only_row, seq) VALUES (1, $1) \
        ON CONFLICT (only_row) DO NOTHING";
    MOVE_MARK on "use_mark" = "UPDATE use_mark SET seq = $2 WHERE seq = $1";
    OF_AGENT on "grant_use" = "SELECT grant_id, uses, last_at, tokens, carried_at FROM grant_use \
        WHERE agent_id = $1";
    SINCE on "agent_use" = "SELECT CAST(COALESCE(SUM(allowed), 0) AS BIGINT), \
        CAST(COALESCE(SUM(denied), 0) AS BIGINT), CAST(COALESCE(SUM(deeds), 0) AS BIGINT), \
        MAX(last_at) FROM agent_use WHERE agent_id = $1 AND day >= $2";
    BATCH on "evaluation_batches" = "SELECT doc FROM evaluation_batches WHERE id = $1";
    LAST_DEEDS on "activities" = "SELECT id, doc FROM activities WHERE agent_id = $1 \
        ORDER BY id DESC LIMIT $2";
}

/// Adds to the grants; the places of the values follow, and what is done with those that are there.
const ADD_GRANTS: &str =
    "INSERT INTO grant_use (grant_id, agent_id, uses, last_at, tokens, carried_at) VALUES";
const GRANTS_ADDED: &str = "ON CONFLICT (grant_id) DO UPDATE SET \
    uses = grant_use.uses + excluded.uses, \
    last_at = COALESCE(excluded.last_at, grant_use.last_at), \
    tokens = grant_use.tokens + excluded.tokens, \
    carried_at = COALESCE(excluded.carried_at, grant_use.carried_at)";
/// The same for the agents.
const ADD_AGENTS: &str =
    "INSERT INTO agent_use (agent_id, day, allowed, denied, deeds, last_at) VALUES";
const AGENTS_ADDED: &str = "ON CONFLICT (agent_id, day) DO UPDATE SET \
    allowed = agent_use.allowed + excluded.allowed, denied = agent_use.denied + excluded.denied, \
    deeds = agent_use.deeds + excluded.deeds, last_at = excluded.last_at";

/// Which agents groups of evaluations name; the places of the values follow.
const NAME_AGENTS: &str = "INSERT INTO asked_agents (first_id, agents) VALUES";

/// How a grant is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GrantUse {
    /// How often it opened something that was asked about.
    pub uses: u64,
    /// The last time.
    pub last_at: Option<Timestamp>,
    /// How many tokens carried it. Whoever takes them may not ask about each use.
    pub tokens: u64,
    /// When the last of them was issued.
    pub carried_at: Option<Timestamp>,
}

impl GrantUse {
    /// Whether nothing at all tells that it was needed.
    pub const fn is_never(&self) -> bool {
        self.uses == 0 && self.tokens == 0
    }
}

/// What an agent asked and told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgentUse {
    /// How many questions about it were answered with yes.
    pub allowed: u64,
    /// How many with no.
    pub denied: u64,
    /// How many deeds it told.
    pub deeds: u64,
    /// The last time of any of these.
    pub last_at: Option<Timestamp>,
}

/// What some lines of the log tell, added up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    grants: BTreeMap<GrantId, (AgentId, GrantUse)>,
    agents: BTreeMap<(AgentId, String), AgentUse>,
    /// The agents that each group names, by its first evaluation.
    named: BTreeMap<EvaluationId, BTreeSet<AgentId>>,
}

impl Tally {
    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.agents.is_empty() && self.named.is_empty()
    }

    /// Counts a group of questions with their answers.
    pub fn group(&mut self, records: &[Record]) {
        let Some(first) = records.first() else { return };
        let named = records.iter().filter_map(|record| record.agent).collect();
        self.named.insert(first.id, named);
        for record in records {
            self.evaluation(record);
        }
    }

    /// Counts one question with its answer.
    fn evaluation(&mut self, record: &Record) {
        use crate::domain::evaluation::{Basis, Decision};
        let Some(agent) = record.agent else { return };
        let day = self.day(agent, record.at);
        match &record.answer {
            Decision::Allow { .. } => day.allowed += 1,
            Decision::Deny { .. } => day.denied += 1,
        }
        if let Decision::Allow { basis: Basis::Grant(grant) } = &record.answer {
            let used = self.grant(grant.id, agent);
            used.uses += 1;
            used.last_at = used.last_at.max(Some(record.at));
        }
    }

    /// Counts a token that carries these grants.
    pub fn token(&mut self, agent: AgentId, grants: &[GrantId], at: Timestamp) {
        for grant in grants {
            let used = self.grant(*grant, agent);
            used.tokens += 1;
            used.carried_at = used.carried_at.max(Some(at));
        }
    }

    /// Counts a deed.
    pub fn deed(&mut self, agent: AgentId, at: Timestamp) {
        self.day(agent, at).deeds += 1;
    }

    fn grant(&mut self, grant: GrantId, agent: AgentId) -> &mut GrantUse {
        &mut self.grants.entry(grant).or_insert((agent, GrantUse::default())).1
    }

    fn day(&mut self, agent: AgentId, at: Timestamp) -> &mut AgentUse {
        let day = self.agents.entry((agent, day_of(at))).or_default();
        day.last_at = day.last_at.max(Some(at));
        day
    }
}

/// The day, as days sort.
fn day_of(at: Timestamp) -> String {
    at.format("%Y-%m-%d").to_string()
}

/// Counts are never below nothing.
fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Tx {
    /// Adds a tally and moves the mark from one line to another. `false`, and nothing is added, if
    /// somebody else has moved it meanwhile.
    pub async fn add_use(&mut self, from: i64, to: i64, tally: &Tally) -> Result<bool, StoreError> {
        execute!(self, FIRST_MARK, 0_i64)?;
        if execute!(self, MOVE_MARK, from, to)? != 1 {
            return Ok(false);
        }
        let grants: Vec<_> = tally.grants.iter().collect();
        let text = |places| format!("{ADD_GRANTS} {places} {GRANTS_ADDED}");
        let added: Result<u64, StoreError> =
            several!(self, "grant_use", &grants, 6, text, |query, row| {
                let (grant, (agent, used)) = row;
                query
                    .bind(grant.to_string())
                    .bind(agent.to_string())
                    .bind(signed(used.uses))
                    .bind(used.last_at)
                    .bind(signed(used.tokens))
                    .bind(used.carried_at)
            });
        added?;
        let agents: Vec<_> = tally
            .agents
            .iter()
            .filter_map(|(key, used)| Some((key, used, used.last_at?)))
            .collect();
        let text = |places| format!("{ADD_AGENTS} {places} {AGENTS_ADDED}");
        let added: Result<u64, StoreError> =
            several!(self, "agent_use", &agents, 6, text, |query, row| {
                let ((agent, day), used, last_at) = row;
                query
                    .bind(agent.to_string())
                    .bind(day.as_str())
                    .bind(signed(used.allowed))
                    .bind(signed(used.denied))
                    .bind(signed(used.deeds))
                    .bind(*last_at)
            });
        added?;
        let named: Vec<_> = tally
            .named
            .iter()
            .map(|(first, agents)| {
                let agents: Vec<String> = agents.iter().map(ToString::to_string).collect();
                (first, agents.join(" "))
            })
            .collect();
        let text = |places| format!("{NAME_AGENTS} {places} ON CONFLICT DO NOTHING");
        let added: Result<u64, StoreError> =
            several!(self, "asked_agents", &named, 2, text, |query, (first, agents)| query
                .bind(first.to_string())
                .bind(agents.as_str()));
        added?;
        Ok(true)
    }
}

/// The same of several, whose places follow.
const OF_GRANTS: &str =
    "SELECT grant_id, uses, last_at, tokens, carried_at FROM grant_use WHERE grant_id IN";

fn grant_use(row: UseRow) -> Result<(GrantId, GrantUse), StoreError> {
    let (grant, uses, last_at, tokens, carried_at) = row;
    let id = super::session::read_text(&grant, "grant_use", "grant_id", &grant)?;
    let (uses, tokens) = (unsigned(uses), unsigned(tokens));
    Ok((id, GrantUse { uses, last_at, tokens, carried_at }))
}

type UseRow = (String, i64, Option<Timestamp>, i64, Option<Timestamp>);

impl Session {
    /// The last line of the log that is counted.
    pub async fn use_mark(&mut self) -> Result<i64, StoreError> {
        Ok(one!(self, MARK, (i64,))?.map_or(0, |(seq,)| seq))
    }

    /// How the grants of an agent were used; those that are missing never were.
    pub async fn grant_use(
        &mut self,
        agent: AgentId,
    ) -> Result<BTreeMap<GrantId, GrantUse>, StoreError> {
        let rows = all!(self, OF_AGENT, UseRow, agent.to_string())?;
        rows.into_iter().map(grant_use).collect()
    }

    /// How these grants were used; those that are missing never were.
    pub async fn use_of_grants(
        &mut self,
        grants: &[GrantId],
    ) -> Result<BTreeMap<GrantId, GrantUse>, StoreError> {
        let ids: Vec<String> = grants.iter().map(ToString::to_string).collect();
        let place = |n| format!("${n}");
        let rows: Vec<UseRow> = self.all_of("grant_use", OF_GRANTS, place, "", &ids).await?;
        rows.into_iter().map(grant_use).collect()
    }

    /// What an agent asked and told since the day of this moment.
    pub async fn agent_use(
        &mut self,
        agent: AgentId,
        since: Timestamp,
    ) -> Result<AgentUse, StoreError> {
        type Row = (i64, i64, i64, Option<Timestamp>);
        let row = one!(self, SINCE, Row, agent.to_string(), day_of(since))?;
        Ok(row.map_or_else(AgentUse::default, |(allowed, denied, deeds, last_at)| AgentUse {
            allowed: unsigned(allowed),
            denied: unsigned(denied),
            deeds: unsigned(deeds),
            last_at,
        }))
    }

    /// The evaluations of these batches; those that are gone are left out, and those that cannot be
    /// read are said in the log of the server.
    pub async fn batches(
        &mut self,
        ids: &BTreeSet<BatchId>,
    ) -> Result<Vec<Vec<Record>>, StoreError> {
        let mut all = Vec::new();
        for id in ids {
            let Some((doc,)) = one!(self, BATCH, (String,), id.to_string())? else { continue };
            match serde_json::from_str::<Vec<Record>>(&doc) {
                Ok(records) => all.push(records),
                Err(error) => {
                    tracing::error!(row = %id, %error, "a record of evaluations is not understood");
                }
            }
        }
        Ok(all)
    }

    /// The last deeds that the agent told, the newest first.
    pub async fn last_deeds(
        &mut self,
        agent: AgentId,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        let rows = all!(self, LAST_DEEDS, (String, String), agent.to_string(), i64::from(limit))?;
        rows.into_iter().map(super::activity::open).collect()
    }
}
