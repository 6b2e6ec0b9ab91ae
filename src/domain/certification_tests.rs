//! A review ends once, gives the time that it announced, and can be made good.

use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::domain::agent::{AgentState, Cause, Description};
use crate::domain::person::By;
use crate::domain::role::TeamName;
use crate::domain::tier::{Answers, Tier};

const TERMS: Terms = Terms { open_before: Span::days(14), grace: Span::days(7) };

fn at(days: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + days * 86_400, 0).unwrap()
}

fn dana() -> PersonId {
    PersonId::new("T0ACME", "U0DANA")
}

fn agent(certified_until: Timestamp) -> Agent {
    Agent {
        id: AgentId::new(Ulid::from_parts(1, 1)),
        slug: "support-agent".parse().unwrap(),
        description: Description {
            purpose: "p".into(),
            systems: vec![],
            runs_on: "r".into(),
            model: "m".into(),
            answers: Answers::default(),
        },
        owner: dana(),
        team: TeamName::new("support"),
        tier: Tier::Observer,
        registered_at: at(0),
        state: AgentState::Active { since: at(0), certified_until },
        orphaned: None,
    }
}

fn review(certified_until: Timestamp, now: Timestamp) -> Certification {
    let id = CertificationId::new(Ulid::from_parts(2, 2));
    Certification::open(id, &agent(certified_until), certified_until, at(0), TERMS, now)
}

#[test]
fn the_owner_is_asked_in_time() {
    let asked = review(at(90), at(76));
    assert_eq!((asked.due, asked.suspends_at), (at(90), at(97)));
    assert!(!asked.is_late(at(89)) && asked.is_late(at(90)));
    assert_eq!(asked.clone().miss(at(96)), None);
    let missed = asked.miss(at(97)).unwrap();
    assert_eq!(missed.clone().miss(at(98)), None, "missed once");
    let made_good = missed.certify(dana(), at(200), at(110)).unwrap();
    assert_eq!(made_good.clone().certify(dana(), at(300), at(111)), None, "certified once");
    assert_eq!(made_good.call_off(at(112)), None);
}

#[test]
fn where_an_agent_stands() {
    let active = agent(at(90));
    let of = |agent: &Agent, newest: Option<&Certification>, now| Standing::of(agent, newest, now);
    assert_eq!(of(&active, None, at(10)), Standing::Certified);
    let asked = review(at(90), at(76));
    assert_eq!(of(&active, Some(&asked), at(80)), Standing::Due);
    assert_eq!(of(&active, Some(&asked), at(91)), Standing::Late);
    let missed = asked.miss(at(97)).unwrap();
    let stopped = |cause| active.clone().suspend(By::System, String::new(), cause, at(97)).unwrap();
    assert_eq!(of(&stopped(Cause::Uncertified), Some(&missed), at(99)), Standing::Suspended);
    assert_eq!(of(&stopped(Cause::Stopped), None, at(99)), Standing::Stopped);
}

#[test]
fn certifying_lets_go_on_what_was_suspended_for_it_and_nothing_else() {
    let stopped = |cause| agent(at(90)).suspend(By::System, String::new(), cause, at(97)).unwrap();
    let back = stopped(Cause::Uncertified).certify(at(190), at(100)).unwrap();
    assert_eq!(back.state, AgentState::Active { since: at(100), certified_until: at(190) });
    for cause in [Cause::Stopped, Cause::Ownerless] {
        assert!(stopped(cause).certify(at(190), at(100)).is_err(), "{cause:?}");
    }
    let longer = agent(at(90)).certify(at(170), at(80)).unwrap();
    assert_eq!(longer.state, AgentState::Active { since: at(0), certified_until: at(170) });
}

proptest! {
    /// Whenever it is opened, it is due after the whole time to answer, and suspends after the whole
    /// grace; nothing ends it before.
    #[test]
    fn nobody_is_suspended_without_the_time_that_was_announced(
        until in -400_i64..400, opened in -400_i64..400, later in 0_i64..60,
    ) {
        let asked = review(at(until), at(opened));
        prop_assert!(asked.due >= at(until) && asked.due >= at(opened + 14));
        let missed = asked.clone().miss(at(opened + later));
        prop_assert_eq!(missed.is_some(), at(opened + later) >= asked.suspends_at);
        prop_assert!(missed.is_none() || later >= 21);
    }
}
