//! Resources as JSON documents, and what is read of them. What this server does not keep is passed over:
//! an identity provider sends all that it knows (RFC 7644, section 3.3).

use std::collections::BTreeSet;

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::error::ScimError;
use super::filter::member;
use super::path::{GROUP, USER};
use crate::domain::identity_provider::{
    Email, GroupFacts, IdpGroup, IdpUser, NameParts, UserFacts,
};
use crate::domain::ids::IdpUserId;
use crate::domain::time::Timestamp;

/// The longest name, address or foreign id, in characters.
const LONGEST: usize = 320;
/// As many e-mail addresses are kept of one user.
const MOST_EMAILS: usize = 20;

/// A user as a document.
pub fn user(of: &IdpUser, base: &str) -> Value {
    let UserFacts { user_name, external_id, display_name, name, emails, active } = &of.facts;
    let mut document = json!({
        "schemas": [USER],
        "id": of.id,
        "userName": user_name,
        "meta": meta("User", &format!("{base}/Users/{}", of.id), of.created_at, of.changed_at),
    });
    put(&mut document, "externalId", external_id.as_deref());
    put(&mut document, "displayName", display_name.as_deref());
    put(&mut document, "active", *active);
    if let Some(NameParts { formatted, family, given }) = name {
        let mut parts = json!({});
        put(&mut parts, "formatted", formatted.as_deref());
        put(&mut parts, "familyName", family.as_deref());
        put(&mut parts, "givenName", given.as_deref());
        put(&mut document, "name", Some(parts));
    }
    if !emails.is_empty() {
        let emails = emails.iter().map(|Email { value, kind, primary }| {
            let mut email = json!({ "value": value });
            put(&mut email, "type", kind.as_deref());
            put(&mut email, "primary", *primary);
            email
        });
        put(&mut document, "emails", Some(emails.collect::<Value>()));
    }
    document
}

/// A group as a document.
pub fn group(of: &IdpGroup, base: &str) -> Value {
    let GroupFacts { display_name, external_id, members } = &of.facts;
    let mut document = json!({
        "schemas": [GROUP],
        "id": of.id,
        "displayName": display_name,
        "meta": meta("Group", &format!("{base}/Groups/{}", of.id), of.created_at, of.changed_at),
    });
    put(&mut document, "externalId", external_id.as_deref());
    if !members.is_empty() {
        let members = members
            .iter()
            .map(|id| json!({ "value": id, "$ref": format!("{base}/Users/{id}"), "type": "User" }));
        put(&mut document, "members", Some(members.collect::<Value>()));
    }
    document
}

/// A member, if there is a value for it.
fn put(document: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let (Some(members), Some(value)) = (document.as_object_mut(), value) {
        members.insert(name.to_owned(), value.into());
    }
}

fn meta(kind: &str, location: &str, created: Timestamp, changed: Timestamp) -> Value {
    let [created, changed] =
        [created, changed].map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
    json!({
        "resourceType": kind, "created": created, "lastModified": changed, "location": location,
    })
}

/// What a document says of a user.
pub fn user_facts(document: &Map<String, Value>) -> Result<UserFacts, ScimError> {
    let document = &Value::Object(document.clone());
    let name = match given(document, "name") {
        None => None,
        Some(parts @ Value::Object(_)) => {
            let read = NameParts {
                formatted: text(parts, "formatted", "name.formatted")?,
                family: text(parts, "familyName", "name.familyName")?,
                given: text(parts, "givenName", "name.givenName")?,
            };
            Some(read).filter(|read| *read != NameParts::default())
        }
        Some(_) => return Err(ScimError::value("name is to be an object")),
    };
    Ok(UserFacts {
        user_name: needed(document, "userName")?,
        external_id: text(document, "externalId", "externalId")?,
        display_name: text(document, "displayName", "displayName")?,
        name,
        emails: emails(document)?,
        active: flag(document, "active", "active")?,
    })
}

fn emails(document: &Value) -> Result<Vec<Email>, ScimError> {
    let mut emails = Vec::new();
    for email in list(document, "emails")? {
        let Some(value) = text(email, "value", "emails.value")? else { continue };
        emails.push(Email {
            value,
            kind: text(email, "type", "emails.type")?,
            primary: flag(email, "primary", "emails.primary")?,
        });
    }
    if emails.len() > MOST_EMAILS {
        return Err(ScimError::value(format!("at most {MOST_EMAILS} emails of one user are kept")));
    }
    if emails.iter().filter(|email| email.primary == Some(true)).count() > 1 {
        return Err(ScimError::value("only one of the emails can be the primary one"));
    }
    Ok(emails)
}

/// What a document says of a group.
pub fn group_facts(document: &Map<String, Value>) -> Result<GroupFacts, ScimError> {
    let document = &Value::Object(document.clone());
    let mut members = BTreeSet::new();
    for one in list(document, "members")? {
        let kind = text(one, "type", "members.type")?;
        if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("group")) {
            return Err(ScimError::value(
                "a group cannot be a member: let the identity provider push the people who are in it",
            ));
        }
        let Some(id) = text(one, "value", "members.value")? else {
            return Err(ScimError::value("a member is named by its value, the id of a user"));
        };
        members.insert(id.parse::<IdpUserId>().map_err(|_| no_such_user(&id))?);
    }
    Ok(GroupFacts {
        display_name: needed(document, "displayName")?,
        external_id: text(document, "externalId", "externalId")?,
        members,
    })
}

/// A member that nobody pushed.
pub fn no_such_user(id: &impl ToString) -> ScimError {
    ScimError::value(format!("there is no user {}: push users before their groups", id.to_string()))
}

/// A value that is there; null is none (RFC 7643, section 2.5).
fn given<'d>(document: &'d Value, name: &str) -> Option<&'d Value> {
    member(document, name).filter(|value| !value.is_null())
}

/// The elements of a list; one alone counts as a list of one.
fn list<'d>(document: &'d Value, name: &str) -> Result<Vec<&'d Value>, ScimError> {
    let all: Vec<&Value> = match given(document, name) {
        None => Vec::new(),
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
    };
    match all.iter().all(|one| one.is_object()) {
        true => Ok(all),
        false => Err(ScimError::value(format!("{name} is to be a list of objects"))),
    }
}

fn text(document: &Value, name: &str, path: &str) -> Result<Option<String>, ScimError> {
    match given(document, name) {
        None => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.chars().count() > LONGEST => {
            Err(ScimError::value(format!("{path} is longer than {LONGEST} characters")))
        }
        Some(Value::String(text)) if text.contains(char::is_control) => {
            Err(ScimError::value(format!("{path} has characters that cannot be shown")))
        }
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ScimError::value(format!("{path} is to be a text"))),
    }
}

fn needed(document: &Value, name: &str) -> Result<String, ScimError> {
    let found = text(document, name, name)?.filter(|text| !text.trim().is_empty());
    found.ok_or_else(|| ScimError::value(format!("{name} is missing")))
}

/// True or false; some providers write it as a text.
fn flag(document: &Value, name: &str, path: &str) -> Result<Option<bool>, ScimError> {
    match given(document, name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(_) => Err(ScimError::value(format!("{path} is to be true or false"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: Value) -> Result<UserFacts, ScimError> {
        user_facts(document.as_object().unwrap())
    }

    #[test]
    fn a_user_is_read_whatever_the_case_and_the_rest_is_passed_over() {
        let facts = read(json!({
            "schemas": [USER], "id": "theirs", "USERNAME": "dana@acme.example", "externalId": "00u1",
            "name": { "givenName": "Dana", "familyName": null }, "active": "False",
            "emails": [{ "value": "dana@acme.example", "type": "work", "primary": "true" }, { "type": "home" }],
            "title": "Developer",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Support" },
        }))
        .unwrap();
        assert_eq!((facts.user_name.as_str(), facts.active), ("dana@acme.example", Some(false)));
        assert_eq!(facts.name.unwrap().given.as_deref(), Some("Dana"));
        assert_eq!(facts.emails.len(), 1);
        assert_eq!(facts.emails[0].primary, Some(true));
        assert!(read(json!({ "userName": "dana" })).unwrap().may_work());
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        let many: Vec<Value> = (0..21).map(|n| json!({ "value": format!("{n}@a") })).collect();
        for odd in [
            json!({}),
            json!({ "userName": " " }),
            json!({ "userName": 7 }),
            json!({ "userName": "a\u{0}b" }),
            json!({ "userName": "a".repeat(321) }),
            json!({ "userName": "a", "active": "maybe" }),
            json!({ "userName": "a", "name": "Dana" }),
            json!({ "userName": "a", "emails": ["a@b"] }),
            json!({ "userName": "a", "emails": many }),
            json!({ "userName": "a", "emails": [
                { "value": "a@b", "primary": true }, { "value": "c@d", "primary": true },
            ] }),
        ] {
            assert_eq!(read(odd.clone()).expect_err(&odd.to_string()).kind, Some("invalidValue"));
        }
        for odd in [
            json!({}),
            json!({ "displayName": "a", "members": [{ "value": "nobody" }] }),
            json!({ "displayName": "a", "members": [{ "display": "Dana" }] }),
            json!({ "displayName": "a", "members": [{ "value": "x", "type": "Group" }] }),
            json!({ "displayName": "a", "members": "x" }),
        ] {
            let refused = group_facts(odd.as_object().unwrap()).expect_err(&odd.to_string());
            assert_eq!(refused.kind, Some("invalidValue"));
        }
    }
}
