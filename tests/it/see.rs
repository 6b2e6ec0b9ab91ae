//! What people see when they ask: help, lists, an agent's page, App Home.

use countersign::sandbox::ClickOutcome;
use countersign::sandbox::model::View;

use crate::stories;

stories! {
    /// `/agent` is fitted to the person: what waits, what is theirs, what they can do.
    async fn help_is_fitted_to_the_person(office) {
        let said = office.dana().types("/agent").await;
        assert!(said.contains("You own no agent yet"), "{said}");
        office.dana().has_agent("support-agent-v2", &[]).await;
        let reference = office.dana().puts("support-agent-v2", "database:read", "2h").await;
        let said = office.theo().types("/agent").await;
        assert!(said.contains("Waiting for you: 1") && said.contains(&reference), "{said}");
        let said = office.dana().types("/agent").await;
        assert!(said.contains("You are waiting for: 1"), "{said}");
        assert!(said.contains("Your agents: 1"), "{said}");
        assert!(!said.contains("Waiting for you"), "{said}");
        office.theo().approves(&reference).await;
        let said = office.dana().types("/agent").await;
        assert!(said.contains("Live grants of your agents: 1"), "{said}");
        let said = office.dana().types("/agent help").await;
        for word in ["register", "request", "list", "show", "grants", "extend", "release",
                     "revoke", "stop", "reinstate", "cancel"] {
            assert!(said.contains(&format!("/agent {word}")), "no {word} in {said}");
        }
        let login = format!("agent-cli login http://{}", office.address().await);
        assert!(said.contains(&login), "no way from a terminal in {said}");
    }

    /// A button in the private help works like the one on the card.
    async fn what_waits_can_be_answered_from_help(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let reference = office.dana().puts("support-agent-v2", "database:read", "2h").await;
        office.theo().types("/agent").await;
        let seen = office.workspace().visible_to("U0THEO", "C0SUPPORT");
        let help = seen.iter().rev().find(|m| m.ephemeral_to.is_some()).expect("the help");
        let said = office.theo().clicks("C0SUPPORT", &help.ts, "approve").await;
        assert!(said.contains("the last yes"), "{said}");
        office.settled().await;
        assert!(office.may("support-agent-v2", "database:read").await);
        office.all_copies_say(&reference, "Approved by <@U0THEO>", false).await;
    }

    /// All agents, whoever asks.
    async fn all_agents_are_listed(office) {
        let said = office.omar().types("/agent list").await;
        assert!(said.contains("No agent is registered yet"), "{said}");
        office.dana().has_agent("support-agent-v2", &[]).await;
        office.dana().registers("refund-bot", &["money"]).await;
        let said = office.omar().types("/agent list").await;
        assert!(said.contains("2 agents"), "{said}");
        for words in ["support-agent-v2", "refund-bot", "tier 3", "<@U0DANA>"] {
            assert!(said.contains(words), "no {words} in {said}");
        }
    }

    /// One agent: who, what, tier and why, grants, what is asked, history.
    async fn an_agents_page_tells_everything(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let grant = office.dana().gets("support-agent-v2", "database:write", "2h").await;
        let asked = office.dana().puts("support-agent-v2", "tickets:comment", "1h").await;
        let said = office.omar().types("/agent show support-agent-v2").await;
        for words in [
            "answers support tickets", "<@U0DANA>", "team support", "at work", "kubernetes",
            "1 live grant", &grant, "1 open request", &asked, "History", "grant began",
            "yes from security", "security and team lead",
        ] {
            assert!(said.contains(words), "no “{words}” in {said}");
        }
        // Each line of the history that is about a request or a grant names it.
        let (_, history) = said.split_once("History").expect("a history");
        for happened in ["asked: grant", "yes from security", "approved", "grant began"] {
            let named = format!("{grant} {happened}");
            assert!(history.contains(&named), "no “{named}” in {history}");
        }
        let said = office.omar().types("/agent show support-agent").await;
        assert!(said.contains("did you mean"), "{said}");
    }

    /// Guests and people of other workspaces are told why not.
    async fn guests_are_told_why_not(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        for (who, channel, why) in [
            ("U0GUS", "C0SUPPORT", "You are a guest"),
            ("U0GINA", "C0HELP", "You are a guest"),
        ] {
            for typed in ["/agent", "/agent list", "/agent register x-y-z",
                          "/agent request support-agent-v2 database:read for 30m because x",
                          "/agent stop support-agent-v2 because x"] {
                let said = office.person(who).types_in(channel, typed).await;
                assert!(said.contains(why), "{typed}: {said}");
            }
        }
        let said = office.person("U0OSCAR").types_in("C0PARTNERS", "/agent list").await;
        // Slack itself may not even offer the command to people of another workspace.
        assert!(!said.contains("support-agent-v2"), "{said}");
        assert!(office.agent("support-agent-v2").await.is_active());
        office.workspace().open_home("U0GUS").expect("opens");
        let home = office.until("home", || office.workspace().home("U0GUS")).await;
        assert!(serde_json::json!(home.blocks).to_string().contains("You are a guest"));
    }

    /// App Home shows what waits and what is held, follows what changes, and its buttons work.
    async fn app_home_follows_and_works(office) {
        let (dana, theo) = (office.dana(), office.theo());
        dana.has_agent("support-agent-v2", &[]).await;
        theo.home().await;
        dana.home().await;
        assert!(theo.at_home().await.contains("Nothing. You get a message"));
        let reference = dana.puts("support-agent-v2", "database:read", "2h").await;
        let shown = theo.at_home().await;
        assert!(shown.contains("Waiting for you (1)") && shown.contains(&reference), "{shown}");
        assert!(dana.at_home().await.contains("You are waiting for (1)"));
        theo.presses("approve").await;
        theo.hears("the last yes").await;
        let shown = dana.at_home().await;
        assert!(shown.contains("Live grants of your agents (1)"), "{shown}");
        assert!(shown.contains("left"), "{shown}");
        assert!(theo.at_home().await.contains("Nothing. You get a message"));
        dana.presses("extend").await;
        dana.fills("lasting", "lasting", serde_json::json!("1h")).await;
        dana.fills("because", "because", serde_json::json!("the queue is long")).await;
        dana.sends().await;
        dana.hears("asks to keep database : read").await;
        let longer = dana.last_reference("support-agent-v2").await;
        assert!(dana.at_home().await.contains(&longer), "she waits for it");
        let ends = office.grant(&reference).await.expires_at;
        theo.approves(&longer).await;
        let ends = ends + chrono::TimeDelta::hours(1);
        assert_eq!(office.grant(&reference).await.expires_at, ends);
        assert!(dana.at_home().await.contains("3 hours left"), "{}", dana.at_home().await);
        dana.presses("release").await;
        dana.hears("no longer has database : read").await;
        assert!(dana.at_home().await.contains("None. An agent holds nothing"));
        dana.presses("request").await;
        dana.fills("access", "access", serde_json::json!("database:read")).await;
        dana.fills("lasting", "lasting", serde_json::json!("30m")).await;
        dana.fills("because", "because", serde_json::json!("customer support queries")).await;
        dana.sends().await;
        dana.hears("now has database : read").await;
        assert!(dana.at_home().await.contains("Live grants of your agents (1)"));
        office.advance("30m").await;
        assert!(dana.at_home().await.contains("None. An agent holds nothing"));
        dana.presses("register").await;
        dana.form().await;
    }

    /// A click on what somebody still sees counts, though App Home was shown anew meanwhile.
    async fn a_click_on_a_home_that_was_just_shown_anew_counts(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let seen = dana.home().await;
        let places: Vec<(String, String)> = buttons(&seen);
        dana.puts("support-agent-v2", "database:read", "2h").await;
        let shown = dana.at_home().await;
        assert!(shown.contains("You are waiting for (1)"), "{shown}");
        let wanted = |action: &str| {
            let found = places.iter().find(|(_, of)| of == action);
            found.unwrap_or_else(|| panic!("no {action} in {places:?}")).0.clone()
        };
        for action in ["register", "request", "show"] {
            let block = wanted(action);
            let pressed = office.workspace();
            let pressed =
                pressed.click_in_view(dana.id, &seen.id, &block, action, serde_json::Value::Null);
            let pressed = pressed.await.unwrap_or_else(|error| panic!("{action}: {error}"));
            assert_eq!(pressed, ClickOutcome::Acknowledged, "{action}");
        }
        dana.form().await;
        dana.hears("support-agent-v2").await;
    }
}

/// The buttons of a view: each block's id with an action's.
fn buttons(view: &View) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for block in &view.blocks {
        let elements = block["elements"].as_array().into_iter().flatten();
        for element in elements.chain(block.get("accessory")) {
            if let (Some(block), Some(action)) =
                (block["block_id"].as_str(), element["action_id"].as_str())
            {
                found.push((block.to_owned(), action.to_owned()));
            }
        }
    }
    found
}
