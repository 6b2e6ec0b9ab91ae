//! What attackers send, and what they get.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::domain::signing_key::Algorithm;
use countersign::identity::jws;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::site::{EXCHANGE, JWT, JWT_BEARER};
use crate::stories;
use crate::tools::{Pair, object};

const NOT_SIGNED: &str = "not signed by a live key";

/// The claims signed with HMAC by this secret, whatever the header says.
fn symmetric(header: &Value, claims: &Value, secret: &[u8]) -> String {
    jws::sign(&object(header), &object(claims), |text| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(text);
        Some(mac.finalize().into_bytes().to_vec())
    })
    .unwrap()
}

stories! {
    /// Algorithm confusion, `none`, and headers that bring their own key.
    async fn the_algorithm_is_not_the_attackers_choice(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let claims = crate::tools::read(&keyed.assertion(site, &json!({})));
        let jwk = keyed.pair.jwk().to_string();
        let raw = keyed.pair.public().bytes().unwrap();
        for secret in [jwk.as_bytes(), &raw, b""] {
            for alg in ["HS256", "HS384", "none", "None", "ES256", "EdDSA", "RS256"] {
                let header = json!({"alg": alg, "kid": keyed.pair.thumbprint()});
                let forged = symmetric(&header, &claims, secret);
                keyed.show(site, &forged).await.refuses(401, "invalid_client", NOT_SIGNED);
            }
        }
        let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}"),
            URL_SAFE_NO_PAD.encode(claims.to_string()));
        keyed.show(site, &unsigned).await.refuses(401, "invalid_client", NOT_SIGNED);
        let own = Pair::make(Algorithm::Es256);
        let brought = own.sign(&json!({"jwk": own.jwk(), "jku": "https://evil/keys"}), &claims);
        keyed.show(site, &brought).await.refuses(401, "invalid_client", NOT_SIGNED);
        let crit = keyed.assertion_as(site, &json!({"crit": ["exp"]}), &json!({}));
        keyed.show(site, &crit).await.refuses(401, "invalid_client", "compact form");
    }

    /// A wrong key; the key of another agent under this one's name; a `kid` of another.
    async fn a_key_is_one_agents(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let other = site.keyed("refund-agent").await;
        let stranger = Pair::make(Algorithm::Es256);
        let claims = crate::tools::read(&keyed.assertion(site, &json!({})));
        for (pair, kid) in [
            (&stranger, keyed.pair.thumbprint()),
            (&other.pair, other.pair.thumbprint()),
            (&other.pair, keyed.pair.thumbprint()),
            (&keyed.pair, other.pair.thumbprint()),
        ] {
            let forged = pair.sign(&json!({"kid": kid}), &claims);
            keyed.show(site, &forged).await.refuses(401, "invalid_client", NOT_SIGNED);
        }
        let without = keyed.pair.sign(&json!({"kid": null}), &claims);
        keyed.show(site, &without).await.token();
        // Nobody learns by this whether there is such an agent.
        let nobody = keyed.assertion(site, &json!({"iss": "no-such-agent", "sub": "no-such-agent"}));
        keyed.show(site, &nobody).await.refuses(401, "invalid_client", NOT_SIGNED);
        let two = keyed.assertion(site, &json!({"sub": "refund-agent"}));
        keyed.show(site, &two).await.refuses(401, "invalid_client", "iss and sub must both be");
        let assertion = keyed.assertion(site, &json!({}));
        site.token(&[
            ("grant_type", "client_credentials"), ("client_id", "refund-agent"),
            ("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion),
        ]).await.refuses(401, "invalid_client", "client_id is another agent");
        // One key cannot be given to two.
        let same = countersign::domain::credential::Proof::Key {
            key: keyed.pair.public().clone(), thumbprint: keyed.pair.thumbprint(),
        };
        let mut credential = other.credential.clone();
        credential.id = countersign::domain::ids::CredentialId::new(site.entropy.ulid(site.now()));
        credential.proof = same;
        let twice = site.store.write(move |tx| Box::pin(async move {
            tx.insert_credential(&credential).await
        })).await;
        assert!(twice.is_err());
    }

    /// `typ`, `aud`, `iss`, `exp`, `nbf`, `iat`, `jti`: each wrong or missing.
    async fn every_claim_is_looked_at(site) {
        let keyed = site.keyed("support-agent-v2").await;
        for (header, claims, words) in [
            (json!({"typ": "at+jwt"}), json!({}), "`typ`"),
            (json!({"typ": "dpop+jwt"}), json!({}), "`typ`"),
            (json!({"typ": 7}), json!({}), "`typ`"),
            (json!({}), json!({"aud": "https://evil.example.com"}), "`aud` is another"),
            (json!({}), json!({"aud": [site.issuer, 7]}), "`aud`"),
            (json!({}), json!({"aud": null}), "`aud`"),
            (json!({}), json!({"exp": site.at(-31)}), "its time is over"),
            (json!({}), json!({"exp": null}), "`exp`"),
            (json!({}), json!({"exp": "tomorrow"}), "`exp`"),
            (json!({}), json!({"exp": -1}), "`exp`"),
            (json!({}), json!({"exp": 1e300}), "`exp`"),
            (json!({}), json!({"exp": site.at(3_700)}), "too long"),
            (json!({}), json!({"nbf": site.at(40)}), "not come"),
            (json!({}), json!({"iat": site.at(40)}), "not come"),
            (json!({}), json!({"jti": null}), "`jti`"),
            (json!({}), json!({"jti": ""}), "`jti`"),
            (json!({}), json!({"jti": "x".repeat(600)}), "jti is too long"),
        ] {
            let shown = keyed.assertion_as(site, &header, &claims);
            let words = words.replace('`', "'");
            keyed.show(site, &shown).await.refuses(401, "invalid_client", &words);
        }
        // Clocks may differ a little.
        let slow = keyed.assertion(site, &json!({"exp": site.at(-10), "iat": site.at(-70)}));
        keyed.show(site, &slow).await.token();
    }

    /// A `jti` is good once, for all servers that share the database.
    async fn an_assertion_is_good_once(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let assertion = keyed.assertion(site, &json!({"jti": "only-once"}));
        keyed.show(site, &assertion).await.token();
        let again = keyed.show(site, &assertion).await;
        again.refuses(401, "invalid_client", "was used before");
        let resigned = keyed.assertion(site, &json!({"jti": "only-once", "exp": site.at(90)}));
        keyed.show(site, &resigned).await.refuses(401, "invalid_client", "was used before");
        // Another agent may use the same word.
        let other = site.keyed("refund-agent").await;
        other.show(site, &other.assertion(site, &json!({"jti": "only-once"}))).await.token();
        // One of many at the same moment wins.
        let race = keyed.assertion(site, &json!({}));
        let all = futures::future::join_all((0..8).map(|_| keyed.show(site, &race))).await;
        assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 1);
    }

    /// Workload tokens are held to the same table.
    async fn a_foreign_token_is_looked_at(site) {
        let agent = site.agent("nightly-report").await;
        site.workload(&agent, &[("sub", "x")]).await;
        let good = json!({"iss": site.cluster.url, "aud": site.issuer, "sub": "x",
            "iat": site.at(0), "exp": site.at(60)});
        let ask = async |token: String| site.token(&[
            ("grant_type", EXCHANGE), ("subject_token", token.as_str()), ("subject_token_type", JWT),
        ]).await;
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            claims
        };
        let pair = &site.cluster.pair;
        for (claims, words) in [
            (with("aud", json!("https://kubernetes.default.svc")), "'aud' is another"),
            (with("exp", json!(site.at(-31))), "its time is over"),
            (with("exp", json!(site.at(90_000))), "too long"),
            (with("nbf", json!(site.at(31))), "not come"),
            (with("iat", Value::Null), "'iat'"),
            (with("iss", json!("https://evil.example.com")), "not trusted"),
            (with("iss", json!(format!("{}/", site.cluster.url))), "not trusted"),
        ] {
            let token = pair.sign(&json!({}), &claims);
            ask(token).await.refuses(400, "invalid_grant", words);
        }
        let secret = site.cluster.pair.jwk().to_string();
        for alg in ["HS256", "none"] {
            let header = json!({"alg": alg, "kid": pair.thumbprint()});
            let forged = symmetric(&header, &good, secret.as_bytes());
            ask(forged).await.refuses(400, "invalid_grant", "'alg'");
        }
        let stranger = Pair::make(Algorithm::Es256);
        let forged = stranger.sign(&json!({"kid": pair.thumbprint()}), &good);
        ask(forged).await.refuses(400, "invalid_grant", "not signed by a key");
        ask(pair.sign(&json!({"typ": "at+jwt"}), &good)).await.refuses(400, "invalid_grant", "'typ'");
        ask(pair.sign(&json!({}), &good)).await.token();
    }

    /// Long, deep and odd forms.
    async fn forms_are_bounded(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let huge = "A".repeat(1_000_000);
        let answer = keyed.show(site, &huge).await;
        answer.refuses(413, "invalid_request", "too long");
        let deep = URL_SAFE_NO_PAD.encode(format!("{}1{}", "{\"a\":".repeat(9_000), "}".repeat(9_000)));
        let header = URL_SAFE_NO_PAD.encode("{\"alg\":\"ES256\"}");
        let answer = keyed.show(site, &format!("{header}.{deep}.AAAA")).await;
        answer.refuses(401, "invalid_client", "compact form");
        for json in ["{}", "[1]", "[{\"type\":\"other\"}]", "[{\"type\":\"countersign_grant\"}]", "["] {
            let answer = keyed.ask(site, &[("authorization_details", json)]).await;
            answer.refuses(400, "invalid_authorization_details", "");
        }
        let deep = "[".repeat(4_000);
        let answer = keyed.ask(site, &[("authorization_details", deep.as_str())]).await;
        answer.refuses(400, "invalid_authorization_details", "");
        let many: Vec<(String, String)> = (0..100).map(|n| (format!("p{n}"), "x".into())).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        site.token(&many).await.refuses(400, "invalid_request", "too many");
        for pairs in [
            &[("grant_type", "client_credentials"), ("grant_type", "client_credentials")][..],
            &[("scope", "a:b"), ("scope", "a:b")],
        ] {
            site.token(pairs).await.refuses(400, "invalid_request", "twice");
        }
        site.token(&[]).await.refuses(400, "invalid_request", "grant_type is missing");
        let pairs = [("grant_type", "password")];
        site.token(&pairs).await.refuses(400, "unsupported_grant_type", "");
        let json = crate::http::send(
            axum::http::Request::post(format!("{}/oauth/token", site.issuer))
                .header("content-type", "application/json")
                .body(http_body_util::Full::new("{}".into())).unwrap(),
        ).await;
        json.refuses(400, "invalid_request", "x-www-form-urlencoded");
    }

    /// Shared secrets are of no use, and whoever sends one is told what to do instead.
    async fn there_are_no_passwords(site) {
        let pairs = [("grant_type", "client_credentials"), ("client_id", "a"), ("client_secret", "b")];
        site.token(&pairs).await.refuses(401, "invalid_client", "no client_secret");
        let pairs = [("grant_type", "client_credentials")];
        let basic = [("authorization", "Basic YTpi")];
        let answer = site.post("/oauth/token", &pairs, &basic).await;
        answer.refuses(401, "invalid_client", "no passwords");
        assert!(answer.header("www-authenticate").starts_with("Basic "));
        site.token(&pairs).await.refuses(401, "invalid_client", "client_assertion is missing");
    }
}
