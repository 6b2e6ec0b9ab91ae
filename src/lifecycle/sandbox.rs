//! `countersign sandbox`: the real bot beside the stand-in workspace, with nothing configured.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use tokio::sync::Notify;
use tracing::warn;

use super::{Fatal, Outside, StartError, start, told_to_end};
use crate::clock::{Clock, Entropy, MovableClock, SystemClock};
use crate::config::{Config, Mistakes, Sources};
use crate::sandbox::{Sandbox, SandboxConfig, SandboxError, TimeMachine};
use crate::slack::wire::limits::Limits;
use crate::store::Store;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Where the page is; loopback only.
    pub listen: SocketAddr,
    /// Where the workspace and the bot keep what they know between two starts.
    pub data: PathBuf,
    /// Forget what was kept.
    pub fresh: bool,
}

/// Why the sandbox does not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum SandboxFailed {
    /// The folder.
    #[error("the folder {} cannot be used: name another with --data", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The stand-in.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The settings made for it; a fault of ours.
    #[error("the sandbox's own settings were refused:\n{0}")]
    Settings(Mistakes),
    /// The bot.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The connection between the two.
    #[error(transparent)]
    Slack(#[from] Fatal),
}

/// The time of both, moved forward at the page, and kept: a second start does not go back in time.
struct SharedTime {
    clock: Arc<MovableClock>,
    kept_in: PathBuf,
    bot: OnceLock<(Store, Arc<Notify>)>,
}

impl TimeMachine for SharedTime {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
        let seconds = self.clock.offset().num_seconds().to_string();
        if let Err(error) = std::fs::write(&self.kept_in, seconds) {
            warn!(%error, "the clock's offset could not be kept: the next start goes back in time");
        }
        if let Some((_, wake)) = self.bot.get() {
            wake.notify_waiters();
        }
    }

    fn next_deadline(&self) -> BoxFuture<'_, Option<DateTime<Utc>>> {
        Box::pin(async move {
            let (store, _) = self.bot.get()?;
            store.read().await.ok()?.next_deadline().await.ok()?
        })
    }
}

/// Runs the bot and its workspace until Ctrl-C.
pub async fn sandbox(options: SandboxOptions) -> Result<(), SandboxFailed> {
    let told = told_to_end();
    let folder = |source| SandboxFailed::Folder { path: options.data.clone(), source };
    std::fs::create_dir_all(&options.data).map_err(folder)?;
    if options.fresh {
        forget(&options.data).map_err(folder)?;
    }
    let kept_in = options.data.join("clock");
    let offset = std::fs::read_to_string(&kept_in).ok().and_then(|s| s.trim().parse().ok());
    let offset = TimeDelta::seconds(offset.unwrap_or_default());
    let clock = Arc::new(MovableClock::running(offset));
    let time = Arc::new(SharedTime { clock: Arc::clone(&clock), kept_in, bot: OnceLock::new() });

    let mut workspace = SandboxConfig::new(Arc::clone(&time) as _);
    workspace.listen = options.listen;
    workspace.data_file = Some(options.data.join("workspace.json"));
    let (bot_token, app_token) = (workspace.bot_token.clone(), workspace.app_token.clone());
    let workspace = Sandbox::start(workspace).await?;

    let database = options.data.join("countersign.db");
    let set = |name: &str, value: String| (name.into(), value.into());
    let settings = Sources {
        file: None,
        env: vec![
            set("COUNTERSIGN_SERVER__LISTEN", beside(options.listen).to_string()),
            set("COUNTERSIGN_DATABASE__URL", format!("sqlite://{}", database.display())),
            set("COUNTERSIGN_SLACK__MODE", "socket".to_owned()),
            set("COUNTERSIGN_SLACK__API_URL", workspace.api_url()),
            set("COUNTERSIGN_SLACK__BOT_TOKEN", bot_token),
            set("COUNTERSIGN_SLACK__APP_TOKEN", app_token),
        ],
    };
    let config = Config::load(&settings).map_err(SandboxFailed::Settings)?;
    let outside = Outside {
        clock,
        wall: Arc::new(SystemClock),
        entropy: Arc::new(Entropy::from_system()),
        limits: Limits::slack(),
        programs: None,
    };
    let bot = start(&config, outside).await?;
    // Set once, here; nobody else has it.
    let _ = time.bot.set((bot.service().store().clone(), Arc::clone(&bot.wake)));

    greet(&workspace.page_url(), bot.address());
    let why = tokio::select! {
        () = told => None,
        why = bot.failed() => Some(why),
    };
    say("\nEnding. What happened is kept; the next start finds it again.");
    bot.stop().await;
    workspace.stop().await;
    why.map_or(Ok(()), |why| Err(why.into()))
}

/// Removes what the sandbox keeps, and nothing else that may lie in the folder.
fn forget(folder: &Path) -> std::io::Result<()> {
    for name in [
        "clock",
        "workspace.json",
        "countersign.db",
        "countersign.db-wal",
        "countersign.db-shm",
        "countersign.keys",
    ] {
        match std::fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The port after the page's, for agents and services; any that is free, if that one is not.
fn beside(page: SocketAddr) -> SocketAddr {
    let next = |port| SocketAddr::new(page.ip(), port);
    let wished = page.port().checked_add(1).filter(|_| page.port() != 0).map(next);
    wished.filter(|at| std::net::TcpListener::bind(at).is_ok()).unwrap_or(next(0))
}

fn greet(page: &str, programs: SocketAddr) {
    say(&format!(
        "\
Countersign is running beside a stand-in Slack workspace.

  Open   {page}
  API    http://{programs}  for agents and services: docs/api.md

  Try    1. As Dana, a developer, type:     /agent register support-agent-v2
            Fill the form, tick \"writes\": that makes it tier 2.
         2. Switch to Theo (team lead), then to Sam (security): each approves in their messages.
         3. As Dana again:                  /agent request support-agent-v2 database:read for 30m because customer support queries
            Theo and Sam approve, and the grant begins.
         4. Move the clock to the next deadline: the reminder comes, then the end.
         5. At any time: /agent tells what waits for you, and what you can do.
         6. In a terminal, as a developer or a pipeline would: agent-cli login http://{programs}
            (here: cargo run --bin agent-cli -- login http://{programs})

  End    Ctrl-C. The next start finds everything again; --fresh starts over."
    ));
}

/// To the terminal; that it may be gone is no reason to stop.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
