//! How much of what there is on the record, for whoever watches.

use super::error::StoreError;
use super::session::{Session, all, one};
use super::statement::statements;
use crate::domain::time::Timestamp;

statements! {
    GRANTS on "grants" = "SELECT COUNT(*) FROM grants WHERE state = 'active' \
        AND starts_at <= $1 AND expires_at > $1";
    REQUESTS on "requests" = "SELECT ask, state, COUNT(*) FROM requests GROUP BY ask, state";
    DELIVERIES on "deliveries" = "SELECT state, COUNT(*) FROM deliveries GROUP BY state";
}

/// How much there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// The grants that are live.
    pub grants: u64,
    /// The requests, by what they ask and where they stand.
    pub requests: Vec<(String, String, u64)>,
    /// The messages, by where they stand: `waiting`, `failed`.
    pub deliveries: Vec<(String, u64)>,
}

fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

impl Session {
    /// How much there is at this moment.
    pub async fn measure(&mut self, now: Timestamp) -> Result<Measure, StoreError> {
        let grants = one!(self, GRANTS, (i64,), now)?.map_or(0, |(count,)| natural(count));
        let requests = all!(self, REQUESTS, (String, String, i64))?;
        let deliveries = all!(self, DELIVERIES, (String, i64))?;
        Ok(Measure {
            grants,
            requests: requests.into_iter().map(|(a, s, n)| (a, s, natural(n))).collect(),
            deliveries: deliveries.into_iter().map(|(s, n)| (s, natural(n))).collect(),
        })
    }
}
