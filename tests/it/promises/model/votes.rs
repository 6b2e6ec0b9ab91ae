//! Whose yes counts, and when it is enough.

use std::collections::{BTreeMap, BTreeSet};

use countersign::domain::ids::RequestId;
use countersign::domain::time::Timestamp;

use super::{Asks, Model, Nay, Question, Role, Stands, Word, Yes, needed};

impl Model {
    pub(super) fn holds(&self, who: &str, among: &[Role]) -> BTreeSet<Role> {
        let holds = |role: &Role| self.roles.get(role).is_some_and(|people| people.contains(who));
        among.iter().copied().filter(holds).collect()
    }

    /// Whether distinct people could cover what is needed, without these.
    pub fn can_be_decided(&self, needs: &[Role], without: &[&str]) -> bool {
        let people: Vec<Yes> = self
            .members
            .iter()
            .filter(|who| !without.contains(&who.as_str()))
            .map(|who| Yes { by: who.clone(), own: self.holds(who, needs), lent: BTreeMap::new() })
            .collect();
        covered(needs, &people) == needs.len()
    }

    /// Who is to own the agent, if the request comes true.
    pub fn acceptor<'a>(&'a self, question: &'a Question) -> &'a String {
        match &question.asks {
            Asks::Handover { to } => to,
            _ => &self.agents[question.agent].owner,
        }
    }

    /// Why somebody's word never counts here, whatever their roles are.
    fn bars(&self, who: &str, question: &Question) -> Option<&'static str> {
        let appealed = question.appeals.as_ref();
        if question.asked_by == who {
            Some("own request")
        } else if self.agents[question.agent].owner == who || self.acceptor(question) == who {
            Some("own agent")
        } else if appealed.is_some_and(|appealed| appealed.asked_by == who) {
            Some("own request")
        } else if appealed.is_some_and(|appealed| appealed.denied_by.contains(who)) {
            Some("denied it")
        } else {
            None
        }
    }

    /// Everybody whose word does not count.
    pub fn barred(&self, question: &Question) -> Vec<String> {
        let barred = self.members.iter().filter(|who| self.bars(who, question).is_some());
        barred.cloned().collect()
    }

    /// What a click must do.
    pub fn vote(
        &mut self,
        who: &str,
        id: RequestId,
        yes: bool,
        voters: &BTreeSet<String>,
        now: Timestamp,
    ) -> &'static str {
        let question = &self.questions[&id];
        if !question.is_open() {
            return "ended";
        }
        if !self.is_member(who) {
            return "standing";
        }
        if let Some(why) = self.bars(who, question) {
            return why;
        }
        if voters.contains(who) {
            return "already voted";
        }
        let own = self.holds(who, &question.needs);
        let (mut lent, mut in_vain) = (BTreeMap::new(), false);
        for lets in self.lets.iter().filter(|lets| lets.to == who && now < lets.until) {
            let theirs = self.holds(&lets.from, &question.needs);
            if !self.is_member(&lets.from) || theirs.is_empty() {
                continue;
            }
            // Never for whose word does not count or who has answered; and all that is needed of
            // them, or nothing.
            let whole = lets.role.is_none_or(|role| theirs == BTreeSet::from([role]));
            let barred = self.bars(&lets.from, question).is_some();
            if barred || voters.contains(&lets.from) || !whole {
                in_vain = true;
            } else {
                lent.insert(lets.from.clone(), theirs);
            }
        }
        if own.is_empty() && lent.is_empty() {
            return if in_vain { "stands in in vain" } else { "not eligible" };
        }
        let before = covered(&question.needs, &question.yes);
        let mut without = question.yes.clone();
        without.iter_mut().for_each(|yes| drop(yes.lent.remove(who)));
        if covered(&question.needs, &without) < before {
            return "represented";
        }
        let worker = &self.agents[question.agent];
        let opens = !matches!(question.asks, Asks::Handover { .. } | Asks::Review { .. });
        if yes && opens && worker.orphaned.is_some() {
            return "ownerless";
        }
        let Some(question) = self.questions.get_mut(&id) else { return "unknown" };
        if !yes {
            question.state = "denied";
            let spoke_for = lent.keys().cloned().collect();
            let in_place_of = if own.is_empty() { spoke_for } else { BTreeSet::new() };
            question.denied = Some(Nay { at: now, by: who.to_owned(), in_place_of });
            self.votes += 1;
            let question = question.clone();
            if let Some(access) = question.asks.access() {
                self.agents[question.agent].denied.insert(access.clone());
            }
            if let (Asks::Review { grant, .. }, None) = (&question.asks, &question.appeals)
                && let Some(held) = self.grants.get_mut(grant).filter(|held| held.is_live(now))
            {
                held.state = "revoked";
            }
            self.came_to_nothing(id);
            return "denied";
        }
        question.yes.push(Yes { by: who.to_owned(), own, lent });
        let after = covered(&question.needs, &question.yes);
        if after <= before {
            question.yes.pop();
            return "already covered";
        }
        self.votes += 1;
        self.settled(id, now)
    }

    /// What the yes of who is to own it must do.
    pub fn accept(&mut self, who: &str, id: RequestId, now: Timestamp) -> &'static str {
        let question = &self.questions[&id];
        if !self.is_member(who) {
            return "standing";
        }
        if !question.is_open() {
            return "ended";
        }
        if self.acceptor(question) != who {
            return "not eligible";
        }
        match question.word {
            Word::NotNeeded => return "not eligible",
            Word::Given => return "already voted",
            Word::Awaited => {}
        }
        if let Some(question) = self.questions.get_mut(&id) {
            question.word = Word::Given;
        }
        self.settled(id, now)
    }

    fn settled(&mut self, id: RequestId, now: Timestamp) -> &'static str {
        let question = &self.questions[&id];
        let all = covered(&question.needs, &question.yes) == question.needs.len();
        if !all || question.word == Word::Awaited {
            return "counted";
        }
        if question.appeals.is_some() && !self.can_become_true(&question.clone()) {
            if let Some(question) = self.questions.get_mut(&id) {
                question.state = "cancelled";
            }
            return "came to nothing";
        }
        self.approved(id, now);
        "approved"
    }

    /// Whether what was denied could still become true.
    pub fn can_become_true(&self, question: &Question) -> bool {
        let worker = &self.agents[question.agent];
        match &question.asks {
            asks if self.is_beyond(asks, worker.tier) => false,
            Asks::Registration => {
                worker.stands == Stands::Rejected && self.named(&worker.name).is_none()
            }
            Asks::Reinstatement => worker.stands.lives() && worker.stands != Stands::Active,
            Asks::Handover { .. } => worker.stands.lives(),
            _ => worker.stands == Stands::Active,
        }
    }

    /// Whether it asks for what an agent of this tier may not hold, and not to be raised for it.
    pub(super) fn is_beyond(&self, asks: &Asks, tier: u8) -> bool {
        match asks {
            Asks::Grant { access, raises: false, .. } | Asks::Extension { access, .. } => {
                needed(access) > tier
            }
            _ => false,
        }
    }
}

/// The most requirements that distinct people can cover, each person's roles used once, by trying
/// everything. Who has answered lends nothing.
fn covered(needs: &[Role], yes: &[Yes]) -> usize {
    let clicked: BTreeSet<&str> = yes.iter().map(|yes| yes.by.as_str()).collect();
    most(needs, yes, &clicked, &mut Vec::new(), &mut Vec::new())
}

fn most<'a>(
    needs: &[Role],
    yes: &'a [Yes],
    clicked: &BTreeSet<&str>,
    used: &mut Vec<usize>,
    sources: &mut Vec<&'a str>,
) -> usize {
    let Some((need, rest)) = needs.split_first() else { return 0 };
    let mut best = most(rest, yes, clicked, used, sources);
    for (i, one) in yes.iter().enumerate() {
        if used.contains(&i) {
            continue;
        }
        let lent = one.lent.iter().filter(|(from, _)| !clicked.contains(from.as_str()));
        for (source, roles) in std::iter::once((&one.by, &one.own)).chain(lent) {
            if roles.contains(need) && !sources.contains(&source.as_str()) {
                used.push(i);
                sources.push(source);
                best = best.max(1 + most(rest, yes, clicked, used, sources));
                used.pop();
                sources.pop();
            }
        }
    }
    best
}
