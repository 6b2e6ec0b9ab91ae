//! What the page asks its server.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use countersign::sandbox::{Sandbox, SandboxConfig, TimeMachine, WallTime};
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use crate::support::{App, SOON, config, form, http, ok, post_card, sandbox};

async fn get(sandbox: &Sandbox, path: &str) -> Value {
    http(sandbox.address(), "GET", path, &[], vec![]).await.unwrap().json()
}

async fn post(sandbox: &Sandbox, name: &str, body: Value) -> Value {
    let headers = [("content-type", "application/json")];
    let path = format!("/_page/{name}");
    let got = http(sandbox.address(), "POST", &path, &headers, body.to_string().into_bytes());
    got.await.unwrap().json()
}

#[tokio::test]
async fn the_page_is_served_with_its_files() {
    let sandbox = sandbox().await;
    let index = http(sandbox.address(), "GET", "/", &[], vec![]).await.unwrap();
    assert_eq!(index.headers["content-type"], "text/html; charset=utf-8");
    let index = String::from_utf8(index.body).unwrap();
    for (_, rest) in index.match_indices("/_page/").map(|(at, _)| index.split_at(at)) {
        let path = rest.split('"').next().unwrap();
        let file = http(sandbox.address(), "GET", path, &[], vec![]).await.unwrap();
        assert_eq!(file.status, 200, "{path}");
    }
    let none = http(sandbox.address(), "GET", "/_page/none.js", &[], vec![]).await.unwrap();
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn each_person_sees_the_workspace_from_their_chair() {
    let sandbox = sandbox().await;
    post_card(&sandbox, "C0APPROVALS").await;
    let psst = json!({"channel": "C0APPROVALS", "user": "U0SAM", "text": "psst"});
    ok(&sandbox, "chat.postEphemeral", psst).await;
    let call = json!({"channel": "C0APPROVALS", "text": "<@U0THEO> please"});
    ok(&sandbox, "chat.postMessage", call).await;
    let theo = get(&sandbox, "/_page/state?as=U0THEO").await;
    assert_eq!(theo["me"], "U0THEO");
    assert_eq!(theo["bot"]["connected"], false, "no socket is open");
    assert_eq!(theo["bot"]["command_names"], json!(["/agent"]));
    let channel = |state: &Value, id: &str| {
        let all = state["channels"].as_array().unwrap();
        all.iter().find(|channel| channel["id"] == id).cloned()
    };
    let approvals = channel(&theo, "C0APPROVALS").unwrap();
    assert_eq!((&approvals["unread"], &approvals["mentions"]), (&json!(2), &json!(1)));
    assert_eq!(channel(&theo, "C0LEADS").unwrap()["kind"], "private");
    assert_eq!(channel(&theo, "C0PARTNERS").unwrap()["external"], true);
    post(&sandbox, "read", json!({"as": "U0THEO", "channel": "C0APPROVALS"})).await;
    let theo = get(&sandbox, "/_page/state?as=U0THEO").await;
    assert_eq!(channel(&theo, "C0APPROVALS").unwrap()["unread"], 0);
    let gina = get(&sandbox, "/_page/state?as=U0GINA").await;
    assert_eq!(gina["channels"].as_array().unwrap().len(), 1, "a guest of one channel");
    let dora = gina["people"].as_array().unwrap().iter().find(|p| p["id"] == "U0DORA").unwrap();
    assert_eq!((&dora["kind"], &dora["can_sign_in"]), (&json!("deactivated"), &json!(false)));
    assert_eq!(get(&sandbox, "/_page/state?as=U0DORA").await["ok"], false);

    let path = |who: &str| format!("/_page/messages?as={who}&channel=C0APPROVALS");
    let texts = async |who: &str| {
        let got = get(&sandbox, &path(who)).await;
        let messages = got["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts("U0SAM").await, ["database: read", "psst", "<@U0THEO> please"]);
    assert_eq!(texts("U0THEO").await, ["database: read", "<@U0THEO> please"]);
    assert_eq!(texts("U0GINA").await, [""; 0]);
}

#[tokio::test]
async fn people_write_command_press_fill_in_and_submit() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let say = |text: &str| json!({"as": "U0DANA", "channel": "C0SUPPORT", "text": text});
    assert_eq!(post(&sandbox, "say", say("hello")).await, json!({"ok": true}));
    assert_eq!(post(&sandbox, "say", say("/agent list")).await, json!({"ok": true}));
    assert_eq!(app.request(0).await.form()["text"], "list");
    let unknown = post(&sandbox, "say", say("/nope")).await;
    assert!(unknown["error"].as_str().unwrap().starts_with("/nope is not a valid command"));
    let seen = workspace.visible_to("U0DANA", "C0SUPPORT");
    assert_eq!(seen.last().unwrap().text, unknown["error"].as_str().unwrap());

    let ts = post_card(&sandbox, "C0APPROVALS").await;
    let press = |action: &str, value: Value| {
        json!({"as": "U0THEO", "block_id": "vote", "action_id": action, "value": value,
            "container": {"type": "message", "channel": "C0APPROVALS", "ts": ts}})
    };
    assert_eq!(post(&sandbox, "action", press("approve", json!(null))).await["ok"], true);
    assert_eq!(app.request(1).await.payload()["actions"][0]["action_id"], "approve");
    assert_eq!(post(&sandbox, "action", press("for", json!("2h"))).await["ok"], false);

    let fields = workspace.command_fields("U0DANA", "C0GENERAL", "/agent", "").unwrap();
    let args = json!({"trigger_id": fields["trigger_id"], "view": form()});
    ok(&sandbox, "views.open", args).await;
    let modals = get(&sandbox, "/_page/state?as=U0DANA").await["modals"].clone();
    let id = modals[0]["id"].clone();
    let field = json!({"as": "U0DANA", "view_id": id, "block_id": "name", "action_id": "text", "value": "a"});
    assert_eq!(post(&sandbox, "view_state", field).await["ok"], true);
    app.answer_json(json!({"response_action": "errors", "errors": {"name": "taken"}}));
    let submit =
        |value: &str| json!({"as": "U0DANA", "view_id": id, "values": {"name": {"text": value}}});
    let wrong = post(&sandbox, "submit", submit("b")).await;
    assert_eq!(wrong, json!({"ok": true, "errors": {"name": "taken"}, "closed": false}));
    app.answer_json(json!({}));
    let closed = post(&sandbox, "submit", submit("c")).await;
    assert_eq!(closed, json!({"ok": true, "errors": null, "closed": true}));
    let values = &app.request(3).await.payload()["view"]["state"]["values"];
    assert_eq!(values["name"]["text"]["value"], "c");
    let gone = post(&sandbox, "close", json!({"as": "U0DANA", "view_id": id})).await;
    assert_eq!(gone["ok"], false);
    assert_eq!(post(&sandbox, "open_home", json!({"as": "U0DANA"})).await["ok"], true);
    assert_eq!(app.request(4).await.json()["event"]["type"], "app_home_opened");
}

/// A clock with something due in two hours.
struct TwoHours(WallTime, DateTime<Utc>);

impl TimeMachine for TwoHours {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
    fn advance(&self, by: chrono::Duration) {
        self.0.advance(by);
    }
    fn next_deadline(&self) -> BoxFuture<'_, Option<DateTime<Utc>>> {
        Box::pin(async { (self.1 > self.now()).then_some(self.1) })
    }
}

#[tokio::test]
async fn the_clock_goes_forward() {
    let due = WallTime::new().now() + chrono::Duration::hours(2);
    let clock = Arc::new(TwoHours(WallTime::new(), due));
    let sandbox = Sandbox::start(SandboxConfig { clock: clock.clone(), ..config() }).await.unwrap();
    let state = get(&sandbox, "/_page/state?as=U0DANA").await;
    assert_eq!(state["offset_seconds"], 0);
    assert!(state["next_deadline"].as_str().is_some(), "{state}");
    let moved = post(&sandbox, "clock", json!({"advance_seconds": 600})).await;
    assert!(moved["offset_seconds"].as_i64().unwrap() >= 599, "{moved}");
    post(&sandbox, "clock", json!({"to": "next_deadline"})).await;
    assert!(clock.now() >= due);
    let nothing = post(&sandbox, "clock", json!({"to": "next_deadline"})).await;
    assert_eq!(nothing["ok"], false);
    let back = post(&sandbox, "clock", json!({"advance_seconds": -1})).await;
    assert_eq!(back["ok"], false);
}

#[tokio::test]
async fn people_become_guests_and_leave() {
    let sandbox = sandbox().await;
    let kind = async |user: &str| {
        let state = get(&sandbox, "/_page/state?as=U0THEO").await;
        let people = state["people"].as_array().unwrap().clone();
        let person = people.iter().find(|person| person["id"] == user).cloned().unwrap();
        (person["kind"].clone(), person["can_sign_in"].clone())
    };
    for (to, can_sign_in) in [("guest", true), ("deactivated", false), ("member", true)] {
        let done = post(&sandbox, "person", json!({"user": "U0DANA", "kind": to})).await;
        assert_eq!(done["ok"], true, "{done}");
        assert_eq!(kind("U0DANA").await, (json!(to), json!(can_sign_in)));
    }
    for (user, to) in [("U0ROBO", "member"), ("U0OSCAR", "member"), ("U0DANA", "bot")] {
        let refused = post(&sandbox, "person", json!({"user": user, "kind": to})).await;
        assert_eq!(refused["ok"], false, "{user} {to}: {refused}");
    }
    let nobody = post(&sandbox, "person", json!({"user": "U0NONE", "kind": "guest"})).await;
    assert_eq!(nobody["ok"], false, "{nobody}");
}

#[tokio::test]
async fn changes_reach_those_whom_they_concern() {
    let sandbox = sandbox().await;
    let stream = tokio::net::TcpStream::connect(sandbox.address()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = axum::http::Request::get("/_page/events?as=U0DANA")
        .header("host", sandbox.address().to_string())
        .body(Empty::<bytes::Bytes>::new())
        .unwrap();
    let mut body = sender.send_request(request).await.unwrap().into_body();
    // Not for her eyes, then for them.
    let psst = |user: &str| json!({"channel": "C0APPROVALS", "user": user, "text": "psst"});
    ok(&sandbox, "chat.postEphemeral", psst("U0SAM")).await;
    sandbox.workspace().say("U0THEO", "C0LEADS", "secret").unwrap();
    ok(&sandbox, "chat.postEphemeral", psst("U0DANA")).await;
    let home = json!({"user_id": "U0DANA", "view": {"type": "home", "blocks": []}});
    ok(&sandbox, "views.publish", home).await;
    let mut told = String::new();
    while !told.contains("home") {
        let frame = tokio::time::timeout(SOON, body.frame()).await.expect("an event");
        let bytes = frame.unwrap().unwrap().into_data().unwrap();
        told.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    let told: Vec<Value> = told
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(
        told,
        [json!({"kind": "messages", "channel": "C0APPROVALS"}), json!({"kind": "home"})]
    );
}

#[tokio::test]
async fn other_sites_in_the_same_browser_can_do_nothing() {
    let sandbox = sandbox().await;
    let body = json!({"as": "U0DANA", "channel": "C0SUPPORT", "text": "forged"});
    let json_type = ("content-type", "application/json");
    for headers in [
        vec![json_type, ("host", "evil.example")],
        vec![json_type, ("origin", "https://evil.example")],
        vec![("content-type", "text/plain")],
    ] {
        let body = body.to_string().into_bytes();
        let got = http(sandbox.address(), "POST", "/_page/say", &headers, body).await.unwrap();
        assert_eq!(got.status, 403, "{headers:?}");
    }
    let rebound = [("host", "evil.example")];
    let got = http(sandbox.address(), "GET", "/_page/state", &rebound, vec![]).await.unwrap();
    assert_eq!(got.status, 403);
    assert!(sandbox.workspace().messages("C0SUPPORT").is_empty());
}
