//! A stand-in workspace, a database, and how a server is started on the two.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::clock::{Clock, SystemClock};
use countersign::domain::grant::GrantState;
use countersign::sandbox::model::Message;
use countersign::sandbox::{
    AppTransport, RateLimits, Sandbox, SandboxConfig, TimeMachine, WallTime, Workspace,
};
use countersign::store::{Engine, Session, Store};

use crate::database::TestDatabase;
use crate::server::{BINARY, PATIENCE, Server};
use crate::story::Death;

/// How Slack reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Socket Mode.
    Socket,
    /// Signed requests.
    Http,
}

/// A place where servers run.
pub struct Site {
    /// The workspace.
    pub sandbox: Sandbox,
    /// The record.
    pub database: TestDatabase,
    /// The way to the record, as the servers are told it.
    pub url: String,
    /// Settings of the servers beside those that all have: variable and value.
    pub more: Vec<(String, String)>,
    door: Door,
    /// The workspace's time.
    time: Arc<WallTime>,
    /// Where the servers read how far their time is ahead.
    ahead: tempfile::TempDir,
    /// The log of servers that have ended, for the transcript.
    past: Mutex<Vec<String>>,
}

impl Site {
    /// An empty workspace and an empty database.
    pub async fn open(engine: Engine, door: Door) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = match engine {
            Engine::Sqlite => TestDatabase::sqlite().await,
            Engine::Postgres => TestDatabase::postgres().await,
        };
        let time = Arc::new(WallTime::new());
        let config = SandboxConfig {
            rate_limits: RateLimits::Off,
            ..SandboxConfig::new(Arc::clone(&time) as _)
        };
        let sandbox = Sandbox::start(config).await.expect("the stand-in starts");
        let url = database.url().to_owned();
        let ahead = tempfile::tempdir().expect("a folder for the clock");
        let (more, past) = (Vec::new(), Mutex::default());
        Self { sandbox, database, url, more, door, time, ahead, past }
    }

    /// Moves the time forward, of the workspace and of every server here, also of those that are
    /// started later.
    pub fn moves_the_clock(&self, minutes: i64) {
        self.time.advance(chrono::Duration::minutes(minutes));
        let moved = self.clock_file();
        let before = std::fs::read_to_string(&moved).ok().and_then(|s| s.parse::<i64>().ok());
        let ahead = before.unwrap_or_default() + minutes * 60;
        // Never half written in front of a reader.
        let fresh = self.ahead.path().join("fresh");
        std::fs::write(&fresh, ahead.to_string()).expect("a file");
        std::fs::rename(&fresh, &moved).expect("the same folder");
    }

    fn clock_file(&self) -> std::path::PathBuf {
        self.ahead.path().join("clock")
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        self.sandbox.workspace()
    }

    /// The settings of a server here.
    pub fn env(&self) -> Vec<(String, String)> {
        let secrets = SandboxConfig::new(Arc::new(WallTime::new()));
        let set = |name: &str, value: &str| (format!("COUNTERSIGN_{name}"), value.to_owned());
        let mut env = vec![
            set("SERVER__LISTEN", "127.0.0.1:0"),
            set("DATABASE__URL", &self.url),
            set("SLACK__API_URL", &self.sandbox.api_url()),
            set("SLACK__BOT_TOKEN", &secrets.bot_token),
            set("TEST_CLOCK", &self.clock_file().display().to_string()),
            // The workspace has none, and a story has more to show than fits into a minute of Slack's.
            set("TEST_LIMITS", "none"),
        ];
        match self.door {
            Door::Socket => {
                env.push(set("SLACK__MODE", "socket"));
                env.push(set("SLACK__APP_TOKEN", &secrets.app_token));
            }
            Door::Http => {
                env.push(set("SLACK__MODE", "http"));
                env.push(set("SLACK__SIGNING_SECRET", &secrets.signing_secret));
            }
        }
        env.extend(self.more.iter().cloned());
        env
    }

    /// Starts a server and does not wait for it. It dies at its moment, if one is said.
    pub fn launch(&self, death: Option<Death>) -> Server {
        let mut env = self.env();
        if let Some(death) = death {
            let (of, n) = match death {
                Death::AfterCommits(n) => ("COMMITS", n),
                Death::AfterAnswers(n) => ("ANSWERS", n),
            };
            env.push((format!("COUNTERSIGN_TEST_ABORT_AFTER_{of}"), n.to_string()));
        }
        Server::start(&["serve"], &env)
    }

    /// Waits until Slack can reach a server that was launched.
    pub async fn reachable(&self, server: &Server) {
        let address = server.address().await;
        match self.door {
            Door::Socket => {
                let open =
                    self.until("a socket", || (self.workspace().sockets_open() > 0).then_some(()));
                open.await;
            }
            Door::Http => self
                .sandbox
                .set_transport(AppTransport::Http { base_url: format!("http://{address}") }),
        }
    }

    /// Starts a server that is at work.
    pub async fn serve(&self) -> Server {
        let server = self.launch(None);
        self.reachable(&server).await;
        server
    }

    /// How Slack reaches the server.
    pub fn door(&self) -> Door {
        self.door
    }

    /// Keeps what a server that has ended had to say.
    pub fn remember(&self, server: &Server) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.push(server.said());
    }

    /// What there is to read when something went wrong.
    pub fn transcript(&self) -> String {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{}\n=== servers\n{}", self.workspace().transcript(), past.join("\n---\n"))
    }

    /// Waits until `look` finds something.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(tokio::time::Instant::now() < deadline, "no {what}:\n{}", self.transcript());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The app's messages to a person, oldest first.
    pub fn inbox(&self, person: &str) -> Vec<Message> {
        let channel = self.workspace().dm_with_bot(person);
        let mut messages = self.workspace().messages(&channel);
        messages.retain(|m| m.is_by_app() && !m.is_ephemeral());
        messages
    }

    /// A look into the record from outside.
    pub async fn store(&self) -> Store {
        Store::connect(self.database.url()).await.expect("the store")
    }

    /// Waits until a worker holds a message and nothing else waits to be taken.
    pub async fn a_delivery_is_under_way(&self, store: &Store) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let mut session = session(store).await;
            let next = session.next_delivery_at().await.expect("a read");
            if next.is_some_and(|at| at > SystemClock.now()) {
                return;
            }
            let now = tokio::time::Instant::now();
            assert!(now < deadline, "nothing is under way:\n{}", self.transcript());
            drop(session);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until every message is out, and none was given up; none offers anything about a grant
    /// that has ended.
    pub async fn everything_is_out(&self, store: &Store) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let mut session = session(store).await;
            // Before it is known that nothing waits: with its end the messages are on their way.
            let mut ended = BTreeSet::new();
            for grant in self.on_messages(offered) {
                let id = grant.parse().expect("a grant's id");
                let found = session.grant(id).await.expect("a read").expect("the grant");
                if found.state != GrantState::Active {
                    ended.insert(grant);
                }
            }
            let waiting = session.waiting_deliveries().await.expect("a count");
            if waiting == 0 {
                let failed = session.failed_deliveries(10).await.expect("a list");
                assert!(failed.is_empty(), "{failed:?}\n{}", self.transcript());
                let offered = self.on_messages(offered);
                let untrue: Vec<_> = offered.intersection(&ended).collect();
                assert!(untrue.is_empty(), "offered: {untrue:?}\n{}", self.transcript());
                return;
            }
            let now = tokio::time::Instant::now();
            assert!(now < deadline, "{waiting} deliveries wait:\n{}", self.transcript());
            drop(session);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The requests (by the value of the button) that can still be answered on some card.
    pub fn live_buttons(&self) -> Vec<(String, String)> {
        self.workspace().read(|model| {
            let mut live = Vec::new();
            for (id, channel) in &model.channels {
                for message in &channel.messages {
                    live.extend(answerable(message).map(|request| (id.clone(), request)));
                }
            }
            live
        })
    }

    /// What `look` finds on the messages that are there for more than one moment.
    fn on_messages(&self, look: fn(&Message) -> Vec<String>) -> BTreeSet<String> {
        self.workspace().read(|model| {
            let messages = model.channels.values().flat_map(|channel| &channel.messages);
            messages.filter(|m| !m.is_ephemeral()).flat_map(look).collect()
        })
    }

    /// The server's own check of the log, as an auditor runs it.
    pub async fn audit_verifies(&self) {
        let env = self.env();
        let checked = tokio::task::spawn_blocking(move || {
            std::process::Command::new(BINARY)
                .args(["audit", "verify"])
                .env_clear()
                .envs(env)
                .output()
                .expect("the binary runs")
        });
        let checked = checked.await.expect("no panic");
        assert!(checked.status.success(), "{checked:?}\n{}", self.transcript());
    }
}

/// A session, as soon as there is one: the database may have other work.
pub async fn session(store: &Store) -> Session {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match store.read().await {
            Ok(session) => return session,
            Err(error) => assert!(tokio::time::Instant::now() < deadline, "no session: {error}"),
        }
    }
}

/// The requests that a message lets its readers decide.
pub fn answerable(message: &Message) -> impl Iterator<Item = String> + '_ {
    values(message, &["approve", "deny", "accept", "decline"])
}

/// The grants that a message offers to extend or to hand back.
fn offered(message: &Message) -> Vec<String> {
    values(message, &["extend", "release"]).collect()
}

/// The values of these buttons.
fn values<'a>(message: &'a Message, of: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    let blocks = message.blocks.iter().flatten();
    let elements = blocks.flat_map(|block| block["elements"].as_array().into_iter().flatten());
    elements
        .filter(|e| e["action_id"].as_str().is_some_and(|id| of.contains(&id)))
        .filter_map(|e| e["value"].as_str().map(str::to_owned))
}
