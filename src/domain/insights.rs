//! Numbers that show whether this works: how long people wait, what became of what was asked, and what
//! lies about unused, unowned or uncertified. Pure: from what is on the record to numbers.
//!
//! Each number is defined here and in `docs/governance.md`. They are about requests, roles and tiers,
//! never about a person. Where there are too few to tell, no number is given.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::request::Request;
use super::role::RoleName;
use super::tier::Tier;
use super::time::{Span, Timestamp};
use super::vote::Vote;

/// What is counted is counted over so many days, and compared with as many days before.
pub const DAYS: u32 = 30;
/// As many weeks are shown one by one.
pub const WEEKS: usize = 8;
/// From so many on, half of them say something.
pub const FEWEST: usize = 3;
/// From so many on, the slowest of twenty says something.
pub const FEWEST_FOR_TAIL: usize = 20;

/// A stretch of time: after `from`, up to and with `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its beginning, which is not in it.
    pub from: Timestamp,
    /// Its end, which is in it.
    pub to: Timestamp,
}

impl Window {
    /// The last [`DAYS`] days.
    pub fn last(now: Timestamp) -> Self {
        Self { from: now - Span::days(DAYS).delta(), to: now }
    }

    /// The [`DAYS`] days before those.
    pub fn before(now: Timestamp) -> Self {
        Self::last(now - Span::days(DAYS).delta())
    }

    /// The last [`WEEKS`] weeks, each of seven whole days that end at this moment, the oldest first.
    pub fn weeks(now: Timestamp) -> [Self; WEEKS] {
        std::array::from_fn(|at| {
            let ago = i64::try_from(WEEKS - 1 - at).unwrap_or_default();
            let to = now - TimeDelta::weeks(ago);
            Self { from: to - TimeDelta::weeks(1), to }
        })
    }

    /// Whether the moment is in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from < at && at <= self.to
    }
}

/// How many requests ended in which way. Appeals are not among them: they are a second look at a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// People said yes.
    pub by_people: u64,
    /// A rule of the policy said yes.
    pub by_rule: u64,
    /// Somebody said no.
    pub denied: u64,
    /// Nobody answered in time.
    pub expired: u64,
    /// Taken back, or what it asked about was gone.
    pub taken_back: u64,
}

impl Outcomes {
    /// Counts so many that ended in this state (in a word), by people or not.
    pub fn count(&mut self, state: &str, by_people: bool, n: u64) {
        match (state, by_people) {
            ("approved", true) => self.by_people += n,
            ("approved", false) => self.by_rule += n,
            ("denied", _) => self.denied += n,
            ("expired", _) => self.expired += n,
            ("cancelled", _) => self.taken_back += n,
            _ => {}
        }
    }

    /// All that were approved.
    pub const fn approved(&self) -> u64 {
        self.by_people + self.by_rule
    }

    /// All that were answered, or should have been.
    pub const fn put(&self) -> u64 {
        self.approved() + self.denied + self.expired
    }

    /// All that ended.
    pub const fn all(&self) -> u64 {
        self.put() + self.taken_back
    }

    /// Of what was approved, what no people were needed for.
    pub const fn without_people(&self) -> Share {
        Share { of: self.by_rule, among: self.approved() }
    }

    /// Of what was put, what was denied.
    pub const fn share_denied(&self) -> Share {
        Share { of: self.denied, among: self.put() }
    }

    /// Of what was put, what nobody answered in time.
    pub const fn share_expired(&self) -> Share {
        Share { of: self.expired, among: self.put() }
    }
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// So many …
    pub of: u64,
    /// … of so many.
    pub among: u64,
}

impl Share {
    /// In percent, to the nearest; none of too few.
    pub fn percent(&self) -> Option<u64> {
        let enough = usize::try_from(self.among).is_ok_and(|n| n >= FEWEST);
        enough.then(|| (self.of * 100 + self.among / 2) / self.among)
    }
}

/// How long something takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Took {
    /// By how many that is judged.
    pub samples: u64,
    /// Half of them took no longer; none of too few ([`FEWEST`]).
    pub half: Option<Span>,
    /// 19 of 20 took no longer; none of too few ([`FEWEST_FOR_TAIL`]).
    pub most: Option<Span>,
}

impl Took {
    /// How long these took: percentiles by nearest rank.
    pub fn of(mut took: Vec<Span>) -> Self {
        took.sort_unstable();
        let known = |fewest: usize, percent: usize| {
            // The smallest of them that so many percent do not exceed.
            let rank = (took.len() * percent).div_ceil(100);
            took.get(rank.checked_sub(1)?).copied().filter(|_| took.len() >= fewest)
        };
        Self {
            samples: u64::try_from(took.len()).unwrap_or(u64::MAX),
            half: known(FEWEST, 50),
            most: known(FEWEST_FOR_TAIL, 95),
        }
    }
}

/// A request that people approved: since when it was asked, and when the last yes came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approval {
    /// Whose people decided.
    pub tier: Tier,
    /// Since when it was asked.
    pub asked_at: Timestamp,
    /// When it was approved.
    pub ended_at: Timestamp,
}

/// A yes that covered a requirement, without who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yes {
    /// The role that was needed.
    pub role: RoleName,
    /// How long after the question it came.
    pub took: Span,
}

impl Yes {
    /// The yeses that decided a request.
    pub fn of(request: &Request) -> Vec<Self> {
        let yes = |role: &RoleName, vote: &Vote| Self {
            role: role.clone(),
            took: between(request.asked_at, vote.at),
        };
        request
            .requirements()
            .iter()
            .filter_map(|need| need.covered_by.map(|vote| yes(need.role, vote)))
            .collect()
    }
}

/// A request that waits, and for whose yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// Since when.
    pub since: Timestamp,
    /// The roles whose yes is missing.
    pub roles: Vec<RoleName>,
}

/// How many wait, and the oldest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// Since when the oldest does.
    pub since: Option<Timestamp>,
}

/// Appeals against a no that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appeals {
    /// How many.
    pub ended: u64,
    /// How many of them became a yes.
    pub overturned: u64,
}

/// The agents that are registered and not ended, at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agents {
    /// At work.
    pub active: u64,
    /// Of those at work: whose owner's word that they are needed still holds.
    pub certified: u64,
    /// For which nobody answers, at work or stopped.
    pub ownerless: u64,
}

impl Agents {
    /// Of the agents at work, those that are certified.
    pub const fn share_certified(&self) -> Share {
        Share { of: self.certified, among: self.active }
    }
}

/// Grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grants {
    /// Live at this moment.
    pub live: u64,
    /// Of those that ended in the last [`DAYS`] days, those that no call ever rested on; none where
    /// their use is not counted.
    pub unused: Option<Share>,
}

/// What is on the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The moment.
    pub now: Timestamp,
    /// Within which time each tier decides.
    pub promises: BTreeMap<Tier, Span>,
    /// What people approved in [`Window::last`] and in [`Window::before`].
    pub approvals: Vec<Approval>,
    /// The yeses of [`Window::last`].
    pub yeses: Vec<Yes>,
    /// What ended in [`Window::last`].
    pub ended: Outcomes,
    /// What ended in [`Window::before`].
    pub ended_before: Outcomes,
    /// Appeals that ended in [`Window::last`].
    pub appeals: Appeals,
    /// What ended in each of [`Window::weeks`].
    pub weeks: [Outcomes; WEEKS],
    /// What waits, by tier.
    pub waiting: BTreeMap<Tier, Waiting>,
    /// What waits, by whose yes is missing.
    pub awaited: Vec<Awaited>,
    /// The agents.
    pub agents: Agents,
    /// The grants.
    pub grants: Grants,
}

/// One tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfTier {
    /// Which.
    pub tier: Tier,
    /// Within which time its people decide, by the policy.
    pub promise: Span,
    /// From the question to the last yes, where people said yes, in the last [`DAYS`] days.
    pub took: Took,
    /// The same in the days before.
    pub took_before: Took,
    /// What waits now.
    pub waiting: Waiting,
}

/// One role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfRole {
    /// Which.
    pub role: RoleName,
    /// From the question to its yes, in the last [`DAYS`] days.
    pub took: Took,
    /// What waits for its yes now.
    pub waiting: Waiting,
}

/// One week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// When.
    pub window: Window,
    /// What ended in it.
    pub ended: Outcomes,
}

/// The numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insights {
    /// The moment.
    pub now: Timestamp,
    /// By tier, the lowest first.
    pub tiers: Vec<OfTier>,
    /// By role, the slowest first; of which too little is known, last.
    pub roles: Vec<OfRole>,
    /// What ended in the last [`DAYS`] days.
    pub ended: Outcomes,
    /// What ended in the days before.
    pub ended_before: Outcomes,
    /// Appeals that ended in the last [`DAYS`] days.
    pub appeals: Appeals,
    /// The last [`WEEKS`] weeks, the oldest first.
    pub weeks: Vec<Week>,
    /// The agents.
    pub agents: Agents,
    /// The grants.
    pub grants: Grants,
}

impl Insights {
    /// The numbers that follow from the record.
    pub fn of(facts: &Facts) -> Self {
        let now = facts.now;
        let tiers = facts.promises.iter().map(|(tier, promise)| OfTier {
            tier: *tier,
            promise: *promise,
            took: approvals(facts, *tier, Window::last(now)),
            took_before: approvals(facts, *tier, Window::before(now)),
            waiting: facts.waiting.get(tier).copied().unwrap_or_default(),
        });
        let windows = Window::weeks(now).into_iter().zip(facts.weeks);
        Self {
            now,
            tiers: tiers.collect(),
            roles: roles(facts),
            ended: facts.ended,
            ended_before: facts.ended_before,
            appeals: facts.appeals,
            weeks: windows.map(|(window, ended)| Week { window, ended }).collect(),
            agents: facts.agents,
            grants: facts.grants,
        }
    }

    /// The tier of which most is known: what is true of most requests.
    pub fn usual(&self) -> Option<(&OfTier, Span)> {
        let known = self.tiers.iter().filter_map(|tier| tier.took.half.map(|half| (tier, half)));
        known.max_by_key(|(tier, _)| (tier.took.samples, tier.tier))
    }

    /// The role whose yes takes longest, if enough is known of it.
    pub fn bottleneck(&self) -> Option<(&OfRole, Span)> {
        self.roles.iter().find_map(|role| role.took.half.map(|half| (role, half)))
    }

    /// All that waits.
    pub fn waiting(&self) -> Waiting {
        self.tiers.iter().fold(Waiting::default(), |all, tier| Waiting {
            count: all.count + tier.waiting.count,
            since: all.since.into_iter().chain(tier.waiting.since).min(),
        })
    }

    /// Whether there is nothing to tell: nothing ended for weeks, and nothing waits.
    pub fn is_quiet(&self) -> bool {
        self.weeks.iter().all(|week| week.ended.all() == 0) && self.waiting().count == 0
    }
}

/// The time between two moments; a clock that was set back counts as no time.
fn between(from: Timestamp, to: Timestamp) -> Span {
    Span::between(from, to).unwrap_or(Span::seconds(0))
}

fn approvals(facts: &Facts, tier: Tier, window: Window) -> Took {
    let of_tier = facts.approvals.iter().filter(|one| one.tier == tier);
    let within = of_tier.filter(|one| window.holds(one.ended_at));
    Took::of(within.map(|one| between(one.asked_at, one.ended_at)).collect())
}

fn roles(facts: &Facts) -> Vec<OfRole> {
    let mut found: BTreeMap<&RoleName, (Vec<Span>, Waiting)> = BTreeMap::new();
    for yes in &facts.yeses {
        found.entry(&yes.role).or_default().0.push(yes.took);
    }
    for one in &facts.awaited {
        // A request may need two people of one role: it waits for the role once.
        let roles: std::collections::BTreeSet<&RoleName> = one.roles.iter().collect();
        for role in roles {
            let waiting = &mut found.entry(role).or_default().1;
            waiting.count += 1;
            waiting.since = waiting.since.into_iter().chain([one.since]).min();
        }
    }
    let of_role = |(role, (took, waiting)): (&RoleName, (Vec<Span>, Waiting))| OfRole {
        role: role.clone(),
        took: Took::of(took),
        waiting,
    };
    let mut roles: Vec<OfRole> = found.into_iter().map(of_role).collect();
    roles.sort_by_key(|role| std::cmp::Reverse((role.took.half, role.waiting.count)));
    roles
}

#[cfg(test)]
#[path = "insights_tests.rs"]
mod tests;
