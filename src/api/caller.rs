//! Who calls, by the header `Authorization`: a service that the policy names, an agent, or a person
//! who logged in.

use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::service::ServiceError;
use crate::service::tokens::TokenDesk;
pub use crate::service::tokens::caller::Caller;
use crate::service::tokens::caller::{NotKnown, Shown};

/// Why nobody is known to call. It is an answer: 401 with what to show (RFC 6750, section 3), or 503.
#[derive(Debug)]
pub enum NoCaller {
    /// Nothing was shown.
    Nobody,
    /// What was shown is not good.
    NotKnown(NotKnown),
    /// It could not be looked up.
    Away(ServiceError),
}

/// Who calls this path with this method.
///
/// # Errors
///
/// [`NoCaller`], to be given as the answer.
pub async fn authenticate(
    desk: &TokenDesk,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
) -> Result<Caller, NoCaller> {
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    let (first, second) = (shown.next(), shown.next());
    let Some(first) = first else { return Err(NoCaller::Nobody) };
    let odd = |words: &str| NoCaller::NotKnown(NotKnown::Token(words.to_owned()));
    let text = first.to_str().ok().filter(|_| second.is_none());
    let (scheme, token) = text
        .and_then(|text| text.split_once(' '))
        .ok_or_else(|| odd("send one header `Authorization: Bearer ...`"))?;
    let bound = scheme.eq_ignore_ascii_case("dpop");
    if !bound && !scheme.eq_ignore_ascii_case("bearer") {
        return Err(odd("the schemes that are known are Bearer and DPoP"));
    }
    let mut proofs = headers.get_all("dpop").iter();
    let proof = match (proofs.next(), proofs.next()) {
        (None, _) => None,
        (Some(proof), None) => proof.to_str().ok(),
        (Some(_), Some(_)) => {
            let words = "one header `DPoP` is enough".to_owned();
            return Err(NoCaller::NotKnown(NotKnown::Proof(words)));
        }
    };
    let shown = Shown { bound, token: token.trim(), proof, method: method.as_str(), path };
    match desk.caller(shown).await {
        Ok(Ok(caller)) => Ok(caller),
        Ok(Err(why)) => Err(NoCaller::NotKnown(why)),
        Err(error) => Err(NoCaller::Away(error)),
    }
}

impl IntoResponse for NoCaller {
    fn into_response(self) -> Response {
        let (status, challenge, code, words) = match self {
            Self::Nobody => (
                StatusCode::UNAUTHORIZED,
                Some("Bearer realm=\"countersign\"".to_owned()),
                "invalid_token",
                "who calls? Send the header `Authorization: Bearer ...`".to_owned(),
            ),
            Self::NotKnown(why) => {
                let (scheme, code) = match &why {
                    NotKnown::Token(_) => ("Bearer realm=\"countersign\"", "invalid_token"),
                    NotKnown::Proof(_) => ("DPoP algs=\"ES256 EdDSA\"", "invalid_dpop_proof"),
                };
                let words = super::oauth::plain(&why.to_string());
                let challenge =
                    format!("{scheme}, error=\"{code}\", error_description=\"{words}\"");
                (StatusCode::UNAUTHORIZED, Some(challenge), code, words)
            }
            Self::Away(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a caller was not looked up"
                );
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    None,
                    "temporarily_unavailable",
                    "something that is needed is away: try again in a moment".to_owned(),
                )
            }
        };
        let body = json!({ "error": code, "error_description": words });
        let mut response = (status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            Some(challenge) => {
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            None => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
        }
        response
    }
}
