//! The one link: whoever meets a refusal puts the ready request before the owner, once.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::client::Program;
use super::support::Office;
use super::world::{World, question};
use crate::programs;
use countersign::sandbox::SubmitOutcome;

/// The link that an agent gets with a refusal.
async fn link(agent: &Program, object: &str) -> String {
    let denied =
        agent.posts("/access/v1/evaluation", &question("support-agent-v2", "read", object)).await;
    denied.body["context"]["access_request"]["form_url"].as_str().expect("a link").to_owned()
}

/// Anybody, with a browser.
async fn anybody(world: &World, agent: &Program) -> Program {
    let product = format!("http://{}", world.office.address().await);
    Program::new(product, agent.decisions.clone(), "")
}

async fn clicks(anybody: &Program, link: &str) -> (StatusCode, String) {
    let answer = anybody.sends(Method::POST, link, &[], "").await;
    (answer.status, answer.body.as_str().expect("a page").to_owned())
}

async fn messages(office: &Office) -> usize {
    office.settled().await;
    office.dana().inbox().iter().filter(|m| m.words().contains(" lacks ")).count()
}

programs! {
    /// From the page to the form that is filled in, to the question.
    async fn the_owner_gets_the_ready_request(world) {
        let agent = world.agent("support-agent-v2").await;
        let anybody = anybody(world, &agent).await;
        let link = link(&agent, "orders").await;
        let page = anybody.gets(&link).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        let words = page.body.as_str().expect("a page");
        assert!(words.contains("support-agent-v2") && words.contains("orders"), "{words}");
        assert!(words.contains("<form method=\"post\">") && !words.contains("<script"), "{words}");
        assert_eq!(messages(&world.office).await, 0, "looking asks nobody");
        let (status, words) = clicks(&anybody, &link).await;
        assert_eq!(status, StatusCode::OK);
        assert!(words.contains("The owner has the request"), "{words}");

        let dana = world.office.dana();
        let message = dana.reads("lacks database # orders : read").await;
        let form = dana.opens(&dana.dm(), &message.ts, "ask_for").await;
        assert!(json!(form.blocks).to_string().contains("database#orders:read"));
        dana.fills("because", "because", json!("the queue is long")).await;
        dana.fills("lasting", "lasting", json!("4h")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        world.office.settled().await;
        let reference = world.newest("support-agent-v2").await;
        world.office.theo().approves(&reference).await;
        assert!(world.office.may("support-agent-v2", "database#orders:read").await);
        let (_, words) = clicks(&anybody, &link).await;
        assert!(words.contains("It is allowed by now"), "{words}");
    }

    /// The same link, or another for the same thing, is one message; an agent is good for five an hour.
    async fn one_message_and_not_too_many(world) {
        let agent = world.agent("support-agent-v2").await;
        let anybody = anybody(world, &agent).await;
        let first = link(&agent, "orders").await;
        assert!(clicks(&anybody, &first).await.1.contains("The owner has the request<"));
        assert!(clicks(&anybody, &first).await.1.contains("already"));
        let again = link(&agent, "orders").await;
        assert!(clicks(&anybody, &again).await.1.contains("already"));
        assert_eq!(messages(&world.office).await, 1);
        for object in ["b", "c", "d", "e"] {
            let (status, _) = clicks(&anybody, &link(&agent, object).await).await;
            assert_eq!(status, StatusCode::OK);
        }
        let (status, words) = clicks(&anybody, &link(&agent, "f").await).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{words}");
        assert_eq!(messages(&world.office).await, 5);
        world.office.advance("1h").await;
        assert_eq!(clicks(&anybody, &link(&agent, "f").await).await.0, StatusCode::OK);
        assert!(clicks(&anybody, &first).await.1.contains("already"), "the same link stays used");
        world.office.dana().puts("support-agent-v2", "database#g:read", "4h").await;
        let (_, words) = clicks(&anybody, &link(&agent, "g").await).await;
        assert!(words.contains("People decide on it already"), "{words}");
    }

    /// A link that is cut, made up, for another purpose, or a day old leads nowhere; of an agent that
    /// was stopped it says so.
    async fn links_lead_nowhere_when_they_should(world) {
        let agent = world.agent("support-agent-v2").await;
        let anybody = anybody(world, &agent).await;
        let link = link(&agent, "orders").await;
        let denied = agent.posts("/access/v1/evaluation", &question("support-agent-v2", "read", "a")).await;
        let binding = denied.body["context"]["access_request"]["binding_token"].as_str().expect("a token");
        for wrong in [link[..link.len() - 3].to_owned(), "/r/x".to_owned(), format!("/r/{binding}")] {
            for method in [Method::GET, Method::POST] {
                let answer = anybody.sends(method, &wrong, &[], "").await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{answer:?}");
            }
        }
        world.office.dana().types("/agent stop support-agent-v2 because it talks too much").await;
        let page = anybody.gets(&link).await.body;
        let words = page.as_str().expect("a page");
        for said in ["is not at work", "It was stopped", "/agent reinstate support-agent-v2"] {
            assert!(words.contains(said), "no “{said}” in {words}");
        }
        assert!(!words.contains("talks too much"), "anybody may read it: {words}");
        assert!(clicks(&anybody, &link).await.1.contains("is not at work"));
        world.office.advance("24h").await;
        assert_eq!(clicks(&anybody, &link).await.0, StatusCode::NOT_FOUND);
        assert_eq!(messages(&world.office).await, 0);
    }
}
