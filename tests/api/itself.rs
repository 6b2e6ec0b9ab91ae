//! Agents for themselves.

use countersign::domain::event::{Actor, What};
use serde_json::json;

use super::client::{agent_itself, column, log_in, text};

on_both! {
    /// An agent asks, prolongs and hands back by itself; people decide, and its owner is none of them.
    async fn an_agent_asks_by_itself(office) {
        office.dana().has_agent("support-agent", &["writes"]).await;
        let dana = log_in(office.dana()).await;
        let agent = agent_itself(office, &dana, "support-agent").await;
        assert_eq!(agent.get("/me").await.ok(200), json!({ "kind": "agent", "agent": "support-agent" }));

        let body = json!({ "access": "database:write", "for": "1h", "justification": "ticket 4711" });
        let request = agent.post_named("/agents/support-agent/requests", &body, "k").await.ok(202);
        let again = agent.post_named("/agents/support-agent/requests", &body, "k").await.ok(202);
        assert_eq!(request["reference"], again["reference"]);
        assert!(request["needs"].to_string().contains("team-lead"));
        assert!(!request.to_string().contains("awaited"), "agents are not told who could: {request}");
        // It was not Dana who asked, and the agent is told no people.
        assert_eq!((&request["by_itself"], request.get("asked_by")), (&json!(true), None), "{request}");
        let reference = text(&request["reference"]);
        let said = office.theo().card(&reference).await.words();
        assert!(said.contains("itself"), "the card says that the agent asks: {said}");
        assert!(!office.dana().is_asked(&reference).await, "its owner does not decide");
        let actor = office.log().await.into_iter().rev().find_map(|body| match body.what {
            What::RequestOpened { reference: r, .. } if r.to_string() == reference => Some(body.actor),
            _ => None,
        });
        assert!(matches!(actor, Some(Actor::Agent(_))), "{actor:?}");
        office.everybody_approves(&reference).await;
        assert_eq!(agent.get(&format!("/requests/{reference}")).await.ok(200)["state"], "approved");
        let grants = agent.get("/grants").await.ok(200);
        assert_eq!(column(&grants, "reference"), [reference.as_str()]);

        let seen = dana.get(&format!("/requests/{reference}")).await.ok(200);
        assert_eq!((&seen["by_itself"], seen.get("asked_by")), (&json!(true), None), "{seen}");

        let more = json!({ "by": "30m", "justification": "ticket 4711 is long" });
        let extension = agent.post(&format!("/grants/{reference}/extend"), &more).await.ok(202);
        let extension = text(&extension["reference"]);
        let taken = agent.post(&format!("/requests/{extension}/cancel"), &json!({})).await.ok(200);
        assert_eq!(taken["state"], "cancelled");
        assert!(taken["outcome"].get("by").is_none(), "no person did that: {taken}");

        let back = agent.post(&format!("/grants/{reference}/release"), &json!({})).await.ok(200);
        assert_eq!(back["state"], "released");
        office.settled().await;
        let told = office.dana().reads("handed back").await.words();
        assert!(told.contains("itself"), "{told}");
        let actor = office.log().await.into_iter().rev().find_map(|body| match body.what {
            What::GrantReleased { .. } => Some(body.actor),
            _ => None,
        });
        assert!(matches!(actor, Some(Actor::Agent(_))), "{actor:?}");
    }

    /// What is another's is not there for an agent, and what people do it does not.
    async fn an_agent_sees_itself_alone(office) {
        office.dana().has_agent("support-agent", &["writes"]).await;
        office.omar().has_agent("other-agent", &["writes"]).await;
        let foreign = office.omar().gets("other-agent", "database:write", "1h").await;
        let dana = log_in(office.dana()).await;
        let agent = agent_itself(office, &dana, "support-agent").await;
        let own = agent.get("/agents").await.ok(200);
        assert_eq!(column(&own, "name"), ["support-agent"]);
        agent.get("/agents/support-agent").await.ok(200);
        agent.get("/agents/other-agent").await.refuses(403, "not_for_you");
        agent.get(&format!("/requests/{foreign}")).await.refuses(404, "unknown_reference");
        agent.get(&format!("/grants/{foreign}")).await.refuses(404, "unknown_reference");
        agent.get("/grants?agent=other-agent").await.refuses(403, "not_for_you");
        agent.get("/requests?agent=other-agent").await.refuses(403, "not_for_you");
        let grants = agent.get("/grants?state=all").await.ok(200);
        assert_eq!(grants["total"], 0);
        let body = json!({ "access": "database:write", "justification": "x" });
        agent.post("/agents/other-agent/requests", &body).await.refuses(403, "not_for_you");
        agent.post(&format!("/grants/{foreign}/release"), &json!({})).await.refuses(404, "unknown_reference");
        agent.post(&format!("/grants/{foreign}/revoke"), &json!({})).await.refuses(403, "not_for_you");
        agent.post("/agents/support-agent/stop", &json!({})).await.refuses(403, "not_for_you");
        agent.post("/agents", &super::client::registration("sub-agent")).await.refuses(403, "not_for_you");
        agent.get("/agents/support-agent/credentials").await.refuses(403, "not_for_you");
        let key = json!({ "name": "x", "public_key": super::client::Key::make().jwk(), "justification": "x" });
        agent.post("/agents/support-agent/credentials", &key).await.refuses(403, "not_for_you");
        // What its owner asked is not the agent's to take back.
        let asked = office.dana().puts("support-agent", "tickets:comment", "1h").await;
        let seen = agent.get(&format!("/requests/{asked}")).await.ok(200);
        assert_eq!((&seen["by_itself"], seen.get("asked_by")), (&json!(false), None), "{seen}");
        let seen = dana.get(&format!("/requests/{asked}")).await.ok(200);
        assert_eq!(seen["asked_by"]["id"], "T0ACME/U0DANA", "{seen}");
        // What people still decide is said to be that, to its owner and to the agent.
        let more = json!({ "by": "30m", "justification": "x" });
        for caller in [&dana, &agent] {
            let problem = caller.post(&format!("/grants/{asked}/extend"), &more).await;
            let problem = problem.refuses(409, "not_decided");
            assert_eq!(problem["next"][0], format!("agent-cli status {asked} --wait"), "{problem}");
        }
        agent.post(&format!("/requests/{asked}/cancel"), &json!({})).await.refuses(403, "not_requester");
        agent.get("/catalogue").await.ok(200);
    }

    /// An agent that asks without end is told to wait, and its owner hears of it.
    async fn an_agent_does_not_flood_people(office) {
        office.dana().has_agent("support-agent", &["writes"]).await;
        let dana = log_in(office.dana()).await;
        let agent = agent_itself(office, &dana, "support-agent").await;
        let limit = office.service().await.policy().quotas().open_requests;
        for n in 0..limit {
            let body = json!({ "access": format!("database#table-{n}:write"), "justification": "x" });
            agent.post("/agents/support-agent/requests", &body).await.ok(202);
        }
        let body = json!({ "access": "database#one-more:write", "justification": "x" });
        agent.post("/agents/support-agent/requests", &body).await.refuses(429, "too_many_open");
        office.dana().reads("asks too much").await;
        // People are not held by what it asked.
        dana.post("/agents/support-agent/requests", &body).await.ok(202);
    }

    /// A stopped agent's token is over.
    async fn a_stopped_agent_is_nobody(office) {
        office.dana().has_agent("support-agent", &[]).await;
        let dana = log_in(office.dana()).await;
        let agent = agent_itself(office, &dana, "support-agent").await;
        agent.get("/me").await.ok(200);
        dana.post("/agents/support-agent/stop", &json!({})).await.ok(200);
        agent.get("/me").await.refuses(401, "invalid_token");
    }
}
