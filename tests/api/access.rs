//! Who may do what: a token never does what its person could not do in Slack.

use countersign::sandbox::model::PersonKind;
use serde_json::json;

use super::client::{Caller, log_in, registration};

/// Every call there is, with a body that is understood.
fn calls(granted: &str, asked: &str) -> Vec<(&'static str, String, serde_json::Value)> {
    let manifest = json!({ "version": 1, "agent": { "name": "support-agent", "purpose": "p" } });
    let asks = json!({ "access": "database:write", "justification": "x" });
    let key = json!({ "name": "k", "public_key": super::client::Key::make().jwk(), "justification": "x" });
    let mut calls = Vec::new();
    let mut get = |path: String| calls.push(("GET", path, json!(null)));
    for path in [
        "/agents",
        "/agents/support-agent",
        "/agents/support-agent/credentials",
        "/requests",
        "/grants",
        "/catalogue",
    ] {
        get(path.to_owned());
    }
    get(format!("/requests/{asked}"));
    get(format!("/grants/{granted}"));
    get("/evaluations/eval_01KBM7Q5GJ9V6Q3N8X2T4R0WZC".to_owned());
    for (path, body) in [
        ("/agents", registration("another-agent")),
        ("/agents/preview", registration("another-agent")),
        ("/agents/support-agent/stop", json!({})),
        ("/agents/support-agent/credentials", key),
        ("/agents/support-agent/requests", asks),
        ("/gate", json!({ "manifest": manifest })),
    ] {
        calls.push(("POST", path.to_owned(), body));
    }
    let more = json!({ "by": "30m", "justification": "x" });
    calls.push(("POST", format!("/grants/{granted}/extend"), more));
    calls.push(("POST", format!("/grants/{granted}/release"), json!({})));
    calls.push(("POST", format!("/grants/{granted}/revoke"), json!({})));
    calls.push(("POST", format!("/requests/{asked}/cancel"), json!({})));
    calls
}

async fn call(
    caller: &Caller,
    (method, path, body): &(&str, String, serde_json::Value),
) -> super::client::Answer {
    match *method {
        "GET" => caller.get(path).await,
        _ => caller.post(path, body).await,
    }
}

on_both! {
    /// Nobody, a stranger, a login that was ended, an account that was deactivated: nothing works.
    async fn who_is_not_known_gets_nothing(office) {
        office.dana().has_agent("support-agent", &["writes"]).await;
        let granted = office.dana().gets("support-agent", "tickets:comment", "1h").await;
        let asked = office.dana().puts("support-agent", "deploys:trigger", "1h").await;
        let log = office.log().await.len();
        let nobody = Caller::nobody(office).await;
        let stranger = Caller::with(office, "csp_nobody").await;
        let foreign = Caller::with(office, "eyJhbGciOiJub25lIn0.e30.").await;
        for one in calls(&granted, &asked) {
            call(&nobody, &one).await.refuses(401, "not_logged_in");
            call(&stranger, &one).await.refuses(401, "invalid_token");
            call(&foreign, &one).await.refuses(401, "invalid_token");
        }
        nobody.get("/me").await.refuses(401, "not_logged_in");
        assert_eq!(office.log().await.len(), log, "nothing happened");
    }

    /// A person who became a guest, or left, is held at the next call.
    async fn standing_is_looked_up_at_each_call(office) {
        office.dana().has_agent("support-agent", &["writes"]).await;
        let granted = office.dana().gets("support-agent", "tickets:comment", "1h").await;
        let asked = office.dana().puts("support-agent", "deploys:trigger", "1h").await;
        let dana = log_in(office.dana()).await;
        dana.get("/agents").await.ok(200);
        for kind in [PersonKind::Guest, PersonKind::Deactivated] {
            office.workspace().set_person_kind("U0DANA", kind).expect("a person");
            office.advance("2m").await;
            for one in calls(&granted, &asked) {
                let answer = call(&dana, &one).await;
                assert!([401, 403].contains(&answer.status), "{one:?}: {answer:?}");
            }
        }
    }

    /// Another member's token does nothing with what is not theirs, as in Slack.
    async fn what_is_not_yours_stays(office) {
        office.dana().has_agent("support-agent", &["writes"]).await;
        let granted = office.dana().gets("support-agent", "tickets:comment", "1h").await;
        let asked = office.dana().puts("support-agent", "deploys:trigger", "1h").await;
        let omar = log_in(office.omar()).await;
        let log = office.log().await.len();
        let asks = json!({ "access": "database:write", "justification": "x" });
        let more = json!({ "by": "30m", "justification": "x" });
        omar.post("/agents/support-agent/requests", &asks).await.refuses(403, "not_owner");
        omar.post(&format!("/grants/{granted}/extend"), &more).await.refuses(403, "not_owner");
        omar.post(&format!("/grants/{granted}/release"), &json!({})).await.refuses(403, "not_owner");
        omar.post(&format!("/grants/{granted}/revoke"), &json!({})).await.refuses(403, "may_not_end");
        omar.post("/agents/support-agent/stop", &json!({})).await.refuses(403, "may_not_stop");
        omar.post(&format!("/requests/{asked}/cancel"), &json!({})).await.refuses(403, "not_requester");
        let key = json!({ "name": "k", "public_key": super::client::Key::make().jwk(), "justification": "x" });
        omar.post("/agents/support-agent/credentials", &key).await.refuses(403, "not_owner");
        assert_eq!(office.log().await.len(), log, "nothing happened");
        // Who decides on it may end it, as in Slack.
        let theo = log_in(office.theo()).await;
        let revoked = theo.post(&format!("/grants/{granted}/revoke"), &json!({ "reason": "done" })).await.ok(200);
        assert_eq!(revoked["state"], "revoked");
    }
}
