//! Rules, asked: small folders, one question at a time.

mod authzen;
mod mistakes;
mod monotone;
mod semantics;
mod speed;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use ulid::Ulid;

use crate::domain::evaluation::{Action, Entity, KnownAgent, LiveGrant, Properties, Question};
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::request::Reference;
use crate::domain::tier::Tier;
use crate::domain::time::Timestamp;
use crate::policy::{Facts, Policy, Refused, Ruling};

/// Two resources, the second with a name that Cedar cannot write.
const POLICY: &str = r#"[channels]
approvals = "C0APPROVALS"
security = "C0SECURITY"

[roles]
security = { usergroup = "S0SECURITY" }

[teams.support]
leads = { usergroup = "S0LEADS" }
channel = "C0SUPPORT"

[tiers.1]
requires = ["team-lead"]
decide_within = "4h"
longest_grant = "8h"

[tiers.2]
requires = ["security", "team-lead"]
decide_within = "8h"
longest_grant = "8h"

[tiers.3]
requires = ["security", "team-lead"]
decide_within = "24h"
longest_grant = "4h"

[resources.docs]
sensitivity = "public"
actions = { read = 1 }
opens = "the documentation"

[resources.customer-account]
sensitivity = "confidential"
actions = { read = 2 }
opens = "an account"
"#;

/// What the tests speak of.
const SCHEMA: &str = r#"
type Party = { id: String, since: datetime };
entity group in [group];
entity user in [group] = {
  role?: String, age?: Long, boss?: user, from?: ipaddr, tags?: Set<String>, share?: decimal,
};
entity agent in [group] = {
  slug: String, tier: Long, team: String, owner: String, model: String, region?: String,
};
entity docs = { sensitivity: Long, sensitivity_word: String, keeper?: user };
entity customer_account = { customer_id?: String, sensitivity: Long };
action reading;
action read in [reading] appliesTo {
  principal: [agent, user],
  resource: [docs, customer_account],
  context: {
    conversation?: { participants: Set<String>, parties?: Set<Party> },
    now: datetime, hour: Long, weekday: Long, granted: Bool,
    action: { soft?: Bool },
    risky?: Bool, wait?: duration,
  },
};
"#;

/// A folder of the small policy with these rules and entities.
fn folder(rules: &str, entities: &str) -> BTreeMap<String, String> {
    BTreeMap::from(
        [
            ("policy.toml", POLICY),
            ("schema.cedarschema", SCHEMA),
            ("rules.cedar", rules),
            ("entities.json", entities),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned())),
    )
}

fn load(rules: &str, entities: &str) -> Result<Policy, Refused> {
    Policy::from_files(&folder(rules, entities))
}

fn policy(rules: &str) -> Policy {
    policy_with(rules, "[]")
}

fn policy_with(rules: &str, entities: &str) -> Policy {
    load(rules, entities).unwrap_or_else(|refused| panic!("{refused}"))
}

fn object(json: Value) -> Properties {
    match json {
        Value::Object(object) => object,
        Value::Null => Properties::new(),
        other => panic!("{other} is no object"),
    }
}

fn entity(kind: &str, id: &str, properties: Value) -> Entity {
    Entity { kind: kind.to_owned(), id: id.to_owned(), properties: object(properties) }
}

/// Somebody reads one of the docs.
fn question(subject: Entity) -> Question {
    Question {
        subject,
        action: Action { name: "read".to_owned(), properties: Properties::new() },
        resource: entity("docs", "handbook", json!({})),
        context: Properties::new(),
        for_whom: None,
    }
}

/// The user `alice` reads one of the docs.
fn by_alice() -> Question {
    question(entity("user", "alice", json!({})))
}

fn in_context(context: Value) -> Question {
    Question { context: object(context), ..by_alice() }
}

/// A Monday at noon, UTC.
fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// An agent of tier 2.
fn agent() -> KnownAgent {
    KnownAgent {
        id: AgentId::new(Ulid::nil()),
        slug: "support-agent-v2".parse().unwrap(),
        tier: Tier::Internal,
        team: "support".to_owned(),
        owner: PersonId::new("T0", "U0DANA"),
        model: "m-1".to_owned(),
    }
}

fn grant() -> LiveGrant {
    LiveGrant {
        id: GrantId::new(Ulid::nil()),
        reference: Reference { letter: 'G', number: 1 },
        request: RequestId::new(Ulid::nil()),
        until: noon() + chrono::TimeDelta::hours(1),
    }
}

const NOTHING: fn() -> Facts<'static> = || Facts { agent: None, grant: None, now: noon() };

/// What the rules say when nothing is known for certain.
fn said(policy: &Policy, question: &Question) -> Ruling {
    policy.rule(question, &NOTHING())
}

/// What they say of the registered agent, asked with these claims.
fn said_of_agent(policy: &Policy, claims: Value) -> Ruling {
    let agent = agent();
    let question = question(entity("agent", "agt_1", claims));
    policy.rule(&question, &Facts { agent: Some(&agent), ..NOTHING() })
}

fn permit(rule: &str) -> Ruling {
    Ruling::Permit { rule: rule.to_owned() }
}

fn forbidden(ruling: &Ruling) -> Option<&str> {
    match ruling {
        Ruling::Forbid { rule, .. } => Some(rule),
        _ => None,
    }
}

fn cannot(what: &str) -> Ruling {
    Ruling::CannotJudge { what: what.to_owned() }
}

/// The rule `a`, which permits all reading under this condition.
fn permits_when(condition: &str) -> String {
    format!("@id(\"a\") permit (principal, action, resource) when {{ {condition} }};")
}

/// The rule `b`, which forbids all reading under this condition.
fn forbids_when(condition: &str) -> String {
    format!(
        "@id(\"b\") @reason(\"no\") forbid (principal, action, resource) when {{ {condition} }};"
    )
}
