//! Whom the policy trusts at run time, and every mistake in saying so.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{SMALL, only};
use crate::domain::time::Span;
use crate::policy::runtime::{
    Callbacks, IdentityProvider, Issuer, Keys, Quotas, ServiceAccount, ServiceProof, Tokens,
    Trusted,
};

/// Everything at once, rightly.
const ALL: &str = r#"
[rules]
utc_offset = "-03:30"

[issuers.github]
issuer = "https://token.actions.githubusercontent.com"
audience = "https://agents.example.com"
vouches_for = "workloads"

[issuers.cluster]
issuer = "http://127.0.0.1:8001"
jwks_url = "http://[::1]:8001/openid/v1/jwks"
vouches_for = "workloads"

[issuers.cluster-people]
issuer = "http://127.0.0.1:8001"
audience = "people"
vouches_for = "people"
user_claim = "slack"

[issuers.mesh]
issuer = "spiffe://acme.example"
jwks_url = "https://spire.acme.example/keys"
vouches_for = "workloads"

[issuers.slack]
issuer = "https://slack.com"
jwks = '{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}'
vouches_for = "people"
user_claim = "https://slack.com/user_id"
workspace_claim = "https://slack.com/team_id"
groups_claim = "groups"

[directory]
scim_bearer_sha256 = "3333333333333333333333333333333333333333333333333333333333333333"
stale_after = "12h"

[services.crm]
bearer_sha256 = ["1111111111111111111111111111111111111111111111111111111111111111", "2222222222222222222222222222222222222222222222222222222222222222"]

[services.billing]
jwk = { kty = "OKP", crv = "Ed25519", x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }
workload = { issuer = "github", claims = { sub = "repo:acme/billing:ref:refs/heads/main" } }

[tokens]
lasting = "10m"
longest_chain = 2
audiences = ["https://crm.example.com", "urn:acme:billing"]
longest_credential = "30d"

[quotas]
evaluations = 600
tokens = 6
open_requests = 1

[callbacks]
hosts = ["hooks.example.com", "*.internal.example.com"]
private_addresses = true
"#;

#[test]
fn all_of_it_is_read() {
    let policy = only(&format!("{SMALL}{ALL}")).unwrap_or_else(|refused| panic!("{refused}"));
    let bearer = |digit: &str| ServiceProof::Bearer { sha256: digit.repeat(64) };
    let crm = ServiceAccount { name: "crm".to_owned(), proofs: vec![bearer("1"), bearer("2")] };
    assert_eq!(policy.services()["crm"], crm);
    let billing = &policy.services()["billing"].proofs;
    assert!(
        matches!(&billing[..], [ServiceProof::Key { .. }, ServiceProof::Workload { issuer, .. }] if issuer == "github")
    );
    let github = Issuer {
        name: "github".to_owned(),
        issuer: "https://token.actions.githubusercontent.com".to_owned(),
        audience: Some("https://agents.example.com".to_owned()),
        keys: Keys::Discovered,
        vouches_for: Trusted::Workloads,
    };
    assert_eq!(policy.issuers()["github"], github);
    assert_eq!(
        policy.issuers()["cluster"].keys,
        Keys::Url("http://[::1]:8001/openid/v1/jwks".to_owned())
    );
    let mesh = &policy.issuers()["mesh"];
    assert_eq!(mesh.trust_domain(), Some("acme.example"));
    for (iss, sub, meant) in [
        (None, Some("spiffe://acme.example/shop"), true),
        (Some("https://spire"), Some("spiffe://acme.example/shop"), true),
        (None, Some("spiffe://acme.example"), false),
        (None, Some("spiffe://acme.example/"), false),
        (None, Some("spiffe://acme.example.evil/shop"), false),
        (Some("spiffe://acme.example"), Some("shop"), false),
        (None, None, false),
    ] {
        assert_eq!(mesh.answers_for(iss, sub), meant, "{iss:?} {sub:?}");
    }
    assert!(matches!(
        &policy.issuers()["slack"].vouches_for,
        Trusted::People { workspace_claim: Some(_), groups_claim: Some(groups), .. } if groups == "groups"
    ));
    let provider =
        IdentityProvider { scim_bearers: vec!["3".repeat(64)], stale_after: Span::hours(12) };
    assert_eq!(policy.identity_provider(), &provider);
    let tokens = Tokens {
        lasting: Span::minutes(10),
        longest_chain: 2,
        audiences: vec!["https://crm.example.com".to_owned(), "urn:acme:billing".to_owned()],
        longest_credential: Span::days(30),
    };
    assert_eq!(policy.tokens(), &tokens);
    assert_eq!(policy.quotas(), &Quotas { evaluations: 600, tokens: 6, open_requests: 1 });
    let hosts = vec!["hooks.example.com".to_owned(), "*.internal.example.com".to_owned()];
    assert_eq!(policy.callbacks(), &Callbacks { hosts, private_addresses: true });
}

#[test]
fn what_is_absent_is_as_documented() {
    let policy = only(SMALL).unwrap();
    assert_eq!((policy.services(), policy.issuers()), (&BTreeMap::new(), &BTreeMap::new()));
    assert_eq!(policy.tokens(), &Tokens::default());
    assert_eq!(policy.quotas(), &Quotas::default());
    assert_eq!(policy.callbacks(), &Callbacks::default());
    assert_eq!(policy.identity_provider(), &IdentityProvider::default());
    let some = only(&format!("{SMALL}[tokens]\nlongest_chain = 1\n")).unwrap();
    assert_eq!(some.tokens(), &Tokens { longest_chain: 1, ..Tokens::default() });
}

/// Changes to the whole, each with one mistake.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("an offset that is none", "\"-03:30\"", "\"CET\""),
    ("an offset without minutes", "\"-03:30\"", "\"+1\""),
    ("an offset beyond the earth", "\"-03:30\"", "\"+19:00\""),
    ("an issuer by name", "\"https://slack.com\"", "\"slack\""),
    ("an issuer without TLS", "\"https://slack.com\"", "\"http://slack.com\""),
    ("an issuer that looks local", "\"http://127.0.0.1:8001\"", "\"http://127.0.0.1.example.com\""),
    ("an issuer with a user", "\"http://127.0.0.1:8001\"", "\"http://127.0.0.1:x@example.com\""),
    ("a trust domain in capitals", "spiffe://acme.example", "spiffe://Acme.example"),
    ("a trust domain with a path", "spiffe://acme.example", "spiffe://acme.example/shop"),
    ("a trust domain without keys", "jwks_url = \"https://spire.acme.example/keys\"\n", ""),
    (
        "a trust domain of people",
        "keys\"\nvouches_for = \"workloads\"",
        "keys\"\nvouches_for = \"people\"\nuser_claim = \"sub\"",
    ),
    ("the same issuer twice", "audience = \"people\"\n", ""),
    ("an issuer without an address", "issuer = \"https://slack.com\"\n", ""),
    (
        "keys twice",
        "jwks_url = \"http://[::1]:8001/openid/v1/jwks\"",
        "jwks_url = \"https://a.b/jwks\"\njwks = '{}'",
    ),
    (
        "keys that are no JSON",
        "'{\"keys\": [{\"kty\": \"RSA\", \"n\": \"AQAB\", \"e\": \"AQAB\"}]}'",
        "'keys'",
    ),
    ("keys that are none", "[{\"kty\": \"RSA\", \"n\": \"AQAB\", \"e\": \"AQAB\"}]", "[]"),
    ("keys that are private", "\"kty\": \"RSA\"", "\"kty\": \"RSA\", \"d\": \"AQAB\""),
    ("nothing that is vouched for", "vouches_for = \"people\"", "vouches_for = \"persons\""),
    ("people without a claim", "user_claim = \"https://slack.com/user_id\"\n", ""),
    ("workloads with a claim", "vouches_for = \"people\"", "vouches_for = \"workloads\""),
    (
        "workloads with groups",
        "jwks_url = \"https://spire.acme.example/keys\"",
        "jwks_url = \"https://spire.acme.example/keys\"\ngroups_claim = \"groups\"",
    ),
    ("groups that are no claim", "groups_claim = \"groups\"", "groups_claim = [\"groups\"]"),
    (
        "the token of a service that pushes",
        "\"3333333333333333333333333333333333333333333333333333333333333333\"",
        "\"1111111111111111111111111111111111111111111111111111111111111111\"",
    ),
    (
        "a token that pushes, twice",
        "scim_bearer_sha256 = \"3333333333333333333333333333333333333333333333333333333333333333\"",
        "scim_bearer_sha256 = [\"3333333333333333333333333333333333333333333333333333333333333333\", \"3333333333333333333333333333333333333333333333333333333333333333\"]",
    ),
    (
        "the token that pushes for its hash",
        "\"3333333333333333333333333333333333333333333333333333333333333333\"",
        "\"s3cr3t\"",
    ),
    ("groups that count for ever", "stale_after = \"12h\"", "stale_after = \"365d\""),
    ("an unknown key of the directory", "stale_after = ", "stale = "),
    ("an unknown key of an issuer", "audience = ", "audiences = "),
    (
        "a token for its hash",
        "\"2222222222222222222222222222222222222222222222222222222222222222\"",
        "\"s3cr3t\"",
    ),
    (
        "a hash in capitals",
        "\"2222222222222222222222222222222222222222222222222222222222222222\"",
        "\"AAAA222222222222222222222222222222222222222222222222222222222222\"",
    ),
    (
        "the hash of a line end",
        "\"2222222222222222222222222222222222222222222222222222222222222222\"",
        "\"01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b\"",
    ),
    (
        "a token twice",
        "\"2222222222222222222222222222222222222222222222222222222222222222\"",
        "\"1111111111111111111111111111111111111111111111111111111111111111\"",
    ),
    ("a service without a proof", "[services.billing]", "[services.idle]\n\n[services.billing]"),
    ("a private key", "x = \"11qY", "d = \"nWGxne\", x = \"11qY"),
    ("a key that is cut off", "x = \"11qYAYKx", "x = \""),
    ("a key of another curve", "\"Ed25519\"", "\"Ed448\""),
    (
        "a key without a coordinate",
        "kty = \"OKP\", crv = \"Ed25519\"",
        "kty = \"EC\", crv = \"P-256\"",
    ),
    ("an unknown issuer", "issuer = \"github\"", "issuer = \"gitbuh\""),
    ("an issuer of people", "issuer = \"github\"", "issuer = \"slack\""),
    (
        "any workload at all",
        "claims = { sub = \"repo:acme/billing:ref:refs/heads/main\" }",
        "claims = {}",
    ),
    (
        "a claim that is a number",
        "{ sub = \"repo:acme/billing:ref:refs/heads/main\" }",
        "{ sub = 7 }",
    ),
    ("tokens for a day", "lasting = \"10m\"", "lasting = \"1d\""),
    ("credentials for ever", "\"30d\"", "\"10000d\""),
    ("no chain", "longest_chain = 2", "longest_chain = 0"),
    ("an audience that is a name", "\"urn:acme:billing\"", "\"billing\""),
    ("a negative quota", "tokens = 6", "tokens = -6"),
    ("a quota in quotes", "tokens = 6", "tokens = \"6\""),
    ("an address for a host", "\"hooks.example.com\"", "\"https://hooks.example.com/in\""),
    ("any host", "\"hooks.example.com\"", "\"*\""),
    ("no hosts", "hosts = [\"hooks.example.com\", \"*.internal.example.com\"]\n", ""),
];

#[test]
fn every_mistake_has_its_place_and_its_cure() {
    let mut all = String::new();
    for (title, from, to) in MISTAKES {
        assert!(ALL.contains(from), "{from}");
        let refused = only(&format!("{SMALL}{}", ALL.replacen(from, to, 1))).expect_err(title);
        let _ = writeln!(all, "{title}");
        for mistake in refused.mistakes {
            let _ = writeln!(all, "  {mistake}");
        }
    }
    insta::assert_snapshot!("trust", all);
}

/// A role by a group of the identity provider, beside other holders.
#[test]
fn groups_of_the_identity_provider_hold_roles() {
    let with = |holders: &str| {
        let text = format!("{SMALL}{ALL}").replacen("{ people = [\"U0VERA\"] }", holders, 1);
        only(&text)
    };
    let policy = with("{ people = [\"U0VERA\"], idp_group = [\"VPs\", \"sec-eng\"] }").unwrap();
    let (_, _, holders) = policy.roles().find(|(role, ..)| role.as_str() == "vp").unwrap();
    assert_eq!(holders.idp_groups, ["VPs", "sec-eng"]);
    assert!(
        holders.words().contains("the identity provider's group \"VPs\""),
        "{}",
        holders.words()
    );
    let mut all = String::new();
    for holders in [
        "{ idp_group = [] }",
        "{ idp_group = \"\" }",
        "{ idp_group = \" a\" }",
        "{ idp_group = [\"a\", \"a\"] }",
        "{ idp_group = 7 }",
        "{ idp_groups = \"a\" }",
    ] {
        let refused = with(holders).expect_err(holders);
        let _ = writeln!(all, "{holders}\n  {}", refused.mistakes[0]);
    }
    insta::assert_snapshot!("idp_groups", all);
}
