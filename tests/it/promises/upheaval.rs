//! The time passes, people leave and return, servers die.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use chrono::TimeDelta;
use countersign::sandbox::model::PersonKind;
use countersign::service::input::OnceKey;
use countersign::service::{Result, Service};
use futures::future::LocalBoxFuture;

use super::model::Asks;
use super::{Case, MEMBERS, PEOPLE, Pace};

/// As many may be away at the same time.
const AWAY: usize = 2;

/// What came of something that somebody did.
pub struct Said<T> {
    /// The answer that they have in the end.
    pub answer: T,
    /// Whether the server died meanwhile, so that they did it again.
    pub again: bool,
}

/// Goes on with it until it has waited so often, and no further.
async fn cut_short<T>(doing: impl Future<Output = T>, waits: usize) {
    let (mut doing, mut left) = (pin!(doing), waits);
    std::future::poll_fn(|context| match doing.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending if left == 0 => Poll::Ready(()),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await;
}

impl Case<'_> {
    /// Somebody does something. Now and then the server dies in the middle of it, and they click
    /// again when it is back: promise 8.
    pub(super) fn does<'c, T: 'c>(
        &'c mut self,
        act: impl AsyncFn(&Service, Option<OnceKey>) -> Result<T> + 'c,
    ) -> LocalBoxFuture<'c, Said<T>> {
        Box::pin(async move {
            self.clicks += 1;
            let once = Some(self.last_click());
            let again = self.dice.below(24) == 0;
            if again {
                let waits = self.dice.below(6);
                cut_short(act(&self.service, once.clone()), waits).await;
                self.dies().await;
            }
            let answer = act(&self.service, once).await.expect("an answer");
            Said { answer, again }
        })
    }

    /// The server dies, and another is there at once.
    pub(super) async fn dies(&mut self) {
        self.deaths += 1;
        self.office.crash().await;
        self.office.start().await;
        self.service = self.office.service().await;
        if matches!(self.pace, Pace::Months) {
            self.office.settled().await;
        }
    }

    pub(super) async fn minutes_pass(&mut self) {
        let minutes = self.dice.of(&[1, 7, 20, 60, 150, 300]);
        self.office.clock.advance(TimeDelta::minutes(minutes));
        // Every second time the workers are behind.
        if self.dice.below(2) == 0 {
            self.office.settled().await;
        }
    }

    /// Each deadline on the way is met when it comes.
    pub(super) async fn days_pass(&mut self) {
        let hours = self.dice.of(&[1, 5, 20, 50, 100, 200, 400]);
        let end = self.office.now() + TimeDelta::hours(hours);
        loop {
            let store = self.office.store().await;
            let due = store.read().await.expect("a session").next_deadline().await;
            let due = due.expect("the next deadline");
            let now = self.office.now();
            let next = due.filter(|at| *at < end).unwrap_or(end).max(now);
            self.office.clock.advance(next - now);
            self.office.settled().await;
            self.model.at(next);
            self.model.act(next);
            if next == end {
                return;
            }
        }
    }

    /// For some hours there is no server; somebody may leave meanwhile.
    pub(super) async fn nobody_is_there(&mut self) {
        if self.dice.below(2) == 0 {
            self.deaths += 1;
            self.office.crash().await;
        } else {
            self.office.stop().await;
        }
        let here = self.here();
        if self.dice.below(3) == 0 && here.len() > MEMBERS - AWAY {
            let who = self.dice.of(&here);
            self.becomes(who, false);
        }
        let hours = self.dice.of(&[1, 3, 10, 30, 47]);
        self.office.clock.advance(TimeDelta::hours(hours));
        self.office.start().await;
        self.service = self.office.service().await;
        self.office.settled().await;
        let now = self.office.now();
        self.model.at(now);
        self.model.act(now);
    }

    /// The full members, of those who can leave.
    fn here(&self) -> Vec<&'static str> {
        let all = PEOPLE[..MEMBERS].iter().copied();
        all.filter(|who| self.model.is_member(who)).collect()
    }

    /// Their standing changes, at Slack and in the model.
    fn becomes(&mut self, who: &'static str, member: bool) {
        let kind = match (member, self.dice.below(2)) {
            (true, _) => PersonKind::Member,
            (false, 0) => PersonKind::Guest,
            (false, _) => PersonKind::Deactivated,
        };
        self.office.workspace().set_person_kind(who, kind).expect("a person");
        if member {
            self.model.members.insert(who.to_owned());
        } else {
            self.model.members.remove(who);
        }
    }

    /// Somebody leaves the company, or who left is back.
    pub(super) async fn leave_or_return(&mut self) {
        let here = self.here();
        let away: Vec<_> = PEOPLE[..MEMBERS].iter().filter(|who| !here.contains(*who)).collect();
        let member = away.len() >= AWAY || (!away.is_empty() && self.dice.below(3) > 0);
        let owns = |who: &&&str| self.model.agents.iter().any(|a| a.owner == **who);
        let owners: Vec<_> = here.iter().filter(owns).copied().collect();
        let who = match (member, owners.is_empty()) {
            (true, _) => *self.dice.of(&away),
            (false, true) => self.dice.of(&here),
            (false, false) => self.dice.of(&owners),
        };
        self.becomes(who, member);
        let person = super::person(who);
        let what = format!("{who} is known as a member: {member}");
        self.office
            .until_so(&what, || async {
                let standing = self.service.overview_standing(&person).await.expect("an answer");
                standing.is_member() == member
            })
            .await;
        let now = self.office.now();
        self.model.act(now);
    }

    /// Whether somebody who left is to have an agent that was handed over to them.
    pub(super) fn nobody_waits_in_vain(&self) -> bool {
        self.model.questions.values().all(|q| match &q.asks {
            Asks::Handover { to } => !q.is_open() || self.model.is_member(to),
            _ => true,
        })
    }
}
