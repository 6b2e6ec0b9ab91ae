//! Messages on their way: leased, shown, and retried until they are there or never can be.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, info, warn};

use super::{Jobs, POLL};
use crate::domain::delivery::{Delivery, Outgoing};
use crate::domain::ids::TaskId;
use crate::meters::{DELIVERIES, SPANS};
use crate::service::messenger::{Delivered, Parcel};
use crate::store::{Engine, work};

/// As many at once: Slack's limits are per channel and per method, so more would only wait.
const AT_ONCE: usize = 32;
/// A worker that has not said a word for so long has lost its deliveries to another. Short, because
/// what a killed worker held waits for so long; a living one renews it.
const LEASE: TimeDelta = TimeDelta::seconds(15);
/// How often a worker renews its leases: two renewals may fail before they run out.
const RENEW_EVERY: Duration = Duration::from_secs(4);
/// Waits up to this long are waited out; longer ones give the place to other work.
const WAITED_OUT: Duration = Duration::from_secs(3);
/// The longest time between two tries, when nothing else is said.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What stepping through deliveries did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// So many arrived (or were superfluous).
    pub delivered: usize,
    /// So many must be tried again later.
    pub postponed: usize,
    /// So many can never arrive.
    pub given_up: usize,
}

/// What became of one.
enum Fate {
    Delivered,
    Postponed,
    GivenUp,
}

impl Fate {
    /// One word for it.
    const fn word(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Postponed => "postponed",
            Self::GivenUp => "given_up",
        }
    }
}

impl Jobs {
    /// Takes what may go out now, and carries it out. Returns what came of it; nothing means that
    /// nothing could be taken.
    pub async fn deliver_batch(&self) -> crate::service::Result<Settled> {
        let leased = self.lease(AT_ONCE).await?;
        let mut settled = Settled::default();
        let tries = leased.into_iter().map(|outgoing| self.carry_out(outgoing));
        for fate in futures::future::join_all(tries).await {
            match fate {
                Fate::Delivered => settled.delivered += 1,
                Fate::Postponed => settled.postponed += 1,
                Fate::GivenUp => settled.given_up += 1,
            }
        }
        Ok(settled)
    }

    async fn lease(&self, most: usize) -> crate::service::Result<Vec<Outgoing>> {
        let (worker, now) = (self.parts.worker.clone(), self.parts.wall.now());
        // Without work there is no write: an idle server leaves the disk alone.
        let next = self.parts.service.store().read().await?.next_delivery_at().await?;
        if next.is_none_or(|at| at > now) {
            return Ok(Vec::new());
        }
        let limit = u32::try_from(most).unwrap_or(u32::MAX);
        let work = work(move |tx| {
            Box::pin(async move { tx.lease(&worker, now, now + LEASE, limit).await })
        });
        Ok(self.parts.service.store().write(work).await?)
    }

    /// A file is one server's, so what is leased there was leased by one that was killed: it goes
    /// out at once. Elsewhere it may be another replica's, and the lease runs out by itself.
    async fn take_over(&self) {
        let store = self.parts.service.store();
        if store.engine() == Engine::Sqlite {
            let work = work(|tx| Box::pin(async move { tx.release_all_leases().await }));
            if let Err(error) = store.write(work).await {
                warn!(error = &error as &dyn std::error::Error, "old leases run out by themselves");
            }
        }
    }

    /// Says that this worker lives. If that fails, the next renewal may not.
    async fn renew(&self) {
        let (worker, until) = (self.parts.worker.clone(), self.parts.wall.now() + LEASE);
        let work = work(move |tx| Box::pin(async move { tx.renew(&worker, until).await }));
        if let Err(error) = self.parts.service.store().write(work).await {
            warn!(error = &error as &dyn std::error::Error, "leases could not be renewed");
        }
    }

    async fn carry_out(&self, outgoing: Outgoing) -> Fate {
        let id = outgoing.id;
        let span = tracing::info_span!(target: SPANS, "delivery", delivery.id = %id);
        match self.try_once(&outgoing).instrument(span).await {
            Ok(fate) => {
                DELIVERIES.one(&[fate.word()]);
                fate
            }
            Err(error) => {
                // The lease runs out by itself; nothing is lost.
                warn!(
                    delivery.id = %id,
                    error = &error as &dyn std::error::Error,
                    "a delivery waits for the store"
                );
                Fate::Postponed
            }
        }
    }

    async fn try_once(&self, outgoing: &Outgoing) -> crate::service::Result<Fate> {
        let service = &self.parts.service;
        let mut result = Delivered::Shown;
        if let Delivery::Callback { task } = outgoing.delivery {
            result = self.call_back(outgoing, task).await?;
        }
        // A new card is posted and then shown in full: two tries of one delivery.
        for _ in 0..2 {
            let Some(parcel) = service.parcel(&outgoing.delivery).await? else { break };
            let message = match &parcel {
                Parcel::Card { message, .. } => Some(message),
                _ => None,
            };
            if let Err(wait) = self.parts.messenger.ready(&outgoing.delivery, message) {
                if wait > WAITED_OUT {
                    return self.postpone(outgoing, Some(wait), "waits for Slack's limit").await;
                }
                tokio::time::sleep(wait).await;
            }
            result = self.parts.messenger.deliver(&parcel).await;
            match (&parcel, &result) {
                (Parcel::NewCard { card, .. }, Delivered::Posted(message)) => {
                    service.card_posted(card.id, message.clone()).await?;
                }
                (Parcel::Card { card, .. }, Delivered::Gone) => {
                    service.card_gone(card).await?;
                    break;
                }
                _ => break,
            }
        }
        match result {
            Delivered::Posted(_) | Delivered::Shown | Delivered::Gone => {
                let id = outgoing.id;
                let work = work(move |tx| Box::pin(async move { tx.delivered(id).await }));
                service.store().write(work).await?;
                debug!(delivery.id = %outgoing.id, "delivered");
                Ok(Fate::Delivered)
            }
            Delivered::Retry { after, error } => self.postpone(outgoing, after, &error).await,
            Delivered::Never { error } => {
                warn!(delivery.id = %outgoing.id, error, "a message can never arrive");
                service.never_delivered(outgoing.id, &outgoing.delivery, &error).await?;
                Ok(Fate::GivenUp)
            }
        }
    }

    /// Tells a program, as long as there is hope.
    async fn call_back(
        &self,
        outgoing: &Outgoing,
        task: TaskId,
    ) -> crate::service::Result<Delivered> {
        let service = &self.parts.service;
        let Some(view) = service.to_tell(task).await? else { return Ok(Delivered::Shown) };
        let told = match &self.parts.callbacks {
            Some(callbacks) => callbacks.tell(outgoing.id, &view).await,
            None => Delivered::Retry { after: None, error: "no_way_to_tell_programs".to_owned() },
        };
        Ok(match told {
            Delivered::Retry { error, .. } if service.is_told_in_vain(outgoing.since) => {
                Delivered::Never { error }
            }
            told => told,
        })
    }

    async fn postpone(
        &self,
        outgoing: &Outgoing,
        after: Option<Duration>,
        error: &str,
    ) -> crate::service::Result<Fate> {
        let doubling = Duration::from_millis(500) * 2u32.saturating_pow(outgoing.attempts.min(10));
        let wait = doubling.min(LONGEST_WAIT).max(after.unwrap_or_default());
        let jitter = self.parts.entropy.below(wait.as_millis() as u64 / 4 + 1);
        let wait = wait + Duration::from_millis(jitter);
        let not_before = self.parts.wall.now() + TimeDelta::from_std(wait).unwrap_or(LEASE);
        info!(
            delivery.id = %outgoing.id,
            attempts = outgoing.attempts + 1,
            wait_ms = wait.as_millis() as u64,
            error,
            "a delivery will be tried again"
        );
        let (id, error) = (outgoing.id, error.to_owned());
        let work = work(move |tx| Box::pin(async move { tx.retry(id, not_before, &error).await }));
        self.parts.service.store().write(work).await?;
        Ok(Fate::Postponed)
    }
}

pub(super) async fn run(jobs: &Jobs, stop: &CancellationToken) {
    let mut changed = jobs.parts.service.store().changed();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let underway = TaskTracker::new();
    let mut renewed = Instant::now();
    jobs.take_over().await;
    while !stop.is_cancelled() {
        let free = places.available_permits();
        let mut wait = POLL;
        if free == AT_ONCE {
            renewed = Instant::now();
        } else if renewed.elapsed() >= RENEW_EVERY {
            renewed = Instant::now();
            jobs.renew().await;
        }
        if free > 0 {
            match jobs.lease(free).await {
                Ok(leased) => {
                    if !leased.is_empty() {
                        wait = Duration::from_millis(5);
                    }
                    for outgoing in leased {
                        let (jobs, place) = (jobs.clone(), Arc::clone(&places).acquire_owned());
                        // There is one: only this loop takes places, and it leased no more.
                        let place = place.await;
                        underway.spawn(async move {
                            jobs.carry_out(outgoing).await;
                            drop(place);
                        });
                    }
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, "deliveries wait: will try again");
                    wait = Duration::from_secs(1);
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
            _ = changed.changed() => {}
        }
    }
    underway.close();
    underway.wait().await;
    let worker = jobs.parts.worker.clone();
    let work = work(move |tx| Box::pin(async move { tx.release_leases(&worker).await }));
    // If this fails the leases run out by themselves.
    if let Err(error) = jobs.parts.service.store().write(work).await {
        debug!(error = &error as &dyn std::error::Error, "leases run out by themselves");
    }
}
