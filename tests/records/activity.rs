//! `POST /api/v1/activity`.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use countersign::clock::Clock;
use countersign::domain::activity::{Activity, Outcome};
use countersign::domain::event::{Actor, Body as Line, What};
use countersign::domain::ids::ActivityId;
use countersign::domain::tier::Answers;
use serde_json::{Value, json};

use crate::database::TestDatabase;
use crate::house::{House, Replica, Reply, policy_with, question};
use crate::on_both;

on_both! {
    what_an_agent_did_is_on_the_record_and_sealed,
    what_is_not_so_is_refused_and_named,
    an_agent_tells_of_itself_alone,
    the_same_call_sent_twice_counts_once,
    much_can_be_told_at_once_and_all_of_it_or_nothing,
    what_is_too_large_or_too_deep_is_not_read,
}

const PATH: &str = "/api/v1/activity";

async fn house(database: TestDatabase) -> (House, Replica) {
    let house = House::on(database, policy_with("manifests/policy", ""));
    let replica = house.replica().await;
    (house, replica)
}

async fn kept(replica: &Replica, id: &Value) -> Activity {
    let id: ActivityId = id.as_str().unwrap().parse().unwrap();
    replica.store.read().await.unwrap().activity(id).await.unwrap().expect("it is kept")
}

fn problem(reply: &Reply) -> Value {
    assert_eq!(reply.headers["content-type"], "application/problem+json", "{reply:?}");
    let problem: Value = serde_json::from_slice(&reply.bytes).unwrap();
    assert_eq!(problem["status"], reply.status.as_u16(), "{reply:?}");
    problem
}

/// How many activities the log seals.
async fn told(replica: &Replica) -> usize {
    let lines = replica.store.read().await.unwrap().lines(0, 100_000).await.unwrap();
    let is = |line: &countersign::domain::event::Line| {
        let body: Line = serde_json::from_str(&line.body).unwrap();
        matches!(body.what, What::ActivityRecorded { .. })
    };
    lines.iter().filter(|line| is(line)).count()
}

async fn what_an_agent_did_is_on_the_record_and_sealed(database: TestDatabase) {
    let (house, replica) = house(database).await;
    let agent = replica.registers("reader", Answers::default()).await;
    let grant = replica.grants("reader", "database:read", "30m").await;
    let answer = replica.may("reader", "database:read", "orders").await.json();
    let body = json!({
        "agent_id": "reader",
        "model_version": "m-4.1",
        "prompt_hash": "ab12",
        "decision_rationale": "the customer\u{202e} asked\nfor it",
        "data_accessed": [{ "type": "database", "id": "orders", "fields": ["total"] }],
        "evaluation_id": answer["context"]["evaluation_id"],
        "task": "ticket 7",
        "occurred_at": house.clock.now().to_rfc3339(),
        "outcome": "success",
    });
    let reply = replica.post(PATH, &body).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
    let activity = kept(&replica, &reply.json()["id"]).await;
    assert_eq!(activity.agent, agent);
    assert_eq!(activity.told_by, Actor::Service("desk".to_owned()));
    assert_eq!(activity.deed.decision_rationale.as_deref(), Some("the customer asked for it"));
    assert_eq!(activity.deed.outcome, Some(Outcome::Success));
    assert_eq!(activity.deed.data_accessed[0].fields, ["total"]);
    // The grant is that of the answer.
    assert_eq!(activity.grant, Some(grant.id));
    let lines = replica.store.read().await.unwrap().lines(0, 1_000).await.unwrap();
    let last: Line = serde_json::from_str(&lines.last().unwrap().body).unwrap();
    let What::ActivityRecorded { activity: id, agent: who, sha256 } = last.what else {
        panic!("{lines:?}")
    };
    assert_eq!((id, who), (activity.id, agent));
    assert_eq!(sha256.len(), 64);
    let mut session = replica.store.read().await.unwrap();
    let after = session.activities_after(activity.evaluation.unwrap(), 10).await.unwrap();
    assert_eq!(after, std::slice::from_ref(&activity));
    assert_eq!(session.activities_with(grant.id, 10).await.unwrap(), [activity]);
    drop(session);
    // A grant can be named as people call it, and an agent by its id.
    let body = json!({ "agent_id": agent, "grant": grant.reference, "outcome": "failure" });
    let reply = replica.post(PATH, &body).await;
    assert_eq!(kept(&replica, &reply.json()["id"]).await.grant, Some(grant.id));
    replica.end().await;
}

async fn what_is_not_so_is_refused_and_named(database: TestDatabase) {
    let (house, replica) = house(database).await;
    replica.registers("reader", Answers::default()).await;
    replica.registers("other", Answers::default()).await;
    let grant = replica.grants("other", "database:read", "30m").await;
    let own = replica.grants("reader", "database:read", "30m").await;
    let second = replica.grants("reader", "database:read", "1h").await;
    let strange = replica.may("other", "database:read", "orders").await.json();
    let asked = replica.may("reader", "database:read", "orders").await.json();
    let rests_on = asked["context"]["grant"]["id"].as_str().unwrap();
    let not_it = if rests_on == own.id.to_string() { second.id } else { own.id };
    let nobody = "01J00000000000000000000000";
    let later = house.clock.now() + chrono::TimeDelta::hours(1);
    for (status, field, body) in [
        (400, "outcome", json!({ "agent_id": "reader", "outcome": "done" })),
        (
            400,
            "data_accessed[0].id",
            json!({ "agent_id": "reader",
                                             "data_accessed": [{ "type": "database" }] }),
        ),
        (422, "agent_id", json!({ "outcome": "success" })),
        (422, "agent_id", json!({ "agent_id": "nobody", "outcome": "success" })),
        (
            422,
            "evaluation_id",
            json!({ "agent_id": "reader",
                                       "evaluation_id": format!("eval_{nobody}") }),
        ),
        (
            422,
            "evaluation_id",
            json!({ "agent_id": "reader",
                                       "evaluation_id": strange["context"]["evaluation_id"] }),
        ),
        (
            422,
            "grant",
            json!({ "agent_id": "reader", "grant": format!("gnt_{nobody}"),
                               "outcome": "success" }),
        ),
        (422, "grant", json!({ "agent_id": "reader", "grant": "G-9999", "outcome": "success" })),
        (
            422,
            "grant",
            json!({ "agent_id": "reader", "grant": grant.reference,
                               "outcome": "success" }),
        ),
        (
            422,
            "grant",
            json!({ "agent_id": "reader", "grant": not_it,
                               "evaluation_id": asked["context"]["evaluation_id"] }),
        ),
        (
            422,
            "occurred_at",
            json!({ "agent_id": "reader", "outcome": "success",
                                     "occurred_at": later.to_rfc3339() }),
        ),
        (
            422,
            "items[1].agent_id",
            json!({ "items": [
            { "agent_id": "reader", "outcome": "success" },
            { "agent_id": "nobody", "outcome": "success" }] }),
        ),
    ] {
        let reply = replica.post(PATH, &body).await;
        assert_eq!(reply.status.as_u16(), status, "{body}: {reply:?}");
        let problem = problem(&reply);
        assert_eq!(problem["field"], field, "{problem}");
        assert!(problem["detail"].as_str().unwrap().len() > 20, "{problem}");
    }
    for body in ["", "[]", "{", "7"] {
        let reply = replica.send(replica.to(PATH).body(Body::from(body)).unwrap()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{reply:?}");
        problem(&reply);
    }
    assert_eq!(told(&replica).await, 0);
    replica.end().await;
}

fn by(replica: &Replica, token: &str, body: &Value) -> Request<Body> {
    Request::post(format!("http://{}{PATH}", replica.address))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body.to_string()))
        .unwrap()
}

async fn an_agent_tells_of_itself_alone(database: TestDatabase) {
    let (_house, replica) = house(database).await;
    let own = replica.registers("reader", Answers::default()).await;
    replica.registers("other", Answers::default()).await;
    let deed = json!({ "outcome": "success" });
    // Without a name it is itself.
    let reply = replica.send(by(&replica, &own.to_string(), &deed)).await;
    let activity = kept(&replica, &reply.json()["id"]).await;
    assert_eq!((activity.agent, activity.told_by), (own, Actor::Agent(own)));
    for other in ["other", "nobody"] {
        let body = json!({ "agent_id": other, "outcome": "success" });
        let reply = replica.send(by(&replica, &own.to_string(), &body)).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{reply:?}");
        let problem = problem(&reply);
        // Whether others exist is not told.
        let expected =
            format!("`agent_id`: an agent tells of itself alone, and is not called {other}");
        assert_eq!(problem["detail"], expected);
    }
    let reply = replica.send(by(&replica, "nobody's", &deed)).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{reply:?}");
    assert!(reply.headers.contains_key("www-authenticate"), "{reply:?}");
    assert_eq!(told(&replica).await, 1);
    replica.end().await;
}

async fn the_same_call_sent_twice_counts_once(database: TestDatabase) {
    let (_house, replica) = house(database).await;
    let agent = replica.registers("reader", Answers::default()).await;
    let send = async |key: &str, token: &str, body: &Value| {
        let mut request = by(&replica, token, body);
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        replica.send(request).await
    };
    let desk = crate::house::TOKEN;
    let body = json!({ "agent_id": "reader", "outcome": "success" });
    // At the same moment, too.
    let (one, two, three) =
        tokio::join!(send("k-1", desk, &body), send("k-1", desk, &body), send("k-1", desk, &body));
    assert_eq!(one.status, StatusCode::CREATED, "{one:?}");
    assert_eq!((&one.bytes, &one.bytes), (&two.bytes, &three.bytes));
    assert_eq!(told(&replica).await, 1);
    // Another key, and another caller's key, is another call.
    assert_ne!(send("k-2", desk, &body).await.bytes, one.bytes);
    assert_ne!(send("k-1", &agent.to_string(), &body).await.bytes, one.bytes);
    assert_eq!(told(&replica).await, 3);
    let other = json!({ "agent_id": "reader", "outcome": "failure" });
    let reply = send("k-1", desk, &other).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{reply:?}");
    assert!(problem(&reply)["detail"].as_str().unwrap().contains("Idempotency-Key"));
    let reply = send(&"k".repeat(256), desk, &body).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{reply:?}");
    assert_eq!(told(&replica).await, 3);
    replica.end().await;
}

async fn much_can_be_told_at_once_and_all_of_it_or_nothing(database: TestDatabase) {
    let (_house, replica) = house(database).await;
    replica.registers("reader", Answers::default()).await;
    let asked = replica.evaluation(&question("reader", "tickets:read", "7")).await.json();
    let item = |n: usize| {
        json!({ "agent_id": "reader", "task": format!("task {n}"),
                "evaluation_id": asked["context"]["evaluation_id"] })
    };
    let mut items: Vec<Value> = (0..1_000).map(item).collect();
    let reply = replica.post(PATH, &json!({ "items": items })).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
    let ids = reply.json()["items"].as_array().unwrap().clone();
    assert_eq!(ids.len(), 1_000);
    let last = kept(&replica, &ids[999]["id"]).await;
    assert_eq!(last.deed.task.as_deref(), Some("task 999"));
    assert_eq!(told(&replica).await, 1_000);
    items[999]["grant"] = json!("G-9999");
    let reply = replica.post(PATH, &json!({ "items": items })).await;
    assert_eq!(problem(&reply)["field"], "items[999].grant");
    items.push(item(1_000));
    let reply = replica.post(PATH, &json!({ "items": items })).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{reply:?}");
    assert_eq!(told(&replica).await, 1_000);
    // One alone in a list is answered as a list.
    let reply = replica.post(PATH, &json!({ "items": [item(0)] })).await;
    assert_eq!(reply.json()["items"].as_array().unwrap().len(), 1);
    replica.end().await;
}

/// A body has an end, and so have objects in each other.
async fn what_is_too_large_or_too_deep_is_not_read(database: TestDatabase) {
    const MEBIBYTE: usize = 1 << 20;
    let (_house, replica) = house(database).await;
    replica.registers("reader", Answers::default()).await;
    let sends = async |body: String| {
        let request = replica.to(PATH).body(Body::from(body)).unwrap();
        replica.send(request).await
    };
    let body = json!({ "agent_id": "reader", "outcome": "success" }).to_string();
    let of_length = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    assert_eq!(sends(of_length(MEBIBYTE)).await.status, StatusCode::CREATED);
    for length in [MEBIBYTE + 1, 4 * MEBIBYTE] {
        let reply = sends(of_length(length)).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{reply:?}");
        assert!(problem(&reply)["detail"].as_str().unwrap().contains("too large"), "{reply:?}");
    }
    let rationale = json!({
        "agent_id": "reader", "decision_rationale": "x".repeat(MEBIBYTE - 1_000),
    });
    let reply = sends(rationale.to_string()).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{reply:?}");
    assert_eq!(problem(&reply)["field"], "decision_rationale");
    let nested = |deep: usize| {
        let (open, close) = ("[".repeat(deep), "]".repeat(deep));
        format!(r#"{{"agent_id":"reader","data_accessed":{open}{close}}}"#)
    };
    for deep in [64, 10_000, 500_000] {
        let reply = sends(nested(deep)).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{deep}: {reply:?}");
        assert!(
            problem(&reply)["detail"].as_str().unwrap().contains("64 deep"),
            "{deep}: {reply:?}"
        );
    }
    // As deep as may be: it is read, and is not what is wanted.
    let reply = sends(nested(63)).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{reply:?}");
    assert!(problem(&reply)["field"].as_str().unwrap().starts_with("data_accessed"), "{reply:?}");
    assert_eq!(told(&replica).await, 1);
    replica.end().await;
}
