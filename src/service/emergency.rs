//! Break-glass: what cannot wait is opened at once by who is entitled, everybody who was skipped is
//! told, and a review is due. Until it is done, that person has no second one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ask::known_access;
use super::bulletins;
use super::grants::ended_by;
use super::input::{GrantForm, OnceKey};
use super::opening::{due_at, opened, post_card, refresh_homes, send};
use super::outcome::Refusal;
use super::people::{deciders, uncoverable};
use super::settle::{about, approved, conflict};
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::access::Access;
use crate::domain::agent::Agent;
use crate::domain::deadline::Due;
use crate::domain::delivery::{Delivery, Face, Notice, Place};
use crate::domain::emergency::{NotThen, judge};
use crate::domain::event::What;
use crate::domain::grant::Grant;
use crate::domain::ids::RequestId;
use crate::domain::person::PersonId;
use crate::domain::request::{
    Acceptance, Ask, Asked, Backup, Origin, Reference, Request, RequestState,
};
use crate::domain::review::Finding;
use crate::domain::role::RoleName;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::time::{Span, Timestamp};
use crate::policy::{BreakGlass, Policy};
use crate::store::{StoreError, Tx, work};

/// From one reminder of an overdue review to the next.
const DAILY: Span = Span::days(1);

type Done<T> = std::result::Result<T, StoreError>;

/// What came of breaking the glass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// It is open.
    Opened {
        /// The agent.
        agent: Agent,
        /// The request that nobody was asked.
        request: Request,
        /// The grant.
        grant: Grant,
        /// The review that is due.
        review: Request,
    },
    /// It is not.
    Refused(Refusal),
    /// The same was done before; nothing was done twice.
    Before,
}

/// Why something is not opened at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoEmergency {
    /// The policy has no break-glass.
    NotInPolicy,
    /// The person holds none of these roles.
    NotEntitled {
        /// Whose holders may.
        who: Vec<RoleName>,
    },
    /// Not for this agent, not so, or not so long.
    NotThen {
        /// The agent.
        agent: Agent,
        /// What was asked for.
        access: Access,
        /// Why not.
        why: NotThen,
    },
    /// The person's last emergency waits for its review.
    ReviewDue(Request),
    /// Nobody else could review it.
    NobodyReviews {
        /// The roles that nobody else holds.
        roles: Vec<RoleName>,
    },
    /// A review is owed: who broke the glass cannot take it back.
    Owed,
}

/// What the form offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlassChoices {
    /// What can be opened, with the lowest tier that may hold it and in plain words what it opens.
    pub accesses: Vec<(Access, crate::domain::tier::Tier, Option<String>)>,
    /// What is offered first.
    pub usual: Span,
    /// The longest that may be opened.
    pub longest: Span,
    /// Who reviews it.
    pub review_by: Vec<RoleName>,
    /// Within which time.
    pub review_within: Span,
}

/// What was found out before the transaction.
struct Called {
    by: PersonId,
    ask: Ask,
    lasting: Span,
    findings: Vec<Finding>,
    /// Those who would have been asked.
    skipped: Vec<Asked>,
    /// Those who review it.
    reviewers: Vec<Asked>,
    glass: BreakGlass,
}

impl Service {
    /// Somebody who is entitled opens something at once, for any agent at work.
    pub async fn break_glass(
        &self,
        by: &PersonId,
        form: &GrantForm,
        once: Option<OnceKey>,
    ) -> Result<Broken> {
        let broken = self.break_glass_anew(by, form, once.clone()).await?;
        match broken {
            Broken::Refused(_) if self.was_done(once.as_ref()).await? => Ok(Broken::Before),
            broken => Ok(broken),
        }
    }

    async fn break_glass_anew(
        &self,
        by: &PersonId,
        form: &GrantForm,
        once: Option<OnceKey>,
    ) -> Result<Broken> {
        let policy = self.policy();
        let agent = match self.may_break_glass(by, &form.agent).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Broken::Refused(refusal)),
        };
        let Some(glass) = policy.break_glass() else {
            return Ok(Broken::Refused(Refusal::Emergency(NoEmergency::NotInPolicy)));
        };
        let called = match self.called(by, &agent, form, glass).await? {
            Ok(called) => called,
            Err(refusal) => return Ok(Broken::Refused(refusal)),
        };
        let (now, entropy, id) = (self.now(), self.entropy(), agent.id);
        let work = work(move |tx| {
            Box::pin(async move {
                // Under the lock: two of one person at the same moment are one.
                let agent = tx.agent(id).await?.ok_or_else(|| conflict("the agent is gone"))?;
                if !agent.is_active() {
                    return Ok(Broken::Refused(Refusal::NotActive(agent)));
                }
                if let Some(due) = tx.open_review_of(&called.by).await? {
                    let due = NoEmergency::ReviewDue(due);
                    return Ok(Broken::Refused(Refusal::Emergency(due)));
                }
                open(tx, &entropy, &policy, agent, called, now).await
            })
        });
        self.once(once, work).await
    }

    /// The agent by this name, if this person may break the glass for it.
    async fn may_break_glass(
        &self,
        by: &PersonId,
        name: &str,
    ) -> Result<std::result::Result<Agent, Refusal>> {
        let policy = self.policy();
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Err(Refusal::NotMember(standing)));
        }
        let Some(glass) = policy.break_glass() else {
            return Ok(Err(Refusal::Emergency(NoEmergency::NotInPolicy)));
        };
        let agent = match self.find_agent(by, name).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if self.roles_of(&policy, by, &glass.who, &agent.team).await?.is_empty() {
            let who = glass.who.clone();
            return Ok(Err(Refusal::Emergency(NoEmergency::NotEntitled { who })));
        }
        if !agent.is_active() {
            return Ok(Err(Refusal::NotActive(agent)));
        }
        Ok(Ok(agent))
    }

    /// Everything that can be known of an emergency before the transaction, or why there is none.
    async fn called(
        &self,
        by: &PersonId,
        agent: &Agent,
        form: &GrantForm,
        glass: &BreakGlass,
    ) -> Result<std::result::Result<Called, Refusal>> {
        let (policy, now) = (self.policy(), self.now());
        let (access, resource, needed) = match known_access(&policy, &form.access) {
            Ok(known) => known,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let longest = glass.longest;
        let lasting = match form.lasting.trim() {
            "" => glass.usual,
            typed => match typed.parse::<Span>() {
                Ok(span) => span,
                Err(_) => {
                    let typed = clean(typed, 40);
                    return Ok(Err(Refusal::BadDuration { typed, longest }));
                }
            },
        };
        let because = clean(&form.because, LONGEST_TEXT);
        if because.is_empty() {
            return Ok(Err(Refusal::NoReason));
        }
        if let Err(why) = judge(agent, needed, lasting, longest, &because) {
            let agent = agent.clone();
            let why = NoEmergency::NotThen { agent, access, why };
            return Ok(Err(Refusal::Emergency(why)));
        }
        let mut session = self.parts.store.read().await?;
        if let Some(grant) = session.live_grant_for(agent.id, &access, now).await?
            && grant.left(now).is_some_and(|left| left >= lasting)
        {
            return Ok(Err(Refusal::AlreadyHas(grant)));
        }
        let findings = self.review(&mut session, agent, &access, resource, needed).await?;
        drop(session);
        let workspace = &by.workspace;
        let requires = &policy.tier(agent.tier).requires;
        let roster = self.roster(&policy, requires, &agent.team, workspace).await?;
        let skipped = asked(deciders(&roster, &[by, &agent.owner]));
        // Somebody must be there to look at it afterwards: that is what it is allowed for.
        let roster = self.roster(&policy, &glass.review_by, &agent.team, workspace).await?;
        let reviewers = deciders(&roster, &[by, &agent.owner]);
        let roles = uncoverable(&glass.review_by, &reviewers);
        if !roles.is_empty() {
            self.tell_nobody_can_decide(&agent.slug, by, &roles).await?;
            return Ok(Err(Refusal::Emergency(NoEmergency::NobodyReviews { roles })));
        }
        Ok(Ok(Called {
            by: by.clone(),
            ask: Ask::Emergency { access, lasting, because },
            lasting,
            findings,
            skipped,
            reviewers: asked(reviewers),
            glass: glass.clone(),
        }))
    }

    /// What the form offers, if this person may break the glass: for this agent, if one is named.
    pub async fn glass_choices(
        &self,
        by: &PersonId,
        agent: &str,
    ) -> Result<std::result::Result<GlassChoices, Refusal>> {
        let policy = self.policy();
        let Some(glass) = policy.break_glass() else {
            return Ok(Err(Refusal::Emergency(NoEmergency::NotInPolicy)));
        };
        if !agent.is_empty()
            && let Err(refusal) = self.may_break_glass(by, agent).await?
        {
            return Ok(Err(refusal));
        }
        if let Some(due) = self.parts.store.read().await?.open_review_of(by).await? {
            return Ok(Err(Refusal::Emergency(NoEmergency::ReviewDue(due))));
        }
        let accesses = policy
            .resources()
            .flat_map(|resource| {
                resource.actions.iter().map(|(action, tier)| {
                    let opens = resource.opens(action).map(str::to_owned);
                    (Access::new(resource.name.clone(), action.clone()), *tier, opens)
                })
            })
            .collect();
        Ok(Ok(GlassChoices {
            accesses,
            usual: glass.usual,
            longest: glass.longest,
            review_by: glass.review_by.clone(),
            review_within: glass.review_within,
        }))
    }
}

fn asked(people: BTreeMap<PersonId, BTreeSet<RoleName>>) -> Vec<Asked> {
    people
        .into_iter()
        .map(|(person, roles)| Asked { person, roles, stands_in: BTreeMap::new(), away: None })
        .collect()
}

/// Writes the emergency, its grant, its review, and who is told.
async fn open(
    tx: &mut Tx,
    entropy: &Arc<Entropy>,
    policy: &Policy,
    agent: Agent,
    called: Called,
    now: Timestamp,
) -> Done<Broken> {
    let Called { by, ask, lasting, findings, skipped, reviewers, glass } = called;
    let number = tx.next_number().await?;
    let request = Request {
        id: RequestId::new(entropy.ulid(now)),
        reference: Reference { letter: ask.letter(), number },
        agent: agent.id,
        asked_by: by.clone(),
        origin: Origin::Person,
        asked_at: now,
        ask,
        brings: None,
        tier: agent.tier,
        team: agent.team.clone(),
        needs: Vec::new(),
        asked: skipped,
        acceptance: Acceptance::NotNeeded,
        votes: Vec::new(),
        findings,
        decide_by: now + lasting.delta(),
        backup: Backup::Nobody,
        policy: policy.digest().to_owned(),
        state: RequestState::Open,
    };
    tx.insert_request(&request).await?;
    tx.append(now, request.asker(), opened(&request)).await?;
    let review_id = RequestId::new(entropy.ulid(now));
    let what = What::EmergencyOpened {
        request: request.id,
        skipped: request.asked.iter().map(|asked| asked.person.clone()).collect(),
        review: review_id,
    };
    tx.append_about(now, request.asker(), what, about(&request)).await?;
    let request = request.approve_in_emergency(now);
    let (agent, grant) = approved(tx, entropy, policy, &request, agent, now).await?;
    let grant = grant.ok_or_else(|| conflict("an emergency opened nothing"))?;

    let review = review_of(tx, &request, &grant, review_id, reviewers, &glass, now).await?;
    put_review(tx, entropy, policy, &review, &agent, now).await?;
    tell(tx, entropy, policy, &request, &agent, now).await?;
    Ok(Broken::Opened { agent, request, grant, review })
}

/// The question that is left: was it one?
async fn review_of(
    tx: &mut Tx,
    request: &Request,
    grant: &Grant,
    id: RequestId,
    reviewers: Vec<Asked>,
    glass: &BreakGlass,
    now: Timestamp,
) -> Done<Request> {
    let ask = Ask::Review {
        of: request.id,
        emergency: request.reference,
        grant: grant.id,
        access: grant.access.clone(),
        lasting: grant.total(),
        because: request.ask.because().unwrap_or_default().to_owned(),
    };
    Ok(Request {
        id,
        reference: Reference { letter: ask.letter(), number: tx.next_number().await? },
        ask,
        needs: glass.review_by.clone(),
        asked: reviewers,
        votes: Vec::new(),
        findings: Vec::new(),
        decide_by: now + glass.review_within.delta(),
        state: RequestState::Open,
        ..request.clone()
    })
}

async fn put_review(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    review: &Request,
    agent: &Agent,
    now: Timestamp,
) -> Done<()> {
    tx.insert_request(review).await?;
    tx.append(now, review.asker(), opened(review)).await?;
    let mut places = vec![Place::Channel(policy.security_channel().to_owned())];
    places.extend(review.asked.iter().map(|asked| Place::Person(asked.person.clone())));
    for place in places {
        post_card(tx, entropy, review, place, Face::Approval, now).await?;
    }
    let due = review.decide_by;
    let half = now + Span::between(now, due).map_or(DAILY, Span::half).delta();
    let reminder = Due::RequestReminder { request: review.id };
    let expiry = Due::RequestExpiry { request: review.id };
    tx.put_deadlines(&[due_at(entropy, now, half, reminder), due_at(entropy, now, due, expiry)])
        .await?;
    let reviewers = review.asked.iter().map(|asked| &asked.person);
    refresh_homes(tx, entropy, now, reviewers.chain([&review.asked_by, &agent.owner]));
    Ok(())
}

/// Everybody who was skipped, the owner, and security's channel learn of it at once.
async fn tell(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    request: &Request,
    agent: &Agent,
    now: Timestamp,
) -> Done<()> {
    let mut people: BTreeSet<&PersonId> = request.asked.iter().map(|one| &one.person).collect();
    people.insert(&agent.owner);
    people.remove(&request.asked_by);
    let mut places = vec![Place::Channel(policy.security_channel().to_owned())];
    places.extend(people.into_iter().cloned().map(Place::Person));
    for place in places {
        let notice = Notice::Emergency { request: request.id };
        bulletins::post(tx, entropy, &request.id, place, notice, now).await?;
    }
    Ok(())
}

/// What was told of the emergency from which this grant came shows how it stands now.
pub(super) fn redraw(tx: &mut Tx, entropy: &Entropy, grant: &Grant, now: Timestamp) {
    if grant.reference.letter == EMERGENCY {
        bulletins::redraw(tx, entropy, &grant.request, now);
    }
}

/// The letter of what was opened in an emergency, see [`Ask::letter`].
const EMERGENCY: char = 'E';

/// A review has ended: what was told of its emergency, and of the review itself, shows that.
pub(super) fn reviewed(
    tx: &mut Tx,
    entropy: &Entropy,
    review: &Request,
    of: &RequestId,
    now: Timestamp,
) {
    bulletins::redraw(tx, entropy, of, now);
    bulletins::redraw(tx, entropy, &review.id, now);
}

/// A review found that it was no emergency: what is left of its grant ends, and security is told.
pub(super) async fn denied(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    review: &Request,
    agent: &Agent,
    now: Timestamp,
) -> Done<()> {
    let Ask::Review { of, grant, .. } = &review.ask else { return Ok(()) };
    let RequestState::Denied { by, .. } = &review.state else { return Ok(()) };
    reviewed(tx, entropy, review, of, now);
    if let Some(grant) = tx.grant(*grant).await? {
        let why = format!("{}: not justified", review.reference);
        if let Ok(grant) = grant.revoke(by.clone(), why, now) {
            ended_by(tx, entropy, policy, &grant, agent, by.clone().into(), now).await?;
        }
    }
    let place = Place::Channel(policy.security_channel().to_owned());
    let notice = Notice::Outcome { request: review.id };
    send(tx, entropy, now, &Delivery::Notice { place, notice }).await
}

/// A review that is owed and was not done in time: security's channel is told, every copy of its card
/// says so, and those who are awaited are reminded now and every day.
pub(super) async fn overdue(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    review: &Request,
    now: Timestamp,
) -> Done<()> {
    tx.drop_deadlines(&review.id.to_string()).await?;
    let reminder = Due::RequestReminder { request: review.id };
    tx.put_deadline(&due_at(entropy, now, now, reminder)).await?;
    tx.redraw(review.id, entropy.ulid(now), now);
    if let Ask::Review { of, .. } = &review.ask {
        bulletins::redraw(tx, entropy, of, now);
    }
    let place = Place::Channel(policy.security_channel().to_owned());
    let notice = Notice::ReviewOverdue { request: review.id };
    bulletins::post(tx, entropy, &review.id, place, notice, now).await
}

/// Those who owe a review are reminded of it again a day later.
pub(super) async fn remind_again(
    tx: &mut Tx,
    entropy: &Entropy,
    review: &Request,
    now: Timestamp,
) -> Done<()> {
    if !review.ask.is_review() {
        return Ok(());
    }
    let due = Due::RequestReminder { request: review.id };
    tx.put_deadline(&due_at(entropy, now, now + DAILY.delta(), due)).await
}
