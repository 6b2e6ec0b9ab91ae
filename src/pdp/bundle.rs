//! Questions that are asked together, and where their answers end.

use std::sync::Arc;

use super::decide::{Findings, decide};
use super::index::Card;
use crate::domain::behalf::Asker;
use crate::domain::evaluation::{Basis, Decision, Denial, Question};
use crate::domain::time::Timestamp;
use crate::policy::Policy;

/// Which of the questions are answered (AuthZEN 1.0, "Evaluations semantics").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Semantic {
    /// All.
    #[default]
    ExecuteAll,
    /// All up to the first no.
    DenyOnFirstDeny,
    /// All up to the first yes.
    PermitOnFirstPermit,
}

impl Semantic {
    /// Whether this answer is the last.
    pub const fn ends_with(self, allowed: bool) -> bool {
        match self {
            Self::ExecuteAll => false,
            Self::DenyOnFirstDeny => !allowed,
            Self::PermitOnFirstPermit => allowed,
        }
    }
}

/// Questions that are asked together.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Who asks.
    pub asker: Asker,
    /// What is asked; none where it was not understood, which counts as a no.
    pub questions: Vec<Option<Arc<Question>>>,
    /// Which of them are answered.
    pub semantic: Semantic,
}

/// An answer that is not on the record yet.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) decision: Decision,
    pub(super) agent: Option<Arc<Card>>,
}

/// Answers that are not on the record yet, and what they rest on.
#[derive(Debug)]
pub(super) struct Drafts {
    /// As far as the semantic goes.
    pub(super) answers: Vec<Option<Draft>>,
    /// The places of questions above a quota.
    pub(super) over: Vec<usize>,
    pub(super) policy: Arc<Policy>,
    /// The line of the log up to which everything was known.
    pub(super) seq: i64,
    pub(super) at: Timestamp,
}

impl Drafts {
    /// Decides one after the other, up to where the semantic ends.
    pub(super) fn of(
        bundle: &Bundle,
        found: Vec<Option<Findings>>,
        over: Vec<usize>,
        policy: Arc<Policy>,
        seq: i64,
        at: Timestamp,
    ) -> Self {
        let mut answers = Vec::with_capacity(bundle.questions.len());
        for (place, (question, found)) in bundle.questions.iter().zip(found).enumerate() {
            let draft = question.as_ref().zip(found).map(|(question, found)| {
                let decision = if over.contains(&place) {
                    Decision::Deny { denial: Denial::Quota }
                } else {
                    decide(&*policy, question, &found, at)
                };
                Draft { decision, agent: found.agent }
            });
            let allowed = draft.as_ref().is_some_and(|draft| draft.decision.is_allowed());
            answers.push(draft);
            if bundle.semantic.ends_with(allowed) {
                break;
            }
        }
        Self { answers, over, policy, seq, at }
    }

    /// Whether they hold still, when `changed` is the last line that changed an agent or a grant.
    pub(super) fn hold(&self, changed: i64, now: Timestamp) -> bool {
        let ended = |draft: &Draft| match &draft.decision {
            Decision::Allow { basis: Basis::Grant(grant) } => grant.until <= now,
            _ => false,
        };
        self.seq >= changed && !self.answers.iter().flatten().any(ended)
    }
}
