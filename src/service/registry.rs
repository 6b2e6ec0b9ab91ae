//! The registry, read by programs: lists a page at a time, and how a request stands.

use super::appeals::appealable_until;
use super::outcome::{AgentLine, GrantOf, Refusal, Route};
use super::{Result, Service};
use crate::domain::agent::Agent;
use crate::domain::ids::{AgentId, RequestId};
use crate::domain::person::{PersonId, Profile};
use crate::domain::request::{Ask, Reference, Request};
use crate::domain::role::TeamName;
use crate::domain::text::clean;
use crate::domain::tier::Tier;
use crate::domain::time::{Span, Timestamp};
pub use crate::store::{AgentChoice, GrantChoice, RequestChoice, RequestInFull};
use crate::store::{Session, StoreError};

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u32,
    /// Whether more follow.
    pub more: bool,
    /// When this was true.
    pub now: Timestamp,
}

/// How a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// The request, its agent and its grant.
    pub of: RequestInFull,
    /// The time that people of its tier usually take.
    pub usual: Option<Span>,
    /// Until when its denial can be appealed, if it can be.
    pub appeal_until: Option<Timestamp>,
    /// When this was true.
    pub now: Timestamp,
}

/// The first so many, and whether there are more.
fn cut<T>(mut items: Vec<T>, limit: u32) -> (Vec<T>, bool) {
    let limit = limit as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    (items, more)
}

impl Service {
    /// The agents that are wanted, by name, from the one behind `after` on.
    pub async fn agents_chosen(
        &self,
        choice: &AgentChoice,
        after: &str,
        limit: u32,
    ) -> Result<Part<AgentLine>> {
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let found = session.agents_chosen(choice, now, after, limit.saturating_add(1)).await?;
        let (items, more) = cut(found.0.into_iter().map(AgentLine::from).collect(), limit);
        Ok(Part { items, total: found.1, more, now })
    }

    /// All agents, by name, without those whose registration was rejected.
    pub async fn everything(&self) -> Result<Vec<AgentLine>> {
        Ok(everything(&mut self.parts.store.read().await?, self.now()).await?)
    }

    /// An agent as it stands in a list.
    pub async fn agent_line(&self, agent: Agent) -> Result<AgentLine> {
        let now = self.now();
        Ok(self.parts.store.read().await?.agent_with_live(agent, now).await?.into())
    }

    /// The grants that are wanted, the newest first, from the one before the number `before` on.
    pub async fn grants_chosen(
        &self,
        choice: &GrantChoice,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Part<GrantOf>> {
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let found = session.grants_chosen(choice, now, before, limit.saturating_add(1)).await?;
        let lines = found.0.into_iter().map(|(grant, agent)| GrantOf { grant, agent }).collect();
        let (items, more) = cut(lines, limit);
        Ok(Part { items, total: found.1, more, now })
    }

    /// The requests that are wanted, the newest first, from the one before the number `before` on.
    pub async fn requests_chosen(
        &self,
        choice: &RequestChoice,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Part<Stand>> {
        let (policy, now) = (self.policy(), self.now());
        let mut session = self.parts.store.read().await?;
        let found = session.requests_chosen(choice, before, limit.saturating_add(1)).await?;
        let (standing, more) = cut(found.0, limit);
        let usual = session.usual_waits().await?;
        let mut items = Vec::with_capacity(standing.len());
        for of in standing {
            let (request, agent) = (&of.request, &of.agent);
            let appeal_until = appealable_until(&mut session, &policy, request, agent, now).await?;
            let usual = usual.get(&request.tier).copied();
            items.push(Stand { usual, appeal_until, of, now });
        }
        Ok(Part { items, total: found.1, more, now })
    }

    /// How the request stands; none if there is no such request.
    pub async fn stand(&self, id: RequestId) -> Result<Option<Stand>> {
        let (policy, now) = (self.policy(), self.now());
        let mut session = self.parts.store.read().await?;
        let Some(of) = session.standing(id).await? else { return Ok(None) };
        let usual = session.usual_wait(of.request.tier).await?;
        let appeal_until =
            appealable_until(&mut session, &policy, &of.request, &of.agent, now).await?;
        Ok(Some(Stand { of, usual, appeal_until, now }))
    }

    /// How the request that people call so stands.
    pub async fn stand_of(&self, name: &str) -> Result<std::result::Result<Stand, Refusal>> {
        let unknown = |near| Ok(Err(Refusal::UnknownReference { typed: clean(name, 60), near }));
        let Ok(reference) = name.parse::<Reference>() else { return unknown(Vec::new()) };
        let found = self.parts.store.read().await?.request_by_number(reference.number).await?;
        match found {
            Some(found) if found.reference == reference => match self.stand(found.id).await? {
                Some(stand) => Ok(Ok(stand)),
                None => unknown(Vec::new()),
            },
            Some(other) => unknown(vec![other.reference]),
            None => unknown(Vec::new()),
        }
    }

    /// The grant that people call so, with its agent.
    pub async fn grant_called(&self, reference: Reference) -> Result<Option<GrantOf>> {
        let mut session = self.parts.store.read().await?;
        let found = session.grant_by_number(reference.number).await?;
        let Some(grant) = found.filter(|grant| grant.reference == reference) else {
            return Ok(None);
        };
        let agent = session.agent(grant.agent).await?;
        Ok(agent.map(|agent| GrantOf { grant, agent }))
    }

    /// Who decides at this tier, and how long that takes.
    pub async fn who_decides(&self, tier: Tier) -> Result<Route> {
        self.route(&self.policy(), tier, None).await
    }

    /// The latest request about the agent that asks the same: what came of a call whose answer was
    /// lost.
    pub async fn latest_asking(
        &self,
        agent: AgentId,
        same: impl Fn(&Ask) -> bool,
    ) -> Result<Option<Stand>> {
        let lately = self.parts.store.read().await?.requests_of_agent(agent, LATELY).await?;
        match lately.into_iter().find(|request: &Request| same(&request.ask)) {
            Some(request) => self.stand(request.id).await,
            None => Ok(None),
        }
    }

    /// Whom a Slack user id or an e-mail address names; nobody, if the workspace knows none such.
    pub async fn person_called(&self, hint: &str) -> Result<Option<PersonId>> {
        Ok(self.parts.directory.find(hint).await?)
    }

    /// Whether the person is security's, and a full member.
    pub async fn is_of_security(&self, person: &PersonId) -> Result<bool> {
        // Security is of no team.
        self.is_security(&self.policy(), person, &TeamName::new("")).await
    }

    /// What the workspace says of this person now.
    pub async fn profile(&self, person: &PersonId) -> Result<Profile> {
        Ok(self.parts.directory.profile(person).await?)
    }

    /// What people call the channel of this id; none if the workspace does not say it.
    pub async fn channel_name(&self, id: &str) -> Result<Option<String>> {
        Ok(self.parts.directory.channel_name(id).await?)
    }

    /// The number of the log's last line, and the requests that the lines after one are about.
    pub async fn requests_after(&self, seq: i64) -> Result<(i64, Vec<RequestId>)> {
        let mut session = self.parts.store.read().await?;
        let (head, _) = session.head().await?;
        let touched = if head > seq { session.requests_between(seq, head).await? } else { vec![] };
        Ok((head, touched))
    }
}

/// All agents, by name, without those whose registration was rejected.
pub async fn everything(
    session: &mut Session,
    now: Timestamp,
) -> std::result::Result<Vec<AgentLine>, StoreError> {
    let (mut all, choice) = (Vec::<AgentLine>::new(), AgentChoice::default());
    loop {
        let after = all.last().map(|line| line.agent.slug.to_string()).unwrap_or_default();
        let (some, _) = session.agents_chosen(&choice, now, &after, AT_A_TIME).await?;
        let more = some.len() >= AT_A_TIME as usize;
        all.extend(some.into_iter().map(AgentLine::from));
        if !more {
            return Ok(all);
        }
    }
}

/// As many agents are read at a time.
const AT_A_TIME: u32 = 500;

/// As many requests of an agent are looked through for one that was asked a moment ago.
const LATELY: u32 = 100;
