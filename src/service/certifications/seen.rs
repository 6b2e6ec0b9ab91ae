//! What an owner needs to know to say that an agent is still needed: what it did, what it held and
//! used, and what it never used.

use std::collections::BTreeMap;

use super::outcome::{AccessUse, ReviewOf, Seen};
use crate::domain::access::Access;
use crate::domain::agent::Agent;
use crate::domain::certification::Certification;
use crate::domain::delivery::Notice;
use crate::domain::grant::Grant;
use crate::domain::ids::{CertificationId, GrantId};
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::service::messenger::Content;
use crate::service::{Result, Service};
use crate::store::{GrantChoice, GrantUse, Session, StoreError};

/// As many grants are looked at.
const GRANTS: u32 = 500;
/// As many deeds are told.
const DEEDS: u32 = 3;

/// What a notice about a review shows.
pub(in crate::service) async fn content(
    session: &mut Session,
    notice: &Notice,
    now: Timestamp,
) -> std::result::Result<Option<Content>, StoreError> {
    let (id, owner) = match notice {
        Notice::CertificationAsked { certification, owner } => (*certification, Some(owner)),
        Notice::CertificationWatched { certification } => (*certification, None),
        _ => return Ok(None),
    };
    let Some((review, agent)) = session.certification_with_agent(id).await? else {
        return Ok(None);
    };
    Ok(Some(match owner {
        Some(owner) => {
            let seen = Box::new(seen(session, review, agent, now).await?);
            Content::CertificationAsked { seen, owner: owner.clone() }
        }
        None => Content::CertificationWatched { review, agent },
    }))
}

/// The review with what its owner needs to know.
async fn seen(
    session: &mut Session,
    review: Certification,
    agent: Agent,
    now: Timestamp,
) -> std::result::Result<Seen, StoreError> {
    let did = session.agent_use(agent.id, review.since).await?;
    let deeds = session.last_deeds(agent.id, DEEDS).await?;
    let deeds = deeds.into_iter().filter(|deed| deed.at >= review.since).collect();
    let choice = GrantChoice { agent: Some(agent.id), ..GrantChoice::default() };
    let (grants, _) = session.grants_chosen(&choice, now, None, GRANTS).await?;
    let used = session.grant_use(agent.id).await?;
    let grants: Vec<Grant> = grants
        .into_iter()
        .map(|(grant, _)| grant)
        .filter(|g| g.expires_at > review.since)
        .collect();
    let idle = grants.iter().filter(|g| g.is_live(now) && is_idle(g, &used)).cloned().collect();
    Ok(Seen { held: held(&grants, &used), idle, review, agent, did, deeds })
}

fn is_idle(grant: &Grant, used: &BTreeMap<GrantId, GrantUse>) -> bool {
    used.get(&grant.id).is_none_or(|used| used.uses == 0)
}

/// What was held, access by access; the most used first.
fn held(grants: &[Grant], used: &BTreeMap<GrantId, GrantUse>) -> Vec<AccessUse> {
    let mut by_access: BTreeMap<Access, AccessUse> = BTreeMap::new();
    for grant in grants {
        let line = by_access.entry(grant.access.clone()).or_insert_with(|| AccessUse {
            access: grant.access.clone(),
            grants: 0,
            used: GrantUse::default(),
        });
        line.grants += 1;
        if let Some(one) = used.get(&grant.id) {
            let all = &mut line.used;
            all.uses += one.uses;
            all.tokens += one.tokens;
            all.last_at = all.last_at.max(one.last_at);
            all.carried_at = all.carried_at.max(one.carried_at);
        }
    }
    let mut held: Vec<AccessUse> = by_access.into_values().collect();
    held.sort_by_key(|line| std::cmp::Reverse((line.used.uses, line.used.tokens)));
    held
}

impl Service {
    /// The review with what its owner needs to know, if there is such a one.
    pub async fn review_seen(&self, id: CertificationId) -> Result<Option<Seen>> {
        self.count_use().await?;
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let Some((review, agent)) = session.certification_with_agent(id).await? else {
            return Ok(None);
        };
        Ok(Some(seen(&mut session, review, agent, now).await?))
    }

    /// The reviews that wait for this person's answer, the most pressing first.
    pub async fn reviews_of(&self, person: &PersonId) -> Result<Vec<ReviewOf>> {
        let found = self.parts.store.read().await?.certifications_to_answer(person).await?;
        Ok(found.into_iter().map(|(review, agent)| ReviewOf { review, agent }).collect())
    }
}
