//! What others must know of this server: its addresses and what it can do (RFC 8414), and the public
//! halves of its keys (RFC 7517).

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::device::REFRESH_TOKEN;
use crate::contract::login::DEVICE_CODE;
use crate::identity::Signer;
use crate::service::tokens::TokenDesk;
use crate::service::tokens::form::kind;

/// How long others may keep these documents. A key is shown a day before it signs.
const KEPT: &str = "public, max-age=900";

pub(super) async fn jwks(State(desk): State<TokenDesk>) -> Response {
    cached(desk.ring().jwks())
}

pub(super) async fn server(State(desk): State<TokenDesk>) -> Response {
    let issuer = desk.ring().issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let by_key = json!(["private_key_jwt"]);
    let algorithms = json!(["ES256", "EdDSA"]);
    cached(json!({
        "issuer": issuer,
        "token_endpoint": at("/oauth/token"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "introspection_endpoint": at("/oauth/introspect"),
        "revocation_endpoint": at("/oauth/revoke"),
        "device_authorization_endpoint": at("/oauth/device_authorization"),
        "grant_types_supported":
            [kind::CLIENT_CREDENTIALS, kind::TOKEN_EXCHANGE, DEVICE_CODE, REFRESH_TOKEN],
        "response_types_supported": [],
        // `none` is for people's devices, which have no secret to keep.
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": by_key,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "dpop_signing_alg_values_supported": algorithms,
        "authorization_details_types_supported": [kind::GRANT],
    }))
}

fn cached(body: Value) -> Response {
    let mut response = Json(body).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(KEPT));
    response
}
