//! Incidents, and what is found of an agent around one.

use countersign::domain::access::Access;
use countersign::domain::activity::{Activity, Deed};
use countersign::domain::evaluation::{Claims, Decision, Denial, Name, Record};
use countersign::domain::event::{Actor, What};
use countersign::domain::ids::{
    ActivityId, AgentId, BatchId, CredentialId, EvaluationId, IncidentId, TokenId,
};
use countersign::domain::incident::{CutOff, Incident, IncidentState};
use countersign::domain::request::{ApprovedBy, Ask, Request, RequestState};
use countersign::domain::tier::Tier;
use countersign::domain::time::Span;
use countersign::domain::token::IssuedToken;
use countersign::store::{Store, StoreError, Tally, work};
use ulid::Ulid;

use crate::database::TestDatabase;
use crate::guards::Hand;
use crate::on_both;
use crate::samples::{Ids, agent, ask_for, at, grant, keep, person, request, store};

on_both! {
    an_incident_comes_back_and_is_closed_once,
    what_an_agent_asked_and_did_is_found_in_pages,
    what_others_asked_is_not_read,
    live_tokens_are_found,
    a_review_is_found_by_its_person_and_its_grant,
    reviews_are_no_waits,
}

/// An id of this second.
fn ulid(seconds: i64, n: u128) -> Ulid {
    Ulid::from_parts(u64::try_from(at(seconds).timestamp_millis()).unwrap(), n)
}

fn incident(agent: AgentId, number: u32) -> Incident {
    Incident {
        id: IncidentId::new(ulid(i64::from(number), 1)),
        reference: format!("I-{number}").parse().unwrap(),
        agent,
        opened_by: person("SAM"),
        opened_at: at(i64::from(number)),
        reason: "odd".into(),
        owner: person("DANA"),
        on_call: vec![person("OMAR")],
        since: at(0),
        stopped: true,
        cut_off: CutOff::default(),
        state: IncidentState::Open,
    }
}

async fn an_incident_comes_back_and_is_closed_once(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (one, two) = (agent(&ids, "one", "DANA"), agent(&ids, "two", "DANA"));
    keep(&store, vec![one.clone(), two.clone()], vec![], vec![]).await;
    let (first, second) = (incident(one.id, 3), incident(two.id, 4));
    let both = [first.clone(), second.clone()];
    let put = work(move |tx| {
        Box::pin(async move {
            for incident in &both {
                tx.insert_incident(incident).await?;
            }
            Ok(())
        })
    });
    store.write(put).await.unwrap();
    let mut session = store.read().await.unwrap();
    assert_eq!(session.incident(first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(session.incident_by_number(4).await.unwrap().as_ref(), Some(&second));
    assert_eq!(session.incident_by_number(5).await.unwrap(), None);
    assert_eq!(session.open_incidents(9).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(session.open_incident_of(two.id).await.unwrap().as_ref(), Some(&second));
    drop(session);
    let closed = first.clone().close(person("SAM"), "a prompt".into(), at(9)).unwrap();
    let close = |closed: Incident| {
        work(move |tx| Box::pin(async move { tx.update_incident(&closed).await }))
    };
    store.write(close(closed.clone())).await.unwrap();
    let again = store.write(close(closed.clone())).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    let mut session = store.read().await.unwrap();
    assert_eq!(session.incident(first.id).await.unwrap(), Some(closed));
    assert_eq!(session.open_incidents(9).await.unwrap(), [second]);
    assert_eq!(session.open_incident_of(one.id).await.unwrap(), None);
}

fn record(agent: AgentId, seconds: i64) -> Record {
    Record {
        id: EvaluationId::new(ulid(seconds, 1)),
        at: at(seconds),
        caller: Actor::Service("crm".into()),
        token: None,
        for_whom: None,
        subject: Name { kind: "agent".into(), id: "one".into() },
        agent: Some(agent),
        action: "read".into(),
        resource: Name { kind: "database".into(), id: "orders".into() },
        context: None,
        tie: None,
        claims: Claims::default(),
        answer: Decision::Deny { denial: Denial::NoGrant },
        policy: "p".into(),
    }
}

fn activity(agent: AgentId, seconds: i64) -> Activity {
    Activity {
        id: ActivityId::new(ulid(seconds, 1)),
        at: at(seconds),
        told_by: Actor::Agent(agent),
        agent,
        evaluation: None,
        grant: None,
        occurred_at: at(seconds),
        deed: Deed { task: Some("t".into()), ..Deed::default() },
    }
}

/// Every page of what the agent asked since a moment, as the seconds of the questions.
async fn asked(store: &Store, agent: AgentId, from: i64, page: u32) -> Vec<i64> {
    let mut session = store.read().await.unwrap();
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let found = session.asked_by(agent, at(from), before, page).await.unwrap();
        all.extend(found.records.iter().map(|one| (one.at - at(0)).num_seconds()));
        before = found.next;
        if before.is_none() {
            return all;
        }
    }
}

async fn what_an_agent_asked_and_did_is_found_in_pages(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (one, two) = (agent(&ids, "one", "DANA"), agent(&ids, "two", "DANA"));
    keep(&store, vec![one.clone(), two.clone()], vec![], vec![]).await;
    let (a, b) = (one.id, two.id);
    let put = work(move |tx| {
        Box::pin(async move {
            for second in 1..=9 {
                let of = if second % 3 == 0 { b } else { a };
                let batch = BatchId::new(ulid(second, 2));
                tx.record_evaluations(batch, at(second), &[record(of, second)]).await?;
                tx.record_activity(&activity(of, second)).await?;
            }
            let what = What::AgentReinstated { agent: a };
            tx.append(at(5), Actor::System, what).await?;
            tx.append(at(8), Actor::System, What::AgentReinstated { agent: a }).await
        })
    });
    store.write(put).await.unwrap();
    for page in [1, 2, 9, 20] {
        assert_eq!(asked(&store, a, 0, page).await, [8, 7, 5, 4, 2, 1], "{page}");
        assert_eq!(asked(&store, a, 4, page).await, [8, 7, 5, 4], "{page}");
        assert_eq!(asked(&store, b, 0, page).await, [9, 6, 3], "{page}");
    }
    let mut session = store.read().await.unwrap();
    let between = (at(2), at(7));
    let first = session.activities_of(a, between, None, 2).await.unwrap();
    assert_eq!(first, [activity(a, 7), activity(a, 5)]);
    let next = session.activities_of(a, between, first.last(), 2).await.unwrap();
    assert_eq!(next, [activity(a, 4), activity(a, 2)]);
    assert_eq!(session.activities_of(a, between, next.last(), 2).await.unwrap(), []);
    let lines = session.lines_about(a, at(6), 0, 9).await.unwrap();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let all = session.lines_about(a, at(0), 0, 9).await.unwrap();
    assert_eq!(session.lines_about(a, at(0), all[0].seq, 9).await.unwrap(), all[1..]);
}

/// Once the groups were counted, those that name others only are passed over unread; those of after are
/// read as before.
async fn what_others_asked_is_not_read(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let (one, two) = (agent(&ids, "one", "DANA"), agent(&ids, "two", "DANA"));
    keep(&store, vec![one.clone(), two.clone()], vec![], vec![]).await;
    let (a, b) = (one.id, two.id);
    let keep = |seconds: std::ops::RangeInclusive<i64>| {
        let records: Vec<Record> =
            seconds.map(|second| record(if second % 200 == 1 { a } else { b }, second)).collect();
        let all = records.clone();
        let put = work(move |tx| {
            Box::pin(async move {
                for record in &all {
                    let second = (record.at - at(0)).num_seconds();
                    let batch = BatchId::new(ulid(second, 2));
                    tx.record_evaluations(batch, record.at, std::slice::from_ref(record)).await?;
                }
                Ok(())
            })
        });
        let store = store.clone();
        async move {
            store.write(put).await.unwrap();
            records
        }
    };
    let counted = keep(1..=450).await;
    assert_eq!(asked(&store, a, 0, 1).await, [401, 201, 1]);
    let mut tally = Tally::default();
    for record in &counted {
        tally.group(std::slice::from_ref(record));
    }
    let add = work(move |tx| Box::pin(async move { tx.add_use(0, 450, &tally).await }));
    assert!(store.write(add).await.unwrap());
    // What is not read need not be readable, whatever it says.
    let mut hand = Hand::on(&database).await;
    let spoil = "UPDATE evaluation_batches SET doc = (SELECT id FROM agents WHERE slug = 'one')         WHERE first_id IN (SELECT n.first_id FROM asked_agents n         JOIN agents t ON n.agents = t.id WHERE t.slug = 'two')";
    assert_eq!(hand.run(spoil).await.unwrap(), 447);
    for page in [1, 2, 20] {
        assert_eq!(asked(&store, a, 0, page).await, [401, 201, 1], "{page}");
        assert_eq!(asked(&store, a, 100, page).await, [401, 201], "{page}");
    }
    keep(451..=650).await;
    assert_eq!(asked(&store, a, 0, 1).await, [601, 401, 201, 1]);
}

async fn live_tokens_are_found(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "one", "DANA");
    keep(&store, vec![one.clone()], vec![], vec![]).await;
    let token = |n: u128, until: i64| IssuedToken {
        id: TokenId::new(ulid(1, n)),
        agent: one.id,
        credential: CredentialId::new(ulid(1, 1)),
        exchanged: vec![],
        grants: vec![],
        audience: vec![],
        on_behalf_of: None,
        issued_at: at(1),
        until: at(until),
        revoked_at: None,
    };
    let taken_back = IssuedToken { revoked_at: Some(at(2)), ..token(3, 90) };
    let all = [token(1, 90), token(2, 5), taken_back];
    let put = work(move |tx| {
        Box::pin(async move {
            for token in &all {
                tx.insert_token(token).await?;
            }
            Ok(())
        })
    });
    store.write(put).await.unwrap();
    let mut session = store.read().await.unwrap();
    assert_eq!(session.live_tokens_of(one.id, at(9)).await.unwrap(), [token(1, 90)]);
    assert_eq!(session.live_tokens_of(ids.agent(), at(9)).await.unwrap(), []);
}

async fn a_review_is_found_by_its_person_and_its_grant(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "one", "DANA");
    let access = Access::new("database", "write");
    let opened = request(&ids, 1, one.id, ask_for(&access));
    let live = grant(&ids, &opened, &access, 0, 900);
    let ask = Ask::Review {
        of: opened.id,
        emergency: opened.reference,
        grant: live.id,
        access,
        lasting: Span::minutes(15),
        because: "it could not wait".into(),
    };
    let review = Request { asked_by: person("OMAR"), ..request(&ids, 2, one.id, ask) };
    keep(&store, vec![one], vec![opened, review.clone()], vec![live.clone()]).await;
    let mut session = store.read().await.unwrap();
    assert_eq!(session.open_review_of(&person("OMAR")).await.unwrap(), Some(review.clone()));
    assert_eq!(session.open_review_of(&person("DANA")).await.unwrap(), None);
    assert_eq!(session.review_of(live.id).await.unwrap(), Some(review.clone()));
    drop(session);
    let state = RequestState::Approved { at: at(60), by: ApprovedBy::People };
    let done = Request { state, ..review };
    let end = done.clone();
    store
        .write(work(move |tx| Box::pin(async move { tx.update_request(&end).await })))
        .await
        .unwrap();
    let mut session = store.read().await.unwrap();
    assert_eq!(session.open_review_of(&person("OMAR")).await.unwrap(), None);
    assert_eq!(session.review_of(live.id).await.unwrap(), Some(done));
}

/// Nobody waits for a review: how long those take says nothing of how long a yes takes.
async fn reviews_are_no_waits(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "one", "DANA");
    let access = Access::new("database", "write");
    let approved = |number: u32, ask: Ask| Request {
        state: RequestState::Approved { at: at(i64::from(number) + 60), by: ApprovedBy::People },
        ..request(&ids, number, one.id, ask)
    };
    let review = || Ask::Review {
        of: ids.request(),
        emergency: "E-1".parse().unwrap(),
        grant: ids.grant(),
        access: access.clone(),
        lasting: Span::minutes(15),
        because: "it could not wait".into(),
    };
    let reviews = (1..=5).map(|number| approved(number, review())).collect();
    keep(&store, vec![one.clone()], reviews, vec![]).await;
    let tier = Tier::Internal;
    let mut session = store.read().await.unwrap();
    assert_eq!(session.usual_wait(tier).await.unwrap(), None);
    drop(session);
    let waits = (6..=8).map(|number| approved(number, ask_for(&access))).collect();
    keep(&store, vec![], waits, vec![]).await;
    let mut session = store.read().await.unwrap();
    assert_eq!(session.usual_wait(tier).await.unwrap(), Some(Span::minutes(1)));
}
