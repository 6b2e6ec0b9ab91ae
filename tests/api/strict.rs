//! What is not understood is refused with its name.

use serde_json::json;

use super::client::log_in;

on_both! {
    async fn unknown_members_are_named(office) {
        let dana = log_in(office.dana()).await;
        for (path, name) in [
            ("/agents?colour=red", "colour"),
            ("/agents?limit=5&limit=6", "limit"),
            ("/agents?limit=0", "limit"),
            ("/agents?limit=201", "limit"),
            ("/agents?limit=many", "limit"),
            ("/requests?after=x", "after"),
            ("/grants?state=old", "old"),
            ("/requests/R-1?wait=26", "wait"),
            ("/catalogue?x=1", "x"),
        ] {
            let problem = dana.get(path).await;
            assert_eq!(problem.status, 400, "{path}: {problem:?}");
            assert!(problem.body["detail"].to_string().contains(name), "{path}: {}", problem.body);
        }
        let body = json!({ "name": "a-b", "purpose": "p", "colour": "red" });
        let problem = dana.post("/agents", &body).await.refuses(400, "malformed");
        assert!(problem["detail"].as_str().unwrap().contains("`colour`"), "{problem}");
        let mut answers = json!({ "name": "a-b", "purpose": "p", "answers": { "wrties": true } });
        dana.post("/agents", &answers).await.refuses(400, "malformed");
        answers["answers"] = json!([]);
        dana.post("/agents", &answers).await.refuses(400, "malformed");
    }

    async fn bodies_are_json_objects_of_a_size(office) {
        let dana = log_in(office.dana()).await;
        let json = [("content-type", "application/json")];
        for (headers, body) in [
            (&json[..], "[]"),
            (&json[..], "null"),
            (&json[..], ""),
            (&json[..], "{"),
            (&json[..], "\u{0}"),
            (&[("content-type", "text/plain")][..], "{}"),
            (&[][..], "{}"),
        ] {
            let answer = dana.send("POST", "/api/v1/agents", headers, body.to_owned()).await;
            answer.refuses(400, "malformed");
        }
        let large = format!("{{\"name\":\"{}\"}}", "x".repeat(2 << 20));
        dana.send("POST", "/api/v1/agents", &json, large).await.refuses(413, "too_large");
        let deep = format!("{{\"claims\":{}}}", "[".repeat(100));
        dana.send("POST", "/api/v1/agents", &json, deep).await.refuses(400, "malformed");
    }

    async fn odd_paths_and_methods(office) {
        let dana = log_in(office.dana()).await;
        dana.get("/nothing").await.refuses(404, "unknown_path");
        dana.get("/agents/%00").await.refuses(404, "unknown_agent");
        dana.get("/agents/%FF").await.refuses(400, "malformed");
        dana.get(&format!("/agents/{}", "x".repeat(3_000))).await.refuses(404, "unknown_agent");
        dana.get("/agents?owner=%00&team=%00&state=%00&after=%00").await.ok(200);
        dana.get("/requests?agent=%00").await.refuses(404, "unknown_agent");
        dana.get("/requests/%00").await.refuses(404, "unknown_reference");
        dana.get("/evaluations/%00").await.refuses(404, "unknown_evaluation");
        let answer = dana.send("DELETE", "/api/v1/agents/support-agent", &[], "").await;
        assert!(answer.header("allow").contains("GET"), "{answer:?}");
        answer.refuses(405, "method_not_allowed");
        // A header that stands there twice is nobody's.
        let twice = [("authorization", "Bearer x")];
        dana.send("GET", "/api/v1/me", &twice, "").await.refuses(401, "invalid_token");
    }
}
