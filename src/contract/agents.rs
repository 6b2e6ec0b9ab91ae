//! Agents: registered, listed, shown, stopped.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Lasting;
use super::grants::Grant;
use super::people::Person;
use super::requests::Request;
use crate::domain::agent::Slug;
use crate::domain::time::Timestamp;

/// The yes-or-no questions from which the tier follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Does it write or change anything?
    #[serde(default)]
    pub writes: bool,
    /// Does it see customer or personal data?
    #[serde(default)]
    pub customer_data: bool,
    /// Does it call or message anything outside the company?
    #[serde(default)]
    pub external_calls: bool,
    /// Can it move or promise money?
    #[serde(default)]
    pub money: bool,
}

/// `POST /api/v1/agents`: a registration. `POST /api/v1/agents/preview` takes the same and does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The name that is wished for: small letters, digits and single dashes.
    pub name: String,
    /// What it is for, in a sentence or two.
    pub purpose: String,
    /// The systems it touches.
    #[serde(default)]
    pub systems: Vec<String>,
    /// Where it runs.
    #[serde(default)]
    pub runs_on: String,
    /// The model behind it.
    #[serde(default)]
    pub model: String,
    /// The yes-or-no questions.
    #[serde(default, deserialize_with = "super::object::object")]
    pub answers: Answers,
    /// The team it works for; the person's own, if there is only one to choose from.
    #[serde(default)]
    pub team: Option<String>,
    /// The person who is to answer for it (Slack user id or e-mail address); the caller, if absent.
    #[serde(default)]
    pub owner: Option<String>,
    /// By what it is to prove itself, so that one yes is for both; it can also be asked later. Its
    /// justification is not needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<NewCredential>,
}

/// Who decides on something of a tier, and how long that takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Route {
    /// 1, 2 or 3.
    pub tier: u8,
    /// What the tier is called.
    pub meaning: String,
    /// One role for each yes.
    pub needs: Vec<String>,
    /// The time they have.
    pub decide_within: Lasting,
    /// The time it usually takes, if there is a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Lasting>,
    /// The rule by which the policy says yes without people, if one applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_people: Option<String>,
}

/// What a registration would lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// Why the tier is what it is, a few words each.
    pub reasons: Vec<String>,
    /// Who decides.
    pub route: Route,
    /// The teams there are to choose from.
    pub teams: Vec<String>,
}

/// Nobody answers for an agent: its owner has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ownerless {
    /// Since when it is known.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it is suspended, if nobody takes it.
    #[schema(value_type = String, format = DateTime)]
    pub suspended_at: Timestamp,
    /// When it is retired, if nobody takes it.
    #[schema(value_type = String, format = DateTime)]
    pub retired_at: Timestamp,
    /// Who can change that, and how, in a sentence.
    pub undone_by: String,
}

/// Why an agent is suspended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suspended {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// `stopped` by somebody, `uncertified` (its owner did not say in time that it is still needed), or
    /// `ownerless` (nobody answers for it).
    pub cause: String,
    /// Who did it, if a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who can undo it, and how, in a sentence.
    pub undone_by: String,
}

/// An agent in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentLine {
    /// Its name.
    #[schema(value_type = String)]
    pub name: Slug,
    /// `pending`, `active`, `suspended`, `retired`, `rejected`.
    pub state: String,
    /// Why it is suspended, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<Suspended>,
    /// 1, 2 or 3.
    pub tier: u8,
    /// Who answers for it; who did until they left, while it is `ownerless`.
    pub owner: Person,
    /// Set while nobody answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownerless: Option<Ownerless>,
    /// The team it works for.
    pub team: String,
    /// How many live grants it has.
    pub live_grants: u32,
    /// By how many credentials it can prove itself.
    pub live_credentials: u32,
}

/// `GET /api/v1/agents/{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Agent {
    /// What stands in a list.
    #[serde(flatten)]
    pub line: AgentLine,
    /// Its identity, for ever.
    pub id: String,
    /// What it is for.
    pub purpose: String,
    /// The systems it touches.
    pub systems: Vec<String>,
    /// Where it runs.
    pub runs_on: String,
    /// The model behind it.
    pub model: String,
    /// The answers at registration.
    pub answers: Answers,
    /// Why the tier is what it is.
    pub reasons: Vec<String>,
    /// Since when it is known.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: Timestamp,
    /// Until when its owner's word holds that it is needed and compliant; absent while that does not
    /// arise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub certified_until: Option<Timestamp>,
    /// Who decides about it.
    pub route: Route,
    /// What it may do now.
    pub grants: Vec<Grant>,
    /// What is being decided.
    pub open: Vec<Request>,
    /// What happened lately, the newest first, in words.
    pub history: Vec<History>,
}

/// A line of an agent's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct History {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Which kind of event: `grant_opened`, …
    pub what: String,
    /// Who did it, if a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
    /// The request it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// What came of a registration: `201` when the policy said yes at once, `202` when people are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// The agent, active or pending.
    pub agent: AgentLine,
    /// The request that is, or was, decided.
    pub request: Request,
}

/// `POST /api/v1/agents/{name}/credentials`: by what an agent is to prove itself; a request like any
/// other, decided by people.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredential {
    /// What people will call it: `laptop`, `production`.
    pub name: String,
    /// The public key, as JWK (a JSON text) or PEM. A private key is refused.
    #[serde(default)]
    pub public_key: Option<String>,
    /// The issuer's name in the policy, for a workload identity.
    #[serde(default)]
    pub issuer: Option<String>,
    /// The claims that the issuer's token must have.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub claims: std::collections::BTreeMap<String, String>,
    /// For how long; as long as the policy allows, if absent.
    #[serde(default, rename = "for")]
    pub lasting: Option<String>,
    /// Why.
    #[serde(default)]
    pub justification: String,
}

/// Without the key: a private one that was sent by mistake must not reach a log.
impl std::fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCredential").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Credential {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `key` or `workload`.
    pub kind: String,
    /// What can be recognised of it: the key's thumbprint, the issuer with its claims.
    pub proof: String,
    /// `live`, `expired`, `revoked`, …
    pub state: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// `POST /api/v1/agents/{name}/stop`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// What a stop ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stopped {
    /// The agent, suspended.
    pub agent: AgentLine,
    /// The grants that were revoked.
    pub grants: Vec<Grant>,
    /// The requests that were cancelled.
    pub requests: Vec<String>,
}
