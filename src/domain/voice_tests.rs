use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::domain::time::Timestamp;
use crate::domain::vote::Choice;

const ROLES: [&str; 3] = ["a", "b", "c"];

/// A little office: who holds what, who lets whom, what is needed.
#[derive(Debug, Clone)]
struct Office {
    needs: Vec<RoleName>,
    own: Vec<BTreeSet<RoleName>>,
    /// To each person, those who lend to them.
    lenders: Vec<BTreeSet<usize>>,
}

fn person(n: usize) -> PersonId {
    PersonId::new("T0ACME", format!("U{n}"))
}

fn some_roles() -> impl Strategy<Value = BTreeSet<RoleName>> {
    let role = proptest::sample::select(ROLES.to_vec()).prop_map(RoleName::new);
    proptest::collection::btree_set(role, 0..3)
}

fn office() -> impl Strategy<Value = Office> {
    (2usize..6).prop_flat_map(|n| {
        let role = proptest::sample::select(ROLES.to_vec()).prop_map(RoleName::new);
        (
            proptest::collection::vec(role, 1..5),
            proptest::collection::vec(some_roles(), n),
            proptest::collection::vec(proptest::collection::btree_set(0..n, 0..3), n),
        )
            .prop_map(|(needs, own, mut lenders)| {
                for (to, from) in lenders.iter_mut().enumerate() {
                    from.remove(&to);
                }
                Office { needs, own, lenders }
            })
    })
}

impl Office {
    fn vote(&self, n: usize) -> Vote {
        let lends = |from: &usize| (person(*from), self.own[*from].clone());
        Vote {
            by: person(n),
            at: Timestamp::UNIX_EPOCH,
            roles: self.own[n].clone(),
            stands_in: self.lenders[n].iter().map(lends).collect(),
            choice: Choice::Approve,
        }
    }

    fn covered(&self, clickers: &[usize]) -> usize {
        let votes: Vec<Vote> = clickers.iter().map(|n| self.vote(*n)).collect();
        let votes: Vec<&Vote> = votes.iter().collect();
        let found = match_votes(&self.needs, &votes, Clone::clone);
        self.is_right(&found, &votes);
        found.iter().flatten().count()
    }

    /// Nobody counts twice, and everybody for what they may.
    fn is_right(&self, found: &[Option<Cover<'_>>], votes: &[&Vote]) {
        let (mut clicked, mut counted) = (BTreeSet::new(), BTreeSet::new());
        for (need, cover) in self.needs.iter().zip(found) {
            let Some(cover) = cover else { continue };
            let vote = votes[cover.vote];
            assert!(clicked.insert(cover.vote), "one yes covers one");
            let source = cover.in_place_of.unwrap_or(&vote.by);
            assert!(counted.insert(source), "one person's roles count once");
            match cover.in_place_of {
                None => assert!(vote.roles.contains(need)),
                Some(from) => {
                    assert!(vote.stands_in[from].contains(need));
                    assert!(votes.iter().all(|v| v.by != *from), "who clicks lends nothing");
                }
            }
        }
    }

    /// The most that these can cover, by trying everything.
    fn brute_force(&self, clickers: &[usize], all: &[usize], needs: usize, used: u32) -> usize {
        let Some((first, rest)) = clickers.split_first() else { return 0 };
        let mut best = self.brute_force(rest, all, needs, used);
        let lenders = self.lenders[*first].iter().filter(|from| !all.contains(from));
        for source in std::iter::once(first).chain(lenders) {
            if used & (1 << source) != 0 {
                continue;
            }
            for (i, need) in self.needs.iter().enumerate() {
                if needs & (1 << i) == 0 && self.own[*source].contains(need) {
                    let used = used | (1 << source);
                    best = best.max(1 + self.brute_force(rest, all, needs | (1 << i), used));
                }
            }
        }
        best
    }

    /// People click in this order; a click counts if it covers one more. How many are covered.
    fn clicks(&self, order: &[usize]) -> usize {
        let mut counted: Vec<usize> = Vec::new();
        for n in order {
            let mut with = counted.clone();
            with.push(*n);
            if self.covered(&with) > counted.len() {
                counted = with;
            }
        }
        counted.len()
    }
}

proptest! {
    #[test]
    fn covering_is_what_trying_everything_finds(office in office(), clicked in any::<u8>()) {
        let all = 0..office.own.len();
        let clickers: Vec<usize> = all.filter(|n| clicked & (1 << n) != 0).collect();
        let best = office.brute_force(&clickers, &clickers, 0, 0);
        prop_assert_eq!(office.covered(&clickers), best, "{:?} of {:?}", clickers, office);
    }

    /// With delegations too, whoever clicks first, the same number is covered in the end.
    #[test]
    fn the_order_of_the_clicks_never_matters(
        office in office(),
        order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let order: Vec<usize> = order.into_iter().filter(|n| *n < office.own.len()).collect();
        let usual: Vec<usize> = (0..office.own.len()).collect();
        prop_assert_eq!(office.clicks(&order), office.clicks(&usual), "{:?} in {:?}", order, office);
    }
}

#[test]
fn own_roles_come_first() {
    let roles = |name: &str| BTreeSet::from([RoleName::new(name)]);
    let office = Office {
        needs: vec![RoleName::new("a"), RoleName::new("b")],
        own: vec![roles("a"), roles("b")],
        lenders: vec![[1].into(), BTreeSet::new()],
    };
    let vote = office.vote(0);
    let found = match_votes(&office.needs, &[&vote], Clone::clone);
    assert_eq!(found, [Some(Cover { vote: 0, in_place_of: None }), None]);
    // Alone with what others lend, they stand in; when those click themselves, they do not.
    let lent = Office { own: vec![BTreeSet::new(), roles("b")], ..office };
    let (stand_in, own) = (lent.vote(0), lent.vote(1));
    let found = match_votes(&lent.needs, &[&stand_in], Clone::clone);
    assert_eq!(found[1], Some(Cover { vote: 0, in_place_of: Some(&person(1)) }));
    let found = match_votes(&lent.needs, &[&stand_in, &own], Clone::clone);
    assert_eq!(found, [None, Some(Cover { vote: 1, in_place_of: None })]);
}

#[test]
fn who_was_found_with_different_roles_counts_for_what_all_found() {
    let roles = |names: &[&str]| names.iter().map(|n| RoleName::new(*n)).collect::<BTreeSet<_>>();
    let vote = |n: usize, lent: &[&str]| Vote {
        by: person(n),
        at: Timestamp::UNIX_EPOCH,
        roles: BTreeSet::new(),
        stands_in: BTreeMap::from([(person(9), roles(lent))]),
        choice: Choice::Approve,
    };
    let (one, two) = (vote(1, &["a", "b"]), vote(2, &["a"]));
    let needs = [RoleName::new("b"), RoleName::new("a")];
    let found = match_votes(&needs, &[&one, &two], Clone::clone);
    assert_eq!(found.iter().flatten().count(), 1);
    assert!(found[0].is_none());
}
