//! The owners' part of the daily sweep: what Slack's word did not reach is found out.
//!
//! A few are looked at in a minute, because Slack lets itself be asked only so often, and the people who
//! click meanwhile must be looked up as well.

use tracing::warn;

use crate::domain::deadline::Due;
use crate::domain::person::PersonId;
use crate::domain::time::Span;
use crate::service::opening::due_at;
use crate::service::{Result, Service};
use crate::store::work;

/// As many are looked at in one portion: half of what Slack answers in a minute.
const PORTION: usize = 50;
/// From one portion to the next.
const BETWEEN: Span = Span::minutes(1);
/// The same, when nobody could be looked at.
const TRIED_AGAIN: Span = Span::minutes(5);

impl Service {
    /// Looks at a portion of all who answer for an agent, or are asked to, and has the next one looked
    /// at later. What cannot be said of one holds up nobody else: it is asked again the next day.
    ///
    /// # Errors
    ///
    /// Nobody could be looked at.
    pub(in crate::service) async fn sweep_owners(&self, portion: u32) -> Result<()> {
        let mut session = self.parts.store.read().await?;
        let mut people = session.owners().await?;
        let handovers = session.open_handovers().await?;
        people.extend(handovers.iter().filter_map(|request| request.ask.new_owner()).cloned());
        drop(session);
        people.sort_unstable();
        people.dedup();
        let (these, more) = part(&people, portion);
        let (mut seen, mut failed) = (0_usize, None);
        for person in these {
            match self.look_after(person).await {
                Ok(()) => seen += 1,
                Err(error) => {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "an owner could not be looked at"
                    );
                    failed = Some(error);
                }
            }
        }
        if let (0, Some(error)) = (seen, failed) {
            return Err(error);
        }
        if more { self.sweep_owners_in(portion + 1, BETWEEN).await } else { Ok(()) }
    }

    /// A later portion: if nobody could be looked at, it is tried again.
    pub(in crate::service) async fn sweep_more_owners(&self, portion: u32) -> Result<()> {
        match self.sweep_owners(portion).await {
            Ok(()) => Ok(()),
            Err(_) => self.sweep_owners_in(portion, TRIED_AGAIN).await,
        }
    }

    async fn sweep_owners_in(&self, portion: u32, after: Span) -> Result<()> {
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                let due = Due::OwnersSweep { portion };
                tx.put_deadline(&due_at(&entropy, now, now + after.delta(), due)).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}

/// One portion of these, from 0, and whether there are more behind it.
fn part(people: &[PersonId], portion: u32) -> (&[PersonId], bool) {
    let from = usize::try_from(portion).unwrap_or(usize::MAX).saturating_mul(PORTION);
    let rest = people.get(from.min(people.len())..).unwrap_or_default();
    match rest.split_at_checked(PORTION) {
        Some((these, others)) => (these, !others.is_empty()),
        None => (rest, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_in_one_portion() {
        for count in [0, 1, PORTION - 1, PORTION, PORTION + 1, 3 * PORTION, 3 * PORTION + 7] {
            let all: Vec<PersonId> =
                (0..count).map(|n| PersonId::new("T0ACME", format!("U{n:05}"))).collect();
            let (mut seen, mut portion) = (Vec::new(), 0);
            loop {
                let (these, more) = part(&all, portion);
                assert!(these.len() <= PORTION && (portion == 0 || !these.is_empty()));
                seen.extend_from_slice(these);
                if !more {
                    break;
                }
                portion += 1;
            }
            assert_eq!(seen, all, "{count}");
            assert_eq!(part(&all, 1_000), (&[][..], false));
        }
    }
}
