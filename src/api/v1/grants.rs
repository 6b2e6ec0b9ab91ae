//! What is granted: listed, prolonged, handed back, revoked.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::admit::{Asker, Member};
use super::agents::{gone, no, whose};
use super::refused::Refused;
use super::registration::asked;
use super::requests::{agent, stand_of, unknown};
use super::take::{Body, Name, NoQuery, Once, Query, number, page};
use super::{Answer, Api, answer, shapes};
use crate::contract::Page;
use crate::contract::grants::{Extend, Grant, Revoke};
use crate::contract::requests::Request;
use crate::domain::request::{Ask, Reference};
use crate::service::input::ExtensionForm;
use crate::service::outcome::{Ended, GrantOf, Refusal};
use crate::service::registry::GrantChoice;

/// Which grants are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GrantQuery {
    /// Of which agent, by its name or id.
    #[serde(default)]
    #[param(example = "support-agent-v2")]
    agent: Option<String>,
    /// Of whose agents: `me`, or a Slack user id.
    #[serde(default)]
    #[param(example = "me")]
    owner: Option<String>,
    /// `live` (if absent) or `all`.
    #[serde(default)]
    #[param(inline)]
    state: Option<Which>,
    /// What the page before gave as `next`.
    #[serde(default)]
    after: Option<String>,
    /// How many a page has.
    #[serde(default, deserialize_with = "super::take::limit")]
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// `live` or `all`.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Which {
    /// Those that open something now.
    #[default]
    Live,
    /// Those that have ended, too.
    All,
}

/// Grants, the newest first. An agent gets its own alone.
#[utoipa::path(
    get,
    path = "/api/v1/grants",
    operation_id = "listGrants",
    tag = "grants",
    params(GrantQuery),
    responses((status = 200, description = "A page of the grants", body = Page<Grant>))
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Query(query): Query<GrantQuery>,
) -> Answer {
    let (limit, before) = (page(query.limit)?, number(query.after.as_deref())?);
    let live = matches!(query.state.unwrap_or_default(), Which::Live);
    let mut choice = GrantChoice { live, ..GrantChoice::default() };
    match &asker {
        Asker::Agent(own) => {
            query.agent.iter().try_for_each(|name| asker.means_itself(name))?;
            choice.agent = Some(own.id);
        }
        Asker::Member(person) => {
            if let Some(name) = &query.agent {
                choice.agent = Some(agent(&api, name).await?);
            }
            choice.owner = query.owner.as_deref().map(|text| whose(text, person));
        }
    }
    let part = api.service.grants_chosen(&choice, before, limit).await?;
    let last = part.items.last().filter(|_| part.more);
    let next = last.map(|of| of.grant.reference.number.to_string());
    let items = part.items.iter().map(|of| shapes::grant(&of.grant, &of.agent.slug, part.now));
    let page = Page::<Grant> { items: items.collect(), total: part.total, next };
    Ok(answer(StatusCode::OK, &page))
}

/// The grant, if this caller may see it.
async fn find(api: &Api, asker: &Asker, name: &str) -> Result<GrantOf, Refused> {
    let found = match name.parse::<Reference>() {
        Ok(reference) => api.service.grant_called(reference).await?,
        Err(_) => None,
    };
    let theirs = |of: &GrantOf| match asker {
        Asker::Member(_) => true,
        Asker::Agent(own) => of.agent.id == own.id,
    };
    match found.filter(theirs) {
        Some(found) => Ok(found),
        None => Err(unknown(api, name).await),
    }
}

/// The grant, if this caller may see it; that there is none yet, if people are still deciding on it.
async fn find_to_change(api: &Api, asker: &Asker, name: &str) -> Result<GrantOf, Refused> {
    let missing = match find(api, asker, name).await {
        Ok(found) => return Ok(found),
        Err(missing) => missing,
    };
    let Ok(stand) = api.service.stand_of(name).await? else { return Err(missing) };
    let request = stand.of.request;
    let theirs = match asker {
        Asker::Member(_) => true,
        Asker::Agent(own) => request.agent == own.id,
    };
    if theirs && request.is_open(stand.now) {
        return Err(no(api, &Refusal::NotDecided(request)).await);
    }
    Err(missing)
}

/// A grant.
#[utoipa::path(
    get,
    path = "/api/v1/grants/{reference}",
    operation_id = "showGrant",
    tag = "grants",
    params(("reference" = String, Path, description = "What people call it", example = "G-1042")),
    responses((status = 200, description = "The grant", body = Grant))
)]
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Name(name): Name,
    _: NoQuery,
) -> Answer {
    let of = find(&api, &asker, &name).await?;
    let now = api.service.now();
    Ok(answer(StatusCode::OK, &shapes::grant(&of.grant, &of.agent.slug, now)))
}

/// Asks that a grant goes on for longer; the same people decide. The agent's owner asks, or the agent.
#[utoipa::path(
    post,
    path = "/api/v1/grants/{reference}/extend",
    operation_id = "extendGrant",
    tag = "grants",
    params(("reference" = String, Path, description = "What people call it", example = "G-1042")),
    request_body = Extend,
    responses(
        (status = 201, description = "It goes on at once", body = Request),
        (status = 202, description = "People are asked", body = Request),
    )
)]
pub(super) async fn extend(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Name(name): Name,
    _: NoQuery,
    once: Once,
    Body { value, digest }: Body<Extend>,
) -> Answer {
    let GrantOf { grant, agent } = find_to_change(&api, &asker, &name).await?;
    let key = once.key(&asker.key(), &format!("extend {}", grant.id), &digest);
    let form = ExtensionForm {
        grant: grant.reference.to_string(),
        by: value.by,
        because: value.justification,
    };
    let done = match &asker {
        Asker::Member(person) => api.service.ask_extension(person, &form, key).await?,
        Asker::Agent(own) => api.service.ask_extension_for_itself(own.id, &form, key).await?,
    };
    let same = |ask: &Ask| matches!(ask, Ask::Extension { grant: id, .. } if *id == grant.id);
    let stand = stand_of(&api, done, agent.slug.as_str(), same).await.map_err(by_not_for)?;
    asked(&api, &stand, asker.person()).await
}

/// The member that says how long is called `by` here.
fn by_not_for(refused: Refused) -> Refused {
    refused.renamed("for", "by")
}

/// Hands a grant back before its end. The agent's owner does, or the agent.
#[utoipa::path(
    post,
    path = "/api/v1/grants/{reference}/release",
    operation_id = "releaseGrant",
    tag = "grants",
    params(("reference" = String, Path, description = "What people call it", example = "G-1042")),
    responses((status = 200, description = "It is handed back", body = Grant))
)]
pub(super) async fn release(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Name(name): Name,
    _: NoQuery,
    once: Once,
) -> Answer {
    let of = find_to_change(&api, &asker, &name).await?;
    let key = once.key(&asker.key(), &format!("release {}", of.grant.id), "");
    let reference = of.grant.reference.to_string();
    let ended = match &asker {
        Asker::Member(person) => api.service.release(person, &reference, key).await?,
        Asker::Agent(own) => api.service.hand_back(own.id, &reference, key).await?,
    };
    over(&api, ended, &of).await
}

/// Ends a grant at once. The agent's owner may, who decides on it, and security.
#[utoipa::path(
    post,
    path = "/api/v1/grants/{reference}/revoke",
    operation_id = "revokeGrant",
    tag = "grants",
    params(("reference" = String, Path, description = "What people call it", example = "G-1042")),
    request_body = Revoke,
    responses((status = 200, description = "It is revoked", body = Grant))
)]
pub(super) async fn revoke(
    State(api): State<Arc<Api>>,
    member: Member,
    Name(name): Name,
    _: NoQuery,
    once: Once,
    Body { value, digest }: Body<Revoke>,
) -> Answer {
    let of = find_to_change(&api, &Asker::Member(member.person.clone()), &name).await?;
    let key = once.key(&member.key, &format!("revoke {}", of.grant.id), &digest);
    let reference = of.grant.reference.to_string();
    let ended = api.service.revoke(&member.person, &reference, &value.reason, key).await?;
    over(&api, ended, &of).await
}

async fn over(api: &Api, ended: Ended, of: &GrantOf) -> Answer {
    let of = match ended {
        Ended::Done { grant, agent } => GrantOf { grant, agent },
        Ended::Refused(refusal) => return Err(no(api, &refusal).await),
        Ended::Before => api.service.grant_called(of.grant.reference).await?.ok_or_else(gone)?,
    };
    let now = api.service.now();
    Ok(answer(StatusCode::OK, &shapes::grant(&of.grant, &of.agent.slug, now)))
}
