//! The certification scenario of AuthZEN 1.0, every level: fixture and cases of
//! `certification/authorization-api-1_0-scenario.md` of openid/authzen.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::database::TestDatabase;
use crate::house::{House, PUBLIC_URL, Replica, policy_with};
use crate::on_both;

on_both! { basic, batch, search, transport_and_discovery }

async fn certified(database: TestDatabase) -> Replica {
    let policy = policy_with("tests/data/authzen/policy", "");
    House::on(database, policy).replica().await
}

fn alice() -> Value {
    json!({ "type": "user", "id": "alice" })
}

fn bob() -> Value {
    json!({ "type": "user", "id": "bob" })
}

fn admin() -> Value {
    json!({ "type": "user", "id": "bob", "properties": { "role": "admin" } })
}

fn record(n: u8) -> Value {
    json!({ "type": "record", "id": format!("record-{n}") })
}

fn archived() -> Value {
    json!({ "type": "record", "id": "record-2", "properties": { "status": "archived" } })
}

fn action(name: &str) -> Value {
    json!({ "name": name })
}

fn ask(subject: Value, action: Value, resource: Value) -> Value {
    json!({ "subject": subject, "action": action, "resource": resource })
}

fn context() -> Value {
    json!({ "time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1" })
}

/// The same with one more key, or another value for one.
fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}

fn without(mut body: Value, key: &str) -> Value {
    body.as_object_mut().unwrap().remove(key);
    body
}

/// Section 2: Basic Core and Basic Properties.
async fn basic(database: TestDatabase) {
    let pdp = certified(database).await;
    let soft = |soft: bool| json!({ "name": "delete", "properties": { "soft": soft } });
    let plain = || ask(alice(), action("read"), record(1));
    let more = ask(
        json!({ "type": "user", "id": "alice", "properties": { "department": "Sales", "role": "manager" } }),
        json!({ "name": "read", "properties": { "method": "GET" } }),
        json!({ "type": "record", "id": "record-1",
                "properties": { "status": "active", "owner": "bob" } }),
    );
    let unknown =
        with(with(plain(), "foo", json!("bar")), "futureField", json!({ "nested": true }));
    for (what, body, expected) in [
        ("rule 1", plain(), true),
        ("rule 2", ask(alice(), action("write"), record(1)), true),
        ("rule 3", ask(bob(), action("read"), record(1)), true),
        ("rule 4", ask(bob(), action("write"), record(1)), false),
        ("rule 5", ask(alice(), action("write"), archived()), false),
        ("rule 6", ask(admin(), action("write"), archived()), true),
        ("rule 7", ask(alice(), soft(true), record(1)), true),
        ("rule 8", ask(alice(), soft(false), record(1)), false),
        ("with a context", with(plain(), "context", context()), true),
        ("with more properties", more, true),
        ("with unknown fields", unknown, true),
    ] {
        // The same question three times: the same answer.
        for _ in 0..3 {
            let reply = pdp.evaluation(&body).await;
            assert_eq!(reply.decision(), expected, "{what}: {body} {reply:?}");
            assert!(reply.json()["context"].is_object(), "{what}");
        }
    }
    for key in ["subject", "action", "resource"] {
        let reply = pdp.evaluation(&without(plain(), key)).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "without {key}: {reply:?}");
    }
    for (key, sub) in [
        ("subject", "type"),
        ("subject", "id"),
        ("action", "name"),
        ("resource", "type"),
        ("resource", "id"),
    ] {
        let mut body = plain();
        body[key] = without(body[key].clone(), sub);
        let reply = pdp.evaluation(&body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "without {key}.{sub}: {reply:?}");
    }
    for body in
        [with(plain(), "subject", json!("alice")), with(plain(), "action", json!({ "name": 123 }))]
    {
        let reply = pdp.evaluation(&body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}: {reply:?}");
    }
    for (content_type, body) in [
        ("text/plain", plain().to_string()),
        ("application/x-www-form-urlencoded", plain().to_string()),
        ("application/json", "{\"subject\": ".to_owned()),
        ("application/json", String::new()),
    ] {
        let request = pdp.to("/access/v1/evaluation");
        let mut request = request.body(Body::from(body.clone())).unwrap();
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        let reply = pdp.send(request).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{content_type} {body}: {reply:?}");
    }
    pdp.end().await;
}

/// Section 3: Batch Core and Batch Properties.
async fn batch(database: TestDatabase) {
    let pdp = certified(database).await;
    let active =
        || json!({ "type": "record", "id": "record-1", "properties": { "status": "active" } });
    // Structure alone.
    let two = json!({ "subject": alice(), "action": action("read"),
        "evaluations": [{ "resource": record(1) }, { "resource": record(2) }] });
    assert_eq!(pdp.evaluations(&two).await.decisions().len(), 2);
    let inherited = json!({ "subject": alice(), "action": action("read"),
        "context": { "time": "2025-06-27T18:03-07:00" },
        "evaluations": [{ "resource": record(1) },
            { "resource": record(2), "context": { "time": "2025-06-27T19:00-07:00", "source": "batch-override" } }] });
    assert_eq!(pdp.evaluations(&inherited).await.decisions().len(), 2);

    for (what, body, expected) in [
        (
            "actions",
            json!({ "subject": bob(), "resource": record(1),
                "evaluations": [{ "action": action("read") }, { "action": action("write") }] }),
            [true, false],
        ),
        (
            "properties of each resource",
            json!({ "subject": alice(), "action": action("write"),
                "evaluations": [{ "resource": active() }, { "resource": archived() }] }),
            [true, false],
        ),
        (
            "properties of each subject",
            json!({ "action": action("write"), "resource": archived(),
                "evaluations": [{ "subject": alice() }, { "subject": admin() }] }),
            [false, true],
        ),
        (
            "no defaults",
            json!({ "evaluations": [ask(alice(), action("read"), record(1)),
                                     ask(bob(), action("write"), record(1))] }),
            [true, false],
        ),
        (
            "all defaults",
            json!({ "subject": alice(), "action": action("write"), "resource": active(),
                "evaluations": [{}, { "resource": archived() }] }),
            [true, false],
        ),
        (
            "an error in one",
            json!({ "subject": alice(), "action": action("read"),
                "options": { "evaluations_semantic": "execute_all" },
                "evaluations": [{ "resource": record(1) }, {}] }),
            [true, false],
        ),
    ] {
        let reply = pdp.evaluations(&body).await;
        assert_eq!(reply.decisions(), expected, "{what}: {reply:?}");
        assert!(reply.json().get("decision").is_none(), "{what}: {reply:?}");
    }
    // Without evaluations, or with none, it is the single question.
    let single = ask(alice(), action("read"), record(1));
    assert!(pdp.evaluations(&single).await.decision());
    assert!(pdp.evaluations(&with(single, "evaluations", json!([]))).await.decision());
    pdp.end().await;
}

/// Section 4: Search Core and Search Properties.
async fn search(database: TestDatabase) {
    let pdp = certified(database).await;
    let find = async |path: &str, body: Value| {
        let reply = pdp.post(&format!("/access/v1/search/{path}"), &body).await;
        (reply.found(), reply.json())
    };
    let user = || json!({ "type": "user" });
    let records = || json!({ "type": "record" });
    let readers = ask(user(), action("read"), record(1));
    let readable = ask(alice(), action("read"), records());
    let doable = json!({ "subject": alice(), "resource": record(1) });
    for (path, body, named, expected) in [
        ("subject", readers, Some("subject"), vec!["alice", "bob"]),
        ("resource", readable, Some("resource"), vec!["record-1"]),
        ("action", doable, None, vec!["read", "write"]),
    ] {
        let (found, document) = find(path, body.clone()).await;
        for name in expected {
            assert!(found.iter().any(|one| one == name), "{path}: {document}");
        }
        if let Some(named) = named {
            let kind = &body[named]["type"];
            assert!(document["results"].as_array().unwrap().iter().all(|r| r["type"] == *kind));
            // An id of what is sought is passed over.
            let id = if path == "subject" { "alice" } else { "record-1" };
            let mut with_id = body.clone();
            with_id[named]["id"] = json!(id);
            assert_eq!(find(path, with_id).await.0, found);
        }
        assert_eq!(find(path, with(body, "context", context())).await.0, found, "{path}");
    }
    let (found, document) = find("subject", ask(user(), action("write"), archived())).await;
    assert!(found.contains(&"bob".to_owned()), "S4 {document}");
    let (found, document) = find("resource", ask(admin(), action("write"), records())).await;
    assert!(found.contains(&"record-2".to_owned()), "S5 {document}");
    let body = json!({ "subject": admin(), "resource": archived() });
    let (found, document) = find("action", body).await;
    assert!(found.contains(&"write".to_owned()), "S6 {document}");

    // Pages.
    let first = with(ask(user(), action("read"), record(1)), "page", json!({ "limit": 1 }));
    let (one, document) = find("subject", first.clone()).await;
    assert_eq!(one.len(), 1, "{document}");
    let token = document["page"]["next_token"].as_str().unwrap();
    assert!(!token.is_empty(), "{document}");
    let next = with(first, "page", json!({ "limit": 1, "token": token }));
    let (other, document) = find("subject", next).await;
    assert!(document["page"]["next_token"].is_string(), "{document}");
    assert_eq!((one[0].as_str(), other[0].as_str()), ("alice", "bob"));

    // Nobody and nothing.
    let nobody = json!({ "type": "user", "id": "nonexistent-user" });
    let spaceship = json!({ "type": "spaceship" });
    for (path, body) in [
        ("action", json!({ "subject": nobody, "resource": record(1) })),
        ("resource", ask(nobody.clone(), action("read"), records())),
        ("subject", ask(spaceship.clone(), action("read"), record(1))),
        ("resource", ask(alice(), action("read"), spaceship.clone())),
        ("action", json!({ "subject": alice(), "resource": { "type": "spaceship", "id": "1" } })),
        ("subject", ask(user(), action("read"), json!({ "type": "record", "id": "no-such" }))),
    ] {
        let (found, document) = find(path, body.clone()).await;
        // Of a record that the policy does not know, rules may speak all the same.
        if path != "subject" || body["subject"] == spaceship {
            assert!(found.is_empty(), "{path} {body}: {document}");
        }
    }
    for (path, body) in [
        ("subject", json!({ "subject": user(), "resource": record(1) })),
        ("resource", json!({ "action": action("read"), "resource": records() })),
        ("action", json!({ "subject": alice() })),
        ("subject", ask(user(), action("read"), records())),
        ("resource", ask(user(), action("read"), records())),
        ("action", json!({ "subject": user(), "resource": record(1) })),
    ] {
        let reply = pdp.post(&format!("/access/v1/search/{path}"), &body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path} {body}: {reply:?}");
    }
    pdp.end().await;
}

/// Sections 2.5, 5 and 6: headers, transport and Discovery.
async fn transport_and_discovery(database: TestDatabase) {
    let pdp = certified(database).await;
    let body = ask(alice(), action("read"), record(1));
    for (body, expected) in [(body.clone(), 200), (json!({}), 400)] {
        let request = pdp.to("/access/v1/evaluation").header("X-Request-ID", "bfe9eb29-ab87");
        let reply = pdp.send(request.body(Body::from(body.to_string())).unwrap()).await;
        assert_eq!(reply.status, expected, "{reply:?}");
        assert_eq!(reply.headers["x-request-id"], "bfe9eb29-ab87", "{reply:?}");
    }
    assert!(!pdp.evaluation(&body).await.headers.contains_key("x-request-id"));

    let url = format!("http://{}/.well-known/authzen-configuration", pdp.address);
    let reply = pdp.send(Request::get(url).body(Body::empty()).unwrap()).await;
    let document = reply.json();
    assert_eq!(document["policy_decision_point"], PUBLIC_URL);
    for (name, path) in [
        ("access_evaluation_endpoint", "/access/v1/evaluation"),
        ("access_evaluations_endpoint", "/access/v1/evaluations"),
        ("search_subject_endpoint", "/access/v1/search/subject"),
        ("search_resource_endpoint", "/access/v1/search/resource"),
        ("search_action_endpoint", "/access/v1/search/action"),
    ] {
        assert_eq!(document[name], format!("{PUBLIC_URL}{path}"));
    }
    pdp.end().await;
}
