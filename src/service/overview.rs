//! What concerns one person: what `/agent` and App Home show.

use std::collections::BTreeMap;

use super::certifications::outcome::ReviewOf;
use super::opening::send;
use super::outcome::{DelegationsOf, GrantOf, Overview, RequestOf};
use super::owners::nobody_answers;
use super::{Result, Service};
use crate::domain::delivery::Delivery;
use crate::domain::person::PersonId;
use crate::store::work;

/// As many grants are read, and not those of a person whose agents hold thousands: more than the
/// views show.
const GRANTS: u32 = 50;
/// As many open requests are looked through for those that wait for a person, and as many agents that
/// nobody answers for.
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
            to_certify: Vec::new(),
            your_requests: Vec::new(),
            ownerless: Vec::new(),
            your_agents: Vec::new(),
            your_grants: Vec::new(),
            grants_in_all: 0,
            your_logins: Vec::new(),
            usual: BTreeMap::new(),
            delegations: Vec::new(),
            now,
        };
        if !standing.is_member() {
            return Ok(overview);
        }
        let mut session = self.parts.store.read().await?;
        let reviews = session.certifications_to_answer(person).await?;
        overview.to_certify =
            reviews.into_iter().map(|(review, agent)| ReviewOf { review, agent }).collect();
        let mut waiting = Vec::new();
        for (request, agent) in session.open_requests_with_agents(LOOKED_THROUGH).await? {
            if request.asked_by == *person {
                let line = RequestOf { request: request.clone(), agent: agent.clone() };
                overview.your_requests.push(line);
            }
            waiting.push(RequestOf { request, agent });
        }
        let grants = session.live_grants_of_owner(person, now, GRANTS).await?;
        overview.your_grants =
            grants.into_iter().map(|(grant, agent)| GrantOf { grant, agent }).collect();
        for agent in session.agents_of_with_live(person, now).await? {
            overview.grants_in_all += agent.grants as usize;
            overview.your_agents.push(agent.into());
        }
        overview.usual = session.usual_waits().await?;
        let given = session.delegations_to(person, now).await?;
        let ownerless = session.ownerless(LOOKED_THROUGH).await?;
        // People may have to be looked up over the network: not with a database session in hand.
        drop(session);
        let given = self.that_count(&policy, given).await?;
        for RequestOf { request, agent } in waiting {
            if nobody_answers(&agent).is_some() && request.ask.needs_owner() {
                continue;
            }
            let accepts = request.accept_awaited() && request.acceptor(&agent.owner) == person;
            let voice = self.voice_with(&policy, person, &request, &given).await?;
            let may = request.may_vote(person, standing, &voice, &agent.owner, now);
            if accepts || may.is_ok_and(|said| request.would_help(person, said, now)) {
                overview.waiting_for_you.push(RequestOf { request, agent });
            }
        }
        overview.ownerless = self.takeable(&policy, person, ownerless).await?;
        Ok(overview)
    }

    /// What App Home shows: the same, where the person is logged in, and who answers for whom.
    pub(super) async fn at_home(&self, person: &PersonId) -> Result<Overview> {
        let overview = self.overview(person).await?;
        let your_logins = self.logins_of(person).await?;
        let DelegationsOf { given, received, .. } = self.delegations(person).await?;
        let delegations = given.into_iter().chain(received).collect();
        Ok(Overview { your_logins, delegations, ..overview })
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
