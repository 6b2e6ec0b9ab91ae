//! SCIM 2.0 (RFC 7643, RFC 7644) at `/scim/v2`: the identity provider pushes who there is, and who is in
//! which group. It proves itself by a bearer token of which the policy holds the hash.
//!
//! | file | idea |
//! |---|---|
//! | [`error`] | why not, as SCIM says it |
//! | `take` | who calls, the body, the query |
//! | `path` | names of attributes |
//! | [`filter`] | `userName eq "dana"` |
//! | [`patch`] | changes of a part |
//! | [`document`] | resources as JSON, and what is read of it |
//! | `resource` | what is done with any kind of them |
//! | `users`, `groups` | the kinds |
//! | `list` | one part of many |
//! | `discovery` | what this server can |
//! | `schemas` | what its resources are like |

mod discovery;
pub mod document;
pub mod error;
pub mod filter;
mod groups;
mod list;
pub mod patch;
mod path;
mod resource;
mod schemas;
mod take;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::Value;

use self::error::ScimError;
use crate::domain::identity_provider::{IdpGroup, IdpUser};
use crate::domain::text::clean;
use crate::service::Service;

/// Below the server's address.
pub(crate) const BASE: &str = "/scim/v2";
/// The media type (RFC 7644, section 8.1).
pub(super) const KIND: &str = "application/scim+json";

/// The door.
pub(super) struct Scim {
    service: Service,
    /// Where resources are: `https://agents.example.com/scim/v2`.
    base: String,
}

/// What a handler answers.
type Answer = Result<Response, ScimError>;

/// The routes; `address` is the server's from outside.
pub fn router(service: Service, address: &str) -> Router {
    let scim = Arc::new(Scim { service, base: format!("{address}{BASE}") });
    let routes = Router::new()
        .route("/Users", resource::all::<IdpUser>())
        .route("/Users/{id}", resource::one::<IdpUser>())
        .route("/Groups", resource::all::<IdpGroup>())
        .route("/Groups/{id}", resource::one::<IdpGroup>())
        .route("/ServiceProviderConfig", get(discovery::config))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas_of))
        .route("/Schemas/{id}", get(discovery::schema))
        .route("/Me", any(not_offered))
        .route("/Bulk", any(not_offered))
        .route("/.search", any(not_offered))
        .route("/Users/.search", any(not_offered))
        .route("/Groups/.search", any(not_offered))
        .route("/{*path}", any(nothing_here))
        .method_not_allowed_fallback(not_so);
    Router::new().nest(BASE, routes).with_state(scim)
}

/// What SCIM knows and this server does not do (RFC 7644, section 3.12).
async fn not_offered() -> ScimError {
    ScimError::new(StatusCode::NOT_IMPLEMENTED, "this server does not offer that")
}

async fn nothing_here(uri: Uri) -> ScimError {
    ScimError::not_found(format!("nothing is at {}", clean(uri.path(), 120)))
}

async fn not_so(method: Method) -> ScimError {
    let words = format!("{} is not done here", clean(method.as_str(), 20));
    ScimError::new(StatusCode::METHOD_NOT_ALLOWED, words)
}

/// A success with a resource.
fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [("content-type", KIND), ("cache-control", "no-store")];
    (status, headers, body.to_string()).into_response()
}

/// A success with nothing to say.
fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// A resource that is new.
fn created(body: &Value) -> Response {
    let mut response = answer(StatusCode::CREATED, body);
    let location = body.pointer("/meta/location").and_then(Value::as_str);
    if let Some(Ok(location)) = location.map(str::parse) {
        response.headers_mut().insert("location", location);
    }
    response
}
