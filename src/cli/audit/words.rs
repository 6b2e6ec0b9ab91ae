//! What a line of the log says, in words.

use std::collections::HashMap;

use crate::domain::event::{Actor, Body, What};
use crate::domain::grant::Grant;
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::person::PersonId;
use crate::store::{Session, StoreError};

/// What people call the agents, requests and grants that lines name by their ids.
#[derive(Debug, Default)]
pub(super) struct Names {
    agents: HashMap<AgentId, String>,
    requests: HashMap<RequestId, String>,
    grants: HashMap<GrantId, String>,
}

impl Names {
    /// Looks up the names that this body needs. What is not found is called by its id.
    pub(super) async fn learn(
        &mut self,
        session: &mut Session,
        body: &Body,
    ) -> Result<(), StoreError> {
        let about = body.what.about();
        let acting = match &body.actor {
            Actor::Agent(id) => Some(*id),
            Actor::Person(_) | Actor::Service(_) | Actor::System => None,
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
    pub(super) fn actor(&self, actor: &Actor) -> String {
        match actor {
            Actor::Person(person) => person.to_string(),
            Actor::Agent(agent) => format!("agent {}", self.agent(*agent)),
            Actor::Service(name) => format!("service {name}"),
            Actor::System => "system".to_owned(),
        }
    }

    /// What happened.
    pub(super) fn what(&self, what: &What) -> String {
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
            What::VoteCast { request, approve, roles, .. } => {
                let yes = if *approve { "said yes" } else { "said no" };
                let roles = join(roles.iter().map(|role| role.as_str().to_owned()));
                format!("{yes} to {} as {roles}", self.request(*request))
            }
            What::RequestApproved { request, rule, people } => {
                let by = match rule {
                    Some(rule) => format!("without people, by the rule \"{rule}\""),
                    None => format!("by {}", join(people.iter().map(PersonId::to_string))),
                };
                format!("{} was approved {by}", self.request(*request))
            }
            What::RequestDenied { request, .. } => {
                format!("{} was denied", self.request(*request))
            }
            What::RequestCancelled { request } => format!("took back {}", self.request(*request)),
            What::RequestExpired { request } => {
                format!("{} expired: too few answered in time", self.request(*request))
            }
            What::AgentActivated { agent, tier, owner } => {
                format!("agent {} is active at tier {tier}, owned by {owner}", self.agent(*agent))
            }
            What::AgentRejected { agent } => {
                format!("agent {} was not registered", self.agent(*agent))
            }
            What::TierRaised { agent, from, to } => {
                format!("agent {} was raised from tier {from} to {to}", self.agent(*agent))
            }
            What::AgentSuspended { agent, .. } => format!("stopped agent {}", self.agent(*agent)),
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
