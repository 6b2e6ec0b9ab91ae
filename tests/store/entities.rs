//! What is kept comes back as it was, and is found by what it is looked up by.

use countersign::domain::access::Access;
use countersign::domain::agent::{Agent, AgentState, Cause};
use countersign::domain::delivery::{MessageRef, Place};
use countersign::domain::grant::GrantState;
use countersign::domain::request::{ApprovedBy, Ask, Request, RequestState};
use countersign::domain::tier::Tier;
use countersign::domain::time::Span;
use countersign::store::{Past, StoreError, WithLive};

use crate::database::TestDatabase;
use crate::on_both;
use crate::samples::{Ids, agent, ask_for, at, card, grant, keep, person, request, store, vote};

on_both! {
    agents_come_back,
    a_name_is_taken_once,
    requests_come_back,
    requests_are_found_by_what_they_ask,
    a_request_ends_once,
    a_person_votes_once,
    the_usual_wait_is_a_median,
    grants_come_back_and_end_on_time,
    a_grant_ends_once_and_a_request_opens_one,
    cards_come_back,
    small_facts_are_kept,
    a_key_is_seen_once,
}

async fn agents_come_back(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let states = [
        AgentState::Pending { request: ids.request() },
        AgentState::Active { since: at(1), certified_until: at(9) },
        AgentState::Suspended {
            at: at(2),
            by: person("SAM").into(),
            reason: "odd".into(),
            cause: Cause::Uncertified,
            certified_until: at(9),
        },
        AgentState::Retired { at: at(3), by: person("DANA").into(), reason: String::new() },
        AgentState::Rejected { at: at(4) },
    ];
    let all: Vec<Agent> = states
        .into_iter()
        .enumerate()
        .map(|(i, state)| Agent { state, ..agent(&ids, &format!("agent-{i}"), "DANA") })
        .collect();
    keep(&store, all.clone(), vec![], vec![]).await;
    let mut session = store.read().await.unwrap();
    for one in &all {
        assert_eq!(session.agent(one.id).await.unwrap().as_ref(), Some(one));
    }
    assert_eq!(session.agent(ids.agent()).await.unwrap(), None);
    assert_eq!(session.agent_by_slug("agent-3").await.unwrap().as_ref(), Some(&all[3]));
    assert_eq!(session.agent_by_slug("agent-4").await.unwrap(), None, "a rejected one");
    assert_eq!(session.agents_of(&person("DANA")).await.unwrap(), all[..3]);
    assert_eq!(session.agents_of(&person("OLGA")).await.unwrap(), []);
    assert_eq!(session.agents(2, 1).await.unwrap(), (all[1..3].to_vec(), 4));
    let slugs = session.slugs().await.unwrap();
    assert_eq!(
        slugs.iter().map(|s| s.as_str()).collect::<Vec<_>>(),
        ["agent-0", "agent-1", "agent-2", "agent-3"]
    );

    let moved = Agent { owner: person("OLGA"), tier: Tier::External, ..all[1].clone() };
    let (kept, missing) = (moved.clone(), agent(&ids, "nobody", "DANA"));
    store.write(move |tx| Box::pin(async move { tx.update_agent(&kept).await })).await.unwrap();
    assert_eq!(session.agents_of(&person("OLGA")).await.unwrap(), [moved]);
    let none =
        store.write(move |tx| Box::pin(async move { tx.update_agent(&missing).await })).await;
    assert!(matches!(none, Err(StoreError::Conflict { .. })), "{none:?}");
}

async fn a_name_is_taken_once(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let one = agent(&ids, "support-agent", "DANA");
            let store = store.clone();
            tokio::spawn(async move {
                store.write(move |tx| Box::pin(async move { tx.insert_agent(&one).await })).await
            })
        })
        .collect();
    let mut kept = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(()) => kept += 1,
            Err(StoreError::Conflict { what }) => assert!(what.contains("support-agent"), "{what}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(kept, 1);
    // A name whose registration came to nothing is free again.
    let first = store.read().await.unwrap().agent_by_slug("support-agent").await.unwrap().unwrap();
    let rejected = Agent { state: AgentState::Rejected { at: at(5) }, ..first };
    let second = agent(&ids, "support-agent", "OLGA");
    let expected = second.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.update_agent(&rejected).await?;
                tx.insert_agent(&second).await
            })
        })
        .await
        .unwrap();
    let found = store.read().await.unwrap().agent_by_slug("support-agent").await.unwrap();
    assert_eq!(found, Some(expected));
}

async fn requests_come_back(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let access = Access::new("database", "read");
    let mut asked = vec![
        request(&ids, 1, one.id, Ask::Registration),
        request(&ids, 2, one.id, ask_for(&access)),
        request(&ids, 3, one.id, Ask::Reinstatement { because: "fixed".into() }),
    ];
    asked[1].asked_by = person("SAM");
    keep(&store, vec![one.clone()], asked.clone(), vec![]).await;
    let mut session = store.read().await.unwrap();
    for one in &asked {
        assert_eq!(session.request(one.id).await.unwrap().as_ref(), Some(one));
        let number = one.reference.number;
        assert_eq!(session.request_by_number(number).await.unwrap().as_ref(), Some(one));
    }
    assert_eq!(session.request(ids.request()).await.unwrap(), None);
    assert_eq!(session.request_by_number(4).await.unwrap(), None);
    assert_eq!(session.open_requests(10).await.unwrap(), asked);
    assert_eq!(session.open_requests(2).await.unwrap(), asked[..2]);
    assert_eq!(session.open_requests_of_agent(one.id).await.unwrap(), asked);
    assert_eq!(session.open_requests_by(&person("SAM")).await.unwrap(), asked[1..2]);
    let newest: Vec<Request> = asked.iter().rev().take(2).cloned().collect();
    assert_eq!(session.requests_of_agent(one.id, 2).await.unwrap(), newest);
}

async fn requests_are_found_by_what_they_ask(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let (read, write) = (Access::new("database", "read"), Access::new("database", "write"));
    let held = ids.grant();
    let extension = Ask::Extension {
        grant: held,
        access: read.clone(),
        by: Span::hours(1),
        because: "not done".into(),
    };
    let asked = [
        request(&ids, 1, one.id, ask_for(&read)),
        request(&ids, 2, one.id, extension),
        request(&ids, 3, one.id, Ask::Reinstatement { because: "fixed".into() }),
    ];
    let no = RequestState::Denied { at: at(9), by: person("SAM"), reason: "no".into() };
    let denied: Vec<Request> = (4..6)
        .map(|n| Request { state: no.clone(), ..request(&ids, n, one.id, ask_for(&write)) })
        .collect();
    let all = asked.iter().chain(&denied).cloned().collect();
    keep(&store, vec![one.clone()], all, vec![]).await;
    let mut session = store.read().await.unwrap();
    assert_eq!(session.open_grant_request(one.id, &read).await.unwrap().as_ref(), Some(&asked[0]));
    assert_eq!(session.open_grant_request(one.id, &write).await.unwrap(), None);
    assert_eq!(session.open_grant_request(ids.agent(), &read).await.unwrap(), None);
    assert_eq!(session.open_extension(held).await.unwrap().as_ref(), Some(&asked[1]));
    assert_eq!(session.open_extension(ids.grant()).await.unwrap(), None);
    assert_eq!(session.open_reinstatement(one.id).await.unwrap().as_ref(), Some(&asked[2]));
    assert_eq!(session.past(one.id, &write).await.unwrap().denied, 2);
    assert_eq!(session.past(one.id, &read).await.unwrap().denied, 0);
}

async fn a_request_ends_once(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let open = request(&ids, 1, one.id, Ask::Registration);
    keep(&store, vec![one], vec![open.clone()], vec![]).await;
    let ends: Vec<_> = (0..8)
        .map(|i| {
            let ended = open.clone().cancel(person("DANA"), format!("{i}"), at(i)).unwrap();
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |tx| Box::pin(async move { tx.update_request(&ended).await }))
                    .await
            })
        })
        .collect();
    let mut ended = 0;
    for end in ends {
        match end.await.unwrap() {
            Ok(()) => ended += 1,
            Err(StoreError::Conflict { what }) => assert!(what.contains("R-1"), "{what}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(ended, 1);
    let mut session = store.read().await.unwrap();
    assert_eq!(session.open_requests(10).await.unwrap(), []);
    let kept = session.request(open.id).await.unwrap().unwrap();
    assert_eq!(kept.state.word(), "cancelled");
}

async fn a_person_votes_once(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let open = request(&ids, 1, one.id, Ask::Registration);
    keep(&store, vec![one], vec![open.clone()], vec![]).await;
    let with = |votes: Vec<_>| Request { votes, ..open.clone() };
    let update = |request: Request| {
        store.write(move |tx| Box::pin(async move { tx.update_request(&request).await }))
    };
    let (sam, theo) = (vote("SAM", 1), vote("THEO", 2));
    update(with(vec![sam.clone()])).await.unwrap();
    update(with(vec![sam.clone(), theo.clone()])).await.unwrap();
    // The same person again, with whatever the program believes.
    let twice = update(with(vec![sam.clone(), theo.clone(), vote("SAM", 3)])).await;
    assert!(matches!(twice, Err(StoreError::Conflict { .. })), "{twice:?}");
    // A change that was made from an older reading would lose a vote.
    let stale = update(with(vec![sam.clone()])).await;
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");
    let kept = store.read().await.unwrap().request(open.id).await.unwrap().unwrap();
    assert_eq!(kept.votes, [sam, theo]);
}

async fn the_usual_wait_is_a_median(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let approved = |number: u32, seconds: i64, by: ApprovedBy| {
        let asked = request(&ids, number, one.id, ask_for(&Access::new("database", "read")));
        let end = asked.asked_at + chrono::TimeDelta::seconds(seconds);
        Request { state: RequestState::Approved { at: end, by }, ..asked }
    };
    let rule = || ApprovedBy::Policy { rule: "1".into() };
    let first = vec![
        approved(1, 600, ApprovedBy::People),
        approved(2, 60, ApprovedBy::People),
        approved(3, 1, rule()),
        approved(4, 1, rule()),
    ];
    keep(&store, vec![one.clone()], first, vec![]).await;
    let mut session = store.read().await.unwrap();
    assert_eq!(session.usual_wait(Tier::Internal).await.unwrap(), None, "two are too few");
    keep(&store, vec![], vec![approved(5, 86_400, ApprovedBy::People)], vec![]).await;
    assert_eq!(session.usual_wait(Tier::Internal).await.unwrap(), Some(Span::minutes(10)));
    assert_eq!(session.usual_wait(Tier::External).await.unwrap(), None);
    // Only the last fifty count.
    let later = (6..56).map(|n| approved(n, 120, ApprovedBy::People)).collect();
    keep(&store, vec![], later, vec![]).await;
    assert_eq!(session.usual_wait(Tier::Internal).await.unwrap(), Some(Span::minutes(2)));
}

async fn grants_come_back_and_end_on_time(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (one, two) = (agent(&ids, "agent-one", "OLGA"), agent(&ids, "agent-two", "OLGA"));
    let (read, write) = (Access::new("database", "read"), Access::new("database", "write"));
    let asked: Vec<Request> = (1..5)
        .map(|n| request(&ids, n, if n < 4 { one.id } else { two.id }, ask_for(&read)))
        .collect();
    let held = vec![
        grant(&ids, &asked[0], &read, 10, 60),
        grant(&ids, &asked[1], &read, 10, 50),
        grant(&ids, &asked[2], &write, 10, 40),
        grant(&ids, &asked[3], &write, 10, 30),
    ];
    keep(&store, vec![one.clone(), two.clone()], asked.clone(), held.clone()).await;
    let mut session = store.read().await.unwrap();
    for one in &held {
        assert_eq!(session.grant(one.id).await.unwrap().as_ref(), Some(one));
        assert_eq!(session.grant_of_request(one.request).await.unwrap().as_ref(), Some(one));
        let number = one.reference.number;
        assert_eq!(session.grant_by_number(number).await.unwrap().as_ref(), Some(one));
    }
    assert_eq!(session.grant(ids.grant()).await.unwrap(), None);
    let first_to_end: Vec<_> = [2, 1, 0].map(|i| held[i].clone()).into();
    assert_eq!(session.live_grants_of(one.id, at(10)).await.unwrap(), first_to_end);
    assert_eq!(session.live_grants_of(one.id, at(9)).await.unwrap(), []);
    // From the microsecond of its end on it is not live, though nobody has recorded that.
    assert_eq!(
        session.count_live(one.id, at(40) - chrono::TimeDelta::microseconds(1)).await.unwrap(),
        3
    );
    assert_eq!(session.count_live(one.id, at(40)).await.unwrap(), 2);
    assert_eq!(session.live_grant_for(one.id, &write, at(40)).await.unwrap(), None);
    assert_eq!(
        session.live_grant_for(one.id, &read, at(40)).await.unwrap().as_ref(),
        Some(&held[0])
    );
    let of_two = (held[3].clone(), two.clone());
    assert_eq!(session.live_grants(at(10), 1).await.unwrap(), (vec![of_two.clone()], 4));
    assert_eq!(session.grant_with_agent(held[3].id).await.unwrap(), Some(of_two));
    assert_eq!(session.grant_with_agent(ids.grant()).await.unwrap(), None);
    let of = |i: usize| (held[i].clone(), if i < 3 { one.clone() } else { two.clone() });
    let of_olga: Vec<_> = [3, 2, 1, 0].map(of).into();
    assert_eq!(session.live_grants_of_owner(&one.owner, at(10), 9).await.unwrap(), of_olga);
    assert_eq!(session.live_grants_of_owner(&one.owner, at(10), 2).await.unwrap(), of_olga[..2]);
    assert_eq!(session.live_grants_of_owner(&one.owner, at(50), 9).await.unwrap(), of_olga[3..]);
    assert_eq!(session.live_grants_of_owner(&person("DANA"), at(10), 9).await.unwrap(), []);
    let has = |agent: &Agent, grants| WithLive { agent: agent.clone(), grants, credentials: 0 };
    let hers = vec![has(&one, 2), has(&two, 0)];
    assert_eq!(session.agents_of_with_live(&one.owner, at(40)).await.unwrap(), hers);
    assert_eq!(session.agents_of_with_live(&person("DANA"), at(40)).await.unwrap(), []);
    let listed = (vec![has(&one, 2), has(&two, 0)], 2);
    assert_eq!(session.agents_with_live(at(40), 9).await.unwrap(), listed);
    assert_eq!(session.agents_with_live(at(10), 1).await.unwrap(), (vec![has(&one, 3)], 2));
    let with_agent = (asked[3].clone(), two.clone());
    assert_eq!(session.request_with_agent(asked[3].id).await.unwrap(), Some(with_agent.clone()));
    assert_eq!(session.request_with_agent(ids.request()).await.unwrap(), None);
    let open = session.open_requests_with_agents(9).await.unwrap();
    assert_eq!((open.len(), open.last()), (4, Some(&with_agent)));
    assert_eq!(session.live_grants(at(60), 10).await.unwrap(), (vec![], 0));
    let past = |had, had_resource| Past { had, had_resource, denied: 0 };
    let mail = Access::new("mail", "read");
    assert_eq!(session.past(one.id, &read).await.unwrap(), past(2, 3));
    assert_eq!(session.past(two.id, &read).await.unwrap(), past(0, 1));
    assert_eq!(session.past(one.id, &mail).await.unwrap(), past(0, 0));
}

async fn a_grant_ends_once_and_a_request_opens_one(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let read = Access::new("database", "read");
    let asked = request(&ids, 1, one.id, ask_for(&read));
    let held = grant(&ids, &asked, &read, 0, 60);
    keep(&store, vec![one], vec![asked.clone()], vec![held.clone()]).await;

    let again = grant(&ids, &asked, &read, 0, 60);
    let twice = store.write(move |tx| Box::pin(async move { tx.insert_grant(&again).await })).await;
    assert!(matches!(twice, Err(StoreError::Conflict { .. })), "{twice:?}");

    let update =
        |grant| store.write(move |tx| Box::pin(async move { tx.update_grant(&grant).await }));
    let longer = held.clone().extend(Span::minutes(1), at(1)).unwrap();
    update(longer.clone()).await.unwrap();
    let mut session = store.read().await.unwrap();
    assert_eq!(
        session.live_grants_of(held.agent, at(100)).await.unwrap(),
        std::slice::from_ref(&longer)
    );
    let revoked = longer.clone().revoke(person("SAM"), "odd".into(), at(2)).unwrap();
    update(revoked.clone()).await.unwrap();
    assert_eq!(session.grant(held.id).await.unwrap(), Some(revoked));
    assert_eq!(session.count_live(held.agent, at(3)).await.unwrap(), 0);
    let expired =
        countersign::domain::grant::Grant { state: GrantState::Expired { at: at(120) }, ..longer };
    let late = update(expired).await;
    assert!(matches!(late, Err(StoreError::Conflict { .. })), "{late:?}");
}

async fn cards_come_back(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let asked = request(&ids, 1, one.id, Ask::Registration);
    keep(&store, vec![one], vec![asked.clone()], vec![]).await;
    let mut cards = vec![
        card(&ids, asked.id, Place::Channel("C0APPROVALS".into())),
        card(&ids, asked.id, Place::Person(person("SAM"))),
    ];
    cards.sort_by_key(|c| c.id.to_string());
    let kept = cards.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                for card in &kept {
                    tx.insert_card(card).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    let mut session = store.read().await.unwrap();
    assert_eq!(session.cards_of(asked.id).await.unwrap(), cards);
    assert_eq!(session.card(cards[0].id).await.unwrap().as_ref(), Some(&cards[0]));

    let message = MessageRef { channel: "C0APPROVALS".into(), ts: "1800000000.000100".into() };
    assert_eq!(session.card_by_message(&message).await.unwrap(), None);
    let (id, sent) = (cards[0].id, message.clone());
    store
        .write(move |tx| Box::pin(async move { tx.set_card_message(id, &sent).await }))
        .await
        .unwrap();
    cards[0].message = Some(message.clone());
    assert_eq!(session.card_by_message(&message).await.unwrap().as_ref(), Some(&cards[0]));
    assert_eq!(session.cards_of(asked.id).await.unwrap(), cards);
    let nowhere = ids.card();
    let none = store
        .write(move |tx| Box::pin(async move { tx.set_card_message(nowhere, &message).await }))
        .await;
    assert!(matches!(none, Err(StoreError::Conflict { .. })), "{none:?}");
}

async fn small_facts_are_kept(database: TestDatabase) {
    let store = store(&database).await;
    let mut session = store.read().await.unwrap();
    assert!(!session.has_home(&person("DANA")).await.unwrap());
    assert_eq!(session.current_policy().await.unwrap(), None);
    for digest in ["one", "two"] {
        store
            .write(move |tx| {
                Box::pin(async move {
                    tx.remember_home(&person("DANA")).await?;
                    tx.set_policy(digest, at(1)).await
                })
            })
            .await
            .unwrap();
    }
    assert!(session.has_home(&person("DANA")).await.unwrap());
    assert!(!session.has_home(&person("SAM")).await.unwrap());
    assert_eq!(session.current_policy().await.unwrap().as_deref(), Some("two"));
}

async fn a_key_is_seen_once(database: TestDatabase) {
    let store = store(&database).await;
    let once = |key: &'static str, seconds: i64| {
        store.write(move |tx| Box::pin(async move { tx.once(key, at(seconds)).await }))
    };
    assert!(once("click 1", 0).await.unwrap());
    assert!(!once("click 1", 1).await.unwrap());
    // Work that comes to nothing has not seen it.
    let failed: Result<(), StoreError> = store
        .write(|tx| {
            Box::pin(async move {
                assert!(tx.once("click 2", at(0)).await?);
                Err(StoreError::Conflict { what: "as it happens".into() })
            })
        })
        .await;
    assert!(failed.is_err());
    assert!(once("click 2", 5).await.unwrap());
    let forget = |seconds| {
        store.write(move |tx| Box::pin(async move { tx.forget_once_before(at(seconds)).await }))
    };
    assert_eq!(forget(5).await.unwrap(), 1);
    assert!(once("click 1", 6).await.unwrap(), "forgotten");
    assert!(!once("click 2", 6).await.unwrap(), "kept");
}
