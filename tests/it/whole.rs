//! The whole road on one server: an agent is registered in Slack, proves itself by its key, is
//! refused, asks by itself, is allowed by people, works, tells what it did, and loses it again. No
//! part stands in for another: what one door gives, the next one takes.

use std::path::Path;
use std::process::Command;

use countersign::domain::request::RequestState;
use countersign::sandbox::SubmitOutcome;
use countersign::service::access_requests::moment;
use countersign::store::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::program::{Key, OUTSIDE, Program, claims, key_of};
use crate::support::{Office, PATIENCE, Setup};

pub(crate) const AGENT: &str = "support-agent-v2";
/// The bearer token of the service `desk`.
pub(crate) const DESK: &str = "6f1d-the-token-of-the-desk-that-nobody-guesses";

/// An office whose server is known from outside by another address than it listens on, and whose
/// policy is the starter policy with one service.
pub(crate) async fn opens(engine: Engine) -> (Office, tempfile::TempDir) {
    opens_with(engine, &[]).await
}

/// The same, whose policy has these lines besides, by their file.
pub(crate) async fn opens_with(
    engine: Engine,
    more: &[(&str, &str)],
) -> (Office, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy");
    for name in ["policy.toml", "rules.cedar", "schema.cedarschema"] {
        let mut text = std::fs::read_to_string(starter.join(name)).expect("the starter policy");
        if name == "policy.toml" {
            let sha256 = hex::encode(Sha256::digest(DESK));
            text.push_str(&format!("\n[services.desk]\nbearer_sha256 = \"{sha256}\"\n"));
        }
        for (_, lines) in more.iter().filter(|(file, _)| *file == name) {
            text.push_str(lines);
        }
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let policy = Some(folder.path().to_owned());
    let settings = vec![
        ("SERVER__PUBLIC_URL", OUTSIDE),
        ("IDENTITY__ENCRYPTION_KEY", "a-secret-of-more-than-32-characters"),
    ];
    (Office::set_up(Setup { policy, settings, ..Setup::on(engine) }).await, folder)
}

/// An agent of Dana's that writes, and its key, both approved by Theo and Sam.
pub(crate) async fn an_agent_with_a_key(office: &Office) -> Key {
    let (dana, key) = (office.dana(), Key::make());
    dana.has_agent(AGENT, &["writes"]).await;
    let early = key.asks_for_token(office, AGENT).await.expect(401);
    assert_eq!(early["error"], "invalid_client", "{early}");
    let reference = dana.adds_key(AGENT, "production", &key.public()).await;
    office.theo().approves(&reference).await;
    office.settled().await;
    let early = key.asks_for_token(office, AGENT).await.expect(401);
    assert_eq!(early["error"], "invalid_client", "one yes of two: {early}");
    office.sam().approves(&reference).await;
    office.settled().await;
    key
}

/// May the agent write to this of the database, while it works on a ticket?
pub(crate) fn question(object: &str) -> Value {
    json!({
        "subject": { "type": "agent", "id": AGENT },
        "resource": { "type": "database", "id": object },
        "action": { "name": "write" },
        "context": {
            "conversation": { "id": "c-1" },
            "agent": { "model_version": "m-4.1", "prompt_hash": "ab12", "task": "ticket 7" },
        },
    })
}

/// What an agent sends to ask for what it was refused, for four hours.
pub(crate) fn submission(office: &Office, question: &Value, denied: &Value) -> Value {
    let (context, offer) = (&denied["context"], &denied["context"]["access_request"]);
    let mut body = question.clone();
    body["context"]["business_justification"] = json!("customers wait for their orders");
    let until = moment(office.now() + chrono::TimeDelta::hours(4));
    body["requested_access"] = json!({ "requested_until": until });
    body["denial"] = json!({
        "evaluation_id": context["evaluation_id"],
        "evaluated_at": context["evaluated_at"],
        "reason": context["reason"],
        "expires_at": offer["expires_at"],
        "binding_token": offer["binding_token"],
    });
    body
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// What `countersign …` prints about this office's record, and whether all is well.
pub(crate) fn countersign(office: &Office, arguments: &[&str]) -> (bool, String) {
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(arguments).env_clear().env("COUNTERSIGN_DATABASE__URL", office.database.url());
        command.output().expect("the command runs")
    };
    let output = tokio::task::block_in_place(run);
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(printed).expect("text"))
}

/// From the registration to the record.
async fn the_whole_road(office: &Office) {
    let key = an_agent_with_a_key(office).await;
    let desk = Program::with(office, DESK);
    let first = key.token(office, AGENT).await;
    assert_eq!(claims(&first)["grants"], json!([]), "nothing is granted yet");
    let agent = Program::with(office, &first);

    // No, and how to ask.
    let asked = question("orders");
    let denied = desk.asks_whether(&asked).await;
    assert_eq!(denied["decision"], false);
    assert_eq!(denied["context"]["reason"], "approval_required", "{denied}");
    let offer = &denied["context"]["access_request"];
    let endpoint = text(&offer["endpoint"]);
    assert!(endpoint.starts_with(OUTSIDE) && text(&offer["form_url"]).starts_with(OUTSIDE));

    // The agent asks by itself; a stranger with the same words does not.
    let body = submission(office, &asked, &denied);
    Program::anybody(office).posts(endpoint, &body).await.expect(401);
    let taken = agent.posts(endpoint, &body).await;
    let task = taken.headers["location"].to_str().expect("an address").to_owned();
    assert_eq!(taken.expect(202)["task"]["status"], "pending");
    office.settled().await;
    let reference = office.dana().last_reference(AGENT).await;
    for approver in [office.theo(), office.sam()] {
        assert_eq!(agent.gets(&task).await.expect(200)["task"]["status"], "pending");
        let before = desk.asks_whether(&asked).await;
        assert_eq!(before["decision"], false, "{before}");
        let card = approver.card(&reference).await.words();
        for words in ["support-agent-v2 itself", "database # orders : write", "customers wait"] {
            assert!(card.contains(words), "no “{words}” on\n{card}");
        }
        approver.approves(&reference).await;
        office.settled().await;
    }
    let done = agent.gets(&task).await.expect(200);
    assert_eq!(done["task"]["status"], "approved", "{done}");
    let approval = &done["result"]["approval"];
    assert!(approval["id"].is_string() && approval["state"].is_string(), "{done}");
    office.all_copies_say(&reference, "Approved", false).await;

    // Another process has the same keys: what was given before is still good.
    office.stop().await;
    office.start().await;
    office.workspace().wait_for_sockets(PATIENCE, 2).await.expect("two sockets");

    // Yes, for that and nothing beside it.
    let mut again = asked.clone();
    again["context"]["approval"] = approval.clone();
    let allowed = desk.asks_whether(&again).await;
    assert_eq!(allowed["decision"], true, "{allowed}");
    let grant = office.grant(&reference).await;
    assert_eq!(allowed["context"]["grant"]["reference"], reference);
    assert_eq!(allowed["context"]["grant"]["id"], grant.id.to_string());
    assert_eq!(allowed["context"]["approval"]["id"], approval["id"]);
    assert_eq!(allowed["context"]["approval"]["approved_until"], approval["approved_until"]);
    let mut other = question("people");
    other["context"]["approval"] = approval.clone();
    let elsewhere = desk.asks_whether(&other).await;
    assert_eq!(elsewhere["decision"], false);
    assert_eq!(elsewhere["context"]["reason"], "out_of_scope", "{elsewhere}");
    assert_eq!(elsewhere["context"]["next_action"], "request");
    assert!(elsewhere["context"]["access_request"].is_object(), "{elsewhere}");

    // A token of now carries it; the service sees the same.
    let second = key.token(office, AGENT).await;
    assert_eq!(claims(&second)["grants"], json!([grant.id]));
    assert_eq!(claims(&second)["scope"], "database#orders:write");
    let seen = desk.introspects(&second).await;
    assert_eq!(seen["active"], true, "{seen}");
    assert_eq!((&seen["scope"], &seen["iss"]), (&json!("database#orders:write"), &json!(OUTSIDE)));

    // It works, and tells what it did.
    let evaluation = text(&allowed["context"]["evaluation_id"]);
    let told = json!({
        "evaluation_id": evaluation,
        "outcome": "success",
        "decision_rationale": "the order was paid twice",
        "data_accessed": [{ "type": "database", "id": "orders", "fields": ["total"] }],
    });
    let with_grant = Program::with(office, &second);
    let activity = with_grant.posts("/api/v1/activity", &told).await.expect(201);

    // Sam takes it away; from then on nothing opens.
    office.sam().types(&format!("/agent revoke {reference} because the wrong table")).await;
    let over = desk.asks_whether(&again).await;
    assert_eq!(over["decision"], false);
    assert_eq!(over["context"]["reason"], "approval_expired", "{over}");
    assert_eq!(over["context"]["next_action"], "request");
    assert_eq!(desk.introspects(&second).await, json!({ "active": false }));
    with_grant.posts("/api/v1/activity", &told).await.expect(401);
    assert_eq!(desk.introspects(&first).await["active"], true, "it carried no grant");
    let third = key.token(office, AGENT).await;
    assert_eq!(claims(&third)["grants"], json!([]));
    let end = Program::with(office, &third).gets(&task).await.expect(200);
    assert!(end["result"]["approval"].get("state").is_none(), "{end}");
    office.settled().await;

    // The record leads from the call, and from the token, back to the people.
    let (well, story) = countersign(office, &["trace", evaluation]);
    assert!(well, "{story}");
    for words in [
        &format!("{evaluation}: yes"),
        "asked by service desk",
        "model m-4.1, prompt ab12, task ticket 7",
        &format!("{reference}: database#orders:write"),
        "U0THEO as team-lead",
        "U0SAM as security",
        "\"customers wait for their orders\"",
        "REVOKED",
        "\"the wrong table\"",
        "owned by T0ACME/U0DANA",
        text(&activity["id"]),
        "\"the order was paid twice\"",
    ] {
        assert!(story.contains(words), "no “{words}” in:\n{story}");
    }
    assert_eq!(story.matches("of the audit log sealed it").count(), 2, "{story}");
    let (well, story) = countersign(office, &["trace", text(&claims(&second)["jti"])]);
    assert!(well && story.contains(&reference), "{story}");
    assert!(story.contains("U0THEO as team-lead") && story.contains("production"), "{story}");
    let (well, verdict) = countersign(office, &["audit", "verify"]);
    assert!(well, "{verdict}");
}

/// Whoever meets the refusal puts the ready request before the owner, once; what the owner asks for
/// there opens what the service asked.
async fn the_one_link(office: &Office) {
    let key = an_agent_with_a_key(office).await;
    let (desk, anybody) = (Program::with(office, DESK), Program::anybody(office));
    let denied = desk.asks_whether(&question("orders")).await;
    let link = text(&denied["context"]["access_request"]["form_url"]);
    assert!(link.starts_with(OUTSIDE), "{link}");
    let page = anybody.gets(link).await.expect(200);
    assert!(text(&page).contains("Ask the owner"), "{page}");
    let dana = office.dana();
    let messages = || dana.inbox().iter().filter(|m| m.words().contains(" lacks ")).count();
    office.settled().await;
    assert_eq!(messages(), 0, "looking asks nobody");
    for (times, words) in
        ["The owner has the request<", "The owner has the request already"].into_iter().enumerate()
    {
        let page = anybody.posts_form(link, &[]).await.expect(200);
        assert!(text(&page).contains(words), "click {times}: {page}");
        office.settled().await;
        assert_eq!(messages(), 1);
    }
    let message = dana.reads("lacks database # orders : write").await;
    let form = dana.opens(&dana.dm(), &message.ts, "ask_for").await;
    assert!(json!(form.blocks).to_string().contains("database#orders:write"));
    dana.fills("because", "because", json!("customers wait")).await;
    assert_eq!(dana.sends().await, SubmitOutcome::Closed);
    office.settled().await;
    let reference = dana.last_reference(AGENT).await;
    office.everybody_approves(&reference).await;
    assert!(matches!(office.request(&reference).await.state, RequestState::Approved { .. }));
    let allowed = desk.asks_whether(&question("orders")).await;
    assert_eq!(allowed["context"]["grant"]["reference"], reference, "{allowed}");
    assert_eq!(desk.introspects(&key.token(office, AGENT).await).await["active"], true);
    let page = anybody.posts_form(link, &[]).await.expect(200);
    assert!(text(&page).contains("It is allowed by now"), "{page}");
}

/// What the server says of itself agrees with itself, with what it gives out, and leads to it.
async fn the_documents_agree(office: &Office) {
    let key = an_agent_with_a_key(office).await;
    let (desk, anybody) = (Program::with(office, DESK), Program::anybody(office));
    let authzen = anybody.gets("/.well-known/authzen-configuration").await.expect(200);
    let oauth = anybody.gets("/.well-known/oauth-authorization-server").await.expect(200);
    assert_eq!(authzen["policy_decision_point"], OUTSIDE);
    assert_eq!(oauth["issuer"], authzen["policy_decision_point"]);
    assert_eq!(oauth["jwks_uri"], authzen["jwks_uri"]);

    // Each address leads to a door.
    let addresses = authzen.as_object().into_iter().chain(oauth.as_object()).flatten();
    let doors = addresses.filter(|(name, _)| name.ends_with("_endpoint"));
    let mut tried = 0;
    for (name, at) in doors {
        let status = desk.posts(text(at), &json!({})).await.status;
        assert!([200, 400, 415].contains(&status), "{name} at {at}: {status}");
        tried += 1;
    }
    assert!(tried >= 9, "{tried} of {authzen} and {oauth}");

    // What is given out is signed by keys that are shown, under the name that is shown.
    let jwks = anybody.gets(text(&oauth["jwks_uri"])).await.expect(200);
    let shown: Vec<&str> =
        jwks["keys"].as_array().expect("keys").iter().map(|key| text(&key["kid"])).collect();
    let denied = desk.asks_whether(&question("orders")).await;
    let offer = &denied["context"]["access_request"];
    assert_eq!(offer["endpoint"], authzen["access_request_endpoint"]);
    let token = key.token(office, AGENT).await;
    for signed in [token.as_str(), text(&offer["binding_token"])] {
        assert!(shown.contains(&key_of(signed).as_str()), "{signed} is by none of {shown:?}");
        assert_eq!(claims(signed)["iss"], OUTSIDE);
    }

    // What is signed for one purpose opens no other door.
    let confused = Program::with(office, text(&offer["binding_token"]));
    confused.posts("/access/v1/evaluation", &question("orders")).await.expect(401);
    assert_eq!(desk.introspects(text(&offer["binding_token"])).await, json!({ "active": false }));
    let mut body = submission(office, &question("orders"), &denied);
    body["denial"]["binding_token"] = json!(token);
    let agent = Program::with(office, &token);
    let refused = agent.posts(text(&offer["endpoint"]), &body).await;
    assert!((400..500).contains(&refused.status), "{refused:?}");

    // An agent asks about itself, and about nobody else.
    assert_eq!(agent.asks_whether(&question("orders")).await["decision"], false);
    let mut other = question("orders");
    other["subject"]["id"] = json!("other-agent");
    agent.posts("/access/v1/evaluation", &other).await.expect(403);
}

/// Stories on a server with all its doors, told on both databases.
macro_rules! on_both {
    ($($name:ident),*) => {$(mod $name {
        use countersign::store::Engine;

        async fn on(engine: Engine) {
            let (office, _policy) = crate::whole::opens(engine).await;
            super::$name(&office).await;
            office.close().await;
        }

        crate::told_on_both!();
    })*};
}

pub(crate) use on_both;

on_both!(the_whole_road, the_one_link, the_documents_agree);
