//! Somebody says whose something is, or that it is no agent. Security does; whoever was asked to
//! register it does that, or hands it back.

use super::{Decision, DiscoveryOf, NotDecided, change, with_agent};
use crate::domain::agent::AgentState;
use crate::domain::deadline::Due;
use crate::domain::delivery::{Notice, Place};
use crate::domain::discovery::{Decided, Discovery, DiscoveryState};
use crate::domain::event::{Actor, TextHash, What};
use crate::domain::ids::{AgentId, DiscoveryId};
use crate::domain::person::PersonId;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::time::{Span, Timestamp};
use crate::service::bulletins;
use crate::service::input::OnceKey;
use crate::service::opening::due_at;
use crate::service::outcome::Refusal;
use crate::service::{Result, Service};
use crate::store::work;

/// What is said.
enum Step {
    Ask { of: PersonId },
    Claim { agent: AgentId },
    Dismiss { reason: String },
    PutOff,
    Correct,
    HandBack,
}

/// What follows from a step.
struct Taken {
    after: Discovery,
    what: What,
    /// When security is told again, if nothing happens meanwhile.
    again_at: Option<Timestamp>,
}

fn taken(
    step: Step,
    it: Discovery,
    by: &PersonId,
    remind_after: Span,
    now: Timestamp,
) -> std::result::Result<Taken, Decided> {
    let (discovery, by, later) = (it.id, by.clone(), now + remind_after.delta());
    Ok(match step {
        Step::Ask { of } => Taken {
            after: it.ask(of.clone(), by, now)?,
            what: What::DiscoveryAsked { discovery, of },
            again_at: Some(later),
        },
        Step::Claim { agent } => Taken {
            after: it.claim(agent, by, None, now)?,
            what: What::DiscoveryClaimed { discovery, agent, matched: None },
            again_at: None,
        },
        Step::Dismiss { reason } => {
            let hash = TextHash::of(&reason);
            Taken {
                after: it.dismiss(by, reason, now)?,
                what: What::DiscoveryDismissed { discovery, reason: hash },
                again_at: None,
            }
        }
        Step::PutOff => Taken {
            after: it.remind(later)?,
            what: What::DiscoveryPutOff { discovery, until: later },
            again_at: Some(later),
        },
        Step::Correct => Taken {
            // Who says so has the message in front of them, and it has the buttons again.
            after: Discovery { told: it.told.clone(), ..it.correct(by)? },
            what: What::DiscoveryReopened { discovery, why: "wrong_agent".to_owned() },
            again_at: None,
        },
        Step::HandBack => Taken {
            after: it.hand_back(by)?,
            what: What::DiscoveryReopened { discovery, why: "not_theirs".to_owned() },
            again_at: None,
        },
    })
}

impl Service {
    /// Security asks somebody to register it.
    pub async fn ask_to_register(
        &self,
        by: &PersonId,
        id: DiscoveryId,
        of: Option<PersonId>,
        once: Option<OnceKey>,
    ) -> Result<Decision> {
        if !self.is_of_security(by).await? {
            return Ok(Decision::Refused(NotDecided::NotSecurity));
        }
        let Some(of) = of else { return Ok(Decision::Refused(NotDecided::Nobody)) };
        let standing = self.standing(&of).await?;
        if !standing.is_member() {
            return Ok(Decision::Refused(NotDecided::CannotRegister { of, standing }));
        }
        self.decide_on(by, id, Step::Ask { of }, once).await
    }

    /// Security says that it is this agent's.
    pub async fn claim_discovery(
        &self,
        by: &PersonId,
        id: DiscoveryId,
        agent: &str,
        once: Option<OnceKey>,
    ) -> Result<Decision> {
        if !self.is_of_security(by).await? {
            return Ok(Decision::Refused(NotDecided::NotSecurity));
        }
        let agent = match self.find_agent(by, agent).await? {
            Ok(agent) => agent,
            Err(refusal) => return Ok(Decision::Refused(NotDecided::Agent(refusal))),
        };
        if !matches!(agent.state, AgentState::Active { .. } | AgentState::Suspended { .. }) {
            let refusal = Refusal::NotActive(agent);
            return Ok(Decision::Refused(NotDecided::Agent(refusal)));
        }
        self.decide_on(by, id, Step::Claim { agent: agent.id }, once).await
    }

    /// Security says that it is no agent.
    pub async fn dismiss_discovery(
        &self,
        by: &PersonId,
        id: DiscoveryId,
        reason: &str,
        once: Option<OnceKey>,
    ) -> Result<Decision> {
        if !self.is_of_security(by).await? {
            return Ok(Decision::Refused(NotDecided::NotSecurity));
        }
        let reason = clean(reason, LONGEST_TEXT);
        if reason.is_empty() {
            return Ok(Decision::Refused(NotDecided::NoReason));
        }
        self.decide_on(by, id, Step::Dismiss { reason }, once).await
    }

    /// Security wants to be told again later.
    pub async fn put_discovery_off(
        &self,
        by: &PersonId,
        id: DiscoveryId,
        once: Option<OnceKey>,
    ) -> Result<Decision> {
        self.decide_as_security(by, id, Step::PutOff, once).await
    }

    /// Security says that it is not the agent's whose it was taken for.
    pub async fn correct_discovery(
        &self,
        by: &PersonId,
        id: DiscoveryId,
        once: Option<OnceKey>,
    ) -> Result<Decision> {
        self.decide_as_security(by, id, Step::Correct, once).await
    }

    /// A step that only security may do.
    async fn decide_as_security(
        &self,
        by: &PersonId,
        id: DiscoveryId,
        step: Step,
        once: Option<OnceKey>,
    ) -> Result<Decision> {
        if !self.is_of_security(by).await? {
            return Ok(Decision::Refused(NotDecided::NotSecurity));
        }
        self.decide_on(by, id, step, once).await
    }

    /// Who was asked says that it is not theirs.
    pub async fn hand_discovery_back(
        &self,
        by: &PersonId,
        id: DiscoveryId,
        once: Option<OnceKey>,
    ) -> Result<Decision> {
        self.decide_on(by, id, Step::HandBack, once).await
    }

    /// What the person may decide on, before a form is opened for it.
    pub async fn discovery_to_decide(
        &self,
        by: &PersonId,
        id: DiscoveryId,
    ) -> Result<std::result::Result<DiscoveryOf, Decision>> {
        if !self.is_of_security(by).await? {
            return Ok(Err(Decision::Refused(NotDecided::NotSecurity)));
        }
        Ok(match self.discovery_of(id).await? {
            None => Err(Decision::Refused(NotDecided::Unknown)),
            Some(of) if !of.discovery.is_open() => Err(Decision::Late(Box::new(of))),
            Some(of) => Ok(of),
        })
    }

    /// What the person is asked to register, before the form is opened for it.
    pub async fn discovery_to_register(
        &self,
        by: &PersonId,
        id: DiscoveryId,
    ) -> Result<std::result::Result<DiscoveryOf, Decision>> {
        let Some(of) = self.discovery_of(id).await? else {
            return Ok(Err(Decision::Refused(NotDecided::Unknown)));
        };
        Ok(match &of.discovery.state {
            DiscoveryState::Asked { of: asked, agent: None, .. } if asked == by => Ok(of),
            DiscoveryState::Asked { of: asked, .. } if asked != by => {
                Err(Decision::Refused(NotDecided::NotAsked { of: asked.clone() }))
            }
            _ => Err(Decision::Late(Box::new(of))),
        })
    }

    /// What was found under this id, with its agent.
    pub async fn discovery_of(&self, id: DiscoveryId) -> Result<Option<DiscoveryOf>> {
        let mut session = self.parts.store.read().await?;
        Ok(super::found(&mut session, id).await?)
    }

    async fn decide_on(
        &self,
        by: &PersonId,
        id: DiscoveryId,
        step: Step,
        once: Option<OnceKey>,
    ) -> Result<Decision> {
        let (now, entropy, by) = (self.now(), self.entropy(), by.clone());
        let remind_after = self.policy().discovery().remind_after;
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(before) = tx.discovery(id).await? else {
                    return Ok(Decision::Refused(NotDecided::Unknown));
                };
                let asked = match (&step, &before.state) {
                    (Step::HandBack, DiscoveryState::Asked { of, .. }) if *of != by => {
                        let of = of.clone();
                        return Ok(Decision::Refused(NotDecided::NotAsked { of }));
                    }
                    (Step::Ask { of }, _) => Some(of.clone()),
                    _ => None,
                };
                let Taken { after, what, again_at } =
                    match taken(step, before.clone(), &by, remind_after, now) {
                        Ok(taken) => taken,
                        Err(Decided(it)) => {
                            return Ok(Decision::Late(Box::new(with_agent(tx, *it).await?)));
                        }
                    };
                change(tx, &entropy, &before, &after, Actor::Person(by), what, now).await?;
                if let Some(at) = again_at {
                    let due = Due::DiscoveryReminder { discovery: id };
                    tx.put_deadline(&due_at(&entropy, now, at, due)).await?;
                }
                if let Some(of) = asked {
                    let place = Place::Person(of.clone());
                    let notice = Notice::DiscoveryAsked { discovery: id, of };
                    bulletins::post(tx, &entropy, &id, place, notice, now).await?;
                }
                Ok(Decision::Done(Box::new(with_agent(tx, after).await?)))
            })
        });
        self.once(once, work).await
    }
}
