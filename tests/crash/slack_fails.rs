//! Slack is away, closes the door for good, or renews its sockets.

use std::sync::Arc;
use std::time::Duration;

use countersign::sandbox::{DisconnectReason, Fault, SandboxConfig, WallTime};
use countersign::store::Engine;

use crate::server::Server;
use crate::site::{Door, Site};
use crate::story::Bot;

/// The status for what is wrong with the settings or with what they name.
const SETTINGS: i32 = 78;

async fn ends_saying(server: &Server, words: &str) {
    let end = server.end(Duration::from_secs(20)).await;
    assert_eq!(end.code(), Some(SETTINGS), "{}", server.said());
    let said = server.said();
    let last = said.lines().rev().take(3).collect::<Vec<_>>().join("\n");
    assert!(last.contains(words), "the end does not say “{words}”:\n{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slack_is_away_at_the_start_and_comes_back() {
    let site = Arc::new(Site::open(Engine::Sqlite, Door::Socket).await);
    site.sandbox.faults().outage(Fault::Html { status: 503 });
    let bot = Bot::start(&site, None).await;
    let waits = |line: &str| line.contains("Slack does not answer yet").then_some(());
    bot.server().says("that it waits", waits).await;
    site.sandbox.faults().clear();
    let words = bot.types("U0DANA", "/agent list").await;
    assert!(!words.is_empty());
    assert!(!bot.died(), "it was the same process all along");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_closed_for_good_ends_the_server_with_the_cure() {
    let site = Site::open(Engine::Sqlite, Door::Socket).await;
    let server = site.serve().await;
    site.workspace().disconnect(DisconnectReason::LinkDisabled);
    ends_saying(&server, "switch Socket Mode on").await;
    // And it does not start again while that is so.
    ends_saying(&site.launch(None), "switch Socket Mode on").await;
    site.workspace().enable_socket_mode();

    let secrets = SandboxConfig::new(Arc::new(WallTime::new()));
    let server = site.serve().await;
    site.workspace().revoke_token(&secrets.app_token);
    site.workspace().reset_sockets();
    ends_saying(&server, "make a new app-level token").await;
    site.workspace().revoke_token(&secrets.bot_token);
    ends_saying(&site.launch(None), "check slack.bot_token").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_token_that_is_revoked_ends_the_server_with_the_cure() {
    let site = Site::open(Engine::Sqlite, Door::Socket).await;
    let server = site.serve().await;
    let secrets = SandboxConfig::new(Arc::new(WallTime::new()));
    site.workspace().revoke_token(&secrets.bot_token);
    // The next call finds out; who typed is told that it did not work.
    let told = site.workspace().slash_command("U0DANA", "C0SUPPORT", "/agent").await;
    assert!(told.expect("she can type").words().contains("nothing was recorded"));
    ends_saying(&server, "install the app again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_click_is_lost_while_slack_renews_its_sockets() {
    let site = Arc::new(Site::open(Engine::Sqlite, Door::Socket).await);
    let bot = Bot::start(&site, None).await;
    let mut done = Vec::new();
    let ways: [(&str, fn(&Site) -> usize); 5] = [
        ("warning", |site| site.workspace().disconnect(DisconnectReason::Warning)),
        ("closed after the warning", |site| {
            site.workspace().disconnect(DisconnectReason::Warning);
            site.workspace().close_warned()
        }),
        ("refresh_requested", |site| {
            site.workspace().disconnect(DisconnectReason::RefreshRequested)
        }),
        ("reset", |site| site.workspace().reset_sockets()),
        ("reset of one", |site| {
            site.workspace().disconnect_oldest(DisconnectReason::RefreshRequested)
        }),
    ];
    for (n, (way, disturb)) in ways.into_iter().enumerate() {
        bot.registers(&format!("agent-{n}"), &[]).await;
        bot.card("U0THEO", &done).await;
        let (approved, told) =
            tokio::join!(bot.approves("U0THEO", "team lead", &done), async { disturb(&site) });
        assert!(told > 0, "{way} concerned nobody");
        done.push(approved.0);
    }
    let store = site.store().await;
    site.everything_is_out(&store).await;
    let mut session = store.read().await.unwrap();
    let lines = session.lines(0, 500).await.unwrap();
    let votes = lines.iter().filter(|line| line.body.contains("\"vote_cast\"")).count();
    assert_eq!(votes, done.len(), "each click counted once");
    assert!(!bot.died(), "it was the same process all along");
}
