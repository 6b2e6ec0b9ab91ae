//! What a build for tests reads beside the settings: when to die, how far ahead of the machine's its
//! clock is, and whether it keeps to Slack's limits. None of it is compiled into a release, and this
//! is the one place that knows of it.
//!
//! | variable | |
//! |---|---|
//! | `COUNTERSIGN_TEST_ABORT_AFTER_COMMITS` | a number: the process aborts right after so many commits |
//! | `COUNTERSIGN_TEST_ABORT_AFTER_ANSWERS` | a number: the process aborts when Slack has said for so many times that it shows a message, before that is written down |
//! | `COUNTERSIGN_TEST_LIMITS` | `none`: Slack is called at any pace, as a stand-in without limits takes it |
//! | `COUNTERSIGN_TEST_CLOCK` | a file that holds a number: the product's time is so many seconds ahead; whoever writes another number moves the clock of a server at work, and the one that is started next finds it moved |

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;

use super::Outside;
use crate::clock::{Clock, SystemClock};
use crate::domain::delivery::{Delivery, MessageRef};
use crate::domain::time::Timestamp;
use crate::service::messenger::{Delivered, Messenger, Parcel};
use crate::slack::wire::limits::Limits;
use crate::store;

/// The machine's clock, so far ahead of it as the file says.
struct MovedFromOutside {
    ahead: PathBuf,
}

impl Clock for MovedFromOutside {
    fn now(&self) -> Timestamp {
        let ahead = std::fs::read_to_string(&self.ahead).ok();
        let ahead = ahead.and_then(|seconds| seconds.trim().parse().ok());
        SystemClock.now() + TimeDelta::seconds(ahead.unwrap_or_default())
    }
}

/// The world outside, with its clock moved and without Slack's limits if that is asked for.
pub(super) fn outside() -> Outside {
    let mut real = Outside::real();
    if std::env::var("COUNTERSIGN_TEST_LIMITS").is_ok_and(|limits| limits == "none") {
        real.limits = Limits::none();
    }
    match std::env::var_os("COUNTERSIGN_TEST_CLOCK") {
        Some(ahead) => {
            Outside { clock: Arc::new(MovedFromOutside { ahead: ahead.into() }), ..real }
        }
        None => real,
    }
}

/// The usual limits of the store, with the end after so many commits if that is asked for.
pub(super) fn limits_of_store() -> store::Limits {
    let abort_after = number("COUNTERSIGN_TEST_ABORT_AFTER_COMMITS");
    store::Limits { abort_after, ..store::Limits::default() }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Dies between what Slack says and its being written down: what was shown is then known to Slack
/// alone.
struct DiesKnowing {
    messenger: Arc<dyn Messenger>,
    left: AtomicU64,
}

#[async_trait]
impl Messenger for DiesKnowing {
    async fn deliver(&self, parcel: &Parcel) -> Delivered {
        let delivered = self.messenger.deliver(parcel).await;
        let shown = matches!(delivered, Delivered::Posted(_) | Delivered::Shown);
        if shown && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
        delivered
    }

    fn ready(&self, delivery: &Delivery, message: Option<&MessageRef>) -> Result<(), Duration> {
        self.messenger.ready(delivery, message)
    }
}

/// The messenger, with the end after so many answers if that is asked for.
pub(super) fn messenger(messenger: Arc<dyn Messenger>) -> Arc<dyn Messenger> {
    match number("COUNTERSIGN_TEST_ABORT_AFTER_ANSWERS") {
        Some(left) => Arc::new(DiesKnowing { messenger, left: AtomicU64::new(left) }),
        None => messenger,
    }
}
