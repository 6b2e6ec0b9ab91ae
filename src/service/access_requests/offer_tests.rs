use serde_json::{Map, Value, json};
use ulid::Ulid;

use super::*;
use crate::domain::evaluation::ApprovalRefused;
use crate::identity::{Disbelief, Kind};

/// Signs in plain sight.
struct Plain;

impl Signer for Plain {
    fn issuer(&self) -> &str {
        "https://agents.example.com"
    }

    fn sign(&self, kind: Kind, claims: &Map<String, Value>) -> Option<String> {
        Some(format!("{}:{}", kind.typ(), Value::Object(claims.clone())))
    }

    fn recognise(
        &self,
        _kind: Kind,
        _audience: Option<&str>,
        _text: &str,
    ) -> Result<Map<String, Value>, Disbelief> {
        Err(Disbelief::NotOurs)
    }
}

fn pretty(document: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(document).unwrap()
}

fn question(action: &str, object: &str, context: Value) -> Question {
    serde_json::from_value(json!({
        "subject": { "type": "agent", "id": "support-agent-v2", "properties": { "act": { "sub": "x" } } },
        "resource": { "type": "database", "id": object },
        "action": { "name": action },
        "context": context,
    }))
    .unwrap()
}

fn offer(question: &Question, denial: &Denial, usual: Option<Span>) -> Option<Value> {
    let policy = Policy::starter();
    let offer = Offer {
        policy: &policy,
        signer: &Plain,
        question,
        agent: AgentId::new(Ulid::from_parts(1, 1)),
        tier: Tier::Observer,
        denial,
        evaluation: EvaluationId::new(Ulid::from_parts(1, 2)),
        now: Timestamp::from_timestamp(1_796_000_000, 7).unwrap(),
        usual,
    };
    offer.access_request()
}

#[test]
fn what_a_refusal_offers() {
    let context = json!({ "time": "now", "agent": { "task": "t" }, "conversation": { "id": 7 } });
    let write = question("write", "orders", context);
    insta::assert_snapshot!(
        "offer",
        pretty(&offer(&write, &Denial::NoGrant, Some(Span::minutes(40))))
    );
    let words = |action, usual| {
        let offer = offer(&question(action, "orders", json!({})), &Denial::NoGrant, usual).unwrap();
        offer["display"]["description"].as_str().unwrap().to_owned()
    };
    insta::assert_snapshot!("offer_words", [words("read", None), words("write", None)].join("\n"));
}

#[test]
fn what_cannot_be_asked_for_is_not_offered() {
    let plain = question("read", "orders", json!({}));
    let user: Question = {
        let mut other = plain.clone();
        other.subject.kind = "user".to_owned();
        other
    };
    assert_eq!(offer(&user, &Denial::NoGrant, None), None);
    assert_eq!(offer(&question("fly", "orders", json!({})), &Denial::NoGrant, None), None);
    assert_eq!(offer(&question("read", "", json!({})), &Denial::NoGrant, None), None);
    for denial in [
        Denial::UnknownSubject,
        Denial::UnknownAccess,
        Denial::Quota,
        Denial::NotActive { state: "suspended".to_owned() },
        Denial::CannotJudge { what: "context.x is missing".to_owned() },
        Denial::Approval { why: ApprovalRefused::Unverifiable },
        Denial::Approval { why: ApprovalRefused::Pending },
    ] {
        assert_eq!(offer(&plain, &denial, None), None, "{denial:?}");
    }
    for denial in [
        Denial::NoGrant,
        Denial::TierTooLow { needs: Tier::Internal, has: Tier::Observer },
        Denial::Approval { why: ApprovalRefused::Expired },
        Denial::Approval { why: ApprovalRefused::OutOfScope },
    ] {
        assert!(offer(&plain, &denial, None).is_some(), "{denial:?}");
    }
    // A question that is too long to carry round is tied by its record alone.
    let long = question("read", "orders", json!({ "page": "x".repeat(10_000) }));
    assert!(offer(&long, &Denial::NoGrant, None).unwrap().get("binding_token").is_none());
}
