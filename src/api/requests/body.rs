//! What a program sends, read: the members that the profile names, all others ignored.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::domain::evaluation::{Action, Entity, Properties};
use crate::domain::task::Status;
use crate::domain::time::Timestamp;
use crate::service::access_requests::binding::Refused;

/// The longest body that is read.
const LONGEST_BODY: usize = 256 * 1024;
/// So much of a longer one is read before the answer.
const LONGEST_THROWN_AWAY: usize = 4 * 1024 * 1024;
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// The most items of one submission. Each is a question to people.
pub const MOST_ITEMS: usize = 20;
/// The longest key.
const LONGEST_KEY: usize = 255;
/// The longest that is kept of what a program says of itself, and of its own state, in bytes.
const LONGEST_KEPT: usize = 4 * 1024;

/// Where a program says why, in the order in which it is looked for.
const WHY: [&str; 3] = ["business_justification", "justification", "reason"];

/// A submission, as it was sent.
#[derive(Debug, Clone, Deserialize)]
pub struct Submission {
    /// The agent.
    pub subject: Entity,
    resource: Option<Entity>,
    action: Option<Action>,
    items: Option<Vec<Item>>,
    /// Under which circumstances, and why.
    #[serde(default)]
    pub context: Properties,
    denial: Option<Value>,
    #[serde(default)]
    requested_access: Map<String, Value>,
    /// Where the outcome is to be sent.
    pub callback: Option<Callback>,
    /// What the program says of itself.
    pub client: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct Item {
    resource: Entity,
    action: Action,
    denial: Option<Value>,
    #[serde(default)]
    requested_access: Map<String, Value>,
}

/// Where the outcome is to be sent.
#[derive(Debug, Clone, Deserialize)]
pub struct Callback {
    /// The address.
    pub endpoint: String,
    /// Given back as it came.
    pub state: Option<Value>,
    #[serde(default)]
    events: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Requested {
    requested_until: Option<Timestamp>,
    #[serde(default)]
    emergency: bool,
}

/// One thing that is asked for, with the refusal that it answers.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Access to what.
    pub resource: Entity,
    /// To do what.
    pub action: Action,
    /// The refusal.
    pub refused: Refused,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Whether a faster way is wished for.
    pub emergency: bool,
}

impl Submission {
    /// What is asked for, in order.
    ///
    /// # Errors
    ///
    /// It is not said, said twice, not tied to a refusal, or wanted until a time that is over.
    pub fn wishes(&self, now: Timestamp) -> Result<Vec<Wish>, Problem> {
        let Some(items) = &self.items else {
            let (Some(resource), Some(action)) = (&self.resource, &self.action) else {
                return Err(Problem::malformed("resource and action, or items, are missing"));
            };
            let (resource, action) = (resource.clone(), action.clone());
            let denial = self.denial.as_ref();
            return Ok(vec![wish(resource, action, denial, self.requested_access.clone(), now)?]);
        };
        if self.resource.is_some() || self.action.is_some() {
            let detail = "with items, resource and action are said in each item alone";
            return Err(Problem::malformed(detail));
        }
        if items.is_empty() {
            return Err(Problem::malformed("items is empty"));
        }
        if items.len() > MOST_ITEMS {
            let detail = format!("{} items are asked; {MOST_ITEMS} may be at once", items.len());
            return Err(Problem::malformed(detail));
        }
        let each = |(n, item): (usize, &Item)| {
            let mut requested = self.requested_access.clone();
            requested.extend(item.requested_access.clone());
            let denial = item.denial.as_ref().or(self.denial.as_ref());
            wish(item.resource.clone(), item.action.clone(), denial, requested, now)
                .map_err(|problem| problem.of_item(n))
        };
        items.iter().enumerate().map(each).collect()
    }

    /// Whether it came as a list.
    pub const fn is_bundle(&self) -> bool {
        self.items.is_some()
    }

    /// Why, as the program says it; empty if it does not.
    pub fn because(&self) -> &str {
        let said = |name: &&str| self.context.get(*name).and_then(Value::as_str);
        WHY.iter().find_map(said).unwrap_or_default()
    }

    /// Who acts, if the program says so (`client.actor`).
    pub fn actor(&self) -> Option<&Value> {
        self.client.as_ref()?.get("actor")
    }

    /// What is kept of what the program says of itself.
    ///
    /// # Errors
    ///
    /// It is no object, or too long.
    pub fn client(&self) -> Result<Option<Value>, Problem> {
        match &self.client {
            None => Ok(None),
            Some(client) if !client.is_object() => Err(Problem::malformed("client is an object")),
            Some(client) => kept("client", client).map(Some),
        }
    }
}

impl Callback {
    /// The ends that are to be told; all, if none is named. What is not known is not told.
    pub fn events(&self) -> Result<Vec<Status>, Problem> {
        let known: Vec<Status> = self.events.iter().filter_map(|e| Status::event(e)).collect();
        if known.is_empty() && !self.events.is_empty() {
            return Err(Problem::malformed("callback.events names nothing that can be told"));
        }
        Ok(known)
    }

    /// What is given back.
    ///
    /// # Errors
    ///
    /// It is too long.
    pub fn state(&self) -> Result<Option<Value>, Problem> {
        self.state.as_ref().map(|state| kept("callback.state", state)).transpose()
    }
}

fn kept(name: &str, value: &Value) -> Result<Value, Problem> {
    if value.to_string().len() > LONGEST_KEPT {
        return Err(Problem::malformed(format!("{name} is longer than {LONGEST_KEPT} bytes")));
    }
    Ok(value.clone())
}

fn wish(
    resource: Entity,
    action: Action,
    denial: Option<&Value>,
    requested: Map<String, Value>,
    now: Timestamp,
) -> Result<Wish, Problem> {
    let denial = denial.ok_or_else(|| Problem::invalid_denial_binding("denial is missing"))?;
    let refused: Refused = read(denial.clone())
        .map_err(|why| Problem::invalid_denial_binding(format!("denial cannot be read: {why}")))?;
    let requested: Requested = read(Value::Object(requested))
        .map_err(|why| Problem::malformed(format!("requested_access cannot be read: {why}")))?;
    if requested.requested_until.is_some_and(|until| until <= now) {
        return Err(Problem::malformed("requested_access.requested_until is over already"));
    }
    let Requested { requested_until: until, emergency } = requested;
    Ok(Wish { resource, action, refused, until, emergency })
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(value)
}

/// The whole body. What is too long is read for a while and thrown away: who is still sending would
/// not read the answer.
async fn whole(mut body: Body) -> Result<Vec<u8>, Problem> {
    let (mut bytes, mut length) = (Vec::new(), 0usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed("the body broke off"))?;
        let Some(data) = frame.data_ref() else { continue };
        length = length.saturating_add(data.len());
        if length <= LONGEST_BODY {
            bytes.extend_from_slice(data);
        } else if length > LONGEST_THROWN_AWAY {
            break;
        }
    }
    if length > LONGEST_BODY {
        return Err(Problem::too_large(format!("the body may have {LONGEST_BODY} bytes")));
    }
    Ok(bytes)
}

/// A body as JSON. No body at all is `null`.
///
/// # Errors
///
/// It is too long, too slow, of another type, or no JSON.
pub async fn json(headers: &HeaderMap, body: Body) -> Result<Value, Problem> {
    let bytes = match tokio::time::timeout(BODY_WITHIN, whole(body)).await {
        Ok(bytes) => bytes?,
        Err(_) => return Err(Problem::malformed("the body did not arrive in time")),
    };
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::malformed("the body must be application/json"));
    }
    serde_json::from_slice(&bytes)
        .map_err(|why| Problem::malformed(format!("the body is no JSON: {why}")))
}

/// The body of a submission.
///
/// # Errors
///
/// Something that the profile requires is missing or of another type.
pub fn submission(body: Value) -> Result<Submission, Problem> {
    read(body).map_err(|why| Problem::malformed(why.to_string()))
}

/// The `Idempotency-Key`, with or without the quotes of a structured field.
///
/// # Errors
///
/// It is empty, too long, or sent twice.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut sent = headers.get_all("idempotency-key").iter();
    let Some(key) = sent.next() else { return Ok(None) };
    let bad = || {
        let detail = format!("Idempotency-Key is one text of 1 to {LONGEST_KEY} characters");
        Problem::malformed(detail)
    };
    let key = key.to_str().map_err(|_| bad())?.trim();
    let bare = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    if bare.is_empty() || bare.len() > LONGEST_KEY || sent.next().is_some() {
        return Err(bad());
    }
    Ok(Some(bare.to_owned()))
}

/// SHA-256 over a JSON value, the same for every order of members; hexadecimal.
pub fn hash(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut names: Vec<(&String, &Value)> = members.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in names {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, text);
                text.push(',');
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_hash_knows_no_order_of_members_and_everything_else() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"b":{"d":"x","c":[1,2]},  "a":1}"#).unwrap();
        assert_eq!(hash(&one), hash(&two));
        for other in [
            json!({"a": 1, "b": {"c": [2, 1], "d": "x"}}),
            json!({"a": "1", "b": {"c": [1, 2], "d": "x"}}),
            json!({"a": 1, "b": {"c": [1, 2], "d": "x", "e": null}}),
        ] {
            assert_ne!(hash(&one), hash(&other), "{other}");
        }
    }

    #[test]
    fn keys_come_with_and_without_quotes() {
        let key = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("Idempotency-Key", value.parse().unwrap());
            idempotency_key(&headers)
        };
        assert_eq!(key("abc"), Ok(Some("abc".to_owned())));
        assert_eq!(key("\"abc\""), Ok(Some("abc".to_owned())));
        assert!(key("").is_err() && key("\"\"").is_err() && key(&"x".repeat(256)).is_err());
        assert_eq!(idempotency_key(&HeaderMap::new()), Ok(None));
    }
}
