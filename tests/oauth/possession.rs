//! Proofs of possession (DPoP): a token that is of no use to whoever steals it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::domain::signing_key::Algorithm;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::site::{JWT_BEARER, Keyed, Site};
use crate::stories;
use crate::tools::{Pair, read};

/// A proof for a call; `claims` are laid over what is right.
fn proof(site: &Site, pair: &Pair, path: &str, header: &Value, claims: &Value) -> String {
    let mut jwk = pair.jwk();
    jwk.as_object_mut().unwrap().remove("kid");
    let mut whole = json!({"typ": "dpop+jwt", "jwk": jwk, "kid": null});
    for (name, value) in crate::tools::object(header) {
        whole[name] = value;
    }
    let mut said = json!({
        "htm": "POST", "htu": format!("{}{path}", site.issuer), "iat": site.at(0), "jti": site.unique(),
    });
    for (name, value) in crate::tools::object(claims) {
        said[name] = value;
    }
    pair.sign(&whole, &said)
}

async fn ask(site: &Site, keyed: &Keyed, proof: &str) -> crate::http::Answer {
    let assertion = keyed.assertion(site, &json!({}));
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion.as_str()),
    ];
    site.post("/oauth/token", &pairs, &[("dpop", proof)]).await
}

stories! {
    /// A token is bound to the key that asked for it, and good only in its hand, once a proof.
    async fn bound_to_a_key(site) {
        let keyed = site.keyed("support-agent-v2").await;
        for algorithm in Algorithm::ALL {
            let pair = Pair::make(algorithm);
            let good = proof(site, &pair, "/oauth/token", &json!({}), &json!({}));
            let answer = ask(site, &keyed, &good).await;
            assert_eq!(answer.body["token_type"], "DPoP");
            let token = answer.token();
            assert_eq!(read(&token)["cnf"]["jkt"], pair.thumbprint());
            assert_eq!(site.introspect(&token).await["token_type"], "DPoP");
            ask(site, &keyed, &good).await.refuses(400, "invalid_dpop_proof", "used before");

            let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()));
            let call = async |scheme: &str, proof: Option<String>| {
                let shown = format!("{scheme} {token}");
                let mut headers = vec![("authorization", shown.as_str())];
                headers.extend(proof.iter().map(|proof| ("dpop", proof.as_str())));
                site.post("/whoami", &[], &headers).await
            };
            let with = |pair: &Pair, more: &Value| {
                let mut claims = json!({"ath": ath});
                for (name, value) in crate::tools::object(more) {
                    claims[name] = value;
                }
                Some(proof(site, pair, "/whoami", &json!({}), &claims))
            };
            let good = with(&pair, &json!({}));
            let known = call("DPoP", good.clone()).await;
            assert_eq!(known.body["agent"], keyed.agent.id.to_string(), "{known:?}");
            call("DPoP", good).await.refuses(401, "invalid_dpop_proof", "used before");
            call("Bearer", None).await.refuses(401, "invalid_dpop_proof", "bound to a key");
            call("DPoP", None).await.refuses(401, "invalid_dpop_proof", "bound to a key");
            let thief = Pair::make(algorithm);
            call("DPoP", with(&thief, &json!({}))).await
                .refuses(401, "invalid_dpop_proof", "bound to a key");
            for other in [json!({"ath": "x"}), json!({"ath": null}), json!({"htm": "GET"}),
                json!({"htu": site.issuer})] {
                let refused = call("DPoP", with(&pair, &other)).await;
                refused.refuses(401, "invalid_dpop_proof", "another call");
                assert!(refused.header("www-authenticate").starts_with("DPoP "));
            }
        }
    }

    /// A proof is held to the table.
    async fn every_part_of_a_proof(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let pair = Pair::make(Algorithm::Es256);
        let with_private = json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "a", "d": "b"}});
        for (header, claims, words) in [
            (json!({"typ": "JWT"}), json!({}), "'typ'"),
            (json!({"alg": "HS256"}), json!({}), "'alg'"),
            (json!({"alg": "none"}), json!({}), "'alg'"),
            (json!({"jwk": Pair::make(Algorithm::Es256).jwk()}), json!({}), "not signed"),
            (with_private, json!({}), "'jwk'"),
            (json!({"jwk": null}), json!({}), "'jwk'"),
            (json!({}), json!({"htm": "GET"}), "another call"),
            (json!({}), json!({"htu": "https://evil.example.com/oauth/token"}), "another call"),
            (json!({}), json!({"iat": site.at(-61)}), "time is over"),
            (json!({}), json!({"iat": site.at(61)}), "not come"),
            (json!({}), json!({"iat": null}), "'iat'"),
            (json!({}), json!({"jti": null}), "'jti'"),
        ] {
            let shown = proof(site, &pair, "/oauth/token", &header, &claims);
            ask(site, &keyed, &shown).await.refuses(400, "invalid_dpop_proof", words);
        }
        let htu = format!("{}/oauth/token?x=1#y", site.issuer.to_uppercase().replace("HTTP", "Http"));
        let shown = proof(site, &pair, "", &json!({}), &json!({"htu": htu}));
        ask(site, &keyed, &shown).await.token();
    }

    /// A bound token that was stolen cannot be exchanged either.
    async fn a_stolen_token_is_of_no_use(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let pair = Pair::make(Algorithm::EdDsa);
        let bound = proof(site, &pair, "/oauth/token", &json!({}), &json!({}));
        let token = ask(site, &keyed, &bound).await.token();
        let thief = site.keyed("thief").await;
        let own = thief.ask(site, &[]).await.token();
        for (subject, actor) in [(&token, &own), (&own, &token)] {
            site.token(&[
                ("grant_type", crate::site::EXCHANGE),
                ("subject_token", subject), ("subject_token_type", crate::site::ACCESS_TOKEN),
                ("actor_token", actor), ("actor_token_type", crate::site::ACCESS_TOKEN),
            ]).await.refuses(400, "invalid_dpop_proof", "bound to a key");
        }
    }
}
