//! A workspace that is started again.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::Duration;
use countersign::sandbox::{Sandbox, SandboxConfig, SandboxError, TimeMachine, WallTime};
use serde_json::json;

use crate::support::{App, config, ok, post_card};

#[tokio::test]
async fn a_second_start_finds_everything_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("workspace.json");
    let clock = Arc::new(WallTime::new());
    let start = |clock: Arc<WallTime>| {
        Sandbox::start(SandboxConfig { data_file: Some(file.clone()), clock, ..config() })
    };
    let first = start(Arc::clone(&clock)).await.unwrap();
    let ts = post_card(&first, "C0APPROVALS").await;
    let home = json!({"user_id": "U0DANA", "view": {"type": "home", "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "your agents"}}]}});
    ok(&first, "views.publish", home).await;
    let dm =
        ok(&first, "conversations.open", json!({"users": "U0THEO"})).await["channel"]["id"].clone();
    clock.advance(Duration::days(30));
    let late = post_card(&first, "C0APPROVALS").await;
    let before = first.workspace().messages("C0APPROVALS");
    let saved_at = clock.now();
    first.stop().await;

    // The clock of a new process is at real time again.
    let clock = Arc::new(WallTime::new());
    let second = start(Arc::clone(&clock)).await.unwrap();
    assert!(clock.now() >= saved_at, "time does not run backwards between two starts");
    let workspace = second.workspace();
    assert_eq!(workspace.messages("C0APPROVALS"), before);
    assert_eq!(json!(workspace.dm_with_bot("U0THEO")), dm);
    assert!(workspace.home("U0DANA").unwrap().words().contains("your agents"));
    let next = post_card(&second, "C0APPROVALS").await;
    assert!(next > late && late > ts, "{next} > {late} > {ts}");
    // The cards of before can still be pressed and changed.
    let app = App::start(&second).await;
    workspace.click("U0THEO", "C0APPROVALS", &ts, "approve").await.unwrap();
    assert_eq!(app.request(0).await.payload()["container"]["message_ts"], json!(ts));
    ok(&second, "chat.update", json!({"channel": "C0APPROVALS", "ts": ts, "text": "x"})).await;
}

#[tokio::test]
async fn changes_are_kept_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/workspace.json");
    let first =
        Sandbox::start(SandboxConfig { data_file: Some(file.clone()), ..config() }).await.unwrap();
    post_card(&first, "C0APPROVALS").await;
    let began = std::time::Instant::now();
    while !std::fs::read_to_string(&file).is_ok_and(|kept| kept.contains("database: read")) {
        assert!(began.elapsed() < crate::support::SOON, "{} was not written", file.display());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_or_listened_to_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("workspace.json");
    std::fs::write(&file, "{").unwrap();
    let config = || SandboxConfig { data_file: Some(file.clone()), ..config() };
    let Err(broken) = Sandbox::start(config()).await else { panic!("it started") };
    assert!(broken.to_string().contains("start over with --fresh"), "{broken}");
    let open: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let Err(refused) = Sandbox::start(SandboxConfig { listen: open, ..config() }).await else {
        panic!("it listened to the world")
    };
    assert!(matches!(refused, SandboxError::NotLoopback(_)), "{refused}");
}
