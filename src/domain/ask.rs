//! What is asked of people.

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::agent::Description;
use super::credential::Proof;
use super::ids::GrantId;
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
    /// May its tier be another?
    TierChange {
        /// From, when it was asked.
        from: Tier,
        /// To.
        to: Tier,
        /// Why; untrusted text, cleaned.
        because: String,
    },
    /// May it be something else?
    Change {
        /// What it is, and what it is to be.
        change: Box<Change>,
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

/// Another description in place of the one that it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it was when it was asked.
    pub from: Description,
    /// What it is to be.
    pub to: Description,
    /// Its tier when it was asked.
    pub tier_from: Tier,
    /// Its tier with the new description.
    pub tier_to: Tier,
}

impl Ask {
    /// The letter in the reference: `R-12` is a registration, `G-1042` asks for a grant.
    pub const fn letter(&self) -> char {
        match self {
            Self::Registration => 'R',
            Self::Grant { .. } => 'G',
            Self::Extension { .. } => 'X',
            Self::Reinstatement { .. } => 'S',
            Self::TierChange { .. } => 'T',
            Self::Change { .. } => 'C',
            Self::Credential { .. } => 'K',
        }
    }

    /// One word for the kind: `registration`, `grant`, `extension`, `reinstatement`,
    /// `tier_change`, `change`, `credential`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Grant { .. } => "grant",
            Self::Extension { .. } => "extension",
            Self::Reinstatement { .. } => "reinstatement",
            Self::TierChange { .. } => "tier_change",
            Self::Change { .. } => "change",
            Self::Credential { .. } => "credential",
        }
    }

    /// What is to be opened, if anything is.
    pub const fn access(&self) -> Option<&Access> {
        match self {
            Self::Grant { access, .. } | Self::Extension { access, .. } => Some(access),
            Self::Registration
            | Self::Reinstatement { .. }
            | Self::TierChange { .. }
            | Self::Change { .. }
            | Self::Credential { .. } => None,
        }
    }

    /// The justification, if the kind has one.
    pub fn because(&self) -> Option<&str> {
        match self {
            Self::Grant { because, .. }
            | Self::Extension { because, .. }
            | Self::Reinstatement { because }
            | Self::TierChange { because, .. }
            | Self::Change { because, .. }
            | Self::Credential { because, .. } => Some(because),
            Self::Registration => None,
        }
    }
}
