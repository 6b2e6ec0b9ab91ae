//! How an agent comes to prove who it is: a credential is asked for, approved, followed by another,
//! and taken away.

use countersign::domain::credential::{Credential, CredentialState, Proof, PublicKey};
use countersign::domain::event::What;
use countersign::domain::person::PersonId;
use countersign::domain::request::{Ask, RequestState};
use countersign::domain::time::Span;
use countersign::sandbox::model::View;
use countersign::sandbox::{ClickOutcome, SubmitOutcome};
use countersign::store::Engine;
use serde_json::{Value, json};

use crate::stories;
use crate::support::{Office, Person, Setup};

/// A public key, as somebody would paste it.
fn key(n: u8) -> String {
    serde_json::to_string(&PublicKey::ed25519(&[n; 32])).expect("a JWK")
}

/// What is written on the fields of a form that was sent and stays open.
fn mistakes(sent: SubmitOutcome) -> String {
    match sent {
        SubmitOutcome::Errors(errors) => json!(errors).to_string(),
        other => panic!("the form was taken: {other:?}"),
    }
}

impl Person<'_> {
    /// The form for a credential, not one that was open before.
    async fn opens_key_form(&self, agent: &str, name: &str) -> View {
        let workspace = self.office.workspace();
        let before = workspace.modal(self.id).map(|form| form.id);
        self.types(&format!("/agent key add {agent} {name}")).await;
        let new = || workspace.modal(self.id).filter(|form| Some(&form.id) != before.as_ref());
        self.office.until("form for a credential", new).await
    }

    /// Fills in the form for a public key, for so long; what came of sending it.
    async fn fills_in_key(
        &self,
        agent: &str,
        name: &str,
        key: &str,
        lasting: &str,
    ) -> SubmitOutcome {
        self.opens_key_form(agent, name).await;
        self.fills("key", "key", json!(key)).await;
        self.fills("lasting", "lasting", json!(lasting)).await;
        self.fills("because", "because", json!("it moves to the new cluster")).await;
        self.sends().await
    }

    /// Asks that an agent may prove itself by a key; the request's reference.
    pub(crate) async fn adds_key(&self, agent: &str, name: &str, key: &str) -> String {
        let sent = self.fills_in_key(agent, name, key, "90d").await;
        assert!(matches!(sent, SubmitOutcome::Closed), "{sent:?}");
        self.hears("asks to prove itself by").await;
        self.office.settled().await;
        let reference = self.last_reference(agent).await;
        assert!(reference.starts_with("K-"), "{reference}");
        reference
    }

    /// An agent of this person's proves itself by a key, as everybody whom it takes approved.
    async fn has_key(&self, agent: &str, name: &str, key: &str) -> Credential {
        let reference = self.adds_key(agent, name, key).await;
        self.office.everybody_approves(&reference).await;
        self.office.credential(agent, name).await
    }

    /// Takes a credential away, from the list of what the agent proves itself by.
    pub(crate) async fn revokes_key(&self, agent: &str, reason: &str) -> String {
        let dm = self.dm();
        let list = self.types_in(&dm, &format!("/agent key {agent}")).await;
        assert!(list.contains("Revoke"), "{list}");
        let seen = self.office.workspace().visible_to(self.id, &dm);
        let list = seen.iter().rev().find(|m| m.action_ids().iter().any(|a| a == "revoke_key"));
        self.opens(&dm, &list.expect("the list").ts, "revoke_key").await;
        self.fills("because", "because", json!(reason)).await;
        let sent = self.sends().await;
        assert!(matches!(sent, SubmitOutcome::Closed), "{sent:?}");
        self.office.settled().await;
        self.hears("cannot prove itself by").await.words()
    }
}

impl Office {
    /// All that this agent ever had, the oldest first.
    async fn credentials(&self, agent: &str) -> Vec<Credential> {
        let agent = self.agent(agent).await;
        let store = self.store().await;
        let mut session = store.read().await.expect("a session");
        session.credentials_of(agent.id).await.expect("a read")
    }

    async fn credential(&self, agent: &str, name: &str) -> Credential {
        let all = self.credentials(agent).await;
        let found = all.iter().rev().find(|credential| credential.name == name).cloned();
        found.unwrap_or_else(|| panic!("no credential {name} of {agent} in {all:?}"))
    }

    async fn live_credentials(&self, agent: &str) -> usize {
        let now = self.now();
        self.credentials(agent).await.iter().filter(|c| c.is_live(now)).count()
    }
}

stories! {
    /// Asked in a form, decided by the people of the tier, and then it can prove itself.
    async fn a_key_is_added_by_approval(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &["writes"]).await;
        let said = dana.types("/agent show support-agent-v2").await;
        assert!(said.contains("/agent key add support-agent-v2"), "no next step in {said}");
        assert!(json!(dana.home().await.blocks).to_string().contains("/agent key add"));

        let reference = dana.adds_key("support-agent-v2", "production", &key(7)).await;
        assert!(office.theo().is_asked(&reference).await && office.sam().is_asked(&reference).await);
        let card = office.theo().card(&reference).await.words();
        let Proof::Key { thumbprint, .. } = (match office.request(&reference).await.ask {
            Ask::Credential { proof, .. } => proof,
            other => panic!("{other:?}"),
        }) else {
            panic!("no key")
        };
        let groups = format!("{} {}", &thumbprint[..4], &thumbprint[4..8]);
        for words in [
            "“production” · Ed25519 key",
            &groups,
            "90 days",
            "its first credential",
            "proving itself as support-agent-v2 and getting tokens for its grants",
            "it moves to the new cluster",
        ] {
            assert!(card.contains(words), "no “{words}” on\n{card}");
        }
        office.theo().approves(&reference).await;
        office.settled().await;
        assert_eq!(office.live_credentials("support-agent-v2").await, 0, "one yes of two");
        office.sam().approves(&reference).await;
        office.settled().await;
        let credential = office.credential("support-agent-v2", "production").await;
        assert!(credential.is_live(office.now()));
        assert_eq!(credential.expires_at, office.now() + Span::days(90).delta());
        assert_eq!(office.logged(|w| matches!(w, What::CredentialAdded { .. })).await, 1);
        dana.reads("can prove itself by “production” for 90 days").await;
        office.all_copies_say(&reference, "Approved", false).await;
        let listed = dana.types("/agent key support-agent-v2").await;
        assert!(listed.contains("proves itself by 1 credential") && listed.contains(&groups));
        assert!(!dana.at_home().await.contains("/agent key add"), "the next step is done");
        office.verifies().await;
    }

    /// A private key that is pasted is refused on its field, and is nowhere afterwards.
    async fn a_private_key_is_refused_and_kept_nowhere(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let secret = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
        let mut jwk: Value = serde_json::from_str(&key(7)).expect("JSON");
        jwk["d"] = json!(secret);
        for private in [
            jwk.to_string(),
            format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----"),
        ] {
            let said =
                mistakes(dana.fills_in_key("support-agent-v2", "laptop", &private, "30d").await);
            assert!(said.contains("\"key\"") && said.contains("private key"), "{said}");
            assert!(said.contains("make a new pair") && !said.contains(secret), "{said}");
        }
        let last = dana.last_reference("support-agent-v2").await;
        assert!(last.starts_with("R-"), "something was asked: {last}");
        let log: Vec<String> = office.log().await.iter().map(|line| format!("{line:?}")).collect();
        assert!(!log.join("\n").contains(secret));
        // The mistake mended, it is taken.
        dana.adds_key("support-agent-v2", "laptop", &key(7)).await;
    }

    /// Every mistake is said on its field.
    async fn mistakes_are_said_on_their_fields(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        for (text, lasting, block, words) in [
            ("nonsense", "30d", "key", "no public key"),
            (key(7).as_str(), "91d", "lasting", "At most 90 days"),
            (key(7).as_str(), "ages", "lasting", "30d"),
        ] {
            let said = mistakes(dana.fills_in_key("support-agent-v2", "x", text, lasting).await);
            assert!(said.contains(block) && said.contains(words), "{said}");
        }
        let said = office.omar().types("/agent key add support-agent-v2").await;
        assert!(said.contains("U0DANA"), "only the owner adds one: {said}");
        let said = dana.types("/agent key add").await;
        assert!(said.contains("support-agent-v2"), "which ones there are: {said}");
    }

    /// One key is one agent's. Whose it is, is said only to those who may see it.
    async fn one_key_is_one_agents(office) {
        let (dana, omar) = (office.dana(), office.omar());
        dana.has_agent("support-agent-v2", &[]).await;
        dana.has_agent("other-agent", &[]).await;
        omar.has_agent("omars-agent", &[]).await;
        dana.has_key("support-agent-v2", "production", &key(7)).await;
        let said = mistakes(dana.fills_in_key("support-agent-v2", "again", &key(7), "30d").await);
        assert!(said.contains("has this key already"), "{said}");
        let said = mistakes(dana.fills_in_key("other-agent", "again", &key(7), "30d").await);
        assert!(said.contains("support-agent-v2 proves itself by this"), "{said}");
        let said = mistakes(omar.fills_in_key("omars-agent", "again", &key(7), "30d").await);
        assert!(said.contains("Another agent proves") && !said.contains("support-agent"), "{said}");
    }

    /// Two ask for the same key; it is the first one's that is approved. The other request ends
    /// with its last yes, and everybody is told why.
    async fn the_same_key_approved_twice_is_the_first_ones(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.has_agent("other-agent", &[]).await;
        let first = dana.adds_key("support-agent-v2", "production", &key(7)).await;
        let second = dana.adds_key("other-agent", "production", &key(7)).await;
        office.everybody_approves(&first).await;
        assert_eq!(office.live_credentials("support-agent-v2").await, 1);
        let said = office.theo().approves(&second).await;
        assert!(said.contains("nothing could come of it"), "{said}");
        assert!(said.contains("another agent proves itself by the same key"), "{said}");
        office.settled().await;
        assert!(matches!(office.request(&second).await.state, RequestState::Cancelled { .. }));
        assert_eq!(office.live_credentials("other-agent").await, 0);
        dana.reads("No longer asked: the credential “production” for other-agent").await;
        office.all_copies_say(&second, "another agent proves itself by the same key", false).await;
        assert_eq!(office.logged(|w| matches!(w, What::CredentialAdded { .. })).await, 1);
        assert_eq!(office.logged(|w| matches!(w, What::RequestCancelled { .. })).await, 1);
        office.verifies().await;
    }

    /// A week and a day before the end the owner is reminded, once each. The next one is accepted
    /// beside the old one, which ends by itself.
    async fn one_follows_another_without_a_gap(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.has_key("support-agent-v2", "spring", &key(7)).await;
        let reminded = |words: &str| {
            dana.inbox().iter().filter(|m| m.words().contains(words)).count()
        };
        office.advance("82d").await;
        assert_eq!(reminded("can no longer prove itself by"), 0);
        office.advance("1d").await;
        let reminder = dana.reads("⏰ In 7 days: ").await;
        assert!(reminder.words().contains("both are accepted until this one ends"));
        dana.opens(&dana.dm(), &reminder.ts, "add_key").await;
        dana.fills("name", "name", json!("summer")).await;
        dana.fills("key", "key", json!(key(8))).await;
        dana.fills("because", "because", json!("the next one")).await;
        let sent = dana.sends().await;
        assert!(matches!(sent, SubmitOutcome::Closed), "{sent:?}");
        dana.hears("asks to prove itself by “summer”").await;
        let reference = dana.last_reference("support-agent-v2").await;
        let card = office.theo().card(&reference).await.words();
        assert!(card.contains("beside 1 credential that it has"), "{card}");
        office.everybody_approves(&reference).await;
        assert_eq!(office.live_credentials("support-agent-v2").await, 2);
        office.advance("6d").await;
        dana.reads("⏰ In 1 day: ").await;
        assert_eq!((reminded("⏰ In 7 days: "), reminded("⏰ In 1 day: ")), (1, 1));
        office.advance("1d").await;
        let ended = dana.reads("ended when its time came").await.words();
        assert!(ended.contains("“spring”") && ended.contains("1 other credential"), "{ended}");
        assert_eq!(office.live_credentials("support-agent-v2").await, 1);
        assert!(!office.credential("support-agent-v2", "spring").await.is_live(office.now()));
    }

    /// The owner, a lead of its team and security take it away at once, nobody else.
    async fn it_is_taken_away_at_once(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        for (n, who) in ["U0DANA", "U0THEO", "U0SAM"].into_iter().enumerate() {
            let name = format!("key-{n}");
            let number = u8::try_from(n).expect("small");
            let credential = dana.has_key("support-agent-v2", &name, &key(number)).await;
            for other in ["U0OMAR", "U0CLEO"] {
                let said = office.person(other).types("/agent key support-agent-v2").await;
                assert!(said.contains("Only the owner") && !said.contains(&name), "{said}");
                let service = office.service().await;
                let owner = office.agent("support-agent-v2").await.owner;
                let person = PersonId::new(owner.workspace, other);
                let refused = service.may_revoke_credential(&person, credential.id).await;
                assert!(refused.expect("an answer").is_err(), "{other} may");
            }
            let said = office.person(who).revokes_key("support-agent-v2", "left on a laptop").await;
            assert!(said.contains("not accepted either"), "{said}");
            let credential = office.credential("support-agent-v2", &name).await;
            assert!(!credential.is_live(office.now()));
            assert!(matches!(&credential.state, CredentialState::Revoked { by, reason, .. }
                if by.person().is_some_and(|by| by.user == who) && reason == "left on a laptop"));
            dana.reads(&format!("revoked by <@{who}>")).await;
            assert_eq!(office.posted("C0SECURITY", &format!("revoked by <@{who}>")).len(), 1);
            assert_eq!(office.logged(|w| matches!(w, What::CredentialRevoked { .. })).await, n + 1);
        }
        // Nobody is reminded of what was taken away.
        office.advance("90d").await;
        assert!(!dana.inbox().iter().any(|m| m.words().contains("⏰ In 7 days")));
        assert!(!dana.inbox().iter().any(|m| m.words().contains("ended when its time came")));
        office.verifies().await;
    }
}

/// An office whose policy trusts GitHub with workloads.
async fn where_github_vouches(engine: Engine) -> (Office, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let starter =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy/policy.toml");
    let starter = std::fs::read_to_string(starter).expect("the starter policy");
    let github = "[issuers.github]\nissuer = \"https://token.actions.githubusercontent.com\"\n\
                  vouches_for = \"workloads\"\n";
    let text = format!("{starter}\n{github}");
    std::fs::write(folder.path().join("policy.toml"), text).expect("written");
    let policy = Some(folder.path().to_owned());
    (Office::set_up(Setup { policy, ..Setup::on(engine) }).await, folder)
}

impl Person<'_> {
    /// Fills in the form for a workload that GitHub vouches for; what came of sending it.
    async fn fills_in_workload(&self, agent: &str, name: &str, claims: &str) -> SubmitOutcome {
        let form = self.opens_key_form(agent, name).await;
        let workspace = self.office.workspace();
        let chosen = json!("workload");
        let click = workspace.click_in_view(self.id, &form.id, "proof", "proof_choice", chosen);
        assert!(matches!(click.await.expect("chooses"), ClickOutcome::Acknowledged));
        let changed = || {
            let form = workspace.modal(self.id)?;
            json!(form.blocks).to_string().contains("\"claims\"").then_some(())
        };
        self.office.until("fields of a workload", changed).await;
        self.fills("issuer", "issuer", json!("github")).await;
        self.fills("claims", "claims", json!(claims)).await;
        self.fills("because", "because", json!("it runs in a workflow")).await;
        self.sends().await
    }

    async fn adds_workload(&self, agent: &str, name: &str, claims: &str) -> String {
        let sent = self.fills_in_workload(agent, name, claims).await;
        assert!(matches!(sent, SubmitOutcome::Closed), "{sent:?}");
        self.hears(&format!("asks to prove itself by “{name}”")).await;
        self.office.settled().await;
        self.last_reference(agent).await
    }
}

/// Claims are shown whole, broad ones are warned of; asked again, the same only lasts longer.
async fn a_workload_is_trusted_by_its_claims(engine: Engine) {
    let (office, _folder) = where_github_vouches(engine).await;
    let dana = office.dana();
    dana.has_agent("support-agent-v2", &[]).await;
    for (claims, words) in [
        ("repository", "name = value"),
        ("sub = repo:acme/*", "letter by letter"),
        ("aud = x", "tells no workload"),
    ] {
        let said = mistakes(dana.fills_in_workload("support-agent-v2", "ci", claims).await);
        assert!(said.contains("\"claims\"") && said.contains(words), "{said}");
    }
    let broad = dana.adds_workload("support-agent-v2", "any", "repository_owner_id = 1").await;
    let card = office.theo().card(&broad).await.words();
    assert!(card.contains("⚠ broad: fits workflows of many repositories"), "{card}");
    office.theo().denies(&broad, "name the repository").await;

    let claims = "repository_id = 42\nref = refs/heads/main";
    let exact = dana.adds_workload("support-agent-v2", "ci", claims).await;
    let card = office.theo().card(&exact).await.words();
    for words in [
        "github",
        "repository_id = 42",
        "ref = refs/heads/main",
        "to which https://token.actions.githubusercontent.com gives a token with these claims",
        "its first credential",
    ] {
        assert!(card.contains(words), "no “{words}” on\n{card}");
    }
    assert!(!card.contains("broad"), "{card}");
    office.everybody_approves(&exact).await;
    let before = office.credential("support-agent-v2", "ci").await;
    assert!(before.is_live(office.now()));

    office.advance("83d").await;
    dana.reads("ask for it again now").await;
    let again = dana.adds_workload("support-agent-v2", "ci", claims).await;
    let card = office.theo().card(&again).await.words();
    assert!(card.contains("the same as it has, for longer"), "{card}");
    office.everybody_approves(&again).await;
    let all = office.credentials("support-agent-v2").await;
    let [after] = all.as_slice() else { panic!("not one and the same: {all:?}") };
    assert_eq!((after.id, after.added_at), (before.id, before.added_at));
    assert_eq!(after.expires_at, office.now() + Span::days(90).delta());
    office.advance("8d").await;
    assert_eq!(office.live_credentials("support-agent-v2").await, 1);
    assert!(!dana.inbox().iter().any(|m| m.words().contains("⏰ In 1 day: ")));
    assert_eq!(office.logged(|w| matches!(w, What::CredentialAdded { .. })).await, 2);
    office.close().await;
}

mod a_workload_is_trusted_by_its_claims {
    use super::Engine;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        super::a_workload_is_trusted_by_its_claims(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        super::a_workload_is_trusted_by_its_claims(Engine::Postgres).await;
    }
}
