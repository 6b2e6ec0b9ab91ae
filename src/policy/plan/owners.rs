//! What changed for handing agents over, and for agents that nobody answers for.

use super::{Changes, people};
use crate::domain::time::Span;
use crate::policy::Policy;

pub(super) fn owners(old: &Policy, new: &Policy, changes: &mut Changes) {
    let (was, is) = (&old.owners, &new.owners);
    people::requires("owners.handover", &was.handover, &is.handover, changes);
    let words = |span: &Span| span.words();
    // An agent that nobody answers for is at work for so long.
    changes.grew("owners", "countdown", (was.countdown, is.countdown), words);
    let list = |spans: &[Span]| match spans {
        [] => "never".to_owned(),
        spans => spans.iter().map(|span| span.words()).collect::<Vec<_>>().join(" and "),
    };
    let (before, after) = (list(&was.notices_before), list(&is.notices_before));
    changes.moved("owners", "notices_before", &before, &after);
    // Stopped it is meanwhile, so this opens nothing.
    let retire = [was.retire_after, is.retire_after].map(Span::words);
    changes.moved("owners", "retire_after", &retire[0], &retire[1]);
}
