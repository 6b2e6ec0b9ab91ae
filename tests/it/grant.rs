//! What a yes opens: from when, until when, and who ends it earlier.

use chrono::TimeDelta;
use countersign::domain::event::What;
use countersign::sandbox::SubmitOutcome;
use serde_json::json;

use crate::stories;

stories! {
    /// The time starts at the approval, not at the request.
    async fn time_starts_at_the_approval(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let reference = office.dana().puts("support-agent-v2", "database:read", "2h").await;
        office.advance("1h30m").await;
        assert!(!office.may("support-agent-v2", "database:read").await);
        office.theo().approves(&reference).await;
        let grant = office.grant(&reference).await;
        assert_eq!(grant.starts_at, office.now());
        assert_eq!(grant.expires_at, office.now() + TimeDelta::hours(2));
    }

    /// It ends to the second, whether or not anybody is there to notice.
    async fn it_ends_on_time_even_while_nobody_is_at_work(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let reference = office.dana().gets("support-agent-v2", "database:read", "2h").await;
        office.settled().await;
        office.stop().await;
        office.clock.advance(TimeDelta::seconds(7_199));
        assert!(office.may("support-agent-v2", "database:read").await);
        office.clock.advance(TimeDelta::seconds(1));
        assert!(!office.may("support-agent-v2", "database:read").await);
        assert_eq!(office.grant(&reference).await.state.word(), "active");
        // Whoever comes back first writes it down, and says so.
        office.start().await;
        office.settled().await;
        assert_eq!(office.grant(&reference).await.state.word(), "expired");
        office.dana().reads("no longer has database : read").await;
        assert_eq!(office.posted("C0SUPPORT", "no longer has database : read").len(), 1);
    }

    /// The end of one grant leaves another one for the same thing as it is.
    async fn ends_touch_that_grant_only(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let short = dana.gets("support-agent-v2", "database:read", "2h").await;
        let long = dana.gets("support-agent-v2", "database:read", "6h").await;
        let other = dana.gets("support-agent-v2", "tickets:read", "6h").await;
        office.advance("2h").await;
        assert_eq!(office.grant(&short).await.state.word(), "expired");
        assert!(office.may("support-agent-v2", "database:read").await);
        let third = dana.gets("support-agent-v2", "database:read", "5h").await;
        let said = dana.types(&format!("/agent revoke {long} because wrong table")).await;
        assert!(said.contains("no longer has database : read"), "{said}");
        assert!(office.may("support-agent-v2", "database:read").await);
        assert_eq!(office.grant(&third).await.state.word(), "active");
        assert_eq!(office.grant(&other).await.state.word(), "active");
        dana.types(&format!("/agent release {third}")).await;
        assert!(!office.may("support-agent-v2", "database:read").await);
        assert!(office.may("support-agent-v2", "tickets:read").await);
    }

    /// The owner, who approved it and security end it at once; nobody else does.
    async fn who_may_revoke_and_who_may_not(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        for (who, may) in [
            ("U0OMAR", false), ("U0VERA", false), ("U0CLEO", false),
            ("U0SARA", true), ("U0THEO", true), ("U0TINA", true), ("U0DANA", true),
        ] {
            let reference = match office.may("support-agent-v2", "database:read").await {
                true => office.dana().last_reference("support-agent-v2").await,
                false => office.dana().gets("support-agent-v2", "database:read", "2h").await,
            };
            let person = office.person(who);
            let said = person.types(&format!("/agent revoke {reference} because I looked at it")).await;
            assert_eq!(office.may("support-agent-v2", "database:read").await, !may, "{who}: {said}");
            let words = if may { "no longer has" } else { "Only the owner, those who decide" };
            assert!(said.contains(words), "{who}: {said}");
        }
        let read = office.dana().reads("revoked by <@U0TINA>").await.words();
        assert!(read.contains("I looked at it"), "{read}");
        assert_eq!(office.logged(|what| matches!(what, What::GrantRevoked { .. })).await, 4);
    }

    /// Handing back is the owner's; what has ended stays ended.
    async fn the_owner_hands_it_back_once(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let reference = office.dana().gets("support-agent-v2", "database:read", "2h").await;
        let said = office.theo().types(&format!("/agent release {reference}")).await;
        assert!(said.contains("Only its owner"), "{said}");
        let said = office.dana().types("/agent release support-agent-v2").await;
        assert!(said.contains("handed back by <@U0DANA>"), "{said}");
        assert!(!office.may("support-agent-v2", "database:read").await);
        let said = office.dana().types(&format!("/agent release {reference}")).await;
        assert!(said.contains("is not live any more"), "{said}");
        let said = office.sam().types(&format!("/agent revoke {reference}")).await;
        assert!(said.contains("is not live any more"), "{said}");
        office.advance("3h").await;
        assert_eq!(office.grant(&reference).await.state.word(), "released");
        assert_eq!(office.logged(|what| matches!(what, What::GrantExpired { .. })).await, 0);
    }

    /// More time is a new question to the same people, up to the policy's longest in all.
    async fn more_time_takes_the_same_people(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &["writes"]).await;
        let reference = dana.gets("support-agent-v2", "database:write", "8h").await;
        let until = office.grant(&reference).await.expires_at;
        let said = dana.types(&format!("/agent extend {reference} by 8h because the queue is long")).await;
        office.settled().await;
        assert!(said.contains("asks to keep database : write 8 hours longer"), "{said}");
        let asked = dana.last_reference("support-agent-v2").await;
        assert!(asked.starts_with("X-"), "{asked}");
        office.theo().approves(&asked).await;
        assert_eq!(office.grant(&reference).await.expires_at, until, "one yes is not enough");
        office.sam().approves(&asked).await;
        office.settled().await;
        assert_eq!(office.grant(&reference).await.expires_at, until + TimeDelta::hours(8));
        dana.reads("keeps database : write until").await;
        // Twenty-four hours in all: sixteen are used.
        let extend = |by: &str| format!("/agent extend {reference} by {by} because the queue is long");
        let said = dana.types(&extend("9h")).await;
        assert!(said.contains("is too long"), "{said}");
        dana.types(&extend("8h")).await;
        office.settled().await;
        let asked = dana.last_reference("support-agent-v2").await;
        office.everybody_approves(&asked).await;
        let said = dana.types(&extend("1m")).await;
        assert!(said.contains("24 hours in all") || said.contains("1 day in all"), "{said}");
        assert!(said.contains("ask for a new grant"), "{said}");
        office.advance("8h").await;
        assert!(office.may("support-agent-v2", "database:write").await);
        office.advance("16h").await;
        assert!(!office.may("support-agent-v2", "database:write").await);
        assert_eq!(office.logged(|what| matches!(what, What::GrantExpired { .. })).await, 1);
    }

    /// If the grant ended while people decided, their yes opens a new one from now on.
    async fn a_yes_to_more_time_after_the_end_opens_a_new_grant(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let reference = dana.gets("support-agent-v2", "database:read", "2h").await;
        dana.types(&format!("/agent extend {reference} by 3h because the queue is long")).await;
        office.settled().await;
        let asked = dana.last_reference("support-agent-v2").await;
        office.advance("2h30m").await;
        assert!(!office.may("support-agent-v2", "database:read").await);
        office.theo().approves(&asked).await;
        assert!(office.may("support-agent-v2", "database:read").await);
        let grant = office.grant(&asked).await;
        assert_eq!(grant.expires_at, office.now() + TimeDelta::hours(3));
        assert_eq!(office.grant(&reference).await.state.word(), "expired");
        office.advance("3h").await;
        assert!(!office.may("support-agent-v2", "database:read").await);
    }

    /// Extending by form, from the button of the reminder or of the outcome.
    async fn more_time_by_button_and_form(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let reference = dana.gets("support-agent-v2", "database:read", "2h").await;
        let outcome = dana.reads("now has database : read").await;
        dana.opens(&dana.dm(), &outcome.ts, "extend").await;
        dana.fills("lasting", "lasting", json!("1h")).await;
        dana.fills("because", "because", json!("the queue is long")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        dana.hears("asks to keep database : read").await;
        let asked = dana.last_reference("support-agent-v2").await;
        office.everybody_approves(&asked).await;
        let grant = office.grant(&reference).await;
        assert_eq!(grant.expires_at - grant.starts_at, TimeDelta::hours(3));
        let said = office.theo().types(&format!("/agent extend {reference} by 1h because I can")).await;
        assert!(said.contains("Only its owner"), "{said}");
    }

    /// What is live, with the time left.
    async fn grants_are_listed_with_the_time_left(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let said = dana.types("/agent grants support-agent-v2").await;
        assert!(said.contains("No live grant of support-agent-v2"), "{said}");
        let reference = dana.gets("support-agent-v2", "database:read", "2h").await;
        office.advance("30m").await;
        for typed in ["/agent grants", "/agent grants support-agent-v2"] {
            let said = dana.types(typed).await;
            assert!(said.contains(&reference) && said.contains("database : read"), "{said}");
            assert!(said.contains("90 minutes left") || said.contains("1 hour 30 minutes left")
                || said.contains("1.5 hours left"), "{said}");
        }
        let said = dana.types("/agent grants suport-agent-v2").await;
        assert!(said.contains("did you mean"), "{said}");
        office.advance("90m").await;
        let said = dana.types("/agent grants").await;
        assert!(said.contains("No live grant"), "{said}");
    }

    /// Revoking by button asks why, in a form.
    async fn revoking_by_button_asks_why(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        office.dana().gets("support-agent-v2", "database:read", "2h").await;
        let sam = office.sam();
        sam.types("/agent grants support-agent-v2").await;
        let listed = office.workspace().visible_to("U0SAM", "C0SUPPORT");
        let list = listed.iter().rev().find(|m| m.ephemeral_to.is_some()).expect("the list");
        sam.opens("C0SUPPORT", &list.ts, "revoke").await;
        sam.fills("because", "because", json!("it reads too much")).await;
        assert_eq!(sam.sends().await, SubmitOutcome::Closed);
        sam.hears("no longer has database : read").await;
        assert!(!office.may("support-agent-v2", "database:read").await);
        office.dana().reads("it reads too much").await;
    }
}
