//! One question, decided: pure, from what is known and what the policy says.

use std::sync::Arc;

use super::index::{Card, Known};
use crate::domain::access::Access;
use crate::domain::evaluation::{AGENT, Basis, Decision, Denial, LiveGrant, Question};
use crate::domain::tier::Tier;
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::policy::runtime::{Facts, Ruling};

/// What a policy says at run time.
pub trait Rules {
    /// What the rules say to the question.
    fn rule(&self, question: &Question, facts: &Facts<'_>) -> Ruling;

    /// The lowest tier that may hold this access; none if the policy does not know it.
    fn tier_needed(&self, access: &Access) -> Option<Tier>;
}

impl Rules for Policy {
    fn rule(&self, question: &Question, facts: &Facts<'_>) -> Ruling {
        Self::rule(self, question, facts)
    }

    fn tier_needed(&self, access: &Access) -> Option<Tier> {
        Self::tier_needed(self, access)
    }
}

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

/// The answer. For agents: known and active, tier, live grant or standing rule, conditions. A tier
/// that is too low is said before the rules are asked; a condition that speaks against it is said
/// also where there is no grant, since asking for one would not help.
///
/// Of other subjects the registry knows nothing: a rule of the policy must allow it.
pub fn decide(
    rules: &impl Rules,
    question: &Question,
    found: &Findings,
    now: Timestamp,
) -> Decision {
    match answer(rules, question, found, now) {
        Ok(basis) => Decision::Allow { basis },
        Err(denial) => Decision::Deny { denial },
    }
}

fn answer(
    rules: &impl Rules,
    question: &Question,
    found: &Findings,
    now: Timestamp,
) -> Result<Basis, Denial> {
    let ask = |agent, grant| rules.rule(question, &Facts { agent, grant, now });
    if question.subject.kind != AGENT {
        return opened(ask(None, None), None, Denial::UnknownSubject);
    }
    let Some(card) = &found.agent else { return Err(Denial::UnknownSubject) };
    if !card.active {
        return Err(Denial::NotActive { state: card.state.to_owned() });
    }
    // The tier goes by the kind of resource alone: an object whose name could never be granted is no
    // way around it.
    let kind = Access::new(question.resource.kind.as_str(), question.action.name.as_str());
    let Some(needs) = rules.tier_needed(&kind) else {
        // A grant of what the policy does not know any more opens nothing.
        return opened(ask(Some(&card.known), None), None, Denial::UnknownAccess);
    };
    if card.known.tier < needs {
        return Err(Denial::TierTooLow { needs, has: card.known.tier });
    }
    let grant = found.grant.as_ref().filter(|grant| now < grant.until);
    opened(ask(Some(&card.known), grant), grant, Denial::NoGrant)
}

/// What follows from the rules' word and a grant; `shut` is the reason when nothing opens it.
fn opened(ruling: Ruling, grant: Option<&LiveGrant>, shut: Denial) -> Result<Basis, Denial> {
    match (ruling, grant) {
        (Ruling::Forbid { rule, user, admin }, _) => Err(Denial::Forbidden { rule, user, admin }),
        (Ruling::CannotJudge { what }, _) => Err(Denial::CannotJudge { what }),
        (Ruling::Permit { .. } | Ruling::Silent, Some(grant)) => Ok(Basis::Grant(grant.clone())),
        (Ruling::Permit { rule }, None) => Ok(Basis::Rule { rule }),
        (Ruling::Silent, None) => Err(shut),
    }
}
