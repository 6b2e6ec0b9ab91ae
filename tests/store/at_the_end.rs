//! What a transaction writes at its end, for all its works at once: whole, in order, and without
//! what was taken back.

use std::pin::pin;

use countersign::domain::access::Access;
use countersign::domain::delivery::{Card, Delivery, Notice, Place};
use countersign::domain::event::{Actor, TextHash, What};
use countersign::domain::request::Ask;
use countersign::domain::vote::Vote;
use countersign::store::{Store, StoreError, Tx};
use ulid::Ulid;

use crate::database::TestDatabase;
use crate::guards::Hand;
use crate::log::verify;
use crate::on_both;
use crate::samples::{Ids, agent, ask_for, at, card, grant, keep, person, request, store, vote};
use crate::writing::Gate;

on_both! {
    who_is_taken_back_takes_along_what_was_to_be_written,
    what_a_work_reads_is_written_before,
    what_another_work_changed_is_seen_in_the_same_transaction,
    a_lane_is_in_the_order_of_the_works,
    every_copy_that_there_is_at_the_end_is_redrawn,
    a_key_may_come_again_in_the_same_transaction,
    what_has_arrived_is_gone_at_the_end,
    votes_of_one_transaction_count_on,
    keys_that_are_looked_up_together_are_seen_once,
    what_the_end_refuses_stands_in_nobodys_way,
}

fn to_channel(digest: &str) -> Delivery {
    let notice = Notice::PolicyLoaded { digest: digest.to_owned() };
    Delivery::Notice { place: Place::Channel("C0A".to_owned()), notice }
}

/// An event, a key and a delivery.
async fn trace(tx: &mut Tx, ids: &Ids, digest: &str) -> Result<(), StoreError> {
    let what = What::PolicyLoaded { digest: digest.to_owned(), before: None };
    tx.append(at(0), Actor::System, what).await?;
    assert!(tx.once(digest, at(0)).await?, "{digest} is new");
    tx.enqueue(ids.delivery(), &to_channel(digest), at(0)).await
}

/// A grant is taken back, and somebody asks in the same transaction what has changed.
async fn what_another_work_changed_is_seen_in_the_same_transaction(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "one", "DANA");
    let access = Access::new("database", "read");
    let asked = request(&ids, 1, one.id, ask_for(&access));
    let held = grant(&ids, &asked, &access, 0, 60);
    keep(&store, vec![one], vec![asked], vec![held.clone()]).await;
    let revoked = held.revoke(person("SAM"), "odd".into(), at(2)).unwrap();

    let gate = Gate::close(&store).await;
    let (by, ended) = (person("SAM"), revoked.clone());
    let mut taking_back = pin!(store.write(move |tx| {
        Box::pin(async move {
            tx.update_grant(&ended).await?;
            let what = What::GrantRevoked { grant: ended.id, reason: TextHash::of("odd") };
            tx.append(at(2), Actor::Person(by), what).await
        })
    }));
    let mut asking = pin!(store.write(|tx| {
        Box::pin(async move {
            let (head, _) = tx.head().await?;
            tx.changed(0, head).await
        })
    }));
    assert!(futures::poll!(&mut taking_back).is_pending());
    assert!(futures::poll!(&mut asking).is_pending());
    gate.open().await;
    taking_back.await.unwrap();
    assert_eq!(asking.await.unwrap().grants, [revoked]);
    store.close().await;
}

/// What is waiting for the one lane, in order.
async fn lane(store: &Store) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let leased = store
            .write(|tx| Box::pin(async move { tx.lease("w", at(0), at(9), 10).await }))
            .await
            .unwrap();
        let Some(first) = leased.first() else { return all };
        let Delivery::Notice { notice: Notice::PolicyLoaded { digest }, .. } = &first.delivery
        else {
            panic!("{first:?}")
        };
        all.push(digest.clone());
        let id = first.id;
        store.write(move |tx| Box::pin(async move { tx.delivered(id).await })).await.unwrap();
    }
}

async fn logged(store: &Store) -> Vec<String> {
    let lines = store.read().await.unwrap().lines(0, 100).await.unwrap();
    let digest = |body: &str| {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        body["digest"].as_str().unwrap().to_owned()
    };
    lines.iter().map(|line| digest(&line.body)).collect()
}

async fn is_seen(store: &Store, key: &str) -> bool {
    store.read().await.unwrap().was_done(key).await.unwrap()
}

async fn who_is_taken_back_takes_along_what_was_to_be_written(database: TestDatabase) {
    let store = store(&database).await;
    let gate = Gate::close(&store).await;
    let mut good =
        pin!(store.write(|tx| Box::pin(async move { trace(tx, &Ids::new(), "good").await })));
    assert!(futures::poll!(&mut good).is_pending());
    // It has everything written that came before, its own and that of the others, and then fails.
    let mut bad = pin!(store.write(|tx| Box::pin(async move {
        trace(tx, &Ids::new(), "bad").await?;
        assert_eq!(tx.lines(0, 10).await?.len(), 3);
        assert_eq!(tx.waiting_deliveries().await?, 2);
        tx.forget_once_before(at(-1)).await?;
        Err::<(), _>(StoreError::conflict("as it happens"))
    })));
    assert!(futures::poll!(&mut bad).is_pending());
    // It fails without a word to the database.
    let mut quiet = pin!(store.write(|tx| Box::pin(async move {
        let what = What::PolicyLoaded { digest: "quiet".to_owned(), before: None };
        tx.append(at(0), Actor::System, what).await?;
        Err::<(), _>(StoreError::conflict("as it happens"))
    })));
    assert!(futures::poll!(&mut quiet).is_pending());
    let mut last =
        pin!(store.write(|tx| Box::pin(async move { trace(tx, &Ids::new(), "last").await })));
    assert!(futures::poll!(&mut last).is_pending());
    gate.open().await;
    good.await.unwrap();
    assert!(matches!(bad.await, Err(StoreError::Conflict { .. })));
    assert!(matches!(quiet.await, Err(StoreError::Conflict { .. })));
    last.await.unwrap();
    assert_eq!(logged(&store).await, ["the first", "good", "last"]);
    assert_eq!(verify(&store).await, Ok(3));
    assert!(is_seen(&store, "good").await && is_seen(&store, "last").await);
    assert!(!is_seen(&store, "bad").await);
    assert_eq!(lane(&store).await, ["good", "last"]);
}

async fn what_a_work_reads_is_written_before(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (one, id) = (agent(&ids, "agent-one", "OLGA"), ids.delivery());
    let about = one.id;
    keep(&store, vec![one], vec![], vec![]).await;
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.append(at(0), Actor::System, What::AgentRejected { agent: about }).await?;
                assert_eq!(tx.events_about_agent(about, 9).await?.len(), 1);
                assert_eq!(tx.head().await?.0, 1);
                assert!(tx.once("key", at(0)).await?);
                assert!(!tx.once("key", at(0)).await?, "in the same transaction");
                assert!(tx.was_done("key").await?);
                assert_eq!(tx.next_delivery_at().await?, None);
                tx.enqueue(id, &to_channel("it"), at(0)).await?;
                assert_eq!(tx.delivery(id).await?.map(|found| found.id), Some(id));
                let leased = tx.lease("w", at(0), at(9), 1).await?;
                assert_eq!(leased.len(), 1);
                tx.delivered(id).await
            })
        })
        .await
        .unwrap();
    assert_eq!(store.read().await.unwrap().waiting_deliveries().await.unwrap(), 0);
}

async fn a_lane_is_in_the_order_of_the_works(database: TestDatabase) {
    let store = store(&database).await;
    let mut all = Vec::new();
    for round in 0..2 {
        let gate = Gate::close(&store).await;
        let mut works = Vec::new();
        // More than fit into one statement.
        for n in 0..40 {
            let (digest, more) = (format!("{round}: work {n}"), format!("{round}: work {n}, more"));
            all.extend([digest.clone(), more.clone()]);
            let mut work = Box::pin(store.write(move |tx| {
                Box::pin(async move {
                    let ids = Ids::new();
                    trace(tx, &ids, &digest).await?;
                    tx.enqueue(ids.delivery(), &to_channel(&more), at(0)).await
                })
            }));
            assert!(futures::poll!(&mut work).is_pending());
            works.push(work);
        }
        gate.open().await;
        for work in works {
            work.await.unwrap();
        }
    }
    assert_eq!(lane(&store).await, all);
}

async fn every_copy_that_there_is_at_the_end_is_redrawn(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let (asked, other) =
        (request(&ids, 1, one.id, Ask::Registration), request(&ids, 2, one.id, Ask::Registration));
    keep(&store, vec![one], vec![asked.clone(), other.clone()], vec![]).await;
    let in_channel = card(&ids, asked.id, Place::Channel("C0A".to_owned()));
    let of_dana = card(&ids, asked.id, Place::Person(person("DANA")));
    let of_sam = card(&ids, asked.id, Place::Person(person("SAM")));
    let others = card(&ids, other.id, Place::Person(person("SAM")));
    let cards: Vec<Card> =
        [&in_channel, &of_dana, &of_sam, &others].map(Card::clone).into_iter().collect();
    let (id, gone) = (asked.id, of_sam.id);
    let first = Ulid::from_parts(1_800_000_000_000, 7);
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.remember_home(&person("DANA")).await?;
                tx.insert_cards(&cards[..1]).await?;
                tx.redraw(id, first, at(0));
                // Again: one that waits for its moment is enough.
                tx.redraw(id, Ulid::from_parts(1_800_000_000_000, 70), at(0));
                let homes = vec![person("DANA"), person("SAM")];
                tx.refresh_homes(homes, Ulid::from_parts(1_800_000_000_000, 700), at(0));
                tx.insert_cards(&cards[1..]).await?;
                tx.remove_card(gone).await
            })
        })
        .await
        .unwrap();
    let leased = store
        .write(|tx| Box::pin(async move { tx.lease("w", at(0), at(9), 10).await }))
        .await
        .unwrap();
    let waiting: Vec<_> = leased.iter().map(|out| out.delivery.clone()).collect();
    let shown = |card: &Card| Delivery::Card { card: card.id };
    let mut copies = [shown(&in_channel), shown(&of_dana)];
    copies.sort_by_key(Delivery::lane);
    assert_eq!(waiting[0], Delivery::Home { person: person("DANA") });
    assert_eq!(waiting[1..], copies);
    assert_eq!(leased[0].id.ulid(), first, "the ids count up from the one given");
    assert_eq!(leased[2].id.ulid(), Ulid::from_parts(1_800_000_000_000, 9));
}

async fn a_key_may_come_again_in_the_same_transaction(database: TestDatabase) {
    let store = store(&database).await;
    store.write(|tx| Box::pin(async move { tx.once("old", at(0)).await })).await.unwrap();
    let before = *store.changed().borrow();
    store
        .write(|tx| {
            Box::pin(async move {
                assert!(tx.once("refused", at(1)).await?);
                tx.unsee("refused").await
            })
        })
        .await
        .unwrap();
    assert!(!is_seen(&store, "refused").await);
    assert_eq!(*store.changed().borrow(), before, "nothing was written for it");
    store
        .write(|tx| {
            Box::pin(async move {
                tx.unsee("old").await?;
                assert!(tx.once("old", at(5)).await?);
                assert!(tx.once("refused", at(5)).await?);
                tx.unsee("refused").await?;
                assert!(tx.once("refused", at(6)).await?);
                Ok(())
            })
        })
        .await
        .unwrap();
    assert!(is_seen(&store, "old").await && is_seen(&store, "refused").await);
    let forget = store.write(|tx| Box::pin(async move { tx.forget_once_before(at(5)).await }));
    assert_eq!(forget.await.unwrap(), 0, "both were seen anew");
}

async fn what_has_arrived_is_gone_at_the_end(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let [one, two, three] = [(); 3].map(|()| ids.delivery());
    store
        .write(move |tx| {
            Box::pin(async move {
                for (id, digest) in [(one, "one"), (two, "two"), (three, "three")] {
                    tx.enqueue(id, &to_channel(digest), at(0)).await?;
                }
                assert_eq!(tx.lease("w", at(0), at(9), 10).await?.len(), 1);
                Ok(())
            })
        })
        .await
        .unwrap();
    let gate = Gate::close(&store).await;
    let mut bad = pin!(store.write(move |tx| Box::pin(async move {
        tx.delivered(one).await?;
        assert_eq!(tx.waiting_deliveries().await?, 2);
        tx.delivered(two).await?;
        Err::<(), _>(StoreError::conflict("as it happens"))
    })));
    assert!(futures::poll!(&mut bad).is_pending());
    let mut good = pin!(store.write(move |tx| Box::pin(async move {
        tx.delivered(one).await?;
        // What arrived is not given up, and a second word of it changes nothing.
        tx.give_up(one, "channel_not_found").await?;
        tx.delivered(one).await
    })));
    assert!(futures::poll!(&mut good).is_pending());
    gate.open().await;
    assert!(matches!(bad.await, Err(StoreError::Conflict { .. })));
    good.await.unwrap();
    let mut session = store.read().await.unwrap();
    assert_eq!(session.delivery(one).await.unwrap(), None);
    assert_eq!(session.failed_deliveries(9).await.unwrap(), []);
    assert_eq!(lane(&store).await, ["two", "three"]);
}

async fn votes_of_one_transaction_count_on(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let open = request(&ids, 1, one.id, Ask::Registration);
    keep(&store, vec![one], vec![open.clone()], vec![]).await;
    let (sam, theo) = (vote("SAM", 1), vote("THEO", 2));
    let gate = Gate::close(&store).await;
    // Each votes on what it finds, as the use cases do.
    let casting = |vote: Vote, then_fail: bool| {
        let id = open.id;
        store.write(move |tx| {
            Box::pin(async move {
                let (mut request, _) = tx.request_with_agent(id).await?.expect("the request");
                request.votes.push(vote);
                tx.update_request(&request).await?;
                if then_fail { Err(StoreError::conflict("as it happens")) } else { Ok(()) }
            })
        })
    };
    let mut works: Vec<_> = [(&sam, true), (&sam, false), (&theo, false), (&sam, false)]
        .map(|(vote, then_fail)| Box::pin(casting(vote.clone(), then_fail)))
        .into();
    for work in &mut works {
        assert!(futures::poll!(work).is_pending());
    }
    gate.open().await;
    let mut ends = Vec::new();
    for work in works {
        ends.push(work.await.is_ok());
    }
    assert_eq!(ends, [false, true, true, false], "Sam has voted when he votes again");
    // In a transaction of its own it is the table that knows.
    let again = casting(theo.clone(), false).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    let kept = store.read().await.unwrap().request(open.id).await.unwrap().unwrap();
    assert_eq!(kept.votes, [sam, theo]);
    let mut hand = Hand::on(&database).await;
    assert_eq!(hand.run("UPDATE votes SET approve = approve").await, Ok(2));
}

async fn keys_that_are_looked_up_together_are_seen_once(database: TestDatabase) {
    let store = store(&database).await;
    store.write(|tx| Box::pin(async move { tx.once("old", at(0)).await })).await.unwrap();
    let gate = Gate::close(&store).await;
    let clicking = |key: &'static str, then_fail: bool| {
        store.write_once(Some(key.to_owned()), move |tx| {
            Box::pin(async move {
                let first = tx.once(key, at(1)).await?;
                if then_fail { Err(StoreError::conflict("as it happens")) } else { Ok(first) }
            })
        })
    };
    let clicks = [("old", false), ("a", true), ("a", false), ("b", false), ("a", false)];
    let mut works: Vec<_> = clicks.map(|(key, fails)| Box::pin(clicking(key, fails))).into();
    for work in &mut works {
        assert!(futures::poll!(work).is_pending());
    }
    gate.open().await;
    let mut firsts = Vec::new();
    for work in works {
        firsts.push(work.await.ok());
    }
    assert_eq!(firsts, [Some(false), None, Some(true), Some(true), Some(false)]);
    assert!(!clicking("a", false).await.unwrap());
}

async fn what_the_end_refuses_stands_in_nobodys_way(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let twice = ids.delivery();
    let sent = |digest: &'static str| {
        store.write(move |tx| {
            Box::pin(async move { tx.enqueue(twice, &to_channel(digest), at(0)).await })
        })
    };
    sent("once").await.unwrap();
    for round in 0..2 {
        let gate = Gate::close(&store).await;
        let mut bad = pin!(sent("twice"));
        assert!(futures::poll!(&mut bad).is_pending());
        let mut good =
            pin!(store.write(|tx| Box::pin(async move { trace(tx, &Ids::new(), "good").await })));
        assert!(futures::poll!(&mut good).is_pending());
        let first = gate.outcome().await;
        assert!(bad.await.is_err());
        let good = good.await;
        // They shared a transaction with it, and were told that nothing was recorded.
        let shared = [&first, &good].map(|end| end.as_ref().is_err_and(StoreError::is_unavailable));
        assert_eq!(shared, [round == 0; 2], "{first:?} {good:?}");
        assert_eq!(is_seen(&store, "good").await, round == 1);
    }
    assert_eq!(lane(&store).await, ["once", "good"]);
}
