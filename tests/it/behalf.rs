//! An agent acts for a person: which token it asked with, and in whose name, stays on the record. Every
//! door is the product's own.

use serde_json::{Value, json};

use crate::program::{Key, OUTSIDE, Program, claims};
use crate::support::Office;
use crate::whole::{
    AGENT, DESK, an_agent_with_a_key, countersign, opens_with, question, submission, text,
};

/// The company's identity provider, which vouches for people.
const PEOPLE: &str = "https://idp.example.com";

/// The policy believes this key about people.
fn believes(key: &Key) -> String {
    let jwks = format!("{{\"keys\":[{}]}}", key.public());
    format!(
        "\n[issuers.people]\nissuer = \"{PEOPLE}\"\naudience = \"agents\"\n\
         vouches_for = \"people\"\nuser_claim = \"slack_user\"\njwks = '{jwks}'\n"
    )
}

/// A person's token, as the identity provider gives it.
fn token_of(office: &Office, people: &Key, user: &str) -> String {
    let now = office.now().timestamp();
    people.signs(&json!({
        "iss": PEOPLE, "aud": "agents", "sub": format!("00u-{user}"), "slack_user": user,
        "iat": now, "exp": now + 600,
    }))
}

fn jti(token: &str) -> String {
    text(&claims(token)["jti"]).to_owned()
}

/// The id of an answer.
fn evaluation(answer: &Value) -> String {
    text(&answer["context"]["evaluation_id"]).to_owned()
}

/// What the record tells about it.
fn traced(office: &Office, named: &str) -> String {
    let (well, story) = countersign(office, &["trace", named]);
    assert!(well, "{story}");
    story
}

fn says(story: &str, words: &[&str]) {
    for words in words {
        assert!(story.contains(words), "no “{words}” in:\n{story}");
    }
}

/// The agent's own questions carry its token, and the person whom that is for.
async fn what_an_agent_asks(office: &Office, people: &Key) {
    let key = an_agent_with_a_key(office).await;
    let own = key.token(office, AGENT).await;
    let for_omar = key.acts_for(office, AGENT, &token_of(office, people, "U0OMAR")).await;
    assert_eq!(claims(&for_omar)["sub"], "T0ACME/U0OMAR");

    let plain = Program::with(office, &own).asks_whether(&question("orders")).await;
    let story = traced(office, &evaluation(&plain));
    says(&story, &[&format!("{}, with which it was asked", jti(&own)), "key \"production\""]);
    assert!(!story.contains("on behalf of"), "{story}");

    // What it says of another token is not looked at: it showed this one.
    let mut asked = question("orders");
    asked["context"]["agent"]["token_id"] = json!(jti(&own));
    let answer = Program::with(office, &for_omar).asks_whether(&asked).await;
    let story = traced(office, &evaluation(&answer));
    says(
        &story,
        &[
            "asked by agent support-agent-v2",
            &format!("{}, with which it was asked", jti(&for_omar)),
            "on behalf of T0ACME/U0OMAR, as the token says",
        ],
    );
    let seen = Program::with(office, &own);
    let seen = seen.gets(&format!("/api/v1/evaluations/{}", evaluation(&answer))).await.expect(200);
    assert_eq!((&seen["token"], &seen["token_known"]), (&json!(jti(&for_omar)), &json!(true)));
    assert_eq!(seen["on_behalf_of"], "T0ACME/U0OMAR");

    // From the token to what was asked with it, and nothing else.
    let story = traced(office, &jti(&for_omar));
    says(&story, &[&evaluation(&answer), "write database \"orders\": no, approval_required"]);
    assert!(!story.contains(&evaluation(&plain)), "{story}");
}

/// A service says which token it was shown. Our own record says whose that is.
async fn what_a_service_names(office: &Office, people: &Key) {
    let key = an_agent_with_a_key(office).await;
    office.omar().has_agent("other-agent", &[]).await;
    let desk = Program::with(office, DESK);
    let for_omar = key.acts_for(office, AGENT, &token_of(office, people, "U0OMAR")).await;
    let named = |agent: &str, token: &str| {
        let mut asked = question("orders");
        asked["subject"]["id"] = json!(agent);
        asked["context"]["agent"]["token_id"] = json!(token);
        asked["context"]["agent"]["on_behalf_of"] = json!("T0ACME/U0VERA");
        asked["context"]["on_behalf_of"] = json!("T0ACME/U0VERA");
        asked
    };
    let answer = desk.asks_whether(&named(AGENT, &jti(&for_omar))).await;
    let story = traced(office, &evaluation(&answer));
    says(
        &story,
        &[
            &format!("{}, which service desk named; it is the agent's", jti(&for_omar)),
            "on behalf of T0ACME/U0OMAR, as the token says",
        ],
    );
    let seen = desk.gets(&format!("/api/v1/evaluations/{}", evaluation(&answer))).await.expect(200);
    assert_eq!(seen["on_behalf_of"], "T0ACME/U0OMAR");
    assert!(!story.contains("U0VERA"), "{story}");

    // Another agent's, one that never was, and no id at all (what stands there goes nowhere).
    let never = "tok_01J00000000000000000000000";
    for (agent, token) in [("other-agent", jti(&for_omar).as_str()), (AGENT, never)] {
        let answer = desk.asks_whether(&named(agent, token)).await;
        let story = traced(office, &evaluation(&answer));
        says(&story, &[&format!("{token}, which service desk named; NO good token")]);
        assert!(!story.contains("on behalf of"), "{story}");
        let seen = desk.gets(&format!("/api/v1/evaluations/{}", evaluation(&answer))).await;
        let seen = seen.expect(200);
        assert_eq!((&seen["token_known"], &seen["on_behalf_of"]), (&json!(false), &Value::Null));
    }
    let answer = desk.asks_whether(&named(AGENT, &for_omar)).await;
    let story = traced(office, &evaluation(&answer));
    assert!(!story.contains("named") && !story.contains("eyJ"), "{story}");

    // Several at once, each by its own token; one that has ended is none.
    let own = key.token(office, AGENT).await;
    let many = json!({ "evaluations": [named(AGENT, &jti(&own)), named(AGENT, &jti(&for_omar))] });
    let answers = desk.posts("/access/v1/evaluations", &many).await.expect(200);
    let first = traced(office, &evaluation(&answers["evaluations"][0]));
    says(&first, &[&format!("{}, which service desk named; it is", jti(&own))]);
    assert!(!first.contains("on behalf of"), "{first}");
    let second = traced(office, &evaluation(&answers["evaluations"][1]));
    says(&second, &["on behalf of T0ACME/U0OMAR"]);
    let story = traced(office, &jti(&for_omar));
    assert_eq!(story.matches("Asked     eval_").count(), 2, "{story}");
    office.advance("10m").await;
    let late = desk.asks_whether(&named(AGENT, &jti(&for_omar))).await;
    says(&traced(office, &evaluation(&late)), &["NO good token of the agent's had this id"]);
    let (well, verdict) = countersign(office, &["audit", "verify"]);
    assert!(well, "{verdict}");
}

/// A person as the subject, with the agent as who acts: the agent is judged, and the person is told of.
async fn a_person_as_the_subject(office: &Office, people: &Key) {
    let key = an_agent_with_a_key(office).await;
    office.omar().has_agent("other-agent", &[]).await;
    let desk = Program::with(office, DESK);
    let mut asked = question("orders");
    let act =
        |agent: &str| json!({ "act": { "iss": OUTSIDE, "sub": agent, "sub_profile": "ai_agent" } });
    asked["subject"] =
        json!({ "type": "user", "id": "alice@example.com", "properties": act(AGENT) });
    let denied = desk.asks_whether(&asked).await;
    assert_eq!(denied["context"]["reason"], "approval_required", "{denied}");
    let said = "For       user \"alice@example.com\": service desk says so, and nothing here does";
    says(&traced(office, &evaluation(&denied)), &["may agent support-agent-v2 write", said]);
    let seen = desk.gets(&format!("/api/v1/evaluations/{}", evaluation(&denied))).await.expect(200);
    assert_eq!(
        (&seen["for_whom"], &seen["on_behalf_of"]),
        (&json!("user/alice@example.com"), &Value::Null)
    );

    // The agent asks for itself, by a token that is for somebody: both are told.
    let for_omar = key.acts_for(office, AGENT, &token_of(office, people, "U0OMAR")).await;
    let agent = Program::with(office, &for_omar);
    let denied = agent.asks_whether(&asked).await;
    let story = traced(office, &evaluation(&denied));
    says(&story, &["user \"alice@example.com\"", "on behalf of T0ACME/U0OMAR, as the token says"]);
    let mut other = asked.clone();
    other["subject"]["properties"] = act("other-agent");
    agent.posts("/access/v1/evaluation", &other).await.expect(403);

    // What people allow opens it, for the agent; the actor may move to the client.
    let mut body = submission(office, &asked, &denied);
    body["subject"] = json!({ "type": "user", "id": "alice@example.com" });
    body["client"] = json!({ "actor": { "id": AGENT, "issuer": OUTSIDE, "type": "ai_agent" } });
    agent.posts("/access/v1/requests", &body).await.expect(202);
    office.settled().await;
    let reference = office.dana().last_reference(AGENT).await;
    office.everybody_approves(&reference).await;
    let allowed = desk.asks_whether(&asked).await;
    assert_eq!(allowed["context"]["grant"]["reference"], reference, "{allowed}");
    let search = json!({
        "subject": asked["subject"], "action": { "name": "write" }, "resource": { "type": "database" },
    });
    let found = desk.posts("/access/v1/search/resource", &search).await.expect(200);
    assert!(found["results"].to_string().contains("orders"), "{found}");
    asked["subject"]["properties"] = json!({});
    let alone = desk.asks_whether(&asked).await;
    assert_eq!(alone["context"]["reason"], "unknown_subject", "{alone}");
}

macro_rules! on_both {
    ($($name:ident),*) => {$(mod $name {
        use countersign::store::Engine;

        async fn on(engine: Engine) {
            let people = crate::program::Key::make();
            let (office, _policy) = super::opens_with(engine, &[("policy.toml", &super::believes(&people))]).await;
            super::$name(&office, &people).await;
            office.close().await;
        }

        crate::told_on_both!();
    })*};
}

on_both!(what_an_agent_asks, what_a_service_names, a_person_as_the_subject);
