//! What a line of the log says, in words.

use std::collections::HashMap;

use crate::domain::event::{Actor, Body, What};
use crate::domain::grant::Grant;
use crate::domain::ids::{AgentId, GrantId, IdpUserId, RequestId};
use crate::domain::person::{PersonId, Standing};
use crate::store::{Session, StoreError};

/// What people call the agents, requests and grants that lines name by their ids.
#[derive(Debug, Default)]
pub(in crate::cli) struct Names {
    agents: HashMap<AgentId, String>,
    requests: HashMap<RequestId, String>,
    grants: HashMap<GrantId, String>,
}

impl Names {
    /// Looks up the names that this body needs. What is not found is called by its id.
    pub(in crate::cli) async fn learn(
        &mut self,
        session: &mut Session,
        body: &Body,
    ) -> Result<(), StoreError> {
        let about = body.what.about();
        let acting = match &body.actor {
            Actor::Agent(id) => Some(*id),
            Actor::Person(_) | Actor::Service(_) | Actor::IdentityProvider | Actor::System => None,
        };
        for id in [about.agent, body.what.told_of(), acting].into_iter().flatten() {
            if self.agents.contains_key(&id) {
                continue;
            }
            let agent = session.agent(id).await?;
            let name = agent.map_or_else(|| id.to_string(), |agent| agent.slug.to_string());
            self.agents.insert(id, name);
        }
        if let Some(id) = about.request.filter(|id| !self.requests.contains_key(id)) {
            let request = session.request(id).await?;
            let name = request.map_or_else(|| id.to_string(), |found| found.reference.to_string());
            self.requests.insert(id, name);
        }
        if let Some(id) = about.grant.filter(|id| !self.grants.contains_key(id)) {
            let grant = session.grant(id).await?;
            let name = |grant: Grant| format!("{} ({})", grant.reference, grant.access);
            self.grants.insert(id, grant.map_or_else(|| id.to_string(), name));
        }
        Ok(())
    }

    fn agent(&self, id: AgentId) -> String {
        self.agents.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    fn request(&self, id: RequestId) -> String {
        self.requests.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    fn grant(&self, id: GrantId) -> String {
        self.grants.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// Who did it.
    pub(in crate::cli) fn actor(&self, actor: &Actor) -> String {
        match actor {
            Actor::Person(person) => person.to_string(),
            Actor::Agent(agent) => format!("agent {}", self.agent(*agent)),
            Actor::Service(name) => format!("service {name}"),
            Actor::IdentityProvider => "identity provider".to_owned(),
            Actor::System => "system".to_owned(),
        }
    }

    /// What happened.
    pub(in crate::cli) fn what(&self, what: &What) -> String {
        match what {
            What::RequestOpened {
                reference,
                agent,
                ask,
                access,
                lasting,
                tier,
                needs,
                policy,
                ..
            } => {
                let access = access.as_ref().map(|a| format!(" of {a}")).unwrap_or_default();
                let lasting = lasting.map(|l| format!(" for {}", l.words())).unwrap_or_default();
                let needs = match needs.as_slice() {
                    [] => "nobody".to_owned(),
                    needs => join(needs.iter().map(|role| role.as_str().to_owned())),
                };
                let (agent, policy) = (self.agent(*agent), short(policy));
                format!(
                    "opened {reference}: {ask}{access}{lasting}, agent {agent}, tier {tier}; needs \
                     {needs} (policy {policy})"
                )
            }
            What::OwnershipAccepted { request } => {
                format!("accepted to own the agent, in {}", self.request(*request))
            }
            What::VoteCast { request, approve, roles, stands_in, .. } => {
                let yes = if *approve { "said yes" } else { "said no" };
                let mut voices = Vec::new();
                if !roles.is_empty() || stands_in.is_empty() {
                    let roles = roles.iter().map(|role| role.as_str().to_owned());
                    voices.push(format!("as {}", join(roles)));
                }
                if !stands_in.is_empty() {
                    let others = stands_in.iter().map(PersonId::to_string);
                    voices.push(format!("in the place of {}", join(others)));
                }
                format!("{yes} to {} {}", self.request(*request), voices.join(" or "))
            }
            What::RequestApproved { request, rule, people } => {
                let by = match rule {
                    Some(rule) => format!("without people, by the rule \"{rule}\""),
                    None => format!("by {}", join(people.iter().map(PersonId::to_string))),
                };
                format!("{} was approved {by}", self.request(*request))
            }
            What::EmergencyOpened { request, skipped, review } => format!(
                "opened {} at once, in an emergency, without asking {}; review {review} is due",
                self.request(*request),
                join(skipped.iter().map(PersonId::to_string))
            ),
            What::IncidentOpened { reference, agent, .. } => {
                format!("opened incident {reference} about agent {}", self.agent(*agent))
            }
            What::IncidentClosed { incident, agent, .. } => {
                format!("closed incident {incident} about agent {}", self.agent(*agent))
            }
            What::RequestDenied { request, .. } => {
                format!("{} was denied", self.request(*request))
            }
            What::RequestCancelled { request } => format!("took back {}", self.request(*request)),
            What::RequestExpired { request } => {
                format!("{} expired: too few answered in time", self.request(*request))
            }
            What::RequestEscalated { request, role, missing, until } => format!(
                "{} was not answered in time ({} missing): {role} is asked, until {}",
                self.request(*request),
                join(missing.iter().map(|role| role.as_str().to_owned())),
                until.format("%Y-%m-%d %H:%M:%SZ")
            ),
            What::DelegationGiven { delegation, from, to, roles, until } => {
                let roles = match roles.as_slice() {
                    [] => "all roles".to_owned(),
                    roles => join(roles.iter().map(|role| role.as_str().to_owned())),
                };
                format!(
                    "{to} may answer for {from} ({roles}) until {}: {delegation}",
                    until.format("%Y-%m-%d %H:%M:%SZ")
                )
            }
            What::DelegationWithdrawn { delegation } => format!("withdrew {delegation}"),
            What::DelegationEnded { delegation } => format!("{delegation} ended on time"),
            What::AgentActivated { agent, tier, owner } => {
                format!("agent {} is active at tier {tier}, owned by {owner}", self.agent(*agent))
            }
            What::AgentRejected { agent } => {
                format!("agent {} was not registered", self.agent(*agent))
            }
            What::TierRaised { agent, from, to } => {
                format!("agent {} was raised from tier {from} to {to}", self.agent(*agent))
            }
            What::TierLowered { agent, from, to } => {
                format!("agent {} was lowered from tier {from} to {to}", self.agent(*agent))
            }
            What::AgentDescribed { agent, request, .. } => {
                format!(
                    "agent {} is described anew, by {}",
                    self.agent(*agent),
                    self.request(*request)
                )
            }
            What::CertificationOpened { agent, due, .. } => format!(
                "the owner of agent {} is asked whether it is still needed, until {}",
                self.agent(*agent),
                due.format("%Y-%m-%d %H:%M:%SZ")
            ),
            What::AgentCertified { agent, until, .. } => format!(
                "said that agent {} is needed and compliant, until {}",
                self.agent(*agent),
                until.format("%Y-%m-%d %H:%M:%SZ")
            ),
            What::CertificationMissed { agent, .. } => {
                format!("nobody said in time that agent {} is needed", self.agent(*agent))
            }
            What::AgentRetired { agent, .. } => {
                format!("retired agent {} for good", self.agent(*agent))
            }
            What::AgentSuspended { agent, .. } => format!("stopped agent {}", self.agent(*agent)),
            What::AgentOrphaned { agent, owner, standing } => format!(
                "nobody answers for agent {} any more: {owner} is {}",
                self.agent(*agent),
                is(*standing)
            ),
            What::OwnerChanged { agent, from, to } => {
                format!("agent {} was handed over from {from} to {to}", self.agent(*agent))
            }
            What::TeamChanged { agent, from, to, .. } => {
                format!("agent {} works for team {to}, no longer for {from}", self.agent(*agent))
            }
            What::OwnerTaken { agent, from, to } => {
                format!("agent {}, once of {from}, was taken by {to}", self.agent(*agent))
            }
            What::OwnerReturned { agent, owner } => {
                format!("{owner} answers for agent {} again", self.agent(*agent))
            }
            What::AgentReinstated { agent } => format!("agent {} goes on", self.agent(*agent)),
            What::GrantStarted { grant, agent, until, .. } => format!(
                "grant {} began for agent {}, until {}",
                self.grant(*grant),
                self.agent(*agent),
                until.format("%Y-%m-%d %H:%M:%SZ")
            ),
            What::GrantExtended { grant, request, until } => format!(
                "grant {} goes on until {}, by {}",
                self.grant(*grant),
                until.format("%Y-%m-%d %H:%M:%SZ"),
                self.request(*request)
            ),
            What::GrantExpired { grant } => format!("grant {} ended on time", self.grant(*grant)),
            What::GrantRevoked { grant, .. } => format!("revoked grant {}", self.grant(*grant)),
            What::GrantReleased { grant } => format!("handed back grant {}", self.grant(*grant)),
            What::PolicyLoaded { digest, before } => {
                let before = before.as_ref().map(|d| format!(", in place of {}", short(d)));
                format!("policy {} is in force{}", short(digest), before.unwrap_or_default())
            }
            What::PolicyRefused { digest, mistakes } => {
                let plural = if *mistakes == 1 { "mistake" } else { "mistakes" };
                let digest = short(digest);
                format!("policy {digest} was refused ({mistakes} {plural}); the one before stays")
            }
            What::CredentialAdded { agent, proof, fingerprint, until, .. } => format!(
                "agent {} may prove itself by {proof} {fingerprint}, until {}",
                self.agent(*agent),
                until.format("%Y-%m-%d %H:%M:%SZ")
            ),
            What::CredentialRevoked { credential, agent, .. } => {
                format!("took credential {credential} away from agent {}", self.agent(*agent))
            }
            What::IdpGroupChanged { group, name, before, joined, left } => {
                let called = match (name, before) {
                    (Some(name), None) => format!("group \"{name}\" is new"),
                    (Some(name), Some(before)) if name == before => format!("group \"{name}\""),
                    (Some(name), Some(before)) => {
                        format!("group \"{before}\" is called \"{name}\" now")
                    }
                    (None, before) => {
                        format!("group \"{}\" is gone", before.as_deref().unwrap_or_default())
                    }
                };
                let ids = |ids: &[IdpUserId]| join(ids.iter().map(ToString::to_string));
                let came = match joined.as_slice() {
                    [] => String::new(),
                    joined => format!("; came: {}", ids(joined)),
                };
                let went = match left.as_slice() {
                    [] => String::new(),
                    left => format!("; left: {}", ids(left)),
                };
                format!("{called} ({group}){came}{went}")
            }
            What::IdpUserChanged { user, now } => format!("user {user} is {}", now.word()),
            What::IdpUserMatched { user, person: Some(person) } => {
                format!("user {user} is {person} in the workspace")
            }
            What::IdpUserMatched { user, person: None } => {
                format!("user {user} is nobody in the workspace")
            }
            What::IdpGroupsClaimed { person, issuer, joined, left } => {
                let groups = |groups: &[String]| match groups {
                    [] => "none".to_owned(),
                    groups => join(groups.iter().cloned()),
                };
                let (joined, left) = (groups(joined), groups(left));
                format!("{person} by a token of {issuer}: came into {joined}; left {left}")
            }
            What::SigningKeyMade { kid } => format!("signing key {kid} was made"),
            What::SigningKeyRetired { kid } => format!("signing key {kid} signs nothing new"),
            What::TokenIssued { token, agent, audience, on_behalf_of, until, .. } => {
                let whose = on_behalf_of
                    .as_ref()
                    .map_or_else(String::new, |person| format!(" on behalf of {person}"));
                format!(
                    "agent {} got token {token}{whose} for {}, until {}",
                    self.agent(*agent),
                    join(audience.iter().cloned()),
                    until.format("%Y-%m-%d %H:%M:%SZ")
                )
            }
            What::TokenRevoked { token, agent } => {
                format!("token {token} of agent {} was taken back", self.agent(*agent))
            }
            What::LoginConfirmed { login, .. } => format!("logged in on a device: {login}"),
            What::LoginRefused { login, .. } => {
                format!("said that it is not they who log in: {login}")
            }
            What::LoginEnded { login, person, ending } => {
                format!("login {login} of {person} ended: {}", ending.words())
            }
            What::EvaluationsRecorded { batch, count, sha256 } => {
                let plural = if *count == 1 { "question" } else { "questions" };
                format!("answered {count} {plural}: {batch}, sealed by {}", short(sha256))
            }
            What::ActivityRecorded { activity, agent, sha256 } => {
                let agent = self.agent(*agent);
                format!("agent {agent} told what it did: {activity}, sealed by {}", short(sha256))
            }
            What::QuotaReached { agent, quota } => {
                format!("agent {} used up its {quota} for now", self.agent(*agent))
            }
            What::DiscoveryFound { discovery, source, thing, .. } => {
                format!("{thing} {discovery} was found in {source}")
            }
            What::DiscoveryAsked { discovery, of } => {
                format!("asked {of} to register {discovery}")
            }
            What::DiscoveryClaimed { discovery, agent, matched } => {
                let how = matched.as_ref().map(|how| format!(", by its {how}")).unwrap_or_default();
                format!("{discovery} belongs to agent {}{how}", self.agent(*agent))
            }
            What::DiscoveryDismissed { discovery, .. } => format!("{discovery} is no agent"),
            What::DiscoveryPutOff { discovery, until } => {
                format!("left {discovery} until {}", until.format("%Y-%m-%d %H:%M:%SZ"))
            }
            What::DiscoveryReopened { discovery, why } => {
                format!("{discovery} is nobody's again: {}", why.replace('_', " "))
            }
            What::DiscoveryGone { discovery } => format!("{discovery} is gone"),
            What::DeliveryFailed { delivery, error } => {
                format!("message {delivery} can never arrive: {error}")
            }
        }
    }
}

/// What somebody is, in a word or two.
const fn is(standing: Standing) -> &'static str {
    match standing {
        Standing::Member => "a member",
        Standing::Guest => "a guest",
        Standing::Outsider => "of another workspace",
        Standing::Deactivated => "deactivated",
        Standing::Bot => "a bot",
        Standing::Invited => "invited",
        Standing::Unknown => "unknown",
    }
}

/// `a`, `a and b`, `a, b and c`.
fn join(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.split_last() {
        None => "nobody".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// The first letters of a digest, enough to tell it from others.
fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}
