//! The description of `/api/v1`, made from the code: OpenAPI 3.1.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi;

use crate::contract::problem::{FieldProblem, Problem};

/// What is described beside the routes of this door.
#[derive(OpenApi)]
#[openapi(paths(crate::api::activity::tell), components(schemas(Problem, FieldProblem)))]
struct Beside;

/// What does nothing, or may be sent again as it is, so that it needs no name for its call.
const HARMLESS: [&str; 4] = ["previewRegistration", "gate", "tellActivity", "tellDiscoveries"];

/// The document, for a server at this address.
pub(super) fn document(mut described: openapi::OpenApi, address: &str) -> Value {
    described.merge(Beside::openapi());
    let mut document = match serde_json::to_value(&described) {
        Ok(Value::Object(document)) => document,
        _ => Map::new(),
    };
    for (name, value) in [
        (
            "info",
            json!({
                "title": "Countersign",
                "version": env!("CARGO_PKG_VERSION"),
                "summary": "AI agents with an identity, an owner, and no more access than they need.",
                "description": DESCRIPTION,
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            }),
        ),
        ("servers", json!([{ "url": address }])),
        ("security", json!([{ "bearer": [] }])),
        ("tags", tags()),
    ] {
        document.insert(name.to_owned(), value);
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("securitySchemes".to_owned(), schemes());
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                complete(operation, method, path);
            }
        }
    }
    Value::Object(document)
}

fn schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description":
                "A person's token (`agent-cli login`), an agent's (`POST /oauth/token`), a service's of \
                 the policy, or a workload's own token of an issuer that the policy trusts.",
        }
    })
}

const DESCRIPTION: &str = "What `agent-cli`, pipelines and inventories use. Whatever happens here is \
    what happens in Slack, by the same rules. What is not understood is refused with its name. Each \
    answer that is no success is `application/problem+json` and says what happened, why, and what to do \
    next. A POST that carries the header `Idempotency-Key` can be sent again after a lost answer: it is \
    done once. Beside this there are OpenID AuthZEN (`/.well-known/authzen-configuration`) and OAuth 2.0 \
    (`/.well-known/oauth-authorization-server`), which describe themselves.";

fn tags() -> Value {
    json!([
        { "name": "server", "description": "Which server this is, and who calls" },
        { "name": "agents", "description": "Agents: registered, listed, shown, stopped" },
        { "name": "requests", "description": "Questions put to people" },
        { "name": "grants", "description": "What is granted, until when" },
        { "name": "certifications", "description": "Whether agents are still needed, and who said so" },
        { "name": "catalogue", "description": "What there is to ask for" },
        { "name": "registry", "description": "All agents, for a service catalogue" },
        { "name": "evaluations", "description": "Why an answer was what it was" },
        { "name": "insights", "description": "Numbers that show whether this works" },
        { "name": "gate", "description": "A pipeline's check" },
        { "name": "discoveries", "description": "What was found and may be an agent" },
        { "name": "activity", "description": "What agents did" },
    ])
}

/// What all operations have in common: the answers that are no success, and the call's name.
fn complete(operation: &mut Map<String, Value>, method: &str, path: &str) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let open = operation.get("security").is_some();
    let (posts, body) = (method == "post", operation.contains_key("requestBody"));
    let changes = posts && !HARMLESS.contains(&id.as_str());
    if changes || id == "tellActivity" {
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(json!({
                "name": "Idempotency-Key",
                "in": "header",
                "required": false,
                "description": "Names the call, so that the same call sent twice is done once",
                "schema": { "type": "string", "pattern": "^[!-~]{1,255}$" },
                "example": "0d7c1f1e-31f4-4f0c-9d1e-2d2f5d3d4a11",
            }));
        }
    }
    let mut refused = vec![("400", "What was sent is not understood, or cannot be asked so")];
    if !open {
        refused.push(("401", "It is not known who calls"));
        refused.push(("403", "It is not for this caller"));
        refused.push(("503", "Something that is needed is away; try again"));
    }
    if path.contains('{') || id == "listRequests" || id == "listGrants" {
        refused.push(("404", "There is no such thing, for this caller"));
    }
    if changes {
        refused.push(("409", "It does not fit what is there: taken, asked already, not at work"));
        refused.push(("410", "What it is about has ended"));
    }
    if body {
        refused.push(("413", "The body is too large"));
    }
    if id == "askGrant" || id == "extendGrant" || id == "showRequest" {
        refused.push(("429", "Too much at once; the header Retry-After says when to try again"));
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    for (status, words) in refused {
        if !responses.contains_key(status) {
            responses.insert(status.to_owned(), problem(status, words));
        }
    }
}

/// An answer that is no success.
fn problem(status: &str, words: &str) -> Value {
    let header = match status {
        "401" => Some(("WWW-Authenticate", "How to say who calls (RFC 6750, RFC 9449)", "string")),
        "429" | "503" => {
            Some(("Retry-After", "So many seconds until it is worth trying", "integer"))
        }
        _ => None,
    };
    let headers: Map<String, Value> = header
        .into_iter()
        .map(|(name, words, kind)| {
            let of = json!({ "description": words, "required": true, "schema": { "type": kind } });
            (name.to_owned(), of)
        })
        .collect();
    json!({
        "description": words,
        "headers": headers,
        "content": {
            "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
        },
    })
}
