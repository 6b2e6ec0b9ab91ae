//! What a token carries, for whom, and for how long.

use std::sync::Arc;

use countersign::clock::MovableClock;
use countersign::domain::agent::{AgentState, Cause};
use countersign::domain::event::What;
use countersign::domain::person::By;
use countersign::domain::time::{Span, Timestamp};
use countersign::policy::runtime::Tokens;
use countersign::store::Engine;
use serde_json::json;

use crate::site::Site;
use crate::stories;
use crate::tools::read;

stories! {
    /// Only live grants, as much of them as was asked, and never longer than the shortest.
    async fn only_what_is_live(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let bare = keyed.ask(site, &[]).await;
        assert_eq!(bare.body.get("scope"), None);
        assert_eq!(read(&bare.token())["grants"], json!([]));
        let short = site.grant(&keyed.agent, "database:read", "2m").await;
        let long = site.grant(&keyed.agent, "calendar:write", "8h").await;
        let both = keyed.ask(site, &[]).await;
        assert_eq!(both.body["expires_in"], 120, "{:#}", both.body);
        let one = keyed.ask(site, &[("scope", "calendar:write")]).await;
        assert_eq!((&one.body["scope"], &one.body["expires_in"]),
            (&json!("calendar:write"), &json!(300)));
        assert_eq!(read(&one.token())["grants"], json!([long.id]));
        let object = keyed.ask(site, &[("scope", "database#orders:read")]).await;
        assert_eq!(object.body["scope"], "database#orders:read");
        assert_eq!(object.body["authorization_details"][0]["object"], "orders");
        for (scope, words) in [
            ("database:write", "/agent request support-agent-v2 database:write"),
            ("calendar:write database:write", "no live grant for database:write"),
            ("nonsense", "is no access"),
        ] {
            keyed.ask(site, &[("scope", scope)]).await.refuses(400, "invalid_scope", words);
        }
        let detail = |value: serde_json::Value| json!([value]).to_string();
        let asked = detail(json!({"type": "countersign_grant", "identifier": short.reference}));
        let given = keyed.ask(site, &[("authorization_details", &asked)]).await;
        let details = given.body["authorization_details"].clone();
        assert_eq!(details[0]["identifier"], short.id.to_string());
        assert_eq!(read(&given.token())["authorization_details"], details);
        let asked = detail(json!({"type": "countersign_grant", "access": "database:write"}));
        let refused = keyed.ask(site, &[("authorization_details", &asked)]).await;
        refused.refuses(400, "invalid_authorization_details", "/agent request");

        site.advance(119);
        let last = keyed.ask(site, &[("scope", "database:read")]).await;
        assert_eq!(last.body["expires_in"], 1);
        site.advance(1);
        let over = keyed.ask(site, &[("scope", "database:read")]).await;
        over.refuses(400, "invalid_scope", "no live grant");
        assert!(!site.is_active(&both.token()).await);
        assert!(site.is_active(&one.token()).await);
    }

    /// An agent that gets a token for every call is told to wait, and its owner is told, once;
    /// others go on.
    async fn too_many(site) {
        let (keyed, other) = (site.keyed("busy-agent").await, site.keyed("calm-agent").await);
        let mut given = 0;
        let refused = loop {
            let answer = keyed.ask(site, &[]).await;
            if answer.status != 200 {
                break answer;
            }
            given += 1;
            assert!(given < 300, "nothing stops it");
        };
        assert!(given >= 60, "{given}");
        refused.refuses(429, "slow_down", "60 tokens a minute");
        let wait: u64 = refused.headers["retry-after"].to_str().expect("text").parse().expect("s");
        assert!((1..=60).contains(&wait), "{wait}");
        for _ in 0..3 {
            keyed.ask(site, &[]).await;
        }
        assert_eq!(other.ask(site, &[]).await.status, 200);
        let told = site.events().await.into_iter().filter(
            |what| matches!(what, What::QuotaReached { agent, quota }
                if *agent == keyed.agent.id && quota == "tokens"));
        assert_eq!(told.count(), 1);
    }

    /// A token never outlives the credential by which it was got.
    async fn never_longer_than_the_credential(site) {
        let agent = site.agent("support-agent-v2").await;
        let pair = crate::tools::Pair::make(countersign::domain::signing_key::Algorithm::EdDsa);
        let proof = countersign::domain::credential::Proof::Key {
            key: pair.public().clone(), thumbprint: pair.thumbprint(),
        };
        let credential = site.credential(&agent, proof, "90s").await;
        let keyed = crate::site::Keyed { agent, pair, credential };
        assert_eq!(keyed.ask(site, &[]).await.body["expires_in"], 90);
    }

    /// An agent that is not at work gets nothing, and learns why.
    async fn not_at_work(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let token = keyed.ask(site, &[]).await.token();
        assert!(site.is_active(&token).await);
        let active = keyed.agent.state.clone();
        let (at, by) = (site.now(), By::from(keyed.agent.owner.clone()));
        for (state, words) in [
            (AgentState::Suspended { at, by: by.clone(), reason: String::new(), cause: Cause::Stopped, certified_until: at },
             "was stopped"),
            (AgentState::Retired { at, by, reason: String::new() }, "retired for good"),
            (AgentState::Pending { request: keyed.credential.request }, "waits for approval"),
        ] {
            let mut agent = keyed.agent.clone();
            agent.state = state;
            site.write(move |tx| Box::pin(async move { tx.update_agent(&agent).await })).await;
            keyed.ask(site, &[]).await.refuses(400, "unauthorized_client", words);
            assert!(!site.is_active(&token).await, "{words}");
        }
        let mut agent = keyed.agent.clone();
        agent.state = active;
        site.write(move |tx| Box::pin(async move { tx.update_agent(&agent).await })).await;
        assert!(site.is_active(&token).await);
    }

    /// A token is for the resources that were named.
    async fn for_whom(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let crm = "https://crm.example.com/api";
        let one = keyed.ask(site, &[("resource", crm)]).await.token();
        assert_eq!(read(&one)["aud"], crm);
        let two = [("resource", crm), ("audience", "urn:acme:mail"), ("resource", crm)];
        let two = keyed.ask(site, &two).await.token();
        assert_eq!(read(&two)["aud"], json!([crm, "urn:acme:mail"]));
        for bad in ["crm", "/relative", "https://crm.example.com/#part", "https://crm example"] {
            keyed.ask(site, &[("resource", bad)]).await.refuses(400, "invalid_target", "");
        }
    }
}

/// Where the policy lists resources, tokens are for these alone.
#[tokio::test]
async fn only_for_whom_the_policy_lists() {
    let at = Timestamp::from_timestamp(1_796_000_000, 0).unwrap();
    let crm = "https://crm.example.com";
    let tokens =
        Tokens { audiences: vec![crm.to_owned()], lasting: Span::seconds(90), ..Tokens::default() };
    let clock = Arc::new(MovableClock::standing(at));
    let site = Site::open_with(Engine::Sqlite, clock, tokens).await;
    let keyed = site.keyed("support-agent-v2").await;
    let given = keyed.ask(&site, &[("resource", crm)]).await;
    assert_eq!(given.body["expires_in"], 90);
    assert_eq!(read(&given.token())["aud"], crm);
    let own = keyed.ask(&site, &[("resource", site.issuer.as_str())]).await;
    assert_eq!(read(&own.token())["aud"], site.issuer);
    for other in ["https://mail.example.com", "https://crm.example.com/"] {
        let refused = keyed.ask(&site, &[("resource", other)]).await;
        refused.refuses(400, "invalid_target", "the policy lists");
    }
}
