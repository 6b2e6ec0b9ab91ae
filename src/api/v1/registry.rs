//! The registry as a whole, for service catalogues: as JSON, and as entities of Backstage.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::admit::{Reader, only};
use super::take::NoQuery;
use super::{Answer, Api, answer, backstage, refused, shapes};
use crate::contract::registry::Registry;

use super::refused::Refused;

/// All agents, with who answers for each and how it stands. For people and services.
#[utoipa::path(
    get,
    path = "/api/v1/registry",
    operation_id = "registry",
    tag = "registry",
    responses((status = 200, description = "The registry", body = Registry))
)]
pub(super) async fn registry(State(api): State<Arc<Api>>, reader: Reader, _: NoQuery) -> Answer {
    Ok(answer(StatusCode::OK, &whole(&api, &reader).await?))
}

/// The same as entities of Backstage, a `Component` for each agent: several YAML documents. For people
/// and services.
#[utoipa::path(
    get,
    path = "/api/v1/registry/backstage",
    operation_id = "registryForBackstage",
    tag = "registry",
    responses((
        status = 200,
        description = "YAML documents, each of kind Component",
        body = inline(serde_json::Value),
        content_type = "application/yaml"
    ))
)]
pub(super) async fn for_backstage(
    State(api): State<Arc<Api>>,
    reader: Reader,
    _: NoQuery,
) -> Result<Response, Refused> {
    let registry = whole(&api, &reader).await?;
    let text = backstage::documents(&registry, Some(api.signer.issuer()));
    let mut response = (StatusCode::OK, [(CONTENT_TYPE, "application/yaml")], text).into_response();
    refused::not_kept(&mut response);
    Ok(response)
}

async fn whole(api: &Api, reader: &Reader) -> Result<Registry, Refused> {
    if let Reader::Agent(_) = reader {
        return Err(only("people and services", "agent-cli login"));
    }
    let lines = api.service.everything().await?;
    let named = api.names.of(lines.iter().flat_map(shapes::people_of_line)).await;
    let at = api.service.now();
    let name = |person: &_| named.of(person).map(str::to_owned);
    Ok(Registry { at, agents: lines.iter().map(|line| shapes::entry(line, name)).collect() })
}
