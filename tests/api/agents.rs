//! Agents: registered, listed, shown, stopped.

use countersign::domain::time::{Span, Timestamp};
use countersign::sandbox::model::PersonKind;
use serde_json::json;

use super::client::{Caller, Key, agent_itself, column, log_in, registration, text};

on_both! {
    /// From the preview to an agent at work, by HTTP alone on the asker's side.
    async fn an_agent_is_registered(office) {
        let dana = log_in(office.dana()).await;
        let me = dana.get("/me").await.ok(200);
        assert_eq!(me["kind"], "person");
        assert_eq!(me["person"]["id"], "T0ACME/U0DANA");
        assert!(text(&me["person"]["name"]).to_lowercase().contains("dana"), "{me}");
        assert_eq!((&me["standing"], &me["device"]), (&json!("member"), &json!("a laptop")));

        let mut body = registration("support-agent");
        body["answers"] = json!({ "writes": true });
        let preview = dana.post("/agents/preview", &body).await.ok(200);
        assert_eq!(preview["route"]["tier"], 2);
        assert_eq!(preview["route"]["needs"], json!(["security", "team-lead"]));
        assert_eq!(preview["reasons"], json!(["writes inside the company"]));
        assert_eq!(dana.get("/agents").await.ok(200)["total"], 0, "a preview does nothing");

        let answer = dana.post("/agents", &body).await;
        assert_eq!(answer.header("location"), "/api/v1/agents/support-agent");
        let registered = answer.ok(202);
        assert_eq!(registered["agent"]["state"], "pending");
        let request = &registered["request"];
        assert_eq!((&request["kind"], &request["state"]), (&json!("registration"), &json!("open")));
        let leads = &request["needs"][1];
        assert_eq!(leads["role"], "team-lead");
        let awaited = leads["awaited"].to_string();
        assert!(awaited.contains("T0ACME/U0THEO") && awaited.contains("T0ACME/U0TINA"), "{awaited}");
        assert!(!awaited.contains("U0DANA"), "{awaited}");
        let reference = text(&request["reference"]);

        let theo = log_in(office.theo()).await;
        assert_eq!(theo.get("/me").await.ok(200)["waiting_for_you"], 1);
        office.theo().approves(&reference).await;
        let request = dana.get(&format!("/requests/{reference}")).await.ok(200);
        assert_eq!(request["needs"][1]["given_by"]["id"], "T0ACME/U0THEO");
        assert!(request["needs"][1].get("awaited").is_none());
        office.sam().approves(&reference).await;
        let request = dana.get(&format!("/requests/{reference}")).await.ok(200);
        assert_eq!(request["state"], "approved");
        assert!(request["outcome"]["at"].is_string(), "{request}");

        let agent = dana.get("/agents/support-agent").await.ok(200);
        assert_eq!((&agent["state"], &agent["tier"]), (&json!("active"), &json!(2)));
        assert_eq!(agent["systems"], json!(["tickets", "database"]));
        assert_eq!(agent["owner"]["id"], "T0ACME/U0DANA");
        assert_eq!(agent["open"], json!([]));
        assert!(agent["certified_until"].is_string());
        let history: Vec<&str> =
            agent["history"].as_array().unwrap().iter().map(|h| h["what"].as_str().unwrap()).collect();
        assert!(history.contains(&"request_opened") && history.contains(&"agent_activated"), "{history:?}");
        let by_id = dana.get(&format!("/agents/{}", text(&agent["id"]))).await.ok(200);
        assert_eq!(by_id["name"], "support-agent");
        assert_eq!(dana.get("/me").await.ok(200)["agents"], json!(["support-agent"]));
    }

    /// The key comes along with the registration: one yes is for both, and the agent is at work.
    async fn an_agent_comes_with_its_key(office) {
        let dana = log_in(office.dana()).await;
        let key = Key::make();
        let mut body = registration("support-agent");
        body["answers"] = json!({ "writes": true });
        body["credential"] = json!({ "name": "laptop", "public_key": "no key", "for": "soon" });
        let wrong = dana.post("/agents", &body).await.refuses(400, "invalid");
        let fields: Vec<_> = wrong["fields"].as_array().unwrap().iter().map(|f| text(&f["field"])).collect();
        assert_eq!(fields, ["credential.public_key", "credential.for"]);
        body["credential"] = json!({ "name": "laptop", "public_key": key.jwk(), "for": "30d" });
        let registered = dana.post("/agents", &body).await.ok(202);
        let reference = text(&registered["request"]["reference"]);
        let card = office.theo().card(&reference).await.words();
        for words in ["asks to be registered", "laptop", "Ed25519 key, for 30 days", "Fingerprint"] {
            assert!(card.contains(words), "no {words} in {card}");
        }
        office.everybody_approves(&reference).await;
        let read = office.dana().reads("is registered and at work").await.words();
        assert!(read.contains("“laptop”") && read.contains("30 days"), "{read}");
        let agent = key.token(office, "support-agent").await;
        assert_eq!(agent.get("/me").await.ok(200)["kind"], "agent");
        // One key is one agent's.
        let mut other = registration("other-agent");
        other["credential"] = body["credential"].clone();
        let wrong = dana.post("/agents", &other).await.refuses(400, "invalid");
        assert!(wrong.to_string().contains("another agent proves itself by it"), "{wrong}");
    }

    /// Everything that is wrong is said at once; a name that is taken is another thing.
    async fn what_is_wrong_is_named(office) {
        let dana = log_in(office.dana()).await;
        let wrong = json!({ "name": "Support Agent", "purpose": " ", "team": "nobody", "owner": "U0GUS" });
        let problem = dana.post("/agents", &wrong).await.refuses(400, "invalid");
        let fields: Vec<_> = problem["fields"].as_array().unwrap().iter().map(|f| text(&f["field"])).collect();
        assert_eq!(fields, ["name", "purpose", "systems", "runs_on", "model", "team", "owner"]);
        assert!(problem["detail"].as_str().unwrap().contains("support-agent"), "{problem}");
        let nobody = json!({ "name": "x-agent", "purpose": "p", "owner": "nobody@example.com" });
        assert!(dana.post("/agents", &nobody).await.refuses(400, "invalid").to_string().contains("owner"));
        office.omar().registers("support-agent", &[]).await;
        let problem =
            dana.post("/agents", &registration("support-agent")).await.refuses(409, "name_taken");
        assert!(problem["detail"].as_str().unwrap().to_lowercase().contains("omar"), "{problem}");
    }

    /// The same call sent twice registers once, and gets the same answer.
    async fn a_lost_answer_is_asked_for_again(office) {
        let dana = log_in(office.dana()).await;
        let body = registration("support-agent");
        let first = dana.post_named("/agents", &body, "k-1").await.ok(202);
        let again = dana.post_named("/agents", &body, "k-1").await.ok(202);
        assert_eq!(first["request"]["reference"], again["request"]["reference"]);
        dana.post_named("/agents", &body, "k-2").await.refuses(409, "name_taken");
        // The same word of somebody else is another call.
        let omar = log_in(office.omar()).await;
        omar.post_named("/agents", &body, "k-1").await.refuses(409, "name_taken");
        let stop = json!({});
        dana.post_named("/agents/support-agent/stop", &stop, "k-1").await.refuses(409, "not_active");
        dana.post_named("/agents", &body, "two words").await.refuses(400, "malformed");
    }

    /// Another owner must be a member, and is named by id or by address.
    async fn somebody_else_answers_for_it(office) {
        let dana = log_in(office.dana()).await;
        let mut body = registration("support-agent");
        body["owner"] = json!("U0OMAR");
        let registered = dana.post("/agents", &body).await.ok(202);
        assert_eq!(registered["request"]["awaits_owner"]["id"], "T0ACME/U0OMAR");
        assert_eq!(registered["agent"]["owner"]["id"], "T0ACME/U0OMAR");
        let reference = text(&registered["request"]["reference"]);
        office.omar().accepts(&reference).await;
        let request = dana.get(&format!("/requests/{reference}")).await.ok(200);
        assert!(request.get("awaits_owner").is_none(), "{request}");
    }

    /// Lists come in pages, filtered.
    async fn lists_come_in_pages(office) {
        for name in ["agent-a", "agent-b", "agent-c"] {
            office.dana().registers(name, &[]).await;
        }
        office.omar().registers("agent-d", &[]).await;
        let dana = log_in(office.dana()).await;
        let first = dana.get("/agents?limit=3").await.ok(200);
        assert_eq!((&first["total"], &first["next"]), (&json!(4), &json!("agent-c")));
        assert_eq!(column(&first, "name"), ["agent-a", "agent-b", "agent-c"]);
        let rest = dana.get("/agents?limit=3&after=agent-c").await.ok(200);
        assert_eq!((column(&rest, "name"), rest.get("next")), (vec!["agent-d".to_owned()], None));
        assert_eq!(dana.get("/agents?owner=me").await.ok(200)["total"], 3);
        assert_eq!(dana.get("/agents?owner=U0OMAR&state=pending").await.ok(200)["total"], 1);
        assert_eq!(dana.get("/agents?state=active").await.ok(200)["total"], 0);
        assert_eq!(dana.get("/agents?team=data").await.ok(200)["total"], 0);
        let requests = dana.get("/requests?asked_by=me&state=open&limit=2").await.ok(200);
        assert_eq!(requests["total"], 3);
        let next = text(&requests["next"]);
        let rest = dana.get(&format!("/requests?asked_by=me&after={next}")).await.ok(200);
        assert_eq!(rest["items"].as_array().unwrap().len(), 1);
        assert_eq!(dana.get("/requests?agent=agent-d").await.ok(200)["total"], 1);
        dana.get("/requests?agent=nobody").await.refuses(404, "unknown_agent");
    }

    /// Why an agent is suspended, and that nobody answers for it, each with who can change that.
    async fn what_is_wrong_with_an_agent(office) {
        office.dana().has_agent("support-agent", &[]).await;
        office.omar().has_agent("orphan", &[]).await;
        let dana = log_in(office.dana()).await;
        let well = dana.get("/agents/support-agent").await.ok(200);
        assert!(well.get("suspended").is_none() && well.get("ownerless").is_none(), "{well:#}");
        office.sam().types("/agent stop support-agent because it loops").await;
        let user = "U0OMAR";
        office.workspace().set_person_kind(user, PersonKind::Deactivated).expect("a person");
        office.until_so("nobody answers for it", || async {
            office.agent("orphan").await.orphaned.is_some()
        })
        .await;

        let listed = dana.get("/agents").await.ok(200);
        let (orphan, stopped) = (&listed["items"][0], &listed["items"][1]);
        assert_eq!((&orphan["name"], &orphan["state"]), (&json!("orphan"), &json!("active")));
        let ownerless = &orphan["ownerless"];
        assert!(text(&ownerless["undone_by"]).contains("/agent take orphan"), "{ownerless}");
        let [since, suspended, retired] = ["since", "suspended_at", "retired_at"]
            .map(|moment| text(&ownerless[moment]).parse::<Timestamp>().expect("a moment"));
        assert_eq!((suspended - since, retired - suspended), (Span::days(30).delta(), Span::days(60).delta()));
        assert!(orphan.get("suspended").is_none(), "{orphan}");
        let why = &stopped["suspended"];
        assert_eq!((&why["cause"], &why["reason"]), (&json!("stopped"), &json!("it loops")));
        assert_eq!(why["by"]["id"], "T0ACME/U0SAM");
        assert!(text(&why["undone_by"]).contains("/agent reinstate support-agent"), "{why}");
        let shown = dana.get("/agents/support-agent").await.ok(200);
        assert_eq!(&shown["suspended"], why);

        office.advance("30d").await;
        let dana = log_in(office.dana()).await;
        let shown = dana.get("/agents/orphan").await.ok(200);
        let why = &shown["suspended"];
        assert_eq!((&why["cause"], why.get("by")), (&json!("ownerless"), None));
        assert_eq!(why["undone_by"], shown["ownerless"]["undone_by"]);
        let registry = dana.get("/registry").await.ok(200);
        assert_eq!(registry["agents"][0]["suspended"]["cause"], "ownerless");
    }

    /// Its owner stops an agent, and everything that it had ends.
    async fn an_agent_is_stopped(office) {
        office.dana().has_agent("support-agent", &["writes"]).await;
        let granted = office.dana().gets("support-agent", "database:write", "1h").await;
        let open = office.dana().puts("support-agent", "tickets:comment", "1h").await;
        let omar = log_in(office.omar()).await;
        let order = json!({ "reason": "it mails everybody" });
        omar.post("/agents/support-agent/stop", &order).await.refuses(403, "may_not_stop");
        let dana = log_in(office.dana()).await;
        let stopped = dana.post("/agents/support-agent/stop", &order).await.ok(200);
        assert_eq!(stopped["agent"]["state"], "suspended");
        assert_eq!(stopped["grants"][0]["reference"], json!(granted));
        assert_eq!(stopped["grants"][0]["state"], "revoked");
        assert_eq!(stopped["requests"], json!([open]));
        let problem = dana.post("/agents/support-agent/stop", &order).await.refuses(409, "not_active");
        assert!(problem["detail"].as_str().unwrap().contains("it mails everybody"), "{problem}");
        let asked = json!({ "access": "tickets:read", "justification": "x" });
        dana.post("/agents/support-agent/requests", &asked).await.refuses(409, "not_active");
    }

    /// Security sees how all reviews stand, in pages; nobody else does.
    async fn reviews_are_listed_for_security(office) {
        for name in ["agent-a", "agent-b"] {
            office.dana().has_agent(name, &[]).await;
        }
        let sam = log_in(office.sam()).await;
        let first = sam.get("/certifications?limit=1").await.ok(200);
        assert_eq!((&first["total"], &first["next"]), (&json!(2), &json!("agent-a")));
        assert_eq!(column(&first, "standing"), ["certified"]);
        // Asked at its time; a question that comes late would give as much time.
        office.advance("76d").await;
        office.advance("14d").await;
        let sam = log_in(office.sam()).await;
        let rest = sam.get("/certifications?after=agent-a").await.ok(200);
        assert_eq!((column(&rest, "agent"), column(&rest, "standing")), (vec!["agent-b".to_owned()], vec!["late".to_owned()]));
        let line = &rest["items"][0];
        assert_eq!(line["owner"]["id"], "T0ACME/U0DANA");
        assert!(line["suspends_at"].is_string() && line.get("certified_at").is_none(), "{line}");
        // By where they stand and by team; pages go on among the chosen.
        office.omar().has_agent("agent-c", &[]).await;
        let late = sam.get("/certifications?standing=late&limit=1").await.ok(200);
        assert_eq!((&late["total"], &late["next"]), (&json!(2), &json!("agent-a")));
        let late = sam.get("/certifications?standing=late&team=support&after=agent-a").await.ok(200);
        assert_eq!((column(&late, "agent"), &late["total"]), (vec!["agent-b".to_owned()], &json!(2)));
        let certified = sam.get("/certifications?standing=certified").await.ok(200);
        assert_eq!(column(&certified, "agent"), ["agent-c"]);
        for none in ["standing=stopped", "team=nobody", "standing=late&team=data"] {
            assert_eq!(sam.get(&format!("/certifications?{none}")).await.ok(200)["total"], 0, "{none}");
        }
        let wrong = sam.get("/certifications?standing=sleepy").await.refuses(400, "malformed");
        assert!(wrong["detail"].as_str().unwrap().contains("certified"), "{wrong}");
        let dana = log_in(office.dana()).await;
        dana.get("/certifications").await.refuses(403, "not_security");
        office.advance("7d").await;
        let dana = log_in(office.dana()).await;
        let asked = json!({ "access": "tickets:read", "justification": "x" });
        let problem = dana.post("/agents/agent-a/requests", &asked).await.refuses(409, "not_active");
        assert!(problem["next"].to_string().contains("/agent certify agent-a"), "{problem}");
    }

    /// What an agent proves itself by is asked for, and seen by few.
    async fn credentials_are_asked_for(office) {
        office.dana().has_agent("support-agent", &[]).await;
        let dana = log_in(office.dana()).await;
        agent_itself(office, &dana, "support-agent").await;
        let page = dana.get("/agents/support-agent/credentials").await.ok(200);
        assert_eq!((column(&page, "name"), column(&page, "state")), (vec!["laptop".to_owned()], vec!["live".to_owned()]));
        let omar = log_in(office.omar()).await;
        omar.get("/agents/support-agent/credentials").await.refuses(403, "may_not_see_credentials");
        let private = json!({ "name": "x", "public_key": "-----BEGIN PRIVATE KEY-----\nsecret\n", "justification": "y" });
        let problem = dana.post("/agents/support-agent/credentials", &private).await.refuses(400, "invalid");
        assert!(!problem.to_string().contains("secret"), "{problem}");
        let neither = json!({ "name": "x", "justification": "y" });
        dana.post("/agents/support-agent/credentials", &neither).await.refuses(400, "invalid");
        let unknown = json!({ "name": "x", "issuer": "nobody", "claims": { "sub": "a" }, "justification": "y" });
        dana.post("/agents/support-agent/credentials", &unknown).await.refuses(400, "invalid");
    }

    /// What there is to ask for, and which server this is.
    async fn the_catalogue_and_the_server(office) {
        let nobody = Caller::nobody(office).await;
        let about = nobody.get("/about").await.ok(200);
        assert_eq!((&about["product"], &about["api_version"]), (&json!("countersign"), &json!(1)));
        assert_eq!(about["address"], json!(nobody.address));
        let dana = log_in(office.dana()).await;
        let catalogue = dana.get("/catalogue").await.ok(200);
        assert_eq!(catalogue["teams"], json!(["data", "support"]));
        let database = catalogue["resources"].as_array().unwrap().iter().find(|r| r["name"] == "database").unwrap();
        assert_eq!(database["actions"][1]["name"], "write");
        assert_eq!(database["actions"][1]["tier"], 2);
        assert!(text(&database["actions"][1]["opens"]).contains("changing"), "{database}");
        assert_eq!(catalogue["tiers"][2]["longest_grant"], json!({ "text": "4h", "seconds": 14_400 }));
    }
}
