//! Incidents: an agent is stopped, people are called, and everything that is known is in one place.

use std::process::Command;

use countersign::domain::activity::{Accessed, Deed, Outcome, Report};
use countersign::domain::event::{Actor, What};
use countersign::sandbox::model::Message;
use countersign::sandbox::{Fault, Lasting, SubmitOutcome};
use countersign::service::activity::Told;
use serde_json::{Value, json};

use crate::stories;
use crate::support::Office;

const OPEN: &str = "/agent incident support-agent-v2 because it deletes rows of orders";

/// The message of the incident in security's channel, and the replies below it.
async fn thread(office: &Office) -> (Message, Vec<Message>) {
    office.settled().await;
    let above = office.posted("C0SECURITY", "Incident I-");
    let above: Vec<_> = above.into_iter().filter(|m| m.thread_ts.is_none()).collect();
    assert_eq!(above.len(), 1, "one message for one incident");
    let mut replies = office.workspace().messages("C0SECURITY");
    replies.retain(|m| m.thread_ts.as_ref() == Some(&above[0].ts) && m.ts != above[0].ts);
    (above[0].clone(), replies)
}

/// `I-14`, as the message says it.
fn reference(message: &Message) -> String {
    let words = message.words();
    let (_, rest) = words.split_once("Incident I-").expect("a reference");
    format!("I-{}", rest.chars().take_while(char::is_ascii_digit).collect::<String>())
}

/// Dana's agent, with a grant that Theo and Sam allowed, tells what it did.
async fn an_agent_at_work(office: &Office) -> String {
    office.dana().has_agent("support-agent-v2", &["writes"]).await;
    let grant = office.dana().gets("support-agent-v2", "database:write", "2h").await;
    let agent = office.agent("support-agent-v2").await;
    let deed = Deed {
        model_version: Some("m-5.1".to_owned()),
        decision_rationale: Some("the ticket said so".to_owned()),
        data_accessed: vec![Accessed {
            kind: "database".to_owned(),
            id: "orders".to_owned(),
            fields: vec![],
        }],
        outcome: Some(Outcome::Success),
        ..Deed::default()
    };
    let report = Report { agent: None, evaluation: None, grant: None, occurred_at: None, deed };
    let service = office.service().await;
    let told = service.record_activities(&Actor::Agent(agent.id), &[report], None).await;
    assert!(matches!(told, Ok(Told::Recorded(_))), "{told:?}");
    grant
}

/// `countersign incident …` on the office's record.
fn exported(office: &Office, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("incident")
        .args(arguments)
        .env_clear()
        .env("COUNTERSIGN_DATABASE__URL", office.database.url())
        .output()
        .expect("the command runs");
    let status = output.status.code().expect("it ends by itself");
    (status, String::from_utf8(output.stdout).expect("text"))
}

stories! {
    /// One message, and below it in order what is known; those on call are told; the agent is
    /// stopped.
    async fn it_stops_the_agent_and_gathers_what_is_known(office) {
        let grant = an_agent_at_work(office).await;
        let said = office.sam().types(OPEN).await;
        assert!(said.contains("is open: ") && said.contains("is stopped"), "{said}");
        let (above, replies) = thread(office).await;
        let words = above.words();
        for part in ["it deletes rows of orders", "<@U0SAM>", "<@U0DANA>", "<@U0OMAR>"] {
            assert!(words.contains(part), "no {part} in {words}");
        }
        assert_eq!(above.action_ids(), ["timeline", "close_incident", "show"], "{words}");
        let said: Vec<String> = replies.iter().map(Message::words).collect();
        assert_eq!(said.len(), 4, "{said:?}");
        for (reply, parts) in said.iter().zip([
            &["What it did", "orders", "the ticket said so"] as &[&str],
            &["who allowed it", &grant, "<@U0THEO>", "<@U0SAM>"],
            &["models", "m-5.1", "a model, version 5"],
            &["0 live tokens"],
        ]) {
            for part in parts {
                assert!(reply.contains(part), "no {part} in {reply}");
            }
        }
        office.omar().reads("Incident I-").await;
        office.dana().reads("stopped by <@U0SAM>").await;
        assert!(!office.may("support-agent-v2", "database:write").await);
        assert!(!office.agent("support-agent-v2").await.is_active());
        assert_eq!(office.logged(|what| matches!(what, What::IncidentOpened { .. })).await, 1);
        assert_eq!(office.logged(|what| matches!(what, What::AgentSuspended { .. })).await, 1);
        let told = office.posted("C0SECURITY", "stopped by <@U0SAM>");
        assert_eq!(told.len(), 1, "the incident says it, no second message does");
    }

    /// The replies follow their message in order, whatever Slack does; none stands beside it.
    async fn the_replies_wait_for_their_message(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let faults = office.sandbox.faults();
        faults.inject("chat.postMessage", Fault::RateLimited { retry_after: 1 }, Lasting::Calls(3));
        office.sam().types(OPEN).await;
        let (above, replies) = thread(office).await;
        let begins = ["What it did", "What it had", "The models", "What it could act by"];
        assert_eq!(replies.len(), begins.len());
        for (reply, begins) in replies.iter().zip(begins) {
            assert!(reply.text.starts_with(begins), "{begins} is not at its place: {}", reply.text);
            assert!(reply.ts > above.ts);
        }
    }

    /// The owner, the team's leads, security and those on call open one; others do not; and there is
    /// one at a time.
    async fn who_opens_one_and_only_one(office) {
        let owner_and_others = [office.vera(), office.cleo()];
        office.dana().has_agent("support-agent-v2", &[]).await;
        for other in owner_and_others {
            let said = other.types(OPEN).await;
            assert!(said.contains("Only the owner, the leads"), "{}: {said}", other.id);
        }
        let said = office.omar().types("/agent incident support-agent-v9 because x").await;
        assert!(said.contains("support-agent-v2"), "{said}");
        // Two at the same moment are one.
        let (theo, omar) = (office.theo(), office.omar());
        let (one, two) = tokio::join!(theo.types(OPEN), omar.types(OPEN));
        let both = [one, two];
        assert_eq!(both.iter().filter(|said| said.contains("is open: ")).count(), 1, "{both:?}");
        let already = |said: &&String| said.contains("an incident about it already");
        assert_eq!(both.iter().filter(already).count(), 1, "{both:?}");
        thread(office).await;
        let said = office.dana().types(OPEN).await;
        assert!(said.contains("an incident about it already"), "{said}");
        let said = office.dana().types("/agent incidents").await;
        assert!(said.contains("1 open incident") && said.contains("support-agent-v2"), "{said}");
    }

    /// About an agent that was stopped before: nothing is stopped twice. The reason is asked in a
    /// form, if it was not typed.
    async fn about_an_agent_that_was_stopped_before(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        office.sam().types("/agent stop support-agent-v2 because it loops").await;
        let dana = office.dana();
        dana.types("/agent incident support-agent-v2").await;
        dana.fills("because", "because", json!("rows are missing since Monday")).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        dana.hears("was not at work before").await;
        let (above, _) = thread(office).await;
        assert!(above.words().contains("rows are missing since Monday"));
        assert_eq!(office.logged(|what| matches!(what, What::AgentSuspended { .. })).await, 1);
    }

    /// It is closed with what was found, not by the owner; every copy and the thread say so.
    async fn it_is_closed_with_what_was_found(office) {
        an_agent_at_work(office).await;
        office.dana().types(OPEN).await;
        let (above, _) = thread(office).await;
        let named = reference(&above);
        let said = office.dana().clicks("C0SECURITY", &above.ts, "close_incident").await;
        assert!(said.contains("not by its owner"), "{said}");
        let said = office.vera().clicks("C0SECURITY", &above.ts, "close_incident").await;
        assert!(said.contains("closed by security"), "{said}");
        let sam = office.sam();
        sam.opens("C0SECURITY", &above.ts, "close_incident").await;
        sam.fills("because", "because", json!("a prompt had the wrong table")).await;
        assert_eq!(sam.sends().await, SubmitOutcome::Closed);
        sam.hears(&format!("✅ {named} is closed")).await;
        office.settled().await;
        let after = office.workspace().messages("C0SECURITY");
        let after = after.iter().find(|m| m.ts == above.ts).expect("the message");
        assert!(after.words().contains("a prompt had the wrong table"), "{}", after.words());
        assert_eq!(after.action_ids(), ["timeline", "show"]);
        let mut below = office.workspace().messages("C0SECURITY");
        below.retain(|m| m.thread_ts.as_ref() == Some(&above.ts) && m.ts != above.ts);
        let last = below.last().expect("a reply").words();
        assert!(last.contains("is closed") && last.contains("a prompt had the wrong table"), "{last}");
        office.dana().reads("a prompt had the wrong table").await;
        let copy = office.omar().reads(&named).await;
        assert!(copy.words().contains("is closed"), "{}", copy.words());
        let said = sam.types("/agent incidents").await;
        assert!(said.contains("No incident is open"), "{said}");
        let said = sam.clicks_as_seen("C0SECURITY", &above, "close_incident").await;
        assert!(said.contains("was closed by <@U0SAM>"), "{said}");
        assert_eq!(office.logged(|what| matches!(what, What::IncidentClosed { .. })).await, 1);
        // Stopped it stays, until people let it go on; then another can be opened.
        assert!(!office.agent("support-agent-v2").await.is_active());
        let said = sam.types(OPEN).await;
        assert!(said.contains("is open: "), "{said}");
        office.settled().await;
    }

    /// The timeline, in Slack and as a file: from what led to it to what followed, with the proof
    /// that nobody changed the log.
    async fn the_timeline_tells_it_in_order(office) {
        let grant = an_agent_at_work(office).await;
        office.advance("5m").await;
        office.sam().types(OPEN).await;
        let (above, _) = thread(office).await;
        let named = reference(&above);
        office.dana().types("/agent reinstate support-agent-v2 because it was mended").await;
        office.settled().await;
        let said = office.theo().clicks("C0SECURITY", &above.ts, "timeline").await;
        for part in ["Timeline of I-", "grant began", "the ticket said so", "stopped", "asked:"] {
            assert!(said.contains(part), "no {part} in {said}");
        }
        let said = office.vera().clicks("C0SECURITY", &above.ts, "timeline").await;
        assert!(said.contains("Only the owner, the leads"), "{said}");

        let (status, text) = exported(office, &[&named]);
        assert_eq!(status, 0, "{text}");
        let mut at = 0;
        for part in [
            "support-agent-v2",
            "The audit log is intact",
            &grant,
            "U0THEO",
            "Timeline",
            "said yes to",
            "the ticket said so",
            "opened incident",
            "stopped agent",
            "revoked grant",
            "reinstatement",
        ] {
            let found = text.get(at..).and_then(|rest| rest.find(part));
            at += found.unwrap_or_else(|| panic!("no {part} from {at} on in\n{text}"));
        }
        let (status, text) = exported(office, &[&named, "--format", "markdown"]);
        assert_eq!(status, 0, "{text}");
        assert!(text.starts_with(&format!("# Incident {named}")), "{text}");
        let (status, text) = exported(office, &[&named, "--format", "json"]);
        assert_eq!(status, 0, "{text}");
        let story: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(story["log"]["intact"], true, "{story}");
        assert_eq!(story["grants"][0]["grant"]["reference"], grant.as_str());
        let times: Vec<&str> = story["entries"]
            .as_array()
            .expect("entries")
            .iter()
            .map(|entry| entry["at"].as_str().expect("a moment"))
            .collect();
        assert!(times.len() > 10 && times.is_sorted(), "{times:?}");
        let (status, _) = exported(office, &["I-9999"]);
        assert_ne!(status, 0);
    }
}
