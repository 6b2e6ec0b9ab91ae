//! One question, decided: pure, from what is known and what the policy says.

use std::sync::Arc;

use super::index::{Card, Known};
use crate::domain::evaluation::{AGENT, Decision, Denial, LiveGrant, Question};
use crate::domain::time::Timestamp;
use crate::policy::runtime::{self, Facts, Rules};

/// What is known that bears on a question: looked up at once, so that the index is not held while the
/// rules are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// The agent that the subject is, if it is one.
    pub agent: Option<Arc<Card>>,
    /// The live grant that opens what is asked.
    pub grant: Option<LiveGrant>,
}

impl Findings {
    /// What is known for this question, at this moment.
    pub fn of(known: &(impl Known + ?Sized), question: &Question, now: Timestamp) -> Self {
        if question.subject.kind != AGENT {
            return Self { agent: None, grant: None };
        }
        let agent = known.agent(&question.subject.id);
        let grant = agent
            .as_ref()
            .filter(|card| card.active)
            .and_then(|card| known.grant(card.known.id, &question.access()?, now));
        Self { agent, grant }
    }
}

/// The answer: the agent known and active, and then what the policy says to a live grant.
pub fn decide(
    rules: &impl Rules,
    question: &Question,
    found: &Findings,
    now: Timestamp,
) -> Decision {
    if let Some(card) = found.agent.as_ref().filter(|card| !card.active) {
        let denial = Denial::NotActive { state: card.state.to_owned() };
        return Decision::Deny { denial };
    }
    let agent = found.agent.as_ref().map(|card| &card.known);
    let grant = found.grant.as_ref().filter(|grant| now < grant.until);
    runtime::decide(rules, question, &Facts { agent, grant, now })
}
