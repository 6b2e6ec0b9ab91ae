//! The forms of OAuth: read whole and bounded, each parameter once, those without a value left out
//! (RFC 6749, section 3.2).

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::answers::{refused, with_status};
use crate::service::tokens::form::{Assertion, TokenForm};
use crate::service::tokens::refused::{Code, Refused};

/// The longest form that is read: two tokens and what is asked.
const LONGEST: usize = 128 * 1024;
/// How long it may take to arrive.
const WITHIN: Duration = Duration::from_secs(5);
/// The most parameters.
const MOST: usize = 64;

/// A form.
#[derive(Clone)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form, or gives the answer that says why not.
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Response> {
        let bad = |words: &'static str| Refused::new(Code::InvalidRequest, words);
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let words = "send a form: Content-Type: application/x-www-form-urlencoded";
            return Err(refused(&bad(words)));
        }
        let body = match tokio::time::timeout(WITHIN, to_bytes(body, LONGEST)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => {
                let no = bad("the form is too long");
                return Err(with_status(StatusCode::PAYLOAD_TOO_LARGE, &no));
            }
            Err(_) => {
                let no = bad("the form took too long to arrive");
                return Err(with_status(StatusCode::REQUEST_TIMEOUT, &no));
            }
        };
        let mut pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&body)
            .map_err(|_| refused(&bad("the form cannot be read")))?;
        pairs.retain(|(_, value)| !value.is_empty());
        if pairs.len() > MOST {
            return Err(refused(&bad("the form has too many parameters")));
        }
        for (at, (name, _)) in pairs.iter().enumerate() {
            let again = pairs.iter().skip(at + 1).any(|(other, _)| other == name);
            if again && !["resource", "audience"].contains(&name.as_str()) {
                let words = "a parameter is there twice; only resource and audience may be";
                return Err(refused(&bad(words)));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| value.clone()).collect()
    }

    /// What it asks of the token endpoint.
    pub(super) fn into_token_form(self) -> TokenForm {
        let text = |name: &str| self.get(name).map(str::to_owned);
        TokenForm {
            grant_type: text("grant_type"),
            client_id: text("client_id"),
            assertion: text("client_assertion").map(|text| Assertion {
                kind: self.get("client_assertion_type").unwrap_or_default().to_owned(),
                text,
            }),
            has_secret: self.get("client_secret").is_some(),
            scope: text("scope"),
            details: text("authorization_details"),
            resources: self.all("resource"),
            audiences: self.all("audience"),
            subject_token: text("subject_token"),
            subject_token_type: text("subject_token_type"),
            actor_token: text("actor_token"),
            actor_token_type: text("actor_token_type"),
            requested_token_type: text("requested_token_type"),
        }
    }
}
