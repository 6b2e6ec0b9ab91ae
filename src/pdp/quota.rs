//! How often may be asked about one agent. Each replica counts for itself.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::index::Known;
use super::{NoAnswer, Shared};
use crate::domain::evaluation::{AGENT, Question};
use crate::domain::event::{Actor, What};
use crate::domain::ids::AgentId;
use crate::domain::time::Timestamp;
use crate::store::StoreError;

type Limiter = DefaultKeyedRateLimiter<AgentId>;

/// The counts of all agents.
#[derive(Default)]
pub(super) struct Quotas {
    /// Of so many questions a minute.
    limiter: Mutex<Option<(u32, Arc<Limiter>)>>,
    /// The hour for which the log has it already.
    told: Mutex<HashMap<AgentId, i64>>,
}

impl Quotas {
    /// The counts for this quota; they begin anew when the policy changes it. None for a quota of
    /// nothing at all.
    fn limiter(&self, a_minute: u32) -> Option<Arc<Limiter>> {
        let mut held = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some((of, limiter)) if *of == a_minute => Some(Arc::clone(limiter)),
            _ => {
                let quota = Quota::per_minute(NonZeroU32::new(a_minute)?);
                let limiter = Arc::new(RateLimiter::keyed(quota));
                *held = Some((a_minute, Arc::clone(&limiter)));
                Some(limiter)
            }
        }
    }

    /// Whether the log is to be told of this agent in this hour.
    fn to_be_told(&self, agent: AgentId, hour: i64) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(agent, hour) != Some(hour)
    }

    fn forget(&self, agent: AgentId) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).remove(&agent);
    }
}

impl Shared {
    /// Counts the question, if it is about an agent of ours.
    pub(super) async fn within_quota(&self, question: &Question) -> Result<(), NoAnswer> {
        if question.subject.kind != AGENT {
            return Ok(());
        }
        let Some(agent) = self.index().agent(&question.subject.id).map(|card| card.known.id) else {
            return Ok(());
        };
        let a_minute = self.parts.policy.current().quotas().evaluations;
        let wait = match self.quotas.limiter(a_minute) {
            None => std::time::Duration::from_secs(60),
            Some(limiter) => match limiter.check_key(&agent) {
                Ok(()) => return Ok(()),
                Err(not_until) => not_until.wait_time_from(DefaultClock::default().now()),
            },
        };
        let now = self.parts.clock.now();
        if self.quotas.to_be_told(agent, now.timestamp() / 3_600)
            && let Err(error) = self.tell_quota_reached(agent, now).await
        {
            tracing::warn!(%error, %agent, "the log does not know yet that a quota was reached");
            self.quotas.forget(agent);
        }
        Err(NoAnswer::TooOften { wait })
    }

    /// Puts it on the record, once an hour for all replicas.
    async fn tell_quota_reached(&self, agent: AgentId, now: Timestamp) -> Result<(), StoreError> {
        let key = format!("quota/evaluations/{agent}/{}", now.timestamp() / 3_600);
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if tx.once(&key, now).await? {
                        let quota = "evaluations".to_owned();
                        tx.append(now, Actor::System, What::QuotaReached { agent, quota }).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
