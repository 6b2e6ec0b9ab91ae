//! How often may be asked about one agent.

use super::index::Known;
use super::{NoAnswer, Shared};
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::evaluation::{AGENT, KnownAgent, Question};
use crate::domain::event::{Actor, What};
use crate::domain::ids::DeliveryId;
use crate::domain::time::Timestamp;
use crate::policy::runtime::TooOften;
use crate::store::StoreError;

impl Shared {
    /// Counts the question, if it is about an agent of ours.
    pub(super) async fn within_quota(&self, question: &Question) -> Result<(), NoAnswer> {
        if question.subject.kind != AGENT {
            return Ok(());
        }
        let Some(card) = self.index().agent(&question.subject.id) else { return Ok(()) };
        let (agent, now) = (card.known.id, self.parts.clock.now());
        let limit = self.parts.policy.current().quotas().evaluations;
        let Err(TooOften { wait, first }) = self.quotas.take(agent, limit, now) else {
            return Ok(());
        };
        // It is rare, and kept out of what every question carries along.
        let telling = || Box::pin(self.tell_quota_reached(&card.known, limit, now));
        if first && let Err(error) = telling().await {
            tracing::warn!(%error, %agent, "nobody knows yet that a quota was reached");
            self.quotas.untold(agent);
        }
        Err(NoAnswer::TooOften { wait })
    }

    /// Puts it on the record and tells the owner, once an hour for all replicas.
    async fn tell_quota_reached(
        &self,
        agent: &KnownAgent,
        limit: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (agent, owner) = (agent.id, agent.owner.clone());
        let key = format!("quota/evaluations/{agent}/{}", now.timestamp() / 3_600);
        let delivery = DeliveryId::new(self.parts.entropy.ulid(now));
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if !tx.once(&key, now).await? {
                        return Ok(());
                    }
                    let quota = "evaluations".to_owned();
                    let what = What::QuotaReached { agent, quota: quota.clone() };
                    tx.append(now, Actor::System, what).await?;
                    let notice = Notice::QuotaReached { agent, quota, limit };
                    let place = Place::Person(owner);
                    tx.enqueue(delivery, &Delivery::Notice { place, notice }, now).await
                })
            })
            .await
    }
}
