//! A program, as it stands before the doors: it knows addresses, JSON and its own token.

use axum::http::{HeaderMap, Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::signer::ISSUER;

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as JSON; a string where it is none.
    pub body: Value,
}

impl Answer {
    /// A header, as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }

    /// It is a problem of this type and status, and says so as the standard wants it.
    pub fn is_problem(&self, kind: &str, status: u16) {
        assert_eq!(self.body["type"], kind, "{self:?}");
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.body["status"], status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert!(self.body["title"].is_string() && self.body["detail"].is_string(), "{self:?}");
    }

    /// A problem that the profile defines.
    pub fn is_profile_problem(&self, kind: &str, status: u16) {
        self.is_problem(&format!("urn:openid:authzen:access-request:error:{kind}"), status);
    }

    /// A problem of our own.
    pub fn is_our_problem(&self, kind: &str, status: u16) {
        self.is_problem(&format!("urn:countersign:access-request:error:{kind}"), status);
    }
}

/// A program with a token.
#[derive(Clone)]
pub struct Program {
    /// Where the product listens.
    pub product: String,
    /// Where the decision point listens.
    pub decisions: String,
    /// What it shows.
    pub token: String,
    /// Its connections.
    pub http: Client<HttpConnector, Full<Bytes>>,
}

impl Program {
    /// One that shows this token.
    pub fn new(product: String, decisions: String, token: &str) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        Self { product, decisions, token: token.to_owned(), http }
    }

    /// Sends something; `at` is an address of the product's, as it is called from outside.
    pub async fn sends(
        &self,
        method: Method,
        at: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let path = at.strip_prefix(ISSUER).unwrap_or(at);
        let host = if path == "/access/v1/evaluation" { &self.decisions } else { &self.product };
        let mut request = Request::builder().method(method).uri(format!("{host}{path}"));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        let answer = self.http.request(request).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body).into_owned()));
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Posts JSON.
    pub async fn posts(&self, at: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.sends(Method::POST, at, &headers, body.to_string()).await
    }

    /// Posts JSON with an `Idempotency-Key`.
    pub async fn posts_once(&self, at: &str, key: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.sends(Method::POST, at, &headers, body.to_string()).await
    }

    /// Gets.
    pub async fn gets(&self, at: &str) -> Answer {
        self.sends(Method::GET, at, &[], "").await
    }
}
