//! The owner's yes: it runs, it is needed, it is compliant.

use super::outcome::Certify;
use super::plan;
use crate::domain::agent::{Agent, AgentState, Cause};
use crate::domain::certification::Certification;
use crate::domain::event::{About, Actor, What};
use crate::domain::ids::{CertificationId, GrantId};
use crate::domain::person::PersonId;
use crate::service::input::OnceKey;
use crate::service::once::Outcome;
use crate::service::opening::refresh_homes;
use crate::service::outcome::Refusal;
use crate::service::settle::conflict;
use crate::service::{Result, Service, bulletins};
use crate::store::work;

impl Outcome for Certify {
    fn before() -> Self {
        Self::Before
    }

    fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Before)
    }
}

impl Service {
    /// What an owner would answer about the agent of this name: its review, or why nothing is asked.
    pub async fn review_of(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<(Certification, Agent), Certify>> {
        let agent = match self.own_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Err(Certify::Refused(refusal))),
        };
        let newest = self.parts.store.read().await?.newest_certification(agent.id).await?;
        Ok(match newest {
            Some(review) if review.can_be_answered() && may_be_certified(&agent) => {
                Ok((review, agent))
            }
            _ => Err(match agent.state {
                AgentState::Active { certified_until, .. } => {
                    let terms = self.policy().certifying().terms();
                    Certify::NotDue { agent, opens_at: terms.opens_at(certified_until) }
                }
                _ => Certify::Refused(Refusal::NotActive(agent)),
            }),
        })
    }

    /// Why this person's answer to this review would not count, before a form asks them.
    pub async fn may_certify(
        &self,
        by: &PersonId,
        id: CertificationId,
    ) -> Result<std::result::Result<(Certification, Agent), Certify>> {
        let found = self.parts.store.read().await?.certification_with_agent(id).await?;
        let Some((review, agent)) = found else {
            let typed = id.to_string();
            let near = Vec::new();
            return Ok(Err(Certify::Refused(Refusal::UnknownReference { typed, near })));
        };
        if let Err(refusal) = self.owns(by, &agent).await? {
            return Ok(Err(Certify::Refused(refusal)));
        }
        Ok(if review.can_be_answered() && may_be_certified(&agent) {
            Ok((review, agent))
        } else {
            Err(over(review, agent))
        })
    }

    /// The owner says yes, and gives up what is not needed.
    pub async fn certify(
        &self,
        by: &PersonId,
        id: CertificationId,
        give_up: Vec<GrantId>,
        once: Option<OnceKey>,
    ) -> Result<Certify> {
        if let Err(why) = self.may_certify(by, id).await? {
            return Ok(match why {
                // It may have ended by this very click, whose answer was lost.
                Certify::Over { .. } if self.was_done(once.as_ref()).await? => Certify::Before,
                why => why,
            });
        }
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let by = by.clone();
        let work = work(move |tx| {
            Box::pin(async move {
                let found = tx.certification_with_agent(id).await?;
                let (review, agent) = found.ok_or_else(|| conflict("the review is gone"))?;
                if agent.owner != by {
                    let (agent, owner) = (agent.slug, agent.owner);
                    return Ok(Certify::Refused(Refusal::NotOwner { agent, owner }));
                }
                if !may_be_certified(&agent) {
                    return Ok(over(review, agent));
                }
                let until = now + policy.certifying().every.delta();
                let Some(review) = review.clone().certify(by.clone(), until, now) else {
                    return Ok(over(review, agent));
                };
                let back = !agent.is_active();
                let agent = agent.certify(until, now).map_err(conflict)?;
                tx.update_agent(&agent).await?;
                tx.update_certification(&review).await?;
                tx.drop_deadlines(&review.id.to_string()).await?;
                plan(tx, &entropy, &policy, &agent, now).await?;
                let actor = Actor::Person(by.clone());
                let what = What::AgentCertified { certification: id, agent: agent.id, until };
                tx.append(now, actor.clone(), what).await?;
                if back {
                    let about = About { agent: Some(agent.id), ..About::default() };
                    let what = What::AgentReinstated { agent: agent.id };
                    tx.append_about(now, actor, what, about).await?;
                }
                let mut given_up = Vec::new();
                for id in give_up {
                    let Some(grant) = tx.grant(id).await?.filter(|g| g.agent == agent.id) else {
                        continue;
                    };
                    // What has ended meanwhile needs not be given up.
                    let Ok(grant) = grant.release(by.clone(), now) else { continue };
                    crate::service::grants::ended_by(
                        tx,
                        &entropy,
                        &policy,
                        &grant,
                        &agent,
                        by.clone().into(),
                        now,
                    )
                    .await?;
                    given_up.push(grant);
                }
                bulletins::redraw(tx, &entropy, &review.id, now);
                refresh_homes(tx, &entropy, now, [&by, &review.asked]);
                Ok(Certify::Done { agent, until, given_up, back })
            })
        });
        self.once(once, work).await
    }
}

/// Whether an owner's word is what the agent needs.
const fn may_be_certified(agent: &Agent) -> bool {
    agent.is_active() || matches!(agent.cause(), Some(Cause::Uncertified))
}

/// Why the review asks nothing any more.
fn over(review: Certification, agent: Agent) -> Certify {
    if may_be_certified(&agent) {
        Certify::Over { review, agent }
    } else {
        Certify::Refused(Refusal::NotActive(agent))
    }
}
