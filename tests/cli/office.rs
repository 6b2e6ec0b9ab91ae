//! The server and its workspace, and the people in Slack, reached as a browser reaches them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// As long as anything may take before a test is given up.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// How often a condition outside this process is looked at.
const LOOK: Duration = Duration::from_millis(30);
/// Where people type their commands.
const SUPPORT: &str = "C0SUPPORT";

/// The server beside its workspace, in a process and a folder of their own.
pub struct Office {
    process: Child,
    page: String,
    /// The server's address, for programs.
    pub address: String,
    _data: TempDir,
}

impl Office {
    /// Starts both, and waits until they say where they are.
    pub fn open() -> Self {
        let data = tempfile::tempdir().expect("a folder for the sandbox");
        let mut process = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["sandbox", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let out = process.stdout.take().expect("its standard output");
        let (line, lines) = mpsc::channel();
        // Reads to the end, also when nobody listens any more: a full pipe would stop the server.
        std::thread::spawn(move || {
            for printed in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = line.send(printed);
            }
        });
        let mut seen = Vec::new();
        let mut found = |label: &str| loop {
            let printed = lines
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no {label} in:\n{}", seen.join("\n")));
            let mut words = printed.split_whitespace();
            if words.next() == Some(label)
                && let Some(address) = words.find(|word| word.starts_with("http://"))
            {
                return address.trim_end_matches('/').to_owned();
            }
            seen.push(printed.clone());
        };
        let (page, address) = (found("Open"), found("API"));
        Self { process, page, address, _data: data }
    }

    /// Somebody in Slack.
    pub const fn person(&self, id: &'static str) -> Person<'_> {
        Person { office: self, id }
    }

    /// The developer at whose terminal the tests sit.
    pub const fn dana(&self) -> Person<'_> {
        self.person("U0DANA")
    }

    /// An agent asks whether it may do something, by its token.
    pub fn evaluates(&self, token: &str, question: &Value) -> Value {
        let more = format!("Authorization: Bearer {token}\r\n");
        http(&self.address, "POST", "/access/v1/evaluation", Some(question), &more)
    }

    /// Moves the clock of server and workspace forward.
    pub fn pass(&self, seconds: u64) {
        self.post("/_page/clock", &json!({ "advance_seconds": seconds }));
    }

    /// Stops the server as a machine does that loses its power.
    pub fn goes_away(&mut self) {
        self.process.kill().expect("a process of ours");
        self.process.wait().expect("a process of ours");
    }

    fn get(&self, path: &str) -> Value {
        http(&self.page, "GET", path, None, "")
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let answer = http(&self.page, "POST", path, Some(body), "");
        assert_ne!(answer["ok"], json!(false), "{path} {body}: {answer}");
        answer
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        // It may have been stopped by the test.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Somebody in Slack.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    office: &'a Office,
    id: &'static str,
}

impl Person<'_> {
    /// Types a command.
    pub fn types(self, text: &str) {
        let say = json!({ "as": self.id, "channel": SUPPORT, "text": text });
        self.office.post("/_page/say", &say);
    }

    /// Presses the newest button of this name, in a message that has these words; waits for it.
    pub fn presses(self, label: &str, words: &str) {
        let (channel, ts, block, action, value) =
            self.waits_for(&format!("a button “{label}” beside “{words}”"), || {
                self.messages().into_iter().rev().find_map(|(channel, message)| {
                    let has = message.to_string().contains(words);
                    let button = has.then(|| button(&message, label)).flatten()?;
                    let ts = message["ts"].as_str()?.to_owned();
                    Some((channel, ts, button.0, button.1, button.2))
                })
            });
        let deed = json!({
            "as": self.id, "block_id": block, "action_id": action, "value": value,
            "container": { "type": "message", "channel": channel, "ts": ts },
        });
        self.office.post("/_page/action", &deed);
    }

    /// Approves a request.
    pub fn approves(self, reference: &str) {
        self.presses("Approve", reference);
    }

    /// Denies a request, with a reason.
    pub fn denies(self, reference: &str, reason: &str) {
        self.presses("Deny…", reference);
        let form = self.waits_for("a form that asks for the reason", || {
            let state = self.office.get(&format!("/_page/state?as={}", self.id));
            state["modals"].as_array().and_then(|modals| modals.last().cloned())
        });
        let input = form["blocks"].as_array().into_iter().flatten();
        let mut input = input.filter(|block| block["type"] == "input");
        let input = input.next().unwrap_or_else(|| panic!("no field in {form}"));
        let block = input["block_id"].as_str().expect("an id");
        let action = input["element"]["action_id"].as_str().expect("an id");
        let values = json!({ block: { action: reason } });
        let sent = json!({ "as": self.id, "view_id": form["id"], "values": values });
        let answer = self.office.post("/_page/submit", &sent);
        assert_eq!(answer["errors"], Value::Null, "{answer}");
    }

    fn messages(self) -> Vec<(String, Value)> {
        let state = self.office.get(&format!("/_page/state?as={}", self.id));
        let mut all = Vec::new();
        for channel in state["channels"].as_array().into_iter().flatten() {
            let channel = channel["id"].as_str().expect("an id");
            let path = format!("/_page/messages?as={}&channel={channel}", self.id);
            let messages = self.office.get(&path);
            let messages = messages["messages"].as_array().cloned().unwrap_or_default();
            all.extend(messages.into_iter().map(|message| (channel.to_owned(), message)));
        }
        all.sort_by_key(|(_, message)| message["ts"].as_str().unwrap_or_default().to_owned());
        all
    }

    fn waits_for<T>(self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            if begun.elapsed() > PATIENCE {
                let seen: Vec<String> = self
                    .messages()
                    .iter()
                    .map(|(_, message)| message["text"].to_string())
                    .collect();
                panic!("{} never saw {what} in:\n{}", self.id, seen.join("\n---\n"));
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// The block, the action and the value of a button by its label.
fn button(message: &Value, label: &str) -> Option<(String, String, Value)> {
    message["blocks"].as_array()?.iter().find_map(|block| {
        block["elements"].as_array()?.iter().find_map(|element| {
            (element["type"] == "button" && element["text"]["text"] == label).then(|| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                (text(&block["block_id"]), text(&element["action_id"]), Value::Null)
            })
        })
    })
}

/// One exchange over a connection of its own.
fn http(base: &str, method: &str, path: &str, body: Option<&Value>, more: &str) -> Value {
    let host = base.strip_prefix("http://").expect("plain");
    let mut stream = TcpStream::connect(host).expect("the page listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    let body = body.map(Value::to_string).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n{more}\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{method} {path}: {head}\n\n{body}"))
}

/// What is typed to register an agent that only reads, with nothing left to ask.
pub const fn registration(name: &str) -> [&str; 14] {
    [
        "register",
        name,
        "--purpose",
        "answers support mail",
        "--systems",
        "database",
        "--only-reads",
        "--runs-on",
        "kubernetes",
        "--model",
        "none",
        "--team",
        "support",
        "--yes",
    ]
}
