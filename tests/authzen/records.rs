//! Every answer is on the record, and the record is sealed.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign::domain::evaluation::{Basis, Decision, Record};
use countersign::domain::event::{Actor, Verifier};
use countersign::domain::ids::EvaluationId;
use countersign::domain::request::RequestState;
use countersign::domain::tier::Answers;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::database::TestDatabase;
use crate::house::{House, Replica, policy_with, question};
use crate::on_both;

on_both! { an_answer_is_found_again, answers_at_the_same_moment_share_a_record }

async fn recorded(pdp: &Replica, answer: &Value) -> Record {
    let id: EvaluationId = answer["context"]["evaluation_id"].as_str().unwrap().parse().unwrap();
    let record = pdp.store.read().await.unwrap().evaluation(id).await.unwrap();
    record.unwrap_or_else(|| panic!("{id} is not on the record"))
}

async fn an_answer_is_found_again(database: TestDatabase) {
    let house = House::on(database, policy_with("manifests/policy", ""));
    let pdp = house.replica().await;
    let agent = pdp.registers("reader", Answers::default()).await;
    let grant = pdp.grants("reader", "database:read", "2h").await;
    let mut body = question("reader", "database:read", "orders");
    body["resource"]["properties"] = json!({ "password": "hunter2" });
    body["context"] = json!({ "agent": { "model_version": "m-4.1", "prompt_hash": "ab12" },
                              "task": "ticket 7", "customer": "hunter2" });
    let answer = pdp.evaluation(&body).await.json();
    let record = recorded(&pdp, &answer).await;
    assert_eq!(record.caller, Actor::Service("desk".to_owned()));
    assert_eq!(record.agent, Some(agent));
    assert_eq!((record.subject.id.as_str(), record.action.as_str()), ("reader", "read"));
    assert_eq!(
        (record.resource.kind.as_str(), record.resource.id.as_str()),
        ("database", "orders")
    );
    assert_eq!(record.claims.model_version.as_deref(), Some("m-4.1"));
    assert_eq!(record.claims.prompt_hash.as_deref(), Some("ab12"));
    assert_eq!(record.claims.task.as_deref(), Some("ticket 7"));
    assert_eq!(record.policy, house.policy.digest());
    assert!(record.context.is_some());
    assert!(!serde_json::to_string(&record).unwrap().contains("hunter2"), "{record:?}");
    // The way from the call to the people.
    let Decision::Allow { basis: Basis::Grant(basis) } = &record.answer else {
        panic!("{record:?}")
    };
    assert_eq!(basis.id, grant.id);
    let request = pdp.store.read().await.unwrap().request(basis.request).await.unwrap().unwrap();
    assert!(matches!(request.state, RequestState::Approved { .. }), "{request:?}");
    assert!(request.votes.iter().any(|vote| vote.by.user == "U0THEO"), "{request:?}");

    let denied = pdp.may("reader", "tickets:read", "7").await.json();
    assert!(!recorded(&pdp, &denied).await.answer.is_allowed());
    let nobody = EvaluationId::new(ulid::Ulid::from_parts(1, 1));
    assert_eq!(pdp.store.read().await.unwrap().evaluation(nobody).await.unwrap(), None);
    let later = EvaluationId::new(ulid::Ulid::from_parts(u64::from(u32::MAX) * 1_000, 1));
    assert_eq!(pdp.store.read().await.unwrap().evaluation(later).await.unwrap(), None);
    pdp.end().await;
}

/// The rows of the record: hash and text.
async fn rows(database: &TestDatabase) -> Vec<(String, String)> {
    let sql = "SELECT sha256, doc FROM evaluation_batches";
    if database.url().starts_with("sqlite:") {
        let mut to = SqliteConnection::connect(database.url()).await.unwrap();
        sqlx::query_as(sql).fetch_all(&mut to).await.unwrap()
    } else {
        let mut to = PgConnection::connect(database.url()).await.unwrap();
        sqlx::query_as(sql).fetch_all(&mut to).await.unwrap()
    }
}

async fn answers_at_the_same_moment_share_a_record(database: TestDatabase) {
    const MANY: usize = 200;
    let house = House::on(database, policy_with("manifests/policy", ""));
    let (a, b) = (Arc::new(house.replica().await), Arc::new(house.replica().await));
    a.registers("reader", Answers::default()).await;
    a.grants("reader", "database:read", "30m").await;
    let asked: Vec<_> = (0..MANY)
        .map(|n| {
            let replica = Arc::clone(if n % 2 == 0 { &a } else { &b });
            tokio::spawn(async move {
                let reply = replica.may("reader", "database:read", &format!("object-{n}")).await;
                assert!(reply.decision());
                (n, reply.json())
            })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for one in asked {
        let (n, answer) = one.await.unwrap();
        let record = recorded(&a, &answer).await;
        assert_eq!(record.resource.id, format!("object-{n}"));
        assert!(ids.insert(record.id), "{} was given twice", record.id);
    }

    let rows = rows(&house.database).await;
    let count = |doc: &str| serde_json::from_str::<Vec<Record>>(doc).unwrap().len();
    assert_eq!(rows.iter().map(|(_, doc)| count(doc)).sum::<usize>(), MANY);
    assert!(rows.len() < MANY, "{} records for {MANY} answers", rows.len());
    let mut session = a.store.read().await.unwrap();
    let (head, hash) = session.head().await.unwrap();
    let lines = session.lines(0, u32::MAX >> 1).await.unwrap();
    drop(session);
    let mut verifier = Verifier::default();
    lines.iter().for_each(|line| verifier.check(line).unwrap());
    verifier.finish(head, &hash).unwrap();
    for (sha256, doc) in rows {
        assert_eq!(sha256, hex::encode(Sha256::digest(doc.as_bytes())));
        let seals = lines.iter().filter(|line| line.body.contains(&sha256)).count();
        assert_eq!(seals, 1, "{sha256}");
    }
    for replica in [a, b] {
        Arc::into_inner(replica).expect("nobody asks any more").end().await;
    }
}
