//! One click: approve, deny, accept, decline, take back.

use super::appeals::cannot_become_true;
use super::emergency::NoEmergency;
use super::input::OnceKey;
use super::outcome::{Cancelled, Refusal, VoteReply};
use super::settle::{about, approved, came_to_nothing};
use super::{Result, Service};
use crate::domain::agent::Agent;
use crate::domain::event::{Actor, TextHash, What};
use crate::domain::ids::RequestId;
use crate::domain::person::{PersonId, Standing};
use crate::domain::request::{NotCounted, Request, RequestState, Voted};
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::voice::Voice;
use crate::domain::vote::Choice;
use crate::store::work;

/// What a person says of a request.
#[derive(Clone)]
enum Word {
    Vote { choice: Choice, standing: Standing, voice: Voice },
    Accept,
    Decline { reason: String },
}

impl Service {
    /// A person approves or denies. Eligibility is judged by what the workspace and the policy say
    /// at this moment.
    pub async fn vote(
        &self,
        by: &PersonId,
        id: RequestId,
        choice: Choice,
        once: Option<OnceKey>,
    ) -> Result<VoteReply> {
        let Some((request, agent)) = self.request_and_agent(id).await? else {
            return Ok(VoteReply::Unknown);
        };
        // What can never count is answered without a write; the end of a request is final.
        let now = self.now();
        if !matches!(request.state, RequestState::Open) {
            // It may be this very click that ended it, delivered again.
            if self.was_done(once.as_ref()).await? {
                return Ok(VoteReply::Before);
            }
            let why = NotCounted::Ended(request.state_at(now));
            return Ok(VoteReply::NotCounted { why, request, agent });
        }
        // Nobody comes to own an agent who left after they agreed to.
        if let Some(to) = request.ask.new_owner() {
            self.look_after(to).await?;
        }
        let policy = self.policy();
        let standing = self.standing(by).await?;
        let voice = self.voice(&policy, by, &request).await?;
        let choice = match choice {
            Choice::Deny { reason } => Choice::Deny { reason: clean(&reason, LONGEST_TEXT) },
            Choice::Approve => Choice::Approve,
        };
        self.say(by, id, Word::Vote { choice, standing, voice }, once).await
    }

    /// Why this person's no would not count now, before they are asked for the reason.
    pub async fn may_deny(&self, by: &PersonId, id: RequestId) -> Result<VoteReply> {
        let Some((request, agent)) = self.request_and_agent(id).await? else {
            return Ok(VoteReply::Unknown);
        };
        let policy = self.policy();
        let standing = self.standing(by).await?;
        let voice = self.voice(&policy, by, &request).await?;
        Ok(match request.may_vote(by, standing, &voice, &agent.owner, self.now()) {
            Ok(_) => VoteReply::Counted { request, agent },
            Err(why) => VoteReply::NotCounted { why, request, agent },
        })
    }

    /// Why this person's word as the named owner would not count now, before they are asked for
    /// the reason.
    pub async fn may_decline(&self, by: &PersonId, id: RequestId) -> Result<VoteReply> {
        if let Some(reply) = self.not_a_member(by, id).await? {
            return Ok(reply);
        }
        let Some((request, agent)) = self.request_and_agent(id).await? else {
            return Ok(VoteReply::Unknown);
        };
        Ok(match request.may_accept(by, &agent.owner, self.now()) {
            Ok(()) => VoteReply::Counted { request, agent },
            Err(why) => VoteReply::NotCounted { why, request, agent },
        })
    }

    /// The named owner agrees to answer for the agent.
    pub async fn accept_ownership(
        &self,
        by: &PersonId,
        id: RequestId,
        once: Option<OnceKey>,
    ) -> Result<VoteReply> {
        if let Some(reply) = self.not_a_member(by, id).await? {
            return Ok(reply);
        }
        self.say(by, id, Word::Accept, once).await
    }

    /// The named owner declines.
    pub async fn decline_ownership(
        &self,
        by: &PersonId,
        id: RequestId,
        reason: &str,
        once: Option<OnceKey>,
    ) -> Result<VoteReply> {
        let reason = match clean(reason, LONGEST_TEXT) {
            empty if empty.is_empty() => "does not want to own this agent".to_owned(),
            reason => reason,
        };
        self.say(by, id, Word::Decline { reason }, once).await
    }

    async fn not_a_member(&self, by: &PersonId, id: RequestId) -> Result<Option<VoteReply>> {
        let standing = self.standing(by).await?;
        if standing.is_member() {
            return Ok(None);
        }
        Ok(Some(match self.request_and_agent(id).await? {
            Some((request, agent)) => {
                VoteReply::NotCounted { why: NotCounted::Standing(standing), request, agent }
            }
            None => VoteReply::Unknown,
        }))
    }

    async fn say(
        &self,
        by: &PersonId,
        id: RequestId,
        word: Word,
        once: Option<OnceKey>,
    ) -> Result<VoteReply> {
        let (now, policy, entropy) = (self.now(), self.policy(), self.entropy());
        let by = by.clone();
        let work = work(move |tx| {
            Box::pin(async move {
                let Some((request, agent)) = tx.request_with_agent(id).await? else {
                    return Ok(VoteReply::Unknown);
                };
                let before = request.clone();
                let owner = agent.owner.clone();
                // A yes would open something for an agent that nobody answers for.
                if agent.orphaned.is_some()
                    && request.ask.needs_owner()
                    && let Word::Vote { choice: Choice::Approve, standing, voice } = &word
                    && request.may_vote(&by, *standing, voice, &owner, now).is_ok()
                {
                    let why = NotCounted::Ownerless;
                    return Ok(VoteReply::NotCounted { why, request, agent });
                }
                let voted = match word.clone() {
                    Word::Vote { choice, standing, mut voice } => {
                        // Under the lock: what was withdrawn meanwhile lends nothing.
                        if !voice.loans.is_empty() {
                            let given = tx.delegations_to(&by, now).await?;
                            let lends = |id| given.iter().any(|d| d.id == id && d.is_in_force(now));
                            voice.loans.retain(|loan| lends(loan.delegation));
                        }
                        request.vote(by.clone(), choice, standing, &voice, &owner, now)
                    }
                    Word::Accept => request.accept(&by, &owner, now),
                    Word::Decline { reason } => request.decline(&by, &owner, reason, now),
                };
                let cast = |request: &Request| match &word {
                    Word::Accept => Some(What::OwnershipAccepted { request: request.id }),
                    Word::Decline { .. } => None,
                    Word::Vote { choice, .. } => request.votes.last().map(|vote| What::VoteCast {
                        request: request.id,
                        approve: *choice == Choice::Approve,
                        roles: vote.roles.iter().cloned().collect(),
                        stands_in: vote.stands_in.keys().cloned().collect(),
                        reason: match choice {
                            Choice::Approve => None,
                            Choice::Deny { reason } => Some(TextHash::of(reason)),
                        },
                    }),
                };
                let (Voted::Counted(request)
                | Voted::Approved(request)
                | Voted::Denied(request)
                | Voted::TooLate(request)) = &voted
                else {
                    let Voted::NotCounted(why) = voted else { return Ok(VoteReply::Unknown) };
                    return Ok(VoteReply::NotCounted { why, request: before, agent });
                };
                let late = matches!(voted, Voted::TooLate(_));
                if let Some(what) = cast(request).filter(|_| !late) {
                    tx.append_about(now, Actor::Person(by.clone()), what, about(request)).await?;
                }
                Ok(match voted {
                    Voted::Counted(request) => {
                        tx.update_request(&request).await?;
                        tx.redraw(request.id, entropy.ulid(now), now);
                        VoteReply::Counted { request, agent }
                    }
                    Voted::Approved(request) => {
                        let in_vain =
                            cannot_become_true(tx, &policy, &request, &agent, now).await?;
                        if let Some(request) = in_vain {
                            let agent = came_to_nothing(tx, &entropy, &request, agent, now).await?;
                            return Ok(VoteReply::CameToNothing { request, agent });
                        }
                        let (agent, grant) =
                            approved(tx, &entropy, &policy, &request, agent, now).await?;
                        VoteReply::Approved { request, agent, grant }
                    }
                    Voted::Denied(request) => {
                        let agent = came_to_nothing(tx, &entropy, &request, agent, now).await?;
                        super::emergency::denied(tx, &entropy, &policy, &request, &agent, now)
                            .await?;
                        VoteReply::Denied { request, agent }
                    }
                    Voted::TooLate(request) => {
                        let agent = came_to_nothing(tx, &entropy, &request, agent, now).await?;
                        let why = NotCounted::Ended(request.state.clone());
                        VoteReply::NotCounted { why, request, agent }
                    }
                    Voted::NotCounted(why) => VoteReply::NotCounted { why, request: before, agent },
                })
            })
        });
        self.once(once, work).await
    }

    /// The requester, or the agent's owner, takes a request back.
    pub async fn cancel(
        &self,
        by: &PersonId,
        id: RequestId,
        once: Option<OnceKey>,
    ) -> Result<Cancelled> {
        let (now, entropy) = (self.now(), self.entropy());
        let by = by.clone();
        let work = work(move |tx| {
            Box::pin(async move {
                let unknown = || {
                    let typed = id.to_string();
                    Cancelled::Refused(Refusal::UnknownReference { typed, near: Vec::new() })
                };
                let Some((request, agent)) = tx.request_with_agent(id).await? else {
                    return Ok(unknown());
                };
                if by != request.asked_by && by != agent.owner {
                    let asked_by = request.asked_by;
                    return Ok(Cancelled::Refused(Refusal::NotRequester { asked_by }));
                }
                if request.ask.is_review() {
                    return Ok(Cancelled::Refused(Refusal::Emergency(NoEmergency::Owed)));
                }
                let taken_back = "taken back by who asked".to_owned();
                let late = request.clone().expire(now);
                let request = match late.clone().or(request.clone().cancel(by, taken_back, now)) {
                    Some(request) => request,
                    None => return Ok(Cancelled::Refused(Refusal::RequestEnded(request))),
                };
                let agent = came_to_nothing(tx, &entropy, &request, agent, now).await?;
                Ok(match late {
                    Some(request) => Cancelled::Refused(Refusal::RequestEnded(request)),
                    None => Cancelled::Done { request, agent },
                })
            })
        });
        self.once(once, work).await
    }

    /// A request with its agent, as they are now.
    pub async fn request_and_agent(&self, id: RequestId) -> Result<Option<(Request, Agent)>> {
        Ok(self.parts.store.read().await?.request_with_agent(id).await?)
    }
}
