//! Reads `schema.cedarschema`: checks it, and compiles it to shapes.

use std::collections::BTreeMap;

use cedar_policy::{
    EntityId, EntityTypeName, EntityUid, Schema, schema_str_to_json_with_resolved_types,
};
use serde_json::Value;

use super::diagnostics;
use super::shape::{Members, Shape};
use crate::domain::evaluation::AGENT;
use crate::policy::read::Log;

/// The file's name in the folder.
pub(in crate::policy) const SCHEMA: &str = "schema.cedarschema";

/// What the registry says of every agent, and how the schema writes it.
const OF_AGENTS: [(&str, Shape, &str); 5] = [
    ("slug", Shape::Text, "String"),
    ("tier", Shape::Long, "Long"),
    ("team", Shape::Text, "String"),
    ("owner", Shape::Text, "String"),
    ("model", Shape::Text, "String"),
];

/// What is said of every moment, where the schema has a place for it in the context.
const OF_MOMENTS: [(&str, Shape, &str); 4] = [
    ("now", Shape::Moment, "datetime"),
    ("hour", Shape::Long, "Long"),
    ("weekday", Shape::Long, "Long"),
    ("granted", Shape::Flag, "Bool"),
];

/// What is said of every resource of `policy.toml`, where the schema has a place for it.
const OF_RESOURCES: [(&str, Shape, &str); 2] =
    [("sensitivity", Shape::Long, "Long"), ("sensitivity_word", Shape::Text, "String")];

/// The schema, and the shapes that it gives.
#[derive(Debug, Clone)]
pub(super) struct Types {
    pub(super) schema: Schema,
    /// By the name in Cedar.
    pub(super) kinds: BTreeMap<String, Kind>,
    /// By name.
    pub(super) actions: BTreeMap<String, Act>,
    /// The schema without what is only its spelling.
    pub(super) meaning: Value,
}

/// A type of entities.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) name: EntityTypeName,
    pub(super) members: Members,
}

/// An action.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) uid: EntityUid,
    /// The types of those who may do it, by their names in Cedar.
    pub(super) principals: Vec<String>,
    /// The types of what it may be done to.
    pub(super) resources: Vec<String>,
    pub(super) context: Members,
}

/// Reads the schema; what is wrong with it is noted. `listed` are the resources of `policy.toml` by
/// their names in Cedar.
pub(super) fn read(log: &mut Log<'_>, text: &str, listed: &[String]) -> Option<Types> {
    let (schema, warnings) = match Schema::from_cedarschema_str(text) {
        Ok((schema, warnings)) => (schema, warnings),
        Err(error) => {
            diagnostics::mistakes(
                log,
                &(&error).into(),
                "Correct the schema (see docs/policy.md).",
            );
            return None;
        }
    };
    for warning in warnings {
        diagnostics::warning(log, &(&warning).into(), "Check that this is meant.");
    }
    let (meaning, _) = match schema_str_to_json_with_resolved_types(text) {
        Ok(json) => json,
        Err(error) => {
            diagnostics::mistakes(
                log,
                &(&error).into(),
                "Correct the schema (see docs/policy.md).",
            );
            return None;
        }
    };
    let spaces = meaning.as_object()?;
    for space in spaces.keys().filter(|space| !space.is_empty()) {
        log.mistake(
            text.find("namespace").unwrap_or_default(),
            format!("the schema has the namespace {space}"),
            "Take it away: services ask by plain names, like \"customer-account\".",
        );
    }
    let space = spaces.get("")?;
    let reading = Reading { space, text };
    let kinds = reading.kinds(log)?;
    let actions = reading.actions()?;
    let types = Types { schema, kinds, actions, meaning: meaning.clone() };
    types.what_is_supplied(log, text, listed);
    Some(types)
}

struct Reading<'a> {
    space: &'a Value,
    text: &'a str,
}

impl Reading<'_> {
    fn kinds(&self, log: &mut Log<'_>) -> Option<BTreeMap<String, Kind>> {
        let mut kinds = BTreeMap::new();
        for (name, entity) in self.space.get("entityTypes")?.as_object()? {
            if entity.get("tags").is_some() {
                log.mistake(
                    place(self.text, name),
                    format!("the type {name} has tags, which no question can carry"),
                    "Use attributes.",
                );
            }
            let members = entity.get("shape").map_or(Some(Members::new()), |s| self.members(s))?;
            kinds.insert(name.clone(), Kind { name: name.parse().ok()?, members });
        }
        Some(kinds)
    }

    fn actions(&self) -> Option<BTreeMap<String, Act>> {
        let action: EntityTypeName = "Action".parse().ok()?;
        let mut actions = BTreeMap::new();
        for (name, about) in self.space.get("actions")?.as_object()? {
            let applies = about.get("appliesTo");
            let names = |key: &str| -> Vec<String> {
                let list = applies.and_then(|a| a.get(key)).and_then(Value::as_array);
                let names = list.into_iter().flatten().filter_map(Value::as_str);
                names.map(str::to_owned).collect()
            };
            let context = applies.and_then(|a| a.get("context"));
            let act = Act {
                uid: EntityUid::from_type_name_and_id(action.clone(), EntityId::new(name)),
                principals: names("principalTypes"),
                resources: names("resourceTypes"),
                context: context.map_or(Some(Members::new()), |c| self.members(c))?,
            };
            actions.insert(name.clone(), act);
        }
        Some(actions)
    }

    /// The members of a type that is a record, by itself or by another name.
    fn members(&self, json: &Value) -> Option<Members> {
        match self.shape(json)? {
            Shape::Record(members) => Some(members),
            _ => None,
        }
    }

    /// The shape of a type in the JSON form of schemas. Types that have a name never contain
    /// themselves; Cedar sees to that.
    fn shape(&self, json: &Value) -> Option<Shape> {
        let name = || json.get("name").and_then(Value::as_str);
        let shape = match json.get("type")?.as_str()? {
            "String" => Shape::Text,
            "Long" => Shape::Long,
            "Boolean" | "Bool" => Shape::Flag,
            "Set" => Shape::Set(Box::new(self.shape(json.get("element")?)?)),
            "Record" => {
                let attributes = json.get("attributes").and_then(Value::as_object);
                let each = attributes
                    .into_iter()
                    .flatten()
                    .map(|(name, json)| Some((name.clone(), self.shape(json)?)));
                Shape::Record(each.collect::<Option<Members>>()?)
            }
            "Entity" => Shape::Entity(name()?.parse().ok()?),
            "Extension" => primitive(name()?)?,
            "EntityOrCommon" => return self.named(name()?),
            other => return self.named(other),
        };
        Some(shape)
    }

    fn named(&self, name: &str) -> Option<Shape> {
        if let Some(json) = self.space.get("commonTypes").and_then(|types| types.get(name)) {
            return self.shape(json);
        }
        let known = self.space.get("entityTypes").and_then(|types| types.get(name)).is_some();
        if known { name.parse().ok().map(Shape::Entity) } else { primitive(name) }
    }
}

/// The types that are always there.
fn primitive(name: &str) -> Option<Shape> {
    Some(match name.strip_prefix("__cedar::").unwrap_or(name) {
        "String" => Shape::Text,
        "Long" => Shape::Long,
        "Bool" | "Boolean" => Shape::Flag,
        "ipaddr" => Shape::Address,
        "decimal" => Shape::Decimal,
        "datetime" => Shape::Moment,
        "duration" => Shape::Duration,
        _ => return None,
    })
}

impl Types {
    /// Whether the places for what this program says are there and of the right kind.
    fn what_is_supplied(&self, log: &mut Log<'_>, text: &str, listed: &[String]) {
        if let Some(agent) = self.kinds.get(AGENT) {
            for (name, shape, written) in &OF_AGENTS {
                let what = match agent.members.get(*name) {
                    Some(found) if found == shape => continue,
                    Some(_) => format!("the type {AGENT} has {name} of another kind"),
                    None => format!("the type {AGENT} has no {name}"),
                };
                log.mistake(
                    place(text, AGENT),
                    what,
                    format!(
                        "The registry knows it of every agent: write entity {AGENT} = {{ {name}: \
                         {written}, … }}."
                    ),
                );
            }
        }
        for name in listed {
            let Some(kind) = self.kinds.get(name) else { continue };
            let about = format!("the type {name}");
            supplied(log, place(text, name), &about, &kind.members, &OF_RESOURCES);
        }
        for (name, act) in &self.actions {
            let at =
                text.find(&format!("\"{name}\"")).or_else(|| text.find(&format!("action {name}")));
            let about = format!("the context of the action {name}");
            supplied(log, at.unwrap_or_default(), &about, &act.context, &OF_MOMENTS);
            if let Some(shape) = act.context.get("action")
                && !matches!(shape, Shape::Record(_))
            {
                log.mistake(
                    at.unwrap_or_default(),
                    format!("{about} has action of another kind"),
                    "The properties of the action stand there: write action?: { soft?: Bool, … }.",
                );
            }
        }
    }
}

/// Notes what is there and of another kind than what is put there.
fn supplied(
    log: &mut Log<'_>,
    at: usize,
    about: &str,
    members: &Members,
    what: &[(&str, Shape, &str)],
) {
    for (name, shape, written) in what {
        if members.get(*name).is_some_and(|found| found != shape) {
            log.mistake(
                at,
                format!("{about} has {name} of another kind"),
                format!("It is filled in for you: write {name}: {written}, or leave it out."),
            );
        }
    }
}

/// Where a type is declared, as well as can be told from the text.
fn place(text: &str, name: &str) -> usize {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .find(|(at, _)| {
            let before = text.get(..*at).unwrap_or_default();
            let after = text.get(at + name.len()..).unwrap_or_default();
            let line = before.rsplit(['\n', ';']).next().unwrap_or_default();
            !before.ends_with(word)
                && !after.starts_with(word)
                && line.trim_start().starts_with("entity")
        })
        .map_or(0, |(at, _)| at)
}
