//! The gate's verdicts, by tables, and its words.

use std::fmt::Write as _;

use chrono::TimeDelta;
use ulid::Ulid;

use super::*;
use crate::domain::agent::{Cause, Description};
use crate::domain::ids::{AgentId, RequestId};
use crate::domain::person::By;
use crate::domain::role::TeamName;

fn now() -> Timestamp {
    Timestamp::from_timestamp(1_796_000_000, 0).unwrap()
}

fn dana() -> PersonId {
    PersonId::new("T0ACME", "U0DANA")
}

fn agent() -> Agent {
    Agent {
        id: AgentId::new(Ulid::from_parts(1, 1)),
        slug: "support-agent-v2".parse().unwrap(),
        description: Description {
            purpose: "answers tickets".into(),
            systems: vec!["CRM".into(), "tickets".into()],
            runs_on: "kubernetes".into(),
            model: "m-5".into(),
            answers: Answers { writes: true, ..Answers::default() },
        },
        owner: dana(),
        team: TeamName::new("support"),
        tier: Tier::Internal,
        registered_at: now(),
        state: AgentState::Active { since: now(), certified_until: now() + TimeDelta::days(90) },
        orphaned: None,
    }
}

fn said() -> Declared {
    Declared {
        name: "support-agent-v2".into(),
        purpose: "Answers tickets".into(),
        owner: NamedOwner::Person(dana()),
        team: Some("support".into()),
        systems: vec!["crm".into(), "tickets ".into()],
        runs_on: "kubernetes".into(),
        model: "m-5".into(),
        answers: Answers { writes: true, ..Answers::default() },
        accesses: vec![wish(Held::Granted {
            reference: "G-12".parse().unwrap(),
            until: now() + TimeDelta::hours(1),
        })],
    }
}

fn wish(held: Held) -> Wish {
    Wish {
        typed: "database:read".into(),
        because: "customer support queries".into(),
        lasting: Wished::For(Span::minutes(30)),
        known: Known::Known {
            access: Access::new("database", "read"),
            needs: Tier::Observer,
            longest: Span::hours(8),
            held,
            at_once: false,
        },
    }
}

fn needs(tier: Tier) -> Wish {
    let mut wish = wish(Held::No);
    if let Known::Known { needs, .. } = &mut wish.known {
        *needs = tier;
    }
    wish
}

fn verdict(said: &Declared, agent: Option<&Agent>) -> Vec<Check> {
    let near = ["support-agent-v3".parse().unwrap()];
    let near = if agent.is_some() { &[][..] } else { &near };
    judge(said, &Registry { agent, owner: "Dana", near, now: now() })
}

fn failures(checks: &[Check]) -> Vec<(&'static str, Option<&str>)> {
    let failed = checks.iter().filter(|check| check.outcome == Outcome::Failed);
    failed.map(|check| (check.rule.word(), check.about.as_deref())).collect()
}

fn notes(checks: &[Check]) -> Vec<(&'static str, Option<&str>)> {
    let noted = checks.iter().filter(|check| check.outcome == Outcome::Noted);
    noted.map(|check| (check.rule.word(), check.about.as_deref())).collect()
}

/// What differs, what fails for it, and what is noted.
type Row = (
    &'static str,
    Declared,
    Option<Agent>,
    Vec<(&'static str, &'static str)>,
    Vec<(&'static str, &'static str)>,
);

fn table() -> Vec<Row> {
    let state = |state: AgentState| Some(Agent { state, ..agent() });
    let request = RequestId::new(Ulid::from_parts(1, 2));
    let by = By::from(dana());
    let stopped = |reason: &str| {
        let (at, certified_until, reason) = (now(), now(), reason.to_owned());
        let cause = Cause::Stopped;
        state(AgentState::Suspended { at, by: by.clone(), reason, cause, certified_until })
    };
    let lapsed = AgentState::Active { since: now(), certified_until: now() };
    let with = |change: &dyn Fn(&mut Declared)| {
        let mut said = said();
        change(&mut said);
        said
    };
    let answers = |answers: Answers| with(&|said| said.answers = answers);
    let access = |wish: Wish| with(&|said| said.accesses = vec![wish.clone()]);
    let lasting = |lasting: Wished| access(Wish { lasting, ..wish(Held::No) });
    let known =
        |known: Known| access(Wish { typed: "databse:read".into(), known, ..wish(Held::No) });
    let writes = Answers { writes: true, ..Answers::default() };
    vec![
        ("in order", said(), Some(agent()), vec![], vec![]),
        (
            "no owner is named",
            with(&|s| s.owner = NamedOwner::Unsaid),
            Some(agent()),
            vec![],
            vec![],
        ),
        ("not registered", said(), None, vec![("registered", "")], vec![("tier", "")]),
        (
            "a bad name",
            with(&|s| s.name = "Support Agent".into()),
            None,
            vec![("registered", "")],
            vec![("tier", "")],
        ),
        ("pending", said(), state(AgentState::Pending { request }), vec![("active", "")], vec![]),
        ("stopped", said(), stopped(""), vec![("active", "")], vec![]),
        (
            "stopped for a reason",
            said(),
            stopped("it mailed \u{202e}everybody"),
            vec![("active", "")],
            vec![],
        ),
        (
            "retired",
            said(),
            state(AgentState::Retired { at: now(), by: dana().into(), reason: String::new() }),
            vec![("active", "")],
            vec![],
        ),
        ("lapsed", said(), state(lapsed), vec![("certified", "")], vec![]),
        (
            "another owner",
            with(&|s| s.owner = NamedOwner::Person(PersonId::new("T0ACME", "U0OMAR"))),
            Some(agent()),
            vec![("manifest", "owner")],
            vec![],
        ),
        (
            "an owner whom nobody knows",
            with(&|s| s.owner = NamedOwner::Nobody("x@example.com".into())),
            Some(agent()),
            vec![],
            vec![("manifest", "owner")],
        ),
        (
            "another team",
            with(&|s| s.team = Some("sales".into())),
            Some(agent()),
            vec![("manifest", "team")],
            vec![],
        ),
        (
            "a new system",
            with(&|s| s.systems.push("payroll".into())),
            Some(agent()),
            vec![("manifest", "systems")],
            vec![],
        ),
        (
            "a system less",
            with(&|s| s.systems.truncate(1)),
            Some(agent()),
            vec![],
            vec![("manifest", "systems")],
        ),
        ("no systems are said", with(&|s| s.systems.clear()), Some(agent()), vec![], vec![]),
        (
            "another purpose",
            with(&|s| s.purpose = "sends invoices".into()),
            Some(agent()),
            vec![],
            vec![("manifest", "purpose")],
        ),
        (
            "another model",
            with(&|s| s.model = "m-6".into()),
            Some(agent()),
            vec![],
            vec![("manifest", "model")],
        ),
        (
            "a risk of a higher tier",
            answers(Answers { money: true, ..writes }),
            Some(agent()),
            vec![("tier", ""), ("manifest", "money")],
            vec![],
        ),
        (
            "a risk of the same tier",
            answers(Answers { money: true, ..writes }),
            Some(Agent { tier: Tier::External, ..agent() }),
            vec![("manifest", "money")],
            vec![],
        ),
        (
            "a risk less",
            answers(Answers::default()),
            Some(agent()),
            vec![],
            vec![("manifest", "writes")],
        ),
        (
            "not granted",
            access(wish(Held::No)),
            Some(agent()),
            vec![],
            vec![("access", "database:read")],
        ),
        (
            "being decided",
            access(wish(Held::BeingDecided("G-13".parse().unwrap()))),
            Some(agent()),
            vec![],
            vec![("access", "database:read")],
        ),
        (
            "a tier too low",
            access(needs(Tier::External)),
            Some(agent()),
            vec![("access", "database:read")],
            vec![],
        ),
        (
            "a tier too low, not registered",
            access(needs(Tier::External)),
            None,
            vec![("registered", ""), ("access", "database:read")],
            vec![("tier", "")],
        ),
        (
            "grantable, not registered",
            access(wish(Held::No)),
            None,
            vec![("registered", "")],
            vec![("tier", ""), ("access", "database:read")],
        ),
        (
            "too long",
            lasting(Wished::For(Span::hours(9))),
            Some(agent()),
            vec![("access", "database:read")],
            vec![],
        ),
        (
            "no length",
            lasting(Wished::Bad("long".into())),
            Some(agent()),
            vec![("access", "database:read")],
            vec![],
        ),
        (
            "no access",
            known(Known::NoAccess),
            Some(agent()),
            vec![("access", "databse:read")],
            vec![],
        ),
        (
            "an unknown access",
            known(Known::Unknown { near: vec!["database:read".into()] }),
            Some(agent()),
            vec![("access", "databse:read")],
            vec![],
        ),
    ]
}

#[test]
fn what_fails_and_what_is_noted() {
    for (what, said, agent, fails, noted) in table() {
        let checks = verdict(&said, agent.as_ref());
        let plain = |found: Vec<(&'static str, Option<&str>)>| {
            found
                .into_iter()
                .map(|(r, a)| (r, a.unwrap_or_default().to_owned()))
                .collect::<Vec<_>>()
        };
        let owned = |rows: Vec<(&'static str, &'static str)>| {
            rows.into_iter().map(|(r, a)| (r, a.to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(plain(failures(&checks)), owned(fails), "{what}: {checks:#?}");
        assert_eq!(plain(notes(&checks)), owned(noted), "{what}: {checks:#?}");
        for check in &checks {
            let told = check.outcome == Outcome::Passed || check.why.is_some();
            assert!(told, "{what}: why {check:?}");
            let cured = check.outcome != Outcome::Failed || !check.next.is_empty();
            assert!(cured, "{what}: no cure {check:?}");
            assert!(!format!("{check:?}").contains('\u{202e}'), "{what}: {check:?}");
        }
    }
}

#[test]
fn the_words() {
    let mut words = String::new();
    for (what, said, agent, ..) in table() {
        let _ = writeln!(words, "# {what}");
        for check in verdict(&said, agent.as_ref()) {
            if check.outcome == Outcome::Passed && what != "in order" {
                continue;
            }
            let about = check.about.map(|about| format!(" {about}")).unwrap_or_default();
            let _ = writeln!(
                words,
                "{:?} {}{about}: {}",
                check.outcome,
                check.rule.word(),
                check.found
            );
            if let Some(why) = check.why {
                let _ = writeln!(words, "  Why   {why}");
            }
            for next in check.next {
                let _ = writeln!(words, "  Next  {next}");
            }
        }
    }
    insta::assert_snapshot!(words);
}

/// What a manifest says why is text of anybody: in a command it must not become more than text.
#[test]
fn a_justification_does_not_become_a_command() {
    for hostile in ["\"; rm -rf ~; \"", "$(id)", "`id`", "a\\\"b", "!!"] {
        let wish = Wish { because: hostile.into(), ..wish(Held::No) };
        let access = Access::new("database", "read");
        let said = request(&agent().slug, &access, &wish);
        assert!(said.ends_with("--justification \"...\""), "{said}");
    }
}
