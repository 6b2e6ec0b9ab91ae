//! Why something was not done, as SCIM says it (RFC 7644, section 3.12).

use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::api::problem::Problem;
use crate::domain::text::clean;
use crate::service::ServiceError;

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// It was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimError {
    /// The kind of problem.
    pub status: StatusCode,
    /// The kind of mistake in what was sent, in SCIM's words: `invalidValue`.
    pub kind: Option<&'static str>,
    /// What happened.
    pub detail: String,
}

impl ScimError {
    /// Of this kind.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, kind: None, detail: detail.into() }
    }

    /// What was sent is wrong, in this way.
    pub fn bad(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: Some(kind), ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    /// A value is wrong.
    pub fn value(detail: impl Into<String>) -> Self {
        Self::bad("invalidValue", detail)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Another has the same name.
    pub fn taken(detail: impl Into<String>) -> Self {
        Self { kind: Some("uniqueness"), ..Self::new(StatusCode::CONFLICT, detail) }
    }
}

impl From<Problem> for ScimError {
    fn from(problem: Problem) -> Self {
        let kind = (problem.status == StatusCode::BAD_REQUEST).then_some("invalidSyntax");
        Self { status: problem.status, kind, detail: problem.words }
    }
}

impl From<ServiceError> for ScimError {
    fn from(error: ServiceError) -> Self {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "what the identity provider sent was not done"
        );
        let words = "it could not be done at the moment: send it again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, words)
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        let mut body = json!({
            "schemas": [SCHEMA],
            "status": self.status.as_str(),
            "detail": clean(&self.detail, 1_000),
        });
        if let (Some(kind), Some(members)) = (self.kind, body.as_object_mut()) {
            members.insert("scimType".to_owned(), kind.into());
        }
        let mut response = super::answer(self.status, &body);
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = axum::http::HeaderValue::from_static("Bearer realm=\"scim\"");
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, axum::http::HeaderValue::from_static("1"));
        }
        response
    }
}
