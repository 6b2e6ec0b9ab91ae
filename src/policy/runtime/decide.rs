//! The whole answer to a question, from the policy and what is known for certain.

use super::{Facts, Ruling};
use crate::domain::access::Access;
use crate::domain::evaluation::{AGENT, Basis, Decision, Denial, Question};
use crate::policy::Policy;

impl Policy {
    /// The answer: tier, then live grant or standing rule, then conditions. That an agent is
    /// registered and active is the caller's to see to: `facts.agent` is there for no other.
    pub fn decide(&self, question: &Question, facts: &Facts<'_>) -> Decision {
        match self.judge(question, facts) {
            Ok(basis) => Decision::Allow { basis },
            Err(denial) => Decision::Deny { denial },
        }
    }

    fn judge(&self, question: &Question, facts: &Facts<'_>) -> Result<Basis, Denial> {
        let is_agent = question.subject.kind == AGENT;
        if is_agent && facts.agent.is_none() {
            return Err(Denial::UnknownSubject);
        }
        // Not of the one object, whose name a policy need not be able to write.
        let access = Access::new(&question.resource.kind, &question.action.name);
        let needs = self.tier_needed(&access);
        if let (Some(needs), Some(agent)) = (needs, facts.agent)
            && agent.tier < needs
        {
            return Err(Denial::TierTooLow { needs, has: agent.tier });
        }
        // A grant of what the policy does not know any more opens nothing.
        let grant = facts.grant.filter(|_| needs.is_some());
        let facts = &Facts { grant, ..*facts };
        match (self.rule(question, facts), grant) {
            (Ruling::Forbid { rule, user, admin }, _) => {
                Err(Denial::Forbidden { rule, user, admin })
            }
            (Ruling::CannotJudge { what }, _) => Err(Denial::CannotJudge { what }),
            (_, Some(grant)) => Ok(Basis::Grant(grant.clone())),
            (Ruling::Permit { rule }, None) => Ok(Basis::Rule { rule }),
            (Ruling::Silent, None) if !is_agent => Err(Denial::UnknownSubject),
            (Ruling::Silent, None) if needs.is_none() => Err(Denial::UnknownAccess),
            (Ruling::Silent, None) => Err(Denial::NoGrant),
        }
    }
}
