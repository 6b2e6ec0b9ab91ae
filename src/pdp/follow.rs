//! The index follows the log.

use std::time::Duration;

use super::Shared;
use super::index::Index;
use crate::store::{Store, StoreError};

/// How many agents or grants are read at once.
const PAGE: u32 = 5_000;
/// How many lines of the log are followed at once.
const LINES: i64 = 1_000;
/// How often the index looks for what other replicas changed. Between, whoever records an answer
/// brings the index up to date.
const EVERY: Duration = Duration::from_millis(500);
/// How long own changes are gathered before the index looks.
const GATHERING: Duration = Duration::from_millis(50);
/// After so many looks the usual waits are read again.
const USUAL_EVERY: u32 = 64;

/// Reads everything. What changes meanwhile is named by lines after the one up to which the index
/// is said to be true.
pub(super) async fn load(store: &Store) -> Result<Index, StoreError> {
    let mut session = store.read().await?;
    let (seq, _) = session.head().await?;
    let mut index = Index::at(seq);
    let mut after = None;
    loop {
        let page = session.agents_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        page.iter().for_each(|agent| index.put_agent(agent));
    }
    let mut after = None;
    loop {
        let page = session.active_grants_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        page.iter().for_each(|grant| index.put_grant(grant));
        tokio::task::yield_now().await;
    }
    Ok(index)
}

impl Shared {
    /// Takes in what has changed, up to the head as it is now.
    pub(super) async fn follow(&self) -> Result<(), StoreError> {
        let mut session = self.parts.store.read().await?;
        let (head, _) = session.head().await?;
        loop {
            let from = self.index().seq();
            if from == head {
                return Ok(());
            }
            if from > head {
                // Either somebody else took in more meanwhile, or the database was put back.
                let (now, _) = session.head().await?;
                if now >= from {
                    return Ok(());
                }
                tracing::warn!(from, now, "the log is shorter than it was: reading everything");
                let index = load(&self.parts.store).await?;
                *self.index_to_change() = index;
                return Ok(());
            }
            let to = head.min(from + LINES);
            let changed = session.changed(from, to).await?;
            self.index_to_change().take((from, to), &changed.agents, &changed.grants);
        }
    }

    /// Follows until the future is dropped.
    pub(super) async fn follow_for_ever(&self) {
        let mut changes = self.parts.store.changed();
        let mut looks = 0_u32;
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    tokio::time::sleep(GATHERING).await;
                    changes.borrow_and_update();
                }
            }
            if let Err(error) = self.follow().await {
                tracing::warn!(%error, "the log cannot be followed; nothing is answered until it can");
            }
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(USUAL_EVERY)
                && let Err(error) = self.learn_usual_waits().await
            {
                tracing::debug!(%error, "the usual waits stay as they were");
            }
        }
    }

    /// Reads how long people usually take.
    pub(super) async fn learn_usual_waits(&self) -> Result<(), StoreError> {
        let usual = self.parts.store.read().await?.usual_waits().await?;
        *self.usual.write().unwrap_or_else(std::sync::PoisonError::into_inner) = usual;
        Ok(())
    }
}
