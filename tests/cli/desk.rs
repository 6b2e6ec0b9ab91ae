//! A machine with one person at it: a home of its own, and `agent-cli` in terminals and pipes.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::office::Office;
use crate::terminal::Terminal;

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_agent-cli");
/// How wide terminals are, unless a test says otherwise.
const COLUMNS: u16 = 80;

/// A machine with one person at it.
pub struct Desk {
    /// The person's home; gone when this is dropped.
    pub home: TempDir,
    /// More variables, which go before all others.
    pub set: Vec<(&'static str, String)>,
}

impl Desk {
    /// A new machine: nothing is known of any server.
    pub fn new() -> Self {
        // Always as long: where lines are broken must not hang on the machine.
        let home = tempfile::Builder::new().prefix("home").tempdir_in("/tmp");
        Self { home: home.expect("a home"), set: Vec::new() }
    }

    /// The same machine, with one more variable.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.set.push((name, value.into()));
        self
    }

    /// A machine at which Dana is logged in.
    pub fn of_dana(office: &Office) -> Self {
        let desk = Self::new();
        desk.logs_in(office);
        desk
    }

    /// Dana logs in; what her terminal shows in the end.
    pub fn logs_in(&self, office: &Office) -> String {
        let mut login = self.terminal(&["login", &office.address, "--device", "dana@desk"]);
        let code = code_on(&login);
        office.dana().types(&format!("/agent login {code}"));
        office.dana().presses("Log in", "logs a device in as you");
        let (status, shown) = login.ends();
        assert_eq!(status, 0, "{shown}");
        shown
    }

    /// The person's home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where commands are called.
    pub fn folder(&self) -> PathBuf {
        let folder = self.home.path().join("work");
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    /// The settings of `agent-cli`.
    pub fn config(&self, name: &str) -> PathBuf {
        self.home.path().join(".config/countersign").join(name)
    }

    /// Where an agent's private key is.
    pub fn key(&self, agent: &str) -> PathBuf {
        self.home.path().join(".local/share/countersign/keys").join(format!("{agent}.pem"))
    }

    fn variables(&self) -> Vec<(String, String)> {
        let home = self.home.path().display().to_string();
        let path = std::env::var("PATH").expect("a PATH");
        let mut all = vec![
            ("HOME".to_owned(), home),
            ("PATH".to_owned(), path),
            ("USER".to_owned(), "dana".to_owned()),
            ("TERM".to_owned(), "xterm-256color".to_owned()),
            ("TZ".to_owned(), "UTC".to_owned()),
        ];
        all.extend(self.set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        all
    }

    /// A command in a terminal.
    pub fn terminal(&self, arguments: &[&str]) -> Terminal {
        self.terminal_of(arguments, COLUMNS)
    }

    /// A command in a terminal with so many columns.
    pub fn terminal_of(&self, arguments: &[&str], columns: u16) -> Terminal {
        let command = pty_process::blocking::Command::new(BINARY)
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .envs(self.variables());
        Terminal::start(command, columns)
    }

    /// A command with pipes in place of a terminal, not started yet.
    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(BINARY);
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .envs(self.variables())
            .stdin(Stdio::null());
        command
    }

    /// A command with pipes, to its end.
    pub fn runs(&self, arguments: &[&str]) -> Ended {
        let Output { status, stdout, stderr } =
            self.command(arguments).output().expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Ended { status: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
    }

    /// The JSON that a command answers.
    pub fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let all = [arguments, &["--json"]].concat();
        let ended = self.runs(&all);
        let value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"));
        (ended.status, value)
    }
}

/// How a piped command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its status.
    pub status: i32,
    /// Its answer.
    pub out: String,
    /// Everything else that it said.
    pub err: String,
}

impl Ended {
    /// All of it, for a snapshot.
    pub fn all(&self) -> String {
        format!("[{}]\n--- out\n{}--- err\n{}", self.status, self.out, self.err)
    }
}

/// The code that a login shows.
pub fn code_on(terminal: &Terminal) -> String {
    terminal.finds("a code", |screen| {
        let (_, rest) = screen.split_once("/agent login ")?;
        let code = rest.split_whitespace().next()?;
        (code.len() == 9 && rest.contains("Waiting")).then(|| code.to_owned())
    })
}

/// A text without what differs from run to run: addresses, times, codes.
pub fn steady(text: &str, office: &Office) -> String {
    let text = text.replace(&office.address, "http://SERVER");
    let mut steady = text;
    for (pattern, with) in [
        (r"\b[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}\b", "CODE"),
        (r"dana@[^\s”,]+", "dana@MACHINE"),
        (r"until (\w{3} \d+ \w{3} )?\d\d:\d\d", "until CLOCK"),
        (r"\b(\w{3} \d+ \w{3} )?\d\d:\d\d\b", "CLOCK"),
        (r"\(in [^)]*\)", "(in TIME)"),
        (r"\((now|\d+ \w+ ago)\)", "(AGO)"),
        (r"(http://SERVER/\w+)\S{30,}", "$1…"),
        (r"asked (now|\d+ \w+ ago)", "asked AGO"),
        (r"(now|\d+ \w+ ago) {2,}", "AGO  "),
        (r"\d+ \w+( \d+ \w+)? left", "TIME left"),
        (r"/\S*/\.(config|local)", "~/.$1"),
        (r"\(0\.1\.0\)", "(VERSION)"),
        (r"[A-Za-z0-9_-]{43}", "THUMBPRINT"),
        (r"tok_[0-9A-Z]{26}", "tok_…"),
    ] {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        steady = pattern.replace_all(&steady, with).into_owned();
    }
    steady.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
