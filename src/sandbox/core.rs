//! What every part of the stand-in shares.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clock::TimeMachine;
use super::faults::Faults;
use super::limits::RateLimiter;
use super::socket::Sockets;
use super::state::{Change, State};

/// How the app is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppTransport {
    /// The app opens web sockets.
    Socket,
    /// Signed requests to `{base_url}/slack/commands`, `/slack/interactions`, `/slack/events`.
    Http {
        /// Such as `http://127.0.0.1:8080`; loopback only.
        base_url: String,
    },
}

/// One call of the Web API, or of a response URL, as it came.
#[derive(Clone, Debug)]
pub struct RecordedCall {
    /// Such as `chat.postMessage`; `response_url` for an answer to a command or click.
    pub method: String,
    /// The arguments without the token.
    pub args: Map<String, Value>,
    /// The HTTP status it was answered with; 0 when the connection was cut or hung.
    pub status: u16,
    /// The `error` it was answered with.
    pub error: Option<String>,
    /// When, by the workspace's clock.
    pub at: DateTime<Utc>,
}

/// The secrets both sides know.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    pub signing: String,
    pub bot_token: String,
    pub app_token: String,
}

/// What every part of the stand-in shares.
pub(crate) struct Core {
    pub clock: Arc<dyn TimeMachine>,
    pub secrets: Secrets,
    pub address: SocketAddr,
    pub transport: RwLock<AppTransport>,
    pub faults: Faults,
    pub limiter: RateLimiter,
    pub sockets: Sockets,
    pub data_file: Option<PathBuf>,
    pub event_retries: Vec<Duration>,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
    state: Mutex<State>,
    calls: Mutex<VecDeque<RecordedCall>>,
    version: watch::Sender<u64>,
    changes: broadcast::Sender<Change>,
}

/// Calls remembered before the oldest are forgotten.
const CALLS_KEPT: usize = 50_000;

/// The parts a [`Core`] is made of.
pub(crate) struct Parts {
    pub clock: Arc<dyn TimeMachine>,
    pub secrets: Secrets,
    pub address: SocketAddr,
    pub transport: AppTransport,
    pub limiter: RateLimiter,
    pub data_file: Option<PathBuf>,
    pub event_retries: Vec<Duration>,
    pub state: State,
}

impl Core {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            clock: parts.clock,
            secrets: parts.secrets,
            address: parts.address,
            transport: RwLock::new(parts.transport),
            faults: Faults::default(),
            limiter: parts.limiter,
            sockets: Sockets::default(),
            data_file: parts.data_file,
            event_retries: parts.event_retries,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            state: Mutex::new(parts.state),
            calls: Mutex::default(),
            version: watch::Sender::new(0),
            changes: broadcast::Sender::new(4096),
        }
    }

    /// The time it is in the workspace.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Reads what is there.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes what is there, and tells those who watch.
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut State, DateTime<Utc>) -> T) -> T {
        let now = self.now();
        let (outcome, changes) = {
            let mut state = self.lock();
            let outcome = act(&mut state, now);
            (outcome, std::mem::take(&mut state.changes))
        };
        self.tell(changes);
        outcome
    }

    /// Tells those who watch.
    pub(crate) fn tell(&self, changes: impl IntoIterator<Item = Change>) {
        let mut any = false;
        for change in changes {
            any = true;
            // Nobody watching is fine.
            let _ = self.changes.send(change);
        }
        if any {
            self.version.send_modify(|version| *version += 1);
        }
    }

    /// Every change from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// A number that grows with every change.
    pub(crate) fn version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Remembers a call.
    pub(crate) fn record(&self, call: RecordedCall) {
        {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            if calls.len() >= CALLS_KEPT {
                calls.pop_front();
            }
            calls.push_back(call);
        }
        self.version.send_modify(|version| *version += 1);
    }

    /// The calls so far, oldest first.
    pub(crate) fn calls(&self) -> Vec<RecordedCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// How the app is reached now.
    pub(crate) fn transport(&self) -> AppTransport {
        self.transport.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that failed while it looked must not fail everything after it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
