//! What is sent: who calls, the body, the query.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde_json::{Map, Value};

use super::Scim;
use super::error::ScimError;
use super::filter::Filter;
use super::path::AttributePath;
use crate::api::extract::{Object, document_of};

/// The identity provider, by its token.
pub(super) struct Provider;

impl FromRequestParts<Arc<Scim>> for Provider {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, scim: &Arc<Scim>) -> Result<Self, ScimError> {
        let mut shown = parts.headers.get_all(AUTHORIZATION).iter();
        let token = match (shown.next(), shown.next()) {
            (Some(only), None) => only.to_str().ok().and_then(|text| text.split_once(' ')),
            _ => None,
        };
        match token {
            Some((scheme, token))
                if scheme.eq_ignore_ascii_case("bearer")
                    && scim.service.is_identity_provider(token.trim()) =>
            {
                Ok(Self)
            }
            _ => Err(ScimError::new(
                StatusCode::UNAUTHORIZED,
                "send `Authorization: Bearer …` with the token whose hash is in the policy \
                 ([directory] scim_bearer_sha256)",
            )),
        }
    }
}

/// The body, a JSON object.
pub(super) struct Body(pub Map<String, Value>);

impl FromRequest<Arc<Scim>> for Body {
    type Rejection = ScimError;

    async fn from_request(request: Request, _: &Arc<Scim>) -> Result<Self, ScimError> {
        let (parts, body) = request.into_parts();
        let kinds = [super::KIND, "application/json"];
        let Object(body) = document_of::<Object<Map<String, Value>>>(&parts, body, &kinds).await?;
        Ok(Self(body))
    }
}

/// The id in the path.
pub(super) struct Id(pub String);

impl FromRequestParts<Arc<Scim>> for Id {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, scim: &Arc<Scim>) -> Result<Self, ScimError> {
        match Path::<String>::from_request_parts(parts, scim).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(ScimError::not_found("there is nothing by this id")),
        }
    }
}

/// What of the resources is wanted. What is not understood is passed over, as RFC 7644, section 3.4.2,
/// wants it of parameters that a server does not know.
pub(super) struct Query {
    /// Which.
    pub(super) filter: Option<Filter>,
    /// From which on, counted from 1.
    pub(super) start: u32,
    /// How many.
    pub(super) count: u32,
    /// What of each.
    pub(super) wanted: Wanted,
}

/// As many resources are given at once, if nothing else is asked.
const USUAL_PAGE: u32 = 100;
/// The most that can be asked.
pub(super) const LARGEST_PAGE: u32 = 200;

impl FromRequestParts<Arc<Scim>> for Query {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Scim>) -> Result<Self, ScimError> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(parts.uri.query().unwrap_or_default())
                .map_err(|_| ScimError::bad("invalidSyntax", "the query is not understood"))?;
        let named = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str()).filter(|value| !value.trim().is_empty())
        };
        let number = |name: &str| match named(name).map(str::parse::<i64>) {
            None => Ok(None),
            Some(Ok(n)) => Ok(Some(n)),
            Some(Err(_)) => Err(ScimError::value(format!("{name} is no whole number"))),
        };
        let start = number("startIndex")?.unwrap_or(1).clamp(1, i64::from(u32::MAX));
        let count = number("count")?.unwrap_or(i64::from(USUAL_PAGE));
        let count = count.clamp(0, i64::from(LARGEST_PAGE));
        let names = |name: &str| {
            let list = named(name).map(|list| list.split(',').map(AttributePath::read).collect());
            list.transpose()
        };
        let wanted = match (names("attributes")?, names("excludedAttributes")?) {
            (Some(_), Some(_)) => {
                let words = "attributes and excludedAttributes exclude each other";
                return Err(ScimError::bad("invalidSyntax", words));
            }
            (Some(only), None) => Wanted::Only(only),
            (None, Some(all_but)) => Wanted::AllBut(all_but),
            (None, None) => Wanted::All,
        };
        Ok(Self {
            filter: named("filter").map(Filter::read).transpose()?,
            start: u32::try_from(start).unwrap_or(1),
            count: u32::try_from(count).unwrap_or(0),
            wanted,
        })
    }
}

/// What of a resource is wanted. Its id and its schemas always come along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    All,
    /// These attributes.
    Only(Vec<AttributePath>),
    /// All but these.
    AllBut(Vec<AttributePath>),
}

impl Wanted {
    /// The resource, as far as it is wanted.
    pub(super) fn of(&self, mut resource: Value) -> Value {
        let Some(members) = resource.as_object_mut() else { return resource };
        match self {
            Self::All => {}
            Self::Only(paths) => {
                let mut kept = Map::new();
                for (name, value) in std::mem::take(members) {
                    let is = |path: &&AttributePath| path.attribute.eq_ignore_ascii_case(&name);
                    let of: Vec<&AttributePath> = paths.iter().filter(is).collect();
                    let whole = is_always(&name) || of.iter().any(|path| path.sub.is_none());
                    if whole {
                        kept.insert(name, value);
                    } else if !of.is_empty() {
                        let subs: Vec<&str> = of.iter().filter_map(|p| p.sub.as_deref()).collect();
                        let value =
                            each(value, &|sub| subs.iter().any(|s| s.eq_ignore_ascii_case(sub)));
                        kept.insert(name, value);
                    }
                }
                *members = kept;
            }
            Self::AllBut(paths) => {
                for path in paths.iter().filter(|path| !is_always(&path.attribute)) {
                    let name = members.keys().find(|n| n.eq_ignore_ascii_case(&path.attribute));
                    let Some(name) = name.cloned() else { continue };
                    if let (Some(sub), Some(value)) = (&path.sub, members.remove(&name)) {
                        let rest = each(value, &|known| !known.eq_ignore_ascii_case(sub));
                        members.insert(name, rest);
                    }
                }
            }
        }
        resource
    }
}

fn is_always(name: &str) -> bool {
    ["id", "schemas"].iter().any(|always| always.eq_ignore_ascii_case(name))
}

/// The value with those of its sub-attributes that are kept.
fn each(value: Value, keeps: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().filter(|(name, _)| keeps(name)).collect())
        }
        Value::Array(all) => all.into_iter().map(|one| each(one, keeps)).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_part_of_a_resource_is_given_and_its_id_always() {
        let whole = json!({
            "id": "1", "schemas": ["s"], "userName": "dana", "active": true,
            "name": { "givenName": "Dana", "familyName": "D" },
            "emails": [{ "value": "d@a", "type": "work" }],
        });
        let paths =
            |names: &[&str]| names.iter().map(|n| AttributePath::read(n).unwrap()).collect();
        assert_eq!(
            Wanted::Only(paths(&["USERNAME", "emails.value", "name.givenName"])).of(whole.clone()),
            json!({
                "id": "1", "schemas": ["s"], "userName": "dana", "name": { "givenName": "Dana" },
                "emails": [{ "value": "d@a" }],
            })
        );
        assert_eq!(
            Wanted::AllBut(paths(&["emails", "name.familyName", "id"])).of(whole),
            json!({
                "id": "1", "schemas": ["s"], "userName": "dana", "active": true,
                "name": { "givenName": "Dana" },
            })
        );
    }
}
