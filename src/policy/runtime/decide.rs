//! The whole answer to a question, from the policy and what is known for certain.

use super::{Facts, Ruling};
use crate::domain::access::Access;
use crate::domain::evaluation::{AGENT, Basis, Decision, Denial, Question};
use crate::domain::tier::Tier;
use crate::policy::Policy;

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

impl Policy {
    /// See [`decide`].
    pub fn decide(&self, question: &Question, facts: &Facts<'_>) -> Decision {
        decide(self, question, facts)
    }
}

/// The answer: tier, then live grant or standing rule, then conditions. A tier that is too low is said
/// before the rules are asked; a condition that speaks against it is said also where there is no
/// grant, since asking for one would not help. That an agent is registered and active is the caller's
/// to see to: `facts.agent` is there for no other. Of other subjects nothing is known: a rule must
/// allow it.
pub fn decide(rules: &impl Rules, question: &Question, facts: &Facts<'_>) -> Decision {
    match judge(rules, question, facts) {
        Ok(basis) => Decision::Allow { basis },
        Err(denial) => Decision::Deny { denial },
    }
}

fn judge(rules: &impl Rules, question: &Question, facts: &Facts<'_>) -> Result<Basis, Denial> {
    let is_agent = question.subject.kind == AGENT;
    if is_agent && facts.agent.is_none() {
        return Err(Denial::UnknownSubject);
    }
    // By the kind of resource alone: an object whose name could never be granted is no way around
    // the tier.
    let kind = Access::new(&question.resource.kind, &question.action.name);
    let needs = rules.tier_needed(&kind);
    if let (Some(needs), Some(agent)) = (needs, facts.agent)
        && agent.tier < needs
    {
        return Err(Denial::TierTooLow { needs, has: agent.tier });
    }
    // A grant of what the policy does not know any more opens nothing.
    let grant = facts.grant.filter(|_| needs.is_some());
    let facts = &Facts { grant, ..*facts };
    match (rules.rule(question, facts), grant) {
        (Ruling::Forbid { rule, user, admin }, _) => Err(Denial::Forbidden { rule, user, admin }),
        (Ruling::CannotJudge { what }, _) => Err(Denial::CannotJudge { what }),
        (_, Some(grant)) => Ok(Basis::Grant(grant.clone())),
        (Ruling::Permit { rule }, None) => Ok(Basis::Rule { rule }),
        (Ruling::Silent, None) if !is_agent => Err(Denial::UnknownSubject),
        (Ruling::Silent, None) if needs.is_none() => Err(Denial::UnknownAccess),
        (Ruling::Silent, None) => Err(Denial::NoGrant),
    }
}
