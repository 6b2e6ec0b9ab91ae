//! The real server in HTTP mode, on one thread that stays on one core, and its database.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use countersign::clock::{Clock, Entropy, MovableClock, SystemClock};
use countersign::config::{Config, Sources};
use countersign::lifecycle::{Outside, start};
use countersign::meters::{RECORDS, SPANS};
use countersign::slack::wire::limits::Limits;
use countersign::store::Engine;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::signed::SECRET;
use super::slack::Slack;
use super::{SERVER_CORE, stay_on};

/// A database of its own; gone when this is dropped.
pub struct Database {
    pub url: String,
    pub engine: Engine,
    _folder: Option<TempDir>,
    server: Option<(PgConnectOptions, String)>,
}

impl Database {
    /// A file. `COUNTERSIGN_BENCH_FOLDER` says where, if not in the system's temporary folder,
    /// which may be memory: that would measure no disk.
    pub fn sqlite() -> Self {
        let folder = match std::env::var_os("COUNTERSIGN_BENCH_FOLDER") {
            Some(at) => TempDir::new_in(at),
            None => TempDir::new(),
        };
        let folder = folder.expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("countersign.db").display());
        Self { url, engine: Engine::Sqlite, _folder: Some(folder), server: None }
    }

    /// A database on the server that `COUNTERSIGN_TEST_POSTGRES` names; none if it names none.
    pub async fn postgres() -> Option<Self> {
        let server = std::env::var("COUNTERSIGN_TEST_POSTGRES").ok()?;
        let server = PgConnectOptions::from_str(&server).expect("an address of PostgreSQL");
        let admin = PgConnection::connect_with(&server).await;
        let mut admin = admin.unwrap_or_else(|e| {
            panic!("the server that COUNTERSIGN_TEST_POSTGRES names does not answer: {e}")
        });
        let name = format!("countersign_bench_{}", super::now().timestamp_micros());
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut admin).await.expect("a database");
        admin.close().await.expect("a clean end");
        let url = server.clone().database(&name).to_url_lossy().to_string();
        Some(Self { url, engine: Engine::Postgres, _folder: None, server: Some((server, name)) })
    }

    /// Those that the command line names (`sqlite`, `postgres`); both, or the one that there is, if
    /// it names none. What is not asked for need not be there.
    pub async fn asked_for() -> Vec<Self> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let named = |name: &str| words.iter().any(|word| word == name);
        let both = !named("sqlite") && !named("postgres");
        let mut all = Vec::new();
        if both || named("sqlite") {
            all.push(Self::sqlite());
        }
        if both || named("postgres") {
            match Self::postgres().await {
                Some(postgres) => all.push(postgres),
                None => println!("COUNTERSIGN_TEST_POSTGRES is not set: no PostgreSQL is measured"),
            }
        }
        all
    }

    /// Its name in the table.
    pub const fn name(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }

    /// Ends it.
    pub async fn drop(self) {
        let Some((server, name)) = &self.server else { return };
        let drop_it = format!("DROP DATABASE {name} WITH (FORCE)");
        let mut admin = PgConnection::connect_with(server).await.expect("PostgreSQL answers");
        sqlx::raw_sql(AssertSqlSafe(drop_it)).execute(&mut admin).await.expect("dropped");
    }
}

/// The server's settings.
pub fn environment(database: &Database, slack: &Slack) -> Vec<(String, String)> {
    let set = |name: &str, value: &str| (format!("COUNTERSIGN_{name}"), value.to_owned());
    vec![
        set("SERVER__LISTEN", "127.0.0.1:0"),
        set("DATABASE__URL", &database.url),
        set("SLACK__API_URL", &slack.api_url()),
        set("SLACK__BOT_TOKEN", "xoxb-1-bench"),
        set("SLACK__MODE", "http"),
        set("SLACK__SIGNING_SECRET", SECRET),
    ]
}

/// A server at work.
pub struct Bed {
    pub address: SocketAddr,
    pub clock: Arc<MovableClock>,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Bed {
    /// Starts it with the log at its usual level.
    pub async fn start(database: &Database, slack: &Slack, limits: Limits) -> Self {
        let env = environment(database, slack);
        let env = env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let config = Config::load(&Sources { file: None, env }).unwrap_or_else(|m| panic!("{m}"));
        let clock = Arc::new(MovableClock::running(chrono::TimeDelta::zero()));
        let outside = Outside {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            wall: Arc::new(SystemClock),
            entropy: Arc::new(Entropy::from_system()),
            limits,
            programs: None,
        };
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            stay_on(SERVER_CORE);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let running = start(&config, outside).await.expect("the server starts");
                tell.send(running.address()).ok();
                stopped.await.ok();
                running.stop().await;
            });
        });
        // The stub of Slack runs on the thread that waits here, so it must not be blocked.
        let address = told.await.expect("the server starts");
        Self { address, clock, stop, thread }
    }

    /// Ends it.
    pub async fn stop(self) {
        self.stop.send(()).ok();
        let end = tokio::task::spawn_blocking(move || self.thread.join());
        end.await.expect("joined").expect("a clean end");
    }
}

/// The log at its usual level, written to nowhere: what it costs belongs to the figures. Spans and
/// records are off, as they are in a server that exports nothing.
pub fn log_to_nowhere() {
    let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null").expect("nowhere");
    let beside = [SPANS, RECORDS].map(|target| (target, LevelFilter::OFF));
    let discreet = Targets::new().with_default(LevelFilter::TRACE).with_targets(beside);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(std::sync::Mutex::new(nowhere))
        .with_filter(EnvFilter::new("info").and(discreet));
    tracing_subscriber::registry().with(lines).init();
}
