//! A submission is tied to its refusal, and asked.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::body::{self, Wish};
use super::problem::Problem;
use super::task::Names;
use super::{Door, json, task};
use crate::api::callbacks::address::{addresses, endpoint};
use crate::domain::agent::Agent;
use crate::domain::behalf::{acting, has_chain};
use crate::domain::evaluation::AGENT;
use crate::domain::ids::{AgentId, EvaluationId};
use crate::domain::task::{Callback, Submitter};
use crate::service::access_requests::binding::{Asked, Unbound, by_record, by_token};
use crate::service::access_requests::submit::{Submission, Submitted, Wanted};
use crate::service::access_requests::{Sent, TaskView};

/// `POST /access/v1/requests`.
pub(super) async fn submit(State(door): State<Arc<Door>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let by = match door.callers.caller(&parts).await {
        Ok(by) => by,
        Err(answer) => return answer,
    };
    let taken = async {
        let key = body::idempotency_key(&parts.headers)?;
        let sent = body::json(&parts.headers, body).await?;
        taken(&door, by, key, sent).await
    };
    match taken.await {
        Ok(view) => answer(&door, &view),
        Err(problem) => problem.into_response(),
    }
}

fn answer(door: &Door, view: &TaskView) -> Response {
    let ended = view.status().is_end();
    let status = if ended { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    let mut response = json(status, &task::document(door.signer.as_ref(), view, Names::Roles));
    let location = task::status_endpoint(door.signer.issuer(), view.task.id);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    if !ended {
        response.headers_mut().insert(RETRY_AFTER, task::retry_after(view).into());
    }
    response
}

async fn taken(
    door: &Door,
    by: Submitter,
    key: Option<String>,
    sent: Value,
) -> Result<TaskView, Problem> {
    // What was taken before is answered as it was, also when its refusal is long over.
    let hash = Sent { key, body: body::hash(&sent) };
    match door.service.submitted_before(&by, &hash).await? {
        Some(Submitted::Before(view)) => return Ok(view),
        Some(_) => return Err(Problem::duplicate_request()),
        None => {}
    }
    let now = door.service.now();
    let body = body::submission(sent)?;
    let wishes = body.wishes(now)?;
    let agent = subject(door, &body).await?;
    authorised(&by, &agent, &body, door.signer.issuer())?;
    let mut items = Vec::with_capacity(wishes.len());
    for (n, wish) in wishes.iter().enumerate() {
        let evaluation = bound(door, &body, agent.id, wish)
            .await
            .map_err(|problem| if body.is_bundle() { problem.of_item(n) } else { problem })?;
        items.push(Wanted {
            resource: wish.resource.clone(),
            action: wish.action.clone(),
            evaluation,
            until: wish.until,
        });
    }
    let callback = match &body.callback {
        Some(callback) => Some(called_back(door, callback).await?),
        None => None,
    };
    let submission = Submission {
        by,
        agent: agent.id,
        items,
        bundle: body.is_bundle(),
        because: body.because().to_owned(),
        emergency: wishes.iter().any(|wish| wish.emergency),
        callback,
        client: body.client()?,
        sent: hash,
    };
    match door.service.submit(submission).await? {
        Submitted::Taken(view) | Submitted::Before(view) => Ok(view),
        Submitted::OtherBody => Err(Problem::duplicate_request()),
        Submitted::TooMany { limit } => {
            crate::meters::QUOTA_REFUSALS.one(&["requests"]);
            Err(Problem::too_many_open(limit))
        }
        Submitted::Refused { item, why } => {
            let problem = Problem::refused(&why, now);
            Err(if body.is_bundle() { problem.of_item(item) } else { problem })
        }
    }
}

/// The agent that is to get what is asked: the subject, or who acts for it, as the subject or
/// `client.actor` says.
async fn subject(door: &Door, body: &body::Submission) -> Result<Agent, Problem> {
    let unknown = || {
        Problem::not_requestable(
            "the subject is no agent that is registered here, and none is said to act for it",
        )
    };
    let name = if body.subject.kind == AGENT {
        Some(body.subject.id.clone())
    } else {
        let moved = || body.actor()?.get("id")?.as_str().map(str::to_owned);
        acting(&body.subject, Some(door.signer.issuer())).map(|agent| agent.id).or_else(moved)
    };
    door.service.agent_called(&name.ok_or_else(unknown)?).await?.ok_or_else(unknown)
}

/// An agent asks for itself; a service that the policy names, for any. Who else is said to act must
/// be that agent: no chain is believed that the caller's proof does not carry.
fn authorised(
    by: &Submitter,
    agent: &Agent,
    body: &body::Submission,
    issuer: &str,
) -> Result<(), Problem> {
    if let Submitter::Agent(id) = by
        && *id != agent.id
    {
        return Err(Problem::forbidden("an agent asks for itself alone"));
    }
    let unverified = || {
        Problem::forbidden(
            "who acts cannot be verified: it must be the agent itself, without a chain",
        )
    };
    if body.subject.kind != AGENT && has_chain(&body.subject) {
        return Err(unverified());
    }
    let Some(actor) = body.actor() else { return Ok(()) };
    let said = |name: &str| actor.get(name).and_then(Value::as_str);
    let is_agent =
        said("id").is_some_and(|id| id == agent.slug.as_str() || id == agent.id.to_string());
    let is_ours = actor.get("issuer").is_none() || said("issuer") == Some(issuer);
    if is_agent && is_ours && actor.get("act").is_none() { Ok(()) } else { Err(unverified()) }
}

/// The evaluation that a wish is tied to.
async fn bound(
    door: &Door,
    body: &body::Submission,
    agent: AgentId,
    wish: &Wish,
) -> Result<EvaluationId, Problem> {
    let asked = Asked {
        subject: &body.subject,
        agent,
        resource: &wish.resource,
        action: &wish.action,
        context: &body.context,
    };
    let refused = &wish.refused;
    if let Some(token) = &refused.binding_token {
        return by_token(door.signer.as_ref(), token, refused, asked).map_err(Problem::unbound);
    }
    let Some(id) = &refused.evaluation_id else {
        let why = "denial carries neither binding_token nor evaluation_id";
        return Err(Problem::invalid_denial_binding(why));
    };
    let unknown = || Problem::unbound(Unbound::Invalid("denial.evaluation_id is not known here"));
    let id: EvaluationId = id.parse().map_err(|_| unknown())?;
    let recorded = door.evaluations.evaluation(id).await?.ok_or_else(unknown)?;
    by_record(&recorded, asked, door.service.now()).map_err(Problem::unbound)?;
    Ok(id)
}

/// The callback, if the policy allows it and it leads where it may.
async fn called_back(door: &Door, callback: &body::Callback) -> Result<Callback, Problem> {
    let policy = door.service.policy();
    let refused =
        |why: crate::api::callbacks::address::Unfit| Problem::callback_not_allowed(why.to_string());
    let leads = endpoint(&callback.endpoint, policy.callbacks()).map_err(refused)?;
    addresses(&leads, policy.callbacks(), door.resolver.as_ref()).await.map_err(refused)?;
    Ok(Callback {
        endpoint: callback.endpoint.clone(),
        state: callback.state()?,
        events: callback.events()?,
    })
}
