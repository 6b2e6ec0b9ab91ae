//! What is logged when something bad comes in: one line, and nothing of what was in it.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;

use super::desk::{TestDesk, Wire};

thread_local! {
    /// What was logged on this thread. Each test has one of its own, with all that it starts.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct ThisThread;

impl Write for ThisThread {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps what is logged from now on, in every test, because a place in the code that logged for
/// nobody may be remembered as one that nobody listens to.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_env_filter("countersign::slack=trace")
            .with_ansi(false)
            .with_writer(|| ThisThread)
            .init();
    });
}

fn take() -> String {
    String::from_utf8(LOGGED.take()).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn bad_input_is_one_line_without_secrets() {
    let wire = Wire::to(TestDesk::says("hello")).await;
    let base = wire.serve_http().await;
    let workspace = wire.workspace();
    let form = "application/x-www-form-urlencoded";
    take();
    for (path, content_type, body, forged) in [
        ("/slack/commands", form, "command=SECRETWORD&trigger_id=SECRETWORD", false),
        ("/slack/interactions", form, "payload=%7B%22type%22%3A+%22SECRETWORD", false),
        ("/slack/interactions", form, "payload=%7B%22user%22%3A+%22SECRETWORD%22%7D", false),
        ("/slack/events", "application/json", "\"SECRETWORD\"", false),
        ("/slack/events", "application/json", "{\"event\": \"SECRETWORD\"}", true),
    ] {
        let mut request = workspace.signed_request(&base, path, content_type, body.into());
        if forged {
            request.signature = format!("v0={}", "5EC".repeat(22).get(..64).unwrap());
        }
        let answer = workspace.send(&request).await.unwrap();
        assert_eq!(answer.status, if forged { 401 } else { 400 }, "{body}");
        let logged = take();
        assert_eq!(logged.lines().count(), 1, "{body}: {logged}");
        assert!(logged.contains("WARN"), "{logged}");
        for secret in ["SECRETWORD", "5EC5EC", request.signature.as_str()] {
            assert!(!logged.contains(secret), "{secret} in {logged}");
        }
    }
    // And when all is well, what people typed and where answers go stays out of it too.
    let outcome = workspace.slash_command("U0DANA", "C0GENERAL", "/agent SECRETWORD").await;
    assert_eq!(outcome.unwrap().words(), "hello");
    let logged = take();
    assert!(!logged.contains("SECRETWORD") && !logged.contains("http://"), "{logged}");
}
