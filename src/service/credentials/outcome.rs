//! What the use cases around credentials answer.

use crate::domain::agent::{Agent, Slug};
use crate::domain::claims::BadClaims;
use crate::domain::credential::Credential;
use crate::domain::person::{PersonId, Standing};
use crate::domain::public_key::BadKey;
use crate::domain::request::Request;
use crate::domain::time::{Span, Timestamp};
use crate::service::outcome::{Asked, Refusal};

/// A field of the form for a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialField {
    /// What people will call it.
    Name,
    /// The public key.
    Key,
    /// Who vouches for the workload.
    Issuer,
    /// The claims.
    Claims,
    /// For how long.
    Lasting,
    /// Why.
    Because,
}

/// What is wrong with a field. None of these repeats anything of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialProblem {
    /// Nothing is in it.
    Empty,
    /// It is no public key that can be used.
    BadKey(BadKey),
    /// These are no claims that can be used.
    BadClaims(BadClaims),
    /// The policy trusts no such issuer with workloads.
    UnknownIssuer {
        /// Those that it trusts.
        all: Vec<String>,
    },
    /// It is no length of time.
    BadDuration {
        /// The longest that could be asked.
        longest: Span,
    },
    /// Longer than the policy allows.
    TooLong {
        /// The longest.
        longest: Span,
    },
    /// The agent has this key already.
    HasAlready {
        /// What it is called.
        name: String,
    },
    /// Another agent proves itself by it.
    InUse {
        /// Whose it is, if the asker may see it.
        holder: Option<Slug>,
    },
}

/// What came of asking for a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialAsked {
    /// Something in the form must change first.
    Invalid(Vec<(CredentialField, CredentialProblem)>),
    /// It was put to people, or cannot be asked at all.
    Asked(Asked),
}

/// What the form for a credential offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialChoices {
    /// The issuers that the policy trusts with workloads: what it calls each, and its address.
    pub issuers: Vec<(String, String)>,
    /// The longest that a credential may live.
    pub longest: Span,
}

/// What an agent proves itself by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The agent.
    pub agent: Agent,
    /// Its credentials: what is accepted first, then what is over.
    pub credentials: Vec<Credential>,
    /// Those that people are deciding on.
    pub open: Vec<Request>,
    /// Whether the reader owns the agent, and so may add one.
    pub mine: bool,
    /// When this was true.
    pub now: Timestamp,
}

/// What came of asking to see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysShown {
    /// These.
    Shown(Keys),
    /// Only the owner, the leads of its team and security see them.
    MayNot {
        /// Which agent.
        agent: Slug,
        /// Who answers for it.
        owner: PersonId,
    },
    /// There is nothing to see.
    Refused(Refusal),
}

/// What came of taking a credential away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialRevoked {
    /// It is not accepted any more.
    Done {
        /// The credential.
        credential: Credential,
        /// Whose.
        agent: Agent,
        /// How many others it has.
        beside: u32,
    },
    /// It was over already.
    Over {
        /// The credential.
        credential: Credential,
        /// Whose.
        agent: Agent,
    },
    /// Only the owner, the leads of its team and security may.
    MayNot {
        /// Which agent.
        agent: Slug,
        /// Who answers for it.
        owner: PersonId,
    },
    /// Only a full, active member may.
    NotMember(Standing),
    /// There is no such credential.
    Unknown,
    /// The same was done before.
    Before,
}
