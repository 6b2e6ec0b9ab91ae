//! What a request must carry (JSON Schema, draft 2020-12), and what can be asked for (catalogs).
//!
//! The documents name nothing that is secret and are read without proof; the catalogs' entries are
//! the policy's, and are for its agents and services alone.

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::Problem;
use super::{Door, json};
use crate::domain::access::Access;
use crate::domain::task::Submitter;
use crate::domain::text::LONGEST_TEXT;
use crate::policy::Policy;
use crate::service::access_requests::offer::{CATALOGS, SCHEMA};

/// As many entries as one page of a catalog has, if the reader says nothing.
const PAGE: usize = 50;
/// As many as it has at the most.
const LONGEST_PAGE: usize = 200;

/// The schema of what a program adds to the question that was refused.
pub fn schema_document(issuer: &str) -> Value {
    let why = json!({
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_TEXT,
        "description": "Why access is needed. People read it before they decide.",
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{issuer}{SCHEMA}"),
        "title": "What an access request adds to the question that was refused",
        "type": "object",
        "required": ["context"],
        "properties": {
            "context": {
                "type": "object",
                "description": "The context of the refused question, and why access is needed.",
                "properties": {
                    "business_justification": why,
                    "justification": why,
                    "reason": why,
                },
                "anyOf": [
                    { "required": ["justification"] },
                    { "required": ["business_justification"] },
                    { "required": ["reason"] },
                ],
            },
            "requested_access": {
                "type": "object",
                "properties": {
                    "requested_until": {
                        "type": "string",
                        "format": "date-time",
                        "description": "Until when access is wanted. Without it the policy \
                            decides; what is longer than the policy allows is refused, with the \
                            latest moment there may be.",
                    },
                    "emergency": {
                        "type": "boolean",
                        "description": "Taken note of. There is no faster way than the ordinary.",
                    },
                },
            },
        },
    })
}

/// Where the values of fields come from.
pub fn catalogs_document(issuer: &str) -> Value {
    json!({
        "fields": {
            "/resource/type": {
                "endpoint": format!("{issuer}{CATALOGS}/resources"),
                "search_param": "q",
            },
            "/action/name": {
                "endpoint": format!("{issuer}{CATALOGS}/actions"),
                "search_param": "q",
                "scope_params": { "resource": "/resource/type" },
            },
        },
    })
}

/// `GET /access/v1/requests/schema`.
pub(super) async fn schema(State(door): State<Arc<Door>>) -> Response {
    let mut response = json(StatusCode::OK, &schema_document(door.signer.issuer()));
    let kind = HeaderValue::from_static("application/schema+json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// `GET /access/v1/requests/catalogs`.
pub(super) async fn catalogs(State(door): State<Arc<Door>>) -> Response {
    json(StatusCode::OK, &catalogs_document(door.signer.issuer()))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    resource: String,
    cursor: Option<String>,
    limit: Option<String>,
}

/// `GET /access/v1/requests/catalogs/{resources|actions}`.
pub(super) async fn catalog(
    State(door): State<Arc<Door>>,
    Path(field): Path<String>,
    Query(search): Query<Search>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let by = match door.callers.caller(&parts).await {
        Ok(by) => by,
        Err(answer) => return answer,
    };
    let found = async {
        let policy = door.service.policy();
        let mut entries = match field.as_str() {
            "resources" => resources(&policy),
            "actions" => actions(&policy, &search.resource),
            _ => return Err(Problem::malformed("the catalogs are resources and actions")),
        };
        // An agent reads what it holds already. That is no answer to whether it may.
        if let (Submitter::Agent(id), "actions") = (&by, field.as_str()) {
            let held = door.service.held_by(*id).await?;
            for entry in &mut entries {
                let access = Access::new(search.resource.clone(), entry.value.clone());
                entry.granted = Some(held.iter().any(|grant| grant.covers(&access)));
            }
        }
        Ok(page(entries, &search))
    };
    match found.await {
        Ok(document) => json(StatusCode::OK, &document),
        Err(problem) => problem.into_response(),
    }
}

struct Entry {
    value: String,
    description: Option<String>,
    risk: &'static str,
    granted: Option<bool>,
}

fn resources(policy: &Policy) -> Vec<Entry> {
    let entry = |resource: &crate::policy::Resource| Entry {
        value: resource.name.clone(),
        description: None,
        risk: resource.sensitivity.word(),
        granted: None,
    };
    policy.resources().map(entry).collect()
}

fn actions(policy: &Policy, resource: &str) -> Vec<Entry> {
    let Some(resource) = policy.resource(resource) else { return Vec::new() };
    let entry = |action: &String| Entry {
        value: action.clone(),
        description: resource.opens(action).map(str::to_owned),
        risk: resource.sensitivity.word(),
        granted: None,
    };
    resource.actions.keys().map(entry).collect()
}

/// One page of what fits the search. The cursor is the last value of the page before.
fn page(entries: Vec<Entry>, search: &Search) -> Value {
    let wanted = search.q.trim().to_lowercase();
    let fits = |entry: &Entry| {
        let about = entry.description.as_deref().unwrap_or_default().to_lowercase();
        wanted.is_empty() || entry.value.contains(&wanted) || about.contains(&wanted)
    };
    let found: Vec<&Entry> = entries.iter().filter(|entry| fits(entry)).collect();
    let limit = search.limit.as_deref().and_then(|limit| limit.parse().ok()).unwrap_or(PAGE);
    let limit = limit.clamp(1, LONGEST_PAGE);
    let after = search.cursor.as_deref().unwrap_or_default();
    let rest: Vec<&&Entry> = found.iter().filter(|entry| entry.value.as_str() > after).collect();
    let items: Vec<Value> = rest
        .iter()
        .take(limit)
        .map(|entry| {
            let mut item = json!({
                "value": entry.value,
                "label": entry.value,
                "risk_level": entry.risk,
            });
            if let Value::Object(members) = &mut item {
                if let Some(about) = &entry.description {
                    members.insert("description".to_owned(), about.as_str().into());
                }
                if let Some(granted) = entry.granted {
                    members.insert("granted".to_owned(), granted.into());
                }
            }
            item
        })
        .collect();
    let mut document = json!({ "items": items, "total": found.len() });
    if let Some(last) = rest.get(limit.saturating_sub(1)).filter(|_| rest.len() > limit)
        && let Value::Object(members) = &mut document
    {
        members.insert("next_cursor".to_owned(), last.value.as_str().into());
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretty(document: &impl serde::Serialize) -> String {
        serde_json::to_string_pretty(document).unwrap()
    }

    #[test]
    fn the_documents() {
        let issuer = "https://agents.example.com";
        insta::assert_snapshot!("schema", pretty(&schema_document(issuer)));
        insta::assert_snapshot!("catalogs", pretty(&catalogs_document(issuer)));
    }

    #[test]
    fn catalogs_are_read_page_by_page() {
        let policy = Policy::starter();
        let mut read = Vec::new();
        let mut search = Search { limit: Some("3".to_owned()), ..Search::default() };
        loop {
            let document = page(resources(&policy), &search);
            let items = document["items"].as_array().unwrap();
            assert!(
                items.len() <= 3 && document["total"] == policy.resources().count(),
                "{document}"
            );
            read.extend(items.iter().map(|item| item["value"].as_str().unwrap().to_owned()));
            match document["next_cursor"].as_str() {
                Some(next) => search.cursor = Some(next.to_owned()),
                None => break,
            }
        }
        let all: Vec<String> = policy.resources().map(|r| r.name.clone()).collect();
        assert_eq!(read, all);
        let search = Search { q: "CUSTOMERS".to_owned(), ..Search::default() };
        insta::assert_snapshot!("actions", pretty(&page(actions(&policy, "crm"), &search)));
        assert_eq!(page(actions(&policy, "nothing"), &Search::default())["items"], json!([]));
    }
}
