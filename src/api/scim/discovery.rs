//! What this server can, and what its resources are like (RFC 7644, section 4; RFC 7643, sections 5 to
//! 7). Only what is kept is described.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::error::ScimError;
use super::list::part;
use super::path::{GROUP, USER};
use super::take::{LARGEST_PAGE, Provider, Wanted};
use super::{Answer, Scim, answer};

const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

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
pub(super) async fn schemas(State(scim): State<Arc<Scim>>, _: Provider) -> Answer {
    let all = described(&scim.base);
    let total = all.len();
    Ok(part(all, total, 1, &Wanted::All))
}

/// What one kind of resources is like.
pub(super) async fn schema(
    State(scim): State<Arc<Scim>>,
    _: Provider,
    Path(id): Path<String>,
) -> Answer {
    one(described(&scim.base), &id)
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

fn described(base: &str) -> Vec<Value> {
    let schema = |id: &str, name: &str, description: &str, attributes: Value| {
        json!({
            "schemas": [SCHEMA],
            "id": id,
            "name": name,
            "description": description,
            "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") },
        })
    };
    vec![
        schema(USER, "User", "A person whom the identity provider knows", user()),
        schema(GROUP, "Group", "A group of people", group()),
    ]
}

fn user() -> Value {
    json!([
        text("userName", "The name by which they log in, unique in whatever case", true, "server"),
        text("displayName", "The name that others see", false, "none"),
        complex(
            "name",
            "The parts of the name",
            false,
            &[
                text("formatted", "The whole", false, "none"),
                text("familyName", "The family's name", false, "none"),
                text("givenName", "The given name", false, "none"),
            ]
        ),
        complex(
            "emails",
            "Addresses; by one of them the person is found in Slack",
            true,
            &[
                text("value", "The address", false, "none"),
                text("type", "work, home or other", false, "none"),
                flag("primary", "Whether it comes before the others; one at most"),
            ]
        ),
        flag("active", "Whether they may work; who may not holds no role"),
    ])
}

fn group() -> Value {
    json!([
        text(
            "displayName",
            "The name by which the policy names it, unique in whatever case",
            true,
            "server"
        ),
        complex(
            "members",
            "Who is in it",
            true,
            &[
                immutable(text("value", "The id of a user", false, "none")),
                json!({
                    "name": "$ref",
                    "type": "reference",
                    "referenceTypes": ["User"],
                    "multiValued": false,
                    "description": "The user's address",
                    "required": false,
                    "caseExact": true,
                    "mutability": "immutable",
                    "returned": "default",
                    "uniqueness": "none",
                }),
                immutable(json!({
                    "name": "type",
                    "type": "string",
                    "multiValued": false,
                    "description": "The kind of member",
                    "required": false,
                    "caseExact": false,
                    "canonicalValues": ["User"],
                    "mutability": "immutable",
                    "returned": "default",
                    "uniqueness": "none",
                })),
            ]
        ),
    ])
}

fn text(name: &str, description: &str, required: bool, uniqueness: &str) -> Value {
    json!({
        "name": name,
        "type": "string",
        "multiValued": false,
        "description": description,
        "required": required,
        "caseExact": false,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": uniqueness,
    })
}

fn flag(name: &str, description: &str) -> Value {
    json!({
        "name": name,
        "type": "boolean",
        "multiValued": false,
        "description": description,
        "required": false,
        "mutability": "readWrite",
        "returned": "default",
    })
}

fn complex(name: &str, description: &str, several: bool, parts: &[Value]) -> Value {
    json!({
        "name": name,
        "type": "complex",
        "multiValued": several,
        "description": description,
        "required": false,
        "subAttributes": parts,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    })
}

fn immutable(mut attribute: Value) -> Value {
    if let Some(members) = attribute.as_object_mut() {
        members.insert("mutability".to_owned(), "immutable".into());
    }
    attribute
}
