//! What is due is done, as soon as it is due.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Jobs, POLL};

/// As many in one transaction: few enough that a click waits for milliseconds only.
const BATCH: u32 = 100;
/// How long to wait when the store or the workspace is away.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often what is only kept against repetition is forgotten, in polls.
const HOUSEKEEPING: u32 = 9_000;

impl Jobs {
    /// Does everything that is due now; returns how much that was.
    pub async fn meet_deadlines(&self) -> crate::service::Result<usize> {
        let mut total = 0;
        loop {
            let done = self.parts.service.act_on_due(BATCH).await?;
            total += done;
            if done == 0 {
                return Ok(total);
            }
        }
    }
}

pub(super) async fn run(jobs: &Jobs, stop: &CancellationToken) {
    let mut changed = jobs.parts.service.store().dated();
    let mut polls = 0u32;
    while !stop.is_cancelled() {
        let wait = match jobs.meet_deadlines().await {
            Ok(0) => POLL,
            Ok(done) => {
                info!(done, "deadlines met");
                POLL
            }
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "deadlines wait: will try again");
                PATIENCE
            }
        };
        polls = polls.wrapping_add(1);
        if polls % HOUSEKEEPING == 1
            && let Err(error) = jobs.parts.service.forget_old_keys().await
        {
            warn!(error = &error as &dyn std::error::Error, "housekeeping waits");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
            _ = changed.changed() => {}
            () = jobs.parts.wake.notified() => {}
        }
    }
}
