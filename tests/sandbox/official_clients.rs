//! Slack's official Python clients (Bolt and the SDK) run a small app against the stand-in, over
//! sockets and over HTTP. What is not like Slack fails in code that Slack wrote.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign::sandbox::model::{Message, Model};
use countersign::sandbox::{
    AppTransport, ClickOutcome, CommandOutcome, DisconnectReason, RateLimits, Sandbox,
    SandboxConfig, SubmitOutcome, Workspace,
};
use serde_json::json;

use crate::installed;
use crate::support::config;

/// Python starts slowly on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/official_clients")
}

/// The Python with the clients in it.
fn python() -> PathBuf {
    installed::python("official-clients", &here().join("requirements.txt"), "python")
}

/// The small app, ended with the test.
struct Bolt {
    child: Child,
    log: PathBuf,
}

impl Bolt {
    fn start(sandbox: &Sandbox, mode: &str, port: u16) -> Self {
        let log = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("official-clients/{mode}-{}.log", sandbox.address().port()));
        let config = config();
        let child = Command::new(python())
            .arg(here().join("app.py"))
            .env("SLACK_API_URL", sandbox.api_url())
            .env("SLACK_BOT_TOKEN", &config.bot_token)
            .env("SLACK_APP_TOKEN", &config.app_token)
            .env("SLACK_SIGNING_SECRET", &config.signing_secret)
            .env("MODE", mode)
            .env("PORT", port.to_string())
            .env_remove("HTTP_PROXY")
            .env_remove("http_proxy")
            .env_remove("HTTPS_PROXY")
            .env_remove("https_proxy")
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .stderr(File::options().append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Bolt {
    fn drop(&mut self) {
        // It may have ended by itself; the test then says why.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a message that the person sees and whose words contain `words`.
async fn sees(
    bolt: &Bolt,
    workspace: &Workspace,
    user: &str,
    channel: &str,
    words: &str,
) -> Message {
    let look = |model: &Model| {
        let messages = &model.channel(channel)?.messages;
        messages
            .iter()
            .rev()
            .filter(|message| message.ephemeral_to.as_deref().is_none_or(|only| only == user))
            .find(|message| message.words().contains(words))
            .cloned()
    };
    match workspace.wait_for(PATIENCE, &format!("message with “{words}”"), look).await {
        Ok(message) => message,
        Err(error) => panic!("{error}\nThe app says:\n{}", bolt.log()),
    }
}

/// Everything that people do with the app, whichever way it is connected.
async fn story(bolt: &Bolt, workspace: &Workspace) {
    let command = async |text: &str| {
        let outcome = workspace.slash_command("U0DANA", "C0SUPPORT", text).await.unwrap();
        assert!(!matches!(outcome, CommandOutcome::Failed(_)), "{outcome:?}\n{}", bolt.log());
        outcome
    };
    // An answer in the acknowledgement, and answers at the response URL.
    assert_eq!(command("help").await.words(), "Try `/agent form`.");
    command("whois").await;
    let who = "Dana Developer in Europe/Amsterdam; security: U0SAM,U0SARA,U0DORA";
    assert!(sees(bolt, workspace, "U0DANA", "C0SUPPORT", who).await.is_ephemeral());
    command("wrong").await;
    let refused = "invalid_blocks: [ERROR] must be less than 3001 characters";
    sees(bolt, workspace, "U0DANA", "C0SUPPORT", refused).await;
    command("dm").await;
    let dm = workspace.dm_with_bot("U0DANA");
    let hello = sees(bolt, workspace, "U0DANA", &dm, "hello, see https://acme.slack.com/").await;
    assert_eq!(hello.metadata.unwrap()["event_payload"]["id"], "G-1");

    // A form: changed by a button in it, refused, changed by its answer, closed, sent.
    let form = async |title: &str| {
        let look = |model: &Model| {
            let top = model.modals.get("U0DANA")?.last()?;
            (top.title() == title).then(|| top.clone())
        };
        match workspace.wait_for(PATIENCE, &format!("form “{title}”"), look).await {
            Ok(view) => view,
            Err(error) => panic!("{error}\nThe app says:\n{}", bolt.log()),
        }
    };
    command("form").await;
    let view = form("Register").await;
    workspace.fill("U0DANA", &view.id, "name", "text", json!("taken")).unwrap();
    let pressed = workspace.click_in_view("U0DANA", &view.id, "more", "explain", json!(null)).await;
    assert_eq!(pressed.unwrap(), ClickOutcome::Acknowledged);
    let view = form("Tiers").await;
    assert_eq!(view.filled_in("name", "text").unwrap()["value"], "taken", "typed text stays");
    let wrong = workspace.submit("U0DANA", &view.id).await.unwrap();
    let said = [("name".to_owned(), "Somebody has this name.".to_owned())].into();
    assert_eq!(wrong, SubmitOutcome::Errors(said), "{}", bolt.log());
    workspace.fill("U0DANA", &view.id, "name", "text", json!("unsure")).unwrap();
    let updated = workspace.submit("U0DANA", &view.id).await.unwrap();
    assert_eq!(updated, SubmitOutcome::Updated, "{}", bolt.log());
    let view = form("Sure?").await;
    workspace.close("U0DANA", &view.id).unwrap();
    sees(bolt, workspace, "U0DANA", &dm, "Another time, then.").await;
    command("form").await;
    let view = form("Register").await;
    workspace.fill("U0DANA", &view.id, "name", "text", json!("support-agent")).unwrap();
    let sent = workspace.submit("U0DANA", &view.id).await.unwrap();
    assert_eq!(sent, SubmitOutcome::Closed, "{}", bolt.log());

    // A card, and the button on it.
    let words = "support-agent* wants to be registered";
    let card = sees(bolt, workspace, "U0THEO", "C0APPROVALS", words).await;
    let pressed = workspace.click("U0THEO", "C0APPROVALS", &card.ts, "approve").await.unwrap();
    assert_eq!(pressed, ClickOutcome::Acknowledged, "{}", bolt.log());
    let words = "support-agent was approved by <@U0THEO>";
    let card = sees(bolt, workspace, "U0SAM", "C0APPROVALS", words).await;
    assert_eq!(card.blocks, None);
    assert!(sees(bolt, workspace, "U0THEO", "C0APPROVALS", "Thank you.").await.is_ephemeral());

    // App Home, from an event.
    workspace.open_home("U0DANA").unwrap();
    let home = |model: &Model| model.homes.get("U0DANA").map(|home| home.words());
    match workspace.wait_for(PATIENCE, "App Home", home).await {
        Ok(words) => assert!(words.contains("Your agents"), "{words}"),
        Err(error) => panic!("{error}\nThe app says:\n{}", bolt.log()),
    }

    // More messages than a channel takes in a second: the SDK waits as it is told.
    workspace.set_rate_limits(RateLimits::Strict);
    command("burst C0HELP").await;
    sees(bolt, workspace, "U0THEO", "C0SUPPORT", "posted 8").await;
    assert_eq!(workspace.messages("C0HELP").len(), 8);
    let refused = workspace.calls().iter().filter(|call| call.status == 429).count();
    assert!(refused > 0, "the limits held nobody up");
    workspace.set_rate_limits(RateLimits::Off);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_sockets() {
    let sandbox = Sandbox::start(SandboxConfig { ..config() }).await.unwrap();
    let workspace = sandbox.workspace();
    let bolt = Bolt::start(&sandbox, "socket", 0);
    if let Err(error) = workspace.wait_for_sockets(PATIENCE, 1).await {
        panic!("{error}\nThe app says:\n{}", bolt.log());
    }
    story(&bolt, workspace).await;

    // Slack warns before it closes a socket; the client opens another and misses nothing.
    let opened = |sandbox: &Sandbox| {
        let calls = sandbox.workspace().calls();
        calls.iter().filter(|call| call.method == "apps.connections.open").count()
    };
    for reason in [DisconnectReason::Warning, DisconnectReason::RefreshRequested] {
        let before = opened(&sandbox);
        assert_eq!(workspace.disconnect(reason), 1, "{}", bolt.log());
        let again = |calls: &[countersign::sandbox::RecordedCall]| {
            let now = calls.iter().filter(|call| call.method == "apps.connections.open").count();
            (now > before).then_some(())
        };
        workspace.wait_for_calls(PATIENCE, "a new socket", again).await.unwrap();
        workspace.close_warned();
        workspace.wait_for_sockets(PATIENCE, 1).await.unwrap();
        let outcome = workspace.slash_command("U0DANA", "C0SUPPORT", "help").await.unwrap();
        assert_eq!(outcome.words(), "Try `/agent form`.", "after {reason:?}: {}", bolt.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http() {
    let sandbox = Sandbox::start(SandboxConfig { ..config() }).await.unwrap();
    let workspace = sandbox.workspace();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let bolt = Bolt::start(&sandbox, "http", port);
    let base_url = format!("http://127.0.0.1:{port}");
    sandbox.set_transport(AppTransport::Http { base_url: base_url.clone() });
    // Bolt proves its address as soon as it listens.
    let began = Instant::now();
    while !workspace.verify_url(&base_url).await.unwrap_or(false) {
        assert!(began.elapsed() < PATIENCE, "no answer. The app says:\n{}", bolt.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    story(&bolt, workspace).await;

    // Slack's own verifier takes our signatures, and only ours, and only fresh.
    let fields = workspace.command_fields("U0DANA", "C0SUPPORT", "/agent", "help").unwrap();
    let body = serde_urlencoded::to_string(&fields).unwrap().into_bytes();
    let form = "application/x-www-form-urlencoded";
    let good = workspace.signed_request(&base_url, "/slack/events", form, body.clone());
    assert_eq!(workspace.send(&good).await.unwrap().status, 200);
    let mut forged = good.clone();
    forged.body.extend(b"&text=form");
    assert_eq!(workspace.send(&forged).await.unwrap().status, 401);
    let mut stale = good.clone();
    let old = good.timestamp.parse::<i64>().unwrap() - 301;
    stale.timestamp = old.to_string();
    stale.signature = workspace.sign(old, &body);
    assert_eq!(workspace.send(&stale).await.unwrap().status, 401);
}
