//! A no can be appealed, once: with a new argument, to others than those who said it. What the board
//! decides is final.

use super::changes::is_beyond;
use super::credentials;
use super::input::OnceKey;
use super::opening::{Addressees, Put, Question, put};
use super::outcome::{Asked, NoAppeal, Refusal};
use super::people::{deciders, uncoverable};
use super::{Result, Service};
use crate::domain::agent::{Agent, AgentState};
use crate::domain::ids::RequestId;
use crate::domain::person::PersonId;
use crate::domain::request::{Acceptance, Ask, Denied, Origin, Request, RequestState};
use crate::domain::review::Finding;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::store::{Session, StoreError, Tx, work};

type Done<T> = std::result::Result<T, StoreError>;

impl Service {
    /// Who asked, or the agent's owner, appeals against the denial of the request that people call
    /// so.
    pub async fn appeal(
        &self,
        by: &PersonId,
        typed: &str,
        because: &str,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let asked = match self.to_appeal(by, typed).await? {
            Ok((request, agent)) => {
                let because = clean(because, LONGEST_TEXT);
                if because.is_empty() {
                    Asked::Refused(Refusal::NoReason)
                } else {
                    self.put_appeal(by, request, agent, because, once.clone()).await?
                }
            }
            Err(refusal) => Asked::Refused(refusal),
        };
        self.or_before(asked, once).await
    }

    /// The request that the person may appeal against, by what people call it; why not, if not.
    pub async fn to_appeal(
        &self,
        by: &PersonId,
        typed: &str,
    ) -> Result<std::result::Result<(Request, Agent), Refusal>> {
        match self.request_by_reference(typed).await? {
            Some(id) => self.may_appeal(by, id).await,
            None => {
                let typed = clean(typed, 60);
                Ok(Err(Refusal::UnknownReference { typed, near: Vec::new() }))
            }
        }
    }

    /// Whether the person may appeal against the denial of this request; why not, if not.
    pub async fn may_appeal(
        &self,
        by: &PersonId,
        id: RequestId,
    ) -> Result<std::result::Result<(Request, Agent), Refusal>> {
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Err(Refusal::NotMember(standing)));
        }
        let (policy, now) = (self.policy(), self.now());
        let mut session = self.parts.store.read().await?;
        let Some((request, agent)) = session.request_with_agent(id).await? else {
            let typed = id.to_string();
            return Ok(Err(Refusal::UnknownReference { typed, near: Vec::new() }));
        };
        if let Some(refusal) = refused(&policy, &request, &agent, Some(by), now) {
            return Ok(Err(refusal));
        }
        if let Some(appeal) = session.appeal_of(request.id).await? {
            return Ok(Err(Refusal::Appeal(NoAppeal::AppealedBefore(appeal))));
        }
        if let Some(reason) =
            why_not(&mut session, &policy, &request.ask, not_after(&request), &agent, now).await?
        {
            return Ok(Err(Refusal::Appeal(NoAppeal::CannotBecomeTrue {
                reference: request.reference,
                reason,
            })));
        }
        Ok(Ok((request, agent)))
    }

    /// Until when the denial of this request can be appealed; none if it cannot be.
    pub(super) async fn appeal_until(
        &self,
        request: &Request,
        agent: &Agent,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let mut session = self.parts.store.read().await?;
        Ok(appealable_until(&mut session, &self.policy(), request, agent, now).await?)
    }

    async fn put_appeal(
        &self,
        by: &PersonId,
        request: Request,
        agent: Agent,
        because: String,
        once: Option<OnceKey>,
    ) -> Result<Asked> {
        let (policy, now, entropy) = (self.policy(), self.now(), self.entropy());
        let Some(rules) = policy.appeals() else {
            return Ok(Asked::Refused(Refusal::Appeal(NoAppeal::NoBoard)));
        };
        let RequestState::Denied { at, by: denied_by, reason } = request.state.clone() else {
            return Ok(Asked::Refused(Refusal::Appeal(NoAppeal::NotDenied(request))));
        };
        // Whoever could only deny it in the place of others spoke for them.
        let vote = request.votes.last().filter(|vote| vote.by == denied_by);
        let in_place_of = vote.filter(|vote| request.covers(&vote.roles).is_empty());
        let in_place_of = in_place_of.map(|vote| vote.stands_in.keys().cloned().collect());
        let denied = Denied {
            request: request.id,
            reference: request.reference,
            asked_by: request.asked_by.clone(),
            ask: request.ask.clone(),
            by: denied_by,
            in_place_of: in_place_of.unwrap_or_default(),
            at,
            reason,
            not_after: not_after(&request),
        };
        let acceptor = request.acceptor(&agent.owner);
        let mut excluded = vec![by, &denied.asked_by, &denied.by, &agent.owner, acceptor];
        excluded.extend(&denied.in_place_of);
        let needs = rules.board.clone();
        let team = denied.ask.moves_to().unwrap_or(&agent.team);
        let roster = self.roster(&policy, &needs, team, &by.workspace).await?;
        let missing = uncoverable(&needs, &deciders(&roster, &excluded));
        if !missing.is_empty() {
            self.tell_nobody_can_decide(&agent.slug, by, &missing).await?;
            return Ok(Asked::Refused(Refusal::NobodyCanDecide { roles: missing }));
        }
        let asked = self.to_be_asked(&policy, &roster, team, &needs, &excluded).await?;
        let to = Addressees { needs, asked };
        let owner_is_member = self.standing(&agent.owner).await?.is_member();
        let finding = if owner_is_member { Finding::OwnerActive } else { Finding::OwnerGone };
        // Who is to answer for it and had not agreed yet when somebody else said no has still to agree.
        let acceptance = match request.acceptance {
            Acceptance::Awaited if acceptor != by => Acceptance::Awaited,
            _ => Acceptance::NotNeeded,
        };
        let by = by.clone();
        let work = work(move |tx| {
            Box::pin(async move {
                // Under the lock: still denied, not appealed, and it can still become true.
                let Some((request, agent)) = tx.request_with_agent(denied.request).await? else {
                    return Err(StoreError::conflict("the denied request is gone"));
                };
                if let Some(refusal) = refused(&policy, &request, &agent, Some(&by), now) {
                    return Ok(Asked::Refused(refusal));
                }
                if let Some(appeal) = tx.appeal_of(request.id).await? {
                    return Ok(Asked::Refused(Refusal::Appeal(NoAppeal::AppealedBefore(appeal))));
                }
                if let Some(reason) =
                    why_not(tx, &policy, &denied.ask, denied.not_after, &agent, now).await?
                {
                    let reference = request.reference;
                    return Ok(Asked::Refused(Refusal::Appeal(NoAppeal::CannotBecomeTrue {
                        reference,
                        reason,
                    })));
                }
                let question = Question {
                    agent,
                    asked_by: by,
                    origin: Origin::Person,
                    ask: Ask::Appeal { denied: Box::new(denied), because },
                    brings: request.brings.clone(),
                    tier: request.tier,
                    acceptance,
                    findings: vec![finding],
                    rule: None,
                };
                Ok(match put(tx, &entropy, &policy, question, to, now).await? {
                    // Others decide than usually do: what is usual of them says nothing of these.
                    Put::Open(agent, request) => Asked::Opened { agent, request, usual: None },
                    Put::Approved(agent, request, grant) => {
                        Asked::Approved { agent, request, grant }
                    }
                })
            })
        });
        self.once(once, work).await
    }
}

/// Until when the denial of this request can be appealed; none if it cannot be.
pub(super) async fn appealable_until(
    session: &mut Session,
    policy: &Policy,
    request: &Request,
    agent: &Agent,
    now: Timestamp,
) -> Done<Option<Timestamp>> {
    if refused(policy, request, agent, None, now).is_some()
        || session.appeal_of(request.id).await?.is_some()
    {
        return Ok(None);
    }
    let ended = request.state.ended_at();
    Ok(policy.appeals().zip(ended).map(|(rules, at)| at + rules.within.delta()))
}

/// The moment beyond which nothing that comes of it lasts.
fn not_after(request: &Request) -> Option<Timestamp> {
    match &request.ask {
        Ask::Appeal { denied, .. } => denied.not_after,
        _ => request.origin.not_after(),
    }
}

/// Why this request's denial cannot be appealed (by this person, if one is named): what is known
/// from the request itself.
fn refused(
    policy: &Policy,
    request: &Request,
    agent: &Agent,
    by: Option<&PersonId>,
    now: Timestamp,
) -> Option<Refusal> {
    let RequestState::Denied { at, by: denied_by, .. } = &request.state else {
        return Some(Refusal::Appeal(NoAppeal::NotDenied(request.clone())));
    };
    if matches!(request.ask, Ask::Appeal { .. }) {
        return Some(Refusal::Appeal(NoAppeal::Final(request.clone())));
    }
    let Some(rules) = policy.appeals() else { return Some(Refusal::Appeal(NoAppeal::NoBoard)) };
    // A person who does not want to own an agent is not made to.
    if *denied_by == agent.owner && request.acceptance == Acceptance::Awaited {
        return Some(Refusal::Appeal(NoAppeal::OwnerDeclined { owner: agent.owner.clone() }));
    }
    if by.is_some_and(|by| *by != request.asked_by && *by != agent.owner) {
        let (asked_by, owner) = (request.asked_by.clone(), agent.owner.clone());
        return Some(Refusal::Appeal(NoAppeal::MayNotAppeal { asked_by, owner }));
    }
    let until = *at + rules.within.delta();
    let reference = request.reference;
    (now >= until).then_some(Refusal::Appeal(NoAppeal::TooLateToAppeal { reference, until, now }))
}

/// Why what was denied could not become true any more, whoever agreed.
async fn why_not(
    session: &mut Session,
    policy: &Policy,
    ask: &Ask,
    not_after: Option<Timestamp>,
    agent: &Agent,
    now: Timestamp,
) -> Done<Option<String>> {
    if not_after.is_some_and(|until| until <= now) {
        return Ok(Some("the time for which it was asked is over".to_owned()));
    }
    let state = agent.state.word();
    Ok(match ask {
        Ask::Registration if !matches!(agent.state, AgentState::Rejected { .. }) => {
            Some(format!("the agent is {state} by now"))
        }
        Ask::Registration => {
            let taken = session.agent_by_slug(agent.slug.as_str()).await?;
            taken.map(|_| "another agent has its name by now".to_owned())
        }
        Ask::Reinstatement { .. } => (!matches!(agent.state, AgentState::Suspended { .. }))
            .then(|| format!("the agent is {state} by now")),
        Ask::Credential { proof, .. } if agent.is_active() => {
            credentials::why_taken(session, proof, agent.id, now).await?
        }
        // Another owner may be what it takes for the agent to go on.
        Ask::Handover { .. } => (!agent.lives()).then(|| format!("the agent is {state} by now")),
        _ if !agent.is_active() => Some(format!("the agent is {state} by now")),
        _ => is_beyond(policy, ask, agent.tier)
            .then(|| format!("the agent is tier {} by now, which may not hold this", agent.tier)),
    })
}

/// A request got its last yes, and yet it cannot become true: the request as it ends instead.
/// `None` if nothing is in the way.
pub(super) async fn cannot_become_true(
    tx: &mut Tx,
    policy: &Policy,
    request: &Request,
    agent: &Agent,
    now: Timestamp,
) -> Done<Option<Request>> {
    let reason = match &request.ask {
        Ask::Appeal { denied, .. } => {
            why_not(tx, policy, &denied.ask, denied.not_after, agent, now).await?
        }
        _ => None,
    };
    let reason = match (reason, request.credential()) {
        (None, Some((_, proof, _))) => {
            credentials::why_taken(tx, proof, request.agent, now).await?
        }
        (reason, _) => reason,
    };
    let Some(reason) = reason else { return Ok(None) };
    // Who gave the last yes sees at once what came of it.
    let by = request.votes.last().map_or(&request.asked_by, |vote| &vote.by).clone();
    let open = Request { state: RequestState::Open, ..request.clone() };
    Ok(open.cancel(by, reason, now))
}

/// The request whose ask becomes true with this one's approval: itself, or what was denied, as if it
/// had been asked now.
pub(super) fn in_truth(request: &Request) -> Request {
    let Ask::Appeal { denied, .. } = &request.ask else { return request.clone() };
    let origin = match denied.not_after {
        None => Origin::Person,
        not_after => Origin::Agent { evaluation: None, task: None, by_service: None, not_after },
    };
    Request { ask: denied.ask.clone(), origin, ..request.clone() }
}
