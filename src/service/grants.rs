//! Ending a grant before its time: revoked, or handed back.

use super::input::OnceKey;
use super::opening::{refresh_homes, send};
use super::outcome::{Ended, Refusal};
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::agent::Agent;
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{About, TextHash, What};
use crate::domain::grant::{Grant, GrantState, NotLive};
use crate::domain::person::{By, PersonId};
use crate::domain::request::Ask;
use crate::domain::task::Submitter;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::time::Timestamp;
use crate::domain::vote::Choice;
use crate::policy::Policy;
use crate::store::{StoreError, Tx, work};

/// How a grant is to end.
pub(super) enum Way {
    Revoke { reason: String },
    Release,
    ReleaseBy(Submitter),
}

impl Service {
    /// The owner, somebody who decides on it, or security ends a grant at once.
    pub async fn revoke(
        &self,
        by: &PersonId,
        grant: &str,
        reason: &str,
        once: Option<OnceKey>,
    ) -> Result<Ended> {
        let (grant, agent) = match self.find_grant(by, grant).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Ended::Refused(refusal)),
        };
        if !self.may_end(by, &grant, &agent).await? {
            let (agent, owner) = (agent.slug, agent.owner);
            return Ok(Ended::Refused(Refusal::MayNotEnd { agent, owner }));
        }
        let reason = clean(reason, LONGEST_TEXT);
        self.end(by, grant, Way::Revoke { reason }, once).await
    }

    /// The owner hands a grant back: "I am done".
    pub async fn release(
        &self,
        by: &PersonId,
        grant: &str,
        once: Option<OnceKey>,
    ) -> Result<Ended> {
        let (grant, agent) = match self.find_grant(by, grant).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Ended::Refused(refusal)),
        };
        if agent.owner != *by {
            let (agent, owner) = (agent.slug, agent.owner);
            return Ok(Ended::Refused(Refusal::NotOwner { agent, owner }));
        }
        self.end(by, grant, Way::Release, once).await
    }

    /// Whether the person may end the grant: the owner, who said yes to it, who could say yes to it
    /// now, and security.
    async fn may_end(&self, by: &PersonId, grant: &Grant, agent: &Agent) -> Result<bool> {
        if !self.standing(by).await?.is_member() {
            return Ok(false);
        }
        if agent.owner == *by {
            return Ok(true);
        }
        let policy = self.policy();
        if self.is_security(&policy, by, &agent.team).await? {
            return Ok(true);
        }
        let request = self.parts.store.read().await?.request(grant.request).await?;
        let Some(request) = request else { return Ok(false) };
        // Who opened it without asking anybody can end it as well.
        if request.asked_by == *by && matches!(request.ask, Ask::Emergency { .. }) {
            return Ok(true);
        }
        let said_yes = request.votes.iter().any(|v| v.by == *by && v.choice == Choice::Approve);
        let needs = &policy.tier(request.tier).requires;
        Ok(said_yes || !self.roles_of(&policy, by, needs, &agent.team).await?.is_empty())
    }

    pub(super) async fn end(
        &self,
        by: &PersonId,
        grant: Grant,
        way: Way,
        once: Option<OnceKey>,
    ) -> Result<Ended> {
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        let by = by.clone();
        let id = grant.id;
        let work = work(move |tx| {
            Box::pin(async move {
                let gone = || StoreError::conflict("the grant is gone");
                let grant = tx.grant(id).await?.ok_or_else(gone)?;
                let agent = tx.agent(grant.agent).await?.ok_or_else(gone)?;
                let before = grant.clone();
                let ended = match way {
                    Way::Revoke { reason } => grant.revoke(by.clone(), reason, now),
                    Way::Release => grant.release(by.clone(), now),
                    Way::ReleaseBy(program) => grant.release_by_program(program, by.clone(), now),
                };
                match ended {
                    Err(NotLive(state)) => {
                        let grant = Grant { state, ..before };
                        Ok(Ended::Refused(Refusal::GrantEnded(grant)))
                    }
                    Ok(grant) => {
                        ended_by(tx, &entropy, &policy, &grant, &agent, by.into(), now).await?;
                        Ok(Ended::Done { grant, agent })
                    }
                }
            })
        });
        self.once(once, work).await
    }
}

/// What follows when a grant was ended before its time.
pub(super) async fn ended_by(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    grant: &Grant,
    agent: &Agent,
    by: By,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    tx.update_grant(grant).await?;
    tx.drop_deadlines(&grant.id.to_string()).await?;
    let what = match &grant.state {
        GrantState::Revoked { reason, .. } => {
            What::GrantRevoked { grant: grant.id, reason: TextHash::of(reason) }
        }
        _ => What::GrantReleased { grant: grant.id },
    };
    let actor = match &grant.state {
        GrantState::Released { program: Some(program), .. } => program.actor(),
        _ => by.into(),
    };
    tx.append_about(now, actor, what, about(grant)).await?;
    tell_ended(tx, entropy, policy, grant, agent, now).await
}

/// The owner and the team's channel learn that a grant has ended.
pub(super) async fn tell_ended(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    grant: &Grant,
    agent: &Agent,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    for place in owner_and_team(policy, agent) {
        let notice = Notice::GrantEnded { grant: grant.id };
        send(tx, entropy, now, &Delivery::Notice { place, notice }).await?;
    }
    super::bulletins::redraw(tx, entropy, &grant.id, now);
    super::emergency::redraw(tx, entropy, grant, now);
    super::certifications::grant_ended(tx, entropy, agent.id, now).await?;
    refresh_homes(tx, entropy, now, [&agent.owner]);
    Ok(())
}

/// Where an agent's news goes: to its owner, if it has one, and to its team's channel.
pub(super) fn owner_and_team(policy: &Policy, agent: &Agent) -> Vec<Place> {
    // Who has left cannot be told.
    let owner = agent.orphaned.is_none().then(|| Place::Person(agent.owner.clone()));
    let mut places: Vec<Place> = owner.into_iter().collect();
    places.extend(policy.team(&agent.team).map(|team| Place::Channel(team.channel.clone())));
    places
}

/// The ids under which a grant's events are found.
pub(super) fn about(grant: &Grant) -> About {
    About { agent: Some(grant.agent), request: Some(grant.request), grant: Some(grant.id) }
}
