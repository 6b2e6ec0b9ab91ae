//! Random people do random things, permitted and forbidden, for days and for months; servers die in
//! the middle of it, and nobody looks after anything for a while. Every answer, every agent and every
//! grant at every moment, and the whole log agree with a small model of the promises.
//!
//! | file | idea |
//! |---|---|
//! | here | who there is, and what happens next |
//! | `model` | the promises, in the plainest way |
//! | `asks` | what people ask for |
//! | `answers` | what people answer |
//! | `agents` | what people do with agents: stop, retire, certify, take |
//! | `upheaval` | the time passes, people leave and return, servers die |
//! | `record` | what is compared with the model |

mod agents;
mod answers;
mod asks;
mod dice;
mod model;
mod record;
mod upheaval;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use countersign::domain::event::What;
use countersign::domain::ids::{GrantId, RequestId};
use countersign::domain::person::PersonId;
use countersign::service::Service;
use countersign::store::Engine;
use futures::future::LocalBoxFuture;

use crate::support::Office;
use dice::Dice;
use model::{Model, No, Worker};

/// Everybody, of every sort.
const PEOPLE: [&str; 13] = [
    "U0DANA", "U0THEO", "U0TINA", "U0SAM", "U0SARA", "U0CLEO", "U0VERA", "U0OMAR", "U0GUS",
    "U0GINA", "U0DORA", "U0OSCAR", "U0ROBO",
];
const MEMBERS: usize = 8;
const AGENTS: [&str; 5] = ["agent-one", "agent-two", "agent-three", "agent-four", "agent-five"];

/// How a case goes.
#[derive(Clone, Copy)]
enum Pace {
    /// By minutes and hours, mostly asking and answering, the workers often behind.
    Days,
    /// By hours and weeks, deadline by deadline: owners come and go, reviews are made and missed.
    Months,
}

fn person(user: &str) -> PersonId {
    PersonId::new(if user == "U0OSCAR" { "T0OTHER" } else { "T0ACME" }, user)
}

struct Case<'a> {
    office: &'a Office,
    pace: Pace,
    service: Service,
    dice: Dice,
    model: Model,
    /// Who has voted on what.
    names: BTreeMap<RequestId, BTreeSet<String>>,
    clicks: u64,
    /// The last line of the log that was looked at.
    seen: i64,
    /// How often a server died.
    deaths: u32,
}

impl Case<'_> {
    fn a_request(&mut self) -> Option<RequestId> {
        let (open, all) = (self.open(), self.model.asked.clone());
        match (open.is_empty(), all.is_empty()) {
            (_, true) => None,
            (false, _) if self.dice.below(5) > 0 => Some(self.dice.of(&open)),
            _ => Some(self.dice.of(&all)),
        }
    }

    fn open(&self) -> Vec<RequestId> {
        let asked = self.model.asked.iter().copied();
        asked.filter(|id| self.model.questions[id].is_open()).collect()
    }

    fn a_grant(&mut self) -> Option<GrantId> {
        let all = self.model.opened.clone();
        (!all.is_empty()).then(|| self.dice.of(&all))
    }

    /// A name, and the agent that has it, if there is one.
    fn a_name(&mut self) -> (&'static str, Option<No>) {
        let name = self.dice.of(&AGENTS);
        (name, self.model.named(name))
    }

    /// The same, one that is like this to be likely.
    fn a_name_of(&mut self, like: impl Fn(&Worker) -> bool) -> (&'static str, Option<No>) {
        let is = |name: &&str| {
            let found = self.model.named(name);
            found.is_some_and(|no| like(&self.model.agents[no]))
        };
        let these: Vec<_> = AGENTS.into_iter().filter(is).collect();
        if these.is_empty() || self.dice.below(6) == 0 {
            return self.a_name();
        }
        let name = self.dice.of(&these);
        (name, self.model.named(name))
    }

    /// Who answers for it, to be likely.
    fn owner_of(&self, agent: Option<No>) -> Vec<String> {
        agent.map(|agent| self.model.agents[agent].owner.clone()).into_iter().collect()
    }

    async fn step(&mut self) {
        let now = self.office.now();
        self.model.at(now);
        match self.pace {
            Pace::Days => {
                let act: LocalBoxFuture<'_, ()> = match self.dice.below(31) {
                    30 => Box::pin(self.everybody_answers()),
                    0 | 1 => Box::pin(self.register()),
                    2..=8 => Box::pin(self.vote()),
                    9 => Box::pin(self.accept()),
                    10 => Box::pin(self.cancel()),
                    11..=13 => Box::pin(self.ask()),
                    14 => Box::pin(self.extend()),
                    15 => Box::pin(self.revoke_or_release()),
                    16 => Box::pin(self.stop_or_reinstate()),
                    17 | 18 => Box::pin(self.delegate()),
                    19 => Box::pin(self.another_tier()),
                    20 => Box::pin(self.appeal()),
                    21 => Box::pin(self.break_glass()),
                    22 => Box::pin(self.hand_over()),
                    23 => Box::pin(self.open_incident()),
                    _ => Box::pin(self.minutes_pass()),
                };
                act.await;
            }
            Pace::Months => {
                let before = self.open();
                let act: LocalBoxFuture<'_, ()> = match self.dice.below(50) {
                    0..=2 => Box::pin(self.register()),
                    3 | 4 => Box::pin(self.vote()),
                    5 | 6 => Box::pin(self.everybody_answers()),
                    7..=11 => Box::pin(self.ask()),
                    12 | 13 => Box::pin(self.extend()),
                    14 => Box::pin(self.revoke_or_release()),
                    15 => Box::pin(self.cancel()),
                    16 | 17 => Box::pin(self.stop_or_reinstate()),
                    18 | 19 => Box::pin(self.another_tier()),
                    20 => Box::pin(self.appeal()),
                    21..=23 => Box::pin(self.break_glass()),
                    24..=26 => Box::pin(self.hand_over()),
                    27 => Box::pin(self.retire()),
                    28 | 29 => Box::pin(self.certify()),
                    30 | 31 => Box::pin(self.take()),
                    32..=34 => Box::pin(self.leave_or_return()),
                    35 => Box::pin(self.nobody_is_there()),
                    36 if self.dice.below(2) == 0 => Box::pin(self.open_incident()),
                    37 => Box::pin(self.delegate()),
                    _ => Box::pin(self.days_pass()),
                };
                act.await;
                // Most people answer within the day, and many do not accept a no.
                for id in self.open().iter().filter(|id| !before.contains(id)) {
                    if self.dice.below(5) > 0 {
                        Box::pin(self.everybody_answers_to(*id)).await;
                    }
                    if self.model.questions[id].state == "denied" && self.dice.below(2) == 0 {
                        Box::pin(self.appeal_against(*id)).await;
                    }
                }
                self.office.settled().await;
                self.model.act(self.office.now());
            }
        }
        self.model.at(self.office.now());
        self.grants_agree().await;
        self.agents_agree().await;
    }
}

async fn case(seed: u64, engine: Engine, pace: Pace, steps: usize) -> (u32, BTreeSet<String>) {
    let office = Office::mortal(engine).await;
    let mut dice = Dice::of_seed(seed);
    let members = PEOPLE[..MEMBERS].iter().map(|who| (*who).to_owned()).collect();
    let mut model = Model { members, ..Model::default() };
    model.roles.insert("vp", ["U0VERA".to_owned()].into());
    model.roles.insert("on-call", ["U0OMAR".to_owned()].into());
    for (role, group, usual) in [
        ("security", "S0SECURITY", ["U0SAM", "U0SARA"].as_slice()),
        ("compliance", "S0COMPLIANCE", &["U0CLEO", "U0SARA"]),
        ("team-lead", "S0SUPPORTLEADS", &["U0THEO", "U0TINA", "U0SAM"]),
    ] {
        // Anybody may be in a group, those who decide nothing too.
        let mut people: BTreeSet<&str> = (0..2 + dice.below(4)).map(|_| dice.of(&PEOPLE)).collect();
        people.insert(dice.of(&PEOPLE[1..MEMBERS]));
        if matches!(pace, Pace::Months) {
            people.extend(usual);
        }
        let members: Vec<&str> = people.iter().copied().collect();
        office.workspace().set_group_members(group, &members).expect("a group");
        model.roles.insert(role, people.into_iter().map(str::to_owned).collect());
    }
    let service = office.service().await;
    let names = BTreeMap::new();
    let mut case =
        Case { office: &office, pace, service, dice, model, names, clicks: 0, seen: 0, deaths: 0 };
    for _ in 0..steps {
        Box::pin(case.step()).await;
    }
    office.settled().await;
    case.model.act(office.now());
    case.log_agrees().await;
    // In the end everything has ended, and all that is shown says so.
    office.advance("10d").await;
    case.model.at(office.now());
    case.model.act(office.now());
    case.agents_agree().await;
    case.log_agrees().await;
    assert!(case.model.grants.values().all(|held| held.state != "active"));
    let deaths = case.deaths;
    let kinds = office.log().await.into_iter().map(|body| kind(&body.what)).collect();
    drop(case);
    office.close().await;
    (deaths, kinds)
}

/// What happened, in one word.
fn kind(what: &What) -> String {
    let what = serde_json::to_value(what).expect("JSON");
    what["kind"].as_str().expect("a kind").to_owned()
}

/// What must have happened in some case of each test, for that it shows anything; what is rarer, such as a
/// retirement, happens in some of them.
const IN_DAYS: [&str; 6] = [
    "request_approved",
    "request_denied",
    "request_cancelled",
    "request_expired",
    "grant_started",
    "delegation_given",
];
const IN_MONTHS: [&str; 12] = [
    "agent_orphaned",
    "agent_reinstated",
    "agent_suspended",
    "certification_missed",
    "emergency_opened",
    "grant_expired",
    "owner_changed",
    "owner_returned",
    "owner_taken",
    "request_approved",
    "request_denied",
    "tier_raised",
];

async fn cases(seeds: RangeInclusive<u64>, engine: Engine, pace: Pace, steps: usize) {
    let (mut deaths, mut kinds) = (0, BTreeSet::new());
    for seed in seeds {
        // Shown when the test fails.
        eprintln!("the case of seed {seed}");
        let (died, happened) = Box::pin(case(seed, engine, pace, steps)).await;
        deaths += died;
        kinds.extend(happened);
    }
    assert!(deaths > 0, "no server died, so nothing was shown of it");
    let wanted = match (engine, pace) {
        (Engine::Sqlite, Pace::Days) => IN_DAYS.as_slice(),
        (Engine::Sqlite, Pace::Months) => &IN_MONTHS,
        // There a new server waits for what the dead one had begun, so that there are fewer cases.
        (Engine::Postgres, _) => &[],
    };
    let missing: Vec<_> = wanted.iter().filter(|kind| !kinds.contains(**kind)).collect();
    assert!(missing.is_empty(), "nothing was shown of {missing:?}");
}

macro_rules! cases {
    ($($name:ident: $seeds:expr, $engine:ident, $pace:ident, $steps:literal;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            cases($seeds, Engine::$engine, Pace::$pace, $steps).await;
        }
    )*};
}

cases! {
    whatever_people_do_the_promises_hold_1: 1..=5, Sqlite, Days, 110;
    whatever_people_do_the_promises_hold_2: 6..=10, Sqlite, Days, 110;
    whatever_people_do_the_promises_hold_3: 11..=15, Sqlite, Days, 110;
    whatever_people_do_the_promises_hold_4: 16..=20, Sqlite, Days, 110;
    whatever_people_do_the_promises_hold_on_postgresql: 21..=22, Postgres, Days, 110;
    whatever_happens_in_months_the_promises_hold_1: 101..=102, Sqlite, Months, 240;
    whatever_happens_in_months_the_promises_hold_2: 103..=104, Sqlite, Months, 240;
    whatever_happens_in_months_the_promises_hold_3: 105..=106, Sqlite, Months, 240;
    whatever_happens_in_months_the_promises_hold_4: 107..=108, Sqlite, Months, 240;
    whatever_happens_in_months_the_promises_hold_5: 109..=110, Sqlite, Months, 240;
    whatever_happens_in_months_the_promises_hold_on_postgresql: 111..=112, Postgres, Months, 100;
}
