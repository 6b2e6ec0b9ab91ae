//! What comes of asking who answers for an agent.

use crate::domain::agent::{Agent, Slug};
use crate::domain::person::{PersonId, Standing};
use crate::service::once::Outcome;
use crate::service::outcome::Refusal;

/// The form for a handover.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HandoverForm {
    /// The agent's name.
    pub agent: String,
    /// Who is to answer for it.
    pub to: Option<PersonId>,
    /// Why.
    pub because: String,
}

/// Why an agent cannot come to another owner so, or nothing can be had for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnerRefusal {
    /// Nobody answers for it, so nothing new is given to it.
    Ownerless(Agent),
    /// Only its owner, a lead of its team and security may hand it over.
    MayNotHandOver {
        /// Which.
        agent: Slug,
        /// Who answers for it.
        owner: PersonId,
    },
    /// Nobody was named who is to answer for it.
    NobodyNamed(Slug),
    /// Only a full, active member can answer for an agent.
    CannotOwn {
        /// Who was named.
        person: PersonId,
        /// What they are.
        standing: Standing,
    },
    /// This person answers for it already.
    OwnsIt {
        /// Which.
        agent: Slug,
        /// Who.
        owner: PersonId,
    },
    /// Only a lead of its team and security may take it.
    MayNotTake(Slug),
    /// There is nothing to take: somebody answers for it.
    HasOwner(Agent),
}

/// What came of taking an agent that nobody answered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Who took it answers for it from now on.
    Done {
        /// The agent.
        agent: Agent,
        /// Whether it was stopped for want of an owner, and goes on now.
        goes_on: bool,
    },
    /// It cannot be taken so.
    Refused(Refusal),
    /// The same click was taken before.
    Before,
}

impl Outcome for Taken {
    fn before() -> Self {
        Self::Before
    }

    fn is_done(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}
