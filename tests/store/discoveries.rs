//! What was found comes back as it was, and is found by what it is looked up by.

use countersign::domain::discovery::{Discovery, Finding, Match, Sent};
use countersign::domain::ids::DiscoveryId;
use countersign::domain::person::By;
use countersign::store::{DiscoveryCounts, StoreError};

use crate::database::TestDatabase;
use crate::on_both;
use crate::samples::{Ids, agent, at, keep, person, store};

on_both! { discoveries_come_back, an_id_is_known_once }

fn found(n: u128, source: &str, name: &str) -> Discovery {
    let sent = Sent {
        source: source.into(),
        external_id: format!("arn:{n}"),
        name: name.into(),
        ..Sent::default()
    };
    let id = DiscoveryId::new(ulid::Ulid::from_parts(1, n));
    Discovery::found(id, Finding::made(&sent).unwrap(), at(1))
}

async fn discoveries_come_back(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let owner = agent(&ids, "deploy-helper", "DANA");
    keep(&store, vec![owner.clone()], vec![], vec![]).await;
    let (sam, dana) = (person("SAM"), person("DANA"));
    let new = found(1, "aws", "Deploy Helper");
    let asked = found(2, "aws", "Night job").ask(dana.clone(), sam.clone(), at(2)).unwrap();
    let matched = Some(Match::Name);
    let claimed = found(3, "aws", "x").claim(owner.id, By::System, matched, at(2)).unwrap();
    let dismissed = found(4, "slack", "y").dismiss(sam, "a toy".into(), at(2)).unwrap();
    let gone = found(5, "slack", "z").gone(at(3));
    let all = [new.clone(), asked.clone(), claimed.clone(), dismissed.clone(), gone.clone()];
    let kept = all.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                for one in &kept {
                    tx.insert_discovery(one).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    let mut session = store.read().await.unwrap();
    for one in &all {
        assert_eq!(session.discovery(one.id).await.unwrap().as_ref(), Some(one));
        let external = session.discovery_by_external(&one.source, &one.external_id).await.unwrap();
        assert_eq!(external.as_ref(), Some(one));
    }
    let counts = session.count_discoveries().await.unwrap();
    let expected =
        DiscoveryCounts { agents: 1, unclaimed: 1, asked: 1, claimed: 1, not_agents: 1, gone: 1 };
    assert_eq!(counts, expected);
    let called = session.open_discoveries_called("deploy-helper").await.unwrap();
    assert_eq!(called, std::slice::from_ref(&new));
    let of = session.discoveries_of(owner.id).await.unwrap();
    assert_eq!(of, std::slice::from_ref(&claimed));
    let of = session.discoveries_asked_of(&dana, 9).await.unwrap();
    assert_eq!(of, std::slice::from_ref(&asked));
    assert_eq!(session.open_discoveries(9).await.unwrap(), [new.clone(), asked.clone()]);
    let there = session.discoveries_in("slack").await.unwrap();
    assert_eq!(there, std::slice::from_ref(&dismissed));
    let elsewhere = session.claimed_elsewhere("gcp", "arn:3").await.unwrap();
    assert_eq!(elsewhere.as_ref(), Some(&claimed));
    assert_eq!(session.claimed_elsewhere("aws", "arn:3").await.unwrap(), None, "the same one");
    let untold = session.untold_discoveries().await.unwrap();
    assert_eq!(untold, [new.clone(), asked.clone(), claimed.clone()]);
    let (page, total) =
        session.discoveries_chosen("", "aws", &new.id.to_string(), 1).await.unwrap();
    assert_eq!((page, total), (vec![asked.clone()], 3));
    assert_eq!(session.discoveries_chosen("gone", "", "", 9).await.unwrap().1, 1);

    let told = Discovery { told: Some("batch".into()), ..new };
    let retired = owner.retire(By::System, String::new(), at(4)).unwrap();
    let kept = told.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.update_discovery(&kept).await?;
                tx.update_agent(&retired).await
            })
        })
        .await
        .unwrap();
    let told_as = session.discoveries_told_as("batch", 5).await.unwrap();
    assert_eq!(told_as, (vec![told], 1));
    assert_eq!(session.discoveries_of_ended().await.unwrap(), [claimed]);
}

async fn an_id_is_known_once(database: TestDatabase) {
    let store = store(&database).await;
    let first = found(1, "aws", "one");
    let same = Discovery { id: found(2, "aws", "two").id, ..first.clone() };
    let elsewhere =
        Discovery { source: "gcp".into(), id: found(3, "gcp", "x").id, ..first.clone() };
    for (one, is_kept) in [(first, true), (same, false), (elsewhere, true)] {
        let kept =
            store.write(move |tx| Box::pin(async move { tx.insert_discovery(&one).await })).await;
        match kept {
            Err(StoreError::Conflict { .. }) => assert!(!is_kept),
            kept => {
                kept.unwrap();
                assert!(is_kept);
            }
        }
    }
}
