//! Break-glass: what cannot wait is opened at once, and answered for afterwards.

use countersign::domain::event::What;
use countersign::domain::request::{ApprovedBy, RequestState};
use countersign::sandbox::SubmitOutcome;
use countersign::store::Engine;
use serde_json::json;

use crate::stories;
use crate::support::{Office, Person, Setup};

const BREAK: &str = "/agent break-glass support-agent-v2 database:write for 15m because orders are stuck since noon";

/// Omar, who is on call, breaks the glass for Dana's agent; the references of the emergency and of
/// its review.
async fn broken(office: &Office) -> (String, String) {
    let said = office.omar().types(BREAK).await;
    assert!(said.contains("has database : write until"), "{said}");
    office.settled().await;
    let review = office.omar().last_reference("support-agent-v2").await;
    let number: u32 = review.trim_start_matches("V-").parse().expect("a review");
    (format!("E-{}", number - 1), review)
}

fn told(person: Person<'_>) -> Vec<countersign::sandbox::model::Message> {
    let mut told = person.inbox();
    told.retain(|m| m.words().contains("in an emergency: nobody was asked"));
    told
}

async fn emergencies(office: &Office) -> usize {
    office.logged(|what| matches!(what, What::EmergencyOpened { .. })).await
}

stories! {
    /// It is open at once, everybody who would have been asked reads why and can end it, and it ends
    /// by itself.
    async fn it_opens_at_once_and_those_who_were_skipped_are_told(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let (emergency, _) = broken(office).await;
        assert!(office.may("support-agent-v2", "database:write").await);
        for person in [office.theo(), office.tina(), office.sam(), office.sara(), office.dana()] {
            let told = told(person);
            assert_eq!(told.len(), 1, "{}", person.id);
            let words = told[0].words();
            for part in [emergency.as_str(), "orders are stuck since noon", "<@U0OMAR>"] {
                assert!(words.contains(part), "no {part} in {words}");
            }
            assert!(told[0].action_ids().contains(&"revoke".to_owned()), "{words}");
        }
        for other in [office.cleo(), office.vera(), office.omar()] {
            assert!(told(other).is_empty(), "{} is told", other.id);
        }
        let posted = office.posted("C0SECURITY", "in an emergency: nobody was asked");
        assert_eq!(posted.len(), 1);
        assert_eq!(emergencies(office).await, 1);
        let request = office.request(&emergency).await;
        let alone = RequestState::Approved { at: office.now(), by: ApprovedBy::Emergency };
        assert_eq!(request.state, alone);
        assert_eq!(request.asked.len(), 4, "{:?}", request.asked);
        office.advance("15m").await;
        assert!(!office.may("support-agent-v2", "database:write").await);
        let shown = &told(office.theo())[0];
        assert!(shown.words().contains("ended when its time came"), "{}", shown.words());
        assert!(!shown.action_ids().contains(&"revoke".to_owned()));
        let shown = &office.posted("C0SECURITY", "in an emergency: nobody was asked")[0];
        assert!(!shown.action_ids().contains(&"revoke".to_owned()), "{}", shown.words());
    }

    /// Whoever was skipped ends it by the button; every copy says so and offers it no more.
    async fn whoever_was_skipped_can_end_it(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let (emergency, _) = broken(office).await;
        let theo = office.theo();
        let bulletin = told(theo).remove(0);
        theo.opens(&theo.dm(), &bulletin.ts, "revoke").await;
        theo.fills("because", "because", json!("the queue can wait")).await;
        assert_eq!(theo.sends().await, SubmitOutcome::Closed);
        office.settled().await;
        assert_eq!(office.grant(&emergency).await.state.word(), "revoked");
        assert!(!office.may("support-agent-v2", "database:write").await);
        for person in [office.theo(), office.sam(), office.dana()] {
            let shown = &told(person)[0];
            assert!(shown.words().contains("revoked by <@U0THEO>"), "{}", shown.words());
            assert!(!shown.action_ids().contains(&"revoke".to_owned()));
        }
    }

    /// Who opened it ends it when it is done, owner or not.
    async fn who_opened_it_can_end_it(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let (emergency, _) = broken(office).await;
        let said = office.omar().types(&format!("/agent revoke {emergency} because done")).await;
        assert!(said.contains("revoked by <@U0OMAR>"), "{said}");
    }

    /// Until somebody else has said whether it was justified there is no second one; then there is.
    async fn there_is_no_second_one_before_the_review(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let (emergency, review) = broken(office).await;
        let again = "/agent break-glass support-agent-v2 tickets:comment because the desk is down for everybody";
        let said = office.omar().types(again).await;
        assert!(said.contains(&emergency) && said.contains("not reviewed yet"), "{said}");
        // The form does not even open.
        let said = office.omar().types("/agent break-glass support-agent-v2").await;
        assert!(said.contains("not reviewed yet"), "{said}");
        // Another person's emergency is theirs.
        let other = "/agent break-glass support-agent-v2 tickets:comment because the desk is down for everybody";
        let said = office.theo().types(other).await;
        assert!(said.contains("has tickets : comment until"), "{said}");
        office.settled().await;
        // Who did it cannot take the review back, and nobody else than security decides it.
        let said = office.omar().types(&format!("/agent cancel {review}")).await;
        assert!(said.contains("cannot be taken back"), "{said}");
        let mut seen = office.posted("C0SECURITY", &review);
        seen.retain(|m| m.action_ids().contains(&"approve".to_owned()));
        let seen = seen.remove(0);
        for person in [office.omar(), office.dana(), office.theo(), office.cleo()] {
            let said = person.clicks("C0SECURITY", &seen.ts, "approve").await;
            assert!(!said.contains("Justified"), "{}: {said}", person.id);
        }
        assert_eq!(office.request(&review).await.state.word(), "open");
        let said = office.sam().approves(&review).await;
        assert!(said.contains("✅ Justified"), "{said}");
        office.all_copies_say(&review, "Found justified by <@U0SAM>", false).await;
        office.omar().reads("was an emergency").await;
        assert!(told(office.theo())[0].words().contains("Found justified"));
        let said = office.omar().types(again).await;
        assert!(said.contains("It has this already"), "{said}");
        let said = office.omar().types(BREAK).await;
        assert!(said.contains("It has this already"), "{said}");
        office.advance("15m").await;
        let said = office.omar().types(BREAK).await;
        assert!(said.contains("has database : write until"), "{said}");
        office.settled().await;
        assert_eq!(emergencies(office).await, 3);
    }

    /// Not justified: what is left of it ends, the person and security's channel read why.
    async fn what_was_not_justified_ends_and_is_said(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let (emergency, review) = broken(office).await;
        office.sara().denies(&review, "the desk could have been asked").await;
        assert!(!office.may("support-agent-v2", "database:write").await);
        assert_eq!(office.grant(&emergency).await.state.word(), "revoked");
        let read = office.omar().reads("was not justified").await.words();
        assert!(read.contains("the desk could have been asked"), "{read}");
        let posted = office.posted("C0SECURITY", "was not justified");
        assert_eq!(posted.len(), 1);
        office.all_copies_say(&review, "Found not justified by <@U0SARA>", false).await;
        // It is on the record, and the way is free again.
        let said = office.omar().types(BREAK).await;
        assert!(said.contains("has database : write until"), "{said}");
        office.settled().await;
    }

    /// A review that is not done stays open: it is reminded of every day, and can be done late.
    async fn an_overdue_review_stays_owed(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let (_, review) = broken(office).await;
        let reminded = |person: Person<'_>| {
            person.inbox().iter().filter(|m| m.words().contains("Still waiting")).count()
        };
        office.advance("12h").await;
        assert_eq!((reminded(office.sam()), reminded(office.sara())), (1, 1));
        assert!(office.posted("C0SECURITY", "is overdue").is_empty());
        office.advance("12h").await;
        assert_eq!(office.posted("C0SECURITY", "is overdue").len(), 1);
        assert_eq!(reminded(office.sam()), 2);
        office.all_copies_say(&review, "Overdue", true).await;
        assert!(told(office.theo())[0].words().contains("overdue"));
        office.advance("1d").await;
        office.advance("1d").await;
        assert_eq!(reminded(office.sam()), 4);
        assert_eq!(office.request(&review).await.state.word(), "open");
        let said = office.omar().types(BREAK).await;
        assert!(said.contains("not reviewed yet"), "{said}");
        office.sam().approves(&review).await;
        office.settled().await;
        office.all_copies_say(&review, "Found justified", false).await;
        assert!(office.posted("C0SECURITY", "was overdue, and is done").len() == 1);
        office.advance("2d").await;
        assert_eq!(reminded(office.sara()), 0, "nothing waits any more");
    }

    /// Two at the same moment are one.
    async fn two_at_the_same_moment_are_one(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let omar = office.omar();
        let other = "/agent break-glass support-agent-v2 tickets:comment because the desk is down for everybody";
        let (one, two) = tokio::join!(omar.types(BREAK), omar.types(other));
        office.settled().await;
        let opened = [&one, &two].into_iter().filter(|said| said.contains("until")).count();
        let refused = [&one, &two].into_iter().filter(|said| said.contains("not reviewed yet"));
        assert_eq!(refused.count(), 1, "{one}\n{two}");
        assert!(opened >= 1, "{one}\n{two}");
        assert_eq!(emergencies(office).await, 1);
        let may = |access: &'static str| office.may("support-agent-v2", access);
        assert!(may("database:write").await != may("tickets:comment").await);
    }

    /// Who may not, and what may not be opened so: each with its reason, and nothing happens.
    async fn what_is_refused_is_refused_with_its_reason(office) {
        let (dana, omar) = (office.dana(), office.omar());
        dana.has_agent("support-agent-v2", &["writes"]).await;
        dana.has_agent("reader", &[]).await;
        for other in [dana, office.sam(), office.vera()] {
            let said = other.types(BREAK).await;
            assert!(said.contains("on call or team lead"), "{}: {said}", other.id);
        }
        let because = "because orders are stuck since noon";
        for (typed, why) in [
            (format!("reader database:write {because}"), "never raises a tier"),
            (format!("support-agent-v2 database:write for 2h {because}"), "at most 1 hour"),
            ("support-agent-v2 database:write because urgent".to_owned(), "says too little"),
            (format!("support-agent-v2 databse:write {because}"), "database"),
            (format!("support-agent-v3 database:write {because}"), "support-agent-v2"),
        ] {
            let said = omar.types(&format!("/agent break-glass {typed}")).await;
            assert!(said.contains(why), "{typed}: {said}");
        }
        office.sam().types("/agent stop support-agent-v2 because it loops").await;
        let said = omar.types(BREAK).await;
        assert!(said.contains("was stopped by"), "{said}");
        office.settled().await;
        assert_eq!(emergencies(office).await, 0);
        assert!(office.posted("C0SECURITY", "in an emergency").is_empty());
    }

    /// A lead may for the agents of the own team; the reason is asked in a form with a warning.
    async fn a_lead_is_asked_why_in_a_form(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let theo = office.theo();
        theo.types("/agent break-glass support-agent-v2 database:write for 10m").await;
        let form = json!(theo.form().await.blocks).to_string();
        assert!(form.contains("nobody is asked") && form.contains("security"), "{form}");
        theo.fills("because", "because", json!("urgent")).await;
        let sent = theo.sends().await;
        assert!(matches!(sent, SubmitOutcome::Errors(_)), "{sent:?}");
        theo.fills("because", "because", json!("orders are stuck since noon")).await;
        assert_eq!(theo.sends().await, SubmitOutcome::Closed);
        theo.hears("has database : write until").await;
        office.settled().await;
        assert!(office.may("support-agent-v2", "database:write").await);
        // Tina, a lead as well, is told; Theo himself is not.
        assert_eq!((told(office.tina()).len(), told(theo).len()), (1, 0));
    }

    /// Stopping the agent ends the grant; the review is owed all the same.
    async fn the_review_outlives_the_agent(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let (emergency, review) = broken(office).await;
        office.sara().types("/agent stop support-agent-v2 because it loops").await;
        office.settled().await;
        assert_eq!(office.grant(&emergency).await.state.word(), "revoked");
        assert_eq!(office.request(&review).await.state.word(), "open");
        office.advance("3h").await;
        office.sam().approves(&review).await;
        assert_eq!(office.request(&review).await.state.word(), "approved");
    }

    /// What is thought of it can be said also when the agent's owner has left meanwhile.
    async fn the_review_needs_no_owner(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let (_, review) = broken(office).await;
        office.dana().leaves("support-agent-v2").await;
        let said = office.sam().approves(&review).await;
        assert!(said.contains("Justified"), "{said}");
        assert_eq!(office.request(&review).await.state.word(), "approved");
    }
}

/// Without the section nobody may, and is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_policy_for_it_the_glass_stays_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let starter = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy");
    for name in ["policy.toml", "rules.cedar", "schema.cedarschema"] {
        let mut text = std::fs::read_to_string(starter.join(name)).expect("the starter policy");
        if let Some((before, after)) = text.split_once("[break_glass]") {
            let (_, rest) = after.split_once("[incidents]").expect("the next section");
            text = format!("{before}[incidents]{rest}");
        }
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let policy = Some(folder.path().to_owned());
    let office = Office::set_up(Setup { policy, ..Setup::on(Engine::Sqlite) }).await;
    office.dana().has_agent("support-agent-v2", &["writes"]).await;
    for typed in [BREAK, "/agent break-glass", "/agent emergency support-agent-v2"] {
        let said = office.omar().types(typed).await;
        assert!(said.contains("policy here allows nobody"), "{typed}: {said}");
    }
    office.settled().await;
    assert_eq!(emergencies(&office).await, 0);
    office.close().await;
}
