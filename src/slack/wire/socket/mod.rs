//! Socket Mode: Slack sends over WebSockets that we open, so no public address is needed.
//!
//! <https://docs.slack.dev/apis/events-api/using-socket-mode>
//!
//! Two connections are kept, because Slack renews each every few hours and sends an envelope to any
//! one of them. When Slack warns that it will close one, its successor is opened first, and the old
//! one is read until it ends: there is no moment without a connection. An envelope is acknowledged
//! when the desk has answered; what could not be recorded is not acknowledged, and Slack delivers
//! it again. Errors that no retry will cure end it with the reason.

mod envelope;
mod link;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::client::{CallError, Client};
use super::intake::Intake;
use crate::clock::{Clock, Entropy};
use crate::domain::time::Timestamp;
use link::{Ended, Link};

/// How connections are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketSettings {
    /// How many connections; Slack allows ten.
    pub connections: usize,
    /// How often a ping is sent.
    pub ping_every: Duration,
    /// A connection on which nothing arrived for so long is dead.
    pub dead_after: Duration,
    /// How long connecting and the first greeting may take.
    pub connect_within: Duration,
    /// The first pause before connecting again; doubles up to `longest_pause`.
    pub first_pause: Duration,
    /// The longest pause before connecting again.
    pub longest_pause: Duration,
    /// How many envelopes of one connection are handled at once; more wait in the connection.
    pub at_once: usize,
    /// How long answers may take to be sent when it ends.
    pub farewell: Duration,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            connections: 2,
            ping_every: Duration::from_secs(10),
            dead_after: Duration::from_secs(30),
            connect_within: Duration::from_secs(10),
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            at_once: 64,
            farewell: Duration::from_secs(5),
        }
    }
}

/// Why Socket Mode ended for good. What to do is in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SocketError {
    /// Slack refuses the app's token, and will again.
    #[error("Slack refuses the connection ({code}): {}", cure(code))]
    Refused {
        /// Slack's error code.
        code: String,
    },
    /// Socket Mode was switched off while connected.
    #[error(
        "Slack closed the connection (link_disabled): switch Socket Mode on in the app's settings, \
         or set slack.mode = \"http\""
    )]
    Disabled,
}

fn cure(code: &str) -> &'static str {
    match code {
        "not_allowed_token_type" => {
            "slack.app_token must be an app-level token (xapp-…), made under Basic Information"
        }
        "missing_scope" | "no_permission" => {
            "make an app-level token with the scope connections:write and set slack.app_token"
        }
        "team_access_not_granted" => "let an administrator of the organisation approve the app",
        _ => "make a new app-level token under Basic Information and set slack.app_token",
    }
}

/// Errors that no retry will cure.
const FATAL: [&str; 11] = [
    "link_disabled",
    "invalid_auth",
    "account_inactive",
    "token_revoked",
    "not_authed",
    "no_permission",
    "missing_scope",
    "not_allowed_token_type",
    "team_access_not_granted",
    "token_expired",
    "access_denied",
];

/// How it goes with the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SocketState {
    /// How many connections are greeted and open.
    pub connected: usize,
    /// When Slack last greeted one.
    pub last_hello: Option<Timestamp>,
}

/// Tells how it goes with the connections, to whoever asks.
#[derive(Debug, Clone, Default)]
pub struct SocketHealth(Arc<Health>);

#[derive(Debug, Default)]
struct Health {
    connected: AtomicUsize,
    last_hello: Mutex<Option<Timestamp>>,
}

impl SocketHealth {
    /// How it goes now.
    pub fn state(&self) -> SocketState {
        SocketState {
            connected: self.0.connected.load(Ordering::Relaxed),
            last_hello: *self.0.last_hello.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn greeted(&self, now: Timestamp) -> Connected {
        self.0.connected.fetch_add(1, Ordering::Relaxed);
        *self.0.last_hello.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Connected(Arc::clone(&self.0))
    }
}

/// Counts as connected until it is dropped.
#[derive(Debug)]
struct Connected(Arc<Health>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connected.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Socket Mode.
pub struct SocketMode {
    client: Arc<Client>,
    intake: Arc<Intake>,
    clock: Arc<dyn Clock>,
    entropy: Arc<Entropy>,
    settings: SocketSettings,
    health: SocketHealth,
}

impl SocketMode {
    /// Takes what comes in to this intake.
    pub fn new(
        client: Arc<Client>,
        intake: Arc<Intake>,
        clock: Arc<dyn Clock>,
        entropy: Arc<Entropy>,
        settings: SocketSettings,
    ) -> Self {
        Self { client, intake, clock, entropy, settings, health: SocketHealth::default() }
    }

    /// For readiness checks.
    pub fn health(&self) -> SocketHealth {
        self.health.clone()
    }

    /// Keeps the connections until `stop`, then finishes what was taken and closes them. Ends
    /// before that only with an error that no retry will cure.
    pub async fn run(self, stop: CancellationToken) -> Result<(), SocketError> {
        let me = Arc::new(self);
        let inner = stop.child_token();
        let mut keepers = JoinSet::new();
        for place in 0..me.settings.connections.max(1) {
            keepers.spawn(Arc::clone(&me).keep(place, inner.clone()));
        }
        let mut end = Ok(());
        while let Some(kept) = keepers.join_next().await {
            // A keeper that panicked ends the whole, rather than leave it with half its
            // connections in silence.
            let kept =
                kept.unwrap_or_else(|_| Err(SocketError::Refused { code: "internal".to_owned() }));
            if kept.is_err() {
                inner.cancel();
                end = end.and(kept);
            }
        }
        end
    }

    /// Keeps one of the connections, with its predecessors that are still being read.
    async fn keep(
        self: Arc<Self>,
        place: usize,
        stop: CancellationToken,
    ) -> Result<(), SocketError> {
        let mut links: JoinSet<Ended> = JoinSet::new();
        let end = self.keep_open(place, &stop, &mut links).await;
        if end.is_err() {
            stop.cancel();
        }
        // What is still being read or answered comes to its end: `stop` tells it to.
        while links.join_next().await.is_some() {}
        end
    }

    async fn keep_open(
        self: &Arc<Self>,
        place: usize,
        stop: &CancellationToken,
        links: &mut JoinSet<Ended>,
    ) -> Result<(), SocketError> {
        let mut failures = 0_u32;
        loop {
            let opened = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                opened = Link::open(self, place) => opened,
            };
            let (what, after) = match opened {
                Ok(link) => match self.watch(place, link, stop, links).await? {
                    Watched::Stopped => return Ok(()),
                    Watched::Warned => {
                        failures = 0;
                        continue;
                    }
                    Watched::Lost { greeted } => {
                        failures = if greeted { 0 } else { failures };
                        ("it ended".to_owned(), None)
                    }
                },
                Err(NotOpened::Fatal(error)) => return Err(error),
                Err(NotOpened::Later { what, after }) => (what, after),
            };
            let pause = self.pause(failures).max(after.unwrap_or_default());
            failures = failures.saturating_add(1);
            tracing::warn!(place, what, ?pause, "a connection to Slack is missing; opening one");
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Serves a connection until it ends or Slack warns that it will close it; in the latter case
    /// it is served further, beside its successor.
    async fn watch(
        self: &Arc<Self>,
        place: usize,
        link: Link,
        stop: &CancellationToken,
        links: &mut JoinSet<Ended>,
    ) -> Result<Watched, SocketError> {
        let (warn, mut warned) = mpsc::channel(1);
        let current = links.spawn(link.serve(Arc::clone(self), warn, stop.clone())).id();
        loop {
            let (id, ended) = tokio::select! {
                Some(()) = warned.recv() => return Ok(Watched::Warned),
                ended = links.join_next_with_id() => match ended {
                    Some(Ok((id, ended))) => (id, ended),
                    Some(Err(broken)) => (broken.id(), Ended::Lost { greeted: false }),
                    None => return Ok(Watched::Lost { greeted: false }),
                },
            };
            match ended {
                Ended::Fatal(error) => return Err(error),
                // A predecessor has come to its end.
                _ if id != current => {
                    tracing::debug!(place, "the predecessor of a connection was closed");
                }
                Ended::Stopped => return Ok(Watched::Stopped),
                Ended::Lost { greeted } => return Ok(Watched::Lost { greeted }),
            }
        }
    }

    /// Doubles with each failure in a row, and is random between half and the whole of that, so
    /// that many who lost the connection together do not come back together.
    fn pause(&self, failures: u32) -> Duration {
        let whole = self
            .settings
            .first_pause
            .saturating_mul(1 << failures.min(16))
            .min(self.settings.longest_pause);
        let half = whole / 2;
        let millis = u64::try_from(half.as_millis()).unwrap_or(u64::MAX);
        half + Duration::from_millis(self.entropy.below(millis.saturating_add(1)))
    }
}

/// Why a connection is not watched any more.
enum Watched {
    /// It was time to stop.
    Stopped,
    /// Slack will close it soon; it is still being read.
    Warned,
    /// It was closed, or it broke.
    Lost {
        /// Whether Slack had greeted.
        greeted: bool,
    },
}

/// Why a connection was not opened.
enum NotOpened {
    /// No retry will cure it.
    Fatal(SocketError),
    /// It may go later.
    Later {
        /// What happened.
        what: String,
        /// How long Slack asked to wait.
        after: Option<Duration>,
    },
}

impl From<CallError> for NotOpened {
    fn from(error: CallError) -> Self {
        match &error {
            CallError::Slack { code, .. } if FATAL.contains(&code.as_str()) => {
                Self::Fatal(SocketError::Refused { code: code.clone() })
            }
            CallError::RateLimited { after } => {
                Self::Later { what: error.to_string(), after: Some(*after) }
            }
            _ => Self::Later { what: error.to_string(), after: None },
        }
    }
}
