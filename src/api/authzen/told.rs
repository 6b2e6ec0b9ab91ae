//! What whoever watches is told of an answer: a number, and a record by OTLP. The names are those of
//! OpenTelemetry's conventions for generative AI where there are some.

use crate::domain::behalf::TokenUsed;
use crate::domain::evaluation::{Basis, Claims, Decision, Denial, Question};
use crate::meters::{EVALUATIONS, QUOTA_REFUSALS, RECORDS};
use crate::pdp::{Evaluated, NoAnswer};

/// There was an answer.
pub(super) fn answered(question: &Question, evaluated: &Evaluated) {
    let (decision, reason) = match &evaluated.decision {
        Decision::Allow { basis: Basis::Grant(_) } => ("allow", "grant"),
        Decision::Allow { basis: Basis::Rule { .. } } => ("allow", "rule"),
        Decision::Deny { denial } => ("deny", denial.code()),
    };
    EVALUATIONS.one(&[decision, reason]);
    if matches!(evaluated.decision, Decision::Deny { denial: Denial::Quota }) {
        QUOTA_REFUSALS.one(&["evaluations"]);
    }
    if !tracing::enabled!(target: RECORDS, tracing::Level::INFO) {
        return;
    }
    let claims = Claims::of(&question.context);
    let agent = evaluated.agent.as_ref().map(|card| &card.known);
    let token = evaluated.token.as_ref();
    let grant = match &evaluated.decision {
        Decision::Allow { basis: Basis::Grant(grant) } => Some(grant),
        Decision::Allow { basis: Basis::Rule { .. } } | Decision::Deny { .. } => None,
    };
    tracing::event!(
        target: RECORDS,
        tracing::Level::INFO,
        event.name = "countersign.evaluation",
        gen_ai.operation.name = "execute_tool",
        gen_ai.agent.id = agent.map(|agent| agent.id.to_string()),
        gen_ai.agent.name = agent.map(|agent| agent.slug.to_string()),
        gen_ai.request.model = claims.model_version,
        countersign.prompt_hash = claims.prompt_hash,
        countersign.task = claims.task,
        countersign.token.id = token.map(|token| token.id().to_string()),
        countersign.for_whom = question.for_whom.as_ref().map(|who| format!("{} {}", who.kind, who.id)),
        countersign.on_behalf_of = token.and_then(TokenUsed::on_behalf_of),
        countersign.evaluation.id = evaluated.id.to_string(),
        countersign.subject = format!("{} {}", question.subject.kind, question.subject.id),
        countersign.action = question.action.name,
        countersign.resource.type = question.resource.kind,
        countersign.resource.id = question.resource.id,
        countersign.decision = decision,
        countersign.reason = reason,
        countersign.grant.id = grant.map(|grant| grant.id.to_string()),
        countersign.request.id = grant.map(|grant| grant.request.to_string()),
        countersign.policy.digest = evaluated.policy.digest(),
        "a question was answered"
    );
}

/// There was no answer.
pub(super) fn refused(why: &NoAnswer) {
    match why {
        NoAnswer::TooOften { .. } => QUOTA_REFUSALS.one(&["evaluations"]),
        NoAnswer::Unavailable(_) | NoAnswer::Ending => {}
    }
}
