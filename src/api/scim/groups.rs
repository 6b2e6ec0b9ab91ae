//! `/scim/v2/Groups`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use super::document::{self, group_facts, no_such_user};
use super::error::ScimError;
use super::list::{LOOKED_THROUGH, cut, fitting, part};
use super::take::{Body, Id, Provider, Query};
use super::{Answer, Scim, answer, created, done, patch as patches};
use crate::domain::identity_provider::IdpGroup;
use crate::domain::ids::IdpGroupId;
use crate::service::identity_provider::Pushed;

/// The groups that are wanted.
pub(super) async fn list(State(scim): State<Arc<Scim>>, _: Provider, query: Query) -> Answer {
    let service = &scim.service;
    let documents = |groups: Vec<IdpGroup>| -> Vec<Value> {
        groups.iter().map(|group| document::group(group, &scim.base)).collect()
    };
    let Some(filter) = &query.filter else {
        let (groups, total) = service.idp_groups(query.count, query.start - 1).await?;
        return Ok(part(documents(groups), total as usize, query.start, &query.wanted));
    };
    let found: Option<Vec<IdpGroup>> = match filter.equal() {
        Some((name, text)) if name.eq_ignore_ascii_case("displayName") => {
            Some(service.idp_group_by_name(text).await?.into_iter().collect())
        }
        Some((name, text)) if name.eq_ignore_ascii_case("externalId") => {
            Some(service.idp_groups_by_external_id(text).await?)
        }
        Some((name, text)) if name.eq_ignore_ascii_case("id") => match text.parse() {
            Ok(id) => Some(service.idp_group(id).await?.into_iter().collect()),
            Err(_) => Some(Vec::new()),
        },
        _ => None,
    };
    if let Some(found) = found {
        return Ok(cut(documents(found), &query));
    }
    let (groups, total) = service.idp_groups(LOOKED_THROUGH, 0).await?;
    fitting(documents(groups), total, filter, &query)
}

/// A new group.
pub(super) async fn create(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    query: Query,
    Body(body): Body,
) -> Answer {
    let facts = group_facts(&body)?;
    let name = facts.display_name.clone();
    let group = known(scim.service.push_group(facts).await?, &name)?;
    Ok(created(&query.wanted.of(document::group(&group, &scim.base))))
}

/// One group.
pub(super) async fn show(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Id(id): Id,
    query: Query,
) -> Answer {
    let group = scim.service.idp_group(read(&id)?).await?.ok_or_else(nothing)?;
    Ok(answer(StatusCode::OK, &query.wanted.of(document::group(&group, &scim.base))))
}

/// A group described anew.
pub(super) async fn replace(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Id(id): Id,
    query: Query,
    Body(body): Body,
) -> Answer {
    let (id, facts) = (read(&id)?, group_facts(&body)?);
    let name = facts.display_name.clone();
    let changed = scim.service.change_group(id, move |_| Ok::<_, ScimError>(facts)).await??;
    let group = known(changed, &name)?;
    Ok(answer(StatusCode::OK, &query.wanted.of(document::group(&group, &scim.base))))
}

/// A part of a group changed: who comes into it, who leaves it.
pub(super) async fn patch(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Id(id): Id,
    query: Query,
    Body(body): Body,
) -> Answer {
    let (id, base) = (read(&id)?, scim.base.clone());
    let change = move |group: &IdpGroup| {
        let Value::Object(mut whole) = document::group(group, &base) else { return Err(nothing()) };
        patches::apply(&mut whole, patches::OF_GROUP, &body)?;
        group_facts(&whole)
    };
    let group = known(scim.service.change_group(id, change).await??, "this name")?;
    Ok(answer(StatusCode::OK, &query.wanted.of(document::group(&group, &scim.base))))
}

/// There is no such group any more.
pub(super) async fn remove(State(scim): State<Arc<Scim>>, _: Provider, Id(id): Id) -> Answer {
    known(scim.service.remove_group(read(&id)?).await?, "")?;
    Ok(done())
}

fn read(id: &str) -> Result<IdpGroupId, ScimError> {
    id.parse().map_err(|_| nothing())
}

fn nothing() -> ScimError {
    ScimError::not_found("there is no group by this id")
}

fn known<T>(pushed: Pushed<T>, name: &str) -> Result<T, ScimError> {
    match pushed {
        Pushed::Done(done) => Ok(done),
        Pushed::NameTaken => {
            Err(ScimError::taken(format!("another group has the displayName {name}")))
        }
        Pushed::NoSuchUsers(users) => {
            Err(users.first().map_or_else(|| ScimError::value("no such users"), no_such_user))
        }
        Pushed::Unknown => Err(nothing()),
    }
}
