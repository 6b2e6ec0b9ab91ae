//! A program is told that what it asked for has ended, at the address that it named.

use async_trait::async_trait;

use super::{TaskView, view};
use crate::domain::ids::{DeliveryId, TaskId};
use crate::service::messenger::Delivered;
use crate::service::{Result, Service};

/// How long a program that cannot be reached is tried.
const TRIED_FOR: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// Tells programs.
#[async_trait]
pub trait Callbacks: Send + Sync + 'static {
    /// Tries once to tell how the task stands; never takes longer than about ten seconds. The
    /// delivery's id is the same with every try, so that who is told twice can know.
    async fn tell(&self, id: DeliveryId, task: &TaskView) -> Delivered;
}

impl Service {
    /// What there is to tell of a task; none if nobody (any more) wants to hear it.
    pub async fn to_tell(&self, id: TaskId) -> Result<Option<TaskView>> {
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let Some(task) = session.task(id).await?.filter(|task| task.is_kept(now)) else {
            return Ok(None);
        };
        let Some(callback) = task.callback.clone() else { return Ok(None) };
        let view = view(&mut session, task, now).await?;
        let end = view.status();
        Ok((end.is_end() && callback.tells(end)).then_some(view))
    }

    /// Whether a program that has not taken it since then is given up.
    pub fn is_told_in_vain(&self, since: crate::domain::time::Timestamp) -> bool {
        self.now() - since >= TRIED_FOR
    }
}
