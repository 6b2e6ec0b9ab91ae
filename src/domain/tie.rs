//! What of a question must be the same when access is asked for after a no, and its hash, by which
//! that is seen from the record alone.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value};

use super::evaluation::{Action, Entity, Properties};
use super::event::TextHash;

/// Members of a context that say nothing of the circumstances: the profile's own machinery, what an
/// agent says of itself, and what is different with every call.
const NOT_BOUND: [&str; 11] = [
    "access_request",
    "agent",
    "approval",
    "evaluated_at",
    "evaluation_id",
    "nonce",
    "now",
    "reason",
    "request_id",
    "time",
    "timestamp",
];
/// Members that a request adds to the context of the question (beside `reason`).
const ADDED: [&str; 2] = ["business_justification", "justification"];

/// The members of a context that belong to the question: they must be the same when it is asked for.
pub fn bound_members(context: &Properties) -> Vec<String> {
    bound(context).map(|(name, _)| name.clone()).collect()
}

fn bound(context: &Properties) -> impl Iterator<Item = (&String, &Value)> {
    context.iter().filter(|(name, _)| !NOT_BOUND.contains(&name.as_str()))
}

/// The subject without the actor, which a program may move to `client.actor`.
pub fn without_actor(subject: &Entity) -> Entity {
    let mut subject = subject.clone();
    subject.properties.remove("act");
    subject
}

/// The hash of what ties a request to a question: subject, resource, action, and the members of the
/// context that belong to the question and that no request adds.
pub fn tie(subject: &Entity, resource: &Entity, action: &Action, context: &Properties) -> TextHash {
    let kept = bound(context).filter(|(name, _)| !ADDED.contains(&name.as_str()));
    let context: Map<String, Value> = kept.map(|(n, v)| (n.clone(), v.clone())).collect();
    let part = |part: Result<Value, serde_json::Error>| part.unwrap_or_default();
    let whole = [
        part(serde_json::to_value(without_actor(subject))),
        part(serde_json::to_value(resource)),
        part(serde_json::to_value(action)),
        Value::Object(context),
    ];
    hash(&Value::Array(whole.into()))
}

/// The hash of JSON, whoever wrote it: members in the order of their names, numbers by their value,
/// no white space.
pub fn hash(value: &Value) -> TextHash {
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = write(value, &mut text);
    TextHash::of(&String::from_utf8_lossy(&text))
}

/// As [`hash`], for members that are no value of their own.
pub fn hash_members(members: &Map<String, Value>) -> TextHash {
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = write_members(members, &mut text);
    TextHash::of(&String::from_utf8_lossy(&text))
}

fn write_members(members: &Map<String, Value>, text: &mut Vec<u8>) -> io::Result<()> {
    let members: BTreeMap<&String, &Value> = members.iter().collect();
    text.push(b'{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        serde_json::to_writer(&mut *text, name)?;
        text.push(b':');
        write(value, text)?;
    }
    text.push(b'}');
    Ok(())
}

fn write(value: &Value, text: &mut Vec<u8>) -> io::Result<()> {
    match value {
        Value::Object(members) => write_members(members, text)?,
        Value::Array(items) => {
            text.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(b',');
                }
                write(item, text)?;
            }
            text.push(b']');
        }
        Value::Number(number) => match number.as_f64() {
            Some(value) => write!(text, "{value}")?,
            None => write!(text, "{number}")?,
        },
        scalar => serde_json::to_writer(text, scalar)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::evaluation::Question;

    fn of(question: &Value) -> TextHash {
        let asked: Question = serde_json::from_value(question.clone()).unwrap();
        tie(&asked.subject, &asked.resource, &asked.action, &asked.context)
    }

    #[test]
    fn only_what_belongs_to_the_question_counts() {
        let asked = json!({
            "subject": { "type": "agent", "id": "a", "properties": { "act": { "sub": "x" } } },
            "resource": { "type": "database", "id": "orders", "properties": { "rows": 7 } },
            "action": { "name": "read" },
            "context": { "conversation": { "id": "c-1", "turn": 1 }, "time": "now" },
        });
        let tied = of(&asked);
        let changed = |change: fn(&mut Value)| {
            let mut question = asked.clone();
            change(&mut question);
            of(&question)
        };
        let same: [fn(&mut Value); 6] = [
            |q| q["context"]["time"] = json!("later"),
            |q| q["context"]["agent"] = json!({ "task": "7" }),
            |q| q["context"]["business_justification"] = json!("why"),
            |q| q["context"]["conversation"] = json!({ "turn": 1.0, "id": "c-1" }),
            |q| q["subject"]["properties"] = json!({}),
            |q| q["resource"]["properties"]["rows"] = json!(7.0),
        ];
        for (at, change) in same.into_iter().enumerate() {
            assert_eq!(changed(change), tied, "change {at}");
        }
        let others: [fn(&mut Value); 7] = [
            |q| q["context"]["conversation"]["id"] = json!("c-2"),
            |q| q["context"]["conversation"] = Value::Null,
            |q| q["context"]["more"] = json!(1),
            |q| q["resource"]["properties"]["rows"] = json!("7"),
            |q| q["resource"]["id"] = json!("people"),
            |q| q["action"]["name"] = json!("write"),
            |q| q["subject"]["properties"]["tier"] = json!(1),
        ];
        for (at, change) in others.into_iter().enumerate() {
            assert_ne!(changed(change), tied, "change {at}");
        }
    }

    #[test]
    fn the_order_of_members_is_no_difference() {
        let (one, other) = (r#"{"a":1,"b":[{"c":2,"d":3}]}"#, r#"{"b":[{"d":3.0,"c":2}],"a":1}"#);
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(hash(&read(one)), hash(&read(other)));
        assert_eq!(hash(&read(one)), TextHash::of(one));
        assert_eq!(read(other).as_object().map(hash_members), Some(TextHash::of(one)));
        assert_ne!(hash(&read(one)), hash(&json!({ "a": 1 })));
    }
}
