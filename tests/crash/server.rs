//! A child process of the server binary, and what it says on standard error.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// As long as anything may take before a test is given up.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// How often a condition outside this process is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_countersign");

/// A running (or ended) server.
pub struct Server {
    child: Mutex<Child>,
    said: watch::Receiver<Arc<Vec<String>>>,
}

impl Server {
    /// Starts the binary with these arguments and no other environment than this.
    pub fn start(arguments: &[&str], env: &[(String, String)]) -> Self {
        // A file that may not grow is an error to be told, as on a full disk, not a signal to die by.
        let mut child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", BINARY])
            .args(arguments)
            .env_clear()
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (heard, said) = watch::channel(Arc::new(Vec::new()));
        let heard = Arc::new(heard);
        let streams: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stderr.take().expect("standard error")),
            Box::new(child.stdout.take().expect("standard output")),
        ];
        for stream in streams {
            let heard = Arc::clone(&heard);
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    heard.send_modify(|lines| Arc::make_mut(lines).push(line));
                }
            });
        }
        Self { child: Mutex::new(child), said }
    }

    /// Everything it has said so far.
    pub fn said(&self) -> String {
        self.said.borrow().join("\n")
    }

    /// Waits until it says a line in which `look` finds something.
    pub async fn says<T>(&self, what: &str, look: impl Fn(&str) -> Option<T>) -> T {
        let mut said = self.said.clone();
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(found) = said.borrow_and_update().iter().find_map(|line| look(line)) {
                    return Some(found);
                }
                if said.changed().await.is_err() {
                    return None;
                }
            }
        });
        let found = found.await.ok().flatten();
        found.unwrap_or_else(|| panic!("the server never said {what}:\n{}", self.said()))
    }

    /// Waits until it is at work; where it listens.
    pub async fn address(&self) -> SocketAddr {
        self.says("that it is at work", |line| {
            let (_, rest) = line.split_once("at work address=")?;
            rest.split_whitespace().next()?.parse().ok()
        })
        .await
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    /// Sends it a signal: `KILL`, `TERM`, `INT`.
    pub fn signal(&self, name: &str) {
        let pid = self.id();
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
        assert!(sent.expect("a shell").success(), "no process {pid} to send {name} to");
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<ExitStatus> {
        self.child().try_wait().expect("a child of ours")
    }

    /// Waits until it ends.
    pub async fn end(&self, within: Duration) -> ExitStatus {
        let waited = tokio::time::timeout(within, async {
            loop {
                if let Some(status) = self.ended() {
                    return status;
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("it goes on after {within:?}:\n{}", self.said()))
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut child = self.child();
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}
