//! `/scim/v2/Users`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use super::document::{self, user_facts};
use super::error::ScimError;
use super::list::{LOOKED_THROUGH, cut, fitting, part};
use super::take::{Body, Id, Provider, Query};
use super::{Answer, Scim, answer, created, done, patch as patches};
use crate::domain::identity_provider::IdpUser;
use crate::domain::ids::IdpUserId;
use crate::service::identity_provider::Pushed;

/// The users that are wanted.
pub(super) async fn list(State(scim): State<Arc<Scim>>, _: Provider, query: Query) -> Answer {
    let service = &scim.service;
    let documents = |users: Vec<IdpUser>| -> Vec<Value> {
        users.iter().map(|user| document::user(user, &scim.base)).collect()
    };
    let Some(filter) = &query.filter else {
        let (users, total) = service.idp_users(query.count, query.start - 1).await?;
        return Ok(part(documents(users), total as usize, query.start, &query.wanted));
    };
    let found: Option<Vec<IdpUser>> = match filter.equal() {
        Some((name, text)) if name.eq_ignore_ascii_case("userName") => {
            Some(service.idp_user_by_name(text).await?.into_iter().collect())
        }
        Some((name, text)) if name.eq_ignore_ascii_case("externalId") => {
            Some(service.idp_users_by_external_id(text).await?)
        }
        Some((name, text)) if name.eq_ignore_ascii_case("id") => match text.parse() {
            Ok(id) => Some(service.idp_user(id).await?.into_iter().collect()),
            Err(_) => Some(Vec::new()),
        },
        _ => None,
    };
    if let Some(found) = found {
        return Ok(cut(documents(found), &query));
    }
    let (users, total) = service.idp_users(LOOKED_THROUGH, 0).await?;
    fitting(documents(users), total, filter, &query)
}

/// A new user.
pub(super) async fn create(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    query: Query,
    Body(body): Body,
) -> Answer {
    let facts = user_facts(&body)?;
    let name = facts.user_name.clone();
    let user = known(scim.service.push_user(facts).await?, &name)?;
    Ok(created(&query.wanted.of(document::user(&user, &scim.base))))
}

/// One user.
pub(super) async fn show(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Id(id): Id,
    query: Query,
) -> Answer {
    let user = scim.service.idp_user(read(&id)?).await?.ok_or_else(nobody)?;
    Ok(answer(StatusCode::OK, &query.wanted.of(document::user(&user, &scim.base))))
}

/// A user described anew.
pub(super) async fn replace(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Id(id): Id,
    query: Query,
    Body(body): Body,
) -> Answer {
    let (id, facts) = (read(&id)?, user_facts(&body)?);
    let name = facts.user_name.clone();
    let changed = scim.service.change_user(id, move |_| Ok::<_, ScimError>(facts)).await??;
    let user = known(changed, &name)?;
    Ok(answer(StatusCode::OK, &query.wanted.of(document::user(&user, &scim.base))))
}

/// A part of a user changed.
pub(super) async fn patch(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Id(id): Id,
    query: Query,
    Body(body): Body,
) -> Answer {
    let (id, base) = (read(&id)?, scim.base.clone());
    let change = move |user: &IdpUser| {
        let Value::Object(mut whole) = document::user(user, &base) else { return Err(nobody()) };
        patches::apply(&mut whole, patches::OF_USER, &body)?;
        user_facts(&whole)
    };
    let user = known(scim.service.change_user(id, change).await??, "this name")?;
    Ok(answer(StatusCode::OK, &query.wanted.of(document::user(&user, &scim.base))))
}

/// There is no such user any more.
pub(super) async fn remove(State(scim): State<Arc<Scim>>, _: Provider, Id(id): Id) -> Answer {
    known(scim.service.remove_user(read(&id)?).await?, "")?;
    Ok(done())
}

fn read(id: &str) -> Result<IdpUserId, ScimError> {
    id.parse().map_err(|_| nobody())
}

fn nobody() -> ScimError {
    ScimError::not_found("there is no user by this id")
}

fn known<T>(pushed: Pushed<T>, name: &str) -> Result<T, ScimError> {
    match pushed {
        Pushed::Done(done) => Ok(done),
        Pushed::NameTaken => Err(ScimError::taken(format!("another user has the userName {name}"))),
        Pushed::Unknown | Pushed::NoSuchUsers(_) => Err(nobody()),
    }
}
