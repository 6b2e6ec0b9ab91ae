//! A task is followed, and taken back.

use super::{TaskView, tell_program, view};
use crate::domain::ids::TaskId;
use crate::domain::person::PersonId;
use crate::domain::task::{Status, Submitter};
use crate::domain::text::clean;
use crate::service::settle::came_to_nothing;
use crate::service::{Result, Service};
use crate::store::work;

/// The longest word on why something is taken back, in characters.
const LONGEST_COMMENT: usize = 300;

/// Who looks how a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// A program: the agent that is to get what is asked, or the service that asked.
    Program(Submitter),
    /// A person who logged in: the agent's owner, or somebody of security.
    Person(PersonId),
}

/// A task, looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// There is none, or none for this program.
    Unknown,
    /// It can be followed no more.
    Over,
    /// As it stands.
    Task(TaskView),
}

/// What came of taking a task back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenBack {
    /// There is none, or none for this program.
    Unknown,
    /// It can be followed no more.
    Over,
    /// All of it has ended.
    Ended(TaskView),
    /// What was pending is not any more.
    Done(TaskView),
}

impl Service {
    /// A task, for the agent that is to get what it asks, for who asked, and for the people who may
    /// know what the agent does.
    pub async fn task(&self, reader: &Reader, id: TaskId) -> Result<Followed> {
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let Some(task) = session.task(id).await? else { return Ok(Followed::Unknown) };
        let may = match reader {
            Reader::Program(program) => task.is_for(program),
            Reader::Person(person) => {
                let agent = session.agent(task.agent).await?;
                // Nothing is held while Slack is asked.
                drop(session);
                let may = self.may_know_why(person, agent.as_ref()).await?;
                session = self.parts.store.read().await?;
                may
            }
        };
        Ok(if !may {
            Followed::Unknown
        } else if task.is_kept(now) {
            Followed::Task(view(&mut session, task, now).await?)
        } else {
            Followed::Over
        })
    }

    /// A program takes back what of a task is pending. A request that this task opened is cancelled;
    /// one that it only follows goes on for who opened it.
    pub async fn take_back(&self, by: &Submitter, id: TaskId, comment: &str) -> Result<TakenBack> {
        let (now, entropy) = (self.now(), self.entropy());
        let (by, comment) = (by.clone(), clean(comment, LONGEST_COMMENT));
        let work = work(move |tx| {
            Box::pin(async move {
                let mut task = match tx.task(id).await? {
                    Some(task) if task.is_for(&by) => task,
                    _ => return Ok(TakenBack::Unknown),
                };
                if !task.is_kept(now) {
                    return Ok(TakenBack::Over);
                }
                let before = view(tx, task.clone(), now).await?;
                if before.status().is_end() {
                    return Ok(TakenBack::Ended(before));
                }
                let mut withdrawn = false;
                for (item, stood) in task.items.iter_mut().zip(&before.items) {
                    if stood.status != Status::Pending {
                        continue;
                    }
                    if !item.own {
                        item.withdrawn = Some(now);
                        withdrawn = true;
                        continue;
                    }
                    let Some(request) = tx.request(item.request).await? else { continue };
                    let Some(agent) = tx.agent(request.agent).await? else { continue };
                    // Two items may follow one request.
                    let cancelled = request.cancel_by_program(by.clone(), comment.clone(), now);
                    if let Some(request) = cancelled {
                        came_to_nothing(tx, &entropy, &request, agent, now).await?;
                    }
                }
                if withdrawn {
                    tx.update_task(&task).await?;
                    tell_program(tx, &entropy, &task, now).await?;
                }
                Ok(TakenBack::Done(view(tx, task, now).await?))
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}

impl Service {
    /// What an agent holds at this moment.
    pub async fn held_by(
        &self,
        agent: crate::domain::ids::AgentId,
    ) -> Result<Vec<crate::domain::access::Access>> {
        let now = self.now();
        let grants = self.parts.store.read().await?.live_grants_of(agent, now).await?;
        Ok(grants.into_iter().map(|grant| grant.access).collect())
    }
}
