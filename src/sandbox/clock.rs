//! The clock that the workspace lives by.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};
use futures::future::BoxFuture;

/// The clock the workspace lives by; whoever puts the pieces together implements it, so that
/// the bot and its workspace share one time and a person at the page can move both forward.
pub trait TimeMachine: Send + Sync + 'static {
    /// The time it is, here.
    fn now(&self) -> DateTime<Utc>;

    /// Moves the time forward. A negative duration changes nothing: time only goes forward.
    fn advance(&self, by: Duration);

    /// The next moment at which the bot has something to do, if it knows of one.
    fn next_deadline(&self) -> BoxFuture<'_, Option<DateTime<Utc>>>;
}

/// The machine's own time plus whatever was added to it. It knows of no deadlines.
#[derive(Debug, Default)]
pub struct WallTime {
    added_micros: AtomicI64,
}

impl WallTime {
    /// A clock that starts at the machine's own time.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TimeMachine for WallTime {
    fn now(&self) -> DateTime<Utc> {
        wall_now() + Duration::microseconds(self.added_micros.load(Ordering::SeqCst))
    }

    fn advance(&self, by: Duration) {
        let micros = by.num_microseconds().unwrap_or(i64::MAX).max(0);
        self.added_micros.fetch_add(micros, Ordering::SeqCst);
    }

    fn next_deadline(&self) -> BoxFuture<'_, Option<DateTime<Utc>>> {
        Box::pin(async { None })
    }
}

/// The machine's own time.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge: the stand-in's own clock, and how far the workspace's time is ahead of it"
)]
pub(crate) fn wall_now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_only_goes_forward() {
        let clock = WallTime::new();
        let before = clock.now();
        clock.advance(Duration::days(30));
        assert!(clock.now() >= before + Duration::days(30));
        clock.advance(Duration::days(-60));
        assert!(clock.now() >= before + Duration::days(30));
    }
}
