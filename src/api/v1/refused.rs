//! An answer that is no success: `application/problem+json` (RFC 9457).

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::api::caller::NoCaller;
use crate::api::problem;
use crate::contract::problem::{FieldProblem, KIND, Problem};
use crate::service::ServiceError;
use crate::service::tokens::caller::NotKnown;

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    problem: Box<Problem>,
    /// By which scheme to say who calls.
    challenge: Option<String>,
}

impl Refused {
    /// Of this kind: a word for programs, what happened in a few words, and in a sentence.
    pub fn new(
        status: StatusCode,
        kind: &str,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        let problem = Problem {
            kind: format!("{KIND}{kind}"),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            next: Vec::new(),
            near: Vec::new(),
            fields: Vec::new(),
            retry_after: None,
            reference: None,
        };
        Self { problem: Box::new(problem), challenge: None }
    }

    /// 400: it cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        let title = "It cannot be read";
        Self::new(StatusCode::BAD_REQUEST, "malformed", title, sentence(detail.into()))
    }

    /// 400: one field is wrong.
    pub fn field(name: &str, problem: impl Into<String>) -> Self {
        Self::fields(vec![FieldProblem { field: name.to_owned(), problem: problem.into() }])
    }

    /// 400: these fields are wrong.
    pub fn fields(fields: Vec<FieldProblem>) -> Self {
        let said = fields.iter().map(|f| format!("`{}`: {}", f.field, f.problem));
        let detail = sentence(said.collect::<Vec<_>>().join("; "));
        let mut refused =
            Self::new(StatusCode::BAD_REQUEST, "invalid", "Something must change first", detail);
        refused.problem.fields = fields;
        refused
    }

    /// With what to do next.
    #[must_use]
    pub fn next(mut self, next: impl IntoIterator<Item = String>) -> Self {
        self.problem.next.extend(next);
        self
    }

    /// With what is near.
    #[must_use]
    pub fn near(mut self, near: impl IntoIterator<Item = String>) -> Self {
        self.problem.near.extend(near);
        self
    }

    /// With the field that it is about.
    #[must_use]
    pub fn about(mut self, field: &str) -> Self {
        let problem = self.problem.detail.clone();
        self.problem.fields.push(FieldProblem { field: field.to_owned(), problem });
        self
    }

    /// With what is being decided, or is granted, already.
    #[must_use]
    pub fn reference(mut self, reference: impl ToString) -> Self {
        self.problem.reference = Some(reference.to_string());
        self
    }

    /// With when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.problem.retry_after = Some(seconds.max(1));
        self
    }

    /// The same, where a field has another name.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        for field in self.problem.fields.iter_mut().filter(|field| field.field == from) {
            to.clone_into(&mut field.field);
        }
        self
    }

    /// What is told.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// A capital first, a full stop last.
fn sentence(text: String) -> String {
    let mut letters = text.trim_end().chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let stop = if text.trim_end().ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

impl From<ServiceError> for Refused {
    fn from(error: ServiceError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "a call was not answered");
        let detail = if error.may_be_recorded() {
            "The database did not answer in time: it is not certain that this was done. Send it \
             again with the same Idempotency-Key; it is done once."
        } else {
            "Something that is needed is away. Nothing was done."
        };
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "unavailable", "Not now", detail)
            .next(["try again in a moment".to_owned()])
            .retry_after(2)
    }
}

impl From<problem::Problem> for Refused {
    fn from(problem: problem::Problem) -> Self {
        if problem.status == StatusCode::PAYLOAD_TOO_LARGE {
            let detail = sentence(problem.words);
            return Self::new(problem.status, "too_large", "It is too large", detail);
        }
        Self::malformed(problem.words)
    }
}

impl From<NoCaller> for Refused {
    fn from(why: NoCaller) -> Self {
        let unknown = |kind: &str, title: &str, detail: String, challenge: String| {
            let refused = Self::new(StatusCode::UNAUTHORIZED, kind, title, sentence(detail));
            let refused = refused.next(["agent-cli login".to_owned()]);
            Self { challenge: Some(challenge), ..refused }
        };
        match why {
            NoCaller::Nobody => {
                let words = "send the header `Authorization: Bearer ...`".to_owned();
                let challenge = "Bearer realm=\"countersign\"".to_owned();
                unknown("not_logged_in", "Who calls?", words, challenge)
            }
            NoCaller::NotKnown(why) => {
                let (scheme, code) = match &why {
                    NotKnown::Token(_) => ("Bearer realm=\"countersign\"", "invalid_token"),
                    NotKnown::Proof(_) => ("DPoP algs=\"ES256 EdDSA\"", "invalid_dpop_proof"),
                };
                let words = why.to_string();
                let plain = crate::api::oauth::plain(&words);
                let challenge =
                    format!("{scheme}, error=\"{code}\", error_description=\"{plain}\"");
                unknown(code, "The token is not accepted", words, challenge)
            }
            NoCaller::Away(error) => Self::from(error),
        }
    }
}

/// Nobody keeps the answer on its way.
pub(super) fn not_kept(response: &mut Response) {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self { problem, challenge } = self;
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        not_kept(&mut response);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(challenge) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = problem.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
