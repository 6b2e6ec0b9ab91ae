//! Somebody lets another answer in their place until a day, and takes that back.

use std::collections::BTreeSet;

use super::bulletins;
use super::input::{DelegationForm, OnceKey};
use super::opening::{due_at, refresh_homes};
use super::outcome::{Delegated, DelegationField, DelegationProblem, DelegationsOf, Undelegated};
use super::{Result, Service, stand_in};
use crate::clock::Entropy;
use crate::domain::deadline::Due;
use crate::domain::delegation::{CannotWithdraw, Delegation, DelegationState, Lent};
use crate::domain::delivery::{Notice, Place};
use crate::domain::event::{Actor, What};
use crate::domain::ids::DelegationId;
use crate::domain::person::PersonId;
use crate::domain::role::RoleName;
use crate::domain::text::clean;
use crate::domain::time::Timestamp;
use crate::domain::until::until;
use crate::policy::Policy;
use crate::store::{StoreError, Tx, work};

type Done<T> = std::result::Result<T, StoreError>;
type Problems = Vec<(DelegationField, DelegationProblem)>;

impl Service {
    /// A person lets another answer in their place.
    pub async fn delegate(
        &self,
        by: &PersonId,
        form: &DelegationForm,
        once: Option<OnceKey>,
    ) -> Result<Delegated> {
        match self.delegate_anew(by, form, once.clone()).await? {
            // What is refused may have been done by this very form, whose answer was lost.
            refused
            @ (Delegated::NotMember(_) | Delegated::Invalid(_) | Delegated::SwitchedOff) => {
                if self.was_done(once.as_ref()).await? {
                    Ok(Delegated::Before)
                } else {
                    Ok(refused)
                }
            }
            done => Ok(done),
        }
    }

    async fn delegate_anew(
        &self,
        by: &PersonId,
        form: &DelegationForm,
        once: Option<OnceKey>,
    ) -> Result<Delegated> {
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Delegated::NotMember(standing));
        }
        let (policy, now) = (self.policy(), self.now());
        if !policy.delegations().allowed {
            return Ok(Delegated::SwitchedOff);
        }
        let mut problems = Vec::new();
        let to = self.chosen(&policy, by, form.to.as_ref(), &mut problems).await?;
        let until = day(&policy, &form.until, now, &mut problems);
        let roles = lent(&policy, &form.roles, &mut problems);
        let (Some(to), Some(until), Some(roles), true) = (to, until, roles, problems.is_empty())
        else {
            return Ok(Delegated::Invalid(problems));
        };
        let entropy = self.entropy();
        let id = DelegationId::new(entropy.ulid(now));
        let state = DelegationState::Active;
        let new = Delegation { id, from: by.clone(), to, roles, since: now, until, state };
        let waiting = self.waits_for_stand_in(&policy, &new).await?;
        let work = work(move |tx| {
            Box::pin(async move {
                // Another to the same person is in the place of the one before.
                for old in tx.delegations_from(&new.from, now).await? {
                    if old.to == new.to
                        && let Ok(over) = old.withdraw(&new.from, now)
                    {
                        withdrawn(tx, &entropy, &over, now).await?;
                    }
                }
                tx.insert_delegation(&new).await?;
                let due = Due::DelegationEnd { delegation: new.id };
                tx.put_deadline(&due_at(&entropy, now, new.until, due)).await?;
                let roles = match &new.roles {
                    Lent::All => Vec::new(),
                    Lent::These(roles) => roles.iter().cloned().collect(),
                };
                let what = What::DelegationGiven {
                    delegation: new.id,
                    from: new.from.clone(),
                    to: new.to.clone(),
                    roles,
                    until: new.until,
                };
                tx.append(now, Actor::Person(new.from.clone()), what).await?;
                for person in [&new.from, &new.to] {
                    let (place, notice) =
                        (Place::Person(person.clone()), Notice::Delegated { delegation: new.id });
                    bulletins::post(tx, &entropy, &new.id, place, notice, now).await?;
                }
                stand_in::put_to(tx, &entropy, &new, waiting, now).await?;
                refresh_homes(tx, &entropy, now, [&new.from, &new.to]);
                Ok(Delegated::Done { delegation: new, now })
            })
        });
        self.once(once, work).await
    }

    /// What is wrong with a day that was typed, before a form asks for the rest.
    pub fn bad_until(&self, typed: &str) -> Option<DelegationProblem> {
        let mut problems = Vec::new();
        day(&self.policy(), typed, self.now(), &mut problems);
        problems.pop().map(|(_, problem)| problem)
    }

    /// Who is to answer, if they may.
    async fn chosen(
        &self,
        policy: &Policy,
        by: &PersonId,
        to: Option<&PersonId>,
        problems: &mut Problems,
    ) -> Result<Option<PersonId>> {
        let Some(to) = to else {
            problems.push((DelegationField::Person, DelegationProblem::Empty));
            return Ok(None);
        };
        let standing = self.standing(to).await?;
        let problem = if to == by {
            DelegationProblem::Oneself
        } else if !standing.is_member() {
            DelegationProblem::NotMember(standing)
        } else if !self.stands_in_anywhere(policy, to).await? {
            let roles = policy.delegations().to.iter().flatten().cloned().collect();
            DelegationProblem::NotEntitled { roles }
        } else {
            return Ok(Some(to.clone()));
        };
        problems.push((DelegationField::Person, problem));
        Ok(None)
    }

    /// Whether the policy lets this person answer for others, for the agents of any team.
    async fn stands_in_anywhere(&self, policy: &Policy, person: &PersonId) -> Result<bool> {
        for team in policy.teams() {
            if self.may_stand_in(policy, person, team).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The one or the other ends it before its time.
    pub async fn undelegate(
        &self,
        by: &PersonId,
        id: DelegationId,
        once: Option<OnceKey>,
    ) -> Result<Undelegated> {
        let (now, entropy, by) = (self.now(), self.entropy(), by.clone());
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(delegation) = tx.delegation(id).await? else {
                    return Ok(Undelegated::Unknown);
                };
                Ok(match delegation.clone().withdraw(&by, now) {
                    Ok(over) => {
                        withdrawn(tx, &entropy, &over, now).await?;
                        Undelegated::Done { delegation: over, now }
                    }
                    Err(CannotWithdraw::NotYours) => Undelegated::NotYours,
                    Err(CannotWithdraw::Over(state)) => {
                        let delegation = Delegation { state, ..delegation };
                        Undelegated::Over { delegation, now }
                    }
                })
            })
        });
        self.once(once, work).await
    }

    /// What a person gave and received, as far as it is in force, and what a form needs.
    pub async fn delegations(&self, person: &PersonId) -> Result<DelegationsOf> {
        let (now, policy) = (self.now(), self.policy());
        let mut session = self.parts.store.read().await?;
        let given = session.delegations_from(person, now).await?;
        let received = session.delegations_to(person, now).await?;
        drop(session);
        let may_lend = |role: &RoleName| policy.delegations().may_lend(role);
        let roles = policy.role_names().into_iter().filter(may_lend).collect();
        let rules = policy.delegations();
        Ok(DelegationsOf {
            person: person.clone(),
            allowed: rules.allowed,
            longest: rules.longest,
            given,
            received,
            roles,
            now,
        })
    }
}

/// It was taken back: on the record, and shown wherever it is told of.
async fn withdrawn(tx: &mut Tx, entropy: &Entropy, over: &Delegation, now: Timestamp) -> Done<()> {
    let DelegationState::Withdrawn { by, .. } = &over.state else { return Ok(()) };
    let what = What::DelegationWithdrawn { delegation: over.id };
    tx.append(now, Actor::Person(by.clone()), what).await?;
    finished(tx, entropy, over, now).await
}

/// Its time came.
pub(super) async fn ended(
    tx: &mut Tx,
    entropy: &Entropy,
    over: &Delegation,
    now: Timestamp,
) -> Done<()> {
    let what = What::DelegationEnded { delegation: over.id };
    tx.append(now, Actor::System, what).await?;
    finished(tx, entropy, over, now).await
}

async fn finished(tx: &mut Tx, entropy: &Entropy, over: &Delegation, now: Timestamp) -> Done<()> {
    tx.update_delegation(over).await?;
    tx.drop_deadlines(&over.id.to_string()).await?;
    bulletins::redraw(tx, entropy, &over.id, now);
    refresh_homes(tx, entropy, now, [&over.from, &over.to]);
    Ok(())
}

/// Until when, if that is a moment ahead and not too far.
fn day(policy: &Policy, typed: &str, now: Timestamp, problems: &mut Problems) -> Option<Timestamp> {
    let longest = policy.delegations().longest;
    let problem = if typed.trim().is_empty() {
        DelegationProblem::Empty
    } else {
        match until(typed, now, policy.utc_offset()) {
            Err(_) => DelegationProblem::BadDay { typed: clean(typed, 40) },
            Ok(at) if at <= now => DelegationProblem::Past { at, now },
            // A day is meant to its end: the day on which the longest time is over is allowed whole.
            Ok(at) if at > now + longest.delta() + chrono::TimeDelta::days(1) => {
                DelegationProblem::TooLong { longest }
            }
            Ok(at) => return Some(at),
        }
    };
    problems.push((DelegationField::Until, problem));
    None
}

/// Which roles, if the policy lets them be lent; all if none is named.
fn lent(policy: &Policy, named: &[String], problems: &mut Problems) -> Option<Lent> {
    let all = policy.role_names();
    let mut roles = BTreeSet::new();
    for name in named {
        // As people say it: `team lead`, `Team-Lead`.
        let said = clean(name, 60).to_lowercase().replace(' ', "-");
        let problem = match all.iter().find(|role| role.as_str().eq_ignore_ascii_case(&said)) {
            Some(role) if policy.delegations().may_lend(role) => {
                roles.insert(role.clone());
                continue;
            }
            Some(role) => DelegationProblem::MayNotLend { role: role.clone() },
            None => DelegationProblem::UnknownRole { typed: said, all: all.clone() },
        };
        problems.push((DelegationField::Roles, problem));
        return None;
    }
    Some(if roles.is_empty() { Lent::All } else { Lent::These(roles) })
}
