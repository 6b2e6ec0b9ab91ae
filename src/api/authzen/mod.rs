//! OpenID AuthZEN Authorization API 1.0: may this subject do this to this resource, now?
//!
//! | file | idea |
//! |---|---|
//! | [`wire`] | requests, as they come |
//! | `evaluate` | one question, or several |
//! | `search` | who, what and to what, in pages |
//! | [`answer`] | answers, as they go |
//! | [`Profile`] | how to ask for what was denied, and what an approval was worth |
//! | `told` | what whoever watches is told of an answer |
//! | `metadata` | what this server offers |

pub mod answer;
mod evaluate;
mod metadata;
mod profile;
mod search;
mod told;
pub mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderName;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};

use super::authenticate::{Authenticate, Caller};
use super::problem::Problem;
use crate::domain::evaluation::{AGENT, Entity, Question};
use crate::pdp::Pdp;
pub use profile::Profile;
use wire::{Unclear, fits};

/// The request's own name, which every answer carries back.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The door.
pub struct Door {
    pdp: Pdp,
    authenticate: Arc<dyn Authenticate>,
    public_url: Option<String>,
    profile: Option<Profile>,
}

impl Door {
    /// A door to these answers, for whom `authenticate` knows. `public_url` is this server's
    /// address from outside, without a slash at its end; without it there is no metadata.
    pub fn new(pdp: Pdp, authenticate: Arc<dyn Authenticate>, public_url: Option<String>) -> Self {
        Self { pdp, authenticate, public_url, profile: None }
    }

    /// Its routes.
    pub fn router(self) -> Router {
        let well_known = "/.well-known/authzen-configuration";
        Router::new()
            .route("/access/v1/evaluation", post(evaluate::one))
            .route("/access/v1/evaluations", post(evaluate::many))
            .route("/access/v1/search/subject", post(search::subjects))
            .route("/access/v1/search/resource", post(search::resources))
            .route("/access/v1/search/action", post(search::actions))
            .route(well_known, get(metadata::at_root))
            .route(&format!("{well_known}/{{*below}}"), get(metadata::below))
            .layer(from_fn(with_request_id))
            .with_state(Arc::new(self))
    }

    /// Who asks.
    async fn caller(&self, parts: &Parts) -> Result<Caller, Problem> {
        Ok(self.authenticate.caller(parts).await?)
    }

    /// The question as it is judged: about who acts.
    fn judged(&self, question: Question) -> Result<Question, Unclear> {
        let question = question.of_who_acts(self.public_url.as_deref());
        fits(&question)?;
        Ok(question)
    }

    /// Services may ask about anybody, agents about themselves.
    async fn may_ask(&self, caller: &Caller, about: &Entity) -> Result<(), Problem> {
        let Caller::Agent { id, .. } = caller else { return Ok(()) };
        let card = match about.kind.as_str() {
            // The index may have to be read on: kept out of what every question carries along.
            AGENT => Box::pin(self.pdp.agent_now(&about.id)).await?,
            _ => None,
        };
        if card.is_some_and(|card| card.known.id == *id) {
            Ok(())
        } else {
            Err(Problem::forbidden("an agent may ask about itself alone: name it as the subject"))
        }
    }
}

type AtDoor = State<Arc<Door>>;

/// Every answer carries the request's own name.
async fn with_request_id(request: Request, next: Next) -> Response {
    let id = request.headers().get(&REQUEST_ID).cloned();
    let mut response = next.run(request).await;
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID.clone(), id);
    }
    response
}
