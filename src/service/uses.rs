//! How often grants are used: counted from the log, in steps, behind the hot path. Several servers
//! may count at once; the mark moves with what was counted, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::{GrantOf, Listing};
use super::{Result, Service};
use crate::domain::event::{Body, What};
use crate::domain::ids::{BatchId, GrantId};
use crate::store::{GrantUse, Tally, work};

/// As many lines of the log in one step.
const LINES: u32 = 500;
/// As many evaluations in one step, or those of one line.
const EVALUATIONS: u32 = 4_096;
/// As many steps while somebody waits for an answer: what is left is counted in the background.
const STEPS: u32 = 4;

impl Service {
    /// Counts what is new in the log. Bounded: `true` if more is left for the next time.
    pub async fn count_use(&self) -> Result<bool> {
        for _ in 0..STEPS {
            if !self.count_some_use().await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How the grants of a list were used; those that are missing never were.
    pub async fn use_of(&self, listing: &Listing<GrantOf>) -> Result<BTreeMap<GrantId, GrantUse>> {
        self.count_use().await?;
        let ids: Vec<GrantId> = listing.shown.iter().map(|of| of.grant.id).collect();
        Ok(self.parts.store.read().await?.use_of_grants(&ids).await?)
    }

    /// One step. `false` when nothing is left.
    async fn count_some_use(&self) -> Result<bool> {
        let mut session = self.parts.store.read().await?;
        let from = session.use_mark().await?;
        let lines = session.lines(from, LINES).await?;
        let (mut to, mut full) = (from, lines.len() == LINES as usize);
        let mut evaluations = 0_u32;
        let (mut tally, mut batches) = (Tally::default(), BTreeSet::<BatchId>::new());
        for line in &lines {
            // A line of a newer version tells nothing that is counted here.
            match serde_json::from_str::<Body>(&line.body).map(|body| body.what) {
                Ok(What::EvaluationsRecorded { batch, count, .. }) => {
                    evaluations = evaluations.saturating_add(count);
                    if evaluations > EVALUATIONS && !batches.is_empty() {
                        full = true;
                        break;
                    }
                    batches.insert(batch);
                }
                Ok(What::TokenIssued { agent, grants, .. }) => tally.token(agent, &grants, line.at),
                Ok(What::ActivityRecorded { agent, .. }) => tally.deed(agent, line.at),
                _ => {}
            }
            to = line.seq;
        }
        if to == from {
            return Ok(false);
        }
        for group in session.batches(&batches).await? {
            tally.group(&group);
        }
        drop(session);
        let work = work(move |tx| Box::pin(async move { tx.add_use(from, to, &tally).await }));
        // Somebody else counted the same: then they go on.
        let ours = self.parts.store.write(work).await?;
        Ok(ours && full)
    }
}
