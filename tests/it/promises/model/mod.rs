//! The promises, told once more in the plainest way: no transactions, no matching algorithm, people
//! by their ids. What the product answers is compared with what this says.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use countersign::domain::ids::{GrantId, RequestId};
use countersign::domain::time::Timestamp;

/// A role, by its name in the policy.
pub type Role = &'static str;

/// One thing that can be asked for.
pub type Known = (&'static str, u8, Option<(i64, u8)>);

/// What can be asked for: name, the lowest tier that may hold it, and the longest time for which
/// the starter policy says yes by itself (seconds, and the highest tier for which it does).
pub const ACCESSES: [Known; 7] = [
    ("docs:read", 1, Some((28_800, 2))),
    ("tickets:read", 1, Some((3_600, 1))),
    ("database:read", 1, Some((3_600, 1))),
    ("database:write", 2, None),
    ("deploys:trigger", 2, None),
    ("crm:read", 3, None),
    ("payments:refund", 3, None),
];

/// Whose yes a tier takes.
pub fn needs(tier: u8) -> Vec<Role> {
    match tier {
        1 => vec!["team-lead"],
        2 => vec!["security", "team-lead"],
        _ => vec!["security", "compliance", "vp"],
    }
}

/// The longest grant of a tier, in seconds.
pub const fn longest(tier: u8) -> i64 {
    if tier == 3 { 14_400 } else { 28_800 }
}

const fn decide_within(tier: u8) -> i64 {
    match tier {
        1 => 14_400,
        2 => 28_800,
        _ => 86_400,
    }
}

/// Where an agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Pending,
    Active,
    Suspended,
    Rejected,
}

/// An agent.
#[derive(Debug, Clone)]
pub struct Worker {
    pub owner: String,
    pub tier: u8,
    pub stands: Stands,
    pub denied: BTreeSet<String>,
}

/// What a request asks.
#[derive(Debug, Clone)]
pub enum Asks {
    Registration,
    Grant { access: String, lasting: i64 },
    Extension { grant: GrantId, access: String, by: i64 },
    Reinstatement,
}

/// A yes: whose, with which roles, and for whom it could be said, with which of theirs.
#[derive(Debug, Clone)]
pub struct Yes {
    pub by: String,
    pub own: BTreeSet<Role>,
    pub lent: BTreeMap<String, BTreeSet<Role>>,
}

/// Somebody lets another answer: all roles, or one.
#[derive(Debug, Clone)]
pub struct Lets {
    pub from: String,
    pub to: String,
    pub role: Option<Role>,
    pub until: Timestamp,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Question {
    pub agent: String,
    pub asked_by: String,
    pub asks: Asks,
    pub tier: u8,
    pub needs: Vec<Role>,
    /// Whether the named owner's word is still awaited.
    pub owner_awaited: bool,
    pub yes: Vec<Yes>,
    pub decide_by: Timestamp,
    pub state: &'static str,
}

/// A grant.
#[derive(Debug, Clone)]
pub struct Held {
    pub agent: String,
    pub access: String,
    pub request: RequestId,
    pub from: Timestamp,
    pub until: Timestamp,
    pub state: &'static str,
}

impl Held {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state == "active" && self.from <= now && now < self.until
    }
}

/// Everything.
#[derive(Debug, Default)]
pub struct Model {
    pub roles: BTreeMap<Role, BTreeSet<String>>,
    pub members: BTreeSet<String>,
    pub agents: BTreeMap<String, Worker>,
    pub questions: BTreeMap<RequestId, Question>,
    pub grants: BTreeMap<GrantId, Held>,
    pub lets: Vec<Lets>,
    pub votes: usize,
}

impl Model {
    fn holds(&self, who: &str, among: &[Role]) -> BTreeSet<Role> {
        let holds = |role: &Role| self.roles.get(role).is_some_and(|people| people.contains(who));
        among.iter().copied().filter(holds).collect()
    }

    /// Whether distinct people could cover what the tier takes, without these.
    pub fn can_be_decided(&self, tier: u8, without: [&str; 2]) -> bool {
        let needs = needs(tier);
        let people: Vec<Yes> = self
            .members
            .iter()
            .filter(|who| !without.contains(&who.as_str()))
            .map(|who| Yes { by: who.clone(), own: self.holds(who, &needs), lent: BTreeMap::new() })
            .collect();
        covered(&needs, &people) == needs.len()
    }

    /// The time goes on: what nobody answered has expired, and what was granted has ended.
    pub fn at(&mut self, now: Timestamp) {
        let mut over = Vec::new();
        for (id, question) in &mut self.questions {
            if question.state == "open" && now >= question.decide_by {
                question.state = "expired";
                over.push(*id);
            }
        }
        for id in over {
            self.came_to_nothing(id);
        }
        for held in self.grants.values_mut() {
            if held.state == "active" && now >= held.until {
                held.state = "expired";
            }
        }
    }

    fn came_to_nothing(&mut self, id: RequestId) {
        let question = &self.questions[&id];
        if let (Asks::Registration, Some(agent)) =
            (&question.asks, self.agents.get_mut(&question.agent))
        {
            agent.stands = Stands::Rejected;
        }
    }

    /// A question was put; it was approved by itself if `needs` is empty.
    pub fn put(
        &mut self,
        id: RequestId,
        asked_by: &str,
        agent: &str,
        asks: Asks,
        tier: u8,
        now: Timestamp,
    ) {
        let owner = self.agents[agent].owner.clone();
        let question = Question {
            agent: agent.to_owned(),
            asked_by: asked_by.to_owned(),
            owner_awaited: matches!(asks, Asks::Registration) && owner != asked_by,
            asks,
            tier,
            needs: needs(tier),
            yes: Vec::new(),
            decide_by: now + TimeDelta::seconds(decide_within(tier)),
            state: "open",
        };
        self.questions.insert(id, question);
    }

    /// What a click must do.
    pub fn vote(
        &mut self,
        who: &str,
        id: RequestId,
        yes: bool,
        voters: &BTreeSet<String>,
        now: Timestamp,
    ) -> &'static str {
        let voted = voters.contains(who);
        let question = &self.questions[&id];
        let owner = &self.agents[&question.agent].owner;
        if question.state != "open" {
            return "ended";
        }
        if !self.members.contains(who) {
            return "standing";
        }
        if question.asked_by == who {
            return "own request";
        }
        if owner == who {
            return "own agent";
        }
        if voted {
            return "already voted";
        }
        let own = self.holds(who, &question.needs);
        let (mut lent, mut in_vain) = (BTreeMap::new(), false);
        for lets in self.lets.iter().filter(|lets| lets.to == who && now < lets.until) {
            let theirs = self.holds(&lets.from, &question.needs);
            if !self.members.contains(&lets.from) || theirs.is_empty() {
                continue;
            }
            // Never for who asked, owns or has answered; and all that is needed of them, or nothing.
            let whole = lets.role.is_none_or(|role| theirs == BTreeSet::from([role]));
            let barred = lets.from == question.asked_by || lets.from == *owner;
            if barred || voters.contains(&lets.from) || !whole {
                in_vain = true;
            } else {
                lent.insert(lets.from.clone(), theirs);
            }
        }
        if own.is_empty() && lent.is_empty() {
            return if in_vain { "stands in in vain" } else { "not eligible" };
        }
        let before = covered(&question.needs, &question.yes);
        let mut without = question.yes.clone();
        without.iter_mut().for_each(|yes| drop(yes.lent.remove(who)));
        if covered(&question.needs, &without) < before {
            return "represented";
        }
        let Some(question) = self.questions.get_mut(&id) else { return "unknown" };
        if !yes {
            question.state = "denied";
            self.votes += 1;
            let (agent, asks) = (question.agent.clone(), question.asks.clone());
            if let Asks::Grant { access, .. } | Asks::Extension { access, .. } = asks
                && let Some(agent) = self.agents.get_mut(&agent)
            {
                agent.denied.insert(access);
            }
            self.came_to_nothing(id);
            return "denied";
        }
        question.yes.push(Yes { by: who.to_owned(), own, lent });
        let after = covered(&question.needs, &question.yes);
        if after <= before {
            question.yes.pop();
            return "already covered";
        }
        self.votes += 1;
        self.settle(id)
    }

    /// What the named owner's yes must do.
    pub fn accept(&mut self, who: &str, id: RequestId) -> &'static str {
        let question = &self.questions[&id];
        if !self.members.contains(who) {
            return "standing";
        }
        if question.state != "open" {
            return "ended";
        }
        if self.agents[&question.agent].owner != who {
            return "not eligible";
        }
        if !question.owner_awaited {
            let named = matches!(question.asks, Asks::Registration) && question.asked_by != who;
            return if named { "already voted" } else { "not eligible" };
        }
        if let Some(question) = self.questions.get_mut(&id) {
            question.owner_awaited = false;
        }
        self.settle(id)
    }

    fn settle(&mut self, id: RequestId) -> &'static str {
        let Some(question) = self.questions.get_mut(&id) else { return "unknown" };
        let all = covered(&question.needs, &question.yes) == question.needs.len();
        if !all || question.owner_awaited {
            return "counted";
        }
        question.state = "approved";
        if let Some(agent) = self.agents.get_mut(&question.agent) {
            match question.asks {
                Asks::Registration | Asks::Reinstatement => agent.stands = Stands::Active,
                Asks::Grant { .. } => agent.tier = agent.tier.max(question.tier),
                Asks::Extension { .. } => {}
            }
        }
        "approved"
    }

    /// An approved request opens a grant, or prolongs one. `opened` is the one that the product named.
    pub fn granted(&mut self, id: RequestId, opened: GrantId, now: Timestamp) {
        let question = self.questions[&id].clone();
        let (access, lasting) = match question.asks {
            Asks::Grant { access, lasting } => (access, lasting),
            Asks::Extension { grant, access, by } => {
                if let Some(held) = self.grants.get_mut(&grant).filter(|held| held.is_live(now)) {
                    assert_eq!(grant, opened, "a live grant is prolonged, not opened anew");
                    held.until += TimeDelta::seconds(by);
                    return;
                }
                (access, by)
            }
            Asks::Registration | Asks::Reinstatement => {
                panic!("{:?} opens no grant", question.asks)
            }
        };
        let until = now + TimeDelta::seconds(lasting);
        let held =
            Held { agent: question.agent, access, request: id, from: now, until, state: "active" };
        assert!(self.grants.insert(opened, held).is_none(), "a grant was opened twice");
    }

    /// Stopping ends everything that the agent has and asked for.
    pub fn stop(&mut self, agent: &str, now: Timestamp) {
        for held in self.grants.values_mut().filter(|h| h.agent == agent && h.is_live(now)) {
            held.state = "revoked";
        }
        for question in self.questions.values_mut() {
            if question.agent == agent && question.state == "open" {
                question.state = "cancelled";
            }
        }
        if let Some(agent) = self.agents.get_mut(agent) {
            agent.stands = Stands::Suspended;
        }
    }

    /// The requester, or the owner, takes it back.
    pub fn cancel(&mut self, who: &str, id: RequestId) -> bool {
        let question = &self.questions[&id];
        let owner = &self.agents[&question.agent].owner;
        if question.state != "open" || (question.asked_by != who && owner != who) {
            return false;
        }
        if let Some(question) = self.questions.get_mut(&id) {
            question.state = "cancelled";
        }
        self.came_to_nothing(id);
        true
    }

    /// Whether this person may end that grant.
    pub fn may_revoke(&self, who: &str, grant: GrantId) -> bool {
        let held = &self.grants[&grant];
        let question = &self.questions[&held.request];
        self.members.contains(who)
            && (self.agents[&held.agent].owner == who
                || self.holds(who, &["security"]).len() == 1
                || question.yes.iter().any(|yes| yes.by == who)
                || !self.holds(who, &needs(question.tier)).is_empty())
    }

    /// Whether the agent may do this now: promises 1, 6 and 7.
    pub fn may(&self, agent: &str, access: &str, now: Timestamp) -> bool {
        self.grants.values().any(|h| h.agent == agent && h.access == access && h.is_live(now))
    }
}

/// The most requirements that distinct people can cover, each person's roles used once, by trying
/// everything. Who has answered lends nothing.
fn covered(needs: &[Role], yes: &[Yes]) -> usize {
    let clicked: BTreeSet<&str> = yes.iter().map(|yes| yes.by.as_str()).collect();
    most(needs, yes, &clicked, &mut Vec::new(), &mut Vec::new())
}

fn most<'a>(
    needs: &[Role],
    yes: &'a [Yes],
    clicked: &BTreeSet<&str>,
    used: &mut Vec<usize>,
    sources: &mut Vec<&'a str>,
) -> usize {
    let Some((need, rest)) = needs.split_first() else { return 0 };
    let mut best = most(rest, yes, clicked, used, sources);
    for (i, one) in yes.iter().enumerate() {
        if used.contains(&i) {
            continue;
        }
        let lent = one.lent.iter().filter(|(from, _)| !clicked.contains(from.as_str()));
        for (source, roles) in std::iter::once((&one.by, &one.own)).chain(lent) {
            if roles.contains(need) && !sources.contains(&source.as_str()) {
                used.push(i);
                sources.push(source);
                best = best.max(1 + most(rest, yes, clicked, used, sources));
                used.pop();
                sources.pop();
            }
        }
    }
    best
}
