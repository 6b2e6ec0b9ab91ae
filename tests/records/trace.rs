//! `countersign trace`: from the call back to the people.

use countersign::domain::tier::Answers;
use serde_json::{Value, json};

use crate::commands::{countersign, tamper};
use crate::database::TestDatabase;
use crate::house::{House, policy_with, question};
use crate::on_both;

on_both! { the_story_leads_from_a_call_to_the_people, what_is_not_there_is_said }

async fn the_story_leads_from_a_call_to_the_people(database: TestDatabase) {
    let house = House::on(database, policy_with("manifests/policy", ""));
    let replica = house.replica().await;
    let agent = replica.registers("reader", Answers::default()).await;
    let grant = replica.grants("reader", "database:read", "2h").await;
    let mut body = question("reader", "database:read", "orders");
    body["context"] = json!({ "agent": { "model_version": "m-4.1", "prompt_hash": "ab12" },
                              "task": "ticket 7" });
    let answer = replica.evaluation(&body).await.json();
    assert_eq!(answer["decision"], true, "{answer}");
    let evaluation = answer["context"]["evaluation_id"].as_str().unwrap().to_owned();
    let told = json!({ "agent_id": "reader", "evaluation_id": evaluation, "outcome": "success",
                       "decision_rationale": "the customer asked",
                       "data_accessed": [{ "type": "database", "id": "orders" }] });
    let reply = replica.post("/api/v1/activity", &told).await.json();
    let activity = reply["id"].as_str().unwrap().to_owned();
    replica.revokes(&grant).await;
    let denied = replica.may("reader", "tickets:read", "7").await.json();
    let denied = denied["context"]["evaluation_id"].as_str().unwrap().to_owned();
    replica.end().await;
    let url = house.database.url();

    let story = countersign(url, &["trace", &evaluation]);
    assert_eq!(story.status, 0, "{story:?}");
    for part in [
        &format!("{evaluation}: yes"),
        "asked by service desk",
        "may agent reader read database \"orders\"?",
        "model m-4.1, prompt ab12, task ticket 7",
        &house.policy.digest()[..12],
        &format!("{}: database:read ({})", grant.reference, grant.id),
        "REVOKED",
        "by T0ACME/U0DANA: \"done\"",
        "\"customer support queries\"",
        "T0ACME/U0THEO as team-lead",
        &format!("reader ({agent}), tier"),
        "owned by T0ACME/U0DANA",
        "R-1: registration",
        &format!("{activity}: success"),
        "\"the customer asked\"",
        "touched database \"orders\"",
    ] {
        assert!(story.out.contains(part), "{part} is missing:\n{}", story.out);
    }
    assert_eq!(story.out.matches("of the audit log sealed it").count(), 2, "{}", story.out);
    assert!(!story.out.contains("NOT"), "{}", story.out);

    // From wherever it begins, the same people are found.
    let reference = grant.reference.to_string();
    let (id, request) = (grant.id.to_string(), grant.request.to_string());
    let approval = id.replace("gnt_", "apr_");
    for named in [&evaluation, &activity, &reference, &id, &approval, &request] {
        let story = countersign(url, &["trace", named, "--json"]);
        assert_eq!(story.status, 0, "{named}: {story:?}");
        let json: Value = serde_json::from_str(&story.out).unwrap();
        let votes = json["grants"][0]["request"]["votes"].as_array().unwrap();
        assert!(votes.iter().any(|vote| vote["by"] == "T0ACME/U0THEO"), "{named}: {json}");
        assert_eq!(json["grants"][0]["grant"]["state"]["state"], "revoked", "{named}: {json}");
        assert_eq!(json["agent"]["agent"]["slug"], "reader");
        assert_eq!(json["activities"][0]["activity"]["id"], activity.as_str());
        assert_eq!(json["activities"][0]["seal"]["whole"], true);
    }
    let story = countersign(url, &["trace", &denied]);
    assert!(story.out.contains(&format!("{denied}: no")), "{}", story.out);
    assert!(story.out.contains("reader ("), "{}", story.out);

    tamper(url, "UPDATE evaluation_batches SET doc = replace(doc, 'm-4.1', 'm-5')").await;
    let story = countersign(url, &["trace", &evaluation]);
    assert!(story.out.contains("NOT as line"), "{}", story.out);
}

async fn what_is_not_there_is_said(database: TestDatabase) {
    let house = House::on(database, policy_with("manifests/policy", ""));
    let replica = house.replica().await;
    replica.registers("reader", Answers::default()).await;
    replica.end().await;
    let url = house.database.url();
    let rest = "01J00000000000000000000000";
    for kind in ["eval", "tok", "act", "gnt", "req", "tsk"] {
        let story = countersign(url, &["trace", &format!("{kind}_{rest}")]);
        assert_eq!(story.status, 69, "{story:?}");
        let what = format!("there is no {kind}_{rest} on this record");
        assert!(story.err.contains(&what) && story.out.is_empty(), "{story:?}");
    }
    let story = countersign(url, &["trace", "G-77"]);
    assert_eq!(story.status, 69, "{story:?}");
    let story = countersign(url, &["trace", "orders"]);
    assert_eq!(story.status, 64, "{story:?}");
    assert!(story.err.contains("eval_…") && story.err.contains("G-1042"), "{story:?}");
    // A registration is a story, too.
    let story = countersign(url, &["trace", "R-1"]);
    assert!(story.out.contains("T0ACME/U0THEO as team-lead"), "{story:?}");
}
