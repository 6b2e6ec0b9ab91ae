//! What is told, as it comes. Each field is read by its name, so that a wrong one can be named; one
//! that is not known is refused, because what it says would be missing on the record.

use serde_json::{Map, Value};

use crate::domain::activity::{
    Accessed, Deed, GrantName, LONGEST_ID, LONGEST_NAME, LONGEST_RATIONALE, MOST_ACCESSED,
    MOST_AT_ONCE, Outcome, Report,
};
use crate::domain::text::clean;
use crate::domain::time::{Timestamp, to_micros};

/// What is told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The reports, in their order; at least one.
    pub reports: Vec<Report>,
    /// Whether they came as `items`.
    pub several: bool,
}

impl Batch {
    /// Where a field of a report stands: `grant`, `items[3].grant`.
    pub fn place(&self, at: usize, field: &str) -> String {
        if self.several { format!("items[{at}].{field}") } else { field.to_owned() }
    }
}

/// A field that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {why}")]
pub struct Misread {
    /// The field, as a path: `items[3].data_accessed[0].id`.
    pub field: String,
    /// What is wrong, and what is expected.
    pub why: String,
}

/// One report, or `{"items": […]}`.
///
/// # Errors
///
/// The first field that cannot be read.
pub fn read(mut document: Map<String, Value>) -> Result<Batch, Misread> {
    let Some(items) = document.remove("items") else {
        let report = report(Fields::new("", document))?;
        return Ok(Batch { reports: vec![report], several: false });
    };
    let misread = |why: String| Misread { field: "items".to_owned(), why };
    if let Some(other) = document.keys().next() {
        return Err(misread(format!("nothing may stand beside it, such as `{}`", shown(other))));
    }
    let Value::Array(items) = items else {
        return Err(misread("write a list of objects".to_owned()));
    };
    if items.is_empty() || items.len() > MOST_AT_ONCE {
        let count = items.len();
        return Err(misread(format!("write 1 to {MOST_AT_ONCE} objects; here are {count}")));
    }
    let reports = items.into_iter().enumerate().map(|(at, item)| {
        let place = format!("items[{at}]");
        let item = object(item, &place)?;
        report(Fields::new(&format!("{place}."), item))
    });
    Ok(Batch { reports: reports.collect::<Result<_, _>>()?, several: true })
}

fn object(value: Value, place: &str) -> Result<Map<String, Value>, Misread> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Misread { field: place.to_owned(), why: "write an object".to_owned() }),
    }
}

/// A name of the caller's choice, made safe to repeat.
fn shown(name: &str) -> String {
    clean(name, 60)
}

fn report(mut fields: Fields) -> Result<Report, Misread> {
    let agent = fields.name("agent_id", LONGEST_NAME)?;
    let evaluation =
        fields.parsed("evaluation_id", "write the id of an evaluation (eval_…)", |text| {
            text.parse().ok()
        })?;
    let grant =
        fields.parsed("grant", "write a grant's reference (G-1042) or id (gnt_…)", |text| {
            let id = text.parse().ok().map(GrantName::Id);
            id.or_else(|| text.parse().ok().map(GrantName::Reference))
        })?;
    let form = "write a moment as RFC 3339 has it, such as 2026-11-23T09:30:00Z";
    let occurred_at = fields.parsed("occurred_at", form, |text| {
        let moment = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        Some(to_micros(Timestamp::from(moment)))
    })?;
    let words = Outcome::ALL.map(Outcome::word).join(", ");
    let outcome = fields.parsed("outcome", &format!("write one of: {words}"), |text| {
        Outcome::ALL.into_iter().find(|outcome| outcome.word() == text)
    })?;
    let deed = Deed {
        model_version: fields.name("model_version", LONGEST_NAME)?,
        prompt_hash: fields.name("prompt_hash", LONGEST_NAME)?,
        decision_rationale: fields.text("decision_rationale", LONGEST_RATIONALE)?,
        task: fields.text("task", LONGEST_NAME)?,
        data_accessed: fields.accessed("data_accessed")?,
        outcome,
    };
    if deed.is_empty() && evaluation.is_none() {
        return Err(fields.misread(
            "decision_rationale",
            "nothing is told: say what was done (decision_rationale, data_accessed, outcome, \
             model_version, prompt_hash, task)",
        ));
    }
    fields.end()?;
    Ok(Report { agent, evaluation, grant, occurred_at, deed })
}

/// The fields of an object that are not read yet.
struct Fields {
    prefix: String,
    left: Map<String, Value>,
}

impl Fields {
    fn new(prefix: &str, left: Map<String, Value>) -> Self {
        Self { prefix: prefix.to_owned(), left }
    }

    fn misread(&self, field: &str, why: impl Into<String>) -> Misread {
        Misread { field: format!("{}{field}", self.prefix), why: why.into() }
    }

    /// A field that is there and not null.
    fn take(&mut self, field: &str) -> Option<Value> {
        self.left.remove(field).filter(|value| !value.is_null())
    }

    fn string(&mut self, field: &str) -> Result<Option<String>, Misread> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.misread(field, "write a text")),
        }
    }

    /// A text of people or agents, cleaned; none if nothing is left of it.
    fn text(&mut self, field: &str, longest: usize) -> Result<Option<String>, Misread> {
        let Some(text) = self.string(field)? else { return Ok(None) };
        let count = text.chars().count();
        if count > longest {
            return Err(self.misread(
                field,
                format!("it has {count} characters, and {longest} are kept: shorten it"),
            ));
        }
        Ok(Some(clean(&text, longest)).filter(|text| !text.is_empty()))
    }

    /// A name: it is not changed, so it must be clean.
    fn name(&mut self, field: &str, longest: usize) -> Result<Option<String>, Misread> {
        let Some(text) = self.string(field)? else { return Ok(None) };
        if text.is_empty() || text.chars().count() > longest || clean(&text, longest) != text {
            return Err(self.misread(
                field,
                format!("write 1 to {longest} visible characters, without white space around them"),
            ));
        }
        Ok(Some(text))
    }

    fn parsed<T>(
        &mut self,
        field: &str,
        form: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Misread> {
        let Some(text) = self.string(field)? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| self.misread(field, form))
    }

    fn needed(&mut self, field: &str, longest: usize) -> Result<String, Misread> {
        self.name(field, longest)?.ok_or_else(|| self.misread(field, "it is missing"))
    }

    /// A list of at most so many, or nothing.
    fn list(&mut self, field: &str) -> Result<Vec<Value>, Misread> {
        match self.take(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) if list.len() <= MOST_ACCESSED => Ok(list),
            Some(Value::Array(list)) => Err(self.misread(
                field,
                format!(
                    "here are {}, and at most {MOST_ACCESSED} are kept: tell more at once \
                         with `items`",
                    list.len()
                ),
            )),
            Some(_) => Err(self.misread(field, "write a list")),
        }
    }

    fn accessed(&mut self, field: &str) -> Result<Vec<Accessed>, Misread> {
        let list = self.list(field)?.into_iter().enumerate();
        let one = |(at, value)| {
            let place = format!("{}{field}[{at}]", self.prefix);
            let mut fields = Fields::new(&format!("{place}."), object(value, &place)?);
            let accessed = Accessed {
                kind: fields.needed("type", LONGEST_NAME)?,
                id: fields.needed("id", LONGEST_ID)?,
                fields: fields.names("fields")?,
            };
            fields.end()?;
            Ok(accessed)
        };
        list.map(one).collect()
    }

    fn names(&mut self, field: &str) -> Result<Vec<String>, Misread> {
        let list = self.list(field)?.into_iter().enumerate();
        list.map(|(at, value)| {
            let place = format!("{field}[{at}]");
            let mut one = Map::new();
            one.insert(place.clone(), value);
            Fields::new(&self.prefix, one).needed(&place, LONGEST_NAME)
        })
        .collect()
    }

    /// Nothing may be left.
    fn end(&self) -> Result<(), Misread> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.misread(&shown(name), "there is no such field")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn misread(document: Value) -> String {
        let Value::Object(document) = document else { panic!("{document}") };
        read(document).expect_err("it is wrong").to_string()
    }

    #[test]
    fn whatever_is_wrong_is_named() {
        let long = "x".repeat(5_000);
        let told: Vec<String> = [
            json!({}),
            json!({ "agent_id": "support-agent" }),
            json!({ "agent_id": 7, "outcome": "success" }),
            json!({ "agent_id": "a\u{202e}b", "outcome": "success" }),
            json!({ "outcome": "done" }),
            json!({ "outcome": "success", "rationale": "because" }),
            json!({ "decision_rationale": long }),
            json!({ "model_version": "" }),
            json!({ "outcome": "success", "evaluation_id": "gnt_01" }),
            json!({ "outcome": "success", "grant": "1042" }),
            json!({ "outcome": "success", "occurred_at": "yesterday" }),
            json!({ "data_accessed": { "type": "database" } }),
            json!({ "data_accessed": ["database"] }),
            json!({ "data_accessed": [{ "type": "database" }] }),
            json!({ "data_accessed": [{ "type": "database", "id": "7", "fields": ["a", 1] }] }),
            json!({ "data_accessed": [{ "type": "database", "id": "7", "row": 1 }] }),
            json!({ "data_accessed": vec![json!({ "type": "t", "id": "i" }); 201] }),
            json!({ "items": [] }),
            json!({ "items": vec![json!({ "outcome": "success" }); 1_001] }),
            json!({ "items": {} }),
            json!({ "items": [{ "outcome": "success" }], "agent_id": "a" }),
            json!({ "items": [{ "outcome": "success" }, 7] }),
            json!({ "items": [{ "outcome": "success" }, { "data_accessed": [{ "id": "" }] }] }),
        ]
        .into_iter()
        .map(misread)
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn everything_is_read_and_texts_are_cleaned() {
        let Value::Object(document) = json!({
            "agent_id": "support-agent",
            "model_version": "m-4.1",
            "prompt_hash": "sha256:ab12",
            "decision_rationale": " the customer\u{202e}\n asked ",
            "data_accessed": [
                { "type": "customer-account", "id": "c-7", "fields": ["email", "phone"] },
                { "type": "database", "id": "orders" },
            ],
            "evaluation_id": "eval_01J00000000000000000000000",
            "grant": "g-1042",
            "task": "ticket 7",
            "occurred_at": "2026-11-23T10:30:00.1234567+01:00",
            "outcome": "partial",
        }) else {
            panic!("an object")
        };
        insta::assert_debug_snapshot!(read(document).unwrap());
    }
}
