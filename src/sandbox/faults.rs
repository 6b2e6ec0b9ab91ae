//! What goes wrong on demand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// One way in which Slack fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// HTTP 429 with `Retry-After`, nothing done.
    RateLimited {
        /// Seconds.
        retry_after: u64,
    },
    /// A status such as 500 or 503 with a page of HTML, nothing done.
    Html {
        /// The status.
        status: u16,
    },
    /// No answer until the fault is cleared, nothing done.
    Hang,
    /// The call takes effect, but there is no answer until the fault is cleared.
    HangAfter,
    /// The call takes effect this much later, and is answered then.
    Slow(Duration),
    /// The call takes effect, and is answered this much later.
    SlowAfter(Duration),
    /// The connection ends before anything was done.
    ResetBefore,
    /// The call takes effect, then the connection ends without an answer.
    ResetAfter,
    /// `{"ok": false}` and no word more, nothing done.
    NotOkWithoutError,
    /// `{"ok": false, "error": …}`, nothing done.
    Error(String),
    /// HTTP 200 with something that is not JSON, nothing done.
    Garbage,
}

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// The next so many calls that it concerns.
    Calls(u32),
    /// Until [`Faults::clear`].
    UntilCleared,
}

#[derive(Debug)]
struct Planned {
    method: String,
    fault: Fault,
    lasting: Lasting,
}

#[derive(Debug, Default)]
struct Plan {
    planned: Vec<Planned>,
    outage: Option<Fault>,
    deliver_twice: u32,
}

/// What goes wrong on demand. Nothing, at first.
#[derive(Debug, Default)]
pub struct Faults {
    plan: Mutex<Plan>,
    cleared: watch::Sender<u64>,
}

impl Faults {
    /// Lets calls of `method` fail; `*` is every method, `response_url` the answers to commands and
    /// clicks.
    pub fn inject(&self, method: &str, fault: Fault, lasting: Lasting) {
        self.plan().planned.push(Planned { method: method.to_owned(), fault, lasting });
    }

    /// From now on every call fails like this: `Fault::Html { status: 503 }`,
    /// `Fault::ResetBefore`, …
    pub fn outage(&self, fault: Fault) {
        self.plan().outage = Some(fault);
    }

    /// Ends every fault; what hangs is cut off.
    pub fn clear(&self) {
        *self.plan() = Plan::default();
        self.cleared.send_modify(|times| *times += 1);
    }

    /// The next so many commands, interactions and events reach the app twice.
    pub fn deliver_twice(&self, times: u32) {
        self.plan().deliver_twice = times;
    }

    /// What goes wrong with this call, if anything. Counts it.
    pub(crate) fn next(&self, method: &str) -> Option<Fault> {
        let mut plan = self.plan();
        if plan.outage.is_some() {
            return plan.outage.clone();
        }
        let at = plan
            .planned
            .iter()
            .position(|planned| planned.method == "*" || planned.method == method)?;
        let planned = plan.planned.get_mut(at)?;
        let fault = planned.fault.clone();
        match &mut planned.lasting {
            Lasting::UntilCleared => {}
            Lasting::Calls(left) => {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    plan.planned.remove(at);
                }
            }
        }
        Some(fault)
    }

    /// Whether the next delivery goes out twice. Counts it.
    pub(crate) fn next_is_doubled(&self) -> bool {
        let mut plan = self.plan();
        let doubled = plan.deliver_twice > 0;
        plan.deliver_twice = plan.deliver_twice.saturating_sub(1);
        doubled
    }

    /// Changes when the faults are cleared. To be taken before asking what goes wrong.
    pub(crate) fn clearing(&self) -> watch::Receiver<u64> {
        self.cleared.subscribe()
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_concerns_its_method_and_lasts_as_long_as_it_was_told() {
        let faults = Faults::default();
        faults.inject("chat.update", Fault::Hang, Lasting::Calls(2));
        assert_eq!(faults.next("chat.postMessage"), None);
        assert_eq!(faults.next("chat.update"), Some(Fault::Hang));
        assert_eq!(faults.next("chat.update"), Some(Fault::Hang));
        assert_eq!(faults.next("chat.update"), None);
        faults.inject("*", Fault::Garbage, Lasting::UntilCleared);
        assert_eq!(faults.next("users.info"), Some(Fault::Garbage));
        faults.clear();
        assert_eq!(faults.next("users.info"), None);
    }

    #[test]
    fn an_outage_concerns_everything() {
        let faults = Faults::default();
        faults.outage(Fault::Html { status: 503 });
        assert_eq!(faults.next("anything"), Some(Fault::Html { status: 503 }));
        faults.clear();
        assert_eq!(faults.next("anything"), None);
    }
}
