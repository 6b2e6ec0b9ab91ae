//! What the policy says of emergencies and incidents.

use crate::domain::role::RoleName;
use crate::domain::time::Span;

/// `[break_glass]`: what may be opened at once, and who looks at it afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlass {
    /// Whoever holds one of these roles may. Never empty.
    pub who: Vec<RoleName>,
    /// The longest that may be opened.
    pub longest: Span,
    /// What is offered first; never longer than the longest.
    pub usual: Span,
    /// Whose yes the review takes: one person for each entry. Never empty.
    pub review_by: Vec<RoleName>,
    /// The review is due so long after.
    pub review_within: Span,
}

/// `[incidents]`: who is called, and how far back is looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incidents {
    /// The role whose holders are on call, if there is one.
    pub on_call: Option<RoleName>,
    /// What an agent did in so long before an incident belongs to it.
    pub looks_back: Span,
}

impl Default for Incidents {
    fn default() -> Self {
        Self { on_call: None, looks_back: Span::days(1) }
    }
}
