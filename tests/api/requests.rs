//! Requests and grants: asked, followed, prolonged, given back.

use std::time::Duration;

use serde_json::json;

use super::client::{Caller, column, log_in, text};
use crate::support::Office;

/// Dana asks for this; the request's reference.
async fn asks(dana: &Caller, access: &str) -> String {
    let body =
        json!({ "access": access, "for": "2h", "justification": "customer support queries" });
    text(&dana.post("/agents/support-agent/requests", &body).await.ok(202)["reference"])
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
        assert!(outcome["next"][0].as_str().unwrap().starts_with("agent-cli request-permission"), "{outcome}");
        let cancel = format!("/requests/{reference}/cancel");
        dana.post(&cancel, &json!({})).await.refuses(410, "request_ended");
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
