//! All reviews at a glance, for security: who is done, who is late.

use super::outcome::{Campaign, CampaignLine, ReviewChoice};
use crate::domain::agent::AgentState;
use crate::domain::certification::{CertificationState, Standing};
use crate::domain::person::PersonId;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::time::{Span, Timestamp};
use crate::service::outcome::{CannotChange, Refusal};
use crate::service::registry::Part;
use crate::service::{Result, Service};
use crate::store::{Reviewed, Session, StoreError};

/// As many are read at a time.
const AT_ONCE: u32 = 500;

fn line(of: Reviewed, now: Timestamp) -> CampaignLine {
    let Reviewed { agent, newest, certified } = of;
    let standing = Standing::of(&agent, newest.as_ref(), now);
    let until = match agent.state {
        AgentState::Active { certified_until, .. }
        | AgentState::Suspended { certified_until, .. } => certified_until,
        AgentState::Pending { .. } | AgentState::Retired { .. } | AgentState::Rejected { .. } => {
            agent.registered_at
        }
    };
    let asked = newest.filter(|_| !matches!(standing, Standing::Certified | Standing::Stopped));
    CampaignLine {
        due: asked.as_ref().map_or(until, |review| review.due),
        suspends_at: asked
            .filter(|review| review.state == CertificationState::Open)
            .map(|review| review.suspends_at),
        certified: certified.and_then(|review| match review.state {
            CertificationState::Certified { at, by, .. } => Some((at, by)),
            _ => None,
        }),
        agent,
        standing,
    }
}

/// The chosen lines by the agents' names, from the one behind `after` on; and how many there are in all.
/// Where an agent stands depends on the hour, so all are looked at.
async fn chosen(
    session: &mut Session,
    choice: &ReviewChoice,
    after: &str,
    now: Timestamp,
) -> std::result::Result<(Vec<CampaignLine>, u32), StoreError> {
    let (mut lines, mut total, mut seen) = (Vec::new(), 0_u32, String::new());
    loop {
        let (found, _) = session.agents_reviewed(&seen, AT_ONCE).await?;
        let Some(last) = found.last() else { return Ok((lines, total)) };
        seen = last.agent.slug.to_string();
        for line in found.into_iter().map(|of| line(of, now)).filter(|line| choice.takes(line)) {
            total = total.saturating_add(1);
            if line.agent.slug.as_str() > after {
                lines.push(line);
            }
        }
    }
}

/// The campaign, as it stands in this database.
///
/// # Errors
///
/// The database.
pub async fn campaign(
    session: &mut Session,
    choice: ReviewChoice,
    every: Span,
    now: Timestamp,
) -> std::result::Result<Campaign, StoreError> {
    let (mut lines, _) = chosen(session, &choice, "", now).await?;
    lines.sort_by(|a, b| (a.standing, &a.agent.slug).cmp(&(b.standing, &b.agent.slug)));
    let lately = now - every.delta();
    let done = |line: &&CampaignLine| line.certified.as_ref().is_some_and(|(at, _)| *at > lately);
    let done = lines.iter().filter(done).count();
    Ok(Campaign { choice, lines, every, done, now })
}

impl Service {
    /// The campaign, for security.
    pub async fn campaign(
        &self,
        by: &PersonId,
        choice: ReviewChoice,
    ) -> Result<std::result::Result<Campaign, Refusal>> {
        if let Err(refusal) = self.only_security(by).await? {
            return Ok(Err(refusal));
        }
        let every = self.policy().certify_every();
        let mut session = self.parts.store.read().await?;
        Ok(Ok(campaign(&mut session, choice, every, self.now()).await?))
    }

    /// A page of the chosen lines by the agents' names, from the one behind `after` on.
    pub async fn campaign_page(
        &self,
        by: &PersonId,
        choice: &ReviewChoice,
        after: &str,
        limit: u32,
    ) -> Result<std::result::Result<Part<CampaignLine>, Refusal>> {
        if let Err(refusal) = self.only_security(by).await? {
            return Ok(Err(refusal));
        }
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let (mut items, total) = if choice.is_all() {
            let (found, total) = session.agents_reviewed(after, limit.saturating_add(1)).await?;
            (found.into_iter().map(|of| line(of, now)).collect(), total)
        } else {
            chosen(&mut session, choice, after, now).await?
        };
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        Ok(Ok(Part { items, total, more, now }))
    }

    async fn only_security(&self, by: &PersonId) -> Result<std::result::Result<(), Refusal>> {
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Err(Refusal::NotMember(standing)));
        }
        let policy = self.policy();
        // Security is not of a team.
        let role = RoleName::new(RoleName::SECURITY);
        let held = self.roles_of(&policy, by, [&role], &TeamName::new("")).await?;
        Ok(if held.is_empty() { Err(Refusal::Change(CannotChange::NotSecurity)) } else { Ok(()) })
    }
}
