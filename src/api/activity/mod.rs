//! `POST /api/v1/activity`: what an agent did.

mod wire;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Map, Value, json};

use super::authenticate::Authenticate;
use super::extract::{Object, document};
use super::problem::Problem;
use crate::domain::ids::ActivityId;
use crate::service::activity::{Told, Wrong};
use crate::service::input::OnceKey;
use crate::service::{Service, ServiceError};
pub use wire::{Batch, Misread, read};

/// Names a call, so that the same call sent twice counts once.
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest such name, in bytes.
const LONGEST_KEY: usize = 255;

/// The door.
pub struct Door {
    service: Service,
    authenticate: Arc<dyn Authenticate>,
}

impl Door {
    /// A door to this record, for whom `authenticate` knows.
    pub fn new(service: Service, authenticate: Arc<dyn Authenticate>) -> Self {
        Self { service, authenticate }
    }

    /// Its route.
    pub fn router(self) -> Router {
        Router::new().route("/api/v1/activity", post(tell)).with_state(Arc::new(self))
    }

    async fn told(&self, parts: &Parts, body: Body) -> Result<Response, Refusal> {
        let caller = self.authenticate.caller(parts).await.map_err(Problem::from)?;
        let key = key(parts)?;
        let Object(document) = document::<Object<Map<String, Value>>>(parts, body).await?;
        let batch = read(document)?;
        let actor = caller.actor();
        let told = self.service.record_activities(&actor, &batch.reports, key.as_ref());
        match told.await? {
            Told::Recorded(ids) => Ok(recorded(&ids, batch.several)),
            Told::KeyTaken => Err(Refusal {
                problem: Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "something else was told under this Idempotency-Key before: use a key of its \
                     own for each call",
                ),
                field: None,
            }),
            Told::Refused(Wrong { at, field, why }) => {
                let field = batch.place(at, field);
                Err(Refusal::of(StatusCode::UNPROCESSABLE_ENTITY, field, &why))
            }
        }
    }
}

/// Puts on the record what an agent did. The agent tells it itself, or a service for it.
#[utoipa::path(
    post,
    path = "/api/v1/activity",
    operation_id = "tellActivity",
    tag = "activity",
    request_body = crate::contract::activity::Told,
    responses(
        (status = 201, description = "It is on the record", body = crate::contract::activity::Recorded),
        (
            status = 422,
            description = "It does not fit what is there",
            body = crate::contract::problem::Problem,
            content_type = "application/problem+json"
        ),
    )
)]
pub(super) async fn tell(State(door): State<Arc<Door>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match door.told(&parts, body).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

/// The ids, when everything is durable.
fn recorded(ids: &[ActivityId], several: bool) -> Response {
    let body = match ids {
        [id] if !several => json!({ "id": id }),
        ids => json!({ "items": ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() }),
    };
    (StatusCode::CREATED, axum::Json(body)).into_response()
}

fn key(parts: &Parts) -> Result<Option<OnceKey>, Refusal> {
    let Some(value) = parts.headers.get(&IDEMPOTENCY_KEY) else { return Ok(None) };
    match value.to_str() {
        Ok(text) if (1..=LONGEST_KEY).contains(&text.len()) => Ok(Some(OnceKey(text.to_owned()))),
        _ => Err(Refusal::of(
            StatusCode::BAD_REQUEST,
            "Idempotency-Key".to_owned(),
            &format!("write 1 to {LONGEST_KEY} printable characters"),
        )),
    }
}

/// Nothing was recorded, and this is why: `application/problem+json` (RFC 9457).
struct Refusal {
    problem: Problem,
    /// The field that is wrong, as a path: `items[3].data_accessed[0].id`.
    field: Option<String>,
}

impl Refusal {
    fn of(status: StatusCode, field: String, why: &str) -> Self {
        Self { problem: Problem::new(status, format!("`{field}`: {why}")), field: Some(field) }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, field: None }
    }
}

impl From<Misread> for Refusal {
    fn from(misread: Misread) -> Self {
        Self::of(StatusCode::BAD_REQUEST, misread.field, &misread.why)
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "what an agent did was not recorded"
        );
        let words = if error.may_be_recorded() {
            "it is not certain that this was recorded: send it again with the same Idempotency-Key"
        } else {
            "it could not be recorded: send it again in a moment"
        };
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, words).retry_after(1).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Problem { status, words, headers } = self.problem;
        let mut body = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": words,
        });
        if let (Some(field), Some(body)) = (self.field, body.as_object_mut()) {
            body.insert("field".to_owned(), Value::String(field));
        }
        let mut response = (status, body.to_string()).into_response();
        response.headers_mut().extend(headers);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }
}
