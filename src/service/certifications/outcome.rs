//! What comes of a review, and what is shown of it.

use crate::domain::access::Access;
use crate::domain::activity::Activity;
use crate::domain::agent::Agent;
use crate::domain::certification::{Certification, Standing};
use crate::domain::grant::Grant;
use crate::domain::person::PersonId;
use crate::domain::role::TeamName;
use crate::domain::time::{Span, Timestamp};
use crate::service::outcome::Refusal;
pub use crate::store::{AgentUse, GrantUse};

/// What came of an owner's yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certify {
    /// It holds.
    Done {
        /// The agent, at work.
        agent: Agent,
        /// Until when.
        until: Timestamp,
        /// The grants that were given up.
        given_up: Vec<Grant>,
        /// Whether it was suspended, and goes on.
        back: bool,
    },
    /// The review has ended before.
    Over {
        /// The review.
        review: Certification,
        /// Its agent.
        agent: Agent,
    },
    /// Nothing is asked yet.
    NotDue {
        /// The agent.
        agent: Agent,
        /// When the owner is asked.
        opens_at: Timestamp,
    },
    /// It cannot be said so.
    Refused(Refusal),
    /// The same was said before.
    Before,
}

/// How often one access was held in a period, and used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUse {
    /// What.
    pub access: Access,
    /// How many grants of it there were.
    pub grants: u32,
    /// How all of them together were used.
    pub used: GrantUse,
}

/// A review with what its owner needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The review.
    pub review: Certification,
    /// The agent.
    pub agent: Agent,
    /// What it asked and told since the last review.
    pub did: AgentUse,
    /// The last deeds that it told, the newest first.
    pub deeds: Vec<Activity>,
    /// What it held since then, the most used first.
    pub held: Vec<AccessUse>,
    /// Live grants that were never used: nothing is lost by giving them up.
    pub idle: Vec<Grant>,
}

/// A review and its agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewOf {
    /// The review.
    pub review: Certification,
    /// The agent.
    pub agent: Agent,
}

/// An agent with where it stands, for security.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignLine {
    /// The agent.
    pub agent: Agent,
    /// Where it stands.
    pub standing: Standing,
    /// Until when its owner should answer; or until when their last word holds.
    pub due: Timestamp,
    /// When it is suspended, if nobody answers.
    pub suspends_at: Option<Timestamp>,
    /// When somebody said last that it is needed, and who.
    pub certified: Option<(Timestamp, PersonId)>,
}

/// Which agents' reviews are looked at; an empty choice wants all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReviewChoice {
    /// Those that stand so.
    pub standing: Option<Standing>,
    /// Those of this team.
    pub team: Option<TeamName>,
}

impl ReviewChoice {
    /// Whether this one is wanted.
    pub fn takes(&self, line: &CampaignLine) -> bool {
        self.standing.is_none_or(|standing| standing == line.standing)
            && self
                .team
                .as_ref()
                .is_none_or(|team| team.as_str().eq_ignore_ascii_case(line.agent.team.as_str()))
    }

    /// Whether all are wanted.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// All reviews at a glance, or those that were chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Which were chosen.
    pub choice: ReviewChoice,
    /// The most pressing first, then by name.
    pub lines: Vec<CampaignLine>,
    /// How long a word holds; what was certified in that time is counted as done.
    pub every: Span,
    /// How many owners said yes within that time.
    pub done: usize,
    /// When this was true.
    pub now: Timestamp,
}

impl Campaign {
    /// How many agents stand so.
    pub fn count(&self, standing: Standing) -> usize {
        self.lines.iter().filter(|line| line.standing == standing).count()
    }
}
