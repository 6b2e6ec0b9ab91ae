//! Messages on their way: leased, shown, and retried until they are there or never can be.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, info, warn};

use super::{Jobs, POLL};
use crate::domain::delivery::{Delivery, Outgoing};
use crate::domain::ids::{DeliveryId, TaskId};
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
/// As many of one lane one after the other, by one lease.
const LONGEST_RUN: u32 = 50;
/// What is sent one after the other is written down after this time at the latest: if the process
/// dies before, it is sent twice.
const RUN_WITHIN: Duration = Duration::from_millis(200);
/// How long places that become free are gathered.
const GATHERING: Duration = Duration::from_millis(2);
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
    /// It is there.
    Arrived,
    /// It is to be tried again.
    Later { after: Option<Duration>, error: String },
    /// It can never arrive.
    Never { error: String },
    /// Slack's limits let it not be tried now, and nothing is lost by coming back to it.
    NotYet,
}

/// What is sent one after the other: what was leased, and what waits right behind it in its lane.
type Run = Vec<Outgoing>;

impl Jobs {
    /// Takes what may go out now, and carries it out. Returns what came of it; nothing means that
    /// nothing could be taken.
    pub async fn deliver_batch(&self) -> crate::service::Result<Settled> {
        let leased = self.lease(AT_ONCE).await?;
        let mut settled = Settled::default();
        for of_run in futures::future::join_all(leased.into_iter().map(|run| self.send(run))).await
        {
            settled.delivered += of_run.delivered;
            settled.postponed += of_run.postponed;
            settled.given_up += of_run.given_up;
        }
        Ok(settled)
    }

    async fn lease(&self, most: usize) -> crate::service::Result<Vec<Run>> {
        let (worker, now) = (self.parts.worker.clone(), self.parts.wall.now());
        // Without work there is no write: an idle server leaves the disk alone.
        let next = self.parts.service.store().read().await?.next_delivery_at().await?;
        if next.is_none_or(|at| at > now) {
            return Ok(Vec::new());
        }
        let limit = u32::try_from(most).unwrap_or(u32::MAX);
        let work = work(move |tx| {
            Box::pin(async move {
                let leased = tx.lease(&worker, now, now + LEASE, limit).await?;
                let behind = tx.behind(&leased, LONGEST_RUN - 1).await?;
                Ok((leased, behind))
            })
        });
        let (leased, behind) = self.parts.service.store().write(work).await?;
        let mut lanes: HashMap<String, Run> = HashMap::new();
        for outgoing in behind {
            lanes.entry(outgoing.delivery.lane()).or_default().push(outgoing);
        }
        let run = |first: Outgoing| {
            let behind = lanes.remove(&first.delivery.lane()).unwrap_or_default();
            std::iter::once(first).chain(behind).collect()
        };
        Ok(leased.into_iter().map(run).collect())
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

    /// Sends them one after the other until one is held up, and writes down what came of it.
    async fn send(&self, run: Run) -> Settled {
        let (mut arrived, started) = (Vec::new(), Instant::now());
        let mut held_up = None;
        for outgoing in run {
            let first = arrived.is_empty();
            if !first && started.elapsed() > RUN_WITHIN {
                break;
            }
            let span = tracing::info_span!(target: SPANS, "delivery", delivery.id = %outgoing.id);
            match self.try_once(&outgoing, first).instrument(span).await {
                Ok(Fate::Arrived) => {
                    DELIVERIES.one(&["delivered"]);
                    arrived.push(outgoing.id);
                }
                Ok(Fate::NotYet) => break,
                Ok(fate) => {
                    held_up = Some((outgoing, fate));
                    break;
                }
                Err(error) => {
                    // The lease runs out by itself; nothing is lost.
                    let error = &error as &dyn std::error::Error;
                    warn!(delivery.id = %outgoing.id, error, "a delivery waits for the store");
                    break;
                }
            }
        }
        let delivered = arrived.len();
        let mut settled = Settled { delivered, ..Settled::default() };
        let written = match held_up {
            Some((outgoing, Fate::Never { error })) => {
                DELIVERIES.one(&["given_up"]);
                settled.given_up = 1;
                self.give_up(arrived, &outgoing, &error).await
            }
            Some((outgoing, Fate::Later { after, error })) => {
                DELIVERIES.one(&["postponed"]);
                settled.postponed = 1;
                self.postpone(arrived, &outgoing, after, &error).await
            }
            _ if arrived.is_empty() => {
                settled.postponed = 1;
                Ok(())
            }
            _ => self.arrived(arrived).await,
        };
        if let Err(error) = written {
            // What arrived and could not be written down is sent again, when the lease has run out.
            let error = &error as &dyn std::error::Error;
            warn!(error, "what became of deliveries could not be written down");
            return Settled { postponed: 1, ..Settled::default() };
        }
        settled
    }

    async fn arrived(&self, arrived: Vec<DeliveryId>) -> crate::service::Result<()> {
        let work = work(move |tx| {
            Box::pin(async move {
                for id in arrived {
                    tx.delivered(id).await?;
                }
                Ok(())
            })
        });
        Ok(self.parts.service.store().write(work).await?)
    }

    async fn give_up(
        &self,
        arrived: Vec<DeliveryId>,
        outgoing: &Outgoing,
        error: &str,
    ) -> crate::service::Result<()> {
        warn!(delivery.id = %outgoing.id, error, "a message can never arrive");
        let service = &self.parts.service;
        service.never_delivered(arrived, outgoing.id, &outgoing.delivery, error).await
    }

    /// Tries it. Only the first of a run waits for Slack's limits.
    async fn try_once(&self, outgoing: &Outgoing, first: bool) -> crate::service::Result<Fate> {
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
                Parcel::Bulletin { bulletin, .. } => bulletin.message.as_ref(),
                _ => None,
            };
            if let Err(wait) = self.parts.messenger.ready(&outgoing.delivery, message) {
                if !first {
                    return Ok(Fate::NotYet);
                }
                if wait > WAITED_OUT {
                    let error = "waits for Slack's limit".to_owned();
                    return Ok(Fate::Later { after: Some(wait), error });
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
                (Parcel::Notice { place, content, now }, Delivered::Posted(message)) => {
                    if let (Delivery::Notice { notice, .. }, Some(grant)) =
                        (&outgoing.delivery, content.offers(*now))
                    {
                        let message = message.clone();
                        service.notice_posted(grant, place, notice, message).await?;
                    }
                    break;
                }
                (Parcel::Bulletin { bulletin, .. }, Delivered::Posted(message)) => {
                    service.bulletin_posted(bulletin.id, message.clone()).await?;
                    break;
                }
                (Parcel::Bulletin { bulletin, .. }, Delivered::Gone) => {
                    service.bulletin_gone(bulletin.id).await?;
                    break;
                }
                _ => break,
            }
        }
        Ok(match result {
            Delivered::Posted(_) | Delivered::Shown | Delivered::Gone => {
                debug!(delivery.id = %outgoing.id, "delivered");
                Fate::Arrived
            }
            Delivered::Retry { after, error } => Fate::Later { after, error },
            Delivered::Never { error } => Fate::Never { error },
        })
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
        arrived: Vec<DeliveryId>,
        outgoing: &Outgoing,
        after: Option<Duration>,
        error: &str,
    ) -> crate::service::Result<()> {
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
        let work = work(move |tx| {
            Box::pin(async move {
                for before in arrived {
                    tx.delivered(before).await?;
                }
                tx.retry(id, not_before, &error).await
            })
        });
        Ok(self.parts.service.store().write(work).await?)
    }
}

pub(super) async fn run(jobs: &Jobs, stop: &CancellationToken) {
    let mut ready = jobs.parts.service.store().ready();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let freed = Arc::new(Notify::new());
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
        // Whether there may be more than there were places for.
        let mut more = free == 0;
        if free > 0 {
            match jobs.lease(free).await {
                Ok(leased) => {
                    more = leased.len() >= free;
                    for run in leased {
                        let (jobs, place) = (jobs.clone(), Arc::clone(&places).acquire_owned());
                        // There is one: only this loop takes places, and it leased no more.
                        let (place, freed) = (place.await, Arc::clone(&freed));
                        underway.spawn(async move {
                            jobs.send(run).await;
                            drop(place);
                            freed.notify_one();
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
            _ = ready.changed(), if free > 0 => {}
            () = jobs.parts.wake.notified(), if free > 0 => {}
            () = freed.notified(), if more => {
                // Others are about to be done: their places are filled together.
                tokio::time::sleep(GATHERING).await;
            }
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
