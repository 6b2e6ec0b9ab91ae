//! A question put to people, and its end: Open → Approved / Denied / Cancelled / Expired.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use super::ask::{Ask, Denied};
pub use super::backup::Backup;
use super::credential::{FirstCredential, Proof};
use super::event::Actor;
use super::ids::{AgentId, EvaluationId, RequestId, TaskId};
use super::person::{By, PersonId, Standing};
pub use super::reference::{BadReference, Reference};
use super::review::Finding;
use super::role::{RoleName, TeamName};
use super::task::Submitter;
use super::tier::Tier;
use super::time::{Span, Timestamp};
use super::voice::match_votes;
use super::vote::{Choice, Vote};

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
    /// For whom they could stand in, with those people's roles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stands_in: BTreeMap<PersonId, BTreeSet<RoleName>>,
    /// Their name, if they were away then and so were passed over; untrusted text, cleaned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<String>,
}

/// Somebody who could answer for one role and has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited<'a> {
    /// Who.
    pub person: &'a PersonId,
    /// In whose place, if not their own.
    pub in_place_of: Option<&'a PersonId>,
    /// Their name, if they were passed over because they are away.
    pub away: Option<&'a str>,
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
    /// The credential that a registration brings along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brings: Option<FirstCredential>,
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
    /// When it expires unanswered, or goes to the backup. A [review](Ask::Review) is overdue from then
    /// on, and stays open.
    pub decide_by: Timestamp,
    /// Who is asked then.
    #[serde(default, skip_serializing_if = "Backup::is_nobody")]
    pub backup: Backup,
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
    /// This person owns the agent, or is to own it.
    OwnAgent,
    /// Nobody answers for the agent, so nothing new is given to it.
    Ownerless,
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
    /// Somebody has answered in this person's place.
    Represented {
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// The person could only stand in for somebody who may not be stood in for here.
    StandsInInVain {
        /// For whom.
        who: PersonId,
        /// Why not.
        why: CannotLend,
    },
    /// This person denied what is appealed.
    DeniedIt,
    /// The time is over, and the backup is about to be asked.
    GoesToBackup,
    /// A no needs a reason.
    NoReason,
}

/// Why nobody can stand in for somebody on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CannotLend {
    /// They asked it.
    Asked,
    /// They own the agent.
    Owns,
    /// They denied what is appealed.
    DeniedIt,
    /// They have answered themselves.
    Voted,
    /// They lend only some of the roles that it takes of them.
    InPart,
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
    /// In whose place that yes was said, if not its own voter's.
    pub in_place_of: Option<&'a PersonId>,
}

impl Request {
    /// Whether people can still answer; past `decide_by` they cannot, recorded or not.
    pub fn is_open(&self, now: Timestamp) -> bool {
        matches!(self.state, RequestState::Open) && (now < self.decide_by || self.ask.is_review())
    }

    /// Whether its time is over for good, recorded or not.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        matches!(self.state, RequestState::Open)
            && now >= self.decide_by
            && !self.ask.is_review()
            && !self.goes_to_backup(now)
    }

    /// Whether it is owed, and should have been answered by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.ask.is_review() && now >= self.decide_by && self.is_open(now)
    }

    /// The credential that its yes adds, if it adds one: its name, its proof, and for how long.
    pub fn credential(&self) -> Option<(&str, &Proof, Span)> {
        match (&self.ask, &self.brings) {
            (Ask::Credential { name, proof, lasting, .. }, _)
            | (_, Some(FirstCredential { name, proof, lasting })) => Some((name, proof, *lasting)),
            _ => None,
        }
    }

    /// Whether the named owner's word is still missing.
    pub fn accept_awaited(&self) -> bool {
        self.acceptance == Acceptance::Awaited && matches!(self.state, RequestState::Open)
    }

    /// Whose word as owner the request may wait for: the person to whom the agent is handed over, or
    /// else `owner`, who is the agent's.
    pub fn acceptor<'a>(&'a self, owner: &'a PersonId) -> &'a PersonId {
        self.ask.new_owner().unwrap_or(owner)
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
            RequestState::Open if self.is_late(now) => RequestState::Expired { at: self.decide_by },
            state => state.clone(),
        }
    }

    /// Each requirement with the yes that covers it, in the policy's order.
    pub fn requirements(&self) -> Vec<Requirement<'_>> {
        let yes: Vec<&Vote> =
            self.votes.iter().filter(|v| matches!(v.choice, Choice::Approve)).collect();
        let covers = match_votes(&self.needs, &yes, |roles| self.covers(roles));
        self.needs
            .iter()
            .zip(covers)
            .map(|(role, cover)| Requirement {
                role,
                covered_by: cover.and_then(|cover| yes.get(cover.vote).copied()),
                in_place_of: cover.and_then(|cover| cover.in_place_of),
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

    /// Those who were asked for this role, for themselves or in the place of others, and have not
    /// voted.
    pub fn asked_for<'a>(&'a self, role: &'a RoleName) -> impl Iterator<Item = Awaited<'a>> {
        let voted = |person: &PersonId| self.votes.iter().any(|vote| vote.by == *person);
        let asked = self.asked.iter().filter(move |asked| !voted(&asked.person));
        asked.filter_map(move |asked| {
            let in_place_of = if self.covers(&asked.roles).contains(role) {
                None
            } else {
                let mut lenders = asked.stands_in.iter().filter(|(from, _)| !voted(from));
                Some(lenders.find(|(_, roles)| self.covers(roles).contains(role))?.0)
            };
            Some(Awaited { person: &asked.person, in_place_of, away: asked.away.as_deref() })
        })
    }

    /// Somebody is asked as well, or for more than before.
    pub fn also_asking(mut self, new: Asked) -> Self {
        match self.asked.iter_mut().find(|known| known.person == new.person) {
            Some(known) => {
                known.roles.extend(new.roles);
                known.stands_in.extend(new.stands_in);
                known.away = new.away;
            }
            None => self.asked.push(new),
        }
        self
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
