//! What is logged when something bad comes in: one line, and nothing of what was in it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use super::desk::{TestDesk, Wire};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Kept {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

// On one thread, so that what is logged here is what this test caused.
#[tokio::test(flavor = "current_thread")]
async fn bad_input_is_one_line_without_secrets() {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("countersign::slack=trace")
        .with_ansi(false)
        .with_writer(kept.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let wire = Wire::to(TestDesk::says("hello")).await;
    let base = wire.serve_http().await;
    let workspace = wire.workspace();
    let form = "application/x-www-form-urlencoded";
    kept.take();
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
        let logged = kept.take();
        assert_eq!(logged.lines().count(), 1, "{body}: {logged}");
        assert!(logged.contains("WARN"), "{logged}");
        for secret in ["SECRETWORD", "5EC5EC", request.signature.as_str()] {
            assert!(!logged.contains(secret), "{secret} in {logged}");
        }
    }
    // And when all is well, what people typed and where answers go stays out of it too.
    let outcome = workspace.slash_command("U0DANA", "C0GENERAL", "/agent SECRETWORD").await;
    assert_eq!(outcome.unwrap().words(), "hello");
    let logged = kept.take();
    assert!(!logged.contains("SECRETWORD") && !logged.contains("http://"), "{logged}");
}
