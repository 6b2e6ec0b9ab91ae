//! `countersign audit verify` holds the records beside the log against their seals in it.

use countersign::domain::tier::Answers;
use serde_json::json;

use crate::commands::{Printed, countersign, tamper};
use crate::database::TestDatabase;
use crate::house::{House, policy_with};
use crate::on_both;

on_both! { what_another_hand_does_to_a_record_is_found_and_the_first_bad_one_named }

fn verify(url: &str) -> Printed {
    countersign(url, &["audit", "verify"])
}

/// Two records of evaluations and two activities; their ids.
async fn record(database: TestDatabase) -> (House, [String; 2], [String; 2]) {
    let house = House::on(database, policy_with("manifests/policy", ""));
    let replica = house.replica().await;
    replica.registers("reader", Answers::default()).await;
    let (mut batches, mut activities) = (Vec::new(), Vec::new());
    for object in ["orders", "people"] {
        let answer = replica.may("reader", "database:read", object).await.json();
        let evaluation = &answer["context"]["evaluation_id"];
        let told = json!({ "agent_id": "reader", "evaluation_id": evaluation, "task": object });
        let reply = replica.post("/api/v1/activity", &told).await.json();
        activities.push(reply["id"].as_str().unwrap().to_owned());
        let evaluation = evaluation.as_str().unwrap().parse().unwrap();
        let batch = replica.store.read().await.unwrap().batch_of(evaluation).await.unwrap();
        batches.push(batch.unwrap());
        house.clock.advance(chrono::TimeDelta::seconds(1));
    }
    replica.end().await;
    (house, batches.try_into().unwrap(), activities.try_into().unwrap())
}

async fn what_another_hand_does_to_a_record_is_found_and_the_first_bad_one_named(
    database: TestDatabase,
) {
    let (house, [batch, _], [activity, second]) = record(database).await;
    let url = house.database.url();
    let whole = verify(url);
    assert_eq!(whole.status, 0, "{whole:?}");
    let kept = "Kept  2 records of evaluations and 2 activities, each as it was sealed\n";
    assert!(whole.out.contains(kept), "{}", whole.out);

    let back = |table: &str| {
        format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM copy_of_{table};")
    };
    for table in ["evaluation_batches", "activities"] {
        tamper(url, &format!("CREATE TABLE copy_of_{table} AS SELECT * FROM {table}")).await;
    }
    let other = "01J00000000000000000000000";
    for (table, sql, what) in [
        (
            "evaluation_batches",
            "UPDATE evaluation_batches SET doc = replace(doc, 'orders', 'secret')".to_owned(),
            format!("the record {batch} of evaluations was changed"),
        ),
        (
            // With its hash made right again.
            "evaluation_batches",
            format!(
                "UPDATE evaluation_batches SET doc = '[]', sha256 = \
                 '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945' \
                 WHERE id = '{batch}'"
            ),
            format!("the record {batch} of evaluations was changed"),
        ),
        (
            "evaluation_batches",
            format!("DELETE FROM evaluation_batches WHERE id = '{batch}'"),
            format!("the record {batch} of evaluations, sealed by line"),
        ),
        (
            "evaluation_batches",
            format!("UPDATE evaluation_batches SET first_id = 'x' WHERE id = '{batch}'"),
            format!("the record {batch} of evaluations, sealed by line"),
        ),
        (
            "evaluation_batches",
            format!(
                "INSERT INTO evaluation_batches (id, first_id, last_id, at, sha256, doc) SELECT \
                 'bat_{other}', 'eval_{other}', 'eval_{other}', at, sha256, doc \
                 FROM evaluation_batches WHERE id = '{batch}'"
            ),
            format!("the record bat_{other} of evaluations is sealed by no line"),
        ),
        (
            "activities",
            "UPDATE activities SET doc = replace(doc, 'people', 'orders')".to_owned(),
            format!("the activity {second} was changed"),
        ),
        (
            "activities",
            format!("DELETE FROM activities WHERE id = '{activity}'"),
            format!("the activity {activity}, sealed by line"),
        ),
        (
            "activities",
            format!("UPDATE activities SET evaluation_id = NULL WHERE id = '{activity}'"),
            format!("the activity {activity}, sealed by line"),
        ),
        (
            "activities",
            format!(
                "INSERT INTO activities (id, agent_id, at, sha256, doc) SELECT 'act_{other}', \
                 agent_id, at, sha256, doc FROM activities WHERE id = '{activity}'"
            ),
            format!("the activity act_{other} is sealed by no line"),
        ),
        (
            // The first of several.
            "activities",
            format!("DELETE FROM activities; DELETE FROM evaluation_batches WHERE id = '{batch}'"),
            format!("the record {batch} of evaluations, sealed by line"),
        ),
    ] {
        tamper(url, &sql).await;
        let found = verify(url);
        assert_eq!(found.status, 1, "{sql}: {found:?}");
        assert!(
            found.out.starts_with("The records beside the audit log are NOT intact"),
            "{found:?}"
        );
        assert!(found.out.contains(&what), "{sql}:\n{}\nand not {what}", found.out);
        tamper(url, &back(table)).await;
        tamper(url, &back("evaluation_batches")).await;
        let again = verify(url);
        assert_eq!(again.status, 0, "{sql}: {again:?}");
    }
}
