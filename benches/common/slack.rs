//! A stub of Slack's Web API that answers at once and remembers when messages changed. The
//! stand-in workspace would answer too, but checks everything as strictly as Slack, at the expense
//! of the core that makes the load.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{Uri, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// The stub.
#[derive(Clone)]
pub struct Slack {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    posted: u64,
    /// When the last message was posted.
    last: Option<Instant>,
    /// When each message was changed last, by channel and timestamp.
    updated: HashMap<(String, String), Instant>,
}

impl Slack {
    /// Starts answering.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let slack = Self { address, seen };
        let router = Router::new().fallback(answer).with_state(slack.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        slack
    }

    /// `slack.api_url`
    pub fn api_url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// An address for answers.
    pub fn response_url(&self) -> String {
        format!("http://{}/respond", self.address)
    }

    /// When each copy of a message was changed last, by its channel.
    pub fn updated(&self, ts: &str) -> Vec<(String, Instant)> {
        let seen = self.seen.lock().expect("whole");
        let of = seen.updated.iter().filter(|((_, found), _)| found == ts);
        of.map(|((channel, _), at)| (channel.clone(), *at)).collect()
    }

    /// Forgets which messages were changed.
    pub fn forget(&self) {
        self.seen.lock().expect("whole").updated.clear();
    }

    /// How many messages were posted, and when the last of them.
    pub fn posted(&self) -> (u64, Option<Instant>) {
        let seen = self.seen.lock().expect("whole");
        (seen.posted, seen.last)
    }
}

async fn answer(
    State(slack): State<Slack>,
    uri: Uri,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> impl IntoResponse {
    let method = uri.path().trim_start_matches("/api/");
    let sent = || serde_json::from_slice::<Value>(&body).unwrap_or_default();
    let answer = match method {
        "auth.test" => json!({
            "ok": true, "team_id": "T0ACME", "team": "Acme", "user_id": "U0BOT", "bot_id": "B0BOT",
            "url": "https://acme.slack.com/", "user": "countersign",
        }),
        "users.info" => {
            let of_form = || serde_urlencoded::from_bytes::<HashMap<String, String>>(&body).ok();
            let id = query.get("user").cloned().or_else(|| of_form()?.remove("user"));
            let id = id.or_else(|| sent()["user"].as_str().map(str::to_owned));
            json!({ "ok": true, "user": {
                "id": id, "team_id": "T0ACME", "name": "somebody", "real_name": "Some Body",
                "deleted": false, "is_bot": false, "is_restricted": false,
                "is_ultra_restricted": false, "profile": {},
            }})
        }
        "usergroups.users.list" => {
            let of_query = query.get("usergroup").cloned();
            let group = of_query.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
            let users =
                if group.contains("SECURITY") { ["U0SAM", "U0SARA"] } else { ["U0THEO", "U0TINA"] };
            json!({ "ok": true, "users": users })
        }
        "chat.postMessage" => {
            let sent = sent();
            let mut seen = slack.seen.lock().expect("whole");
            seen.posted += 1;
            seen.last = Some(Instant::now());
            let ts = format!("1800000000.{:06}", seen.posted);
            json!({ "ok": true, "channel": sent["channel"], "ts": ts })
        }
        "chat.update" => {
            let arrived = Instant::now();
            let sent = sent();
            let text = |field: &str| sent[field].as_str().unwrap_or_default().to_owned();
            let message = (text("channel"), text("ts"));
            slack.seen.lock().expect("whole").updated.insert(message, arrived);
            json!({ "ok": true, "channel": sent["channel"], "ts": sent["ts"] })
        }
        _ => json!({ "ok": true }),
    };
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string())
}
