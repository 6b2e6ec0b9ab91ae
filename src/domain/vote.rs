//! One yes is one person: votes are matched to requirements.
//!
//! A request is approved only when distinct people cover all of its requirements. Who covers what
//! is found by matching (augmenting paths, Kuhn 1955), so the order of the clicks never matters:
//! somebody who is both a team lead and security covers whichever is missing, and never both.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::person::PersonId;
use super::role::RoleName;
use super::time::Timestamp;

/// A yes or a no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "choice", rename_all = "snake_case")]
pub enum Choice {
    /// Yes.
    Approve,
    /// No, and why.
    Deny {
        /// Shown to the requester; never empty.
        reason: String,
    },
}

/// One person's word on one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who clicked.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
    /// The roles that this person held at the click, among those the request takes.
    pub roles: BTreeSet<RoleName>,
    /// For whom this person could stand in at the click, with those people's roles. Whether a yes
    /// counts in somebody's place is found with the covering (see [`voice`](super::voice)).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stands_in: BTreeMap<PersonId, BTreeSet<RoleName>>,
    /// What they said.
    #[serde(flatten)]
    pub choice: Choice,
}

/// Finds for each requirement a voter of its own, as many as can be.
///
/// The answer has one place for each requirement: the index of the person in `voters` who covers
/// it, or `None`. Earlier requirements and earlier voters come first where there is a choice.
pub fn match_people(needs: &[RoleName], voters: &[&BTreeSet<RoleName>]) -> Vec<Option<usize>> {
    let mut covers: Vec<Option<usize>> = vec![None; needs.len()];
    for voter in 0..voters.len() {
        let mut tried = vec![false; needs.len()];
        place(voter, needs, voters, &mut covers, &mut tried);
    }
    covers
}

/// Gives the voter a requirement, moving others where that frees one.
fn place(
    voter: usize,
    needs: &[RoleName],
    voters: &[&BTreeSet<RoleName>],
    covers: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for (i, need) in needs.iter().enumerate() {
        let may = voters.get(voter).is_some_and(|roles| roles.contains(need));
        if !may || tried.get(i).copied().unwrap_or(true) {
            continue;
        }
        if let Some(seen) = tried.get_mut(i) {
            *seen = true;
        }
        let holder = covers.get(i).copied().flatten();
        if holder.is_none_or(|other| place(other, needs, voters, covers, tried)) {
            if let Some(spot) = covers.get_mut(i) {
                *spot = Some(voter);
            }
            return true;
        }
    }
    false
}

/// Whether distinct people among these could cover every requirement.
pub fn can_be_covered(needs: &[RoleName], people: &[&BTreeSet<RoleName>]) -> bool {
    match_people(needs, people).iter().all(Option::is_some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn roles(names: &[&str]) -> BTreeSet<RoleName> {
        names.iter().map(|n| RoleName::new(*n)).collect()
    }

    /// The largest number of requirements that distinct voters can cover, by trying everything.
    fn brute_force(needs: &[RoleName], voters: &[&BTreeSet<RoleName>], used: u32) -> usize {
        let Some((need, rest)) = needs.split_first() else { return 0 };
        let mut best = brute_force(rest, voters, used);
        for (i, held) in voters.iter().enumerate() {
            if used & (1 << i) == 0 && held.contains(need) {
                best = best.max(1 + brute_force(rest, voters, used | (1 << i)));
            }
        }
        best
    }

    #[test]
    fn one_person_with_two_roles_covers_one() {
        let needs = [RoleName::new("security"), RoleName::new("team-lead")];
        let both = roles(&["security", "team-lead"]);
        let lead = roles(&["team-lead"]);
        assert!(!can_be_covered(&needs, &[&both]));
        // Whatever the order, the person with both moves to where they are needed.
        assert!(can_be_covered(&needs, &[&both, &lead]));
        assert!(can_be_covered(&needs, &[&lead, &both]));
    }

    fn some_roles() -> impl Strategy<Value = BTreeSet<RoleName>> {
        proptest::collection::btree_set(
            proptest::sample::select(vec!["a", "b", "c", "d"]).prop_map(RoleName::new),
            0..4,
        )
    }

    proptest! {
        #[test]
        fn matching_finds_what_trying_everything_finds(
            needs in proptest::collection::vec(
                proptest::sample::select(vec!["a", "b", "c", "d"]).prop_map(RoleName::new), 0..5),
            voters in proptest::collection::vec(some_roles(), 0..7),
        ) {
            let voters: Vec<_> = voters.iter().collect();
            let found = match_people(&needs, &voters);
            let covered: Vec<usize> = found.iter().flatten().copied().collect();
            prop_assert_eq!(covered.len(), brute_force(&needs, &voters, 0));
            let distinct: BTreeSet<_> = covered.iter().collect();
            prop_assert_eq!(distinct.len(), covered.len(), "nobody covers two");
            for (need, who) in needs.iter().zip(&found) {
                if let Some(i) = who {
                    prop_assert!(voters[*i].contains(need));
                }
            }
        }

        #[test]
        fn the_order_of_the_clicks_never_matters(
            needs in proptest::collection::vec(
                proptest::sample::select(vec!["a", "b", "c"]).prop_map(RoleName::new), 0..4),
            voters in proptest::collection::vec(some_roles(), 0..6),
            seed in any::<u64>(),
        ) {
            let ordered: Vec<_> = voters.iter().collect();
            let mut shuffled = ordered.clone();
            let mut state = seed;
            for i in (1..shuffled.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(i, (state >> 33) as usize % (i + 1));
            }
            prop_assert_eq!(can_be_covered(&needs, &ordered), can_be_covered(&needs, &shuffled));
        }
    }
}
