//! Told to end, a server ends within seconds and leaves nothing half done.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::Request;
use countersign::sandbox::{Fault, Lasting};
use countersign::store::Engine;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use crate::server::{PATIENCE, Server};
use crate::site::{Door, Site};
use crate::story::{AGENT, Bot};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_finishes_what_is_under_way() {
    for (engine, door) in [(Engine::Sqlite, Door::Socket), (Engine::Postgres, Door::Http)] {
        let site = Arc::new(Site::open(engine, door).await);
        let bot = Bot::start(&site, None).await;
        // The cards are on their way for a while when the end is asked for.
        let slow = Fault::Slow(Duration::from_secs(2));
        site.sandbox.faults().inject("chat.postMessage", slow, Lasting::UntilCleared);
        bot.registers(AGENT, &["writes"]).await;
        let store = site.store().await;
        site.a_delivery_is_under_way(&store).await;
        let (server, asked) = (bot.server(), Instant::now());
        bot.retire();
        server.signal("TERM");
        let end = server.end(Duration::from_secs(12)).await;
        assert_eq!(end.code(), Some(0), "{}", server.said());
        println!("{engine:?} {door:?}: ended after {:?}", asked.elapsed());
        drop(bot);

        site.sandbox.faults().clear();
        let bot = Bot::start(&site, None).await;
        bot.approves("U0THEO", "team lead", &[]).await;
        bot.approves("U0SAM", "security", &[]).await;
        bot.dana_reads("is registered").await;
        site.everything_is_out(&store).await;
        assert_eq!(site.live_buttons(), [], "{}", site.transcript());
        let cards = site.workspace().messages("C0APPROVALS");
        assert_eq!(cards.len(), 1, "the card was posted once: {cards:#?}");
    }
}

/// One request of the page.
async fn page(address: SocketAddr, method: &str, path: &str, body: Value) -> Value {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", address.to_string())
        .header("content-type", "application/json")
        .body(Full::new(body))
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    driver.abort();
    serde_json::from_slice(&body).unwrap()
}

/// Does something at the page, until it is taken: at the start the bot may not be there yet.
async fn until_taken(address: SocketAddr, name: &str, body: Value) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let answer = page(address, "POST", &format!("/_page/{name}"), body.clone()).await;
        if answer["ok"] == true {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{name} {body}: {answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn state(address: SocketAddr) -> Value {
    page(address, "GET", "/_page/state?as=U0DANA", Value::Null).await
}

/// What Dana reads in a channel, once it holds these words (or at last).
async fn reads(address: SocketAddr, words: &str) -> bool {
    let path = "/_page/messages?as=U0DANA&channel=C0SUPPORT";
    let messages = page(address, "GET", path, Value::Null).await;
    messages.to_string().contains(words)
}

/// Starts `countersign sandbox`; where its page is.
async fn sandbox(folder: &std::path::Path, more: &[&str]) -> (Server, SocketAddr) {
    let data = folder.display().to_string();
    let mut line = vec!["sandbox", "--listen", "127.0.0.1:0", "--data", &data];
    line.extend(more);
    let server = Server::start(&line, &[]);
    let address = server
        .says("where its page is", |line| {
            let (_, rest) = line.split_once("http://")?;
            rest.trim().trim_end_matches('/').parse().ok()
        })
        .await;
    (server, address)
}

async fn interrupted(server: Server) {
    server.signal("INT");
    let end = server.end(Duration::from_secs(15)).await;
    assert_eq!(end.code(), Some(0), "{}", server.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sandbox_ends_cleanly_and_finds_its_data_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("data");
    let say = |text: &str| json!({"as": "U0DANA", "channel": "C0SUPPORT", "text": text});

    let (server, address) = sandbox(&folder, &[]).await;
    until_taken(address, "say", say("hello from the first start")).await;
    until_taken(address, "say", say("/agent register support-agent-v2")).await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let form = loop {
        if let Some(id) = state(address).await["modals"][0]["id"].as_str() {
            break id.to_owned();
        }
        assert!(tokio::time::Instant::now() < deadline, "no form:\n{}", server.said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    for field in ["purpose", "systems", "runs_on", "model"] {
        let filled = json!({"as": "U0DANA", "view_id": form, "block_id": field,
            "action_id": field, "value": "support tickets"});
        until_taken(address, "view_state", filled).await;
    }
    until_taken(address, "submit", json!({"as": "U0DANA", "view_id": form})).await;
    interrupted(server).await;

    let (server, address) = sandbox(&folder, &[]).await;
    assert!(reads(address, "hello from the first start").await, "{}", server.said());
    until_taken(address, "say", say("/agent list")).await;
    assert!(reads(address, "support-agent-v2").await, "the agent is known");
    interrupted(server).await;

    let (server, address) = sandbox(&folder, &["--fresh"]).await;
    until_taken(address, "say", say("/agent list")).await;
    assert!(!reads(address, "support-agent-v2").await, "nothing is known");
    assert!(!reads(address, "hello from the first start").await, "nothing was said");
    interrupted(server).await;
}
