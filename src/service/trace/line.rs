//! Finding a line of the log by what it says and about when it was written: the log has no index of
//! seals and tokens, of which there are too many, and its lines stand in the order of time.

use chrono::TimeDelta;

use crate::domain::event::{Body, Line};
use crate::domain::time::Timestamp;
use crate::store::{Session, StoreError};

/// So far the clocks of replicas may be apart.
const APART: TimeDelta = TimeDelta::seconds(60);
/// How many lines are read at once.
const PAGE: u32 = 500;

/// The first line written about then of which `says` gives something.
pub(super) async fn find<T>(
    session: &mut Session,
    near: Timestamp,
    says: impl Fn(&Body) -> Option<T>,
) -> Result<Option<(Line, T)>, StoreError> {
    let mut after = before(session, near - APART).await?;
    loop {
        let lines = session.lines(after, PAGE).await?;
        let Some(last) = lines.last() else { return Ok(None) };
        let (seq, end) = (last.seq, last.at);
        for line in lines {
            // A line that is not understood says nothing.
            let found = serde_json::from_str(&line.body).ok().and_then(|body| says(&body));
            if let Some(found) = found {
                return Ok(Some((line, found)));
            }
        }
        if end > near + APART {
            return Ok(None);
        }
        after = seq;
    }
}

/// The number of the last line that was written before this moment, found by halving.
async fn before(session: &mut Session, moment: Timestamp) -> Result<i64, StoreError> {
    let (mut from, (mut to, _)) = (0, session.head().await?);
    while from < to {
        let middle = from + (to - from) / 2;
        match session.lines(middle, 1).await?.first() {
            Some(line) if line.at < moment => from = line.seq.max(middle + 1),
            Some(_) | None => to = middle,
        }
    }
    Ok(from)
}
