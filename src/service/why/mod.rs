//! Why an answer at run time was what it was, and the way out: the same for Slack and for programs.
//!
//! | file | idea |
//! |---|---|
//! | [`words`] | why, and what to do, in words |

pub mod words;

use self::words::Known;
use super::{Result, Service};
use crate::domain::access::Access;
use crate::domain::agent::Agent;
use crate::domain::evaluation::{Basis, Decision, Denial, KnownAgent, Record, Remedy};
use crate::domain::ids::EvaluationId;
use crate::domain::person::PersonId;
use crate::domain::request::{ApprovedBy, RequestState};
use crate::domain::text::clean;
use crate::domain::tier::Tier;
use crate::domain::time::{Span, Timestamp};

/// As many of the latest batches of answers are looked through for refusals.
const BATCHES: u32 = 40;
/// As many refusals are shown.
const REFUSALS: usize = 5;

/// An answer, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The question and the answer.
    pub record: Record,
    /// The agent, as it is now.
    pub agent: Option<Agent>,
    /// The subject: the agent's name, for an agent; cleaned otherwise.
    pub subject: String,
    /// One word for programs: `grant`, `rule`, or the denial's code.
    pub reason: &'static str,
    /// A sentence or two for people.
    pub words: String,
    /// The grant or the rule that it rests on.
    pub rests_on: Option<String>,
    /// What can be asked for, if a request would help and the agent is at work.
    pub ask: Option<Access>,
    /// How long an answer to that usually takes.
    pub usual: Option<Span>,
}

/// What a person is told who asks why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is no such evaluation on the record, or it is not for this person.
    Unknown {
        /// What was typed, cleaned.
        typed: String,
    },
    /// This is why.
    Found {
        /// The answer.
        explained: Box<Explained>,
        /// Whether the person owns the agent, and so can ask for it.
        owns: bool,
        /// Now.
        now: Timestamp,
    },
}

/// A no that an agent met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// The question and the answer.
    pub record: Record,
    /// The agent.
    pub agent: Agent,
}

/// What an owner's agents were refused lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals {
    /// The latest, the newest first; of several alike only the newest.
    pub met: Vec<Met>,
    /// Whether the person owns an agent at all.
    pub owns_any: bool,
    /// Now.
    pub now: Timestamp,
}

impl Service {
    /// Why this was answered so, for a person who may know: the agent's owner, and security.
    pub async fn why(&self, by: &PersonId, typed: &str) -> Result<Why> {
        let unknown = || Why::Unknown { typed: clean(typed, 60) };
        let Ok(id) = typed.parse::<EvaluationId>() else { return Ok(unknown()) };
        let Some((record, agent)) = self.answered(id).await? else { return Ok(unknown()) };
        if !self.may_know_why(by, agent.as_ref()).await? {
            // What is not theirs is not there.
            return Ok(unknown());
        }
        let owns = agent.as_ref().is_some_and(|agent| agent.owner == *by);
        let explained = Box::new(self.explain(record, agent).await?);
        Ok(Why::Found { explained, owns, now: self.now() })
    }

    /// A question at run time and its answer, while they are kept, and the agent that it is about.
    pub async fn answered(&self, id: EvaluationId) -> Result<Option<(Record, Option<Agent>)>> {
        let mut session = self.parts.store.read().await?;
        let Some(record) = session.evaluation(id).await? else { return Ok(None) };
        let agent = match record.agent {
            Some(id) => session.agent(id).await?,
            None => None,
        };
        Ok(Some((record, agent)))
    }

    /// Whether a person may know what an agent asked and was answered: its owner, and security.
    pub async fn may_know_why(&self, person: &PersonId, agent: Option<&Agent>) -> Result<bool> {
        let owns = agent.is_some_and(|agent| agent.owner == *person);
        Ok(owns || self.is_of_security(person).await?)
    }

    /// Why this was answered so.
    pub async fn explain(&self, record: Record, agent: Option<Agent>) -> Result<Explained> {
        let policy = self.policy();
        let question = record.question();
        let known = agent.as_ref().map(KnownAgent::of);
        let state = agent.as_ref().map_or("", |agent| agent.state.word());
        let cause = agent.as_ref().and_then(Agent::cause).unwrap_or_default();
        let known = known.as_ref().map(|agent| Known { agent, state, cause });
        let given = self.given(&record.answer).await?;
        let words = words::why(&question, &record.answer, known, &policy, given.as_ref());
        let (reason, rests_on) = match &record.answer {
            Decision::Allow { basis: Basis::Grant(grant) } => {
                ("grant", Some(grant.reference.to_string()))
            }
            Decision::Allow { basis: Basis::Rule { rule } } => ("rule", Some(rule.clone())),
            Decision::Deny { denial: denial @ Denial::Forbidden { rule, .. } } => {
                (denial.code(), Some(rule.clone()))
            }
            Decision::Deny { denial } => (denial.code(), None),
        };
        let helps = matches!(
            &record.answer,
            Decision::Deny { denial } if denial.remedy() == Remedy::Request
        );
        let at_work = agent.as_ref().filter(|agent| agent.is_active() && helps);
        let (mut ask, mut usual) = (None, None);
        if let (Some(agent), Some(access)) = (at_work, question.access()) {
            let needs = policy.tier_needed(&access).unwrap_or(Tier::Observer);
            usual = self.who_decides(needs.max(agent.tier)).await?.usual;
            ask = Some(access);
        }
        let subject = agent
            .as_ref()
            .map_or_else(|| clean(&record.subject.id, 80), |agent| agent.slug.to_string());
        Ok(Explained { record, agent, subject, reason, words, rests_on, ask, usual })
    }

    /// By whose yes the grant came about that the answer rests on.
    async fn given(&self, answer: &Decision) -> Result<Option<ApprovedBy>> {
        let Decision::Allow { basis: Basis::Grant(grant) } = answer else { return Ok(None) };
        let request = self.parts.store.read().await?.request(grant.request).await?;
        Ok(request.and_then(|request| match request.state {
            RequestState::Approved { by, .. } => Some(by),
            _ => None,
        }))
    }

    /// What this person's agents were refused, of the latest answers alone: the record of answers is
    /// long, and has no index by agent.
    pub async fn latest_refusals(&self, owner: &PersonId) -> Result<Refusals> {
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let own = session.agents_of(owner).await?;
        let owns_any = !own.is_empty();
        let latest = match owns_any {
            true => session.latest_evaluations(BATCHES).await?,
            false => Vec::new(),
        };
        let mut met: Vec<Met> = Vec::new();
        for record in latest.into_iter().filter(|record| !record.answer.is_allowed()) {
            let Some(agent) = own.iter().find(|agent| Some(agent.id) == record.agent) else {
                continue;
            };
            let alike = met.iter().any(|known| {
                let before = &known.record;
                (before.agent, &before.action, &before.resource)
                    == (record.agent, &record.action, &record.resource)
            });
            if !alike {
                met.push(Met { record, agent: agent.clone() });
            }
            if met.len() == REFUSALS {
                break;
            }
        }
        Ok(Refusals { met, owns_any, now })
    }
}
