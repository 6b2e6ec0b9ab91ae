//! From an empty folder to an agent at work, in each language; and nothing of anybody's is overwritten.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::desk::{Desk, steady};
use crate::office::Office;
use crate::others;
use crate::terminal::Terminal;

/// The team's lead says yes to the registration, and with it to the key.
fn approve(office: &Office, terminal: &Terminal, name: &str) {
    let reference = terminal.finds("a request that waits", |screen| {
        let line =
            screen.lines().rev().find(|line| line.contains(name) && line.contains("is to "))?;
        line.split_whitespace().next().filter(|word| word.contains('-')).map(str::to_owned)
    });
    office.person("U0THEO").approves(&reference);
    terminal.finds("the end of it", |screen| {
        (!screen.contains(&format!("{reference}  "))).then_some(())
    });
}

/// Begins an agent with everything said on the command line.
fn begins<'a>(language: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["init", "figma-notes", "--purpose", "posts new comments to a channel"];
    all.extend(["--access", "database:read", "--does", "none", "--team", "support"]);
    all.extend(["--language", language]);
    all.extend(more);
    all
}

#[test]
fn five_questions_and_it_is_at_work() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let mut terminal = desk.terminal_of(&["init"], 100);
    terminal.waits_for("What is it called?");
    terminal.types("figma-notes");
    terminal.waits_for("What is it for?");
    terminal.types("posts new comments to a channel");
    terminal.waits_for("What does it have to do?");
    terminal.types("database:read");
    terminal.waits_for("Which of these are true?");
    terminal.types("");
    terminal.waits_for("Which team does it work for?");
    terminal.types("support");
    approve(&office, &terminal, "figma-notes");
    let (status, shown) = terminal.ends();
    assert_eq!(status, 0, "{shown}");
    let questions = shown.lines().filter(|line| line.ends_with('?')).count();
    assert_eq!(questions, 5, "{shown}");
    assert!(shown.contains("Done, and on the record: act_"), "{shown}");
    insta::assert_snapshot!(without_ids(&steady(&shown, &office)));

    let manifest = fs::read_to_string(desk.folder().join("agent.toml")).expect("a manifest");
    assert!(manifest.contains("owner   = \"U0DANA\""), "who began it answers for it:\n{manifest}");

    // Everything that was begun is there; a second time there is nothing to do but the work.
    let again = desk.runs(&["init"]);
    assert_eq!(again.status, 0, "{again:?}");
    assert!(again.err.contains("everything is there already"), "{again:?}");
    assert!(again.out.contains("Done, and on the record: act_"), "{again:?}");
    let keys: Vec<PathBuf> = files_below(&desk.folder())
        .into_iter()
        .filter(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("PRIVATE KEY")))
        .collect();
    assert_eq!(keys, Vec::<PathBuf>::new(), "no key in the project");
}

fn without_ids(text: &str) -> String {
    let id = regex::Regex::new(r"act_[0-9A-Z]{26}").expect("a pattern");
    id.replace_all(text, "act_ID").into_owned()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        if path.is_dir() { all.extend(files_below(&path)) } else { all.push(path) }
    }
    all
}

/// An agent is begun, works, is refused when its permission is handed back, and does nothing when it
/// cannot ask.
fn lives(desk: Desk, office: &Office, language: &str, command: &[&str]) {
    let mut terminal = desk.terminal_of(&begins(language, &[]), 100);
    approve(office, &terminal, "figma-notes");
    let (status, shown) = terminal.ends();
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("Working with database example."), "{shown}");
    assert!(shown.contains("Done, and on the record: act_"), "{shown}");

    let (_, grants) = desk.json(&["grants"]);
    let reference = grants.to_string();
    let reference = reference.split('"').find(|word| word.starts_with("G-")).expect("a grant");
    let ended = desk.runs(&["release", reference]);
    assert_eq!(ended.status, 0, "{ended:?}");
    let run = [&["run", "--"], command].concat();
    let denied = desk.runs(&run);
    assert_eq!(denied.status, 77, "{denied:?}");
    for words in [
        "figma-notes may not read database \"example\" now.",
        "It holds no live grant for it.",
        "Next  agent-cli request-permission --resource database:read",
        "or one click, for the owner: http",
        "Wait  ",
        "More  agent-cli why eval_",
    ] {
        assert!(denied.err.contains(words), "no “{words}”: {denied:?}");
    }
    assert!(!denied.out.contains("Working"), "{denied:?}");
    assert!(!denied.err.contains("/agent request"), "one next step is enough: {denied:?}");
    let why = denied.err.split_whitespace().find(|word| word.starts_with("eval_")).expect("an id");
    assert!(!why.is_empty());

    // Nobody answers: nothing is done.
    let mut alone = Command::new(command[0]);
    let usual = desk.command(&[]);
    alone.args(&command[1..]).current_dir(desk.folder()).env_clear();
    alone.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    alone.env("COUNTERSIGN_SERVER", "http://127.0.0.1:9").env("COUNTERSIGN_AGENT", "figma-notes");
    alone.env("COUNTERSIGN_TOKEN", "worthless");
    let ended = alone.output().expect("it runs");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(75), "{said}");
    assert!(said.contains("Nothing was done"), "{said}");
}

/// What is wanted must go with what is said: otherwise the gate would stay closed for good.
#[test]
fn what_could_never_be_held_is_not_written() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let all = begins("none", &["--no-register"]);
    let more: Vec<&str> = all
        .iter()
        .map(|word| if *word == "database:read" { "payments:refund" } else { word })
        .collect();
    let ended = desk.runs(&more);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.err.contains("payments:refund is for agents of tier 3"), "{ended:?}");
    assert!(ended.err.contains("--does customer-data, external-calls or money"), "{ended:?}");
    assert!(!desk.folder().join("agent.toml").exists(), "{ended:?}");

    let at = more.iter().position(|word| *word == "--does").expect("a flag");
    let asked = [&more[..at], &more[at + 2..]].concat();
    let mut terminal = desk.terminal_of(&asked, 100);
    terminal.waits_for("Which of these are true?");
    terminal.types("1");
    terminal.waits_for("Which of 2, 3 or 4");
    terminal.types("4");
    let (status, shown) = terminal.ends();
    assert_eq!(status, 0, "{shown}");

    // Nobody registered it yet: its gate has the link that puts it before its owner.
    let gate = desk.runs(&["gate"]);
    assert_eq!(gate.status, 1, "{gate:?}");
    assert!(gate.out.contains("/r/") && gate.out.contains("before the owner"), "{gate:?}");
    assert!(!gate.out.contains("needs tier"), "{gate:?}");
    assert!(gate.out.contains("Wait   1 day at most"), "{gate:?}");
    assert!(gate.out.contains("help: the Slack channel #agent-help"), "{gate:?}");
}

#[test]
fn an_agent_in_python() {
    let office = Office::open();
    lives(Desk::of_dana(&office), &office, "python", &["python3", "agent.py"]);
}

#[test]
fn an_agent_in_shell() {
    let office = Office::open();
    lives(Desk::of_dana(&office), &office, "shell", &["sh", "agent.sh"]);
}

#[test]
fn an_agent_in_typescript() {
    let tools = others::node();
    let path =
        format!("{}:{}", tools.join(".bin").display(), std::env::var("PATH").expect("a PATH"));
    let office = Office::open();
    let desk = Desk::of_dana(&office).with("PATH", path);
    let folder = desk.folder();
    lives(desk, &office, "typescript", &["node", "agent.ts"]);
    // Its types are right, too, as TypeScript's own compiler sees it; the folder went with the desk.
    assert!(!folder.exists());
    let desk = Desk::new();
    let ended = desk.runs(&begins("typescript", &["--no-register"]));
    assert_eq!(ended.status, 0, "{ended:?}");
    let types = format!("--typeRoots {}", tools.join("@types").display());
    let judged = Command::new(tools.join(".bin/tsc"))
        .args(types.split(' '))
        .current_dir(desk.folder())
        .output()
        .expect("tsc runs");
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
}

#[test]
fn an_agent_in_rust() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("init-rust");
    let home = std::env::var("HOME").expect("a HOME");
    let of =
        |name: &str, usual: &str| std::env::var(name).unwrap_or_else(|_| format!("{home}/{usual}"));
    let variables = [
        ("CARGO_TARGET_DIR", target.display().to_string()),
        ("CARGO_HOME", of("CARGO_HOME", ".cargo")),
        ("RUSTUP_HOME", of("RUSTUP_HOME", ".rustup")),
        ("RUSTFLAGS", "-D warnings".to_owned()),
    ];
    // What it depends on is built before anybody waits for it at a terminal.
    let with =
        |desk| variables.iter().fold(desk, |desk: Desk, (name, value)| desk.with(name, value));
    let before = with(Desk::new());
    let ended = before.runs(&begins("rust", &["--no-register"]));
    assert_eq!(ended.status, 0, "{ended:?}");
    let build = Command::new("cargo")
        .args(["build", "--quiet"])
        .envs(variables.iter().map(|(name, value)| (*name, value.as_str())))
        .current_dir(before.folder())
        .output()
        .expect("cargo runs");
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    let lock = fs::read(before.folder().join("Cargo.lock")).expect("a lock file");

    let office = Office::open();
    let desk = with(Desk::of_dana(&office));
    fs::write(desk.folder().join("Cargo.lock"), lock).expect("written");
    lives(desk, &office, "rust", &["cargo", "run", "--quiet", "--"]);
}

#[test]
fn nothing_of_anybodys_is_overwritten() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let mine = desk.folder().join("agent.py");
    fs::write(&mine, "# mine\n").expect("written");
    let arguments = begins("python", &["--no-register"]);

    // Where nobody can be asked, what is there stays.
    let ended = desk.runs(&arguments);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(ended.out.contains("Kept"), "{ended:?}");
    assert_eq!(fs::read_to_string(&mine).expect("mine"), "# mine\n");

    // Whoever is asked and says nothing keeps it; whoever says yes gets the new one.
    for (answer, kept) in [("", true), ("y", false)] {
        let mut terminal = desk.terminal(&arguments);
        terminal.waits_for("agent.py is there already, and differs. Write over it?");
        terminal.types(answer);
        let (status, shown) = terminal.ends();
        assert_eq!(status, 0, "{shown}");
        assert_eq!(fs::read_to_string(&mine).expect("mine") == "# mine\n", kept, "{shown}");
    }

    // A manifest that is there answers everything, and stays as it is.
    let manifest = desk.folder().join("agent.toml");
    let text =
        fs::read_to_string(&manifest).expect("a manifest").replace("figma-notes", "own-name");
    fs::write(&manifest, &text).expect("written");
    let ended = desk.runs(&["init", "--no-register", "--language", "shell"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(ended.out.contains("own-name"), "{ended:?}");
    assert_eq!(fs::read_to_string(&manifest).expect("a manifest"), text);
    fs::write(&manifest, "version = 1\n[agent]\nname = \"A B\"\n").expect("written");
    let ended = desk.runs(&["init", "--no-register"]);
    assert_eq!(ended.status, 5, "{ended:?}");
    assert!(ended.err.contains("agent.toml:3:8"), "{ended:?}");
}

#[test]
fn what_was_begun_goes_on_from_where_it_stopped() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let begun = desk.runs(&begins("python", &[]));
    assert_eq!(begun.status, 0, "{begun:?}");
    assert!(begun.err.contains("waits for people"), "{begun:?}");
    let mut terminal = desk.terminal_of(&["init"], 100);
    approve(&office, &terminal, "figma-notes");
    let (status, shown) = terminal.ends();
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("Done, and on the record: act_"), "{shown}");

    // Without a terminal nothing is asked; what is missing is named.
    let other = Desk::of_dana(&office);
    let ended = other.runs(&["init", "--no-register"]);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.err.contains("agent-cli init NAME"), "{ended:?}");
}
