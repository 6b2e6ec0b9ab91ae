//! The numbers, read from the record as it is now.

use super::{Result, Service};
use crate::domain::insights::{Facts, Insights, Window};
use crate::domain::tier::Tier;

impl Service {
    /// The numbers of the last days. They are about no person, and so for every member.
    pub async fn insights(&self) -> Result<Insights> {
        let (now, policy) = (self.now(), self.policy());
        let (last, before) = (Window::last(now), Window::before(now));
        let mut session = self.parts.store.read().await?;
        let (mut approvals, mut yeses) = (Vec::new(), Vec::new());
        for tier in Tier::ALL {
            approvals.extend(session.approvals(tier, last).await?);
            approvals.extend(session.approvals(tier, before).await?);
            yeses.extend(session.yeses(tier, last).await?);
        }
        let ended = session.ended(last).await?;
        let facts = Facts {
            now,
            promises: Tier::ALL
                .into_iter()
                .map(|tier| (tier, policy.tier(tier).decide_within))
                .collect(),
            approvals,
            yeses,
            ended: ended.outcomes,
            ended_before: session.ended(before).await?.outcomes,
            appeals: ended.appeals,
            weeks: session.ended_by_week(&Window::weeks(now)).await?,
            waiting: session.waiting_by_tier().await?,
            awaited: session.awaited_yeses().await?,
            agents: session.agents_in_numbers(now).await?,
            grants: session.grants_in_numbers(last).await?,
        };
        Ok(Insights::of(&facts))
    }
}
