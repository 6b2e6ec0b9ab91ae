//! What ties an access request to the refusal that it answers: a signed text that the program hands
//! back as it got it, or the evaluation on our record. Without such a tie nothing can be asked.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Recorded, moment, same};
use crate::domain::evaluation::{Action, Decision, Entity, Properties, Question, Remedy};
use crate::domain::ids::{AgentId, EvaluationId};
use crate::domain::tie::{bound_members, tie, without_actor};
use crate::domain::time::{Span, Timestamp};
use crate::identity::{Disbelief, Kind, Signer, claims_of, read_claims};

/// How long a refusal can be answered with a request.
pub const ANSWERED_WITHIN: Span = Span::minutes(10);

/// No longer than this, in bytes of JSON: a longer question is tied by its record alone.
const LONGEST: usize = 8 * 1024;

/// Until when a refusal of this moment can be answered; whole seconds.
pub fn answered_until(at: Timestamp) -> Timestamp {
    let until = (at + ANSWERED_WITHIN.delta()).timestamp();
    Timestamp::from_timestamp(until, 0).unwrap_or(at)
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    jti: String,
    evaluation_id: EvaluationId,
    denial_expires_at: String,
    subject: Value,
    resource: Value,
    action: Value,
    context: Map<String, Value>,
    binding_context_members: Vec<String>,
    /// The agent that acts for the subject, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<AgentId>,
}

/// What a program hands back of the refusal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refused {
    /// The evaluation.
    #[serde(default)]
    pub evaluation_id: Option<String>,
    /// Until when it said that it can be answered.
    pub expires_at: Timestamp,
    /// The signed text.
    #[serde(default)]
    pub binding_token: Option<String>,
}

/// What a program asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// For whom, as it was named in the question.
    pub subject: &'a Entity,
    /// The agent that is to get it: the subject, or who acts for it.
    pub agent: AgentId,
    /// Access to what.
    pub resource: &'a Entity,
    /// To do what.
    pub action: &'a Action,
    /// Under which circumstances, and why.
    pub context: &'a Properties,
}

/// Why a request is not tied to a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unbound {
    /// The refusal was none that can be answered with a request.
    NotRequestable(&'static str),
    /// Its time is over.
    Expired,
    /// It was another one, or none of ours.
    Invalid(&'static str),
}

const OTHER_ACTOR: &str = "who acts is not who did at the denial";

/// The signed text for a refusal of this agent's. None if the question is too long, or there is no key.
pub fn token(
    signer: &dyn Signer,
    question: &Question,
    agent: AgentId,
    evaluation: EvaluationId,
    at: Timestamp,
) -> Option<String> {
    let members = bound_members(&question.context);
    let bound = |name: &String| Some((name.clone(), question.context.get(name)?.clone()));
    let until = answered_until(at);
    let claims = Claims {
        aud: signer.issuer().to_owned(),
        exp: until.timestamp(),
        jti: evaluation.to_string(),
        evaluation_id: evaluation,
        denial_expires_at: moment(until),
        subject: plain(&without_actor(question.named_subject())),
        resource: plain(&question.resource),
        action: plain(&question.action),
        context: members.iter().filter_map(bound).collect(),
        binding_context_members: members,
        actor: question.for_whom.is_some().then_some(agent),
    };
    let claims = claims_of(&claims)?;
    let length = serde_json::to_string(&claims).ok()?.len();
    if length > LONGEST { None } else { signer.sign(Kind::Binding, &claims) }
}

/// The evaluation that a request is tied to, by the signed text that it carries.
///
/// # Errors
///
/// Why it is not tied.
pub fn by_token(
    signer: &dyn Signer,
    text: &str,
    refused: &Refused,
    asked: Asked<'_>,
) -> Result<EvaluationId, Unbound> {
    let read = signer.recognise(Kind::Binding, Some(signer.issuer()), text);
    let claims = read.map_err(|why| match why {
        Disbelief::Expired => Unbound::Expired,
        Disbelief::NotOurs | Disbelief::NotYet => {
            Unbound::Invalid("denial.binding_token was not signed by this server")
        }
        Disbelief::Audience => Unbound::Invalid("denial.binding_token is for another service"),
    })?;
    let Some(claims) = read_claims::<Claims>(claims) else {
        return Err(Unbound::Invalid("denial.binding_token is not whole"));
    };
    if claims.denial_expires_at != moment(refused.expires_at) {
        return Err(Unbound::Invalid("denial.expires_at is not that of the denial"));
    }
    if refused.evaluation_id.as_ref().is_some_and(|id| *id != claims.evaluation_id.to_string()) {
        return Err(Unbound::Invalid("denial.evaluation_id is not that of denial.binding_token"));
    }
    if claims.actor.is_some_and(|actor| actor != asked.agent) {
        return Err(Unbound::Invalid(OTHER_ACTOR));
    }
    compare(
        asked,
        (&claims.subject, &claims.resource, &claims.action),
        &claims.context,
        &claims.binding_context_members,
    )?;
    Ok(claims.evaluation_id)
}

/// Whether a request is tied to an evaluation on our record.
///
/// # Errors
///
/// Why it is not tied.
pub fn by_record(recorded: &Recorded, asked: Asked<'_>, now: Timestamp) -> Result<(), Unbound> {
    let Asked { subject, agent, resource, action, context } = asked;
    let question = &recorded.question;
    let is = |recorded: &Entity, asked: &Entity| {
        (&recorded.kind, &recorded.id) == (&asked.kind, &asked.id)
    };
    if !is(question.named_subject(), subject) {
        return Err(Unbound::Invalid("the subject is not that of the denial"));
    }
    if question.for_whom.is_some() && recorded.agent != Some(agent) {
        return Err(Unbound::Invalid(OTHER_ACTOR));
    }
    if !is(&question.resource, resource) {
        return Err(Unbound::Invalid("the resource is not that of the denial"));
    }
    if question.action.name != action.name {
        return Err(Unbound::Invalid("the action is not that of the denial"));
    }
    match &recorded.decision {
        Decision::Allow { .. } => {
            Err(Unbound::NotRequestable("the evaluation said yes: there is nothing to ask for"))
        }
        Decision::Deny { denial } if denial.remedy() != Remedy::Request => {
            Err(Unbound::NotRequestable("the denial carried no context.access_request"))
        }
        Decision::Deny { .. } if now >= answered_until(recorded.at) => Err(Unbound::Expired),
        Decision::Deny { .. } if recorded.tie == Some(tie(subject, resource, action, context)) => {
            Ok(())
        }
        Decision::Deny { .. } => {
            Err(Unbound::Invalid("a property or the context is not that of the denial"))
        }
    }
}

fn compare(
    asked: Asked<'_>,
    (subject, resource, action): (&Value, &Value, &Value),
    context: &Map<String, Value>,
    members: &[String],
) -> Result<(), Unbound> {
    if !same(subject, &plain(&without_actor(asked.subject))) {
        return Err(Unbound::Invalid("the subject is not that of the denial"));
    }
    if !same(resource, &plain(asked.resource)) {
        return Err(Unbound::Invalid("the resource is not that of the denial"));
    }
    if !same(action, &plain(asked.action)) {
        return Err(Unbound::Invalid("the action is not that of the denial"));
    }
    let kept = |name: &String| match (context.get(name), asked.context.get(name)) {
        (Some(then), Some(now)) => same(then, now),
        (None, None) => true,
        _ => false,
    };
    if members.iter().all(kept) {
        Ok(())
    } else {
        Err(Unbound::Invalid("the context is not that of the denial"))
    }
}

fn plain<T: Serialize>(part: &T) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}
