//! What is looked for outside, as soon as it is due: in a lane of its own, because Slack takes its time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Jobs, POLL};

/// How long to wait when the store or the workspace is away.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) async fn run(jobs: &Jobs, stop: &CancellationToken) {
    let mut changed = jobs.parts.service.store().dated();
    loop {
        // Given up in the middle, it is done again from the row.
        let looked = tokio::select! {
            () = stop.cancelled() => return,
            looked = jobs.parts.service.look_outside() => looked,
        };
        let wait = match looked {
            Ok(0) => POLL,
            Ok(done) => {
                info!(done, "looked outside");
                continue;
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "looking outside waits: will try again");
                PATIENCE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
            _ = changed.changed() => {}
            () = jobs.parts.wake.notified() => {}
        }
    }
}
