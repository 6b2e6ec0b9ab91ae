//! An agent does something too often: it is on the record, and its owner knows.

use super::opening::send;
use super::{Result, Service};
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{Actor, What};
use crate::domain::ids::AgentId;
use crate::store::work;

impl Service {
    /// Puts it on the record and tells the owner, once an hour for all replicas. `quota` is what there
    /// is too much of: `tokens`, `requests`.
    pub(super) async fn tell_quota(&self, agent: AgentId, quota: &str, limit: u32) -> Result<()> {
        let (now, entropy, quota) = (self.now(), self.entropy(), quota.to_owned());
        let work = work(move |tx| {
            Box::pin(async move {
                let hour = now.timestamp() / 3_600;
                if !tx.once(&format!("quota/{quota}/{agent}/{hour}"), now).await? {
                    return Ok(());
                }
                let found = tx.agent(agent).await?.filter(|agent| agent.orphaned.is_none());
                let Some(owner) = found.map(|agent| agent.owner) else {
                    return Ok(());
                };
                let what = What::QuotaReached { agent, quota: quota.clone() };
                tx.append(now, Actor::System, what).await?;
                let notice = Notice::QuotaReached { agent, quota, limit };
                let place = Place::Person(owner);
                send(tx, &entropy, now, &Delivery::Notice { place, notice }).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}
