//! What people allow and take back, as services see it on every replica.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use chrono::TimeDelta;
use countersign::domain::tier::Answers;
use countersign::service::outcome::Stopped;
use countersign::store::work;
use serde_json::json;

use crate::database::TestDatabase;
use crate::house::{House, person, policy_with, question, until};
use crate::on_both;

on_both! {
    a_grant_opens_until_its_time,
    what_is_taken_back_on_one_replica_is_closed_on_all,
    no_yes_after_an_acknowledged_revocation,
    another_grant_for_the_same_stays,
    a_stopped_agent_gets_nothing_anywhere,
    several_questions_end_where_they_should,
    who_holds_the_database_stops_every_yes,
    what_changed_while_nobody_asked_is_known,
}

fn house(database: TestDatabase) -> House {
    House::on(database, policy_with("manifests/policy", ""))
}

const WRITES: Answers =
    Answers { writes: true, customer_data: false, external_calls: false, money: false };

async fn a_grant_opens_until_its_time(database: TestDatabase) {
    let house = house(database);
    let pdp = house.replica().await;
    let reply = pdp.may("reader", "database:read", "orders").await;
    assert!(!reply.decision());
    assert_eq!(reply.json()["context"]["reason"], "unknown_subject");

    pdp.registers("reader", Answers::default()).await;
    let reply = pdp.may("reader", "database:read", "orders").await;
    assert!(!reply.decision());
    let context = reply.json()["context"].clone();
    assert_eq!(context["reason"], "approval_required");
    let words = context["reason_user"]["en"].as_str().unwrap();
    assert!(words.contains("/agent request reader database:read"), "{words}");
    // The same in parts, for programs that say by themselves how to ask.
    let part = |name: &str| context[name]["en"].as_str().unwrap_or_default().to_owned();
    assert!(words.starts_with(&part("why")) && !part("why").contains("/agent"), "{context}");
    assert!(words.ends_with(&part("wait")) && !part("wait").is_empty(), "{context}");

    let grant = pdp.grants("reader", "database:read", "30m").await;
    let reply = pdp.may("reader", "database:read", "orders").await;
    assert!(reply.decision(), "{reply:?}");
    let context = reply.json()["context"].clone();
    assert_eq!(context["grant"]["reference"], grant.reference.to_string());
    assert!(context["evaluation_id"].as_str().unwrap().starts_with("eval_"), "{context}");
    assert!(!pdp.may("reader", "tickets:read", "7").await.decision());

    house.clock.advance(TimeDelta::seconds(30 * 60 - 1));
    assert!(pdp.may("reader", "database:read", "orders").await.decision());
    house.clock.advance(TimeDelta::seconds(1));
    assert!(!pdp.may("reader", "database:read", "orders").await.decision(), "to the second");
    pdp.end().await;
}

async fn what_is_taken_back_on_one_replica_is_closed_on_all(database: TestDatabase) {
    let house = house(database);
    let (a, b) = (house.replica().await, house.replica().await);
    // What begins on one is open on the other at once, too.
    a.registers("writer", WRITES).await;
    assert!(!b.may("writer", "database:write", "orders").await.decision());
    for _ in 0..5 {
        let grant = a.grants("writer", "database:write", "30m").await;
        assert!(b.may("writer", "database:write", "orders").await.decision());
        a.revokes(&grant).await;
        assert!(!b.may("writer", "database:write", "orders").await.decision());
        assert!(!a.may("writer", "database:write", "orders").await.decision());
    }
    a.end().await;
    b.end().await;
}

/// Promise: no stale answer. Eight ask without a pause on both replicas while one of them revokes, on
/// which answers and the revocation may share a commit; what is asked after it was acknowledged is
/// never allowed.
async fn no_yes_after_an_acknowledged_revocation(database: TestDatabase) {
    let house = house(database);
    let (a, b) = (Arc::new(house.replica().await), Arc::new(house.replica().await));
    a.registers("writer", WRITES).await;
    for round in 0..8 {
        let grant = a.grants("writer", "database:write", "30m").await;
        let (revoked, end) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (yeses, after) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let asking: Vec<_> = (0..8)
            .map(|n| {
                let one = Arc::clone(if n % 2 == 0 { &a } else { &b });
                let (revoked, end) = (Arc::clone(&revoked), Arc::clone(&end));
                let (yeses, after) = (Arc::clone(&yeses), Arc::clone(&after));
                tokio::spawn(async move {
                    while !end.load(Ordering::SeqCst) {
                        let was_revoked = revoked.load(Ordering::SeqCst);
                        let yes = one.may("writer", "database:write", "orders").await.decision();
                        assert!(!(yes && was_revoked), "a yes after the revocation");
                        yeses.fetch_add(usize::from(yes), Ordering::SeqCst);
                        after.fetch_add(usize::from(was_revoked), Ordering::SeqCst);
                    }
                })
            })
            .collect();
        until("some yeses", async || (yeses.load(Ordering::SeqCst) > 20).then_some(())).await;
        a.revokes(&grant).await;
        revoked.store(true, Ordering::SeqCst);
        until("answers after it", async || (after.load(Ordering::SeqCst) > 40).then_some(())).await;
        end.store(true, Ordering::SeqCst);
        for one in asking {
            one.await.unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
    }
    for one in [a, b] {
        Arc::into_inner(one).expect("nobody asks any more").end().await;
    }
}

/// Promise 7.
async fn another_grant_for_the_same_stays(database: TestDatabase) {
    let house = house(database);
    let pdp = house.replica().await;
    pdp.registers("writer", WRITES).await;
    let all = pdp.grants("writer", "database:write", "30m").await;
    let one = pdp.grants("writer", "database#orders:write", "1h").await;
    for object in ["orders", "people"] {
        assert!(pdp.may("writer", "database:write", object).await.decision(), "{object}");
    }
    let reply = pdp.may("writer", "database:write", "orders").await.json();
    assert_eq!(reply["context"]["grant"]["id"], one.id.to_string(), "the last to end: {reply}");
    pdp.revokes(&all).await;
    assert!(pdp.may("writer", "database:write", "orders").await.decision());
    assert!(!pdp.may("writer", "database:write", "people").await.decision());
    pdp.revokes(&one).await;
    assert!(!pdp.may("writer", "database:write", "orders").await.decision());
    pdp.end().await;
}

async fn a_stopped_agent_gets_nothing_anywhere(database: TestDatabase) {
    let house = house(database);
    let (a, b) = (house.replica().await, house.replica().await);
    a.registers("writer", WRITES).await;
    a.grants("writer", "database:write", "30m").await;
    assert!(b.may("writer", "database:write", "orders").await.decision());
    let stopped = a.service.stop(&person("U0DANA"), "writer", "it runs amok", None).await.unwrap();
    assert!(matches!(stopped, Stopped::Done { .. }), "{stopped:?}");
    for replica in [&a, &b] {
        let reply = replica.may("writer", "database:write", "orders").await;
        assert!(!reply.decision());
        assert_eq!(reply.json()["context"]["reason"], "agent_not_active", "{reply:?}");
        let doable = json!({ "subject": { "type": "agent", "id": "writer" },
            "resource": { "type": "database", "id": "orders" } });
        let found = replica.post("/access/v1/search/action", &doable).await.found();
        assert!(found.is_empty(), "{found:?}");
    }
    a.end().await;
    b.end().await;
}

async fn several_questions_end_where_they_should(database: TestDatabase) {
    let house = house(database);
    let pdp = house.replica().await;
    pdp.registers("reader", Answers::default()).await;
    pdp.grants("reader", "database:read", "30m").await;
    let (yes, no) = (json!({}), json!({ "resource": { "type": "tickets", "id": "7" } }));
    let unclear = json!({ "resource": { "type": "tickets" } });
    for (semantic, items, expected) in [
        ("execute_all", vec![&yes, &no, &unclear, &yes], vec![true, false, false, true]),
        ("deny_on_first_deny", vec![&yes, &no, &yes], vec![true, false]),
        ("deny_on_first_deny", vec![&yes, &unclear, &yes], vec![true, false]),
        ("deny_on_first_deny", vec![&yes, &yes], vec![true, true]),
        ("permit_on_first_permit", vec![&no, &unclear, &yes, &no], vec![false, false, true]),
        ("permit_on_first_permit", vec![&yes, &no], vec![true]),
        ("permit_on_first_permit", vec![&no, &no], vec![false, false]),
        ("execute_all", vec![&unclear], vec![false]),
    ] {
        let mut body = question("reader", "database:read", "orders");
        body["evaluations"] = json!(items);
        body["options"] = json!({ "evaluations_semantic": semantic });
        let reply = pdp.evaluations(&body).await;
        assert_eq!(reply.decisions(), expected, "{semantic} {body} {reply:?}");
        for one in reply.json()["evaluations"].as_array().unwrap() {
            let context = &one["context"];
            let unclear = context["error"]["status"] == 400;
            assert_eq!(unclear, context["evaluation_id"].is_null(), "{one}");
        }
    }
    pdp.end().await;
}

/// Fails closed: what cannot be recorded is not answered.
async fn who_holds_the_database_stops_every_yes(database: TestDatabase) {
    let house = house(database);
    let pdp = house.replica().await;
    pdp.registers("reader", Answers::default()).await;
    pdp.grants("reader", "database:read", "30m").await;
    assert!(pdp.may("reader", "database:read", "orders").await.decision());

    // While another replica writes, an answer waits for what that one acknowledges.
    let other = house.replica().await;
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let holding = other.store.clone();
    let held = tokio::spawn(async move {
        let work = work(move |_| {
            Box::pin(async move {
                tell.send(()).ok();
                gone.await.ok();
                Ok(())
            })
        });
        holding.write(work).await
    });
    told.await.unwrap();
    let asked = question("reader", "database:read", "orders");
    let started = Instant::now();
    let waiting = pdp.evaluation(&asked);
    let mut waiting = Box::pin(waiting);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut waiting).await;
    assert!(early.is_err(), "answered while somebody else was writing: {early:?}");
    go.send(()).ok();
    held.await.unwrap().unwrap();
    assert!(waiting.as_mut().await.decision(), "after {:?}", started.elapsed());
    drop(waiting);

    pdp.store.close().await;
    for path in ["evaluation", "evaluations", "search/action"] {
        let reply = pdp.post(&format!("/access/v1/{path}"), &asked).await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{path} {reply:?}");
        assert!(reply.headers.contains_key("retry-after"));
        assert!(!String::from_utf8_lossy(&reply.bytes).contains("store"), "{reply:?}");
    }
    pdp.end().await;
    other.end().await;
}

/// A replica that nobody asks looks at the log by itself, twice a second; on a busy machine that takes
/// a little longer.
async fn what_changed_while_nobody_asked_is_known(database: TestDatabase) {
    let house = house(database);
    let (a, b) = (house.replica().await, house.replica().await);
    a.registers("reader", Answers::default()).await;
    let grant = a.grants("reader", "database:read", "30m").await;
    until("the grant on the other replica", async || (b.pdp.grants() == 1).then_some(())).await;
    let started = Instant::now();
    a.revokes(&grant).await;
    until("its end on the other replica", async || (b.pdp.grants() == 0).then_some(())).await;
    assert!(started.elapsed() < Duration::from_secs(5), "after {:?}", started.elapsed());
    // A replica that starts later knows it all.
    a.grants("reader", "tickets:read", "30m").await;
    let c = house.replica().await;
    assert_eq!(c.pdp.grants(), 1);
    assert!(c.may("reader", "tickets:read", "7").await.decision());
    for replica in [a, b, c] {
        replica.end().await;
    }
}
