//! An agent, or a service that it works through, tells what it did.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use super::input::OnceKey;
use super::{Result, Service};
use crate::domain::activity::{Activity, GrantName, Outcome, Report};
use crate::domain::agent::Agent;
use crate::domain::evaluation::{Basis, Decision, Record};
use crate::domain::event::Actor;
use crate::domain::grant::Grant;
use crate::domain::ids::{ActivityId, AgentId, EvaluationId, GrantId};
use crate::domain::text::clean;
use crate::domain::time::{Span, Timestamp, to_micros};
use crate::meters::{ACTIVITIES, RECORDS};
use crate::store::{Session, StoreError, work};

/// So far a teller's clock may be ahead of ours.
const AHEAD: Span = Span::minutes(5);
/// So long a key is remembered.
const REMEMBERED: Span = Span::hours(48);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// All of it is on the record; at the second time under the same key, since the first.
    Recorded(Vec<ActivityId>),
    /// Something else was told under this key before; nothing was recorded.
    KeyTaken,
    /// One of them cannot be; nothing was recorded.
    Refused(Wrong),
}

/// What is wrong with a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {why}")]
pub struct Wrong {
    /// Which report, from 0.
    pub at: usize,
    /// Its field.
    pub field: &'static str,
    /// What is wrong, and what to do.
    pub why: String,
}

/// What a report names, looked up. Asked for again and again when much is told at once.
struct Known<'a> {
    session: &'a mut Session,
    agents: BTreeMap<String, Option<Agent>>,
    evaluations: BTreeMap<EvaluationId, Option<Record>>,
    grants: BTreeMap<String, Option<Grant>>,
}

impl Service {
    /// Records what agents did, all of it or nothing. An agent (as `by`) tells of itself alone;
    /// others, of any agent. Under the same key (of the same teller) the same is recorded once.
    pub async fn record_activities(
        &self,
        by: &Actor,
        reports: &[Report],
        key: Option<&OnceKey>,
    ) -> Result<Told> {
        let now = self.now();
        let told = hash(&format!("{reports:?}"));
        let key = key.map(|key| hash(&format!("{by:?} {}", key.0)));
        let mut session = self.parts.store.read().await?;
        if let Some(name) = &key
            && let Some(known) = session.activity_key(name).await?
        {
            return Ok(again(known, &told));
        }
        let mut known = Known {
            session: &mut session,
            agents: BTreeMap::new(),
            evaluations: BTreeMap::new(),
            grants: BTreeMap::new(),
        };
        let mut activities = Vec::with_capacity(reports.len());
        for (at, report) in reports.iter().enumerate() {
            let id = ActivityId::new(self.parts.entropy.ulid(now));
            match known.activity(id, by, report, now).await? {
                Ok(activity) => activities.push(activity),
                Err((field, why)) => return Ok(Told::Refused(Wrong { at, field, why })),
            }
        }
        drop(session);
        let seen = activities.clone();
        let recorded = work(move |tx| {
            Box::pin(async move {
                if let Some(name) = &key {
                    if let Some(known) = tx.activity_key(name).await? {
                        return Ok(again(known, &told));
                    }
                    let ids: Vec<ActivityId> = activities.iter().map(|one| one.id).collect();
                    let old = now - REMEMBERED.delta();
                    tx.keep_activity_key(name, &told, &ids, now, old).await?;
                }
                for activity in &activities {
                    tx.record_activity(activity).await?;
                }
                Ok(Told::Recorded(activities.iter().map(|one| one.id).collect()))
            })
        });
        let told = self.parts.store.write(recorded).await?;
        if let Told::Recorded(ids) = &told
            && ids.first() == seen.first().map(|one| &one.id)
        {
            seen.iter().for_each(show);
        }
        Ok(told)
    }
}

/// Shows it to whoever watches, after it is durable. What was touched stays on the record alone.
fn show(activity: &Activity) {
    let deed = &activity.deed;
    let outcome = deed.outcome.map_or("unknown", Outcome::word);
    ACTIVITIES.one(&[outcome]);
    tracing::event!(
        target: RECORDS,
        tracing::Level::INFO,
        event.name = "countersign.activity",
        gen_ai.operation.name = "execute_tool",
        gen_ai.agent.id = activity.agent.to_string(),
        gen_ai.request.model = deed.model_version,
        countersign.activity.id = activity.id.to_string(),
        countersign.evaluation.id = activity.evaluation.map(|id| id.to_string()),
        countersign.grant.id = activity.grant.map(|id| id.to_string()),
        countersign.prompt_hash = deed.prompt_hash,
        countersign.task = deed.task,
        countersign.outcome = outcome,
        countersign.data_accessed.count = deed.data_accessed.len(),
        "an agent told what it did"
    );
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn again((before, ids): (String, Vec<ActivityId>), told: &str) -> Told {
    if before == told { Told::Recorded(ids) } else { Told::KeyTaken }
}

/// Why a field cannot be.
type Fault = (&'static str, String);

impl Known<'_> {
    async fn activity(
        &mut self,
        id: ActivityId,
        by: &Actor,
        report: &Report,
        now: Timestamp,
    ) -> std::result::Result<std::result::Result<Activity, Fault>, StoreError> {
        let agent = match self.agent(by, report.agent.as_deref()).await? {
            Ok(agent) => agent,
            Err(why) => return Ok(Err(("agent_id", why))),
        };
        let occurred_at = to_micros(report.occurred_at.unwrap_or(now));
        if occurred_at > now + AHEAD.delta() {
            let ahead = (occurred_at - now).max(TimeDelta::zero()).num_seconds();
            let why = format!("it lies {ahead} seconds in the future: tell of it afterwards");
            return Ok(Err(("occurred_at", why)));
        }
        let record = match report.evaluation {
            None => None,
            Some(evaluation) => match self.evaluation(evaluation).await? {
                Some(record) if record.agent == Some(agent) => Some(record),
                Some(_) => return Ok(Err(("evaluation_id", strange("evaluation", evaluation)))),
                None => return Ok(Err(("evaluation_id", missing("evaluation", evaluation)))),
            },
        };
        let rests_on = record.as_ref().and_then(grant_of);
        let grant = match &report.grant {
            None => rests_on,
            Some(name) => {
                let shown = match name {
                    GrantName::Id(id) => id.to_string(),
                    GrantName::Reference(reference) => reference.to_string(),
                };
                match self.grant(name, &shown).await? {
                    Some(grant) if grant.agent != agent => {
                        return Ok(Err(("grant", strange("grant", shown))));
                    }
                    Some(grant) if rests_on.is_some_and(|id| id != grant.id) => {
                        let why = format!(
                            "{shown} is another grant than the one that the evaluation rests on: \
                             leave one of them out"
                        );
                        return Ok(Err(("grant", why)));
                    }
                    Some(grant) => Some(grant.id),
                    None => return Ok(Err(("grant", missing("grant", shown)))),
                }
            }
        };
        Ok(Ok(Activity {
            id,
            at: now,
            told_by: by.clone(),
            agent,
            evaluation: report.evaluation,
            grant,
            occurred_at,
            deed: report.deed.clone(),
        }))
    }

    /// Who did it.
    async fn agent(
        &mut self,
        by: &Actor,
        name: Option<&str>,
    ) -> std::result::Result<std::result::Result<AgentId, String>, StoreError> {
        let teller = match by {
            Actor::Agent(id) => Some(*id),
            Actor::Person(_) | Actor::Service(_) | Actor::IdentityProvider | Actor::System => None,
        };
        let Some(name) = name else {
            return Ok(teller
                .ok_or_else(|| "say who did it: the agent's name or its id (agt_…)".to_owned()));
        };
        if !self.agents.contains_key(name) {
            let found = match name.parse() {
                Ok(id) => self.session.agent(id).await?,
                Err(_) => self.session.agent_by_slug(name).await?,
            };
            self.agents.insert(name.to_owned(), found);
        }
        let shown = clean(name, 80);
        Ok(match self.agents.get(name).and_then(Option::as_ref) {
            Some(agent) if teller.is_none_or(|id| id == agent.id) => Ok(agent.id),
            // Whether others exist is not an agent's business.
            _ if teller.is_some() => {
                Err(format!("an agent tells of itself alone, and is not called {shown}"))
            }
            _ => Err(format!("there is no agent {shown}: write its name or its id (agt_…)")),
        })
    }

    async fn evaluation(
        &mut self,
        id: EvaluationId,
    ) -> std::result::Result<Option<Record>, StoreError> {
        if let Some(known) = self.evaluations.get(&id) {
            return Ok(known.clone());
        }
        let found = self.session.evaluation(id).await?;
        self.evaluations.insert(id, found.clone());
        Ok(found)
    }

    async fn grant(
        &mut self,
        name: &GrantName,
        shown: &str,
    ) -> std::result::Result<Option<Grant>, StoreError> {
        if let Some(known) = self.grants.get(shown) {
            return Ok(known.clone());
        }
        let found = match name {
            GrantName::Id(id) => self.session.grant(*id).await?,
            GrantName::Reference(reference) => {
                let found = self.session.grant_by_number(reference.number).await?;
                found.filter(|grant| grant.reference == *reference)
            }
        };
        self.grants.insert(shown.to_owned(), found.clone());
        Ok(found)
    }
}

/// The grant that a yes rests on.
const fn grant_of(record: &Record) -> Option<GrantId> {
    match &record.answer {
        Decision::Allow { basis: Basis::Grant(grant) } => Some(grant.id),
        Decision::Allow { basis: Basis::Rule { .. } } | Decision::Deny { .. } => None,
    }
}

fn missing(what: &str, id: impl std::fmt::Display) -> String {
    format!("there is no {what} {id}: use the one that the answer carried, or leave it out")
}

fn strange(what: &str, id: impl std::fmt::Display) -> String {
    format!("{what} {id} is about another agent: use this agent's own, or leave it out")
}
