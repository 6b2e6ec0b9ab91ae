//! Who is asked, whose click counts, and what everybody sees of it.

use countersign::domain::event::What;
use countersign::domain::person::{PersonId, Standing};
use countersign::domain::request::{NotCounted, RequestState};
use countersign::domain::vote::Choice;
use countersign::sandbox::ClickOutcome;
use countersign::sandbox::model::PersonKind;
use countersign::service::outcome::VoteReply;
use futures::future::join_all;
use serde_json::json;

use crate::stories;
use crate::support::Answers;

const APPROVALS: &str = "C0APPROVALS";

stories! {
    /// Tier 2: security and the team lead have a card; nobody else has.
    async fn those_who_can_act_have_a_card_and_nobody_else(office) {
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        for asked in ["U0THEO", "U0TINA", "U0SAM", "U0SARA"] {
            assert!(office.person(asked).is_asked(&reference).await, "{asked} has no card");
        }
        for other in ["U0CLEO", "U0VERA", "U0OMAR", "U0DANA", "U0DORA", "U0GUS"] {
            assert!(!office.person(other).is_asked(&reference).await, "{other} has a card");
        }
        assert_eq!(office.copies(&reference).await.len(), 5);
    }

    /// The lead of another team is not asked about this one's agents.
    async fn each_team_has_its_own_lead(office) {
        let data = Answers { team: Some("data"), ..Answers::default() };
        office.dana().registers_with("report-writer", data).await;
        office.settled().await;
        let reference = office.dana().last_reference("report-writer").await;
        assert!(office.omar().is_asked(&reference).await);
        assert!(!office.theo().is_asked(&reference).await);
    }

    /// Every copy shows who voted, who is awaited and the end, with the buttons gone.
    async fn every_copy_of_the_card_tells_the_same(office) {
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.all_copies_say(&reference, "○ security", true).await;
        let answer = office.sam().approves(&reference).await;
        assert!(answer.contains("Your yes counts"), "{answer}");
        assert!(answer.contains("team lead"), "{answer}");
        office.all_copies_say(&reference, "✓ security: <@U0SAM>", true).await;
        office.all_copies_say(&reference, "○ team lead", true).await;
        office.theo().approves_in_channel(&reference).await;
        office.all_copies_say(&reference, "Approved by <@U0SAM> and <@U0THEO>", false).await;
        assert_eq!(office.copies(&reference).await.len(), 5);
    }

    /// A click that does not count gets its private answer, and changes nothing.
    async fn a_click_that_does_not_count_is_answered_and_changes_nothing(office) {
        office.theo().registers("leads-helper", &["writes"]).await;
        let own = office.theo().last_reference("leads-helper").await;
        let named = Answers { ticked: &["writes"], owner: Some("U0TINA"), team: None };
        office.dana().registers_with("support-agent-v2", named).await;
        office.settled().await;
        let tinas = office.dana().last_reference("support-agent-v2").await;
        office.sam().approves(&tinas).await;
        office.workspace().change_model(|model| {
            let place = model.channels.get_mut(APPROVALS).expect("the channel");
            place.shared_with.push("T0OTHER".to_owned());
            for user in ["U0OSCAR", "U0GUS", "U0GINA"] {
                place.members.insert(user.to_owned());
            }
        });
        for (who, reference, answer) in [
            ("U0THEO", &own, "Nobody approves their own request"),
            ("U0OMAR", &own, "you are not among them"),
            ("U0VERA", &own, "you are not among them"),
            ("U0TINA", &tinas, "somebody else has to say yes"),
            ("U0DANA", &tinas, "Nobody approves their own request"),
            ("U0SAM", &tinas, "You have answered already"),
            ("U0SARA", &tinas, "has its yes already"),
            ("U0OSCAR", &tinas, "another workspace"),
            ("U0GUS", &tinas, "guest"),
            ("U0GINA", &tinas, "guest"),
        ] {
            let before = office.request(reference).await;
            let said = office.person(who).approves_in_channel(reference).await;
            assert!(said.contains(answer), "{who}: {said}");
            assert_eq!(office.request(reference).await, before, "{who} changed something");
        }
        // Who has left cannot click any more; a click on its way when they left is judged so too.
        let dora = PersonId::new("T0ACME", "U0DORA");
        let id = office.request(&own).await.id;
        let reply = office.service().await.vote(&dora, id, Choice::Approve, None).await;
        let Ok(VoteReply::NotCounted { why, .. }) = reply else { panic!("{reply:?}") };
        assert_eq!(why, NotCounted::Standing(Standing::Deactivated));
        assert_eq!(office.logged(|what| matches!(what, What::VoteCast { .. })).await, 1);
    }

    /// The same of Deny: the form does not even open.
    async fn a_no_that_does_not_count_is_not_asked_for_its_reason(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let card = office.omar().channel_card(&reference).await;
        let said = office.omar().clicks(APPROVALS, &card.ts, "deny").await;
        assert!(said.contains("you are not among them"), "{said}");
        assert!(office.workspace().modal("U0OMAR").is_none());
        let said = office.dana().clicks(APPROVALS, &card.ts, "deny").await;
        assert!(said.contains("own request"), "{said}");
    }

    /// A role that was lost does not count any more, one that was gained does, from the next click.
    async fn roles_are_judged_at_the_click(office) {
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let seen = office.sam().card(&reference).await;
        office.workspace().set_group_members("S0SECURITY", &["U0SARA", "U0OMAR"]).expect("a group");
        office.until_may_decide("U0SAM", &reference, false).await;
        let said = office.sam().clicks(&office.sam().dm(), &seen.ts, "approve").await;
        assert!(said.contains("you are not among them"), "{said}");
        assert!(office.request(&reference).await.votes.is_empty());
        let said = office.omar().approves_in_channel(&reference).await;
        assert!(said.contains("Your yes counts"), "{said}");
        office.workspace().set_person_kind("U0THEO", PersonKind::Guest).expect("Theo");
        office.until_may_decide("U0THEO", &reference, false).await;
        let said = office.theo().approves_in_channel(&reference).await;
        assert!(said.contains("guest"), "{said}");
        assert_eq!(office.request(&reference).await.votes.len(), 1);
    }

    /// A no asks for the reason; the requester reads it, and every card shows it.
    async fn a_no_has_a_reason_and_the_requester_reads_it(office) {
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.sam().approves(&reference).await;
        office.theo().denies(&reference, "name the system: which database?").await;
        let read = office.dana().reads("Not approved").await.words();
        assert!(read.contains("name the system: which database?"), "{read}");
        assert!(read.contains("<@U0THEO>"), "{read}");
        office.theo().hears("Your no ends it").await;
        office.all_copies_say(&reference, "Denied by <@U0THEO>", false).await;
        // The name is free again.
        office.dana().has_agent("support-agent-v2", &[]).await;
    }

    /// A no without a reason stays a form.
    async fn a_no_without_a_reason_is_none(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let card = office.theo().card(&reference).await;
        let theo = office.theo();
        theo.opens(&theo.dm(), &card.ts, "deny").await;
        theo.fills("because", "because", json!("  \u{200B}  ")).await;
        let sent = theo.sends().await;
        assert!(
            matches!(&sent, countersign::sandbox::SubmitOutcome::Errors(e) if e.contains_key("because")),
            "{sent:?}"
        );
        assert_eq!(office.request(&reference).await.state, RequestState::Open);
    }

    /// A card that was on the screen when the request ended: the click says how it ended.
    async fn a_click_on_a_card_from_before_the_end_changes_nothing(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let tina = office.tina();
        let seen = tina.card(&reference).await;
        office.theo().approves(&reference).await;
        office.settled().await;
        let lines = office.verifies().await;
        let said = tina.clicks_as_seen(&tina.dm(), &seen, "approve").await;
        assert!(said.contains("has ended") && said.contains("<@U0THEO>"), "{said}");
        let said = tina.clicks_as_seen(&tina.dm(), &seen, "deny").await;
        assert!(said.contains("has ended"), "{said}");
        assert_eq!(office.verifies().await, lines);
    }

    /// The same after the time to decide.
    async fn a_click_after_the_deadline_changes_nothing(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let theo = office.theo();
        let seen = theo.card(&reference).await;
        office.clock.advance(chrono::TimeDelta::hours(4));
        let said = theo.clicks_as_seen(&theo.dm(), &seen, "approve").await;
        assert!(said.contains("Expired unanswered"), "{said}");
        office.settled().await;
        let said = theo.clicks_as_seen(&theo.dm(), &seen, "approve").await;
        assert!(said.contains("Expired unanswered"), "{said}");
        office.all_copies_say(&reference, "Expired unanswered", false).await;
        assert!(office.dana().types("/agent show support-agent-v2").await.contains("no agent"));
    }

    /// A click that Slack delivers twice counts once.
    async fn a_click_delivered_twice_counts_once(office) {
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.sandbox.faults().deliver_twice(1);
        office.sam().approves(&reference).await;
        office.settled().await;
        assert_eq!(office.request(&reference).await.votes.len(), 1);
        office.sandbox.faults().deliver_twice(1);
        office.theo().approves(&reference).await;
        office.settled().await;
        assert_eq!(office.logged(|what| matches!(what, What::VoteCast { .. })).await, 2);
        assert_eq!(office.logged(|what| matches!(what, What::RequestApproved { .. })).await, 1);
        office.sandbox.faults().deliver_twice(1);
        office.dana().asks("support-agent-v2", "database:write", "30m").await;
        let again = office.logged(
            |what| matches!(what, What::RequestOpened { ask, .. } if ask == "grant"),
        );
        assert_eq!(again.await, 1);
    }

    /// Forty people click the same card at the same moment: one approval, one grant.
    async fn forty_people_click_one_card_at_once(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let many: Vec<String> = (0..40).map(|n| format!("U0SEC{n:02}")).collect();
        office.workspace().change_model(|model| {
            for id in &many {
                let name = id.to_lowercase();
                model.people.push(countersign::sandbox::seed::member(id, &name, &name, "Security"));
                let place = model.channels.get_mut(APPROVALS).expect("the channel");
                place.members.insert(id.clone());
            }
        });
        let ids: Vec<&str> = many.iter().map(String::as_str).collect();
        office.workspace().set_group_members("S0SECURITY", &ids).expect("the group");
        let reference = office.dana().puts("support-agent-v2", "database:write", "30m").await;
        office.until_may_decide("U0SEC39", &reference, true).await;
        office.theo().approves(&reference).await;
        let card = office.theo().channel_card(&reference).await;
        // Each clicks what they see: the card as it was, even if it has ended by then.
        let clicks = many
            .iter()
            .map(|id| office.workspace().click_as_seen(id, APPROVALS, &card, "approve"));
        for click in join_all(clicks).await {
            assert_eq!(click.expect("a click"), ClickOutcome::Acknowledged);
        }
        let answered = office.until("forty answers", || {
            let all = office.workspace().messages(APPROVALS);
            let mine = all.into_iter().filter(|m| {
                m.ephemeral_to.as_ref().is_some_and(|id| id.starts_with("U0SEC"))
            });
            let answers: Vec<String> = mine.map(|m| m.words()).collect();
            (answers.len() == 40).then_some(answers)
        });
        let answers = answered.await;
        assert_eq!(answers.iter().filter(|a| a.contains("the last yes")).count(), 1);
        assert_eq!(answers.iter().filter(|a| a.contains("has ended")).count(), 39, "{answers:#?}");
        let approved = |what: &What| matches!(what, What::RequestApproved { .. });
        // The registration's and this one.
        assert_eq!(office.logged(approved).await, 2);
        assert_eq!(office.logged(|what| matches!(what, What::GrantStarted { .. })).await, 1);
        office.all_copies_say(&reference, "Approved by", false).await;
    }

    /// A person in two roles covers one of them, whichever leaves room for the others.
    async fn one_yes_is_one_person(office) {
        office.workspace().set_group_members("S0SECURITY", &["U0CLEO", "U0SAM"]).expect("a group");
        office.dana().registers("refund-bot", &["money"]).await;
        let reference = office.dana().last_reference("refund-bot").await;
        office.cleo().approves(&reference).await;
        office.vera().approves(&reference).await;
        assert_eq!(office.request(&reference).await.state, RequestState::Open);
        let said = office.cleo().approves(&reference).await;
        assert!(said.contains("You have answered already"), "{said}");
        office.sam().approves(&reference).await;
        office.settled().await;
        assert_eq!(office.request(&reference).await.state.word(), "approved");
        office.all_copies_say(&reference, "✓ security: <@U0SAM>", false).await;
        office.all_copies_say(&reference, "✓ compliance: <@U0CLEO>", false).await;
    }

    /// A named owner who declines ends the registration; the requester reads why.
    async fn a_named_owner_may_decline(office) {
        let named = Answers { owner: Some("U0OMAR"), ..Answers::default() };
        office.dana().registers_with("support-agent-v2", named).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let omar = office.omar();
        let card = omar.card(&reference).await;
        omar.opens(&omar.dm(), &card.ts, "decline").await;
        omar.fills("because", "because", json!("I do not know this system")).await;
        omar.sends().await;
        office.until_so("declined", || async {
            office.request(&reference).await.state.word() == "denied"
        }).await;
        let read = office.dana().reads("does not want to answer").await.words();
        assert!(read.contains("I do not know this system"), "{read}");
        office.all_copies_say(&reference, "Declined by <@U0OMAR>", false).await;
    }

    /// Only who asked, and the owner, take a request back; then nobody can decide it any more.
    async fn who_asked_takes_it_back(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let seen = office.theo().card(&reference).await;
        let said = office.omar().types(&format!("/agent cancel {reference}")).await;
        assert!(said.contains("Only who asked can take a request back"), "{said}");
        let said = office.dana().types(&format!("/agent cancel {reference}")).await;
        assert!(said.contains("is taken back"), "{said}");
        office.all_copies_say(&reference, "Taken back by <@U0DANA>", false).await;
        let said = office.theo().clicks_as_seen(&office.theo().dm(), &seen, "approve").await;
        assert!(said.contains("has ended"), "{said}");
        let said = office.dana().types(&format!("/agent cancel {reference}")).await;
        assert!(said.contains("has ended: it was cancelled"), "{said}");
    }
}
