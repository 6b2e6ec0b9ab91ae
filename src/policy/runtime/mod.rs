//! What the policy says at run time: rules with context, and whom to trust.

pub(in crate::policy) mod cedar;
mod counter;
mod decide;
mod settings;

pub use counter::{Counter, TooOften};
pub use decide::{Rules, decide};
pub use settings::{
    Callbacks, IdentityProvider, Issuer, Keys, Quotas, SPIFFE, ServiceAccount, ServiceProof,
    Tokens, Trusted,
};

use crate::domain::evaluation::{KnownAgent, LiveGrant};
use crate::domain::time::Timestamp;

/// What is known for certain when the rules are asked. It wins over what the caller claims.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The agent that the subject is, if it is one of ours.
    pub agent: Option<&'a KnownAgent>,
    /// The live grant that opens what is asked, if there is one.
    pub grant: Option<&'a LiveGrant>,
    /// The moment of the question.
    pub now: Timestamp,
}

/// What the rules say to a question. A live grant is a yes of its own: the rules add conditions
/// (`forbid`) and what is allowed without any grant (`permit`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// A `permit` applies and no `forbid`.
    Permit {
        /// Its `@id`.
        rule: String,
    },
    /// No rule applies.
    Silent,
    /// A `forbid` applies.
    Forbid {
        /// Its `@id`.
        rule: String,
        /// Its `@reason`: why, for whoever is blocked.
        user: Option<String>,
        /// Its `@admin`: why, for administrators.
        admin: Option<String>,
    },
    /// A rule that could forbid could not be judged: something it needs is missing.
    CannotJudge {
        /// What, in words.
        what: String,
    },
}
