//! Signed HTTP requests to the app.

use std::time::Duration;

use axum::http::{Request, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::{Answer, DeliveryFailure, Parcel};
use crate::sandbox::core::Core;
use crate::sandbox::triggers::keyed_hash;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 1 << 20;

/// A request to the app, down to its signature: tests change what they like before it is sent.
#[derive(Clone, Debug)]
pub struct SignedRequest {
    /// The whole address.
    pub url: String,
    /// `Content-Type`.
    pub content_type: String,
    /// `X-Slack-Request-Timestamp`: seconds.
    pub timestamp: String,
    /// `X-Slack-Signature`: `v0=` and 64 hexadecimal digits.
    pub signature: String,
    /// The body that was signed.
    pub body: Vec<u8>,
    /// Other headers.
    pub headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// `Content-Type`, or nothing.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Slack's signature of a request: `v0=` and HMAC-SHA256 of `v0:timestamp:body`.
pub(crate) fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut base = format!("v0:{timestamp}:").into_bytes();
    base.extend_from_slice(body);
    format!("v0={}", hex::encode(keyed_hash(secret, &base)))
}

/// The request that carries this parcel.
pub(super) fn request(
    core: &Core,
    base_url: &str,
    parcel: &Parcel,
    retry: Option<(usize, &str)>,
) -> Result<SignedRequest, DeliveryFailure> {
    let form = "application/x-www-form-urlencoded";
    let encode = |fields: &[(String, String)]| {
        serde_urlencoded::to_string(fields)
            .map(String::into_bytes)
            .map_err(|error| DeliveryFailure::BadAnswer(error.to_string()))
    };
    let (path, content_type, body) = match parcel {
        Parcel::Command(fields) => ("commands", form, encode(fields)?),
        Parcel::Interactive(payload) => {
            ("interactions", form, encode(&[("payload".to_owned(), payload.to_string())])?)
        }
        Parcel::Event(event) => ("events", "application/json", event.to_string().into_bytes()),
    };
    let mut headers = Vec::new();
    if let Some((attempt, reason)) = retry {
        headers.push(("x-slack-retry-num".to_owned(), attempt.to_string()));
        headers.push(("x-slack-retry-reason".to_owned(), reason.to_owned()));
    }
    let timestamp = core.now().timestamp().to_string();
    Ok(SignedRequest {
        url: format!("{}/slack/{path}", base_url.trim_end_matches('/')),
        content_type: content_type.to_owned(),
        signature: signature(&core.secrets.signing, &timestamp, &body),
        timestamp,
        body,
        headers,
    })
}

/// Sends a request and reads the answer, all within `limit`.
pub(crate) async fn send(
    request: &SignedRequest,
    limit: Duration,
) -> Result<HttpAnswer, DeliveryFailure> {
    match tokio::time::timeout(limit, exchange(request)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(DeliveryFailure::Timeout),
    }
}

async fn exchange(request: &SignedRequest) -> Result<HttpAnswer, DeliveryFailure> {
    let uri: Uri = request
        .url
        .parse()
        .map_err(|error| DeliveryFailure::Connection(format!("{}: {error}", request.url)))?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    if !matches!(host.as_str(), "127.0.0.1" | "localhost" | "::1")
        || uri.scheme_str() != Some("http")
    {
        return Err(DeliveryFailure::Connection(format!(
            "{} is not plain http on this machine; the stand-in talks to no other",
            request.url
        )));
    }
    let port = uri.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(lost)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
    let mut outgoing = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(header::HOST, format!("{host}:{port}"))
        .header(header::USER_AGENT, "Slackbot 1.0 (+https://api.slack.com/robots)")
        .header(header::ACCEPT, "application/json,*/*")
        .header(header::CONTENT_TYPE, &request.content_type)
        .header("X-Slack-Request-Timestamp", &request.timestamp)
        .header("X-Slack-Signature", &request.signature);
    for (name, value) in &request.headers {
        outgoing = outgoing.header(name, value);
    }
    let outgoing = outgoing
        .body(Full::new(Bytes::from(request.body.clone())))
        .map_err(|error| DeliveryFailure::Connection(error.to_string()))?;
    // The connection is driven here, beside the request, and ends with it.
    let answer = async {
        let response = sender.send_request(outgoing).await.map_err(lost)?;
        let status = response.status().as_u16();
        let content_type = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER)
            .collect()
            .await
            .map_err(lost)?
            .to_bytes()
            .to_vec();
        Ok(HttpAnswer { status, content_type, body })
    };
    tokio::pin!(connection);
    tokio::pin!(answer);
    tokio::select! {
        outcome = &mut answer => outcome,
        ended = &mut connection => match ended {
            // What was already received still counts.
            Ok(()) => answer.await,
            Err(error) => Err(lost(error)),
        },
    }
}

fn lost(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DeliveryFailure {
    let error = error.into();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        text = format!("{text}: {deeper}");
        source = deeper.source();
    }
    DeliveryFailure::Connection(text)
}

/// What a successful answer says.
pub(super) fn understand(content_type: &str, body: &[u8]) -> Result<Answer, DeliveryFailure> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Answer::Empty);
    }
    if content_type.starts_with("application/json") {
        return match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(fields)) if fields.is_empty() => Ok(Answer::Empty),
            Ok(value) => Ok(Answer::Json(value)),
            Err(error) => Err(DeliveryFailure::BadAnswer(error.to_string())),
        };
    }
    Ok(Answer::Text(String::from_utf8_lossy(body).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_slacks_documentation() {
        let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        assert_eq!(
            signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body),
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        );
    }

    #[test]
    fn answers_are_understood_by_their_content_type() {
        assert_eq!(understand("", b"").unwrap(), Answer::Empty);
        assert_eq!(understand("application/json", b"{}").unwrap(), Answer::Empty);
        assert_eq!(understand("text/plain", b"hi").unwrap(), Answer::Text("hi".into()));
        assert!(understand("application/json", b"<html>").is_err());
        let json = understand("application/json; charset=utf-8", br#"{"text":"hi"}"#).unwrap();
        assert_eq!(json, Answer::Json(serde_json::json!({"text": "hi"})));
    }

    #[tokio::test]
    async fn nothing_leaves_this_machine() {
        let request = SignedRequest {
            url: "http://slack.com/slack/commands".into(),
            content_type: String::new(),
            timestamp: String::new(),
            signature: String::new(),
            body: Vec::new(),
            headers: Vec::new(),
        };
        let failure = send(&request, Duration::from_secs(1)).await.unwrap_err();
        assert!(failure.to_string().contains("not plain http on this machine"), "{failure}");
    }
}
