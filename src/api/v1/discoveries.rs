//! What was found and may be an agent: taken from programs, and listed.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::admit::{member, only};
use super::caller::{Caller, LoggedIn};
use super::names::Named;
use super::refused::Refused;
use super::take::{Body, NoQuery, Query, page};
use super::{Answer, Api, answer, shapes};
use crate::contract::Page;
use crate::contract::discoveries as contract;
use crate::contract::discoveries::{Finding, Findings, MOST_FINDINGS, Taken, TakenOne};
use crate::domain::discovery::{self, DiscoveryState, Sent};
use crate::domain::event::Actor;
use crate::domain::ids::DiscoveryId;
use crate::domain::person::{By, PersonId};
use crate::domain::text::clean;
use crate::service::discoveries::record::{Recorded, Seen};
use crate::service::discoveries::{DiscoveryChoice, DiscoveryOf};

/// The longest text that chooses anything, in characters.
const LONGEST: usize = 40;

/// Whoever looks for what nobody registered: security's people, and the services of the policy.
pub(super) struct Finder(Actor);

impl FromRequestParts<Arc<Api>> for Finder {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refused> {
        match api.callers.caller(parts).await? {
            Caller::Service(name) => Ok(Self(Actor::Service(name))),
            Caller::Person(LoggedIn { person, .. }) => {
                member(api, &person).await?;
                match api.service.is_of_security(&person).await? {
                    true => Ok(Self(Actor::Person(person))),
                    false => Err(no()),
                }
            }
            Caller::Agent(_) | Caller::Workload(_) => Err(no()),
        }
    }
}

fn no() -> Refused {
    only(
        "security's people, and the services that the policy names",
        "send it with a service's token ([services] in policy.toml), or let somebody of security log in",
    )
}

/// Takes what was found elsewhere: service accounts, keys, apps. Each is held against the registry; of
/// what no agent claims security is told. A finding is known again by its source and its id, so the
/// same list may be sent as often as it likes.
#[utoipa::path(
    post,
    path = "/api/v1/discoveries",
    operation_id = "tellDiscoveries",
    tag = "discoveries",
    request_body = Findings,
    responses((status = 200, description = "What became of each", body = Taken))
)]
pub(super) async fn tell(
    State(api): State<Arc<Api>>,
    Finder(by): Finder,
    _: NoQuery,
    Body { value, .. }: Body<Findings>,
) -> Answer {
    let Findings { source, items } = value;
    if items.is_empty() || items.len() > MOST_FINDINGS {
        let words = format!("send 1 to {MOST_FINDINGS} findings at once");
        return Err(Refused::field("items", words));
    }
    let read: Vec<_> = items.into_iter().map(|item| finding(&source, item)).collect();
    let good: Vec<discovery::Finding> =
        read.iter().filter_map(|r| r.as_ref().ok()).cloned().collect();
    let mut recorded = api.service.take_findings(&by, &good).await?.into_iter();
    let items = read.into_iter().map(|read| match read {
        Ok(_) => recorded.next().map_or_else(|| invalid("it was not taken".to_owned()), taken),
        Err(problem) => invalid(problem),
    });
    Ok(answer(StatusCode::OK, &Taken { items: items.collect() }))
}

/// A finding as it can be taken, or why it cannot.
fn finding(source: &str, item: Value) -> Result<discovery::Finding, String> {
    if !item.is_object() {
        return Err("send an object with external_id and name".to_owned());
    }
    let Finding { external_id, name, kind, owner, details } =
        serde_json::from_value(item).map_err(|error| clean(&error.to_string(), 200))?;
    let sent = Sent {
        source: source.to_owned(),
        external_id,
        name,
        kind: kind.unwrap_or_default(),
        owner: owner.unwrap_or_default(),
        details: details.into_iter().collect(),
    };
    discovery::Finding::read(&sent).map_err(|bad| bad.to_string())
}

fn invalid(problem: String) -> TakenOne {
    TakenOne { outcome: "invalid".to_owned(), id: None, agent: None, problem: Some(problem) }
}

fn taken(of: Recorded) -> TakenOne {
    let (outcome, agent) = match of.seen {
        Seen::New => ("new", None),
        Seen::Known => ("known", None),
        Seen::Claimed { agent, .. } => ("claimed", Some(agent)),
        Seen::Dismissed => ("dismissed", None),
        Seen::Ignored => ("ignored", None),
    };
    let id = of.id.map(|id| id.to_string());
    TakenOne { outcome: outcome.to_owned(), id, agent, problem: None }
}

/// Which are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DiscoveryQuery {
    /// `unclaimed`, `asked`, `claimed`, `not_an_agent` or `gone`; any, if absent.
    #[serde(default)]
    #[param(example = "unclaimed")]
    state: Option<String>,
    /// Where they were found.
    #[serde(default)]
    #[param(example = "aws-iam")]
    source: Option<String>,
    /// What the page before gave as `next`.
    #[serde(default)]
    after: Option<String>,
    /// How many a page has.
    #[serde(default, deserialize_with = "super::take::limit")]
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What was found, the oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/discoveries",
    operation_id = "listDiscoveries",
    tag = "discoveries",
    params(DiscoveryQuery),
    responses((status = 200, description = "A page of what was found", body = Page<contract::Discovery>))
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    _: Finder,
    Query(query): Query<DiscoveryQuery>,
) -> Answer {
    let limit = page(query.limit)?;
    let state = match query.state {
        None => String::new(),
        Some(state) if DiscoveryState::WORDS.contains(&state.as_str()) => state,
        Some(_) => {
            let words = format!("write one of {}", DiscoveryState::WORDS.join(", "));
            return Err(Refused::field("state", words));
        }
    };
    let after: Option<DiscoveryId> = query
        .after
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| Refused::field("after", "send what the page before gave as `next`"))?;
    let source = query.source.as_deref().map(|text| clean(text, LONGEST)).unwrap_or_default();
    let choice = DiscoveryChoice { state, source };
    let part = api.service.discoveries_chosen(&choice, after, limit).await?;
    let mut people: Vec<&PersonId> = part.items.iter().filter_map(asked).collect();
    people.extend(part.items.iter().filter_map(decided));
    let named = api.names.of(people).await;
    let next = part.items.last().filter(|_| part.more).map(|of| of.discovery.id.to_string());
    let items = part.items.iter().map(|of| shown(of, &named)).collect();
    Ok(answer(StatusCode::OK, &Page { items, total: part.total, next }))
}

/// Who is asked to register it.
const fn asked(of: &DiscoveryOf) -> Option<&PersonId> {
    match &of.discovery.state {
        DiscoveryState::Asked { of, .. } => Some(of),
        _ => None,
    }
}

/// The person who decided about it.
const fn decided(of: &DiscoveryOf) -> Option<&PersonId> {
    match &of.discovery.state {
        DiscoveryState::Claimed { by: By::Person(by), .. }
        | DiscoveryState::NotAnAgent { by: By::Person(by), .. } => Some(by),
        _ => None,
    }
}

fn shown(of: &DiscoveryOf, named: &Named) -> contract::Discovery {
    let it = &of.discovery;
    contract::Discovery {
        id: it.id.to_string(),
        source: it.source.clone(),
        external_id: it.external_id.clone(),
        name: it.name.clone(),
        kind: it.kind.word().to_owned(),
        details: it.details.clone(),
        owner: it.owner_hint.clone(),
        state: it.state.word().to_owned(),
        agent: of.agent.as_ref().map(|agent| agent.slug.clone()),
        asked: asked(of).map(|person| shapes::person(person, named)),
        decided_by: decided(of).map(|person| shapes::person(person, named)),
        first_seen: it.first_seen,
        last_seen: it.last_seen,
    }
}
