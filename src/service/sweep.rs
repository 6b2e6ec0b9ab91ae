//! The daily sweep: what changes outside without anybody telling us is looked for once a day, and at
//! every start. Each part may be done twice without harm, so several servers may sweep at once.

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

    /// Sweeps, and says when the next sweep is due.
    pub(super) async fn sweep(&self, now: Timestamp) -> Timestamp {
        match self.sweep_all(now).await {
            Ok(()) => now + EVERY.delta(),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "the daily sweep waits: will try again");
                now + TRIED_AGAIN.delta()
            }
        }
    }

    /// Each part, whatever becomes of the others.
    async fn sweep_all(&self, now: Timestamp) -> Result<()> {
        let parts = [
            self.sweep_owners(0).await,
            self.sweep_certifications().await,
            self.sweep_discoveries(now).await,
            self.match_again(now).await,
            self.set_digest(now).await,
        ];
        parts.into_iter().collect()
    }
}

/// The next sweep, in place of the one that was done.
pub(super) fn next(done: &Deadline, at: Timestamp) -> Deadline {
    Deadline { at, ..*done }
}
