//! The numbers are read from indexes, and are right on both engines.

use countersign::domain::insights::{Appeals, Outcomes, Window};
use countersign::domain::request::{ApprovedBy, Ask, Request, RequestState};
use countersign::domain::tier::Tier;
use sqlx::{Connection, Row, SqliteConnection};

use crate::database::TestDatabase;
use crate::guards::Hand;
use crate::on_both;
use crate::samples::{Ids, agent, at, keep, person, request, store};

on_both! {
    what_ended_is_counted_by_how_and_when,
    appeals_are_counted_apart,
}

const WEEK: i64 = 7 * 86_400;

fn ended(ids: &Ids, n: u32, of: countersign::domain::ids::AgentId, state: RequestState) -> Request {
    Request { asked_at: at(-60 * WEEK), state, ..request(ids, n, of, Ask::Registration) }
}

fn approved(seconds: i64, by: ApprovedBy) -> RequestState {
    RequestState::Approved { at: at(seconds), by }
}

async fn what_ended_is_counted_by_how_and_when(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let rule = || ApprovedBy::Policy { rule: "r".into() };
    let denied =
        |seconds| RequestState::Denied { at: at(seconds), by: person("SAM"), reason: "no".into() };
    let states = [
        approved(0, ApprovedBy::People),
        approved(-10, ApprovedBy::People),
        approved(-10, rule()),
        denied(-WEEK + 1),
        // The end of the week before, to the moment.
        denied(-WEEK),
        RequestState::Expired { at: at(-3 * WEEK) },
        // Before the last of 30 days, and after the last of 60.
        RequestState::Expired { at: at(-31 * 86_400) },
        approved(-100 * 86_400, rule()),
        RequestState::Open,
    ];
    let requests: Vec<Request> =
        (1..).zip(states).map(|(n, state)| ended(&ids, n, one.id, state)).collect();
    keep(&store, vec![one], requests, vec![]).await;
    let mut session = store.read().await.unwrap();
    let now = at(0);
    let last = session.ended(Window::last(now)).await.unwrap();
    let outcomes = Outcomes { by_people: 2, by_rule: 1, denied: 2, expired: 1, taken_back: 0 };
    assert_eq!((last.outcomes, last.appeals), (outcomes, Appeals::default()));
    let before = session.ended(Window::before(now)).await.unwrap();
    assert_eq!(before.outcomes, Outcomes { expired: 1, ..Outcomes::default() });
    let weeks = session.ended_by_week(&Window::weeks(now)).await.unwrap();
    assert_eq!(weeks[7], Outcomes { by_people: 2, by_rule: 1, denied: 1, ..Outcomes::default() });
    assert_eq!(weeks[6], Outcomes { denied: 1, ..Outcomes::default() });
    assert_eq!(weeks.iter().map(Outcomes::all).sum::<u64>(), 7);
    let tier = session.waiting_by_tier().await.unwrap();
    assert_eq!(tier.values().map(|waiting| waiting.count).sum::<u64>(), 1);
    let approvals = session.approvals(Tier::Internal, Window::last(now)).await.unwrap();
    let other = session.approvals(Tier::Observer, Window::last(now)).await.unwrap();
    assert_eq!(approvals.len() + other.len(), 2, "by people alone");
    let measured = session.measure(now).await.unwrap();
    assert_eq!(measured.requests.iter().map(|one| one.count).sum::<u64>(), 9);
    let agents = session.agents_in_numbers(now).await.unwrap();
    assert_eq!(agents.ownerless, 0);
}

async fn appeals_are_counted_apart(database: TestDatabase) {
    let (store, ids) = (store(&database).await, Ids::new());
    let one = agent(&ids, "agent-one", "OLGA");
    let expired = RequestState::Expired { at: at(-5) };
    let requests = vec![
        ended(&ids, 1, one.id, approved(-5, ApprovedBy::People)),
        ended(&ids, 2, one.id, expired.clone()),
        ended(&ids, 3, one.id, expired),
    ];
    keep(&store, vec![one], requests, vec![]).await;
    let mut hand = Hand::on(&database).await;
    let changed = hand.run("UPDATE requests SET ask = 'appeal' WHERE number < 3").await;
    assert_eq!(changed, Ok(2));
    let mut session = store.read().await.unwrap();
    let last = session.ended(Window::last(at(0))).await.unwrap();
    assert_eq!(last.appeals, Appeals { ended: 2, overturned: 1 });
    assert_eq!(last.outcomes, Outcomes { expired: 1, ..Outcomes::default() });
    let weeks = session.ended_by_week(&Window::weeks(at(0))).await.unwrap();
    assert_eq!(weeks[7].all(), 1);
}

/// However long the record is, what is read of requests is found by an index.
#[tokio::test]
async fn no_number_reads_the_whole_record() {
    let database = TestDatabase::sqlite().await;
    drop(store(&database).await);
    let mut hand = SqliteConnection::connect(database.url()).await.unwrap();
    let of_requests = countersign::store::statements().filter(|statement| {
        statement.table == "requests"
            && (statement.sql.contains("ended_at >") || statement.sql.contains("GROUP BY"))
    });
    let mut looked_at = 0;
    for statement in of_requests {
        let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        let plan = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).fetch_all(&mut hand).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        let whole =
            steps.iter().any(|step| step.starts_with("SCAN requests") && !step.contains("INDEX"));
        assert!(!whole, "{}\n{steps:#?}", statement.sql);
        looked_at += 1;
    }
    assert!(looked_at >= 5, "{looked_at}");
}
