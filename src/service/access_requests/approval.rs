//! What an approval says when it is over, and whether one that is shown opens what is asked.
//!
//! An approval is no key: the grant is. What a program shows names the grant and carries our
//! signature over what it is for; every evaluation looks whether that grant is live. Its scope is the
//! agent, the one object and the action; the circumstances (`context`) are judged anew each time by
//! the policy's rules.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{ItemView, TaskView, moment};
use crate::domain::access::Access;
use crate::domain::evaluation::{ApprovalRefused, Denial, Question, Remedy};
use crate::domain::grant::{Grant, GrantState};
use crate::domain::ids::{AgentId, EvaluationId, GrantId, RequestId, TaskId};
use crate::domain::task::Status;
use crate::domain::time::{Span, Timestamp};
use crate::identity::{Disbelief, Kind, Signer, claims_of, read_claims};
use crate::service::{Result, Service};

/// How long every replica may take to see a new grant.
const SEEN_WITHIN: Span = Span::seconds(30);
/// When to look again for a grant that is not seen yet.
const LOOK_AGAIN: u32 = 2;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    jti: String,
    task: TaskId,
    request: RequestId,
    evaluation_id: EvaluationId,
    agent: AgentId,
    requester: String,
    resource: Value,
    action: String,
    approved_at: i64,
    binding_context_members: Vec<String>,
}

/// The name of an approval: the grant's, in another dress.
fn name(grant: GrantId) -> String {
    format!("apr_{}", grant.ulid())
}

/// The grant of which a text is the name as an approval.
pub(in crate::service) fn grant_of(name: &str) -> Option<GrantId> {
    let ulid = name.strip_prefix("apr_")?;
    format!("gnt_{ulid}").parse().ok()
}

/// Until when an approval holds: the end of its grant, earlier if somebody ended that.
fn until(grant: &Grant) -> Timestamp {
    match &grant.state {
        GrantState::Active | GrantState::Expired { .. } => grant.expires_at,
        GrantState::Revoked { at, .. } | GrantState::Released { at, .. } => {
            (*at).min(grant.expires_at)
        }
    }
}

/// The `result` of an approved item.
pub fn result(signer: &dyn Signer, of: &TaskView, item: &ItemView) -> Option<Value> {
    if item.status != Status::Approved {
        return None;
    }
    let grant = item.grant.as_ref()?;
    let until = until(grant);
    let mut approval = json!({
        "id": name(grant.id),
        "approved_at": moment(grant.starts_at),
        "approved_until": moment(until),
    });
    if until > of.now
        && let Some(state) = state(signer, of, item, grant, until)
    {
        approval.as_object_mut()?.insert("state".to_owned(), state.into());
    }
    Some(json!({ "mode": "reevaluate", "approval": approval }))
}

fn state(
    signer: &dyn Signer,
    of: &TaskView,
    item: &ItemView,
    grant: &Grant,
    until: Timestamp,
) -> Option<String> {
    let claims = Claims {
        aud: signer.issuer().to_owned(),
        exp: until.timestamp(),
        jti: name(grant.id),
        task: of.task.id,
        request: grant.request,
        evaluation_id: item.item.evaluation,
        agent: of.task.agent,
        requester: of.task.by.key(),
        resource: json!({ "type": item.item.resource.kind, "id": item.item.resource.id }),
        action: item.item.action.name.clone(),
        approved_at: grant.starts_at.timestamp(),
        binding_context_members: Vec::new(),
    };
    signer.sign(Kind::Approval, &claims_of(&claims)?)
}

/// What is known of a grant at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It is live.
    Live {
        /// Who has it.
        agent: AgentId,
        /// What it opens.
        access: Access,
        /// Until when.
        until: Timestamp,
    },
    /// It has ended, in whatever way.
    Ended,
    /// Nothing: it ended long ago, is not seen yet, or never was.
    Unknown,
}

/// An approval that opens what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The grant behind it.
    pub grant: GrantId,
    /// Until when.
    pub until: Timestamp,
}

impl Shown {
    /// The `approval` of the answer's context.
    pub fn context(&self) -> Value {
        json!({ "id": name(self.grant), "approved_until": moment(self.until) })
    }
}

/// Whether what is shown as `context.approval` opens what is asked, for this agent. Nothing follows
/// from a refusal but its reason: another grant may still open it.
///
/// # Errors
///
/// Why it does not.
pub fn judge(
    signer: &dyn Signer,
    shown: &Value,
    question: &Question,
    agent: AgentId,
    seen: impl FnOnce(GrantId) -> Seen,
    now: Timestamp,
) -> std::result::Result<Shown, ApprovalRefused> {
    use ApprovalRefused::{Expired, OutOfScope, Pending, Unverifiable};
    let id = shown.get("id").and_then(Value::as_str).ok_or(Unverifiable)?;
    let grant = grant_of(id).ok_or(Unverifiable)?;
    let claims = match shown.get("state") {
        None => None,
        Some(Value::String(text)) => Some(verified(signer, text, id, agent)?),
        Some(_) => return Err(Unverifiable),
    };
    if let Some(claims) = &claims {
        let same = |name: &str, is: &str| claims.resource.get(name).is_some_and(|was| was == is);
        let within = same("type", &question.resource.kind)
            && same("id", &question.resource.id)
            && claims.action == question.action.name;
        if !within {
            return Err(OutOfScope);
        }
    }
    match (seen(grant), claims) {
        (Seen::Live { agent: has, .. }, _) if has != agent => Err(Unverifiable),
        (Seen::Live { access, until, .. }, _) => match question.access() {
            Some(asked) if access.covers(&asked) => Ok(Shown { grant, until }),
            _ => Err(OutOfScope),
        },
        (Seen::Ended, _) => Err(Expired),
        // Signed a moment ago, and this replica has not heard of it.
        (Seen::Unknown, Some(claims))
            if now.timestamp() - claims.approved_at <= SEEN_WITHIN.delta().num_seconds() =>
        {
            Err(Pending)
        }
        (Seen::Unknown, Some(_)) => Err(Expired),
        (Seen::Unknown, None) => Err(Unverifiable),
    }
}

impl Service {
    /// What [`judge`] says of an approval that is shown, by the grant as it is recorded.
    pub async fn judge_approval(
        &self,
        signer: &dyn Signer,
        shown: &Value,
        question: &Question,
        agent: AgentId,
    ) -> Result<std::result::Result<Shown, ApprovalRefused>> {
        let now = self.now();
        let id = shown.get("id").and_then(Value::as_str).and_then(grant_of);
        let grant = match id {
            None => None,
            Some(id) => self.parts.store.read().await?.grant(id).await?,
        };
        let seen = match grant {
            None => Seen::Unknown,
            Some(grant) if grant.is_live(now) => {
                Seen::Live { agent: grant.agent, access: grant.access, until: grant.expires_at }
            }
            Some(_) => Seen::Ended,
        };
        Ok(judge(signer, shown, question, agent, |_| seen, now))
    }
}

fn verified(
    signer: &dyn Signer,
    text: &str,
    id: &str,
    agent: AgentId,
) -> std::result::Result<Claims, ApprovalRefused> {
    let claims =
        signer.recognise(Kind::Approval, Some(signer.issuer()), text).map_err(|why| match why {
            Disbelief::Expired => ApprovalRefused::Expired,
            Disbelief::NotOurs | Disbelief::NotYet | Disbelief::Audience => {
                ApprovalRefused::Unverifiable
            }
        })?;
    // Somebody else's approval, or one under another's name.
    read_claims::<Claims>(claims)
        .filter(|claims| claims.jti == id && claims.agent == agent)
        .ok_or(ApprovalRefused::Unverifiable)
}

/// The members `next_action` (and `retry_after`, in seconds) of a refusal that follows an approval.
pub fn next_action(denial: &Denial) -> Map<String, Value> {
    let (action, after) = match denial.remedy() {
        Remedy::Request => ("request", None),
        Remedy::Retry => ("retry", Some(LOOK_AGAIN)),
        Remedy::None => ("none", None),
    };
    let mut members = Map::new();
    members.insert("next_action".to_owned(), action.into());
    if let Some(after) = after {
        members.insert("retry_after".to_owned(), after.into());
    }
    members
}
