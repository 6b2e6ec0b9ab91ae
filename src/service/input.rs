//! What people fill in, as typed: judged by the use case, so that every door gets the same answers.

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
