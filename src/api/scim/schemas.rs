//! What resources are like (RFC 7643, section 7). Of users and groups only what is kept is described.

use serde_json::{Value, json};

use super::path::{GROUP, USER};

/// The schema of what a server can.
pub(super) const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The schema of a kind of resources.
pub(super) const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// All schemas.
pub(super) fn all(base: &str) -> Vec<Value> {
    [
        (USER, "User", "A person whom the identity provider knows", user()),
        (GROUP, "Group", "A group of people", group()),
        (CONFIG, "ServiceProviderConfig", "What the server can", config()),
        (RESOURCE_TYPE, "ResourceType", "A kind of resources", resource_type()),
        (SCHEMA, "Schema", "What a kind of resources is like", schema()),
    ]
    .into_iter()
    .map(|(id, name, description, attributes)| {
        json!({
            "schemas": [SCHEMA],
            "id": id,
            "name": name,
            "description": description,
            "attributes": attributes.into_iter().map(|one| one.0).collect::<Vec<Value>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") },
        })
    })
    .collect()
}

fn user() -> Vec<Attribute> {
    vec![
        text("userName", "The name by which they log in, unique in whatever case")
            .required()
            .unique(),
        text("displayName", "The name that others see"),
        complex(
            "name",
            "The parts of the name",
            vec![
                text("formatted", "The whole"),
                text("familyName", "The family's name"),
                text("givenName", "The given name"),
            ],
        ),
        complex(
            "emails",
            "Addresses; by one of them the person is found in Slack",
            vec![
                text("value", "The address"),
                text("type", "work, home or other"),
                flag("primary", "Whether it comes before the others; one at most"),
            ],
        )
        .several(),
        flag("active", "Whether they may work; who may not holds no role"),
    ]
}

fn group() -> Vec<Attribute> {
    vec![
        text("displayName", "The name by which the policy names it, unique in whatever case")
            .required()
            .unique(),
        complex(
            "members",
            "Who is in it",
            vec![
                text("value", "The id of a user").immutable(),
                reference("$ref", "The user's address", &["User"]).immutable(),
                text("type", "The kind of member")
                    .with("canonicalValues", vec!["User"])
                    .immutable(),
            ],
        )
        .several(),
    ]
}

fn config() -> Vec<Attribute> {
    let supported = || flag("supported", "Whether it does that").required();
    let all = vec![
        reference("documentationUri", "What people read about it", &["external"]),
        complex("patch", "Changes of a part", vec![supported()]).required(),
        complex(
            "bulk",
            "Many operations at once",
            vec![
                supported(),
                number("maxOperations", "The most operations at once").required(),
                number("maxPayloadSize", "The largest body, in bytes").required(),
            ],
        )
        .required(),
        complex(
            "filter",
            "Filters",
            vec![supported(), number("maxResults", "The most resources in one answer").required()],
        )
        .required(),
        complex("changePassword", "Other passwords", vec![supported()]).required(),
        complex("sort", "An order", vec![supported()]).required(),
        complex("etag", "Versions", vec![supported()]).required(),
        complex(
            "authenticationSchemes",
            "How to prove who one is",
            vec![
                text("type", "The kind").required(),
                text("name", "Its name").required(),
                text("description", "What it is").required(),
                reference("specUri", "What describes it", &["external"]),
                reference("documentationUri", "How it is used", &["external"]),
            ],
        )
        .several()
        .required(),
    ];
    all.into_iter().map(Attribute::read_only).collect()
}

fn resource_type() -> Vec<Attribute> {
    let all = vec![
        text("id", "Its id"),
        text("name", "Its name").required(),
        text("description", "What it is"),
        reference("endpoint", "Where its resources are", &["uri"]).required(),
        reference("schema", "What they are like", &["uri"]).required().exact(),
        complex(
            "schemaExtensions",
            "What else they may have",
            vec![
                reference("schema", "The extension", &["uri"]).required().exact(),
                flag("required", "Whether they must have it").required(),
            ],
        )
        .several(),
    ];
    all.into_iter().map(Attribute::read_only).collect()
}

fn schema() -> Vec<Attribute> {
    let described = || {
        vec![
            text("name", "Its name").required().exact(),
            text("type", "What values are").required(),
            flag("multiValued", "Whether there may be several").required(),
            text("description", "What it is").exact(),
            flag("required", "Whether it must be there").required(),
            text("canonicalValues", "Values that are usual").several().exact(),
            flag("caseExact", "Whether upper and lower case differ"),
            text("mutability", "Who may change it").exact(),
            text("returned", "When it is told").exact(),
            text("uniqueness", "Among what it is unique").exact(),
            text("referenceTypes", "What it may refer to").several().exact(),
        ]
    };
    let mut attributes = described();
    attributes.push(complex("subAttributes", "Its parts", described()).several());
    let all = vec![
        text("id", "Its URI").required(),
        text("name", "Its name").required().exact(),
        text("description", "What it is"),
        complex("attributes", "What resources have", attributes).several().required(),
    ];
    all.into_iter().map(Attribute::read_only).collect()
}

/// An attribute's description.
struct Attribute(Value);

fn attribute(name: &str, kind: &str, description: &str) -> Attribute {
    Attribute(json!({
        "name": name,
        "type": kind,
        "multiValued": false,
        "description": description,
        "required": false,
        "mutability": "readWrite",
        "returned": "default",
    }))
}

fn text(name: &str, description: &str) -> Attribute {
    attribute(name, "string", description).with("caseExact", false).with("uniqueness", "none")
}

fn flag(name: &str, description: &str) -> Attribute {
    attribute(name, "boolean", description)
}

fn number(name: &str, description: &str) -> Attribute {
    attribute(name, "integer", description).with("uniqueness", "none")
}

fn reference(name: &str, description: &str, to: &[&str]) -> Attribute {
    let of = attribute(name, "reference", description).with("referenceTypes", to.to_vec());
    of.with("caseExact", true).with("uniqueness", "none")
}

fn complex(name: &str, description: &str, parts: Vec<Attribute>) -> Attribute {
    let parts: Vec<Value> = parts.into_iter().map(|part| part.0).collect();
    attribute(name, "complex", description).with("subAttributes", parts)
}

impl Attribute {
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Some(members) = self.0.as_object_mut() {
            members.insert(name.to_owned(), value.into());
        }
        self
    }

    fn required(self) -> Self {
        self.with("required", true)
    }

    fn unique(self) -> Self {
        self.with("uniqueness", "server")
    }

    fn several(self) -> Self {
        self.with("multiValued", true)
    }

    fn exact(self) -> Self {
        self.with("caseExact", true)
    }

    fn immutable(self) -> Self {
        self.with("mutability", "immutable")
    }

    /// This and all its parts.
    fn read_only(mut self) -> Self {
        read_only(&mut self.0);
        self
    }
}

fn read_only(attribute: &mut Value) {
    let Some(members) = attribute.as_object_mut() else { return };
    members.insert("mutability".to_owned(), "readOnly".into());
    let parts = members.get_mut("subAttributes").and_then(Value::as_array_mut);
    parts.into_iter().flatten().for_each(read_only);
}
