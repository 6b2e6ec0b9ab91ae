//! A task: as a document, followed, taken back. To programs roles are named, people never: what they
//! read goes on to others. The agent's owner and security read who is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::{Door, body, json};
use crate::domain::ids::TaskId;
use crate::domain::request::Request as Asked;
use crate::domain::task::Status;
use crate::identity::Signer;
use crate::service::access_requests::follow::{Followed, Reader, TakenBack};
use crate::service::access_requests::offer::{REQUESTS, and};
use crate::service::access_requests::{ItemView, TaskView, approval, moment};

/// How long to wait between two looks, in seconds: the longer, the older the question is.
const LOOK_AGAIN: (i64, i64) = (5, 60);

/// Where a task is followed.
pub fn status_endpoint(issuer: &str, task: TaskId) -> String {
    format!("{issuer}{REQUESTS}/{task}")
}

/// How many seconds to wait before the next look.
pub fn retry_after(view: &TaskView) -> u32 {
    let age = (view.now - view.task.created_at).num_seconds();
    let (least, most) = LOOK_AGAIN;
    u32::try_from((age / 10).clamp(least, most)).unwrap_or_default()
}

/// How it is told for whom a task waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// By their roles alone.
    Roles,
    /// Also by their names: the Slack ids of the people.
    People,
}

/// So many people are named of a role.
const NAMED: usize = 20;

/// The task and, if it is approved, its result.
pub fn document(signer: &dyn Signer, view: &TaskView, names: Names) -> Value {
    let mut document = Map::new();
    let mut task = handle(signer, view, names);
    if view.task.bundle {
        let items = view.items.iter().map(|item| self::item(signer, view, item));
        insert(&mut task, "items", items.collect::<Vec<_>>().into());
    } else if let Some(item) = view.items.first()
        && let Some(result) = approval::result(signer, view, item)
    {
        document.insert("result".to_owned(), result);
    }
    document.insert("task".to_owned(), task);
    Value::Object(document)
}

/// The task alone: what a callback tells. Nothing can be opened with it.
pub fn told(signer: &dyn Signer, view: &TaskView) -> Value {
    let mut task = json!({
        "id": view.task.id,
        "status": view.status().word(),
        "status_endpoint": status_endpoint(signer.issuer(), view.task.id),
    });
    if view.task.bundle {
        let items = view.items.iter().map(|item| {
            json!({
                "resource": item.item.resource,
                "action": item.item.action,
                "status": item.status.word(),
            })
        });
        insert(&mut task, "items", items.collect::<Vec<_>>().into());
    }
    task
}

fn handle(signer: &dyn Signer, view: &TaskView, names: Names) -> Value {
    let status = view.status();
    let at = status_endpoint(signer.issuer(), view.task.id);
    let mut task = json!({
        "id": view.task.id,
        "status": status.word(),
        "status_endpoint": at,
        "expires_at": moment(view.task.expires_at),
        "display": display(view, status),
    });
    if status == Status::Pending {
        insert(&mut task, "links", json!({ "cancel": format!("{at}/cancel") }));
        insert(&mut task, "progress", progress(view, names));
    }
    task
}

fn item(signer: &dyn Signer, view: &TaskView, item: &ItemView) -> Value {
    let mut document = json!({
        "resource": item.item.resource,
        "action": item.item.action,
        "status": item.status.word(),
    });
    if let Some(result) = approval::result(signer, view, item) {
        insert(&mut document, "result", result);
    }
    document
}

fn insert(document: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = document {
        members.insert(name.to_owned(), value);
    }
}

/// The requests that are pending, each once.
fn pending(view: &TaskView) -> Vec<&Asked> {
    let mut requests: Vec<&Asked> = Vec::new();
    for item in view.items.iter().filter(|item| item.status == Status::Pending) {
        if let Some(request) = &item.request
            && !requests.iter().any(|other| other.id == request.id)
        {
            requests.push(request);
        }
    }
    requests
}

/// The roles whose yes is missing, each once.
fn awaited(view: &TaskView) -> Vec<String> {
    let mut roles: Vec<String> = Vec::new();
    for role in pending(view).into_iter().flat_map(Asked::awaited) {
        if !roles.iter().any(|other| *other == role.as_str()) {
            roles.push(role.as_str().to_owned());
        }
    }
    roles
}

fn progress(view: &TaskView, names: Names) -> Value {
    let requests = pending(view);
    let total: usize = requests.iter().map(|request| request.needs.len()).sum();
    let missing: usize = requests.iter().map(|request| request.awaited().len()).sum();
    let awaited = awaited(view);
    let mut progress = json!({
        "current_step": (total - missing + 1).min(total.max(1)),
        "total_steps": total,
        "awaiting": awaited,
    });
    if let Some(first) = awaited.first() {
        insert(&mut progress, "step_name", first.as_str().into());
    }
    if names == Names::People {
        insert(&mut progress, "people", asked(&requests).into());
    }
    progress
}

/// Who was asked for each role whose yes is missing, and has not answered.
fn asked(requests: &[&Asked]) -> Map<String, Value> {
    let mut people: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in requests {
        for role in request.awaited() {
            let of_role = people.entry(role.to_string()).or_default();
            of_role.extend(request.asked_for(&role).map(|who| who.person.to_string()));
        }
    }
    let named = |names: BTreeSet<String>| names.into_iter().take(NAMED).collect::<Vec<_>>().into();
    people.into_iter().map(|(role, names)| (role, named(names))).collect()
}

fn display(view: &TaskView, status: Status) -> Value {
    let (title, description) = match status {
        Status::Pending => {
            let roles: Vec<String> =
                awaited(view).iter().map(|role| role.replace('-', " ")).collect();
            let usual = view
                .usual
                .map_or_else(String::new, |usual| format!(" Usually they take {}.", usual.words()));
            let faster = if view.task.emergency {
                " There is no faster way for emergencies here."
            } else {
                ""
            };
            ("People are asked", format!("It waits for {}.{usual}{faster}", and(&roles)))
        }
        Status::Approved => ("Approved", "Ask the decision point again.".to_owned()),
        Status::Denied => {
            ("Not approved", "Somebody said no. The agent's owner can read why.".to_owned())
        }
        Status::Expired => ("Nobody answered in time", "It can be asked again.".to_owned()),
        Status::Cancelled => ("Cancelled", "It was taken back, or called off.".to_owned()),
        Status::Failed => ("Nothing came of it", "It can be asked again.".to_owned()),
        Status::Partial => ("Ended in different ways", "Look at each of the items.".to_owned()),
    };
    json!({ "title": title, "description": description })
}

/// `GET /access/v1/requests/{task}`.
pub(super) async fn follow(
    State(door): State<Arc<Door>>,
    Path(task): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let reader = match door.callers.reader(&parts).await {
        Ok(reader) => reader,
        Err(answer) => return answer,
    };
    let names = match reader {
        Reader::Program(_) => Names::Roles,
        Reader::Person(_) => Names::People,
    };
    let Ok(id) = task.parse() else { return Problem::unknown_task().into_response() };
    match door.service.task(&reader, id).await {
        Ok(Followed::Unknown) => Problem::unknown_task().into_response(),
        Ok(Followed::Over) => Problem::task_expired().into_response(),
        Ok(Followed::Task(view)) => {
            let mut response = json(StatusCode::OK, &document(door.signer.as_ref(), &view, names));
            if !view.status().is_end() {
                response.headers_mut().insert(RETRY_AFTER, retry_after(&view).into());
            }
            response
        }
        Err(error) => Problem::unavailable(&error).into_response(),
    }
}

/// `POST` or `DELETE /access/v1/requests/{task}/cancel`.
pub(super) async fn cancel(
    State(door): State<Arc<Door>>,
    Path(task): Path<String>,
    request: Request,
) -> Response {
    let (parts, sent) = request.into_parts();
    let by = match door.callers.caller(&parts).await {
        Ok(by) => by,
        Err(answer) => return answer,
    };
    let cancelled = async {
        let id = task.parse().map_err(|_| Problem::unknown_task())?;
        let said = body::json(&parts.headers, sent).await?;
        let said = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        let comment = said("comment").or_else(|| said("reason")).unwrap_or_default();
        match door.service.take_back(&by, id, &comment).await? {
            TakenBack::Unknown => Err(Problem::unknown_task()),
            TakenBack::Over => Err(Problem::task_expired()),
            TakenBack::Ended(view) => Err(Problem::invalid_task_state(view.status().word())),
            TakenBack::Done(view) => Ok(view),
        }
    };
    match cancelled.await {
        Ok(view) => json(StatusCode::OK, &document(door.signer.as_ref(), &view, Names::Roles)),
        Err(problem) => problem.into_response(),
    }
}
