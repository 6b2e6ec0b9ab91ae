//! Deliveries: the order in a lane, leases, and what need not be sent twice.

use std::collections::BTreeSet;

use countersign::domain::delivery::{Delivery, Notice, Outgoing, Place};
use countersign::domain::ids::{DeliveryId, RequestId};
use countersign::domain::time::Timestamp;
use countersign::store::{Store, Tx};

use crate::database::TestDatabase;
use crate::on_both;
use crate::samples::{Ids, at, person, store};

on_both! {
    a_lane_goes_in_order_one_at_a_time,
    a_lane_of_notices_goes_by_one_lease,
    what_failed_behind_others_waits_and_counts_its_try,
    what_failed_holds_its_lane_until_it_is_tried_again,
    what_can_never_arrive_frees_its_lane_and_is_kept,
    a_dead_workers_lease_is_taken_over,
    a_worker_that_stops_gives_back,
    what_shows_the_state_waits_once,
    what_is_being_sent_does_not_count_as_waiting,
    two_workers_never_hold_one_lane,
    the_clock_of_the_house_does_not_hold_them_back,
}

fn notice(channel: &str, request: RequestId) -> Delivery {
    let place = Place::Channel(channel.into());
    Delivery::Notice { place, notice: Notice::Outcome { request } }
}

async fn enqueue(store: &Store, id: DeliveryId, delivery: Delivery, now: Timestamp) {
    store
        .write(move |tx| Box::pin(async move { tx.enqueue(id, &delivery, now).await }))
        .await
        .unwrap();
}

async fn lease(store: &Store, worker: &'static str, now: i64, until: i64) -> Vec<Outgoing> {
    store
        .write(move |tx| Box::pin(async move { tx.lease(worker, at(now), at(until), 10).await }))
        .await
        .unwrap()
}

async fn leased(store: &Store, worker: &'static str, now: i64, until: i64) -> Vec<DeliveryId> {
    lease(store, worker, now, until).await.into_iter().map(|o| o.id).collect()
}

async fn delivered(store: &Store, id: DeliveryId) {
    store.write(move |tx| Box::pin(async move { tx.delivered(id).await })).await.unwrap();
}

async fn retry(store: &Store, id: DeliveryId, not_before: i64) {
    store
        .write(move |tx| Box::pin(async move { tx.retry(id, at(not_before), "ratelimited").await }))
        .await
        .unwrap();
}

async fn waiting(store: &Store) -> u32 {
    store.read().await.unwrap().waiting_deliveries().await.unwrap()
}

async fn next_at(store: &Store) -> Option<Timestamp> {
    store.read().await.unwrap().next_delivery_at().await.unwrap()
}

async fn a_lane_goes_in_order_one_at_a_time(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    assert_eq!(leased(&store, "w", 0, 60).await, []);
    assert_eq!(next_at(&store).await, None);
    // Ids of one millisecond have no order; the order of writing has.
    let a: Vec<DeliveryId> = (0..6).map(|_| ids.delivery()).collect();
    let b: Vec<DeliveryId> = (0..2).map(|_| ids.delivery()).collect();
    let request = ids.request();
    let (a2, b2) = (a.clone(), b.clone());
    store
        .write(move |tx| {
            Box::pin(async move {
                for (i, id) in a2.iter().enumerate() {
                    tx.enqueue(*id, &notice("C0A", request), at(i as i64)).await?;
                    if let Some(id) = b2.get(i) {
                        tx.enqueue(*id, &notice("C0B", request), at(i as i64)).await?;
                    }
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    assert_eq!(waiting(&store).await, 8);
    assert_eq!(next_at(&store).await, Some(Timestamp::UNIX_EPOCH));
    let first = lease(&store, "w", 10, 60).await;
    let expected =
        Outgoing { id: a[0], delivery: notice("C0A", request), attempts: 0, since: at(0) };
    assert_eq!(first[0], expected);
    assert_eq!(first.iter().map(|o| o.id).collect::<Vec<_>>(), [a[0], b[0]]);
    assert_eq!(leased(&store, "w", 11, 61).await, [], "both lanes are held");
    assert_eq!(next_at(&store).await, Some(at(60)), "the lease's end");
    for n in 1..6 {
        delivered(&store, a[n - 1]).await;
        assert_eq!(leased(&store, "w", 11, 61).await, [a[n]]);
    }
    delivered(&store, b[0]).await;
    assert_eq!(leased(&store, "w", 11, 61).await, [b[1]]);
    delivered(&store, a[5]).await;
    delivered(&store, b[1]).await;
    delivered(&store, b[1]).await;
    assert_eq!((waiting(&store).await, next_at(&store).await), (0, None));
    assert_eq!(store.read().await.unwrap().delivery(b[1]).await.unwrap(), None);
}

/// What is leased, and what waits behind it.
async fn run(store: &Store, until: i64, most: u32) -> (Vec<DeliveryId>, Vec<DeliveryId>) {
    let (leased, behind) = store
        .write(move |tx| {
            Box::pin(async move {
                let leased = tx.lease("w", at(10), at(until), 10).await?;
                let behind = tx.behind(&leased, most).await?;
                Ok((leased, behind))
            })
        })
        .await
        .unwrap();
    let ids = |all: Vec<Outgoing>| all.into_iter().map(|o| o.id).collect();
    (ids(leased), ids(behind))
}

async fn a_lane_of_notices_goes_by_one_lease(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let a: Vec<DeliveryId> = (0..5).map(|_| ids.delivery()).collect();
    let b: Vec<DeliveryId> = (0..2).map(|_| ids.delivery()).collect();
    for (channel, all) in [("C0A", &a), ("C0B", &b)] {
        for id in all {
            enqueue(&store, *id, notice(channel, ids.request()), at(0)).await;
        }
    }
    let card = Delivery::Card { card: ids.card() };
    let shown = ids.delivery();
    enqueue(&store, shown, card, at(0)).await;
    let (leased_ones, behind) = run(&store, 60, 3).await;
    assert_eq!(leased_ones, [a[0], b[0], shown]);
    assert_eq!(behind, [a[1], a[2], a[3], b[1]], "three at most of each lane, in order");
    assert_eq!(leased(&store, "another", 11, 61).await, [], "what is behind is held with it");
    let arrived = [a[0], a[1], a[2], b[0], b[1]];
    store
        .write(move |tx| {
            Box::pin(async move {
                for id in arrived {
                    tx.delivered(id).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    assert_eq!(waiting(&store).await, 3);
    assert_eq!(run(&store, 60, 3).await, (vec![a[3]], vec![a[4]]));
}

async fn what_failed_behind_others_waits_and_counts_its_try(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let all: Vec<DeliveryId> = (0..3).map(|_| ids.delivery()).collect();
    for id in &all {
        enqueue(&store, *id, notice("C0A", ids.request()), at(0)).await;
    }
    assert_eq!(run(&store, 60, 9).await, (vec![all[0]], vec![all[1], all[2]]));
    let (first, second) = (all[0], all[1]);
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.delivered(first).await?;
                tx.retry(second, at(30), "ratelimited").await
            })
        })
        .await
        .unwrap();
    assert_eq!(leased(&store, "w", 29, 90).await, [], "the third may not pass it");
    let again = lease(&store, "w", 30, 90).await;
    assert_eq!(again.iter().map(|o| (o.id, o.attempts)).collect::<Vec<_>>(), [(second, 1)]);
}

async fn what_failed_holds_its_lane_until_it_is_tried_again(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (one, two, other) = (ids.delivery(), ids.delivery(), ids.delivery());
    enqueue(&store, one, notice("C0A", ids.request()), at(0)).await;
    enqueue(&store, two, notice("C0A", ids.request()), at(0)).await;
    assert_eq!(leased(&store, "w", 0, 60).await, [one]);
    retry(&store, one, 30).await;
    assert_eq!(next_at(&store).await, Some(at(30)));
    assert_eq!(
        leased(&store, "w", 29, 90).await,
        [],
        "it is not time, and the second may not pass"
    );
    enqueue(&store, other, notice("C0B", ids.request()), at(0)).await;
    assert_eq!(leased(&store, "w", 29, 90).await, [other], "another lane goes on");
    let again = lease(&store, "w", 30, 90).await;
    assert_eq!(again.iter().map(|o| (o.id, o.attempts)).collect::<Vec<_>>(), [(one, 1)]);
    delivered(&store, one).await;
    assert_eq!(leased(&store, "w", 31, 90).await, [two]);
    // What comes too late changes nothing.
    retry(&store, one, 99).await;
    assert_eq!(waiting(&store).await, 2);
}

async fn what_can_never_arrive_frees_its_lane_and_is_kept(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (one, two) = (ids.delivery(), ids.delivery());
    enqueue(&store, one, notice("C0A", ids.request()), at(0)).await;
    enqueue(&store, two, notice("C0A", ids.request()), at(0)).await;
    assert_eq!(leased(&store, "w", 0, 60).await, [one]);
    store
        .write(move |tx| Box::pin(async move { tx.give_up(one, "channel_not_found").await }))
        .await
        .unwrap();
    assert_eq!(leased(&store, "w", 1, 60).await, [two]);
    assert_eq!(waiting(&store).await, 1);
    let mut session = store.read().await.unwrap();
    let failed = session.failed_deliveries(10).await.unwrap();
    assert_eq!(failed.iter().map(|o| o.id).collect::<Vec<_>>(), [one]);
    assert_eq!(session.delivery(one).await.unwrap().as_ref(), failed.first());
    // It stays given up, whatever a slow worker still says of it.
    retry(&store, one, 2).await;
    delivered(&store, one).await;
    delivered(&store, two).await;
    assert_eq!(leased(&store, "w", 99, 100).await, []);
}

async fn a_dead_workers_lease_is_taken_over(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = ids.delivery();
    enqueue(&store, one, notice("C0A", ids.request()), at(0)).await;
    assert_eq!(leased(&store, "dead", 0, 60).await, [one]);
    assert_eq!(leased(&store, "heir", 59, 120).await, []);
    let taken = lease(&store, "heir", 60, 120).await;
    assert_eq!(taken.iter().map(|o| (o.id, o.attempts)).collect::<Vec<_>>(), [(one, 1)]);
    assert_eq!(leased(&store, "third", 61, 120).await, []);
}

async fn a_worker_that_stops_gives_back(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (one, two) = (ids.delivery(), ids.delivery());
    enqueue(&store, one, notice("C0A", ids.request()), at(0)).await;
    assert_eq!(leased(&store, "stays", 0, 60).await, [one]);
    enqueue(&store, two, notice("C0B", ids.request()), at(0)).await;
    assert_eq!(leased(&store, "goes", 0, 60).await, [two]);
    store.write(|tx| Box::pin(async move { tx.release_leases("goes").await })).await.unwrap();
    let again = lease(&store, "heir", 1, 60).await;
    assert_eq!(again.iter().map(|o| (o.id, o.attempts)).collect::<Vec<_>>(), [(two, 0)]);
}

async fn what_shows_the_state_waits_once(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (card, home) = (ids.card(), Delivery::Home { person: person("DANA") });
    let first = ids.delivery();
    enqueue(&store, first, Delivery::Card { card }, at(0)).await;
    enqueue(&store, ids.delivery(), Delivery::Card { card }, at(1)).await;
    enqueue(&store, ids.delivery(), home.clone(), at(1)).await;
    enqueue(&store, ids.delivery(), home, at(2)).await;
    enqueue(&store, ids.delivery(), Delivery::Card { card: ids.card() }, at(3)).await;
    assert_eq!(waiting(&store).await, 3, "one for each lane");
    // Put off, it still waits for the moment of sending.
    assert_eq!(lease(&store, "w", 0, 60).await.len(), 3);
    retry(&store, first, 500).await;
    enqueue(&store, ids.delivery(), Delivery::Card { card }, at(4)).await;
    assert_eq!(waiting(&store).await, 3);
    // Notices are each worth telling.
    let request = ids.request();
    enqueue(&store, ids.delivery(), notice("C0A", request), at(5)).await;
    enqueue(&store, ids.delivery(), notice("C0A", request), at(5)).await;
    assert_eq!(waiting(&store).await, 5);
}

async fn what_is_being_sent_does_not_count_as_waiting(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let card = Delivery::Card { card: ids.card() };
    let (one, two) = (ids.delivery(), ids.delivery());
    enqueue(&store, one, card.clone(), at(0)).await;
    assert_eq!(leased(&store, "w", 0, 60).await, [one]);
    // The worker may have read the state before this change: a new one is needed, and one is enough.
    enqueue(&store, two, card.clone(), at(1)).await;
    enqueue(&store, ids.delivery(), card.clone(), at(1)).await;
    assert_eq!(waiting(&store).await, 2);
    // Nor does a lease that has run out: its worker may be slow and not dead.
    assert_eq!(leased(&store, "w", 1, 60).await, []);
    delivered(&store, one).await;
    assert_eq!(leased(&store, "w", 2, 60).await, [two]);
    let three = ids.delivery();
    enqueue(&store, three, card, at(61)).await;
    assert_eq!(waiting(&store).await, 2);
    assert_eq!(leased(&store, "heir", 60, 120).await, [two]);
    delivered(&store, two).await;
    assert_eq!(leased(&store, "heir", 61, 120).await, [three]);
}

/// Many workers on two replicas: never two at one lane, and everything in order, once.
async fn two_workers_never_hold_one_lane(database: TestDatabase) {
    const LANES: usize = 3;
    const EACH: usize = 8;
    let replicas = [store(&database).await, store(&database).await];
    let ids = Ids::new();
    let lanes: Vec<Vec<DeliveryId>> =
        (0..LANES).map(|_| (0..EACH).map(|_| ids.delivery()).collect()).collect();
    for n in 0..EACH {
        for (lane, waiting) in lanes.iter().enumerate() {
            enqueue(&replicas[0], waiting[n], notice(&format!("C{lane}"), ids.request()), at(0))
                .await;
        }
    }
    let held = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::<String>::new()));
    let sent = std::sync::Arc::new(std::sync::Mutex::new(Vec::<(String, DeliveryId)>::new()));
    let workers: Vec<_> = ["w0", "w1", "w2", "w3"]
        .into_iter()
        .enumerate()
        .map(|(i, name)| {
            let (store, held, sent) = (replicas[i % 2].clone(), held.clone(), sent.clone());
            tokio::spawn(async move {
                loop {
                    let mine = store
                        .write(move |tx: &mut Tx| {
                            Box::pin(async move { tx.lease(name, at(0), at(60), 2).await })
                        })
                        .await
                        .unwrap();
                    if mine.is_empty() && waiting(&store).await == 0 {
                        return;
                    }
                    for one in mine {
                        let lane = one.delivery.lane();
                        assert!(held.lock().unwrap().insert(lane.clone()), "two hold {lane}");
                        tokio::task::yield_now().await;
                        sent.lock().unwrap().push((lane.clone(), one.id));
                        held.lock().unwrap().remove(&lane);
                        delivered(&store, one.id).await;
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        tokio::time::timeout(std::time::Duration::from_secs(60), worker)
            .await
            .unwrap_or_else(|_| panic!("only {} were sent", sent.lock().unwrap().len()))
            .unwrap();
    }
    let sent = sent.lock().unwrap();
    for (lane, waiting) in lanes.iter().enumerate() {
        let name = format!("channel:C{lane}");
        let order: Vec<_> = sent.iter().filter(|(l, _)| *l == name).map(|(_, id)| *id).collect();
        assert_eq!(order, *waiting, "lane {lane}");
    }
}

async fn the_clock_of_the_house_does_not_hold_them_back(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = ids.delivery();
    // Moved a year ahead, as in the stand-in workspace; leases go by the wall clock.
    enqueue(&store, one, notice("C0A", ids.request()), at(31_536_000)).await;
    assert_eq!(leased(&store, "w", 0, 60).await, [one]);
    delivered(&store, one).await;
}
