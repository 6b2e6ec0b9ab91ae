//! Keeps the workspace in a file between two starts.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::clock::TimeMachine;
use super::core::Core;
use super::model::{App, Model};

/// Changes within this time are written together.
const GATHER: Duration = Duration::from_millis(300);
/// The version of the file's shape.
const SHAPE: u32 = 1;

/// The workspace as it was kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    shape: u32,
    /// The time it was in the workspace.
    at: DateTime<Utc>,
    model: Model,
}

impl Kept {
    /// The workspace as it was, with the app as it is now: another version of it may have other
    /// commands and events. Time does not run backwards between two starts: a clock that is behind
    /// is moved to where it was.
    pub(crate) fn resume(mut self, clock: &dyn TimeMachine, app: App, org_wide: bool) -> Model {
        self.model.app = app;
        self.model.org_wide = org_wide;
        let behind = self.at - clock.now();
        if behind > chrono::Duration::zero() {
            clock.advance(behind);
        }
        self.model
    }
}

/// Reads what was kept, if anything.
pub(crate) async fn load(path: &Path) -> std::io::Result<Option<Kept>> {
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let kept: Kept = serde_json::from_slice(&bytes)?;
    if kept.shape != SHAPE {
        return Err(std::io::Error::other(format!(
            "it was written by another version (shape {}, this one reads {SHAPE})",
            kept.shape
        )));
    }
    Ok(Some(kept))
}

/// Writes the workspace down after every change, until it is stopped.
pub(crate) async fn keep(core: Arc<Core>) {
    let mut version = core.version();
    loop {
        tokio::select! {
            () = core.stop.cancelled() => return,
            changed = version.changed() => if changed.is_err() { return },
        }
        tokio::select! {
            // What came last is written when it stops.
            () = core.stop.cancelled() => return,
            () = tokio::time::sleep(GATHER) => {}
        }
        version.mark_unchanged();
        save(&core).await;
    }
}

/// Writes the workspace down: beside the file first, then in its place, so that it is never half
/// written.
pub(crate) async fn save(core: &Core) {
    let Some(path) = &core.data_file else { return };
    let at = core.now();
    let kept = core.read(|state| Kept { shape: SHAPE, at, model: state.model.clone() });
    if let Err(error) = write(path, &kept).await {
        tracing::warn!(path = %path.display(), %error, "the workspace could not be kept");
    }
}

async fn write(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let bytes = serde_json::to_vec(kept)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    tokio::fs::write(&beside, bytes).await?;
    tokio::fs::rename(&beside, path).await
}
