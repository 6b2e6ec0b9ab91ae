//! What becomes of agents: by people, and by the time alone.

use chrono::TimeDelta;
use countersign::domain::ids::{GrantId, RequestId};
use countersign::domain::time::Timestamp;

use super::{
    Appealed, Asks, Held, Model, No, Question, Review, Role, Stands, Word, decide_within, needed,
    needs,
};

/// How long an owner's word holds; how long before its end they are asked; what is borne after it.
const CERTIFIED: TimeDelta = TimeDelta::days(90);
const ASKED_BEFORE: TimeDelta = TimeDelta::days(14);
const GRACE: TimeDelta = TimeDelta::days(7);
/// How long nobody answers for an agent before it is stopped; and, after that, retired.
const COUNTDOWN: TimeDelta = TimeDelta::days(30);
const RETIRED_AFTER: TimeDelta = TimeDelta::days(60);
/// How long the board of appeals has, and until when it can be called.
const BOARD_DECIDES: TimeDelta = TimeDelta::days(2);
pub const APPEAL_WITHIN: TimeDelta = TimeDelta::days(7);
/// Who hears appeals.
pub const BOARD: [Role; 2] = ["vp", "compliance"];
/// Who says whether it was an emergency.
pub const REVIEWERS: [Role; 1] = ["security"];

/// What the time brings an agent.
#[derive(Clone, Copy)]
enum Falls {
    Asked,
    Uncertified,
    Ownerless,
    Retired,
}

impl Model {
    /// The time goes on: what nobody answered has expired, and what was granted has ended. That is
    /// true by the clock, whether or not a server is there.
    pub fn at(&mut self, now: Timestamp) {
        let mut over = Vec::new();
        for (id, question) in &mut self.questions {
            if question.is_open() && question.decide_by.is_some_and(|by| now >= by) {
                question.state = "expired";
                over.push(*id);
            }
        }
        for id in over {
            self.came_to_nothing(id);
        }
        for held in self.grants.values_mut() {
            if held.state == "active" && now >= held.until {
                held.state = "expired";
            }
        }
    }

    /// What a server does that is there now: what has fallen due is done, in its order.
    pub fn act(&mut self, now: Timestamp) {
        for agent in 0..self.agents.len() {
            self.look_after(agent, now);
            while let Some((at, falls)) = self.next_of(agent).filter(|(at, _)| *at <= now) {
                assert!(at <= now);
                self.falls(agent, falls, now);
            }
        }
    }

    /// Whether somebody answers for it.
    fn look_after(&mut self, agent: No, now: Timestamp) {
        let here = self.is_member(&self.agents[agent].owner);
        let worker = &mut self.agents[agent];
        match (here, worker.orphaned, worker.stands) {
            (false, None, Stands::Pending) => {
                self.cancel_all(agent, |_| true);
                self.agents[agent].stands = Stands::Rejected;
            }
            (false, None, stands) if stands.lives() => worker.orphaned = Some(now),
            (true, Some(_), stands) if stands.lives() => {
                let owner = worker.owner.clone();
                self.owned_by(agent, &owner);
            }
            _ => {}
        }
        let gone: Vec<String> = self
            .questions
            .values()
            .filter_map(|q| match &q.asks {
                Asks::Handover { to } if q.is_open() && !self.is_member(to) => Some(to.clone()),
                _ => None,
            })
            .collect();
        for who in gone {
            let agents = 0..self.agents.len();
            for agent in agents {
                self.cancel_all(agent, |q| matches!(&q.asks, Asks::Handover { to } if *to == who));
            }
        }
    }

    fn next_of(&self, agent: No) -> Option<(Timestamp, Falls)> {
        let worker = &self.agents[agent];
        let mut next = Vec::new();
        if worker.stands == Stands::Active {
            match worker.review {
                Review::Asked { suspends_at } => next.push((suspends_at, Falls::Uncertified)),
                _ => next.push((worker.certified_until - ASKED_BEFORE, Falls::Asked)),
            }
        }
        if let (true, Some(since)) = (worker.stands.lives(), worker.orphaned) {
            if worker.stands == Stands::Active {
                next.push((since + COUNTDOWN, Falls::Ownerless));
            }
            next.push((since + COUNTDOWN + RETIRED_AFTER, Falls::Retired));
        }
        next.into_iter().min_by_key(|(at, _)| *at)
    }

    fn falls(&mut self, agent: No, what: Falls, now: Timestamp) {
        match what {
            Falls::Asked => {
                let worker = &mut self.agents[agent];
                let due = worker.certified_until.max(now + ASKED_BEFORE);
                worker.review = Review::Asked { suspends_at: due + GRACE };
            }
            Falls::Uncertified => {
                let worker = &mut self.agents[agent];
                (worker.stands, worker.review) = (Stands::Uncertified, Review::Missed);
                self.cancel_all(agent, |_| true);
            }
            Falls::Ownerless => {
                let worker = &mut self.agents[agent];
                (worker.stands, worker.review) = (Stands::Ownerless, Review::NotNow);
                self.cancel_all(agent, |q| !matches!(q.asks, Asks::Handover { .. }));
            }
            Falls::Retired => self.retire(agent, now),
        }
    }

    /// A question was put.
    pub fn put(
        &mut self,
        id: RequestId,
        asked_by: &str,
        agent: No,
        asks: Asks,
        tier: u8,
        now: Timestamp,
    ) {
        let worker = &self.agents[agent];
        let acceptor = match &asks {
            Asks::Registration => Some(&worker.owner),
            Asks::Handover { to } => Some(to),
            _ => None,
        };
        let named = acceptor.is_some_and(|who| who != asked_by);
        let needs = match &asks {
            Asks::Handover { to } => {
                let without = [asked_by, worker.owner.as_str(), to.as_str()];
                self.agrees_to_handover(&without).expect("somebody agrees")
            }
            Asks::Review { .. } => REVIEWERS.to_vec(),
            Asks::Emergency { .. } => Vec::new(),
            _ => needs(tier),
        };
        let owed = matches!(asks, Asks::Review { .. });
        let question = Question {
            agent,
            asked_by: asked_by.to_owned(),
            asks,
            appeals: None,
            tier,
            needs,
            word: if named { Word::Awaited } else { Word::NotNeeded },
            yes: Vec::new(),
            decide_by: (!owed).then(|| now + TimeDelta::seconds(decide_within(tier))),
            state: "open",
            denied: None,
            was_appealed: false,
        };
        self.asked.push(id);
        self.questions.insert(id, question);
    }

    /// Whose yes a handover takes beside the new owner's: a lead's, or security's where no other
    /// lead is there; if anybody can say it.
    pub fn agrees_to_handover(&self, without: &[&str]) -> Option<Vec<Role>> {
        let mut roles = ["team-lead", "security"].into_iter().map(|role| vec![role]);
        roles.find(|needs| self.can_be_decided(needs, without))
    }

    /// An appeal was put.
    pub fn put_appeal(&mut self, id: RequestId, asked_by: &str, of: RequestId, now: Timestamp) {
        let denied = self.questions.get_mut(&of).expect("what is appealed");
        denied.was_appealed = true;
        let no = denied.denied.clone().expect("it was denied");
        let question = Question {
            asked_by: asked_by.to_owned(),
            appeals: Some(Appealed {
                asked_by: denied.asked_by.clone(),
                denied_by: no.in_place_of.into_iter().chain([no.by]).collect(),
            }),
            needs: BOARD.to_vec(),
            yes: Vec::new(),
            decide_by: Some(now + BOARD_DECIDES),
            state: "open",
            denied: None,
            was_appealed: false,
            ..denied.clone()
        };
        let acceptor = match &question.asks {
            Asks::Handover { to } => to,
            _ => &self.agents[question.agent].owner,
        };
        let word = match question.word {
            Word::Awaited if acceptor != asked_by => Word::Awaited,
            _ => Word::NotNeeded,
        };
        self.asked.push(id);
        self.questions.insert(id, Question { word, ..question });
    }

    pub(super) fn came_to_nothing(&mut self, id: RequestId) {
        let question = &self.questions[&id];
        if matches!(question.asks, Asks::Registration) && question.appeals.is_none() {
            self.agents[question.agent].stands = Stands::Rejected;
        }
    }

    /// What was asked for becomes true; but for a grant, of which the product says which it is.
    pub fn approved(&mut self, id: RequestId, now: Timestamp) {
        let question = self.questions.get_mut(&id).expect("the request");
        question.state = "approved";
        let (agent, tier, asks) = (question.agent, question.tier, question.asks.clone());
        let worker = &mut self.agents[agent];
        match asks {
            Asks::Registration => {
                worker.stands = Stands::Active;
                worker.certified_until = now + CERTIFIED;
            }
            Asks::Reinstatement => worker.stands = Stands::Active,
            Asks::Grant { .. } => worker.tier = worker.tier.max(tier),
            Asks::Tier { to } if tier == to => worker.tier = worker.tier.max(to),
            Asks::Tier { to } => {
                worker.tier = to.max(worker.least);
                self.drop_beyond(agent, now);
            }
            Asks::Handover { to } => self.owned_by(agent, &to),
            _ => {}
        }
    }

    fn drop_beyond(&mut self, agent: No, now: Timestamp) {
        let tier = self.agents[agent].tier;
        for held in self.grants.values_mut().filter(|h| h.agent == agent && h.is_live(now)) {
            if needed(&held.access) > tier {
                held.state = "revoked";
            }
        }
        let beyond: Vec<_> = self
            .questions
            .iter()
            .filter(|(_, q)| self.is_beyond(&q.asks, tier))
            .map(|(id, _)| *id)
            .collect();
        for id in beyond {
            if let Some(question) = self.questions.get_mut(&id)
                && question.agent == agent
                && question.is_open()
            {
                question.state = "cancelled";
            }
        }
    }

    /// This person answers for it from now on.
    pub fn owned_by(&mut self, agent: No, who: &str) {
        let worker = &mut self.agents[agent];
        worker.owner = who.to_owned();
        worker.orphaned = None;
        if worker.stands == Stands::Ownerless {
            worker.stands = Stands::Active;
        }
    }

    /// Its owner says that it is needed.
    pub fn certified(&mut self, agent: No, now: Timestamp) {
        let worker = &mut self.agents[agent];
        worker.stands = Stands::Active;
        worker.review = Review::NotNow;
        worker.certified_until = now + CERTIFIED;
    }

    /// An approved request opens a grant, or prolongs one. `opened` is the one that the product named.
    pub fn granted(&mut self, id: RequestId, opened: GrantId, now: Timestamp) {
        let question = self.questions[&id].clone();
        let (access, lasting) = match question.asks {
            Asks::Grant { access, lasting, .. } | Asks::Emergency { access, lasting } => {
                (access, lasting)
            }
            Asks::Extension { grant, access, by } => {
                if let Some(held) = self.grants.get_mut(&grant).filter(|held| held.is_live(now)) {
                    assert_eq!(grant, opened, "a live grant is prolonged, not opened anew");
                    held.until += TimeDelta::seconds(by);
                    return;
                }
                (access, by)
            }
            asks => panic!("{asks:?} opens no grant"),
        };
        let until = now + TimeDelta::seconds(lasting);
        let held =
            Held { agent: question.agent, access, request: id, from: now, until, state: "active" };
        assert!(self.grants.insert(opened, held).is_none(), "a grant was opened twice");
        self.opened.push(opened);
    }

    /// Whether people can stop it.
    pub fn can_be_stopped(&self, agent: No) -> bool {
        let stands = self.agents[agent].stands;
        stands.lives() && stands != Stands::Stopped
    }

    /// Stopping ends everything that the agent has and asked for.
    pub fn stop(&mut self, agent: No, now: Timestamp) {
        self.end_all(agent, now);
        let worker = &mut self.agents[agent];
        worker.stands = Stands::Stopped;
        if matches!(worker.review, Review::Asked { .. }) {
            worker.review = Review::NotNow;
        }
    }

    /// The same for good.
    pub fn retire(&mut self, agent: No, now: Timestamp) {
        self.end_all(agent, now);
        let worker = &mut self.agents[agent];
        (worker.stands, worker.review) = (Stands::Retired, Review::NotNow);
        worker.orphaned = None;
    }

    fn end_all(&mut self, agent: No, now: Timestamp) {
        for held in self.grants.values_mut().filter(|h| h.agent == agent && h.is_live(now)) {
            held.state = "revoked";
        }
        self.cancel_all(agent, |_| true);
    }

    fn cancel_all(&mut self, agent: No, which: impl Fn(&Question) -> bool) {
        for question in self.questions.values_mut() {
            // What is owed stays owed.
            if question.agent == agent
                && question.is_open()
                && !question.is_review()
                && which(question)
            {
                question.state = "cancelled";
            }
        }
    }

    /// The requester, or the owner, takes it back.
    pub fn cancel(&mut self, who: &str, id: RequestId) -> bool {
        let question = &self.questions[&id];
        let owner = &self.agents[question.agent].owner;
        if !question.is_open() || question.is_review() || (question.asked_by != who && owner != who)
        {
            return false;
        }
        if let Some(question) = self.questions.get_mut(&id) {
            question.state = "cancelled";
        }
        self.came_to_nothing(id);
        true
    }
}
