//! What there is to ask for, and who decides.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::admit::Reader;
use super::take::NoQuery;
use super::{Answer, Api, answer, shapes};
use crate::contract::catalogue::{Action, Catalogue, Resource, Tier};
use crate::domain;

/// What there is to ask for, and who decides.
#[utoipa::path(
    get,
    path = "/api/v1/catalogue",
    operation_id = "catalogue",
    tag = "catalogue",
    responses((status = 200, description = "The catalogue", body = Catalogue))
)]
pub(super) async fn catalogue(State(api): State<Arc<Api>>, _: Reader, _: NoQuery) -> Answer {
    let policy = api.service.policy();
    let resources = policy.resources().map(|resource| Resource {
        name: resource.name.clone(),
        sensitivity: resource.sensitivity.word().to_owned(),
        actions: resource
            .actions
            .iter()
            .map(|(name, tier)| Action {
                name: name.clone(),
                tier: tier.number(),
                opens: resource.opens(name).map(str::to_owned),
            })
            .collect(),
    });
    let mut tiers = Vec::new();
    for tier in domain::tier::Tier::ALL {
        let route = api.service.who_decides(tier).await?;
        let longest_grant = policy.tier(tier).longest_grant.into();
        tiers.push(Tier { route: shapes::route(&route), longest_grant });
    }
    let catalogue = Catalogue {
        resources: resources.collect(),
        tiers,
        teams: policy.teams().map(ToString::to_string).collect(),
        policy: policy.digest().to_owned(),
    };
    Ok(answer(StatusCode::OK, &catalogue))
}
