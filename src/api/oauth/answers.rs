//! Answers as the standards have them (RFC 6749, sections 5.1 and 5.2); none is kept by anybody on the
//! way.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::service::ServiceError;
use crate::service::tokens::Given;
use crate::service::tokens::refused::{Code, Refused};

/// An answer that nobody keeps.
pub(super) fn uncached(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// A token.
pub(super) fn granted(given: &Given) -> Response {
    let mut body = json!({
        "access_token": given.token,
        "token_type": given.token_type,
        "expires_in": given.expires_in,
    });
    if let Some(members) = body.as_object_mut() {
        if let Some(scope) = &given.scope {
            members.insert("scope".to_owned(), scope.clone().into());
        }
        if !given.details.is_empty() {
            members.insert("authorization_details".to_owned(), given.details.clone().into());
        }
        if let Some(issued) = given.issued {
            members.insert("issued_token_type".to_owned(), issued.into());
        }
    }
    uncached(StatusCode::OK, &body)
}

/// A "no".
pub(super) fn refused(no: &Refused) -> Response {
    let status = match no.code {
        Code::InvalidClient => StatusCode::UNAUTHORIZED,
        Code::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    with_status(status, no)
}

/// A "no" with this status.
pub(super) fn with_status(status: StatusCode, no: &Refused) -> Response {
    let body = json!({ "error": no.code.as_str(), "error_description": plain(&no.words) });
    let mut response = uncached(status, &body);
    if let Code::TooOften { wait } = no.code {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
    } else if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// "No" to who tried to prove themselves by the header `Authorization`.
pub(super) fn unauthorized(basic: bool, words: &'static str) -> Response {
    let mut response = refused(&Refused::new(Code::InvalidClient, words));
    let challenge =
        if basic { "Basic realm=\"countersign\"" } else { "Bearer realm=\"countersign\"" };
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// Something that is needed is away.
pub(super) fn away(error: &ServiceError) -> Response {
    tracing::warn!(error = error as &dyn std::error::Error, "a token was not dealt with");
    let words = "something that is needed is away: try again in a moment";
    refused(&Refused::new(Code::Unavailable, words))
}

/// The characters that an error's description may have (RFC 6749, section 5.2); others become the
/// nearest that it may.
pub(crate) fn plain(words: &str) -> String {
    let nearest = |c| match c {
        '"' | '`' | '“' | '”' => '\'',
        '\\' => '/',
        ' '..='~' => c,
        _ => '?',
    };
    words.chars().take(500).map(nearest).collect()
}
