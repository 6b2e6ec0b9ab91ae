//! A policy comes into force, or is refused: both are on the record, and security is told.

use super::opening::send;
use super::{Result, Service};
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{Actor, What};
use crate::store::work;

/// As many mistakes as the channel is told of.
const TOLD: usize = 5;

impl Service {
    /// The policy in force is put on the record, if it is another than before.
    pub async fn record_policy(&self) -> Result<()> {
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let work = work(move |tx| {
            Box::pin(async move {
                let before = tx.current_policy().await?;
                let digest = policy.digest().to_owned();
                if before.as_deref() == Some(policy.digest()) {
                    return Ok(());
                }
                tx.set_policy(&digest, now).await?;
                let first = before.is_none();
                let what = What::PolicyLoaded { digest: digest.clone(), before };
                tx.append(now, Actor::System, what).await?;
                super::digest::set(tx, &entropy, &policy, now).await?;
                if first {
                    return Ok(());
                }
                let place = Place::Channel(policy.security_channel().to_owned());
                let notice = Notice::PolicyLoaded { digest };
                send(tx, &entropy, now, &Delivery::Notice { place, notice }).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// A changed policy has mistakes; the one before stays in force.
    pub async fn record_refused_policy(&self, digest: String, mistakes: Vec<String>) -> Result<()> {
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let work = work(move |tx| {
            Box::pin(async move {
                let n = u32::try_from(mistakes.len()).unwrap_or(u32::MAX);
                let what = What::PolicyRefused { digest, mistakes: n };
                tx.append(now, Actor::System, what).await?;
                let mistakes = mistakes.into_iter().take(TOLD).collect();
                let place = Place::Channel(policy.security_channel().to_owned());
                let notice = Notice::PolicyRefused { mistakes };
                send(tx, &entropy, now, &Delivery::Notice { place, notice }).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Forgets what was only kept so that nothing is done twice, once it is too old to come again:
    /// Slack repeats for hours at the most.
    pub async fn forget_old_keys(&self) -> Result<()> {
        let before = self.now() - chrono::TimeDelta::days(2);
        // A program that asks late hears that its task is over, not that there was none.
        let tasks = self.now() - chrono::TimeDelta::days(30);
        let work = work(move |tx| {
            Box::pin(async move {
                tx.forget_tasks_before(tasks).await?;
                tx.forget_once_before(before).await.map(drop)
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}
