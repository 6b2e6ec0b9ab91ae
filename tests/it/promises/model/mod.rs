//! The promises, told once more in the plainest way: no transactions, no matching algorithm, people
//! by their ids. What the product answers is compared with what this says.
//!
//! | file | idea |
//! |---|---|
//! | here | what there is |
//! | `votes` | whose yes counts, and when it is enough |
//! | `lives` | what becomes of agents: by people, and by the time alone |

mod lives;
mod votes;

pub use lives::{APPEAL_WITHIN, BOARD, REVIEWERS};

use std::collections::{BTreeMap, BTreeSet};

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

/// The lowest tier that may hold it.
pub fn needed(access: &str) -> u8 {
    ACCESSES.iter().find(|(known, ..)| *known == access).expect("known").1
}

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

/// How long people have to decide, in seconds.
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
    /// People stopped it.
    Stopped,
    /// Its owner did not say in time that it is needed.
    Uncertified,
    /// Nobody took it in time.
    Ownerless,
    Retired,
    Rejected,
}

impl Stands {
    /// Registered, and not ended.
    pub const fn lives(self) -> bool {
        matches!(self, Self::Active | Self::Stopped | Self::Uncertified | Self::Ownerless)
    }
}

/// Whether the owner is asked that the agent is still needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    NotNow,
    Asked { suspends_at: Timestamp },
    Missed,
}

/// An agent, by its number among all that there ever were: a name can be given again.
pub type No = usize;

/// An agent.
#[derive(Debug, Clone)]
pub struct Worker {
    pub name: String,
    pub owner: String,
    pub tier: u8,
    /// Its tier by its answers: never less.
    pub least: u8,
    pub stands: Stands,
    pub certified_until: Timestamp,
    pub review: Review,
    /// Since when nobody answers for it.
    pub orphaned: Option<Timestamp>,
    /// Whether an incident about it is open.
    pub incident: bool,
    /// What was denied to it.
    pub denied: BTreeSet<String>,
}

/// What a request asks.
#[derive(Debug, Clone)]
pub enum Asks {
    Registration,
    /// `raises`: the agent's tier would be raised for it.
    Grant {
        access: String,
        lasting: i64,
        raises: bool,
    },
    Extension {
        grant: GrantId,
        access: String,
        by: i64,
    },
    Reinstatement,
    Tier {
        to: u8,
    },
    Handover {
        to: String,
    },
    Emergency {
        access: String,
        lasting: i64,
    },
    Review {
        grant: GrantId,
        access: String,
    },
}

impl Asks {
    fn access(&self) -> Option<&String> {
        match self {
            Self::Grant { access, .. }
            | Self::Extension { access, .. }
            | Self::Emergency { access, .. }
            | Self::Review { access, .. } => Some(access),
            _ => None,
        }
    }
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

/// Whether the word of who is to own the agent is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    NotNeeded,
    Awaited,
    Given,
}

/// What is appealed.
#[derive(Debug, Clone)]
pub struct Appealed {
    pub asked_by: String,
    /// Who said no, and those in whose place alone it was said.
    pub denied_by: BTreeSet<String>,
}

/// A no.
#[derive(Debug, Clone)]
pub struct Nay {
    pub at: Timestamp,
    pub by: String,
    /// In whose place, if only in the place of others.
    pub in_place_of: BTreeSet<String>,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Question {
    pub agent: No,
    pub asked_by: String,
    pub asks: Asks,
    /// Set if this is an appeal, and against what; `asks` is then what was denied.
    pub appeals: Option<Appealed>,
    pub tier: u8,
    pub needs: Vec<Role>,
    pub word: Word,
    pub yes: Vec<Yes>,
    /// Until when it can be decided; a review is owed for ever.
    pub decide_by: Option<Timestamp>,
    pub state: &'static str,
    pub denied: Option<Nay>,
    /// Whether an appeal against it was put.
    pub was_appealed: bool,
}

impl Question {
    pub fn is_open(&self) -> bool {
        self.state == "open"
    }

    pub const fn is_review(&self) -> bool {
        matches!(self.asks, Asks::Review { .. }) && self.appeals.is_none()
    }
}

/// A grant.
#[derive(Debug, Clone)]
pub struct Held {
    pub agent: No,
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
    pub agents: Vec<Worker>,
    pub questions: BTreeMap<RequestId, Question>,
    pub grants: BTreeMap<GrantId, Held>,
    /// The same in the order in which they came, which is not quite that of their ids: chance falls
    /// the same way every time only if it chooses among the same.
    pub asked: Vec<RequestId>,
    pub opened: Vec<GrantId>,
    pub lets: Vec<Lets>,
    pub votes: usize,
}

impl Model {
    pub fn is_member(&self, who: &str) -> bool {
        self.members.contains(who)
    }

    /// Whether a full member holds this role.
    pub fn is(&self, who: &str, role: Role) -> bool {
        self.is_member(who) && !self.holds(who, &[role]).is_empty()
    }

    /// The agent that has this name now.
    pub fn named(&self, name: &str) -> Option<No> {
        let has = |worker: &Worker| worker.name == name && worker.stands != Stands::Rejected;
        self.agents.iter().rposition(has)
    }

    pub fn agent_of(&self, id: RequestId) -> &Worker {
        &self.agents[self.questions[&id].agent]
    }

    /// Whether this person answers for it, and somebody does.
    pub fn answers_for(&self, who: &str, agent: No) -> bool {
        let worker = &self.agents[agent];
        self.is_member(who) && worker.owner == who && worker.orphaned.is_none()
    }

    /// Whether a request of this kind about the agent is open.
    pub fn is_asked(&self, agent: No, kind: impl Fn(&Asks) -> bool) -> bool {
        let mut all = self.questions.values();
        all.any(|q| q.agent == agent && q.is_open() && q.appeals.is_none() && kind(&q.asks))
    }

    /// Whether this person may end that grant.
    pub fn may_revoke(&self, who: &str, grant: GrantId) -> bool {
        let held = &self.grants[&grant];
        let question = &self.questions[&held.request];
        let broke = matches!(question.asks, Asks::Emergency { .. }) && question.asked_by == who;
        self.is_member(who)
            && (self.agents[held.agent].owner == who
                || broke
                || self.is(who, "security")
                || question.yes.iter().any(|yes| yes.by == who)
                || !self.holds(who, &needs(question.tier)).is_empty())
    }

    /// Whether the agent holds this now: promises 1, 6 and 7.
    pub fn has(&self, agent: No, access: &str, now: Timestamp) -> bool {
        self.grants.values().any(|h| h.agent == agent && h.access == access && h.is_live(now))
    }
}
