//! Puts one question to the rules that can apply to it.

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityUid,
    EvalResult, EvaluationError, Request, Response, RestrictedExpression,
};
use chrono::{Datelike, Timelike};
use serde_json::Value;

use super::objects::{Known, merged};
use super::schema::{Act, Kind};
use super::shape::{Shape, Values, Wrong, cedar_name, moment, values};
use super::source::Rule;
use super::table::Fits;
use super::{Compiled, Surroundings};
use crate::domain::evaluation::{AGENT, KnownAgent, Question};
use crate::policy::runtime::{Facts, Ruling};

/// What the rules say. The caller found those that fit.
pub(super) fn ask(
    compiled: &Compiled,
    fits: &Fits,
    question: &Question,
    facts: &Facts<'_>,
    surroundings: &Surroundings,
) -> Ruling {
    let asking = Asking { compiled, fits, question, facts, surroundings };
    match asking.respond() {
        Ok(response) => asking.ruling(&response),
        // Without a rule that forbids, what cannot be judged permits nothing, and that is all.
        Err(_) if !fits.forbids => Ruling::Silent,
        Err(what) => Ruling::CannotJudge { what },
    }
}

struct Asking<'a> {
    compiled: &'a Compiled,
    fits: &'a Fits,
    question: &'a Question,
    facts: &'a Facts<'a>,
    surroundings: &'a Surroundings,
}

impl<'a> Asking<'a> {
    fn respond(&self) -> Result<Response, String> {
        let (subject, resource) = (&self.question.subject, &self.question.resource);
        let kinds = (self.kind(&subject.kind)?, self.kind(&resource.kind)?);
        let act = self.act()?;
        let mut named = Vec::new();

        let id = self.facts.agent.map_or(subject.id.as_str(), |agent| agent.slug.as_str());
        let who = uid(kinds.0, id);
        let what = uid(kinds.1, &resource.id);
        let mut about_who = values(&kinds.0.members, &subject.properties, &mut named)
            .map_err(|wrong| wrong.within("subject").words())?;
        let mut about_what = values(&kinds.1.members, &resource.properties, &mut named)
            .map_err(|wrong| wrong.within("resource").words())?;
        if let Some(agent) = self.facts.agent {
            registered(agent, kinds.0, &mut about_who);
        }
        let objects = &self.compiled.objects;
        let known = (objects.get(&who), objects.get(&what));
        about_who = merged(known.0, about_who, true);
        about_what = merged(known.1, about_what, false);
        self.classified(kinds.1, known.1, &mut about_what);
        if who == what {
            // Who is asked about itself: what is known of it as a resource is known better.
            about_who.extend(about_what.drain());
        }
        // A property that no rule names makes no difference to any.
        about_who.retain(|name, _| self.fits.names.contains(name));
        about_what.retain(|name, _| self.fits.names.contains(name));
        let context = self.context(act, &mut named).map_err(|wrong| wrong.words())?;
        let context = Context::from_pairs(context)
            .map_err(|error| format!("the context cannot be used: {error}"))?;

        let mut entities = Vec::with_capacity(2 + self.fits.around.len());
        let parents =
            |known: Option<&Known>| known.map(|known| known.parents.clone()).unwrap_or_default();
        let cannot = |error| format!("a property cannot be used: {error}");
        entities.push(
            Entity::new(who.clone(), about_who, parents(known.0))
                .map_err(|e| cannot(e.to_string()))?,
        );
        // Nor does a resource that no rule looks at, and that nothing else can lead to.
        let led_to = || known.0.is_some() || known.1.is_some() || !named.is_empty();
        if who != what && (self.fits.looks_at_resource || led_to()) {
            entities.push(
                Entity::new(what.clone(), about_what, parents(known.1))
                    .map_err(|e| cannot(e.to_string()))?,
            );
        }
        let beside = [known.0, known.1].into_iter().flatten().flat_map(|known| &known.around);
        let reached = objects.around(&named);
        for entity in beside.chain(&self.fits.around).chain(&reached) {
            let uid = entity.uid();
            if entities.iter().all(|there| there.uid() != uid) {
                entities.push(entity.clone());
            }
        }
        let entities = Entities::from_entities(entities, None)
            .map_err(|error| format!("the entities cannot be used: {error}"))?;
        let request = Request::new(who, act.uid.clone(), what, context, None)
            .map_err(|error| format!("the question cannot be put: {error}"))?;
        let authorizer = Authorizer::new();
        let response = authorizer.is_authorized(&request, &self.fits.plain, &entities);
        if response.diagnostics().errors().next().is_none() {
            return Ok(response);
        }
        // The rules as they are written say where in them something is missing.
        Ok(authorizer.is_authorized(&request, &self.fits.set, &entities))
    }

    fn kind(&self, name: &str) -> Result<&'a Kind, String> {
        let kinds = &self.compiled.types.kinds;
        let found = kinds.get(name).or_else(|| kinds.get(&cedar_name(name)));
        found.ok_or_else(|| format!("the type {name} is unknown"))
    }

    fn act(&self) -> Result<&'a Act, String> {
        let name = &self.question.action.name;
        let found = self.compiled.types.actions.get(name);
        found.ok_or_else(|| format!("the action {name} is unknown"))
    }

    /// The sensitivity of a resource that the policy names: the policy's, or a higher one that is
    /// known or told of this very object. Nobody can make it lower.
    fn classified(&self, kind: &Kind, stored: Option<&Known>, about: &mut Values) {
        const LONG: &str = "sensitivity";
        const WORD: &str = "sensitivity_word";
        let Some(sensitivity) = self.surroundings.sensitivity else { return };
        let told = self.question.resource.properties.get(LONG).and_then(Value::as_i64);
        let stored = stored.and_then(|known| match known.entity.attr(LONG)?.ok()? {
            EvalResult::Long(long) => Some(long),
            _ => None,
        });
        let own = told.max(stored).and_then(super::ranked);
        let sensitivity = own.map_or(sensitivity, |own| own.max(sensitivity));
        if kind.members.contains_key(LONG) {
            let rank = RestrictedExpression::new_long(super::rank(sensitivity));
            about.insert(LONG.to_owned(), rank);
        }
        if kind.members.contains_key(WORD) {
            about.insert(WORD.to_owned(), text(sensitivity.word()));
        }
    }

    /// The caller's context, and what is known of the moment.
    fn context(&self, act: &Act, named: &mut Vec<EntityUid>) -> Result<Values, Wrong> {
        let mut context = values(&act.context, &self.question.context, named)
            .map_err(|wrong| wrong.within("context"))?;
        let mut put = |name: &str, value: &dyn Fn() -> RestrictedExpression| {
            if act.context.contains_key(name) {
                context.insert(name.to_owned(), value());
            }
        };
        let now = self.facts.now;
        let local = now.with_timezone(&self.surroundings.offset);
        let long = |n: u32| RestrictedExpression::new_long(i64::from(n));
        put("now", &|| moment(now));
        put("hour", &|| long(local.hour()));
        put("weekday", &|| long(local.weekday().number_from_monday()));
        put("granted", &|| RestrictedExpression::new_bool(self.facts.grant.is_some()));
        if let Some(Shape::Record(members)) = act.context.get("action") {
            // Never from the context: the properties of the action stand with the action.
            let properties = values(members, &self.question.action.properties, named)
                .map_err(|wrong| wrong.within("action"))?;
            context.remove("action");
            if let Ok(record) = RestrictedExpression::new_record(properties) {
                context.insert("action".to_owned(), record);
            }
        }
        Ok(context)
    }

    /// A rule that forbids comes first, then one that might, then one that permits.
    fn ruling(&self, response: &Response) -> Ruling {
        let said = response.diagnostics();
        let rules = || self.fits.rules.iter().filter_map(|i| self.compiled.rules.get(*i));
        let spoke = |forbids: bool| {
            rules().find(|rule| {
                let id: &str = &rule.id;
                rule.forbids == forbids
                    && said.reason().any(|reason| AsRef::<str>::as_ref(reason) == id)
            })
        };
        if response.decision() == Decision::Deny
            && let Some(rule) = spoke(true)
        {
            let (user, admin) = (rule.user.clone(), rule.admin.clone());
            return Ruling::Forbid { rule: rule.id.clone(), user, admin };
        }
        if said.errors().next().is_some() {
            let failed = |rule: &Rule| {
                said.errors().find_map(|error| {
                    let AuthorizationError::PolicyEvaluationError(error) = error;
                    let id: &str = error.policy_id().as_ref();
                    (id == rule.id).then(|| error.inner())
                })
            };
            for rule in rules().filter(|rule| rule.forbids) {
                if let Some(error) = failed(rule) {
                    return Ruling::CannotJudge { what: why(rule, error) };
                }
            }
        }
        if response.decision() == Decision::Allow
            && let Some(rule) = spoke(false)
        {
            return Ruling::Permit { rule: rule.id.clone() };
        }
        Ruling::Silent
    }
}

fn uid(kind: &Kind, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.name.clone(), EntityId::new(id))
}

fn text(words: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(words.to_owned())
}

/// What the registry knows of an agent, over whatever was claimed.
fn registered(agent: &KnownAgent, kind: &Kind, about: &mut Values) {
    let mut put = |name: &str, value: RestrictedExpression| {
        if kind.members.contains_key(name) {
            about.insert(name.to_owned(), value);
        }
    };
    put("slug", text(agent.slug.as_str()));
    put("tier", RestrictedExpression::new_long(i64::from(u8::from(agent.tier))));
    put("team", text(&agent.team));
    put("owner", text(&agent.owner.to_string()));
    put("model", text(&agent.model));
}

/// Why a rule could not be judged: what is missing, in the words of the rule.
fn why(rule: &Rule, error: &EvaluationError) -> String {
    let said = cedar_policy::ffi::DetailedError::from(error);
    let place = said.source_locations.first().map(|label| label.loc.start..label.loc.end);
    let place = place.and_then(|range| rule.text.get(range)).map(|text| {
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect::<String>()
    });
    let missing = matches!(
        error,
        EvaluationError::RecordAttrDoesNotExist(_)
            | EvaluationError::EntityAttrDoesNotExist(_)
            | EvaluationError::EntityDoesNotExist(_)
    );
    match place {
        Some(place) if missing => format!("{} is missing", path(&place, &said.message)),
        Some(place) => format!("{place}: {}", said.message),
        None => said.message,
    }
}

/// What is missing, as the rule writes it: Cedar's place is the whole expression around it, and its
/// message ends with the name of the attribute.
fn path<'t>(place: &'t str, message: &str) -> &'t str {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let found = message.rsplit('`').nth(1).and_then(|name| {
        let dotted = format!(".{name}");
        let mut ends = place.match_indices(&dotted).map(|(at, _)| at + dotted.len());
        let end = ends.find(|end| !place.get(*end..).unwrap_or_default().starts_with(word))?;
        let before = place.get(..end)?;
        let start = before.rfind(|c: char| !word(c) && c != '.').map_or(0, |at| at + 1);
        before.get(start..)
    });
    found.unwrap_or(place)
}

/// Whether the subject is called an agent.
pub(super) fn is_agent(question: &Question) -> bool {
    question.subject.kind == AGENT
}
