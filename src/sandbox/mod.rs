//! The stand-in Slack workspace: Slack's side of the wire, on loopback, for a newcomer's first
//! minute and for the tests.
//!
//! It speaks Slack's own protocols: the Web API, signed requests, Socket Mode, response URLs; it
//! is as strict as Slack about shapes, limits, scopes and times; and it fails on demand. It uses
//! nothing of the rest of this crate, so that the bot is judged by what it puts on the wire.
//!
//! - [`Sandbox`] starts and stops it; [`Workspace`] is what its people do and see.
//! - `model/`, `state`: what is in the workspace. `kit`, `blocks/`: Block Kit, kept and checked.
//! - `web_api/`, `response_url`, `args`, `limits`, `triggers`: what the app calls.
//! - `outgoing/`, `socket`: what the app gets. `acts/`: what people do. `page/`: their browser.
//! - [`Faults`]: what goes wrong on demand.

mod acts;
mod args;
mod blocks;
mod clock;
mod core;
mod faults;
mod kit;
mod limits;
pub mod model;
mod outgoing;
mod page;
mod persist;
mod response_url;
pub mod seed;
mod server;
mod socket;
mod state;
mod transcript;
mod triggers;
mod web_api;
mod workspace;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;

pub use self::acts::{ActError, ClickOutcome, CommandOutcome, SubmitOutcome};
pub use self::clock::{TimeMachine, WallTime};
pub use self::core::{AppTransport, RecordedCall};
pub use self::faults::{Fault, Faults, Lasting};
pub use self::limits::RateLimits;
pub use self::outgoing::{ACK_WITHIN, Answer, DeliveryFailure, HttpAnswer, SignedRequest};
pub use self::seed::Seed;
pub use self::socket::DisconnectReason;
pub use self::state::Change;
pub use self::workspace::{WaitFailed, Workspace};

use self::core::{Core, Parts, Secrets};
use self::limits::RateLimiter;
use self::model::Model;
use self::state::State;

/// How a stand-in is set up.
pub struct SandboxConfig {
    /// Where it listens; loopback only. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// The workspace's clock.
    pub clock: Arc<dyn TimeMachine>,
    /// Who and what is there, when there is no data file yet.
    pub seed: Seed,
    /// How the app is reached.
    pub transport: AppTransport,
    /// What requests to the app are signed with.
    pub signing_secret: String,
    /// The bot token, `xoxb-…`.
    pub bot_token: String,
    /// The app-level token, `xapp-…`.
    pub app_token: String,
    /// Where the workspace is kept between two starts.
    pub data_file: Option<PathBuf>,
    /// Whether Slack's rate limits hold.
    pub rate_limits: RateLimits,
    /// Whether the app is installed for the whole organisation: `team: null` in interactions.
    pub org_wide_install: bool,
    /// How long Slack waits before each repetition of an event that the app did not take.
    pub event_retries: Vec<Duration>,
}

impl SandboxConfig {
    /// Acme on a free port, with Socket Mode, Slack's limits, and nothing kept.
    pub fn new(clock: Arc<dyn TimeMachine>) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            clock,
            seed: Seed::acme(),
            transport: AppTransport::Socket,
            signing_secret: "8f742231b10e8888abcd99yyyzzz85a5".to_owned(),
            bot_token: "xoxb-000000000000-0000000000000-standinstandinstandin".to_owned(),
            app_token: "xapp-1-A0COUNTERSIGN-0000000000000-standin".to_owned(),
            data_file: None,
            rate_limits: RateLimits::Strict,
            org_wide_install: false,
            event_retries: vec![
                Duration::ZERO,
                Duration::from_secs(60),
                Duration::from_secs(5 * 60),
            ],
        }
    }
}

/// Why a stand-in does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// It holds no secrets worth the name: nobody else may reach it.
    #[error("the stand-in workspace listens on loopback only, not on {0}; use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The address is taken, most likely.
    #[error(
        "the stand-in workspace cannot listen on {address}; is another one running? Choose another port, or 0 for any"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The data file is there but cannot be used.
    #[error("the workspace kept in {} cannot be read; start over with --fresh, or move the file away", path.display())]
    DataFile {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// A running stand-in workspace. Dropping it ends it; [`Sandbox::stop`] also keeps what is there.
pub struct Sandbox {
    core: Arc<Core>,
    workspace: Workspace,
}

impl Sandbox {
    /// Starts a workspace.
    ///
    /// # Errors
    /// When it cannot listen, or cannot read what was kept.
    pub async fn start(config: SandboxConfig) -> Result<Self, SandboxError> {
        if !config.listen.ip().is_loopback() {
            return Err(SandboxError::NotLoopback(config.listen));
        }
        let failed = |source| SandboxError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let kept = match &config.data_file {
            None => None,
            Some(path) => persist::load(path)
                .await
                .map_err(|source| SandboxError::DataFile { path: path.clone(), source })?,
        };
        let model = match kept {
            Some(kept) => kept.resume(&*config.clock, config.seed.app, config.org_wide_install),
            None => Model::new(config.seed, config.org_wide_install),
        };
        let core = Arc::new(Core::new(Parts {
            clock: config.clock,
            secrets: Secrets {
                signing: config.signing_secret,
                bot_token: config.bot_token,
                app_token: config.app_token,
            },
            address,
            transport: config.transport,
            limiter: RateLimiter::new(config.rate_limits),
            data_file: config.data_file,
            event_retries: config.event_retries,
            state: State::new(model),
        }));
        core.tasks.spawn(server::serve(Arc::clone(&core), listener));
        if core.data_file.is_some() {
            core.tasks.spawn(persist::keep(Arc::clone(&core)));
        }
        let workspace = Workspace::new(Arc::clone(&core));
        Ok(Self { core, workspace })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.core.address
    }

    /// What the app takes for Slack's Web API: `http://127.0.0.1:PORT/api`.
    pub fn api_url(&self) -> String {
        format!("http://{}/api", self.core.address)
    }

    /// The page for people.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.core.address)
    }

    /// What its people do and see.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// What goes wrong on demand.
    pub fn faults(&self) -> &Faults {
        &self.core.faults
    }

    /// How the app is reached from now on.
    pub fn set_transport(&self, transport: AppTransport) {
        *self.core.transport.write().unwrap_or_else(PoisonError::into_inner) = transport;
    }

    /// Ends it, and keeps what is there if there is a data file.
    pub async fn stop(self) {
        self.core.stop.cancel();
        self.core.tasks.close();
        self.core.tasks.wait().await;
        persist::save(&self.core).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.core.stop.cancel();
    }
}
