//! `[[test]]`: which way a request would go.

use super::CaseFailed;
use crate::domain::access::Access;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::near;
use crate::policy::read::{Log, Main, Table, Value};
use crate::policy::route::{CannotAsk, Way};
use crate::policy::{Case, Policy};

/// One `[[test]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestCase {
    name: String,
    tier: Tier,
    ask: Asked,
    expect: Expect,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Registration,
    Grant { access: Access, lasting: Span },
    Extension { access: Access, total: Span },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Expect {
    needs: Option<Vec<RoleName>>,
    without_people: Option<Nobody>,
    raises_to: Option<Tier>,
    refused: Option<String>,
}

/// Whether nobody is to be asked; by which rule, if the case says so.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Nobody {
    Is(bool),
    By(String),
}

/// Reads one case.
pub(super) fn read(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    main: Option<&Main>,
) -> Option<TestCase> {
    let table = value.table(log, "[[test]], with double brackets")?;
    table.only(log, &["name", "agent", "ask", "expect"]);
    let name = table
        .need(log, "name", "Say in words what is tried: name = \"…\".")
        .and_then(|v| v.words(log, "what is tried, in words"));
    let tier = table
        .need(log, "agent", "Add agent = { tier = 1, team = \"support\" }.")
        .and_then(|v| agent(log, &v, main));
    let ask = table
        .need(
            log,
            "ask",
            "Add ask = { kind = \"grant\", access = \"database:read\", for = \"30m\" }.",
        )
        .and_then(|v| ask(log, &v));
    let expect = table
        .need(log, "expect", "Add expect = { needs = [\"team-lead\"] }.")
        .and_then(|v| expect(log, &v, main));
    Some(TestCase { name: name?.to_owned(), tier: tier?, ask: ask?, expect: expect? })
}

fn agent(log: &mut Log<'_>, value: &Value<'_, '_>, main: Option<&Main>) -> Option<Tier> {
    let table = value.table(log, "{ tier = 1, team = \"support\" }")?;
    table.only(log, &["tier", "team"]);
    team(log, &table, main);
    table.need(log, "tier", "Name the agent's tier: tier = 1.")?.tier(log)
}

/// The team that an agent in a case works for, if the case says so.
pub(super) fn team(
    log: &mut Log<'_>,
    table: &Table<'_, '_>,
    main: Option<&Main>,
) -> Option<String> {
    let value = table.get("team")?;
    let team = value.text(log, "\"support\"")?;
    if let Some(main) = main
        && !main.teams.contains_key(&TeamName::new(team))
    {
        log.mistake(
            value.at,
            format!("unknown team \"{team}\""),
            near::cure(team, "teams", main.teams.keys().map(TeamName::as_str)),
        );
    }
    Some(team.to_owned())
}

fn ask(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<Asked> {
    const KINDS: [&str; 3] = ["grant", "registration", "extension"];
    let table =
        value.table(log, "{ kind = \"grant\", access = \"database:read\", for = \"30m\" }")?;
    let kind = table.need(log, "kind", "Say what is asked: kind = \"grant\".")?;
    let word = kind.text(log, "\"grant\"")?;
    let time = match word {
        "registration" => {
            table.only(log, &["kind"]);
            return Some(Asked::Registration);
        }
        "grant" => "for",
        "extension" => "total",
        _ => {
            let cure = near::cure(word, "kinds", KINDS);
            log.mistake(kind.at, format!("\"{word}\" is nothing that is asked"), cure);
            return None;
        }
    };
    table.only(log, &["kind", "access", time]);
    let access = table
        .need(log, "access", "Name resource and action: access = \"database:read\".")
        .and_then(|v| access(log, &v));
    let span =
        table.need(log, time, format!("Say how long: {time} = \"30m\".")).and_then(|v| v.span(log));
    let (access, span) = (access?, span?);
    Some(if word == "grant" {
        Asked::Grant { access, lasting: span }
    } else {
        Asked::Extension { access, total: span }
    })
}

fn access(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<Access> {
    let text = value.text(log, "\"database:read\"")?;
    let access = text.parse().ok();
    if access.is_none() {
        log.mistake(
            value.at,
            format!("\"{text}\" is no access"),
            "Write resource and action like \"database:read\".",
        );
    }
    access
}

fn expect(log: &mut Log<'_>, value: &Value<'_, '_>, main: Option<&Main>) -> Option<Expect> {
    let table = value.table(log, "{ needs = [\"team-lead\"], without_people = false }")?;
    table.only(log, &["needs", "without_people", "raises_to", "refused"]);
    if table.entries().next().is_none() {
        log.mistake(
            table.at,
            "nothing is expected",
            "Add needs, without_people, raises_to or refused.",
        );
    }
    let needs = table.get("needs").map(|v| needs(log, &v, main));
    let without_people = table.get("without_people").map(|v| {
        if v.is_flag() {
            v.flag(log).map(Nobody::Is)
        } else {
            v.text(log, "`true`, `false` or the name of a rule in quotes")
                .map(|name| Nobody::By(name.to_owned()))
        }
    });
    let raises_to = table.get("raises_to").map(|v| v.tier(log));
    let refused = table.get("refused").map(|v| refused(log, &v));
    if let Some(value) = table.get("refused")
        && table.entries().count() > 1
    {
        log.mistake(
            value.at,
            "what cannot be asked has no other outcome",
            "Expect `refused` alone, or leave it out.",
        );
    }
    Some(Expect {
        needs: flip(needs)?,
        without_people: flip(without_people)?,
        raises_to: flip(raises_to)?,
        refused: flip(refused)?,
    })
}

/// What is there must be readable; what is absent is fine.
pub(super) fn flip<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(value) => value.map(Some),
    }
}

fn needs(log: &mut Log<'_>, value: &Value<'_, '_>, main: Option<&Main>) -> Option<Vec<RoleName>> {
    let keys = value.texts(log, "[\"team-lead\"]")?;
    if let Some(main) = main {
        for key in &keys {
            if key.name != RoleName::TEAM_LEAD && !main.roles.contains_key(&RoleName::new(key.name))
            {
                let known = main.roles.keys().map(RoleName::as_str).chain([RoleName::TEAM_LEAD]);
                log.mistake(
                    key.at,
                    format!("unknown role \"{}\" in {}", key.name, value.path),
                    near::cure(key.name, "roles", known),
                );
            }
        }
    }
    Some(keys.iter().map(|key| RoleName::new(key.name)).collect())
}

fn refused(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<String> {
    let text = value.text(log, "\"too-long\"")?;
    if !CannotAsk::WORDS.contains(&text) {
        log.mistake(
            value.at,
            format!("\"{text}\" is no reason to refuse"),
            near::cure(text, "reasons", CannotAsk::WORDS),
        );
    }
    Some(text.to_owned())
}

impl TestCase {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What is otherwise than expected.
    pub(super) fn failed(&self, policy: &Policy) -> Vec<CaseFailed> {
        self.judge(&policy.route(&self.question()))
    }

    const fn question(&self) -> Case<'_> {
        let tier = self.tier;
        match &self.ask {
            Asked::Registration => Case::Registration { tier },
            Asked::Grant { access, lasting } => Case::Grant { tier, access, lasting: *lasting },
            Asked::Extension { access, total } => Case::Extension { tier, access, total: *total },
        }
    }

    fn judge(&self, said: &Result<Way, CannotAsk>) -> Vec<CaseFailed> {
        let mut failed = Vec::new();
        let mut differs = |about, expected: String, got: String| {
            failed.push(CaseFailed { about, expected, got });
        };
        match (&self.expect.refused, said) {
            (Some(word), Err(why)) if word == why.word() => {}
            (Some(word), Err(why)) => differs("refused", word.clone(), why.word().to_owned()),
            (Some(word), Ok(_)) => {
                differs("refused", word.clone(), "that it can be asked".to_owned())
            }
            (None, Err(why)) => {
                differs("refused", "that it can be asked".to_owned(), why.to_string())
            }
            (None, Ok(way)) => self.expect.judge(way, &mut differs),
        }
        failed
    }
}

impl Expect {
    fn judge(&self, way: &Way, differs: &mut impl FnMut(&'static str, String, String)) {
        if let Some(needs) = &self.needs
            && sorted(needs) != sorted(&way.needs)
        {
            differs("needs", asks(needs), asks(&way.needs));
        }
        let by = way.without_people.as_deref();
        let as_expected = match &self.without_people {
            None => true,
            Some(Nobody::Is(nobody)) => *nobody == by.is_some(),
            Some(Nobody::By(name)) => by == Some(name),
        };
        if !as_expected && let Some(expected) = &self.without_people {
            let expected = match expected {
                Nobody::Is(flag) => flag.to_string(),
                Nobody::By(name) => format!("by \"{name}\""),
            };
            let got = by.map_or("false".to_owned(), |name| format!("by \"{name}\""));
            differs("without_people", expected, got);
        }
        if let Some(tier) = self.raises_to
            && way.raises_to != Some(tier)
        {
            let got = way.raises_to.map_or("its tier stays".to_owned(), |t| t.to_string());
            differs("raises_to", tier.to_string(), got);
        }
    }
}

fn sorted(needs: &[RoleName]) -> Vec<&RoleName> {
    let mut all: Vec<&RoleName> = needs.iter().collect();
    all.sort();
    all
}

fn asks(needs: &[RoleName]) -> String {
    if needs.is_empty() {
        return "nobody".to_owned();
    }
    needs.iter().map(RoleName::as_str).collect::<Vec<_>>().join(" + ")
}
