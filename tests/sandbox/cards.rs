//! Every card, notice, form and home that the bot shows is taken by the stand-in as it is.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{call, sandbox};

#[tokio::test]
async fn whatever_the_bot_shows_is_taken() {
    let sandbox = sandbox().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/blockkit");
    let (mut seen, mut refused) = (0, Vec::new());
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "snap") {
            continue;
        }
        let snapshot = fs::read_to_string(&path).unwrap();
        // A header between two lines of dashes, then the JSON.
        let Some(shown) = snapshot.splitn(3, "---\n").nth(2) else { continue };
        let Ok(shown) = serde_json::from_str::<Value>(shown) else { continue };
        let answer = match shown["type"].as_str() {
            Some("modal") => {
                let fields =
                    sandbox.workspace().command_fields("U0DANA", "C0GENERAL", "/agent", "");
                let trigger = fields.unwrap()["trigger_id"].clone();
                call(&sandbox, "views.open", json!({"trigger_id": trigger, "view": shown})).await
            }
            Some("home") => {
                call(&sandbox, "views.publish", json!({"user_id": "U0DANA", "view": shown})).await
            }
            _ => {
                let mut message = shown;
                message["channel"] = json!("C0GENERAL");
                call(&sandbox, "chat.postMessage", message).await
            }
        };
        seen += 1;
        if answer["ok"] != true {
            refused.push(format!("{}: {answer}", path.display()));
        }
    }
    assert!(refused.is_empty(), "{} of {seen} refused:\n{}", refused.len(), refused.join("\n"));
    assert!(seen > 100, "only {seen} found in {}", folder.display());
}
