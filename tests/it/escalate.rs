//! Asking for more: typed, in part or in a form; reviewed, refused, or approved at once.

use countersign::domain::event::What;
use countersign::domain::tier::Tier;
use countersign::sandbox::SubmitOutcome;
use countersign::sandbox::model::Message;
use serde_json::{Value, json};

use crate::stories;

stories! {
    /// Typed whole: asked at once, and the card says what opens, for how long, and why.
    async fn typed_whole_it_is_asked_at_once(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let said = office.dana().asks("support-agent-v2", "database:read", "2h").await;
        assert!(said.contains("asks for database : read"), "{said}");
        assert!(said.contains("2 hours from approval"), "{said}");
        let reference = office.dana().last_reference("support-agent-v2").await;
        for words in [
            "customer support queries",
            "reading every row of the support database",
            "2 hours from approval",
            "⚠ first time for this resource",
            "✓ certified",
            "✓ owner active",
            "○ team lead",
        ] {
            office.all_copies_say(&reference, words, true).await;
        }
        let said = office.dana().asks("support-agent-v2", "database:read", "2h").await;
        assert!(said.contains("being decided already"), "{said}");
        office.theo().approves(&reference).await;
        office.dana().reads("now has database : read").await;
    }

    /// Typed in part: a form opens with what was typed, and asks the rest.
    async fn typed_in_part_a_form_asks_the_rest(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let said = dana.types("/agent request support-agent-v2 database:read for 2h").await;
        assert_eq!(said, "");
        let form = json!(dana.form().await.blocks).to_string();
        for typed in ["support-agent-v2", "database:read", "2h"] {
            assert!(form.contains(typed), "no {typed} in {form}");
        }
        let unfinished = dana.sends().await;
        assert!(matches!(&unfinished, SubmitOutcome::Errors(e) if e.contains_key("because")));
        dana.fills("because", "because", json!("customer support queries")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        dana.hears("asks for database : read").await;
        let reference = dana.last_reference("support-agent-v2").await;
        assert!(reference.starts_with("G-"), "{reference}");
        assert!(office.theo().is_asked(&reference).await);
    }

    /// A mistake in the form is said on its field, and nothing that was filled in is lost.
    async fn a_mistake_in_the_form_is_said_on_its_field(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.types("/agent request support-agent-v2 database:read").await;
        dana.fills("lasting", "lasting", json!("3d")).await;
        dana.fills("because", "because", json!("customer support queries")).await;
        let SubmitOutcome::Errors(errors) = dana.sends().await else { panic!("no errors") };
        assert!(errors["lasting"].contains("8 hours"), "{errors:?}");
        dana.fills("lasting", "lasting", json!("8h")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        dana.hears("8 hours from approval").await;
    }

    /// The review knows what was had and what was denied before.
    async fn the_review_remembers(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let first = dana.gets("support-agent-v2", "database:read", "2h").await;
        dana.types(&format!("/agent release {first}")).await;
        let second = dana.puts("support-agent-v2", "database:read", "2h").await;
        office.all_copies_say(&second, "✓ had this once before", true).await;
        office.theo().denies(&second, "the incident is over").await;
        let third = dana.puts("support-agent-v2", "database:read", "2h").await;
        office.all_copies_say(&third, "⚠ denied once before", true).await;
    }

    /// An action above the agent's tier: the question becomes one to raise it, and says so.
    async fn what_needs_a_higher_tier_asks_for_the_tier_too(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let said = office.dana().asks("support-agent-v2", "database:write", "30m").await;
        assert!(said.contains("this needs tier 2") && said.contains("a yes raises it"), "{said}");
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.all_copies_say(&reference, "⚠ raises its tier from 1 to 2", true).await;
        office.all_copies_say(&reference, "tier 1 → 2", true).await;
        assert!(office.sam().is_asked(&reference).await);
        office.theo().approves(&reference).await;
        assert_eq!(office.agent("support-agent-v2").await.tier, Tier::Observer);
        office.sam().approves(&reference).await;
        assert_eq!(office.agent("support-agent-v2").await.tier, Tier::Internal);
        assert!(office.may("support-agent-v2", "database:write").await);
        assert_eq!(office.logged(|what| matches!(what, What::TierRaised { .. })).await, 1);
        let shown = office.dana().types("/agent show support-agent-v2").await;
        assert!(shown.contains("raised since") || shown.contains("tier raised"), "{shown}");
    }

    /// What does not exist is answered with what exists and what is near.
    async fn what_does_not_exist_is_answered_with_what_does(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let request = |what: &str| format!("/agent request {what} because customer support");
        for (typed, answers) in [
            ("suport-agent-v2 database:read for 30m", ["did you mean", "support-agent-v2"]),
            ("support-agent-v2 databse:read for 30m", ["did you mean", "database"]),
            ("support-agent-v2 warehouse:read for 30m", ["these resources exist", "tickets"]),
            ("support-agent-v2 database:reed for 30m", ["did you mean", "write (tier 2)"]),
            ("support-agent-v2 database for 30m", ["not said what it should do on", "read (tier 1)"]),
            ("support-agent-v2 database:read for 3fortnights", ["no length of time", "30m"]),
            ("support-agent-v2 for ages", ["“ages” is no length of time", "30m"]),
            ("support-agent-v2 database:read for half an hour", ["no length of time", "30m"]),
            ("support-agent-v2 database:read for 9h", ["is too long", "8 hours"]),
            ("support-agent-v2 database:read for 0m", ["no length of time", "8 hours"]),
        ] {
            let said = dana.types(&request(typed)).await;
            for answer in answers {
                assert!(said.contains(answer), "{typed}: no “{answer}” in {said}");
            }
        }
        let said = office.omar().types(&request("support-agent-v2 database:read for 30m")).await;
        assert!(said.contains("Only its owner") && said.contains("<@U0DANA>"), "{said}");
        let said = dana.types("/agent requst").await;
        assert!(said.contains("/agent request"), "{said}");
        assert_eq!(office.logged(
            |what| matches!(what, What::RequestOpened { ask, .. } if ask == "grant"),
        ).await, 0);
    }

    /// An agent that is not at work yet gets nothing.
    async fn an_agent_that_waits_for_approval_gets_nothing(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let said = office.dana().asks("support-agent-v2", "database:read", "30m").await;
        assert!(said.contains("not registered yet"), "{said}");
        assert!(!office.may("support-agent-v2", "database:read").await);
    }

    /// Short, internal and read-only: the policy says yes at once, and the channel is told.
    async fn the_policy_may_say_yes_at_once(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let said = office.dana().asks("support-agent-v2", "database:read", "30m").await;
        assert!(said.contains("now has database : read"), "{said}");
        assert!(said.contains("short internal reads"), "{said}");
        assert!(office.may("support-agent-v2", "database:read").await);
        let told = office.posted("C0APPROVALS", "short internal reads");
        assert_eq!(told.len(), 1, "{told:?}");
        let reference = office.dana().last_reference("support-agent-v2").await;
        assert!(!office.theo().is_asked(&reference).await);
        let said = office.dana().asks("support-agent-v2", "database:read", "30m").await;
        assert!(said.contains("has this already"), "{said}");
        let approved = office.logged(|what| {
            matches!(what, What::RequestApproved { rule: Some(rule), people, .. }
                if rule == "short internal reads" && people.is_empty())
        });
        assert_eq!(approved.await, 1);
    }

    /// What people once denied goes to people again, whatever the rules say.
    async fn an_earlier_no_sends_it_to_people(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let reference = dana.puts("support-agent-v2", "database:read", "2h").await;
        office.theo().denies(&reference, "not this week").await;
        let said = dana.asks("support-agent-v2", "database:read", "30m").await;
        assert!(said.contains("Waits for"), "{said}");
        let again = dana.last_reference("support-agent-v2").await;
        assert!(office.theo().is_asked(&again).await);
        assert!(!office.may("support-agent-v2", "database:read").await);
    }

    /// A question that nobody could answer is not put; security hears of it.
    async fn where_nobody_can_decide_it_is_refused_and_security_is_told(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        office.dana().registers("other-agent", &[]).await;
        let reference = office.dana().last_reference("other-agent").await;
        office.workspace().set_group_members("S0SUPPORTLEADS", &[]).expect("the group");
        office.until_may_decide("U0THEO", &reference, false).await;
        let said = office.dana().asks("support-agent-v2", "database:write", "30m").await;
        assert!(said.contains("Nobody could decide this"), "{said}");
        assert!(said.contains("team lead"), "{said}");
        office.settled().await;
        let told = office.posted("C0SECURITY", "nobody can decide it");
        assert_eq!(told.len(), 1);
        assert!(told[0].words().contains("team lead"), "{}", told[0].words());
        // The only lead who is left is the one who asks: that is nobody, too.
        office.workspace().set_group_members("S0SUPPORTLEADS", &["U0DANA"]).expect("the group");
        let said = office.dana().asks("support-agent-v2", "database:write", "30m").await;
        assert!(said.contains("Nobody could decide this"), "{said}");
    }

    /// Text of people stays text: no mention, no link, no button, nothing hidden, not too much.
    async fn a_justification_stays_text_on_every_copy(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &["writes"]).await;
        let nasty = "*bold* <!channel> <!here> <@U0VERA> <#C0GENERAL> <https://evil.example|Approve> \
                     & &lt;!everyone&gt; `code` ~no~ \u{202E}drawkcab\u{200B} ```fence``` <!subteam^S0SECURITY>";
        let long = format!("{nasty} {}", "é🎉 ".repeat(13_400));
        let typed = format!("/agent request support-agent-v2 database:write for 30m because {long}");
        assert!(typed.chars().count() > 40_000);
        let said = dana.types(&typed).await;
        assert!(said.contains("Waits for"), "{said}");
        let reference = dana.last_reference("support-agent-v2").await;
        office.theo().denies(&reference, nasty).await;
        let mut all = office.copies(&reference).await;
        all.push(dana.reads("Not approved").await);
        all.extend(office.workspace().visible_to("U0DANA", "C0SUPPORT"));
        for message in all {
            nothing_is_forged(&message);
        }
        let words = office.copies(&reference).await[0].words();
        assert!(words.contains("bold"), "the words themselves are gone: {words}");
    }

    /// The same of what is registered.
    async fn a_purpose_stays_text_on_every_copy(office) {
        let dana = office.dana();
        dana.types("/agent register support-agent-v2").await;
        dana.fills("purpose", "purpose", json!("<!channel> *answers* <@U0VERA> \u{202E}x")).await;
        dana.fills("systems", "systems", json!("<#C0GENERAL>, <https://evil.example|tickets>")).await;
        dana.fills("runs_on", "runs_on", json!("<!here>")).await;
        dana.fills("model", "model", json!("`model` <!everyone>")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        office.until_so("registered", || async {
            !office.posted("C0APPROVALS", "support-agent-v2").is_empty()
        }).await;
        let reference = dana.last_reference("support-agent-v2").await;
        for copy in office.copies(&reference).await {
            nothing_is_forged(&copy);
        }
    }
}

/// Nothing in the message does what text of people wanted it to do: where Slack reads markup it is
/// escaped, and elsewhere it is an element of text. Nothing hides or turns round.
fn nothing_is_forged(message: &Message) {
    no_markup(&message.text);
    no_markup_in(&json!(message.blocks));
    assert!(message.attachments.is_empty());
}

fn no_markup(text: &str) {
    for forged in ["<!channel", "<!here", "<!everyone", "<@U0VERA", "<#C0GENERAL", "<https://evil"]
    {
        assert!(!text.contains(forged), "{forged:?} in {text}");
    }
}

fn no_markup_in(piece: &Value) {
    if let Some(text) = piece["text"].as_str() {
        if piece["type"] == "mrkdwn" {
            no_markup(text);
        }
        let hidden = |c| matches!(c, '\u{202E}' | '\u{200B}');
        assert!(!text.contains(hidden), "hidden characters in {text:?}");
    }
    match piece["type"].as_str() {
        Some("broadcast" | "usergroup") => panic!("a mention: {piece}"),
        Some("user") => assert_ne!(piece["user_id"], "U0VERA"),
        Some("channel") => assert_ne!(piece["channel_id"], "C0GENERAL"),
        Some("link") => panic!("a link: {piece}"),
        _ => {}
    }
    match piece {
        Value::Array(pieces) => pieces.iter().for_each(no_markup_in),
        Value::Object(fields) => fields.values().for_each(no_markup_in),
        _ => {}
    }
}
