//! One question at run time, and its answer (the words are those of OpenID AuthZEN 1.0).
//!
//! The order in which an answer is found: the agent is known and active, its tier is enough, a live
//! grant or a standing rule opens it, and no condition speaks against it. What follows from a no is
//! part of it: a code for programs, and whether it can be asked for ([`Denial::remedy`]).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::access::Access;
use super::agent::{Agent, Slug};
use super::behalf::{Asker, TokenUsed, acting};
use super::event::{Actor, TextHash};
use super::ids::{AgentId, EvaluationId, GrantId, RequestId};
use super::person::PersonId;
use super::request::Reference;
use super::text::clean;
use super::tie;
use super::tier::Tier;
use super::time::Timestamp;

/// Properties and context, as a caller claims them.
pub type Properties = Map<String, Value>;

/// Somebody or something in a question: `{"type": "agent", "id": "support-agent-v2"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Its type; agents have [`AGENT`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name among its type. For agents the slug, or the id (`agt_…`).
    pub id: String,
    /// What the caller says of it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties: Properties,
}

/// The type of subjects that are agents.
pub const AGENT: &str = "agent";

/// What is to be done: `{"name": "read"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What the caller says of it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties: Properties,
}

/// May this subject do this to this resource, now, in this context?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Who.
    pub subject: Entity,
    /// Does what.
    pub action: Action,
    /// To what.
    pub resource: Entity,
    /// Under which circumstances.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub context: Properties,
    /// The subject as it was named, where an agent acts for it and is judged in its place: see
    /// [`Question::of_who_acts`].
    #[serde(skip)]
    pub for_whom: Option<Entity>,
}

impl Question {
    /// The same, asked about who acts: where the subject is somebody for whom an agent acts, the agent
    /// is judged, and for whom it acts is remembered. What that person may do is not known here.
    #[must_use]
    pub fn of_who_acts(self, issuer: Option<&str>) -> Self {
        match acting(&self.subject, issuer) {
            Some(agent) => Self { for_whom: Some(self.subject), subject: agent, ..self },
            None => self,
        }
    }

    /// The subject as it was named.
    pub fn named_subject(&self) -> &Entity {
        self.for_whom.as_ref().unwrap_or(&self.subject)
    }

    /// The access that is asked for, with the one object it is about: `database#orders:read`.
    /// None if the policy could not name it so.
    pub fn access(&self) -> Option<Access> {
        Access::to_object(&self.resource.kind, &self.resource.id, &self.action.name)
    }
}

/// What the registry knows of the agent in a question. It wins over what a caller claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAgent {
    /// Its identity.
    pub id: AgentId,
    /// Its name.
    pub slug: Slug,
    /// How much harm it could do.
    pub tier: Tier,
    /// The team it works for.
    pub team: String,
    /// Who answers for it.
    pub owner: PersonId,
    /// The model behind it.
    pub model: String,
}

impl KnownAgent {
    /// What is known of this agent.
    pub fn of(agent: &Agent) -> Self {
        Self {
            id: agent.id,
            slug: agent.slug.clone(),
            tier: agent.tier,
            team: agent.team.to_string(),
            owner: agent.owner.clone(),
            model: agent.description.model.clone(),
        }
    }
}

/// A live grant, as far as a decision needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveGrant {
    /// Which.
    pub id: GrantId,
    /// What people call it.
    pub reference: Reference,
    /// The request that it came from, and so the people who allowed it.
    pub request: RequestId,
    /// When it ends.
    pub until: Timestamp,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Yes, on these grounds.
    Allow {
        /// Why.
        basis: Basis,
    },
    /// No.
    Deny {
        /// Why.
        denial: Denial,
    },
}

impl Decision {
    /// Whether it is a yes.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// The grounds of a yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "basis", rename_all = "snake_case")]
pub enum Basis {
    /// People granted it, for a time.
    Grant(LiveGrant),
    /// The policy's rules allow it without a grant.
    Rule {
        /// The rule's `@id`.
        rule: String,
    },
}

/// The grounds of a no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "denial", rename_all = "snake_case")]
pub enum Denial {
    /// No agent has this name, and no rule speaks for such a subject.
    UnknownSubject,
    /// The agent is registered and not active.
    NotActive {
        /// Its state in a word: `pending`, `suspended`, `retired`, `rejected`.
        state: String,
    },
    /// The policy knows no such resource or action, and no rule speaks for it.
    UnknownAccess,
    /// The agent's tier is too low.
    TierTooLow {
        /// The lowest that may.
        needs: Tier,
        /// The agent's.
        has: Tier,
    },
    /// Nothing opens it.
    NoGrant,
    /// A condition of the policy is not met.
    Forbidden {
        /// The rule's `@id`.
        rule: String,
        /// Why, in the policy's words for whoever is blocked.
        user: Option<String>,
        /// Why, in the policy's words for administrators.
        admin: Option<String>,
    },
    /// A condition could not be judged: something that it needs is missing or of another kind.
    /// Fails closed.
    CannotJudge {
        /// What, such as `context.conversation.participants is missing`.
        what: String,
    },
    /// An approval was shown that does not open this (see the Access Request and Approval Profile).
    Approval {
        /// Why not.
        why: ApprovalRefused,
    },
    /// The caller asked too often.
    Quota,
}

/// Why an approval that a caller shows does not open what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalRefused {
    /// Its time is over, or it was taken back.
    Expired,
    /// It is for something else.
    OutOfScope,
    /// It is not effective yet.
    Pending,
    /// It is not ours, or was changed.
    Unverifiable,
}

/// What can be done about a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Ask for it: people may approve.
    Request,
    /// Try again in a moment.
    Retry,
    /// Nothing, as things are.
    None,
}

impl Denial {
    /// The code for programs, and AuthZEN's `context.reason`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownSubject => "unknown_subject",
            Self::NotActive { .. } => "agent_not_active",
            Self::UnknownAccess => "unknown_access",
            Self::TierTooLow { .. } => "tier_too_low",
            Self::NoGrant => "approval_required",
            Self::Forbidden { .. } => "condition_not_met",
            Self::CannotJudge { .. } => "condition_not_judged",
            Self::Approval { why } => match why {
                ApprovalRefused::Expired => "approval_expired",
                ApprovalRefused::OutOfScope => "out_of_scope",
                ApprovalRefused::Pending => "grant_pending",
                ApprovalRefused::Unverifiable => "approval_unverifiable",
            },
            Self::Quota => "quota_exceeded",
        }
    }

    /// What can be done about it.
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::NoGrant
            | Self::TierTooLow { .. }
            | Self::Approval { why: ApprovalRefused::Expired | ApprovalRefused::OutOfScope } => {
                Remedy::Request
            }
            Self::Approval { why: ApprovalRefused::Pending } | Self::Quota => Remedy::Retry,
            Self::UnknownSubject
            | Self::NotActive { .. }
            | Self::UnknownAccess
            | Self::Forbidden { .. }
            | Self::CannotJudge { .. }
            | Self::Approval { why: ApprovalRefused::Unverifiable } => Remedy::None,
        }
    }
}

/// What agents say of themselves with a question (`context.agent` of an evaluation), kept on the
/// record. All of it is the caller's claim.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Claims {
    /// The model and its version at the moment of asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// A hash of the prompt that led to the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_hash: Option<String>,
    /// The task in hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
}

/// The longest claim that is kept, in characters.
const LONGEST_CLAIM: usize = 200;

impl Claims {
    /// What this context claims: `context.agent.{model_version, prompt_hash, task}`, and
    /// `context.task` where the agent's own says nothing of a task.
    pub fn of(context: &Properties) -> Self {
        let text = |value: Option<&Value>| {
            let text = value?.as_str()?;
            Some(clean(text, LONGEST_CLAIM)).filter(|text| !text.is_empty())
        };
        let agent = context.get("agent").and_then(Value::as_object);
        let of_agent = |name: &str| text(agent.and_then(|agent| agent.get(name)));
        Self {
            model_version: of_agent("model_version"),
            prompt_hash: of_agent("prompt_hash"),
            task: of_agent("task").or_else(|| text(context.get("task"))),
        }
    }
}

/// The name of somebody or something, without what is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name among its type.
    pub id: String,
}

impl From<&Entity> for Name {
    fn from(entity: &Entity) -> Self {
        Self { kind: entity.kind.clone(), id: entity.id.clone() }
    }
}

/// One question and its answer, as they are kept. What a caller says of the subject, the action and
/// the resource may hold anything, and is not kept; of the context there is the hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its identity.
    pub id: EvaluationId,
    /// The moment by which it was decided.
    pub at: Timestamp,
    /// Who asked.
    pub caller: Actor,
    /// The agent's token by which it was asked, or which the service that asked named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenUsed>,
    /// About whom.
    pub subject: Name,
    /// For whom the subject acts, as the caller has it: the subject that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_whom: Option<Name>,
    /// The agent that the subject is, if it is one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// Doing what.
    pub action: String,
    /// To what.
    pub resource: Name,
    /// The hash of the context, as [`tie::hash_members`] has it, unless it was empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<TextHash>,
    /// What ties a request to this question, where the answer is a no that can be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tie: Option<TextHash>,
    /// What the agent said of itself.
    #[serde(default)]
    pub claims: Claims,
    /// The answer. A grant in it names the request, and so the people who allowed it.
    pub answer: Decision,
    /// The digest of the policy by which it was decided.
    pub policy: String,
}

impl Record {
    /// The question as far as it is recorded: who, what and to what, without properties or context.
    pub fn question(&self) -> Question {
        let entity = |name: &Name| Entity {
            kind: name.kind.clone(),
            id: name.id.clone(),
            properties: Properties::new(),
        };
        Question {
            subject: entity(&self.subject),
            action: Action { name: self.action.clone(), properties: Properties::new() },
            resource: entity(&self.resource),
            context: Properties::new(),
            for_whom: self.for_whom.as_ref().map(entity),
        }
    }

    /// The record of this question and its answer.
    pub fn of(
        id: EvaluationId,
        at: Timestamp,
        asker: Asker,
        question: &Question,
        agent: Option<AgentId>,
        answer: Decision,
        policy: &str,
    ) -> Self {
        let whole = || tie::hash_members(&question.context);
        let context = (!question.context.is_empty()).then(whole);
        let can_be_asked_for = match &answer {
            Decision::Allow { .. } => false,
            Decision::Deny { denial } => denial.remedy() == Remedy::Request,
        };
        let Question { action, resource, context: said, .. } = question;
        let named = question.named_subject();
        let tie = can_be_asked_for.then(|| tie::tie(named, resource, action, said));
        let Asker { caller, token } = asker;
        Self {
            id,
            at,
            caller,
            token,
            subject: Name::from(&question.subject),
            for_whom: question.for_whom.as_ref().map(Name::from),
            agent,
            action: question.action.name.clone(),
            resource: Name::from(&question.resource),
            context,
            tie,
            claims: Claims::of(&question.context),
            answer,
            policy: policy.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_taken_from_the_context_cleaned_and_cut() {
        let context = serde_json::json!({
            "agent": { "model_version": "m-4", "prompt_hash": 7 },
            "task": format!("refund\u{202e} {}", "x".repeat(500)),
        });
        let claims = Claims::of(context.as_object().unwrap());
        assert_eq!(claims.model_version.as_deref(), Some("m-4"));
        assert_eq!(claims.prompt_hash, None);
        let task = claims.task.unwrap();
        assert!(task.starts_with("refund") && !task.contains('\u{202e}'), "{task}");
        assert!(task.chars().count() <= LONGEST_CLAIM);
    }

    /// What was recorded before tokens were is read as it was, and is no other text when it is written.
    #[test]
    fn a_record_without_a_token_is_the_same_text() {
        let text = r#"{"id":"eval_01J00000000000000000000000","at":"2027-01-15T08:00:00Z",
            "caller":{"type":"service","id":"crm"},"subject":{"type":"agent","id":"reader"},"action":"read",
            "resource":{"type":"database","id":"orders"},"claims":{},
            "answer":{"decision":"deny","denial":{"denial":"no_grant"}},"policy":"digest"}"#;
        let text: String = text.split_whitespace().collect();
        let record: Record = serde_json::from_str(&text).unwrap();
        assert_eq!((&record.token, &record.for_whom), (&None, &None));
        assert_eq!(serde_json::to_string(&record).unwrap(), text);
    }

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let question: Question = serde_json::from_value(serde_json::json!({
            "subject": { "type": "agent", "id": "support-agent" },
            "action": { "name": "read" },
            "resource": { "type": "database", "id": "orders", "properties": { "secret": "s3" } },
            "context": { "task": "t" },
        }))
        .unwrap();
        for answer in [
            Decision::Allow { basis: Basis::Rule { rule: "r".to_owned() } },
            Decision::Deny {
                denial: Denial::TierTooLow { needs: Tier::Internal, has: Tier::Observer },
            },
            Decision::Deny { denial: Denial::Approval { why: ApprovalRefused::Expired } },
            Decision::Deny { denial: Denial::NoGrant },
        ] {
            let id = EvaluationId::new(ulid::Ulid::from_parts(1, 1));
            let caller = Actor::Service("crm".to_owned());
            let at = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
            let record = Record::of(id, at, caller.into(), &question, None, answer, "digest");
            let text = serde_json::to_string(&record).unwrap();
            assert!(!text.contains("s3"), "{text}");
            assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        }
    }
}
