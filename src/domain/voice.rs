//! For whom a person may speak at a click: for themselves, and for those who let them; and who then
//! covers what.
//!
//! One yes is one person, and one person's roles are answered for once, by whoever clicks. Covering
//! is found as a flow from the votes over the people whose roles count to the requirements, each of
//! them used once (Ford and Fulkerson 1956). Two rules make it independent of the order of the
//! clicks: who has clicked lends nothing, and who lends only some of the roles that a request takes
//! of them lends nothing on it. (Without the second, two people could stand in for one person's two
//! roles, and which of them clicked first would decide.)

use std::collections::{BTreeMap, BTreeSet};

use super::ids::DelegationId;
use super::person::PersonId;
use super::role::RoleName;
use super::time::Timestamp;
use super::vote::{Choice, Vote};

/// What somebody lets a person answer for, as it is at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loan {
    /// By which delegation.
    pub delegation: DelegationId,
    /// Who lends: a full member.
    pub from: PersonId,
    /// The roles that they hold themselves, among those that the request takes.
    pub holds: BTreeSet<RoleName>,
    /// Those of them that they lend, and the policy lets them lend.
    pub lends: BTreeSet<RoleName>,
}

/// For whom a person may speak.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Voice {
    /// The roles that the person holds, among those that the request takes.
    pub own: BTreeSet<RoleName>,
    /// What others lend.
    pub loans: Vec<Loan>,
}

impl From<BTreeSet<RoleName>> for Voice {
    fn from(own: BTreeSet<RoleName>) -> Self {
        Self { own, loans: Vec::new() }
    }
}

/// What a person's word counts for: what a vote records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The person's own roles, among those that the request takes.
    pub roles: BTreeSet<RoleName>,
    /// For whom the person could stand in, with those people's roles.
    pub stands_in: BTreeMap<PersonId, BTreeSet<RoleName>>,
}

impl Said {
    /// The vote of this person.
    pub fn vote(self, by: PersonId, at: Timestamp, choice: Choice) -> Vote {
        Vote { by, at, roles: self.roles, stands_in: self.stands_in, choice }
    }
}

/// Who covers a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cover<'v> {
    /// By which yes, as its place among them.
    pub vote: usize,
    /// In whose place, if not their own.
    pub in_place_of: Option<&'v PersonId>,
}

/// Finds for each requirement a yes of its own, as many as can be; `covers` says which requirements
/// a set of roles can answer for. Earlier votes, requirements and a voter's own roles come first
/// where there is a choice.
pub fn match_votes<'v>(
    needs: &[RoleName],
    votes: &[&'v Vote],
    covers: impl Fn(&BTreeSet<RoleName>) -> BTreeSet<RoleName>,
) -> Vec<Option<Cover<'v>>> {
    let clicked: BTreeSet<&PersonId> = votes.iter().map(|vote| &vote.by).collect();
    // Whose roles count, and for what. Who is named by several votes, which found them with
    // different roles, counts for what all of them found.
    let mut sources: BTreeMap<&PersonId, BTreeSet<RoleName>> = BTreeMap::new();
    for vote in votes {
        sources.insert(&vote.by, covers(&vote.roles));
    }
    for vote in votes {
        for (from, roles) in vote.stands_in.iter().filter(|(from, _)| !clicked.contains(from)) {
            let roles = covers(roles);
            sources
                .entry(from)
                .and_modify(|known| known.retain(|role| roles.contains(role)))
                .or_insert(roles);
        }
    }
    let places: BTreeMap<&PersonId, usize> =
        sources.keys().enumerate().map(|(i, person)| (*person, i)).collect();

    // The nodes: votes, sources (in and out), requirements, and the sink.
    let (v, s) = (votes.len(), sources.len());
    let (enter, leave) = (|i: usize| v + 2 * i, |i: usize| v + 2 * i + 1);
    let need = |i: usize| v + 2 * s + i;
    let sink = v + 2 * s + needs.len();
    let mut net = Net::of(sink + 1);
    for (i, vote) in votes.iter().enumerate() {
        let own = std::iter::once(&vote.by);
        let lenders = vote.stands_in.keys().filter(|from| !clicked.contains(from));
        for source in own.chain(lenders).filter_map(|person| places.get(person)) {
            net.join(i, enter(*source));
        }
    }
    for (source, roles) in sources.values().enumerate() {
        net.join(enter(source), leave(source));
        for (i, _) in needs.iter().enumerate().filter(|(_, role)| roles.contains(role)) {
            net.join(leave(source), need(i));
        }
    }
    for i in 0..needs.len() {
        net.join(need(i), sink);
    }
    for vote in 0..v {
        net.send(vote, sink);
    }

    let mut covered = vec![None; needs.len()];
    for (i, vote) in votes.iter().enumerate() {
        let source = net.sent(i).and_then(|node| node.checked_sub(v)).map(|n| n / 2);
        let Some(source) = source else { continue };
        let at = net.sent(leave(source)).and_then(|node| node.checked_sub(v + 2 * s));
        let person = sources.keys().nth(source).copied();
        if let Some(place) = at.and_then(|at| covered.get_mut(at)) {
            let in_place_of = person.filter(|person| **person != vote.by);
            *place = Some(Cover { vote: i, in_place_of });
        }
    }
    covered
}

/// A net of edges that each take one unit.
struct Net {
    /// Where each edge leads, and whether it is free; each is followed by its reverse.
    edges: Vec<(usize, bool)>,
    /// The edges that leave each node.
    out: Vec<Vec<usize>>,
}

impl Net {
    fn of(nodes: usize) -> Self {
        Self { edges: Vec::new(), out: vec![Vec::new(); nodes] }
    }

    fn join(&mut self, from: usize, to: usize) {
        for (from, to, free) in [(from, to, true), (to, from, false)] {
            if let Some(out) = self.out.get_mut(from) {
                out.push(self.edges.len());
            }
            self.edges.push((to, free));
        }
    }

    /// Sends one unit, moving others where that makes way. `false` if there is no way.
    fn send(&mut self, from: usize, sink: usize) -> bool {
        let mut seen = BTreeSet::new();
        self.reach(from, sink, &mut seen)
    }

    fn reach(&mut self, at: usize, sink: usize, seen: &mut BTreeSet<usize>) -> bool {
        if at == sink {
            return true;
        }
        seen.insert(at);
        for edge in self.out.get(at).cloned().unwrap_or_default() {
            let Some((to, true)) = self.edges.get(edge).copied() else { continue };
            if !seen.contains(&to) && self.reach(to, sink, seen) {
                for (edge, free) in [(edge, false), (edge ^ 1, true)] {
                    if let Some(known) = self.edges.get_mut(edge) {
                        known.1 = free;
                    }
                }
                return true;
            }
        }
        false
    }

    /// Where the unit that came to this node went.
    fn sent(&self, from: usize) -> Option<usize> {
        // An edge of even number leads forward; it is taken when it is not free.
        let forward = self.out.get(from)?.iter().filter(|edge| *edge % 2 == 0);
        forward.filter_map(|edge| self.edges.get(*edge)).find(|(_, free)| !free).map(|(to, _)| *to)
    }
}

#[cfg(test)]
#[path = "voice_tests.rs"]
mod tests;
