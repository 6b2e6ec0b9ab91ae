//! What is compared with the model: every grant at this very moment, every agent, and the whole log.

use std::collections::BTreeSet;

use countersign::domain::agent::{Agent, AgentState, Cause};
use countersign::domain::event::{Actor, Body, What};
use countersign::domain::ids::{GrantId, RequestId};
use countersign::domain::person::PersonId;
use countersign::service::input::OnceKey;

use super::model::{ACCESSES, Asks, Stands};
use super::{Case, Pace, person};

fn stands(agent: &Agent) -> Stands {
    match (&agent.state, agent.cause()) {
        (AgentState::Pending { .. }, _) => Stands::Pending,
        (AgentState::Active { .. }, _) => Stands::Active,
        (AgentState::Retired { .. }, _) => Stands::Retired,
        (AgentState::Rejected { .. }, _) => Stands::Rejected,
        (_, Some(Cause::Uncertified)) => Stands::Uncertified,
        (_, Some(Cause::Ownerless)) => Stands::Ownerless,
        (_, _) => Stands::Stopped,
    }
}

impl Case<'_> {
    pub(super) fn last_click(&self) -> OnceKey {
        OnceKey(format!("step-{}", self.clicks))
    }

    /// What is on the record since this was asked last.
    pub(super) async fn fresh(&mut self) -> Vec<What> {
        let store = self.office.store().await;
        let mut session = store.read().await.expect("a session");
        let mut fresh = Vec::new();
        loop {
            let lines = session.lines(self.seen, 500).await.expect("lines");
            let Some(last) = lines.last() else { return fresh };
            self.seen = last.seq;
            fresh.extend(lines.iter().map(|line| {
                serde_json::from_str::<Body>(&line.body).expect("a line that can be read").what
            }));
        }
    }

    /// The request that was opened by the last click, and the grant that it started at once.
    pub(super) async fn opened(&mut self) -> (RequestId, Option<GrantId>) {
        let fresh = self.fresh().await;
        let mut requests = fresh.iter().filter_map(|what| match what {
            What::RequestOpened { request, .. } => Some(*request),
            _ => None,
        });
        let request = requests.next().expect("a request is on the record");
        assert_eq!(requests.next(), None, "one click is one request");
        let grant = fresh.iter().find_map(|what| match what {
            What::GrantStarted { grant, .. } => Some(*grant),
            _ => None,
        });
        (request, grant)
    }

    /// Promises 1, 6 and 7, at this very moment, whether or not the workers have noticed it.
    pub(super) async fn grants_agree(&self) {
        let (store, now) = (self.office.store().await, self.office.now());
        let mut session = store.read().await.expect("a session");
        for name in super::AGENTS {
            let Some(no) = self.model.named(name) else { continue };
            let Some(agent) = session.agent_by_slug(name).await.expect("a read") else { continue };
            for (access, ..) in ACCESSES {
                let asked = access.parse().expect("an access");
                let live = session.live_grant_for(agent.id, &asked, now).await.expect("a read");
                let expected = self.model.has(no, access, now);
                assert_eq!(live.is_some(), expected, "{name} {access} at {now}");
            }
        }
    }

    /// Every agent that has a name stands as it must, and who answers for it does.
    pub(super) async fn agents_agree(&self) {
        assert!(self.nobody_waits_in_vain());
        for name in super::AGENTS {
            let store = self.office.store().await;
            let Some(no) = self.model.named(name) else {
                // In days the workers may be behind with what has expired.
                if matches!(self.pace, Pace::Months) {
                    let what = format!("{name} is nobody's name at {}", self.office.now());
                    self.office
                        .until_so(&what, || async {
                            let mut session = store.read().await.expect("a session");
                            session.agent_by_slug(name).await.expect("a read").is_none()
                        })
                        .await;
                }
                continue;
            };
            let expected = &self.model.agents[no];
            let found = store.read().await.expect("a session").agent_by_slug(name).await;
            let found = found.expect("a read");
            let what = format!("{name} at {}: {expected:?}, at first {found:?}", self.office.now());
            // What Slack tells by the way comes in its time.
            self.office
                .until_so(&what, || async {
                    let mut session = store.read().await.expect("a session");
                    let found = session.agent_by_slug(name).await.expect("a read");
                    found.is_some_and(|agent| {
                        stands(&agent) == expected.stands
                            && agent.owner == person(&expected.owner)
                            && agent.tier.number() == expected.tier
                            && agent.orphaned.as_ref().map(|orphaned| orphaned.since)
                                == expected.orphaned
                    })
                })
                .await;
        }
    }

    /// The record tells the same story: promises 2, 3, 5, 8 and 10.
    pub(super) async fn log_agrees(&mut self) {
        self.model.at(self.office.now());
        let log = self.office.log().await;
        let count = |kind: &dyn Fn(&What) -> bool| log.iter().filter(|b| kind(&b.what)).count();
        let ended = |word: &str| self.model.questions.values().filter(|q| q.state == word).count();
        let held = |word: &str| self.model.grants.values().filter(|h| h.state == word).count();
        let emergencies = self.model.questions.values();
        let emergencies = emergencies.filter(|q| matches!(q.asks, Asks::Emergency { .. })).count();
        let opened = count(&|w| matches!(w, What::RequestOpened { .. }));
        assert_eq!(opened, self.model.questions.len());
        assert_eq!(count(&|w| matches!(w, What::VoteCast { .. })), self.model.votes);
        let approved = count(&|w| matches!(w, What::RequestApproved { .. }));
        assert_eq!(approved, ended("approved") - emergencies);
        assert_eq!(count(&|w| matches!(w, What::RequestDenied { .. })), ended("denied"));
        assert_eq!(count(&|w| matches!(w, What::RequestCancelled { .. })), ended("cancelled"));
        assert_eq!(count(&|w| matches!(w, What::RequestExpired { .. })), ended("expired"));
        assert_eq!(count(&|w| matches!(w, What::GrantStarted { .. })), self.model.grants.len());
        assert_eq!(count(&|w| matches!(w, What::GrantExpired { .. })), held("expired"));
        assert_eq!(count(&|w| matches!(w, What::GrantRevoked { .. })), held("revoked"));
        assert_eq!(count(&|w| matches!(w, What::GrantReleased { .. })), held("released"));
        for Body { actor, what } in &log {
            match what {
                What::RequestApproved { request, rule: None, people } => {
                    let question = &self.model.questions[request];
                    let distinct: BTreeSet<&PersonId> = people.iter().collect();
                    assert_eq!(distinct.len(), question.needs.len(), "{question:?}");
                    assert!(!distinct.contains(&person(&question.asked_by)), "{question:?}");
                    for who in distinct {
                        // In months, who said yes may have left since.
                        let member = self.model.is_member(&who.user);
                        assert!(member || matches!(self.pace, Pace::Months), "{who} {question:?}");
                    }
                }
                What::VoteCast { request, .. } => {
                    let Actor::Person(by) = actor else { panic!("nobody voted: {what:?}") };
                    assert!(self.names[request].contains(&by.user), "{by} did not click");
                }
                _ => {}
            }
        }
        let store = self.office.store().await;
        let mut session = store.read().await.expect("a session");
        for (id, question) in &self.model.questions {
            let kept = session.request(*id).await.expect("a read").expect("the request");
            assert_eq!(kept.state.word(), question.state, "{}: {question:?}", kept.reference);
        }
        for (id, held) in &self.model.grants {
            let kept = session.grant(*id).await.expect("a read").expect("the grant");
            assert_eq!(kept.state.word(), held.state, "{}: {held:?}", kept.reference);
            assert_eq!(kept.expires_at, held.until);
        }
    }
}
