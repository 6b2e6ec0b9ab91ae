//! The difference between two policies, in words, and whether it opens more than before.

mod answering;
mod emergency;
mod owners;
mod people;
mod run_time;
mod things;
mod trust;
mod without;

use super::{Policy, cases};

/// What a change does to access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Neither opens nor closes anything.
    Same,
    /// Less is possible than before, or more people must agree.
    Narrows,
    /// Somebody or something may do more than before, or with another's yes than before.
    Widens,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The part of the policy: `tiers.2`, `resources.database`.
    pub about: String,
    /// What is different, in words.
    pub what: String,
    /// What that does.
    pub effect: Effect,
}

/// All differences from `old` to `new`, in the order of the policy's sections. Comments, order and
/// spelling do not count.
pub fn plan(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes = Changes(Vec::new());
    people::channels(old, new, &mut changes);
    people::roles(old, new, &mut changes);
    trust::directory(old, new, &mut changes);
    people::teams(old, new, &mut changes);
    people::tiers(old, new, &mut changes);
    things::resources(old, new, &mut changes);
    without::rules(old, new, &mut changes);
    things::reminders(old, new, &mut changes);
    things::certification(old, new, &mut changes);
    owners::owners(old, new, &mut changes);
    things::digest(old, new, &mut changes);
    emergency::break_glass(old, new, &mut changes);
    emergency::incidents(old, new, &mut changes);
    answering::delegations(old, new, &mut changes);
    answering::absence(old, new, &mut changes);
    answering::appeals(old, new, &mut changes);
    things::discovery(old, new, &mut changes);
    trust::services(old, new, &mut changes);
    trust::issuers(old, new, &mut changes);
    trust::limits(old, new, &mut changes);
    run_time::rules(old, new, &mut changes);
    if !cases::same(old, new) {
        changes.note("tests", "the cases are different", Effect::Same);
    }
    changes.0
}

/// Collects differences.
struct Changes(Vec<Change>);

impl Changes {
    fn note(&mut self, about: impl Into<String>, what: impl Into<String>, effect: Effect) {
        self.0.push(Change { about: about.into(), what: what.into(), effect });
    }

    /// A value that was another, with no effect on access.
    fn moved(&mut self, about: impl Into<String>, name: &str, before: &str, after: &str) {
        if before != after {
            self.note(about, format!("{name} is {after} (was {before})"), Effect::Same);
        }
    }

    /// A quantity of which more opens more.
    fn grew<T: Ord>(
        &mut self,
        about: &str,
        name: &str,
        (before, after): (T, T),
        say: impl Fn(&T) -> String,
    ) {
        let effect = match after.cmp(&before) {
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Greater => Effect::Widens,
            std::cmp::Ordering::Less => Effect::Narrows,
        };
        self.note(about, format!("{name} is {} (was {})", say(&after), say(&before)), effect);
    }
}
