//! Delegations, and the appeal of a request.

use countersign::domain::delegation::{Delegation, DelegationState, Lent};
use countersign::domain::ids::DelegationId;
use countersign::domain::request::{Ask, Denied};
use countersign::store::StoreError;
use ulid::Ulid;

use crate::database::TestDatabase;
use crate::on_both;
use crate::samples::{Ids, agent, at, keep, person, request, store};

on_both! {
    delegations_come_back_while_they_are_in_force,
    a_request_is_appealed_once,
}

fn delegation(n: u128, from: &str, to: &str, until: i64) -> Delegation {
    Delegation {
        id: DelegationId::new(Ulid::from_parts(1, n)),
        from: person(from),
        to: person(to),
        roles: Lent::All,
        since: at(0),
        until: at(until),
        state: DelegationState::Active,
    }
}

async fn delegations_come_back_while_they_are_in_force(database: TestDatabase) {
    let store = store(&database).await;
    let all = [
        delegation(1, "THEO", "VERA", 100),
        delegation(2, "THEO", "OMAR", 50),
        delegation(3, "SAM", "VERA", 100),
    ];
    let kept = all.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                for one in &kept {
                    tx.insert_delegation(one).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    let mut session = store.read().await.unwrap();
    assert_eq!(session.delegation(all[0].id).await.unwrap().as_ref(), Some(&all[0]));
    assert_eq!(session.delegations_in_force(at(10)).await.unwrap(), all);
    assert_eq!(session.delegations_from(&person("THEO"), at(10)).await.unwrap(), all[..2]);
    assert_eq!(session.delegations_from(&person("THEO"), at(50)).await.unwrap(), all[..1]);
    let to_vera = [all[0].clone(), all[2].clone()];
    assert_eq!(session.delegations_to(&person("VERA"), at(10)).await.unwrap(), to_vera);
    assert_eq!(session.delegations_to(&person("THEO"), at(10)).await.unwrap(), []);
    let over = all[0].clone().withdraw(&person("VERA"), at(20)).unwrap();
    let update = |one: Delegation| {
        store.write(move |tx| Box::pin(async move { tx.update_delegation(&one).await }))
    };
    update(over.clone()).await.unwrap();
    assert_eq!(session.delegations_to(&person("VERA"), at(21)).await.unwrap(), all[2..]);
    assert_eq!(session.delegation(over.id).await.unwrap().as_ref(), Some(&over));
    let again = update(over).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "it ends once: {again:?}");
}

async fn a_request_is_appealed_once(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let asked = request(&ids, 1, one.id, Ask::Registration);
    let denied = Denied {
        request: asked.id,
        reference: asked.reference,
        asked_by: person("DANA"),
        ask: Ask::Registration,
        by: person("SAM"),
        in_place_of: Default::default(),
        at: at(5),
        reason: "no".into(),
        not_after: None,
    };
    let ask = Ask::Appeal { denied: Box::new(denied), because: "yes".into() };
    let appeal = request(&ids, 2, one.id, ask.clone());
    let second = request(&ids, 3, one.id, ask);
    keep(&store, vec![one], vec![asked.clone(), appeal.clone()], vec![]).await;
    let mut session = store.read().await.unwrap();
    assert_eq!(session.appeal_of(asked.id).await.unwrap().as_ref(), Some(&appeal));
    assert_eq!(session.appeal_of(appeal.id).await.unwrap(), None);
    let twice =
        store.write(move |tx| Box::pin(async move { tx.insert_request(&second).await })).await;
    assert!(matches!(twice, Err(StoreError::Conflict { .. })), "{twice:?}");
}
