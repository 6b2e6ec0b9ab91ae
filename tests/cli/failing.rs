//! Whatever can go wrong: what happened, why, what to do next, and a status that programs decide by.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::desk::{Desk, steady};
use crate::impostor::{Impostor, JSON, PROBLEM, about};
use crate::office::Office;
use crate::requests::registered;

#[test]
fn without_a_server_a_login_or_a_network() {
    let desk = Desk::new();
    let none = desk.runs(&["list"]);
    assert_eq!(none.status, 2, "{none:?}");
    // Port 9 of this machine: nobody listens there.
    let away = desk.runs(&["list", "--server", "http://127.0.0.1:9"]);
    assert_eq!(away.status, 7, "{away:?}");
    let plain = desk.runs(&["login", "http://agents.example.com"]);
    assert_eq!(plain.status, 2, "{plain:?}");
    insta::assert_snapshot!([none.all(), away.all(), plain.all()].join("\n"));
}

#[test]
fn who_is_not_logged_in_is_told_so_before_any_question() {
    let office = Office::open();
    let desk = Desk::new();
    let server = office.address.as_str();
    let ended = desk.runs(&["register", "support-agent", "--server", server]);
    assert_eq!(ended.status, 3, "{ended:?}");
    let (status, problem) = desk.json(&["whoami", "--server", server]);
    assert_eq!(status, 3);
    assert_eq!(problem["type"], json!("urn:countersign:problem:logged_out"));
    assert_eq!(problem["exit"], json!(3));
    insta::assert_snapshot!(steady(&ended.all(), &office));
}

#[test]
fn a_login_that_has_ended_says_so_once_and_how_to_begin_again() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    office.pass(100 * 86_400);
    let first = desk.runs(&["whoami"]);
    assert_eq!(first.status, 3, "{first:?}");
    assert!(first.err.contains("Your login has ended."), "{first:?}");
    // It is forgotten: nothing is tried again that will never be good.
    let second = desk.runs(&["whoami"]);
    assert_eq!(second.status, 3, "{second:?}");
    assert!(second.err.contains("You are not logged in."), "{second:?}");
    let foreign = desk.with("COUNTERSIGN_TOKEN", "csp_nobody").runs(&["whoami"]);
    assert_eq!(foreign.status, 3, "{foreign:?}");
    insta::assert_snapshot!(steady(
        &[first.all(), second.all(), foreign.all()].join("\n"),
        &office
    ));
}

#[test]
fn older_and_newer_servers_and_other_products_are_told_apart() {
    let speaks = |newest, oldest| {
        Impostor::open(move |_| ("200 OK", JSON, about(newest, oldest).to_string()))
    };
    let page = || ("200 OK", "Content-Type: text/html\r\n", "<h1>Welcome</h1>".to_owned());
    let desk = Desk::new().with("COUNTERSIGN_TOKEN", "csp_secret");
    let mut text = String::new();
    for (server, status) in [
        (speaks(3, 2), 8),
        (speaks(0, 0), 8),
        (Impostor::open(move |_| page()), 7),
        (
            Impostor::open(|_| {
                ("302 Found", "Location: https://elsewhere.example\r\n", String::new())
            }),
            7,
        ),
    ] {
        let ended = desk.runs(&["whoami", "--server", &server.address]);
        assert_eq!(ended.status, status, "{ended:?}");
        let asked = server.asked().join("\n").to_lowercase();
        assert!(!asked.contains("authorization"), "the token was shown to a stranger:\n{asked}");
        text.push_str(&ended.all().replace(&server.address, "http://SERVER"));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_server_that_is_busy_is_asked_again_and_a_post_is_the_same_one() {
    let about_it = || ("200 OK", JSON, about(1, 1).to_string());
    let tried = std::sync::atomic::AtomicU32::new(0);
    let server = Impostor::open(move |what| {
        if what.ends_with("/about") {
            return about_it();
        }
        if tried.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
            let busy = json!({ "type": "urn:countersign:problem:busy", "title": "Busy",
                "status": 503, "detail": "in a moment" });
            return ("503 Service Unavailable", PROBLEM, busy.to_string());
        }
        let grant = json!({ "reference": "G-1", "agent": "some-agent", "access": "database:read",
            "state": "released", "starts_at": "2026-01-01T00:00:00Z",
            "expires_at": "2026-01-01T01:00:00Z" });
        ("200 OK", JSON, grant.to_string())
    });
    let desk = Desk::new().with("COUNTERSIGN_TOKEN", "csp_secret");
    let ended = desk.runs(&["release", "G-1", "--server", &server.address]);
    assert_eq!(ended.status, 0, "{ended:?}");
    let keys: Vec<String> = server
        .asked()
        .iter()
        .filter(|head| head.starts_with("POST"))
        .filter_map(|head| head.lines().find(|line| line.starts_with("idempotency-key")))
        .map(str::to_owned)
        .collect();
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[test]
fn settings_and_keys_that_cannot_be_used() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let good = std::fs::read_to_string(desk.config("config.toml")).expect("settings");
    std::fs::write(desk.config("config.toml"), "server = 7\n").expect("written");
    let settings = desk.runs(&["whoami"]);
    assert_eq!(settings.status, 2, "{settings:?}");
    std::fs::write(desk.config("config.toml"), good).expect("written");

    let logins = desk.config("credentials.json");
    let mode = std::fs::metadata(&logins).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "others can read the login");
    std::fs::set_permissions(&logins, std::fs::Permissions::from_mode(0o644)).expect("set");
    let open = desk.runs(&["whoami"]);
    assert_eq!(open.status, 5, "{open:?}");
    // Before anybody is asked in Slack, not after.
    let login = desk.runs(&["login", &office.address]);
    assert_eq!((login.status, login.err.contains("Waiting")), (5, false), "{login:?}");
    std::fs::set_permissions(&logins, std::fs::Permissions::from_mode(0o600)).expect("set");

    let missing = desk.runs(&["token", "--agent", "support-agent"]);
    assert_eq!(missing.status, 5, "{missing:?}");
    let path = desk.key("support-agent");
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(&path, "no key").expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
    let broken = desk.runs(&["token", "--agent", "support-agent"]);
    assert_eq!(broken.status, 5, "{broken:?}");
    let all = [settings.all(), open.all(), missing.all(), broken.all()];
    insta::assert_snapshot!(steady(&all.join("\n"), &office));
}

#[test]
fn names_that_are_not_there() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let unknown = desk.runs(&["show", "no-such-agent"]);
    assert_eq!(unknown.status, 5, "{unknown:?}");
    let reference = desk.runs(&["status", "G-9999"]);
    assert_eq!(reference.status, 5, "{reference:?}");
    let none = desk.runs(&["request-permission", "--resource", "database", "--justification", "x"]);
    assert_eq!(none.status, 5, "{none:?}");
    // Each command says how itself is told which agent is meant.
    let show = desk.runs(&["show"]);
    assert_eq!(show.status, 5, "{show:?}");
    let all = [unknown.all(), reference.all(), none.all(), show.all()];
    insta::assert_snapshot!(steady(&all.join("\n"), &office));

    registered(&office, &desk, "support-agent");
    let ask = |resource| ["request", "--resource", resource, "--justification", "x"];
    let unheard = desk.runs(&ask("databse:read"));
    assert_eq!(unheard.status, 5, "{unheard:?}");
    assert!(unheard.err.contains("Next   agent-cli request-permission"), "{unheard:?}");
    let key = desk.runs(&["key"]);
    assert_eq!(key.status, 5, "{key:?}");
    assert!(key.err.contains("Next   agent-cli token"), "{key:?}");

    // What people still decide is no grant yet.
    let asked = desk.runs(&[&ask("database:read")[..], &["--for", "2h"]].concat());
    let waits = asked.out.split(':').next().unwrap_or_default().to_owned();
    let early = desk.runs(&["extend", &waits, "--by", "30m", "--justification", "x"]);
    assert_eq!(early.status, 5, "{asked:?} {early:?}");
    assert!(early.err.contains("people are still deciding"), "{early:?}");
    assert!(early.err.contains(&format!("agent-cli status {waits} --wait")), "{early:?}");
}
