//! Whom a task waits for: programs read roles, the agent's owner and security read names.

use serde_json::{Value, json};

use crate::login::logged_in;
use crate::program::Program;
use crate::support::Office;
use crate::whole::{AGENT, an_agent_with_a_key, on_both, question, submission, text};

async fn names_are_for_those_who_may_know(office: &Office) {
    let key = an_agent_with_a_key(office).await;
    let token = key.token(office, AGENT).await;
    let agent = Program::with(office, &token);
    let denied = agent.asks_whether(&question("orders")).await;
    let body = submission(office, &question("orders"), &denied);
    let taken = agent.posts("/access/v1/requests", &body).await.expect(202);
    let task = text(&taken["task"]["status_endpoint"]).to_owned();
    office.settled().await;
    let reference = office.dana().last_reference(AGENT).await;
    office.theo().approves(&reference).await;

    let seen = agent.gets(&task).await.expect(200);
    assert_eq!(seen["task"]["progress"]["awaiting"], json!(["security"]), "{seen}");
    assert!(seen["task"]["progress"].get("people").is_none(), "{seen}");
    assert!(!seen.to_string().contains("U0S"), "{seen}");

    // The owner and security: who is asked, and not who has answered.
    let (dana, sam) = (office.dana(), office.sam());
    for person in [&dana, &sam] {
        let person = Program::with(office, &logged_in(office, person).await);
        let seen = person.gets(&task).await.expect(200);
        let progress = &seen["task"]["progress"];
        assert_eq!(progress["awaiting"], json!(["security"]), "{seen}");
        let people: Vec<&Value> =
            progress["people"]["security"].as_array().expect("people").iter().collect();
        assert!(people.contains(&&json!("T0ACME/U0SAM")), "{seen}");
        assert!(!seen.to_string().contains("U0THEO"), "{seen}");
        // They look, and nothing else: what a program asked is its own to take back.
        person.posts(&format!("{task}/cancel"), &json!({})).await.expect(403);
        person.posts("/access/v1/requests", &body).await.expect(403);
    }
    // For others there is no such task, also for who answered.
    for person in [office.omar(), office.theo()] {
        let person = Program::with(office, &logged_in(office, &person).await);
        let problem = person.gets(&task).await.expect(404);
        assert!(text(&problem["type"]).ends_with("unknown_task"), "{problem}");
    }
}

on_both!(names_are_for_those_who_may_know);
