//! What is sent twice is asked once.

use axum::http::StatusCode;
use countersign::domain::event::What;
use serde_json::json;

use super::world::{REQUESTS, World, asks, cancels, question, refused};
use crate::programs;

async fn opened(world: &World) -> usize {
    world
        .office
        .logged(|what| matches!(what, What::RequestOpened { ask, .. } if ask == "grant"))
        .await
}

programs! {
    /// The same key with the same body gets the same task, whatever has happened since.
    async fn a_key_is_one_request(world) {
        let agent = world.agent("support-agent-v2").await;
        let other = world.agent("other-agent").await;
        let body = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        let first = agent.posts_once(REQUESTS, "\"k-1\"", &body).await;
        assert_eq!(first.status, StatusCode::ACCEPTED);
        let again = agent.posts_once(REQUESTS, "k-1", &body).await;
        assert_eq!(again.body["task"]["id"], first.body["task"]["id"]);
        let mut changed = body.clone();
        changed["context"]["business_justification"] = json!("another reason");
        agent.posts_once(REQUESTS, "k-1", &changed).await.is_profile_problem("duplicate_request", 409);
        // Keys are each program's own.
        let theirs = refused(world, &other, &question("other-agent", "read", "orders")).await;
        assert_eq!(other.posts_once(REQUESTS, "k-1", &theirs).await.status, StatusCode::ACCEPTED);
        // The denial is long over, the request decided, the product started anew.
        world.office.theo().approves(&world.newest("support-agent-v2").await).await;
        world.office.advance("30m").await;
        let late = agent.posts_once(REQUESTS, "k-1", &body).await;
        assert_eq!(late.status, StatusCode::CREATED, "{late:?}");
        assert_eq!(late.body["task"]["id"], first.body["task"]["id"]);
        assert_eq!(late.body["task"]["status"], "approved");
        assert_eq!(opened(world).await, 2);
    }

    /// Without a key, a denial is one request.
    async fn a_denial_is_one_request(world) {
        let agent = world.agent("support-agent-v2").await;
        let body = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        let first = asks(&agent, &body).await;
        assert_eq!(asks(&agent, &body).await, first);
        assert_eq!(agent.posts_once(REQUESTS, "later", &body).await.header("location"), first);
        world.office.theo().denies(&world.newest("support-agent-v2").await, "not today").await;
        let answer = agent.posts(REQUESTS, &body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        assert_eq!(answer.body["task"]["status"], "denied", "asked once, answered once");
        assert_eq!(opened(world).await, 1);
    }

    /// Two at the same moment: one request, one card.
    async fn two_at_once_are_one(world) {
        let agent = world.agent("support-agent-v2").await;
        let asked = question("support-agent-v2", "read", "orders");
        let one = refused(world, &agent, &asked).await;
        let two = refused(world, &agent, &asked).await;
        let (a, b, c, d) = tokio::join!(
            agent.posts_once(REQUESTS, "k", &one),
            agent.posts_once(REQUESTS, "k", &one),
            agent.posts(REQUESTS, &one),
            agent.posts(REQUESTS, &two),
        );
        for answer in [&a, &b, &c, &d] {
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        }
        assert_eq!(a.header("location"), b.header("location"));
        assert_eq!(opened(world).await, 1);
        world.office.theo().approves(&world.newest("support-agent-v2").await).await;
        for answer in [a, c, d] {
            let read = agent.gets(answer.header("location")).await;
            assert_eq!(read.body["task"]["status"], "approved", "{read:?}");
        }
    }

    /// What the owner asked already is followed, and not taken back with the task.
    async fn what_people_ask_is_followed(world) {
        let agent = world.agent("support-agent-v2").await;
        let dana = world.office.dana();
        let reference = dana.puts("support-agent-v2", "database:read", "4h").await;
        let body = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        let at = asks(&agent, &body).await;
        assert_eq!(world.newest("support-agent-v2").await, reference, "nothing new was asked");
        let answer = cancels(&agent, &at).await;
        assert_eq!(answer.body["task"]["status"], "cancelled", "{answer:?}");
        assert_eq!(world.office.request(&reference).await.state.word(), "open");
        let body = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        let at = asks(&agent, &body).await;
        world.office.theo().approves(&reference).await;
        let done = agent.gets(&at).await;
        assert_eq!(done.body["task"]["status"], "approved", "{done:?}");
        // A grant of all objects is a grant of each: there is nothing to ask.
        let allowed = agent.posts("/access/v1/evaluation", &question("support-agent-v2", "read", "x")).await;
        assert_eq!(allowed.body["decision"], true);
        let said = dana.asks("support-agent-v2", "database#orders:read", "1h").await;
        assert!(said.contains("has"), "{said}");
        assert_eq!(opened(world).await, 1);
    }

    /// It was granted between the no and the request: the task is approved at once.
    async fn what_is_granted_meanwhile_is_there(world) {
        let agent = world.agent("support-agent-v2").await;
        let mut body = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        world.office.dana().gets("support-agent-v2", "database:read", "6h").await;
        body["requested_access"]["requested_until"] = json!(world.in_hours(2));
        let answer = agent.posts(REQUESTS, &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        assert_eq!(answer.body["task"]["status"], "approved");
        assert_eq!(opened(world).await, 1);
    }
}
