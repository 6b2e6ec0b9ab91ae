//! How much of what there is on the record, for whoever watches.

use super::error::StoreError;
use super::session::{Session, all, one};
use super::statement::statements;
use crate::domain::time::Timestamp;

statements! {
    GRANTS on "grants" = "SELECT COUNT(*) FROM grants WHERE state = 'active' \
        AND starts_at <= $1 AND expires_at > $1";
    REQUESTS on "requests" = "SELECT ask, state, tier, by_people, COUNT(*) FROM requests \
        WHERE ended_at IS NOT NULL GROUP BY 1, 2, 3, 4 UNION ALL \
        SELECT ask, state, tier, by_people, COUNT(*) FROM requests WHERE state = 'open' GROUP BY 1, 2, 3, 4";
    DELIVERIES on "deliveries" = "SELECT state, COUNT(*) FROM deliveries GROUP BY state";
}

/// So many requests of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What they ask, in a word.
    pub ask: String,
    /// Where they stand, in a word.
    pub state: String,
    /// Whose people decide, or decided: 1, 2 or 3.
    pub tier: u64,
    /// Whether people said yes.
    pub by_people: bool,
    /// How many.
    pub count: u64,
}

/// How much there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// The grants that are live.
    pub grants: u64,
    /// The requests, by what they ask, where they stand, their tier and who said yes.
    pub requests: Vec<Decided>,
    /// The messages, by where they stand: `waiting`, `failed`.
    pub deliveries: Vec<(String, u64)>,
}

/// A count, or a number of the kind.
pub(super) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

impl Session {
    /// How much there is at this moment.
    pub async fn measure(&mut self, now: Timestamp) -> Result<Measure, StoreError> {
        let grants = one!(self, GRANTS, (i64,), now)?.map_or(0, |(count,)| natural(count));
        let requests = all!(self, REQUESTS, (String, String, i64, bool, i64))?;
        let deliveries = all!(self, DELIVERIES, (String, i64))?;
        Ok(Measure {
            grants,
            requests: requests
                .into_iter()
                .map(|(ask, state, tier, by_people, count)| Decided {
                    ask,
                    state,
                    tier: natural(tier),
                    by_people,
                    count: natural(count),
                })
                .collect(),
            deliveries: deliveries.into_iter().map(|(s, n)| (s, natural(n))).collect(),
        })
    }
}
