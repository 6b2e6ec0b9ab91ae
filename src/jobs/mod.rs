//! Deliveries and deadlines, carried out until done.
//!
//! Both are rows in the store, written in the transaction of the change that they follow from. The
//! workers here hold nothing that matters: whatever dies, the next worker finds the rows. Several
//! replicas share the work by leases (deliveries) and by who comes first (deadlines).

mod deadlines;
mod deliveries;
mod outside;
mod uses;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, Entropy};
use crate::service::Service;
use crate::service::access_requests::callback::Callbacks;
use crate::service::messenger::Messenger;

pub use deliveries::Settled;

/// How often the store is asked when nothing says that there is work: what another replica wrote,
/// or a clock that was moved, is found this late at the worst.
const POLL: Duration = Duration::from_millis(400);

/// The workers' parts.
#[derive(Clone)]
pub struct Jobs {
    parts: Arc<Parts>,
}

struct Parts {
    service: Service,
    messenger: Arc<dyn Messenger>,
    /// The machine's time, by which leases and waits between tries are counted: they are about
    /// this machine and Slack, not about the product's time, which a newcomer may move.
    wall: Arc<dyn Clock>,
    entropy: Arc<Entropy>,
    /// Names this process in leases.
    worker: String,
    /// Rung when the clock was moved.
    wake: Arc<Notify>,
    /// Tells programs; without it what is for them waits.
    callbacks: Option<Arc<dyn Callbacks>>,
}

impl Jobs {
    /// Workers over these parts.
    pub fn new(
        service: Service,
        messenger: Arc<dyn Messenger>,
        wall: Arc<dyn Clock>,
        entropy: Arc<Entropy>,
    ) -> Self {
        Self::telling(service, messenger, None, wall, entropy)
    }

    /// Workers over these parts that also tell programs how what they asked for has ended.
    pub fn telling(
        service: Service,
        messenger: Arc<dyn Messenger>,
        callbacks: Option<Arc<dyn Callbacks>>,
        wall: Arc<dyn Clock>,
        entropy: Arc<Entropy>,
    ) -> Self {
        let worker = format!("wrk_{}", entropy.ulid(wall.now()));
        let wake = Arc::new(Notify::new());
        let parts = Parts { service, messenger, wall, entropy, worker, wake, callbacks };
        Self { parts: Arc::new(parts) }
    }

    /// Rings when the clock was moved, so that nobody waits for the next poll.
    pub fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.parts.wake)
    }

    /// Starts the workers; they end when `stop` is cancelled and what they hold is done.
    pub fn start(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let (jobs, token) = (self.clone(), stop.clone());
        tasks.spawn(async move { deadlines::run(&jobs, &token).await });
        let (jobs, token) = (self.clone(), stop.clone());
        tasks.spawn(async move { deliveries::run(&jobs, &token).await });
        let (jobs, token) = (self.clone(), stop.clone());
        tasks.spawn(async move { outside::run(&jobs, &token).await });
        let (jobs, token) = (self.clone(), stop.clone());
        tasks.spawn(async move { uses::run(&jobs, &token).await });
    }
}
