//! The description is true: every operation is in it whole, and schemathesis finds no fault with the
//! server by it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::client::{Caller, agent_itself, log_in};
use crate::installed;
use countersign::store::Engine;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api")
}

fn schemathesis() -> PathBuf {
    installed::python("schemathesis", &here().join("requirements.txt"), "schemathesis")
}

/// Everything that schemathesis tries, with this token; its report if it finds a fault.
async fn tried(caller: Caller, whom: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().to_owned();
    let known = caller.token.is_some();
    let ran = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(schemathesis());
        command
            .arg("--config-file")
            .arg(here().join("schemathesis.toml"))
            .args(["run", "--no-color", "--max-examples", "12", "--seed", "1"])
            .args(["--phases", "examples,coverage,fuzzing"])
            .arg(format!("{}/api/v1/openapi.json", caller.address))
            .current_dir(folder);
        if let Some(token) = &caller.token {
            command.arg("--header").arg(format!("Authorization: Bearer {token}"));
        }
        command.output().unwrap()
    });
    let output = ran.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "as {whom}:\n{said}\n{errors}");
    assert!(said.contains("Tested: 29"), "not all was tried as {whom}:\n{said}");
    // Whoever shows a token is known by it.
    assert!(!known || !said.contains("- GET /api/v1/me"), "as {whom}:\n{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_with_a_person() {
    let office = crate::office(Engine::Sqlite).await;
    office.dana().has_agent("support-agent-v2", &["writes"]).await;
    office.dana().gets("support-agent-v2", "tickets:comment", "1h").await;
    let dana = log_in(office.dana()).await;
    tried(dana, "Dana").await;
    office.verifies().await;
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_with_an_agent_or_with_nobody() {
    let office = crate::office(Engine::Sqlite).await;
    office.dana().has_agent("support-agent-v2", &["writes"]).await;
    let dana = log_in(office.dana()).await;
    let agent = agent_itself(&office, &dana, "support-agent-v2").await;
    tried(agent, "the agent").await;
    tried(Caller::nobody(&office).await, "nobody").await;
    office.verifies().await;
    office.stop().await;
}

/// All `$ref`s of a document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(text) if name == "$ref" => {
                        found.insert(text.to_owned());
                    }
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

on_both! {
    async fn every_operation_is_described_whole(office) {
        let nobody = Caller::nobody(office).await;
        let document = nobody.get("/openapi.json").await;
        assert_eq!(document.status, 200);
        let document = document.body;
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["servers"], json!([{ "url": nobody.address }]));
        let mut ids = BTreeSet::new();
        let tags: BTreeSet<&str> =
            document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id} is there twice");
                let described = operation["summary"].is_string() || operation["description"].is_string();
                assert!(described, "{method} {path}");
                assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{method} {path}");
                let answers = operation["responses"].as_object().unwrap();
                let public = operation.get("security").is_some();
                assert_eq!(public, id == "about", "{method} {path}");
                assert!(public || ["401", "403", "503"].iter().all(|s| answers.contains_key(*s)), "{id}");
                assert!(answers.keys().any(|status| status.starts_with('2')), "{id}");
                for (status, answer) in answers {
                    let kind = match status.starts_with('2') {
                        true if id == "registryForBackstage" => "yaml",
                        true => "json",
                        false => "problem+json",
                    };
                    let content = &answer["content"][format!("application/{kind}")]["schema"];
                    assert!(content.is_object(), "{id} {status}: {answer}");
                }
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    assert!(parameter["description"].is_string(), "{id}: {parameter}");
                }
            }
        }
        assert_eq!(ids.len(), 29, "{ids:?}");
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for reference in &found {
            let there = document.pointer(reference.trim_start_matches('#'));
            assert!(there.is_some(), "{reference} leads nowhere");
        }
        let page = nobody.send("GET", "/api/v1/docs", &[], "").await;
        let words = page.body.as_str().unwrap();
        for id in &ids {
            assert!(words.contains(&format!("id=\"{id}\"")), "{id} is not on the page");
        }
        assert!(!words.contains("<script") && !words.contains("http://"), "nothing from elsewhere");
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
    }
}
