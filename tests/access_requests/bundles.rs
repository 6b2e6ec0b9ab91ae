//! Several things asked at once.

use axum::http::StatusCode;
use countersign::service::trace::{Story, trace};
use serde_json::{Value, json};

use super::world::{REQUESTS, World, asks, cancels, question, refused};
use crate::programs;

/// The agent is refused each of these objects; one submission for all, each tied to its own refusal.
async fn bundle(world: &World, program: &super::client::Program, objects: &[&str]) -> Value {
    let mut items = Vec::new();
    let mut whole = Value::Null;
    for object in objects {
        let body = refused(world, program, &question("support-agent-v2", "read", object)).await;
        items.push(json!({
            "resource": body["resource"], "action": body["action"], "denial": body["denial"],
        }));
        whole = body;
    }
    for name in ["resource", "action", "denial"] {
        whole.as_object_mut().expect("a body").remove(name);
    }
    whole["items"] = json!(items);
    whole
}

async fn reference_of(world: &World, object: &str) -> String {
    let agent = world.office.agent("support-agent-v2").await;
    let store = world.office.store().await;
    let mut session = store.read().await.expect("a session");
    let requests = session.requests_of_agent(agent.id, 20).await.expect("a read");
    let access = format!("database#{object}:read");
    let of = requests.iter().find(|r| r.ask.access().is_some_and(|a| a.to_string() == access));
    of.expect("the request").reference.to_string()
}

fn items_of(answer: &super::client::Answer) -> &[Value] {
    answer.body["task"]["items"].as_array().expect("items")
}

async fn story(world: &World, named: &str) -> Story {
    let store = world.office.store().await;
    let mut session = store.read().await.expect("a session");
    let now = world.office.now();
    let told = trace(&mut session, named.parse().expect("a name"), now).await.expect("a read");
    told.unwrap_or_else(|| panic!("{named} is not on the record"))
}

programs! {
    /// Each item has its own request, end and result; the whole is partial.
    async fn items_end_each_in_its_way(world) {
        let agent = world.agent("support-agent-v2").await;
        let mut body = bundle(world, &agent, &["a", "b", "c", "d"]).await;
        // The first is wanted for so short a time that the policy allows it at once.
        body["items"][0]["requested_access"] = json!({ "requested_until": world.in_hours(1) });
        body["callback"] = json!({ "endpoint": world.receiver.url(), "events": ["partial"] });
        let at = asks(&agent, &body).await;
        let read = agent.gets(&at).await;
        let words = |read: &super::client::Answer| -> Vec<String> {
            let items = read.body["task"]["items"].as_array().expect("items");
            items.iter().map(|i| i["status"].as_str().expect("a status").to_owned()).collect()
        };
        assert_eq!(read.body["task"]["status"], "pending");
        assert_eq!(words(&read), ["approved", "pending", "pending", "pending"]);
        let result = &read.body["task"]["items"][0]["result"];
        assert_eq!(result["approval"]["approved_until"], world.in_hours(1));
        assert!(read.body.get("result").is_none(), "no result for the whole");
        assert_eq!(read.body["task"]["progress"]["total_steps"], 3);
        world.office.theo().approves(&reference_of(world, "b").await).await;
        world.office.theo().denies(&reference_of(world, "c").await, "not this one").await;
        assert!(world.receiver.calls().is_empty(), "one is pending");
        let answer = cancels(&agent, &at).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.body["task"]["status"], "partial");
        assert_eq!(words(&answer), ["approved", "approved", "denied", "cancelled"]);
        cancels(&agent, &at).await.is_profile_problem("invalid_task_state", 409);
        world.office.settled().await;
        let calls = world.receiver.calls();
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert_eq!(calls[0].body["task"]["status"], "partial");
        assert!(calls[0].body.get("state").is_none());
        // The record tells the whole story of the task, and of an approval by its name.
        let task = answer.body["task"]["id"].as_str().expect("an id");
        let story = story(world, task).await;
        assert_eq!((story.grants.len(), story.requests.len()), (2, 2), "{story:?}");
        assert_eq!(story.agent.expect("an agent").agent.slug.as_str(), "support-agent-v2");
        let approval = items_of(&answer)[1]["result"]["approval"]["id"].as_str().expect("an id");
        let of_approval = self::story(world, approval).await;
        assert_eq!(of_approval.grants[0].grant, story.grants[1].grant);
        // Each approval is for its own item.
        let items = answer.body["task"]["items"].as_array().expect("items");
        let mut wrong = question("support-agent-v2", "read", "c");
        wrong["context"]["approval"] = items[1]["result"]["approval"].clone();
        let decided = agent.posts("/access/v1/evaluation", &wrong).await;
        assert_eq!(decided.body["context"]["reason"], "out_of_scope", "{decided:?}");
        let mut right = question("support-agent-v2", "read", "b");
        right["context"]["approval"] = items[1]["result"]["approval"].clone();
        assert_eq!(agent.posts("/access/v1/evaluation", &right).await.body["decision"], true);
    }

    /// All or nothing is asked; one refusal for all covers only what it was about.
    async fn all_of_it_is_asked_or_nothing(world) {
        let agent = world.agent("support-agent-v2").await;
        let whole = bundle(world, &agent, &["a", "b"]).await;
        let mut body = whole.clone();
        body["items"][1]["requested_access"] = json!({ "requested_until": world.in_hours(9) });
        let answer = agent.posts(REQUESTS, &body).await;
        answer.is_our_problem("too_long", 400);
        assert_eq!(answer.body["item"], 1);
        let mut body = whole.clone();
        body["denial"] = body["items"][0]["denial"].clone();
        body["items"][1].as_object_mut().expect("an item").remove("denial");
        let answer = agent.posts(REQUESTS, &body).await;
        answer.is_profile_problem("invalid_denial_binding", 400);
        assert_eq!(answer.body["item"], 1);
        body["items"][0].as_object_mut().expect("an item").remove("denial");
        agent.posts(REQUESTS, &body).await.is_profile_problem("invalid_denial_binding", 400);
        let log = format!("{:?}", world.office.log().await);
        assert!(!log.contains("ask: \"grant\""), "{log}");
        // One item alone may lean on the denial of the whole.
        body["items"].as_array_mut().expect("items").truncate(1);
        let at = asks(&agent, &body).await;
        assert_eq!(agent.gets(&at).await.body["task"]["items"].as_array().expect("items").len(), 1);
    }

    /// The same thing twice is one request, and both items follow it.
    async fn the_same_twice_is_asked_once(world) {
        let agent = world.agent("support-agent-v2").await;
        let body = bundle(world, &agent, &["a", "a"]).await;
        let at = asks(&agent, &body).await;
        world.office.theo().approves(&reference_of(world, "a").await).await;
        let read = agent.gets(&at).await;
        assert_eq!(read.body["task"]["status"], "approved", "{read:?}");
        let items = read.body["task"]["items"].as_array().expect("items");
        assert_eq!(items[0]["result"]["approval"]["id"], items[1]["result"]["approval"]["id"]);
    }
}
