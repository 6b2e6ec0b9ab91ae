//! A sandbox, a caller of its Web API, and an app over HTTP that answers as it is told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use countersign::sandbox::{AppTransport, RateLimits, Sandbox, SandboxConfig, WallTime};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Long enough for a busy machine; nothing waits for it in vain when all is well.
pub const SOON: Duration = Duration::from_secs(20);

/// The workspace of these tests: no limits unless the test is about them, fast repetitions.
pub fn config() -> SandboxConfig {
    SandboxConfig {
        rate_limits: RateLimits::Off,
        event_retries: vec![Duration::ZERO, Duration::from_millis(50)],
        ..SandboxConfig::new(Arc::new(WallTime::new()))
    }
}

pub async fn sandbox() -> Sandbox {
    Sandbox::start(config()).await.unwrap()
}

/// What came back over HTTP.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

/// One HTTP request, as it is.
pub async fn http(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Got, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let driver = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request = request.header("host", address.to_string());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
        .collect();
    let body = response.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes().to_vec();
    driver.abort();
    Ok(Got { status, headers, body })
}

/// One call of the Web API with a JSON body.
pub async fn raw_call(sandbox: &Sandbox, method: &str, args: &Value) -> Result<Got, String> {
    let token = format!("Bearer {}", config().bot_token);
    let headers =
        [("authorization", token.as_str()), ("content-type", "application/json; charset=utf-8")];
    let path = format!("/api/{method}");
    http(sandbox.address(), "POST", &path, &headers, args.to_string().into_bytes()).await
}

pub async fn call(sandbox: &Sandbox, method: &str, args: Value) -> Value {
    raw_call(sandbox, method, &args).await.unwrap().json()
}

/// A call that must succeed.
pub async fn ok(sandbox: &Sandbox, method: &str, args: Value) -> Value {
    let answer = call(sandbox, method, args.clone()).await;
    assert_eq!(answer["ok"], true, "{method} {args}: {answer}");
    answer
}

/// The error of a call that must fail.
pub async fn error(sandbox: &Sandbox, method: &str, args: Value) -> String {
    let answer = call(sandbox, method, args.clone()).await;
    assert_eq!(answer["ok"], false, "{method} {args}: {answer}");
    answer["error"].as_str().unwrap().to_owned()
}

/// POSTs JSON to an address that a payload carried.
pub async fn post_json(url: &str, body: &Value) -> Got {
    let uri: Uri = url.parse().unwrap();
    let address: SocketAddr = uri.authority().unwrap().as_str().parse().unwrap();
    let headers = [("content-type", "application/json")];
    http(address, "POST", uri.path(), &headers, body.to_string().into_bytes()).await.unwrap()
}

/// A request that reached the app.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Received {
    /// The fields of a form.
    pub fn form(&self) -> BTreeMap<String, String> {
        serde_urlencoded::from_bytes(&self.body).unwrap()
    }

    /// The payload of an interaction.
    pub fn payload(&self) -> Value {
        serde_json::from_str(&self.form()["payload"]).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Answerer = dyn Fn(&Received) -> Option<Response> + Send + Sync;

struct Shared {
    requests: Mutex<Vec<Received>>,
    count: watch::Sender<usize>,
    answer: Mutex<Arc<Answerer>>,
}

/// An app over HTTP that remembers what it got and answers as it is told.
#[derive(Clone)]
pub struct App {
    shared: Arc<Shared>,
    pub base_url: String,
}

impl App {
    /// Starts the app and points the sandbox to it.
    pub async fn start(sandbox: &Sandbox) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            requests: Mutex::default(),
            count: watch::Sender::new(0),
            answer: Mutex::new(Arc::new(|_: &Received| Some(StatusCode::OK.into_response()))),
        });
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        sandbox.set_transport(AppTransport::Http { base_url: base_url.clone() });
        Self { shared, base_url }
    }

    /// How it answers from now on; `None` is no answer at all.
    pub fn answer(&self, answer: impl Fn(&Received) -> Option<Response> + Send + Sync + 'static) {
        *self.shared.answer.lock().unwrap() = Arc::new(answer);
    }

    /// Answers with JSON from now on.
    pub fn answer_json(&self, body: Value) {
        self.answer(move |_| Some(axum::Json(body.clone()).into_response()));
    }

    /// The request with this number, once it came.
    pub async fn request(&self, number: usize) -> Received {
        let mut count = self.shared.count.subscribe();
        let came = tokio::time::timeout(SOON, count.wait_for(|count| *count > number)).await;
        assert!(came.is_ok(), "request {number} did not come; {:?}", self.requests());
        self.requests()[number].clone()
    }

    pub fn requests(&self) -> Vec<Received> {
        self.shared.requests.lock().unwrap().clone()
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Received { path: uri.path().to_owned(), headers, body: body.to_vec() };
    let answer = shared.answer.lock().unwrap().clone();
    shared.requests.lock().unwrap().push(request.clone());
    shared.count.send_modify(|count| *count += 1);
    match answer(&request) {
        Some(response) => response,
        None => std::future::pending().await,
    }
}

/// A form with one field.
pub fn form() -> Value {
    json!({
        "type": "modal",
        "callback_id": "register",
        "title": {"type": "plain_text", "text": "Register"},
        "submit": {"type": "plain_text", "text": "Send"},
        "private_metadata": "kept",
        "blocks": [
            {"type": "input", "block_id": "name", "label": {"type": "plain_text", "text": "Name"},
             "element": {"type": "plain_text_input", "action_id": "text"}},
        ],
    })
}

/// A card with two buttons and a menu.
pub fn card() -> Value {
    json!([
        {"type": "section", "block_id": "what", "text": {"type": "mrkdwn", "text": "*database*: read"}},
        {"type": "actions", "block_id": "vote", "elements": [
            {"type": "button", "action_id": "approve", "value": "G-1",
             "text": {"type": "plain_text", "text": "Approve"}},
            {"type": "button", "action_id": "deny", "value": "G-1",
             "text": {"type": "plain_text", "text": "Deny …"}},
            {"type": "static_select", "action_id": "for", "options": [
                {"text": {"type": "plain_text", "text": "30 minutes"}, "value": "30m"},
                {"text": {"type": "plain_text", "text": "1 hour"}, "value": "1h"}]},
        ]},
    ])
}

/// Posts a card and returns its `ts`.
pub async fn post_card(sandbox: &Sandbox, channel: &str) -> String {
    let args = json!({"channel": channel, "text": "database: read", "blocks": card()});
    ok(sandbox, "chat.postMessage", args).await["ts"].as_str().unwrap().to_owned()
}
