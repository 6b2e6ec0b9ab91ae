//! `/api/v1`: what `agent-cli`, pipelines and inventories use. The shapes are in [`crate::contract`];
//! what happens is what Slack does, too, by the same use cases.
//!
//! | file | idea |
//! |---|---|
//! | [`caller`] | who calls: a person, an agent, a service, a workload |
//! | `admit` | which of them may call what |
//! | `take` | what is sent, read strictly |
//! | [`refused`], `refusals` | why not, and what to do next |
//! | `names` | people by their names |
//! | `shapes` | from what is known to what is told |
//! | `changes` | why an agent cannot become something else |
//! | `wait` | answers that come when something changes |
//! | `about`, `me`, `agents`, `registration`, `credentials`, `requests`, `appeals`, `grants`, `certifications`, `catalogue`, `registry`, `evaluations`, `insights`, `gate`, `discoveries` | the resources |
//! | [`backstage`] | agents as a service catalogue wants them |
//! | [`openapi`], `page` | the description of all that, for programs and for people |

mod about;
mod admit;
mod agents;
mod appeals;
pub mod backstage;
pub mod caller;
mod catalogue;
mod certifications;
mod changes;
mod credentials;
mod discoveries;
mod evaluations;
mod gate;
mod grants;
mod insights;
mod me;
pub(super) mod names;
pub mod openapi;
mod ownership;
mod page;
pub(super) mod refusals;
pub mod refused;
mod registration;
mod registry;
mod requests;
pub(crate) mod shapes;
mod take;
mod wait;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::caller::Callers;
use self::names::Names;
use self::refused::Refused;
use self::wait::Waits;
use crate::identity::Signer;
use crate::service::Service;

/// What the door is made of.
pub struct Parts {
    /// The use cases.
    pub service: Service,
    /// Who calls.
    pub callers: Arc<dyn Callers>,
    /// Signs links. Its issuer is the server's address from outside.
    pub signer: Arc<dyn Signer>,
    /// The server ends: whoever waits is answered at once.
    pub stop: CancellationToken,
}

/// The door.
pub(super) struct Api {
    service: Service,
    callers: Arc<dyn Callers>,
    signer: Arc<dyn Signer>,
    names: Names,
    waits: Waits,
}

/// What a handler answers.
type Answer = Result<Response, Refused>;

/// All routes, with their description.
fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(about::about))
        .routes(routes!(me::me))
        .routes(routes!(agents::list, registration::register))
        .routes(routes!(registration::preview))
        .routes(routes!(agents::show))
        .routes(routes!(agents::stop))
        .routes(routes!(credentials::list, credentials::ask))
        .routes(routes!(requests::ask))
        .routes(routes!(requests::list))
        .routes(routes!(requests::show))
        .routes(routes!(requests::cancel))
        .routes(routes!(appeals::appeal))
        .routes(routes!(grants::list))
        .routes(routes!(grants::show))
        .routes(routes!(grants::extend))
        .routes(routes!(grants::release))
        .routes(routes!(grants::revoke))
        .routes(routes!(certifications::list))
        .routes(routes!(catalogue::catalogue))
        .routes(routes!(registry::registry))
        .routes(routes!(registry::for_backstage))
        .routes(routes!(evaluations::why))
        .routes(routes!(insights::insights))
        .routes(routes!(gate::gate))
        .routes(routes!(discoveries::list, discoveries::tell))
}

/// The routes below `/api/v1`.
pub fn router(parts: Parts) -> Router {
    let Parts { service, callers, signer, stop } = parts;
    let names = Names::new(service.clone());
    let waits = Waits::new(service.clone(), stop);
    let api = Arc::new(Api { service, callers, signer, names, waits });
    let (router, described) = routes().split_for_parts();
    let document = openapi::document(described, api.signer.issuer());
    router
        .merge(page::router(&document))
        .route("/api/v1/{*path}", axum::routing::any(nothing_here))
        .method_not_allowed_fallback(not_so)
        .with_state(api)
}

/// There is nothing at this path.
async fn nothing_here(uri: Uri) -> Response {
    let path = crate::domain::text::clean(uri.path(), 120);
    Refused::new(
        StatusCode::NOT_FOUND,
        "unknown_path",
        "There is nothing here",
        format!("Nothing is at {path}. This server describes what there is at /api/v1/docs."),
    )
    .into_response()
}

/// The path does not take this method. The router adds `Allow`.
async fn not_so(method: Method, uri: Uri) -> Response {
    let path = crate::domain::text::clean(uri.path(), 120);
    let method = crate::domain::text::clean(method.as_str(), 20);
    Refused::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "That is not done so",
        format!("{path} does not take {method}. The header Allow says what it takes."),
    )
    .into_response()
}

/// A success, with its body. Nobody keeps it.
fn answer(status: StatusCode, body: &impl serde::Serialize) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    refused::not_kept(&mut response);
    response
}
