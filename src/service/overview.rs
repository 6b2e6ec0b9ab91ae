//! What concerns one person: what `/agent` and App Home show.

use super::credentials::live_credentials;
use super::opening::send;
use super::outcome::{AgentLine, GrantOf, Overview, RequestOf};
use super::{Result, Service};
use crate::domain::agent::AgentState;
use crate::domain::delivery::Delivery;
use crate::domain::person::PersonId;
use crate::store::work;

/// As many open requests as are looked through for those that wait for a person.
const LOOKED_THROUGH: u32 = 200;

impl Service {
    /// What waits for this person, what they asked, own and hold.
    pub async fn overview(&self, person: &PersonId) -> Result<Overview> {
        let now = self.now();
        let standing = self.standing(person).await?;
        let policy = self.policy();
        let mut overview = Overview {
            person: person.clone(),
            standing,
            waiting_for_you: Vec::new(),
            your_requests: Vec::new(),
            your_agents: Vec::new(),
            your_grants: Vec::new(),
            now,
        };
        if !standing.is_member() {
            return Ok(overview);
        }
        let mut session = self.parts.store.read().await?;
        let open = session.open_requests(LOOKED_THROUGH).await?;
        let mut waiting = Vec::new();
        for request in open {
            let Some(agent) = session.agent(request.agent).await? else { continue };
            if request.asked_by == *person {
                let line = RequestOf { request: request.clone(), agent: agent.clone() };
                overview.your_requests.push(line);
            }
            waiting.push(RequestOf { request, agent });
        }
        for agent in session.agents_of(person).await? {
            if matches!(agent.state, AgentState::Rejected { .. } | AgentState::Retired { .. }) {
                continue;
            }
            let live = session.live_grants_of(agent.id, now).await?;
            let live_grants = u32::try_from(live.len()).unwrap_or(u32::MAX);
            overview
                .your_grants
                .extend(live.into_iter().map(|grant| GrantOf { grant, agent: agent.clone() }));
            let live_credentials = live_credentials(&mut session, agent.id, now).await?;
            overview.your_agents.push(AgentLine { agent, live_grants, live_credentials });
        }
        // People may have to be looked up over the network: not with a database session in hand.
        drop(session);
        for RequestOf { request, agent } in waiting {
            let awaited = request.awaited();
            let held = self.roles_of(&policy, person, &awaited, &request.team).await?;
            let accepts = request.accept_awaited() && agent.owner == *person;
            if accepts || request.may_vote(person, standing, &held, &agent.owner, now).is_ok() {
                overview.waiting_for_you.push(RequestOf { request, agent });
            }
        }
        Ok(overview)
    }

    /// The person looks at their App Home: it is shown, and from now on follows what changes.
    pub async fn home_opened(&self, person: &PersonId) -> Result<()> {
        let (now, entropy, person) = (self.now(), self.entropy(), person.clone());
        let work = work(move |tx| {
            Box::pin(async move {
                tx.remember_home(&person).await?;
                send(tx, &entropy, now, &Delivery::Home { person }).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}
