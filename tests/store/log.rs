//! The audit log: gapless, chained, and its guards.

use countersign::domain::event::{About, Actor, Body, ChainHash, Verifier, What};
use countersign::domain::time::Timestamp;
use countersign::store::{Store, StoreError};

use crate::database::TestDatabase;
use crate::guards::Hand;
use crate::on_both;
use crate::samples::{Ids, at, person, store};

on_both! {
    forty_writers_make_one_chain,
    two_replicas_make_one_chain,
    what_comes_to_nothing_leaves_no_gap,
    events_are_found_by_what_they_are_about,
    tampering_is_found,
}

/// Reads the whole log and checks it; the number of lines.
pub async fn verify(store: &Store) -> Result<i64, String> {
    let mut session = store.read().await.map_err(|e| e.to_string())?;
    let (head, hash) = session.head().await.map_err(|e| e.to_string())?;
    let (mut verifier, mut after) = (Verifier::default(), 0);
    loop {
        let lines = session.lines(after, 7).await.map_err(|e| e.to_string())?;
        let Some(last) = lines.last() else { break };
        after = last.seq;
        for line in &lines {
            verifier.check(line).map_err(|e| e.to_string())?;
        }
    }
    verifier.finish(head, &hash).map(|(seq, _)| seq).map_err(|e| e.to_string())
}

async fn append(store: &Store, digest: String, when: Timestamp) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.append(when, Actor::System, What::PolicyLoaded { digest, before: None }).await
            })
        })
        .await
}

async fn forty_writers_make_one_chain(database: TestDatabase) {
    let store = store(&database).await;
    assert_eq!(store.read().await.unwrap().head().await.unwrap(), (0, ChainHash::origin()));
    let writers: Vec<_> = (0..40)
        .map(|i| {
            let store = store.clone();
            // Finer than a microsecond: what is hashed must be what is kept.
            let when = at(i) + chrono::TimeDelta::nanoseconds(123);
            tokio::spawn(async move { append(&store, format!("digest {i}"), when).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(verify(&store).await, Ok(40));
}

async fn two_replicas_make_one_chain(database: TestDatabase) {
    let replicas = [store(&database).await, store(&database).await];
    let writers: Vec<_> = (0..40)
        .map(|i: usize| {
            let store = replicas[i % 2].clone();
            tokio::spawn(async move {
                store
                    .write(move |tx| {
                        Box::pin(async move {
                            let number = tx.next_number().await?;
                            let what = What::PolicyLoaded { digest: "d".into(), before: None };
                            tx.append(at(0), Actor::System, what).await?;
                            Ok(number)
                        })
                    })
                    .await
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for writer in writers {
        numbers.push(writer.await.unwrap().unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<u32>>());
    assert_eq!(verify(&replicas[0]).await, Ok(40));
    assert_eq!(verify(&replicas[1]).await, Ok(40));
}

async fn what_comes_to_nothing_leaves_no_gap(database: TestDatabase) {
    let store = store(&database).await;
    for i in 0..5 {
        append(&store, format!("{i}"), at(i)).await.unwrap();
        let failed: Result<(), _> = store
            .write(|tx| {
                Box::pin(async move {
                    tx.next_number().await?;
                    let what = What::PolicyLoaded { digest: "never".into(), before: None };
                    tx.append(at(0), Actor::System, what).await?;
                    Err(StoreError::Conflict { what: "as it happens".into() })
                })
            })
            .await;
        assert!(failed.is_err());
    }
    assert_eq!(verify(&store).await, Ok(5));
    let number = store.write(|tx| Box::pin(async move { tx.next_number().await })).await.unwrap();
    assert_eq!(number, 1, "numbers are taken back too");
}

async fn events_are_found_by_what_they_are_about(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (agent, request) = (ids.agent(), ids.request());
    let actor = Actor::Person(person("SAM"));
    let by = actor.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.append(at(1), Actor::System, What::AgentRejected { agent }).await?;
                let about = About { agent: Some(agent), ..About::default() };
                tx.append_about(at(2), by, What::RequestCancelled { request }, about).await?;
                tx.append(at(3), Actor::System, What::RequestExpired { request }).await
            })
        })
        .await
        .unwrap();
    let mut session = store.read().await.unwrap();
    let lines = session.events_about_agent(agent, 10).await.unwrap();
    assert_eq!(lines.iter().map(|l| (l.seq, l.at)).collect::<Vec<_>>(), [(2, at(2)), (1, at(1))]);
    let body: Body = serde_json::from_str(&lines[0].body).unwrap();
    assert_eq!(body, Body { actor, what: What::RequestCancelled { request } });
    assert_eq!(session.events_about_agent(agent, 1).await.unwrap().len(), 1);
    assert_eq!(session.events_about_agent(ids.agent(), 9).await.unwrap(), []);
}

async fn tampering_is_found(database: TestDatabase) {
    let store = store(&database).await;
    for i in 0..5 {
        append(&store, format!("digest {i}"), at(i)).await.unwrap();
    }
    let mut hand = Hand::on(&database).await;
    for change in ["UPDATE events SET body = 'x' WHERE seq = 3", "DELETE FROM events WHERE seq = 3"]
    {
        let refused = hand.run(change).await.expect_err("the table must refuse it");
        assert!(refused.contains("the audit log is never changed"), "{refused}");
    }
    assert_eq!(verify(&store).await, Ok(5));

    hand.take_the_guards_away().await;
    hand.run("UPDATE events SET body = replace(body, 'digest 2', 'digest 9') WHERE seq = 3")
        .await
        .unwrap();
    let found = verify(&store).await.expect_err("an edit");
    assert!(found.contains("line 3"), "{found}");
    hand.run("UPDATE events SET body = replace(body, 'digest 9', 'digest 2') WHERE seq = 3")
        .await
        .unwrap();
    assert_eq!(verify(&store).await, Ok(5));
    hand.run("DELETE FROM events WHERE seq = 5").await.unwrap();
    let found = verify(&store).await.expect_err("a cut");
    assert!(found.contains("line 5"), "{found}");
    hand.run("DELETE FROM events WHERE seq = 2").await.unwrap();
    let found = verify(&store).await.expect_err("a deletion");
    assert!(found.contains("line 2 is missing"), "{found}");
}
