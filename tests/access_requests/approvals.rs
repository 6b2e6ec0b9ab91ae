//! An approval opens what it was given for, and nothing else.

use serde_json::{Value, json};

use super::client::{Answer, Program};
use super::signer::TestSigner;
use super::world::{World, asks, question, refused};
use crate::programs;
use countersign::identity::{Kind, Signer, claims_of};

/// What `support-agent-v2` got approved for the orders; its grant's reference.
async fn approval(world: &World, agent: &Program) -> (Value, String) {
    let asked = question("support-agent-v2", "read", "orders");
    let at = asks(agent, &refused(world, agent, &asked).await).await;
    let reference = world.newest("support-agent-v2").await;
    world.office.theo().approves(&reference).await;
    (agent.gets(&at).await.body["result"]["approval"].clone(), reference)
}

async fn shows(program: &Program, mut asked: Value, approval: &Value) -> Answer {
    asked["context"]["approval"] = approval.clone();
    program.posts("/access/v1/evaluation", &asked).await
}

fn is_refused(answer: &Answer, reason: &str, next: &str) {
    assert_eq!(answer.body["decision"], false, "{answer:?}");
    let context = &answer.body["context"];
    assert_eq!(
        (&context["reason"], &context["next_action"]),
        (&json!(reason), &json!(next)),
        "{answer:?}"
    );
    assert_eq!(context.get("access_request").is_some(), next == "request", "{answer:?}");
}

programs! {
    /// Another object, another action, another agent.
    async fn an_approval_is_for_one_thing(world) {
        let agent = world.agent("support-agent-v2").await;
        let other = world.agent("other-agent").await;
        let (approval, _) = approval(world, &agent).await;
        let asked = question("support-agent-v2", "read", "orders");
        assert_eq!(shows(&agent, asked.clone(), &approval).await.body["decision"], true);
        for wrong in [
            question("support-agent-v2", "read", "people"),
            question("support-agent-v2", "write", "orders"),
        ] {
            is_refused(&shows(&agent, wrong, &approval).await, "out_of_scope", "request");
        }
        let stolen = shows(&other, question("other-agent", "read", "orders"), &approval).await;
        is_refused(&stolen, "approval_unverifiable", "none");
        // Other circumstances are judged by the rules, not by the approval.
        let mut later = asked;
        later["context"]["conversation"] = json!({ "id": "c-9" });
        assert_eq!(shows(&agent, later, &approval).await.body["decision"], true);
    }

    /// Made up, altered, or put together from two.
    async fn an_approval_is_ours_and_whole(world) {
        let agent = world.agent("support-agent-v2").await;
        let (approval, reference) = approval(world, &agent).await;
        world.office.dana().types(&format!("/agent release {reference}")).await;
        let asked = question("support-agent-v2", "read", "orders");
        let state = approval["state"].as_str().expect("a state");
        let (head, tail) = state.split_at(state.len() / 2);
        let forged = TestSigner { secret: b"of a stranger", ..world.signer() };
        let claims = claims_of(&json!({ "exp": 4_000_000_000u64 })).expect("claims");
        for wrong in [
            json!("apr_01HX4Y8E2NE3Y2X7P0K4JE6WVH"),
            json!({}),
            json!({ "id": 7, "state": approval["state"] }),
            json!({ "id": "apr_x", "state": approval["state"] }),
            json!({ "id": "apr_01HX4Y8E2NE3Y2X7P0K4JE6WVH" }),
            json!({ "id": "apr_01HX4Y8E2NE3Y2X7P0K4JE6WVH", "state": approval["state"] }),
            json!({ "id": approval["id"], "state": { "jws": approval["state"] } }),
            json!({ "id": approval["id"], "state": format!("{head}x{tail}") }),
            json!({ "id": approval["id"], "state": forged.sign(Kind::Approval, &claims) }),
            json!({ "id": approval["id"], "state": world.signer().sign(Kind::Binding, &claims) }),
        ] {
            let answer = shows(&agent, asked.clone(), &wrong).await;
            println!("{wrong}");
            is_refused(&answer, "approval_unverifiable", "none");
        }
    }

    /// Over, revoked, handed back: all the same to a program, which may ask again.
    async fn an_approval_ends_with_its_grant(world) {
        let agent = world.agent("support-agent-v2").await;
        let (approval, reference) = approval(world, &agent).await;
        let asked = question("support-agent-v2", "read", "orders");
        world.office.sam().types(&format!("/agent revoke {reference} because it reads too much")).await;
        is_refused(&shows(&agent, asked.clone(), &approval).await, "approval_expired", "request");
        // By its name alone, too.
        let name = json!({ "id": approval["id"] });
        is_refused(&shows(&agent, asked.clone(), &name).await, "approval_expired", "request");
    }

    /// The task of a grant that was revoked says until when it held, and gives no more proof.
    async fn what_was_revoked_is_not_handed_out(world) {
        let agent = world.agent("support-agent-v2").await;
        let asked = question("support-agent-v2", "read", "orders");
        let at = asks(&agent, &refused(world, &agent, &asked).await).await;
        let reference = world.newest("support-agent-v2").await;
        world.office.theo().approves(&reference).await;
        world.office.advance("10m").await;
        world.office.dana().types(&format!("/agent release {reference}")).await;
        let read = agent.gets(&at).await;
        assert_eq!(read.body["task"]["status"], "approved", "an end stays");
        let approval = &read.body["result"]["approval"];
        assert_eq!(approval["approved_until"], world.in_hours(0));
        assert!(approval.get("state").is_none(), "{approval}");
    }
}
