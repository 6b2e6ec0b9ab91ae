//! A program asks for grants: the same rules, people, cards and deadlines as `/agent request`.
//!
//! All items of a submission are put in one transaction, with the task and the program's key: all of
//! it is asked, or nothing. What is being decided already is followed, not asked again; and one
//! refusal is one request, however often it is sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{TaskView, view};
use crate::clock::Entropy;
use crate::domain::access::Access;
use crate::domain::agent::Agent;
use crate::domain::evaluation::{Action, Entity};
use crate::domain::ids::{AgentId, EvaluationId, RequestId, TaskId};
use crate::domain::request::{Acceptance, Ask, Origin, Request};
use crate::domain::task::{Callback, Item, Submitter, Task};
use crate::domain::time::{Span, Timestamp};
use crate::policy::Policy;
use crate::service::opening::{Addressees, Put, Question, put};
use crate::service::outcome::Refusal;
use crate::service::owners::nobody_answers;
use crate::service::weigh::{Length, Weighed};
use crate::service::{Result, Service};
use crate::store::{Sent, StoreError, Tx, work};

/// How long a task can be followed after the last moment at which it can be decided.
const KEPT: Span = Span::days(7);

/// One thing that is asked for, tied to its refusal.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Access to what.
    pub resource: Entity,
    /// To do what.
    pub action: Action,
    /// The evaluation that said no.
    pub evaluation: EvaluationId,
    /// Until when it is wanted, if that was said.
    pub until: Option<Timestamp>,
}

impl Wanted {
    fn access(&self) -> std::result::Result<Access, Refusal> {
        let (kind, id, action) = (&self.resource.kind, &self.resource.id, &self.action.name);
        Access::to_object(kind, id, action).ok_or_else(|| {
            let typed = crate::domain::text::clean(&format!("{kind}#{id}:{action}"), 120);
            Refusal::BadAccess { typed, resources: Vec::new() }
        })
    }
}

/// What a program asks.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Who asks.
    pub by: Submitter,
    /// The agent that is to get it.
    pub agent: AgentId,
    /// What is asked; at least one.
    pub items: Vec<Wanted>,
    /// Whether it came as a list.
    pub bundle: bool,
    /// Why; untrusted text.
    pub because: String,
    /// Whether a faster way is wished for.
    pub emergency: bool,
    /// Where the outcome is to be sent; allowed by the policy.
    pub callback: Option<Callback>,
    /// What the program says of itself.
    pub client: Option<serde_json::Value>,
    /// What was sent, so that the same sent again is known.
    pub sent: Sent,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// It is asked, or granted already.
    Taken(TaskView),
    /// The same was taken before; this is its task.
    Before(TaskView),
    /// The key was used before, with something else.
    OtherBody,
    /// It cannot be asked.
    Refused {
        /// Which item, from 0.
        item: usize,
        /// Why.
        why: Refusal,
    },
    /// The agent waits for as many requests as it may.
    TooMany {
        /// How many.
        limit: u32,
    },
}

/// One step of a submission.
enum Step {
    /// To be asked, unless it is being decided already.
    Ask(Weighed, Addressees),
    /// The agent has it, by the grant of this request.
    Has(RequestId),
}

/// What a transaction came to.
enum Written {
    Taken(Task),
    Before(Task),
    OtherBody,
    Refused(Refusal),
    TooMany(u32),
}

impl Service {
    /// The agent by its name or its id.
    pub async fn agent_called(&self, name: &str) -> Result<Option<Agent>> {
        match name.parse::<AgentId>() {
            Ok(id) => self.agent_by_id(id).await,
            Err(_) => Ok(self.parts.store.read().await?.agent_by_slug(name).await?),
        }
    }

    /// What came of the same key before, if it was used.
    pub async fn submitted_before(&self, by: &Submitter, sent: &Sent) -> Result<Option<Submitted>> {
        let Some(key) = &sent.key else { return Ok(None) };
        let mut session = self.parts.store.read().await?;
        Ok(match session.task_by_key(by, key).await? {
            Some((task, body)) if body == sent.body => {
                Some(Submitted::Before(view(&mut session, task, self.now()).await?))
            }
            Some(_) => Some(Submitted::OtherBody),
            None => None,
        })
    }

    /// A program asks.
    pub async fn submit(&self, submission: Submission) -> Result<Submitted> {
        if let Some(before) = self.submitted_before(&submission.by, &submission.sent).await? {
            return Ok(before);
        }
        let policy = self.policy();
        let Some(agent) = self.agent_by_id(submission.agent).await? else {
            let why = Refusal::UnknownAgent {
                typed: submission.agent.to_string(),
                near: Vec::new(),
                yours: Vec::new(),
            };
            return Ok(Submitted::Refused { item: 0, why });
        };
        let mut steps = Vec::with_capacity(submission.items.len());
        for (item, wanted) in submission.items.iter().enumerate() {
            match self.step(&policy, &agent, wanted, &submission.because).await? {
                Ok(step) => steps.push(step),
                Err(why) => return Ok(Submitted::Refused { item, why }),
            }
        }
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move { write(tx, &entropy, &policy, submission, steps, now).await })
        });
        let written = self.parts.store.write(work).await?;
        let task = match written {
            Written::Taken(task) | Written::Before(task) if task.items.is_empty() => {
                return Err(StoreError::conflict(format!("{} follows nothing", task.id)).into());
            }
            Written::Taken(task) => return Ok(Submitted::Taken(self.view_of(task).await?)),
            Written::Before(task) => task,
            Written::OtherBody => return Ok(Submitted::OtherBody),
            Written::Refused(why) => return Ok(Submitted::Refused { item: 0, why }),
            Written::TooMany(limit) => {
                self.tell_quota(agent.id, "requests", limit).await?;
                return Ok(Submitted::TooMany { limit });
            }
        };
        Ok(Submitted::Before(self.view_of(task).await?))
    }

    async fn view_of(&self, task: Task) -> Result<TaskView> {
        Ok(view(&mut self.parts.store.read().await?, task, self.now()).await?)
    }

    async fn step(
        &self,
        policy: &Policy,
        agent: &Agent,
        wanted: &Wanted,
        because: &str,
    ) -> Result<std::result::Result<Step, Refusal>> {
        let access = match wanted.access() {
            Ok(access) => access.to_string(),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let length = match wanted.until {
            None => Length::Usual,
            // What is over already lasts for no time; the least span there is says so on the card.
            Some(until) => {
                Length::Exactly(Span::between(self.now(), until).unwrap_or(Span::seconds(1)))
            }
        };
        let weighed = match self.weigh_grant(agent, &access, length, because).await? {
            Ok(weighed) => weighed,
            Err(Refusal::AlreadyHas(grant)) => return Ok(Ok(Step::Has(grant.request))),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let rule = weighed.rule.as_deref();
        let (owner, team) = (&agent.owner, &agent.team);
        let routed = self.routed(policy, agent, team, owner, weighed.tier, rule).await?;
        Ok(routed.map(|(to, _)| Step::Ask(weighed, to)))
    }
}

/// Puts what must be asked, and keeps the task.
async fn write(
    tx: &mut Tx,
    entropy: &Arc<Entropy>,
    policy: &Policy,
    submission: Submission,
    steps: Vec<Step>,
    now: Timestamp,
) -> std::result::Result<Written, StoreError> {
    let Submission { by, items: wanted, sent, .. } = &submission;
    if let Some(key) = &sent.key
        && let Some((task, body)) = tx.task_by_key(by, key).await?
    {
        return Ok(if body == sent.body { Written::Before(task) } else { Written::OtherBody });
    }
    if let Some(task) = of_these_refusals(tx, by, wanted).await? {
        return Ok(Written::Before(task));
    }
    let Some(mut agent) = tx.agent(submission.agent).await? else {
        return Err(StoreError::conflict("the agent is gone"));
    };
    if !agent.is_active() {
        return Ok(Written::Refused(Refusal::NotActive(agent)));
    }
    if let Some(refusal) = nobody_answers(&agent) {
        return Ok(Written::Refused(refusal));
    }
    // Before anything is put: what is said no to leaves nothing behind.
    let open = tx.open_requests_of_agent(agent.id).await?;
    let limit = policy.quotas().open_requests;
    if waiting(&open, now) + new_ones(&open, &steps, now) > limit as usize {
        return Ok(Written::TooMany(limit));
    }
    let id = TaskId::new(entropy.ulid(now));
    let mut items = Vec::with_capacity(steps.len());
    let mut decide_by = now;
    for (step, wanted) in steps.into_iter().zip(wanted) {
        let (request, own) = match step {
            Step::Has(request) => (request, false),
            Step::Ask(weighed, to) => {
                let open = match weighed.ask.access() {
                    Some(access) => tx.open_grant_request(agent.id, access).await?,
                    None => None,
                };
                if let Some(open) = open.filter(|request| request.is_open(now)) {
                    decide_by = decide_by.max(open.decide_by);
                    (open.id, open.origin.task() == Some(id))
                } else {
                    let origin = Origin::Agent {
                        evaluation: Some(wanted.evaluation),
                        task: Some(id),
                        by_service: match by {
                            Submitter::Agent(_) => None,
                            Submitter::Service(name) => Some(name.clone()),
                        },
                        not_after: wanted.until,
                    };
                    let question = question(agent.clone(), origin, weighed);
                    let (after, request) = match put(tx, entropy, policy, question, to, now).await?
                    {
                        Put::Open(agent, request) | Put::Approved(agent, request, _) => {
                            (agent, request)
                        }
                    };
                    agent = after;
                    decide_by = decide_by.max(request.decide_by);
                    (request.id, true)
                }
            }
        };
        items.push(Item {
            resource: wanted.resource.clone(),
            action: wanted.action.clone(),
            evaluation: wanted.evaluation,
            request,
            own,
            withdrawn: None,
        });
    }
    let Submission { by, bundle, emergency, callback, client, sent, .. } = submission;
    let (agent, expires_at) = (agent.id, decide_by + KEPT.delta());
    let task = Task {
        id,
        agent,
        by,
        items,
        bundle,
        emergency,
        callback,
        client,
        created_at: now,
        expires_at,
    };
    tx.insert_task(&task, &sent).await?;
    Ok(Written::Taken(task))
}

fn question(agent: Agent, origin: Origin, weighed: Weighed) -> Question {
    let Weighed { ask, tier, findings, rule } = weighed;
    let asked_by = agent.owner.clone();
    let acceptance = Acceptance::NotNeeded;
    Question { agent, asked_by, origin, ask, brings: None, tier, acceptance, findings, rule }
}

/// The task that this program got for the very same refusals.
async fn of_these_refusals(
    tx: &mut Tx,
    by: &Submitter,
    wanted: &[Wanted],
) -> std::result::Result<Option<Task>, StoreError> {
    let Some(first) = wanted.first() else { return Ok(None) };
    let these: Vec<EvaluationId> = wanted.iter().map(|item| item.evaluation).collect();
    let before = tx.tasks_of_evaluation(by, first.evaluation).await?;
    Ok(before
        .into_iter()
        .find(|task| task.items.iter().map(|item| item.evaluation).eq(these.iter().copied())))
}

/// How many requests of the agent's own wait for people.
pub(in crate::service) fn waiting(open: &[Request], now: Timestamp) -> usize {
    open.iter().filter(|request| !request.origin.is_person() && request.is_open(now)).count()
}

/// How many would come on top.
fn new_ones(open: &[Request], steps: &[Step], now: Timestamp) -> usize {
    let mut new: BTreeSet<&Access> = BTreeSet::new();
    for step in steps {
        let Step::Ask(Weighed { ask: Ask::Grant { access, .. }, rule: None, .. }, _) = step else {
            continue;
        };
        let asked = open.iter().filter(|request| request.is_open(now)).any(|request| {
            matches!(&request.ask, Ask::Grant { access: open, .. } if open.covers(access))
        });
        if !asked {
            new.insert(access);
        }
    }
    new.len()
}
