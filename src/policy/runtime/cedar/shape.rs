//! What kind of value stands where, as the schema says, and how JSON becomes such a value.
//!
//! The schema is walked once, at load. A question is then converted by its shapes, without a parser
//! or a validator of Cedar in between: members that the schema does not know are dropped, and a
//! member of another kind than the schema says is an error with its path.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::{EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// A kind of value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Long,
    Flag,
    Set(Box<Shape>),
    Record(Members),
    Entity(EntityTypeName),
    Address,
    Decimal,
    Moment,
    Duration,
}

/// What a record, an entity or a context may hold, by name.
pub(super) type Members = BTreeMap<String, Shape>;

/// Values by name, as Cedar takes them.
pub(super) type Values = HashMap<String, RestrictedExpression>;

/// A value of another kind than the schema says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Where, the innermost name first.
    path: Vec<String>,
    /// What is wrong: `is a number, and the policy expects a text`.
    what: String,
}

impl Wrong {
    /// The place is within this one.
    pub(super) fn within(mut self, name: impl Into<String>) -> Self {
        self.path.push(name.into());
        self
    }

    /// In words: `context.risky is a text, and the policy expects true or false`.
    pub(super) fn words(&self) -> String {
        let path: Vec<&str> = self.path.iter().rev().map(String::as_str).collect();
        format!("{} {}", path.join("."), self.what)
    }
}

impl Shape {
    /// What it is called, with its article.
    pub(super) const fn words(&self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Long => "a whole number",
            Self::Flag => "true or false",
            Self::Set(_) => "a list",
            Self::Record(_) => "an object",
            Self::Entity(_) => "the id of an entity",
            Self::Address => "an IP address",
            Self::Decimal => "a decimal number in quotes",
            Self::Moment => "a date and time (RFC 3339)",
            Self::Duration => "a duration like \"1h30m\"",
        }
    }

    /// The value of this shape that the JSON means; entities that it names are noted.
    pub(super) fn value(
        &self,
        json: &Value,
        named: &mut Vec<EntityUid>,
    ) -> Result<RestrictedExpression, Wrong> {
        let value = match (self, json) {
            (Self::Text, Value::String(text)) => RestrictedExpression::new_string(text.clone()),
            (Self::Long, Value::Number(number)) => match number.as_i64() {
                Some(long) => RestrictedExpression::new_long(long),
                None => return Err(self.is_not(json)),
            },
            (Self::Flag, Value::Bool(flag)) => RestrictedExpression::new_bool(*flag),
            (Self::Set(shape), Value::Array(all)) => {
                let each = all.iter().enumerate().map(|(i, json)| {
                    shape.value(json, named).map_err(|wrong| wrong.within(i.to_string()))
                });
                RestrictedExpression::new_set(each.collect::<Result<Vec<_>, Wrong>>()?)
            }
            (Self::Record(members), Value::Object(object)) => {
                return record(values(members, object, named)?).ok_or_else(|| self.is_not(json));
            }
            (Self::Entity(kind), json) => {
                let uid = entity(kind, json).ok_or_else(|| self.is_not(json))?;
                named.push(uid.clone());
                RestrictedExpression::new_entity_uid(uid)
            }
            (Self::Address, Value::String(text)) => RestrictedExpression::new_ip(text),
            (Self::Decimal, Value::String(text)) => RestrictedExpression::new_decimal(text),
            (Self::Moment, Value::String(text)) => match DateTime::parse_from_rfc3339(text) {
                Ok(at) => moment(at.to_utc()),
                // Cedar reads dates alone, too.
                Err(_) => RestrictedExpression::new_datetime(text),
            },
            (Self::Duration, Value::String(text)) => RestrictedExpression::new_duration(text),
            _ => return Err(self.is_not(json)),
        };
        Ok(value)
    }

    fn is_not(&self, json: &Value) -> Wrong {
        let is = match json {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        Wrong {
            path: Vec::new(),
            what: format!("is {is}, and the policy expects {}", self.words()),
        }
    }
}

/// The values of an object's members. Those that the schema does not know are dropped, and those
/// that are `null` are absent.
pub(super) fn values(
    members: &Members,
    object: &Map<String, Value>,
    named: &mut Vec<EntityUid>,
) -> Result<Values, Wrong> {
    let mut values = Values::with_capacity(object.len().min(members.len()) + 4);
    for (name, json) in object {
        let Some(shape) = members.get(name).filter(|_| !json.is_null()) else { continue };
        let value = shape.value(json, named).map_err(|wrong| wrong.within(name))?;
        values.insert(name.clone(), value);
    }
    Ok(values)
}

/// A record of values; `None` never, as names in a map are distinct.
fn record(values: Values) -> Option<RestrictedExpression> {
    RestrictedExpression::new_record(values).ok()
}

/// `"alice"` or `{"type": "user", "id": "alice"}`.
fn entity(kind: &EntityTypeName, json: &Value) -> Option<EntityUid> {
    let id = match json {
        Value::String(id) => id,
        Value::Object(object) => {
            let named = object.get("type").and_then(Value::as_str)?;
            if cedar_name(named) != kind.to_string() {
                return None;
            }
            object.get("id").and_then(Value::as_str)?
        }
        _ => return None,
    };
    Some(EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id)))
}

/// A moment as Cedar has it, to the millisecond.
pub(super) fn moment(at: DateTime<Utc>) -> RestrictedExpression {
    RestrictedExpression::new_datetime(at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// How a type of AuthZEN is called in Cedar, whose names know no `-`, `.` and `/`.
pub(in crate::policy) fn cedar_name(kind: &str) -> String {
    kind.replace(['-', '.', '/'], "_")
}
