//! The numbers: for whoever asks, and once a week for all, with a picture. And why a call was refused.

use countersign::domain::deadline::Due;
use countersign::domain::evaluation::{Decision, Denial, Question, Record};
use countersign::domain::event::Actor;
use countersign::domain::ids::{BatchId, EvaluationId};
use countersign::sandbox::model::Message;
use countersign::sandbox::{Fault, Lasting};
use countersign::store::{Engine, work};
use serde_json::json;

use crate::stories;
use crate::support::{Office, Setup};

const APPROVALS: &str = "C0APPROVALS";

/// The digests in the channel.
fn digests(office: &Office) -> Vec<Message> {
    office.posted(APPROVALS, "/agent insights")
}

/// The moments at which a digest is due.
async fn due(office: &Office) -> Vec<i64> {
    let store = office.store().await;
    let mut session = store.read().await.expect("a session");
    let due = session.deadlines_about(Due::DIGEST).await.expect("a read");
    due.iter().map(|deadline| deadline.at.timestamp()).collect()
}

/// Three requests of tier 1 that Theo approves, so many minutes after they were asked.
async fn three_are_approved(office: &Office, minutes: [u32; 3]) {
    office.dana().has_agent("support-agent-v2", &[]).await;
    for (n, minutes) in minutes.into_iter().enumerate() {
        let asked = office.dana().puts("support-agent-v2", "database:read", "2h").await;
        office.advance(&format!("{minutes}m")).await;
        office.theo().approves(&asked).await;
        office.settled().await;
        if n < 2 {
            office.dana().types(&format!("/agent release {asked}")).await;
        }
    }
}

stories! {
    /// An emergency is no rule's yes, and its review keeps nobody waiting.
    async fn emergencies_are_not_among_the_numbers(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let opened = "/agent break-glass support-agent-v2 database:write for 15m \
                      because orders are stuck since noon";
        office.omar().types(opened).await;
        office.settled().await;
        let said = office.dana().types("/agent insights").await;
        assert!(said.contains("• nothing") && said.contains("Approved without people: 0 of 1"), "{said}");
        let review = office.omar().last_reference("support-agent-v2").await;
        office.sam().approves(&review).await;
        let said = office.dana().types("/agent insights").await;
        assert!(said.contains("Approved without people: 0 of 1"), "{said}");
    }

    /// Anybody may ask; with few on the record nothing is claimed.
    async fn the_numbers_are_for_everybody(office) {
        let said = office.omar().types("/agent insights").await;
        assert!(said.contains("Too few requests were approved by people"), "{said}");
        assert!(said.contains("Tier 1: none"), "{said}");
        // The registration was approved at once, the others after 10, 20 and 30 minutes.
        three_are_approved(office, [10, 20, 30]).await;
        let asked = office.dana().puts("support-agent-v2", "tickets:read", "2h").await;
        office.advance("5m").await;
        let said = office.omar().types("/agent insights").await;
        for words in [
            "Half of the tier 1 requests are approved within 10 minutes; the promise is 4 hours.",
            "Tier 1: half within 10 minutes",
            "Tier 2: none",
            "Tier 1: 1, the oldest for 5 minutes of 4 hours",
            "team lead: half within 10 minutes; 1 request waits for it, the oldest for 5 minutes",
            "Approved without people: 0 of 4 (0%)",
            "Denied: 0 of 4 (0%)",
            "Agents: 1 at work, certified 1 of 1, none without an owner",
            "Live grants: 1",
        ] {
            assert!(said.contains(words), "no “{words}” in {said}");
        }
        for name in ["U0DANA", "U0THEO"] {
            assert!(!said.contains(name), "{name} is in {said}");
        }
        office.theo().denies(&asked, "not now").await;
        let said = office.omar().types("/agent insights").await;
        assert!(said.contains("Denied: 1 of 5 (20%)"), "{said}");
        let said = office.person("U0GUS").types("/agent insights").await;
        assert!(said.contains("You are a guest"), "{said}");
    }

    /// What a rule approves, what nobody answers and what is taken back are told apart; an agent
    /// without an owner or a fresh word is counted.
    async fn what_became_of_it_is_told_apart(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        for access in ["tickets:read", "database:read", "deploys:read"] {
            office.dana().asks("support-agent-v2", access, "30m").await;
        }
        office.advance("31m").await;
        office.dana().puts("support-agent-v2", "database:read", "2h").await;
        office.advance("4h").await;
        let taken_back = office.dana().puts("support-agent-v2", "database:read", "2h").await;
        office.dana().types(&format!("/agent cancel {taken_back}")).await;
        let said = office.sam().types("/agent insights").await;
        for words in [
            "Approved without people: 3 of 4 (75%)",
            "Not answered in time: 1 of 5 (20%)",
            "Taken back: 1",
        ] {
            assert!(said.contains(words), "no “{words}” in {said}");
        }
        // After a month it is the comparison, after two it is gone.
        office.advance("30d").await;
        let said = office.sam().types("/agent insights").await;
        assert!(said.contains("Not answered in time: 0 of 0 (before: 20%)"), "{said}");
        office.advance("70d").await;
        let said = office.sam().types("/agent insights").await;
        assert!(said.contains("Not answered in time: 0 of 0\n"), "{said}");
        // The owner's word held for 90 days.
        assert!(said.contains("certified 0 of 1"), "{said}");
    }

    /// Monday at nine: the words and one picture, and again a week later.
    async fn a_digest_comes_once_a_week_with_a_picture(office) {
        // The story begins on Monday before one.
        assert_eq!(due(office).await.len(), 1);
        three_are_approved(office, [10, 20, 30]).await;
        office.advance("7h").await;
        assert_eq!(digests(office).len(), 0, "before nine");
        office.advance("2h").await;
        let told = digests(office);
        let [digest] = told.as_slice() else { panic!("{told:?}") };
        let said = digest.words();
        for words in ["Half of the tier 1 requests", "4 approved, 0 denied", "Slowest", "1 at work"] {
            assert!(said.contains(words), "no “{words}” in {said}");
        }
        let [id] = digest.files.as_slice() else { panic!("no picture: {digest:?}") };
        let file = office.workspace().read(|model| model.files[id].clone());
        let bytes = file.bytes().expect("bytes");
        assert!(bytes.starts_with(b"\x89PNG"), "{file:?}");
        assert!(file.alt.contains("Tier 1: 10 min, promised 4 h"), "{}", file.alt);
        office.advance("6d").await;
        assert_eq!(digests(office).len(), 1);
        office.advance("1d").await;
        assert_eq!(digests(office).len(), 2);
        assert_eq!(due(office).await.len(), 1);
    }

    /// After weeks in which the server was away there is one, not many.
    async fn after_a_long_outage_there_is_one_digest(office) {
        three_are_approved(office, [10, 20, 30]).await;
        office.stop().await;
        office.clock.advance(chrono::TimeDelta::weeks(5));
        office.start().await;
        office.settled().await;
        assert_eq!(digests(office).len(), 1);
        office.advance("7d").await;
        assert_eq!(digests(office).len(), 2);
    }

    /// Where nothing was asked for weeks, nothing is told.
    async fn a_quiet_week_is_not_told(office) {
        office.advance("8d").await;
        assert_eq!(digests(office).len(), 0);
        assert_eq!(due(office).await.len(), 1);
        three_are_approved(office, [1, 1, 1]).await;
        office.advance("7d").await;
        assert_eq!(digests(office).len(), 1);
    }

    /// The words arrive where pictures may not go.
    async fn the_words_arrive_without_the_picture(office) {
        three_are_approved(office, [10, 20, 30]).await;
        let scopes = ["commands", "chat:write", "chat:write.public", "im:write", "users:read",
                      "usergroups:read"];
        office.workspace().set_scopes(&scopes);
        office.advance("9h").await;
        let told = digests(office);
        assert_eq!(told.len(), 1);
        assert!(told[0].files.is_empty() && told[0].words().contains("Half of the tier 1"));
    }

    /// Where Slack does not let the picture's bytes through, too; and what passes is waited for.
    async fn what_passes_is_waited_for(office) {
        three_are_approved(office, [10, 20, 30]).await;
        for code in ["internal_error", "service_unavailable"] {
            let fault = Fault::Error(code.into());
            office.sandbox.faults().inject("files.getUploadURLExternal", fault, Lasting::Calls(1));
        }
        let fault = Fault::Error("internal_error".into());
        office.sandbox.faults().inject("files.completeUploadExternal", fault, Lasting::Calls(1));
        office.advance("9h").await;
        let told = digests(office);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].files.len(), 1, "with the picture, after all");
    }

    /// Why a call was refused: for the owner with the way out, for security, and for nobody else.
    async fn why_a_call_was_refused(office) {
        let dana = office.dana();
        let said = dana.types("/agent why").await;
        assert!(said.contains("You own no agent"), "{said}");
        dana.has_agent("support-agent-v2", &["writes"]).await;
        let said = dana.types("/agent why").await;
        assert!(said.contains("None of the latest refusals") && said.contains("evaluation_id"), "{said}");
        let id = refused(office, "support-agent-v2", "database", "write").await;
        let said = dana.types(&format!("/agent why {id}")).await;
        for words in ["support-agent-v2 may not write database", "no live grant",
                      "/agent request support-agent-v2 database:write for 30m because"] {
            assert!(said.contains(words), "no “{words}” in {said}");
        }
        let said = office.sam().types(&format!("/agent why {id}")).await;
        assert!(said.contains("its owner can ask for it: <@U0DANA>"), "{said}");
        for nobody in [office.omar(), office.theo()] {
            let said = nobody.types(&format!("/agent why {id}")).await;
            assert!(said.contains("no call") && !said.contains("no live grant"), "{said}");
        }
        let said = dana.types("/agent why eval_01KBM7").await;
        assert!(said.contains("no call “eval_01KBM7”"), "{said}");
        // Without an id: the latest, with the button that asks for it.
        let said = dana.types("/agent why").await;
        assert!(said.contains("Refused lately") && said.contains(&id), "{said}");
        let seen = office.workspace().visible_to("U0DANA", "C0SUPPORT");
        let told = seen.iter().rev().find(|m| m.words().contains("Refused lately")).expect("the list");
        office.workspace().click("U0DANA", "C0SUPPORT", &told.ts, "ask_for").await.expect("clicks");
        dana.fills("lasting", "lasting", json!("2h")).await;
        dana.fills("because", "because", json!("customer support queries")).await;
        dana.sends().await;
        office.settled().await;
        let asked = dana.last_reference("support-agent-v2").await;
        office.everybody_approves(&asked).await;
        assert!(office.may("support-agent-v2", "database:write").await);
        let said = office.omar().types("/agent why").await;
        assert!(!said.contains(&id), "{said}");
    }
}

/// Without the section there is no digest; a changed policy moves it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policy_says_when_and_whether() {
    let starter = include_str!("../../manifests/policy/policy.toml");
    let section = "[digest]\nchannel = \"C0APPROVALS\"\nweekday = \"monday\"\nat      = \"09:00\"";
    assert!(starter.contains(section));
    let folder = tempfile::tempdir().expect("a folder");
    let write = |text: &str| {
        // As editors do: whole or not at all.
        let new = folder.path().join("policy.toml.new");
        std::fs::write(&new, text).expect("writes");
        std::fs::rename(new, folder.path().join("policy.toml")).expect("renames");
    };
    for name in ["rules.cedar", "schema.cedarschema"] {
        let from = format!("{}/manifests/policy/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::copy(from, folder.path().join(name)).expect("copies");
    }
    write(&starter.replace(section, ""));
    let mut setup = Setup::on(Engine::Sqlite);
    setup.policy = Some(folder.path().to_owned());
    let office = Office::set_up(setup).await;
    office.settled().await;
    assert_eq!(due(&office).await, Vec::<i64>::new());
    let friday = starter
        .replace(section, "[digest]\nchannel = \"C0DATA\"\nweekday = \"friday\"\nat = \"17:30\"");
    let friday = friday.replace("utc_offset = \"+00:00\"", "utc_offset = \"+01:00\"");
    write(&friday);
    let moved = until(&office, |due| due.len() == 1).await;
    // 4 December 2026, 16:30 UTC.
    assert_eq!(moved, [1_796_401_800]);
    three_are_approved(&office, [1, 2, 3]).await;
    office.advance("5d").await;
    assert_eq!(office.posted("C0DATA", "/agent insights").len(), 1);
    write(&starter.replace(section, ""));
    until(&office, <[i64]>::is_empty).await;
    office.close().await;
}

/// Waits until what is due is so.
async fn until(office: &Office, is: impl Fn(&[i64]) -> bool) -> Vec<i64> {
    let deadline = tokio::time::Instant::now() + crate::support::PATIENCE;
    loop {
        let found = due(office).await;
        if is(&found) {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "{found:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// A call of the agent's that was refused, on the record; its id.
async fn refused(office: &Office, slug: &str, resource: &str, action: &str) -> String {
    let store = office.store().await;
    let agent = store.read().await.expect("a session").agent_by_slug(slug).await;
    let agent = agent.expect("a read").expect("the agent");
    let question: Question = serde_json::from_value(json!({
        "subject": { "type": "agent", "id": slug },
        "action": { "name": action },
        "resource": { "type": resource, "id": "orders" },
    }))
    .expect("a question");
    let entropy = countersign::clock::Entropy::from_system();
    let now = countersign::clock::Clock::now(office.clock.as_ref());
    let id = EvaluationId::new(entropy.ulid(now));
    let answer = Decision::Deny { denial: Denial::NoGrant };
    let caller = Actor::Service("crm".to_owned());
    let record = Record::of(id, now, caller.into(), &question, Some(agent.id), answer, "digest");
    let batch = BatchId::new(entropy.ulid(now));
    let work = work(move |tx| {
        let record = record.clone();
        Box::pin(async move { tx.record_evaluations(batch, now, &[record]).await })
    });
    store.write(work).await.expect("a write");
    id.to_string()
}
