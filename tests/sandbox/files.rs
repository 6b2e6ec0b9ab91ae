//! A picture comes in three steps, as Slack takes it, and is shown on the page.

use countersign::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{Got, error, http, ok, sandbox};

const PICTURE: &[u8] = b"\x89PNG and so on";

/// Where the bytes go, and the file's id.
async fn upload(sandbox: &Sandbox) -> (String, String) {
    let asked = json!({"filename": "week.png", "length": PICTURE.len(), "alt_txt": "Four bars"});
    let given = ok(sandbox, "files.getUploadURLExternal", asked).await;
    let text = |name: &str| given[name].as_str().unwrap().to_owned();
    (text("upload_url"), text("file_id"))
}

async fn send(sandbox: &Sandbox, url: &str, bytes: &[u8]) -> Got {
    let path = url.split_once("/upload/").map(|(_, rest)| format!("/upload/{rest}")).unwrap();
    let kind = [("content-type", "application/octet-stream")];
    http(sandbox.address(), "POST", &path, &kind, bytes.to_vec()).await.unwrap()
}

fn complete(id: &str, channel: &str) -> Value {
    let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "This week"}}]);
    json!({"files": [{"id": id, "title": "The week"}], "channel_id": channel, "blocks": blocks})
}

#[tokio::test]
async fn a_picture_is_shown_below_the_words() {
    let sandbox = sandbox().await;
    let (url, id) = upload(&sandbox).await;
    let sent = send(&sandbox, &url, PICTURE).await;
    assert_eq!((sent.status, sent.body.as_slice()), (200, b"OK - 14".as_slice()));
    let done = ok(&sandbox, "files.completeUploadExternal", complete(&id, "C0SUPPORT")).await;
    assert_eq!(done["files"][0]["title"], "The week");
    let messages = sandbox.workspace().messages("C0SUPPORT");
    let message = messages.last().unwrap();
    assert!(message.words().contains("This week"), "{message:?}");
    assert_eq!(message.files, std::slice::from_ref(&id));
    let path = "/_page/messages?as=U0DANA&channel=C0SUPPORT";
    let page = http(sandbox.address(), "GET", path, &[], vec![]).await.unwrap().json();
    let file = &page["messages"].as_array().unwrap().last().unwrap()["files"][0];
    assert_eq!(file["alt_text"], "Four bars");
    let picture = file["image_url"].as_str().unwrap();
    let picture = http(sandbox.address(), "GET", picture, &[], vec![]).await.unwrap();
    assert_eq!((picture.status, picture.body.as_slice()), (200, PICTURE));
    assert_eq!(picture.headers["content-type"], "image/png");
}

#[tokio::test]
async fn what_slack_would_not_take_is_refused() {
    let sandbox = sandbox().await;
    let method = "files.completeUploadExternal";
    let (url, id) = upload(&sandbox).await;
    assert_eq!(error(&sandbox, method, complete(&id, "C0SUPPORT")).await, "file_not_found");
    assert_eq!(send(&sandbox, &url, b"too short").await.status, 400);
    assert_eq!(send(&sandbox, &url, PICTURE).await.status, 200);
    assert_eq!(send(&sandbox, &url, PICTURE).await.status, 404, "an address is good once");
    // Words would go there; files go only where the app is.
    sandbox.workspace().set_membership("C0PARTNERS", "U0COUNTERSIGN", false).unwrap();
    assert_eq!(error(&sandbox, method, complete(&id, "C0PARTNERS")).await, "channel_not_found");
    ok(&sandbox, method, complete(&id, "C0SUPPORT")).await;
    assert_eq!(error(&sandbox, method, complete(&id, "C0SUPPORT")).await, "file_not_found");
    for (length, alt) in [(0, ""), (9, "x".repeat(1_001).as_str())] {
        let asked = json!({"filename": "week.png", "length": length, "alt_txt": alt});
        error(&sandbox, "files.getUploadURLExternal", asked).await;
    }
    sandbox.workspace().set_scopes(&["chat:write"]);
    let asked = json!({"filename": "week.png", "length": 9});
    assert_eq!(error(&sandbox, "files.getUploadURLExternal", asked).await, "missing_scope");
}
