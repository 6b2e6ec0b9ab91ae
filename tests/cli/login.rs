//! Logging in and out.

use crate::desk::{Desk, code_on, steady};
use crate::office::Office;

#[test]
fn dana_logs_in_and_out() {
    let office = Office::open();
    let desk = Desk::new();
    let mut login = desk.terminal(&["login", &office.address, "--device", "dana@desk"]);
    let code = code_on(&login);
    office.dana().types(&format!("/agent login {code}"));
    office.dana().presses("Log in", "logs a device in as you");
    let (status, shown) = login.ends();
    assert_eq!(status, 0, "{shown}");
    insta::assert_snapshot!("logged_in", steady(&shown, &office));

    let (status, me) = desk.json(&["whoami"]);
    assert_eq!((status, me["person"]["id"].as_str()), (0, Some("T0ACME/U0DANA")), "{me}");
    let mut whoami = desk.terminal(&["whoami"]);
    let (_, shown) = whoami.ends();
    insta::assert_snapshot!("who_am_i", steady(&shown, &office));

    let out = desk.runs(&["logout"]);
    assert_eq!(out.status, 0, "{out:?}");
    let after = desk.runs(&["whoami"]);
    assert_eq!(after.status, 3, "{after:?}");
    let again = desk.runs(&["logout"]);
    insta::assert_snapshot!("logged_out", steady(&[out.all(), again.all()].join("\n"), &office));
}

#[test]
fn not_me_is_a_no() {
    let office = Office::open();
    let desk = Desk::new();
    let mut login = desk.terminal(&["login", &office.address, "--device", "dana@desk"]);
    let code = code_on(&login);
    office.dana().types(&format!("/agent login {code}"));
    office.dana().presses("Not me", "logs a device in as you");
    let (status, shown) = login.ends();
    assert_eq!(status, 1, "{shown}");
    assert!(shown.contains("The login was refused in Slack."), "{shown}");
    assert_eq!(desk.runs(&["whoami"]).status, 2, "no server was kept");
}

#[test]
fn a_message_can_bring_the_question() {
    let office = Office::open();
    let desk = Desk::new();
    let mut login =
        desk.terminal(&["login", &office.address, "--as", "U0DANA", "--device", "dana@desk"]);
    let code = code_on(&login);
    office.dana().presses("Log in", &code);
    let (status, shown) = login.ends();
    assert_eq!(status, 0, "{shown}");
    insta::assert_snapshot!(steady(&shown, &office));
}

#[test]
fn two_commands_at_once_renew_a_login_once() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    // The tokens on this machine look as if they were due.
    let path = desk.config("credentials.json");
    let text = std::fs::read_to_string(&path).expect("a login");
    let due = regex::Regex::new(r#""access_until": "[^"]*""#).expect("a pattern");
    let text = due.replace(&text, r#""access_until": "2020-01-01T00:00:00Z""#).into_owned();
    std::fs::write(&path, text).expect("written");
    let running: Vec<_> =
        (0..6).map(|_| desk.command(&["whoami", "--json"]).spawn().expect("it runs")).collect();
    for mut child in running {
        assert!(child.wait().expect("it ends").success(), "a second renewal ended the login");
    }
    assert_eq!(desk.runs(&["whoami"]).status, 0);
}

/// A keyring of a desktop: a tool that keeps what it is given, or one whose keyring is locked.
const TOOL: &str = r#"#!/bin/sh
for account; do :; done
file="$HOME/ring-$(printf %s "$account" | tr -c 'a-z0-9' '_')"
test ! -e "$HOME/locked" || exit 1
case "$1" in
    store) cat > "$file" ;;
    lookup) cat "$file" ;;
    clear) rm -f "$file" ;;
esac
"#;

#[test]
fn a_login_is_kept_in_the_keyring_where_there_is_one() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::open();
    let tools = tempfile::tempdir().expect("a folder");
    let tool = tools.path().join("secret-tool");
    std::fs::write(&tool, TOOL).expect("written");
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).expect("set");
    let path = std::env::var("PATH").expect("a PATH");
    let desk = Desk::new()
        .with("PATH", format!("{}:{path}", tools.path().display()))
        .with("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus");
    let shown = desk.logs_in(&office);
    assert!(shown.contains("in the keyring"), "{shown}");
    assert!(!desk.config("credentials.json").exists());
    assert_eq!(desk.runs(&["whoami"]).status, 0);
    assert_eq!(desk.runs(&["logout"]).status, 0);
    assert_eq!(desk.runs(&["whoami"]).status, 3);

    // Locked: the file does.
    std::fs::write(desk.home().join("locked"), "").expect("written");
    let shown = desk.logs_in(&office);
    assert!(shown.contains("credentials.json"), "{shown}");
    assert_eq!(desk.runs(&["whoami"]).status, 0);
}
