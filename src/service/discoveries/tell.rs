//! Security is told what is new: a message for each, or one for all if they are many.

use ulid::Ulid;

use super::Done;
use crate::clock::Entropy;
use crate::domain::delivery::{Notice, Place};
use crate::domain::discovery::Discovery;
use crate::domain::ids::DiscoveryId;
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::service::bulletins;
use crate::store::Tx;

/// As many have a message each.
const ONE_BY_ONE: usize = 5;

/// Tells security of everything that it was not told of.
pub(in crate::service) async fn tell(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    now: Timestamp,
) -> Done<()> {
    let new = tx.untold_discoveries().await?;
    let place = || Place::Channel(policy.security_channel().to_owned());
    if new.len() <= ONE_BY_ONE {
        for it in new {
            let (id, told) = (it.id, Some(it.id.to_string()));
            tx.update_discovery(&Discovery { told, ..it }).await?;
            let notice = Notice::DiscoveryFound { discovery: id };
            bulletins::post(tx, entropy, &id, place(), notice, now).await?;
        }
        return Ok(());
    }
    let batch = batch(entropy.ulid(now));
    let count = u32::try_from(new.len()).unwrap_or(u32::MAX);
    for it in new {
        tx.update_discovery(&Discovery { told: Some(batch.clone()), ..it }).await?;
    }
    let notice = Notice::DiscoveriesFound { batch: batch.clone(), count };
    bulletins::post(tx, entropy, &batch, place(), notice, now).await
}

/// Under which name several are told together.
fn batch(ulid: Ulid) -> String {
    format!("found_{ulid}")
}

/// The time to tell of it again has come.
pub(in crate::service) async fn remind(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    id: DiscoveryId,
    now: Timestamp,
) -> Done<()> {
    let Some(it) = tx.discovery(id).await?.and_then(|it| it.reminded(now)) else { return Ok(()) };
    tx.update_discovery(&it).await?;
    tell(tx, entropy, policy, now).await
}
