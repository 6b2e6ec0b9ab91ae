//! An agent is handed over: the new owner accepts, and people agree.

use countersign::domain::event::What;
use countersign::sandbox::SubmitOutcome;
use countersign::sandbox::model::PersonKind;
use countersign::store::Engine;
use serde_json::json;

use crate::owners::{on_both, with_owners};
use crate::stories;
use crate::support::{Answers, Office, Setup};

const AGENT: &str = "support-agent-v2";

stories! {
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

on_both! {
    the_backup_agrees_between_the_only_leads
    nobody_beside_the_new_owner
    a_handover_that_nobody_could_decide
}
