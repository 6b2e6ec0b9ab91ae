//! Logging in and out.

use crate::desk::{Desk, code_on, steady};
use crate::office::Office;

#[test]
fn dana_logs_in_and_out() {
    let office = Office::open();
    let desk = Desk::new();
    let mut login = desk.terminal(&["login", &office.address]);
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
    let mut login = desk.terminal(&["login", &office.address]);
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
    let mut login = desk.terminal(&["login", &office.address, "--as", "U0DANA"]);
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
