//! An owner asks for more: a grant, more time, or that a stopped agent may go on.

use super::access_requests::submit::waiting;
use super::input::{ExtensionForm, GrantForm, OnceKey};
use super::opening::{Put, Question, put};
use super::outcome::{Asked, CannotChange, Refusal};
use super::owners::nobody_answers;
use super::weigh::{Length, Weighed};
use super::{Result, Service};
use crate::domain::access::Access;
use crate::domain::agent::{Agent, AgentState, Cause, Slug};
use crate::domain::grant::Grant;
use crate::domain::person::PersonId;
use crate::domain::request::{Acceptance, Ask, Origin, Reference};
use crate::domain::review::Finding;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::{Case, Policy, Resource};
use crate::store::work;

/// As many near names as an answer lists.
const NEAR: usize = 3;

impl Service {
    /// The owner asks that the agent may do something for a time.
    pub async fn ask_grant(
        &self,
        by: &PersonId,
        form: &GrantForm,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let asked = self.ask_grant_anew(by, form, once.clone()).await?;
        self.or_before(asked, once).await
    }

    async fn ask_grant_anew(
        &self,
        by: &PersonId,
        form: &GrantForm,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        match self.own_agent(by, &form.agent).await? {
            Ok(agent) => self.put_grant(by, agent, form, Origin::Person, once).await,
            Err(refusal) => refuse(refusal),
        }
    }

    /// `by` asks, or answers for the agent that asks for itself.
    pub(super) async fn put_grant(
        &self,
        by: &PersonId,
        agent: Agent,
        form: &GrantForm,
        origin: Origin,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        if !agent.is_active() {
            return refuse(Refusal::NotActive(agent));
        }
        let length = match form.lasting.as_str() {
            "" => Length::Usual,
            typed => Length::Typed(typed),
        };
        let weighed = self.weigh_grant(&agent, &form.access, length, &form.because).await?;
        let Weighed { ask, tier, findings, rule } = match weighed {
            Ok(weighed) => weighed,
            Err(refusal) => return refuse(refusal),
        };
        self.put_question(by, agent, ask, tier, findings, rule, origin, once).await
    }

    /// What is wrong with the parts of a request that were typed, before a form asks for the rest.
    pub async fn refuse_early(&self, by: &PersonId, form: &GrantForm) -> Result<Option<Refusal>> {
        let mut longest = None;
        if !form.agent.is_empty() {
            match self.own_agent(by, &form.agent).await? {
                Ok(agent) if !agent.is_active() => return Ok(Some(Refusal::NotActive(agent))),
                Ok(agent) => longest = Some(self.policy().tier(agent.tier).longest_grant),
                Err(refusal) => return Ok(Some(refusal)),
            }
        }
        let policy = self.policy();
        if !form.access.is_empty()
            && let Err(refusal) = known_access(&policy, &form.access)
        {
            return Ok(Some(refusal));
        }
        if !form.lasting.is_empty() && form.lasting.parse::<Span>().is_err() {
            let longest = longest.unwrap_or(policy.tier(Tier::Observer).longest_grant);
            return Ok(Some(Refusal::BadDuration { typed: clean(&form.lasting, 40), longest }));
        }
        Ok(None)
    }

    /// The owner asks that a grant goes on for longer.
    pub async fn ask_extension(
        &self,
        by: &PersonId,
        form: &ExtensionForm,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let asked = self.ask_extension_anew(by, form, once.clone()).await?;
        self.or_before(asked, once).await
    }

    async fn ask_extension_anew(
        &self,
        by: &PersonId,
        form: &ExtensionForm,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let (grant, agent) = match self.find_grant(by, &form.grant).await? {
            Ok(found) => found,
            Err(refusal) => return refuse(refusal),
        };
        if let Err(refusal) = self.owns(by, &agent).await? {
            return refuse(refusal);
        }
        self.put_extension(by, grant, agent, form, Origin::Person, once).await
    }

    /// `by` asks, or answers for the agent that asks for itself.
    pub(super) async fn put_extension(
        &self,
        by: &PersonId,
        grant: Grant,
        agent: Agent,
        form: &ExtensionForm,
        origin: Origin,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let policy = self.policy();
        let now = self.now();
        if !agent.is_active() {
            return refuse(Refusal::NotActive(agent));
        }
        if let Some(refusal) = nobody_answers(&agent) {
            return refuse(refusal);
        }
        if !grant.is_live(now) {
            return refuse(Refusal::GrantEnded(grant));
        }
        let (access, resource, needed) = match known_access(&policy, &grant.access.to_string()) {
            Ok(known) => known,
            Err(refusal) => return refuse(refusal),
        };
        let tier = agent.tier.max(needed);
        let rules = policy.tier(tier);
        let asked = match form.by.parse::<Span>() {
            Ok(asked) if asked > rules.longest_grant => {
                let longest = rules.longest_grant;
                return refuse(Refusal::TooLong { asked, longest, tier });
            }
            Ok(asked) => asked,
            Err(_) => {
                let (typed, longest) = (clean(&form.by, 40), rules.longest_grant);
                return refuse(Refusal::BadDuration { typed, longest });
            }
        };
        let (total, longest) = (grant.total(), rules.longest_total);
        if total.plus(asked) > longest {
            let left = longest.as_seconds().checked_sub(total.as_seconds()).filter(|n| *n > 0);
            let left = left.map(Span::seconds);
            return refuse(Refusal::TooLongInAll { asked, left, longest });
        }
        let because = clean(&form.because, LONGEST_TEXT);
        if because.is_empty() {
            return refuse(Refusal::NoReason);
        }
        let mut session = self.parts.store.read().await?;
        let findings = self.review(&mut session, &agent, &access, resource, needed).await?;
        drop(session);
        let ordinary = findings.iter().all(|f| {
            !matches!(
                f,
                Finding::OwnerGone | Finding::CertificationLapsed | Finding::RaisesTier { .. }
            )
        });
        let case = Case::Extension { tier, access: &access, total: total.plus(asked) };
        let rule = if ordinary { policy.without_people(&case) } else { None };
        let ask = Ask::Extension { grant: grant.id, access, by: asked, because };
        self.put_question(by, agent, ask, tier, findings, rule, origin, once).await
    }

    /// The owner asks that a stopped agent may go on.
    pub async fn ask_reinstatement(
        &self,
        by: &PersonId,
        agent: &str,
        because: &str,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let asked = self.ask_reinstatement_anew(by, agent, because, once.clone()).await?;
        self.or_before(asked, once).await
    }

    async fn ask_reinstatement_anew(
        &self,
        by: &PersonId,
        agent: &str,
        because: &str,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let agent = match self.own_agent(by, agent).await? {
            Ok(agent) => agent,
            Err(refusal) => return refuse(refusal),
        };
        if !matches!(agent.state, AgentState::Suspended { .. }) {
            return refuse(Refusal::NotSuspended(agent));
        }
        if agent.cause() == Some(Cause::Uncertified) {
            return refuse(Refusal::Change(CannotChange::NeedsCertifying(agent)));
        }
        let because = clean(because, LONGEST_TEXT);
        if because.is_empty() {
            return refuse(Refusal::NoReason);
        }
        let tier = agent.tier;
        let ask = Ask::Reinstatement { because };
        let findings = vec![Finding::OwnerActive];
        self.put_question(by, agent, ask, tier, findings, None, Origin::Person, once).await
    }

    /// What is refused may have been asked by this very form or command, whose answer was lost.
    pub(super) async fn or_before(&self, asked: Asked, once: Option<OnceKey>) -> Result<Asked> {
        match asked {
            Asked::Refused(_) if self.was_done(once.as_ref()).await? => Ok(Asked::Before),
            asked => Ok(asked),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one question")]
    pub(super) async fn put_question(
        &self,
        by: &PersonId,
        agent: Agent,
        ask: Ask,
        tier: Tier,
        findings: Vec<Finding>,
        rule: Option<String>,
        origin: Origin,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let policy = self.policy();
        let team = ask.moves_to().unwrap_or(&agent.team);
        let routed = self.routed(&policy, &agent, team, by, tier, rule.as_deref()).await?;
        let (to, usual) = match routed {
            Ok(routed) => routed,
            Err(refusal) => return refuse(refusal),
        };
        let (now, entropy) = (self.now(), self.entropy());
        let acceptance = Acceptance::NotNeeded;
        let asked_by = by.clone();
        let work = work(move |tx| {
            Box::pin(async move {
                // Under the lock: the agent as it is now, and nothing of the kind open already.
                let Some(agent) = tx.agent(agent.id).await? else {
                    return Ok(Asked::Refused(Refusal::NotActive(agent)));
                };
                let fits = match &ask {
                    Ask::Reinstatement { .. } => {
                        matches!(agent.state, AgentState::Suspended { .. })
                    }
                    _ => agent.is_active(),
                };
                if !fits {
                    return Ok(Asked::Refused(Refusal::NotActive(agent)));
                }
                if let Some(refusal) = nobody_answers(&agent) {
                    return Ok(Asked::Refused(refusal));
                }
                let open = match &ask {
                    Ask::Grant { access, .. } => tx.open_grant_request(agent.id, access).await?,
                    Ask::Extension { grant, .. } => tx.open_extension(*grant).await?,
                    Ask::Reinstatement { .. } => tx.open_reinstatement(agent.id).await?,
                    Ask::TierChange { .. } | Ask::Change { .. } => {
                        tx.open_request_to(agent.id, ask.word()).await?
                    }
                    Ask::Credential { proof, .. } => {
                        super::credentials::open_request(tx, agent.id, proof).await?
                    }
                    Ask::Registration
                    | Ask::Handover { .. }
                    | Ask::Emergency { .. }
                    | Ask::Review { .. }
                    | Ask::Appeal { .. } => None,
                };
                if let Some(open) = open.filter(|r| r.is_open(now)) {
                    return Ok(Asked::Refused(Refusal::AlreadyAsked(open)));
                }
                // What a rule gives at once may have been given a moment ago.
                if let (Some(_), Ask::Grant { access, lasting, .. }) = (&rule, &ask)
                    && let Some(grant) = tx.live_grant_for(agent.id, access, now).await?
                    && grant.suffices(*lasting, now)
                {
                    return Ok(Asked::Refused(Refusal::AlreadyHas(grant)));
                }
                if !origin.is_person() && rule.is_none() {
                    let open = tx.open_requests_of_agent(agent.id).await?;
                    let limit = policy.quotas().open_requests;
                    if waiting(&open, now) >= limit as usize {
                        return Ok(Asked::Refused(Refusal::TooManyOpen { limit }));
                    }
                }
                let brings = None;
                let question = Question {
                    agent,
                    asked_by,
                    origin,
                    ask,
                    brings,
                    tier,
                    acceptance,
                    findings,
                    rule,
                };
                Ok(match put(tx, &entropy, &policy, question, to, now).await? {
                    Put::Open(agent, request) => Asked::Opened { agent, request, usual },
                    Put::Approved(agent, request, grant) => {
                        Asked::Approved { agent, request, grant }
                    }
                })
            })
        });
        self.once(once, work).await
    }

    /// The agent by this name, if the person may speak for it.
    pub(super) async fn own_agent(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<Agent, Refusal>> {
        let agent = match self.find_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(self.owns(by, &agent).await?.map(|()| agent))
    }

    pub(super) async fn owns(
        &self,
        by: &PersonId,
        agent: &Agent,
    ) -> Result<std::result::Result<(), Refusal>> {
        let standing = self.standing(by).await?;
        Ok(if !standing.is_member() {
            Err(Refusal::NotMember(standing))
        } else if let Some(refusal) = nobody_answers(agent) {
            Err(refusal)
        } else if agent.owner != *by {
            Err(Refusal::NotOwner { agent: agent.slug.clone(), owner: agent.owner.clone() })
        } else {
            Ok(())
        })
    }

    /// The agent by this name, or what names are near.
    pub(super) async fn find_agent(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<Agent, Refusal>> {
        let typed = clean(name, 60).to_lowercase();
        let mut session = self.parts.store.read().await?;
        if let Some(agent) = session.agent_by_slug(&typed).await? {
            return Ok(Ok(agent));
        }
        let all = session.slugs().await?;
        let yours: Vec<Slug> =
            session.agents_of(by).await?.into_iter().map(|agent| agent.slug).collect();
        let near = near(&typed, all.iter().map(Slug::as_str));
        let near = all.iter().filter(|s| near.contains(&s.as_str())).cloned().collect();
        Ok(Err(Refusal::UnknownAgent { typed, near, yours }))
    }

    /// The grant by its reference, or the only live one of the agent that was named.
    pub(super) async fn find_grant(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<(Grant, Agent), Refusal>> {
        let typed = clean(name, 60);
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let mut near: Vec<Reference> = Vec::new();
        if let Ok(reference) = typed.parse::<Reference>() {
            if let Some(grant) = session.grant_by_number(reference.number).await?
                && let Some(agent) = session.agent(grant.agent).await?
            {
                return Ok(Ok((grant, agent)));
            }
            if let Some(request) = session.request_by_number(reference.number).await?
                && request.reference == reference
                && request.is_open(now)
            {
                return Ok(Err(Refusal::NotDecided(request)));
            }
        } else if let Some(agent) = session.agent_by_slug(&typed.to_lowercase()).await? {
            let mut live = session.live_grants_of(agent.id, now).await?;
            near = live.iter().map(|g| g.reference).collect();
            if live.len() == 1
                && let Some(grant) = live.pop()
            {
                return Ok(Ok((grant, agent)));
            }
        }
        if near.is_empty() {
            for agent in session.agents_of(by).await? {
                let live = session.live_grants_of(agent.id, now).await?;
                near.extend(live.into_iter().map(|g| g.reference));
            }
        }
        near.truncate(5);
        Ok(Err(Refusal::UnknownReference { typed, near }))
    }
}

fn refuse(refusal: Refusal) -> Result<Asked> {
    Ok(Asked::Refused(refusal))
}

/// What is asked for, if the policy knows it; else what exists and what is near.
pub(super) fn known_access<'p>(
    policy: &'p Policy,
    typed: &str,
) -> std::result::Result<(Access, &'p Resource, Tier), Refusal> {
    let all = || policy.resources().map(|r| r.name.clone()).collect::<Vec<_>>();
    let Ok(access) = typed.parse::<Access>() else {
        let bare = clean(typed, 60).to_lowercase();
        // `database` alone names a resource: then the actions are what helps.
        return Err(match policy.resource(&bare) {
            Some(resource) => unknown_action(Access::new(bare, ""), resource),
            None if typed.contains(':') || bare.is_empty() => {
                Refusal::BadAccess { typed: bare, resources: all() }
            }
            None => unknown_resource(bare, all()),
        });
    };
    let Some(resource) = policy.resource(&access.resource) else {
        return Err(unknown_resource(access.resource, all()));
    };
    match resource.actions.get(&access.action) {
        Some(tier) => Ok((access, resource, *tier)),
        None => Err(unknown_action(access, resource)),
    }
}

fn unknown_resource(typed: String, all: Vec<String>) -> Refusal {
    let near = near(&typed, all.iter().map(String::as_str));
    let near = near.into_iter().map(str::to_owned).collect();
    Refusal::UnknownResource { typed, near, all }
}

fn unknown_action(access: Access, resource: &Resource) -> Refusal {
    let near = near(&access.action, resource.actions.keys().map(String::as_str));
    let near = near.into_iter().map(str::to_owned).collect();
    let all = resource.actions.iter().map(|(name, tier)| (name.clone(), *tier)).collect();
    Refusal::UnknownAction { access, near, all }
}

/// The names most like what was typed, the nearest first.
fn near<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(f64, &str)> = names
        .map(|name| {
            let within = !typed.is_empty() && (name.contains(typed) || typed.contains(name));
            let bonus = if within { 0.3 } else { 0.0 };
            (strsim::normalized_damerau_levenshtein(typed, name) + bonus, name)
        })
        .filter(|(score, _)| *score >= 0.5)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(NEAR).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_found() {
        let names = ["database", "tickets", "payments", "support-agent-v2"];
        assert_eq!(near("databse", names.into_iter()), ["database"]);
        assert_eq!(near("support-agent", names.into_iter()), ["support-agent-v2"]);
        assert!(near("zzz", names.into_iter()).is_empty());
    }
}
