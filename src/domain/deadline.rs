//! Something to do at a time. Kept in the store, so that it is done whatever dies meanwhile.

use serde::{Deserialize, Serialize};

use super::ids::{
    AgentId, CertificationId, CredentialId, DeadlineId, DelegationId, DiscoveryId, GrantId,
    RequestId,
};
use super::time::{Span, Timestamp};

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "due", rename_all = "snake_case")]
pub enum Due {
    /// Remind those whose yes is awaited.
    RequestReminder {
        /// Of this request.
        request: RequestId,
    },
    /// A request that nobody answered goes to its backup, or expires.
    RequestExpiry {
        /// This one.
        request: RequestId,
    },
    /// Say that a grant is about to end.
    GrantReminder {
        /// This one.
        grant: GrantId,
        /// So long before its end.
        before: Span,
    },
    /// A grant's time has come.
    GrantExpiry {
        /// This one.
        grant: GrantId,
    },
    /// Say that a credential is about to end, so that another can follow it.
    CredentialReminder {
        /// This one.
        credential: CredentialId,
        /// So long before its end.
        before: Span,
    },
    /// A credential's time has come.
    CredentialExpiry {
        /// This one.
        credential: CredentialId,
    },
    /// Say that an agent without an owner is about to be stopped.
    OwnerlessNotice {
        /// This one.
        agent: AgentId,
        /// So long before it is.
        before: Span,
    },
    /// An agent that nobody took is stopped.
    OwnerlessStop {
        /// This one.
        agent: AgentId,
    },
    /// An agent that still nobody took is retired.
    OwnerlessRetirement {
        /// This one.
        agent: AgentId,
    },
    /// A part of the daily sweep: look at so many owners more, a few at a time.
    OwnersSweep {
        /// Which part, from 1; the first comes with the sweep itself.
        portion: u32,
    },
    /// Find in the workspace whom the identity provider told of.
    IdpMatching,
    /// The owner is to be asked whether an agent is still needed and compliant.
    CertificationOpening {
        /// Of this agent.
        agent: AgentId,
    },
    /// Remind the owner that they are asked.
    CertificationReminder {
        /// In this review.
        certification: CertificationId,
        /// So long before it is due.
        before: Span,
    },
    /// The owner should have answered: the leads of the team and security are warned.
    CertificationDue {
        /// This review.
        certification: CertificationId,
    },
    /// The grace is over: the agent is suspended.
    CertificationEnd {
        /// This review.
        certification: CertificationId,
    },
    /// A delegation's time has come.
    DelegationEnd {
        /// This one.
        delegation: DelegationId,
    },
    /// Something that was found is still nobody's: say so again.
    DiscoveryReminder {
        /// This one.
        discovery: DiscoveryId,
    },
    /// Tell security what was found, all of it at once.
    Discoveries,
    /// Once a day: look whether everything is still as it is recorded, outside as well.
    Sweep,
    /// Once a week: tell the numbers.
    Digest,
}

impl Due {
    /// The subject of the daily sweep, of which there is one.
    pub const SWEEP: &'static str = "sweep";
    /// The subject of the search for the identity provider's users, of which there is one.
    pub const IDP_MATCHING: &'static str = "idp";

    /// The subject of everything that is due because nobody answers for this agent.
    pub fn ownerless(agent: AgentId) -> String {
        format!("ownerless:{agent}")
    }

    /// The subject of the weekly digest, of which there is one at most.
    pub const DIGEST: &'static str = "digest";

    /// The subject of an agent's next review, before it is opened.
    pub fn certifying(agent: AgentId) -> String {
        format!("certify:{agent}")
    }

    /// What it is about, for finding all deadlines of one thing: its id, or the subject that is named
    /// above.
    /// The subject of what security is still to be told was found.
    pub const DISCOVERIES: &'static str = "discoveries";

    /// What it is about, for finding all deadlines of one thing: a request's, a
    /// grant's, a credential's or a discovery's id.
    pub fn subject(&self) -> String {
        match self {
            Self::RequestReminder { request } | Self::RequestExpiry { request } => {
                request.to_string()
            }
            Self::GrantReminder { grant, .. } | Self::GrantExpiry { grant } => grant.to_string(),
            Self::CredentialReminder { credential, .. } | Self::CredentialExpiry { credential } => {
                credential.to_string()
            }
            Self::OwnerlessNotice { agent, .. }
            | Self::OwnerlessStop { agent }
            | Self::OwnerlessRetirement { agent } => Self::ownerless(*agent),
            Self::OwnersSweep { .. } | Self::Sweep => Self::SWEEP.to_owned(),
            Self::IdpMatching => Self::IDP_MATCHING.to_owned(),
            Self::CertificationOpening { agent } => Self::certifying(*agent),
            Self::CertificationReminder { certification, .. }
            | Self::CertificationDue { certification }
            | Self::CertificationEnd { certification } => certification.to_string(),
            Self::DelegationEnd { delegation } => delegation.to_string(),
            Self::Digest => Self::DIGEST.to_owned(),
            Self::DiscoveryReminder { discovery } => discovery.to_string(),
            Self::Discoveries => Self::DISCOVERIES.to_owned(),
        }
    }
}

/// Something to do at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Its identity.
    pub id: DeadlineId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub due: Due,
}
