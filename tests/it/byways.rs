//! Where the road is not straight: a question too long to be signed, several at once, a tier that is
//! too low, a key that is taken away, an agent that is stopped.

use countersign::domain::tier::Tier;
use serde_json::{Value, json};

use crate::program::{Key, Program, claims};
use crate::support::Office;
use crate::whole::{AGENT, DESK, an_agent_with_a_key, on_both, question, submission, text};

const REQUESTS: &str = "/access/v1/requests";
const UNBOUND: &str = "urn:openid:authzen:access-request:error:invalid_denial_binding";

/// Everybody who is asked says yes to the newest request of the agent; what people call it.
async fn people_approve(office: &Office) -> String {
    office.settled().await;
    let reference = office.dana().last_reference(AGENT).await;
    office.everybody_approves(&reference).await;
    reference
}

/// What a program asks for, tied to the refusal by the record alone.
async fn tied_by_the_record(office: &Office) {
    let key = an_agent_with_a_key(office).await;
    let agent = Program::with(office, &key.token(office, AGENT).await);
    let mut long = question("orders");
    long["resource"]["properties"] = json!({ "rows": 7 });
    long["context"]["conversation"]["words"] = json!("so much was said ".repeat(1_000));
    let denied = agent.asks_whether(&long).await;
    let offer = &denied["context"]["access_request"];
    assert!(offer.is_object() && offer.get("binding_token").is_none(), "{denied}");
    let mut whole = submission(office, &long, &denied);
    whole["denial"].as_object_mut().expect("a denial").remove("binding_token");
    let changes: [fn(&mut Value); 5] = [
        |body| body["resource"]["id"] = json!("people"),
        |body| body["resource"]["properties"]["rows"] = json!(8),
        |body| body["action"]["properties"] = json!({ "soft": true }),
        |body| body["context"]["conversation"]["id"] = json!("c-2"),
        |body| body["context"] = json!({ "business_justification": "why" }),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut changed = whole.clone();
        change(&mut changed);
        let problem = agent.posts(REQUESTS, &changed).await.expect(400);
        assert_eq!(problem["type"], UNBOUND, "change {at}: {problem}");
    }
    // The time, and what the agent says of itself, may be others by now.
    whole["context"]["time"] = json!("2026-11-30T00:09:00Z");
    whole["context"]["agent"] = json!({ "model_version": "m-5" });
    agent.posts(REQUESTS, &whole).await.expect(202);
    people_approve(office).await;
    assert_eq!(agent.asks_whether(&long).await["decision"], true);
}

/// Asked together, refused together, asked for together; each with its own approval.
async fn several_at_once(office: &Office) {
    let key = an_agent_with_a_key(office).await;
    let desk = Program::with(office, DESK);
    let agent = Program::with(office, &key.token(office, AGENT).await);
    let questions = [question("orders"), question("people")];
    let asked = json!({ "evaluations": questions });
    let answers = desk.posts("/access/v1/evaluations", &asked).await.expect(200);
    let parts = questions.iter().zip(answers["evaluations"].as_array().expect("answers"));
    let items = parts.map(|(question, denied)| {
        let whole = submission(office, question, denied);
        let of = |name: &str| whole[name].clone();
        json!({ "resource": of("resource"), "action": of("action"), "denial": of("denial"),
                "requested_access": of("requested_access") })
    });
    let body = json!({
        "subject": questions[0]["subject"],
        "context": { "conversation": { "id": "c-1" }, "justification": "customers wait" },
        "items": items.collect::<Vec<_>>(),
    });
    let taken = agent.posts(REQUESTS, &body).await.expect(202);
    let task = text(&taken["task"]["status_endpoint"]).to_owned();
    office.settled().await;
    let store = office.store().await;
    let of = office.agent(AGENT).await.id;
    let requests = store.read().await.expect("a session").requests_of_agent(of, 2).await;
    for request in requests.expect("a read") {
        office.everybody_approves(&request.reference.to_string()).await;
    }
    let done = agent.gets(&task).await.expect(200);
    assert_eq!(done["task"]["status"], "approved", "{done}");
    let mut again = asked.clone();
    for (at, one) in again["evaluations"].as_array_mut().expect("questions").iter_mut().enumerate()
    {
        one["context"]["approval"] = done["task"]["items"][at]["result"]["approval"].clone();
    }
    let answers = desk.posts("/access/v1/evaluations", &again).await.expect(200);
    for answer in answers["evaluations"].as_array().expect("answers") {
        assert_eq!(answer["decision"], true, "{answer}");
        assert!(answer["context"]["approval"]["id"].is_string(), "{answer}");
    }
    let scope = claims(&key.token(office, AGENT).await)["scope"].clone();
    assert!(text(&scope).contains("orders") && text(&scope).contains("people"), "{scope}");
}

/// An agent that only reads asks to write: its people raise its tier with the same yes.
async fn a_tier_that_is_too_low(office: &Office) {
    let (dana, key) = (office.dana(), Key::make());
    dana.has_agent(AGENT, &[]).await;
    let reference = dana.adds_key(AGENT, "production", &key.public()).await;
    office.everybody_approves(&reference).await;
    let agent = Program::with(office, &key.token(office, AGENT).await);
    let denied = agent.asks_whether(&question("orders")).await;
    assert_eq!(denied["context"]["reason"], "tier_too_low", "{denied}");
    let body = submission(office, &question("orders"), &denied);
    let taken = agent.posts(REQUESTS, &body).await.expect(202);
    let reference = people_approve(office).await;
    let card = office.theo().channel_card(&reference).await.words();
    assert!(card.contains("<@U0SAM>") && card.contains("<@U0THEO>"), "tier 2 takes both: {card}");
    assert_eq!(office.agent(AGENT).await.tier, Tier::Internal);
    let done = agent.gets(text(&taken["task"]["status_endpoint"])).await.expect(200);
    assert_eq!(done["task"]["status"], "approved", "{done}");
    assert_eq!(agent.asks_whether(&question("orders")).await["decision"], true);
}

/// A key that is taken away ends what was got by it at once; an agent that is stopped opens nothing.
async fn a_key_that_is_taken_away(office: &Office) {
    let key = an_agent_with_a_key(office).await;
    let desk = Program::with(office, DESK);
    let token = key.token(office, AGENT).await;
    let agent = Program::with(office, &token);
    let denied = agent.asks_whether(&question("orders")).await;
    let body = submission(office, &question("orders"), &denied);
    let taken = agent.posts(REQUESTS, &body).await.expect(202);
    people_approve(office).await;
    let task = text(&taken["task"]["status_endpoint"]);
    agent.gets(task).await.expect(200);

    office.theo().revokes_key(AGENT, "left on a laptop").await;
    assert_eq!(desk.introspects(&token).await, json!({ "active": false }));
    agent.gets(task).await.expect(401);
    agent.posts("/access/v1/evaluation", &question("orders")).await.expect(401);
    agent.posts("/api/v1/activity", &json!({ "outcome": "success" })).await.expect(401);
    agent.posts(REQUESTS, &body).await.expect(401);
    let refused = key.asks_for_token(office, AGENT).await.expect(401);
    assert_eq!(refused["error"], "invalid_client", "{refused}");
    // The agent is what it was; by another key it goes on.
    assert_eq!(desk.asks_whether(&question("orders")).await["decision"], true);
    let next = Key::make();
    let reference = office.dana().adds_key(AGENT, "the next one", &next.public()).await;
    office.everybody_approves(&reference).await;
    let token = next.token(office, AGENT).await;
    let agent = Program::with(office, &token);
    let done = agent.gets(task).await.expect(200);

    office.dana().types(&format!("/agent stop {AGENT} because it talks too much")).await;
    let mut shown = question("orders");
    shown["context"]["approval"] = done["result"]["approval"].clone();
    let denied = desk.asks_whether(&shown).await;
    assert_eq!(denied["decision"], false);
    assert_eq!(denied["context"]["reason"], "agent_not_active", "{denied}");
    assert!(denied["context"].get("access_request").is_none(), "nothing to ask for: {denied}");
    assert_eq!(desk.introspects(&token).await, json!({ "active": false }));
    agent.gets(task).await.expect(401);
    let refused = next.asks_for_token(office, AGENT).await.expect(400);
    assert_eq!(refused["error"], "unauthorized_client", "{refused}");
}

on_both!(tied_by_the_record, several_at_once, a_tier_that_is_too_low, a_key_that_is_taken_away);
