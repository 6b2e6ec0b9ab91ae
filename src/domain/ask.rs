//! What is asked of people.

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::credential::Proof;
use super::ids::GrantId;
use super::person::PersonId;
use super::tier::Tier;
use super::time::Span;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// May this agent exist?
    Registration,
    /// May it do this, for so long?
    Grant {
        /// May do what.
        access: Access,
        /// For so long from the approval.
        lasting: Span,
        /// Why; untrusted text, cleaned.
        because: String,
        /// The tier the agent must be raised to for this; the yes raises it too.
        raise_to: Option<Tier>,
    },
    /// May it keep a grant for longer?
    Extension {
        /// Which.
        grant: GrantId,
        /// What the grant opens.
        access: Access,
        /// So much longer, from the grant's end (from the approval, if it ended meanwhile).
        by: Span,
        /// Why; untrusted text, cleaned.
        because: String,
    },
    /// May it go on, after it was stopped?
    Reinstatement {
        /// Why; untrusted text, cleaned.
        because: String,
    },
    /// May somebody else answer for it?
    Handover {
        /// Who is to.
        to: PersonId,
        /// Why; untrusted text, cleaned.
        because: String,
    },
    /// May it prove itself so?
    Credential {
        /// What people call the credential; untrusted text, cleaned.
        name: String,
        /// What is to be accepted.
        proof: Proof,
        /// For so long from the approval.
        lasting: Span,
        /// Why; untrusted text, cleaned.
        because: String,
    },
}

impl Ask {
    /// The letter in the reference: `R-12` is a registration, `G-1042` asks for a grant.
    pub const fn letter(&self) -> char {
        match self {
            Self::Registration => 'R',
            Self::Grant { .. } => 'G',
            Self::Extension { .. } => 'X',
            Self::Reinstatement { .. } => 'S',
            Self::Handover { .. } => 'H',
            Self::Credential { .. } => 'K',
        }
    }

    /// One word for the kind: `registration`, `grant`, `extension`, `reinstatement`, `handover`,
    /// `credential`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Grant { .. } => "grant",
            Self::Extension { .. } => "extension",
            Self::Reinstatement { .. } => "reinstatement",
            Self::Handover { .. } => "handover",
            Self::Credential { .. } => "credential",
        }
    }

    /// What is to be opened, if anything is.
    pub const fn access(&self) -> Option<&Access> {
        match self {
            Self::Grant { access, .. } | Self::Extension { access, .. } => Some(access),
            Self::Registration
            | Self::Reinstatement { .. }
            | Self::Handover { .. }
            | Self::Credential { .. } => None,
        }
    }

    /// The justification, if the kind has one.
    pub fn because(&self) -> Option<&str> {
        match self {
            Self::Grant { because, .. }
            | Self::Extension { because, .. }
            | Self::Reinstatement { because }
            | Self::Handover { because, .. }
            | Self::Credential { because, .. } => Some(because),
            Self::Registration => None,
        }
    }
}
