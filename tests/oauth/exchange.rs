//! A token for a token: in a person's name, by one agent after another.

use countersign::domain::agent::Cause;
use serde_json::{Value, json};

use crate::http::Answer;
use crate::site::{ACCESS_TOKEN, EXCHANGE, ID_TOKEN, JWT_BEARER, Keyed, Site};
use crate::stories;
use crate::tools::read;

/// A person's token, as an identity provider gives it.
fn dana(site: &Site, more: &Value) -> String {
    let mut claims = json!({
        "sub": "00u1dana", "https://slack.com/user_id": "U0DANA", "https://slack.com/team_id": "T0ACME",
    });
    for (name, value) in crate::tools::object(more) {
        claims[name] = value;
    }
    site.outside(&site.people, &claims)
}

async fn exchange(site: &Site, subject: &str, kind: &str, actor: Option<&str>) -> Answer {
    let mut pairs =
        vec![("grant_type", EXCHANGE), ("subject_token", subject), ("subject_token_type", kind)];
    if let Some(actor) = actor {
        pairs.extend([("actor_token", actor), ("actor_token_type", ACCESS_TOKEN)]);
    }
    site.token(&pairs).await
}

/// The names in a chain of actors, the latest first.
fn chain(token: &str) -> Vec<String> {
    let claims = read(token);
    let (mut names, mut next) = (Vec::new(), &claims["act"]);
    while next.is_object() {
        assert_eq!((&next["iss"], &next["sub_profile"]), (&claims["iss"], &json!("ai_agent")));
        names.push(next["sub"].as_str().unwrap().to_owned());
        next = &next["act"];
    }
    names
}

async fn own(site: &Site, keyed: &Keyed) -> String {
    keyed.ask(site, &[]).await.token()
}

stories! {
    /// An agent acts for a person: the token says both, and ends with either.
    async fn on_behalf_of_a_person(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let grant = site.grant(&keyed.agent, "database:read", "30m").await;
        let actor = own(site, &keyed).await;
        let answer = exchange(site, &dana(site, &json!({})), ID_TOKEN, Some(&actor)).await;
        assert_eq!(answer.body["issued_token_type"], ACCESS_TOKEN);
        let token = answer.token();
        let claims = read(&token);
        assert_eq!(claims["sub"], "T0ACME/U0DANA");
        assert_eq!(claims["client_id"], keyed.agent.id.to_string());
        assert_eq!(chain(&token), [keyed.agent.id.to_string()]);
        assert_eq!(claims["grants"], json!([grant.id]));
        assert!(site.is_active(&token).await);
        // The agent's own signature in place of its token.
        let assertion = keyed.assertion(site, &json!({}));
        let subject = dana(site, &json!({}));
        let signed = site.token(&[
            ("grant_type", EXCHANGE), ("subject_token", &subject), ("subject_token_type", ID_TOKEN),
            ("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion),
        ]).await.token();
        assert_eq!(chain(&signed), [keyed.agent.id.to_string()]);
        // What the agent's token ends, ends what was made of it.
        let assertion = keyed.assertion(site, &json!({}));
        let revoked = site.post("/oauth/revoke", &[
            ("token", &actor), ("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion),
        ], &[]).await;
        assert_eq!(revoked.status, 200);
        assert!(!site.is_active(&token).await && site.is_active(&signed).await);
    }

    /// Who is no person of the workspace, or is nobody's to speak for.
    async fn not_for_everybody(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let actor = own(site, &keyed).await;
        for (more, words) in [
            (json!({"https://slack.com/user_id": "U0GONE"}), "no active full member"),
            (json!({"https://slack.com/user_id": null}), "no Slack user id"),
            (json!({"https://slack.com/user_id": "U0/../X"}), "no Slack user id"),
            (json!({"https://slack.com/team_id": null}), "no workspace"),
            (json!({"aud": "https://other"}), "'aud' is another"),
        ] {
            let answer = exchange(site, &dana(site, &more), ID_TOKEN, Some(&actor)).await;
            answer.refuses(400, "invalid_grant", words);
        }
        let other = dana(site, &json!({"may_act": {"sub": "refund-agent"}}));
        exchange(site, &other, ID_TOKEN, Some(&actor)).await
            .refuses(400, "invalid_request", "names another actor");
        let named = dana(site, &json!({"may_act": {"sub": "support-agent-v2"}}));
        exchange(site, &named, ID_TOKEN, Some(&actor)).await.token();
        exchange(site, &dana(site, &json!({})), ID_TOKEN, None).await
            .refuses(400, "invalid_request", "who acts");
        exchange(site, &dana(site, &json!({})), "urn:x", None).await
            .refuses(400, "invalid_request", "subject_token_type");
        // A token for somebody else is no proof of who acts; neither is a person's.
        let for_crm = keyed.ask(site, &[("resource", "https://crm")]).await.token();
        exchange(site, &dana(site, &json!({})), ID_TOKEN, Some(&for_crm)).await
            .refuses(400, "invalid_grant", "for another audience");
        let person = dana(site, &json!({}));
        exchange(site, &person, ID_TOKEN, Some(&person)).await
            .refuses(400, "invalid_grant", "actor_token");
    }

    /// One agent hands on to another: nobody in the chain is lost, and it has an end.
    async fn a_chain_of_actors(site) {
        let mut agents = Vec::new();
        for slug in ["first-agent", "second-agent", "third-agent", "fourth-agent", "fifth-agent"] {
            agents.push(site.keyed(slug).await);
        }
        let ids: Vec<String> = agents.iter().map(|one| one.agent.id.to_string()).collect();
        let mut token = dana(site, &json!({}));
        let mut kind = ID_TOKEN;
        for (n, agent) in agents.iter().take(4).enumerate() {
            let actor = own(site, agent).await;
            token = exchange(site, &token, kind, Some(&actor)).await.token();
            kind = ACCESS_TOKEN;
            let expected: Vec<String> = ids[..=n].iter().rev().cloned().collect();
            assert_eq!(chain(&token), expected);
            assert_eq!(read(&token)["sub"], "T0ACME/U0DANA");
        }
        let fifth = own(site, &agents[4]).await;
        exchange(site, &token, kind, Some(&fifth)).await
            .refuses(400, "invalid_request", "no chain is cut");
        // Whoever acts already may ask again, and is not there twice.
        let fourth = own(site, &agents[3]).await;
        let again = exchange(site, &token, kind, Some(&fourth)).await.token();
        assert_eq!(chain(&again), chain(&token));
        // A chain that comes from outside is kept as it is, and counted.
        let deep = |n: u32| (0..n).fold(Value::Null, |act, n| {
            let mut actor = json!({"sub": format!("svc-{n}"), "iss": "https://other"});
            if act.is_object() { actor["act"] = act; }
            actor
        });
        let first = own(site, &agents[0]).await;
        let from = dana(site, &json!({"act": deep(3)}));
        let kept = exchange(site, &from, ID_TOKEN, Some(&first)).await.token();
        assert_eq!(read(&kept)["act"]["act"], deep(3));
        for (act, words) in [(deep(4), "no chain is cut"), (deep(100), "no chain is cut"),
            (json!("x"), "malformed"), (json!({"sub": 7}), "malformed")] {
            let from = dana(site, &json!({"act": act}));
            exchange(site, &from, ID_TOKEN, Some(&first)).await.refuses(400, "invalid_request", words);
        }
        // When one of them is stopped, what came through its hands is over.
        assert!(site.is_active(&token).await);
        let mut second = agents[1].agent.clone();
        second = second.suspend(agents[1].agent.owner.clone(), "odd".into(), Cause::Stopped, site.now()).unwrap();
        site.write(move |tx| Box::pin(async move { tx.update_agent(&second).await })).await;
        assert!(!site.is_active(&token).await);
        exchange(site, &token, kind, Some(&fifth)).await.refuses(400, "invalid_grant", "has ended");
    }

    /// An agent for an agent; never for itself; never with more than its token carries.
    async fn narrower_never_wider(site) {
        let (one, two) = (site.keyed("first-agent").await, site.keyed("second-agent").await);
        let read_it = site.grant(&two.agent, "database:read", "30m").await;
        site.grant(&two.agent, "calendar:write", "30m").await;
        let subject = own(site, &one).await;
        let narrow = two.ask(site, &[("scope", "database:read")]).await.token();
        let token = exchange(site, &subject, ACCESS_TOKEN, Some(&narrow)).await.token();
        let claims = read(&token);
        assert_eq!((&claims["sub"], &claims["grants"]),
            (&json!(one.agent.id), &json!([read_it.id])));
        assert_eq!(chain(&token), [two.agent.id.to_string()]);
        let wider = site.token(&[
            ("grant_type", EXCHANGE), ("subject_token", &subject), ("subject_token_type", ACCESS_TOKEN),
            ("actor_token", &narrow), ("actor_token_type", ACCESS_TOKEN), ("scope", "calendar:write"),
        ]).await;
        wider.refuses(400, "invalid_scope", "never carries more");
        let itself = own(site, &one).await;
        exchange(site, &subject, ACCESS_TOKEN, Some(&itself)).await
            .refuses(400, "invalid_request", "act for itself");
        // Not longer than what it is made of.
        site.advance(290);
        let short = exchange(site, &subject, ACCESS_TOKEN, Some(&own(site, &two).await)).await;
        assert_eq!(short.body["expires_in"], 10);
        site.advance(10);
        exchange(site, &subject, ACCESS_TOKEN, Some(&own(site, &two).await)).await
            .refuses(400, "invalid_grant", "time is over");
    }
}
