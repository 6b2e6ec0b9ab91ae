//! A plain HTTP client, so that what is sent is exactly what a test says.

use axum::body::Bytes;
use axum::http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// An answer.
#[derive(Debug)]
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

    /// It is a token; gives it.
    #[track_caller]
    pub fn token(&self) -> String {
        assert_eq!(self.status, 200, "{:#}", self.body);
        assert_eq!(self.header("cache-control"), "no-store");
        self.body["access_token"].as_str().expect("a token").to_owned()
    }

    /// It is this error, in words that hold these.
    #[track_caller]
    pub fn refuses(&self, status: u16, code: &str, words: &str) {
        let told = self.body["error_description"].as_str().unwrap_or_default();
        let fits = self.status == status && self.body["error"] == code && told.contains(words);
        assert!(fits, "not {status} {code} “{words}”: {} {:#}", self.status, self.body);
        let plain = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        assert!(told.chars().all(plain), "RFC 6749 allows no such characters: {told}");
    }
}

/// Sends a request.
pub async fn send(request: Request<Full<Bytes>>) -> Answer {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.expect("an answer");
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let body = match serde_json::from_slice(&body) {
        Ok(value) => value,
        Err(_) => Value::String(String::from_utf8_lossy(&body).into_owned()),
    };
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// Sends a form.
pub async fn form(url: &str, pairs: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
    let mut request =
        Request::post(url).header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = serde_urlencoded::to_string(pairs).expect("a form");
    send(request.body(Full::new(body.into())).expect("a request")).await
}

/// Reads a document.
pub async fn get(url: &str) -> Answer {
    send(Request::get(url).body(Full::default()).expect("a request")).await
}
