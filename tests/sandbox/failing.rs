//! Faults on demand.

use std::time::{Duration, Instant};

use countersign::sandbox::{Fault, Lasting};
use serde_json::json;

use crate::support::{App, post_json, raw_call, sandbox};

#[tokio::test]
async fn each_fault_looks_as_it_does_at_slack() {
    let sandbox = sandbox().await;
    let (workspace, faults) = (sandbox.workspace(), sandbox.faults());
    let args = json!({"channel": "C0GENERAL", "text": "x"});
    let post = || raw_call(&sandbox, "chat.postMessage", &args);
    let posted = || workspace.messages("C0GENERAL").len();
    let once = |fault| faults.inject("chat.postMessage", fault, Lasting::Calls(1));

    once(Fault::RateLimited { retry_after: 7 });
    let got = post().await.unwrap();
    assert_eq!((got.status, got.headers["retry-after"].as_str()), (429, "7"));
    once(Fault::Html { status: 503 });
    let got = post().await.unwrap();
    assert_eq!(
        (got.status, got.headers["content-type"].as_str()),
        (503, "text/html; charset=utf-8")
    );
    once(Fault::NotOkWithoutError);
    assert_eq!(post().await.unwrap().json(), json!({"ok": false}));
    once(Fault::Error("fatal_error".into()));
    assert_eq!(post().await.unwrap().json(), json!({"ok": false, "error": "fatal_error"}));
    once(Fault::Garbage);
    assert!(serde_json::from_slice::<serde_json::Value>(&post().await.unwrap().body).is_err());
    once(Fault::ResetBefore);
    assert!(post().await.is_err());
    assert_eq!(posted(), 0, "so far nothing was done");
    once(Fault::ResetAfter);
    assert!(post().await.is_err());
    assert_eq!(posted(), 1, "the answer was lost, not the message");
    once(Fault::Slow(Duration::from_millis(300)));
    let began = Instant::now();
    assert_eq!(post().await.unwrap().json()["ok"], true);
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert_eq!(post().await.unwrap().json()["ok"], true, "every fault was for one call");
    let statuses: Vec<u16> = workspace.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [429, 503, 200, 200, 200, 0, 0, 200, 200]);
}

#[tokio::test]
async fn what_hangs_ends_when_the_fault_is_cleared() {
    let sandbox = sandbox().await;
    let faults = sandbox.faults();
    let args = json!({"channel": "C0GENERAL", "text": "x"});
    for (fault, done) in [(Fault::Hang, 0), (Fault::HangAfter, 1)] {
        faults.inject("*", fault, Lasting::UntilCleared);
        let before = sandbox.workspace().calls().len();
        let hanging = raw_call(&sandbox, "chat.postMessage", &args);
        let clearing = async {
            let came = |calls: &[_]| (calls.len() > before).then_some(());
            let what = "a call that hangs";
            sandbox.workspace().wait_for_calls(crate::support::SOON, what, came).await.unwrap();
            faults.clear();
        };
        let (answer, ()) = tokio::join!(hanging, clearing);
        assert!(answer.is_err());
        assert_eq!(sandbox.workspace().messages("C0GENERAL").len(), done);
    }
}

#[tokio::test]
async fn an_outage_stops_everything_until_it_ends() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    workspace.slash_command("U0DANA", "C0GENERAL", "list").await.unwrap();
    let url = app.request(0).await.form()["response_url"].clone();
    sandbox.faults().outage(Fault::Html { status: 500 });
    for method in ["auth.test", "users.info", "chat.postMessage"] {
        assert_eq!(raw_call(&sandbox, method, &json!({})).await.unwrap().status, 500);
    }
    assert_eq!(post_json(&url, &json!({"text": "x"})).await.status, 500);
    sandbox.faults().clear();
    assert_eq!(post_json(&url, &json!({"text": "x"})).await.status, 200);
    assert_eq!(raw_call(&sandbox, "auth.test", &json!({})).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_wait_in_vain_tells_what_there_was_instead() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    crate::support::post_card(&sandbox, "C0APPROVALS").await;
    let failed = workspace
        .wait_for(Duration::from_millis(20), "message about G-2", |_| None::<()>)
        .await
        .unwrap_err()
        .to_string();
    for words in [
        "still no message about G-2",
        "agent-approvals",
        "database: read",
        "[approve]",
        "chat.postMessage 200 ok",
    ] {
        assert!(failed.contains(words), "{words} is missing in: {failed}");
    }
}
