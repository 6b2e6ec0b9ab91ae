//! Answers that come when something changes: whoever waits for a request is woken by the log, and
//! holds no connection to the database meanwhile. One task follows the log for all who wait, and only
//! while somebody does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::ids::RequestId;
use crate::service::Service;

/// The longest that somebody can wait at once, in seconds.
pub(super) const LONGEST: u32 = 25;
/// How many can wait at the same time.
const SEATS: usize = 512;
/// How many of them for one caller.
const SEATS_EACH: usize = 16;
/// How often the log is looked at for what other servers wrote.
const LOOK: Duration = Duration::from_millis(500);
/// The least between two looks, however much is written.
const PAUSE: Duration = Duration::from_millis(50);

/// Those who wait.
pub(super) struct Waits {
    shared: Arc<Shared>,
}

struct Shared {
    service: Service,
    stop: CancellationToken,
    room: Mutex<Room>,
}

#[derive(Default)]
struct Room {
    /// Whether the log is being followed.
    followed: bool,
    seats: HashMap<String, usize>,
    taken: usize,
    /// Those who wait for a request, by a number that grows with each change.
    waited: HashMap<RequestId, watch::Sender<u64>>,
}

/// A place to wait at; given back when it is dropped.
pub(super) struct Seat {
    shared: Arc<Shared>,
    caller: String,
    request: RequestId,
    changed: watch::Receiver<u64>,
}

/// There is no place to wait at.
pub(super) enum NoSeat {
    /// The caller has as many as it may.
    TooManyOfYours,
    /// All are taken.
    Full,
}

impl Waits {
    pub(super) fn new(service: Service, stop: CancellationToken) -> Self {
        Self { shared: Arc::new(Shared { service, stop, room: Mutex::default() }) }
    }

    /// A place to wait at for this request, to be taken before it is looked at the first time.
    pub(super) fn sit(
        &self,
        caller: &str,
        request: RequestId,
    ) -> std::result::Result<Seat, NoSeat> {
        let shared = &self.shared;
        let mut room = shared.room();
        if room.taken >= SEATS {
            return Err(NoSeat::Full);
        }
        let yours = room.seats.entry(caller.to_owned()).or_default();
        if *yours >= SEATS_EACH {
            return Err(NoSeat::TooManyOfYours);
        }
        *yours += 1;
        room.taken += 1;
        let sender = room.waited.entry(request).or_insert_with(|| watch::channel(0).0);
        let changed = sender.subscribe();
        if !std::mem::replace(&mut room.followed, true) {
            tokio::spawn(follow(Arc::downgrade(shared)));
        }
        let (shared, caller) = (Arc::clone(shared), caller.to_owned());
        Ok(Seat { shared, caller, request, changed })
    }
}

impl Shared {
    fn room(&self) -> std::sync::MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Waits until the request may have changed. False if the time is over, or the server ends.
    pub(super) async fn changed(&mut self, until: Instant) -> bool {
        tokio::select! {
            changed = self.changed.changed() => changed.is_ok(),
            () = tokio::time::sleep_until(until) => false,
            () = self.shared.stop.cancelled() => false,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut room = self.shared.room();
        room.taken = room.taken.saturating_sub(1);
        if let Some(yours) = room.seats.get_mut(&self.caller) {
            *yours = yours.saturating_sub(1);
            if *yours == 0 {
                room.seats.remove(&self.caller);
            }
        }
        // This one is still counted.
        if room.waited.get(&self.request).is_some_and(|sender| sender.receiver_count() <= 1) {
            room.waited.remove(&self.request);
        }
    }
}

/// Follows the log as long as somebody waits.
async fn follow(shared: Weak<Shared>) {
    let Some((mut commits, stop)) =
        shared.upgrade().map(|one| (one.service.store().changed(), one.stop.clone()))
    else {
        return;
    };
    // Up to where the log is known. What came before it is known is everybody's news: they may have
    // looked before that.
    let mut seq = None;
    loop {
        let Some(here) = shared.upgrade() else { return };
        // What cannot be read now is read at the next look.
        if let Ok((head, touched)) = here.service.requests_after(seq.unwrap_or(i64::MAX)).await {
            let room = here.room();
            let news = room.waited.iter().filter(|(id, _)| seq.is_none() || touched.contains(id));
            for (_, sender) in news {
                sender.send_modify(|times| *times += 1);
            }
            seq = Some(head);
        }
        {
            let mut room = here.room();
            if room.taken == 0 {
                room.followed = false;
                return;
            }
        }
        drop(here);
        tokio::time::sleep(PAUSE).await;
        tokio::select! {
            changed = commits.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
    }
}
