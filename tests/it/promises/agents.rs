//! What people do with agents and with what those have.

use countersign::service::certifications::outcome::Certify;
use countersign::service::incidents::Incidental;
use countersign::service::outcome::{Ended, Stopped};
use countersign::service::owners::outcome::Taken;
use countersign::service::retire::Retired;

use super::asks::agrees;
use super::model::{Review, Stands};
use super::{Case, person};

impl Case<'_> {
    pub(super) async fn revoke_or_release(&mut self) {
        let (Some(grant), now) = (self.a_grant(), self.office.now()) else { return };
        let held = self.model.grants[&grant].clone();
        let reference = self.reference(grant).await;
        let likely = self.owner_of(Some(held.agent));
        let who = self.dice.who(&likely);
        let release = self.dice.below(2) == 0;
        let by = person(&who);
        let said = self
            .does(async |service, once| {
                if release {
                    service.release(&by, &reference, once).await
                } else {
                    service.revoke(&by, &reference, "enough", once).await
                }
            })
            .await;
        let may = if release { likely.contains(&who) } else { self.model.may_revoke(&who, grant) };
        let done = may && held.is_live(now);
        let got = match &said.answer {
            Ended::Done { .. } => "done",
            Ended::Refused(_) => "refused",
            Ended::Before => "before",
        };
        agrees(&said, got, if done { "done" } else { "refused" }, &format!("{who} ends {held:?}"));
        if done && let Some(held) = self.model.grants.get_mut(&grant) {
            held.state = if release { "released" } else { "revoked" };
        }
    }

    pub(super) async fn stop_or_reinstate(&mut self) {
        let (now, (name, agent)) = (self.office.now(), self.a_name_of(|a| a.stands.lives()));
        let Some(no) = agent else { return };
        if self.model.agents[no].stands == Stands::Stopped || self.dice.below(8) == 0 {
            return Box::pin(self.reinstate(name, no)).await;
        }
        let likely = self.owner_of(agent);
        let who = self.dice.who(&likely);
        let said = self
            .does(async |service, once| service.stop(&person(&who), name, "it loops", once).await)
            .await;
        let owns = self.model.agents[no].owner == who && self.model.is_member(&who);
        let done = (owns || self.model.is(&who, "security")) && self.model.can_be_stopped(no);
        let got = match &said.answer {
            Stopped::Done { .. } => "done",
            Stopped::Refused(_) => "refused",
            Stopped::Before => "before",
        };
        agrees(&said, got, if done { "done" } else { "refused" }, &format!("{who} stops {name}"));
        if done {
            self.model.stop(no, now);
        }
    }

    /// Something is wrong with it.
    pub(super) async fn open_incident(&mut self) {
        let (now, (name, agent)) = (self.office.now(), self.a_name_of(|a| a.stands.lives()));
        let likely: Vec<String> = self.model.roles["security"].iter().cloned().collect();
        let who = self.dice.who(&likely);
        let said = self
            .does(async |service, once| {
                service.open_incident(&person(&who), name, "it deletes rows", once).await
            })
            .await;
        let opens = agent.is_some_and(|no| {
            let a = &self.model.agents[no];
            let handles = ["security", "team-lead", "on-call"];
            let may = a.owner == who || handles.iter().any(|role| self.model.is(&who, role));
            self.model.is_member(&who) && may && a.stands != Stands::Pending && !a.incident
        });
        let got = match &said.answer {
            Incidental::Opened(_) | Incidental::Closed(_) => "opened",
            Incidental::Refused(_) => "refused",
            Incidental::Before => "before",
        };
        let expected = if opens { "opened" } else { "refused" };
        agrees(&said, got, expected, &format!("{who} opens an incident about {name}"));
        if let (Some(no), true) = (agent, opens) {
            self.model.agents[no].incident = true;
            if self.model.can_be_stopped(no) {
                self.model.stop(no, now);
            }
        }
    }

    /// It is ended for good; seldom, because its name is gone with it.
    pub(super) async fn retire(&mut self) {
        let (now, (name, agent)) = (self.office.now(), self.a_name_of(|a| a.stands.lives()));
        let Some(no) = agent else { return };
        let likely = if self.dice.below(4) == 0 { self.owner_of(agent) } else { Vec::new() };
        let who = self.dice.who(&likely);
        let id = self.office.agent(name).await.id;
        let said = self
            .does(async |service, once| service.retire(&person(&who), id, "done", once).await)
            .await;
        let owns = self.model.agents[no].owner == who && self.model.is_member(&who);
        let done =
            (owns || self.model.is(&who, "security")) && self.model.agents[no].stands.lives();
        let got = match &said.answer {
            Retired::Done(_) => "done",
            Retired::Refused(_) => "refused",
            Retired::Before => "before",
        };
        agrees(&said, got, if done { "done" } else { "refused" }, &format!("{who} retires {name}"));
        if done {
            self.model.retire(no, now);
        }
    }

    /// The owner, or another, says that it is still needed.
    pub(super) async fn certify(&mut self) {
        let asked = self.a_name_of(|a| a.review != Review::NotNow);
        let (now, (name, agent)) = (self.office.now(), asked);
        let Some(no) = agent else { return };
        let id = self.office.agent(name).await.id;
        let store = self.office.store().await;
        let newest = store.read().await.expect("a session").newest_certification(id).await;
        let Some(review) = newest.expect("a read") else { return };
        let likely = self.owner_of(agent);
        let who = self.dice.who(&likely);
        let said = self
            .does(async |service, once| {
                service.certify(&person(&who), review.id, Vec::new(), once).await
            })
            .await;
        let a = &self.model.agents[no];
        let asked = match (a.stands, a.review) {
            (Stands::Active, review) => review != Review::NotNow,
            (Stands::Uncertified, review) => review == Review::Missed,
            _ => false,
        };
        let done = self.model.answers_for(&who, no) && asked;
        let got = match &said.answer {
            Certify::Done { .. } => "done",
            Certify::Before => "before",
            _ => "refused",
        };
        let expected = if done { "done" } else { "refused" };
        agrees(&said, got, expected, &format!("{who} certifies {name} {a:?}"));
        if done {
            self.model.certified(no, now);
        }
    }

    /// A lead, or security, takes what nobody answers for.
    pub(super) async fn take(&mut self) {
        let (name, agent) = self.a_name_of(|a| a.orphaned.is_some());
        let likely = self.model.roles["team-lead"].iter().chain(&self.model.roles["security"]);
        let likely: Vec<String> = likely.cloned().collect();
        let who = self.dice.who(&likely);
        let said =
            self.does(async |service, once| service.take(&person(&who), name, once).await).await;
        let done = agent.is_some_and(|no| {
            let a = &self.model.agents[no];
            (self.model.is(&who, "team-lead") || self.model.is(&who, "security"))
                && a.stands.lives()
                && a.orphaned.is_some()
        });
        let got = match &said.answer {
            Taken::Done { .. } => "done",
            Taken::Refused(_) => "refused",
            Taken::Before => "before",
        };
        agrees(&said, got, if done { "done" } else { "refused" }, &format!("{who} takes {name}"));
        if let (Some(no), true) = (agent, done) {
            self.model.owned_by(no, &who);
        }
    }
}
