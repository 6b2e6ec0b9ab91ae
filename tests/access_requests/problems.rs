//! Every way in which a request is not taken, each by its type and status.

use axum::http::{Method, StatusCode};
use countersign::identity::{Kind, Signer, claims_of};
use serde_json::{Value, json};

use super::signer::{TestSigner, decode};
use super::world::{REQUESTS, asks, cancels, denial, question, refused, submission};
use crate::programs;

type Change = (&'static str, fn(&mut Value));

programs! {
    /// A request that differs from its refusal is not tied to it, by token or by record.
    async fn a_request_must_be_that_of_its_refusal(world) {
        let agent = world.agent("support-agent-v2").await;
        world.agent("other-agent").await;
        let changes: [Change; 10] = [
            ("the resource's id", |b| b["resource"]["id"] = json!("people")),
            ("its type", |b| b["resource"]["type"] = json!("tickets")),
            ("its properties", |b| b["resource"]["properties"] = json!({ "rows": 1 })),
            ("the action", |b| b["action"]["name"] = json!("write")),
            ("its properties", |b| b["action"]["properties"] = json!({ "soft": true })),
            ("the subject's dress", |b| b["subject"]["properties"] = json!({ "tier": 1 })),
            ("the context", |b| b["context"]["conversation"] = json!({ "id": "c-2" })),
            ("a lost context", |b| { b["context"].as_object_mut().expect("an object").remove("conversation"); }),
            ("a null context", |b| b["context"]["conversation"] = Value::Null),
            ("no context", |b| b["context"] = json!({ "justification": "why" })),
        ];
        let whole = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        for (what, change) in changes {
            eprintln!("{what}");
            for without in ["evaluation_id", "binding_token"] {
                let mut body = whole.clone();
                body["denial"].as_object_mut().expect("an object").remove(without);
                change(&mut body);
                let answer = agent.posts(REQUESTS, &body).await;
                answer.is_profile_problem("invalid_denial_binding", 400);
            }
        }
        // What is not bound may differ: the time, the reason, what the agent says of itself.
        let mut body = whole.clone();
        body["context"]["time"] = json!("2026-11-30T00:09:00Z");
        body["context"]["agent"] = json!({ "model_version": "6" });
        asks(&agent, &body).await;
    }

    /// What is missing, altered, or made by others is no tie.
    async fn a_tie_must_be_ours_and_whole(world) {
        let agent = world.agent("support-agent-v2").await;
        let whole = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        let other = refused(world, &agent, &question("support-agent-v2", "read", "people")).await;
        let token = whole["denial"]["binding_token"].as_str().expect("a token").to_owned();
        let (signed, _) = token.rsplit_once('.').expect("a token");
        let claims = decode(signed.split('.').nth(1).expect("claims")).expect("claims");
        let by = |kind: Kind, secret: &'static [u8], change: fn(&mut Value)| {
            let mut claims = claims.clone();
            change(&mut claims);
            let signer = TestSigner { secret, ..world.signer() };
            json!(signer.sign(kind, &claims_of(&claims).expect("an object")))
        };
        let no_change: fn(&mut Value) = |_| {};
        let wrong: Vec<(&str, Value)> = vec![
            ("another key", by(Kind::Binding, b"of a stranger", no_change)),
            ("another purpose", by(Kind::Approval, b"of the test", no_change)),
            ("another purpose", by(Kind::Link, b"of the test", no_change)),
            ("another audience", by(Kind::Binding, b"of the test", |c| c["aud"] = json!("https://evil.example"))),
            ("no audience", by(Kind::Binding, b"of the test", |c| { c.as_object_mut().expect("claims").remove("aud"); })),
            ("not whole", by(Kind::Binding, b"of the test", |c| { c.as_object_mut().expect("claims").remove("subject"); })),
            ("for another resource", other["denial"]["binding_token"].clone()),
            ("no signature", json!(format!("{signed}."))),
            ("no token", json!("")),
            ("no text", json!(7)),
        ];
        for (what, token) in wrong {
            eprintln!("{what}");
            let mut body = whole.clone();
            body["denial"]["binding_token"] = token;
            let answer = agent.posts(REQUESTS, &body).await;
            answer.is_profile_problem("invalid_denial_binding", 400);
        }
        let changes: [Change; 8] = [
            ("no denial", |b| { b.as_object_mut().expect("a body").remove("denial"); }),
            ("neither tie", |b| b["denial"] = json!({ "expires_at": b["denial"]["expires_at"] })),
            ("no end", |b| { b["denial"].as_object_mut().expect("a denial").remove("expires_at"); }),
            ("another end", |b| b["denial"]["expires_at"] = json!("2030-01-01T00:00:00Z")),
            ("no moment", |b| b["denial"]["expires_at"] = json!("soon")),
            ("another evaluation", |b| b["denial"]["evaluation_id"] = json!("eval_01HX4Y2P8BQ4Y3F0V0K9D6Z7M1")),
            ("an unknown evaluation", |b| {
                b["denial"]["evaluation_id"] = json!("eval_01HX4Y2P8BQ4Y3F0V0K9D6Z7M1");
                b["denial"].as_object_mut().expect("a denial").remove("binding_token");
            }),
            ("no evaluation", |b| {
                b["denial"]["evaluation_id"] = json!("x");
                b["denial"].as_object_mut().expect("a denial").remove("binding_token");
            }),
        ];
        for (what, change) in changes {
            eprintln!("{what}");
            let mut body = whole.clone();
            change(&mut body);
            let answer = agent.posts(REQUESTS, &body).await;
            answer.is_profile_problem("invalid_denial_binding", 400);
        }
    }

    /// After ten minutes a refusal is not answered, whatever the program echoes.
    async fn a_refusal_is_answered_in_time(world) {
        let agent = world.agent("support-agent-v2").await;
        let asked = question("support-agent-v2", "read", "orders");
        let body = refused(world, &agent, &asked).await;
        world.office.advance("10m").await;
        agent.posts(REQUESTS, &body).await.is_profile_problem("expired_denial", 410);
        let mut by_record = body.clone();
        by_record["denial"].as_object_mut().expect("a denial").remove("binding_token");
        by_record["denial"]["expires_at"] = json!(world.in_hours(1));
        agent.posts(REQUESTS, &by_record).await.is_profile_problem("expired_denial", 410);
    }

    /// Only a no that can be asked for is asked for.
    async fn what_cannot_be_requested(world) {
        let agent = world.agent("support-agent-v2").await;
        let crm = world.service("crm").await;
        let by_record = |asked: &Value, answer: &super::client::Answer| {
            let mut body = submission(asked, answer, &world.in_hours(4));
            body["denial"] = json!({
                "evaluation_id": denial(answer)["evaluation_id"],
                "expires_at": world.in_hours(1),
            });
            body
        };
        // Nothing of the policy's.
        let asked = question("support-agent-v2", "fly", "orders");
        let answer = agent.posts("/access/v1/evaluation", &asked).await;
        assert!(answer.body["context"].get("access_request").is_none(), "{answer:?}");
        agent.posts(REQUESTS, &by_record(&asked, &answer)).await.is_profile_problem("not_requestable", 400);
        // Nobody of ours.
        let asked = question("nobody", "read", "orders");
        let answer = crm.posts("/access/v1/evaluation", &asked).await;
        assert!(answer.body["context"].get("access_request").is_none(), "{answer:?}");
        crm.posts(REQUESTS, &by_record(&asked, &answer)).await.is_profile_problem("not_requestable", 400);
        let mut person = question("support-agent-v2", "read", "orders");
        person["subject"]["type"] = json!("user");
        let answer = crm.posts("/access/v1/evaluation", &person).await;
        crm.posts(REQUESTS, &by_record(&person, &answer)).await.is_profile_problem("not_requestable", 400);
        // What was allowed.
        world.office.dana().gets("support-agent-v2", "tickets:read", "4h").await;
        let mut asked = question("support-agent-v2", "read", "t-1");
        asked["resource"]["type"] = json!("tickets");
        let answer = agent.posts("/access/v1/evaluation", &asked).await;
        assert_eq!(answer.body["decision"], true);
        agent.posts(REQUESTS, &by_record(&asked, &answer)).await.is_profile_problem("not_requestable", 400);
        // An agent that was stopped in between.
        let body = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        world.office.dana().types("/agent stop support-agent-v2 because it talks too much").await;
        agent.posts(REQUESTS, &body).await.is_profile_problem("not_requestable", 400);
    }

    /// A body that is no request.
    async fn what_cannot_be_read(world) {
        let agent = world.agent("support-agent-v2").await;
        let whole = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        let json = [("content-type", "application/json")];
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        for (headers, text) in [
            (&json[..], ""), (&json[..], "{"), (&json[..], "[]"), (&json[..], "null"), (&json[..], &deep),
            (&[("content-type", "text/plain")][..], &whole.to_string()), (&[][..], &whole.to_string()),
        ] {
            let answer = agent.sends(Method::POST, REQUESTS, headers, text.to_owned()).await;
            answer.is_our_problem("malformed", 400);
        }
        let changes: [Change; 14] = [
            ("no subject", |b| { b.as_object_mut().expect("a body").remove("subject"); }),
            ("half a subject", |b| b["subject"] = json!({ "type": "agent" })),
            ("no resource", |b| { b.as_object_mut().expect("a body").remove("resource"); }),
            ("no action", |b| { b.as_object_mut().expect("a body").remove("action"); }),
            ("a text for an action", |b| b["action"] = json!("read")),
            ("both", |b| b["items"] = json!([{ "resource": b["resource"], "action": b["action"] }])),
            ("no items", |b| *b = json!({ "subject": b["subject"], "items": [], "denial": b["denial"] })),
            ("1,000 items", |b| {
                let item = json!({ "resource": b["resource"], "action": b["action"] });
                let items: Vec<Value> = std::iter::repeat_n(item, 1_000).collect();
                *b = json!({ "subject": b["subject"], "items": items, "denial": b["denial"] });
            }),
            ("no why", |b| { b["context"].as_object_mut().expect("a context").remove("business_justification"); }),
            ("an empty why", |b| b["context"]["business_justification"] = json!(" \u{200b} ")),
            ("no moment", |b| b["requested_access"]["requested_until"] = json!("tomorrow")),
            ("the past", |b| b["requested_access"]["requested_until"] = json!("2020-01-01T00:00:00Z")),
            ("no flag", |b| b["requested_access"]["emergency"] = json!("yes")),
            ("a client that is none", |b| b["client"] = json!("me")),
        ];
        for (what, change) in changes {
            eprintln!("{what}");
            let mut body = whole.clone();
            change(&mut body);
            let answer = agent.posts(REQUESTS, &body).await;
            answer.is_our_problem("malformed", 400);
        }
        let mut large = whole.clone();
        large["context"]["more"] = json!("x".repeat(1_000_000));
        agent.posts(REQUESTS, &large).await.is_our_problem("too_large", 413);
        agent.posts_once(REQUESTS, "", &whole).await.is_our_problem("malformed", 400);
        // Nothing of all this was asked.
        let open = world.office.log().await;
        assert!(!format!("{open:?}").contains("ask: \"grant\""));
    }

    /// Who asks must be known, and may ask for itself alone.
    async fn who_may_ask_and_who_may_follow(world) {
        let agent = world.agent("support-agent-v2").await;
        let other = world.agent("other-agent").await;
        let (crm, mail) = (world.service("crm").await, world.service("mail").await);
        let mut nobody = agent.clone();
        nobody.token = "unknown".to_owned();
        let body = refused(world, &agent, &question("support-agent-v2", "read", "orders")).await;
        let answer = nobody.posts(REQUESTS, &body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        other.posts(REQUESTS, &body).await.is_our_problem("forbidden", 403);
        for actor in [
            json!({ "id": "other-agent" }),
            json!({ "id": "support-agent-v2", "issuer": "https://evil.example" }),
            json!({ "id": "support-agent-v2", "issuer": 7 }),
            json!({ "id": "support-agent-v2", "act": { "sub": "boss", "iss": "https://evil.example" } }),
            json!({}),
        ] {
            let mut body = body.clone();
            body["client"] = json!({ "actor": actor });
            crm.posts(REQUESTS, &body).await.is_our_problem("forbidden", 403);
        }
        let at = asks(&crm, &body).await;
        for (program, sees) in [(&crm, true), (&agent, true), (&other, false), (&mail, false)] {
            let read = program.gets(&at).await;
            if sees {
                assert_eq!(read.status, StatusCode::OK, "{read:?}");
            } else {
                read.is_profile_problem("unknown_task", 404);
                cancels(program, &at).await.is_profile_problem("unknown_task", 404);
            }
        }
        assert_eq!(nobody.gets(&at).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(cancels(&nobody, &at).await.status, StatusCode::UNAUTHORIZED);
        for unknown in ["x", "tsk_01HX4Y2P8BQ4Y3F0V0K9D6Z7M1"] {
            let at = format!("{REQUESTS}/{unknown}");
            agent.gets(&at).await.is_profile_problem("unknown_task", 404);
            cancels(&agent, &at).await.is_profile_problem("unknown_task", 404);
        }
        // The agent may take back what was asked in its name; a second time there is nothing.
        let why = [("content-type", "application/json")];
        let gone = json!({ "reason": "not_needed", "comment": "found another way" });
        let answer = agent.sends(Method::DELETE, &format!("{at}/cancel"), &why, gone.to_string()).await;
        assert_eq!(answer.body["task"]["status"], "cancelled", "{answer:?}");
        cancels(&crm, &at).await.is_profile_problem("invalid_task_state", 409);
        assert_eq!(agent.sends(Method::PUT, &at, &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
        // After its time it is over, and a while later forgotten.
        world.office.advance("8d").await;
        crm.gets(&at).await.is_profile_problem("task_expired", 410);
        cancels(&crm, &at).await.is_profile_problem("task_expired", 410);
        world.office.advance("31d").await;
        world.office.service().await.forget_old_keys().await.expect("housekeeping");
        crm.gets(&at).await.is_profile_problem("unknown_task", 404);
    }
}
