//! A headless Chromium, spoken to by its own DevTools protocol over one WebSocket.
//!
//! Just what this test needs: <https://chromedevtools.github.io/devtools-protocol/>.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{mpsc as channel, oneshot};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::page::{Page, Visit};

/// How long one command to the browser may take; waits inside the page end sooner by themselves.
const PATIENCE: Duration = Duration::from_secs(30);

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// The browser's process.
pub struct Chromium {
    process: Child,
    line: Arc<Line>,
    _profile: TempDir,
}

/// The connection to the browser.
pub struct Line {
    out: channel::UnboundedSender<Message>,
    waiting: Waiting,
    next: AtomicU64,
    /// What the pages complained about: exceptions and refused resources, by session.
    pub complaints: Arc<Mutex<Vec<String>>>,
}

impl Chromium {
    /// Starts the browser.
    pub async fn start() -> Self {
        let path = std::env::var("COUNTERSIGN_TEST_CHROMIUM")
            .unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
        assert!(
            Path::new(&path).exists(),
            "there is no browser at {path}: install Chromium, or name one in \
             COUNTERSIGN_TEST_CHROMIUM; `scripts/test` does both"
        );
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        let mut process = Command::new(&path)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--disable-background-timer-throttling",
                "--disable-renderer-backgrounding",
                "--disable-backgrounding-occluded-windows",
                "--hide-scrollbars",
                "--lang=en-GB",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("TZ", "Europe/Amsterdam")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{path} does not start: {error}"));
        let address = debugger(&mut process);
        let line = Line::open(&address).await;
        Self { process, line, _profile: profile }
    }

    /// Opens a window of its own: nothing is shared with the others, as between two people.
    pub async fn window(&self, address: &str, visit: Visit) -> Page {
        let context = self.line.call(None, "Target.createBrowserContext", json!({})).await;
        let target = json!({"url": "about:blank", "browserContextId": context["browserContextId"]});
        let target = self.line.call(None, "Target.createTarget", target).await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.line.call(None, "Target.attachToTarget", attach).await;
        let session = session["sessionId"].as_str().expect("a session").to_owned();
        Page::open(Arc::clone(&self.line), session, address, visit).await
    }

    /// What the pages complained about.
    pub fn complaints(&self) -> Vec<String> {
        self.line.complaints.lock().unwrap().clone()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address of the debugger, as the browser prints it: `DevTools listening on ws://…`.
fn debugger(process: &mut Child) -> String {
    let out = process.stderr.take().expect("its standard error");
    let (line, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for printed in BufReader::new(out).lines().map_while(Result::ok) {
            let _ = line.send(printed);
        }
    });
    let mut seen = Vec::new();
    loop {
        let printed = lines
            .recv_timeout(Duration::from_secs(60))
            .unwrap_or_else(|_| panic!("the browser names no debugger:\n{}", seen.join("\n")));
        match printed.split_once("listening on ") {
            Some((_, address)) => return address.trim().to_owned(),
            None => seen.push(printed),
        }
    }
}

impl Line {
    async fn open(address: &str) -> Arc<Self> {
        let (socket, _) = connect_async(address).await.expect("the debugger answers");
        let (mut sink, mut stream) = socket.split();
        let (out, mut outgoing) = channel::unbounded_channel::<Message>();
        tokio::spawn(async move {
            while let Some(message) = outgoing.recv().await {
                if sink.send(message).await.is_err() {
                    return;
                }
            }
        });
        let waiting = Waiting::default();
        let complaints = Arc::<Mutex<Vec<String>>>::default();
        let (answered, heard) = (Arc::clone(&waiting), Arc::clone(&complaints));
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                let Message::Text(text) = message else { continue };
                let message: Value = serde_json::from_str(&text).expect("JSON from the browser");
                if let Some(id) = message["id"].as_u64() {
                    if let Some(waiting) = answered.lock().unwrap().remove(&id) {
                        let _ = waiting.send(message);
                    }
                } else if let Some(complaint) = complaint(&message) {
                    heard.lock().unwrap().push(complaint);
                }
            }
            answered.lock().unwrap().clear();
        });
        Arc::new(Self { out, waiting, next: AtomicU64::new(1), complaints })
    }

    /// Sends a command and returns its result.
    pub async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut command = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            command["sessionId"] = json!(session);
        }
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, answer);
        self.out.send(Message::text(command.to_string())).expect("the browser is there");
        let answer = tokio::time::timeout(PATIENCE, answered)
            .await
            .unwrap_or_else(|_| panic!("the browser does not answer {method} {params}"))
            .unwrap_or_else(|_| panic!("the browser is gone; it was asked {method} {params}"));
        assert!(answer["error"].is_null(), "{method} {params}: {}", answer["error"]);
        answer["result"].clone()
    }
}

/// An exception of a page, or what it wrote as an error.
fn complaint(event: &Value) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        "Runtime.consoleAPICalled" if params["type"] == "error" => Some(params["args"].to_string()),
        "Log.entryAdded" if params["entry"]["level"] == "error" => {
            Some(params["entry"].to_string())
        }
        _ => None,
    }
}
