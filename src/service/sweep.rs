//! The daily sweep: what changes outside without anybody telling us is looked for once a day, and at
//! every start. Each part may be done twice without harm, so several servers may sweep at once.
//!
//! It takes as long as Slack lets it: a large workspace is listed in minutes. So what looks outside has a
//! lane of its own among the deadlines, and nothing else that is due waits for it. A row is finished
//! when its work is done: whatever dies meanwhile, it is done again.

use tracing::warn;

use super::opening::due_at;
use super::{Result, Service};
use crate::domain::deadline::{Deadline, Due};
use crate::domain::time::{Span, Timestamp};
use crate::store::work;

/// From one sweep to the next.
const EVERY: Span = Span::days(1);
/// The same, when one could not be done.
const TRIED_AGAIN: Span = Span::minutes(5);
/// As many are read at once.
const AT_ONCE: u32 = 10;

impl Service {
    /// At the start of a server: a sweep is due now, and daily from now on.
    pub async fn begin_sweeping(&self) -> Result<()> {
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                tx.drop_deadlines(Due::SWEEP).await?;
                tx.put_deadline(&due_at(&entropy, now, now, Due::Sweep)).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Does what is due of looking outside, the oldest first. Returns how much was done.
    pub async fn look_outside(&self) -> Result<usize> {
        let due = self.parts.store.read().await?.due_outside(self.now(), AT_ONCE).await?;
        for deadline in &due {
            let again = match deadline.due {
                Due::Sweep => Some(self.sweep().await),
                Due::IdpMatching => self.match_idp_users(self.now()).await,
                Due::OwnersSweep { portion } => {
                    self.sweep_more_owners(portion).await?;
                    None
                }
                _ => None,
            };
            self.looked(deadline, again).await?;
        }
        Ok(due.len())
    }

    /// It is done, and due again at that time. One that is gone was done by another server, or begun
    /// anew meanwhile.
    async fn looked(&self, done: &Deadline, again: Option<Timestamp>) -> Result<()> {
        let done = *done;
        let work = work(move |tx| {
            Box::pin(async move {
                if tx.finish_deadline(done.id).await?
                    && let Some(at) = again
                {
                    tx.put_deadline(&Deadline { at, ..done }).await?;
                }
                Ok(())
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Sweeps, and says when the next sweep is due.
    async fn sweep(&self) -> Timestamp {
        let now = self.now();
        match self.sweep_all().await {
            Ok(()) => now + EVERY.delta(),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "the daily sweep waits: will try again");
                now + TRIED_AGAIN.delta()
            }
        }
    }

    /// Each part, whatever becomes of the others; time goes on from one to the next.
    async fn sweep_all(&self) -> Result<()> {
        let parts = [
            self.sweep_owners(0).await,
            self.sweep_certifications().await,
            self.sweep_discoveries().await,
            self.match_again(self.now()).await,
            self.set_digest(self.now()).await,
        ];
        parts.into_iter().collect()
    }
}
