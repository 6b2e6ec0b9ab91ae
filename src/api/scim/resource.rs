//! What is done with any kind of resource: listed, made, shown, replaced, changed, removed. What differs
//! between the kinds is in [`Resource`].

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get};
use serde_json::{Map, Value};

use super::document::no_such_user;
use super::error::ScimError;
use super::list::{LOOKED_THROUGH, cut, fitting, part};
use super::take::{Body, Id, Provider, Query};
use super::{Answer, Scim, answer, created, done, patch as patches};
use crate::service::Service;
use crate::service::identity_provider::Pushed;

/// What a use case answers.
type Done<T> = crate::service::Result<T>;

/// A kind of resource that the identity provider pushes.
pub(super) trait Resource: Sized + Send + Sync + 'static {
    /// Names one of them for ever.
    type Id: FromStr + Send;
    /// What is kept of one.
    type Facts: Send + 'static;

    /// What one is called: `user`.
    const CALLED: &'static str;
    /// The attribute by which people know one, and only one: `userName`.
    const NAMED_BY: &'static str;
    /// What of one is kept, and a change of a part may touch.
    const ATTRIBUTES: patches::Attributes;

    /// One, as JSON; `base` is where resources are.
    fn document(&self, base: &str) -> Value;
    /// What is kept of a document.
    fn facts(document: &Map<String, Value>) -> Result<Self::Facts, ScimError>;
    /// What people know it by.
    fn name(facts: &Self::Facts) -> &str;

    /// Some, the oldest first, and how many there are in all.
    fn some(
        of: &Service,
        limit: u32,
        offset: u32,
    ) -> impl Future<Output = Done<(Vec<Self>, u32)>> + Send;
    /// The one of this id.
    fn one(of: &Service, id: Self::Id) -> impl Future<Output = Done<Option<Self>>> + Send;
    /// The one that people know by this.
    fn named(of: &Service, name: &str) -> impl Future<Output = Done<Option<Self>>> + Send;
    /// Those that the identity provider itself calls so.
    fn called(of: &Service, id: &str) -> impl Future<Output = Done<Vec<Self>>> + Send;
    /// A new one.
    fn push(of: &Service, facts: Self::Facts) -> impl Future<Output = Done<Pushed<Self>>> + Send;
    /// One becomes what `how` makes of it.
    fn change(
        of: &Service,
        id: Self::Id,
        how: impl FnOnce(&Self) -> Result<Self::Facts, ScimError> + Send + 'static,
    ) -> impl Future<Output = Done<Result<Pushed<Self>, ScimError>>> + Send;
    /// There is no such one any more.
    fn remove(of: &Service, id: Self::Id) -> impl Future<Output = Done<Pushed<()>>> + Send;
}

/// What can be done with all of a kind.
pub(super) fn all<R: Resource>() -> MethodRouter<Arc<Scim>> {
    get(list::<R>).post(create::<R>)
}

/// What can be done with one of a kind.
pub(super) fn one<R: Resource>() -> MethodRouter<Arc<Scim>> {
    get(show::<R>).put(replace::<R>).patch(patch::<R>).delete(remove::<R>)
}

async fn list<R: Resource>(State(scim): State<Arc<Scim>>, _: Provider, query: Query) -> Answer {
    let service = &scim.service;
    let documents =
        |all: Vec<R>| -> Vec<Value> { all.iter().map(|one| one.document(&scim.base)).collect() };
    let Some(filter) = &query.filter else {
        let (some, total) = R::some(service, query.count, query.start - 1).await?;
        return Ok(part(documents(some), total as usize, query.start, &query.wanted));
    };
    let found: Option<Vec<R>> = match filter.equal() {
        Some((name, text)) if name.eq_ignore_ascii_case(R::NAMED_BY) => {
            Some(R::named(service, text).await?.into_iter().collect())
        }
        Some((name, text)) if name.eq_ignore_ascii_case("externalId") => {
            Some(R::called(service, text).await?)
        }
        Some((name, text)) if name.eq_ignore_ascii_case("id") => match text.parse().ok() {
            Some(id) => Some(R::one(service, id).await?.into_iter().collect()),
            None => Some(Vec::new()),
        },
        _ => None,
    };
    if let Some(found) = found {
        return Ok(cut(documents(found), &query));
    }
    let (some, total) = R::some(service, LOOKED_THROUGH, 0).await?;
    fitting(documents(some), total, filter, &query)
}

async fn create<R: Resource>(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    query: Query,
    Body(body): Body,
) -> Answer {
    let facts = R::facts(&body)?;
    let name = R::name(&facts).to_owned();
    let new = known::<R, _>(R::push(&scim.service, facts).await?, &name)?;
    Ok(created(&query.wanted.of(new.document(&scim.base))))
}

async fn show<R: Resource>(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Id(id): Id,
    query: Query,
) -> Answer {
    let one = R::one(&scim.service, read::<R>(&id)?).await?.ok_or_else(nothing::<R>)?;
    Ok(answer(StatusCode::OK, &query.wanted.of(one.document(&scim.base))))
}

async fn replace<R: Resource>(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Id(id): Id,
    query: Query,
    Body(body): Body,
) -> Answer {
    let (id, facts) = (read::<R>(&id)?, R::facts(&body)?);
    let name = R::name(&facts).to_owned();
    let changed = R::change(&scim.service, id, move |_| Ok(facts)).await??;
    let one = known::<R, _>(changed, &name)?;
    Ok(answer(StatusCode::OK, &query.wanted.of(one.document(&scim.base))))
}

async fn patch<R: Resource>(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Id(id): Id,
    query: Query,
    Body(body): Body,
) -> Answer {
    let (id, base) = (read::<R>(&id)?, scim.base.clone());
    let change = move |one: &R| {
        let Value::Object(mut whole) = one.document(&base) else { return Err(nothing::<R>()) };
        patches::apply(&mut whole, R::ATTRIBUTES, &body)?;
        R::facts(&whole)
    };
    let one = known::<R, _>(R::change(&scim.service, id, change).await??, "this name")?;
    Ok(answer(StatusCode::OK, &query.wanted.of(one.document(&scim.base))))
}

async fn remove<R: Resource>(State(scim): State<Arc<Scim>>, _: Provider, Id(id): Id) -> Answer {
    known::<R, _>(R::remove(&scim.service, read::<R>(&id)?).await?, "")?;
    Ok(done())
}

fn read<R: Resource>(id: &str) -> Result<R::Id, ScimError> {
    id.parse().map_err(|_| nothing::<R>())
}

fn nothing<R: Resource>() -> ScimError {
    ScimError::not_found(format!("there is no {} by this id", R::CALLED))
}

fn known<R: Resource, T>(pushed: Pushed<T>, name: &str) -> Result<T, ScimError> {
    match pushed {
        Pushed::Done(done) => Ok(done),
        Pushed::NameTaken => {
            let (called, named_by) = (R::CALLED, R::NAMED_BY);
            Err(ScimError::taken(format!("another {called} has the {named_by} {name}")))
        }
        Pushed::NoSuchUsers(users) => {
            Err(users.first().map_or_else(|| ScimError::value("no such users"), no_such_user))
        }
        Pushed::Unknown => Err(nothing::<R>()),
    }
}
