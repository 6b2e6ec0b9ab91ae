//! The numbers, for members.

use serde_json::json;

use super::client::{Caller, agent_itself, log_in};

on_both! {
    async fn the_numbers_are_those_of_the_record(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        for minutes in ["10m", "20m", "40m"] {
            let asked = office.dana().puts("support-agent-v2", "tickets:comment", "1h").await;
            office.advance(minutes).await;
            office.everybody_approves(&asked).await;
            office.dana().types(&format!("/agent release {asked}")).await;
            office.settled().await;
        }
        let denied = office.dana().puts("support-agent-v2", "tickets:comment", "1h").await;
        office.theo().denies(&denied, "not now").await;
        office.dana().puts("support-agent-v2", "tickets:comment", "1h").await;
        office.advance("5m").await;
        let dana = log_in(office.dana()).await;
        let told = dana.get("/insights").await;
        assert_eq!(told.status, 200, "{}", told.body);
        let told = told.body;
        let tier = &told["tiers"][1];
        assert_eq!(tier["tier"], 2);
        assert_eq!(tier["promise"], json!({ "text": "8h", "seconds": 28_800 }));
        // The registration at once, and three grants: the second of four.
        assert_eq!(tier["took"], json!({ "samples": 4, "p50": { "text": "10m", "seconds": 600 } }));
        assert_eq!(tier["waiting"]["count"], 1);
        assert_eq!(told["tiers"][0]["waiting"], json!({ "count": 0 }));
        let ended = json!({
            "approved_by_people": 4, "approved_by_rule": 0, "denied": 1, "expired": 0, "cancelled": 0,
        });
        assert_eq!(told["ended"], ended);
        let weeks = told["weeks"].as_array().unwrap();
        assert_eq!((weeks.len(), &weeks[7]["ended"]), (8, &ended));
        assert_eq!(weeks[7]["to"], told["at"]);
        assert_eq!(told["agents"], json!({ "active": 1, "certified": 1, "ownerless": 0 }));
        let roles: Vec<&str> =
            told["roles"].as_array().unwrap().iter().map(|of| of["role"].as_str().unwrap()).collect();
        assert_eq!(roles.len(), 2, "{told}");
        assert!(["security", "team-lead"].iter().all(|role| roles.contains(role)), "{roles:?}");
        assert!(!told.to_string().contains("U0"), "nobody is named: {told}");
        let agent = agent_itself(office, &dana, "support-agent-v2").await;
        assert_eq!(agent.get("/insights").await.status, 403);
        assert_eq!(Caller::nobody(office).await.get("/insights").await.status, 401);
    }
}
