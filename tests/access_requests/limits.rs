//! How much may be asked, and for how long.

use axum::http::StatusCode;
use countersign::domain::event::What;
use countersign::store::Engine;
use serde_json::json;

use super::world::{REQUESTS, World, asks, cancels, question, refused};
use crate::programs;

programs! {
    /// Longer than the policy allows is refused, with what it allows.
    async fn too_long_says_how_long(world) {
        let agent = world.agent("support-agent-v2").await;
        let mut body = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        body["requested_access"]["requested_until"] = json!(world.in_hours(9));
        let answer = agent.posts(REQUESTS, &body).await;
        answer.is_our_problem("too_long", 400);
        assert_eq!(answer.body["latest_requested_until"], world.in_hours(8));
        assert_eq!(answer.body["longest_seconds"], 8 * 3_600);
        body["requested_access"]["requested_until"] = answer.body["latest_requested_until"].clone();
        asks(&agent, &body).await;
    }

    /// What ends in an hour need not be decided in four; what comes of it ends with the hour.
    async fn nothing_lasts_longer_than_was_asked(world) {
        let agent = world.agent("support-agent-v2").await;
        let mut asked = question("support-agent-v2", "invoke", "crm.search");
        asked["resource"]["type"] = json!("tool");
        let mut body = refused(world, &agent, &asked).await;
        body["requested_access"] = json!({ "requested_until": world.in_hours(1), "emergency": true });
        let at = asks(&agent, &body).await;
        let pending = agent.gets(&at).await;
        let words = pending.body["task"]["display"]["description"].as_str().expect("words").to_owned();
        assert!(words.contains("no faster way for emergencies"), "{words}");
        let reference = world.newest("support-agent-v2").await;
        let until = world.office.now() + chrono::TimeDelta::hours(1);
        assert_eq!(world.office.request(&reference).await.decide_by, until);
        world.office.advance("40m").await;
        world.office.theo().approves(&reference).await;
        assert_eq!(world.office.grant(&reference).await.expires_at, until);
    }

    /// A tier that is too low: the people of the higher tier decide, and see that it is raised.
    async fn a_higher_tier_is_asked_of_its_people(world) {
        let agent = world.agent("support-agent-v2").await;
        let body = refused(world, &agent, &question("support-agent-v2", "write", "orders")).await;
        let at = asks(&agent, &body).await;
        let pending = agent.gets(&at).await;
        let progress = &pending.body["task"]["progress"];
        assert_eq!(progress["awaiting"], json!(["security", "team-lead"]), "{pending:?}");
        assert_eq!((&progress["current_step"], &progress["total_steps"]), (&json!(1), &json!(2)));
        let reference = world.newest("support-agent-v2").await;
        world.office.sam().approves(&reference).await;
        let pending = agent.gets(&at).await;
        let progress = &pending.body["task"]["progress"];
        assert_eq!(progress["awaiting"], json!(["team-lead"]), "{pending:?}");
        assert_eq!(progress["current_step"], 2);
        for name in ["U0SAM", "U0SARA", "U0THEO", "U0TINA", "U0DANA"] {
            assert!(!pending.body.to_string().contains(name), "{pending:?}");
        }
        world.office.theo().approves(&reference).await;
        assert_eq!(agent.gets(&at).await.body["task"]["status"], "approved");
    }
}

/// An agent may wait for so many answers, and its owner hears once that it asks for more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_may_be_open() {
    let world = World::with(Engine::Sqlite, "\n[quotas]\nopen_requests = 2\n").await;
    let agent = world.agent("support-agent-v2").await;
    let other = world.agent("other-agent").await;
    // What people ask for does not count.
    world.office.dana().puts("support-agent-v2", "tickets:read", "4h").await;
    let mut open = Vec::new();
    for object in ["a", "b"] {
        let body = refused(&world, &agent, &question("support-agent-v2", "read", object)).await;
        open.push(asks(&agent, &body).await);
    }
    for object in ["c", "d"] {
        let body = refused(&world, &agent, &question("support-agent-v2", "read", object)).await;
        let answer = agent.posts(REQUESTS, &body).await;
        answer.is_our_problem("too_many_open", 429);
        assert_eq!(answer.header("retry-after"), "60");
        assert_eq!(answer.body["limit"], 2);
    }
    let told =
        |what: &What| matches!(what, What::QuotaReached { quota, .. } if quota == "requests");
    assert_eq!(world.office.logged(told).await, 1);
    world.office.settled().await;
    let inbox = world.office.dana().inbox();
    let asks_too_much = inbox.iter().filter(|m| m.words().contains("asks too much")).count();
    assert_eq!(asks_too_much, 1);
    // What is allowed at once waits for nobody, what is asked already is followed, and another
    // agent has its own.
    let mut body = refused(&world, &agent, &question("support-agent-v2", "read", "e")).await;
    body["requested_access"]["requested_until"] = json!(world.in_hours(1));
    assert_eq!(agent.posts(REQUESTS, &body).await.status, StatusCode::CREATED);
    let again = refused(&world, &agent, &question("support-agent-v2", "read", "a")).await;
    asks(&agent, &again).await;
    let body = refused(&world, &other, &question("other-agent", "read", "a")).await;
    asks(&other, &body).await;
    // One less, and there is room.
    assert_eq!(cancels(&agent, &open[0]).await.status, StatusCode::OK);
    let body = refused(&world, &agent, &question("support-agent-v2", "read", "c")).await;
    asks(&agent, &body).await;
    world.close().await;
}
