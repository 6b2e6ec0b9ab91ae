//! An agent asks, prolongs, hands back and takes back by itself, when it is no answer to a refusal
//! that makes it ask (that is [`super::access_requests`]). The same people decide by the same rules;
//! who answers for the agent counts as who asked, so that nobody approves their own.

use super::input::{ExtensionForm, GrantForm, OnceKey};
use super::outcome::{Asked, Cancelled, Ended, Refusal};
use super::settle::came_to_nothing;
use super::{Result, Service};
use crate::domain::agent::Agent;
use crate::domain::grant::Grant;
use crate::domain::ids::{AgentId, RequestId};
use crate::domain::request::{Origin, Reference};
use crate::domain::task::Submitter;
use crate::store::work;

/// An agent asked by itself, and not because of a refusal.
const BY_ITSELF: Origin =
    Origin::Agent { evaluation: None, task: None, by_service: None, not_after: None };

impl Service {
    /// The agent asks that it may do something for a time. The form's name of the agent is not read.
    pub async fn ask_grant_for_itself(
        &self,
        agent: AgentId,
        form: &GrantForm,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let Some(agent) = self.agent_by_id(agent).await? else { return gone(agent) };
        let (id, owner) = (agent.id, agent.owner.clone());
        let asked = self.put_grant(&owner, agent, form, BY_ITSELF, once.clone()).await?;
        self.tell_if_too_many(id, &asked).await?;
        self.or_before(asked, once).await
    }

    /// The agent asks that one of its grants goes on for longer.
    pub async fn ask_extension_for_itself(
        &self,
        agent: AgentId,
        form: &ExtensionForm,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let (grant, agent) = match self.grant_of_agent(agent, &form.grant).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Asked::Refused(refusal)),
        };
        let (id, owner) = (agent.id, agent.owner.clone());
        let asked = self.put_extension(&owner, grant, agent, form, BY_ITSELF, once.clone()).await?;
        self.tell_if_too_many(id, &asked).await?;
        self.or_before(asked, once).await
    }

    /// The agent hands a grant back: it is done.
    pub async fn hand_back(
        &self,
        agent: AgentId,
        grant: &str,
        once: Option<OnceKey>,
    ) -> Result<Ended> {
        let (grant, agent) = match self.grant_of_agent(agent, grant).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Ended::Refused(refusal)),
        };
        let way = super::grants::Way::ReleaseBy(Submitter::Agent(agent.id));
        self.end(&agent.owner, grant, way, once).await
    }

    /// The agent takes back what it asked by itself.
    pub async fn take_back_own(
        &self,
        agent: AgentId,
        id: RequestId,
        once: Option<OnceKey>,
    ) -> Result<Cancelled> {
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                let found = tx.request_with_agent(id).await?;
                let Some((request, of)) = found.filter(|(_, of)| of.id == agent) else {
                    let refusal = unknown(&id.to_string(), Vec::new());
                    return Ok(Cancelled::Refused(refusal));
                };
                if request.origin.is_person() {
                    let asked_by = request.asked_by;
                    return Ok(Cancelled::Refused(Refusal::NotRequester { asked_by }));
                }
                if let Some(late) = request.clone().expire(now) {
                    came_to_nothing(tx, &entropy, &late, of, now).await?;
                    return Ok(Cancelled::Refused(Refusal::RequestEnded(late)));
                }
                let why = "taken back by the agent".to_owned();
                let by = Submitter::Agent(agent);
                let Some(request) = request.clone().cancel_by_program(by, why, now) else {
                    return Ok(Cancelled::Refused(Refusal::RequestEnded(request)));
                };
                let agent = came_to_nothing(tx, &entropy, &request, of, now).await?;
                Ok(Cancelled::Done { request, agent })
            })
        });
        self.once(once, work).await
    }

    /// The agent's grant by its reference. One of another agent is unknown to it.
    pub async fn grant_of_agent(
        &self,
        agent: AgentId,
        name: &str,
    ) -> Result<std::result::Result<(Grant, Agent), Refusal>> {
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        if let Ok(reference) = name.parse::<Reference>()
            && let Some(grant) = session.grant_by_number(reference.number).await?
            && grant.agent == agent
            && let Some(agent) = session.agent(agent).await?
        {
            return Ok(Ok((grant, agent)));
        }
        let live = session.live_grants_of(agent, now).await?;
        let near = live.into_iter().map(|grant| grant.reference).take(5).collect();
        Ok(Err(unknown(name, near)))
    }

    /// The owner hears that the agent asks too much.
    async fn tell_if_too_many(&self, agent: AgentId, asked: &Asked) -> Result<()> {
        match asked {
            Asked::Refused(Refusal::TooManyOpen { limit }) => {
                self.tell_quota(agent, "requests", *limit).await
            }
            _ => Ok(()),
        }
    }
}

fn unknown(typed: &str, near: Vec<Reference>) -> Refusal {
    Refusal::UnknownReference { typed: crate::domain::text::clean(typed, 60), near }
}

fn gone(agent: AgentId) -> Result<Asked> {
    let typed = agent.to_string();
    let (near, yours) = (Vec::new(), Vec::new());
    Ok(Asked::Refused(Refusal::UnknownAgent { typed, near, yours }))
}
