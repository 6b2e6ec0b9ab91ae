//! What people answer.

use countersign::domain::event::What;
use countersign::domain::ids::RequestId;
use countersign::domain::request::NotCounted;
use countersign::domain::vote::Choice;
use countersign::service::outcome::{Cancelled, VoteReply};

use super::asks::agrees;
use super::model::{Asks, Word};
use super::{Case, MEMBERS, PEOPLE, person};

/// The answer in a word, as the model has it.
fn word(reply: &VoteReply) -> &'static str {
    match reply {
        VoteReply::Counted { .. } => "counted",
        VoteReply::Approved { .. } => "approved",
        VoteReply::Denied { .. } => "denied",
        VoteReply::CameToNothing { .. } => "came to nothing",
        VoteReply::Unknown => "unknown",
        VoteReply::Before => "before",
        VoteReply::NotCounted { why, .. } => match why {
            NotCounted::Ended(_) => "ended",
            NotCounted::OwnRequest => "own request",
            NotCounted::OwnAgent => "own agent",
            NotCounted::Ownerless => "ownerless",
            NotCounted::Standing(_) => "standing",
            NotCounted::NotEligible => "not eligible",
            NotCounted::AlreadyVoted { .. } => "already voted",
            NotCounted::AlreadyCovered => "already covered",
            NotCounted::NoReason => "no reason",
            NotCounted::Represented { .. } => "represented",
            NotCounted::StandsInInVain { .. } => "stands in in vain",
            NotCounted::DeniedIt => "denied it",
            NotCounted::GoesToBackup => "goes to backup",
        },
    }
}

/// Whether this answer changed something.
fn counts(word: &str) -> bool {
    matches!(word, "counted" | "approved" | "denied" | "came to nothing")
}

impl Case<'_> {
    pub(super) async fn vote(&mut self) {
        let Some(id) = self.a_request() else { return };
        let likely: Vec<String> = PEOPLE[1..MEMBERS].iter().map(|w| (*w).to_owned()).collect();
        let (who, yes) = (self.dice.who(&likely), self.dice.below(8) > 0);
        self.says(id, &who, yes).await;
    }

    /// One request is brought to its end: who is to own the agent agrees, and then everybody clicks
    /// until it is decided; now and then they say no.
    pub(super) async fn everybody_answers(&mut self) {
        let Some(id) = self.a_request() else { return };
        self.everybody_answers_to(id).await;
    }

    pub(super) async fn everybody_answers_to(&mut self, id: RequestId) {
        let question = &self.model.questions[&id];
        if question.is_open() && question.word == Word::Awaited {
            let who = self.model.acceptor(question).clone();
            self.accepts(id, &who).await;
        }
        let people = self.dice.shuffled(PEOPLE[..MEMBERS].to_vec());
        let yes = self.dice.below(4) > 0;
        for who in people {
            self.says(id, who, yes).await;
            if !self.model.questions[&id].is_open() {
                return;
            }
        }
        // Everybody has clicked: it is open only if they cannot be enough.
        let question = &self.model.questions[&id];
        let worker = &self.model.agents[question.agent];
        let asked_by = question.asked_by.as_str();
        let waits = question.word == Word::Awaited || worker.orphaned.is_some();
        let left = self.model.barred(question);
        let mut without: Vec<&str> = left.iter().map(String::as_str).collect();
        without.push(asked_by);
        let gone = question.yes.iter().any(|yes| !self.model.is_member(&yes.by));
        let lent = question.yes.iter().any(|yes| !yes.lent.is_empty());
        let enough = self.model.can_be_decided(&question.needs, &without);
        assert!(waits || gone || lent || !enough, "everybody answered {question:?}");
    }

    async fn says(&mut self, id: RequestId, who: &str, yes: bool) {
        let now = self.office.now();
        let choice =
            if yes { Choice::Approve } else { Choice::Deny { reason: "not so".to_owned() } };
        let by = person(who);
        let said = self
            .does(async |service, once| service.vote(&by, id, choice.clone(), once).await)
            .await;
        let voters = self.names.get(&id).cloned().unwrap_or_default();
        let expected = self.model.vote(who, id, yes, &voters, now);
        let got = word(&said.answer);
        let about = format!("{who} says {yes} to {:?}", self.model.questions[&id]);
        if counts(expected) {
            agrees(&said, got, expected, &about);
            self.names.entry(id).or_default().insert(who.to_owned());
            // Promise 8: the same click again changes nothing.
            let again = Some(self.last_click());
            let again = self.service.vote(&by, id, choice, again).await.expect("an answer");
            assert!(matches!(again, VoteReply::Before) || word(&again) == "ended", "{again:?}");
        } else {
            assert_eq!(got, expected, "{about}: {:?}", said.answer);
        }
        if expected == "approved" {
            self.came_true(id).await;
        }
    }

    /// What was approved opens a grant, or prolongs one, if it asked for that.
    async fn came_true(&mut self, id: RequestId) {
        let now = self.office.now();
        let opened = self.fresh().await.into_iter().find_map(|what| match what {
            What::GrantStarted { grant, .. } | What::GrantExtended { grant, .. } => Some(grant),
            _ => None,
        });
        let opens =
            matches!(self.model.questions[&id].asks, Asks::Grant { .. } | Asks::Extension { .. });
        assert_eq!(opened.is_some(), opens, "{:?}", self.model.questions[&id]);
        if let Some(grant) = opened {
            self.model.granted(id, grant, now);
        }
    }

    pub(super) async fn accept(&mut self) {
        let Some(id) = self.a_request() else { return };
        let likely = vec![self.model.acceptor(&self.model.questions[&id]).clone()];
        let who = self.dice.who(&likely);
        self.accepts(id, &who).await;
    }

    async fn accepts(&mut self, id: RequestId, who: &str) {
        let now = self.office.now();
        let by = person(who);
        let said =
            self.does(async |service, once| service.accept_ownership(&by, id, once).await).await;
        let expected = self.model.accept(who, id, now);
        let got = word(&said.answer);
        let about = format!("{who} accepts {:?}", self.model.questions[&id]);
        if counts(expected) {
            // Whoever has accepted and clicks again is told so, or that it has ended by that.
            let told = said.again && matches!(got, "already voted" | "ended");
            if !told {
                agrees(&said, got, expected, &about);
            }
        } else {
            assert_eq!(got, expected, "{about}: {:?}", said.answer);
        }
        if expected == "approved" {
            self.came_true(id).await;
        }
    }

    pub(super) async fn cancel(&mut self) {
        let Some(id) = self.a_request() else { return };
        let likely = vec![self.model.questions[&id].asked_by.clone()];
        let who = self.dice.who(&likely);
        let said =
            self.does(async |service, once| service.cancel(&person(&who), id, once).await).await;
        let done = self.model.cancel(&who, id);
        let got = match &said.answer {
            Cancelled::Done { .. } => "done",
            Cancelled::Refused(_) => "refused",
            Cancelled::Before => "before",
        };
        agrees(&said, got, if done { "done" } else { "refused" }, &format!("{who} cancels {id}"));
    }
}
