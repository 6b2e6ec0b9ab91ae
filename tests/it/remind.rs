//! What people hear by themselves: before the end, at the end, and while they are awaited.

use chrono::TimeDelta;
use countersign::domain::event::What;

use crate::stories;

stories! {
    /// An hour and ten minutes before the end: the owner and the team's channel hear of it.
    async fn before_the_end_the_owner_and_the_team_are_reminded(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let reference = dana.gets("support-agent-v2", "database:read", "2h").await;
        office.advance("59m").await;
        assert!(office.posted("C0SUPPORT", "loses database : read").is_empty());
        office.advance("1m").await;
        dana.reads("⏰ In 1 hour: ").await;
        assert_eq!(office.posted("C0SUPPORT", "loses database : read").len(), 1);
        office.advance("50m").await;
        dana.reads("⏰ In 10 minutes: ").await;
        let reminders = office.posted("C0SUPPORT", "⏰ In 10 minutes: ");
        assert_eq!(reminders.len(), 1);
        // Whoever sees the reminder in the channel may try its buttons; only the owner's count.
        let said = office.theo().clicks("C0SUPPORT", &reminders[0].ts, "release").await;
        assert!(said.contains("Only its owner"), "{said}");
        let said = dana.clicks("C0SUPPORT", &reminders[0].ts, "release").await;
        assert!(said.contains("handed back by <@U0DANA>"), "{said}");
        assert_eq!(office.grant(&reference).await.state.word(), "released");
        office.advance("1h").await;
        assert_eq!(office.posted("C0SUPPORT", "ended when its time came").len(), 0);
    }

    /// The reminder's Extend opens the form.
    async fn a_reminder_extends(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.gets("support-agent-v2", "database:read", "2h").await;
        office.advance("1h50m").await;
        let reminder = dana.reads("⏰ In 10 minutes: ").await;
        dana.opens(&dana.dm(), &reminder.ts, "extend").await;
        dana.fills("lasting", "lasting", serde_json::json!("1h")).await;
        dana.fills("because", "because", serde_json::json!("the queue is long")).await;
        dana.sends().await;
        dana.hears("asks to keep database : read").await;
        let asked = dana.last_reference("support-agent-v2").await;
        office.everybody_approves(&asked).await;
        // The new end has reminders of its own; the old end passes in silence.
        office.advance("10m").await;
        assert!(office.may("support-agent-v2", "database:read").await);
        let before = office.posted("C0SUPPORT", "⏰ In 10 minutes: ").len();
        office.advance("50m").await;
        assert_eq!(office.posted("C0SUPPORT", "⏰ In 10 minutes: ").len(), before + 1);
    }

    /// At the end a message says that it ended, and what to do if the work goes on.
    async fn the_end_is_said(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.gets("support-agent-v2", "database:read", "2h").await;
        office.advance("2h").await;
        let read = dana.reads("no longer has database : read").await;
        let words = read.words();
        assert!(words.contains("ended when its time came"), "{words}");
        assert!(words.contains("/agent request support-agent-v2 database:read"), "{words}");
        assert!(read.action_ids().contains(&"request".to_owned()));
        assert_eq!(office.posted("C0SUPPORT", "no longer has database : read").len(), 1);
        assert_eq!(office.logged(|what| matches!(what, What::GrantExpired { .. })).await, 1);
    }

    /// A short grant is not reminded of a time before it began.
    async fn what_is_shorter_than_the_reminder_is_not_reminded(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.asks("support-agent-v2", "database:read", "10m").await;
        office.advance("9m").await;
        assert!(office.posted("C0SUPPORT", "loses").is_empty());
    }

    /// At half the time those who are still awaited get the card again, with buttons that end when
    /// it ends; those who have voted are left in peace.
    async fn those_awaited_are_reminded_at_half_time(office) {
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.sam().approves(&reference).await;
        office.advance("4h").await;
        let reminder = office.theo().reads("Still waiting").await;
        office.tina().reads("Still waiting").await;
        for other in [office.sam(), office.sara(), office.dana(), office.cleo()] {
            let waits = other.inbox().iter().any(|m| m.words().contains("Still waiting"));
            assert!(!waits, "{} is reminded", other.id);
        }
        let said = office.theo().clicks(&office.theo().dm(), &reminder.ts, "approve").await;
        assert!(said.contains("the last yes"), "{said}");
        // Tina's reminder, which she never touched, shows the end like every other copy.
        office.all_copies_say(&reference, "Approved by", false).await;
        let waits = office.tina().inbox().iter().any(|m| m.words().contains("Still waiting"));
        assert!(!waits);
    }

    /// A named owner is reminded, too.
    async fn a_named_owner_is_reminded(office) {
        let named = crate::support::Answers { owner: Some("U0OMAR"), ..Default::default() };
        office.dana().registers_with("support-agent-v2", named).await;
        office.settled().await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.theo().approves(&reference).await;
        let before = office.omar().inbox().len();
        office.advance("2h").await;
        assert_eq!(office.omar().inbox().len(), before + 1);
        office.omar().accepts(&reference).await;
        office.all_copies_say(&reference, "accepted as owner", false).await;
    }

    /// A request nobody answers expires, and says so to everybody concerned: as expired, not as
    /// denied.
    async fn an_unanswered_request_expires_and_says_so(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let reference = office.dana().puts("support-agent-v2", "database:write", "2h").await;
        office.sam().approves(&reference).await;
        office.clock.advance(TimeDelta::hours(8) - TimeDelta::seconds(1));
        office.settled().await;
        assert_eq!(office.request(&reference).await.state.word(), "open");
        office.advance("1s").await;
        assert_eq!(office.request(&reference).await.state.word(), "expired");
        office.all_copies_say(&reference, "Expired unanswered", false).await;
        let read = office.dana().reads("Nobody answered in time").await.words();
        assert!(read.contains("team lead"), "{read}");
        assert!(!read.contains("enied"), "{read}");
        assert_eq!(office.logged(|what| matches!(what, What::RequestExpired { .. })).await, 1);
        assert!(!office.may("support-agent-v2", "database:write").await);
        // Asked again, it is a new question.
        office.dana().gets("support-agent-v2", "database:write", "2h").await;
    }

    /// Who was away for a day is not told of ends that are long past as if they were to come.
    async fn what_is_past_is_not_announced(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.gets("support-agent-v2", "database:read", "2h").await;
        office.stop().await;
        office.clock.advance(TimeDelta::days(1));
        office.start().await;
        office.settled().await;
        assert!(office.posted("C0SUPPORT", "loses").is_empty());
        assert_eq!(office.posted("C0SUPPORT", "ended when its time came").len(), 1);
    }
}
