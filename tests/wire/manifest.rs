//! The manifests ask for what is used, and for no more.

use std::collections::BTreeSet;

use countersign::slack::wire::doctor::{PICTURES, SCOPES};

/// The items of the list under this key.
fn list<'a>(manifest: &'a str, key: &str) -> BTreeSet<&'a str> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != format!("{key}:"))
        .skip(1)
        .map_while(|line| line.trim().strip_prefix("- "))
        .collect()
}

#[test]
fn both_manifests_ask_for_the_same_and_the_reasons_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/slack");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).expect(name);
    let (socket, http, reasons) = (read("socket.yaml"), read("http.yaml"), read("README.md"));
    let looked_for = SCOPES.into_iter().chain([PICTURES]).collect();
    assert_eq!(list(&socket, "bot"), looked_for, "what the doctor looks for");
    assert_eq!(list(&http, "bot"), list(&socket, "bot"));
    assert_eq!(list(&http, "bot_events"), list(&socket, "bot_events"));
    assert_eq!(list(&socket, "bot_events").len(), 8);
    for asked in list(&socket, "bot").iter().chain(&list(&socket, "bot_events")) {
        assert!(reasons.contains(&format!("`{asked}`")), "no reason for {asked}");
    }
    assert!(!socket.contains("https://agents"), "Socket Mode has no addresses");
    for address in ["commands", "interactions", "events"] {
        assert!(http.contains(&format!("https://agents.example.com/slack/{address}")));
    }
}
