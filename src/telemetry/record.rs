//! What the record says, measured now and then: how much waits, what became of what was asked, how long
//! people took. Every replica measures the one record, and tells the same.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::insights::Window;
use crate::domain::tier::Tier;
use crate::domain::time::Timestamp;
use crate::meters::{AGENTS, APPROVALS, DECIDED, GRANTS, MESSAGES, OLDEST, OPEN, REQUESTS};
use crate::store::{Measure, Store, StoreError};

/// How often the record is measured.
const EVERY: Duration = Duration::from_secs(15);

/// Measures the record now and then, until it is told to stop. While the database is away, the last
/// measure stands.
pub async fn measure(store: Store, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut since = clock.now();
    loop {
        match once(&store, clock.as_ref(), since).await {
            Ok(now) => since = now,
            Err(error) => tracing::debug!(%error, "the record was not measured"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Measures once. What was approved since the last time is told with its duration; the moment up to
/// which it was is returned.
async fn once(store: &Store, clock: &dyn Clock, since: Timestamp) -> Result<Timestamp, StoreError> {
    let now = clock.now();
    let mut session = store.read().await?;
    let measure = session.measure(now).await?;
    let waiting = session.waiting_by_tier().await?;
    let agents = session.agents_in_numbers(now).await?;
    let mut approvals = Vec::new();
    for tier in Tier::ALL {
        approvals.extend(session.approvals(tier, Window { from: since, to: now }).await?);
    }
    drop(session);
    for one in &approvals {
        let took = (one.ended_at - one.asked_at).to_std().unwrap_or_default();
        APPROVALS.took(&[&one.tier.to_string()], took);
    }
    let tiers = Tier::ALL.map(|tier| (tier.to_string(), waiting.get(&tier).copied()));
    let level = |of: &dyn Fn(crate::domain::insights::Waiting) -> u64| {
        let each = tiers.iter().map(|(tier, found)| (vec![tier.as_str()], found.map_or(0, of)));
        each.collect::<Vec<_>>()
    };
    OPEN.stand(&level(&|waiting| waiting.count));
    let age = |since: Timestamp| u64::try_from((now - since).num_seconds()).unwrap_or_default();
    OLDEST.stand(&level(&|waiting| waiting.since.map_or(0, age)));
    AGENTS.stand(&[
        (vec!["active"], agents.active),
        (vec!["certified"], agents.certified),
        (vec!["ownerless"], agents.ownerless),
    ]);
    tell(&measure);
    Ok(now)
}

fn tell(measure: &Measure) {
    GRANTS.stand(&[(Vec::new(), measure.grants)]);
    let mut requests: Vec<(Vec<&str>, u64)> = Vec::new();
    let mut decided: Vec<([String; 3], u64)> = Vec::new();
    for one in &measure.requests {
        match requests.iter_mut().find(|(labels, _)| *labels == [&*one.ask, &*one.state]) {
            Some((_, count)) => *count += one.count,
            None => requests.push((vec![&one.ask, &one.state], one.count)),
        }
        let by = match (one.state.as_str(), one.by_people) {
            ("open", _) => continue,
            ("approved", false) if one.ask == "emergency" => "emergency",
            ("approved", false) if one.ask != "review" => "rule",
            ("approved" | "denied", _) => "people",
            _ => "nobody",
        };
        let labels = [one.state.clone(), one.tier.to_string(), by.to_owned()];
        match decided.iter_mut().find(|(known, _)| *known == labels) {
            Some((_, count)) => *count += one.count,
            None => decided.push((labels, one.count)),
        }
    }
    REQUESTS.stand(&requests);
    for ([outcome, tier, by], count) in &decided {
        DECIDED.in_all(&[outcome, tier, by], *count);
    }
    let messages = ["waiting", "failed"].map(|state| {
        let found = measure.deliveries.iter().find(|(found, _)| found == state);
        (vec![state], found.map_or(0, |(_, count)| *count))
    });
    MESSAGES.stand(&messages);
}
