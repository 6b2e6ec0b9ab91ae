//! What people ask for.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use countersign::domain::event::What;
use countersign::domain::ids::{GrantId, RequestId};
use countersign::domain::role::TeamName;
use countersign::domain::tier::Answers;
use countersign::service::emergency::Broken;
use countersign::service::input::{
    DelegationForm, ExtensionForm, GrantForm, RegistrationForm, TierForm,
};
use countersign::service::outcome::{Asked, Delegated, Registered};
use countersign::service::owners::outcome::HandoverForm;

use super::model::{
    ACCESSES, APPEAL_WITHIN, Asks, BOARD, Lets, REVIEWERS, Review, Stands, Word, Worker, longest,
    needed, needs,
};
use super::upheaval::Said;
use super::{Case, MEMBERS, PEOPLE, Pace, person};

/// The answer in a word, as the model has it.
pub fn asked(said: &Asked) -> &'static str {
    match said {
        Asked::Opened { .. } => "opened",
        Asked::Approved { .. } => "approved",
        Asked::Refused(_) => "refused",
        Asked::Before => "before",
    }
}

/// The answer is what the model expects; or, if it was clicked twice because a server died, that it
/// was done before.
pub fn agrees<T: std::fmt::Debug>(said: &Said<T>, got: &str, expected: &str, about: &str) {
    let done = !matches!(expected, "refused" | "invalid");
    let before = got == "before" && said.again && done;
    assert!(before || got == expected, "{about}: {got}, not {expected}: {:?}", said.answer);
}

impl Case<'_> {
    pub(super) async fn register(&mut self) {
        // Whether an expired registration has freed its name depends on the workers.
        self.office.settled().await;
        let now = self.office.now();
        let (by, name) = (self.dice.of(&PEOPLE[..MEMBERS + 1]), self.dice.of(&super::AGENTS));
        let owner = if self.dice.below(3) == 0 { self.dice.of(&PEOPLE) } else { by };
        let tier = 1 + self.dice.below(3) as u8;
        let answers = Answers { writes: tier == 2, money: tier == 3, ..Answers::default() };
        let form = RegistrationForm {
            credential: None,
            name: name.to_owned(),
            purpose: "answers".to_owned(),
            systems: "tickets".to_owned(),
            runs_on: "kubernetes".to_owned(),
            model: "a model".to_owned(),
            answers,
            team: TeamName::new("support").to_string(),
            owner: Some(person(owner)),
        };
        let said = self
            .does(async |service, once| service.register(&person(by), form.clone(), once).await);
        let said = said.await;
        let expected = if !self.model.is_member(by) {
            "refused"
        } else if self.model.named(name).is_some() || !self.model.is_member(owner) {
            "invalid"
        } else if !self.model.can_be_decided(&needs(tier), &[by, owner]) {
            "refused"
        } else {
            "opened"
        };
        let got = match &said.answer {
            Registered::Opened { .. } => "opened",
            Registered::Refused(_) => "refused",
            Registered::Invalid(_) | Registered::InvalidCredential(_) => "invalid",
            Registered::Approved { .. } => "approved",
            Registered::Before => "before",
        };
        agrees(&said, got, expected, &format!("{by} registers {name} of {owner}, tier {tier}"));
        if expected == "opened" {
            let worker = Worker {
                name: name.to_owned(),
                owner: owner.to_owned(),
                tier,
                least: tier,
                stands: Stands::Pending,
                certified_until: now,
                review: Review::NotNow,
                orphaned: None,
                incident: false,
                denied: BTreeSet::new(),
            };
            self.model.agents.push(worker);
            let agent = self.model.agents.len() - 1;
            let (request, _) = self.opened().await;
            self.model.put(request, by, agent, Asks::Registration, tier, now);
        }
    }

    pub(super) async fn ask(&mut self) {
        let (now, (name, agent)) =
            (self.office.now(), self.a_name_of(|a| a.stands == Stands::Active));
        let likely = self.owner_of(agent);
        let who = self.dice.who(&likely);
        let (access, needed, by_itself) = self.dice.of(&ACCESSES);
        let minutes = self.dice.of(&[10, 60, 61, 240, 480, 481]);
        let lasting = minutes * 60;
        let form = GrantForm {
            agent: name.to_owned(),
            access: access.to_owned(),
            lasting: format!("{minutes}m"),
            because: "customer support".to_owned(),
        };
        let said = self
            .does(async |service, once| service.ask_grant(&person(&who), &form, once).await)
            .await;
        let mut tier = needed;
        let mut raises = false;
        let expected = match agent {
            Some(no)
                if self.model.answers_for(&who, no)
                    && self.model.agents[no].stands == Stands::Active =>
            {
                let a = &self.model.agents[no];
                (tier, raises) = (needed.max(a.tier), needed > a.tier);
                let has = self.model.grants.values().any(|h| {
                    h.agent == no
                        && h.access == access
                        && h.is_live(now)
                        && (h.until - now).num_seconds() >= lasting * 19 / 20
                });
                let ordinary =
                    !a.denied.contains(access) && needed <= a.tier && now < a.certified_until;
                let rule = ordinary
                    && by_itself.is_some_and(|(up_to, most)| lasting <= up_to && tier <= most);
                let same =
                    |asks: &Asks| matches!(asks, Asks::Grant { access: a, .. } if a == access);
                let nobody = !rule && !self.model.can_be_decided(&needs(tier), &[&who, &a.owner]);
                if lasting > longest(tier) || has || nobody || self.model.is_asked(no, same) {
                    "refused"
                } else if rule {
                    "approved"
                } else {
                    "opened"
                }
            }
            _ => "refused",
        };
        let got = asked(&said.answer);
        agrees(&said, got, expected, &format!("{who} asks {access} for {name} for {minutes}m"));
        if let (Some(no), true) = (agent, expected != "refused") {
            let (request, grant) = self.opened().await;
            let asks = Asks::Grant { access: access.to_owned(), lasting, raises };
            self.model.put(request, &who, no, asks, tier, now);
            if expected == "approved" {
                self.model.approved(request, now);
                self.model.granted(request, grant.expect("a grant"), now);
            }
        }
    }

    pub(super) async fn extend(&mut self) {
        let (Some(grant), now) = (self.a_grant(), self.office.now()) else { return };
        let held = self.model.grants[&grant].clone();
        let likely = self.owner_of(Some(held.agent));
        let who = self.dice.who(&likely);
        let minutes = self.dice.of(&[30, 240, 480]);
        let form = ExtensionForm {
            grant: self.reference(grant).await,
            by: format!("{minutes}m"),
            because: "still at it".to_owned(),
        };
        let said = self
            .does(async |service, once| service.ask_extension(&person(&who), &form, once).await)
            .await;
        let agent = &self.model.agents[held.agent];
        let tier = agent.tier.max(needed(&held.access));
        let total = (held.until - held.from).num_seconds() + minutes * 60;
        let same = |asks: &Asks| matches!(asks, Asks::Extension { grant: g, .. } if *g == grant);
        let opens = self.model.answers_for(&who, held.agent)
            && agent.stands == Stands::Active
            && held.is_live(now)
            && minutes * 60 <= longest(tier)
            && total <= 3 * longest(tier)
            && self.model.can_be_decided(&needs(tier), &[&who, &agent.owner])
            && !self.model.is_asked(held.agent, same);
        let expected = if opens { "opened" } else { "refused" };
        agrees(&said, asked(&said.answer), expected, &format!("{who} extends {held:?}"));
        if opens {
            let (request, _) = self.opened().await;
            let asks = Asks::Extension { grant, access: held.access, by: minutes * 60 };
            self.model.put(request, &who, held.agent, asks, tier, now);
        }
    }

    pub(super) async fn reference(&self, grant: GrantId) -> String {
        let found = self.service.grant_and_agent(grant).await.expect("a read");
        found.expect("the grant").0.reference.to_string()
    }

    /// The owner asks that a stopped agent goes on.
    pub(super) async fn reinstate(&mut self, name: &str, no: usize) {
        let now = self.office.now();
        let likely = self.owner_of(Some(no));
        let who = self.dice.who(&likely);
        let said = self
            .does(async |service, once| {
                service.ask_reinstatement(&person(&who), name, "mended", once).await
            })
            .await;
        let known = &self.model.agents[no];
        let tier = known.tier;
        let same = |asks: &Asks| matches!(asks, Asks::Reinstatement);
        let opens = self.model.answers_for(&who, no)
            && known.stands == Stands::Stopped
            && self.model.can_be_decided(&needs(tier), &[&who, &known.owner])
            && !self.model.is_asked(no, same);
        let expected = if opens { "opened" } else { "refused" };
        agrees(&said, asked(&said.answer), expected, &format!("{who} reinstates {name}"));
        if opens {
            let (request, _) = self.opened().await;
            self.model.put(request, &who, no, Asks::Reinstatement, tier, now);
        }
    }

    /// The owner, or security, asks for another tier.
    pub(super) async fn another_tier(&mut self) {
        let (now, (name, agent)) =
            (self.office.now(), self.a_name_of(|a| a.stands == Stands::Active));
        let likely = self.owner_of(agent);
        let (who, to) = (self.dice.who(&likely), 1 + self.dice.below(3) as u8);
        let form = TierForm {
            agent: name.to_owned(),
            to: to.to_string(),
            because: "it does something else".to_owned(),
        };
        let said = self
            .does(async |service, once| service.ask_tier(&person(&who), &form, once).await)
            .await;
        let same = |asks: &Asks| matches!(asks, Asks::Tier { .. });
        let tier = agent.map_or(to, |no| self.model.agents[no].tier.max(to));
        let opens = agent.is_some_and(|no| {
            let a = &self.model.agents[no];
            let may = self.model.answers_for(&who, no)
                || (self.model.is(&who, "security") && a.orphaned.is_none());
            may && a.stands == Stands::Active
                && to != a.tier
                && to >= a.least
                && self.model.can_be_decided(&needs(tier), &[&who, &a.owner])
                && !self.model.is_asked(no, same)
        });
        let expected = if opens { "opened" } else { "refused" };
        agrees(&said, asked(&said.answer), expected, &format!("{who} wants {name} tier {to}"));
        if let (Some(no), true) = (agent, opens) {
            let (request, _) = self.opened().await;
            self.model.put(request, &who, no, Asks::Tier { to }, tier, now);
        }
    }

    /// The owner, a lead or security asks that somebody else answers for it.
    pub(super) async fn hand_over(&mut self) {
        let (now, (name, agent)) =
            (self.office.now(), self.a_name_of(|a| a.stands == Stands::Active));
        let likely = self.owner_of(agent);
        let (who, to) = (self.dice.who(&likely), self.dice.of(&PEOPLE));
        let form = HandoverForm {
            agent: name.to_owned(),
            to: Some(person(to)),
            because: "she leads the project now".to_owned(),
        };
        let said = self
            .does(async |service, once| service.ask_handover(&person(&who), &form, once).await)
            .await;
        let opens = agent.is_some_and(|no| {
            let a = &self.model.agents[no];
            let may = a.owner == who
                || self.model.is(&who, "team-lead")
                || self.model.is(&who, "security");
            self.model.is_member(&who)
                && may
                && a.stands.lives()
                && to != a.owner
                && self.model.is_member(to)
                && self.model.agrees_to_handover(&[&who, &a.owner, to]).is_some()
                && !self.model.is_asked(no, |asks| matches!(asks, Asks::Handover { .. }))
        });
        let expected = if opens { "opened" } else { "refused" };
        agrees(&said, asked(&said.answer), expected, &format!("{who} hands {name} to {to}"));
        if let (Some(no), true) = (agent, opens) {
            let (request, _) = self.opened().await;
            let tier = self.model.agents[no].tier;
            self.model.put(request, &who, no, Asks::Handover { to: to.to_owned() }, tier, now);
        }
    }

    /// Who asked, or the owner, does not accept a no.
    pub(super) async fn appeal(&mut self) {
        let asked = self.model.asked.iter().copied();
        let denied: Vec<_> =
            asked.filter(|id| self.model.questions[id].state == "denied").collect();
        let of = if denied.is_empty() { self.a_request() } else { Some(self.dice.of(&denied)) };
        if let Some(of) = of {
            self.appeal_against(of).await;
        }
    }

    pub(super) async fn appeal_against(&mut self, of: RequestId) {
        // Whether another registration that expired has freed a name depends on the workers.
        self.office.settled().await;
        let now = self.office.now();
        let question = self.model.questions[&of].clone();
        let owner = self.model.agent_of(of).owner.clone();
        let who = self.dice.who(&[question.asked_by.clone(), owner.clone()]);
        let reference = self.service.request_and_agent(of).await.expect("a read");
        let reference = reference.expect("the request").0.reference.to_string();
        let because = "the copy is a day behind";
        let said = self
            .does(async |service, once| {
                service.appeal(&person(&who), &reference, because, once).await
            })
            .await;
        let opens = question.denied.as_ref().is_some_and(|no| {
            let acceptor = self.model.acceptor(&question);
            let mut without = vec![who.as_str(), &question.asked_by, &no.by, &owner, acceptor];
            without.extend(no.in_place_of.iter().map(String::as_str));
            self.model.is_member(&who)
                && question.appeals.is_none()
                && !question.was_appealed
                && (question.asked_by == who || owner == who)
                && !(no.by == owner && question.word == Word::Awaited)
                && now < no.at + APPEAL_WITHIN
                && self.model.can_become_true(&question)
                && self.model.can_be_decided(&BOARD, &without)
        });
        let expected = if opens { "opened" } else { "refused" };
        let about = format!("{who} appeals {reference} {question:?}");
        agrees(&said, asked(&said.answer), expected, &about);
        if opens {
            let (request, _) = self.opened().await;
            self.model.put_appeal(request, &who, of, now);
            if matches!(self.pace, Pace::Months) {
                Box::pin(self.everybody_answers_to(request)).await;
            }
        }
    }

    /// Something cannot wait.
    pub(super) async fn break_glass(&mut self) {
        let (now, (name, agent)) =
            (self.office.now(), self.a_name_of(|a| a.stands == Stands::Active));
        let likely = self.model.roles["team-lead"].iter().chain(&self.model.roles["on-call"]);
        let likely: Vec<String> = likely.cloned().collect();
        let who = self.dice.who(&likely);
        let tier = agent.map_or(3, |no| self.model.agents[no].tier);
        let within: Vec<_> = ACCESSES.into_iter().filter(|(_, needs, _)| *needs <= tier).collect();
        let (access, needed, _) =
            if self.dice.below(4) == 0 { self.dice.of(&ACCESSES) } else { self.dice.of(&within) };
        let minutes = self.dice.of(&[15, 30, 60, 61]);
        let lasting = minutes * 60;
        let form = GrantForm {
            agent: name.to_owned(),
            access: access.to_owned(),
            lasting: format!("{minutes}m"),
            because: "orders are stuck since noon".to_owned(),
        };
        let said = self
            .does(async |service, once| service.break_glass(&person(&who), &form, once).await)
            .await;
        let opens = agent.is_some_and(|no| {
            let a = &self.model.agents[no];
            let has = self.model.grants.values().any(|h| {
                h.agent == no
                    && h.access == access
                    && h.is_live(now)
                    && (h.until - now).num_seconds() >= lasting
            });
            let owes = self
                .model
                .questions
                .values()
                .any(|q| q.is_review() && q.is_open() && q.asked_by == who);
            (self.model.is(&who, "team-lead") || self.model.is(&who, "on-call"))
                && a.stands == Stands::Active
                && a.orphaned.is_none()
                && needed <= a.tier
                && minutes <= 60
                && !has
                && !owes
                && self.model.can_be_decided(&REVIEWERS, &[&who, &a.owner])
        });
        let got = match &said.answer {
            Broken::Opened { .. } => "opened",
            Broken::Refused(_) => "refused",
            Broken::Before => "before",
        };
        let expected = if opens { "opened" } else { "refused" };
        agrees(&said, got, expected, &format!("{who} breaks the glass for {name} {access}"));
        if let (Some(no), true) = (agent, opens) {
            let fresh = self.fresh().await;
            let (request, review) = fresh
                .iter()
                .find_map(|what| match what {
                    What::EmergencyOpened { request, review, .. } => Some((*request, *review)),
                    _ => None,
                })
                .expect("the emergency is on the record");
            let grant = fresh.iter().find_map(|what| match what {
                What::GrantStarted { grant, .. } => Some(*grant),
                _ => None,
            });
            let grant = grant.expect("the grant is on the record");
            let tier = self.model.agents[no].tier;
            let access = access.to_owned();
            let asks = Asks::Emergency { access: access.clone(), lasting };
            self.model.put(request, &who, no, asks, tier, now);
            self.model.approved(request, now);
            self.model.granted(request, grant, now);
            self.model.put(review, &who, no, Asks::Review { grant, access }, tier, now);
        }
    }

    /// Somebody lets another answer, for all roles or for one; another to the same person is in the
    /// place of the one before.
    pub(super) async fn delegate(&mut self) {
        let (from, to) = (self.dice.of(&PEOPLE), self.dice.of(&PEOPLE));
        let role = self.dice.of(&[None, None, Some("security"), Some("team-lead")]);
        let hours = self.dice.of(&[2, 12, 48]);
        let form = DelegationForm {
            to: Some(person(to)),
            until: format!("{hours}h"),
            roles: role.into_iter().map(str::to_owned).collect(),
        };
        let said = self
            .does(async |service, once| service.delegate(&person(from), &form, once).await)
            .await;
        let may = self.model.is_member(from) && self.model.is_member(to) && from != to;
        let got = match &said.answer {
            Delegated::Done { .. } => "done",
            Delegated::Before => "before",
            _ => "refused",
        };
        let expected = if may { "done" } else { "refused" };
        agrees(&said, got, expected, &format!("{from} lets {to} answer"));
        if may {
            self.model.lets.retain(|lets| lets.from != from || lets.to != to);
            let until = self.office.now() + TimeDelta::hours(hours);
            let (from, to) = (from.to_owned(), to.to_owned());
            self.model.lets.push(Lets { from, to, role, until });
        }
    }
}
