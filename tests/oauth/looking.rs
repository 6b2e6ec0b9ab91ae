//! Introspection and revocation: what the record says, at once.

use serde_json::json;

use crate::site::JWT_BEARER;
use crate::stories;

stories! {
    /// A service learns everything about a token that is good, and nothing about one that is not.
    async fn what_a_service_is_told(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let grant = site.grant(&keyed.agent, "database:read", "30m").await;
        let token = keyed.ask(site, &[("resource", "https://crm")]).await.token();
        let told = site.introspect(&token).await;
        assert_eq!((&told["active"], &told["token_type"], &told["aud"], &told["scope"]),
            (&json!(true), &json!("Bearer"), &json!("https://crm"), &json!("database:read")));
        assert_eq!(told["sub"], keyed.agent.id.to_string());
        assert_eq!(told["authorization_details"][0]["identifier"], grant.id.to_string());

        // The grant ends: so does the token, at once.
        let ended = grant.release(keyed.agent.owner.clone(), site.now()).unwrap();
        site.write(move |tx| Box::pin(async move { tx.update_grant(&ended).await })).await;
        assert!(!site.is_active(&token).await);
        for nonsense in ["nonsense", "a.b.c", &"x".repeat(50_000)] {
            assert!(!site.is_active(nonsense).await);
        }
        let bare = keyed.ask(site, &[]).await.token();
        assert!(site.is_active(&bare).await);
        site.advance(300);
        assert!(!site.is_active(&bare).await);
    }

    /// Who asks must be known; an agent is told of its own tokens alone.
    async fn who_may_look(site) {
        let (one, two) = (site.keyed("first-agent").await, site.keyed("second-agent").await);
        let token = one.ask(site, &[]).await.token();
        let ask = async |headers: &[(&str, &str)], more: &[(&str, &str)]| {
            let mut pairs = vec![("token", token.as_str())];
            pairs.extend_from_slice(more);
            site.post("/oauth/introspect", &pairs, headers).await
        };
        ask(&[], &[]).await.refuses(401, "invalid_client", "client_assertion is missing");
        let wrong = ask(&[("authorization", "Bearer wrong")], &[]).await;
        wrong.refuses(401, "invalid_token", "nobody is known");
        assert!(wrong.header("www-authenticate").starts_with("Bearer "));
        for (keyed, active) in [(&one, true), (&two, false)] {
            let assertion = keyed.assertion(site, &json!({}));
            let by_form =
                [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
            assert_eq!(ask(&[], &by_form).await.body["active"], active);
            ask(&[], &by_form).await.refuses(401, "invalid_client", "was used before");
            let bearer = format!("Bearer {}", keyed.ask(site, &[]).await.token());
            let by_header = [("authorization", bearer.as_str())];
            assert_eq!(ask(&by_header, &[]).await.body["active"], active);
        }
    }

    /// An agent takes its token back; nobody else does; what is unknown is no error.
    async fn taking_back(site) {
        let (one, two) = (site.keyed("first-agent").await, site.keyed("second-agent").await);
        let token = one.ask(site, &[]).await.token();
        let revoke = async |by: &crate::site::Keyed, token: &str| {
            let assertion = by.assertion(site, &json!({}));
            site.post("/oauth/revoke", &[
                ("token", token), ("token_type_hint", "refresh_token"),
                ("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion),
            ], &[]).await
        };
        revoke(&two, &token).await.refuses(400, "unauthorized_client", "only the agent");
        assert!(site.is_active(&token).await);
        for _ in 0..2 {
            assert_eq!(revoke(&one, &token).await.status, 200);
        }
        assert!(!site.is_active(&token).await);
        assert_eq!(revoke(&one, "unknown").await.status, 200);
        let revoked = site.events().await.into_iter().filter(|what| {
            matches!(what, countersign::domain::event::What::TokenRevoked { .. })
        });
        assert_eq!(revoked.count(), 1, "it is on the record once");
        let empty = [("token", "")];
        let bearer = format!("Bearer {}", crate::site::CRM);
        let answer = site.post("/oauth/revoke", &empty, &[("authorization", &bearer)]).await;
        answer.refuses(400, "invalid_request", "token is missing");
    }

    /// What others must know of this server.
    async fn what_is_published(site) {
        let at = format!("{}/.well-known/oauth-authorization-server", site.issuer);
        let told = crate::http::get(&at).await;
        assert_eq!(told.body["issuer"], site.issuer);
        assert!(told.header("cache-control").contains("max-age"));
        for name in ["token_endpoint", "introspection_endpoint", "revocation_endpoint", "jwks_uri"] {
            assert!(told.body[name].as_str().unwrap().starts_with(&site.issuer), "{name}");
        }
        let jwks = crate::http::get(told.body["jwks_uri"].as_str().unwrap()).await;
        let keys = jwks.body["keys"].as_array().unwrap();
        let algorithms: Vec<_> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
        assert_eq!(algorithms, ["ES256", "EdDSA"]);
        assert!(keys.iter().all(|key| key.get("d").is_none() && key["use"] == "sig"));
        assert!(jwks.header("cache-control").contains("max-age"));
    }
}
