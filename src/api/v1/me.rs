//! Whom the token stands for.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::admit::{Anybody, only};
use super::caller::{Caller, LoggedIn};
use super::take::NoQuery;
use super::{Answer, Api, answer, shapes};
use crate::contract::people::Me;

/// Whom the token stands for, and what waits for them.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "me",
    tag = "server",
    responses((status = 200, description = "Who calls", body = Me))
)]
pub(super) async fn me(
    State(api): State<Arc<Api>>,
    Anybody(caller): Anybody,
    _: NoQuery,
) -> Answer {
    let me = match caller {
        Caller::Person(LoggedIn { person, device, until, .. }) => {
            // Who is no member has nothing here, and is told so.
            let overview = api.service.overview(&person).await?;
            let named = api.names.of([&person]).await;
            Me::Person {
                person: shapes::person(&person, &named),
                standing: word(&overview.standing),
                device,
                until,
                agents: overview.your_agents.into_iter().map(|line| line.agent.slug).collect(),
                waiting_for_you: u32::try_from(overview.waiting_for_you.len()).unwrap_or(u32::MAX),
            }
        }
        Caller::Agent(id) => match api.service.agent_by_id(id).await? {
            Some(agent) => Me::Agent { agent: agent.slug },
            None => return Err(only("an agent that is registered", "agent-cli register")),
        },
        Caller::Service(name) => Me::Service { name },
        Caller::Workload(of) => {
            Me::Workload { issuer: of.issuer, subject: of.subject, agents: of.agents }
        }
    };
    Ok(answer(StatusCode::OK, &me))
}

/// The standing in a word, as it is kept.
fn word(standing: &crate::domain::person::Standing) -> String {
    let word = serde_json::to_value(standing).ok();
    word.as_ref().and_then(serde_json::Value::as_str).unwrap_or("unknown").to_owned()
}
