//! An agent is handed over: somebody else is asked to answer for it, and people agree.

use super::outcome::{HandoverForm, OwnerRefusal};
use crate::domain::agent::Agent;
use crate::domain::backup::Backup;
use crate::domain::person::PersonId;
use crate::domain::request::{Acceptance, Ask, Origin};
use crate::domain::review::Finding;
use crate::domain::role::RoleName;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::tier::Tier;
use crate::policy::Policy;
use crate::service::input::OnceKey;
use crate::service::opening::{Addressees, Put, Question, put};
use crate::service::outcome::{Asked, Refusal};
use crate::service::people::{deciders, uncoverable};
use crate::service::{Result, Service};
use crate::store::work;

/// The rule by which no people are needed: the policy asks nobody beside the new owner, and it is the
/// new owner who asks.
const NOBODY_BESIDE: &str = "owners.handover";

impl Service {
    /// Whom a user id or an e-mail address names, in a command; nobody if that cannot be said (now):
    /// then a form asks.
    pub async fn person_named(&self, typed: &str) -> Option<PersonId> {
        self.parts.directory.find(typed).await.ok().flatten()
    }

    /// The agent by this name, if the person may hand it over: its owner, a lead of its team, or
    /// security.
    pub async fn may_hand_over(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<Agent, Refusal>> {
        let agent = match self.find_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Err(Refusal::NotMember(standing)));
        }
        if agent.owner != *by && !self.leads_or_guards(&self.policy(), by, &agent).await? {
            let (agent, owner) = (agent.slug, agent.owner);
            return Ok(Err(Refusal::Owner(OwnerRefusal::MayNotHandOver { agent, owner })));
        }
        Ok(if agent.lives() { Ok(agent) } else { Err(Refusal::NotActive(agent)) })
    }

    /// Somebody asks that another person answers for the agent. That person must agree, and the
    /// people whom the policy names.
    pub async fn ask_handover(
        &self,
        by: &PersonId,
        form: &HandoverForm,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let asked = self.ask_handover_anew(by, form, once.clone()).await?;
        self.or_before(asked, once).await
    }

    async fn ask_handover_anew(
        &self,
        by: &PersonId,
        form: &HandoverForm,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let refuse = |refusal| Ok(Asked::Refused(refusal));
        let agent = match self.may_hand_over(by, &form.agent).await? {
            Ok(agent) => agent,
            Err(refusal) => return refuse(refusal),
        };
        let Some(to) = form.to.clone() else {
            return refuse(Refusal::Owner(OwnerRefusal::NobodyNamed(agent.slug)));
        };
        if to == agent.owner {
            return refuse(owns_it(&agent));
        }
        let standing = self.standing(&to).await?;
        if !standing.is_member() {
            return refuse(Refusal::Owner(OwnerRefusal::CannotOwn { person: to, standing }));
        }
        let because = clean(&form.because, LONGEST_TEXT);
        if because.is_empty() {
            return refuse(Refusal::NoReason);
        }
        let policy = self.policy();
        let addressees = match self.beside(&policy, &agent, by, &to).await? {
            Ok(addressees) => addressees,
            Err(roles) => {
                self.tell_nobody_can_decide(&agent.slug, by, &roles).await?;
                return refuse(Refusal::NobodyCanDecide { roles });
            }
        };
        let rule = (addressees.needs.is_empty() && to == *by).then(|| NOBODY_BESIDE.to_owned());
        let usual = self.parts.store.read().await?.usual_wait(agent.tier).await?;
        let acceptance = if to == *by { Acceptance::NotNeeded } else { Acceptance::Awaited };
        let (now, entropy, asked_by) = (self.now(), self.entropy(), by.clone());
        let work = work(move |tx| {
            Box::pin(async move {
                let refuse = |refusal| Ok(Asked::Refused(refusal));
                // Under the lock: the agent as it is now, and nothing of the kind open already.
                let agent = match tx.agent(agent.id).await? {
                    Some(agent) if agent.lives() => agent,
                    now => return refuse(Refusal::NotActive(now.unwrap_or(agent))),
                };
                if to == agent.owner {
                    return refuse(owns_it(&agent));
                }
                let open = tx.open_requests_of_agent(agent.id).await?;
                let same = |ask: &Ask| matches!(ask, Ask::Handover { .. });
                if let Some(open) = open.into_iter().find(|r| same(&r.ask) && r.is_open(now)) {
                    return refuse(Refusal::AlreadyAsked(open));
                }
                let gone = agent.orphaned.as_ref().map(|_| Finding::OwnerGone);
                let others =
                    (addressees.needs != policy.owners().handover).then_some(Finding::OthersAgree);
                let question = Question {
                    tier: agent.tier,
                    agent,
                    asked_by,
                    origin: Origin::Person,
                    ask: Ask::Handover { to, because },
                    brings: None,
                    acceptance,
                    findings: gone.into_iter().chain(others).collect(),
                    rule,
                };
                Ok(match put(tx, &entropy, &policy, question, addressees, now).await? {
                    Put::Open(agent, request) => Asked::Opened { agent, request, usual },
                    Put::Approved(agent, request, grant) => {
                        Asked::Approved { agent, request, grant }
                    }
                })
            })
        });
        self.once(once, work).await
    }

    /// Who must agree beside the new owner: never the one before, the new one or who asks. Where
    /// nobody is left for a role, others agree in its place. The roles that nobody could answer for,
    /// if there are such.
    async fn beside(
        &self,
        policy: &Policy,
        agent: &Agent,
        by: &PersonId,
        to: &PersonId,
    ) -> Result<std::result::Result<Addressees, Vec<RoleName>>> {
        let excluded = [by, &agent.owner, to];
        let needs = policy.owners().handover.clone();
        let missing = match self.who_agrees(policy, agent, needs.clone(), &excluded).await? {
            Ok(addressees) => return Ok(Ok(addressees)),
            Err(missing) => missing,
        };
        for other in in_place(policy, agent.tier) {
            let needs = replaced(needs.clone(), &missing, &other);
            if let Ok(addressees) = self.who_agrees(policy, agent, needs, &excluded).await? {
                return Ok(Ok(addressees));
            }
        }
        Ok(Err(missing))
    }

    /// The people who could cover these roles, or the roles that they could not.
    async fn who_agrees(
        &self,
        policy: &Policy,
        agent: &Agent,
        needs: Vec<RoleName>,
        excluded: &[&PersonId],
    ) -> Result<std::result::Result<Addressees, Vec<RoleName>>> {
        let workspace = &agent.owner.workspace;
        let roster = self.roster(policy, &needs, &agent.team, workspace).await?;
        let missing = uncoverable(&needs, &deciders(&roster, excluded));
        if !missing.is_empty() {
            return Ok(Err(missing));
        }
        let asked = self.to_be_asked(policy, &roster, &agent.team, &needs, excluded).await?;
        Ok(Ok(Addressees { needs, asked }))
    }
}

/// Who agrees where nobody is left for a role, the first first: the backup of the agent's tier, if the
/// policy names one, and security.
fn in_place(policy: &Policy, tier: Tier) -> Vec<RoleName> {
    let mut others = Vec::new();
    if let Backup::Planned { role, .. } = &policy.tier(tier).backup {
        others.push(role.clone());
    }
    others.push(RoleName::new(RoleName::SECURITY));
    others
}

/// The same requirements, with another role in place of each that is missing.
fn replaced(mut needs: Vec<RoleName>, missing: &[RoleName], other: &RoleName) -> Vec<RoleName> {
    for role in missing {
        if let Some(place) = needs.iter_mut().rev().find(|need| *need == role) {
            *place = other.clone();
        }
    }
    needs
}

fn owns_it(agent: &Agent) -> Refusal {
    let (agent, owner) = (agent.slug.clone(), agent.owner.clone());
    Refusal::Owner(OwnerRefusal::OwnsIt { agent, owner })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_stand_where_nobody_is_left() {
        let roles = |names: &[&str]| -> Vec<RoleName> {
            names.iter().map(|name| RoleName::new(*name)).collect()
        };
        let vp = RoleName::new("vp");
        let after = |needs: &[&str], missing: &[&str]| replaced(roles(needs), &roles(missing), &vp);
        assert_eq!(after(&["team-lead"], &["team-lead"]), roles(&["vp"]));
        // Of two leads one is left.
        let two = ["team-lead", "team-lead", "security"];
        assert_eq!(after(&two, &["team-lead"]), roles(&["team-lead", "vp", "security"]));
        assert_eq!(after(&two, &["team-lead", "team-lead"]), roles(&["vp", "vp", "security"]));
    }
}
