//! Agents: listed, shown, stopped.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::admit::{Asker, Member, Reader, not_yours, only};
use super::refusals::{people, refused};
use super::take::{Body, Name, NoQuery, Once, Query, page};
use super::{Answer, Api, answer, shapes};
use crate::contract::Page;
use crate::contract::agents::{Agent, AgentLine, Stop, Stopped};
use crate::domain::person::PersonId;
use crate::domain::text::clean;
use crate::service::outcome::{self, AgentDetail, Refusal};
use crate::service::registry::{AgentChoice, RequestInFull, Stand};

use super::refused::Refused;

/// The longest text that chooses anything, in characters.
const LONGEST: usize = 80;

/// Which agents are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AgentQuery {
    /// Whose: `me`, or a Slack user id.
    #[serde(default)]
    #[param(example = "me")]
    owner: Option<String>,
    /// Of which team.
    #[serde(default)]
    #[param(example = "support")]
    team: Option<String>,
    /// `pending`, `active`, `suspended`, `retired`.
    #[serde(default)]
    #[param(example = "active")]
    state: Option<String>,
    /// What the page before gave as `next`.
    #[serde(default)]
    after: Option<String>,
    /// How many a page has.
    #[serde(default, deserialize_with = "super::take::limit")]
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The person who is meant by `me`, or by a Slack user id.
pub(super) fn whose(text: &str, me: &PersonId) -> PersonId {
    match text {
        "me" => me.clone(),
        user => PersonId::new(&me.workspace, clean(user, LONGEST)),
    }
}

/// The agents, by name. An agent gets itself alone.
#[utoipa::path(
    get,
    path = "/api/v1/agents",
    operation_id = "listAgents",
    tag = "agents",
    params(AgentQuery),
    responses((status = 200, description = "A page of the agents", body = Page<AgentLine>))
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Query(query): Query<AgentQuery>,
) -> Answer {
    let limit = page(query.limit)?;
    let person = match asker {
        Asker::Member(person) => person,
        Asker::Agent(agent) => {
            let line = api.service.agent_line(*agent).await?;
            let named = api.names.of(shapes::people_of_line(&line)).await;
            let items = vec![shapes::line(&line, &named)];
            return Ok(answer(StatusCode::OK, &Page { items, total: 1, next: None }));
        }
    };
    let short = |text: &String| clean(text, LONGEST);
    let choice = AgentChoice {
        owner: query.owner.as_deref().map(|text| whose(text, &person)),
        team: query.team.as_ref().map(short),
        state: query.state.as_ref().map(short),
    };
    let after = query.after.as_ref().map(short).unwrap_or_default();
    let part = api.service.agents_chosen(&choice, &after, limit).await?;
    let named = api.names.of(part.items.iter().flat_map(shapes::people_of_line)).await;
    let next = part.items.last().filter(|_| part.more).map(|line| line.agent.slug.to_string());
    let items = part.items.iter().map(|line| shapes::line(line, &named)).collect();
    Ok(answer(StatusCode::OK, &Page { items, total: part.total, next }))
}

/// Everything about one agent, by its name or id. An agent sees itself alone.
#[utoipa::path(
    get,
    path = "/api/v1/agents/{name}",
    operation_id = "showAgent",
    tag = "agents",
    params(("name" = String, Path, description = "Its name or id", example = "support-agent-v2")),
    responses((status = 200, description = "The agent", body = Agent))
)]
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    reader: Reader,
    Name(name): Name,
    _: NoQuery,
) -> Answer {
    let detail = match &reader {
        Reader::Member(person) => {
            let name = slug_of(&api, &name).await?;
            match api.service.show(person, &name).await? {
                Ok(detail) => detail,
                Err(refusal) => return Err(no(&api, &refusal).await),
            }
        }
        Reader::Agent(own) if super::admit::is_named(own, &name) => {
            api.service.detail((**own).clone()).await?
        }
        Reader::Agent(own) => return Err(not_yours(&own.slug)),
        Reader::Service(_) => {
            return Err(only("a person who logged in, or the agent itself", "agent-cli login"));
        }
    };
    Ok(answer(StatusCode::OK, &in_full(&api, &detail, reader.person()).await?))
}

async fn in_full(api: &Api, of: &AgentDetail, reader: Option<&PersonId>) -> Result<Agent, Refused> {
    let named = api.names.of(shapes::people_of_detail(of)).await;
    let mut open = Vec::with_capacity(of.open.len());
    for request in &of.open {
        let (_, usual) = api.service.what_it_means(request).await?;
        let of_request =
            RequestInFull { request: request.clone(), agent: of.agent.clone(), grant: None };
        let stand = Stand { of: of_request, usual, appeal_until: None, now: of.now };
        open.push(shapes::request(&stand, &named, reader));
    }
    Ok(shapes::agent(of, open, &named))
}

/// The name of the agent with this id; else what was sent.
pub(super) async fn slug_of(api: &Api, name: &str) -> Result<String, Refused> {
    match name.parse() {
        Ok(id) => {
            let found = api.service.agent_by_id(id).await?;
            Ok(found.map_or_else(|| name.to_owned(), |agent| agent.slug.to_string()))
        }
        Err(_) => Ok(name.to_owned()),
    }
}

/// What is told of a refusal.
pub(super) async fn no(api: &Api, refusal: &Refusal) -> Refused {
    refused(refusal, &api.names.of(people(refusal)).await)
}

/// Stops an agent at once: its grants end, its requests are cancelled. Its owner and security may.
#[utoipa::path(
    post,
    path = "/api/v1/agents/{name}/stop",
    operation_id = "stopAgent",
    tag = "agents",
    params(("name" = String, Path, description = "Its name or id", example = "support-agent-v2")),
    request_body = Stop,
    responses((status = 200, description = "It is stopped", body = Stopped))
)]
pub(super) async fn stop(
    State(api): State<Arc<Api>>,
    member: Member,
    Name(name): Name,
    _: NoQuery,
    once: Once,
    Body { value, digest }: Body<Stop>,
) -> Answer {
    let name = slug_of(&api, &name).await?;
    let key = once.key(&member.key, &format!("stop {name}"), &digest);
    let stopped = api.service.stop(&member.person, &name, &value.reason, key).await?;
    let (agent, grants, requests) = match stopped {
        outcome::Stopped::Done { agent, grants, requests } => (agent, grants, requests),
        outcome::Stopped::Refused(refusal) => return Err(no(&api, &refusal).await),
        outcome::Stopped::Before => match api.service.agent_called(&name).await? {
            Some(agent) => (agent, Vec::new(), Vec::new()),
            None => return Err(gone()),
        },
    };
    let now = api.service.now();
    let line = api.service.agent_line(agent).await?;
    let named = api.names.of(shapes::people_of_line(&line)).await;
    let slug = &line.agent.slug;
    let stopped = Stopped {
        grants: grants.iter().map(|grant| shapes::grant(grant, slug, now)).collect(),
        requests: requests.iter().map(|request| request.reference.to_string()).collect(),
        agent: shapes::line(&line, &named),
    };
    Ok(answer(StatusCode::OK, &stopped))
}

/// 409: what this very call did before is not there any more.
pub(super) fn gone() -> Refused {
    let detail = "This was done before, and what came of it is not there any more. Send the call \
                  with another Idempotency-Key to do it anew.";
    Refused::new(StatusCode::CONFLICT, "done_before", "It was done before", detail)
}
