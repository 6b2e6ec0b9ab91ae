//! Which rules can apply to which questions, found once at load.
//!
//! By their scopes alone: a rule is left out only where it could never apply. What it asks for
//! beyond its scope is for the evaluation.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cedar_policy::{
    ActionConstraint, Entity, EntityTypeName, EntityUid, Policy, PolicySet, PrincipalConstraint,
    ResourceConstraint,
};
use serde_json::{Value, json};

use super::objects::Objects;
use super::schema::{Act, Types};
use super::shape::cedar_name;
use super::source::{Rule, together};

/// The rules that can apply to questions of one kind.
#[derive(Debug, Clone)]
pub(super) struct Fits {
    pub(super) set: PolicySet,
    /// The same without what is known to hold for every such question: the types in their scopes.
    /// They are evaluated in two thirds of the time, and say the same, but not where in the file.
    pub(super) plain: PolicySet,
    /// What those speak of: no other property of anything can make a difference to them.
    pub(super) names: BTreeSet<String>,
    /// Whether they look at what the resource is, beyond its type.
    pub(super) looks_at_resource: bool,
    /// Their places in the list of all rules, in order.
    pub(super) rules: Vec<usize>,
    /// Whether one of them forbids.
    pub(super) forbids: bool,
    /// What they can reach beside what the question is about: the groups of the action, and
    /// entities that they name.
    pub(super) around: Vec<Entity>,
}

/// All rules, by the kind of question.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// Types by the names that services use, and by those in Cedar.
    kinds: HashMap<String, u32>,
    actions: HashMap<String, u32>,
    fits: HashMap<(u32, u32, u32), Fits>,
}

impl Table {
    /// The rules for a subject of this type that does this to a resource of this type.
    pub(super) fn find(&self, subject: &str, action: &str, resource: &str) -> Option<&Fits> {
        let key = (self.kind(subject)?, *self.actions.get(action)?, self.kind(resource)?);
        self.fits.get(&key)
    }

    fn kind(&self, name: &str) -> Option<u32> {
        self.kinds.get(name).or_else(|| self.kinds.get(&cedar_name(name))).copied()
    }

    /// Sorts the rules; `None` if Cedar does not take them. `listed` are names that services use for
    /// types.
    pub(super) fn new<'n>(
        rules: &[Rule],
        types: &Types,
        objects: &Objects,
        listed: impl Iterator<Item = &'n str>,
    ) -> Option<Self> {
        let mut table = Self::default();
        for (number, name) in (0..).zip(types.kinds.keys()) {
            table.kinds.insert(name.clone(), number);
        }
        for name in listed {
            if let Some(number) = table.kinds.get(&cedar_name(name)).copied() {
                table.kinds.insert(name.to_owned(), number);
            }
        }
        let groups = Groups::of(types)?;
        for (number, (name, act)) in (0..).zip(&types.actions) {
            table.actions.insert(name.clone(), number);
            for (subject, resource) in act.pairs() {
                let (Some(p), Some(r)) = (table.kind(subject), table.kind(resource)) else {
                    continue;
                };
                let that: Vec<(usize, &Rule)> = rules
                    .iter()
                    .enumerate()
                    .filter(|(_, rule)| scope(rule, types, &groups, subject, act, resource))
                    .collect();
                if !that.is_empty() {
                    table.fits.insert((p, number, r), fits(&that, &groups, objects, act)?);
                }
            }
        }
        Some(table)
    }
}

impl Act {
    /// The types that it applies to: who, and to what.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.principals
            .iter()
            .flat_map(|p| self.resources.iter().map(move |r| (p.as_str(), r.as_str())))
    }
}

/// The groups that actions are in.
struct Groups(BTreeMap<EntityUid, (Entity, HashSet<EntityUid>)>);

impl Groups {
    fn of(types: &Types) -> Option<Self> {
        let all = types.schema.action_entities().ok()?.into_iter();
        Some(Self(all.map(|e| (e.uid(), (e.clone(), e.into_inner().2))).collect()))
    }

    fn contains(&self, group: &EntityUid, action: &EntityUid) -> bool {
        group == action || self.0.get(action).is_some_and(|(_, groups)| groups.contains(group))
    }
}

fn fits(rules: &[(usize, &Rule)], groups: &Groups, objects: &Objects, act: &Act) -> Option<Fits> {
    let named: Vec<EntityUid> =
        rules.iter().flat_map(|(_, rule)| rule.policy.entity_literals()).collect();
    let mut around = objects.around(&named);
    around.retain(|entity| entity.uid().type_name() != act.uid.type_name());
    let action = groups.0.get(&act.uid).filter(|(_, groups)| !groups.is_empty());
    around.extend(action.map(|(entity, _)| entity.clone()));
    let plain: Vec<Policy> = rules.iter().map(|(_, rule)| plain(&rule.policy)).collect();
    let mut said = Said { names: BTreeSet::new(), resource: false };
    for policy in &plain {
        said.resource |= !matches!(policy.resource_constraint(), ResourceConstraint::Any);
        // What is named may lead to it.
        said.resource |= !policy.entity_literals().is_empty();
        said.read(policy.to_json().ok()?.get("conditions")?);
    }
    Some(Fits {
        plain: PolicySet::from_policies(plain).ok()?,
        names: said.names,
        looks_at_resource: said.resource,
        set: together(rules.iter().map(|(_, rule)| *rule))?,
        forbids: rules.iter().any(|(_, rule)| rule.forbids),
        rules: rules.iter().map(|(number, _)| *number).collect(),
        around,
    })
}

fn scope(
    rule: &Rule,
    types: &Types,
    groups: &Groups,
    subject: &str,
    act: &Act,
    resource: &str,
) -> bool {
    let principal = match rule.policy.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Is(kind) | PrincipalConstraint::IsIn(kind, _) => is(&kind, subject),
        PrincipalConstraint::Eq(uid) => is(uid.type_name(), subject),
        PrincipalConstraint::In(uid) => within(types, &uid, subject),
    };
    let action = match rule.policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => uid == act.uid,
        ActionConstraint::In(all) => all.iter().any(|group| groups.contains(group, &act.uid)),
    };
    let resource = match rule.policy.resource_constraint() {
        ResourceConstraint::Any => true,
        ResourceConstraint::Is(kind) | ResourceConstraint::IsIn(kind, _) => is(&kind, resource),
        ResourceConstraint::Eq(uid) => is(uid.type_name(), resource),
        ResourceConstraint::In(uid) => within(types, &uid, resource),
    };
    principal && action && resource
}

/// The rule as it reads for the questions that it was found for: that subject and resource are of
/// its types, and that the action is one of its own, needs not be asked again.
fn plain(policy: &Policy) -> Policy {
    let types_alone = [
        ("principal", matches!(policy.principal_constraint(), PrincipalConstraint::Is(_))),
        ("action", !matches!(policy.action_constraint(), ActionConstraint::Any)),
        ("resource", matches!(policy.resource_constraint(), ResourceConstraint::Is(_))),
    ];
    let rewritten = || {
        let Value::Object(mut text) = policy.to_json().ok()? else { return None };
        for (part, _) in types_alone.into_iter().filter(|(_, known)| *known) {
            text.insert(part.to_owned(), json!({ "op": "All" }));
        }
        Policy::from_json(Some(policy.id().clone()), Value::Object(text)).ok()
    };
    rewritten().unwrap_or_else(|| policy.clone())
}

/// What conditions speak of, as far as it is read (in Cedar's JSON form of them).
struct Said {
    /// The names of attributes, of whatever they are.
    names: BTreeSet<String>,
    /// Whether the resource is among it.
    resource: bool,
}

impl Said {
    fn read(&mut self, part: &Value) {
        match part {
            Value::Object(members) => {
                for (name, value) in members {
                    match (name.as_str(), value) {
                        ("attr", Value::String(name)) => drop(self.names.insert(name.clone())),
                        ("Var", Value::String(name)) => self.resource |= name == "resource",
                        _ => self.read(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            _ => {}
        }
    }
}

fn is(kind: &EntityTypeName, name: &str) -> bool {
    kind.to_string() == name
}

/// Whether something of this type can be within that, or be it.
fn within(types: &Types, group: &EntityUid, name: &str) -> bool {
    let Some(kind) = types.kinds.get(name) else { return false };
    let above = types.schema.ancestors(&kind.name);
    group.type_name() == &kind.name
        || above.is_some_and(|mut kinds| kinds.any(|kind| kind == group.type_name()))
}

/// Whether the rule would apply to agents doing this to that, as far as its scope says, were they
/// in the schema.
pub(super) fn means(rule: &Rule, action: &str, resource: &str, agent: &str) -> bool {
    let named = |uid: &EntityUid| AsRef::<str>::as_ref(uid.id()) == action;
    (match rule.policy.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Is(kind) | PrincipalConstraint::IsIn(kind, _) => is(&kind, agent),
        PrincipalConstraint::Eq(uid) => is(uid.type_name(), agent),
        PrincipalConstraint::In(_) => false,
    }) && (match rule.policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => named(&uid),
        ActionConstraint::In(all) => all.iter().any(named),
    }) && (match rule.policy.resource_constraint() {
        ResourceConstraint::Any => true,
        ResourceConstraint::Is(kind) | ResourceConstraint::IsIn(kind, _) => is(&kind, resource),
        ResourceConstraint::Eq(uid) => is(uid.type_name(), resource),
        ResourceConstraint::In(_) => false,
    })
}
