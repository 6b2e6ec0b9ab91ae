//! What is not the program's fault: it is told so, and what to do.

use axum::http::StatusCode;
use chrono::TimeDelta;
use countersign::domain::event::What;
use countersign::identity::{Kind, Signer, claims_of};
use countersign::sandbox::Fault;
use serde_json::json;

use super::signer::decode;
use super::world::{REQUESTS, asks, question, refused, submission};
use crate::programs;

programs! {
    /// Approved a moment ago by another replica: tried again, and not asked again.
    async fn a_grant_that_is_not_seen_yet(world) {
        let agent = world.agent("support-agent-v2").await;
        let asked = question("support-agent-v2", "read", "orders");
        let at = asks(&agent, &refused(world, &agent, &asked).await).await;
        let reference = world.newest("support-agent-v2").await;
        world.office.theo().approves(&reference).await;
        let approval = agent.gets(&at).await.body["result"]["approval"].clone();
        world.office.dana().types(&format!("/agent release {reference}")).await;
        // The same, for a grant that is on no record here.
        let state = approval["state"].as_str().expect("a state");
        let mut claims = decode(state.split('.').nth(1).expect("claims")).expect("claims");
        let id = "apr_01HX4Y8E2NE3Y2X7P0K4JE6WVH";
        claims["jti"] = json!(id);
        claims["approved_at"] = json!(world.office.now().timestamp());
        let state = world.signer().sign(Kind::Approval, &claims_of(&claims).expect("claims"));
        let mut again = asked.clone();
        again["context"]["approval"] = json!({ "id": id, "state": state });
        let pending = agent.posts("/access/v1/evaluation", &again).await;
        let context = &pending.body["context"];
        assert_eq!(pending.body["decision"], false);
        assert_eq!((&context["reason"], &context["next_action"]), (&json!("grant_pending"), &json!("retry")));
        assert_eq!(context["retry_after"], 2);
        assert!(context.get("access_request").is_none(), "{pending:?}");
        // There is nothing to ask for: people have said yes.
        let mut body = submission(&again, &pending, &world.in_hours(1));
        body["denial"] = json!({
            "evaluation_id": context["evaluation_id"], "expires_at": world.in_hours(1),
        });
        agent.posts(REQUESTS, &body).await.is_profile_problem("not_requestable", 400);
        // Not for ever: what never comes is over.
        world.office.clock.advance(TimeDelta::seconds(31));
        let over = agent.posts("/access/v1/evaluation", &again).await;
        let context = &over.body["context"];
        assert_eq!((&context["reason"], &context["next_action"]), (&json!("approval_expired"), &json!("request")));
        assert!(context["access_request"].is_object(), "{over:?}");
    }

    /// Nobody holds a role that it takes: nothing is asked, and security hears of it.
    async fn nobody_could_decide(world) {
        let agent = world.agent("support-agent-v2").await;
        let body = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        world.office.dana().registers("other-agent", &[]).await;
        let open = world.office.dana().last_reference("other-agent").await;
        world.office.workspace().set_group_members("S0SUPPORTLEADS", &[]).expect("the group");
        world.office.until_may_decide("U0THEO", &open, false).await;
        let answer = agent.posts(REQUESTS, &body).await;
        answer.is_our_problem("nobody_can_decide", 409);
        assert!(answer.body["detail"].as_str().expect("words").contains("team-lead"), "{answer:?}");
        world.office.settled().await;
        assert_eq!(world.office.posted("C0SECURITY", "nobody can decide it").len(), 1);
        let put = |what: &What| matches!(what, What::RequestOpened { ask, .. } if ask == "grant");
        assert_eq!(world.office.logged(put).await, 0);
        // Of several items it is said which.
        let mut items = body.clone();
        items.as_object_mut().expect("a body").remove("resource");
        items.as_object_mut().expect("a body").remove("action");
        items["items"] = json!([{ "resource": body["resource"], "action": body["action"] }]);
        let answer = agent.posts(REQUESTS, &items).await;
        answer.is_our_problem("nobody_can_decide", 409);
        assert_eq!(answer.body["item"], 0);
        // Once somebody can, the same is taken.
        world.office.workspace().set_group_members("S0SUPPORTLEADS", &["U0THEO"]).expect("the group");
        world.office.until_may_decide("U0THEO", &open, true).await;
        asks(&agent, &body).await;
    }

    /// Who decides cannot be found out while Slack is away: the same is sent again, and counts once.
    async fn not_now(world) {
        let agent = world.agent("support-agent-v2").await;
        // Writing takes security, whose people were not asked for yet.
        let body = refused(world, &agent, &question("support-agent-v2", "write", "orders")).await;
        world.office.settled().await;
        world.office.sandbox.faults().outage(Fault::Html { status: 503 });
        let key = "0d7c1f1e-31f4-4f0c-9d1e-2d2f5d3d4a11";
        let answer = agent.posts_once(REQUESTS, key, &body).await;
        answer.is_our_problem("unavailable", 503);
        assert_eq!(answer.header("retry-after"), "2");
        let put = |what: &What| matches!(what, What::RequestOpened { ask, .. } if ask == "grant");
        assert_eq!(world.office.logged(put).await, 0);
        world.office.sandbox.faults().clear();
        let taken = agent.posts_once(REQUESTS, key, &body).await;
        assert_eq!(taken.status, StatusCode::ACCEPTED, "{taken:?}");
        let again = agent.posts_once(REQUESTS, key, &body).await;
        assert_eq!(again.body["task"]["id"], taken.body["task"]["id"]);
        assert_eq!(world.office.logged(put).await, 1);
    }
}
