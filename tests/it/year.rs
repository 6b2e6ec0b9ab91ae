//! A year in one company: people come, go, are away and forget; what was promised is kept
//! throughout, and the record of it all verifies.

use chrono::TimeDelta;
use countersign::domain::agent::Cause;
use countersign::domain::event::{Body, What};
use countersign::sandbox::model::PersonKind;

use crate::stories;
use crate::support::Office;

/// Nothing waits beyond its time, no card lies, and the record is whole; then the server is started
/// anew, and all of it holds still.
async fn holds(office: &Office, month: &str) {
    for again in [false, true] {
        office.all_cards_are_true().await;
        assert!(office.verifies().await > 0, "{month}");
        let store = office.store().await;
        let mut session = store.read().await.expect("a session");
        let due = session.next_deadline().await.expect("the next deadline");
        assert!(due.is_none_or(|at| at > office.now()), "{month}: {due:?} is over");
        drop(session);
        if !again {
            office.stop().await;
            office.start().await;
            office.settled().await;
        }
    }
}

/// So many days go by as they do: each deadline comes at its time, none is jumped over.
async fn days(office: &Office, days: i64) {
    let end = office.now() + TimeDelta::days(days);
    loop {
        let store = office.store().await;
        let due = store.read().await.expect("a session").next_deadline().await.expect("a read");
        let next = due.filter(|at| *at < end).unwrap_or(end).max(office.now());
        office.clock.advance(next - office.now());
        office.settled().await;
        if next == end {
            return;
        }
    }
}

/// Whatever ends by itself ended within the minute for which it was announced; how many did.
async fn on_time(office: &Office) -> usize {
    let store = office.store().await;
    let mut session = store.read().await.expect("a session");
    let (mut ends, mut after) = (0, 0);
    loop {
        let lines = session.lines(after, 500).await.expect("lines");
        let Some(last) = lines.last() else { return ends };
        after = last.seq;
        for line in &lines {
            let body: Body = serde_json::from_str(&line.body).expect("a line that can be read");
            let announced = match &body.what {
                What::GrantExpired { grant } => {
                    session.grant(*grant).await.expect("a read").expect("a grant").expires_at
                }
                What::CertificationMissed { certification, .. } => {
                    let found = session.certification(*certification).await.expect("a read");
                    found.expect("a review").suspends_at
                }
                _ => continue,
            };
            let late = line.at - announced;
            assert!(late >= TimeDelta::zero() && late < TimeDelta::minutes(1), "{late}: {body:?}");
            ends += 1;
        }
    }
}

/// Nine weeks go by, in which Omar answers whenever he is asked whether an agent is still
/// needed.
async fn nine_weeks(office: &Office) {
    for _ in 0..9 {
        office.advance("7d").await;
        let owner = office.omar();
        let asks = owner.inbox().into_iter().filter(|message| {
            message.words().contains("still needed?")
                && message.action_ids().contains(&"certify".to_owned())
        });
        // The first answers for all copies of its question.
        for asked in asks {
            let said = owner.clicks(&owner.dm(), &asked.ts, "certify").await;
            assert!(said.contains("is certified") || said.contains("has ended"), "{said}");
            office.settled().await;
        }
    }
}

/// The owner answers the question about the agent by the button.
async fn certifies(office: &Office, who: &str, agent: &str) {
    let person = office.person(who);
    let asked = person.reads(&format!("Is {agent} still needed?")).await;
    let said = person.clicks(&person.dm(), &asked.ts, "certify").await;
    assert!(said.contains("is certified"), "{said}");
    office.settled().await;
}

/// How many live grants there are in the whole company.
async fn live(office: &Office) -> u32 {
    let store = office.store().await;
    let mut session = store.read().await.expect("a session");
    session.live_grants(office.now(), 1).await.expect("a read").1
}

stories! {
    /// Each month brings something else, and each ends with everything in order.
    async fn nothing_is_forgotten_in_a_year(office) {
        let (dana, theo) = (office.dana(), office.theo());
        let (sam, vera, omar) = (office.sam(), office.vera(), office.omar());

        // January: three agents are registered; what is asked for is had, and ends by itself.
        dana.has_agent("support-agent", &["writes"]).await;
        dana.has_agent("reports-agent", &[]).await;
        omar.has_agent("orders-agent", &["writes"]).await;
        dana.gets("support-agent", "database:write", "2h").await;
        assert_eq!(live(office).await, 1);
        office.advance("2h").await;
        assert_eq!(live(office).await, 0);
        holds(office, "January").await;

        // February: Theo is away, and Vera answers in his place, until Friday and no longer.
        days(office, 28).await;
        let said = theo.types("/agent delegate @vera until Friday").await;
        assert!(said.contains("<@U0VERA> answers for <@U0THEO>"), "{said}");
        office.settled().await;
        let asked = dana.puts("support-agent", "tickets:comment", "1h").await;
        assert!(vera.is_asked(&asked).await);
        office.everybody_approves(&asked).await;
        assert!(office.may("support-agent", "tickets:comment").await);
        days(office, 8).await;
        let asked = dana.puts("support-agent", "tickets:comment", "1h").await;
        assert!(!vera.is_asked(&asked).await, "he is back");
        office.everybody_approves(&asked).await;
        holds(office, "February").await;

        // March: a no, and a yes from others on appeal; the other agents' owners are asked whether
        // they are needed. Dana forgets one of her two.
        let denied = dana.puts("support-agent", "database:write", "2h").await;
        sam.denies(&denied, "the replica would do").await;
        dana.types(&format!("/agent appeal {denied} because the replica is a day behind")).await;
        office.settled().await;
        let appeal = dana.last_reference("support-agent").await;
        office.everybody_approves(&appeal).await;
        assert!(office.may("support-agent", "database:write").await);
        days(office, 41).await;
        assert_eq!(live(office).await, 0);
        certifies(office, "U0DANA", "support-agent").await;
        certifies(office, "U0OMAR", "orders-agent").await;
        holds(office, "March").await;

        // April: what was forgotten is suspended when it was said that it would be.
        days(office, 21).await;
        assert_eq!(office.agent("reports-agent").await.cause(), Some(Cause::Uncertified));
        for agent in ["support-agent", "orders-agent"] {
            assert!(office.agent(agent).await.is_active(), "{agent}");
        }
        holds(office, "April").await;

        // May: an emergency at night, found justified; then an incident, and the way back.
        let broken = "/agent break-glass support-agent database:write for 15m \
                      because orders are stuck since noon";
        let said = omar.types(broken).await;
        assert!(said.contains("has database : write until"), "{said}");
        office.settled().await;
        let review = omar.last_reference("support-agent").await;
        let said = sam.approves(&review).await;
        assert!(said.contains("Justified"), "{said}");
        office.advance("15m").await;
        assert_eq!(live(office).await, 0);
        let said = sam.types("/agent incident orders-agent because it deletes rows").await;
        assert!(said.contains("is stopped"), "{said}");
        office.settled().await;
        assert_eq!(office.agent("orders-agent").await.cause(), Some(Cause::Stopped));
        let said = omar.types("/agent reinstate orders-agent because it was mended").await;
        assert!(said.contains("Waits for"), "{said}");
        office.settled().await;
        let back = omar.last_reference("orders-agent").await;
        office.everybody_approves(&back).await;
        assert!(office.agent("orders-agent").await.is_active());
        holds(office, "May").await;

        // June: Dana leaves. Theo takes the one that matters, and hands it to Omar; Tina agrees.
        office.becomes("U0DANA", PersonKind::Deactivated).await;
        for agent in ["support-agent", "reports-agent"] {
            office.until_ownerless(agent, true).await;
        }
        let said = theo.types("/agent take support-agent").await;
        assert!(said.contains("You answer for support-agent now"), "{said}");
        office.settled().await;
        let handover = theo.hands_over("support-agent", "omar").await;
        omar.accepts(&handover).await;
        office.settled().await;
        office.everybody_approves(&handover).await;
        assert_eq!(office.agent("support-agent").await.owner.user, "U0OMAR");
        holds(office, "June").await;

        // September: nobody took the other. It is retired, and its record stays.
        nine_weeks(office).await;
        nine_weeks(office).await;
        assert_eq!(office.agent("reports-agent").await.state.word(), "retired");
        let kept = sam.types("/agent show reports-agent").await;
        assert!(kept.contains("retired"), "{kept}");
        holds(office, "September").await;

        // December: the two that are needed are at work, nothing is left open, and what happened is
        // on the record, each deed once.
        nine_weeks(office).await;
        nine_weeks(office).await;
        for agent in ["support-agent", "orders-agent"] {
            let agent = office.agent(agent).await;
            assert!(agent.is_active(), "{}: {:?}", agent.slug, agent.cause());
        }
        days(office, 15).await;
        assert_eq!(live(office).await, 0);
        for (what, times) in [
            ("retired", office.logged(|what| matches!(what, What::AgentRetired { .. })).await),
            ("taken", office.logged(|what| matches!(what, What::OwnerTaken { .. })).await),
            ("emergency", office.logged(|what| matches!(what, What::EmergencyOpened { .. })).await),
            ("incident", office.logged(|what| matches!(what, What::IncidentOpened { .. })).await),
            ("missed", office.logged(|what| matches!(what, What::CertificationMissed { .. })).await),
        ] {
            assert_eq!(times, 1, "{what}");
        }
        assert!(office.posted("C0SECURITY", "can never arrive").is_empty());
        assert_eq!(on_time(office).await, 6, "five grants and a review");
        holds(office, "December").await;
    }
}
