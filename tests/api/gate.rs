//! A pipeline at its gate.

use serde_json::{Value, json};

use super::client::{Caller, agent_itself, log_in, registration, text};

fn manifest(name: &str) -> Value {
    json!({ "manifest": {
        "version": 1,
        "agent": {
            "name": name, "purpose": "answers support tickets", "owner": "U0DANA", "team": "support",
            "systems": ["tickets", "database"], "runs_on": "kubernetes",
            "model": "a model, version 5", "writes": true,
        },
        "access": [
            { "name": "database:write", "because": "customer support queries", "for": "30m" },
        ],
    } })
}

/// The checks that went so, as `rule about`.
fn checks(answer: &Value, outcome: &str) -> Vec<String> {
    let all = answer["checks"].as_array().unwrap_or_else(|| panic!("{answer:#}"));
    let some = all.iter().filter(|check| check["outcome"] == outcome);
    some.map(|check| match check["about"].as_str() {
        Some(about) => format!("{} {about}", text(&check["rule"])),
        None => text(&check["rule"]),
    })
    .collect()
}

/// Clicks the button of a link's page, as anybody; the page after it.
async fn uses(link: &str) -> String {
    let (address, path) = link.split_at(link.find("/r/").expect("a link"));
    let anybody = Caller { address: address.to_owned(), token: None };
    let page = anybody.send("GET", path, &[], "").await;
    assert_eq!(page.status, 200, "{page:?}");
    text(&anybody.send("POST", path, &[], "").await.body)
}

on_both! {
    /// From an agent that nobody knows, by the link, to one whose pipeline goes on.
    async fn from_nothing_to_green(office) {
        let omar = log_in(office.omar()).await;
        let answer = omar.post("/gate", &manifest("support-agent")).await.ok(200);
        assert_eq!(answer["passed"], false);
        assert_eq!(checks(&answer, "failed"), ["registered"]);
        assert_eq!(checks(&answer, "noted"), ["tier", "access database:write"]);
        assert_eq!(answer["checks"][0]["next"], json!(["agent-cli register support-agent"]));
        assert!(answer["ask"].to_string().contains("security and team lead"), "{answer}");

        // The one link puts the ready registration before whom the manifest names, once.
        let link = text(&answer["link"]);
        assert!(uses(&link).await.contains("The owner has the registration"));
        assert!(uses(&link).await.contains("already"));
        let dana = office.dana();
        let message = dana.reads("has an agent that is not registered").await;
        let form = dana.opens(&dana.dm(), &message.ts, "register_draft").await;
        let filled = json!(form.blocks).to_string();
        for part in ["support-agent", "answers support tickets", "tickets, database", "a model, version 5"] {
            assert!(filled.contains(part), "{part} is not in {filled}");
        }
        dana.sends().await;
        office.settled().await;
        assert!(uses(&link).await.contains("registered by now"));
        let answer = omar.post("/gate", &manifest("support-agent")).await.ok(200);
        assert_eq!(checks(&answer, "failed"), ["active"]);
        let reference = dana.last_reference("support-agent").await;
        office.everybody_approves(&reference).await;

        // At work, and without the access: that stops nobody, and can be asked for.
        let answer = omar.post("/gate", &manifest("support-agent")).await.ok(200);
        assert_eq!(answer["passed"], true, "{answer:#}");
        assert_eq!(checks(&answer, "noted"), ["access database:write"]);
        assert!(answer["ask"][0].as_str().unwrap().to_lowercase().contains("dana"), "{answer}");
        let link = text(&answer["link"]);
        let same = omar.post("/gate", &manifest("support-agent")).await.ok(200);
        let path = |link: &str| link.split('.').nth(1).unwrap().to_owned();
        assert_eq!(path(&text(&same["link"])), path(&link), "the same gap is the same link");
        assert!(uses(&link).await.contains("The owner has the request"));
        dana.reads("was refused").await;
        let reference = dana.puts("support-agent", "database:write", "30m").await;
        let answer = omar.post("/gate", &manifest("support-agent")).await.ok(200);
        assert!(answer["checks"].to_string().contains(&format!("being decided: {reference}")));
        office.everybody_approves(&reference).await;
        let answer = omar.post("/gate", &manifest("support-agent")).await.ok(200);
        assert_eq!(checks(&answer, "passed").len(), answer["checks"].as_array().unwrap().len());
        assert!(answer.get("link").is_none(), "{answer}");
    }

    /// What differs from the registry is named; the gate asks nobody and changes nothing.
    async fn what_differs_is_named(office) {
        office.dana().has_agent("support-agent", &["writes"]).await;
        let dana = log_in(office.dana()).await;
        let log = office.log().await.len();
        let mut body = manifest("support-agent");
        let agent = &mut body["manifest"]["agent"];
        agent["owner"] = json!("U0OMAR");
        agent["systems"] = json!(["tickets", "payroll"]);
        agent["money"] = json!(true);
        agent["model"] = json!("another");
        body["manifest"]["access"] = json!([
            { "name": "databse:write" }, { "name": "crm:read" }, { "name": "tickets:read", "for": "9h" },
        ]);
        let answer = dana.post("/gate", &body).await.ok(200);
        let failed = checks(&answer, "failed");
        assert_eq!(failed, [
            "tier", "manifest owner", "manifest systems", "manifest money", "access databse:write",
            "access crm:read", "access tickets:read",
        ]);
        assert_eq!(checks(&answer, "noted"), ["manifest systems", "manifest model"]);
        assert_eq!(office.log().await.len(), log);
    }

    /// An agent is told about itself alone; a pipeline's manifest is read strictly.
    async fn who_may_ask_what(office) {
        office.dana().has_agent("support-agent", &[]).await;
        let dana = log_in(office.dana()).await;
        let agent = agent_itself(office, &dana, "support-agent").await;
        agent.post("/gate", &manifest("support-agent")).await.ok(200);
        agent.post("/gate", &manifest("other-agent")).await.refuses(403, "not_for_you");
        let mut newer = manifest("support-agent");
        newer["manifest"]["version"] = json!(2);
        dana.post("/gate", &newer).await.refuses(400, "invalid");
        let mut odd = manifest("support-agent");
        odd["manifest"]["agent"]["purpsoe"] = json!("x");
        let problem = dana.post("/gate", &odd).await.refuses(400, "malformed");
        assert!(problem["detail"].as_str().unwrap().contains("purpsoe"), "{problem}");
        let mut long = manifest("support-agent");
        long["manifest"]["access"] = json!(vec![json!({ "name": "database:read" }); 51]);
        dana.post("/gate", &long).await.refuses(400, "invalid");
    }

    /// Why an answer at run time was no, and the way out of it; for whom it concerns.
    async fn why_it_was_no(office) {
        office.dana().has_agent("support-agent", &[]).await;
        let dana = log_in(office.dana()).await;
        let agent = agent_itself(office, &dana, "support-agent").await;
        let question = json!({
            "subject": { "type": "agent", "id": "support-agent" },
            "action": { "name": "write" },
            "resource": { "type": "database", "id": "orders" },
        });
        let headers = [("content-type", "application/json")];
        let asked = agent.send("POST", "/access/v1/evaluation", &headers, question.to_string()).await;
        let id = text(&asked.body["context"]["evaluation_id"]);
        let why = dana.get(&format!("/evaluations/{id}")).await.ok(200);
        assert_eq!((&why["allowed"], &why["reason"]), (&json!(false), &json!("tier_too_low")));
        assert!(text(&why["words"]).contains("needs tier 2"), "{why}");
        assert_eq!(why["resource"], "database/orders");
        assert!(text(&why["next"][0]).contains("--resource database:write"), "{why}");
        assert!(uses(&text(&why["link"])).await.contains("The owner has the request"));
        agent.get(&format!("/evaluations/{id}")).await.ok(200);
        log_in(office.sam()).await.get(&format!("/evaluations/{id}")).await.ok(200);
        let omar = log_in(office.omar()).await;
        omar.get(&format!("/evaluations/{id}")).await.refuses(404, "unknown_evaluation");
    }

    /// A registration by the API and by the gate's words fit each other.
    async fn what_was_registered_so_passes(office) {
        let dana = log_in(office.dana()).await;
        let mut body = registration("support-agent");
        body["answers"] = json!({ "writes": true });
        let registered = dana.post("/agents", &body).await.ok(202);
        office.everybody_approves(&text(&registered["request"]["reference"])).await;
        let answer = dana.post("/gate", &manifest("support-agent")).await.ok(200);
        assert_eq!(answer["passed"], true, "{answer:#}");
        assert_eq!(checks(&answer, "noted"), ["access database:write"]);
    }
}
