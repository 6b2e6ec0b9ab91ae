//! A wish for a grant is weighed: by the policy, by what the agent holds and did, and by the rules
//! that need no people. The same for every door, whether a person asks or a program.

use super::ask::known_access;
use super::opening::Addressees;
use super::outcome::Refusal;
use super::owners::nobody_answers;
use super::{Result, Service};
use crate::domain::access::Access;
use crate::domain::agent::Agent;
use crate::domain::person::PersonId;
use crate::domain::request::Ask;
use crate::domain::review::{Evidence, Finding, review};
use crate::domain::role::TeamName;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::{Case, Policy, Resource};

/// How long who says nothing of it gets: short, because most work is.
const USUAL: Span = Span::hours(1);

/// For how long something is wished.
#[derive(Debug, Clone, Copy)]
pub(super) enum Length<'t> {
    /// As somebody typed it.
    Typed(&'t str),
    /// Exactly so.
    Exactly(Span),
    /// As is usual, within what the policy allows.
    Usual,
}

impl Length<'_> {
    /// The span, if it is one and not too long at once.
    fn within(self, longest: Span, tier: Tier) -> std::result::Result<Span, Refusal> {
        let asked = match self {
            Self::Usual => USUAL.min(longest),
            Self::Exactly(span) => span,
            Self::Typed(text) => text
                .parse()
                .map_err(|_| Refusal::BadDuration { typed: clean(text, 40), longest })?,
        };
        if asked > longest {
            return Err(Refusal::TooLong { asked, longest, tier });
        }
        Ok(asked)
    }
}

/// A wish for a grant that may be put to people, or to a rule.
pub(super) struct Weighed {
    pub ask: Ask,
    pub tier: Tier,
    pub findings: Vec<Finding>,
    /// The rule by which no people are needed.
    pub rule: Option<String>,
}

impl Service {
    /// What becomes of an active agent's wish for a grant.
    pub(super) async fn weigh_grant(
        &self,
        agent: &Agent,
        access: &str,
        length: Length<'_>,
        because: &str,
    ) -> Result<std::result::Result<Weighed, Refusal>> {
        let policy = self.policy();
        if !agent.is_active() {
            return Ok(Err(Refusal::NotActive(agent.clone())));
        }
        if let Some(refusal) = nobody_answers(agent) {
            return Ok(Err(refusal));
        }
        let (access, resource, needed) = match known_access(&policy, access) {
            Ok(known) => known,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let tier = agent.tier.max(needed);
        let lasting = match length.within(policy.tier(tier).longest_grant, tier) {
            Ok(lasting) => lasting,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let because = clean(because, LONGEST_TEXT);
        if because.is_empty() {
            return Ok(Err(Refusal::NoReason));
        }
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        if let Some(grant) = session.live_grant_for(agent.id, &access, now).await?
            && grant.suffices(lasting, now)
        {
            return Ok(Err(Refusal::AlreadyHas(grant)));
        }
        let findings = self.review(&mut session, agent, &access, resource, needed).await?;
        drop(session);
        // A rule of the policy decides what is ordinary; what needs a second look goes to people.
        let ordinary = !findings.iter().any(|f| {
            matches!(
                f,
                Finding::OwnerGone
                    | Finding::CertificationLapsed
                    | Finding::RaisesTier { .. }
                    | Finding::DeniedBefore { .. }
            )
        });
        let case = Case::Grant { tier, access: &access, lasting };
        let rule = if ordinary { policy.without_people(&case) } else { None };
        let raise_to = (needed > agent.tier).then_some(needed);
        let ask = Ask::Grant { access, lasting, because, raise_to };
        Ok(Ok(Weighed { ask, tier, findings, rule }))
    }

    /// Who is asked, with the leads of this team, and the time it usually takes. Where nobody can decide, security is told.
    pub(super) async fn routed(
        &self,
        policy: &Policy,
        agent: &Agent,
        team: &TeamName,
        by: &PersonId,
        tier: Tier,
        rule: Option<&str>,
    ) -> Result<std::result::Result<(Addressees, Option<Span>), Refusal>> {
        let to = match self.addressees(policy, tier, team, by, &agent.owner).await? {
            _ if rule.is_some() => Addressees::nobody(),
            Ok(to) => to,
            Err(refusal) => {
                if let Refusal::NobodyCanDecide { roles } = &refusal {
                    self.tell_nobody_can_decide(&agent.slug, by, roles).await?;
                }
                return Ok(Err(refusal));
            }
        };
        let usual = self.parts.store.read().await?.usual_wait(tier).await?;
        Ok(Ok((to, usual)))
    }

    pub(super) async fn review(
        &self,
        session: &mut crate::store::Session,
        agent: &Agent,
        access: &Access,
        resource: &Resource,
        tier_needed: Tier,
    ) -> Result<Vec<Finding>> {
        let past = session.past(agent.id, access).await?;
        let evidence = Evidence {
            agent,
            owner_is_member: self.standing(&agent.owner).await?.is_member(),
            tier_needed,
            sensitivity: resource.sensitivity,
            had: past.had,
            had_resource: past.had_resource,
            denied: past.denied,
            now: self.now(),
        };
        Ok(review(&evidence))
    }
}
