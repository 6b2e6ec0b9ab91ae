//! Changes of a part of a resource (RFC 7644, section 3.5.2), and the ways in which identity providers
//! write them: operations in capitals, `active` as a text, names with dots as members of a value, members
//! taken out by a value beside the path.

use serde_json::{Map, Value};

use super::error::ScimError;
use super::filter::{Filter, Operator, member};
use super::path::AttributePath;

/// As many operations are done at once.
const MOST: usize = 1_000;

/// What an attribute is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One simple value.
    Simple,
    /// One value of several parts.
    Complex,
    /// A list of values of several parts.
    Many,
}

/// The attributes of a resource that are kept, as they are written.
pub type Attributes = &'static [(&'static str, Shape)];

/// Those of a user.
pub const OF_USER: Attributes = &[
    ("userName", Shape::Simple),
    ("externalId", Shape::Simple),
    ("displayName", Shape::Simple),
    ("active", Shape::Simple),
    ("name", Shape::Complex),
    ("emails", Shape::Many),
];
/// Those of a group.
pub const OF_GROUP: Attributes =
    &[("displayName", Shape::Simple), ("externalId", Shape::Simple), ("members", Shape::Many)];

/// What is the server's to say.
const READ_ONLY: [&str; 4] = ["id", "schemas", "meta", "groups"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
}

/// Where an operation acts.
struct Target {
    path: AttributePath,
    /// Which of the values.
    which: Option<Filter>,
}

/// Does what the body of a PATCH says to the document: all of it, or nothing counts.
///
/// # Errors
///
/// What is wrong with it.
pub fn apply(
    document: &mut Map<String, Value>,
    attributes: Attributes,
    body: &Map<String, Value>,
) -> Result<(), ScimError> {
    let body = Value::Object(body.clone());
    let operations = member(&body, "Operations").and_then(Value::as_array);
    let operations = operations
        .filter(|all| !all.is_empty())
        .ok_or_else(|| ScimError::bad("invalidSyntax", "the body needs a list of Operations"))?;
    if operations.len() > MOST {
        return Err(ScimError::bad("tooMany", format!("send at most {MOST} operations at once")));
    }
    for operation in operations {
        let op = match member(operation, "op").and_then(Value::as_str) {
            Some(op) if op.eq_ignore_ascii_case("add") => Op::Add,
            Some(op) if op.eq_ignore_ascii_case("replace") => Op::Replace,
            Some(op) if op.eq_ignore_ascii_case("remove") => Op::Remove,
            _ => {
                let words = "`op` is to be add, replace or remove";
                return Err(ScimError::bad("invalidSyntax", words));
            }
        };
        let value = member(operation, "value").unwrap_or(&Value::Null);
        match member(operation, "path").filter(|path| !path.is_null()) {
            Some(Value::String(path)) => one(document, attributes, op, path, value)?,
            Some(_) => return Err(ScimError::bad("invalidPath", "`path` is to be a text")),
            None => whole(document, attributes, op, value)?,
        }
    }
    Ok(())
}

/// Without a path the value names the attributes.
fn whole(
    document: &mut Map<String, Value>,
    attributes: Attributes,
    op: Op,
    value: &Value,
) -> Result<(), ScimError> {
    if op == Op::Remove {
        return Err(ScimError::bad("noTarget", "say by `path` what to remove"));
    }
    let Value::Object(members) = value else {
        return Err(ScimError::value("without a path the value is to be an object"));
    };
    for (name, value) in members {
        // Some send the whole resource along.
        if !READ_ONLY.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            one(document, attributes, op, name, value)?;
        }
    }
    Ok(())
}

/// One change at one place.
fn one(
    document: &mut Map<String, Value>,
    attributes: Attributes,
    op: Op,
    path: &str,
    value: &Value,
) -> Result<(), ScimError> {
    let target = Target::read(path)?;
    if target.path.extension.is_some() {
        // The whole of the core may stand under its own name; other schemas are not kept.
        let is_core = target.path.attribute.is_empty() && value.is_object() && is_core(path);
        return if is_core { whole(document, attributes, op, value) } else { Ok(()) };
    }
    let name = &target.path.attribute;
    if READ_ONLY.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Err(ScimError::bad("mutability", format!("{name} is the server's to say")));
    }
    // What is not kept may be changed in whatever way.
    let known = attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let Some((name, shape)) = known else { return Ok(()) };
    if op != Op::Remove && value.is_null() && op == Op::Add {
        return Err(ScimError::value(format!("there is no value for {name}")));
    }
    match (shape, &target.path.sub, &target.which) {
        (Shape::Simple, None, None) => set(document, name, op, value),
        (Shape::Complex, None, None) => complex(document, name, op, value)?,
        (Shape::Complex, Some(sub), None) => part(document, name, sub, op, value)?,
        (Shape::Many, None, None) => many(document, name, op, value)?,
        (Shape::Many, sub, which) => {
            values(document, name, sub.as_deref(), which.as_ref(), op, value)?
        }
        (Shape::Simple | Shape::Complex, _, _) => {
            return Err(ScimError::bad("invalidPath", format!("{name} has no such part")));
        }
    }
    Ok(())
}

fn is_core(path: &str) -> bool {
    [super::path::USER, super::path::GROUP]
        .iter()
        .any(|core| core.eq_ignore_ascii_case(path.trim()))
}

fn set(document: &mut Map<String, Value>, name: &str, op: Op, value: &Value) {
    match op {
        Op::Remove => drop(document.remove(name)),
        Op::Add | Op::Replace => drop(document.insert(name.to_owned(), value.clone())),
    }
}

/// Parts that are not named stay as they are.
fn complex(
    document: &mut Map<String, Value>,
    name: &str,
    op: Op,
    value: &Value,
) -> Result<(), ScimError> {
    match (op, value) {
        (Op::Remove, _) | (_, Value::Null) => drop(document.remove(name)),
        (_, Value::Object(parts)) => {
            for (part_name, value) in parts {
                part(document, name, part_name, op, value)?;
            }
        }
        _ => return Err(ScimError::value(format!("{name} is to be an object"))),
    }
    Ok(())
}

fn part(
    document: &mut Map<String, Value>,
    name: &str,
    part: &str,
    op: Op,
    value: &Value,
) -> Result<(), ScimError> {
    let whole = document.entry(name).or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(parts) = whole else {
        return Err(ScimError::value(format!("{name} is to be an object")));
    };
    put(parts, part, op, value);
    Ok(())
}

/// A member under the name that it has already, in whatever case.
fn put(members: &mut Map<String, Value>, name: &str, op: Op, value: &Value) {
    let known = members.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
    set(members, known.as_deref().unwrap_or(name), op, value);
}

/// A list of values as a whole.
fn many(
    document: &mut Map<String, Value>,
    name: &str,
    op: Op,
    value: &Value,
) -> Result<(), ScimError> {
    let given: Vec<Value> = match value {
        Value::Null => Vec::new(),
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    if given.iter().any(|one| !one.is_object()) {
        return Err(ScimError::value(format!("{name} is to be a list of objects")));
    }
    match op {
        Op::Replace => drop(document.insert(name.to_owned(), Value::Array(given))),
        Op::Remove if given.is_empty() => drop(document.remove(name)),
        // Not in the standard, and sent all the same: these alone are to go.
        Op::Remove => {
            let gone: Vec<Option<&Value>> = given.iter().map(|one| member(one, "value")).collect();
            if gone.iter().any(Option::is_none) {
                return Err(ScimError::value(format!("{name} to remove are named by their value")));
            }
            if let Some(all) = list(document, name) {
                all.retain(|one| !gone.contains(&member(one, "value")));
            }
        }
        Op::Add => {
            let Some(all) = list(document, name) else { return Ok(()) };
            for one in given {
                let primary = member(&one, "primary") == Some(&Value::Bool(true));
                let known = member(&one, "value").and_then(|value| {
                    all.iter_mut().find(|other| member(other, "value") == Some(value))
                });
                match known {
                    Some(Value::Object(known)) => {
                        known.extend(one.as_object().cloned().unwrap_or_default())
                    }
                    _ => all.push(one.clone()),
                }
                if primary {
                    the_only_primary(all, member(&one, "value"));
                }
            }
        }
    }
    Ok(())
}

/// There is one primary value: another one makes the ones before ordinary (RFC 7644, section 3.5.2).
fn the_only_primary(all: &mut [Value], value: Option<&Value>) {
    for one in all.iter_mut() {
        let is_it = member(one, "value") == value;
        if let (false, Value::Object(members)) = (is_it, one)
            && members.contains_key("primary")
        {
            members.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

/// Some values of a list, or a part of each.
fn values(
    document: &mut Map<String, Value>,
    name: &str,
    sub: Option<&str>,
    which: Option<&Filter>,
    op: Op,
    value: &Value,
) -> Result<(), ScimError> {
    let Some(all) = list(document, name) else { return Ok(()) };
    let meant = |one: &Value| which.is_none_or(|filter| filter.fits(one));
    if let (Op::Remove, None) = (op, sub) {
        all.retain(|one| !meant(one));
        return Ok(());
    }
    let mut found = false;
    for one in all.iter_mut().filter(|one| meant(one)) {
        let Value::Object(members) = one else { continue };
        found = true;
        match (sub, value) {
            (Some(sub), value) => put(members, sub, op, value),
            (None, Value::Object(parts)) => {
                for (part, value) in parts {
                    put(members, part, op, value);
                }
            }
            (None, _) => return Err(ScimError::value(format!("{name} are objects"))),
        }
    }
    if found || op == Op::Remove {
        return Ok(());
    }
    // A value that is not there yet, told by what it is to be like: `emails[type eq "work"].value`.
    let mut one = match which {
        Some(Filter::Compare(path, Operator::Eq, wanted)) if path.sub.is_none() => {
            Map::from_iter([(path.attribute.clone(), wanted.clone())])
        }
        None => Map::new(),
        Some(_) => {
            let words = format!("there are no {name} of that kind");
            return Err(ScimError::bad("noTarget", words));
        }
    };
    match (sub, value) {
        (Some(sub), value) => put(&mut one, sub, op, value),
        (None, Value::Object(parts)) => one.extend(parts.clone()),
        (None, _) => return Err(ScimError::value(format!("{name} are objects"))),
    }
    all.push(Value::Object(one));
    Ok(())
}

/// The list of this name, which there is from now on.
fn list<'d>(document: &'d mut Map<String, Value>, name: &str) -> Option<&'d mut Vec<Value>> {
    if !document.get(name).is_some_and(Value::is_array) {
        document.insert(name.to_owned(), Value::Array(Vec::new()));
    }
    document.get_mut(name)?.as_array_mut()
}

impl Target {
    fn read(text: &str) -> Result<Self, ScimError> {
        let text = text.trim();
        let Some((before, rest)) = text.split_once('[') else {
            return Ok(Self { path: AttributePath::read(text)?, which: None });
        };
        let wrong = || ScimError::bad("invalidPath", "the path is not understood");
        // A bracket may stand inside of a quoted text.
        let (filter, after) = rest.rsplit_once(']').ok_or_else(wrong)?;
        let which =
            Filter::read(filter).map_err(|why| ScimError::bad("invalidPath", why.detail))?;
        let path = AttributePath::read(before)?;
        if path.sub.is_some() {
            return Err(wrong());
        }
        let sub = match after.strip_prefix('.') {
            Some(sub) => Some(AttributePath::read(sub)?),
            None if after.is_empty() => None,
            None => return Err(wrong()),
        };
        let sub = match sub {
            Some(AttributePath { extension: None, attribute, sub: None }) => Some(attribute),
            Some(_) => return Err(wrong()),
            None => None,
        };
        Ok(Self { path: AttributePath { sub, ..path }, which: Some(which) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn patched(
        before: Value,
        attributes: Attributes,
        operations: Value,
    ) -> Result<Value, ScimError> {
        let mut document = before.as_object().unwrap().clone();
        let body = json!({ "schemas": ["x"], "Operations": operations });
        apply(&mut document, attributes, body.as_object().unwrap())?;
        Ok(Value::Object(document))
    }

    fn user() -> Value {
        json!({
            "userName": "dana", "active": true, "name": { "givenName": "Dana", "familyName": "D" },
            "emails": [{ "value": "d@work", "type": "work", "primary": true }],
        })
    }

    #[test]
    fn users_are_changed_as_providers_write_it() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        for (operations, pointer, expected) in [
            (
                json!([{ "op": "replace", "path": "active", "value": false }]),
                "/active",
                json!(false),
            ),
            // Entra ID.
            (
                json!([{ "op": "Replace", "path": "active", "value": "False" }]),
                "/active",
                json!("False"),
            ),
            (
                json!([{ "op": "Add", "value": { "name.familyName": "E" } }]),
                "/name/familyName",
                json!("E"),
            ),
            (
                json!([{ "op": "Add", "path": "emails[type eq \"home\"].value", "value": "d@home" }]),
                "/emails/1",
                json!({ "type": "home", "value": "d@home" }),
            ),
            (
                json!([{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "d@w2" }]),
                "/emails/0",
                json!({ "value": "d@w2", "type": "work", "primary": true }),
            ),
            (json!([{ "op": "Add", "path": enterprise, "value": "Support" }]), "", user()),
            (json!([{ "op": "replace", "path": "title", "value": "x" }]), "", user()),
            // Okta.
            (
                json!([{ "op": "replace", "value": { "active": false, "id": "x" } }]),
                "/active",
                json!(false),
            ),
            (
                json!([{ "op": "replace", "path": "NAME", "value": { "givenname": "E" } }]),
                "/name",
                json!({ "givenName": "E", "familyName": "D" }),
            ),
            (
                json!([{ "op": "remove", "path": "name.familyName" }]),
                "/name",
                json!({ "givenName": "Dana" }),
            ),
            (
                json!([{ "op": "add", "path": "emails", "value": [{ "value": "d@b", "primary": true }] }]),
                "/emails",
                json!([
                    { "value": "d@work", "type": "work", "primary": false },
                    { "value": "d@b", "primary": true },
                ]),
            ),
            (
                json!([{ "op": "remove", "path": "emails[value ew \"]work\" or type pr]" }]),
                "/emails",
                json!([]),
            ),
            (json!([{ "op": "remove", "path": "emails[type eq \"a]b\"]" }]), "", user()),
        ] {
            let after = patched(user(), OF_USER, operations.clone())
                .unwrap_or_else(|fault| panic!("{operations}: {fault:?}"));
            assert_eq!(after.pointer(pointer), Some(&expected), "{operations}");
        }
    }

    #[test]
    fn members_come_and_go() {
        let group =
            || json!({ "displayName": "g", "members": [{ "value": "1" }, { "value": "2" }] });
        let left = |operations: Value| {
            let after = patched(group(), OF_GROUP, operations.clone())
                .unwrap_or_else(|fault| panic!("{operations}: {fault:?}"));
            let members = after["members"].as_array().cloned().unwrap_or_default();
            members.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let both = json!([
            { "op": "add", "path": "members", "value": [{ "value": "3" }, { "value": "1", "display": "x" }] },
            { "op": "remove", "path": "members[value eq \"2\"]" },
        ]);
        assert_eq!(left(both), ["1", "3"]);
        let beside = json!([{ "op": "Remove", "path": "members", "value": [{ "value": "1" }] }]);
        assert_eq!(left(beside), ["2"], "only those that were named");
        let none: [&str; 0] = [];
        assert_eq!(left(json!([{ "op": "remove", "path": "members" }])), none);
        assert_eq!(
            left(json!([{ "op": "replace", "path": "members", "value": [{ "value": "9" }] }])),
            ["9"]
        );
        assert_eq!(left(json!([{ "op": "replace", "value": { "members": [] } }])), none);
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_its_kind() {
        for (operations, kind) in [
            (json!([]), "invalidSyntax"),
            (json!("x"), "invalidSyntax"),
            (json!([{ "op": "move", "path": "active" }]), "invalidSyntax"),
            (json!([{ "path": "active", "value": true }]), "invalidSyntax"),
            (json!([{ "op": "remove" }]), "noTarget"),
            (json!([{ "op": "replace", "path": "id", "value": "x" }]), "mutability"),
            (json!([{ "op": "replace", "path": "active.x", "value": "x" }]), "invalidPath"),
            (json!([{ "op": "replace", "path": "active[x pr]", "value": "x" }]), "invalidPath"),
            (json!([{ "op": "replace", "path": "emails[", "value": "x" }]), "invalidPath"),
            (json!([{ "op": "replace", "path": "emails[type pr", "value": "x" }]), "invalidPath"),
            (json!([{ "op": "replace", "path": 7, "value": "x" }]), "invalidPath"),
            (json!([{ "op": "replace", "path": "emails", "value": "x" }]), "invalidValue"),
            (json!([{ "op": "replace", "value": "x" }]), "invalidValue"),
            (json!([{ "op": "add", "path": "displayName" }]), "invalidValue"),
            (json!([{ "op": "replace", "path": "name", "value": "x" }]), "invalidValue"),
            (
                json!([{ "op": "remove", "path": "emails", "value": [{ "type": "work" }] }]),
                "invalidValue",
            ),
            (
                json!([{ "op": "replace", "path": "emails[type eq \"x\" and value pr].value", "value": "x" }]),
                "noTarget",
            ),
        ] {
            let refused =
                patched(user(), OF_USER, operations.clone()).expect_err(&operations.to_string());
            assert_eq!(refused.kind, Some(kind), "{operations}");
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_sent(path in "[a-zA-Z:.$\\[\\]\" ]{0,40}", op in "add|replace|remove") {
            let _ = patched(user(), OF_USER, json!([{ "op": op, "path": path, "value": [{ "value": "x" }] }]));
        }
    }
}
