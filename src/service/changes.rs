//! An agent becomes something else: another tier, another description. The people of the higher tier
//! decide, and until they have, nothing changes.

use super::grants::ended_by;
use super::input::{OnceKey, RegistrationForm, TierForm};
use super::opening::send;
use super::outcome::{Asked, CannotChange, Field, FieldProblem, Refusal};
use super::register::describe;
use super::settle::about;
use super::winding_down::cancel;
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::access::Access;
use crate::domain::agent::{Agent, Description};
use crate::domain::ask::{Change, Move};
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{Actor, TextHash, What};
use crate::domain::grant::Grant;
use crate::domain::person::{By, PersonId};
use crate::domain::request::{Ask, Origin, Request};
use crate::domain::review::Finding;
use crate::domain::role::TeamName;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::tier::Tier;
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::store::{StoreError, Tx};

type Done<T> = std::result::Result<T, StoreError>;

/// What came of asking that an agent may be something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It could be asked, or not.
    Asked(Asked),
    /// Something in the form must change first.
    Invalid(Vec<(Field, FieldProblem)>),
}

/// Whether an agent of this tier may not hold it.
fn is_above(policy: &Policy, access: &Access, tier: Tier) -> bool {
    policy.tier_needed(access).is_some_and(|needs| needs > tier)
}

/// The live grants that an agent of this tier may not hold.
pub(super) fn beyond(policy: &Policy, grants: Vec<Grant>, tier: Tier) -> Vec<Grant> {
    grants.into_iter().filter(|grant| is_above(policy, &grant.access, tier)).collect()
}

/// Whether this asks for what an agent of this tier may not hold, and not that it be raised for it.
pub(super) fn is_beyond(policy: &Policy, ask: &Ask, tier: Tier) -> bool {
    match ask.in_truth() {
        Ask::Grant { access, raise_to: None, .. } | Ask::Extension { access, .. } => {
            is_above(policy, access, tier)
        }
        _ => false,
    }
}

/// The form of an agent as it is described now.
pub fn as_described(agent: &Agent) -> RegistrationForm {
    let Description { purpose, systems, runs_on, model, answers } = &agent.description;
    RegistrationForm {
        name: agent.slug.to_string(),
        purpose: purpose.clone(),
        systems: systems.join(", "),
        runs_on: runs_on.clone(),
        model: model.clone(),
        answers: *answers,
        team: agent.team.to_string(),
        owner: Some(agent.owner.clone()),
        credential: None,
    }
}

impl Service {
    /// The owner or security asks for another tier.
    pub async fn ask_tier(
        &self,
        by: &PersonId,
        form: &TierForm,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let asked = self.ask_tier_anew(by, form, once.clone()).await?;
        self.or_before(asked, once).await
    }

    async fn ask_tier_anew(
        &self,
        by: &PersonId,
        form: &TierForm,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let agent = match self.agent_to_change(by, &form.agent).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Asked::Refused(refusal)),
        };
        let to = match tier_for(&agent, &form.to) {
            Ok(to) => to,
            Err(refusal) => return Ok(Asked::Refused(refusal)),
        };
        let because = clean(&form.because, LONGEST_TEXT);
        if because.is_empty() {
            return Ok(Asked::Refused(Refusal::NoReason));
        }
        let from = agent.tier;
        let findings = self.findings(&agent, from, to).await?;
        let ask = Ask::TierChange { from, to, because };
        let tier = from.max(to);
        self.put_question(by, agent, ask, tier, findings, None, Origin::Person, once).await
    }

    /// Why this tier cannot be asked for, before a form asks for the rest.
    pub async fn may_ask_tier(
        &self,
        by: &PersonId,
        form: &TierForm,
    ) -> Result<std::result::Result<Agent, Refusal>> {
        let agent = match self.agent_to_change(by, &form.agent).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let (false, Err(refusal)) = (form.to.is_empty(), tier_for(&agent, &form.to)) {
            return Ok(Err(refusal));
        }
        Ok(Ok(agent))
    }

    /// The agent of this name at work, if the person may ask that it be described anew.
    pub async fn agent_to_describe(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<Agent, Refusal>> {
        Ok(match self.own_agent(by, name).await? {
            Ok(agent) if !agent.is_active() => Err(Refusal::NotActive(agent)),
            other => other,
        })
    }

    /// The owner asks that the agent may be what the form says, and work for the team that it names. Its
    /// name and owner stay.
    pub async fn ask_change(
        &self,
        by: &PersonId,
        form: &RegistrationForm,
        because: &str,
        once: Option<OnceKey>,
    ) -> Result<Changed> {
        match self.ask_change_anew(by, form, because, once.clone()).await? {
            Changed::Asked(asked) => Ok(Changed::Asked(self.or_before(asked, once).await?)),
            invalid => Ok(invalid),
        }
    }

    async fn ask_change_anew(
        &self,
        by: &PersonId,
        form: &RegistrationForm,
        because: &str,
        once: Option<OnceKey>,
    ) -> Result<Changed> {
        let refuse = |refusal| Ok(Changed::Asked(Asked::Refused(refusal)));
        let agent = match self.agent_to_describe(by, &form.name).await? {
            Ok(agent) => agent,
            Err(refusal) => return refuse(refusal),
        };
        let mut problems = Vec::new();
        let to = describe(form, &mut problems);
        let team = another_team(&self.policy(), &agent, &form.team, &mut problems);
        if !problems.is_empty() {
            return Ok(Changed::Invalid(problems));
        }
        if to == agent.description && team.is_none() {
            return refuse(Refusal::Change(CannotChange::Nothing(agent)));
        }
        let because = clean(because, LONGEST_TEXT);
        if because.is_empty() {
            return refuse(Refusal::NoReason);
        }
        let (tier_from, tier_to) = (agent.tier, agent.tier_by(&to));
        let findings = self.findings(&agent, tier_from, tier_to).await?;
        let from = agent.description.clone();
        let change = Box::new(Change { from, to, tier_from, tier_to, team });
        let ask = Ask::Change { change, because };
        let tier = tier_from.max(tier_to);
        let asked =
            self.put_question(by, agent, ask, tier, findings, None, Origin::Person, once).await?;
        Ok(Changed::Asked(asked))
    }

    /// The agent, if this person may ask for another tier of it: its owner, and security.
    async fn agent_to_change(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<Agent, Refusal>> {
        let agent = match self.find_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Err(refusal) = self.owns(by, &agent).await?
            && !self.is_security(&self.policy(), by, &agent.team).await?
        {
            return Ok(Err(refusal));
        }
        Ok(if agent.is_active() { Ok(agent) } else { Err(Refusal::NotActive(agent)) })
    }

    async fn findings(&self, agent: &Agent, from: Tier, to: Tier) -> Result<Vec<Finding>> {
        let here = self.standing(&agent.owner).await?.is_member();
        let mut found = vec![
            if here { Finding::OwnerActive } else { Finding::OwnerGone },
            match agent.certified_at(self.now()) {
                Some(false) => Finding::CertificationLapsed,
                Some(true) | None => Finding::Certified,
            },
        ];
        match to.cmp(&from) {
            std::cmp::Ordering::Greater => found.push(Finding::RaisesTier { from, to }),
            std::cmp::Ordering::Less => found.push(Finding::LowersTier { from, to }),
            std::cmp::Ordering::Equal => found.push(Finding::TierSuffices),
        }
        found.sort_by_key(|finding| finding.is_warning());
        Ok(found)
    }
}

/// The tier that was typed, if the agent can have it and has another.
fn tier_for(agent: &Agent, typed: &str) -> std::result::Result<Tier, Refusal> {
    let bad = || Refusal::Change(CannotChange::BadTier { typed: clean(typed, 40) });
    let number: u8 = typed.trim().parse().map_err(|_| bad())?;
    let to = Tier::try_from(number).map_err(|_| bad())?;
    if to == agent.tier {
        Err(Refusal::Change(CannotChange::HasTier(agent.clone())))
    } else if to < agent.description.answers.tier() {
        Err(Refusal::Change(CannotChange::BelowAnswers { agent: agent.clone(), wanted: to }))
    } else {
        Ok(to)
    }
}

/// The teams, if the form names another one than the agent works for.
fn another_team(
    policy: &Policy,
    agent: &Agent,
    typed: &str,
    problems: &mut Vec<(Field, FieldProblem)>,
) -> Option<Move> {
    let to = TeamName::new(typed.trim());
    if typed.trim().is_empty() || to == agent.team {
        return None;
    }
    if policy.team(&to).is_none() {
        problems.push((Field::Team, FieldProblem::UnknownTeam));
    }
    Some(Move { from: agent.team.clone(), to })
}

/// The agent works for another team: both teams are told. Those who were asked something about it before
/// stay those who decide on that.
async fn moved(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    request: &Request,
    Move { from, to }: Move,
    actor: Actor,
    now: Timestamp,
) -> Done<()> {
    let agent = request.agent;
    for team in [&from, &to].into_iter().filter_map(|team| policy.team(team)) {
        let place = Place::Channel(team.channel.clone());
        let notice = Notice::TeamChanged { agent, from: from.clone(), to: to.clone() };
        send(tx, entropy, now, &Delivery::Notice { place, notice }).await?;
    }
    let what = What::TeamChanged { agent, request: request.id, from, to };
    tx.append_about(now, actor, what, about(request)).await?;
    Ok(())
}

/// The people agreed to another tier, or another description.
pub(super) async fn retier(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    request: &Request,
    agent: Agent,
    actor: Actor,
    now: Timestamp,
) -> Done<Agent> {
    let after = match &request.ask {
        // It may have been raised further meanwhile, for a grant: that stays.
        Ask::TierChange { from, to, .. } if to > from => agent.clone().raise(*to),
        Ask::TierChange { to, .. } => agent.clone().set_tier(*to),
        Ask::Change { change, .. } => {
            let after = agent.clone().describe(change.to.clone());
            match &change.team {
                Some(teams) => after.moved(teams.to.clone()),
                None => after,
            }
        }
        _ => return Ok(agent),
    };
    tx.update_agent(&after).await?;
    if after.description != agent.description {
        let text = serde_json::to_string(&after.description).unwrap_or_default();
        let description = TextHash::of(&text);
        let what = What::AgentDescribed { agent: after.id, request: request.id, description };
        tx.append_about(now, actor.clone(), what, about(request)).await?;
    }
    if after.team != agent.team {
        let teams = Move { from: agent.team.clone(), to: after.team.clone() };
        moved(tx, entropy, policy, request, teams, actor.clone(), now).await?;
    }
    let (from, to) = (agent.tier, after.tier);
    let what = match to.cmp(&from) {
        std::cmp::Ordering::Greater => What::TierRaised { agent: after.id, from, to },
        std::cmp::Ordering::Less => What::TierLowered { agent: after.id, from, to },
        std::cmp::Ordering::Equal => return Ok(after),
    };
    tx.append_about(now, actor.clone(), what, about(request)).await?;
    // What the lower tier may not hold ends now.
    let live = tx.live_grants_of(after.id, now).await?;
    let by = match actor {
        Actor::Person(person) => By::Person(person),
        Actor::Agent(_) | Actor::Service(_) | Actor::IdentityProvider | Actor::System => By::System,
    };
    let why = format!("{} is tier {to} now, which may not hold this", after.slug);
    for grant in beyond(policy, live, to) {
        if let Ok(grant) = grant.revoke(by.clone(), why.clone(), now) {
            ended_by(tx, entropy, policy, &grant, &after, by.clone(), now).await?;
        }
    }
    // Neither may it have by a yes that comes later.
    for request in tx.open_requests_of_agent(after.id).await? {
        if is_beyond(policy, &request.ask, to) {
            cancel(tx, entropy, &after, request, &by, &why, now).await?;
        }
    }
    Ok(after)
}
