//! The review that keeps an agent at work: its owner says that it still runs, is still needed and
//! still compliant. Open → Certified / Missed / CalledOff; what was missed can still be certified.

use serde::{Deserialize, Serialize};

use super::agent::Agent;
use super::ids::{AgentId, CertificationId};
use super::person::PersonId;
use super::time::{Span, Timestamp};

/// What the owner is asked, in this order. A yes is a yes to each.
pub const QUESTIONS: [(&str, &str); 3] = [
    ("running", "Is it still running?"),
    ("needed", "Is it still needed?"),
    ("compliant", "Does it still do what it was registered for, and nothing else?"),
];

/// One review of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certification {
    /// Its identity.
    pub id: CertificationId,
    /// Which agent.
    pub agent: AgentId,
    /// Who was asked: the owner at the time.
    pub asked: PersonId,
    /// Since when nobody has looked: the last review, or the registration.
    pub since: Timestamp,
    /// When it was put to the owner.
    pub opened_at: Timestamp,
    /// Until when the owner should have answered.
    pub due: Timestamp,
    /// When the agent is suspended, if the owner has not answered.
    pub suspends_at: Timestamp,
    /// Where it stands.
    pub state: CertificationState,
}

/// Where a review stands, with the facts that belong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CertificationState {
    /// The owner is asked.
    Open,
    /// Nobody answered, and the agent was suspended. The owner can still answer.
    Missed {
        /// When.
        at: Timestamp,
    },
    /// The owner said yes to all of it.
    Certified {
        /// When.
        at: Timestamp,
        /// Who.
        by: PersonId,
        /// Until when that holds.
        until: Timestamp,
    },
    /// The question does not arise any more: the agent was stopped or retired.
    CalledOff {
        /// When.
        at: Timestamp,
    },
}

impl CertificationState {
    /// One word for the state: `open`, `missed`, `certified`, `called_off`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Missed { .. } => "missed",
            Self::Certified { .. } => "certified",
            Self::CalledOff { .. } => "called_off",
        }
    }
}

impl CertificationState {
    /// When it ended, if it did.
    pub const fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Open | Self::Missed { .. } => None,
            Self::Certified { at, .. } | Self::CalledOff { at } => Some(*at),
        }
    }
}

/// How much time a review gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// So long before the last word lapses the owner is asked.
    pub open_before: Span,
    /// So long after it was due the agent is suspended.
    pub grace: Span,
}

impl Terms {
    /// When a word that holds until then is asked for anew.
    pub fn opens_at(self, certified_until: Timestamp) -> Timestamp {
        certified_until - self.open_before.delta()
    }
}

impl Certification {
    /// The review of an agent whose last word holds until then. However late it is opened, the owner
    /// has the whole time to answer: a missed review has a consequence that was announced.
    pub fn open(
        id: CertificationId,
        agent: &Agent,
        certified_until: Timestamp,
        since: Timestamp,
        terms: Terms,
        now: Timestamp,
    ) -> Self {
        let due = certified_until.max(now + terms.open_before.delta());
        Self {
            id,
            agent: agent.id,
            asked: agent.owner.clone(),
            since,
            opened_at: now,
            due,
            suspends_at: due + terms.grace.delta(),
            state: CertificationState::Open,
        }
    }

    /// Whether the owner's answer counts.
    pub const fn can_be_answered(&self) -> bool {
        matches!(self.state, CertificationState::Open | CertificationState::Missed { .. })
    }

    /// Whether the owner should have answered by now, and has not.
    pub fn is_late(&self, now: Timestamp) -> bool {
        match self.state {
            CertificationState::Open => now >= self.due,
            CertificationState::Missed { .. } => true,
            CertificationState::Certified { .. } | CertificationState::CalledOff { .. } => false,
        }
    }

    /// The owner said yes. `None` if it had ended.
    pub fn certify(self, by: PersonId, until: Timestamp, now: Timestamp) -> Option<Self> {
        let state = CertificationState::Certified { at: now, by, until };
        self.can_be_answered().then_some(Self { state, ..self })
    }

    /// The time is over. `None` if it is not, or it had ended.
    pub fn miss(self, now: Timestamp) -> Option<Self> {
        let over = self.state == CertificationState::Open && now >= self.suspends_at;
        over.then_some(Self { state: CertificationState::Missed { at: now }, ..self })
    }

    /// The question does not arise any more. `None` if it had ended.
    pub fn call_off(self, now: Timestamp) -> Option<Self> {
        self.can_be_answered()
            .then_some(Self { state: CertificationState::CalledOff { at: now }, ..self })
    }
}

/// Where an agent stands with its reviews, as security looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Suspended, because the review was missed.
    Suspended,
    /// Not answered in time, and still at work.
    Late,
    /// The owner is asked, and has time.
    Due,
    /// The owner's last word holds.
    Certified,
    /// Stopped for another reason, so that nothing is asked.
    Stopped,
}

impl Standing {
    /// All of them, the most pressing first.
    pub const ALL: [Self; 5] =
        [Self::Suspended, Self::Late, Self::Due, Self::Certified, Self::Stopped];

    /// One word: `suspended`, `late`, `due`, `certified`, `stopped`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Late => "late",
            Self::Due => "due",
            Self::Certified => "certified",
            Self::Stopped => "stopped",
        }
    }

    /// The standing of this word.
    pub fn called(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.word().eq_ignore_ascii_case(word))
    }

    /// Where this agent stands, by its newest review.
    pub fn of(agent: &Agent, newest: Option<&Certification>, now: Timestamp) -> Self {
        use super::agent::Cause;
        match (agent.cause(), agent.certified_at(now)) {
            (Some(Cause::Uncertified), _) => Self::Suspended,
            (None, Some(holds)) => {
                match newest {
                    Some(review) if review.state == CertificationState::Open => {
                        if review.is_late(now) { Self::Late } else { Self::Due }
                    }
                    _ if holds => Self::Certified,
                    _ => Self::Late,
                }
            }
            _ => Self::Stopped,
        }
    }
}

#[cfg(test)]
#[path = "certification_tests.rs"]
mod tests;
