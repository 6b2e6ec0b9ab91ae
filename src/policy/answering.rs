//! Who answers when those who are asked do not, or when they said no.

use std::collections::BTreeSet;

use crate::domain::role::RoleName;
use crate::domain::time::Span;

/// Who may let whom answer in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegations {
    /// Whether anybody may at all.
    pub allowed: bool,
    /// The longest at once.
    pub longest: Span,
    /// The roles that may be lent; all of them if absent.
    pub roles: Option<BTreeSet<RoleName>>,
    /// Who may be let: whoever holds one of these roles; every full member if absent.
    pub to: Option<BTreeSet<RoleName>>,
}

impl Default for Delegations {
    fn default() -> Self {
        Self { allowed: true, longest: Span::days(30), roles: None, to: None }
    }
}

impl Delegations {
    /// Whether this role may be lent.
    pub fn may_lend(&self, role: &RoleName) -> bool {
        self.allowed && self.roles.as_ref().is_none_or(|roles| roles.contains(role))
    }
}

/// Who decides whether a no stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appeals {
    /// One role for each yes that an appeal needs. Never empty.
    pub board: Vec<RoleName>,
    /// An appeal comes so long after the no, at the latest.
    pub within: Span,
    /// The time that the board has.
    pub decide_within: Span,
}
