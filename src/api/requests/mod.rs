//! Programs ask by themselves, over HTTP: OpenID AuthZEN's Access Request and Approval Profile 1.0.
//!
//! | file | idea |
//! |---|---|
//! | [`body`] | what a program sends, read |
//! | `submit` | it is tied to its refusal, and asked |
//! | [`task`] | where it stands, as a document; followed and taken back |
//! | [`documents`] | what a request must carry, and what can be asked for |
//! | [`problem`] | why a request is not taken |

pub mod body;
pub mod documents;
pub mod problem;
mod submit;
pub mod task;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;

use super::callbacks::address::Resolver;
use crate::domain::task::Submitter;
use crate::identity::Signer;
use crate::service::Service;
use crate::service::access_requests::Evaluations;
use crate::service::access_requests::follow::Reader;
use crate::service::access_requests::offer::{CATALOGS, REQUESTS, SCHEMA};

/// Finds out which program sends a request.
#[async_trait]
pub trait Callers: Send + Sync + 'static {
    /// Who sends it. Otherwise the answer that says how to prove that (RFC 6750).
    async fn caller(&self, request: &Parts) -> Result<Submitter, Response>;

    /// Who looks how a task stands: a program, or a person who may know.
    async fn reader(&self, request: &Parts) -> Result<Reader, Response>;
}

/// The door for requests, and what it needs.
pub struct Door {
    /// The use cases.
    pub service: Service,
    /// Signs approvals, and recognises what ties a request to its refusal. Its issuer is the
    /// server's address from outside.
    pub signer: Arc<dyn Signer>,
    /// Who sends requests.
    pub callers: Arc<dyn Callers>,
    /// Where evaluations are found again.
    pub evaluations: Arc<dyn Evaluations>,
    /// Where hosts of callbacks are.
    pub resolver: Arc<dyn Resolver>,
}

/// The addresses of the profile.
pub fn router(door: Door) -> Router {
    let one = format!("{REQUESTS}/{{task}}");
    let cancel = format!("{one}/cancel");
    let catalog = format!("{CATALOGS}/{{field}}");
    Router::new()
        .route(REQUESTS, post(submit::submit))
        .route(SCHEMA, get(documents::schema))
        .route(CATALOGS, get(documents::catalogs))
        .route(&catalog, get(documents::catalog))
        .route(&one, get(task::follow))
        .route(&cancel, post(task::cancel).delete(task::cancel))
        .with_state(Arc::new(door))
}

/// A JSON document that nobody keeps.
fn json(status: StatusCode, document: &Value) -> Response {
    let mut response = Response::new(Body::from(document.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
