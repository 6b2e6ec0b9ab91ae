//! Programs ask by themselves: OpenID AuthZEN's Access Request and Approval Profile, as use cases.
//!
//! A refusal that can be asked for says how ([`offer`]); what is asked is tied to that refusal
//! ([`binding`]), put to the same people by the same rules as `/agent request` ([`submit`]), followed
//! and taken back by its task ([`follow`]), told to who wants to be called ([`callback`]), and what
//! came of it is shown at the next evaluation ([`approval`]). Whoever has no program at hand uses
//! the one [`link`].

pub mod approval;
pub mod binding;
pub mod callback;
pub mod follow;
pub mod link;
pub mod offer;
pub mod submit;

use async_trait::async_trait;
use serde_json::Value;

use super::opening::send;
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::delivery::Delivery;
use crate::domain::evaluation::{Decision, Question};
use crate::domain::event::TextHash;
use crate::domain::grant::Grant;
use crate::domain::ids::{AgentId, EvaluationId};
use crate::domain::request::{Request, RequestState};
use crate::domain::task::{Item, Status, Task};
use crate::domain::time::{Span, Timestamp};
pub use crate::store::Sent;
use crate::store::{Session, StoreError, Tx};

/// An evaluation as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// What was asked: who, what and to what.
    pub question: Question,
    /// The agent that was judged, if it is one of ours.
    pub agent: Option<AgentId>,
    /// What ties a request to the question whole; none if it cannot be asked for.
    pub tie: Option<TextHash>,
    /// What was answered.
    pub decision: Decision,
    /// When.
    pub at: Timestamp,
}

/// Where evaluations are found again.
#[async_trait]
pub trait Evaluations: Send + Sync + 'static {
    /// The evaluation, while it is kept.
    async fn evaluation(&self, id: EvaluationId) -> Result<Option<Recorded>>;
}

/// The evaluations on the record.
#[async_trait]
impl Evaluations for Service {
    async fn evaluation(&self, id: EvaluationId) -> Result<Option<Recorded>> {
        let found = self.parts.store.read().await?.evaluation(id).await?;
        Ok(found.map(|record| Recorded {
            question: record.question(),
            agent: record.agent,
            tie: record.tie,
            decision: record.answer,
            at: record.at,
        }))
    }
}

/// One item of a task, with what it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemView {
    /// The item.
    pub item: Item,
    /// The request that it follows.
    pub request: Option<Request>,
    /// The grant that came of it.
    pub grant: Option<Grant>,
    /// Where it stands.
    pub status: Status,
}

/// A task, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskView {
    /// The task.
    pub task: Task,
    /// Its items, in the order of the submission.
    pub items: Vec<ItemView>,
    /// The time that such requests usually take.
    pub usual: Option<Span>,
    /// When this was true.
    pub now: Timestamp,
}

impl TaskView {
    /// Where the whole stands.
    pub fn status(&self) -> Status {
        let each: Vec<Status> = self.items.iter().map(|item| item.status).collect();
        Task::status(&each)
    }
}

/// A task with all that it follows, read within one session.
pub(super) async fn view(
    session: &mut Session,
    task: Task,
    now: Timestamp,
) -> std::result::Result<TaskView, StoreError> {
    let mut items = Vec::with_capacity(task.items.len());
    let mut usual = None;
    for item in &task.items {
        let request = session.request(item.request).await?;
        let grant = match &request {
            Some(Request { state: RequestState::Approved { .. }, id, .. }) => {
                session.grant_of_request(*id).await?
            }
            _ => None,
        };
        let status = item.status(request.as_ref(), grant.as_ref(), now);
        if let (Status::Pending, Some(request)) = (status, &request) {
            usual = usual.max(session.usual_wait(request.tier).await?);
        }
        items.push(ItemView { item: item.clone(), request, grant, status });
    }
    Ok(TaskView { task, items, usual, now })
}

/// A request has ended: the programs that wait for it are told, once nothing of theirs is open.
pub(super) async fn tell_programs(
    tx: &mut Tx,
    entropy: &Entropy,
    request: &Request,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    for task in tx.tasks_following(request.id).await? {
        tell_program(tx, entropy, &task, now).await?;
    }
    Ok(())
}

/// Tells the program that follows the task, if it wants to be told and nothing is open any more.
pub(super) async fn tell_program(
    tx: &mut Tx,
    entropy: &Entropy,
    task: &Task,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    if task.callback.is_none() || !task.is_kept(now) {
        return Ok(());
    }
    for item in &task.items {
        let open = item.withdrawn.is_none()
            && tx.request(item.request).await?.is_some_and(|r| r.state == RequestState::Open);
        if open {
            return Ok(());
        }
    }
    send(tx, entropy, now, &Delivery::Callback { task: task.id }).await
}

/// A moment as the profile writes it (RFC 3339), to the second where it has no parts of one.
pub fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// Whether two JSON values are the same, as the profile compares them: by type and member for
/// member, numbers by their value (RFC 8785), and what is absent is not `null`.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_compared_as_the_profile_says() {
        assert!(same(&json!({"a": 1, "b": [1.0, "x"]}), &json!({"b": [1, "x"], "a": 1.0})));
        for (one, other) in [
            (json!({"a": null}), json!({})),
            (json!([1, 2]), json!([2, 1])),
            (json!("1"), json!(1)),
            (json!({"a": {"b": 1}}), json!({"a": {"b": 2}})),
            (json!(true), json!(1)),
        ] {
            assert!(!same(&one, &other), "{one} {other}");
        }
    }
}
