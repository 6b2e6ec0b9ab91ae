//! Tasks, by which programs follow what they asked for.

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Doc, Session, entities, entity, execute, one};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::ids::{EvaluationId, RequestId, TaskId};
use crate::domain::task::{Submitter, Task};
use crate::domain::time::Timestamp;

statements! {
    INSERT on "tasks" = "INSERT INTO tasks (id, agent_id, submitter, request_key, body_hash, expires_at, doc) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    INSERT_ITEM on "task_items" = "INSERT INTO task_items (task_id, position, request_id, evaluation_id) \
        VALUES ($1, $2, $3, $4)";
    UPDATE on "tasks" = "UPDATE tasks SET doc = $2 WHERE id = $1";
    BY_ID on "tasks" = "SELECT id, doc FROM tasks WHERE id = $1";
    BY_KEY on "tasks" = "SELECT id, body_hash, doc FROM tasks WHERE submitter = $1 AND request_key = $2";
    FOLLOWING on "tasks" = "SELECT id, doc FROM tasks \
        WHERE id IN (SELECT task_id FROM task_items WHERE request_id = $1) ORDER BY id";
    OF_EVALUATION on "tasks" = "SELECT id, doc FROM tasks WHERE submitter = $1 \
        AND id IN (SELECT task_id FROM task_items WHERE evaluation_id = $2) ORDER BY id";
    FORGET_ITEMS on "task_items" = "DELETE FROM task_items \
        WHERE task_id IN (SELECT id FROM tasks WHERE expires_at < $1)";
    FORGET on "tasks" = "DELETE FROM tasks WHERE expires_at < $1";
}

/// What a program sent, so that the same sent again is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its `Idempotency-Key`, if it gave one.
    pub key: Option<String>,
    /// SHA-256 of what it sent, in a form that leaves the order of members out; hexadecimal.
    pub body: String,
}

impl Tx {
    /// Keeps a new task. The requests that it follows must be kept before it.
    /// [`StoreError::Conflict`] if the program has used the key before.
    pub async fn insert_task(&mut self, task: &Task, sent: &Sent) -> Result<(), StoreError> {
        let inserted = execute!(
            self,
            INSERT,
            task.id.to_string(),
            task.agent.to_string(),
            task.by.key(),
            sent.key.as_deref(),
            sent.body.as_str(),
            task.expires_at,
            Json(task),
        )?;
        if inserted != 1 {
            return Err(StoreError::conflict("the key of a task was used before"));
        }
        for (position, item) in task.items.iter().enumerate() {
            let position = i64::try_from(position).unwrap_or(i64::MAX);
            let (request, evaluation) = (item.request.to_string(), item.evaluation.to_string());
            execute!(self, INSERT_ITEM, task.id.to_string(), position, request, evaluation)?;
        }
        Ok(())
    }

    /// Keeps the task as it is now. What it follows stays the same.
    pub async fn update_task(&mut self, task: &Task) -> Result<(), StoreError> {
        execute!(self, UPDATE, task.id.to_string(), Json(task)).map(drop)
    }

    /// Forgets the tasks that could be followed until before this moment.
    pub async fn forget_tasks_before(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        execute!(self, FORGET_ITEMS, before)?;
        execute!(self, FORGET, before)
    }
}

impl Session {
    /// The task.
    pub async fn task(&mut self, id: TaskId) -> Result<Option<Task>, StoreError> {
        entity!(self, BY_ID, Task, id.to_string())
    }

    /// The task that this program got for this key, with the hash of what it sent then.
    pub async fn task_by_key(
        &mut self,
        by: &Submitter,
        key: &str,
    ) -> Result<Option<(Task, String)>, StoreError> {
        let row = one!(self, BY_KEY, (String, String, Doc<Task>), by.key(), key)?;
        row.map(|(id, hash, doc)| Ok((doc.open(&BY_KEY, &id)?, hash))).transpose()
    }

    /// The tasks that follow this request.
    pub async fn tasks_following(&mut self, request: RequestId) -> Result<Vec<Task>, StoreError> {
        entities!(self, FOLLOWING, Task, request.to_string())
    }

    /// The tasks of this program that came of this evaluation.
    pub async fn tasks_of_evaluation(
        &mut self,
        by: &Submitter,
        evaluation: EvaluationId,
    ) -> Result<Vec<Task>, StoreError> {
        entities!(self, OF_EVALUATION, Task, by.key(), evaluation.to_string())
    }
}
