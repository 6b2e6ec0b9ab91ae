//! What a program can learn before it asks.

use axum::http::StatusCode;
use serde_json::json;

use crate::programs;

programs! {
    /// The catalogs lead to what there is, for who may ask.
    async fn the_catalogs_lead_to_what_there_is(world) {
        let agent = world.agent("support-agent-v2").await;
        let crm = world.service("crm").await;
        let catalogs = agent.gets("/access/v1/requests/catalogs").await;
        let at = |field: &str| {
            catalogs.body["fields"][field]["endpoint"].as_str().expect("an address").to_owned()
        };
        let resources = crm.gets(&format!("{}?q=data", at("/resource/type"))).await;
        assert_eq!(resources.body["items"], json!([
            { "value": "database", "label": "database", "risk_level": "internal" },
        ]));
        world.office.dana().gets("support-agent-v2", "database:read", "2h").await;
        let actions = agent.gets(&format!("{}?resource=database&limit=1", at("/action/name"))).await;
        assert_eq!(actions.body["items"][0]["granted"], true, "{actions:?}");
        assert_eq!(actions.body["total"], 2);
        let next = actions.body["next_cursor"].as_str().expect("a cursor");
        let rest = agent
            .gets(&format!("{}?resource=database&limit=1&cursor={next}", at("/action/name")))
            .await;
        assert_eq!(rest.body["items"][0]["value"], "write");
        assert_eq!(rest.body["items"][0]["granted"], false);
        assert!(rest.body.get("next_cursor").is_none());
        let mut nobody = agent.clone();
        nobody.token = String::new();
        assert_eq!(nobody.gets(&at("/resource/type")).await.status, StatusCode::UNAUTHORIZED);
        agent.gets("/access/v1/requests/catalogs/people").await.is_our_problem("malformed", 400);
    }
}
