//! Programs are called back where the policy allows, until they have heard it.

use std::net::IpAddr;

use axum::http::StatusCode;
use countersign::identity::{Kind, Signer};
use countersign::store::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::receiver::Call;
use super::support::PATIENCE;
use super::world::{REQUESTS, World, asks, cancels, question, refused};
use crate::programs;

async fn wants_to_be_called(world: &World, agent: &super::client::Program, object: &str) -> String {
    let mut body = refused(world, agent, &question("support-agent-v2", "read", object)).await;
    body["callback"] =
        json!({ "endpoint": world.receiver.url(), "state": { "any": ["thing", 1] } });
    asks(agent, &body).await
}

/// Waits until the receiver was called so often.
async fn called(world: &World, times: usize) -> Vec<Call> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let calls = world.receiver.calls();
        if calls.len() >= times {
            return calls;
        }
        assert!(tokio::time::Instant::now() < deadline, "only {calls:?}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

programs! {
    /// The call is signed for this address and this body, and gives the state back as it came.
    async fn a_call_can_be_believed(world) {
        let agent = world.agent("support-agent-v2").await;
        let at = wants_to_be_called(world, &agent, "orders").await;
        world.office.theo().denies(&world.newest("support-agent-v2").await, "no").await;
        let calls = called(world, 1).await;
        let call = &calls[0];
        assert_eq!(call.path, "/callbacks?a=b");
        assert_eq!(call.body["state"], json!({ "any": ["thing", 1] }));
        assert_eq!(call.body["task"]["status"], "denied");
        assert_eq!(call.body["task"]["status_endpoint"], at);
        assert!(call.body.get("result").is_none());
        let token = call.authorization.strip_prefix("Bearer ").expect("a token");
        let url = world.receiver.url();
        let claims = world.signer().recognise(Kind::Callback, Some(&url), token).expect("ours");
        assert_eq!(claims["jti"], json!(call.delivery));
        let hash = hex::encode(Sha256::digest(call.text.as_bytes()));
        assert_eq!(claims["body_sha256"], json!(hash));
        assert!(world.signer().recognise(Kind::Approval, None, token).is_err());
    }

    /// A receiver that is away hears it when it is back; the same delivery, by its name.
    async fn a_receiver_may_be_away(world) {
        let agent = world.agent("support-agent-v2").await;
        world.receiver.answers(StatusCode::SERVICE_UNAVAILABLE);
        let at = wants_to_be_called(world, &agent, "orders").await;
        cancels(&agent, &at).await;
        called(world, 2).await;
        // People are told meanwhile: nobody waits behind a program.
        world.office.dana().hears("No longer asked").await;
        world.receiver.answers(StatusCode::OK);
        world.office.settled().await;
        let calls = world.receiver.calls();
        assert!(calls.len() >= 3, "{calls:?}");
        assert!(calls.iter().all(|call| call.delivery == calls[0].delivery && call.text == calls[0].text));
    }

    /// Who never takes it is given up after a day, and security hears of it.
    async fn a_receiver_may_be_gone(world) {
        let agent = world.agent("support-agent-v2").await;
        world.receiver.answers(StatusCode::INTERNAL_SERVER_ERROR);
        let at = wants_to_be_called(world, &agent, "orders").await;
        cancels(&agent, &at).await;
        called(world, 1).await;
        world.office.clock.advance(chrono::TimeDelta::hours(25));
        world.office.settled().await;
        let told = world.office.posted("C0SECURITY", "does not take what became of a request");
        assert_eq!(told.len(), 1);
        assert!(told[0].words().contains("http_500"), "{}", told[0].words());
        // Who says that it is gone is believed at once; the place is told of once.
        world.receiver.answers(StatusCode::GONE);
        let at = wants_to_be_called(world, &agent, "people").await;
        cancels(&agent, &at).await;
        world.office.settled().await;
        let told = world.office.posted("C0SECURITY", "does not take what became of a request");
        assert_eq!(told.len(), 2);
        assert!(told[1].words().contains("http_410"), "{}", told[1].words());
    }

    /// Only the ends that were wished for are told.
    async fn only_what_is_wished_for_is_told(world) {
        let agent = world.agent("support-agent-v2").await;
        let mut body = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        body["callback"] = json!({ "endpoint": world.receiver.url(), "events": ["approved", "later"] });
        let at = asks(&agent, &body).await;
        cancels(&agent, &at).await;
        world.office.settled().await;
        assert!(world.receiver.calls().is_empty());
        let mut body = refused(world, &agent, &question("support-agent-v2", "read", "people")).await;
        body["callback"] = json!({ "endpoint": world.receiver.url(), "events": ["later"] });
        agent.posts(REQUESTS, &body).await.is_our_problem("malformed", 400);
        body["callback"] = json!({ "endpoint": world.receiver.url(), "state": "x".repeat(5_000) });
        agent.posts(REQUESTS, &body).await.is_our_problem("malformed", 400);
    }
}

/// Nothing is sent where the policy does not allow it, nor to the inside of a network, whatever a
/// name says, and whenever it says it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_inside() {
    let more = "\n[callbacks]\nhosts = [\"hooks.example.com\", \"127.0.0.1\"]\n";
    let world = World::with(Engine::Sqlite, more).await;
    let agent = world.agent("support-agent-v2").await;
    let whole = refused(&world, &agent, &question("support-agent-v2", "read", "orders")).await;
    let port = world.receiver.address.port();
    let resolves = |ips: &[&str]| {
        let ips: Vec<IpAddr> = ips.iter().map(|ip| ip.parse().expect("an address")).collect();
        world.shared.hosts.lock().expect("the hosts").insert("hooks.example.com".to_owned(), ips);
    };
    let refuses = async |endpoint: Value| {
        let mut body = whole.clone();
        body["callback"] = json!({ "endpoint": endpoint });
        agent.posts(REQUESTS, &body).await.is_our_problem("callback_not_allowed", 400);
    };
    for endpoint in [
        format!("http://hooks.example.com:{port}/"),
        format!("https://evil.example:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::1]:{port}/"),
        format!("https://hooks.example.com@127.0.0.1:{port}/"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "not an address".to_owned(),
    ] {
        refuses(json!(endpoint)).await;
    }
    let fine = format!("https://hooks.example.com:{port}/");
    for inside in
        [&["127.0.0.1"][..], &["10.0.0.7"], &["93.184.216.34", "::1"], &["fd00:ec2::254"], &[]]
    {
        resolves(inside);
        refuses(json!(fine)).await;
    }
    // A name that turns round after it was looked at: nothing is sent, and security is told.
    resolves(&["93.184.216.34"]);
    let mut body = whole.clone();
    body["callback"] = json!({ "endpoint": fine });
    let at = asks(&agent, &body).await;
    resolves(&["127.0.0.1"]);
    cancels(&agent, &at).await;
    world.office.settled().await;
    assert!(world.receiver.calls().is_empty());
    let told = world.office.posted("C0SECURITY", "does not take what became of a request");
    assert!(told[0].words().contains("internal_address"), "{}", told[0].words());
    world.close().await;
}
