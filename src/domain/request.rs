//! A question put to people, and its end: Open → Approved / Denied / Cancelled / Expired.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use super::ask::Ask;
use super::event::Actor;
use super::ids::{AgentId, EvaluationId, RequestId, TaskId};
use super::person::{By, PersonId, Standing};
pub use super::reference::{BadReference, Reference};
use super::review::Finding;
use super::role::{RoleName, TeamName};
use super::task::Submitter;
use super::tier::Tier;
use super::time::Timestamp;
use super::vote::{Choice, Vote, match_people};

/// Whether somebody who was named as the owner agreed to be it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "acceptance", rename_all = "snake_case")]
pub enum Acceptance {
    /// The requester is the owner, or the question does not arise.
    NotNeeded,
    /// The named owner has not answered.
    Awaited,
    /// The named owner agreed.
    Given {
        /// When.
        at: Timestamp,
    },
}

/// Who said yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "approved_by", rename_all = "snake_case")]
pub enum ApprovedBy {
    /// The people in the votes.
    People,
    /// A rule of the policy that needs no people.
    Policy {
        /// The rule, as the policy names or numbers it.
        rule: String,
    },
    /// Nobody but who asked: it could not wait, and is reviewed afterwards.
    Emergency,
}

/// Where a request stands, with the facts that belong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RequestState {
    /// People are asked.
    Open,
    /// Yes.
    Approved {
        /// When.
        at: Timestamp,
        /// By whom.
        by: ApprovedBy,
    },
    /// No.
    Denied {
        /// When.
        at: Timestamp,
        /// Who said no (an approver, or the named owner who declined).
        by: PersonId,
        /// Why; never empty.
        reason: String,
    },
    /// It was taken back, or what it asked about is gone.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Who; for a program, the person who answers for it.
        by: By,
        /// The program that took it back by itself, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        program: Option<Submitter>,
        /// Why.
        reason: String,
    },
    /// Nobody answered in time.
    Expired {
        /// When.
        at: Timestamp,
    },
}

impl RequestState {
    /// One word for the state.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved { .. } => "approved",
            Self::Denied { .. } => "denied",
            Self::Cancelled { .. } => "cancelled",
            Self::Expired { .. } => "expired",
        }
    }

    /// When it ended, if it did.
    pub const fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Open => None,
            Self::Approved { at, .. }
            | Self::Denied { at, .. }
            | Self::Cancelled { at, .. }
            | Self::Expired { at } => Some(*at),
        }
    }
}

/// How a question came in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "origin", rename_all = "snake_case")]
pub enum Origin {
    /// A person asked, in Slack or with `agent-cli`.
    #[default]
    Person,
    /// The agent asked for itself, after it was refused something. The request's `asked_by` is the
    /// person who answers for it.
    Agent {
        /// The evaluation that said no.
        evaluation: Option<EvaluationId>,
        /// The task by which the agent follows the request.
        task: Option<TaskId>,
        /// The service that asked in the agent's name, if one did.
        by_service: Option<String>,
        /// Nothing that comes of it lasts beyond this moment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_after: Option<Timestamp>,
    },
}

impl Origin {
    /// The task by which a program follows the request.
    pub const fn task(&self) -> Option<TaskId> {
        match self {
            Self::Person => None,
            Self::Agent { task, .. } => *task,
        }
    }

    /// The moment beyond which nothing that comes of it lasts.
    pub const fn not_after(&self) -> Option<Timestamp> {
        match self {
            Self::Person => None,
            Self::Agent { not_after, .. } => *not_after,
        }
    }

    /// Whether a person asked.
    pub const fn is_person(&self) -> bool {
        matches!(self, Self::Person)
    }
}

/// Somebody who was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Who.
    pub person: PersonId,
    /// The roles that they held, among those that were needed.
    pub roles: BTreeSet<RoleName>,
}

/// A question put to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its identity.
    pub id: RequestId,
    /// What people call it.
    pub reference: Reference,
    /// The agent it is about.
    pub agent: AgentId,
    /// Who asks, or answers for the agent that asks by itself.
    pub asked_by: PersonId,
    /// How it came in.
    #[serde(default)]
    pub origin: Origin,
    /// Since when.
    pub asked_at: Timestamp,
    /// What is asked.
    pub ask: Ask,
    /// The tier whose people decide.
    pub tier: Tier,
    /// The team whose lead decides, where a lead must.
    pub team: TeamName,
    /// One role for each yes that is needed.
    pub needs: Vec<RoleName>,
    /// The people who were asked when it was opened, with the roles that each could answer for.
    /// Whether a click counts is judged by the roles at the click, not by this.
    #[serde(default)]
    pub asked: Vec<Asked>,
    /// Whether the named owner agreed.
    pub acceptance: Acceptance,
    /// The votes that counted, in order.
    pub votes: Vec<Vote>,
    /// What the automated review found.
    pub findings: Vec<Finding>,
    /// When it expires unanswered. A [review](Ask::Review) is overdue from then on, and stays open.
    pub decide_by: Timestamp,
    /// The digest of the policy by which it was routed.
    pub policy: String,
    /// Where it stands.
    pub state: RequestState,
}

/// Why a click does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCounted {
    /// The request has ended.
    Ended(RequestState),
    /// This person asked.
    OwnRequest,
    /// This person owns the agent.
    OwnAgent,
    /// Only a full, active member of the workspace decides.
    Standing(Standing),
    /// The person holds none of the roles that are asked.
    NotEligible,
    /// The person has voted.
    AlreadyVoted {
        /// When.
        at: Timestamp,
    },
    /// Every role the person could answer for has had its yes.
    AlreadyCovered,
    /// A no needs a reason.
    NoReason,
}

/// What a click did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voted {
    /// It counts, and others are awaited.
    Counted(Request),
    /// It was the last yes.
    Approved(Request),
    /// It was a no.
    Denied(Request),
    /// It came after the time to decide; the request expires now.
    TooLate(Request),
    /// It changes nothing.
    NotCounted(NotCounted),
}

/// One requirement and who covers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement<'a> {
    /// The role.
    pub role: &'a RoleName,
    /// The yes that covers it.
    pub covered_by: Option<&'a Vote>,
}

impl Request {
    /// Whether people can still answer; past `decide_by` they cannot, recorded or not.
    pub fn is_open(&self, now: Timestamp) -> bool {
        matches!(self.state, RequestState::Open) && !self.is_too_late(now)
    }

    /// Whether the time to decide has passed, so that nothing can come of it any more.
    fn is_too_late(&self, now: Timestamp) -> bool {
        now >= self.decide_by && !self.ask.is_review()
    }

    /// Whether it is owed, and should have been answered by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.ask.is_review() && now >= self.decide_by && self.is_open(now)
    }

    /// Whether the named owner's word is still missing.
    pub fn accept_awaited(&self) -> bool {
        self.acceptance == Acceptance::Awaited && matches!(self.state, RequestState::Open)
    }

    /// Who asked, for the log.
    pub fn asker(&self) -> Actor {
        match &self.origin {
            Origin::Person => Actor::Person(self.asked_by.clone()),
            Origin::Agent { by_service: Some(name), .. } => Actor::Service(name.clone()),
            Origin::Agent { .. } => Actor::Agent(self.agent),
        }
    }

    /// The state as it is in truth at this moment.
    pub fn state_at(&self, now: Timestamp) -> RequestState {
        match &self.state {
            RequestState::Open if self.is_too_late(now) => {
                RequestState::Expired { at: self.decide_by }
            }
            state => state.clone(),
        }
    }

    /// Each requirement with the yes that covers it, in the policy's order.
    pub fn requirements(&self) -> Vec<Requirement<'_>> {
        let yes: Vec<&Vote> =
            self.votes.iter().filter(|v| matches!(v.choice, Choice::Approve)).collect();
        let held: Vec<&BTreeSet<RoleName>> = yes.iter().map(|v| &v.roles).collect();
        self.needs
            .iter()
            .zip(match_people(&self.needs, &held))
            .map(|(role, who)| Requirement {
                role,
                covered_by: who.and_then(|i| yes.get(i).copied()),
            })
            .collect()
    }

    /// The roles whose yes is missing.
    pub fn awaited(&self) -> Vec<RoleName> {
        self.requirements()
            .into_iter()
            .filter(|r| r.covered_by.is_none())
            .map(|r| r.role.clone())
            .collect()
    }

    /// Those who were asked for this role and have not voted.
    pub fn asked_for<'a>(&'a self, role: &'a RoleName) -> impl Iterator<Item = &'a PersonId> {
        self.asked
            .iter()
            .filter(|asked| asked.roles.contains(role))
            .map(|asked| &asked.person)
            .filter(|person| !self.votes.iter().any(|vote| vote.by == **person))
    }

    /// Whether this person could give a yes that counts now; the reason if not.
    ///
    /// `held` are the roles the person holds at this moment, `owner` is the agent's owner now.
    pub fn may_vote(
        &self,
        by: &PersonId,
        standing: Standing,
        held: &BTreeSet<RoleName>,
        owner: &PersonId,
        now: Timestamp,
    ) -> Result<BTreeSet<RoleName>, NotCounted> {
        if !self.is_open(now) {
            return Err(NotCounted::Ended(self.state_at(now)));
        }
        if !standing.is_member() {
            return Err(NotCounted::Standing(standing));
        }
        if *by == self.asked_by {
            return Err(NotCounted::OwnRequest);
        }
        if by == owner {
            return Err(NotCounted::OwnAgent);
        }
        if let Some(vote) = self.votes.iter().find(|v| v.by == *by) {
            return Err(NotCounted::AlreadyVoted { at: vote.at });
        }
        let roles: BTreeSet<RoleName> =
            held.iter().filter(|role| self.needs.contains(role)).cloned().collect();
        if roles.is_empty() { Err(NotCounted::NotEligible) } else { Ok(roles) }
    }

    /// Takes one person's word.
    pub fn vote(
        self,
        by: PersonId,
        choice: Choice,
        standing: Standing,
        held: &BTreeSet<RoleName>,
        owner: &PersonId,
        now: Timestamp,
    ) -> Voted {
        if matches!(self.state, RequestState::Open) && self.is_too_late(now) {
            return Voted::TooLate(self.with(RequestState::Expired { at: now }));
        }
        let roles = match self.may_vote(&by, standing, held, owner, now) {
            Ok(roles) => roles,
            Err(why) => return Voted::NotCounted(why),
        };
        match choice {
            Choice::Deny { reason } if reason.is_empty() => Voted::NotCounted(NotCounted::NoReason),
            Choice::Deny { reason } => {
                let end = RequestState::Denied { at: now, by: by.clone(), reason: reason.clone() };
                let mut request = self.with(end);
                request.votes.push(Vote { by, at: now, roles, choice: Choice::Deny { reason } });
                Voted::Denied(request)
            }
            Choice::Approve => {
                let before = self.awaited().len();
                let mut request = self;
                request.votes.push(Vote { by, at: now, roles, choice: Choice::Approve });
                // A yes that adds nothing to the largest matching never will, whoever comes
                // later: sets of people that can be matched form a matroid.
                if request.awaited().len() == before {
                    return Voted::NotCounted(NotCounted::AlreadyCovered);
                }
                request.settle(now)
            }
        }
    }

    /// The named owner agrees to answer for the agent.
    pub fn accept(self, by: &PersonId, owner: &PersonId, now: Timestamp) -> Voted {
        match self.may_accept(by, owner, now) {
            Err(NotCounted::Ended(RequestState::Expired { .. }))
                if matches!(self.state, RequestState::Open) =>
            {
                Voted::TooLate(self.with(RequestState::Expired { at: now }))
            }
            Err(why) => Voted::NotCounted(why),
            Ok(()) => Self { acceptance: Acceptance::Given { at: now }, ..self }.settle(now),
        }
    }

    /// The named owner declines; that ends the request.
    pub fn decline(self, by: &PersonId, owner: &PersonId, reason: String, now: Timestamp) -> Voted {
        match self.may_accept(by, owner, now) {
            Err(NotCounted::Ended(RequestState::Expired { .. }))
                if matches!(self.state, RequestState::Open) =>
            {
                Voted::TooLate(self.with(RequestState::Expired { at: now }))
            }
            Err(why) => Voted::NotCounted(why),
            Ok(()) => {
                Voted::Denied(self.with(RequestState::Denied { at: now, by: by.clone(), reason }))
            }
        }
    }

    /// Whether the named owner's word would count now.
    pub fn may_accept(
        &self,
        by: &PersonId,
        owner: &PersonId,
        now: Timestamp,
    ) -> Result<(), NotCounted> {
        if !self.is_open(now) {
            return Err(NotCounted::Ended(self.state_at(now)));
        }
        if by != owner {
            return Err(NotCounted::NotEligible);
        }
        match self.acceptance {
            Acceptance::Awaited => Ok(()),
            Acceptance::Given { at } => Err(NotCounted::AlreadyVoted { at }),
            Acceptance::NotNeeded => Err(NotCounted::NotEligible),
        }
    }

    /// Approved, if nothing is missing any more.
    pub fn settle(self, now: Timestamp) -> Voted {
        if self.awaited().is_empty() && self.acceptance != Acceptance::Awaited {
            Voted::Approved(self.with(RequestState::Approved { at: now, by: ApprovedBy::People }))
        } else {
            Voted::Counted(self)
        }
    }

    /// A rule of the policy says yes in place of the people. An owner's word is still needed.
    pub fn approve_by_rule(self, rule: String, now: Timestamp) -> Self {
        let by = ApprovedBy::Policy { rule };
        self.with(RequestState::Approved { at: now, by })
    }

    /// It could not wait: who asked says yes alone, and answers for it afterwards.
    pub fn approve_in_emergency(self, now: Timestamp) -> Self {
        self.with(RequestState::Approved { at: now, by: ApprovedBy::Emergency })
    }

    /// Takes it back. `None` if it has ended, or if it is owed.
    pub fn cancel(self, by: impl Into<By>, reason: String, now: Timestamp) -> Option<Self> {
        let by = by.into();
        (matches!(self.state, RequestState::Open) && !self.ask.is_review())
            .then(|| self.with(RequestState::Cancelled { at: now, by, program: None, reason }))
    }

    /// A program takes back what it asked. `None` if it has ended.
    pub fn cancel_by_program(
        self,
        program: Submitter,
        reason: String,
        now: Timestamp,
    ) -> Option<Self> {
        let by = By::Person(self.asked_by.clone());
        let program = Some(program);
        matches!(self.state, RequestState::Open)
            .then(|| self.with(RequestState::Cancelled { at: now, by, program, reason }))
    }

    /// Its time came. `None` if it has ended, or if it is not yet time.
    pub fn expire(self, now: Timestamp) -> Option<Self> {
        (matches!(self.state, RequestState::Open) && self.is_too_late(now))
            .then(|| self.with(RequestState::Expired { at: now }))
    }

    fn with(self, state: RequestState) -> Self {
        Self { state, ..self }
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
