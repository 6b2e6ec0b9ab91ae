//! Answers, as they go.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Door;
use super::profile::Approval;
use super::wire::Unclear;
use crate::domain::evaluation::{Basis, Decision, Question};
use crate::domain::ids::{EvaluationId, GrantId};
use crate::domain::request::Reference;
use crate::domain::time::Timestamp;
use crate::pdp::Evaluated;
use crate::service::why::words::{Known, Reasons, reasons};

/// The answer to one question.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// Yes or no.
    pub decision: bool,
    /// Why, and what to do.
    pub context: AnswerContext,
}

/// What stands beside a yes or no.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AnswerContext {
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluation_id: Option<EvaluationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluated_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<GrantShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_user: Option<English>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<English>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<English>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_admin: Option<English>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_request: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Value>,
    #[serde(flatten)]
    next: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorShown>,
}

/// Words by their language.
#[derive(Debug, Clone, Serialize)]
struct English {
    en: String,
}

/// The grant that a yes rests on.
#[derive(Debug, Clone, Serialize)]
struct GrantShown {
    id: GrantId,
    reference: Reference,
    expires_at: Timestamp,
}

#[derive(Debug, Clone, Serialize)]
struct ErrorShown {
    status: u16,
    message: String,
}

impl Answer {
    /// The answer to a question that is not whole.
    pub(super) fn unclear(unclear: &Unclear) -> Self {
        let error = ErrorShown { status: 400, message: unclear.to_string() };
        let context = AnswerContext { error: Some(error), ..AnswerContext::default() };
        Self { decision: false, context }
    }
}

impl Door {
    /// The answer to this question.
    pub(super) async fn answer(&self, question: &Question, evaluated: &Evaluated) -> Answer {
        let approval = match &self.profile {
            Some(profile) if question.context.contains_key("approval") => {
                Box::pin(profile.approval(question, evaluated)).await
            }
            _ => Approval::NotLookedAt,
        };
        let mut context = AnswerContext {
            evaluation_id: Some(evaluated.id),
            evaluated_at: Some(evaluated.at),
            ..AnswerContext::default()
        };
        match &evaluated.decision {
            Decision::Allow { basis: Basis::Grant(grant) } => {
                context.grant = Some(GrantShown {
                    id: grant.id,
                    reference: grant.reference,
                    expires_at: grant.until,
                });
            }
            Decision::Allow { basis: Basis::Rule { rule } } => context.rule = Some(rule.clone()),
            Decision::Deny { denial } => {
                let denial = match &approval {
                    Approval::Refused(why, next) => {
                        context.next.clone_from(next);
                        why
                    }
                    Approval::InVain(_, next) => {
                        context.next.clone_from(next);
                        denial
                    }
                    Approval::Opens(_) | Approval::NotLookedAt => denial,
                };
                let code = match &approval {
                    Approval::InVain(Some(code), _) => code,
                    _ => denial.code(),
                };
                let agent = evaluated.agent.as_deref();
                let agent = agent.map(|card| Known {
                    agent: &card.known,
                    state: card.state,
                    cause: card.cause.unwrap_or_default(),
                });
                let usual = |tier| self.pdp.usual_wait(tier);
                let Reasons { user, why, wait, admin } =
                    reasons(question, denial, agent, &evaluated.policy, usual);
                context.reason = Some(code);
                context.reason_user = Some(English { en: user });
                context.why = Some(English { en: why });
                context.wait = wait.map(|en| English { en });
                context.reason_admin = Some(English { en: admin });
                context.access_request = self.profile.as_ref().and_then(|profile| {
                    profile.access_request(&self.pdp, question, denial, evaluated)
                });
            }
        }
        if let Approval::Opens(shown) = approval {
            context.approval = Some(shown);
        }
        Answer { decision: evaluated.decision.is_allowed(), context }
    }
}

/// A JSON document that is an answer.
pub(super) fn json(document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(bytes) => {
            ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
