//! Another tier, another description, and the end for good.

use countersign::domain::event::What;
use countersign::domain::tier::Tier;
use countersign::sandbox::SubmitOutcome;
use serde_json::json;

use crate::program::Program;
use crate::stories;
use crate::support::Office;
use crate::whole::{AGENT, DESK, an_agent_with_a_key, on_both, question};

stories! {
    /// Raised by the people of the higher tier; until then nothing changes.
    async fn a_tier_is_raised_by_the_higher_people(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        let said = dana.types(&format!("/agent tier {AGENT} 3 because it answers customers")).await;
        assert!(said.contains("asks for tier 3 instead of 1"), "{said}");
        office.settled().await;
        let asked = dana.last_reference(AGENT).await;
        assert!(asked.starts_with("T-"), "{asked}");
        office.all_copies_say(&asked, "raises its tier from 1 to 3", true).await;
        assert!(!office.theo().is_asked(&asked).await, "the lead decides on tier 1 alone");
        let said = dana.types(&format!("/agent tier {AGENT} 2 because less")).await;
        assert!(said.contains("being decided already"), "{said}");
        office.sam().approves(&asked).await;
        office.cleo().approves(&asked).await;
        assert_eq!(office.agent(AGENT).await.tier, Tier::Observer);
        office.vera().approves(&asked).await;
        assert_eq!(office.agent(AGENT).await.tier, Tier::External);
        dana.reads("is tier 3").await;
        assert_eq!(office.logged(|what| matches!(what, What::TierRaised { .. })).await, 1);
    }

    /// Lowered by the people of the higher tier, too: what the lower may not hold ends, and the card
    /// says which.
    async fn lowering_ends_what_the_tier_may_not_hold(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        dana.types(&format!("/agent tier {AGENT} 2 because it writes")).await;
        let raised = dana.last_reference(AGENT).await;
        office.everybody_approves(&raised).await;
        let stays = dana.gets(AGENT, "database:read", "8h").await;
        let ends = dana.gets(AGENT, "database:write", "8h").await;
        let said = dana.types(&format!("/agent tier {AGENT} 1 because it only reads")).await;
        assert!(said.contains("asks for tier 1 instead of 2"), "{said}");
        let asked = dana.last_reference(AGENT).await;
        office.all_copies_say(&asked, &format!("{ends} database:write"), true).await;
        office.theo().approves(&asked).await;
        assert!(office.may(AGENT, "database:write").await, "one yes of two");
        office.sara().approves(&asked).await;
        office.settled().await;
        assert_eq!(office.agent(AGENT).await.tier, Tier::Observer);
        assert_eq!(office.grant(&ends).await.state.word(), "revoked");
        assert_eq!(office.grant(&stays).await.state.word(), "active");
        dana.reads("is tier 1 now, which may not hold this").await;
        assert_eq!(office.logged(|what| matches!(what, What::TierLowered { .. })).await, 1);
    }

    /// What the lower tier may not hold does not come by a yes that was asked for before.
    async fn lowering_takes_back_what_was_asked(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        dana.types(&format!("/agent tier {AGENT} 2 because it writes")).await;
        let raised = dana.last_reference(AGENT).await;
        office.everybody_approves(&raised).await;
        let denied = dana.puts(AGENT, "tickets:comment", "8h").await;
        office.theo().denies(&denied, "not yet").await;
        let beyond = dana.puts(AGENT, "database:write", "8h").await;
        let within = dana.puts(AGENT, "database:read", "8h").await;
        dana.types(&format!("/agent tier {AGENT} 1 because it only reads")).await;
        let lowered = dana.last_reference(AGENT).await;
        office.everybody_approves(&lowered).await;
        assert_eq!(office.request(&beyond).await.state.word(), "cancelled");
        office.all_copies_say(&beyond, "is tier 1 now, which may not hold this", false).await;
        assert_eq!(office.request(&within).await.state.word(), "open");
        let said = dana.types(&format!("/agent appeal {denied} because it is needed")).await;
        assert!(said.contains("is tier 1 by now, which may not hold this"), "{said}");
        assert!(!office.may(AGENT, "database:write").await);
    }

    /// Never below what the answers say; and others do not ask for it.
    async fn what_cannot_be_is_said_kindly(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &["writes"]).await;
        for (typed, words) in [
            ("1 because less", "/agent edit support-agent-v2"),
            ("2 because the same", "is tier 2 already"),
            ("4 because more", "is no tier"),
        ] {
            let said = dana.types(&format!("/agent tier {AGENT} {typed}")).await;
            assert!(said.contains(words), "{typed}: {said}");
        }
        let said = office.omar().types(&format!("/agent tier {AGENT} 3 because x")).await;
        assert!(said.contains("Only its owner"), "{said}");
        let said = office.omar().types(&format!("/agent edit {AGENT}")).await;
        assert!(said.contains("Only its owner"), "{said}");
        // In part, a form asks the rest; security may ask, too.
        office.sam().types(&format!("/agent tier {AGENT}")).await;
        office.sam().fills("tier", "tier", json!("3")).await;
        office.sam().fills("because", "because", json!("it reaches customers")).await;
        assert_eq!(office.sam().sends().await, SubmitOutcome::Closed);
        office.sam().hears("asks for tier 3 instead of 2").await;
        let asked = dana.last_reference(AGENT).await;
        assert!(!office.sam().is_asked(&asked).await, "nobody approves their own");
    }

    /// A form with what it is; the card shows what changes; a yes makes it so, and the tier follows.
    async fn it_is_described_anew(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        dana.types(&format!("/agent edit {AGENT}")).await;
        dana.fills("because", "because", json!("just so")).await;
        let sent = dana.sends().await;
        assert!(!matches!(sent, SubmitOutcome::Closed), "nothing is new: {sent:?}");
        dana.fills("purpose", "purpose", json!("answers and refunds")).await;
        let form = dana.form().await;
        let ticks = json!(["writes"]);
        office
            .workspace()
            .click_in_view("U0DANA", &form.id, "answers", "tier_answers", ticks)
            .await
            .expect("ticks");
        dana.fills("because", "because", json!("it closes tickets now")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        dana.hears("asks to be described anew").await;
        let asked = dana.last_reference(AGENT).await;
        assert!(asked.starts_with("C-"), "{asked}");
        office.all_copies_say(&asked, "“answers support tickets” → “answers and refunds”", true).await;
        office.all_copies_say(&asked, "raises its tier from 1 to 2", true).await;
        office.theo().approves(&asked).await;
        assert_eq!(office.agent(AGENT).await.description.purpose, "answers support tickets");
        office.sam().approves(&asked).await;
        let agent = office.agent(AGENT).await;
        assert_eq!(agent.description.purpose, "answers and refunds");
        assert_eq!((agent.tier, agent.slug.as_str()), (Tier::Internal, AGENT));
        // The card of what was decided keeps showing what changed.
        office.all_copies_say(&asked, "“answers support tickets” → “answers and refunds”", false).await;
        // Answers that say less take the tier down with them, and what it may not hold.
        let ends = dana.gets(AGENT, "database:write", "8h").await;
        dana.types(&format!("/agent edit {AGENT}")).await;
        let form = dana.form().await;
        office
            .workspace()
            .click_in_view("U0DANA", &form.id, "answers", "tier_answers", json!([]))
            .await
            .expect("unticks");
        dana.fills("because", "because", json!("it only reads again")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        office.settled().await;
        let asked = dana.last_reference(AGENT).await;
        office.all_copies_say(&asked, &ends, true).await;
        office.everybody_approves(&asked).await;
        assert_eq!(office.agent(AGENT).await.tier, Tier::Observer);
        assert_eq!(office.grant(&ends).await.state.word(), "revoked");
    }

    /// It works for another team when a lead of that team agrees, not of the one that it leaves. Both are
    /// told; what was asked before stays with those who were asked.
    async fn it_works_for_another_team(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        let grant = dana.gets(AGENT, "database:read", "8h").await;
        let before = dana.puts(AGENT, "tickets:read", "8h").await;
        dana.types(&format!("/agent edit {AGENT}")).await;
        dana.fills("team", "team_choice", json!("data")).await;
        dana.fills("because", "because", json!("the data team runs it now")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        dana.hears("asks to be described anew").await;
        office.settled().await;
        let asked = dana.last_reference(AGENT).await;
        office.all_copies_say(&asked, "support → data", true).await;
        assert!(office.omar().is_asked(&asked).await, "who leads the new team");
        assert!(!office.theo().is_asked(&asked).await, "who leads the old one");
        let said = office.theo().approves_in_channel(&asked).await;
        assert!(!said.is_empty(), "the lead of the old team does not decide");
        assert_eq!(office.agent(AGENT).await.team.as_str(), "support");
        office.omar().approves(&asked).await;
        let agent = office.agent(AGENT).await;
        assert_eq!((agent.team.as_str(), agent.tier), ("data", Tier::Observer));
        assert_eq!(office.grant(&grant).await.state.word(), "active");
        office.settled().await;
        for place in ["C0SUPPORT", "C0DATA"] {
            assert_eq!(office.posted(place, "works for team data now").len(), 1, "{place}");
        }
        assert_eq!(office.logged(|what| matches!(what, What::TeamChanged { .. })).await, 1);
        assert_eq!(office.logged(|what| matches!(what, What::AgentDescribed { .. })).await, 0);
        // As it was asked: by the old team's lead. What is asked from now on goes to the new one's.
        office.theo().approves(&before).await;
        assert!(office.may(AGENT, "tickets:read").await);
        let after = dana.puts(AGENT, "deploys:read", "8h").await;
        assert!(office.omar().is_asked(&after).await && !office.theo().is_asked(&after).await);
    }

    /// The owner or security ends it for good, by a form that asks why; the name stays taken.
    async fn retired_is_retired(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        let grant = dana.gets(AGENT, "database:read", "8h").await;
        let open = dana.puts(AGENT, "tickets:read", "8h").await;
        office.advance("76d").await;
        let card = dana.reads("still needed?").await;
        for other in [office.theo(), office.omar()] {
            let said = other.types(&format!("/agent retire {AGENT} because x")).await;
            assert!(said.contains("Only the owner and security can retire"), "{said}");
        }
        dana.opens(&dana.dm(), &card.ts, "retire").await;
        assert!(!matches!(dana.sends().await, SubmitOutcome::Closed), "why?");
        dana.fills("because", "because", json!("v3 took over")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        let said = dana.hears("is retired for good").await.words();
        assert!(!said.contains(&open), "it was not open any more");
        office.settled().await;
        assert_eq!(office.agent(AGENT).await.state.word(), "retired");
        assert_ne!(office.grant(&grant).await.state.word(), "active");
        for place in ["C0SUPPORT", "C0SECURITY"] {
            assert!(!office.posted(place, "retired by <@U0DANA>").is_empty(), "{place}");
        }
        // Nothing is asked, nothing can be asked, nobody takes the name.
        let card = office.workspace().messages(&dana.dm()).into_iter().find(|m| m.ts == card.ts);
        let words = card.as_ref().expect("the card").words();
        assert!(words.contains("review is off"), "{words}");
        let said = dana.clicks_as_seen(&dana.dm(), card.as_ref().expect("it"), "show").await;
        assert!(said.contains("retired by"), "{said}");
        let said = dana.types(&format!("/agent certify {AGENT}")).await;
        assert!(said.contains("was retired"), "{said}");
        let said = office.sam().types(&format!("/agent retire {AGENT} because again")).await;
        assert!(said.contains("was retired"), "{said}");
        let answers = crate::support::Answers::default();
        let sent = office.omar().registers_with(AGENT, answers).await;
        assert!(!matches!(sent, SubmitOutcome::Closed), "the name stays taken: {sent:?}");
        office.advance("60d").await;
        assert_eq!(office.agent(AGENT).await.state.word(), "retired");
        assert_eq!(office.logged(|what| matches!(what, What::AgentRetired { .. })).await, 1);
    }
}

/// From the moment of its retirement every door says no.
async fn the_doors_close(office: &Office) {
    let key = an_agent_with_a_key(office).await;
    let grant = office.dana().gets(AGENT, "database:write", "8h").await;
    let desk = Program::with(office, DESK);
    let token = key.token(office, AGENT).await;
    assert_eq!(desk.asks_whether(&question("orders")).await["decision"], true);
    office.sam().types(&format!("/agent retire {AGENT} because it is broken")).await;
    assert_eq!(office.sam().sends().await, SubmitOutcome::Closed);
    let said = office.sam().hears("is retired for good").await.words();
    assert!(said.contains(&grant) && said.contains("1 credential"), "{said}");
    let denied = desk.asks_whether(&question("orders")).await;
    assert_eq!(denied["decision"], false);
    assert_eq!(denied["context"]["reason"], "agent_not_active", "{denied}");
    assert_eq!(desk.introspects(&token).await, json!({ "active": false }));
    let refused = key.asks_for_token(office, AGENT).await;
    assert!((400..402).contains(&refused.status), "{refused:?}");
}

on_both!(the_doors_close);
