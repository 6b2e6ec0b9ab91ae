//! Requests and grants: asked, followed, prolonged, given back.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Caller, agent_itself, column, log_in, registration, text};
use crate::support::Office;

/// Dana asks for this; the request's reference.
async fn asks(dana: &Caller, access: &str) -> String {
    let body =
        json!({ "access": access, "for": "2h", "justification": "customer support queries" });
    text(&dana.post("/agents/support-agent/requests", &body).await.ok(202)["reference"])
}

/// A list of texts.
fn column_of(list: &Value) -> Vec<String> {
    list.as_array().unwrap_or_else(|| panic!("no list: {list}")).iter().map(text).collect()
}

async fn dana_with_agent(office: &Office) -> Caller {
    office.dana().has_agent("support-agent", &["writes"]).await;
    log_in(office.dana()).await
}

on_both! {
    /// Asked, approved in Slack, prolonged, handed back.
    async fn a_grants_life(office) {
        let dana = dana_with_agent(office).await;
        let reference = asks(&dana, "database:write").await;
        let same = json!({ "access": "database:write", "justification": "again" });
        let problem = dana.post("/agents/support-agent/requests", &same).await.refuses(409, "already_asked");
        assert_eq!(problem["reference"], json!(reference));
        office.everybody_approves(&reference).await;
        let request = dana.get(&format!("/requests/{reference}")).await.ok(200);
        assert_eq!(request["grant"]["state"], "active");
        assert_eq!(request["grant"]["left"], json!({ "text": "2h", "seconds": 7_200 }));
        let grants = dana.get("/grants?owner=me").await.ok(200);
        assert_eq!(column(&grants, "reference"), [reference.as_str()]);
        assert_eq!(column(&grants, "access"), ["database:write"]);

        let more = json!({ "by": "30m", "justification": "the queue is long" });
        let extension = dana.post(&format!("/grants/{reference}/extend"), &more).await.ok(202);
        assert_eq!(extension["kind"], "extension");
        office.everybody_approves(&text(&extension["reference"])).await;
        let grant = dana.get(&format!("/grants/{reference}")).await.ok(200);
        assert_eq!(grant["left"]["seconds"], 9_000);
        let extended = dana.get(&format!("/requests/{}", text(&extension["reference"]))).await.ok(200);
        assert_eq!(extended["grant"]["reference"], json!(reference));
        let endless = json!({ "by": "forever", "justification": "x" });
        let problem = dana.post(&format!("/grants/{reference}/extend"), &endless).await.refuses(400, "bad_duration");
        assert_eq!(problem["fields"][0]["field"], "by");

        let released = dana.post_named(&format!("/grants/{reference}/release"), &json!({}), "done").await.ok(200);
        assert_eq!(released["state"], "released");
        let again = dana.post_named(&format!("/grants/{reference}/release"), &json!({}), "done").await.ok(200);
        assert_eq!(again["state"], "released");
        dana.post(&format!("/grants/{reference}/release"), &json!({})).await.refuses(410, "grant_ended");
        dana.post(&format!("/grants/{reference}/extend"), &more).await.refuses(410, "grant_ended");
        assert_eq!(dana.get("/grants").await.ok(200)["total"], 0);
        assert_eq!(dana.get("/grants?state=all").await.ok(200)["total"], 1);
    }

    /// The policy says yes by itself, to what is ordinary; a resource alone is its lowest action.
    async fn at_once(office) {
        office.dana().has_agent("support-agent", &[]).await;
        let dana = log_in(office.dana()).await;
        let body = json!({ "access": "database", "justification": "customer support queries" });
        let request = dana.post_named("/agents/support-agent/requests", &body, "k").await.ok(201);
        assert_eq!((&request["state"], &request["access"]), (&json!("approved"), &json!("database:read")));
        assert_eq!(request["outcome"]["reason"], "short internal reads");
        assert_eq!(request["for"], json!({ "text": "1h", "seconds": 3_600 }));
        let again = dana.post_named("/agents/support-agent/requests", &body, "k").await.ok(201);
        assert_eq!(again["reference"], request["reference"]);
        let problem = dana.post("/agents/support-agent/requests", &body).await.refuses(409, "already_has");
        assert_eq!(problem["reference"], request["reference"]);
    }

    /// Each way to ask wrongly says what would be right.
    async fn asked_wrongly(office) {
        let dana = dana_with_agent(office).await;
        for (access, lasting, why, kind, near) in [
            ("databse:read", "1h", "x", "unknown_resource", "database"),
            ("database:raed", "1h", "x", "unknown_action", "database:read"),
            ("data base:read", "1h", "x", "bad_access", "database"),
            ("database:write", "soon", "x", "bad_duration", ""),
            ("database:write", "", "x", "bad_duration", ""),
            ("database:write", "9h", "x", "too_long", ""),
            ("database:write", "1h", " ", "no_reason", ""),
        ] {
            let body = json!({ "access": access, "for": lasting, "justification": why });
            let problem = dana.post("/agents/support-agent/requests", &body).await.refuses(400, kind);
            assert!(problem["fields"][0]["field"].is_string(), "{problem}");
            let found = problem["near"].to_string();
            assert!(near.is_empty() || found.contains(near), "{access}: {problem}");
        }
        let body = json!({ "access": "database:read", "justification": "x" });
        let problem = dana.post("/agents/suport-agent/requests", &body).await.refuses(404, "unknown_agent");
        assert_eq!(problem["near"], json!(["support-agent"]));
        assert!(problem["next"].to_string().contains("agent-cli show support-agent"), "{problem}");
        dana.get("/requests/R-999").await.refuses(404, "unknown_reference");
        dana.get("/requests/nonsense").await.refuses(404, "unknown_reference");
        // R-1 is there, G-1 is not.
        assert_eq!(dana.get("/requests/G-1").await.refuses(404, "unknown_reference")["near"], json!(["R-1"]));
    }

    /// A denial says who and why, and what could be done.
    async fn a_denial(office) {
        let dana = dana_with_agent(office).await;
        let reference = asks(&dana, "database:write").await;
        office.theo().denies(&reference, "use the replica").await;
        let request = dana.get(&format!("/requests/{reference}")).await.ok(200);
        assert_eq!(request["state"], "denied");
        let outcome = &request["outcome"];
        assert_eq!((&outcome["by"]["id"], &outcome["reason"]), (&json!("T0ACME/U0THEO"), &json!("use the replica")));
        let next = column_of(&outcome["next"]);
        assert!(next[0].starts_with(&format!("agent-cli appeal {reference} ")), "{outcome}");
        assert!(next[1].starts_with("agent-cli request-permission"), "{outcome}");
        let cancel = format!("/requests/{reference}/cancel");
        dana.post(&cancel, &json!({})).await.refuses(410, "request_ended");
    }

    /// A no is appealed once, by whom it concerns; others decide, and their yes makes it true.
    async fn appealed(office) {
        let dana = dana_with_agent(office).await;
        let itself = agent_itself(office, &dana, "support-agent").await;
        let reference = asks(&dana, "database:write").await;
        let path = format!("/requests/{reference}/appeal");
        let because = json!({ "justification": "the replica is a day behind" });
        let early = dana.post(&path, &because).await.refuses(409, "not_denied");
        assert!(early["next"].to_string().contains(&format!("agent-cli status {reference}")), "{early}");
        office.theo().denies(&reference, "use the replica").await;

        // Who may reads how; the others read who may.
        let omar = log_in(office.omar()).await;
        let said = |request: Value| column_of(&request["outcome"]["next"])[0].clone();
        let shown = format!("/requests/{reference}");
        let denied = dana.get(&shown).await.ok(200);
        assert!(denied["outcome"]["appeal_until"].is_string(), "{denied:#}");
        let command = format!("agent-cli appeal {reference} --because \"...\"");
        assert_eq!(said(denied.clone()), command);
        assert!(said(omar.get(&shown).await.ok(200)).ends_with(&format!("can appeal: {command}")));
        assert_eq!(said(itself.get(&shown).await.ok(200)), format!("its owner can appeal: {command}"));
        omar.post(&path, &because).await.refuses(403, "may_not_appeal");
        itself.post(&path, &because).await.refuses(403, "not_for_you");
        dana.post("/requests/G-999/appeal", &because).await.refuses(404, "unknown_reference");
        dana.post(&path, &json!({ "justification": " " })).await.refuses(400, "no_reason");

        let appeal = dana.post_named(&path, &because, "k").await.ok(202);
        assert_eq!((&appeal["kind"], &appeal["appeals"]), (&json!("appeal"), &json!(reference)));
        assert_eq!(dana.post_named(&path, &because, "k").await.ok(202)["reference"], appeal["reference"]);
        let twice = dana.post(&path, &because).await.refuses(409, "appealed_before");
        assert_eq!(twice["reference"], appeal["reference"]);
        let denied = dana.get(&shown).await.ok(200);
        assert_eq!(denied["outcome"]["appeal_until"], json!(null));
        assert!(said(denied).starts_with("agent-cli request-permission"));

        let called = text(&appeal["reference"]);
        office.vera().approves(&called).await;
        office.cleo().approves(&called).await;
        let granted = dana.get(&format!("/requests/{called}")).await.ok(200);
        assert_eq!(granted["state"], "approved");
        assert_eq!(granted["grant"]["access"], "database:write");
        let again = dana.post(&format!("/requests/{called}/appeal"), &because).await.refuses(409, "not_denied");
        assert!(again["detail"].as_str().unwrap().contains("was approved"), "{again}");
    }

    /// What the board denies is final; when the policy's time is over it is too late.
    async fn an_appeal_that_cannot_be(office) {
        let dana = dana_with_agent(office).await;
        let because = json!({ "justification": "it is needed" });
        let reference = asks(&dana, "database:write").await;
        office.theo().denies(&reference, "use the replica").await;
        let appeal = dana.post(&format!("/requests/{reference}/appeal"), &because).await.ok(202);
        let appeal = text(&appeal["reference"]);
        office.vera().denies(&appeal, "not worth the risk").await;
        let ended = dana.get(&format!("/requests/{appeal}")).await.ok(200);
        assert_eq!(ended["outcome"]["appeal_until"], json!(null));
        dana.post(&format!("/requests/{appeal}/appeal"), &because).await.refuses(409, "final");

        let registered = dana.post("/agents", &registration("another-agent")).await.ok(202);
        let late = text(&registered["request"]["reference"]);
        office.theo().denies(&late, "we have one").await;
        office.advance("7d").await;
        let dana = log_in(office.dana()).await;
        dana.post(&format!("/requests/{late}/appeal"), &because).await.refuses(410, "too_late_to_appeal");
        let past = dana.get(&format!("/requests/{late}")).await.ok(200);
        assert_eq!(past["outcome"]["next"], json!(["agent-cli register another-agent"]));
    }

    /// Taken back, by who asked alone.
    async fn taken_back(office) {
        let dana = dana_with_agent(office).await;
        let reference = asks(&dana, "database:write").await;
        let cancel = format!("/requests/{reference}/cancel");
        let omar = log_in(office.omar()).await;
        omar.post(&cancel, &json!({})).await.refuses(403, "not_requester");
        let request = dana.post_named(&cancel, &json!({}), "k").await.ok(200);
        assert_eq!(request["state"], "cancelled");
        assert_eq!(dana.post_named(&cancel, &json!({}), "k").await.ok(200)["state"], "cancelled");
    }

    /// Who waits is answered when something changes, and not before.
    async fn waiting_for_an_answer(office) {
        let dana = dana_with_agent(office).await;
        let reference = asks(&dana, "database:write").await;
        let path = format!("/requests/{reference}");
        let seen = text(&dana.get(&path).await.ok(200)["version"]);
        // Another version than the one that is: the answer comes at once.
        let old = dana.get(&format!("{path}?wait=25&seen=0000")).await.ok(200);
        assert_eq!(old["version"], json!(seen));
        // Nothing happens: the answer comes in the end, and is the same.
        let same = dana.get(&format!("{path}?wait=1&seen={seen}")).await.ok(200);
        assert_eq!(same["version"], json!(seen));

        let waiter = dana.clone();
        let waits = format!("{path}?wait=25&seen={seen}");
        let waiting = tokio::spawn(async move { waiter.get(&waits).await.ok(200) });
        office.theo().approves(&reference).await;
        let changed = tokio::time::timeout(Duration::from_secs(15), waiting).await;
        let changed = changed.expect("the answer comes with the vote").expect("an answer");
        assert_ne!(changed["version"], json!(seen));
        assert_eq!(changed["needs"][1]["given_by"]["id"], "T0ACME/U0THEO");

        // One caller has so many seats; the others are told when to come again.
        let seen = text(&changed["version"]);
        let waits = format!("{path}?wait=25&seen={seen}");
        let many = (0..20).map(|_| {
            let (waiter, waits) = (dana.clone(), waits.clone());
            tokio::spawn(async move { waiter.get(&waits).await })
        });
        let many: Vec<_> = many.collect();
        let mut refused = 0;
        let mut held = Vec::new();
        for waiting in many {
            if refused < 4 {
                match tokio::time::timeout(Duration::from_millis(500), waiting).await {
                    Ok(answer) => {
                        answer.expect("an answer").refuses(429, "too_many_wait");
                        refused += 1;
                    }
                    Err(_) => held.push(()),
                }
            }
        }
        assert!(refused >= 1, "{refused} refused");
    }

    /// A server that ends answers those who wait.
    async fn the_end_of_the_server_ends_the_wait(office) {
        let dana = dana_with_agent(office).await;
        let reference = asks(&dana, "database:write").await;
        let seen = text(&dana.get(&format!("/requests/{reference}")).await.ok(200)["version"]);
        let (waiter, path) = (dana.clone(), format!("/requests/{reference}?wait=25&seen={seen}"));
        let waiting = tokio::spawn(async move { waiter.get(&path).await });
        let started = std::time::Instant::now();
        // It waits once it has a seat; a second look is answered at once meanwhile.
        dana.get(&format!("/requests/{reference}")).await.ok(200);
        office.stop().await;
        let answer = tokio::time::timeout(Duration::from_secs(10), waiting).await;
        let answer = answer.expect("an answer before the farewell is over").expect("an answer");
        assert!([200, 503].contains(&answer.status), "{answer:?}");
        assert!(started.elapsed() < Duration::from_secs(10));
        office.start().await;
    }
}
