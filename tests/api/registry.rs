//! The registry as a whole: for a service catalogue, and on the command line.

use std::process::Command;

use serde_json::{Value, json};

use super::client::{Caller, agent_itself, log_in, text};
use super::scim::python;

/// The documents of a YAML text, read by PyYAML.
async fn documents(text: String) -> Vec<Value> {
    let read = tokio::task::spawn_blocking(move || {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let program = "import sys, json, yaml\n\
                       print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1], encoding='utf-8')))))";
        Command::new(python()).args(["-c", program]).arg(file.path()).output().unwrap()
    });
    let output = read.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

on_both! {
    /// All agents in one answer, as JSON and as entities of Backstage.
    async fn a_catalogue_gets_all_agents(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        office.dana().gets("support-agent-v2", "tickets:comment", "1h").await;
        office.omar().registers("other-agent", &[]).await;
        office.dana().has_agent("old-agent", &[]).await;
        office.dana().types("/agent stop old-agent because it loops").await;
        let dana = log_in(office.dana()).await;
        let registry = dana.get("/registry").await.ok(200);
        let agents = registry["agents"].as_array().unwrap();
        let states: Vec<(&str, &str)> =
            agents.iter().map(|a| (a["name"].as_str().unwrap(), a["state"].as_str().unwrap())).collect();
        assert_eq!(states, [("old-agent", "suspended"), ("other-agent", "pending"), ("support-agent-v2", "active")]);
        let agent = &agents[2];
        assert_eq!((&agent["tier"], &agent["team"], &agent["live_grants"]), (&json!(2), &json!("support"), &json!(1)));
        assert_eq!(agent["owner"]["id"], "T0ACME/U0DANA");
        assert!(text(&agent["owner"]["name"]).to_lowercase().contains("dana"), "{agent}");
        assert!(agent["certified_until"].is_string() && agents[1].get("certified_until").is_none());

        let answer = dana.send("GET", "/api/v1/registry/backstage", &[], "").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/yaml"));
        let entities = documents(text(&answer.body)).await;
        assert_eq!(entities.len(), 3);
        let entity = &entities[2];
        assert_eq!((&entity["apiVersion"], &entity["kind"]), (&json!("backstage.io/v1alpha1"), &json!("Component")));
        assert_eq!(entity["metadata"]["name"], "support-agent-v2");
        assert_eq!(
            entity["spec"],
            json!({ "type": "ai-agent", "lifecycle": "production", "owner": "group:default/support" })
        );
        assert_eq!(entity["metadata"]["annotations"]["countersign/owner"], "T0ACME/U0DANA");
        assert_eq!(entity["metadata"]["annotations"]["countersign/agent-id"], agent["id"]);
        assert_eq!(
            entity["metadata"]["links"][0]["url"],
            format!("{}/api/v1/agents/support-agent-v2", dana.address)
        );
        let lifecycles: Vec<&Value> = entities.iter().map(|e| &e["spec"]["lifecycle"]).collect();
        assert_eq!(lifecycles, ["suspended", "experimental", "production"]);

        // Not for agents, and not for nobody.
        let itself = agent_itself(office, &dana, "support-agent-v2").await;
        for path in ["/registry", "/registry/backstage"] {
            itself.get(path).await.refuses(403, "not_for_you");
            Caller::nobody(office).await.get(path).await.refuses(401, "not_logged_in");
            dana.get(&format!("{path}?x=1")).await.refuses(400, "malformed");
        }

        // The same from the database alone.
        let exported = |format: &str| {
            let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
                .args(["export", "--format", format])
                .env_clear()
                .env("COUNTERSIGN_DATABASE__URL", office.database.url())
                .env("COUNTERSIGN_SERVER__PUBLIC_URL", "https://agents.example.com")
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let json: Value = serde_json::from_str(&exported("json")).unwrap();
        assert_eq!(json["agents"][2]["id"], agent["id"]);
        let yaml = documents(exported("backstage")).await;
        assert_eq!(yaml[2]["metadata"]["links"][0]["url"], "https://agents.example.com/api/v1/agents/support-agent-v2");
        let csv = exported("csv");
        assert_eq!(csv.lines().count(), 4, "{csv}");
        assert!(csv.contains("\"support-agent-v2\",\"active\",\"2\",\"T0ACME/U0DANA\",\"support\""), "{csv}");
    }
}
