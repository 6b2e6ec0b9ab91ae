//! The whole product beside the stand-in workspace.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use countersign::clock::{Clock, Entropy, MovableClock};
use countersign::config::{Config, Sources};
use countersign::domain::event::Verifier;
use countersign::domain::time::Span;
use countersign::lifecycle::{Outside, Programs, Running};
use countersign::sandbox::model::Message;
use countersign::sandbox::{
    AppTransport, RateLimits, Sandbox, SandboxConfig, TimeMachine, Workspace,
};
use countersign::slack::wire::limits::Limits;
use countersign::store::{Engine, Store, work};
use futures::future::BoxFuture;
use tokio::runtime::Runtime;

use super::hand::Hand;
use super::person::Person;
use crate::database::TestDatabase;

/// As long as anything in a story may take before the story is given up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What differs from the usual office.
pub struct Setup {
    /// Which database.
    pub engine: Engine,
    /// Sockets, or signed requests.
    pub over_http: bool,
    /// Slack's rate limits hold, and the bot keeps them.
    pub strict: bool,
    /// The app is installed for a whole organisation.
    pub org_wide: bool,
    /// A policy folder in place of the starter policy.
    pub policy: Option<std::path::PathBuf>,
    /// The starter policy as it is, which looks for bots that nobody registered. The usual office has one
    /// that does not: a story about something else needs no message about Robo.
    pub discovers: bool,
    /// What the doors for programs need, made anew at each start.
    pub programs: Option<MakePrograms>,
    /// The server has threads of its own, so that it can die: see [`Office::crash`].
    pub mortal: bool,
    /// More settings, by the names that they have in the environment: `SERVER__PUBLIC_URL`.
    pub settings: Vec<(&'static str, &'static str)>,
}

/// Makes what the doors for programs need, by the clock of the office.
pub type MakePrograms = Box<dyn Fn(&Arc<MovableClock>) -> Programs + Send + Sync>;

impl Setup {
    /// The usual one.
    pub fn on(engine: Engine) -> Self {
        Self {
            engine,
            over_http: false,
            strict: false,
            org_wide: false,
            policy: None,
            discovers: false,
            programs: None,
            mortal: false,
            settings: Vec::new(),
        }
    }
}

/// The product and the workspace.
pub struct Office {
    /// The workspace.
    pub sandbox: Sandbox,
    /// The time of both.
    pub clock: Arc<MovableClock>,
    /// The machine's time, by which tries are put off: it runs, and can be moved forward.
    pub wall: Arc<MovableClock>,
    /// Where the product keeps its record.
    pub database: TestDatabase,
    config: Config,
    pub(super) running: tokio::sync::Mutex<Option<Running>>,
    strict: bool,
    programs: Option<MakePrograms>,
    mortal: bool,
    /// What a mortal server runs on.
    body: tokio::sync::Mutex<Option<Runtime>>,
    /// The folder of the usual policy.
    _policy: Option<tempfile::TempDir>,
}

/// The starter policy, without looking for what nobody registered.
fn quiet_policy() -> tempfile::TempDir {
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("tests")).expect("a folder");
    let mut names: Vec<_> = Vec::new();
    for (within, entry) in ["", "tests"].iter().flat_map(|within| {
        let entries = std::fs::read_dir(from.join(within)).expect("the starter policy");
        entries.map(move |entry| (*within, entry.expect("a file")))
    }) {
        if entry.file_type().expect("a file").is_file() {
            names.push(std::path::Path::new(within).join(entry.file_name()));
        }
    }
    for name in names {
        let text = std::fs::read_to_string(from.join(&name)).expect("a file");
        let quiet = text.replacen("slack        = true", "slack        = false", 1);
        assert!(name.ends_with("policy.toml") == (quiet != text), "{}", name.display());
        std::fs::write(folder.path().join(&name), quiet).expect("a file");
    }
    folder
}

struct SharedClock(Arc<MovableClock>);

impl TimeMachine for SharedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
    fn advance(&self, by: TimeDelta) {
        self.0.advance(by);
    }
    fn next_deadline(&self) -> BoxFuture<'_, Option<DateTime<Utc>>> {
        Box::pin(async { None })
    }
}

impl Office {
    /// The usual office, whose server can die.
    pub async fn mortal(engine: Engine) -> Self {
        Self::set_up(Setup { mortal: true, ..Setup::on(engine) }).await
    }

    /// The usual office.
    pub async fn open(engine: Engine) -> Self {
        Self::set_up(Setup::on(engine)).await
    }

    /// An office.
    pub async fn set_up(setup: Setup) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = match setup.engine {
            Engine::Sqlite => TestDatabase::sqlite().await,
            Engine::Postgres => TestDatabase::postgres().await,
        };
        let start = DateTime::from_timestamp(1_796_000_000, 0).expect("a moment in 2026");
        let clock = Arc::new(MovableClock::standing(start));
        let sandbox = Sandbox::start(SandboxConfig {
            rate_limits: if setup.strict { RateLimits::Strict } else { RateLimits::Off },
            org_wide_install: setup.org_wide,
            ..SandboxConfig::new(Arc::new(SharedClock(Arc::clone(&clock))))
        })
        .await
        .expect("the stand-in starts");
        let secrets = SandboxConfig::new(Arc::new(SharedClock(Arc::clone(&clock))));
        let set = |name: &str, value: &str| {
            (format!("COUNTERSIGN_{name}").into(), value.to_owned().into())
        };
        let mut env = vec![
            set("SERVER__LISTEN", "127.0.0.1:0"),
            set("DATABASE__URL", database.url()),
            set("SLACK__API_URL", &sandbox.api_url()),
            set("SLACK__BOT_TOKEN", &secrets.bot_token),
        ];
        if setup.over_http {
            env.push(set("SLACK__MODE", "http"));
            env.push(set("SLACK__SIGNING_SECRET", &secrets.signing_secret));
        } else {
            env.push(set("SLACK__MODE", "socket"));
            env.push(set("SLACK__APP_TOKEN", &secrets.app_token));
        }
        env.extend(setup.settings.iter().map(|(name, value)| set(name, value)));
        let quiet = (setup.policy.is_none() && !setup.discovers).then(quiet_policy);
        let folder = quiet.as_ref().map(|folder| folder.path().to_owned());
        if let Some(path) = setup.policy.as_ref().or(folder.as_ref()) {
            env.push(set("POLICY__PATH", &path.display().to_string()));
        }
        let config = Config::load(&Sources { file: None, env })
            .unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let office = Self {
            sandbox,
            clock,
            wall: Arc::new(MovableClock::running(TimeDelta::zero())),
            database,
            config,
            running: tokio::sync::Mutex::new(None),
            strict: setup.strict,
            programs: setup.programs,
            mortal: setup.mortal,
            body: tokio::sync::Mutex::new(None),
            _policy: quiet,
        };
        office.start().await;
        if setup.over_http {
            let address = office.address().await;
            office
                .sandbox
                .set_transport(AppTransport::Http { base_url: format!("http://{address}") });
        } else {
            office.workspace().wait_for_sockets(PATIENCE, 2).await.expect("two sockets");
        }
        office
    }

    /// Starts the product (again).
    pub async fn start(&self) {
        let outside = Outside {
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            wall: Arc::clone(&self.wall) as Arc<dyn Clock>,
            entropy: Arc::new(Entropy::from_system()),
            limits: if self.strict { Limits::slack() } else { Limits::none() },
            programs: self.programs.as_ref().map(|programs| programs(&self.clock)),
        };
        let running = if self.mortal {
            let mut body = tokio::runtime::Builder::new_multi_thread();
            let body = body.worker_threads(2).enable_all().build().expect("threads");
            let config = self.config.clone();
            let running =
                body.spawn(async move { countersign::lifecycle::start(&config, outside).await });
            let running = running.await.expect("it lives");
            *self.body.lock().await = Some(body);
            running
        } else {
            countersign::lifecycle::start(&self.config, outside).await
        };
        *self.running.lock().await = Some(running.expect("the product starts"));
    }

    /// Stops the product; the workspace stays.
    pub async fn stop(&self) {
        if let Some(running) = self.running.lock().await.take() {
            running.stop().await;
        }
        if let Some(body) = self.body.lock().await.take() {
            body.shutdown_background();
        }
    }

    /// The mortal product dies: what it was at is left as it is, and nobody is told. The workspace
    /// stays. (Processes that are killed are in `tests/crash`.)
    pub async fn crash(&self) {
        let body = self.body.lock().await.take().expect("a mortal server, which is there");
        let dead = tokio::task::spawn_blocking(|| body.shutdown_timeout(Duration::from_secs(5)));
        dead.await.expect("it is dead");
        drop(self.running.lock().await.take());
        // A process takes its last commit to the grave; here a thread of SQLite may still be at it.
        let store = Store::connect(self.database.url()).await.expect("the store");
        let nothing = work(|_| Box::pin(async { Ok(()) }));
        store.write(nothing).await.expect("nobody writes any more");
        store.close().await;
    }

    /// Where the product listens.
    pub async fn address(&self) -> std::net::SocketAddr {
        self.running.lock().await.as_ref().expect("running").address()
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        self.sandbox.workspace()
    }

    /// A person of the workspace.
    pub fn person<'a>(&'a self, id: &'a str) -> Person<'a> {
        Person { office: self, id }
    }

    /// A developer, who owns agents.
    pub fn dana(&self) -> Person<'_> {
        self.person("U0DANA")
    }

    /// The lead of the support team.
    pub fn theo(&self) -> Person<'_> {
        self.person("U0THEO")
    }

    /// The lead of the support team, too.
    pub fn tina(&self) -> Person<'_> {
        self.person("U0TINA")
    }

    /// Security.
    pub fn sam(&self) -> Person<'_> {
        self.person("U0SAM")
    }

    /// Security, too.
    pub fn sara(&self) -> Person<'_> {
        self.person("U0SARA")
    }

    /// Compliance.
    pub fn cleo(&self) -> Person<'_> {
        self.person("U0CLEO")
    }

    /// The VP.
    pub fn vera(&self) -> Person<'_> {
        self.person("U0VERA")
    }

    /// A developer of another team.
    pub fn omar(&self) -> Person<'_> {
        self.person("U0OMAR")
    }

    /// The time moves on, and everything that falls due on the way is done.
    pub async fn advance(&self, by: &str) {
        let by: Span = by.parse().expect("a span");
        self.clock.advance(by.delta());
        self.settled().await;
    }

    /// The time moves on in small steps, the machine's with it: whatever falls due is done, and
    /// whatever is to be sent is tried whenever its time has come.
    pub async fn lives_through(&self, by: TimeDelta) {
        let (step, mut hand) = (TimeDelta::seconds(10), Hand::into(self).await);
        let mut left = by;
        while left > TimeDelta::zero() {
            self.clock.advance(step.min(left));
            self.wall.advance(step.min(left));
            left -= step;
            self.nothing_to_be_tried(&mut hand).await;
        }
    }

    /// Waits until nothing is due, and whatever is to be sent is put off.
    async fn nothing_to_be_tried(&self, hand: &mut Hand) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            self.wake().await;
            let store = self.store().await;
            let mut session = store.read().await.expect("a session");
            let due = session.next_deadline().await.expect("the next deadline");
            let underway = hand.being_sent().await;
            let next = session.next_delivery_at().await.expect("the next delivery");
            let past = |at: Option<DateTime<Utc>>, now| at.is_some_and(|at| at <= now);
            if !past(due, self.clock.now()) && !past(next, self.wall.now()) && underway == 0 {
                return;
            }
            drop(session);
            assert!(tokio::time::Instant::now() < deadline, "{next:?} is never tried");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The workers look at once at what is due.
    pub async fn wake(&self) {
        if let Some(running) = self.running.lock().await.as_ref() {
            running.wake();
        }
    }

    /// Waits until nothing is due and nothing is on its way.
    pub async fn settled(&self) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            self.wake().await;
            let store = self.store().await;
            let mut session = store.read().await.expect("a session");
            let due = session.next_deadline().await.expect("the next deadline");
            let waiting = session.waiting_deliveries().await.expect("what waits");
            let outside = session.due_outside(self.clock.now(), 1).await.expect("what is due");
            drop(session);
            let nothing_due = due.is_none_or(|at| at > self.clock.now()) && outside.is_empty();
            if waiting == 0 && nothing_due {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{waiting} deliveries wait, next deadline {due:?}, now {}\n{}",
                self.clock.now(),
                self.workspace().transcript()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The record.
    pub async fn store(&self) -> Store {
        match self.running.lock().await.as_ref() {
            Some(running) => running.service().store().clone(),
            None => Store::connect(self.database.url()).await.expect("the store"),
        }
    }

    /// Waits until `look` finds something.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            let transcript = || self.workspace().transcript();
            assert!(tokio::time::Instant::now() < deadline, "no {what}:\n{}", transcript());
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// The app's messages in a channel that hold these words.
    pub fn posted(&self, channel: &str, words: &str) -> Vec<Message> {
        let messages = self.workspace().messages(channel);
        messages.into_iter().filter(|m| m.is_by_app() && m.words().contains(words)).collect()
    }

    /// The log verifies; returns how many lines it has.
    pub async fn verifies(&self) -> i64 {
        let store = self.store().await;
        let mut session = store.read().await.expect("a session");
        let (mut verifier, mut after) = (Verifier::default(), 0);
        loop {
            let lines = session.lines(after, 500).await.expect("lines");
            let Some(last) = lines.last() else { break };
            after = last.seq;
            for line in &lines {
                verifier.check(line).expect("the log is whole");
            }
        }
        let (seq, hash) = session.head().await.expect("the head");
        verifier.finish(seq, &hash).expect("the log ends at its head").0
    }

    /// The messages that have one of these buttons, each with the button's value. What only one
    /// person sees cannot be changed later, and is left out; its buttons say why not.
    fn with_button(&self, buttons: &[&str]) -> Vec<(Message, String)> {
        let mut found = Vec::new();
        self.workspace().read(|model| {
            let messages = model.channels.values().flat_map(|channel| &channel.messages);
            for message in messages.filter(|m| m.ephemeral_to.is_none()) {
                let blocks = message.blocks.iter().flatten();
                let elements = blocks.flat_map(|b| b["elements"].as_array().into_iter().flatten());
                let values: BTreeSet<&str> = elements
                    .filter(|e| e["action_id"].as_str().is_some_and(|id| buttons.contains(&id)))
                    .filter_map(|e| e["value"].as_str())
                    .collect();
                found.extend(values.iter().map(|value| (message.clone(), (*value).to_owned())));
            }
        });
        found
    }

    /// The messages that offer to extend a grant or to hand it back, each with the grant's id.
    pub fn offers(&self) -> Vec<(Message, String)> {
        self.with_button(&["extend", "release"])
    }

    /// How many messages are on their way.
    pub async fn waiting(&self) -> u32 {
        let store = self.store().await;
        let mut session = store.read().await.expect("a session");
        session.waiting_deliveries().await.expect("what waits")
    }

    /// No card that is shown anywhere has buttons of an ended request, and no message offers
    /// anything about an ended grant: promise 9.
    pub async fn all_cards_are_true(&self) {
        self.settled().await;
        let store = self.store().await;
        let mut session = store.read().await.expect("a session");
        for (message, request) in self.with_button(&["approve", "deny", "accept", "decline"]) {
            let id = request.parse().expect("a request's id");
            let request = session.request(id).await.expect("a read").expect("a request");
            assert!(
                request.is_open(self.clock.now()),
                "{} is {}, and this has buttons:\n{}",
                request.reference,
                request.state.word(),
                message.words()
            );
        }
        for (message, grant) in self.offers() {
            let id = grant.parse().expect("a grant's id");
            let grant = session.grant(id).await.expect("a read").expect("a grant");
            assert!(
                grant.is_live(self.clock.now()),
                "{} is {}, and this has buttons:\n{}",
                grant.reference,
                grant.state.word(),
                message.words()
            );
        }
    }

    /// Ends the story: everything true, nothing left behind.
    pub async fn close(self) {
        self.all_cards_are_true().await;
        self.verifies().await;
        self.stop().await;
        self.sandbox.stop().await;
    }
}
