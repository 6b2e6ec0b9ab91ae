//! The index and the decision against a model that looks through everything.

use chrono::TimeDelta;
use proptest::prelude::*;
use ulid::Ulid;

use super::decide::{Findings, decide};
use super::index::{Ahead, Index, Known};
use crate::domain::access::Access;
use crate::domain::agent::{Agent, AgentState, Cause, Description};
use crate::domain::evaluation::{Action, Basis, Decision, Denial, Entity, Properties, Question};
use crate::domain::grant::{Grant, GrantState};
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::request::Reference;
use crate::domain::role::TeamName;
use crate::domain::tier::{Answers, Tier};
use crate::domain::time::{Span, Timestamp};
use crate::policy::runtime::{Facts, Rules, Ruling};

const RESOURCES: [&str; 2] = ["database", "tickets"];
const ACTIONS: [&str; 2] = ["read", "write"];
const OBJECTS: [&str; 3] = ["one", "two", "three"];

/// Writing needs tier 2; `ruling` is what the rules say to everything.
struct House(Ruling);

impl Rules for House {
    fn rule(&self, _: &Question, _: &Facts<'_>) -> Ruling {
        self.0.clone()
    }
    fn tier_needed(&self, access: &Access) -> Option<Tier> {
        let known = RESOURCES.contains(&access.resource.as_str());
        match access.action.as_str() {
            "read" if known => Some(Tier::Observer),
            "write" if known => Some(Tier::Internal),
            _ => None,
        }
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn person() -> PersonId {
    PersonId::new("T", "U")
}

fn agent(n: u8) -> Agent {
    Agent {
        id: AgentId::new(Ulid::from_parts(1, n.into())),
        slug: format!("agent-{n}").parse().unwrap(),
        description: Description {
            purpose: String::new(),
            systems: Vec::new(),
            runs_on: String::new(),
            model: "m".to_owned(),
            answers: Answers::default(),
        },
        owner: person(),
        team: TeamName::new("support"),
        tier: Tier::Observer,
        registered_at: at(0),
        state: AgentState::Pending { request: RequestId::new(Ulid::from_parts(1, n.into())) },
        orphaned: None,
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Agent { n: u8, to: u8 },
    Raise { n: u8 },
    Start { n: u8, access: Access, lasting: i64 },
    End { which: prop::sample::Index, how: u8 },
    Wait(i64),
}

fn access() -> impl Strategy<Value = Access> {
    (0..2_usize, 0..2_usize, prop::option::of(0..2_usize)).prop_map(|(r, a, o)| Access {
        resource: RESOURCES[r].to_owned(),
        object: o.map(|o| OBJECTS[o].to_owned()),
        action: ACTIONS[a].to_owned(),
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..3_u8, 0..5_u8).prop_map(|(n, to)| Step::Agent { n, to }),
        1 => (0..3_u8).prop_map(|n| Step::Raise { n }),
        6 => (0..3_u8, access(), 1..60_i64)
            .prop_map(|(n, access, lasting)| Step::Start { n, access, lasting }),
        4 => (any::<prop::sample::Index>(), 0..4_u8).prop_map(|(which, how)| Step::End { which, how }),
        3 => (1..40_i64).prop_map(Step::Wait),
    ]
}

#[derive(Default)]
struct World {
    agents: Vec<Agent>,
    grants: Vec<Grant>,
    seconds: i64,
}

impl World {
    /// Does the step; the agents and grants that it touched.
    fn go(&mut self, step: Step) -> (Vec<Agent>, Vec<Grant>) {
        let now = at(self.seconds);
        match step {
            Step::Wait(seconds) => {
                self.seconds += seconds;
                Default::default()
            }
            Step::Agent { n, to } => {
                let agent = &mut self.agents[usize::from(n)];
                agent.state = match to {
                    0 | 1 => AgentState::Active { since: now, certified_until: at(9_999) },
                    2 => AgentState::Suspended {
                        at: now,
                        by: person().into(),
                        reason: String::new(),
                        cause: Cause::Stopped,
                        certified_until: at(9_999),
                    },
                    3 => {
                        AgentState::Retired { at: now, by: person().into(), reason: String::new() }
                    }
                    _ => AgentState::Rejected { at: now },
                };
                (vec![agent.clone()], vec![])
            }
            Step::Raise { n } => {
                let agent = &mut self.agents[usize::from(n)];
                *agent = agent.clone().raise(Tier::Internal);
                (vec![agent.clone()], vec![])
            }
            Step::Start { n, access, lasting } => {
                let id = Ulid::from_parts(2, self.grants.len() as u128);
                let grant = Grant {
                    id: GrantId::new(id),
                    reference: Reference { letter: 'G', number: self.grants.len() as u32 },
                    agent: self.agents[usize::from(n)].id,
                    access,
                    request: RequestId::new(id),
                    starts_at: now,
                    expires_at: at(self.seconds + lasting),
                    state: GrantState::Active,
                };
                self.grants.push(grant.clone());
                (vec![], vec![grant])
            }
            Step::End { which, how } => {
                if self.grants.is_empty() {
                    return Default::default();
                }
                let place = which.index(self.grants.len());
                let grant = &mut self.grants[place];
                let before = grant.clone();
                *grant = match how {
                    0 => before.clone().expire(now),
                    1 => before.clone().revoke(person(), String::new(), now),
                    2 => before.clone().release(person(), now),
                    _ => before.clone().extend(Span::seconds(20), now),
                }
                .unwrap_or(before);
                (vec![], vec![grant.clone()])
            }
        }
    }

    /// Whether anything opens it, by looking through everything.
    fn opens(&self, question: &Question, house: &House) -> bool {
        let now = at(self.seconds);
        let name = &question.subject.id;
        let named = |a: &&Agent| {
            let free = matches!(a.state, AgentState::Rejected { .. });
            (a.slug.as_str() == name && !free) || a.id.to_string() == *name
        };
        let Some(agent) = self.agents.iter().find(named) else { return false };
        let Some(access) = question.access() else { return false };
        let Some(needs) = house.tier_needed(&access) else { return false };
        let granted = self
            .grants
            .iter()
            .any(|g| g.agent == agent.id && g.access.covers(&access) && g.is_live(now));
        let ruled = match house.0 {
            Ruling::Permit { .. } => true,
            Ruling::Silent => granted,
            Ruling::Forbid { .. } | Ruling::CannotJudge { .. } => false,
        };
        agent.is_active() && agent.tier >= needs && ruled
    }
}

fn question(subject: &str, resource: &str, object: &str, action: &str) -> Question {
    let entity = |kind: &str, id: &str| Entity {
        kind: kind.to_owned(),
        id: id.to_owned(),
        properties: Properties::default(),
    };
    Question {
        subject: entity("agent", subject),
        action: Action { name: action.to_owned(), properties: Properties::default() },
        resource: entity(resource, object),
        context: Properties::default(),
        for_whom: None,
    }
}

/// Every question there is.
fn questions(world: &World) -> Vec<Question> {
    let mut all = Vec::new();
    let names = world.agents.iter().flat_map(|a| [a.slug.to_string(), a.id.to_string()]);
    for name in names.chain(["nobody".to_owned()]) {
        for resource in RESOURCES.into_iter().chain(["other"]) {
            for object in OBJECTS {
                for action in ACTIONS {
                    all.push(question(&name, resource, object, action));
                }
            }
        }
    }
    all
}

fn ruling() -> impl Strategy<Value = Ruling> {
    prop_oneof![
        6 => Just(Ruling::Silent),
        1 => Just(Ruling::Permit { rule: "standing".to_owned() }),
        1 => Just(Ruling::Forbid { rule: "never".to_owned(), user: None, admin: None }),
        1 => Just(Ruling::CannotJudge { what: "something is missing".to_owned() }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Promises 1, 6 and 7: what is allowed is what an active agent of enough tier holds a live
    /// grant for (or a rule allows), at every moment, whatever began and ended before; every no has
    /// a reason; and the index ahead of its log says the same as the one that took it in.
    #[test]
    fn the_index_answers_as_looking_through_everything_would(
        steps in prop::collection::vec(step(), 1..40),
        ruling in ruling(),
        lag in 0..6_usize,
    ) {
        let house = House(ruling);
        let mut world = World { agents: (0..3).map(agent).collect(), ..World::default() };
        let (mut index, mut behind) = (Index::at(0), Index::at(0));
        prop_assert!(index.take((0, 1), &world.agents, &world.grants));
        prop_assert!(behind.take((0, 1), &world.agents, &world.grants));
        let many = steps.len();
        let (mut agents, mut grants): (Vec<Agent>, Vec<Grant>) = Default::default();
        for (i, step) in steps.into_iter().enumerate() {
            let seq = i as i64 + 1;
            let (some_agents, some_grants) = world.go(step);
            prop_assert!(index.take((seq, seq + 1), &some_agents, &some_grants));
            if i + lag < many {
                prop_assert!(behind.take((seq, seq + 1), &some_agents, &some_grants));
            } else {
                agents.retain(|a| some_agents.iter().all(|b| b.id != a.id));
                grants.retain(|a| some_grants.iter().all(|b| b.id != a.id));
                agents.extend(some_agents);
                grants.extend(some_grants);
            }
        }
        let now = at(world.seconds);
        let ahead = Ahead { index: &behind, agents: &agents, grants: &grants };
        for question in questions(&world) {
            let found = Findings::of(&index, &question, now);
            let decision = decide(&house, &question, &found, now);
            let expected = match &house.0 {
                // A rule may allow what the tiers do not know of.
                Ruling::Permit { .. } if question.resource.kind == "other" => {
                    found.agent.as_ref().is_some_and(|card| card.active)
                }
                _ => world.opens(&question, &house),
            };
            prop_assert_eq!(decision.is_allowed(), expected, "{:?} {:?}", question, decision);
            if let Decision::Deny { denial } = &decision {
                prop_assert!(!denial.code().is_empty());
            }
            if let Decision::Allow { basis: Basis::Grant(grant) } = &decision {
                prop_assert!(world.grants.iter().any(|g| g.id == grant.id && g.is_live(now)));
                // From the second of its end on: no, or by another grant.
                let then = grant.until;
                let after = decide(&house, &question, &Findings::of(&index, &question, then), then);
                let same = matches!(&after, Decision::Allow { basis: Basis::Grant(g) } if g.id == grant.id);
                prop_assert!(!same);
            }
            let there = Findings::of(&ahead, &question, now);
            prop_assert_eq!(decide(&house, &question, &there, now), decision);
        }
        let active = world.grants.iter().filter(|g| g.state == GrantState::Active).count();
        prop_assert_eq!(index.len(), active);
    }
}

/// Of two grants that end together the later one is named, whoever looks.
#[test]
fn of_two_that_end_together_the_same_is_named_by_all() {
    let read = |object: Option<&str>| Access {
        object: object.map(str::to_owned),
        ..Access::new("database", "read")
    };
    let mut world = World { agents: vec![agent(0)], ..World::default() };
    let (mut index, mut behind) = (Index::at(0), Index::at(0));
    index.take((0, 1), &world.agents, &world.grants);
    behind.take((0, 1), &world.agents, &world.grants);
    let (agents, grants) = world.go(Step::Start { n: 0, access: read(Some("one")), lasting: 59 });
    index.take((1, 2), &agents, &grants);
    behind.take((1, 2), &agents, &grants);
    world.go(Step::Wait(41));
    let (agents, grants) = world.go(Step::Start { n: 0, access: read(None), lasting: 18 });
    index.take((2, 3), &agents, &grants);
    let (holder, now) = (world.agents[0].id, at(world.seconds));
    let named = index.grant(holder, &read(Some("one")), now).unwrap();
    assert_eq!(named.id, grants[0].id);
    let ahead = Ahead { index: &behind, agents: &agents, grants: &grants };
    assert_eq!(ahead.grant(holder, &read(Some("one")), now), Some(named));
}

#[test]
fn the_index_takes_nothing_in_twice_and_nothing_older() {
    let mut index = Index::at(5);
    assert!(!index.take((4, 6), &[agent(1)], &[]));
    assert!(index.take((5, 7), &[], &[]));
    assert_eq!((index.seq(), index.changed()), (7, 5));
    assert!(index.take((7, 8), &[agent(1)], &[]));
    assert_eq!((index.seq(), index.changed()), (8, 8));
    assert!(!index.take((7, 9), &[agent(1)], &[]));
}

#[test]
fn a_yes_that_ends_while_it_waits_is_a_no() {
    let mut world = World { agents: vec![agent(0)], ..World::default() };
    world.go(Step::Agent { n: 0, to: 0 });
    world.go(Step::Start { n: 0, access: Access::new("database", "read"), lasting: 30 });
    let mut index = Index::at(0);
    assert!(index.take((0, 1), &world.agents, &world.grants));
    let asked = question("agent-0", "database", "one", "read");
    let found = Findings::of(&index, &asked, at(29));
    let house = House(Ruling::Silent);
    assert!(decide(&house, &asked, &found, at(29)).is_allowed());
    let late = decide(&house, &asked, &found, at(29) + TimeDelta::seconds(1));
    assert_eq!(late, Decision::Deny { denial: Denial::NoGrant });
}

#[test]
fn an_object_that_cannot_be_granted_is_no_way_around_the_tier() {
    let mut world = World { agents: vec![agent(0)], ..World::default() };
    world.go(Step::Agent { n: 0, to: 0 });
    let mut index = Index::at(0);
    assert!(index.take((0, 1), &world.agents, &world.grants));
    let house = House(Ruling::Permit { rule: "standing".to_owned() });
    for object in [" ", "one\u{202e}two", &"x".repeat(200)] {
        let asked = question("agent-0", "database", object, "write");
        let found = Findings::of(&index, &asked, at(1));
        let denial = Denial::TierTooLow { needs: Tier::Internal, has: Tier::Observer };
        assert_eq!(decide(&house, &asked, &found, at(1)), Decision::Deny { denial }, "{object:?}");
    }
}
