//! What people fill in, as typed: judged by the use case, so that every door gets the same answers.

use std::fmt;

use crate::domain::person::PersonId;
use crate::domain::tier::Answers;

/// Names something that came in, so that the same thing delivered twice is done once: Slack's
/// trigger id or event id, an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnceKey(pub String);

/// The registration form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistrationForm {
    /// The name that is wished for.
    pub name: String,
    /// What the agent is for.
    pub purpose: String,
    /// The systems it touches, separated by commas or lines.
    pub systems: String,
    /// Where it runs.
    pub runs_on: String,
    /// The model behind it.
    pub model: String,
    /// The yes-or-no questions.
    pub answers: Answers,
    /// The team it works for.
    pub team: String,
    /// The person who is to answer for it; the one who asks, if nobody is named.
    pub owner: Option<PersonId>,
    /// By what it is to prove itself; it can also be asked later. Its names of the agent and its reason
    /// are not read.
    pub credential: Option<CredentialForm>,
}

/// The form for a grant; `/agent request` typed in part fills it in part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GrantForm {
    /// The agent's name.
    pub agent: String,
    /// Resource and action, `database:read`.
    pub access: String,
    /// For how long, `30m`.
    pub lasting: String,
    /// Why.
    pub because: String,
}

/// The form for another tier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TierForm {
    /// The agent's name.
    pub agent: String,
    /// 1, 2 or 3, as typed.
    pub to: String,
    /// Why.
    pub because: String,
}

/// The form for an extension.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExtensionForm {
    /// The grant's reference, `G-1042`.
    pub grant: String,
    /// So much longer, `30m`.
    pub by: String,
    /// Why.
    pub because: String,
}

/// The form by which somebody lets another answer in their place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DelegationForm {
    /// Who is to answer.
    pub to: Option<PersonId>,
    /// Until when, as typed: `Friday`, `2026-12-24`, `3d`.
    pub until: String,
    /// For which roles, as typed; for all if there is none.
    pub roles: Vec<String>,
}

/// The form for a credential.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct CredentialForm {
    /// The agent's name.
    pub agent: String,
    /// What people will call the credential: `laptop`, `production`.
    pub name: String,
    /// Whether a platform vouches for the agent; else it signs with a key.
    pub workload: bool,
    /// The public key as it was pasted, JWK or PEM. Somebody may paste a private one.
    pub key: String,
    /// The issuer's name in the policy.
    pub issuer: String,
    /// The claims, one `name = value` to a line.
    pub claims: String,
    /// For how long, `90d`; as long as the policy allows, if empty.
    pub lasting: String,
    /// Why.
    pub because: String,
}

/// Without the key: a private one that was pasted by mistake must not reach a log.
impl fmt::Debug for CredentialForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agent, name, workload, key: _, issuer, claims, lasting, because } = self;
        f.debug_struct("CredentialForm")
            .field("agent", agent)
            .field("name", name)
            .field("workload", workload)
            .field("issuer", issuer)
            .field("claims", claims)
            .field("lasting", lasting)
            .field("because", because)
            .finish_non_exhaustive()
    }
}
