//! An approval is shown, and what holds now speaks against it: a program is told what to do next.

use countersign::store::Engine;
use serde_json::{Value, json};

use crate::program::Program;
use crate::support::Office;
use crate::whole::{AGENT, DESK, an_agent_with_a_key, opens_with, question, submission, text};

const SCHEMA: &str = "
entity database;
action write appliesTo {
  principal: agent,
  resource: database,
  context: { frozen?: Bool },
};
";
const RULE: &str = r#"
@id("not-frozen")
@reason("nothing is written while the books are closed")
forbid (principal is agent, action == Action::"write", resource is database)
when { context has frozen && context.frozen };
"#;

/// What the agent gets approved.
async fn approval(office: &Office) -> Value {
    let key = an_agent_with_a_key(office).await;
    let agent = Program::with(office, &key.token(office, AGENT).await);
    let denied = agent.asks_whether(&question("orders")).await;
    let body = submission(office, &question("orders"), &denied);
    let taken = agent.posts("/access/v1/requests", &body).await.expect(202);
    office.settled().await;
    let reference = office.dana().last_reference(AGENT).await;
    office.everybody_approves(&reference).await;
    let task = text(&taken["task"]["status_endpoint"]).to_owned();
    let done = agent.gets(&task).await.expect(200);
    done["result"]["approval"].clone()
}

fn is(answer: &Value, reason: &str, next: &str, words: &str) {
    let context = &answer["context"];
    assert_eq!(answer["decision"], false, "{answer}");
    assert_eq!(
        (&context["reason"], &context["next_action"]),
        (&json!(reason), &json!(next)),
        "{answer}"
    );
    assert_eq!(context.get("access_request").is_some(), next == "request", "{answer}");
    let said = text(&context["reason_user"]["en"]);
    assert!(said.contains(words), "no “{words}” in {said}");
}

async fn what_holds_now_is_said(office: &Office) {
    let approval = approval(office).await;
    let desk = Program::with(office, DESK);
    let mut asked = question("orders");
    asked["context"]["approval"] = approval.clone();
    let allowed = desk.asks_whether(&asked).await;
    assert_eq!(allowed["context"]["approval"]["id"], approval["id"], "{allowed}");

    // A rule forbids it: asking anew would not help, and why stands there for people.
    let mut frozen = asked.clone();
    frozen["context"]["frozen"] = json!(true);
    is(&desk.asks_whether(&frozen).await, "policy_denied", "none", "while the books are closed");
    // So it is where the rule cannot be judged.
    frozen["context"]["frozen"] = json!("perhaps");
    is(&desk.asks_whether(&frozen).await, "policy_denied", "none", "frozen");
    // What is shown is not good either: the rule is the reason.
    frozen["context"]["frozen"] = json!(true);
    frozen["context"]["approval"] = json!({ "id": "apr_01HX4Y8E2NE3Y2X7P0K4JE6WVH" });
    is(
        &desk.asks_whether(&frozen).await,
        "condition_not_met",
        "none",
        "while the books are closed",
    );
    // Without an approval there is no next action to tell.
    frozen["context"].as_object_mut().expect("a context").remove("approval");
    let plain = desk.asks_whether(&frozen).await;
    assert_eq!(plain["context"]["reason"], "condition_not_met", "{plain}");
    assert!(plain["context"].get("next_action").is_none(), "{plain}");

    // The agent is stopped, and its grants with it.
    office.dana().types(&format!("/agent stop {AGENT} because it writes too much")).await;
    is(&desk.asks_whether(&asked).await, "agent_not_active", "none", "stopped");
}

mod what_holds_now_is_said {
    use super::*;

    async fn on(engine: Engine) {
        let more = [("schema.cedarschema", SCHEMA), ("rules.cedar", RULE)];
        let (office, _policy) = opens_with(engine, &more).await;
        super::what_holds_now_is_said(&office).await;
        office.close().await;
    }

    crate::told_on_both!();
}
