//! Questions put to people: asked, followed, taken back.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::IntoParams;

use super::admit::{Asker, Reader};
use super::agents::{gone, no, slug_of, whose};
use super::refused::Refused;
use super::registration::asked;
use super::take::{Body, Name, NoQuery, Once, Query, number, page};
use super::wait::{self, NoSeat};
use super::{Answer, Api, answer, shapes};
use crate::contract::Page;
use crate::contract::requests::{Ask, Request};
use crate::domain::access::Access;
use crate::domain::person::PersonId;
use crate::domain::request as known;
use crate::domain::text::clean;
use crate::service::input::GrantForm;
use crate::service::outcome::{Asked, Cancelled, Refusal};
use crate::service::registry::{RequestChoice, Stand};

/// Asks that the agent may do something for a time: `201` when the policy says yes at once, `202` when
/// people are asked. Its owner asks, or the agent itself.
#[utoipa::path(
    post,
    path = "/api/v1/agents/{name}/requests",
    operation_id = "askGrant",
    tag = "requests",
    params(("name" = String, Path, description = "Its name or id", example = "support-agent-v2")),
    request_body = Ask,
    responses(
        (status = 201, description = "It is granted at once", body = Request),
        (status = 202, description = "People are asked", body = Request),
    )
)]
pub(super) async fn ask(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Name(name): Name,
    _: NoQuery,
    once: Once,
    Body { value, digest }: Body<Ask>,
) -> Answer {
    asker.means_itself(&name)?;
    let name = slug_of(&api, &name).await?;
    let key = once.key(&asker.key(), &format!("ask {name}"), &digest);
    let lasting = match value.lasting {
        // Nothing at all is no length of time.
        Some(empty) if empty.trim().is_empty() => " ".to_owned(),
        lasting => lasting.unwrap_or_default(),
    };
    let form = GrantForm {
        agent: name.clone(),
        access: whole(&api, &value.access),
        lasting,
        because: value.justification,
    };
    let service = &api.service;
    let done = match &asker {
        Asker::Member(person) => service.ask_grant(person, &form, key).await?,
        Asker::Agent(agent) => service.ask_grant_for_itself(agent.id, &form, key).await?,
    };
    let same = |ask: &known::Ask| matches!(ask, known::Ask::Grant { access, .. } if access.to_string() == form.access);
    let stand = stand_of(&api, done, &name, same).await?;
    asked(&api, &stand, asker.person()).await
}

/// What came of asking, as a request.
pub(super) async fn stand_of(
    api: &Api,
    asked: Asked,
    agent: &str,
    same: impl Fn(&known::Ask) -> bool,
) -> Result<Stand, Refused> {
    let stand = match asked {
        Asked::Opened { request, .. } | Asked::Approved { request, .. } => {
            api.service.stand(request.id).await?
        }
        Asked::Refused(refusal) => return Err(no(api, &refusal).await),
        Asked::Before => {
            let agent = api.service.agent_called(agent).await?.ok_or_else(gone)?;
            api.service.latest_asking(agent.id, same).await?
        }
    };
    stand.ok_or_else(gone)
}

/// What is asked for. A resource alone asks for its lowest action, and reading comes first.
fn whole(api: &Api, access: &str) -> String {
    if let Ok(access) = access.parse::<Access>() {
        return access.to_string();
    }
    let name = access.trim().to_ascii_lowercase();
    let policy = api.service.policy();
    let lowest = policy.resource(&name).and_then(|resource| {
        let actions = resource.actions.iter();
        actions.min_by_key(|(action, tier)| (**tier, action.as_str() != "read", action.as_str()))
    });
    match lowest {
        Some((action, _)) => Access::new(name, action.clone()).to_string(),
        None => access.to_owned(),
    }
}

/// Which requests are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RequestQuery {
    /// About which agent, by its name or id.
    #[serde(default)]
    #[param(example = "support-agent-v2")]
    agent: Option<String>,
    /// Asked by whom: `me`, or a Slack user id.
    #[serde(default)]
    #[param(example = "me")]
    asked_by: Option<String>,
    /// `open`, `approved`, `denied`, `cancelled`, `expired`; all, if absent.
    #[serde(default)]
    #[param(example = "open")]
    state: Option<String>,
    /// What the page before gave as `next`.
    #[serde(default)]
    after: Option<String>,
    /// How many a page has.
    #[serde(default, deserialize_with = "super::take::limit")]
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Requests, the newest first. An agent gets its own alone.
#[utoipa::path(
    get,
    path = "/api/v1/requests",
    operation_id = "listRequests",
    tag = "requests",
    params(RequestQuery),
    responses((status = 200, description = "A page of the requests", body = Page<Request>))
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Query(query): Query<RequestQuery>,
) -> Answer {
    let (limit, before) = (page(query.limit)?, number(query.after.as_deref())?);
    let mut choice = RequestChoice {
        state: query.state.as_deref().map(|state| clean(state, 40)),
        ..RequestChoice::default()
    };
    match &asker {
        Asker::Agent(own) => {
            query.agent.iter().try_for_each(|name| asker.means_itself(name))?;
            choice.agent = Some(own.id);
        }
        Asker::Member(person) => {
            if let Some(name) = &query.agent {
                choice.agent = Some(agent(&api, name).await?);
            }
            choice.asked_by = query.asked_by.as_deref().map(|text| whose(text, person));
        }
    }
    let part = api.service.requests_chosen(&choice, before, limit).await?;
    let named = api.names.of(part.items.iter().flat_map(shapes::people_of_stand)).await;
    let last = part.items.last().filter(|_| part.more);
    let next = last.map(|stand| stand.of.request.reference.number.to_string());
    let reader = asker.person();
    let items = part.items.iter().map(|stand| shapes::request(stand, &named, reader)).collect();
    Ok(answer(StatusCode::OK, &Page::<Request> { items, total: part.total, next }))
}

/// The agent of this name or id.
pub(super) async fn agent(api: &Api, name: &str) -> Result<crate::domain::ids::AgentId, Refused> {
    let typed = clean(name, 60).to_lowercase();
    match api.service.agent_called(if name.starts_with("agt_") { name } else { &typed }).await? {
        Some(agent) => Ok(agent.id),
        None => {
            let unknown = Refusal::UnknownAgent { typed, near: Vec::new(), yours: Vec::new() };
            Err(no(api, &unknown).await)
        }
    }
}

/// Whether to wait for a change.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WaitQuery {
    /// Wait so many seconds at the most for a change.
    #[serde(default, deserialize_with = "super::take::seconds")]
    #[param(minimum = 0, maximum = 25)]
    wait: Option<u32>,
    /// The `version` that was seen: the answer comes as soon as there is another.
    #[serde(default)]
    seen: Option<String>,
}

/// How a request stands, and who is awaited. With `wait` and `seen` the answer comes when it changes.
/// An agent and a service see what they asked, and what is asked for the agent.
#[utoipa::path(
    get,
    path = "/api/v1/requests/{reference}",
    operation_id = "showRequest",
    tag = "requests",
    params(
        ("reference" = String, Path, description = "What people call it", example = "G-1042"),
        WaitQuery,
    ),
    responses((status = 200, description = "The request", body = Request))
)]
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    reader: Reader,
    Name(name): Name,
    Query(query): Query<WaitQuery>,
) -> Answer {
    let seconds = match query.wait {
        Some(seconds) if seconds > wait::LONGEST => {
            return Err(Refused::field("wait", format!("write 0 to {}", wait::LONGEST)));
        }
        seconds => seconds.unwrap_or_default(),
    };
    let mut stand = look(&api, &reader, &name).await?;
    if let Some(seen) = query.seen.filter(|_| seconds > 0) {
        let until = Instant::now() + Duration::from_secs(u64::from(seconds));
        let id = stand.of.request.id;
        let mut seat = match api.waits.sit(&reader.key(), id) {
            Ok(seat) => seat,
            Err(why) => return Err(no_seat(&why)),
        };
        // It may have changed between the look and the seat.
        stand = look(&api, &reader, &name).await?;
        while shapes::version(&stand) == seen {
            let changed = seat.changed(until).await;
            stand = look(&api, &reader, &name).await?;
            if !changed {
                break;
            }
        }
    }
    shown(&api, &stand, reader.person()).await
}

fn no_seat(why: &NoSeat) -> Refused {
    let (status, detail) = match why {
        NoSeat::TooManyOfYours => (
            StatusCode::TOO_MANY_REQUESTS,
            "This caller waits for as many requests at once as it may. Ask without `wait`, now and \
             then.",
        ),
        NoSeat::Full => (
            StatusCode::SERVICE_UNAVAILABLE,
            "As many wait at this server as can. Ask without `wait`, now and then.",
        ),
    };
    Refused::new(status, "too_many_wait", "Too many wait", detail).retry_after(5)
}

/// The request, if this reader may see it.
pub(super) async fn look(api: &Api, reader: &Reader, name: &str) -> Result<Stand, Refused> {
    let stand = match api.service.stand_of(name).await? {
        Ok(stand) => stand,
        Err(refusal) => return Err(no(api, &refusal).await),
    };
    let request = &stand.of.request;
    let concerns = match reader {
        Reader::Member(_) => true,
        Reader::Agent(own) => request.agent == own.id,
        Reader::Service(name) => matches!(
            &request.origin,
            known::Origin::Agent { by_service: Some(asked), .. } if asked == name
        ),
    };
    if concerns {
        return Ok(stand);
    }
    // What is not theirs is not there for programs.
    Err(unknown(api, name).await)
}

/// 404: there is nothing of this reference, for this caller.
pub(super) async fn unknown(api: &Api, name: &str) -> Refused {
    no(api, &Refusal::UnknownReference { typed: clean(name, 60), near: Vec::new() }).await
}

/// The request as it stands; with who is awaited, to people.
async fn shown(api: &Api, stand: &Stand, reader: Option<&PersonId>) -> Answer {
    let named = api.names.of(shapes::people_of_stand(stand)).await;
    Ok(answer(StatusCode::OK, &shapes::request(stand, &named, reader)))
}

/// Takes a request back. Who asked may, the agent's owner, and the agent what it asked itself.
#[utoipa::path(
    post,
    path = "/api/v1/requests/{reference}/cancel",
    operation_id = "cancelRequest",
    tag = "requests",
    params(("reference" = String, Path, description = "What people call it", example = "G-1042")),
    responses((status = 200, description = "It is taken back", body = Request))
)]
pub(super) async fn cancel(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Name(name): Name,
    _: NoQuery,
    once: Once,
) -> Answer {
    let reader = match &asker {
        Asker::Member(person) => Reader::Member(person.clone()),
        Asker::Agent(agent) => Reader::Agent(agent.clone()),
    };
    let id = look(&api, &reader, &name).await?.of.request.id;
    let key = once.key(&asker.key(), &format!("cancel {id}"), "");
    let cancelled = match &asker {
        Asker::Member(person) => api.service.cancel(person, id, key).await?,
        Asker::Agent(agent) => api.service.take_back_own(agent.id, id, key).await?,
    };
    if let Cancelled::Refused(refusal) = cancelled {
        return Err(no(&api, &refusal).await);
    }
    let stand = look(&api, &reader, &name).await?;
    shown(&api, &stand, asker.person()).await
}
