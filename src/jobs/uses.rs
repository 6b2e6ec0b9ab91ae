//! How often grants are used, counted from the log once a minute.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Jobs;

/// From one look at the log to the next.
const EVERY: Duration = Duration::from_secs(60);

pub(super) async fn run(jobs: &Jobs, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        // All that there is, a few steps at a time: between them others write.
        loop {
            match jobs.parts.service.count_use().await {
                Ok(true) if !stop.is_cancelled() => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, "counting the use of grants waits");
                    break;
                }
            }
        }
    }
}
