//! The rules of `*.cedar`, compiled. No type of Cedar's leaves this module.
//!
//! At load ([`Rules::compile`]) the schema becomes shapes and the rules are sorted by the kind of
//! question that they can apply to. A question is then looked up ([`Rules::rule`]): where no rule
//! can apply, nothing is built and nothing evaluated.

mod ask;
mod diagnostics;
mod objects;
mod schema;
mod shape;
mod source;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::Validator;
use chrono::FixedOffset;
use serde_json::Value;

use self::objects::{ENTITIES, Objects};
use self::schema::{SCHEMA, Types};
pub(in crate::policy) use self::shape::cedar_name;
use self::source::Rule;
use self::table::Table;
use super::{Facts, Ruling};
use crate::domain::access::Sensitivity;
use crate::domain::evaluation::{AGENT, Question};
use crate::policy::Mistake;
use crate::policy::read::Log;
use crate::policy::rules::Resource;

/// The rules, or none.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Rules(Option<Arc<Compiled>>);

#[derive(Debug)]
struct Compiled {
    types: Types,
    rules: Vec<Rule>,
    objects: Objects,
    table: Table,
}

/// What the policy says beside its rules.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Surroundings {
    /// How far the policy's clock is from UTC.
    pub(in crate::policy) offset: FixedOffset,
    /// The sensitivity of the resource in question, if the policy names it.
    pub(in crate::policy) sensitivity: Option<Sensitivity>,
}

/// A rule as others read of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct About<'r> {
    pub(in crate::policy) id: &'r str,
    pub(in crate::policy) forbids: bool,
    pub(in crate::policy) user: Option<&'r str>,
    pub(in crate::policy) admin: Option<&'r str>,
    /// What it says, without its spelling.
    pub(in crate::policy) meaning: &'r Value,
}

/// Whether the file belongs to the rules.
pub(in crate::policy) fn is_ours(name: &str) -> bool {
    name.ends_with(".cedar") || name == SCHEMA || name == ENTITIES
}

/// The number by which rules compare sensitivities: public 1, internal 2, confidential 3,
/// restricted 4.
const fn rank(sensitivity: Sensitivity) -> i64 {
    match sensitivity {
        Sensitivity::Public => 1,
        Sensitivity::Internal => 2,
        Sensitivity::Confidential => 3,
        Sensitivity::Restricted => 4,
    }
}

/// The sensitivity of such a number; of one above all, the highest.
fn ranked(number: i64) -> Option<Sensitivity> {
    match number {
        ..=0 => None,
        1 => Some(Sensitivity::Public),
        2 => Some(Sensitivity::Internal),
        3 => Some(Sensitivity::Confidential),
        4.. => Some(Sensitivity::Restricted),
    }
}

impl Rules {
    /// Reads the rules among these files, with all that they need. Mistakes and warnings are added
    /// to those that there are; without mistakes there are rules (or none were written).
    pub(in crate::policy) fn compile(
        files: &BTreeMap<String, String>,
        resources: &BTreeMap<String, Resource>,
        mistakes: &mut Vec<Mistake>,
        warnings: &mut Vec<Mistake>,
    ) -> Self {
        if !files.keys().any(|name| is_ours(name)) {
            return Self::default();
        }
        let before = mistakes.len();
        let mut reading = Reading { files, resources, mistakes, warnings };
        let compiled = reading.all();
        // Rules that would silently not be there are worse than any mistake.
        if compiled.is_none() && mistakes.len() == before {
            mistakes.push(Mistake {
                file: SCHEMA.to_owned(),
                line: 1,
                column: 1,
                what: "rules, schema and entities cannot be brought together".to_owned(),
                cure: "Write the schema as docs/policy.md shows it.".to_owned(),
            });
        }
        Self(compiled.map(Arc::new))
    }

    /// What the rules say to a question.
    pub(in crate::policy) fn rule(
        &self,
        question: &Question,
        facts: &Facts<'_>,
        surroundings: impl FnOnce() -> Surroundings,
    ) -> Ruling {
        let Some(compiled) = &self.0 else { return Ruling::Silent };
        // Nothing is allowed to an agent that nobody registered, whatever is claimed of it.
        if facts.agent.is_none() && ask::is_agent(question) {
            return Ruling::Silent;
        }
        let (subject, resource) = (&question.subject.kind, &question.resource.kind);
        match compiled.table.find(subject, &question.action.name, resource) {
            None => Ruling::Silent,
            Some(fits) => ask::ask(compiled, fits, question, facts, &surroundings()),
        }
    }

    /// All rules, in the order of files and lines.
    pub(in crate::policy) fn all(&self) -> impl Iterator<Item = About<'_>> {
        self.0.iter().flat_map(|compiled| &compiled.rules).map(Rule::about)
    }

    /// The rules that can apply when an agent does this to a resource of this type.
    pub(in crate::policy) fn for_agents(
        &self,
        action: &str,
        resource: &str,
    ) -> impl Iterator<Item = About<'_>> {
        self.0.iter().flat_map(move |compiled| {
            let fits = compiled.table.find(AGENT, action, resource);
            let places = fits.into_iter().flat_map(|fits| &fits.rules);
            places.filter_map(|i| compiled.rules.get(*i)).map(Rule::about)
        })
    }

    /// The ids of this type in `entities.json`, in order.
    pub(in crate::policy) fn known_entities(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(move |compiled| compiled.objects.ids(kind))
    }

    /// The actions that apply to resources of this type.
    pub(in crate::policy) fn known_actions(&self, kind: &str) -> impl Iterator<Item = &str> {
        let kind = cedar_name(kind);
        let actions = self.0.iter().flat_map(|compiled| &compiled.types.actions);
        actions.filter(move |(_, act)| act.resources.contains(&kind)).map(|(name, _)| name.as_str())
    }

    /// The types in the schema, as Cedar writes them.
    pub(in crate::policy) fn known_kinds(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|compiled| compiled.types.kinds.keys()).map(String::as_str)
    }

    /// The schema and the entities, without what is only their spelling.
    pub(in crate::policy) fn ground(&self) -> (Option<&Value>, Option<&Value>) {
        let compiled = self.0.as_ref();
        (compiled.map(|c| &c.types.meaning), compiled.map(|c| &c.objects.meaning))
    }
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.ground() == other.ground() && self.all().eq(other.all())
    }
}

impl Eq for Rules {}

impl Rule {
    fn about(&self) -> About<'_> {
        About {
            id: &self.id,
            forbids: self.forbids,
            user: self.user.as_deref(),
            admin: self.admin.as_deref(),
            meaning: &self.meaning,
        }
    }
}

/// The folder, while it is read.
struct Reading<'a> {
    files: &'a BTreeMap<String, String>,
    resources: &'a BTreeMap<String, Resource>,
    mistakes: &'a mut Vec<Mistake>,
    warnings: &'a mut Vec<Mistake>,
}

impl Reading<'_> {
    fn all(&mut self) -> Option<Compiled> {
        let sources: Vec<(&String, &String)> =
            self.files.iter().filter(|(name, _)| name.ends_with(".cedar")).collect();
        let types = self.types(!sources.is_empty());
        let objects = self.objects(types.as_ref());
        let mut taken = BTreeMap::new();
        let mut rules = Vec::new();
        for (name, text) in sources {
            let mut log = Log::new(name, text);
            let found = source::read(&mut log, name, text, &mut taken);
            if let Some(types) = &types {
                let validator = Validator::new(types.schema.clone());
                source::validate(&mut log, &validator, &found);
                self.covers(&mut log, types, &found);
            }
            self.done(log);
            rules.extend(found);
        }
        let types = types?;
        let objects = objects?;
        let listed = self.resources.keys().map(String::as_str);
        let table = Table::new(&rules, &types, &objects, listed)?;
        Some(Compiled { types, rules, objects, table })
    }

    fn types(&mut self, needed: bool) -> Option<Types> {
        let Some(text) = self.files.get(SCHEMA) else {
            if needed || self.files.contains_key(ENTITIES) {
                self.mistakes.push(Mistake {
                    file: SCHEMA.to_owned(),
                    line: 1,
                    column: 1,
                    what: format!("there is no {SCHEMA}, so rules and entities cannot be checked"),
                    cure: "Declare there what they speak of: manifests/policy has an example."
                        .to_owned(),
                });
            }
            return None;
        };
        let mut log = Log::new(SCHEMA, text);
        let listed: Vec<String> = self.resources.keys().map(|name| cedar_name(name)).collect();
        let types = schema::read(&mut log, text, &listed);
        if let Some(types) = &types {
            self.distinct(&mut log, types);
        }
        self.done(log);
        types
    }

    /// Two resources that Cedar cannot tell apart would share their rules.
    fn distinct(&self, log: &mut Log<'_>, types: &Types) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for name in self.resources.keys() {
            let cedar = cedar_name(name);
            if let Some(other) = seen.insert(cedar.clone(), name)
                && types.kinds.contains_key(&cedar)
            {
                log.mistake(
                    0,
                    format!("the type {cedar} stands for both {other} and {name} of policy.toml"),
                    "Rename one of them: Cedar writes _ for - . and /.",
                );
            }
        }
    }

    fn objects(&mut self, types: Option<&Types>) -> Option<Objects> {
        let Some(text) = self.files.get(ENTITIES) else { return Some(Objects::default()) };
        let mut log = Log::new(ENTITIES, text);
        let objects = types.and_then(|types| objects::read(&mut log, text, &types.schema));
        self.done(log);
        objects
    }

    /// A condition that is meant for everything must not pass over what the schema forgot.
    fn covers(&self, log: &mut Log<'_>, types: &Types, rules: &[Rule]) {
        for rule in rules.iter().filter(|rule| rule.forbids) {
            let mut missed = BTreeSet::new();
            for resource in self.resources.values() {
                let cedar = cedar_name(&resource.name);
                for action in resource.actions.keys() {
                    let declared = types
                        .actions
                        .get(action)
                        .is_some_and(|act| act.pairs().any(|pair| pair == (AGENT, cedar.as_str())));
                    if !declared && table::means(rule, action, &cedar, AGENT) {
                        missed.insert(format!("{}:{action}", resource.name));
                    }
                }
            }
            if !missed.is_empty() {
                let all: Vec<String> = missed.into_iter().collect();
                log.mistake(
                    rule.at,
                    format!(
                        "the condition \"{}\" would not hold for {}, which the schema does not \
                         let an {AGENT} do",
                        rule.id,
                        all.join(", ")
                    ),
                    "Add type and action to the schema, or say in the rule which resource it is \
                     about: resource is customer_account.",
                );
            }
        }
    }

    fn done(&mut self, log: Log<'_>) {
        let (mistakes, warnings) = log.finish();
        self.mistakes.extend(mistakes);
        self.warnings.extend(warnings);
    }
}
