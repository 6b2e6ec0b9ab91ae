//! Who may, what may be done, and to what: of agents and their grants.

use axum::http::StatusCode;
use countersign::domain::tier::Answers;
use serde_json::{Value, json};

use crate::database::TestDatabase;
use crate::house::{House, policy_with};
use crate::on_both;

on_both! { agents_and_their_objects_are_found, pages_follow_each_other }

fn readers(object: &str) -> Value {
    json!({ "subject": { "type": "agent" }, "action": { "name": "read" },
            "resource": { "type": "database", "id": object } })
}

async fn agents_and_their_objects_are_found(database: TestDatabase) {
    let house = House::on(database, policy_with("manifests/policy", ""));
    let (a, b) = (house.replica().await, house.replica().await);
    for slug in ["agent-one", "agent-two", "agent-three"] {
        a.registers(slug, Answers::default()).await;
    }
    a.grants("agent-one", "database:read", "30m").await;
    let orders = a.grants("agent-two", "database#orders:read", "30m").await;
    a.grants("agent-two", "database#people:read", "30m").await;
    // The replica that nobody told anything knows it all the same.
    let find = async |what: &str, body: Value| {
        b.post(&format!("/access/v1/search/{what}"), &body).await.found()
    };
    assert_eq!(find("subject", readers("orders")).await, ["agent-one", "agent-two"]);
    assert_eq!(find("subject", readers("other")).await, ["agent-one"]);
    let of = |slug: &str| {
        json!({ "subject": { "type": "agent", "id": slug },
        "action": { "name": "read" }, "resource": { "type": "database" } })
    };
    assert_eq!(find("resource", of("agent-two")).await, ["orders", "people"]);
    assert!(find("resource", of("agent-three")).await.is_empty());
    a.revokes(&orders).await;
    assert_eq!(find("resource", of("agent-two")).await, ["people"]);
    let doable = json!({ "subject": { "type": "agent", "id": "agent-two" },
        "resource": { "type": "database", "id": "people" } });
    assert_eq!(find("action", doable).await, ["read"]);
    // What is found is allowed.
    assert!(b.may("agent-two", "database:read", "people").await.decision());
    a.end().await;
    b.end().await;
}

async fn pages_follow_each_other(database: TestDatabase) {
    let house = House::on(database, policy_with("manifests/policy", ""));
    let pdp = house.replica().await;
    let slugs: Vec<String> = (0..5).map(|n| format!("agent-{n}")).collect();
    for slug in &slugs {
        pdp.registers(slug, Answers::default()).await;
        pdp.grants(slug, "database:read", "30m").await;
    }
    let (mut seen, mut body) = (Vec::new(), readers("orders"));
    body["page"] = json!({ "limit": 2 });
    loop {
        let reply = pdp.post("/access/v1/search/subject", &body).await;
        seen.extend(reply.found());
        let document = reply.json();
        assert_eq!(document["page"]["count"], document["results"].as_array().unwrap().len());
        match document["page"]["next_token"].as_str().unwrap() {
            "" => break,
            token => body["page"]["token"] = json!(token),
        }
        assert!(seen.len() <= slugs.len(), "{seen:?}");
    }
    assert_eq!(seen, slugs);

    let token = body["page"]["token"].clone();
    let mut other_limit = body.clone();
    other_limit["page"]["limit"] = json!(3);
    let mut other_search = readers("people");
    other_search["page"] = json!({ "limit": 2, "token": token });
    let mut garbled = body.clone();
    garbled["page"]["token"] = json!("%%%");
    let mut forged = body.clone();
    forged["page"]["token"] = json!("eyJhIjoxfQ");
    let mut negative = body.clone();
    negative["page"]["limit"] = json!(-1);
    let mut no_object = body.clone();
    no_object["page"] = json!([2]);
    for bad in [other_limit, other_search, garbled, forged, negative, no_object] {
        let reply = pdp.post("/access/v1/search/subject", &bad).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{bad} {reply:?}");
    }
    let mut nothing = readers("orders");
    nothing["page"] = json!({ "limit": 0 });
    assert!(pdp.post("/access/v1/search/subject", &nothing).await.found().is_empty());
    pdp.end().await;
}
