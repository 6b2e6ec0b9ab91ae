//! A pipeline at its gate.

use countersign::store::Engine;
use serde_json::{Value, json};

use super::client::{Caller, Key, agent_itself, log_in, registration, text};
use crate::support::{Office, Setup};

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
        let ask = answer["ask"].to_string();
        assert!(ask.contains("security and team lead"), "{answer}");
        assert!(ask.contains("help: the Slack channel #agent-help"), "{answer}");
        // Nothing is usual yet: the longest that people may take stands in its place.
        assert_eq!(answer["usual"], Value::Null, "{answer}");
        assert_eq!(answer["decide_within"]["text"], "8h", "{answer}");

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
        dana.reads("lacks").await;
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

/// The starter policy, with two issuers of pipelines' tokens: everybody's, and the company's own.
fn trusting(key: &Key) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let starter = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy");
    for name in ["policy.toml", "rules.cedar", "schema.cedarschema"] {
        let mut text = std::fs::read_to_string(starter.join(name)).expect("the starter");
        if name == "policy.toml" {
            let keys = format!("{{\"keys\": [{}]}}", key.jwk());
            for (name, issuer) in [
                ("github", "https://token.actions.githubusercontent.com"),
                ("ours", "https://ci.example.com"),
            ] {
                text.push_str(&format!(
                    "\n[issuers.{name}]\nissuer = \"{issuer}\"\naudience = \"https://agents.example.com\"\n\
                     jwks = '{keys}'\nvouches_for = \"workloads\"\n"
                ));
            }
        }
        std::fs::write(folder.path().join(name), text).expect("a policy");
    }
    folder
}

/// A pipeline shows its platform's own token. What everybody can get says nothing of whose it is: nobody
/// is named to it and there is no link, unless an agent is known by its claims.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_by_its_platforms_token() {
    let key = Key::make();
    let policy = trusting(&key);
    let mut setup = Setup::on(Engine::Sqlite);
    setup.policy = Some(policy.path().to_owned());
    let office = Office::set_up(setup).await;
    office.dana().has_agent("support-agent", &["writes"]).await;
    let token = |issuer: &str, repository: &str| {
        let at = office.clock_seconds();
        key.sign(&json!({
            "iss": issuer, "aud": "https://agents.example.com", "iat": at, "exp": at + 300,
            "sub": format!("repo:{repository}:ref:refs/heads/main"), "repository_id": repository,
            "ref": "refs/heads/main", "jti": repository,
        }))
    };
    let github = "https://token.actions.githubusercontent.com";
    let stranger = Caller::with(&office, &token(github, "666")).await;
    let me = stranger.get("/me").await.ok(200);
    assert_eq!(
        (&me["kind"], &me["issuer"], &me["agents"]),
        (&json!("workload"), &json!("github"), &json!([]))
    );
    let answer = stranger.post("/gate", &manifest("support-agent")).await.ok(200);
    assert!(!answer.to_string().to_lowercase().contains("dana"), "{answer}");
    assert!(answer.get("link").is_none(), "{answer}");
    let unknown = stranger.post("/gate", &manifest("suport-agent")).await.ok(200);
    assert!(
        unknown.get("link").is_none() && !unknown.to_string().contains("support-agent "),
        "{unknown}"
    );
    for path in ["/agents", "/agents/support-agent", "/requests", "/grants", "/catalogue"] {
        stranger.get(path).await.refuses(403, "not_for_you");
    }
    stranger.post("/agents/support-agent/stop", &json!({})).await.refuses(403, "not_for_you");

    // The company's own issuer speaks for the company.
    let ours = Caller::with(&office, &token("https://ci.example.com", "7")).await;
    let answer = ours.post("/gate", &manifest("support-agent")).await.ok(200);
    assert!(answer.to_string().to_lowercase().contains("dana"), "{answer}");
    assert!(answer["link"].is_string(), "{answer}");

    // An agent is known by the claims: its own pipeline is told names.
    let dana = log_in(office.dana()).await;
    let wanted = json!({
        "name": "pipeline", "issuer": "github",
        "claims": { "repository_id": "42", "ref": "refs/heads/main" }, "justification": "it runs there",
    });
    let request = dana.post("/agents/support-agent/credentials", &wanted).await.ok(202);
    office.everybody_approves(&text(&request["reference"])).await;
    let own = Caller::with(&office, &token(github, "42")).await;
    assert_eq!(own.get("/me").await.ok(200)["agents"], json!(["support-agent"]));
    let answer = own.post("/gate", &manifest("support-agent")).await.ok(200);
    assert!(answer.to_string().to_lowercase().contains("dana"), "{answer}");

    // Another key's word, another audience's token and one whose time is over are nobody's.
    let forged = Key::make().sign(&json!({
        "iss": github, "aud": "https://agents.example.com", "exp": office.clock_seconds() + 60,
    }));
    Caller::with(&office, &forged).await.get("/me").await.refuses(401, "invalid_token");
    office.advance("1h").await;
    own.get("/me").await.refuses(401, "invalid_token");
    office.close().await;
}
