//! Starting, running and ending the whole.

mod identity;
#[cfg(debug_assertions)]
mod rehearsal;
#[cfg(feature = "sandbox")]
mod sandbox;

#[cfg(feature = "sandbox")]
pub use sandbox::{SandboxFailed, SandboxOptions, sandbox};

pub use identity::IdentityError;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use hyper_rustls::ConfigBuilderExt;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::api::activity;
use crate::api::authzen::{Door, Profile};
use crate::api::callbacks::address::{Resolver, SystemResolver};
use crate::api::callbacks::send::HttpsCallbacks;
use crate::api::link::{self, LinkDoor};
use crate::api::requests::{self, Callers};
use crate::api::v1;
use crate::clock::{Clock, Entropy, SystemClock};
use crate::config::Config;
use crate::config::slack::Mode;
use crate::health::{self, Health};
use crate::identity::Signer;
use crate::jobs::Jobs;
use crate::pdp::{self, Pdp};
use crate::policy::{Policy, PolicyHandle, PolicyNews, Refused, Watching};
use crate::service::access_requests::Evaluations;
use crate::service::access_requests::callback::Callbacks;
use crate::service::messenger::Messenger;
use crate::service::tokens::TokenDesk;
use crate::service::{Parts, Service, ServiceError};
use crate::slack::front::FrontDesk;
use crate::slack::render::render;
use crate::slack::wire::client::{BadClient, CallError, Client, ClientSettings};
use crate::slack::wire::courier::Courier;
use crate::slack::wire::directory::SlackDirectory;
use crate::slack::wire::http::HttpDoor;
use crate::slack::wire::installation::Installation;
use crate::slack::wire::intake::{Intake, IntakeSettings};
use crate::slack::wire::limits::Limits;
use crate::slack::wire::messenger::SlackMessenger;
use crate::slack::wire::signature::{EmptySecret, Verifier};
use crate::slack::wire::socket::{SocketError, SocketMode, SocketSettings};
use crate::store::{Store, StoreError};
use crate::telemetry;

/// How long what is under way may take when the server ends.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long a start waits for Slack, and how often it asks.
const GREETING: Duration = Duration::from_secs(120);

/// What the server takes from outside, beside its settings.
pub struct Outside {
    /// The time by which the product lives.
    pub clock: Arc<dyn Clock>,
    /// The machine's time, for leases and waits.
    pub wall: Arc<dyn Clock>,
    /// Ids and chance.
    pub entropy: Arc<Entropy>,
    /// How often Slack may be called.
    pub limits: Limits,
    /// What stands in, in tests, for what the doors for programs are made of.
    pub programs: Option<Programs>,
}

/// What the doors for programs need.
pub struct Programs {
    /// Signs what ties requests to refusals, approvals, links and callbacks.
    pub signer: Arc<dyn Signer>,
    /// Who sends requests.
    pub callers: Arc<dyn Callers>,
    /// Where evaluations are found again.
    pub evaluations: Arc<dyn Evaluations>,
    /// Where hosts of callbacks are.
    pub resolver: Arc<dyn Resolver>,
    /// Whom callbacks trust.
    pub tls: rustls::ClientConfig,
}

impl Outside {
    /// The machine's clock and randomness, and Slack's limits.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            wall: Arc::new(SystemClock),
            entropy: Arc::new(Entropy::from_system()),
            limits: Limits::slack(),
            programs: None,
        }
    }
}

impl Programs {
    /// By the server's own keys, tokens and record.
    fn of(desk: &TokenDesk) -> Result<Self, StartError> {
        let tls = rustls::ClientConfig::builder()
            .with_native_roots()
            .map_err(identity::IdentityError::Certificates)?
            .with_no_client_auth();
        Ok(Self {
            signer: Arc::clone(desk.ring()) as _,
            callers: Arc::new(desk.clone()),
            evaluations: Arc::new(desk.service().clone()),
            resolver: Arc::new(SystemResolver),
            tls,
        })
    }

    /// The addresses of the doors, and who tells programs.
    fn open(self, service: &Service, policy: &PolicyHandle) -> (Router, Arc<dyn Callbacks>) {
        let Self { signer, callers, evaluations, resolver, tls } = self;
        let callbacks =
            HttpsCallbacks::new(Arc::clone(&signer), policy.clone(), Arc::clone(&resolver), tls);
        let link = LinkDoor { service: service.clone(), signer: Arc::clone(&signer) };
        let service = service.clone();
        let door = requests::Door { service, signer, callers, evaluations, resolver };
        (requests::router(door).merge(link::router(link)), Arc::new(callbacks))
    }
}

/// Why the server does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error("the database could not be opened: check database.url")]
    Store(#[from] StoreError),
    /// The first write.
    #[error("the start could not be recorded")]
    Service(#[from] ServiceError),
    /// The policy has mistakes.
    #[error("the policy has mistakes; put them right and start again:\n{0}")]
    Policy(Refused),
    /// The Web API's address.
    #[error("slack.api_url cannot be used")]
    Client(#[from] BadClient),
    /// Slack's answer to the token.
    #[error(
        "Slack does not know the bot's token ({0}): check slack.bot_token, or install the app again"
    )]
    Token(CallError),
    /// Slack could not be reached.
    #[error(
        "Slack could not be reached within two minutes ({0}): check the network and slack.api_url"
    )]
    Away(CallError),
    /// The signing secret.
    #[error("slack.signing_secret cannot be used")]
    Secret(#[from] EmptySecret),
    /// The keys that sign tokens.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// The address.
    #[error(
        "cannot listen on {address}: is another server running? Set server.listen to another port"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// Why a server at work cannot go on. Each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fatal {
    /// The connections to Slack.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The bot's token, by Slack's error code.
    #[error(
        "Slack refuses the bot's token ({0}): install the app again, set slack.bot_token to the \
         token shown there (xoxb-…), and start again. What waits to be sent is kept"
    )]
    Token(String),
}

/// A server at work.
pub struct Running {
    address: SocketAddr,
    service: Service,
    store: Store,
    intake: Arc<Intake>,
    stop: CancellationToken,
    tasks: TaskTracker,
    wake: Arc<Notify>,
    failed: watch::Receiver<Option<Fatal>>,
}

/// Starts a server. Returns when it can be used: the store is up to date, the policy is loaded,
/// Slack knows the token, and the address is listened on.
pub async fn start(config: &Config, outside: Outside) -> Result<Running, StartError> {
    start_on(config, outside, crate::store::Limits::default()).await
}

async fn start_on(
    config: &Config,
    outside: Outside,
    limits_of_store: crate::store::Limits,
) -> Result<Running, StartError> {
    let Outside { clock, wall, entropy, limits, programs } = outside;
    let policy = match &config.policy.path {
        Some(folder) => Policy::load(folder).map_err(StartError::Policy)?,
        None => Policy::starter(),
    };
    for warning in policy.warnings() {
        warn!(%warning, "the policy deserves a look");
    }
    let policy = PolicyHandle::new(policy);
    let store = Store::connect_with(config.database.url.expose(), limits_of_store).await?;

    let mut settings = ClientSettings::new(config.slack.bot_token.clone());
    settings.api_url = config.slack.api_url.as_str().to_owned();
    if let Mode::Socket { app_token } = &config.slack.mode {
        settings.app_token = Some(app_token.expose_secret().to_owned().into());
    }
    let client = Arc::new(Client::new(settings, Arc::new(limits))?);
    let installation = Arc::new(greet(&client).await?);
    info!(workspace = installation.name(), id = installation.id(), "Slack knows the app");

    let directory = Arc::new(SlackDirectory::new(
        Arc::clone(&client),
        Arc::clone(&installation),
        Arc::clone(&wall),
    ));
    let service = Service::new(Parts {
        store: store.clone(),
        policy: policy.clone(),
        directory: Arc::clone(&directory) as _,
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
    });
    service.record_policy().await?;

    let wanted = config.server.listen;
    let listen = |source| StartError::Listen { address: wanted, source };
    let listener = TcpListener::bind(wanted).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let told = told_address(config, address);
    let desk = Arc::new(FrontDesk::new(service.clone(), told.as_deref()));
    let courier = Courier::new(Arc::clone(&client));
    let settings = IntakeSettings::default();
    let intake =
        Arc::new(Intake::new(desk, directory, courier, Arc::clone(&installation), settings));
    let messenger = SlackMessenger::new(Arc::clone(&client), installation, Arc::new(render));
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let tokens = identity::desk(config, &service, &clock, address, &tasks, &stop).await?;
    let programs = match programs {
        Some(programs) => programs,
        None => Programs::of(&tokens)?,
    };
    let signer = Arc::clone(&programs.signer);
    let own_address = signer.issuer().to_owned();
    let (doors, callbacks) = programs.open(&service, &policy);
    let messenger: Arc<dyn Messenger> = Arc::new(messenger);
    #[cfg(debug_assertions)]
    let messenger = rehearsal::messenger(messenger);
    let jobs =
        Jobs::telling(service.clone(), messenger, Some(callbacks), wall, Arc::clone(&entropy));

    let parts = pdp::Parts {
        store: store.clone(),
        policy: policy.clone(),
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
    };
    let pdp = Pdp::start(parts, &tasks, &stop).await?;
    let (failing, failed) = watch::channel(None);
    let failing = Arc::new(failing);
    let (watched, token) = (Arc::clone(&client), stop.clone());
    let refused = Arc::clone(&failing);
    tasks.spawn(async move {
        tokio::select! {
            code = token_refused(&watched) => {
                error!(code, "Slack refuses the bot's token");
                refused.send_replace(Some(Fatal::Token(code)));
            }
            () = token.cancelled() => {}
        }
    });
    let mut health = Health::new(store.clone());
    let mut router = doors;
    match &config.slack.mode {
        Mode::Http { signing_secret } => {
            let verifier = Verifier::new(signing_secret)?;
            let door = HttpDoor::new(Arc::clone(&intake), verifier, Arc::clone(&clock));
            router = router.merge(door.router());
        }
        Mode::Socket { .. } => {
            let settings = SocketSettings::default();
            let clock = Arc::clone(&clock);
            let socket = SocketMode::new(client, Arc::clone(&intake), clock, entropy, settings);
            health = health.with_socket(socket.health());
            let token = stop.child_token();
            tasks.spawn(async move {
                if let Err(why) = socket.run(token).await {
                    error!(error = &why as &dyn std::error::Error, "Slack closed the door");
                    failing.send_replace(Some(why.into()));
                }
            });
        }
    }
    let callers = Arc::new(tokens.clone());
    let registry_signer = Arc::clone(&signer);
    let profile = Profile { signer, service: service.clone() };
    let questions =
        Door::new(pdp, Arc::clone(&callers) as _, Some(own_address)).with_requests(profile);
    let pushed = crate::api::scim::router(service.clone(), registry_signer.issuer());
    let told = activity::Door::new(service.clone(), callers);
    let registry = v1::router(v1::Parts {
        service: service.clone(),
        callers: Arc::new(tokens.clone()),
        signer: registry_signer,
        stop: stop.clone(),
    });
    let router = router
        .merge(health::router(health))
        .merge(crate::api::device::router())
        .merge(crate::api::oauth::router(tokens))
        .merge(questions.router())
        .merge(told.router())
        .merge(pushed)
        .merge(registry)
        .merge(telemetry::http::metrics());
    let router = telemetry::http::watched(router);
    tasks.spawn(telemetry::record::measure(store.clone(), Arc::clone(&clock), stop.clone()));
    let token = stop.clone();
    tasks.spawn(async move {
        // An acknowledgement is one small packet, and somebody waits for it.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                warn!(%error, "answers may be held back for a moment");
            }
        });
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        let served = axum::serve(listener, router)
            .with_graceful_shutdown(async move { token.cancelled().await });
        if let Err(error) = served.await {
            error!(%error, "the listener ended");
        }
    });
    if let Err(error) = service.begin_sweeping().await {
        let error = &error as &dyn std::error::Error;
        warn!(error, "the daily sweep goes on where it stood before");
    }
    jobs.start(&tasks, &stop);
    if let Some(folder) = &config.policy.path {
        watch_policy(&service, &policy, folder, &tasks, &stop);
    }
    let wake = jobs.waker();
    Ok(Running { address, service, store, intake, stop, tasks, wake, failed })
}

/// The address that people are told: the one of the settings, or the one that is listened on where it can
/// only be used from this machine.
fn told_address(config: &Config, listening: SocketAddr) -> Option<String> {
    match &config.server.public_url {
        Some(url) => Some(url.as_str().to_owned()),
        None => listening.ip().is_loopback().then(|| format!("http://{listening}")),
    }
}

/// Waits until Slack refuses the bot's token, and says so again when it is asked who we are: one
/// odd answer is no reason to end.
async fn token_refused(client: &Client) -> String {
    let mut refused = client.refused();
    loop {
        if refused.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if let Err(error) = client.installation().await
            && let Some(code) = error.token_gone()
        {
            return code.to_owned();
        }
    }
}

/// Asks Slack who we are, until it answers: a server that starts during an outage waits.
async fn greet(client: &Client) -> Result<Installation, StartError> {
    let started = tokio::time::Instant::now();
    let mut pause = Duration::from_millis(250);
    loop {
        match client.installation().await {
            Ok(installation) => return Ok(installation),
            Err(error) if error.code().is_some() => return Err(StartError::Token(error)),
            Err(error) if started.elapsed() > GREETING => return Err(StartError::Away(error)),
            Err(error) => {
                warn!(%error, "Slack does not answer yet");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
        }
    }
}

/// Follows the policy folder, and puts what becomes of it on the record.
fn watch_policy(
    service: &Service,
    policy: &PolicyHandle,
    folder: &std::path::Path,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    let (news, mut heard) = mpsc::channel(4);
    let (watcher, watching) = (policy.clone(), Watching::closely(folder));
    let token = stop.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = watcher.watch(watching, news) => {}
            () = token.cancelled() => {}
        }
    });
    let (service, token) = (service.clone(), stop.clone());
    tasks.spawn(async move {
        loop {
            let item = tokio::select! {
                item = heard.recv() => item,
                () = token.cancelled() => None,
            };
            let Some(item) = item else { return };
            // The record must have it: try until it is there.
            while let Err(error) = record(&service, &item).await {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "the policy's change waits to be recorded"
                );
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    () = token.cancelled() => return,
                }
            }
        }
    });
}

async fn record(service: &Service, news: &PolicyNews) -> crate::service::Result<()> {
    match news {
        PolicyNews::Loaded { policy, before } => {
            info!(digest = policy.digest(), before, "another policy is in force");
            service.record_policy().await
        }
        PolicyNews::Refused(refused) => {
            error!(mistakes = %refused, "the policy was changed and has mistakes; the last good one stays");
            let mistakes = refused.mistakes.iter().map(ToString::to_string).collect();
            service.record_refused_policy(refused.digest.clone(), mistakes).await
        }
    }
}

impl Running {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The use cases, for whoever runs in the same process.
    pub const fn service(&self) -> &Service {
        &self.service
    }

    /// The clock was moved: look at the deadlines now.
    pub fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// Waits until it cannot go on, and says why.
    pub async fn failed(&self) -> Fatal {
        let mut failed = self.failed.clone();
        loop {
            if let Some(why) = failed.borrow_and_update().clone() {
                return why;
            }
            if failed.changed().await.is_err() {
                // In HTTP mode nobody can say so; wait for ever.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Takes nothing new, finishes what is under way, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        let farewell = async {
            self.tasks.wait().await;
            self.intake.drain().await;
        };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            warn!(
                "some work was still under way at the end; it is on the record and goes on at the next start"
            );
        }
        self.store.close().await;
    }
}

/// Why a server ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Slack closed the door for good.
    #[error(transparent)]
    Slack(#[from] Fatal),
}

/// Runs a server until it is told to end (Ctrl-C or SIGTERM), or cannot go on.
pub async fn serve(config: &Config) -> Result<(), ServeError> {
    for warning in config.warnings() {
        warn!("{warning}");
    }
    let mut told = std::pin::pin!(told_to_end());
    let (outside, limits) = surroundings();
    let running = tokio::select! {
        started = start_on(config, outside, limits) => started?,
        () = &mut told => return Ok(()),
    };
    info!(address = %running.address(), "at work");
    let why = tokio::select! {
        () = told => None,
        why = running.failed() => Some(why),
    };
    info!("ending");
    running.stop().await;
    match why {
        Some(why) => Err(why.into()),
        None => Ok(()),
    }
}

/// The world outside and the store's limits; a build for tests may be told others.
fn surroundings() -> (Outside, crate::store::Limits) {
    #[cfg(debug_assertions)]
    let found = (rehearsal::outside(), rehearsal::limits_of_store());
    #[cfg(not(debug_assertions))]
    let found = (Outside::real(), crate::store::Limits::default());
    found
}

/// Ctrl-C, or the service manager's SIGTERM. Listens from the call on, not only from the first wait:
/// whoever is told to end while it starts ends as cleanly.
pub fn told_to_end() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let told = {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        async move {
            match signals {
                (Ok(mut interrupted), Ok(mut terminated)) => {
                    tokio::select! {
                        _ = interrupted.recv() => {}
                        _ = terminated.recv() => {}
                    }
                }
                _ => std::future::pending().await,
            }
        }
    };
    #[cfg(not(unix))]
    let told = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    told
}
