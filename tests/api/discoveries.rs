//! What was found elsewhere, sent by programs and by security.

use countersign::store::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::client::{Caller, agent_itself, column, log_in};
use crate::support::{Office, Setup};

/// The outcomes of what was sent, in order.
fn outcomes(taken: &Value) -> Vec<String> {
    column(taken, "outcome")
}

fn finding(name: &str, id: &str) -> Value {
    json!({ "external_id": id, "name": name, "kind": "service-account" })
}

fn from(source: &str, items: Value) -> Value {
    json!({ "source": source, "items": items })
}

on_both! {
    /// Each finding counts once; one that is bad does not lose the good ones.
    async fn findings_are_taken_one_by_one(office) {
        office.dana().has_agent("deploy-helper", &[]).await;
        let sam = log_in(office.sam()).await;
        let items = json!([
            finding("Night job", "arn:1"),
            finding("Night job", "arn:1"),
            finding("Deploy Helper", "arn:2"),
            { "external_id": "arn:3" },
            { "external_id": "arn:4", "name": "x", "colour": "red" },
            { "external_id": "arn:5", "name": "x", "kind": "robot" },
            { "external_id": "arn:6", "name": "x", "details": { "by": 7 } },
            7,
            { "external_id": "arn:7", "name": "Last", "owner": "dana@acme.example",
              "details": { "created": "2024", "password": "hunter2" } },
        ]);
        let body = from("aws-iam", items);
        let taken = sam.post("/discoveries", &body).await.ok(200);
        assert_eq!(
            outcomes(&taken),
            ["new", "known", "claimed", "invalid", "invalid", "invalid", "invalid", "invalid", "new"]
        );
        assert_eq!(taken["items"][2]["agent"], "deploy-helper");
        for (n, words) in [(3, "name"), (4, "colour"), (5, "write one of"), (7, "an object")] {
            let problem = taken["items"][n]["problem"].as_str().unwrap();
            assert!(problem.contains(words), "{n}: {problem}");
        }
        assert_eq!(taken["items"][0]["id"], taken["items"][1]["id"]);
        let again = sam.post("/discoveries", &body).await.ok(200);
        assert_eq!(outcomes(&again)[..3], ["known", "known", "claimed"]);
        office.settled().await;
        assert_eq!(office.posted("C0SECURITY", "Night job").len(), 1);
        assert!(office.posted("C0SECURITY", "hunter2").is_empty());

        let page = sam.get("/discoveries?limit=2").await.ok(200);
        assert_eq!((page["total"].as_u64(), page["items"].as_array().unwrap().len()), (Some(3), 2));
        let next = page["next"].as_str().unwrap();
        let rest = sam.get(&format!("/discoveries?after={next}")).await.ok(200);
        assert_eq!(rest["items"].as_array().unwrap().len(), 1);
        let claimed = sam.get("/discoveries?state=claimed&source=aws-iam").await.ok(200);
        assert_eq!(column(&claimed, "name"), ["Deploy Helper"]);
        assert_eq!(claimed["items"][0]["agent"], "deploy-helper");
        let open = sam.get("/discoveries?state=unclaimed").await.ok(200);
        let last = open["items"].as_array().unwrap().iter().find(|of| of["name"] == "Last").unwrap();
        assert_eq!(last["details"], json!({ "created": "2024" }));
        assert_eq!(last["owner"], "dana@acme.example");
    }

    /// Security and the services of the policy, and nobody else.
    async fn who_may_tell_and_read(office) {
        office.dana().has_agent("support-agent", &[]).await;
        let dana = log_in(office.dana()).await;
        let agent = agent_itself(office, &dana, "support-agent").await;
        let body = from("aws-iam", json!([finding("Night job", "arn:1")]));
        for caller in [&dana, &agent] {
            caller.post("/discoveries", &body).await.refuses(403, "not_for_you");
            caller.get("/discoveries").await.refuses(403, "not_for_you");
        }
        let nobody = Caller::nobody(office).await;
        nobody.post("/discoveries", &body).await.refuses(401, "not_logged_in");
        office.settled().await;
        assert!(office.posted("C0SECURITY", "Night job").is_empty());
    }

    /// What is not understood as a whole is refused with its name.
    async fn what_cannot_be_taken_at_all(office) {
        let sam = log_in(office.sam()).await;
        let one = || json!([finding("a", "b")]);
        sam.post("/discoveries", &from("aws-iam", json!([]))).await.refuses(400, "invalid");
        let many: Vec<Value> = (0..1_001).map(|n| finding("a", &n.to_string())).collect();
        sam.post("/discoveries", &from("aws-iam", json!(many))).await.refuses(400, "invalid");
        let odd = json!({ "source": "aws-iam", "items": one(), "colour": "red" });
        let problem = sam.post("/discoveries", &odd).await.refuses(400, "malformed");
        assert!(problem["detail"].as_str().unwrap().contains("colour"), "{problem}");
        for source in ["slack", "AWS IAM!", ""] {
            let taken = sam.post("/discoveries", &from(source, one())).await.ok(200);
            assert_eq!(outcomes(&taken), ["invalid"], "{source}");
        }
        for query in ["state=lost", "after=x", "limit=0", "colour=red"] {
            assert_eq!(sam.get(&format!("/discoveries?{query}")).await.status, 400, "{query}");
        }
        sam.get("/discoveries?source=%00").await.ok(200);
    }
}

/// A service of the policy sends a thousand at once: one message, and the log says who.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_tells_a_thousand() {
    let starter = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy");
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["policy.toml", "rules.cedar", "schema.cedarschema"] {
        let mut text = std::fs::read_to_string(starter.join(name)).expect("the starter policy");
        if name == "policy.toml" {
            let hash = hex::encode(Sha256::digest(TOKEN));
            text = text.replace("slack        = true", "slack        = false");
            text.push_str(&format!("\n[services.inventory]\nbearer_sha256 = \"{hash}\"\n"));
        }
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let mut setup = Setup::on(Engine::Sqlite);
    setup.policy = Some(folder.path().to_owned());
    let office = Office::set_up(setup).await;
    let inventory = Caller::with(&office, TOKEN).await;
    let many: Vec<Value> =
        (0..1_000).map(|n| finding(&format!("Job {n}"), &format!("arn:{n}"))).collect();
    let taken = inventory.post("/discoveries", &from("aws-iam", json!(many))).await.ok(200);
    assert!(outcomes(&taken).iter().all(|outcome| outcome == "new"));
    office.settled().await;
    assert_eq!(office.posted("C0SECURITY", "1000 new things").len(), 1);
    let page = inventory.get("/discoveries?state=unclaimed&limit=200").await.ok(200);
    assert_eq!(page["total"], 1_000);
    office.close().await;
}

/// The service's token.
const TOKEN: &str = "a-token-that-only-this-story-knows-0123456789";
