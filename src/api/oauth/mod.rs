//! OAuth 2.0 over HTTP: tokens, their introspection and revocation, people's logins on devices, and what
//! others must know of this server to use them.

mod answers;
mod device;
mod form;
mod metadata;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

pub(super) use answers::plain;
use answers::{away, granted, refused, uncached};
use form::Form;

use super::caller::{Caller, authenticate};
use crate::service::logins::tokens::is_persons;
use crate::service::tokens::TokenDesk;
use crate::service::tokens::refused::{Code, Refused};

/// `POST /oauth/token`, `/oauth/device_authorization`, `/oauth/introspect` and `/oauth/revoke`;
/// `GET /.well-known/jwks.json` and `/.well-known/oauth-authorization-server`.
pub fn router(desk: TokenDesk) -> Router {
    Router::new()
        .route("/oauth/token", post(token))
        .route("/oauth/device_authorization", post(device::authorize))
        .route("/oauth/introspect", post(introspect))
        .route("/oauth/revoke", post(revoke))
        .route("/.well-known/jwks.json", get(metadata::jwks))
        .route("/.well-known/oauth-authorization-server", get(metadata::server))
        // Where the issuer has a path, it stands behind the well-known part (RFC 8414, section 3.1).
        .route("/.well-known/oauth-authorization-server/{*path}", get(metadata::server))
        .with_state(desk)
}

async fn token(State(desk): State<TokenDesk>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let form = match Form::read(&parts.headers, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    if let Some(answer) = device::token(desk.service(), &form).await {
        return answer;
    }
    let form = form.into_token_form();
    // Who sends a password is told so in the way that they asked (RFC 6749, section 5.2).
    if form.assertion.is_none()
        && let Some(header) = parts.headers.get(AUTHORIZATION)
    {
        let basic = header.as_bytes().to_ascii_lowercase().starts_with(b"basic ");
        let words = "no passwords are taken: send a client_assertion (private_key_jwt)";
        return answers::unauthorized(basic, words);
    }
    let mut proofs = parts.headers.get_all("dpop").iter();
    let proof = match (proofs.next().map(|proof| proof.to_str()), proofs.next()) {
        (None, _) => None,
        (Some(Ok(proof)), None) => Some(proof),
        _ => return refused(&Refused::new(Code::InvalidDpopProof, "send one header DPoP")),
    };
    match desk.token(form, proof).await {
        Ok(Ok(given)) => granted(&given),
        Ok(Err(no)) => refused(&no),
        Err(error) => away(&error),
    }
}

/// Who asks about tokens: by the header `Authorization`, or by an assertion in the form.
async fn asker(
    desk: &TokenDesk,
    headers: &HeaderMap,
    path: &str,
    form: &Form,
) -> Result<Caller, Response> {
    if headers.contains_key(AUTHORIZATION) {
        let caller = authenticate(desk, headers, &Method::POST, path).await;
        return caller.map_err(IntoResponse::into_response);
    }
    match desk.caller_by_form(&form.clone().into_token_form()).await {
        Ok(Ok(caller)) => Ok(caller),
        Ok(Err(no)) => Err(refused(&no)),
        Err(error) => Err(away(&error)),
    }
}

async fn introspect(State(desk): State<TokenDesk>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let form = match Form::read(&parts.headers, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let caller = match asker(&desk, &parts.headers, "/oauth/introspect", &form).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    let Some(token) = form.get("token") else {
        return refused(&Refused::new(Code::InvalidRequest, "token is missing"));
    };
    match desk.introspect(&caller, token).await {
        Ok(Some(claims)) => uncached(StatusCode::OK, &Value::Object(claims)),
        Ok(None) => uncached(StatusCode::OK, &json!({ "active": false })),
        Err(error) => away(&error),
    }
}

async fn revoke(State(desk): State<TokenDesk>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let form = match Form::read(&parts.headers, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let Some(token) = form.get("token") else {
        return refused(&Refused::new(Code::InvalidRequest, "token is missing"));
    };
    // A person's device is a public client: that it has the token is its proof.
    if is_persons(token) {
        return match desk.service().log_out(token).await {
            Ok(()) => uncached(StatusCode::OK, &json!({})),
            Err(error) => away(&error),
        };
    }
    let caller = match asker(&desk, &parts.headers, "/oauth/revoke", &form).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    match desk.revoke(&caller, token).await {
        Ok(true) => uncached(StatusCode::OK, &json!({})),
        Ok(false) => {
            let words = "only the agent that a token was issued to may take it back";
            refused(&Refused::new(Code::UnauthorizedClient, words))
        }
        Err(error) => away(&error),
    }
}
