//! The weekly digest: a deadline that sets itself again, at the time that the policy says.

use super::messenger::Content;
use super::opening::{due_at, send};
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::deadline::Due;
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::store::{StoreError, Tx, work};

impl Service {
    /// Sees to it that the digest is due when the policy says, and not at all if it says nothing.
    pub(super) async fn set_digest(&self, now: Timestamp) -> Result<()> {
        let (entropy, policy) = (self.entropy(), self.policy());
        let kept = self.parts.store.read().await?.deadlines_about(Due::DIGEST).await?;
        let moments: Vec<Timestamp> = kept.iter().map(|kept| kept.at).collect();
        if is_set(&moments, &policy, now) {
            return Ok(());
        }
        let work = work(move |tx| Box::pin(async move { set(tx, &entropy, &policy, now).await }));
        Ok(self.parts.store.write(work).await?)
    }

    /// The digest as it is now; `None` if there is nothing to tell.
    pub(super) async fn digest(&self) -> Result<Option<Content>> {
        let insights = self.insights().await?;
        Ok((!insights.is_quiet()).then_some(Content::Digest { insights }))
    }
}

/// Whether these are the moments at which a digest is to be due. One whose time has come is left to be
/// told; and one that was told while somebody looked is due a week later.
fn is_set(kept: &[Timestamp], policy: &Policy, now: Timestamp) -> bool {
    match (kept, policy.weekly()) {
        ([], None) => true,
        ([at], Some(weekly)) => {
            let next = weekly.after(now);
            *at <= now || *at == next || *at == weekly.after(next)
        }
        _ => false,
    }
}

/// The digest is due when the policy says, in place of what was before.
pub(super) async fn set(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let kept = tx.deadlines_about(Due::DIGEST).await?;
    let moments: Vec<Timestamp> = kept.iter().map(|kept| kept.at).collect();
    if is_set(&moments, policy, now) {
        return Ok(());
    }
    tx.drop_deadlines(Due::DIGEST).await?;
    match policy.weekly() {
        Some(weekly) => {
            tx.put_deadline(&due_at(entropy, now, weekly.after(now), Due::Digest)).await
        }
        None => Ok(()),
    }
}

/// Its time has come: it is told once, however many weeks the server was away, and is due again.
pub(super) async fn due(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let Some(weekly) = policy.weekly() else { return Ok(()) };
    let place = Place::Channel(weekly.channel.clone());
    send(tx, entropy, now, &Delivery::Notice { place, notice: Notice::Digest }).await?;
    set(tx, entropy, policy, now).await
}
