//! The policy in force, while its folder changes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::{Policy, Refused, digest, folder};

/// The policy in force. Clones share it.
#[derive(Debug, Clone)]
pub struct PolicyHandle {
    current: Arc<RwLock<Arc<Policy>>>,
}

/// What became of a changed folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyNews {
    /// Another policy is in force.
    Loaded {
        /// It.
        policy: Arc<Policy>,
        /// The digest of the one before.
        before: String,
    },
    /// The folder has mistakes; the policy before stays in force.
    Refused(Refused),
}

/// Which folder to watch, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watching {
    /// The folder.
    pub folder: PathBuf,
    /// How often to look.
    pub every: Duration,
}

impl Watching {
    /// Looks at this folder so often that what changes there is in force within a second, found twice
    /// as it must be.
    pub fn closely(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), every: Duration::from_millis(500) }
    }
}

impl PolicyHandle {
    /// This policy is in force.
    pub fn new(policy: Policy) -> Self {
        Self { current: Arc::new(RwLock::new(Arc::new(policy))) }
    }

    /// The policy in force. Whoever decides something asks once, and decides all of it by the same.
    pub fn current(&self) -> Arc<Policy> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Watches a folder until the receiver of the news is gone; stop it earlier by dropping the
    /// future.
    ///
    /// The contents are read and compared each time, because the times of files lie (git, mounted
    /// ConfigMaps). A change is judged once it was found twice in a row, so that a file which is
    /// just being written is not. Good, it is in force before the news is sent. Bad, the policy
    /// before stays, and that is said once, not at every look.
    pub async fn watch(&self, watching: Watching, news: mpsc::Sender<PolicyNews>) {
        let mut judged = self.current().digest().to_owned();
        let mut changing: Option<String> = None;
        loop {
            // A change that is under way is looked at again soon.
            let patience = if changing.is_some() { watching.every / 4 } else { watching.every };
            tokio::select! {
                () = sleep(patience) => {}
                () = news.closed() => return,
            }
            let place = watching.folder.clone();
            let Ok(found) = tokio::task::spawn_blocking(move || folder::read(&place)).await else {
                // Only when the runtime is ending.
                return;
            };
            let seen = digest_of(&found);
            if seen == judged {
                changing = None;
                continue;
            }
            if changing.as_ref() != Some(&seen) {
                changing = Some(seen);
                continue;
            }
            changing = None;
            judged = seen;
            let Some(item) = self.judge(found) else { continue };
            if news.send(item).await.is_err() {
                return;
            }
        }
    }

    /// Takes the policy if it is good. Nothing is new when the folder is back at what is in force.
    fn judge(&self, found: Result<BTreeMap<String, String>, Refused>) -> Option<PolicyNews> {
        let policy = match found.and_then(|files| Policy::from_files(&files)) {
            Ok(policy) => Arc::new(policy),
            Err(refused) => return Some(PolicyNews::Refused(refused)),
        };
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.digest() == policy.digest() {
            return None;
        }
        let before = current.digest().to_owned();
        *current = Arc::clone(&policy);
        Some(PolicyNews::Loaded { policy, before })
    }
}

fn digest_of(found: &Result<BTreeMap<String, String>, Refused>) -> String {
    match found {
        Ok(files) => digest::of(files),
        Err(refused) => refused.digest.clone(),
    }
}
