//! What a build for tests reads beside the settings: when to die, and how far ahead of the machine's
//! its clock is. None of it is compiled into a release, and this is the one place that knows of it.
//!
//! | variable | |
//! |---|---|
//! | `COUNTERSIGN_TEST_ABORT_AFTER_COMMITS` | a number: the process aborts right after so many commits |
//! | `COUNTERSIGN_TEST_CLOCK` | a file that holds a number: the product's time is so many seconds ahead; whoever writes another number moves the clock of a server at work, and the one that is started next finds it moved |

use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;

use super::Outside;
use crate::clock::{Clock, SystemClock};
use crate::domain::time::Timestamp;
use crate::store::Limits;

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

/// The world outside, with its clock moved if that is asked for.
pub(super) fn outside() -> Outside {
    let real = Outside::real();
    match std::env::var_os("COUNTERSIGN_TEST_CLOCK") {
        Some(ahead) => {
            Outside { clock: Arc::new(MovedFromOutside { ahead: ahead.into() }), ..real }
        }
        None => real,
    }
}

/// The usual limits, with the end after so many commits if that is asked for.
pub(super) fn limits_of_store() -> Limits {
    let number = std::env::var("COUNTERSIGN_TEST_ABORT_AFTER_COMMITS").ok();
    Limits { abort_after: number.and_then(|n| n.parse().ok()), ..Limits::default() }
}
