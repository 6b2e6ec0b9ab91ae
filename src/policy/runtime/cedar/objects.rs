//! What the policy knows by itself: `entities.json`.

use std::collections::{BTreeMap, HashMap, HashSet};

use cedar_policy::{Entities, Entity, EntityUid, EvalResult, RestrictedExpression, Schema};
use serde_json::Value;

use super::shape::{Values, cedar_name};
use crate::domain::evaluation::AGENT;
use crate::policy::read::Log;

/// The file's name in the folder.
pub(in crate::policy) const ENTITIES: &str = "entities.json";

/// Something that the policy knows.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) entity: Entity,
    pub(super) attributes: HashMap<String, RestrictedExpression>,
    /// All that it is within, however far up.
    pub(super) parents: HashSet<EntityUid>,
    /// What a rule can reach from it, through parents and attributes, itself not counted.
    pub(super) around: Vec<Entity>,
}

/// All that the policy knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Objects {
    all: HashMap<EntityUid, Known>,
    /// The ids of each type, by its name in Cedar.
    ids: BTreeMap<String, Vec<String>>,
    /// The file without what is only its spelling.
    pub(super) meaning: Value,
}

impl Objects {
    pub(super) fn get(&self, uid: &EntityUid) -> Option<&Known> {
        self.all.get(uid)
    }

    /// The ids of this type.
    pub(super) fn ids(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.ids.get(&cedar_name(kind)).into_iter().flatten().map(String::as_str)
    }

    /// What a rule can reach from these entities, they themselves included.
    pub(super) fn around<'u>(&self, uids: impl IntoIterator<Item = &'u EntityUid>) -> Vec<Entity> {
        let mut found: BTreeMap<EntityUid, Entity> = BTreeMap::new();
        for known in uids.into_iter().filter_map(|uid| self.all.get(uid)) {
            for entity in std::iter::once(&known.entity).chain(&known.around) {
                found.insert(entity.uid(), entity.clone());
            }
        }
        found.into_values().collect()
    }
}

/// Reads the file; what is wrong with it is noted.
pub(super) fn read(log: &mut Log<'_>, text: &str, schema: &Schema) -> Option<Objects> {
    let json: Value = match serde_json::from_str(text) {
        Ok(json) => json,
        Err(error) => {
            let at = offset(text, error.line(), error.column());
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            log.mistake(at, format!("this is not JSON: {what}"), "See https://json.org.");
            return None;
        }
    };
    let Some(list) = json.as_array() else {
        log.mistake(
            0,
            "the entities are no list",
            "Write [{\"uid\": {\"type\": \"user\", \"id\": \"alice\"}, \"attrs\": {}, \"parents\": []}].",
        );
        return None;
    };
    let mut good = true;
    for one in list {
        // One by one, so that each mistake is said, with its place.
        let id = one.pointer("/uid/id").and_then(Value::as_str);
        let at = id.and_then(|id| text.find(&Value::from(id).to_string())).unwrap_or_default();
        if one.pointer("/uid/type").and_then(Value::as_str) == Some(AGENT) {
            let id = id.unwrap_or_default().escape_debug();
            log.mistake(
                at,
                format!("the agent \"{id}\" stands here"),
                "Take it out: the registry knows the agents, and what is true of them.",
            );
            good = false;
        } else if let Err(error) = Entity::from_json_value(one.clone(), Some(schema)) {
            let said = cedar_policy::ffi::DetailedError::from(&error);
            let what = said.message.split_whitespace().collect::<Vec<_>>().join(" ");
            log.mistake(
                at,
                what.trim_end_matches('.'),
                "Correct it, or declare it in schema.cedarschema.",
            );
            good = false;
        }
    }
    if !good {
        return None;
    }
    let entities = match Entities::from_json_value(json.clone(), Some(schema)) {
        Ok(entities) => entities,
        Err(error) => {
            let said = cedar_policy::ffi::DetailedError::from(&error);
            let what = said.message.split_whitespace().collect::<Vec<_>>().join(" ");
            log.mistake(0, what.trim_end_matches('.'), "Correct the entities.");
            return None;
        }
    };
    Some(objects(entities, json))
}

fn objects(entities: Entities, meaning: Value) -> Objects {
    let mut objects = Objects { meaning, ..Objects::default() };
    let mut near: HashMap<EntityUid, Vec<EntityUid>> = HashMap::new();
    for entity in entities {
        let mut named = Vec::new();
        entity.attrs().filter_map(|(_, value)| value.ok()).for_each(|v| names(&v, &mut named));
        let uid = entity.uid();
        near.insert(uid.clone(), named);
        let (_, attributes, parents) = entity.clone().into_inner();
        // Actions are of the schema.
        let kind = uid.type_name().to_string();
        if kind != "Action" {
            let id = AsRef::<str>::as_ref(uid.id()).to_owned();
            objects.ids.entry(kind).or_default().push(id);
        }
        let known = Known { entity, attributes, parents, around: Vec::new() };
        objects.all.insert(uid, known);
    }
    objects.ids.values_mut().for_each(|ids| ids.sort_unstable());
    let around: Vec<(EntityUid, Vec<Entity>)> =
        objects.all.keys().map(|uid| (uid.clone(), reach(&objects, &near, uid))).collect();
    for (uid, around) in around {
        if let Some(known) = objects.all.get_mut(&uid) {
            known.around = around;
        }
    }
    objects
}

/// All that can be reached from one, itself not counted.
fn reach(
    objects: &Objects,
    near: &HashMap<EntityUid, Vec<EntityUid>>,
    from: &EntityUid,
) -> Vec<Entity> {
    let mut found: BTreeMap<&EntityUid, &Entity> = BTreeMap::new();
    let mut open = vec![from];
    while let Some(uid) = open.pop() {
        let Some((uid, known)) = objects.all.get_key_value(uid) else { continue };
        if found.insert(uid, &known.entity).is_none() {
            open.extend(&known.parents);
            open.extend(near.get(uid).into_iter().flatten());
        }
    }
    found.remove(from);
    found.into_values().cloned().collect()
}

/// The entities that a value names.
fn names(value: &EvalResult, into: &mut Vec<EntityUid>) {
    match value {
        EvalResult::EntityUid(uid) => into.push(uid.clone()),
        EvalResult::Set(set) => set.iter().for_each(|value| names(value, into)),
        EvalResult::Record(record) => record.iter().for_each(|(_, value)| names(value, into)),
        EvalResult::Bool(_)
        | EvalResult::Long(_)
        | EvalResult::String(_)
        | EvalResult::ExtensionValue(_) => {}
    }
}

/// The values of one that is known, changed by what a question says.
pub(super) fn merged(stored: Option<&Known>, said: Values, said_wins: bool) -> Values {
    let Some(known) = stored else { return said };
    let mut values = known.attributes.clone();
    for (name, value) in said {
        if said_wins || !values.contains_key(&name) {
            values.insert(name, value);
        }
    }
    values
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before + column.saturating_sub(1)
}
