//! Requests, as they come. Fields that are not known are passed over.

use serde::Deserialize;
use serde_json::Value;

use crate::api::extract::Object;
use crate::api::problem::Problem;
use crate::domain::evaluation::{Action, Entity, Properties, Question};
use crate::pdp::bundle::Semantic;

/// The most questions that may be asked at once.
pub const MOST: usize = 1_000;
/// The longest type, name or id, in bytes.
pub const LONGEST_NAME: usize = 1_024;

/// One question, with what may be left out where something else stands in for it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Part {
    subject: Option<Object<Entity>>,
    action: Option<Object<Action>>,
    resource: Option<Object<Entity>>,
    context: Option<Properties>,
}

/// A question that is not whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// Something is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A name is too long.
    #[error("`{0}` is longer than {LONGEST_NAME} bytes")]
    TooLong(&'static str),
    /// Something is not what it must be.
    #[error("it is not understood: {0}")]
    Malformed(String),
}

impl From<Unclear> for Problem {
    fn from(unclear: Unclear) -> Self {
        Self::malformed(format!("the question cannot be answered: {unclear}"))
    }
}

impl Part {
    /// The whole question.
    ///
    /// # Errors
    ///
    /// What is missing or too long.
    pub fn whole(self) -> Result<Question, Unclear> {
        self.over(&Self::default())
    }

    /// The question, with what it leaves out taken from `defaults`.
    fn over(self, defaults: &Self) -> Result<Question, Unclear> {
        let subject = self.subject.or_else(|| defaults.subject.clone());
        let action = self.action.or_else(|| defaults.action.clone());
        let resource = self.resource.or_else(|| defaults.resource.clone());
        let context = self.context.or_else(|| defaults.context.clone());
        let question = Question {
            subject: subject.ok_or(Unclear::Missing("subject"))?.0,
            action: action.ok_or(Unclear::Missing("action"))?.0,
            resource: resource.ok_or(Unclear::Missing("resource"))?.0,
            context: context.unwrap_or_default(),
            for_whom: None,
        };
        fits(&question)?;
        Ok(question)
    }
}

/// Names are kept on the record, so they have an end.
pub(super) fn fits(question: &Question) -> Result<(), Unclear> {
    let names = [
        ("subject.type", &question.subject.kind),
        ("subject.id", &question.subject.id),
        ("action.name", &question.action.name),
        ("resource.type", &question.resource.kind),
        ("resource.id", &question.resource.id),
    ];
    match names.into_iter().find(|(_, name)| name.len() > LONGEST_NAME) {
        Some((which, _)) => Err(Unclear::TooLong(which)),
        None => Ok(()),
    }
}

/// Several questions at once.
#[derive(Debug, Clone, Deserialize)]
pub struct Many {
    #[serde(flatten)]
    defaults: Part,
    evaluations: Option<Vec<Value>>,
    options: Option<Object<Options>>,
}

/// How several questions are answered.
#[derive(Debug, Clone, Default, Deserialize)]
struct Options {
    evaluations_semantic: Option<String>,
}

/// What was asked: one question, or several.
#[derive(Debug, Clone)]
pub enum Asked {
    /// One, to be answered alone.
    One(Question),
    /// Several; one that is not whole is answered with why.
    Several(Vec<Result<Question, Unclear>>, Semantic),
}

impl Many {
    /// What was asked.
    ///
    /// # Errors
    ///
    /// The whole of it is malformed.
    pub fn asked(self) -> Result<Asked, Problem> {
        let semantic = match self.options.unwrap_or_default().0.evaluations_semantic.as_deref() {
            None | Some("execute_all") => Semantic::ExecuteAll,
            Some("deny_on_first_deny") => Semantic::DenyOnFirstDeny,
            Some("permit_on_first_permit") => Semantic::PermitOnFirstPermit,
            Some(_) => {
                return Err(Problem::malformed(
                    "`options.evaluations_semantic` is none of `execute_all`, \
                     `deny_on_first_deny` and `permit_on_first_permit`",
                ));
            }
        };
        let parts = self.evaluations.unwrap_or_default();
        if parts.is_empty() {
            return Ok(Asked::One(self.defaults.whole()?));
        }
        if parts.len() > MOST {
            return Err(Problem::malformed(format!(
                "{} evaluations are too many at once: ask at most {MOST}",
                parts.len()
            )));
        }
        let question = |part: Value| {
            let part: Object<Part> =
                serde_json::from_value(part).map_err(|e| Unclear::Malformed(e.to_string()))?;
            part.0.over(&self.defaults)
        };
        Ok(Asked::Several(parts.into_iter().map(question).collect(), semantic))
    }
}

/// A subject or resource whose id may be missing.
#[derive(Debug, Clone, Deserialize)]
struct Half {
    #[serde(rename = "type")]
    kind: String,
    id: Option<Value>,
    properties: Option<Properties>,
}

impl Half {
    /// What is sought: its id does not matter.
    fn sought(self) -> Entity {
        Entity {
            kind: self.kind,
            id: String::new(),
            properties: self.properties.unwrap_or_default(),
        }
    }

    fn given(self, id: &'static str) -> Result<Entity, Unclear> {
        let Some(Value::String(text)) = self.id else { return Err(Unclear::Missing(id)) };
        Ok(Entity { kind: self.kind, id: text, properties: self.properties.unwrap_or_default() })
    }
}

/// A search.
#[derive(Debug, Clone, Deserialize)]
pub struct Search {
    subject: Object<Half>,
    action: Option<Object<Action>>,
    resource: Object<Half>,
    context: Option<Properties>,
    page: Option<Object<PageAsked>>,
}

/// Which part of the results.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PageAsked {
    /// Where to go on.
    pub token: Option<String>,
    /// How many at most.
    pub limit: Option<u64>,
}

impl Search {
    /// The question with what is sought left open, and the page.
    ///
    /// # Errors
    ///
    /// Something is missing.
    pub fn asked(
        self,
        sought: crate::pdp::search::Sought,
    ) -> Result<(Question, Option<PageAsked>), Problem> {
        use crate::pdp::search::Sought;
        let subject = match sought {
            Sought::Subjects => self.subject.0.sought(),
            _ => self.subject.0.given("subject.id")?,
        };
        let resource = match sought {
            Sought::Resources => self.resource.0.sought(),
            _ => self.resource.0.given("resource.id")?,
        };
        let action = match (sought, self.action) {
            (Sought::Actions, _) => {
                Action { name: String::new(), properties: Properties::default() }
            }
            (_, Some(action)) => action.0,
            (_, None) => return Err(Unclear::Missing("action").into()),
        };
        let context = self.context.unwrap_or_default();
        let question = Question { subject, action, resource, context, for_whom: None };
        fits(&question)?;
        Ok((question, self.page.map(|page| page.0)))
    }
}
