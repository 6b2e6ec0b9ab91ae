//! Connections that seem open and are dead, on a socket that says only what a test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign::clock::Entropy;
use countersign::slack::wire::client::{Client, ClientSettings};
use countersign::slack::wire::limits::Limits;
use countersign::slack::wire::socket::{SocketMode, SocketSettings};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::desk::{PATIENCE, TestDesk, Wire};

/// How a connection behaves.
#[derive(Clone, Copy)]
enum Manner {
    /// Never greets.
    Mute,
    /// Greets, and then neither says nor reads anything.
    Dead,
    /// Greets and reads; sends these envelopes first.
    Alive,
}

struct Fake {
    manners: Vec<Manner>,
    address: String,
    opened: AtomicUsize,
    /// What was sent to it over all connections.
    heard: watch::Sender<Vec<String>>,
    envelopes: Vec<Value>,
}

async fn open(State(fake): State<Arc<Fake>>) -> Json<Value> {
    Json(json!({"ok": true, "url": format!("ws://{}/link?ticket=x", fake.address)}))
}

async fn link(State(fake): State<Arc<Fake>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| serve(fake, socket)).into_response()
}

async fn serve(fake: Arc<Fake>, mut socket: WebSocket) {
    let n = fake.opened.fetch_add(1, Ordering::SeqCst);
    let manner = fake.manners.get(n).copied().unwrap_or(Manner::Alive);
    if !matches!(manner, Manner::Mute) {
        let hello = json!({"type": "hello", "num_connections": 1}).to_string();
        let _ = socket.send(Message::text(hello)).await;
    }
    if !matches!(manner, Manner::Alive) {
        std::future::pending::<()>().await;
    }
    for envelope in &fake.envelopes {
        let _ = socket.send(Message::text(envelope.to_string())).await;
    }
    while let Some(Ok(frame)) = socket.recv().await {
        if let Message::Text(text) = frame {
            fake.heard.send_modify(|heard| heard.push(text.to_string()));
        }
    }
}

struct Running {
    fake: Arc<Fake>,
    stop: CancellationToken,
    // Slack's Web API is not asked for anything here, but a wire needs one.
    _wire: Wire,
    desk: Arc<TestDesk>,
}

async fn start(manners: Vec<Manner>, envelopes: Vec<Value>) -> Running {
    let desk = TestDesk::says("hello");
    let wire = Wire::to(Arc::clone(&desk)).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heard = watch::Sender::new(Vec::new());
    let opened = AtomicUsize::new(0);
    let fake = Arc::new(Fake { manners, address: address.clone(), opened, heard, envelopes });
    let router = Router::new()
        .route("/api/apps.connections.open", post(open))
        .route("/link", get(link))
        .with_state(Arc::clone(&fake));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut settings = ClientSettings::new("xoxb-1".into());
    settings.api_url = format!("http://{address}/api");
    settings.app_token = Some("xapp-1".into());
    let client = Arc::new(Client::new(settings, Arc::new(Limits::none())).unwrap());
    let settings = SocketSettings {
        connections: 1,
        ping_every: Duration::from_millis(50),
        dead_after: Duration::from_millis(300),
        connect_within: Duration::from_millis(300),
        first_pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(20),
        ..Default::default()
    };
    let entropy = Arc::new(Entropy::seeded(7));
    let intake = Arc::clone(&wire.intake);
    let socket = SocketMode::new(client, intake, Arc::clone(&wire.clock), entropy, settings);
    let stop = CancellationToken::new();
    tokio::spawn(socket.run(stop.clone()));
    Running { fake, stop, _wire: wire, desk }
}

impl Running {
    async fn hears(&self, n: usize) -> Vec<String> {
        let mut heard = self.fake.heard.subscribe();
        let enough = tokio::time::timeout(PATIENCE, heard.wait_for(|all| all.len() >= n)).await;
        let all = self.fake.heard.borrow().clone();
        assert!(enough.is_ok(), "waited for {n} frames, and there came {all:?}");
        all
    }
}

fn command(id: &str, payload: Value) -> Value {
    json!({
        "envelope_id": id, "type": "slash_commands", "accepts_response_payload": false,
        "payload": payload, "a_field_from_tomorrow": 1,
    })
}

fn typed(trigger: &str) -> Value {
    json!({
        "command": "/agent", "text": "list", "team_id": "T0ACME", "user_id": "U0DANA",
        "channel_id": "C0GENERAL", "trigger_id": trigger,
    })
}

#[tokio::test]
async fn connections_that_do_not_greet_or_fall_silent_are_replaced() {
    let envelopes = vec![command("e1", typed("1"))];
    let running = start(vec![Manner::Mute, Manner::Dead, Manner::Alive], envelopes).await;
    let heard = running.hears(1).await;
    assert_eq!(heard, [json!({"envelope_id": "e1"}).to_string()]);
    assert_eq!(running.fake.opened.load(Ordering::SeqCst), 3);
    running.stop.cancel();
}

#[tokio::test]
async fn what_is_not_understood_is_never_acknowledged_away() {
    let envelopes = vec![
        json!("no envelope"),
        command("broken", json!({"command": "/agent"})),
        json!({"envelope_id": "null", "type": "interactive", "payload": null}),
        // Of a kind that we do not know: nothing is lost by taking it.
        json!({"envelope_id": "new", "type": "from_tomorrow", "payload": {"x": 1}}),
        command("good", typed("1")),
    ];
    let running = start(vec![], envelopes).await;
    let mut heard = running.hears(2).await;
    heard.sort();
    let ack = |id: &str| json!({"envelope_id": id}).to_string();
    assert_eq!(heard, [ack("good"), ack("new")]);
    assert_eq!(running.desk.seen().len(), 1);
    running.stop.cancel();
}
