//! `[[evaluation]]`: what is answered at run time.

use serde_json::{Map, Value as Json};
use ulid::Ulid;

use super::CaseFailed;
use super::routing::{flip, team};
use crate::domain::agent::Slug;
use crate::domain::evaluation::{
    AGENT, Action, Basis, Decision, Denial, Entity, KnownAgent, LiveGrant, Properties, Question,
};
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::request::Reference;
use crate::domain::time::{Span, Timestamp};
use crate::policy::near;
use crate::policy::read::{Log, Main, Table, Value};
use crate::policy::{Facts, Policy};

const KEYS: [&str; 9] =
    ["name", "agent", "subject", "granted", "action", "resource", "context", "now", "expect"];

/// The codes of all answers that the policy alone can give.
const REASONS: [&str; 6] = [
    "approval_required",
    "condition_not_judged",
    "condition_not_met",
    "tier_too_low",
    "unknown_access",
    "unknown_subject",
];

/// One `[[evaluation]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Evaluation {
    name: String,
    question: Question,
    agent: Option<KnownAgent>,
    granted: bool,
    now: Timestamp,
    expect: Expect,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Expect {
    decision: Option<bool>,
    reason: Option<String>,
    rule: Option<String>,
}

/// Who asks in a case.
struct Who {
    subject: Entity,
    agent: Option<KnownAgent>,
}

/// Reads one case.
pub(super) fn read(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    main: Option<&Main>,
) -> Option<Evaluation> {
    let table = value.table(log, "[[evaluation]], with double brackets")?;
    table.only(log, &KEYS);
    let name = table
        .need(log, "name", "Say in words what is tried: name = \"…\".")
        .and_then(|v| v.words(log, "what is tried, in words"));
    let who = who(log, &table, main);
    let granted = match table.get("granted") {
        None => Some(false),
        Some(value) => value.flag(log),
    };
    let action = table
        .need(log, "action", "Name what is done: action = \"read\".")
        .and_then(|v| action(log, &v));
    let resource = table
        .need(
            log,
            "resource",
            "Name what it is done to: resource = { type = \"database\", id = \"orders\" }.",
        )
        .and_then(|v| entity(log, &v, "{ type = \"database\", id = \"orders\" }"));
    let context = properties(log, &table, "context");
    let now = table
        .need(log, "now", "Say when: now = 2026-03-02T10:00:00+01:00.")
        .and_then(|v| v.moment(log));
    let expect = table
        .need(log, "expect", "Add expect = { decision = true }.")
        .and_then(|v| expect(log, &v));
    let Who { subject, agent } = who?;
    let question = Question {
        subject,
        action: action?,
        resource: resource?,
        context: context?,
        for_whom: None,
    };
    Some(Evaluation {
        name: name?.to_owned(),
        question,
        agent,
        granted: granted?,
        now: now?,
        expect: expect?,
    })
}

fn who(log: &mut Log<'_>, table: &Table<'_, '_>, main: Option<&Main>) -> Option<Who> {
    match (table.get("agent"), table.get("subject")) {
        (Some(_), Some(subject)) => {
            log.mistake(
                subject.at,
                "agent and subject stand here, and one of them asks",
                "Keep agent for one of your agents, or subject for anybody else.",
            );
            None
        }
        (Some(value), None) => agent(log, &value, main),
        (None, _) => {
            let cure = "Add agent = { tier = 1, team = \"support\" }, or subject = { type = \
                        \"user\", id = \"alice\" }.";
            let value = table.get("subject").or_else(|| table.need(log, "agent", cure))?;
            let subject = entity(log, &value, "{ type = \"user\", id = \"alice\" }")?;
            Some(Who { subject, agent: None })
        }
    }
}

fn agent(log: &mut Log<'_>, value: &Value<'_, '_>, main: Option<&Main>) -> Option<Who> {
    let table = value.table(log, "{ tier = 1, team = \"support\" }")?;
    table.only(log, &["slug", "tier", "team", "owner", "model", "properties"]);
    let team = team(log, &table, main);
    let tier =
        table.need(log, "tier", "Name the agent's tier: tier = 1.").and_then(|v| v.tier(log));
    let mut text = |key: &str, usual: &str| match table.get(key) {
        None => Some(usual.to_owned()),
        Some(value) => value.text(log, "a text in quotes").map(str::to_owned),
    };
    let (slug, owner, model) =
        (text("slug", "an-agent"), text("owner", "U0OWNER"), text("model", ""));
    let properties = properties(log, &table, "properties");
    let slug = slug?;
    let Ok(known) = slug.parse::<Slug>() else {
        log.mistake(
            table.at,
            format!("{}: \"{}\" cannot be an agent's name", table.path, slug.escape_debug()),
            "Write it like slug = \"support-agent-v2\".",
        );
        return None;
    };
    let agent = KnownAgent {
        id: AgentId::new(Ulid::nil()),
        slug: known,
        tier: tier?,
        team: team.unwrap_or_default(),
        owner: PersonId::new("T0", owner?),
        model: model?,
    };
    let subject = Entity { kind: AGENT.to_owned(), id: slug, properties: properties? };
    Some(Who { subject, agent: Some(agent) })
}

fn action(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<Action> {
    if value.is_text() {
        let name = value.text(log, "\"read\"")?.to_owned();
        return Some(Action { name, properties: Properties::new() });
    }
    let table =
        value.table(log, "\"read\" or { name = \"delete\", properties = { soft = true } }")?;
    table.only(log, &["name", "properties"]);
    let name = table
        .need(log, "name", "Name what is done: name = \"read\".")
        .and_then(|v| v.text(log, "\"read\"").map(str::to_owned));
    let properties = properties(log, &table, "properties");
    Some(Action { name: name?, properties: properties? })
}

fn entity(log: &mut Log<'_>, value: &Value<'_, '_>, like: &str) -> Option<Entity> {
    let table = value.table(log, like)?;
    table.only(log, &["type", "id", "properties"]);
    let text = |log: &mut Log<'_>, key: &str| {
        let value = table.need(log, key, format!("Write it like {like}."))?;
        value.text(log, "a text in quotes").map(str::to_owned)
    };
    let (kind, id) = (text(log, "type"), text(log, "id"));
    let properties = properties(log, &table, "properties");
    Some(Entity { kind: kind?, id: id?, properties: properties? })
}

fn properties(log: &mut Log<'_>, table: &Table<'_, '_>, key: &str) -> Option<Properties> {
    let Some(value) = table.get(key) else { return Some(Map::new()) };
    value.table(log, "{ status = \"archived\" }")?;
    match value.json() {
        Json::Object(object) => Some(object),
        _ => None,
    }
}

fn expect(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<Expect> {
    let table = value.table(log, "{ decision = false, reason = \"condition_not_met\" }")?;
    table.only(log, &["decision", "reason", "rule"]);
    if table.entries().next().is_none() {
        log.mistake(table.at, "nothing is expected", "Add decision, reason or rule.");
    }
    let decision = table.get("decision").map(|v| v.flag(log));
    let reason = table.get("reason").map(|v| reason(log, &v));
    let rule = table.get("rule").map(|v| v.text(log, "the @id of a rule").map(str::to_owned));
    Some(Expect { decision: flip(decision)?, reason: flip(reason)?, rule: flip(rule)? })
}

fn reason(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<String> {
    let text = value.text(log, "\"condition_not_met\"")?;
    if !REASONS.contains(&text) {
        let what = format!("\"{text}\" is no reason that the policy gives");
        log.mistake(value.at, what, near::cure(text, "reasons", REASONS));
    }
    Some(text.to_owned())
}

impl Evaluation {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What is otherwise than expected.
    pub(super) fn failed(&self, policy: &Policy) -> Vec<CaseFailed> {
        let grant = self.granted.then(|| a_grant(self.now));
        let facts = Facts { agent: self.agent.as_ref(), grant: grant.as_ref(), now: self.now };
        self.judge(&policy.decide(&self.question, &facts))
    }

    fn judge(&self, said: &Decision) -> Vec<CaseFailed> {
        let mut failed = Vec::new();
        let mut differs = |about, expected: String, got: String| {
            failed.push(CaseFailed { about, expected, got });
        };
        let (reason, rule) = match said {
            Decision::Allow { basis: Basis::Rule { rule } } => (None, Some(rule)),
            Decision::Allow { basis: Basis::Grant(_) } => (None, None),
            Decision::Deny { denial: denial @ Denial::Forbidden { rule, .. } } => {
                (Some(denial.code()), Some(rule))
            }
            Decision::Deny { denial } => (Some(denial.code()), None),
        };
        if let Some(decision) = self.expect.decision
            && decision != said.is_allowed()
        {
            differs("decision", decision.to_string(), words(said));
        }
        if let Some(expected) = &self.expect.reason
            && reason != Some(expected)
        {
            differs("reason", expected.clone(), words(said));
        }
        if let Some(expected) = &self.expect.rule
            && rule != Some(expected)
        {
            let got = rule.map_or_else(|| format!("no rule: {}", words(said)), Clone::clone);
            differs("rule", expected.clone(), got);
        }
        failed
    }
}

/// An answer in a few words.
fn words(said: &Decision) -> String {
    match said {
        Decision::Allow { basis: Basis::Grant(_) } => "true, by the grant".to_owned(),
        Decision::Allow { basis: Basis::Rule { rule } } => format!("true, by the rule {rule}"),
        Decision::Deny { denial } => {
            let why = match denial {
                Denial::Forbidden { rule, .. } => format!(" by the rule {rule}"),
                Denial::CannotJudge { what } => format!(": {what}"),
                Denial::TierTooLow { needs, .. } => format!(": it needs {needs}"),
                _ => String::new(),
            };
            format!("false, {}{why}", denial.code())
        }
    }
}

/// The grant of a case that has one.
fn a_grant(now: Timestamp) -> LiveGrant {
    LiveGrant {
        id: GrantId::new(Ulid::nil()),
        reference: Reference { letter: 'G', number: 1 },
        request: RequestId::new(Ulid::nil()),
        until: now + Span::hours(1).delta(),
    }
}
