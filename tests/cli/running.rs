//! Tokens, and commands that run with them.

use std::process::Stdio;
use std::time::Duration;

use crate::desk::Desk;
use crate::office::{Office, registration};
use crate::requests::registered;

#[test]
fn a_command_runs_as_the_agent_and_never_sees_the_key() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let token = desk.runs(&["token", "--agent", "support-agent"]);
    assert_eq!(token.status, 0, "{token:?}");
    assert_eq!(token.out.trim().split('.').count(), 3, "{token:?}");

    let script = r#"
        set -eu
        test "$COUNTERSIGN_TOKEN" = "$(cat "$COUNTERSIGN_TOKEN_FILE")"
        test "$COUNTERSIGN_AGENT" = support-agent
        test -z "${COUNTERSIGN_AGENT_KEY:-}"
        test "$(stat -c %a "$COUNTERSIGN_TOKEN_FILE")" = 600
        echo "$COUNTERSIGN_TOKEN_FILE"
        exit 43
    "#;
    let key = desk.key("support-agent").display().to_string();
    let desk = desk.with("COUNTERSIGN_AGENT_KEY", key);
    let ended = desk.runs(&["run", "--", "sh", "-c", script]);
    assert_eq!(ended.status, 43, "{ended:?}");
    assert!(!std::path::Path::new(ended.out.trim()).exists(), "the token stays behind");

    // The agent itself, by its token.
    let inner = ["run", "--", crate::desk::BINARY, "whoami", "--json"];
    let ended = desk.runs(&inner);
    assert!(ended.out.contains(r#""kind": "agent""#), "{ended:?}");
    assert_eq!(desk.runs(&["run", "--", "no-such-program"]).status, 127);
}

#[test]
fn signals_reach_the_command() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let ready = desk.folder().join("ready");
    let script = format!(
        "trap 'echo told; exit 7' TERM; touch {}; while :; do sleep 0.05; done",
        ready.display()
    );
    let child = desk
        .command(&["run", "--agent", "support-agent", "--", "sh", "-c", &script])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let begun = std::time::Instant::now();
    while !ready.exists() {
        assert!(begun.elapsed() < crate::office::PATIENCE, "the command never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    let kill = format!("kill -TERM {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().expect("sh").success());
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(7));
    assert_eq!(String::from_utf8_lossy(&ended.stdout).trim(), "told");
}

#[test]
fn a_key_that_nobody_approved_gets_no_token() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let path = desk.key("support-agent");
    std::fs::remove_file(&path).expect("a key");
    let made = desk.runs(&["key", "support-agent", "--public"]);
    assert!(made.out.contains(r#""kty":"OKP""#) && !made.out.contains(r#""d""#), "{made:?}");
    let ended = desk.runs(&["token", "--agent", "support-agent"]);
    assert_eq!(ended.status, 3, "{ended:?}");
    assert!(ended.err.contains("The agent's key is not accepted."), "{ended:?}");
}

/// Who began an agent and did not wait is told whom it waits for, and not that its key is wrong.
#[test]
fn who_is_not_approved_yet_is_told_whom_it_waits_for() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let begun = desk.runs(&registration("support-agent"));
    assert_eq!(begun.status, 0, "{begun:?}");
    let token = desk.runs(&["token", "--agent", "support-agent"]);
    assert_eq!(token.status, 6, "{token:?}");
    let run = desk.runs(&["run", "--agent", "support-agent", "--", "true"]);
    assert_eq!(run.status, 6, "{run:?}");
    insta::assert_snapshot!(crate::desk::steady(&[token.all(), run.all()].join("\n"), &office));
}

#[test]
fn a_token_is_for_a_service_that_there_is() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let named = desk.runs(&["token", "--agent", "support-agent", "--for", "crm"]);
    assert_eq!(named.status, 5, "{named:?}");
    insta::assert_snapshot!(named.all());
    let address = ["token", "--agent", "support-agent", "--for", "https://crm.example.com"];
    assert_eq!(desk.runs(&address).status, 0);
}

/// After a jump of the clock the server makes its own keys anew, a moment later; programs wait for that. And
/// by now this machine's clock is wrong, which locks nobody out.
#[test]
fn a_long_sleep_does_not_stop_an_agent() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    office.pass(35 * 86_400);
    let ended = desk.runs(&["run", "--agent", "support-agent", "--", "true"]);
    assert!(!ended.err.contains("503"), "{ended:?}");
    assert_eq!(ended.status, 0, "{ended:?}");
}

#[test]
fn a_no_at_run_time_is_explained_to_the_owner() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let token = desk.runs(&["token", "--agent", "support-agent"]).out;
    let question = serde_json::json!({
        "subject": { "type": "agent", "id": "support-agent" },
        "action": { "name": "write" },
        "resource": { "type": "database", "id": "orders" },
    });
    let answer = office.evaluates(token.trim(), &question);
    assert_eq!(answer["decision"].as_bool(), Some(false), "{answer}");
    let id = answer["context"]["evaluation_id"].as_str().expect("an id");
    let ended = desk.runs(&["why", id]);
    assert_eq!(ended.status, 0, "{ended:?}");
    insta::assert_snapshot!(crate::desk::steady(&ended.all(), &office));
    assert_eq!(desk.runs(&["why", "not an id"]).status, 2);
}
