//! From a script on a laptop to an agent at work.

use crate::desk::{Desk, code_on, steady};
use crate::office::{Office, registration};

/// Registers an agent that only reads, with its key.
pub fn registered(office: &Office, desk: &Desk, name: &str) {
    let mut terminal = desk.terminal(&registration(name));
    let reference = terminal.finds("a request that waits", |screen| {
        let line = screen.lines().rev().find(|line| line.contains(&format!("  {name} is to ")))?;
        line.split_whitespace().next().map(str::to_owned)
    });
    office.person("U0THEO").approves(&reference);
    terminal.finds("the end of it", |screen| {
        (!screen.contains(&format!("{reference}  "))).then_some(())
    });
    let (status, shown) = terminal.ends();
    assert_eq!(status, 0, "{shown}");
}

/// The keys of a command line, with the one that sends it.
fn keys(command: &[&str]) -> usize {
    command.join(" ").chars().count() + 1
}

/// A designer who never heard of this, from nothing: not logged in, nothing known but the server's
/// address, which `/agent help` shows. How many questions, how many keys.
#[test]
fn a_designer_registers_a_script() {
    let office = Office::open();
    let desk = Desk::new();
    let login = ["login", office.address.as_str()];
    let mut at_login = desk.terminal(&login);
    let code = code_on(&at_login);
    let types = format!("/agent login {code}");
    office.dana().types(&types);
    office.dana().presses("Log in", "logs a device in as you");
    assert_eq!(at_login.ends().0, 0);

    let register = ["register"];
    let mut terminal = desk.terminal(&register);
    terminal.waits_for("What is it called?");
    terminal.types("figma-to-slack");
    terminal.waits_for("What is it for?");
    terminal.types("posts new designs to the team's channel");
    terminal.waits_for("Which systems does it touch?");
    terminal.types("figma, slack");
    terminal.waits_for("Where does it run");
    terminal.types("my laptop");
    terminal.waits_for("Which of these are true?");
    terminal.types("1");
    terminal.waits_for("Which team does it work for?");
    terminal.types("support");
    terminal.waits_for("Send it?");
    terminal.types("");
    terminal.waits_for("Ctrl-C stops watching");
    insta::assert_snapshot!("a_designer_waits", steady(&terminal.shows(), &office));
    // Two minutes are some 250 keys of somebody who types with two fingers; a click counts as ten.
    let program = "agent-cli ".len();
    let before = 2 * program + keys(&login) + keys(&register) + types.chars().count() + 1 + 10;
    let all = before + terminal.keys();
    assert!(terminal.keys() < 100 && all < 250, "{} of {all} keys", terminal.keys());
    let shown = terminal.shows();
    let questions = shown.lines().filter(|line| line.ends_with('?') && *line != "Send it?");
    assert_eq!(questions.count(), 6, "{shown}");
    terminal.interrupts();
    let (status, shown) = terminal.ends();
    assert_eq!(status, 6, "{shown}");
    insta::assert_snapshot!("a_designer_leaves", steady(&shown, &office));
}

#[test]
fn a_grant_from_the_question_to_its_end() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let mut terminal = desk.terminal(&[
        "request-permission",
        "--resource",
        "database:read",
        "--for",
        "2h",
        "--justification",
        "customer support queries",
        "--wait",
    ]);
    terminal.waits_for("○ team-lead");
    assert!(terminal.is_coloured());
    insta::assert_snapshot!("awaited", steady(&terminal.shows(), &office));
    let reference = terminal.finds("the reference", |screen| {
        let line = screen.lines().find(|line| line.contains("asks for"))?;
        line.split_whitespace().next().map(str::to_owned)
    });
    let (_, waiting) = desk.json(&["status"]);
    assert_eq!(waiting[0]["reference"].as_str(), Some(reference.as_str()), "{waiting}");
    office.person("U0THEO").approves(&reference);
    let (status, shown) = terminal.ends();
    assert_eq!(status, 0, "{shown}");
    insta::assert_snapshot!("granted", steady(&shown, &office));

    let mut text = String::new();
    for arguments in [
        vec!["grants"],
        vec!["show", "support-agent"],
        vec!["list"],
        vec!["release", &reference],
        vec!["grants", "--all"],
        vec!["release", &reference],
    ] {
        let ended = desk.runs(&arguments);
        text.push_str(&format!("$ agent-cli {}\n{}\n", arguments.join(" "), ended.all()));
    }
    insta::assert_snapshot!("afterwards", steady(&text, &office));
}

/// What people choose from: the least first, and nothing by a mere Enter.
#[test]
fn what_can_be_asked_for_is_chosen_on_purpose() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let mut terminal = desk.terminal(&["request-permission", "--justification", "ticket 7"]);
    terminal.waits_for("What does it need?");
    terminal.types("");
    terminal.waits_for("Please type a number");
    insta::assert_snapshot!("the_choice", steady(&terminal.shows(), &office));
    terminal.types("1");
    let (status, shown) = terminal.ends();
    assert_eq!(status, 0, "{shown}");
}

#[test]
fn a_no_says_who_and_why() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let asking = desk
        .command(&[
            "request",
            "--resource",
            "database",
            "--for",
            "2h",
            "--justification",
            "why not",
            "--wait",
        ])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    office.person("U0THEO").denies("why not", "Which tickets? Please say.");
    let ended = asking.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let all = format!("{}--- err\n{}", text(&ended.stdout), text(&ended.stderr));
    assert_eq!(ended.status.code(), Some(1), "{all}");
    insta::assert_snapshot!(steady(&all, &office));
}

/// The no names the way; the appeal is followed like any request, for people and for programs.
#[test]
fn a_no_is_appealed() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let asking = ["request", "--resource", "database", "--for", "2h", "--justification", "why not"];
    let (status, asked) = desk.json(&asking);
    assert_eq!(status, 0, "{asked}");
    let reference = asked["reference"].as_str().expect("a reference").to_owned();
    let mut ended = desk.runs(&["appeal", "G-999", "--because", "x"]);
    assert_eq!(ended.status, 5, "{ended:?}");
    ended = desk.runs(&["appeal", &reference, "--because", "x"]);
    assert_eq!(ended.status, 5, "{ended:?}");
    let early = ended.all();
    office.person("U0THEO").denies("why not", "Which tickets? Please say.");
    let denied = desk.runs(&["status", &reference, "--wait"]);
    assert_eq!(denied.status, 1, "{denied:?}");
    assert_eq!(desk.runs(&["appeal", &reference]).status, 2, "nobody can be asked what is new");
    let mut terminal = desk.terminal(&["appeal", &reference.to_lowercase(), "--wait"]);
    terminal.waits_for("What is new?");
    terminal.types("tickets 4711 to 4720");
    terminal.waits_for("○ compliance");
    let waits = steady(&terminal.shows(), &office);
    office.person("U0VERA").approves("tickets 4711");
    office.person("U0CLEO").approves("tickets 4711");
    let (status, granted) = terminal.ends();
    assert_eq!(status, 0, "{granted}");
    let (status, twice) = desk.json(&["appeal", &reference, "--because", "again"]);
    assert_eq!((status, &twice["exit"]), (5, &serde_json::json!(5)), "{twice}");
    let all = [early, denied.all(), waits, granted, twice["detail"].to_string()];
    insta::assert_snapshot!(steady(&all.join("\n===\n"), &office));
}

#[test]
fn an_agent_is_stopped_only_when_it_is_meant() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let unsure = desk.runs(&["stop", "support-agent"]);
    assert_eq!(unsure.status, 2, "{unsure:?}");
    let mut asked = desk.terminal(&["stop", "support-agent"]);
    asked.waits_for("[y/N]");
    asked.types("");
    assert_eq!(asked.ends().0, 1);
    let stopped = desk.runs(&["stop", "support-agent", "--yes", "--reason", "it went astray"]);
    assert_eq!(stopped.status, 0, "{stopped:?}");
    let listed = desk.runs(&["list"]).all();
    assert!(listed.contains("suspended (stopped)"), "{listed}");
    for command in ["show", "status"] {
        let said = desk.runs(&[command, "support-agent"]).all();
        assert!(
            said.contains("stopped by") && said.contains("it went astray"),
            "{command}: {said}"
        );
        assert!(said.contains("/agent reinstate"), "{command}: {said}");
    }
    insta::assert_snapshot!(steady(&[unsure.all(), stopped.all()].join("\n"), &office));
}

#[test]
fn a_server_that_goes_away_is_waited_for() {
    let mut office = Office::open();
    let desk = Desk::of_dana(&office);
    let mut terminal = desk.terminal(&[
        "register",
        "support-agent",
        "--purpose",
        "answers mail",
        "--systems",
        "mail",
        "--only-reads",
        "--runs-on",
        "kubernetes",
        "--model",
        "none",
        "--team",
        "support",
        "--yes",
    ]);
    terminal.waits_for("Ctrl-C stops watching");
    office.goes_away();
    terminal.waits_for("The server is away");
    terminal.interrupts();
    let (status, shown) = terminal.ends();
    assert_eq!(status, 6, "{shown}");
    assert!(shown.contains("--wait"), "{shown}");
}
