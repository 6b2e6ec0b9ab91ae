//! An agent proves itself by its own key, or by its platform's word.

use countersign::domain::event::What;
use countersign::domain::signing_key::Algorithm;
use serde_json::{Value, json};

use crate::site::JWT_BEARER;
use crate::stories;
use crate::tools::{header, read};

stories! {
    /// A key of either kind; the agent's name or its id; the issuer or the endpoint as the audience.
    async fn by_a_signature(site) {
        let agent = site.agent("support-agent-v2").await;
        let grant = site.grant(&agent, "database:read", "30m").await;
        for algorithm in Algorithm::ALL {
            let keyed = site.key(&agent, algorithm).await;
            let endpoint = format!("{}/oauth/token", site.issuer);
            for claims in [
                json!({}),
                json!({"aud": [endpoint]}),
                json!({"iss": agent.id, "sub": agent.id}),
            ] {
                let answer = keyed.show(site, &keyed.assertion(site, &claims)).await;
                assert_eq!((&answer.body["token_type"], &answer.body["expires_in"]),
                    (&json!("Bearer"), &json!(300)));
                assert_eq!(answer.body["scope"], "database:read");
                let claims = read(&answer.token());
                assert_eq!(claims["sub"], agent.id.to_string());
                assert_eq!((&claims["iss"], &claims["aud"]), (&json!(site.issuer), &json!(site.issuer)));
                assert_eq!(claims["grants"], json!([grant.id]));
                assert_eq!((&claims["tier"], &claims["owner"]), (&json!(2), &json!("T0ACME/U0DANA")));
                assert_eq!(claims["approved_by"], json!(["T0ACME/U0SAM", "T0ACME/U0THEO"]));
                let detail = &claims["authorization_details"][0];
                assert_eq!(detail["approved_by"], json!(["T0ACME/U0THEO", "T0ACME/U0SAM"]));
                assert_eq!(detail["reference"], grant.reference.to_string());
                assert_eq!(header(&answer.token())["typ"], "at+jwt");
            }
        }
        let issued = site.events().await.into_iter().filter(|what| {
            matches!(what, What::TokenIssued { agent: of, grants, .. }
                if *of == agent.id && *grants == [grant.id])
        });
        assert_eq!(issued.count(), 6);
    }

    /// One key follows another without a gap, and one that is taken away is over at once.
    async fn keys_overlap(site) {
        let old = site.keyed("support-agent-v2").await;
        let new = site.key(&old.agent, Algorithm::EdDsa).await;
        let by_old = old.ask(site, &[]).await.token();
        new.ask(site, &[]).await.token();
        let by = old.agent.owner.clone();
        let revoked = old.credential.clone().revoke(by, "moved".into(), site.now()).unwrap();
        site.write(move |tx| Box::pin(async move { tx.update_credential(&revoked).await })).await;
        old.ask(site, &[]).await.refuses(401, "invalid_client", "not signed by a live key");
        assert!(!site.is_active(&by_old).await, "a token ends with its credential");
        new.ask(site, &[]).await.token();
        site.advance(31 * 86_400);
        new.ask(site, &[]).await.refuses(401, "invalid_client", "not signed by a live key");
    }

    /// A platform's word: as an assertion, and in exchange; every claim must be there exactly.
    async fn by_a_workload(site) {
        let agent = site.agent("nightly-report").await;
        let sub = "system:serviceaccount:reports:nightly";
        site.workload(&agent, &[("sub", sub), ("/kubernetes.io/namespace", "reports")]).await;
        let good = json!({"sub": sub, "kubernetes.io": {"namespace": "reports"}});
        let ask = async |token: &str, more: &[(&str, &str)]| {
            let mut pairs = vec![
                ("grant_type", "client_credentials"),
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", token),
            ];
            pairs.extend_from_slice(more);
            site.token(&pairs).await
        };
        let token = site.outside(&site.cluster, &good);
        for more in [&[][..], &[("client_id", "nightly-report")]] {
            let claims = read(&ask(&token, more).await.token());
            assert_eq!(claims["agent"], "nightly-report");
        }
        let exchanged = site.token(&[
            ("grant_type", crate::site::EXCHANGE),
            ("subject_token", token.as_str()),
            ("subject_token_type", crate::site::JWT),
        ]).await;
        assert_eq!(exchanged.body["issued_token_type"], crate::site::ACCESS_TOKEN);
        assert_eq!(read(&exchanged.token())["sub"], agent.id.to_string());

        for other in [
            json!({"sub": sub}),
            json!({"sub": sub, "kubernetes.io": {"namespace": "shop"}}),
            json!({"sub": format!("{sub}2"), "kubernetes.io": {"namespace": "reports"}}),
        ] {
            let token = site.outside(&site.cluster, &other);
            ask(&token, &[]).await.refuses(401, "invalid_client", "fits this workload's claims");
        }
        let by_people = site.outside(&site.people, &good);
        ask(&by_people, &[]).await.refuses(401, "invalid_client", "vouches for people");

        // The same workload as two agents must say which it is.
        let second = site.agent("weekly-report").await;
        site.workload(&second, &[("sub", sub)]).await;
        ask(&token, &[]).await.refuses(401, "invalid_client", "several agents");
        let claims = read(&ask(&token, &[("client_id", "weekly-report")]).await.token());
        assert_eq!(claims["agent"], "weekly-report");
    }

    /// A JWT-SVID as SPIFFE's agents give it out: no `iss`, no `iat`.
    async fn by_a_svid(site) {
        let agent = site.agent("nightly-report").await;
        let sub = "spiffe://acme.example/reports/nightly";
        site.workload_of("mesh", &agent, &[("sub", sub)]).await;
        let ask = async |header: Value, claims: Value| {
            let token = site.cluster.pair.sign(&header, &claims);
            let pairs = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", token.as_str()),
            ];
            site.token(&pairs).await
        };
        let svid = |sub: &str| json!({"sub": sub, "aud": [site.issuer], "exp": site.at(300)});
        for typ in [json!({}), json!({"typ": "JWT"}), json!({"typ": "JOSE"})] {
            let claims = read(&ask(typ, svid(sub)).await.token());
            assert_eq!(claims["agent"], "nightly-report");
        }
        let token = site.cluster.pair.sign(&json!({}), &svid(sub));
        let by_draft = site.token(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"),
            ("client_assertion", token.as_str()),
        ]).await;
        assert_eq!(read(&by_draft.token())["agent"], "nightly-report");
        for (sub, why) in [
            ("spiffe://acme.example/reports/other", "fits this workload's claims"),
            ("spiffe://acme.example.evil/reports/nightly", "must be the agent's name"),
            ("spiffe://acme.example", "must be the agent's name"),
        ] {
            ask(json!({}), svid(sub)).await.refuses(401, "invalid_client", why);
        }
        // Who could sign for the cluster's people may not speak for the trust domain.
        let token = site.people.pair.sign(&json!({}), &svid(sub));
        site.token(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", token.as_str()),
        ]).await.refuses(401, "invalid_client", "not signed by a key");
        let mut without_end = svid(sub);
        without_end["exp"] = Value::Null;
        ask(json!({}), without_end).await.refuses(401, "invalid_client", "exp");
    }

    /// A new key of the issuer is found without a restart.
    async fn an_issuer_changes_its_keys(site) {
        let agent = site.agent("nightly-report").await;
        site.workload(&agent, &[("sub", "x")]).await;
        let new = crate::tools::Pair::make(Algorithm::EdDsa);
        site.cluster.show(json!({"keys": [site.cluster.pair.jwk(), new.jwk()]}));
        let token = new.sign(&json!({"typ": "JWT"}), &json!({
            "iss": site.cluster.url, "aud": site.issuer, "sub": "x",
            "iat": site.at(0), "exp": site.at(60),
        }));
        site.token(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", token.as_str()),
        ]).await.token();
    }
}
