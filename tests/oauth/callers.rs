//! Who calls the other doors for programs.

use countersign::domain::agent::Cause;
use serde_json::json;

use crate::site::CRM;
use crate::stories;

stories! {
    /// Services by a token, a key or their platform's word; agents by a token for this server.
    async fn who_calls(site) {
        let keyed = site.keyed("support-agent-v2").await;
        let call = async |token: &str| {
            let shown = format!("Bearer {token}");
            site.post("/whoami", &[], &[("authorization", &shown)]).await
        };
        assert_eq!(call(CRM).await.body["service"], "crm");
        let claims = json!({"iss": "mail", "sub": "mail", "aud": site.issuer, "jti": "x",
            "iat": site.at(0), "exp": site.at(300)});
        let signed = site.service_key.sign(&json!({}), &claims);
        assert_eq!(call(&signed).await.body["service"], "mail");
        let other = crate::tools::Pair::make(countersign::domain::signing_key::Algorithm::EdDsa);
        call(&other.sign(&json!({}), &claims)).await.refuses(401, "invalid_token", "not signed");
        let sub = json!({"sub": "system:serviceaccount:shop:pay"});
        let pay = site.outside(&site.cluster, &sub);
        assert_eq!(call(&pay).await.body["service"], "pay");
        let else_ = site.outside(&site.cluster, &json!({"sub": "system:serviceaccount:shop:other"}));
        call(&else_).await.refuses(401, "invalid_token", "no service of the policy");
        let people = site.outside(&site.people, &sub);
        call(&people).await.refuses(401, "invalid_token", "no service of the policy");

        let token = keyed.ask(site, &[]).await.token();
        assert_eq!(call(&token).await.body["agent"], keyed.agent.id.to_string());
        let elsewhere = keyed.ask(site, &[("resource", "https://crm")]).await.token();
        call(&elsewhere).await.refuses(401, "invalid_token", "for another resource");
        let stopped = keyed.agent.clone().suspend(
            keyed.agent.owner.clone(),
            String::new(),
            Cause::Stopped,
            site.now(),
        );
        let stopped = stopped.unwrap();
        site.write(move |tx| Box::pin(async move { tx.update_agent(&stopped).await })).await;
        call(&token).await.refuses(401, "invalid_token", "has ended");

        for odd in ["", "x", &CRM[1..], &CRM.to_uppercase(), &"a.".repeat(40_000)] {
            call(odd).await.refuses(401, "invalid_token", "");
        }
        let none = site.post("/whoami", &[], &[]).await;
        none.refuses(401, "invalid_token", "who calls");
        assert_eq!(none.header("www-authenticate"), "Bearer realm=\"countersign\"");
        let basic = site.post("/whoami", &[], &[("authorization", "Basic YTpi")]).await;
        basic.refuses(401, "invalid_token", "Bearer and DPoP");
        let twice = [("authorization", "Bearer x"), ("authorization", "Bearer y")];
        site.post("/whoami", &[], &twice).await.refuses(401, "invalid_token", "one header");
    }
}
