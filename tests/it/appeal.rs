//! A no can be appealed once, with a new argument, to others; what they decide is final.

use countersign::domain::event::What;
use countersign::sandbox::model::PersonKind;
use serde_json::json;

use crate::stories;
use crate::stories_of;
use crate::support::{Office, Setup};

/// Dana's agent was denied writing; the reference of what was denied.
async fn denied(office: &Office) -> String {
    office.dana().has_agent("support-agent-v2", &["writes"]).await;
    let reference = office.dana().puts("support-agent-v2", "database:write", "2h").await;
    office.sam().denies(&reference, "the replica would do").await;
    reference
}

/// Dana appeals; the appeal's reference.
async fn appealed(office: &Office, reference: &str) -> String {
    let said = office
        .dana()
        .types(&format!("/agent appeal {reference} because the replica is a day behind"))
        .await;
    assert!(said.contains("Waits for") && said.contains("VP and compliance"), "{said}");
    office.settled().await;
    office.dana().last_reference("support-agent-v2").await
}

stories! {
    /// The no says how; the form asks what is new; the board sees both sides; its yes makes it true.
    async fn others_decide_whether_a_no_stands(office) {
        let reference = denied(office).await;
        let told = office.dana().reads("Not approved").await;
        assert!(told.action_ids().contains(&"appeal".to_owned()), "{}", told.words());
        office.dana().opens(&office.dana().dm(), &told.ts, "appeal").await;
        office.dana().fills("because", "because", json!("the replica is a day behind")).await;
        office.dana().sends().await;
        office.dana().hears("Sent: ").await;
        office.settled().await;
        let appeal = office.dana().last_reference("support-agent-v2").await;
        assert!(appeal.starts_with("A-"), "{appeal}");
        for asked in ["U0VERA", "U0CLEO"] {
            assert!(office.person(asked).is_asked(&appeal).await, "{asked}");
        }
        for other in ["U0SAM", "U0SARA", "U0THEO"] {
            assert!(!office.person(other).is_asked(&appeal).await, "{other}");
        }
        for both in ["customer support queries", "the replica would do", "a day behind", reference.as_str()] {
            office.all_copies_say(&appeal, both, true).await;
        }
        let said = office.sam().approves_in_channel(&appeal).await;
        assert!(said.contains("You denied what is appealed"), "{said}");
        office.vera().approves(&appeal).await;
        assert!(!office.may("support-agent-v2", "database:write").await);
        office.cleo().approves(&appeal).await;
        assert!(office.may("support-agent-v2", "database:write").await);
        office.dana().reads("On appeal: ").await;
        let opened = |what: &What| matches!(what, What::RequestOpened { ask, .. } if ask == "appeal");
        assert_eq!(office.logged(opened).await, 1);
        // Its time is over like that of any other grant.
        office.advance("2h").await;
        assert!(!office.may("support-agent-v2", "database:write").await);
        assert_eq!(office.request(&reference).await.state.word(), "denied");
    }

    /// Once, by who asked or owns, only of a no; and the end is the end.
    async fn once_and_by_whom_it_concerns(office) {
        let reference = denied(office).await;
        let appeal = |who: &'static str, what: String| async move {
            let person = office.person(who);
            person.types(&format!("/agent appeal {what} because it is needed")).await
        };
        let said = appeal("U0OMAR", reference.clone()).await;
        assert!(said.contains("Only who asked can appeal"), "{said}");
        let said = appeal("U0DANA", "G-999".to_owned()).await;
        assert!(said.contains("There is nothing here called"), "{said}");
        let open = office.dana().puts("support-agent-v2", "deploys:trigger", "2h").await;
        let said = appeal("U0DANA", open.clone()).await;
        assert!(said.contains("is still being decided"), "{said}");
        office.everybody_approves(&open).await;
        let said = appeal("U0DANA", open).await;
        assert!(said.contains("was approved"), "{said}");
        let first = appealed(office, &reference).await;
        let said = appeal("U0DANA", reference.clone()).await;
        assert!(said.contains(&format!("appealed before, as {first}")), "{said}");
        office.vera().denies(&first, "not worth the risk").await;
        let told = office.dana().reads("is final").await;
        assert!(told.action_ids().is_empty(), "{:?}", told.action_ids());
        let said = appeal("U0DANA", first).await;
        assert!(said.contains("final"), "{said}");
        let said = appeal("U0DANA", reference).await;
        assert!(said.contains("appealed before"), "{said}");
        assert!(!office.may("support-agent-v2", "database:write").await);
    }

    /// Whoever is to answer for an agent must agree, on appeal as well; they do not decide on it, and
    /// who has left meanwhile never gets it.
    async fn nobody_is_made_an_owner_by_an_appeal(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &["writes"]).await;
        let appeals = async |denied: &str| {
            dana.types(&format!("/agent appeal {denied} because she knows it best")).await
        };
        // Cleo alone is of compliance, which hears appeals.
        let denied = dana.hands_over("support-agent-v2", "cleo").await;
        office.theo().denies(&denied, "she has no time").await;
        let said = appeals(&denied).await;
        assert!(said.contains("compliance") && !said.contains("Waits for"), "{said}");

        let denied = dana.hands_over("support-agent-v2", "omar").await;
        office.theo().denies(&denied, "he has no time").await;
        appeals(&denied).await;
        office.settled().await;
        let appeal = dana.last_reference("support-agent-v2").await;
        office.vera().approves(&appeal).await;
        office.cleo().approves(&appeal).await;
        assert_eq!(office.agent("support-agent-v2").await.owner.user, "U0DANA");
        office.omar().accepts(&appeal).await;
        assert_eq!(office.agent("support-agent-v2").await.owner.user, "U0OMAR");

        let denied = office.omar().hands_over("support-agent-v2", "dana").await;
        dana.accepts(&denied).await;
        office.theo().denies(&denied, "back and forth").await;
        let said = office.omar().types(&format!("/agent appeal {denied} because I leave")).await;
        assert!(said.contains("Waits for"), "{said}");
        office.settled().await;
        let appeal = office.omar().last_reference("support-agent-v2").await;
        office.becomes("U0DANA", PersonKind::Deactivated).await;
        let ended = || async { office.request(&appeal).await.state.word() == "cancelled" };
        office.until_so("the appeal has ended", ended).await;
        office.settled().await;
        assert_eq!(office.agent("support-agent-v2").await.owner.user, "U0OMAR");
    }

    /// A registration that was denied comes to life, if its name is still free.
    async fn a_registration_comes_to_life(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.theo().denies(&reference, "we have one").await;
        let said = office
            .dana()
            .types(&format!("/agent appeal {reference} because that one is retired"))
            .await;
        assert!(said.contains("Waits for"), "{said}");
        office.settled().await;
        let card = office.posted("C0APPROVALS", "appeals for its registration").pop().expect("a card");
        office.vera().clicks("C0APPROVALS", &card.ts, "approve").await;
        office.cleo().clicks("C0APPROVALS", &card.ts, "approve").await;
        assert!(office.agent("support-agent-v2").await.is_active());
        office.dana().reads("is registered and at work").await;
    }

    /// When the name was taken meanwhile, the last yes finds that out, and says so.
    async fn what_cannot_become_true_any_more_ends_with_the_reason(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.theo().denies(&reference, "we have one").await;
        office.dana().types(&format!("/agent appeal {reference} because it is another")).await;
        office.settled().await;
        let card = office.posted("C0APPROVALS", "appeals for its registration").pop().expect("a card");
        office.vera().clicks("C0APPROVALS", &card.ts, "approve").await;
        office.omar().registers("support-agent-v2", &[]).await;
        let said = office.cleo().clicks("C0APPROVALS", &card.ts, "approve").await;
        assert!(said.contains("nothing could come of it"), "{said}");
        assert!(said.contains("another agent has its name"), "{said}");
        assert_eq!(office.agent("support-agent-v2").await.owner.user, "U0OMAR");
    }

    /// An agent that is stopped takes its appeal with it; after a week a no is past.
    async fn stopped_or_too_late(office) {
        let reference = denied(office).await;
        let appeal = appealed(office, &reference).await;
        office.sam().types("/agent stop support-agent-v2 because it loops").await;
        office.settled().await;
        assert_eq!(office.request(&appeal).await.state.word(), "cancelled");
        office.all_copies_say(&appeal, "Cancelled", false).await;
        office.dana().registers("another-agent", &[]).await;
        let denied = office.dana().last_reference("another-agent").await;
        office.theo().denies(&denied, "why").await;
        office.advance("7d").await;
        let said = office.dana().types(&format!("/agent appeal {denied} because it is late")).await;
        assert!(said.contains("could be appealed until"), "{said}");
    }

    /// Nobody answers an appeal: it is over, and nothing was granted.
    async fn an_appeal_that_nobody_answers_grants_nothing(office) {
        let reference = denied(office).await;
        let appeal = appealed(office, &reference).await;
        office.vera().approves(&appeal).await;
        office.advance("2d").await;
        assert_eq!(office.request(&appeal).await.state.word(), "expired");
        assert!(!office.may("support-agent-v2", "database:write").await);
    }
}

fn without_appeals(setup: &mut Setup) {
    let board =
        "[appeals]\nboard = [\"vp\", \"compliance\"]\nwithin = \"7d\"\ndecide_within = \"2d\"\n";
    setup.policy = Some(crate::support::starter_with(&[(board, "")]));
}

stories_of! {
    super::without_appeals;
    /// Without a board there are no appeals, and that is said.
    async fn without_a_board_there_are_none(office) {
        let reference = denied(office).await;
        let told = office.dana().reads("Not approved").await;
        assert!(!told.action_ids().contains(&"appeal".to_owned()));
        let said = office.dana().types(&format!("/agent appeal {reference} because now")).await;
        assert!(said.contains("the policy names nobody"), "{said}");
    }
}
