//! What is told when a request is not taken: `application/problem+json` (RFC 9457).

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::domain::time::Timestamp;
use crate::service::ServiceError;
use crate::service::access_requests::binding::Unbound;
use crate::service::access_requests::moment;
use crate::service::outcome::Refusal;
use crate::service::owners::outcome::OwnerRefusal;

/// The profile's problem types.
const PROFILE: &str = "urn:openid:authzen:access-request:error:";
/// Ours, beside them.
const OURS: &str = "urn:countersign:access-request:error:";

/// Why a request is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    kind: String,
    title: &'static str,
    detail: String,
    more: Map<String, Value>,
    retry_after: Option<u32>,
}

impl Problem {
    fn of(
        space: &str,
        kind: &str,
        status: StatusCode,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            kind: format!("{space}{kind}"),
            title,
            detail: detail.into(),
            more: Map::new(),
            retry_after: None,
        }
    }

    /// 400: the refusal was none that can be answered with a request.
    pub fn not_requestable(detail: impl Into<String>) -> Self {
        let title = "Access is not requestable";
        Self::of(PROFILE, "not_requestable", StatusCode::BAD_REQUEST, title, detail)
    }

    /// 410: its time is over.
    pub fn expired_denial() -> Self {
        let title = "The denial has expired";
        let detail = "ask the decision point again: a fresh denial can be answered for ten minutes";
        Self::of(PROFILE, "expired_denial", StatusCode::GONE, title, detail)
    }

    /// 400: the request answers no refusal of ours.
    pub fn invalid_denial_binding(detail: impl Into<String>) -> Self {
        let title = "The request is not bound to a denial";
        Self::of(PROFILE, "invalid_denial_binding", StatusCode::BAD_REQUEST, title, detail)
    }

    /// 409: the key came with something else before.
    pub fn duplicate_request() -> Self {
        let title = "The Idempotency-Key was used for another request";
        let detail = "use a new key for a new request, and the same body for the same one";
        Self::of(PROFILE, "duplicate_request", StatusCode::CONFLICT, title, detail)
    }

    /// 404: there is no such task, for this caller.
    pub fn unknown_task() -> Self {
        let title = "There is no such task";
        let detail = "there is none, or it is not for this caller";
        Self::of(PROFILE, "unknown_task", StatusCode::NOT_FOUND, title, detail)
    }

    /// 410: it can be followed no more.
    pub fn task_expired() -> Self {
        let title = "The task has expired";
        let detail = "ask the decision point again; what was approved is in force until its end";
        Self::of(PROFILE, "task_expired", StatusCode::GONE, title, detail)
    }

    /// 409: there is nothing pending in it.
    pub fn invalid_task_state(word: &str) -> Self {
        let title = "The task has ended";
        let detail = format!("it is {word}: only what is pending can be cancelled");
        let mut problem =
            Self::of(PROFILE, "invalid_task_state", StatusCode::CONFLICT, title, detail);
        problem.more.insert("task_status".to_owned(), word.into());
        problem
    }

    /// 400: what was sent cannot be read as a request.
    pub fn malformed(detail: impl Into<String>) -> Self {
        let title = "The request cannot be read";
        Self::of(OURS, "malformed", StatusCode::BAD_REQUEST, title, detail)
    }

    /// 413: it is longer than anything that can be meant.
    pub fn too_large(detail: impl Into<String>) -> Self {
        let title = "The request is too large";
        Self::of(OURS, "too_large", StatusCode::PAYLOAD_TOO_LARGE, title, detail)
    }

    /// 403: the caller may not ask for this subject.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        let title = "Not for this subject";
        Self::of(OURS, "forbidden", StatusCode::FORBIDDEN, title, detail)
    }

    /// 400: nothing may be told there.
    pub fn callback_not_allowed(detail: impl Into<String>) -> Self {
        let title = "The callback is not allowed";
        Self::of(OURS, "callback_not_allowed", StatusCode::BAD_REQUEST, title, detail)
    }

    /// 429: the agent waits for as many answers as it may.
    pub fn too_many_open(limit: u32) -> Self {
        let title = "Too many requests are open";
        let detail = format!(
            "the agent waits for {limit} answers, which is as many as it may: wait for one, or \
             cancel one"
        );
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut problem = Self::of(OURS, "too_many_open", status, title, detail);
        problem.more.insert("limit".to_owned(), limit.into());
        problem.retry_after = Some(60);
        problem
    }

    /// 503: it cannot be said now.
    pub fn unavailable(error: &ServiceError) -> Self {
        tracing::warn!(error = error as &dyn std::error::Error, "an access request waits");
        let title = "Not now";
        let detail = "what is needed is away; send the same again, with the same Idempotency-Key";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut problem = Self::of(OURS, "unavailable", status, title, detail);
        problem.retry_after = Some(2);
        problem
    }

    /// Why a request is not tied to a refusal.
    pub fn unbound(why: Unbound) -> Self {
        match why {
            Unbound::NotRequestable(why) => Self::not_requestable(why),
            Unbound::Expired => Self::expired_denial(),
            Unbound::Invalid(why) => Self::invalid_denial_binding(why),
        }
    }

    /// Why what is asked is refused at once, with what would help.
    pub fn refused(why: &Refusal, now: Timestamp) -> Self {
        match why {
            Refusal::Owner(OwnerRefusal::Ownerless(agent)) => Self::not_requestable(format!(
                "nobody answers for {}; a lead of its team can take it, in Slack",
                agent.slug
            )),
            Refusal::NotActive(agent) => {
                Self::not_requestable(format!("{} is not at work", agent.slug))
            }
            Refusal::TooLong { asked, longest, .. } => {
                let title = "Longer than the policy allows";
                let detail = format!(
                    "{} is asked; the longest at once is {}",
                    asked.words(),
                    longest.words()
                );
                let mut problem =
                    Self::of(OURS, "too_long", StatusCode::BAD_REQUEST, title, detail);
                let latest = Timestamp::from_timestamp((now + longest.delta()).timestamp(), 0);
                let latest = latest.map(moment);
                problem.more.insert("latest_requested_until".to_owned(), latest.into());
                problem.more.insert("longest_seconds".to_owned(), longest.as_seconds().into());
                problem
            }
            Refusal::NoReason => Self::malformed(
                "context.justification says why access is needed; see request_schema_url",
            ),
            Refusal::NobodyCanDecide { roles } => {
                let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
                let title = "Nobody can decide it";
                let detail = format!(
                    "too few people hold the roles that it takes ({}); security was told",
                    roles.join(", ")
                );
                Self::of(OURS, "nobody_can_decide", StatusCode::CONFLICT, title, detail)
            }
            _ => Self::not_requestable("the policy knows no such resource or action"),
        }
    }

    /// The same, of one item of several.
    #[must_use]
    pub fn of_item(mut self, item: usize) -> Self {
        self.more.insert("item".to_owned(), item.into());
        self
    }

    /// The document.
    pub fn document(&self) -> Value {
        let mut document = self.more.clone();
        document.insert("type".to_owned(), self.kind.as_str().into());
        document.insert("title".to_owned(), self.title.into());
        document.insert("status".to_owned(), self.status.as_u16().into());
        document.insert("detail".to_owned(), self.detail.as_str().into());
        Value::Object(document)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.document().to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        Self::unavailable(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::role::RoleName;
    use crate::domain::tier::Tier;
    use crate::domain::time::Span;

    fn pretty(document: &impl serde::Serialize) -> String {
        serde_json::to_string_pretty(document).unwrap()
    }

    #[test]
    fn the_problems() {
        let now = Timestamp::from_timestamp(1_796_000_000, 0).unwrap();
        let (asked, longest) = (Span::hours(9), Span::hours(8));
        let too_long = Refusal::TooLong { asked, longest, tier: Tier::Observer };
        let nobody = Refusal::NobodyCanDecide { roles: vec![RoleName::new("security")] };
        let all = [
            Problem::not_requestable("the denial carried no context.access_request"),
            Problem::expired_denial(),
            Problem::invalid_denial_binding("the resource is not that of the denial").of_item(2),
            Problem::duplicate_request(),
            Problem::unknown_task(),
            Problem::task_expired(),
            Problem::invalid_task_state("approved"),
            Problem::malformed("items is empty"),
            Problem::too_large("the body may have 262144 bytes"),
            Problem::forbidden("an agent asks for itself alone"),
            Problem::callback_not_allowed("the policy does not allow callbacks to this host"),
            Problem::too_many_open(10),
            Problem::refused(&too_long, now),
            Problem::refused(&nobody, now),
            Problem::refused(&Refusal::NoReason, now),
        ];
        let all: Vec<Value> = all.iter().map(Problem::document).collect();
        insta::assert_snapshot!("problems", pretty(&all));
    }
}
