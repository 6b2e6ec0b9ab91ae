//! The two examples of the specification, from the first no to the last yes.

use axum::http::StatusCode;
use countersign::domain::event::{Actor, What};
use serde_json::{Value, json};

use super::world::{REQUESTS, asks, question, refused, submission};
use crate::programs;

programs! {
    /// "End-to-End Manager Approval": an agent reads one thing, its team's lead says yes.
    async fn a_lead_approves(world) {
        let agent = world.agent("support-agent-v2").await;
        let asked = question("support-agent-v2", "read", "orders");

        let denied = agent.posts("/access/v1/evaluation", &asked).await;
        assert_eq!(denied.status, StatusCode::OK);
        assert_eq!(denied.body["decision"], false);
        assert_eq!(denied.body["context"]["reason"], "approval_required");
        let offer = &denied.body["context"]["access_request"];
        assert_eq!(offer["endpoint"], "https://agents.example.com/access/v1/requests");
        assert!(offer["form_url"].as_str().expect("a link").starts_with("https://agents.example.com/r/"));
        let schema = agent.gets(offer["request_schema_url"].as_str().expect("a schema")).await;
        assert_eq!(schema.status, StatusCode::OK);
        assert_eq!(schema.header("content-type"), "application/schema+json");

        let body = submission(&asked, &denied, &world.in_hours(4));
        let taken = agent.posts_once(REQUESTS, "7b8d0f0d-65a1-4af1-9fd3-a684f08a5d13", &body).await;
        assert_eq!(taken.status, StatusCode::ACCEPTED, "{taken:?}");
        let task = taken.body["task"].clone();
        let at = task["status_endpoint"].as_str().expect("an address").to_owned();
        assert_eq!(taken.header("location"), at);
        assert_eq!(task["status"], "pending");
        assert_eq!(task["links"]["cancel"], format!("{at}/cancel"));
        assert_eq!(task["progress"], json!({
            "current_step": 1, "total_steps": 1, "step_name": "team-lead", "awaiting": ["team-lead"],
        }));
        assert!(taken.body.get("result").is_none());

        let pending = agent.gets(&at).await;
        assert_eq!(pending.body["task"]["status"], "pending");
        assert!(pending.header("retry-after").parse::<u32>().expect("seconds") >= 5);

        // The same card as ever; it says who asks.
        let reference = world.newest("support-agent-v2").await;
        let card = world.office.theo().card(&reference).await.words();
        assert!(card.contains("support-agent-v2 itself (owner <@U0DANA>)"), "{card}");
        assert!(card.contains("database # orders : read"), "{card}");
        assert!(card.contains("customer support queries"), "{card}");
        world.office.theo().approves(&reference).await;

        let done = agent.gets(&at).await;
        assert_eq!(done.body["task"]["status"], "approved", "{done:?}");
        assert!(done.body["task"].get("links").is_none() && done.header("retry-after").is_empty());
        assert!(!done.body.to_string().contains("U0THEO"), "{done:?}");
        let result = &done.body["result"];
        assert_eq!(result["mode"], "reevaluate");
        // It ends when the program said, not four hours after people found the time.
        assert_eq!(result["approval"]["approved_until"], body["requested_access"]["requested_until"]);

        let mut again = asked.clone();
        again["context"]["approval"] = result["approval"].clone();
        let allowed = agent.posts("/access/v1/evaluation", &again).await;
        assert_eq!(allowed.body["decision"], true, "{allowed:?}");
        assert_eq!(allowed.body["context"]["approval"]["id"], result["approval"]["id"]);
        assert_eq!(
            allowed.body["context"]["approval"]["approved_until"],
            result["approval"]["approved_until"],
        );
        // That one object, and nothing beside it.
        assert!(!world.office.may("support-agent-v2", "database:read").await);
        assert!(!world.office.may("support-agent-v2", "database#people:read").await);
        world.office.dana().reads("now has database # orders : read").await;

        // The log says who asked: the agent, and not the person who answers for it.
        let asker = world.office.agent("support-agent-v2").await.id;
        let log = world.office.log().await;
        let opened = log.iter().find(|body| matches!(&body.what, What::RequestOpened { ask, .. } if ask == "grant"));
        assert_eq!(opened.expect("the question").actor, Actor::Agent(asker));
    }

    /// "End-to-End Agent Tool Discovery": an agent works for a person; its runtime asks for it, and is
    /// called back.
    async fn a_tool_is_found_and_the_runtime_is_called_back(world) {
        world.agent("renewal-assistant-v3").await;
        let runtime = world.service("agent-runtime").await;
        let asked = json!({
            "subject": {
                "type": "user",
                "id": "alice@example.com",
                "properties": { "act": {
                    "iss": "https://agents.example.com",
                    "sub": "renewal-assistant-v3",
                    "sub_profile": "ai_agent",
                } },
            },
            "resource": { "type": "tool", "id": "crm.search_accounts" },
            "action": { "name": "invoke" },
            "context": { "time": "2026-05-12T15:00:00Z" },
        });
        let denied = runtime.posts("/access/v1/evaluation", &asked).await;
        assert_eq!(denied.body["context"]["reason"], "approval_required", "{denied:?}");
        let mut body = submission(&asked, &denied, &world.in_hours(7));
        // The actor moves from the subject to the client, as the profile allows.
        body["subject"] = json!({ "type": "user", "id": "alice@example.com" });
        body["context"] = json!({ "business_justification": "Assembling Q2 renewal report" });
        body["client"] = json!({
            "id": "renewal_assistant",
            "actor": { "id": "renewal-assistant-v3", "issuer": "https://agents.example.com", "type": "ai_agent" },
            "source": { "session_id": "session_01" },
        });
        body["callback"] = json!({
            "endpoint": world.receiver.url(),
            "state": "session_01",
            "events": ["approved", "denied", "expired"],
        });
        // It must not be dropped on the way, nor become another.
        let mut dropped = body.clone();
        dropped["client"].as_object_mut().expect("a client").remove("actor");
        runtime.posts(REQUESTS, &dropped).await.is_profile_problem("not_requestable", 400);
        world.agent("other-agent").await;
        let mut other = body.clone();
        other["client"]["actor"]["id"] = json!("other-agent");
        runtime.posts(REQUESTS, &other).await.is_profile_problem("invalid_denial_binding", 400);
        other["denial"].as_object_mut().expect("a denial").remove("binding_token");
        runtime.posts(REQUESTS, &other).await.is_profile_problem("invalid_denial_binding", 400);
        let mut bob = body.clone();
        bob["subject"]["id"] = json!("bob@example.com");
        runtime.posts(REQUESTS, &bob).await.is_profile_problem("invalid_denial_binding", 400);
        let at = asks(&runtime, &body).await;

        let reference = world.newest("renewal-assistant-v3").await;
        let card = world.office.theo().card(&reference).await.words();
        assert!(card.contains("agent-runtime, for renewal-assistant-v3"), "{card}");
        assert!(world.receiver.calls().is_empty());
        world.office.theo().approves(&reference).await;
        world.office.settled().await;

        let calls = world.receiver.calls();
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert_eq!(calls[0].body, json!({
            "state": "session_01",
            "task": {
                "id": at.rsplit('/').next().expect("an id"),
                "status": "approved",
                "status_endpoint": at,
            },
        }));
        let done = runtime.gets(&at).await;
        assert_eq!(done.body["task"]["status"], "approved");
        let mut again = asked.clone();
        again["context"]["approval"] = done.body["result"]["approval"].clone();
        let allowed = runtime.posts("/access/v1/evaluation", &again).await;
        assert_eq!(allowed.body["decision"], true, "{allowed:?}");
        // The agent has it, whomever it works for; nobody else has.
        let mut others = again.clone();
        others["subject"]["id"] = json!("bob@example.com");
        let allowed = runtime.posts("/access/v1/evaluation", &others).await;
        assert_eq!(allowed.body["decision"], true, "{allowed:?}");
        others["subject"]["properties"] = json!({});
        let alone = runtime.posts("/access/v1/evaluation", &others).await;
        assert_eq!(alone.body["decision"], false, "{alone:?}");
        others["subject"]["properties"] = json!({ "act": { "sub": "other-agent" } });
        let other = runtime.posts("/access/v1/evaluation", &others).await;
        assert_eq!(other.body["context"]["reason"], "approval_unverifiable", "{other:?}");
        // It lasts, and ends.
        world.office.advance("6h59m").await;
        let still = runtime.posts("/access/v1/evaluation", &again).await;
        assert_eq!(still.body["decision"], true, "{still:?}");
        world.office.advance("1m").await;
        let over = runtime.posts("/access/v1/evaluation", &again).await;
        assert_eq!(over.body["decision"], false, "{over:?}");
        assert_eq!(over.body["context"]["reason"], "approval_expired");
        assert_eq!(over.body["context"]["next_action"], "request");
        assert!(over.body["context"]["access_request"].is_object(), "{over:?}");
    }

    /// The actor may stay where it was. Who stands behind it could not be verified: then nothing is offered,
    /// and nothing is taken.
    async fn an_actor_may_stay_with_the_subject(world) {
        let agent = world.agent("support-agent-v2").await;
        let mut asked = question("support-agent-v2", "read", "orders");
        asked["subject"] = json!({
            "type": "user", "id": "alice@example.com",
            "properties": { "department": "sales", "act": { "sub": "support-agent-v2" } },
        });
        let body = refused(world, &agent, &asked).await;
        let mut chained = body.clone();
        chained["subject"]["properties"]["act"]["act"] = json!({ "sub": "boss", "iss": "https://evil.example" });
        agent.posts(REQUESTS, &chained).await.is_our_problem("forbidden", 403);
        let mut otherwise = body.clone();
        otherwise["subject"]["properties"]["department"] = json!("finance");
        agent.posts(REQUESTS, &otherwise).await.is_profile_problem("invalid_denial_binding", 400);
        asks(&agent, &body).await;

        let mut behind = asked.clone();
        behind["subject"]["properties"]["act"]["act"] = json!({ "sub": "first-agent" });
        behind["resource"]["id"] = json!("people");
        let denied = agent.posts("/access/v1/evaluation", &behind).await;
        assert_eq!(denied.body["context"]["reason"], "approval_required", "{denied:?}");
        assert!(denied.body["context"].get("access_request").is_none(), "{denied:?}");
        // An agent of another house is none of ours, whatever it is called.
        let mut foreign = asked;
        foreign["subject"]["properties"]["act"] =
            json!({ "iss": "https://evil.example", "sub": "support-agent-v2", "sub_profile": "ai_agent" });
        let denied = agent.posts("/access/v1/evaluation", &foreign).await;
        assert_eq!(denied.body["context"]["reason"], "unknown_subject", "{denied:?}");
    }

    /// What the policy allows at once is there with the answer.
    async fn a_rule_of_the_policy_answers_at_once(world) {
        let agent = world.agent("support-agent-v2").await;
        let asked = question("support-agent-v2", "read", "orders");
        let mut body = refused(world, &agent, &asked).await;
        body.as_object_mut().expect("an object").remove("requested_access");
        let taken = agent.posts(REQUESTS, &body).await;
        assert_eq!(taken.status, StatusCode::CREATED, "{taken:?}");
        assert_eq!(taken.body["task"]["status"], "approved");
        // Without a wish, an hour: short, because most work is.
        assert_eq!(taken.body["result"]["approval"]["approved_until"], world.in_hours(1));
        assert!(world.office.may("support-agent-v2", "database#orders:read").await);
        world.office.settled().await;
        assert_eq!(world.office.posted("C0APPROVALS", "database # orders : read").len(), 1);
        world.office.dana().reads("now has database # orders : read").await;
    }

    /// A no, no answer, and taking it back: each is told by its word.
    async fn other_ends_are_told_by_their_words(world) {
        let agent = world.agent("support-agent-v2").await;
        let status = |at: String| { let agent = agent.clone(); async move {
            let read = agent.gets(&at).await;
            assert!(read.body.get("result").is_none(), "{read:?}");
            read.body["task"]["status"].clone()
        }};
        let mut ends: Vec<Value> = Vec::new();
        let denied = asks(&agent, &refused(world, &agent, &question("support-agent-v2", "read", "a")).await).await;
        let reference = world.newest("support-agent-v2").await;
        world.office.theo().denies(&reference, "ask Theo").await;
        ends.push(status(denied).await);
        let cancelled = asks(&agent, &refused(world, &agent, &question("support-agent-v2", "read", "b")).await).await;
        let answer = super::world::cancels(&agent, &cancelled).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.body["task"]["status"], "cancelled", "{answer:?}");
        ends.push(status(cancelled).await);
        let reference = world.newest("support-agent-v2").await;
        let card = world.office.theo().channel_card(&reference).await.words();
        assert!(card.contains("Taken back by support-agent-v2 itself"), "{card}");
        let stopped = asks(&agent, &refused(world, &agent, &question("support-agent-v2", "read", "c")).await).await;
        let expired = asks(&agent, &refused(world, &agent, &question("support-agent-v2", "read", "d")).await).await;
        world.office.advance("4h").await;
        ends.push(status(expired).await);
        ends.push(status(stopped).await);
        assert_eq!(ends, ["denied", "cancelled", "expired", "expired"]);
    }
}
