//! What is asked of people.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::agent::Description;
use super::credential::Proof;
use super::ids::{GrantId, RequestId};
use super::person::PersonId;
use super::reference::Reference;
use super::role::TeamName;
use super::tier::Tier;
use super::time::{Span, Timestamp};

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
    /// May somebody else answer for it?
    Handover {
        /// Who is to.
        to: PersonId,
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
    /// May what was denied become true after all? Asked once, of others than those who denied it.
    Appeal {
        /// The request that was denied, as it was: it can never change again.
        denied: Box<Denied>,
        /// The new argument; untrusted text, cleaned.
        because: String,
    },
}

/// A request that was denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// Which.
    pub request: RequestId,
    /// What people call it.
    pub reference: Reference,
    /// Who asked.
    pub asked_by: PersonId,
    /// What was asked.
    pub ask: Ask,
    /// Who said no.
    pub by: PersonId,
    /// Those in whose place the no was said, if not for the person's own roles.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub in_place_of: BTreeSet<PersonId>,
    /// When.
    pub at: Timestamp,
    /// Why; untrusted text, cleaned.
    pub reason: String,
    /// The moment beyond which nothing that comes of it lasts, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
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
    /// The teams, where it is to work for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Move>,
}

/// From one team to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The team that it worked for when it was asked.
    pub from: TeamName,
    /// The team that it is to work for.
    pub to: TeamName,
}

impl Ask {
    /// The letter in the reference: `R-12` is a registration, `G-1042` asks for a grant, `A-1050`
    /// appeals.
    pub const fn letter(&self) -> char {
        match self {
            Self::Registration => 'R',
            Self::Grant { .. } => 'G',
            Self::Emergency { .. } => 'E',
            Self::Review { .. } => 'V',
            Self::Extension { .. } => 'X',
            Self::Reinstatement { .. } => 'S',
            Self::Handover { .. } => 'H',
            Self::TierChange { .. } => 'T',
            Self::Change { .. } => 'C',
            Self::Credential { .. } => 'K',
            Self::Appeal { .. } => 'A',
        }
    }

    /// One word for the kind: `registration`, `grant`, `emergency`, `review`, `extension`,
    /// `reinstatement`, `handover`, `tier_change`, `change`, `credential`, `appeal`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Grant { .. } => "grant",
            Self::Emergency { .. } => "emergency",
            Self::Review { .. } => "review",
            Self::Extension { .. } => "extension",
            Self::Reinstatement { .. } => "reinstatement",
            Self::Handover { .. } => "handover",
            Self::TierChange { .. } => "tier_change",
            Self::Change { .. } => "change",
            Self::Credential { .. } => "credential",
            Self::Appeal { .. } => "appeal",
        }
    }

    /// What is to be opened, if anything is.
    pub fn access(&self) -> Option<&Access> {
        match self {
            Self::Grant { access, .. }
            | Self::Emergency { access, .. }
            | Self::Review { access, .. }
            | Self::Extension { access, .. } => Some(access),
            Self::Registration
            | Self::Reinstatement { .. }
            | Self::Handover { .. }
            | Self::TierChange { .. }
            | Self::Change { .. }
            | Self::Credential { .. } => None,
            Self::Appeal { denied, .. } => denied.ask.access(),
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
            | Self::Handover { because, .. }
            | Self::TierChange { because, .. }
            | Self::Change { because, .. }
            | Self::Credential { because, .. }
            | Self::Appeal { because, .. } => Some(because),
            Self::Registration => None,
        }
    }

    /// Whether it asks what is to be thought of something that was done already. Such a question is
    /// owed: it has a time by which it is due, and stays open beyond it; nobody can take it back.
    pub const fn is_review(&self) -> bool {
        matches!(self, Self::Review { .. })
    }

    /// For how long, if it is asked for a time.
    pub fn lasting(&self) -> Option<Span> {
        match self {
            Self::Grant { lasting, .. }
            | Self::Emergency { lasting, .. }
            | Self::Review { lasting, .. }
            | Self::Credential { lasting, .. } => Some(*lasting),
            Self::Extension { by, .. } => Some(*by),
            Self::Appeal { denied, .. } => denied.ask.lasting(),
            Self::Registration
            | Self::Reinstatement { .. }
            | Self::Handover { .. }
            | Self::TierChange { .. }
            | Self::Change { .. } => None,
        }
    }

    /// Who answers for the agent after a yes, if that changes.
    pub fn new_owner(&self) -> Option<&PersonId> {
        match self.in_truth() {
            Self::Handover { to, .. } => Some(to),
            _ => None,
        }
    }

    /// Whether somebody must answer for the agent at a yes: not if that brings an owner, and not if it
    /// only says what is thought of something that was done.
    pub fn needs_owner(&self) -> bool {
        !matches!(self.in_truth(), Self::Handover { .. } | Self::Review { .. })
    }

    /// The team that the agent is to work for, if that is asked: its leads decide, not those of the team
    /// that it leaves.
    pub fn moves_to(&self) -> Option<&TeamName> {
        match self.in_truth() {
            Self::Change { change, .. } => change.team.as_ref().map(|teams| &teams.to),
            _ => None,
        }
    }

    /// What a yes makes true: what is asked, or what an appeal is about.
    pub fn in_truth(&self) -> &Self {
        match self {
            Self::Appeal { denied, .. } => &denied.ask,
            other => other,
        }
    }
}
