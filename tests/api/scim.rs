//! Roles by the groups of an identity provider: what it pushes, what tokens say, and whose click counts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign::domain::event::{Actor, What};
use countersign::domain::identity_provider::Presence;
use countersign::store::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::client::{Answer, Caller, Key, agent_itself, log_in, text};
use crate::installed;
use crate::support::{Office, Person, Setup};

/// The token of the identity provider.
const TOKEN: &str = "9b1ec2f0-the-token-of-the-provider-that-nobody-guesses";
/// The starter policy's line that says who is security.
const SECURITY: &str = "security   = { usergroup = \"S0SECURITY\" }";

/// The starter policy with other holders of the role security, and more at its end.
fn policy(holders: &str, more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy");
    for name in ["policy.toml", "rules.cedar", "schema.cedarschema"] {
        let mut text = std::fs::read_to_string(starter.join(name)).expect("the starter");
        if name == "policy.toml" {
            assert!(text.contains(SECURITY), "the starter policy is another");
            text = text.replace(SECURITY, &format!("security = {holders}")) + more;
        }
        std::fs::write(folder.path().join(name), text).expect("a policy");
    }
    folder
}

fn pushing() -> String {
    let hash = hex::encode(Sha256::digest(TOKEN));
    format!("\n[directory]\nscim_bearer_sha256 = \"{hash}\"\nstale_after = \"24h\"\n")
}

async fn office(engine: Engine, policy: &tempfile::TempDir) -> Office {
    let mut setup = Setup::on(engine);
    setup.policy = Some(policy.path().to_owned());
    setup.settings.push(("IDENTITY__ENCRYPTION_KEY", "a-secret-of-more-than-32-characters"));
    Office::set_up(setup).await
}

/// A story, told on both databases, in an office whose security is the group sec-eng.
macro_rules! with_groups {
    ($($(#[$doc:meta])* async fn $name:ident($office:ident) $body:block)*) => {$(
        $(#[$doc])*
        async fn $name($office: &Office) $body

        mod $name {
            use super::{Engine, office, policy, pushing};

            async fn on(engine: Engine) {
                let policy = policy("{ idp_group = \"sec-eng\" }", &pushing());
                let office = office(engine, &policy).await;
                super::$name(&office).await;
                office.close().await;
            }

            crate::told_on_both!();
        }
    )*};
}

/// The identity provider.
struct Provider(Caller);

impl Provider {
    async fn of(office: &Office) -> Self {
        Self(Caller::with(office, TOKEN).await)
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/scim+json")];
        self.0.send(method, &format!("/scim/v2{path}"), &headers, body.to_string()).await
    }

    async fn done(&self, method: &str, path: &str, body: &Value, status: u16) -> Value {
        let answer = self.send(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {:#}", answer.body);
        if status != 204 {
            assert_eq!(answer.header("content-type"), "application/scim+json");
        }
        answer.body
    }

    async fn refused(&self, method: &str, path: &str, body: &Value, status: u16, kind: &str) {
        let said = self.done(method, path, body, status).await;
        assert_eq!(said["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(said["status"], status.to_string());
        assert_eq!(said["scimType"].as_str().unwrap_or_default(), kind, "{said}");
    }

    /// Pushes a user with this address; its id.
    async fn user(&self, name: &str) -> String {
        let address = format!("{name}@acme.example");
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": address,
            "externalId": format!("00u-{name}"), "active": true,
            "emails": [{ "value": address, "type": "work", "primary": true }],
        });
        text(&self.done("POST", "/Users", &user, 201).await["id"])
    }

    /// Pushes a group with these members; its id.
    async fn group(&self, name: &str, members: &[&String]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let group = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name,
            "members": members,
        });
        text(&self.done("POST", "/Groups", &group, 201).await["id"])
    }

    async fn patch(&self, path: &str, operation: Value) -> Value {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation],
        });
        self.done("PATCH", path, &body, 200).await
    }
}

/// Clicks Approve on the card in the channel, and says whether the word counted.
async fn counts(person: Person<'_>, reference: &str) -> bool {
    let office = person.office;
    let before = office.request(reference).await.votes.len();
    person.approves_in_channel(reference).await;
    office.settled().await;
    office.request(reference).await.votes.len() > before
}

/// An agent that writes, at work: security is the group sec-eng, in which Sara is for a while.
async fn with_agent(office: &Office, provider: &Provider) {
    let sara = provider.user("sara").await;
    let group = provider.group("sec-eng", &[&sara]).await;
    office.settled().await;
    office.dana().registers("support-agent", &["writes"]).await;
    let reference = office.dana().last_reference("support-agent").await;
    assert!(counts(office.sara(), &reference).await);
    assert!(counts(office.theo(), &reference).await);
    assert!(office.agent("support-agent").await.is_active());
    provider.done("DELETE", &format!("/Groups/{group}"), &json!({}), 204).await;
    provider.done("DELETE", &format!("/Users/{sara}"), &json!({}), 204).await;
}

with_groups! {
    /// A role by a group that is pushed: it approves; taken out of the group, the next click does not
    /// count; and who changed who approves is on the record, without anybody's address.
    async fn a_role_by_a_group_that_is_pushed(office) {
        let provider = Provider::of(office).await;
        with_agent(office, &provider).await;
        let sam = provider.user("sam").await;
        let group = provider.group("sec-eng", &[]).await;
        let nobody = office.dana().types("/agent request support-agent database:write for 1h because x").await;
        assert!(nobody.to_lowercase().contains("security"), "nobody could say yes: {nobody}");
        let path = format!("/Groups/{group}");
        provider.patch(&path, json!({ "op": "add", "path": "members", "value": [{ "value": sam }] })).await;
        office.settled().await;

        let first = office.dana().puts("support-agent", "database:write", "1h").await;
        assert!(office.sam().is_asked(&first).await);
        assert!(!counts(office.sara(), &first).await, "she is in no group any more");
        assert!(counts(office.sam(), &first).await);
        assert!(counts(office.theo(), &first).await);
        assert!(office.may("support-agent", "database:write").await);

        let second = office.dana().puts("support-agent", "tickets:comment", "1h").await;
        provider.patch(&path, json!({ "op": "remove", "path": format!("members[value eq \"{sam}\"]") })).await;
        assert!(!counts(office.sam(), &second).await);
        // Back again, and the group gets another name: it is another group for the policy.
        provider.patch(&path, json!({ "op": "add", "path": "members", "value": [{ "value": sam }] })).await;
        provider.patch(&path, json!({ "op": "replace", "path": "displayName", "value": "sec-eng-old" })).await;
        assert!(!counts(office.sam(), &second).await);
        provider.patch(&path, json!({ "op": "replace", "value": { "id": group, "displayName": "sec-eng" } })).await;
        assert!(counts(office.sam(), &second).await);

        let log = office.log().await;
        let by_provider: Vec<&What> =
            log.iter().filter(|line| line.actor == Actor::IdentityProvider).map(|line| &line.what).collect();
        let moves = |came: bool| by_provider.iter().filter(|what| matches!(
            what,
            What::IdpGroupChanged { joined, left, .. }
                if (if came { joined } else { left }).iter().any(|id| id.to_string() == sam)
        )).count();
        assert_eq!((moves(true), moves(false)), (2, 1));
        let renamed = by_provider.iter().any(|what| matches!(
            what,
            What::IdpGroupChanged { name: Some(name), before: Some(before), .. }
                if name == "sec-eng-old" && before == "sec-eng"
        ));
        assert!(renamed);
        let whole = serde_json::to_string(&log).unwrap();
        assert!(!whole.contains("@acme.example") && !whole.contains("00u-"), "no personal data");
    }

    /// Whom the identity provider has deactivated holds nothing, by whatever source.
    async fn whoever_is_deactivated_holds_nothing(office) {
        let provider = Provider::of(office).await;
        with_agent(office, &provider).await;
        let (sam, theo) = (provider.user("sam").await, provider.user("theo").await);
        provider.group("sec-eng", &[&sam]).await;
        office.settled().await;
        let reference = office.dana().puts("support-agent", "database:write", "1h").await;
        for id in [&sam, &theo] {
            // As Okta, and as Entra ID.
            let whole = json!({ "op": "replace", "value": { "active": false } });
            let text = json!({ "op": "Replace", "path": "active", "value": "False" });
            let user = provider.patch(&format!("/Users/{id}"), if *id == sam { whole } else { text }).await;
            assert_eq!(user["active"], false);
        }
        assert!(!counts(office.sam(), &reference).await);
        // Theo leads the team by a Slack group.
        assert!(!counts(office.theo(), &reference).await);
        assert!(counts(office.tina(), &reference).await, "another lead, whom nobody deactivated");
        let gone = office.logged(|what| matches!(what, What::IdpUserChanged { now: Presence::Inactive, .. }));
        assert_eq!(gone.await, 2);
        provider.patch(&format!("/Users/{sam}"), json!({ "op": "replace", "path": "active", "value": true })).await;
        assert!(counts(office.sam(), &reference).await);
    }

    /// People are found in Slack by their address; who is not found, or is no full member, holds nothing.
    async fn people_are_found_by_their_address(office) {
        let provider = Provider::of(office).await;
        with_agent(office, &provider).await;
        let sam = provider.user("sam").await;
        let (stranger, guest) = (provider.user("nobody").await, provider.user("gus").await);
        provider.group("sec-eng", &[&sam, &stranger, &guest]).await;
        office.settled().await;
        let reference = office.dana().puts("support-agent", "database:write", "1h").await;
        let said = office.dana().types("/agent roles").await;
        for words in ["Security: 1 person", "by SCIM: 2 people", "1 more is not found in Slack", "S0COMPLIANCE"] {
            assert!(said.contains(words), "no “{words}” in:\n{said}");
        }
        assert!(!said.contains("nobody@acme.example"), "no addresses in Slack:\n{said}");
        // The same user with another address is another person.
        let path = format!("/Users/{sam}");
        let address = json!([{ "value": "cleo@acme.example", "type": "work" }]);
        provider.patch(&path, json!({ "op": "replace", "path": "emails", "value": address })).await;
        office.settled().await;
        assert!(!counts(office.sam(), &reference).await);
        assert!(counts(office.cleo(), &reference).await);
        let matched = office.logged(|what| matches!(
            what,
            What::IdpUserMatched { person: Some(person), .. } if person.user == "U0CLEO"
        ));
        assert_eq!(matched.await, 1);
    }

    /// Two changes of one group at the same moment: both are there afterwards.
    async fn two_changes_at_once(office) {
        let provider = Provider::of(office).await;
        let group = provider.group("sec-eng", &[]).await;
        let mut ids = Vec::new();
        for name in ["sam", "sara", "cleo", "vera"] {
            ids.push(provider.user(name).await);
        }
        let path = format!("/Groups/{group}");
        let adding = ids.iter().map(|id| {
            provider.patch(&path, json!({ "op": "add", "path": "members", "value": [{ "value": id }] }))
        });
        futures::future::join_all(adding).await;
        let members = provider.done("GET", &path, &json!({}), 200).await["members"].clone();
        assert_eq!(members.as_array().unwrap().len(), 4, "{members}");
        let same = json!({ "displayName": "same" });
        let (one, other) =
            tokio::join!(provider.send("POST", "/Groups", &same), provider.send("POST", "/Groups", &same));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }

    /// What is asked, listed, refused: as the standard says it.
    async fn the_protocol(office) {
        let provider = Provider::of(office).await;
        let (sam, sara) = (provider.user("sam").await, provider.user("sara").await);
        let group = provider.group("sec-eng", &[&sam]).await;
        for (filter, path, found) in [
            ("userName eq \"SAM@acme.example\"", "/Users", vec![&sam]),
            ("externalId eq \"00u-sara\"", "/Users", vec![&sara]),
            ("emails[type eq \"work\" and value sw \"sa\"]", "/Users", vec![&sam, &sara]),
            ("userName eq \"x\"", "/Users", vec![]),
            ("displayName eq \"Sec-Eng\"", "/Groups", vec![&group]),
            (&format!("id eq \"{group}\" and members[value eq \"{sam}\"]"), "/Groups", vec![&group]),
            (&format!("members.value eq \"{sara}\""), "/Groups", vec![]),
        ] {
            let query = serde_urlencoded::to_string([("filter", filter)]).unwrap();
            let list = provider.done("GET", &format!("{path}?{query}"), &json!({}), 200).await;
            let ids: Vec<String> = list["Resources"].as_array().unwrap().iter().map(|one| text(&one["id"])).collect();
            let (ids, wanted): (BTreeSet<&String>, BTreeSet<&String>) =
                (ids.iter().collect(), found.iter().copied().collect());
            assert_eq!(ids, wanted, "{filter}");
            assert_eq!(list["totalResults"], found.len());
        }
        let page = provider.done("GET", "/Users?startIndex=2&count=1", &json!({}), 200).await;
        assert_eq!((&page["totalResults"], &page["startIndex"], &page["itemsPerPage"]), (&json!(2), &json!(2), &json!(1)));
        assert_eq!(page["Resources"].as_array().unwrap().len(), 1);
        let none = provider.done("GET", "/Users?count=0", &json!({}), 200).await;
        assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(2), &json!([])));
        let small = provider.done("GET", &format!("/Groups/{group}?excludedAttributes=members"), &json!({}), 200).await;
        assert!(small.get("members").is_none() && small["displayName"] == "sec-eng", "{small}");

        let none = json!({});
        let group_path = format!("/Groups/{group}");
        for (method, path, body, status, kind) in [
            ("POST", "/Users", json!({ "userName": "SAM@ACME.example" }), 409, "uniqueness"),
            ("POST", "/Users", json!({ "userName": "" }), 400, "invalidValue"),
            ("POST", "/Users", json!([]), 400, "invalidSyntax"),
            ("POST", "/Groups", json!({ "displayName": "SEC-ENG" }), 409, "uniqueness"),
            ("POST", "/Groups", json!({ "displayName": "x", "members": [{ "value": group }] }), 400, "invalidValue"),
            (
                "PUT",
                &group_path,
                json!({ "displayName": "x", "members": [{ "value": "usr_01J00000000000000000000000" }] }),
                400,
                "invalidValue",
            ),
            ("GET", "/Users?filter=userName", none.clone(), 400, "invalidFilter"),
            ("GET", "/Users?startIndex=x", none.clone(), 400, "invalidValue"),
            ("PATCH", &group_path, json!({ "Operations": [{ "op": "replace", "path": "id", "value": "x" }] }), 400, "mutability"),
            ("GET", "/Users/usr_01J00000000000000000000000", none.clone(), 404, ""),
            ("GET", "/Users/sam", none.clone(), 404, ""),
            ("DELETE", "/Groups/x", none.clone(), 404, ""),
            ("POST", "/Bulk", none.clone(), 501, ""),
            ("GET", "/Me", none.clone(), 501, ""),
            ("PUT", "/Users", none.clone(), 405, ""),
            ("GET", "/Nothing", none.clone(), 404, ""),
        ] {
            provider.refused(method, path, &body, status, kind).await;
        }
        let large = format!("{{\"userName\":\"{}\"}}", "x".repeat(2 << 20));
        let headers = [("content-type", "application/scim+json")];
        assert_eq!(provider.0.send("POST", "/scim/v2/Users", &headers, large).await.status, 413);
        let text_plain = [("content-type", "text/plain")];
        assert_eq!(provider.0.send("POST", "/scim/v2/Users", &text_plain, "{}").await.status, 400);
        assert_eq!(provider.0.send("POST", "/scim/v2/Users", &headers, "{").await.status, 400);

        // Nobody else may push, or look.
        let dana = log_in(office.dana()).await;
        for other in [Caller::nobody(office).await, Caller::with(office, "x").await, dana] {
            for path in ["/Users", "/Groups", "/Schemas", &group_path] {
                let answer = other.send("GET", &format!("/scim/v2{path}"), &[], "").await;
                assert_eq!(answer.status, 401, "{path}");
                assert!(answer.header("www-authenticate").contains("Bearer"));
            }
            let config = other.send("GET", "/scim/v2/ServiceProviderConfig", &[], "").await;
            assert_eq!(config.status, 200, "how to prove who one is, is said to everybody");
        }
        // The token is good for nothing else.
        provider.0.get("/agents").await.refuses(401, "invalid_token");
    }
}

/// Without the token in the policy nobody pushes, and what was pushed before does not count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_nothing_is_pushed_and_nothing_counts() {
    let folder = policy("{ idp_group = \"sec-eng\", usergroup = \"S0SECURITY\" }", &pushing());
    let office = office(Engine::Sqlite, &folder).await;
    let provider = Provider::of(&office).await;
    let cleo = provider.user("cleo").await;
    provider.group("sec-eng", &[&cleo]).await;
    office.settled().await;
    office.dana().has_agent("support-agent", &["writes"]).await;
    let reference = office.dana().puts("support-agent", "database:write", "1h").await;
    office.stop().await;
    let file = folder.path().join("policy.toml");
    let without = policy("{ usergroup = \"S0SECURITY\" }", "");
    std::fs::copy(without.path().join("policy.toml"), file).expect("a policy");
    office.start().await;
    let provider = Provider::of(&office).await;
    assert_eq!(provider.send("GET", "/Users", &json!({})).await.status, 401);
    assert!(!counts(office.cleo(), &reference).await);
    office.close().await;
}

/// An agent shows a person's token in an exchange, as one does that acts for them.
async fn shows(agent: &Caller, token: &str) {
    // What proves the agent stands in the form.
    let without = Caller { token: None, ..agent.clone() };
    let answer = without
        .form(
            "/oauth/token",
            &[
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", token),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
                ("actor_token", agent.token.as_deref().expect("a token")),
                ("actor_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ],
        )
        .await;
    assert!(answer["access_token"].is_string(), "{answer}");
}

/// Groups by the claims of a person's token: they count from the moment it was made, for as long as the
/// policy says; an older token says nothing new; and a new one takes back what it does not say.
async fn groups_by_claims(engine: Engine) {
    let key = Key::make();
    let keys = format!("{{\"keys\": [{}]}}", key.jwk());
    let issuer = format!(
        "\n[issuers.okta]\nissuer = \"https://acme.okta.example\"\naudience = \"countersign\"\n\
         jwks = '{keys}'\nvouches_for = \"people\"\nuser_claim = \"slack\"\ngroups_claim = \"groups\"\n\
         \n[directory]\nstale_after = \"6h\"\n"
    );
    let folder = policy("{ idp_group = \"sec-eng\", people = [\"U0SAM\"] }", &issuer);
    let office = office(engine, &folder).await;
    let token = |user: &str, groups: Value, age: i64| {
        let at = office.clock_seconds();
        key.sign(&json!({
            "iss": "https://acme.okta.example", "aud": "countersign", "iat": at - age, "exp": at + 600,
            "sub": user, "slack": user, "groups": groups,
        }))
    };
    office.dana().has_agent("support-agent", &["writes"]).await;
    let dana = log_in(office.dana()).await;
    let agent = agent_itself(&office, &dana, "support-agent").await;
    shows(&agent, &token("U0CLEO", json!(["sec-eng", "all"]), 0)).await;
    shows(&agent, &token("U0VERA", json!(["sec-eng"]), 0)).await;
    let said = office.dana().types("/agent roles").await;
    assert!(said.contains("Security: 3 people") && said.contains("by tokens: 2 people"), "{said}");

    let first = office.dana().puts("support-agent", "database:write", "1h").await;
    assert!(counts(office.cleo(), &first).await);
    office.advance("10m").await;
    // A new token without the group takes it back; an older one does not bring it again.
    let agent = key_token(&office, &dana).await;
    shows(&agent, &token("U0VERA", json!([]), 0)).await;
    shows(&agent, &token("U0VERA", json!(["sec-eng"]), 300)).await;
    let second = office.dana().puts("support-agent", "tickets:comment", "1h").await;
    assert!(!counts(office.vera(), &second).await);
    assert!(counts(office.cleo(), &second).await);

    office.dana().types(&format!("/agent cancel {first}")).await;
    office.advance("6h").await;
    let dana = log_in(office.dana()).await;
    let third = office.dana().puts("support-agent", "database:write", "2h").await;
    assert!(!counts(office.cleo(), &third).await, "her token is too old");
    let said = office.dana().types("/agent roles").await;
    assert!(said.contains("Security: 1 person") && said.contains("stale"), "{said}");
    let agent = key_token(&office, &dana).await;
    shows(&agent, &token("U0CLEO", json!("sec-eng"), 0)).await;
    assert!(counts(office.cleo(), &third).await);

    let log = office.log().await;
    let claimed: Vec<(Vec<String>, Vec<String>)> = log
        .iter()
        .filter_map(|line| match &line.what {
            What::IdpGroupsClaimed { person, issuer, joined, left } if person.user == "U0CLEO" => {
                assert_eq!(issuer, "okta");
                Some((joined.clone(), left.clone()))
            }
            _ => None,
        })
        .collect();
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    // What no role needs is not kept; that it was said again is no news.
    assert_eq!(claimed, [(all(&["sec-eng"]), all(&[]))]);
    office.close().await;
}

/// The agent with a fresh token, by a key of its own.
async fn key_token(office: &Office, dana: &Caller) -> Caller {
    let key = Key::make();
    let wanted = json!({
        "name": format!("key-{}", office.clock_seconds()), "public_key": key.jwk(),
        "justification": "the next one",
    });
    let request = dana.post("/agents/support-agent/credentials", &wanted).await.ok(202);
    office.everybody_approves(&text(&request["reference"])).await;
    key.token(office, "support-agent").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_by_claims_sqlite() {
    groups_by_claims(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_by_claims_postgres() {
    groups_by_claims(Engine::Postgres).await;
}

pub(super) fn conformance() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/conformance")
}

/// A Python with the clients that others wrote.
pub(super) fn python() -> PathBuf {
    installed::python("scim-clients", &conformance().join("requirements.txt"), "python")
}

/// scim2-tester, written by others, finds no fault with the server.
async fn scim2_tester_finds_no_fault(engine: Engine) {
    let folder = policy("{ usergroup = \"S0SECURITY\" }", &pushing());
    let office = office(engine, &folder).await;
    let told = json!({
        "address": format!("http://{}/scim/v2", office.address().await), "token": TOKEN,
    });
    let output = tokio::task::spawn_blocking(move || {
        use std::io::Write;
        let mut child = Command::new(python())
            .arg(conformance().join("scim.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(told.to_string().as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    });
    let output = output.await.unwrap();
    let (said, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}\n{said}");
    let tried = said.lines().filter(|line| line.starts_with("SUCCESS")).count();
    assert!(tried > 60, "only {tried} were tried:\n{said}");
    office.settled().await;
    office.verifies().await;
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scim2_tester_finds_no_fault_sqlite() {
    scim2_tester_finds_no_fault(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scim2_tester_finds_no_fault_postgres() {
    scim2_tester_finds_no_fault(Engine::Postgres).await;
}
