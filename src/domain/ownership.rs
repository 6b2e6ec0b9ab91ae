//! Who answers for an agent: when nobody does any more, and when somebody does again.

use super::agent::{Agent, AgentState, Cause, Orphaned};
use super::ids::AgentId;
use super::person::PersonId;
use super::time::{Span, Timestamp};

impl Orphaned {
    /// From now on: stopped after the `countdown`, retired so much later.
    pub fn from(now: Timestamp, countdown: Span, retire_after: Span) -> Self {
        let suspended_at = now + countdown.delta();
        Self { since: now, suspended_at, retired_at: suspended_at + retire_after.delta() }
    }

    /// Names this time without an owner among all that the agent ever had.
    pub fn episode(agent: AgentId, since: Timestamp) -> String {
        format!("ownerless:{agent}:{}", since.timestamp_micros())
    }
}

impl Agent {
    /// Whether it is registered and not ended: at work, or stopped.
    pub const fn lives(&self) -> bool {
        matches!(self.state, AgentState::Active { .. } | AgentState::Suspended { .. })
    }

    /// Nobody answers for it any more. `None` if that is known, or if there is nothing to answer for.
    pub fn lose_owner(self, orphaned: Orphaned) -> Option<Self> {
        (self.lives() && self.orphaned.is_none())
            .then_some(Self { orphaned: Some(orphaned), ..self })
    }

    /// This person answers for it from now on. If it was stopped only because nobody did, it goes on.
    pub fn owned_by(self, owner: PersonId, now: Timestamp) -> Self {
        let state = match self.state {
            AgentState::Suspended { cause: Cause::Ownerless, certified_until, .. } => {
                AgentState::Active { since: now, certified_until }
            }
            state => state,
        };
        Self { owner, state, orphaned: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use ulid::Ulid;

    use super::*;
    use crate::domain::agent::Description;
    use crate::domain::person::By;
    use crate::domain::role::TeamName;
    use crate::domain::tier::{Answers, Tier};

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn person(user: &str) -> PersonId {
        PersonId::new("T0ACME", user)
    }

    fn agent(state: AgentState) -> Agent {
        Agent {
            id: AgentId::new(Ulid::from_parts(1, 1)),
            slug: "support-agent-v2".parse().unwrap(),
            description: Description {
                purpose: String::new(),
                systems: Vec::new(),
                runs_on: String::new(),
                model: String::new(),
                answers: Answers::default(),
            },
            owner: person("U0DANA"),
            team: TeamName::new("support"),
            tier: Tier::Observer,
            registered_at: at(0),
            state,
            orphaned: None,
        }
    }

    fn active() -> Agent {
        agent(AgentState::Active { since: at(0), certified_until: at(9_000) })
    }

    fn orphaned() -> Orphaned {
        Orphaned::from(at(10), Span::days(30), Span::days(60))
    }

    #[test]
    fn the_times_follow_each_other() {
        let Orphaned { since, suspended_at, retired_at } = orphaned();
        assert_eq!(since, at(10));
        assert_eq!(suspended_at, at(10 + 30 * 86_400));
        assert_eq!(retired_at, at(10 + 90 * 86_400));
    }

    #[test]
    fn only_what_lives_can_lose_its_owner_and_only_once() {
        let lost = active().lose_owner(orphaned()).unwrap();
        assert!(lost.is_active(), "it goes on with what it has");
        assert_eq!(lost.lose_owner(orphaned()), None);
        let gone = agent(AgentState::Rejected { at: at(5) });
        assert_eq!(gone.lose_owner(orphaned()), None);
        let retired = active().retire(By::System, String::new(), at(5)).unwrap();
        assert_eq!(retired.lose_owner(orphaned()), None);
    }

    #[test]
    fn whoever_takes_it_undoes_only_the_stop_for_want_of_an_owner() {
        for (cause, goes_on) in
            [(Cause::Ownerless, true), (Cause::Stopped, false), (Cause::Uncertified, false)]
        {
            let lost = active().lose_owner(orphaned()).unwrap();
            let stopped = lost.suspend(By::System, String::new(), cause, at(20)).unwrap();
            let taken = stopped.owned_by(person("U0THEO"), at(30));
            assert_eq!(taken.owner, person("U0THEO"));
            assert_eq!(taken.orphaned, None);
            assert_eq!(taken.is_active(), goes_on, "{cause:?}");
            assert_eq!(taken.certified_at(at(40)), goes_on.then_some(true), "{cause:?}");
        }
    }
}
