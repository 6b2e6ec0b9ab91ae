//! What is to be done at a time.

use countersign::domain::deadline::{Deadline, Due};
use countersign::domain::time::{Span, Timestamp};
use countersign::store::work;

use crate::database::TestDatabase;
use crate::on_both;
use crate::samples::{Ids, at, store};

on_both! {
    deadlines_are_done_once_in_order,
    deadlines_of_one_thing_are_dropped,
    what_looks_outside_has_a_lane_of_its_own,
}

async fn deadlines_are_done_once_in_order(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let mut session = store.read().await.unwrap();
    assert_eq!(session.next_deadline().await.unwrap(), None);
    // Whole seconds and fractions: on SQLite times are compared as text.
    let whole = Timestamp::from_timestamp(1_800_000_010, 0).unwrap();
    let times = [
        whole + chrono::TimeDelta::milliseconds(500),
        whole,
        whole + chrono::TimeDelta::microseconds(1),
        whole + chrono::TimeDelta::seconds(1),
        whole - chrono::TimeDelta::microseconds(1),
    ];
    let due = Due::GrantReminder { grant: ids.grant(), before: Span::minutes(10) };
    let all: Vec<Deadline> =
        times.iter().map(|at| Deadline { id: ids.deadline(), at: *at, due }).collect();
    let kept = all.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                for deadline in &kept {
                    tx.put_deadline(deadline).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    let sorted = [all[4], all[1], all[2], all[0], all[3]];
    assert_eq!(session.next_deadline().await.unwrap(), Some(sorted[0].at));
    assert_eq!(
        session.due(sorted[0].at - chrono::TimeDelta::microseconds(1), 10).await.unwrap(),
        []
    );
    for n in 0..sorted.len() {
        assert_eq!(session.due(sorted[n].at, 10).await.unwrap(), sorted[..=n]);
    }
    assert_eq!(session.due(at(1_000), 2).await.unwrap(), sorted[..2]);

    let finish = |id| store.write(move |tx| Box::pin(async move { tx.finish_deadline(id).await }));
    let (one, two) = tokio::join!(finish(sorted[0].id), finish(sorted[0].id));
    assert_eq!(u8::from(one.unwrap()) + u8::from(two.unwrap()), 1, "one of two workers did it");
    assert_eq!(session.next_deadline().await.unwrap(), Some(sorted[1].at));

    let ids_of = |n: &[usize]| n.iter().map(|n| sorted[*n].id).collect::<Vec<_>>();
    let some = ids_of(&[0, 2, 3]);
    let finish = store.write(move |tx| {
        Box::pin(async move {
            let there = tx.finish_deadlines(&some).await?;
            tx.put_deadlines(&[sorted[2], sorted[3]]).await?;
            Ok(there)
        })
    });
    assert_eq!(finish.await.unwrap(), ids_of(&[2, 3]).into_iter().collect());

    let moved = Deadline { at: at(5_000), ..sorted[1] };
    store.write(move |tx| Box::pin(async move { tx.put_deadline(&moved).await })).await.unwrap();
    assert_eq!(session.due(at(5_000), 10).await.unwrap(), [sorted[2], sorted[3], sorted[4], moved]);
}

async fn deadlines_of_one_thing_are_dropped(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (one, two) = (ids.request(), ids.request());
    let deadline = |due| Deadline { id: ids.deadline(), at: at(1), due };
    let all = [
        deadline(Due::RequestReminder { request: one }),
        deadline(Due::RequestExpiry { request: one }),
        deadline(Due::RequestExpiry { request: two }),
    ];
    store
        .write(move |tx| {
            Box::pin(async move {
                for deadline in &all {
                    tx.put_deadline(deadline).await?;
                }
                tx.drop_deadlines(&one.to_string()).await
            })
        })
        .await
        .unwrap();
    assert_eq!(store.read().await.unwrap().due(at(1), 10).await.unwrap(), all[2..]);
}

async fn what_looks_outside_has_a_lane_of_its_own(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let of = |due| Deadline { id: ids.deadline(), at: at(1), due };
    let mut inside = [of(Due::GrantExpiry { grant: ids.grant() }), of(Due::Digest)];
    let mut outside = [of(Due::Sweep), of(Due::OwnersSweep { portion: 1 }), of(Due::IdpMatching)];
    inside.sort_by_key(|deadline| deadline.id);
    outside.sort_by_key(|deadline| deadline.id);
    let all = [inside.as_slice(), &outside].concat();
    let put = work(move |tx| Box::pin(async move { tx.put_deadlines(&all).await }));
    store.write(put).await.unwrap();
    let mut session = store.read().await.unwrap();
    assert_eq!(session.due(at(1), 10).await.unwrap(), inside);
    assert_eq!(session.due_outside(at(1), 10).await.unwrap(), outside);
    assert_eq!(session.due_outside(at(0), 10).await.unwrap(), []);
    drop(session);
    // Nobody waits for it: the clock of the stand-in workspace does not stop there.
    let inside = inside.map(|deadline| deadline.id);
    let finish = |id| store.write(move |tx| Box::pin(async move { tx.finish_deadline(id).await }));
    for id in inside {
        assert!(finish(id).await.unwrap());
    }
    assert_eq!(store.read().await.unwrap().next_deadline().await.unwrap(), None);
}
