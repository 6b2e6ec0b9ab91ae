//! Who answers for an agent: an owner is lost, somebody takes it, and what becomes of it when nobody does.

use countersign::domain::agent::Cause;
use countersign::domain::credential::{CredentialState, PublicKey};
use countersign::domain::event::What;
use countersign::domain::person::{PersonId, Standing};
use countersign::sandbox::SubmitOutcome;
use countersign::sandbox::model::{Message, PersonKind};
use countersign::service::input::GrantForm;
use countersign::service::outcome::{Asked, Refusal};
use countersign::service::owners::outcome::OwnerRefusal;
use countersign::store::Engine;
use serde_json::json;

use crate::stories;
use crate::support::{Answers, Office, Person, Setup};

const AGENT: &str = "support-agent-v2";
const NOBODY: &str = "Nobody answers for support-agent-v2 any more";

impl Office {
    /// Somebody's standing changes, and Slack says so.
    pub(crate) async fn becomes(&self, user: &str, kind: PersonKind) {
        self.workspace().set_person_kind(user, kind).expect("a person");
        self.known_as(user, kind).await;
    }

    /// Somebody's standing changes, and Slack's word of who it was is lost: what was known of people
    /// is only forgotten, as it is with time.
    pub(crate) async fn becomes_in_silence(&self, user: &str, kind: PersonKind) {
        let change = |model: &mut countersign::sandbox::model::Model| {
            model.person_mut(user).expect("a person").kind = kind;
        };
        self.workspace().change_model(change);
        self.workspace().emit(json!({"type": "user_change"}));
        self.known_as(user, kind).await;
    }

    /// Waits until the product would say this of somebody.
    async fn known_as(&self, user: &str, kind: PersonKind) {
        let standing = match kind {
            PersonKind::Member => Standing::Member,
            PersonKind::Guest => Standing::Guest,
            _ => Standing::Deactivated,
        };
        let (service, person) = (self.service().await, PersonId::new("T0ACME", user));
        self.until_so(&format!("{user} is known as {kind:?}"), || async {
            service.overview_standing(&person).await.expect("an answer") == standing
        })
        .await;
        self.settled().await;
    }

    /// Waits until nobody answers for the agent, or somebody does again.
    pub(crate) async fn until_ownerless(&self, agent: &str, ownerless: bool) {
        let what = format!("{agent} is without an owner: {ownerless}");
        self.until_so(&what, || async { self.agent(agent).await.orphaned.is_some() == ownerless })
            .await;
        self.settled().await;
    }

    /// Every message that tells of the agent's time without an owner, as it is shown now.
    pub(crate) fn told(&self, words: &str) -> Vec<Message> {
        let mut places: Vec<String> = ["C0SECURITY", "C0SUPPORT"].map(str::to_owned).to_vec();
        places.extend(["U0THEO", "U0TINA"].map(|lead| self.person(lead).dm()));
        places.iter().flat_map(|place| self.posted(place, words)).collect()
    }

    pub(crate) async fn owner(&self, agent: &str) -> String {
        self.agent(agent).await.owner.user
    }
}

impl Person<'_> {
    /// Leaves the company: Slack says so.
    pub(crate) async fn leaves(&self, agent: &str) {
        self.office.becomes(self.id, PersonKind::Deactivated).await;
        self.office.until_ownerless(agent, true).await;
    }

    /// Clicks Take it on what was told in the direct messages; the private answer.
    async fn takes(&self) -> String {
        let told = self.reads(NOBODY).await;
        self.clicks(&self.dm(), &told.ts, "take").await
    }

    /// Asks that somebody else answers for the agent; the request's reference.
    pub(crate) async fn hands_over(&self, agent: &str, to: &str) -> String {
        let said = self
            .types(&format!("/agent transfer {agent} to @{to} because she leads the project now"))
            .await;
        assert!(said.contains("is to be handed over to"), "{said}");
        self.office.settled().await;
        let reference = self.last_reference(agent).await;
        assert!(reference.starts_with("H-"), "{reference}");
        reference
    }

    pub(crate) async fn declines(&self, reference: &str, why: &str) {
        let card = self.card(reference).await;
        self.opens(&self.dm(), &card.ts, "decline").await;
        self.fills("because", "because", json!(why)).await;
        assert_eq!(self.sends().await, SubmitOutcome::Closed);
        self.office.settled().await;
    }
}

stories! {
    /// An account is deactivated: within the moment everybody who can mend it knows, and the agent
    /// goes on with what it has, but gets nothing new, whoever asks.
    async fn an_owner_who_leaves_is_missed_at_once(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &["writes"]).await;
        dana.gets(AGENT, "database:write", "2h").await;
        dana.leaves(AGENT).await;
        for lead in [office.theo(), office.tina()] {
            let told = lead.reads(NOBODY).await;
            assert!(told.words().contains("<@U0DANA> has a deactivated account"), "{}", told.words());
            assert_eq!(told.action_ids(), ["take", "show"]);
        }
        for channel in ["C0SECURITY", "C0SUPPORT"] {
            assert_eq!(office.posted(channel, NOBODY).len(), 1, "{channel}");
        }
        assert!(office.may(AGENT, "database:write").await, "it goes on with what it has");
        let said = office.theo().asks(AGENT, "tickets:comment", "1h").await;
        assert!(said.contains("Nobody answers for") && said.contains("/agent take"), "{said}");
        let agent = office.agent(AGENT).await;
        let form = GrantForm {
            access: "tickets:comment".to_owned(),
            because: "customer support queries".to_owned(),
            ..GrantForm::default()
        };
        let asked = office.service().await.ask_grant_for_itself(agent.id, &form, None).await;
        let asked = asked.expect("an answer");
        assert!(
            matches!(&asked, Asked::Refused(Refusal::Owner(OwnerRefusal::Ownerless(_)))),
            "{asked:?}"
        );
        let shown = office.theo().types("/agent show support-agent-v2").await;
        assert!(shown.contains("nobody since") && shown.contains("at work, and nobody"), "{shown}");
        assert_eq!(office.logged(|what| matches!(what, What::AgentOrphaned { .. })).await, 1);
        // The end of the grant is told to the team; nothing is sent to who has left.
        office.advance("2h").await;
        assert_eq!(office.posted("C0SUPPORT", "no longer has database : write").len(), 1);
        assert!(office.posted("C0SECURITY", "can never arrive").is_empty());
    }

    /// A guest cannot answer for an agent either.
    async fn an_owner_who_becomes_a_guest_is_missed(office) {
        office.dana().has_agent(AGENT, &[]).await;
        office.becomes("U0DANA", PersonKind::Guest).await;
        office.until_ownerless(AGENT, true).await;
        let told = office.theo().reads(NOBODY).await.words();
        assert!(told.contains("<@U0DANA> is a guest"), "{told}");
    }

    /// Slack's word was lost: the daily sweep finds it out, once.
    async fn the_sweep_finds_who_left_unheard(office) {
        office.dana().has_agent(AGENT, &[]).await;
        office.omar().has_agent("other-agent", &[]).await;
        office.becomes_in_silence("U0DANA", PersonKind::Deactivated).await;
        office.advance("1d").await;
        office.until_ownerless(AGENT, true).await;
        assert_eq!(office.agent("other-agent").await.orphaned, None);
        office.advance("1d").await;
        office.advance("1d").await;
        assert_eq!(office.logged(|what| matches!(what, What::AgentOrphaned { .. })).await, 1);
        assert_eq!(office.posted("C0SECURITY", NOBODY).len(), 1);
    }

    /// Somebody changes their picture: nothing follows.
    async fn other_changes_change_nothing(office) {
        office.dana().has_agent(AGENT, &[]).await;
        office.becomes("U0DANA", PersonKind::Member).await;
        office.becomes("U0OMAR", PersonKind::Deactivated).await;
        office.becomes("U0THEO", PersonKind::Guest).await;
        office.advance("1d").await;
        assert_eq!(office.agent(AGENT).await.orphaned, None);
        assert_eq!(office.logged(|what| matches!(what, What::AgentOrphaned { .. })).await, 0);
    }

    /// One click, and the lead answers for it: everything that was told shows so, and nothing counts
    /// down any more.
    async fn a_lead_takes_it_with_one_click(office) {
        let (dana, theo) = (office.dana(), office.theo());
        dana.has_agent(AGENT, &["writes"]).await;
        let open = dana.puts(AGENT, "database:write", "2h").await;
        dana.leaves(AGENT).await;
        // What was asked before waits for an owner, too.
        let said = office.sam().approves(&open).await;
        assert!(said.contains("Nobody answers for"), "{said}");
        let seen = office.tina().reads(NOBODY).await;
        let said = theo.takes().await;
        assert!(said.contains("You answer for support-agent-v2 now"), "{said}");
        office.settled().await;
        assert_eq!(office.owner(AGENT).await, "U0THEO");
        let told = office.told("<@U0THEO> answers for support-agent-v2 now");
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told.iter().all(|message| message.action_ids() == ["show"]), "{told:?}");
        let said = office.tina().clicks_as_seen(&office.tina().dm(), &seen, "take").await;
        assert!(said.contains("There is nothing to take: <@U0THEO> answers for"), "{said}");
        // Nobody approves their own: Theo could have before he took it.
        let said = theo.approves(&open).await;
        assert!(said.contains("You answer for support-agent-v2, so somebody else"), "{said}");
        office.tina().approves(&open).await;
        office.sam().approves(&open).await;
        assert!(office.may(AGENT, "database:write").await);
        theo.puts(AGENT, "tickets:comment", "1h").await;
        office.advance("31d").await;
        assert!(office.agent(AGENT).await.is_active());
        assert!(office.told("⏳ In").is_empty());
        assert_eq!(office.logged(|what| matches!(what, What::OwnerTaken { .. })).await, 1);
    }

    /// By command and from App Home: leads and security may, others may not.
    async fn who_may_take_it(office) {
        let (dana, tina) = (office.dana(), office.tina());
        dana.has_agent(AGENT, &[]).await;
        let said = office.sam().types("/agent take support-agent-v2").await;
        assert!(said.contains("There is nothing to take: <@U0DANA>"), "{said}");
        tina.home().await;
        dana.leaves(AGENT).await;
        for other in [office.omar(), office.cleo()] {
            let said = other.types("/agent take support-agent-v2").await;
            assert!(said.contains("Only a lead of its team and security"), "{said}");
            let seen = office.posted("C0SUPPORT", NOBODY).remove(0);
            let said = other.clicks("C0SUPPORT", &seen.ts, "take").await;
            assert!(said.contains("Only a lead of its team and security"), "{said}");
        }
        office.becomes("U0THEO", PersonKind::Guest).await;
        let seen = office.posted("C0SUPPORT", NOBODY).remove(0);
        let said = office.theo().clicks("C0SUPPORT", &seen.ts, "take").await;
        assert!(said.contains("You are a guest"), "{said}");
        assert!(tina.at_home().await.contains("Agents that nobody answers for"));
        tina.presses("take").await;
        office.until_ownerless(AGENT, false).await;
        assert_eq!(office.owner(AGENT).await, "U0TINA");
        assert!(!tina.at_home().await.contains("Agents that nobody answers for"));
        assert!(tina.at_home().await.contains(AGENT));
    }

    /// Whoever knows before Slack's word has arrived need not wait for it.
    async fn security_takes_it_before_anybody_was_told(office) {
        office.dana().has_agent(AGENT, &[]).await;
        office.becomes_in_silence("U0DANA", PersonKind::Deactivated).await;
        let said = office.sara().types("/agent take support-agent-v2").await;
        assert!(said.contains("You answer for support-agent-v2 now"), "{said}");
        assert_eq!(office.owner(AGENT).await, "U0SARA");
    }

    /// Two click at the same moment: one has it, the other is told who.
    async fn of_two_who_take_it_at_once_one_has_it(office) {
        office.dana().has_agent(AGENT, &[]).await;
        office.dana().leaves(AGENT).await;
        let (theo, tina) = (office.theo(), office.tina());
        let said = tokio::join!(theo.takes(), tina.takes());
        let said = [said.0, said.1];
        let owner = office.owner(AGENT).await;
        let has = said.iter().filter(|said| said.contains("You answer for")).count();
        assert_eq!(has, 1, "{said:?}");
        let late = format!("There is nothing to take: <@{owner}> answers for");
        assert!(said.iter().any(|said| said.contains(&late)), "{said:?}");
        assert_eq!(office.logged(|what| matches!(what, What::OwnerTaken { .. })).await, 1);
    }

    /// Nobody takes it: it is said again at the times of the policy, then it is stopped, and at last
    /// retired, with everything that it has.
    async fn nobody_takes_it(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &["writes"]).await;
        dana.leaves(AGENT).await;
        let again = |left: &str| format!("⏳ In {left}, support-agent-v2 is stopped");
        for (wait, left) in [("16d", "14 days"), ("7d", "7 days"), ("6d", "1 day")] {
            assert!(office.told(&again(left)).is_empty(), "{left}");
            office.advance(wait).await;
            let told = office.told(&again(left));
            assert_eq!(told.len(), 4, "{left}: {told:?}");
            assert!(told.iter().all(|told| told.action_ids() == ["take", "show"]), "{left}");
        }
        assert!(office.agent(AGENT).await.is_active());
        let open = office.logged(|what| matches!(what, What::AgentSuspended { .. })).await;
        assert_eq!(open, 0);
        office.advance("1d").await;
        let agent = office.agent(AGENT).await;
        assert_eq!(agent.cause(), Some(Cause::Ownerless));
        for channel in ["C0SECURITY", "C0SUPPORT"] {
            let posted = office.posted(channel, "is stopped: nobody took it in time");
            assert_eq!(posted.len(), 1, "{channel}");
        }
        // What was told before shows it as well, and can still be clicked.
        let told = office.told("🛑 support-agent-v2 is stopped: nobody answers for it");
        assert_eq!(told.len(), 16, "{told:?}");
        let said = office.sam().types("/agent request support-agent-v2 database:write for 1h because x").await;
        assert!(said.contains("Nobody answers for"), "{said}");
        office.advance("59d").await;
        assert_eq!(office.agent(AGENT).await.state.word(), "suspended");
        office.advance("1d").await;
        let agent = office.agent(AGENT).await;
        assert_eq!(agent.state.word(), "retired");
        assert_eq!(agent.orphaned, None);
        assert_eq!(office.posted("C0SUPPORT", "retired by Countersign").len(), 6);
        let told = office.told("retired by Countersign");
        assert!(told.iter().all(|told| !told.action_ids().contains(&"take".to_owned())), "{told:?}");
        assert_eq!(office.logged(|what| matches!(what, What::AgentRetired { .. })).await, 1);
        let said = office.theo().types("/agent take support-agent-v2").await;
        assert!(said.contains("was retired"), "{said}");
        assert!(office.posted("C0SECURITY", "can never arrive").is_empty());
    }

    /// It is stopped when somebody takes it: it goes on at once.
    async fn taken_after_the_stop_it_goes_on(office) {
        office.dana().has_agent(AGENT, &[]).await;
        office.dana().leaves(AGENT).await;
        office.advance("30d").await;
        assert!(!office.agent(AGENT).await.is_active());
        let stopped = office.posted("C0SECURITY", "nobody took it in time").remove(0);
        let said = office.sam().clicks("C0SECURITY", &stopped.ts, "take").await;
        assert!(said.contains("It was stopped, and goes on"), "{said}");
        assert!(office.agent(AGENT).await.is_active());
        assert_eq!(office.logged(|what| matches!(what, What::AgentReinstated { .. })).await, 1);
        office.advance("60d").await;
        assert!(office.agent(AGENT).await.is_active(), "nobody retires it");
    }

    /// What somebody stopped for a reason stays stopped, whoever answers for it.
    async fn taking_it_undoes_no_other_stop(office) {
        office.dana().has_agent(AGENT, &[]).await;
        office.sam().types("/agent stop support-agent-v2 because it loops").await;
        office.dana().leaves(AGENT).await;
        office.theo().takes().await;
        let agent = office.agent(AGENT).await;
        assert_eq!(agent.owner.user, "U0THEO");
        assert_eq!(agent.cause(), Some(Cause::Stopped));
        let asked = office.theo().types("/agent reinstate support-agent-v2 because mended").await;
        assert!(asked.contains("asks to go on"), "{asked}");
    }

    /// The owner is back before anybody took it: by Slack's word, or found by the sweep.
    async fn the_owner_comes_back(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        dana.leaves(AGENT).await;
        office.becomes("U0DANA", PersonKind::Member).await;
        office.until_ownerless(AGENT, false).await;
        assert_eq!(office.owner(AGENT).await, "U0DANA");
        dana.reads("answers for support-agent-v2 again").await;
        let told = office.told("has its owner again: <@U0DANA> is back");
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told.iter().all(|message| message.action_ids() == ["show"]));
        dana.puts(AGENT, "database:read", "2h").await;
        office.advance("31d").await;
        assert!(office.agent(AGENT).await.is_active());
        assert_eq!(office.logged(|what| matches!(what, What::OwnerReturned { .. })).await, 1);
        // Away again, and back unheard after the stop: the sweep finds that out as well.
        dana.leaves(AGENT).await;
        office.advance("30d").await;
        assert_eq!(office.agent(AGENT).await.cause(), Some(Cause::Ownerless));
        office.becomes_in_silence("U0DANA", PersonKind::Member).await;
        office.advance("1d").await;
        office.until_ownerless(AGENT, false).await;
        assert!(office.agent(AGENT).await.is_active());
        assert_eq!(office.logged(|what| matches!(what, What::OwnerReturned { .. })).await, 2);
    }

    /// No agent comes into being without somebody who answers for it: a named owner who declines, or
    /// never answers, or leaves, leaves nothing behind.
    async fn no_agent_begins_without_an_owner(office) {
        let (dana, omar) = (office.dana(), office.omar());
        let named = || Answers { owner: Some("U0OMAR"), ..Answers::default() };
        for (name, how) in [("declined-agent", 0), ("silent-agent", 1), ("left-agent", 2)] {
            assert_eq!(dana.registers_with(name, named()).await, SubmitOutcome::Closed);
            office.settled().await;
            let asked = dana.last_reference(name).await;
            office.theo().approves(&asked).await;
            match how {
                0 => omar.declines(&asked, "not mine").await,
                1 => office.advance("4h").await,
                _ => {
                    office.becomes("U0OMAR", PersonKind::Deactivated).await;
                    let ended = || async { office.request(&asked).await.state.word() != "open" };
                    office.until_so("the registration ends", ended).await;
                    let read = dana.reads(&asked).await.words();
                    assert!(read.contains("no full member any more"), "{read}");
                }
            }
            let store = office.store().await;
            let mut session = store.read().await.expect("a session");
            assert_eq!(session.agent_by_slug(name).await.expect("a read"), None, "{name}");
        }
        let active = office.logged(|what| matches!(what, What::AgentActivated { .. })).await;
        assert_eq!(active, 0);
        let omar = PersonId::new("T0ACME", "U0OMAR");
        let store = office.store().await;
        let mut session = store.read().await.expect("a session");
        assert!(session.agents_of(&omar).await.expect("a read").is_empty());
    }

    /// A registration of somebody's own agent ends when they leave while people decide.
    async fn a_registration_ends_with_its_owner(office) {
        let dana = office.dana();
        dana.registers(AGENT, &["writes"]).await;
        let asked = dana.last_reference(AGENT).await;
        office.becomes("U0DANA", PersonKind::Deactivated).await;
        let ended = || async { office.request(&asked).await.state.word() == "cancelled" };
        office.until_so("the registration ends", ended).await;
        office.all_copies_say(&asked, "no full member any more", false).await;
        assert!(office.posted("C0SECURITY", "can never arrive").is_empty());
        office.tina().registers(AGENT, &[]).await;
    }
}

/// An office whose policy has this in place of the starter policy's `[owners]`.
pub(crate) async fn with_owners(engine: Engine, owners: &str) -> (Office, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let starter = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy");
    let text = std::fs::read_to_string(starter.join("policy.toml")).expect("the policy");
    let (before, rest) = text.split_once("[owners]").expect("the section");
    let (_, after) = rest.split_once("\n\n").expect("what follows it");
    let longer = before.replace("longest_grant = \"8h\"", "longest_grant = \"7d\"");
    let text = format!("{longer}[owners]\n{owners}\n\n{after}");
    std::fs::write(folder.path().join("policy.toml"), text).expect("written");
    let policy = Some(folder.path().to_owned());
    (Office::set_up(Setup { policy, ..Setup::on(engine) }).await, folder)
}

/// When it is stopped what it has stays, and is there again if somebody takes it; when it is retired
/// all of it ends.
async fn what_it_has_ends_with_it(engine: Engine) {
    let owners = "countdown = \"1d\"\nnotices_before = []\nretire_after = \"1d\"";
    let (office, folder) = with_owners(engine, owners).await;
    let dana = office.dana();
    dana.has_agent(AGENT, &[]).await;
    let grant = dana.gets(AGENT, "database:read", "3d").await;
    let key = serde_json::to_string(&PublicKey::ed25519(&[9; 32])).expect("a JWK");
    let asked = dana.adds_key(AGENT, "laptop", &key).await;
    office.everybody_approves(&asked).await;
    dana.leaves(AGENT).await;
    assert!(office.told("⏳ In").is_empty());
    office.advance("1d").await;
    assert_eq!(office.agent(AGENT).await.cause(), Some(Cause::Ownerless));
    assert_eq!(office.grant(&grant).await.state.word(), "active");
    office.advance("1d").await;
    let agent = office.agent(AGENT).await;
    assert_eq!(agent.state.word(), "retired");
    assert_eq!(office.grant(&grant).await.state.word(), "revoked");
    let store = office.store().await;
    let mut session = store.read().await.expect("a session");
    let credentials = session.credentials_of(agent.id).await.expect("a read");
    assert!(
        matches!(credentials.as_slice(), [one] if matches!(one.state, CredentialState::Revoked { .. })),
        "{credentials:?}"
    );
    drop(session);
    office.close().await;
    drop(folder);
}

/// Told on both databases by functions that set up an office of their own.
macro_rules! on_both {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(countersign::store::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(countersign::store::Engine::Postgres).await;
            }
        }
    )*};
}

pub(crate) use on_both;

on_both! { what_it_has_ends_with_it }
