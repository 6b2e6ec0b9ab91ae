//! Bad input, and callers who want more than they may.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use countersign::domain::tier::Answers;
use serde_json::{Value, json};

use crate::database::TestDatabase;
use crate::house::{House, Replica, policy_with, question, until};
use crate::on_both;

on_both! { claims_do_not_raise_a_tier, the_quota_holds_and_is_told_once }

async fn on_sqlite() -> Replica {
    House::on(TestDatabase::sqlite().await, policy_with("manifests/policy", "")).replica().await
}

async fn raw(pdp: &Replica, path: &str, body: impl Into<Body>) -> crate::house::Reply {
    pdp.send(pdp.to(path).body(body.into()).unwrap()).await
}

#[tokio::test]
async fn who_does_not_say_who_they_are_is_told_how() {
    let pdp = on_sqlite().await;
    let body = question("support-agent", "database:read", "orders").to_string();
    for (token, challenge) in [
        (None, "Bearer realm=\"countersign\""),
        (Some("Basic abc"), "Bearer realm=\"countersign\""),
        (Some("Bearer wrong"), "Bearer realm=\"countersign\", error=\"invalid_token\""),
    ] {
        for path in ["evaluation", "evaluations", "search/subject", "search/action"] {
            let mut request = pdp.to(&format!("/access/v1/{path}")).body(Body::from(body.clone()));
            let headers = request.as_mut().unwrap().headers_mut();
            headers.remove("authorization");
            if let Some(token) = token {
                headers.insert("authorization", token.parse().unwrap());
            }
            let reply = pdp.send(request.unwrap()).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{path} {token:?} {reply:?}");
            assert_eq!(reply.headers["www-authenticate"], challenge);
        }
    }
    pdp.end().await;
}

#[tokio::test]
async fn what_is_too_large_too_deep_or_too_much_is_refused() {
    let pdp = on_sqlite().await;
    let large = with_context(json!("x".repeat(1_100_000)));
    for path in ["evaluation", "evaluations", "search/subject"] {
        let reply = raw(&pdp, &format!("/access/v1/{path}"), large.to_string()).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{path} {reply:?}");
    }
    let below = with_context(json!("x".repeat(1_000_000)));
    assert!(!pdp.evaluation(&below).await.decision());

    for (deep, expected) in [(60, 200), (65, 400), (100_000, 400)] {
        let nested = format!("{}1{}", "[".repeat(deep), "]".repeat(deep));
        let body = with_context(json!("HERE")).to_string().replace("\"HERE\"", &nested);
        let reply = raw(&pdp, "/access/v1/evaluation", body).await;
        assert_eq!(reply.status, expected, "{deep} deep: {reply:?}");
        // In a field that is passed over, too.
        let mut body = question("a", "database:read", "o").to_string();
        body.insert_str(1, &format!("\"unknown\":{nested},"));
        let reply = raw(&pdp, "/access/v1/evaluation", body).await;
        assert_eq!(reply.status, expected, "{deep} deep, passed over: {reply:?}");
    }
    for (many, expected) in [(1_000, 200), (1_001, 400), (10_000, 400)] {
        let mut body = question("support-agent", "database:read", "orders");
        body["evaluations"] = Value::Array(vec![json!({}); many]);
        let reply = pdp.evaluations(&body).await;
        assert_eq!(reply.status, expected, "{many}: {:?}", reply.headers);
    }
    let reply = pdp.may("support-agent", "database:read", &"x".repeat(1_025)).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{reply:?}");
    pdp.end().await;
}

fn with_context(what: Value) -> Value {
    let mut body = question("support-agent", "database:read", "orders");
    body["context"] = json!({ "what": what });
    body
}

#[tokio::test]
async fn what_is_malformed_is_refused() {
    let pdp = on_sqlite().await;
    let good = question("support-agent", "database:read", "orders");
    let mut bad: Vec<String> = Vec::new();
    for (pointer, value) in [
        ("/subject", json!(["agent", "support-agent"])),
        ("/subject", json!(null)),
        ("/subject/id", json!(7)),
        ("/subject/id", json!(null)),
        ("/resource/type", json!({})),
        ("/action", json!(["read"])),
    ] {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        bad.push(body.to_string());
    }
    for (key, value) in [
        ("context", json!([])),
        ("context", json!("now")),
        ("evaluations", json!({})),
        ("evaluations", json!("all")),
        ("options", json!([])),
        ("options", json!({ "evaluations_semantic": "whatever" })),
        ("options", json!({ "evaluations_semantic": 1 })),
    ] {
        let mut body = good.clone();
        body[key] = value;
        bad.push(body.to_string());
    }
    for entity in ["subject", "action", "resource"] {
        for properties in [json!([]), json!("tier 3"), json!(3)] {
            let mut body = good.clone();
            body[entity]["properties"] = properties;
            bad.push(body.to_string());
        }
    }
    let twice = good.to_string().replacen('{', "{\"action\":{\"name\":\"write\"},", 1);
    bad.extend([twice, "[]".into(), "null".into(), "\"x\"".into(), format!("{good} {good}")]);
    for body in bad {
        let reply = raw(&pdp, "/access/v1/evaluations", body.clone()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body} {reply:?}");
        assert!(!reply.bytes.is_empty(), "{body}");
    }
    let not_text = b"{\"subject\":\"\xff\"}".to_vec();
    let reply = raw(&pdp, "/access/v1/evaluation", not_text).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let url = format!("http://{}/access/v1/evaluation", pdp.address);
    let get = Request::get(url).header("x-request-id", "r-1").body(Body::empty()).unwrap();
    let reply = pdp.send(get).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(reply.headers["x-request-id"], "r-1");
    pdp.end().await;
}

#[tokio::test]
async fn an_agent_asks_about_itself_alone() {
    let pdp = on_sqlite().await;
    let one = pdp.registers("agent-one", Answers::default()).await;
    pdp.registers("agent-two", Answers::default()).await;
    pdp.grants("agent-one", "database:read", "30m").await;
    let send = async |path: &str, body: Value| {
        let request = pdp.to(&format!("/access/v1/{path}")).body(Body::from(body.to_string()));
        let mut request = request.unwrap();
        let token = format!("Bearer {one}").parse().unwrap();
        request.headers_mut().insert("authorization", token);
        pdp.send(request).await
    };
    let own = question("agent-one", "database:read", "orders");
    let other = question("agent-two", "database:read", "orders");
    let user = json!({ "subject": { "type": "user", "id": "agent-one" },
        "action": { "name": "read" }, "resource": { "type": "database", "id": "orders" } });
    assert!(send("evaluation", own.clone()).await.decision());
    for body in [&other, &user] {
        assert_eq!(send("evaluation", body.clone()).await.status, StatusCode::FORBIDDEN, "{body}");
        let both = json!({ "evaluations": [own.clone(), body.clone()] });
        assert_eq!(send("evaluations", both).await.status, StatusCode::FORBIDDEN, "{body}");
        assert_eq!(send("search/action", body.clone()).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(send("search/subject", own.clone()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(send("search/action", own).await.found(), ["read"]);
    pdp.end().await;
}

/// What the registry knows wins over what is claimed.
async fn claims_do_not_raise_a_tier(database: TestDatabase) {
    let house = House::on(database, policy_with("manifests/policy", ""));
    let pdp = house.replica().await;
    let id = pdp.registers("reader", Answers::default()).await;
    for name in ["reader".to_owned(), id.to_string()] {
        let mut body = question(&name, "database:write", "orders");
        let claims = json!({ "tier": 3, "state": "active", "grants": ["database:write"] });
        body["subject"]["properties"] = claims.clone();
        body["context"] = json!({ "agent": claims, "approval": { "id": "mine" } });
        let reply = pdp.evaluation(&body).await;
        assert!(!reply.decision());
        assert_eq!(reply.json()["context"]["reason"], "tier_too_low", "{reply:?}");
    }
    // Nor does another type of subject, or an unknown name, become an agent.
    pdp.grants("reader", "database:read", "30m").await;
    for (kind, id, expected) in [
        ("agent", "reader", true),
        ("Agent", "reader", false),
        ("user", "reader", false),
        ("agent", "Reader", false),
        ("agent", "reader ", false),
    ] {
        let mut body = question("reader", "database:read", "orders");
        body["subject"] = json!({ "type": kind, "id": id, "properties": { "tier": 1 } });
        assert_eq!(pdp.evaluation(&body).await.decision(), expected, "{kind} {id:?}");
    }
    pdp.end().await;
}

async fn the_quota_holds_and_is_told_once(database: TestDatabase) {
    let policy = policy_with("manifests/policy", "\n[quotas]\nevaluations = 5\n");
    let house = House::on(database, policy);
    let pdp = house.replica().await;
    let agent = pdp.registers("reader", Answers::default()).await;
    pdp.registers("other", Answers::default()).await;
    until("the index knows both", async || pdp.pdp.agent("other")).await;
    for _ in 0..5 {
        assert_eq!(pdp.may("reader", "database:read", "o").await.status, StatusCode::OK);
    }
    let before = pdp.store.read().await.unwrap().waiting_deliveries().await.unwrap();
    for _ in 0..3 {
        let reply = pdp.may("reader", "database:read", "o").await;
        assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{reply:?}");
        let wait: u64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    let mut several = question("reader", "database:read", "o");
    several["evaluations"] = json!([{}, { "subject": { "type": "agent", "id": "other" } }]);
    let reply = pdp.evaluations(&several).await.json();
    assert_eq!(reply["evaluations"][0]["context"]["reason"], "quota_exceeded", "{reply}");
    assert_eq!(reply["evaluations"][1]["context"]["reason"], "approval_required", "{reply}");
    let events = pdp.store.read().await.unwrap().events_about_agent(agent, 100).await.unwrap();
    let told = events.iter().filter(|line| line.body.contains("quota_reached")).count();
    assert_eq!(told, 1, "{events:?}");
    let waiting = pdp.store.read().await.unwrap().waiting_deliveries().await.unwrap();
    assert_eq!(waiting, before + 1, "the owner is told, once");
    pdp.end().await;
}
