//! Judges the app's manifests in `manifests/slack` by Slack's own schema of manifests, which is kept
//! in `tests/data/manifest`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn manifest(name: &str) -> Value {
    let text = std::fs::read_to_string(root().join("manifests/slack").join(name)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// What Slack's schema says against it, each with the place.
fn faults(manifest: &Value) -> Vec<String> {
    let schema = root().join("tests/data/manifest/manifest.schema.2.0.0.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    // It names no dialect; the schema of all versions, which refers to it, names this one.
    let schema = jsonschema::options().with_draft(jsonschema::Draft::Draft7).build(&schema);
    let schema = schema.unwrap();
    schema.iter_errors(manifest).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

#[test]
fn slack_takes_both_manifests() {
    for name in ["socket.yaml", "http.yaml"] {
        let manifest = manifest(name);
        assert_eq!(faults(&manifest), Vec::<String>::new(), "{name}");
        assert_eq!(manifest["_metadata"]["major_version"], 2, "{name}: the schema judged by");
    }
}

/// A judge that accepts everything would prove nothing: each change here is one that Slack refuses.
#[test]
fn what_slack_refuses_is_found() {
    let name = "/display_information/name";
    let command = "/features/slash_commands/0";
    let settings = "/settings";
    for (at, spoilt) in [
        (name, json!("a name of more than thirty-five characters")),
        (name, json!("")),
        (&format!("{command}/command") as &str, json!("agent")),
        (&format!("{command}/url"), json!("agents.example.com")),
        (&format!("{command}/description"), Value::Null),
        ("/oauth_config/scopes/bot/0", json!(1)),
        (&format!("{settings}/socket_mode_enabled"), json!("yes")),
        (&format!("{settings}/interactivity"), json!({"request_url": "https://x.example"})),
        (settings, json!({"interactive": {}})),
    ] {
        let mut manifest = manifest("http.yaml");
        *manifest.pointer_mut(at).unwrap() = spoilt.clone();
        let faults = faults(&manifest);
        assert!(!faults.is_empty(), "{spoilt} at {at} is taken");
        assert!(faults.iter().any(|fault| fault.starts_with(at)), "{spoilt}: {faults:?}");
    }
}

/// One app, two ways to reach it: what differs is the addresses.
#[test]
fn the_manifests_differ_in_how_slack_reaches_the_app_only() {
    let (socket, mut http) = (manifest("socket.yaml"), manifest("http.yaml"));
    let without = |at: &str, key: &str, of: &mut Value| {
        let taken = of.pointer_mut(at).unwrap().as_object_mut().unwrap().remove(key);
        let address = taken.unwrap();
        assert!(address.as_str().unwrap().starts_with("https://agents.example.com/slack/"));
    };
    without("/features/slash_commands/0", "url", &mut http);
    without("/settings/interactivity", "request_url", &mut http);
    without("/settings/event_subscriptions", "request_url", &mut http);
    assert_eq!(http["settings"]["socket_mode_enabled"], false);
    http["settings"]["socket_mode_enabled"] = json!(true);
    assert_eq!(http, socket);
}
