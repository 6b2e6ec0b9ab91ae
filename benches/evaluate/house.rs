//! The server with a policy of ten rules, and a service that asks.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use countersign::clock::{Entropy, SystemClock};
use countersign::config::{Config, Sources};
use countersign::lifecycle::{Outside, start};
use countersign::slack::wire::limits::Limits;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::common::bed::{Database, environment};
use crate::common::slack::Slack;
use crate::common::{SERVER_CORE, stay_on};

const TOKEN: &str = "of-the-measurement-0123456789abcdef";

/// Six conditions that hold for every question asked here, beside the four of the starter policy.
const SIX_MORE: &str = r#"
@id("m1") forbid (principal is agent, action == Action::"comment", resource is tickets)
unless { context has agent && context.agent has task && context.agent.task != "" };
@id("m2") forbid (principal is agent, action == Action::"comment", resource is tickets)
unless { context.conversation.participants.contains("c1") };
@id("m3") forbid (principal is agent, action == Action::"comment", resource is tickets)
when { context.hour > 23 };
@id("m4") forbid (principal is agent, action == Action::"comment", resource is tickets)
when { context.weekday > 7 };
@id("m5") forbid (principal is agent, action == Action::"comment", resource is tickets)
when { principal.tier < 2 };
@id("m6") forbid (principal is agent, action == Action::"comment", resource is tickets)
when { principal.team == "nobody" };
"#;
const SCHEMA: &str = "
entity tickets = {};
action comment appliesTo {
  principal: agent,
  resource: tickets,
  context: {
    conversation: { participants: Set<String> },
    agent?: { task?: String },
    hour: Long,
    weekday: Long,
  },
};
";

/// A policy folder: the starter policy, a service, and ten rules in all.
pub struct Policy {
    folder: TempDir,
}

impl Policy {
    pub fn with_ten_rules() -> Self {
        let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy");
        let folder = TempDir::new().expect("a folder");
        let sha256 = hex::encode(Sha256::digest(TOKEN.as_bytes()));
        let more = format!(
            "\n[services.bench]\nbearer_sha256 = \"{sha256}\"\n\n[quotas]\nevaluations = 1000000\ntokens = 1000000\n"
        );
        for (name, more) in [
            ("policy.toml", more.as_str()),
            ("rules.cedar", SIX_MORE),
            ("schema.cedarschema", SCHEMA),
        ] {
            let text = std::fs::read_to_string(from.join(name)).expect("the starter policy");
            std::fs::write(folder.path().join(name), format!("{text}\n{more}")).expect("written");
        }
        Self { folder }
    }

    fn environment(&self, database: &Database, slack: &Slack) -> Vec<(String, String)> {
        let path = self.folder.path().display().to_string();
        let mut all = environment(database, slack);
        all.push(("COUNTERSIGN_POLICY__PATH".to_owned(), path));
        all
    }
}

/// May this agent comment on this ticket? As it goes over the wire.
pub fn question(agent: &str, object: &str) -> Bytes {
    let body = format!(
        "{{\"subject\":{{\"type\":\"agent\",\"id\":\"{agent}\"}},\"action\":{{\"name\":\"comment\"}},\
         \"resource\":{{\"type\":\"tickets\",\"id\":\"{object}\"}},\"context\":{{\"conversation\":\
         {{\"participants\":[\"c1\",\"c2\"]}},\"agent\":{{\"model_version\":\"m-4.1\",\
         \"prompt_hash\":\"2cf24dba5fb0a30e\",\"task\":\"ticket 7\"}}}}}}"
    );
    let head = format!(
        "POST /access/v1/evaluation HTTP/1.1\r\nhost: pdp\r\ncontent-type: application/json\r\n\
         authorization: Bearer {TOKEN}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Bytes::from(head + &body)
}

/// A server in this process, on a core of its own.
pub struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Server {
    pub async fn start(database: &Database, slack: &Slack, policy: &Policy) -> Self {
        let env = policy.environment(database, slack);
        let env = env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let config = Config::load(&Sources { file: None, env }).unwrap_or_else(|m| panic!("{m}"));
        let outside = Outside {
            clock: Arc::new(SystemClock),
            wall: Arc::new(SystemClock),
            entropy: Arc::new(Entropy::from_system()),
            limits: Limits::slack(),
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
        let address = told.await.expect("the server starts");
        Self { address, stop, thread }
    }

    pub async fn stop(self) {
        self.stop.send(()).ok();
        let end = tokio::task::spawn_blocking(move || self.thread.join());
        end.await.expect("joined").expect("a clean end");
    }
}

/// The server as a process, and where it listens.
pub async fn process(database: &Database, slack: &Slack, policy: &Policy) -> (Child, SocketAddr) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("serve")
        .envs(policy.environment(database, slack))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the server starts");
    let log = server.stderr.take().expect("its log");
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let mut tell = Some(tell);
        // Read to the end, so that the server never waits for its reader.
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if let Some((_, address)) = line.split_once("at work address=")
                && let Some(tell) = tell.take()
            {
                tell.send(address.trim().parse::<SocketAddr>().expect("an address")).ok();
            }
        }
    });
    (server, told.await.expect("the server is at work"))
}

/// Ends it.
pub fn end(mut server: Child) {
    server.kill().expect("ended");
    server.wait().expect("ended");
}

/// What a process keeps in memory, in MiB.
pub fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the status");
    let found = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = found.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kib.expect("a number") / 1024.0
}
