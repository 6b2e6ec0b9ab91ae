//! What this server can, and what its resources are like (RFC 7644, section 4; RFC 7643, sections 5 to
//! 7). Only what is kept is described.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::error::ScimError;
use super::list::part;
use super::path::{GROUP, USER};
use super::schemas::{self, CONFIG, RESOURCE_TYPE};
use super::take::{LARGEST_PAGE, Provider, Wanted};
use super::{Answer, Scim, answer};

/// What this server can. For everybody: it says how to prove who one is (RFC 7643, section 5).
pub(super) async fn config(State(scim): State<Arc<Scim>>) -> Answer {
    let config = json!({
        "schemas": [CONFIG],
        "documentationUri": "https://datatracker.ietf.org/doc/html/rfc7644",
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": LARGEST_PAGE },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A long random token, of which the policy holds the SHA-256 ([directory])",
            "specUri": "https://datatracker.ietf.org/doc/html/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/ServiceProviderConfig", scim.base),
        },
    });
    Ok(answer(StatusCode::OK, &config))
}

/// The kinds of resources.
pub(super) async fn resource_types(State(scim): State<Arc<Scim>>, _: Provider) -> Answer {
    let all: Vec<Value> = types(&scim.base).into();
    let total = all.len();
    Ok(part(all, total, 1, &Wanted::All))
}

/// One kind of resources.
pub(super) async fn resource_type(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Path(name): Path<String>,
) -> Answer {
    one(types(&scim.base).into(), &name)
}

/// What resources are like.
pub(super) async fn schemas_of(State(scim): State<Arc<Scim>>, _: Provider) -> Answer {
    let all = schemas::all(&scim.base);
    let total = all.len();
    Ok(part(all, total, 1, &Wanted::All))
}

/// What one kind of resources is like.
pub(super) async fn schema(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Path(id): Path<String>,
) -> Answer {
    one(schemas::all(&scim.base), &id)
}

fn one(all: Vec<Value>, id: &str) -> Answer {
    let found = all.iter().find(|one| one.get("id").and_then(Value::as_str) == Some(id));
    match found {
        Some(one) => Ok(answer(StatusCode::OK, one)),
        None => Err(ScimError::not_found("there is nothing by this id")),
    }
}

fn types(base: &str) -> [Value; 2] {
    let kind = |name: &str, endpoint: &str, schema: &str, description: &str| {
        json!({
            "schemas": [RESOURCE_TYPE],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "description": description,
            "schema": schema,
            "meta": {
                "resourceType": "ResourceType",
                "location": format!("{base}/ResourceTypes/{name}"),
            },
        })
    };
    [
        kind("User", "/Users", USER, "People whom the identity provider knows"),
        kind("Group", "/Groups", GROUP, "Groups of people, which the policy can give a role"),
    ]
}
