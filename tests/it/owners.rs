//! Who answers for an agent: handed over, lost, taken, and what becomes of it when nobody takes it.

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
    async fn becomes_in_silence(&self, user: &str, kind: PersonKind) {
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
    fn told(&self, words: &str) -> Vec<Message> {
        let mut places: Vec<String> = ["C0SECURITY", "C0SUPPORT"].map(str::to_owned).to_vec();
        places.extend(["U0THEO", "U0TINA"].map(|lead| self.person(lead).dm()));
        places.iter().flat_map(|place| self.posted(place, words)).collect()
    }

    async fn owner(&self, agent: &str) -> String {
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

    async fn declines(&self, reference: &str, why: &str) {
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

    /// A handover: the new owner accepts, a lead agrees, and from then on it is theirs.
    async fn handed_over(office) {
        let (dana, vera) = (office.dana(), office.vera());
        dana.has_agent(AGENT, &[]).await;
        let grant = dana.gets(AGENT, "database:read", "2h").await;
        let open = dana.puts(AGENT, "tickets:read", "4h").await;
        let asked = dana.hands_over(AGENT, "vera").await;
        let card = vera.card(&asked).await;
        assert!(card.words().contains("asks you to answer for support-agent-v2"), "{}", card.words());
        assert!(card.words().contains("answers support tickets"), "{}", card.words());
        assert!(!office.sam().is_asked(&asked).await, "the policy names the lead alone");
        let said = vera.accepts(&asked).await;
        assert!(said.contains("You answer for support-agent-v2 from its approval on"), "{said}");
        assert_eq!(office.owner(AGENT).await, "U0DANA");
        office.theo().approves(&asked).await;
        assert_eq!(office.owner(AGENT).await, "U0VERA");
        office.settled().await;
        for reader in [dana, vera] {
            reader.reads("<@U0VERA> answers for support-agent-v2 from now on").await;
        }
        assert_eq!(office.posted("C0SUPPORT", "in place of <@U0DANA>").len(), 1);
        assert_eq!(office.logged(|what| matches!(what, What::OwnerChanged { .. })).await, 1);
        // What it has stays, what was asked stays, and what is due goes to the new owner.
        assert_eq!(office.grant(&grant).await.state.word(), "active");
        office.theo().approves(&open).await;
        assert!(office.may(AGENT, "tickets:read").await);
        office.advance("1h").await;
        vera.reads("⏰ In 1 hour: ").await;
        assert!(!dana.inbox().iter().any(|message| message.words().contains("⏰")));
        let said = dana.asks(AGENT, "docs:read", "1h").await;
        assert!(said.contains("Only its owner") && said.contains("<@U0VERA>"), "{said}");
        let said = vera.asks(AGENT, "docs:read", "1h").await;
        assert!(said.contains("now has docs : read"), "{said}");
    }

    /// Nobody decides on what they are to get, and the new owner's own yes as a lead does not count.
    async fn a_lead_who_is_to_own_it_does_not_decide(office) {
        let (dana, theo) = (office.dana(), office.theo());
        dana.has_agent(AGENT, &[]).await;
        let asked = dana.hands_over(AGENT, "theo").await;
        assert!(!theo.is_asked(&asked).await);
        let said = theo.approves_in_channel(&asked).await;
        assert!(said.contains("your word is Accept"), "{said}");
        theo.accepts(&asked).await;
        assert_eq!(office.owner(AGENT).await, "U0DANA");
        office.tina().approves(&asked).await;
        assert_eq!(office.owner(AGENT).await, "U0THEO");
    }

    /// A lead asks to have it: their own word is given, another's is needed.
    async fn a_lead_asks_for_it(office) {
        office.dana().has_agent(AGENT, &[]).await;
        let asked = office.theo().hands_over(AGENT, "theo").await;
        let said = office.theo().approves_in_channel(&asked).await;
        assert!(said.contains("Nobody approves their own request"), "{said}");
        office.tina().approves(&asked).await;
        assert_eq!(office.owner(AGENT).await, "U0THEO");
        office.dana().reads("<@U0THEO> answers for support-agent-v2 from now on").await;
    }

    /// Between the only two leads of a team nobody else leads it: security agrees in their place.
    async fn between_the_only_two_leads_security_agrees(office) {
        let (theo, tina) = (office.theo(), office.tina());
        theo.has_agent(AGENT, &[]).await;
        let asked = theo.hands_over(AGENT, "tina").await;
        office.all_copies_say(&asked, "nobody else is left who usually agrees to it", true).await;
        for lead in [theo, tina] {
            assert!(!lead.is_asked(&asked).await);
        }
        let said = theo.approves_in_channel(&asked).await;
        assert!(said.contains("Nobody approves their own request"), "{said}");
        let said = tina.approves_in_channel(&asked).await;
        assert!(said.contains("your word is Accept"), "{said}");
        tina.accepts(&asked).await;
        assert_eq!(office.owner(AGENT).await, "U0THEO");
        office.sam().approves(&asked).await;
        assert_eq!(office.owner(AGENT).await, "U0TINA");
        // Security is the last who could: where that is who takes part, nobody is left.
        office.becomes("U0SARA", PersonKind::Deactivated).await;
        office.becomes("U0THEO", PersonKind::Deactivated).await;
        let said = tina.types("/agent transfer support-agent-v2 to @sam because he asked").await;
        assert!(said.contains("there is nobody else for team lead"), "{said}");
    }

    /// The new owner does not want it, the lead says no, nobody answers: it stays where it was.
    async fn handovers_that_come_to_nothing(office) {
        let (dana, vera) = (office.dana(), office.vera());
        dana.has_agent(AGENT, &[]).await;
        let declined = dana.hands_over(AGENT, "vera").await;
        vera.declines(&declined, "ask Omar").await;
        let read = dana.reads("Not handed over: <@U0VERA> does not want").await.words();
        assert!(read.contains("ask Omar"), "{read}");
        office.all_copies_say(&declined, "Declined by <@U0VERA>", false).await;
        let denied = dana.hands_over(AGENT, "vera").await;
        vera.accepts(&denied).await;
        office.tina().denies(&denied, "not now").await;
        dana.reads("Not approved: that support-agent-v2 is handed over").await;
        let expired = dana.hands_over(AGENT, "vera").await;
        office.theo().approves(&expired).await;
        // She is reminded at half the time, with the words of an owner.
        office.advance("2h").await;
        let reminders = vera.inbox().into_iter().filter(|m| m.words().contains(&expired));
        assert_eq!(reminders.count(), 2);
        office.advance("2h").await;
        let read = dana.reads("Nobody answered in time").await.words();
        assert!(read.contains("ask <@U0VERA> first"), "{read}");
        assert_eq!(office.owner(AGENT).await, "U0DANA");
        assert_eq!(office.logged(|what| matches!(what, What::OwnerChanged { .. })).await, 0);
        assert!(office.agent(AGENT).await.is_active());
    }

    /// Who may ask, and who can own: said at once.
    async fn what_cannot_be_handed_over(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        let transfer = |to: &str| format!("/agent transfer support-agent-v2 to {to} because x");
        for (to, words) in [
            ("@gus", "<@U0GUS> is a guest; an owner is a full, active member"),
            ("@dora", "has a deactivated account"),
            ("@oscar", "belongs to another workspace"),
            ("@robo", "is a bot or an app"),
            ("@dana", "<@U0DANA> answers for support-agent-v2 already"),
        ] {
            let said = dana.types(&transfer(to)).await;
            assert!(said.contains(words), "{to}: {said}");
        }
        let said = office.omar().types(&transfer("@vera")).await;
        assert!(said.contains("Only its owner, a lead of its team and security"), "{said}");
        let said = dana.types("/agent transfer no-such-agent to @vera because x").await;
        assert!(said.contains("There is no agent"), "{said}");
        dana.hands_over(AGENT, "vera").await;
        let said = office.sam().types(&transfer("@cleo")).await;
        assert!(said.contains("already"), "{said}");
        dana.types("/agent stop support-agent-v2 because done").await;
        office.settled().await;
        // What is stopped may still come to other hands; what is not registered may not.
        dana.hands_over(AGENT, "vera").await;
        dana.registers("new-agent", &[]).await;
        let said = dana.types("/agent transfer new-agent to @vera because x").await;
        assert!(said.contains("is not registered yet"), "{said}");
    }

    /// Typed in part, or with a name that Slack does not know, a form asks the rest; from the agent's
    /// page it is one button.
    async fn the_form_asks_the_rest(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        dana.types("/agent transfer support-agent-v2 to nobody-we-know because she leads it").await;
        let form = dana.form().await;
        assert!(json!(form.blocks).to_string().contains("she leads it"), "{:?}", form.blocks);
        dana.fills("owner", "owner", json!("U0GUS")).await;
        let SubmitOutcome::Errors(errors) = dana.sends().await else { panic!("it stays open") };
        assert!(errors["owner"].contains("is a guest"), "{errors:?}");
        dana.fills("owner", "owner", json!("U0VERA")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        dana.hears("is to be handed over to <@U0VERA>").await;
        let asked = dana.last_reference(AGENT).await;
        dana.types(&format!("/agent cancel {asked}")).await;
        dana.home().await;
        dana.presses("hand_over").await;
        dana.fills("owner", "owner", json!("U0VERA")).await;
        dana.fills("because", "because", json!("she leads it")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        dana.hears("is to be handed over to <@U0VERA>").await;
    }

    /// Whoever was to have it leaves after they said yes: it does not come to them.
    async fn a_new_owner_who_leaves_gets_nothing(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        let asked = dana.hands_over(AGENT, "vera").await;
        office.vera().accepts(&asked).await;
        office.becomes("U0VERA", PersonKind::Deactivated).await;
        let ended = || async { office.request(&asked).await.state.word() == "cancelled" };
        office.until_so("the handover ends", ended).await;
        office.all_copies_say(&asked, "no full member any more", false).await;
        // The same, found out at the last yes.
        let asked = dana.hands_over(AGENT, "omar").await;
        office.omar().accepts(&asked).await;
        office.becomes_in_silence("U0OMAR", PersonKind::Guest).await;
        let said = office.theo().approves(&asked).await;
        assert!(said.contains("has ended"), "{said}");
        assert_eq!(office.owner(AGENT).await, "U0DANA");
    }

    /// An agent that nobody answers for can be handed to somebody, too; the old owner is not asked.
    async fn security_hands_an_ownerless_agent_over(office) {
        office.dana().has_agent(AGENT, &[]).await;
        office.dana().leaves(AGENT).await;
        let asked = office.sam().hands_over(AGENT, "omar").await;
        office.all_copies_say(&asked, "owner is no longer an active member", true).await;
        office.omar().accepts(&asked).await;
        office.theo().approves(&asked).await;
        assert_eq!(office.owner(AGENT).await, "U0OMAR");
        office.settled().await;
        assert_eq!(office.told("<@U0OMAR> answers for support-agent-v2 now").len(), 4 + 1);
        assert_eq!(office.agent(AGENT).await.orphaned, None);
        assert!(office.posted("C0SECURITY", "can never arrive").is_empty());
        office.advance("30d").await;
        assert!(office.agent(AGENT).await.is_active());
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
async fn with_owners(engine: Engine, owners: &str) -> (Office, tempfile::TempDir) {
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

/// Where the policy names a backup for the agent's tier, that agrees, and not security.
async fn the_backup_agrees_between_the_only_leads(engine: Engine) {
    let changes = [
        ("# backup        = \"vp\" ", "backup = \"vp\" #"),
        ("# backup_within = \"4h\" ", "backup_within = \"4h\" #"),
    ];
    let policy = Some(crate::support::starter_with(&changes));
    let office = Office::set_up(Setup { policy, ..Setup::on(engine) }).await;
    office.theo().has_agent(AGENT, &[]).await;
    let asked = office.theo().hands_over(AGENT, "tina").await;
    assert!(!office.sam().is_asked(&asked).await);
    office.tina().accepts(&asked).await;
    office.vera().approves(&asked).await;
    assert_eq!(office.owner(AGENT).await, "U0TINA");
    // To the backup itself, security agrees.
    let asked = office.tina().hands_over(AGENT, "vera").await;
    office.theo().denies(&asked, "not now").await;
    office.becomes("U0THEO", PersonKind::Deactivated).await;
    let asked = office.tina().hands_over(AGENT, "vera").await;
    office.vera().accepts(&asked).await;
    assert_eq!(office.owner(AGENT).await, "U0TINA");
    office.sam().approves(&asked).await;
    assert_eq!(office.owner(AGENT).await, "U0VERA");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_backup_agrees_between_the_only_leads_on_sqlite() {
    the_backup_agrees_between_the_only_leads(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_backup_agrees_between_the_only_leads_on_postgres() {
    the_backup_agrees_between_the_only_leads(Engine::Postgres).await;
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

/// The policy asks nobody beside the new owner: their yes alone hands it over; and who asks for
/// themselves has given it.
async fn nobody_beside_the_new_owner(engine: Engine) {
    let (office, folder) = with_owners(engine, "handover = []").await;
    let dana = office.dana();
    dana.has_agent(AGENT, &[]).await;
    let asked = dana.hands_over(AGENT, "vera").await;
    assert!(office.posted("C0APPROVALS", &asked).is_empty(), "nobody decides on it");
    let said = office.vera().accepts(&asked).await;
    assert!(said.contains("is approved"), "{said}");
    assert_eq!(office.owner(AGENT).await, "U0VERA");
    let said =
        office.sam().types("/agent transfer support-agent-v2 to @sam because it leaks").await;
    assert!(said.contains("<@U0SAM> answers for support-agent-v2 from now on"), "{said}");
    assert_eq!(office.owner(AGENT).await, "U0SAM");
    office.vera().reads("<@U0SAM> answers for support-agent-v2 from now on").await;
    office.close().await;
    drop(folder);
}

/// A team with one lead, who is to own it and cannot agree as the lead too; and nobody of security is
/// left: that is said at once.
async fn a_handover_that_nobody_could_decide(engine: Engine) {
    let office = Office::open(engine).await;
    let vera = office.vera();
    let team = Answers { team: Some("data"), ..Answers::default() };
    assert_eq!(vera.registers_with("data-agent", team).await, SubmitOutcome::Closed);
    office.settled().await;
    let asked = vera.last_reference("data-agent").await;
    office.omar().approves(&asked).await;
    for user in ["U0SAM", "U0SARA"] {
        office.becomes(user, PersonKind::Guest).await;
    }
    let said = vera.types("/agent transfer data-agent to @omar because he asked").await;
    assert!(said.to_lowercase().contains("nobody"), "{said}");
    office.settled().await;
    assert_eq!(office.posted("C0SECURITY", "nobody can decide it").len(), 1);
    office.close().await;
}

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

on_both! { what_it_has_ends_with_it nobody_beside_the_new_owner a_handover_that_nobody_could_decide }
