//! A desk that answers as a test says, with everything that leads to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign::clock::{Clock, SystemClock};
use countersign::sandbox::{AppTransport, RateLimits, Sandbox, SandboxConfig, WallTime, Workspace};
use countersign::slack::wire::client::{Client, ClientSettings};
use countersign::slack::wire::courier::Courier;
use countersign::slack::wire::desk::{Answer, Desk, Message};
use countersign::slack::wire::directory::SlackDirectory;
use countersign::slack::wire::http::HttpDoor;
use countersign::slack::wire::inbound::Inbound;
use countersign::slack::wire::intake::{Intake, IntakeSettings};
use countersign::slack::wire::limits::Limits;
use countersign::slack::wire::signature::Verifier;
use futures::future::BoxFuture;
use secrecy::SecretString;
use tokio::sync::watch;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(10);

type Act = Box<dyn Fn(Inbound) -> BoxFuture<'static, Answer> + Send + Sync>;

/// A desk that answers as a test says and remembers what came.
pub struct TestDesk {
    act: Act,
    seen: Mutex<Vec<Inbound>>,
    count: watch::Sender<usize>,
}

impl TestDesk {
    pub fn new<F>(act: impl Fn(Inbound) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Arc::new(Self {
            act: Box::new(move |inbound| Box::pin(act(inbound))),
            seen: Mutex::default(),
            count: watch::Sender::new(0),
        })
    }

    /// Always this answer.
    pub fn answers(answer: Answer) -> Arc<Self> {
        Self::new(move |_| {
            let answer = answer.clone();
            async move { answer }
        })
    }

    /// Always these words.
    pub fn says(words: &str) -> Arc<Self> {
        Self::answers(Answer::say(Message::text(words)))
    }

    pub fn seen(&self) -> Vec<Inbound> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until so many things came.
    pub async fn wait_for(&self, n: usize) -> Vec<Inbound> {
        let mut count = self.count.subscribe();
        let enough = tokio::time::timeout(PATIENCE, count.wait_for(|count| *count >= n)).await;
        let seen = self.seen();
        assert!(enough.is_ok(), "waited for {n} things, and there came {seen:?}");
        seen
    }
}

#[async_trait]
impl Desk for TestDesk {
    async fn handle(&self, inbound: Inbound) -> Answer {
        self.seen.lock().unwrap().push(inbound.clone());
        self.count.send_modify(|count| *count += 1);
        (self.act)(inbound).await
    }
}

/// A workspace, and the wire from it to a desk.
pub struct Wire {
    pub sandbox: Sandbox,
    pub client: Arc<Client>,
    pub intake: Arc<Intake>,
    pub clock: Arc<dyn Clock>,
}

/// What is special about a workspace.
pub struct Special {
    pub org_wide: bool,
    pub deadline: Duration,
}

impl Default for Special {
    fn default() -> Self {
        Self { org_wide: false, deadline: IntakeSettings::default().deadline }
    }
}

impl Wire {
    pub async fn to(desk: Arc<TestDesk>) -> Self {
        Self::special(desk, Special::default()).await
    }

    pub async fn special(desk: Arc<TestDesk>, special: Special) -> Self {
        let (sandbox, client) = workspace(special.org_wide, Limits::none(), |_| {}).await;
        let installation = Arc::new(client.installation().await.expect("auth.test"));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let directory = Arc::new(SlackDirectory::new(
            Arc::clone(&client),
            Arc::clone(&installation),
            Arc::clone(&clock),
        ));
        let settings = IntakeSettings { deadline: special.deadline, ..Default::default() };
        let intake = Arc::new(Intake::new(
            desk,
            directory,
            Courier::new(Arc::clone(&client)),
            installation,
            settings,
        ));
        Self { sandbox, client, intake, clock }
    }

    pub fn workspace(&self) -> &Workspace {
        self.sandbox.workspace()
    }

    /// Opens the door for HTTP and has the workspace use it; gives its address.
    pub async fn serve_http(&self) -> String {
        let secret = SandboxConfig::new(Arc::new(WallTime::new())).signing_secret;
        let verifier = Verifier::new(&SecretString::from(secret)).unwrap();
        let door = HttpDoor::new(Arc::clone(&self.intake), verifier, Arc::clone(&self.clock));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, door.router()).await });
        self.sandbox.set_transport(AppTransport::Http { base_url: base_url.clone() });
        base_url
    }
}

/// A workspace without limits, and a client for it.
pub async fn workspace(
    org_wide: bool,
    limits: Limits,
    change: impl FnOnce(&mut ClientSettings),
) -> (Sandbox, Arc<Client>) {
    super::logs::listen();
    // Somebody else in this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = SandboxConfig::new(Arc::new(WallTime::new()));
    config.rate_limits = RateLimits::Off;
    config.org_wide_install = org_wide;
    config.event_retries = vec![Duration::ZERO; 3];
    let (bot, app) = (config.bot_token.clone(), config.app_token.clone());
    let sandbox = Sandbox::start(config).await.expect("a workspace");
    let mut settings = ClientSettings::new(bot.into());
    settings.api_url = sandbox.api_url();
    settings.app_token = Some(app.into());
    change(&mut settings);
    (sandbox, Arc::new(Client::new(settings, Arc::new(limits)).expect("a client")))
}
