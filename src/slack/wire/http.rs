//! Slack over HTTP: three addresses, one road. The body is read whole (bounded), the signature is
//! checked over its bytes, only then is it parsed, taken to the desk and answered.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};

use super::inbound::Inbound;
use super::intake::{Intake, Reply};
use super::payload::{self, BadPayload, Event};
use super::replay::{REMEMBERED, Replays};
use super::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, Verifier};
use crate::clock::Clock;

/// The longest body that is read. A form with everything filled in is far below it.
pub const LONGEST_BODY: usize = 256 * 1024;
/// How long the body of a request may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(5);

/// The door for Slack's HTTP requests.
pub struct HttpDoor {
    intake: Arc<Intake>,
    verifier: Verifier,
    replays: Replays,
    clock: Arc<dyn Clock>,
}

impl HttpDoor {
    /// A door that opens to what is signed with this secret.
    pub fn new(intake: Arc<Intake>, verifier: Verifier, clock: Arc<dyn Clock>) -> Self {
        Self { intake, verifier, replays: Replays::new(REMEMBERED), clock }
    }

    /// `POST /slack/commands`, `/slack/interactions` and `/slack/events`.
    pub fn router(self) -> Router {
        let answer_check = |request: Request| async move {
            let asked = request.uri().query().unwrap_or_default().split('&');
            plain(if asked.clone().any(|pair| pair == "ssl_check=1") {
                StatusCode::OK
            } else {
                StatusCode::METHOD_NOT_ALLOWED
            })
        };
        Router::new()
            .route("/slack/commands", post(commands).merge(get(answer_check)))
            .route("/slack/interactions", post(interactions))
            .route("/slack/events", post(events))
            .with_state(Arc::new(self))
    }

    async fn receive(&self, request: Request, address: Address) -> Response {
        let (parts, body) = request.into_parts();
        let body = match read(&parts.headers, body).await {
            Ok(body) => body,
            Err(status) => {
                tracing::warn!(address = address.word(), %status, "did not read what was sent");
                return plain(status);
            }
        };
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let (timestamp, signature) = (header(TIMESTAMP_HEADER), header(SIGNATURE_HEADER));
        if address == Address::Commands && signature.is_none() && payload::is_ssl_check(&body) {
            return plain(StatusCode::OK);
        }
        let now = self.clock.now();
        let signed = match self.verifier.verify(timestamp, signature, &body, now) {
            Ok(signed) => signed,
            Err(error) => {
                tracing::warn!(address = address.word(), %error, "refused a request");
                return plain(StatusCode::UNAUTHORIZED);
            }
        };
        let Some(turn) = self.replays.begin(&signed, now) else {
            tracing::warn!(address = address.word(), "refused a request that was answered before");
            return plain(StatusCode::UNAUTHORIZED);
        };
        let inbound = match address.read(&body, self.intake.installation()) {
            Ok(Event::Happened(inbound)) => inbound,
            Ok(Event::Challenge(challenge)) => {
                turn.answered();
                return text(challenge);
            }
            Err(error) => {
                tracing::warn!(address = address.word(), %error, "could not read what Slack sent");
                return unreadable();
            }
        };
        let reply = self.intake.take(inbound, true).await;
        if reply != Reply::Again {
            turn.answered();
        }
        respond(&reply)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Address {
    Commands,
    Interactions,
    Events,
}

impl Address {
    const fn word(self) -> &'static str {
        match self {
            Self::Commands => "commands",
            Self::Interactions => "interactions",
            Self::Events => "events",
        }
    }

    fn read(
        self,
        body: &[u8],
        at: &super::installation::Installation,
    ) -> Result<Event, BadPayload> {
        let happened = |inbound: Result<Inbound, BadPayload>| inbound.map(Event::Happened);
        match self {
            Self::Commands if payload::is_ssl_check(body) => {
                Ok(Event::Happened(Inbound::Ignored { kind: "ssl_check".to_owned() }))
            }
            Self::Commands => happened(payload::slash_form(body, at)),
            Self::Interactions => happened(payload::interaction_form(body, at)),
            Self::Events => payload::event_body(body, at),
        }
    }
}

async fn commands(State(door): State<Arc<HttpDoor>>, request: Request) -> Response {
    door.receive(request, Address::Commands).await
}

async fn interactions(State(door): State<Arc<HttpDoor>>, request: Request) -> Response {
    door.receive(request, Address::Interactions).await
}

async fn events(State(door): State<Arc<HttpDoor>>, request: Request) -> Response {
    door.receive(request, Address::Events).await
}

/// The whole body, or the status that says why not.
async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, StatusCode> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|n| n.parse::<usize>().ok()).is_some_and(|n| n > LONGEST_BODY) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, LONGEST_BODY)).await {
        Ok(Ok(body)) => Ok(body),
        // Too long, or the connection broke; nobody reads the answer to the latter.
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

fn respond(reply: &Reply) -> Response {
    match reply {
        Reply::Empty => plain(StatusCode::OK),
        Reply::Again => plain(StatusCode::SERVICE_UNAVAILABLE),
        Reply::Ready(body) => json(Body::from(body.clone())),
        Reply::With(payload) => match serde_json::to_vec(payload) {
            Ok(body) => json(Body::from(body)),
            Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR),
        },
    }
}

fn json(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn text(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// What cannot be read now cannot be read later: Slack need not send it again.
fn unreadable() -> Response {
    let mut response = plain(StatusCode::BAD_REQUEST);
    response.headers_mut().insert("x-slack-no-retry", HeaderValue::from_static("1"));
    response
}
