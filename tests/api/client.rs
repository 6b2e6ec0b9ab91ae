//! A client of `/api/v1`, and how people and agents come by their tokens.

use axum::body::Bytes;
use axum::http::{HeaderMap, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::support::{Office, Person};

/// Where people type their commands.
const SUPPORT: &str = "C0SUPPORT";

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// A header, as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// It went well; what it says.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("cache-control"), "no-store");
        self.body
    }

    /// It is this problem; what it says.
    #[track_caller]
    pub fn refuses(self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.body["type"], format!("urn:countersign:problem:{kind}"), "{:#}", self.body);
        assert_eq!(self.body["status"], status);
        for member in ["title", "detail"] {
            assert!(self.body[member].as_str().is_some_and(|text| !text.is_empty()));
        }
        if status == 401 {
            assert!(self.header("www-authenticate").contains("realm"), "{self:?}");
        }
        if [429, 503].contains(&status) {
            assert!(self.header("retry-after").parse::<u64>().is_ok(), "{self:?}");
        }
        self.body
    }
}

/// Whoever calls.
#[derive(Clone)]
pub struct Caller {
    pub address: String,
    pub token: Option<String>,
}

impl Caller {
    /// Nobody in particular.
    pub async fn nobody(office: &Office) -> Self {
        Self { address: format!("http://{}", office.address().await), token: None }
    }

    pub async fn with(office: &Office, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::nobody(office).await }
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let answer = client.request(request).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", &format!("/api/v1{path}"), &[], "").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_as(path, body, &[]).await
    }

    /// With the name of the call.
    pub async fn post_named(&self, path: &str, body: &Value, key: &str) -> Answer {
        self.post_as(path, body, &[("idempotency-key", key)]).await
    }

    async fn post_as(&self, path: &str, body: &Value, more: &[(&str, &str)]) -> Answer {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend_from_slice(more);
        self.send("POST", &format!("/api/v1{path}"), &headers, body.to_string()).await
    }

    pub async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Value {
        let body = serde_urlencoded::to_string(pairs).expect("a form");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.send("POST", path, &headers, body).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        answer.body
    }
}

/// A person logs in on a device, confirmed in Slack.
pub async fn log_in(person: Person<'_>) -> Caller {
    let nobody = Caller::nobody(person.office).await;
    let device = [("client_id", "agent-cli"), ("device_name", "a laptop")];
    let asked = nobody.form("/oauth/device_authorization", &device).await;
    let (device, code) = (text(&asked["device_code"]), text(&asked["user_code"]));
    person.types(&format!("/agent login {code}")).await;
    let workspace = person.office.workspace();
    let shown = workspace.visible_to(person.id, SUPPORT);
    let question = shown.iter().rev().find(|m| m.action_ids().iter().any(|a| a == "log_in"));
    let question = question.expect("the question").clone();
    let clicked = workspace.click(person.id, SUPPORT, &question.ts, "log_in").await;
    clicked.expect("a click");
    person.office.settled().await;
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "agent-cli"),
        ("device_code", device.as_str()),
    ];
    let tokens = nobody.form("/oauth/token", &form).await;
    Caller::with(person.office, &text(&tokens["access_token"])).await
}

/// A text of a document.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// What of a list stands under this name, in order.
pub fn column(page: &Value, name: &str) -> Vec<String> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("no page: {page:#}"));
    items.iter().map(|item| text(&item[name])).collect()
}

/// An agent's key.
pub struct Key {
    pair: Ed25519KeyPair,
}

impl Key {
    pub fn make() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self { pair: Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key") }
    }

    /// The public half, as a JWK.
    pub fn jwk(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x }).to_string()
    }

    /// A token signed by it.
    pub fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": "EdDSA", "typ": "JWT" })), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(text.as_bytes()));
        format!("{text}.{signature}")
    }

    /// The agent gets a token for this server.
    pub async fn token(&self, office: &Office, agent: &str) -> Caller {
        let nobody = Caller::nobody(office).await;
        let at = office.clock_seconds();
        let claims = json!({
            "iss": agent, "sub": agent, "aud": nobody.address, "iat": at, "exp": at + 60,
            "jti": URL_SAFE_NO_PAD.encode(at.to_be_bytes()) + agent,
        });
        let assertion = self.sign(&claims);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.as_str()),
        ];
        let tokens = nobody.form("/oauth/token", &form).await;
        Caller::with(office, &text(&tokens["access_token"])).await
    }
}

/// The agent's owner has a key for it accepted by `/api/v1`; the agent, as a caller.
pub async fn agent_itself(office: &Office, owner: &Caller, agent: &str) -> Caller {
    let key = Key::make();
    let wanted =
        json!({ "name": "laptop", "public_key": key.jwk(), "justification": "it runs there" });
    let request = owner.post(&format!("/agents/{agent}/credentials"), &wanted).await.ok(202);
    office.everybody_approves(&text(&request["reference"])).await;
    key.token(office, agent).await
}

impl Office {
    pub fn clock_seconds(&self) -> i64 {
        countersign::clock::Clock::now(self.clock.as_ref()).timestamp()
    }
}

/// The body of a registration that is right.
pub fn registration(name: &str) -> Value {
    json!({
        "name": name, "purpose": "answers support tickets", "systems": ["tickets", "database"],
        "runs_on": "kubernetes", "model": "a model, version 5", "team": "support",
    })
}
