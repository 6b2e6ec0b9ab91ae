//! One question, or several at once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::Instrument;

use super::answer::{Answer, json};
use super::wire::{Asked, Many, Part, Unclear};
use super::{AtDoor, Door, told};
use crate::api::authenticate::Caller;
use crate::api::extract::document;
use crate::api::problem::Problem;
use crate::domain::evaluation::Question;
use crate::meters::SPANS;
use crate::pdp::bundle::{Bundle, Semantic};

/// `POST /access/v1/evaluation`.
pub(super) async fn one(State(door): AtDoor, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match door.one(&parts, body).await {
        Ok(answer) => json(&answer),
        Err(problem) => problem.into_response(),
    }
}

/// `POST /access/v1/evaluations`.
pub(super) async fn many(State(door): AtDoor, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match door.many(&parts, body).await {
        Ok(Answers::One(answer)) => json(&answer),
        Ok(answers @ Answers::Several { .. }) => json(&answers),
        Err(problem) => problem.into_response(),
    }
}

/// The answers to several questions; to one that was asked alone, the answer alone.
#[derive(Serialize)]
#[serde(untagged)]
enum Answers {
    One(Answer),
    Several { evaluations: Vec<Answer> },
}

impl Door {
    async fn one(&self, parts: &Parts, body: Body) -> Result<Answer, Problem> {
        let caller = self.caller(parts).await?;
        let question = document::<Part>(parts, body).await?.whole()?;
        self.answered(&caller, question).await
    }

    async fn answered(&self, caller: &Caller, question: Question) -> Result<Answer, Problem> {
        let question = self.judged(question)?;
        self.may_ask(caller, &question.subject).await?;
        let span = tracing::info_span!(target: SPANS, "evaluation");
        let question = Arc::new(question);
        let evaluating = self.pdp.evaluate(caller.asker(), Arc::clone(&question));
        let evaluated = evaluating.instrument(span).await;
        let evaluated = evaluated.inspect_err(told::refused)?;
        told::answered(&question, &evaluated);
        Ok(self.answer(&question, &evaluated).await)
    }

    async fn many(&self, parts: &Parts, body: Body) -> Result<Answers, Problem> {
        let caller = self.caller(parts).await?;
        match document::<Many>(parts, body).await?.asked()? {
            Asked::One(question) => Ok(Answers::One(self.answered(&caller, question).await?)),
            Asked::Several(questions, semantic) => {
                let evaluations = self.several(&caller, questions, semantic).await?;
                Ok(Answers::Several { evaluations })
            }
        }
    }

    async fn several(
        &self,
        caller: &Caller,
        questions: Vec<Result<Question, Unclear>>,
        semantic: Semantic,
    ) -> Result<Vec<Answer>, Problem> {
        let judged = |question: Result<Question, Unclear>| self.judged(question?);
        let questions: Vec<_> = questions.into_iter().map(judged).collect();
        for question in questions.iter().flatten() {
            self.may_ask(caller, &question.subject).await?;
        }
        let questions: Vec<Result<Arc<Question>, Unclear>> =
            questions.into_iter().map(|question| question.map(Arc::new)).collect();
        let asked = questions.iter().map(|question| question.as_ref().ok().cloned()).collect();
        let bundle = Bundle { asker: caller.asker(), questions: asked, semantic };
        let span = tracing::info_span!(target: SPANS, "evaluation", questions = questions.len());
        let evaluated = self.pdp.evaluate_all(bundle).instrument(span).await?;
        let mut answers = Vec::with_capacity(evaluated.len());
        for (question, evaluated) in questions.iter().zip(evaluated) {
            answers.push(match (question, evaluated) {
                (Ok(question), Some(evaluated)) => {
                    told::answered(question, &evaluated);
                    self.answer(question, &evaluated).await
                }
                (Ok(_), None) => {
                    Answer::unclear(&Unclear::Malformed("it was not answered".to_owned()))
                }
                (Err(unclear), _) => Answer::unclear(unclear),
            });
        }
        Ok(answers)
    }
}
