//! What people's words make of a request: whose word counts, and what it does. Each step consumes the
//! request that it answers.

use std::collections::{BTreeMap, BTreeSet};

use super::person::{By, PersonId, Standing};
use super::request::{
    Acceptance, ApprovedBy, Ask, CannotLend, NotCounted, Request, RequestState, Voted,
};
use super::role::RoleName;
use super::task::Submitter;
use super::time::Timestamp;
use super::voice::{Loan, Said, Voice};
use super::vote::{Choice, Vote};

impl Request {
    /// Those whose word never counts on it: who asked, who owns the agent, and who denied what is
    /// appealed.
    pub fn excluded<'a>(&'a self, owner: &'a PersonId) -> Vec<&'a PersonId> {
        let mut all = vec![&self.asked_by, owner, self.acceptor(owner)];
        if let Ask::Appeal { denied, .. } = &self.ask {
            all.extend([&denied.asked_by, &denied.by]);
            all.extend(&denied.in_place_of);
        }
        all
    }

    /// Why this person's word may not count, nor be said by another, whatever their roles are.
    fn bars(&self, person: &PersonId, owner: &PersonId) -> Option<CannotLend> {
        if *person == self.asked_by {
            return Some(CannotLend::Asked);
        }
        if person == owner || person == self.acceptor(owner) {
            return Some(CannotLend::Owns);
        }
        match &self.ask {
            Ask::Appeal { denied, .. } if *person == denied.asked_by => Some(CannotLend::Asked),
            Ask::Appeal { denied, .. }
                if *person == denied.by || denied.in_place_of.contains(person) =>
            {
                Some(CannotLend::DeniedIt)
            }
            _ => None,
        }
    }

    /// The roles that this loan lends here; none if they are of no use.
    fn lent(
        &self,
        loan: &Loan,
        owner: &PersonId,
    ) -> Result<Option<BTreeSet<RoleName>>, CannotLend> {
        if self.covers(&loan.holds).is_empty() {
            return Ok(None);
        }
        if let Some(why) = self.bars(&loan.from, owner) {
            return Err(why);
        }
        if self.votes.iter().any(|vote| vote.by == loan.from) {
            return Err(CannotLend::Voted);
        }
        if !loan.holds.is_subset(&loan.lends) {
            return Err(CannotLend::InPart);
        }
        Ok(Some(loan.holds.clone()))
    }

    /// Whether a yes of this person would bring the request further.
    pub fn would_help(&self, by: &PersonId, said: Said, now: Timestamp) -> bool {
        self.adds(&said.vote(by.clone(), now, Choice::Approve))
    }

    /// Whether one more yes would cover one more requirement. If it does not now it never will,
    /// whoever comes later: sets of people that can be matched form a matroid.
    fn adds(&self, vote: &Vote) -> bool {
        let mut with = self.clone();
        with.votes.push(vote.clone());
        with.awaited().len() < self.awaited().len()
    }

    /// Whether this person could give a yes that counts now; the reason if not.
    ///
    /// `voice` is for whom the person may speak at this moment, `owner` is the agent's owner now.
    pub fn may_vote(
        &self,
        by: &PersonId,
        standing: Standing,
        voice: &Voice,
        owner: &PersonId,
        now: Timestamp,
    ) -> Result<Said, NotCounted> {
        if self.goes_to_backup(now) {
            return Err(NotCounted::GoesToBackup);
        }
        if !self.is_open(now) {
            return Err(NotCounted::Ended(self.state_at(now)));
        }
        if !standing.is_member() {
            return Err(NotCounted::Standing(standing));
        }
        match self.bars(by, owner) {
            Some(CannotLend::Asked) => return Err(NotCounted::OwnRequest),
            Some(CannotLend::Owns) => return Err(NotCounted::OwnAgent),
            Some(_) => return Err(NotCounted::DeniedIt),
            None => {}
        }
        if let Some(vote) = self.votes.iter().find(|v| v.by == *by) {
            return Err(NotCounted::AlreadyVoted { at: vote.at });
        }
        let answerable = self.answerable();
        let roles = voice.own.iter().filter(|role| answerable.contains(role)).cloned().collect();
        let mut said = Said { roles, stands_in: BTreeMap::new() };
        let mut in_vain = None;
        for loan in &voice.loans {
            match self.lent(loan, owner) {
                Ok(None) => {}
                Ok(Some(roles)) => {
                    said.stands_in.insert(loan.from.clone(), roles);
                }
                Err(why) => in_vain = Some((loan.from.clone(), why)),
            }
        }
        if said.roles.is_empty() && said.stands_in.is_empty() {
            return Err(match in_vain {
                Some((who, why)) => NotCounted::StandsInInVain { who, why },
                None => NotCounted::NotEligible,
            });
        }
        match self.represented(by) {
            Some(other) => Err(NotCounted::Represented { by: other.by.clone(), at: other.at }),
            None => Ok(said),
        }
    }

    /// The yes that was said in this person's place, if it is needed as such: who was answered for
    /// cannot answer as well.
    fn represented(&self, person: &PersonId) -> Option<&Vote> {
        let yes = self.requirements().into_iter().find(|r| r.in_place_of == Some(person))?;
        let mut without = self.clone();
        for vote in &mut without.votes {
            vote.stands_in.remove(person);
        }
        (without.awaited().len() > self.awaited().len()).then_some(yes.covered_by).flatten()
    }

    /// Takes one person's word.
    pub fn vote(
        self,
        by: PersonId,
        choice: Choice,
        standing: Standing,
        voice: &Voice,
        owner: &PersonId,
        now: Timestamp,
    ) -> Voted {
        if self.is_late(now) {
            return Voted::TooLate(self.with(RequestState::Expired { at: now }));
        }
        let said = match self.may_vote(&by, standing, voice, owner, now) {
            Ok(said) => said,
            Err(why) => return Voted::NotCounted(why),
        };
        match choice {
            Choice::Deny { reason } if reason.is_empty() => Voted::NotCounted(NotCounted::NoReason),
            Choice::Deny { reason } => {
                let end = RequestState::Denied { at: now, by: by.clone(), reason: reason.clone() };
                let mut request = self.with(end);
                request.votes.push(said.vote(by, now, Choice::Deny { reason }));
                Voted::Denied(request)
            }
            Choice::Approve => {
                let vote = said.vote(by, now, Choice::Approve);
                if !self.adds(&vote) {
                    return Voted::NotCounted(NotCounted::AlreadyCovered);
                }
                let mut request = self;
                request.votes.push(vote);
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
        if self.goes_to_backup(now) {
            return Err(NotCounted::GoesToBackup);
        }
        if !self.is_open(now) {
            return Err(NotCounted::Ended(self.state_at(now)));
        }
        if by != self.acceptor(owner) {
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

    /// What happens to the agent leaves nothing to decide. One whose time was over has expired before
    /// that, noticed or not. `None` if it has ended.
    pub fn overtaken(self, by: impl Into<By>, reason: String, now: Timestamp) -> Option<Self> {
        match self.clone().expire(now) {
            Some(expired) => Some(expired),
            None => self.cancel(by, reason, now),
        }
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

    /// Its time came. `None` if it has ended, if it is not yet time, or if the backup is asked first.
    pub fn expire(self, now: Timestamp) -> Option<Self> {
        self.is_late(now).then(|| self.with(RequestState::Expired { at: now }))
    }

    fn with(self, state: RequestState) -> Self {
        Self { state, ..self }
    }
}
