//! What the numbers are made of ([`crate::domain::insights`]): few reads, each of an index or bounded, so
//! that a long record makes none of them slow.
//!
//! Nobody is asked before an emergency and nobody waits for its review, so neither is among them; an
//! appeal is counted apart.

use std::collections::BTreeMap;

use chrono::SecondsFormat;

use super::error::StoreError;
use super::measure::{GRANTS, natural};
use super::requests::BY_ID;
use super::session::{Doc, Session, all, one};
use super::statement::statements;
use crate::domain::insights::{
    Agents, Appeals, Approval, Awaited, Grants, Outcomes, Share, WEEKS, Waiting, Window, Yes,
};
use crate::domain::request::Request;
use crate::domain::tier::Tier;
use crate::domain::time::Timestamp;

statements! {
    APPROVED on "requests" = "SELECT asked_at, ended_at FROM requests WHERE tier = $1 \
        AND by_people = TRUE AND ended_at > $2 AND ended_at <= $3 AND ask <> 'appeal' \
        ORDER BY ended_at DESC LIMIT $4";
    APPROVED_WHOLE on "requests" = "SELECT id, doc FROM requests WHERE tier = $1 \
        AND by_people = TRUE AND ended_at > $2 AND ended_at <= $3 AND ask <> 'appeal' \
        ORDER BY ended_at DESC LIMIT $4";
    ENDED on "requests" = "SELECT state, by_people, ask = 'appeal', COUNT(*) FROM requests \
        WHERE ended_at IS NOT NULL AND ended_at > $1 AND ended_at <= $2 \
        AND ask NOT IN ('emergency', 'review') GROUP BY 1, 2, 3";
    ENDED_BY_WEEK on "requests" = "SELECT CAST(CASE WHEN ended_at > $3 THEN 7 WHEN ended_at > $4 THEN 6 \
        WHEN ended_at > $5 THEN 5 WHEN ended_at > $6 THEN 4 WHEN ended_at > $7 THEN 3 \
        WHEN ended_at > $8 THEN 2 WHEN ended_at > $9 THEN 1 ELSE 0 END AS BIGINT), \
        state, by_people, COUNT(*) FROM requests WHERE ended_at IS NOT NULL \
        AND ended_at > $1 AND ended_at <= $2 \
        AND ask NOT IN ('appeal', 'emergency', 'review') GROUP BY 1, 2, 3";
    OPEN_BY_TIER on "requests" = "SELECT tier, COUNT(*), MIN(asked_at) FROM requests \
        WHERE state = 'open' AND ask <> 'review' GROUP BY tier";
    OPEN on "requests" = "SELECT id, doc FROM requests WHERE state = 'open' AND ask <> 'review' \
        ORDER BY asked_at, number LIMIT $1";
    AGENTS on "agents" = "SELECT state, COUNT(*), COUNT(doc ->> 'orphaned'), \
        COUNT(CASE WHEN doc -> 'state' ->> 'certified_until' > $1 THEN 1 END) \
        FROM agents WHERE state IN ('active', 'suspended') GROUP BY state";
    UNUSED on "grants" = "SELECT COUNT(*), COUNT(CASE WHEN u.grant_id IS NULL OR (u.uses = 0 AND u.tokens = 0) \
        THEN 1 END) FROM grants g LEFT JOIN grant_use u ON u.grant_id = g.id \
        WHERE g.state <> 'active' AND g.expires_at > $1 AND g.expires_at <= $2";
}

/// As many approvals of one tier are looked at, the latest: enough for any percentile.
const APPROVALS: i64 = 5_000;
/// As many of them are read whole, to see when each role said yes.
const WHOLE: i64 = 300;
/// As many open requests are looked through for whose yes they wait, the oldest first.
const LOOKED_THROUGH: i64 = 1_000;

/// What ended in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// Without appeals.
    pub outcomes: Outcomes,
    /// The appeals.
    pub appeals: Appeals,
}

impl Session {
    /// What people of this tier approved in the window, the latest first; at most 5,000.
    pub async fn approvals(
        &mut self,
        tier: Tier,
        window: Window,
    ) -> Result<Vec<Approval>, StoreError> {
        let (number, Window { from, to }) = (i64::from(tier.number()), window);
        let rows = all!(self, APPROVED, (Timestamp, Timestamp), number, from, to, APPROVALS)?;
        let approval = |(asked_at, ended_at)| Approval { tier, asked_at, ended_at };
        Ok(rows.into_iter().map(approval).collect())
    }

    /// The yeses to what people of this tier approved in the window: of the latest 300 requests.
    pub async fn yeses(&mut self, tier: Tier, window: Window) -> Result<Vec<Yes>, StoreError> {
        let (number, Window { from, to }) = (i64::from(tier.number()), window);
        let rows = all!(self, APPROVED_WHOLE, (String, Doc<Request>), number, from, to, WHOLE)?;
        let mut yeses = Vec::new();
        for (id, doc) in rows {
            yeses.extend(Yes::of(&doc.open(&BY_ID, &id)?));
        }
        Ok(yeses)
    }

    /// What ended in the window.
    pub async fn ended(&mut self, window: Window) -> Result<Ended, StoreError> {
        let rows = all!(self, ENDED, (String, bool, bool, i64), window.from, window.to)?;
        let mut ended = Ended::default();
        for (state, by_people, is_appeal, n) in rows {
            let n = natural(n);
            if !is_appeal {
                ended.outcomes.count(&state, by_people, n);
                continue;
            }
            ended.appeals.ended += n;
            if state == "approved" {
                ended.appeals.overturned += n;
            }
        }
        Ok(ended)
    }

    /// What ended in each of the weeks, the oldest first.
    pub async fn ended_by_week(
        &mut self,
        weeks: &[Window; WEEKS],
    ) -> Result<[Outcomes; WEEKS], StoreError> {
        let [w0, w1, w2, w3, w4, w5, w6, w7] = weeks;
        let rows = all!(
            self,
            ENDED_BY_WEEK,
            (i64, String, bool, i64),
            w0.from,
            w7.to,
            w7.from,
            w6.from,
            w5.from,
            w4.from,
            w3.from,
            w2.from,
            w1.from,
        )?;
        let mut all = [Outcomes::default(); WEEKS];
        for (week, state, by_people, n) in rows {
            if let Some(outcomes) = usize::try_from(week).ok().and_then(|at| all.get_mut(at)) {
                outcomes.count(&state, by_people, natural(n));
            }
        }
        Ok(all)
    }

    /// What waits now, by tier.
    pub async fn waiting_by_tier(&mut self) -> Result<BTreeMap<Tier, Waiting>, StoreError> {
        let rows = all!(self, OPEN_BY_TIER, (i64, i64, Timestamp))?;
        let waiting = |(number, count, since): (i64, i64, Timestamp)| {
            let tier = u8::try_from(number).ok().and_then(|n| Tier::try_from(n).ok())?;
            Some((tier, Waiting { count: natural(count), since: Some(since) }))
        };
        Ok(rows.into_iter().filter_map(waiting).collect())
    }

    /// Whose yes what is open waits for: of the oldest 1,000.
    pub async fn awaited_yeses(&mut self) -> Result<Vec<Awaited>, StoreError> {
        let rows = all!(self, OPEN, (String, Doc<Request>), LOOKED_THROUGH)?;
        let awaited = |(id, doc): (String, Doc<Request>)| {
            let request = doc.open(&BY_ID, &id)?;
            Ok(Awaited { since: request.asked_at, roles: request.awaited() })
        };
        rows.into_iter().map(awaited).collect()
    }

    /// The agents that are registered and not ended.
    pub async fn agents_in_numbers(&mut self, now: Timestamp) -> Result<Agents, StoreError> {
        // As it stands in the entity.
        let moment = now.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let rows = all!(self, AGENTS, (String, i64, i64, i64), moment)?;
        let mut agents = Agents::default();
        for (state, count, ownerless, certified) in rows {
            agents.ownerless += natural(ownerless);
            if state == "active" {
                agents.active = natural(count);
                agents.certified = natural(certified);
            }
        }
        Ok(agents)
    }

    /// The grants in numbers; of those that ended in the window, how many were never used.
    pub async fn grants_in_numbers(&mut self, window: Window) -> Result<Grants, StoreError> {
        let live = one!(self, GRANTS, (i64,), window.to)?.map_or(0, |(count,)| natural(count));
        let unused = self.unused_grants(window).await?;
        Ok(Grants { live, unused })
    }

    /// Of the grants that ended in the window (by the end that was planned), those that no call ever
    /// rested on and no token carried. None, where none ended.
    async fn unused_grants(&mut self, window: Window) -> Result<Option<Share>, StoreError> {
        let counted = one!(self, UNUSED, (i64, i64), window.from, window.to)?;
        let (among, of) = counted.map_or((0, 0), |(among, of)| (natural(among), natural(of)));
        Ok((among > 0).then_some(Share { of, among }))
    }
}
