//! What goes wrong on Slack's side: what is shown becomes true all the same.

use chrono::TimeDelta;
use countersign::domain::event::What;
use countersign::sandbox::model::{Message, PersonKind};
use countersign::sandbox::{ClickOutcome, Fault, Lasting, RecordedCall};

use crate::{stories, stories_of};

stories! {
    /// An outage of an hour: what was clicked counts, and afterwards every card is true.
    async fn after_an_outage_every_card_is_true(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &["writes"]).await;
        let one = dana.puts("support-agent-v2", "database:write", "2h").await;
        let two = dana.puts("support-agent-v2", "tickets:comment", "2h").await;
        office.sam().approves(&one).await;
        office.settled().await;
        let (theo, sam) = (office.theo(), office.sam());
        let (his, hers) = (theo.card(&one).await, sam.card(&two).await);
        office.sandbox.faults().outage(Fault::Html { status: 503 });
        for (person, card) in [(theo, &his), (sam, &hers)] {
            let click = office.workspace().click(person.id, &person.dm(), &card.ts, "approve").await;
            assert_eq!(click.expect("a click"), ClickOutcome::Acknowledged);
        }
        office.until_so("recorded", || async {
            office.request(&one).await.state.word() == "approved"
                && office.request(&two).await.votes.len() == 1
        }).await;
        office.clock.advance(TimeDelta::hours(1));
        office.sandbox.faults().clear();
        office.all_copies_say(&one, "Approved by <@U0SAM> and <@U0THEO>", false).await;
        office.all_copies_say(&two, "✓ security: <@U0SAM>", true).await;
        dana.reads("now has database : write").await;
        assert_eq!(office.logged(|what| matches!(what, What::DeliveryFailed { .. })).await, 0);
    }

    /// An outage of an hour, lived through: what is to be told is tried again and again, about once a
    /// minute, and arrives afterwards, once and in the order in which it happened. What is no news
    /// any more by then is not told.
    async fn what_happened_in_an_outage_is_told_afterwards_in_order(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        for (access, lasting) in [("docs:read", "10m"), ("database:read", "20m"), ("tickets:read", "30m")] {
            let said = dana.asks("support-agent-v2", access, lasting).await;
            assert!(said.contains("now has"), "{said}");
        }
        let reference = dana.puts("support-agent-v2", "database:read", "4h").await;
        let theo = office.theo();
        let card = theo.card(&reference).await;
        let before = (dana.inbox().len(), office.posted("C0SUPPORT", "").len());
        office.sandbox.faults().outage(Fault::Html { status: 503 });
        let click = office.workspace().click(theo.id, &theo.dm(), &card.ts, "approve").await;
        assert_eq!(click.expect("a click"), ClickOutcome::Acknowledged);
        office.until_so("recorded", || async {
            office.request(&reference).await.state.word() == "approved"
        }).await;
        office.lives_through(TimeDelta::hours(1)).await;

        let tried = |to: &str| {
            let calls = office.workspace().calls();
            let to = |call: &&RecordedCall| call.method == "chat.postMessage" && call.args["channel"] == to;
            calls.iter().filter(to).filter(|call| call.status == 503).count()
        };
        // Put off for a minute and a quarter at most: for her from the first minute on, for her team
        // from the tenth.
        for (place, minutes) in [(dana.id, 60), ("C0SUPPORT", 50)] {
            let times = tried(place);
            let expected = minutes * 4 / 5..=minutes + 10;
            assert!(expected.contains(&times), "{place}: {times} tries in {minutes} minutes");
        }
        assert_eq!((dana.inbox().len(), office.posted("C0SUPPORT", "").len()), before);

        office.sandbox.faults().clear();
        office.lives_through(TimeDelta::minutes(2)).await;
        assert_eq!(office.waiting().await, 0);
        let lines = |messages: Vec<Message>, told: usize| -> Vec<String> {
            let new = messages.into_iter().skip(told);
            new.map(|m| m.words().lines().next().unwrap_or_default().to_owned()).collect()
        };
        let ended = |what: &str, number: u32| {
            format!("⌛ support-agent-v2 no longer has {what} : read · G-{number}")
        };
        let (docs, database, tickets) = (ended("docs", 2), ended("database", 3), ended("tickets", 4));
        let there = lines(office.posted("C0SUPPORT", ""), before.1);
        assert_eq!(there, [&docs as &str, &database, &tickets]);
        let own = lines(dana.inbox(), before.0);
        assert_eq!(own.len(), 4, "{own:#?}");
        assert!(own[0].starts_with("✅ support-agent-v2 now has database : read until"), "{own:#?}");
        assert_eq!(own[1..], [docs, database, tickets]);
        office.all_copies_say(&reference, "Approved by <@U0THEO>", false).await;
        assert_eq!(office.logged(|what| matches!(what, What::DeliveryFailed { .. })).await, 0);
    }

    /// A request that ends during the outage is shown as ended after it.
    async fn what_expires_during_an_outage_is_shown_as_expired(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.theo().card(&reference).await;
        office.sandbox.faults().outage(Fault::ResetBefore);
        office.clock.advance(TimeDelta::hours(5));
        office.until_so("expired", || async {
            office.request(&reference).await.state.word() == "expired"
        }).await;
        office.sandbox.faults().clear();
        office.all_copies_say(&reference, "Expired unanswered", false).await;
    }
}

stories_of! {
    |_| {};

    /// Slack asks to wait, answers with a page of HTML, with nothing, with half a word: everything
    /// arrives once.
    async fn whatever_slack_answers_everything_arrives(office) {
        let faults = office.sandbox.faults();
        for method in ["chat.postMessage", "chat.update"] {
            faults.inject(method, Fault::RateLimited { retry_after: 1 }, Lasting::Calls(2));
            faults.inject(method, Fault::Html { status: 502 }, Lasting::Calls(1));
            faults.inject(method, Fault::NotOkWithoutError, Lasting::Calls(1));
            faults.inject(method, Fault::Garbage, Lasting::Calls(1));
            faults.inject(method, Fault::Error("internal_error".to_owned()), Lasting::Calls(1));
        }
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        assert_eq!(office.copies(&reference).await.len(), 5);
        assert_eq!(office.posted("C0APPROVALS", &reference).len(), 1);
        office.everybody_approves(&reference).await;
        office.all_copies_say(&reference, "Approved by", false).await;
    }

    /// The answer to a first post is lost: the message is there twice, and the one that nobody
    /// knows has no buttons that could ever be wrong.
    async fn a_copy_that_nobody_knows_is_harmless(office) {
        let faults = office.sandbox.faults();
        faults.inject("chat.postMessage", Fault::ResetAfter, Lasting::Calls(3));
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        assert_eq!(office.copies(&reference).await.len(), 3);
        let mut everywhere = office.posted("C0APPROVALS", &reference);
        for person in [office.theo(), office.tina()] {
            everywhere.extend(person.inbox().into_iter().filter(|m| m.words().contains(&reference)));
        }
        assert!(everywhere.len() > 3, "no copy that nobody knows");
        let can_be_clicked = everywhere.iter().filter(|m| !m.action_ids().is_empty()).count();
        assert_eq!(can_be_clicked, 3);
        office.theo().approves(&reference).await;
        office.all_copies_say(&reference, "Approved by <@U0THEO>", false).await;
    }

    /// A card that somebody deleted comes back while it is open, and is left alone once it ended.
    async fn a_deleted_card_comes_back_while_it_is_open(office) {
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let theo = office.theo();
        let card = theo.card(&reference).await;
        office.workspace().delete_message(&theo.dm(), &card.ts).expect("deleted");
        office.sam().approves(&reference).await;
        let again = theo.card(&reference).await;
        assert_ne!(again.ts, card.ts);
        assert!(again.words().contains("✓ security: <@U0SAM>"), "{}", again.words());
        let shown = theo.channel_card(&reference).await;
        office.workspace().delete_message("C0APPROVALS", &shown.ts).expect("deleted");
        theo.approves(&reference).await;
        office.settled().await;
        assert!(office.posted("C0APPROVALS", &reference).is_empty());
        office.all_copies_say(&reference, "Approved by", false).await;
        assert_eq!(office.logged(|what| matches!(what, What::DeliveryFailed { .. })).await, 0);
    }

    /// A channel nobody can write to any more: security is told once, the log has every time, and
    /// the cards in direct messages go on.
    async fn an_archived_channel_is_told_once(office) {
        office.workspace().archive("C0APPROVALS", true).expect("archived");
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.everybody_approves(&reference).await;
        office.dana().registers("other-agent", &[]).await;
        office.settled().await;
        let told = office.posted("C0SECURITY", "can never arrive");
        assert_eq!(told.len(), 1, "{:#?}", told.iter().map(|m| m.words()).collect::<Vec<_>>());
        assert!(told[0].words().contains("unarchive the channel"), "{}", told[0].words());
        assert!(office.agent("support-agent-v2").await.is_active());
        let failed = office.logged(
            |what| matches!(what, What::DeliveryFailed { error, .. } if error == "is_archived"),
        );
        assert!(failed.await >= 2);
        // Brought back, it is used again.
        office.workspace().archive("C0APPROVALS", false).expect("brought back");
        office.dana().registers("third-agent", &[]).await;
        assert_eq!(office.posted("C0APPROVALS", "third-agent").len(), 1);
    }

    /// Security's own channel is gone: that is no reason for ever more messages.
    async fn an_archived_security_channel_ends_in_the_log(office) {
        office.workspace().archive("C0SECURITY", true).expect("archived");
        office.workspace().archive("C0APPROVALS", true).expect("archived");
        office.dana().has_agent("support-agent-v2", &[]).await;
        office.settled().await;
        assert!(office.logged(|what| matches!(what, What::DeliveryFailed { .. })).await >= 2);
    }

    /// The owner has left, and Slack's word of that was lost: the team hears of the end, and security
    /// that the owner did not.
    async fn a_message_to_somebody_who_left(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.gets("support-agent-v2", "database:read", "2h").await;
        office.settled().await;
        let leaves = |model: &mut countersign::sandbox::model::Model| {
            model.person_mut("U0DANA").expect("Dana").kind = PersonKind::Deactivated;
        };
        office.workspace().change_model(leaves);
        office.advance("1h").await;
        let told = office.posted("C0SECURITY", "can never arrive");
        let words: Vec<String> = told.iter().map(|m| m.words()).collect();
        assert_eq!(told.len(), 1, "{words:#?}");
        assert_eq!(office.logged(|what| matches!(what, What::DeliveryFailed { .. })).await, 1);
        office.advance("1h").await;
        assert!(!office.may("support-agent-v2", "database:read").await);
        // Said, and shown by the reminder as well.
        assert_eq!(office.posted("C0SUPPORT", "ended when its time came").len(), 2);
    }
}

stories_of! {
    |setup| setup.strict = true;

    /// With Slack's rate limits in force a burst arrives late, in order, and whole: the bot keeps
    /// the limits rather than running into them.
    async fn a_burst_keeps_to_slacks_limits(office) {
        for name in ["agent-one", "agent-two", "agent-three", "agent-four", "agent-five"] {
            let sent = office.dana().registers_with(name, crate::support::Answers::default()).await;
            assert_eq!(sent, countersign::sandbox::SubmitOutcome::Closed);
        }
        let reference = office.dana().last_reference("agent-five").await;
        office.theo().approves(&reference).await;
        office.all_copies_say(&reference, "Approved by <@U0THEO>", false).await;
        assert_eq!(office.posted("C0APPROVALS", "asks to be registered").len(), 5);
        let calls = office.workspace().calls();
        let refused = calls.iter().filter(|call| call.status == 429).count();
        assert!(refused * 10 <= calls.len(), "{refused} of {} calls were refused", calls.len());
    }
}
