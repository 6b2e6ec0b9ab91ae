//! Programs, as they stand before the server: an agent with its key, a service with its token, and
//! anybody with a browser. They know the server by its address from outside alone.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request};
use countersign::domain::signing_key::Algorithm;
use countersign::identity::jws::{self, Jws};
use countersign::identity::pair::KeyPair;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value, json};

use crate::support::Office;

/// The server's address from outside; it listens elsewhere.
pub const OUTSIDE: &str = "https://agents.example.com";

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// JSON; a string where it is none.
    pub body: Value,
}

impl Reply {
    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.body
    }
}

/// A program, with what it shows of itself.
pub struct Program<'a> {
    office: &'a Office,
    token: Option<String>,
}

impl<'a> Program<'a> {
    /// One that shows this token.
    pub fn with(office: &'a Office, token: &str) -> Self {
        Self { office, token: Some(token.to_owned()) }
    }

    /// One that shows nothing.
    pub fn anybody(office: &'a Office) -> Self {
        Self { office, token: None }
    }

    /// Sends something to an address from outside, or a path of the server.
    async fn sends(&self, method: Method, at: &str, kind: &str, body: String) -> Reply {
        let path = at.strip_prefix(OUTSIDE).unwrap_or(at);
        assert!(path.starts_with('/'), "{at} does not lead to this server");
        let address = self.office.address().await;
        let mut request = Request::builder().method(method).uri(format!("http://{address}{path}"));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        let request = request.body(Full::new(Bytes::from(body))).expect("a request");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let answer = client.request(request).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let text = || Value::from(String::from_utf8_lossy(&body).into_owned());
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| text());
        Reply { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Reads what is there.
    pub async fn gets(&self, at: &str) -> Reply {
        self.sends(Method::GET, at, "", String::new()).await
    }

    /// Sends JSON.
    pub async fn posts(&self, at: &str, body: &Value) -> Reply {
        self.sends(Method::POST, at, "application/json", body.to_string()).await
    }

    /// Sends a form.
    pub async fn posts_form(&self, at: &str, fields: &[(&str, &str)]) -> Reply {
        let body = serde_urlencoded::to_string(fields).expect("a form");
        self.sends(Method::POST, at, "application/x-www-form-urlencoded", body).await
    }

    /// Asks whether this may be done; the answer.
    pub async fn asks_whether(&self, question: &Value) -> Value {
        self.posts("/access/v1/evaluation", question).await.expect(200)
    }

    /// What a service is told of a token.
    pub async fn introspects(&self, token: &str) -> Value {
        self.posts_form("/oauth/introspect", &[("token", token)]).await.expect(200)
    }
}

/// The key of an agent; the private half never leaves the agent.
pub struct Key {
    pair: KeyPair,
    used: AtomicU32,
}

impl Key {
    /// A new one.
    pub fn make() -> Self {
        let (pair, _) = KeyPair::make(Algorithm::EdDsa).expect("a pair");
        Self { pair, used: AtomicU32::new(0) }
    }

    /// The public half, as a person pastes it.
    pub fn public(&self) -> String {
        serde_json::to_string(self.pair.public()).expect("a JWK")
    }

    /// The agent proves itself by the key (`private_key_jwt`) and asks for a token.
    pub async fn asks_for_token(&self, office: &Office, agent: &str) -> Reply {
        let now = office.now().timestamp();
        let used = self.used.fetch_add(1, Ordering::Relaxed);
        let header = json!({ "alg": "EdDSA", "kid": self.pair.public().thumbprint() });
        let claims = json!({
            "iss": agent, "sub": agent, "aud": OUTSIDE, "iat": now, "exp": now + 60,
            "jti": format!("{agent}-{used}"),
        });
        let assertion = jws::sign(&object(&header), &object(&claims), |text| self.pair.sign(text));
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion.expect("signed")),
        ];
        Program::anybody(office).posts_form("/oauth/token", &fields).await
    }

    /// A token by which the agent acts for whom this token of another's is about (RFC 8693).
    pub async fn acts_for(&self, office: &Office, agent: &str, subject: &str) -> String {
        const KIND: &str = "urn:ietf:params:oauth:token-type";
        let own = self.token(office, agent).await;
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", subject),
            ("subject_token_type", &format!("{KIND}:jwt")),
            ("actor_token", &own),
            ("actor_token_type", &format!("{KIND}:access_token")),
        ];
        let given = Program::anybody(office).posts_form("/oauth/token", &fields).await.expect(200);
        given["access_token"].as_str().expect("a token").to_owned()
    }

    /// A text signed by the key.
    pub fn signs(&self, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "typ": "JWT" });
        let signed = jws::sign(&object(&header), &object(claims), |text| self.pair.sign(text));
        signed.expect("signed")
    }

    /// A token of the agent's.
    pub async fn token(&self, office: &Office, agent: &str) -> String {
        let given = self.asks_for_token(office, agent).await.expect(200);
        given["access_token"].as_str().expect("a token").to_owned()
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

/// What a token says, unverified.
pub fn claims(token: &str) -> Value {
    Value::Object(Jws::parse(token).expect("a token").claims)
}

/// By which key a token is signed.
pub fn key_of(token: &str) -> String {
    Jws::parse(token).expect("a token").header("kid").expect("a kid").to_owned()
}
