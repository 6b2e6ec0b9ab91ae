//! Stopping an agent, and letting it go on.

use countersign::domain::event::What;
use countersign::sandbox::SubmitOutcome;
use serde_json::json;

use crate::stories;

stories! {
    /// Everything it has ends, everything it asked for is cancelled; others' agents are untouched.
    async fn everything_ends_at_once(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &["writes"]).await;
        dana.has_agent("other-agent", &[]).await;
        let other = dana.gets("other-agent", "database:read", "2h").await;
        let one = dana.gets("support-agent-v2", "database:write", "2h").await;
        let two = dana.gets("support-agent-v2", "tickets:comment", "6h").await;
        let open = dana.puts("support-agent-v2", "deploys:trigger", "1h").await;
        let seen = office.sam().card(&open).await;
        let said = office.sara().types("/agent stop support-agent-v2 because it loops").await;
        for words in ["is stopped", "2 grants", &one, &two, "1 request", &open] {
            assert!(said.contains(words), "no {words} in {said}");
        }
        for access in ["database:write", "tickets:comment"] {
            assert!(!office.may("support-agent-v2", access).await, "{access}");
        }
        assert_eq!(office.grant(&other).await.state.word(), "active");
        office.all_copies_say(&open, "support-agent-v2 was stopped", false).await;
        let said = office.sam().clicks_as_seen(&office.sam().dm(), &seen, "approve").await;
        assert!(said.contains("has ended"), "{said}");
        let read = dana.reads("stopped by <@U0SARA>").await.words();
        assert!(read.contains("it loops"), "{read}");
        assert!(!office.posted("C0SECURITY", "stopped by <@U0SARA>").is_empty());
        assert!(!office.posted("C0SUPPORT", "stopped by <@U0SARA>").is_empty());
        let said = dana.asks("support-agent-v2", "database:read", "30m").await;
        assert!(said.contains("was stopped by") && said.contains("it loops"), "{said}");
        assert_eq!(office.logged(|what| matches!(what, What::AgentSuspended { .. })).await, 1);
    }

    /// The owner and security stop it, nobody else; twice is once.
    async fn who_may_stop_it(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        for other in ["U0THEO", "U0OMAR", "U0CLEO"] {
            let said = office.person(other).types("/agent stop support-agent-v2 because x").await;
            assert!(said.contains("Only the owner"), "{said}");
            assert!(!said.contains("those who decide on it"), "a wrong promise to {other}: {said}");
        }
        assert!(office.agent("support-agent-v2").await.is_active());
        let said = office.dana().types("/agent stop support-agent-v2 because done").await;
        assert!(said.contains("is stopped"), "{said}");
        let said = office.sam().types("/agent stop support-agent-v2 because me too").await;
        assert!(said.contains("was stopped by <@U0DANA>"), "{said}");
        assert_eq!(office.logged(|what| matches!(what, What::AgentSuspended { .. })).await, 1);
    }

    /// It goes on only after people said so, and gets nothing back by itself.
    async fn it_goes_on_only_by_approval(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &["writes"]).await;
        dana.gets("support-agent-v2", "database:write", "2h").await;
        let said = dana.types("/agent reinstate support-agent-v2 because it was mended").await;
        assert!(said.contains("was not stopped"), "{said}");
        office.sam().types("/agent stop support-agent-v2 because it loops").await;
        office.settled().await;
        let said = office.sam().types("/agent reinstate support-agent-v2 because it was mended").await;
        assert!(said.contains("Only its owner"), "{said}");
        let said = dana.types("/agent reinstate support-agent-v2 because it was mended").await;
        assert!(said.contains("asks to go on"), "{said}");
        office.settled().await;
        let asked = dana.last_reference("support-agent-v2").await;
        assert!(asked.starts_with("S-"), "{asked}");
        office.all_copies_say(&asked, "it loops", true).await;
        office.theo().approves(&asked).await;
        assert!(!office.agent("support-agent-v2").await.is_active());
        office.sara().approves(&asked).await;
        assert!(office.agent("support-agent-v2").await.is_active());
        assert!(!office.may("support-agent-v2", "database:write").await);
        dana.reads("may go on").await;
        assert_eq!(office.logged(|what| matches!(what, What::AgentReinstated { .. })).await, 1);
    }

    /// By the button on its page, with a form that asks why.
    async fn stopping_by_button_asks_why(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.types("/agent show support-agent-v2").await;
        let seen = office.workspace().visible_to("U0DANA", "C0SUPPORT");
        let page = seen.iter().rev().find(|m| m.ephemeral_to.is_some()).expect("the page");
        dana.opens("C0SUPPORT", &page.ts, "stop").await;
        dana.fills("because", "because", json!("it loops")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        dana.hears("🛑 support-agent-v2 is stopped").await;
        assert!(!office.agent("support-agent-v2").await.is_active());
        let notice = dana.reads("Ask that it may go on").await;
        dana.opens(&dana.dm(), &notice.ts, "reinstate").await;
        dana.fills("because", "because", json!("it was mended")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        dana.hears("asks to go on").await;
        let asked = dana.last_reference("support-agent-v2").await;
        office.everybody_approves(&asked).await;
        assert!(office.agent("support-agent-v2").await.is_active());
    }
}
