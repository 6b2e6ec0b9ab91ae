//! What goes wrong with a call is told apart, and never tells a secret.

use std::time::Duration;

use countersign::sandbox::{Fault, Lasting};
use countersign::slack::wire::client::{BadClient, CallError, Client, ClientSettings};
use countersign::slack::wire::desk::Message;
use countersign::slack::wire::limits::Limits;
use serde_json::json;
use std::sync::Arc;

use super::desk::workspace;

const ONCE: Lasting = Lasting::Calls(1);

#[tokio::test]
async fn every_way_to_fail_has_its_own_error() {
    let (sandbox, client) =
        workspace(false, Limits::none(), |s| s.patience = Duration::from_millis(700)).await;
    let slack = |code: &str| CallError::Slack { code: code.to_owned(), messages: Vec::new() };
    for (fault, expected) in [
        (Fault::Html { status: 503 }, CallError::Transport("http 503".to_owned())),
        (Fault::Html { status: 500 }, CallError::Transport("http 500".to_owned())),
        (Fault::Hang, CallError::Timeout),
        (Fault::ResetBefore, CallError::Transport("the connection to Slack broke".to_owned())),
        (Fault::NotOkWithoutError, CallError::Malformed),
        (Fault::Garbage, CallError::Malformed),
        (Fault::Error("is_archived".to_owned()), slack("is_archived")),
    ] {
        sandbox.faults().inject("chat.postMessage", fault.clone(), ONCE);
        let found = client.post_message("C0GENERAL", &Message::text("hello")).await;
        assert_eq!(found, Err(expected), "{fault:?}");
        sandbox.faults().clear();
    }
    let found = client.post_message("C0GENERAL", &Message::text("hello")).await.unwrap();
    assert_eq!(found.channel, "C0GENERAL", "and when nothing goes wrong it arrives");
}

#[tokio::test]
async fn after_too_many_calls_that_method_rests_as_long_as_slack_says() {
    let (sandbox, client) = workspace(false, Limits::none(), |_| {}).await;
    let fault = Fault::RateLimited { retry_after: 300 };
    sandbox.faults().inject("users.info", fault, ONCE);
    let told = Err(CallError::RateLimited { after: Duration::from_secs(300) });
    assert_eq!(client.user("U0DANA").await, told);
    let before = sandbox.workspace().calls().len();
    let held = client.user("U0THEO").await;
    let CallError::RateLimited { after } = held.unwrap_err() else { panic!("not held back") };
    assert!(after > Duration::from_secs(240) && after <= Duration::from_secs(300), "{after:?}");
    assert_eq!(sandbox.workspace().calls().len(), before, "Slack was not asked again");
    assert!(client.channel("C0GENERAL").await.is_ok(), "other methods go on");
}

#[tokio::test]
async fn slack_says_which_block_is_wrong_and_which_scope_is_missing() {
    let (sandbox, client) = workspace(false, Limits::none(), |_| {}).await;
    let long = "x".repeat(3_001);
    let section = json!([{"type": "section", "text": {"type": "mrkdwn", "text": long}}]);
    let message = Message { text: "hello".to_owned(), blocks: section };
    let found = client.post_message("C0GENERAL", &message).await.unwrap_err();
    assert_eq!(found.code(), Some("invalid_blocks"));
    let shown = found.to_string();
    assert!(shown.contains("/blocks/0"), "where it is: {shown}");
    assert!(!shown.contains("xxxx"), "and not what was in it: {shown}");

    sandbox.workspace().set_scopes(&["commands"]);
    let found = client.user("U0DANA").await.unwrap_err();
    assert_eq!(found.to_string(), "missing_scope (needs users:read)");
}

#[tokio::test]
async fn no_error_tells_a_token_a_body_or_an_address() {
    let secret = "xoxb-this-is-the-secret";
    let (sandbox, client) = workspace(false, Limits::none(), |s| {
        s.bot_token = secret.into();
        s.patience = Duration::from_millis(500);
    })
    .await;
    let mut shown = vec![format!("{client:?}")];
    for fault in [
        None,
        Some(Fault::Html { status: 502 }),
        Some(Fault::Garbage),
        Some(Fault::Hang),
        Some(Fault::ResetBefore),
        Some(Fault::NotOkWithoutError),
    ] {
        if let Some(fault) = fault {
            sandbox.faults().outage(fault);
        }
        let text = Message::text("a private word");
        let error = client.post_message("C0GENERAL", &text).await.unwrap_err();
        shown.push(format!("{error} {error:?}"));
        let error = client.auth_test().await.unwrap_err();
        shown.push(format!("{error} {error:?}"));
        sandbox.faults().clear();
    }
    let address = sandbox.api_url();
    drop(sandbox);
    let error = client.user("U0DANA").await.unwrap_err();
    shown.push(format!("{error} {error:?}"));
    for text in shown.iter().skip(1) {
        for secret in [secret, "xoxb", "a private word", address.as_str(), "html"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    assert!(!shown.concat().contains("xoxb"));
}

#[tokio::test]
async fn tokens_go_to_slack_and_to_this_machine_only() {
    let client = |url: &str| {
        let mut settings = ClientSettings::new("xoxb-1".into());
        settings.api_url = url.to_owned();
        Client::new(settings, Arc::new(Limits::none()))
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    for good in [
        "https://slack.com/api",
        "https://slack.com/api/",
        "http://127.0.0.1:4545/api",
        "http://[::1]:4545/api",
        "http://localhost:4545/api",
    ] {
        assert!(client(good).is_ok(), "{good}");
    }
    for bad in [
        "http://slack.com/api",
        "http://10.0.0.1/api",
        "http://127.0.0.1.example.com/api",
        "ftp://127.0.0.1/api",
        "slack.com",
        "",
    ] {
        assert_eq!(client(bad).unwrap_err(), BadClient::Address(bad.to_owned()));
    }
}

#[tokio::test]
async fn the_scopes_and_the_place_of_installation_are_known() {
    let (sandbox, client) = workspace(false, Limits::none(), |_| {}).await;
    sandbox.workspace().set_scopes(&["chat:write", "commands"]);
    let (auth, mut scopes) = client.auth_test().await.unwrap();
    scopes.sort();
    assert_eq!(auth.team_id, "T0ACME");
    assert_eq!(scopes, ["chat:write", "commands"]);
    let installation = client.installation().await.unwrap();
    assert_eq!((installation.id(), installation.is_org_wide()), ("T0ACME", false));

    let (_sandbox, client) = workspace(true, Limits::none(), |_| {}).await;
    let installation = client.installation().await.unwrap();
    assert_eq!((installation.id(), installation.is_org_wide()), ("E0ACME", true));
}

#[tokio::test]
async fn messages_are_changed_and_shown_to_one_person_only() {
    let (sandbox, client) = workspace(false, Limits::none(), |_| {}).await;
    let posted = client.post_message("U0DANA", &Message::text("hello")).await.unwrap();
    assert!(posted.channel.starts_with('D'), "the channel of the direct messages: {posted:?}");
    client.update_message(&posted, &Message::text("goodbye")).await.unwrap();
    let messages = sandbox.workspace().messages(&posted.channel);
    assert_eq!(messages.last().map(|m| m.text.as_str()), Some("goodbye"));
    let open = client.open_conversation("U0DANA").await.unwrap();
    assert_eq!(open, posted.channel);
    client.post_ephemeral("C0GENERAL", "U0DANA", &Message::text("psst")).await.unwrap();
    let to_dana = sandbox.workspace().visible_to("U0DANA", "C0GENERAL");
    assert_eq!(to_dana.last().map(|m| m.text.as_str()), Some("psst"));
    assert!(sandbox.workspace().visible_to("U0THEO", "C0GENERAL").is_empty());
}
