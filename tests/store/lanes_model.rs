//! Deliveries against a model that is too simple to be wrong: hundreds of random steps, and after
//! each the store leases exactly what the model says.

use countersign::clock::Entropy;
use countersign::domain::delivery::{Delivery, Notice, Place};
use countersign::domain::ids::{CardId, DeliveryId};
use countersign::store::Store;

use crate::database::TestDatabase;
use crate::on_both;
use crate::samples::{Ids, at, store};

on_both! { random_steps_agree_with_the_model }

const WORKERS: [&str; 3] = ["w0", "w1", "w2"];

/// One waiting delivery.
#[derive(Debug, Clone)]
struct Waiting {
    id: DeliveryId,
    lane: String,
    holder: Option<&'static str>,
    ready: i64,
}

#[derive(Default)]
struct Model {
    /// In the order of writing.
    waiting: Vec<Waiting>,
    now: i64,
}

impl Model {
    fn enqueue(&mut self, id: DeliveryId, delivery: &Delivery) {
        let lane = delivery.lane();
        let idle = self.waiting.iter().any(|w| w.lane == lane && w.holder.is_none());
        if !(delivery.shows_state() && idle) {
            self.waiting.push(Waiting { id, lane, holder: None, ready: 0 });
        }
    }

    fn is_first(&self, index: usize) -> bool {
        let lane = &self.waiting[index].lane;
        self.waiting.iter().position(|w| w.lane == *lane) == Some(index)
    }

    fn lease(&mut self, worker: &'static str, until: i64) -> Vec<DeliveryId> {
        let mut leased = Vec::new();
        for i in 0..self.waiting.len() {
            if self.is_first(i) && self.waiting[i].ready <= self.now {
                let one = &mut self.waiting[i];
                (one.holder, one.ready) = (Some(worker), until);
                leased.push(one.id);
            }
        }
        leased
    }

    fn one_in_hand(&self, chance: &Entropy) -> Option<DeliveryId> {
        let held: Vec<_> = self.waiting.iter().filter(|w| w.holder.is_some()).collect();
        held.get(chance.below(held.len() as u64) as usize).map(|w| w.id)
    }
}

async fn lease(store: &Store, worker: &'static str, now: i64, until: i64) -> Vec<DeliveryId> {
    let leased = store
        .write(move |tx| Box::pin(async move { tx.lease(worker, at(now), at(until), 100).await }))
        .await
        .unwrap();
    leased.into_iter().map(|o| o.id).collect()
}

async fn random_steps_agree_with_the_model(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let cards: Vec<CardId> = (0..3).map(|_| ids.card()).collect();
    for seed in 0..4 {
        let (chance, mut model) = (Entropy::seeded(seed), Model::default());
        for step in 0..120 {
            model.now += chance.below(4) as i64;
            let now = model.now;
            match chance.below(10) {
                0..4 => {
                    let delivery = match chance.below(2) {
                        0 => Delivery::Card { card: cards[chance.below(3) as usize] },
                        _ => Delivery::Notice {
                            place: Place::Channel(format!("C{}", chance.below(3))),
                            notice: Notice::Outcome { request: ids.request() },
                        },
                    };
                    let id = ids.delivery();
                    model.enqueue(id, &delivery);
                    store
                        .write(move |tx| {
                            Box::pin(async move { tx.enqueue(id, &delivery, at(now)).await })
                        })
                        .await
                        .unwrap();
                }
                4..6 => {
                    let worker = WORKERS[chance.below(3) as usize];
                    let until = now + 5;
                    let leased = lease(&store, worker, now, until).await;
                    assert_eq!(leased, model.lease(worker, until), "seed {seed}, step {step}");
                }
                6..8 => {
                    let Some(id) = model.one_in_hand(&chance) else { continue };
                    let arrived = chance.below(4) > 0;
                    model.waiting.retain(|w| w.id != id);
                    store
                        .write(move |tx| {
                            Box::pin(async move {
                                if arrived {
                                    tx.delivered(id).await
                                } else {
                                    tx.give_up(id, "channel_not_found").await
                                }
                            })
                        })
                        .await
                        .unwrap();
                }
                8 => {
                    let Some(id) = model.one_in_hand(&chance) else { continue };
                    let later = now + chance.below(6) as i64;
                    for one in model.waiting.iter_mut().filter(|w| w.id == id) {
                        (one.holder, one.ready) = (None, later);
                    }
                    store
                        .write(move |tx| {
                            Box::pin(async move { tx.retry(id, at(later), "ratelimited").await })
                        })
                        .await
                        .unwrap();
                }
                _ => {
                    let worker = WORKERS[chance.below(3) as usize];
                    for one in model.waiting.iter_mut().filter(|w| w.holder == Some(worker)) {
                        (one.holder, one.ready) = (None, 0);
                    }
                    store
                        .write(move |tx| Box::pin(async move { tx.release_leases(worker).await }))
                        .await
                        .unwrap();
                }
            }
            let waiting = store.read().await.unwrap().waiting_deliveries().await.unwrap();
            assert_eq!(waiting as usize, model.waiting.len(), "seed {seed}, step {step}");
        }
        // Whatever happened, all that waits arrives in the end.
        while !model.waiting.is_empty() {
            model.now += 100;
            let until = model.now + 5;
            let leased = lease(&store, "last", model.now, until).await;
            assert_eq!(leased, model.lease("last", until), "seed {seed}, at the end");
            assert!(!leased.is_empty(), "stuck: {:?}", model.waiting);
            for id in leased {
                model.waiting.retain(|w| w.id != id);
                store
                    .write(move |tx| Box::pin(async move { tx.delivered(id).await }))
                    .await
                    .unwrap();
            }
        }
    }
}
