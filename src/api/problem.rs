//! What is told when there is no answer: a status and an error message (AuthZEN 1.0, "Error
//! Responses").

use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::authenticate::Unauthorised;
use crate::pdp::NoAnswer;

/// There is no answer, and this is why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of problem.
    pub status: StatusCode,
    /// What happened, and what to do.
    pub words: String,
    /// What else the answer carries.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// Of this kind.
    pub fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into(), headers: Vec::new() }
    }

    /// What was sent is malformed.
    pub fn malformed(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }

    /// The caller may not ask that.
    pub fn forbidden(words: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, words)
    }

    /// With when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.headers.push((RETRY_AFTER, HeaderValue::from(seconds.max(1))));
        self
    }

    /// With the scheme by which to say who asks (RFC 6750).
    #[must_use]
    fn challenge(mut self, challenge: &'static str) -> Self {
        self.headers.push((WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
        self
    }
}

impl From<Unauthorised> for Problem {
    fn from(why: Unauthorised) -> Self {
        let words = why.to_string();
        match why {
            Unauthorised::Missing => {
                Self::new(StatusCode::UNAUTHORIZED, words).challenge("Bearer realm=\"countersign\"")
            }
            Unauthorised::Refused(_) => Self::new(StatusCode::UNAUTHORIZED, words)
                .challenge("Bearer realm=\"countersign\", error=\"invalid_token\""),
            Unauthorised::Person => Self::forbidden(words),
            Unauthorised::Unavailable => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, words).retry_after(1)
            }
        }
    }
}

impl From<NoAnswer> for Problem {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::TooOften { wait } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, format!("{why}; ask again later"))
                    .retry_after(wait.as_secs() + 1)
            }
            // What the database said is for the log alone.
            NoAnswer::Unavailable(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the answer could not be recorded, so there is none: take it for a no, and ask \
                 again in a moment",
            )
            .retry_after(1),
            NoAnswer::Ending => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, why.to_string()).retry_after(1)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.extend(self.headers);
        (self.status, headers, self.words).into_response()
    }
}
