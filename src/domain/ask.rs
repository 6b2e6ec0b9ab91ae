//! What is asked of people.

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::credential::Proof;
use super::ids::{GrantId, RequestId};
use super::reference::Reference;
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
    /// It may do this at once, for a short time: somebody who is entitled says that it cannot wait.
    Emergency {
        /// May do what.
        access: Access,
        /// For so long, from now.
        lasting: Span,
        /// Why; untrusted text, cleaned.
        because: String,
    },
    /// Was an emergency one? The question is open until it is answered, however late.
    Review {
        /// The request that nobody was asked.
        of: RequestId,
        /// What people call it.
        emergency: Reference,
        /// The grant that came of it.
        grant: GrantId,
        /// What it opens.
        access: Access,
        /// For how long.
        lasting: Span,
        /// Why, as it was said then; untrusted text, cleaned.
        because: String,
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
            Self::Emergency { .. } => 'E',
            Self::Review { .. } => 'V',
            Self::Extension { .. } => 'X',
            Self::Reinstatement { .. } => 'S',
            Self::Credential { .. } => 'K',
        }
    }

    /// One word for the kind: `registration`, `grant`, `emergency`, `review`, `extension`,
    /// `reinstatement`, `credential`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Grant { .. } => "grant",
            Self::Emergency { .. } => "emergency",
            Self::Review { .. } => "review",
            Self::Extension { .. } => "extension",
            Self::Reinstatement { .. } => "reinstatement",
            Self::Credential { .. } => "credential",
        }
    }

    /// What is to be opened, if anything is.
    pub const fn access(&self) -> Option<&Access> {
        match self {
            Self::Grant { access, .. }
            | Self::Emergency { access, .. }
            | Self::Review { access, .. }
            | Self::Extension { access, .. } => Some(access),
            Self::Registration | Self::Reinstatement { .. } | Self::Credential { .. } => None,
        }
    }

    /// The justification, if the kind has one.
    pub fn because(&self) -> Option<&str> {
        match self {
            Self::Grant { because, .. }
            | Self::Emergency { because, .. }
            | Self::Review { because, .. }
            | Self::Extension { because, .. }
            | Self::Reinstatement { because }
            | Self::Credential { because, .. } => Some(because),
            Self::Registration => None,
        }
    }

    /// Whether it asks what is to be thought of something that was done already. Such a question is
    /// owed: it has a time by which it is due, and stays open beyond it; nobody can take it back.
    pub const fn is_review(&self) -> bool {
        matches!(self, Self::Review { .. })
    }
}
