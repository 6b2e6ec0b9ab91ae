//! Each quarter: is it still needed? Asked in time, with a consequence that was announced.

use countersign::domain::agent::{AgentState, Cause};
use countersign::domain::certification::{CertificationState, Standing};
use countersign::domain::event::What;
use countersign::domain::person::PersonId;
use countersign::sandbox::SubmitOutcome;
use countersign::sandbox::model::{Message, PersonKind};
use countersign::service::certifications::outcome::{Certify, ReviewChoice};
use countersign::service::outcome::Refusal;
use serde_json::json;
use sqlx::Connection;

use crate::program::{Key, Program};
use crate::stories;
use crate::support::Office;
use crate::whole::{AGENT, DESK, countersign, on_both, question};

/// The last message to this person that asks about an agent.
async fn question_to(office: &Office, who: &str) -> Message {
    office.person(who).reads("still needed?").await
}

/// The messages in a channel, or to a person, as they are now, that hold these words.
fn shown(office: &Office, channel: &str, words: &str) -> usize {
    office.posted(channel, words).len()
}

/// The message, as it is now.
fn again(office: &Office, channel: &str, seen: &Message) -> Message {
    let all = office.workspace().messages(channel);
    all.into_iter().find(|m| m.ts == seen.ts).expect("the message")
}

stories! {
    /// The owner is asked two weeks before; one click, and the word holds for another quarter.
    async fn one_click_keeps_it_at_work(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        office.advance("75d").await;
        assert_eq!(shown(office, &dana.dm(), "still needed?"), 0);
        office.advance("1d").await;
        let card = question_to(office, "U0DANA").await;
        let words = card.words();
        for said in [AGENT, "Is it still running?", "nobody asked about it", "14 days left"] {
            assert!(words.contains(said), "no “{said}” in {words}");
        }
        assert_eq!(shown(office, "C0SECURITY", AGENT), 0, "there is time");
        let said = dana.clicks(&dana.dm(), &card.ts, "certify").await;
        assert!(said.contains("is certified until"), "{said}");
        office.settled().await;
        let after = again(office, &dana.dm(), &card);
        assert!(after.words().contains("is certified"), "{}", after.words());
        assert_eq!(after.action_ids(), ["show"]);
        // The same click once more, from the message as it was.
        let said = dana.clicks_as_seen(&dana.dm(), &card, "certify").await;
        assert!(said.contains("has ended") && said.contains("<@U0DANA>"), "{said}");
        assert_eq!(office.logged(|what| matches!(what, What::AgentCertified { .. })).await, 1);
        let AgentState::Active { certified_until, .. } = office.agent(AGENT).await.state else {
            panic!("not at work")
        };
        assert_eq!(certified_until, office.now() + chrono::TimeDelta::days(90));
        // Nothing more is asked in this quarter, and the next question comes in time.
        office.advance("75d").await;
        assert_eq!(shown(office, &dana.dm(), "still needed?"), 0);
        office.advance("1d").await;
        question_to(office, "U0DANA").await;
    }

    /// Reminded, then warned of, then suspended; and undone by answering.
    async fn a_missed_review_has_its_consequence(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &["writes"]).await;
        office.advance("76d").await;
        let first = question_to(office, "U0DANA").await;
        office.advance("7d").await;
        assert!(question_to(office, "U0DANA").await.words().contains("7 days left"));
        office.advance("6d").await;
        assert_eq!(shown(office, &dana.dm(), "still needed?"), 3);
        assert_eq!(office.theo().inbox().iter().filter(|m| m.words().contains("review")).count(), 0);
        office.advance("1d").await;
        // Late: the leads of the team and security know, and when it will be suspended.
        for lead in [office.theo(), office.tina()] {
            let read = lead.reads("is late").await.words();
            assert!(read.contains("it is suspended") && read.contains("<@U0DANA>"), "{read}");
        }
        assert_eq!(shown(office, "C0SECURITY", "is late"), 1);
        assert!(dana.reads("is late").await.words().contains("Its team lead and security know"));
        assert!(office.agent(AGENT).await.is_active());
        let shown_now = dana.types(&format!("/agent show {AGENT}")).await;
        assert!(shown_now.contains("lapsed"), "{shown_now}");
        office.advance("6d").await;
        let open = dana.puts(AGENT, "tickets:comment", "8h").await;
        office.advance("1d").await;
        let agent = office.agent(AGENT).await;
        assert_eq!(agent.cause(), Some(Cause::Uncertified));
        assert_ne!(office.request(&open).await.state.word(), "open");
        for place in ["C0SECURITY", "C0SUPPORT"] {
            assert!(shown(office, place, "is suspended since") > 0, "nothing in {place}");
        }
        let told = office.posted("C0SUPPORT", "is suspended since").remove(0).words();
        assert!(told.contains("/agent certify"), "{told}");
        // Everywhere it is said who undoes it.
        let said = dana.asks(AGENT, "database:read", "30m").await;
        assert!(said.contains("/agent certify support-agent-v2"), "{said}");
        let said = dana.types(&format!("/agent reinstate {AGENT} because please")).await;
        assert!(said.contains("nobody needs to decide"), "{said}");
        let said = office.sam().types(&format!("/agent show {AGENT}")).await;
        assert!(said.contains("Undone by") && said.contains("/agent certify"), "{said}");
        // The very first copy still takes the answer.
        let said = dana.clicks(&dana.dm(), &first.ts, "certify").await;
        assert!(said.contains("is certified and goes on"), "{said}");
        assert!(office.agent(AGENT).await.is_active());
        office.settled().await;
        assert_eq!(shown(office, "C0SECURITY", "is suspended since"), 0, "every copy shows the end");
        assert_eq!(shown(office, "C0SECURITY", "is certified"), 2);
        assert_eq!(office.logged(|what| matches!(what, What::CertificationMissed { .. })).await, 1);
    }

    /// What people stop while it is suspended for a missed review stays stopped: an answer does not
    /// bring it back.
    async fn a_stop_is_more_than_a_missed_review(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        for wait in ["76d", "14d", "7d"] {
            office.advance(wait).await;
        }
        assert_eq!(office.agent(AGENT).await.cause(), Some(Cause::Uncertified));
        let said = office.sam().types(&format!("/agent stop {AGENT} because it loops")).await;
        assert!(said.contains("is stopped"), "{said}");
        office.settled().await;
        assert_eq!(office.agent(AGENT).await.cause(), Some(Cause::Stopped));
        let said = office.sam().types(&format!("/agent stop {AGENT} because it loops")).await;
        assert!(said.contains("it loops") && !said.contains("is stopped now"), "{said}");
        let asked = question_to(office, "U0DANA").await;
        dana.clicks_as_seen(&dana.dm(), &asked, "certify").await;
        dana.types(&format!("/agent certify {AGENT}")).await;
        office.settled().await;
        assert_eq!(office.agent(AGENT).await.cause(), Some(Cause::Stopped));
        dana.types(&format!("/agent reinstate {AGENT} because mended")).await;
        office.settled().await;
        let reference = dana.last_reference(AGENT).await;
        office.everybody_approves(&reference).await;
        assert!(office.agent(AGENT).await.is_active());
    }

    /// Let go on after a stop that came on top of a missed review, the owner is asked anew, and that
    /// answer is the one that counts.
    async fn who_goes_on_is_asked_anew(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        for wait in ["76d", "14d", "7d"] {
            office.advance(wait).await;
        }
        let missed = question_to(office, "U0DANA").await;
        office.sam().types(&format!("/agent stop {AGENT} because it loops")).await;
        dana.types(&format!("/agent reinstate {AGENT} because mended")).await;
        office.settled().await;
        let reference = dana.last_reference(AGENT).await;
        office.everybody_approves(&reference).await;
        let asked = question_to(office, "U0DANA").await;
        assert_ne!(asked.ts, missed.ts);
        let old = office.workspace().messages(&dana.dm());
        let old = old.into_iter().find(|message| message.ts == missed.ts).expect("the old one");
        assert!(!old.action_ids().contains(&"certify".to_owned()), "{}", old.words());
        let said = dana.clicks(&dana.dm(), &asked.ts, "certify").await;
        assert!(said.contains("is certified"), "{said}");
        office.settled().await;
        for wait in ["14d", "7d", "20d"] {
            office.advance(wait).await;
        }
        assert!(office.agent(AGENT).await.is_active());
    }

    /// Only who owns it answers; what was stopped by people is not let go on by its owner alone.
    async fn only_its_owner_answers(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        office.advance("76d").await;
        let card = question_to(office, "U0DANA").await;
        let service = office.service().await;
        let asked = service.reviews_of(&PersonId::new("T0ACME", "U0DANA")).await.expect("a read");
        let review = asked.first().expect("a review").review.clone();
        for other in ["U0OMAR", "U0THEO", "U0SAM"] {
            let by = PersonId::new("T0ACME", other);
            let said = service.certify(&by, review.id, Vec::new(), None).await.expect("an answer");
            assert!(matches!(said, Certify::Refused(Refusal::NotOwner { .. })), "{other}: {said:?}");
        }
        let said = office.omar().types(&format!("/agent certify {AGENT}")).await;
        assert!(said.contains("Only its owner"), "{said}");
        // Two clicks at once count once.
        let by = PersonId::new("T0ACME", "U0DANA");
        office.sam().types(&format!("/agent stop {AGENT} because it loops")).await;
        office.settled().await;
        let off = again(office, &dana.dm(), &card);
        assert!(off.words().contains("review is off"), "{}", off.words());
        assert!(!off.action_ids().contains(&"certify".to_owned()));
        let said = dana.clicks_as_seen(&dana.dm(), &card, "certify").await;
        assert!(said.contains("was stopped by <@U0SAM>"), "{said}");
        assert!(!office.agent(AGENT).await.is_active());
        office.advance("30d").await;
        assert_eq!(office.agent(AGENT).await.cause(), Some(Cause::Stopped));
        // Let go on by people, it is asked about anew, with the whole time to answer.
        dana.types(&format!("/agent reinstate {AGENT} because mended")).await;
        let asked = dana.last_reference(AGENT).await;
        office.everybody_approves(&asked).await;
        let card = question_to(office, "U0DANA").await;
        assert!(card.words().contains("14 days left"), "{}", card.words());
        let id = service.reviews_of(&by).await.expect("a read").remove(0).review.id;
        let both = tokio::join!(
            service.certify(&by, id, Vec::new(), None),
            service.certify(&by, id, Vec::new(), None),
        );
        let done = [both.0, both.1].into_iter().filter(|outcome| {
            matches!(outcome, Ok(Certify::Done { .. }))
        });
        assert_eq!(done.count(), 1);
        assert_eq!(office.logged(|what| matches!(what, What::AgentCertified { .. })).await, 1);
    }

    /// By command and form: three questions, each with its box, and what was never used is given up.
    async fn one_by_one_and_what_is_not_needed_is_given_up(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &["writes"]).await;
        let said = dana.types("/agent certify").await;
        assert!(said.contains("None of your agents"), "{said}");
        let said = dana.types(&format!("/agent certify {AGENT}")).await;
        assert!(said.contains("Nothing is asked about"), "{said}");
        office.advance("76d").await;
        let keeps = dana.gets(AGENT, "database:write", "4h").await;
        let idle = dana.gets(AGENT, "tickets:comment", "6h").await;
        assert!(dana.types("/agent certify").await.contains("Waiting for your word: 1"));
        dana.home().await;
        assert!(dana.at_home().await.contains("Are they still needed? (1)"));
        dana.types(&format!("/agent certify {AGENT}")).await;
        dana.fills("running", "running", json!(["running"])).await;
        dana.fills("needed", "needed", json!(["needed"])).await;
        let missing = dana.sends().await;
        assert!(!matches!(missing, SubmitOutcome::Closed), "one question is open: {missing:?}");
        dana.fills("compliant", "compliant", json!(["compliant"])).await;
        let id = office.grant(&idle).await.id.to_string();
        dana.fills("give_up", "give_up", json!([id])).await;
        assert_eq!(dana.sends().await, SubmitOutcome::Closed);
        let answer = dana.hears("is certified until").await.words();
        assert!(answer.contains(&idle) && !answer.contains(&keeps), "{answer}");
        assert_eq!(office.grant(&idle).await.state.word(), "released");
        assert_eq!(office.grant(&keeps).await.state.word(), "active");
        assert!(!dana.at_home().await.contains("Are they still needed?"));
    }

    /// Somebody who is gone is not asked: the leads and security hear at once.
    async fn nobody_is_asked_who_is_gone(office) {
        let dana = office.dana();
        dana.has_agent(AGENT, &[]).await;
        office.advance("70d").await;
        dana.leaves(AGENT).await;
        let before = dana.inbox().len();
        office.advance("6d").await;
        assert_eq!(dana.inbox().len(), before);
        office.theo().reads("still needed?").await;
        assert_eq!(shown(office, "C0SECURITY", "still needed?"), 1);
        office.advance("21d").await;
        assert_eq!(office.agent(AGENT).await.cause(), Some(Cause::Uncertified));
    }

    /// Whoever takes it, or comes back to it, is asked at once what is open or due.
    async fn who_answers_for_it_anew_is_asked(office) {
        let (dana, tina) = (office.dana(), office.tina());
        let questions = |who: &str| {
            let inbox = office.person(who).inbox();
            inbox.iter().filter(|m| m.action_ids().iter().any(|a| a == "certify")).count()
        };
        dana.has_agent(AGENT, &[]).await;
        office.advance("70d").await;
        dana.leaves(AGENT).await;
        office.advance("6d").await;
        assert_eq!(questions("U0DANA"), 0);
        office.becomes("U0DANA", PersonKind::Member).await;
        office.until_ownerless(AGENT, false).await;
        assert_eq!(questions("U0DANA"), 1);
        dana.leaves(AGENT).await;
        tina.types(&format!("/agent take {AGENT}")).await;
        office.settled().await;
        assert_eq!(questions("U0TINA"), 1);
        let asked = tina.reads("still needed?").await;
        let said = tina.clicks(&tina.dm(), &asked.ts, "certify").await;
        assert!(said.contains("is certified until"), "{said}");
        // Stopped for want of an owner, nobody is asked when the time comes; whoever takes it then is.
        tina.leaves(AGENT).await;
        office.advance("30d").await;
        assert_eq!(office.agent(AGENT).await.cause(), Some(Cause::Ownerless));
        office.advance("50d").await;
        office.sam().types(&format!("/agent take {AGENT}")).await;
        office.settled().await;
        assert_eq!(questions("U0SAM"), 1);
    }

    /// Agents of before there were reviews are asked about, too, with the whole time to answer.
    async fn agents_of_before_are_asked_about(office) {
        office.dana().has_agent(AGENT, &[]).await;
        office.stop().await;
        let by_hand = "DELETE FROM deadlines WHERE subject LIKE 'certify:%'";
        let url = office.database.url().to_owned();
        if url.starts_with("sqlite") {
            let mut hand = sqlx::SqliteConnection::connect(&url).await.expect("a hand");
            assert_eq!(sqlx::raw_sql(by_hand).execute(&mut hand).await.expect("done").rows_affected(), 1);
            hand.close().await.expect("a clean end");
        } else {
            let mut hand = sqlx::PgConnection::connect(&url).await.expect("a hand");
            assert_eq!(sqlx::raw_sql(by_hand).execute(&mut hand).await.expect("done").rows_affected(), 1);
            hand.close().await.expect("a clean end");
        }
        office.clock.advance(chrono::TimeDelta::days(120));
        office.start().await;
        office.workspace().wait_for_sockets(crate::support::PATIENCE, 2).await.expect("two sockets");
        let what = "the question after the sweep";
        let dm = office.dana().dm();
        office.until(what, || (shown(office, &dm, "14 days left") > 0).then_some(())).await;
        assert!(office.agent(AGENT).await.is_active(), "nobody was warned yet");
        office.advance("21d").await;
        assert_eq!(office.agent(AGENT).await.cause(), Some(Cause::Uncertified));
    }

    /// Security sees all of it at a glance, and takes it away as a table.
    async fn security_sees_the_whole(office) {
        let (dana, omar, sam) = (office.dana(), office.omar(), office.sam());
        dana.has_agent("late-agent", &[]).await;
        dana.has_agent("done-agent", &[]).await;
        office.advance("76d").await;
        omar.has_agent("new-agent", &[]).await;
        let by = PersonId::new("T0ACME", "U0DANA");
        let service = office.service().await;
        for of in service.reviews_of(&by).await.expect("a read") {
            if of.agent.slug.as_str() == "done-agent" {
                service.certify(&by, of.review.id, Vec::new(), None).await.expect("certified");
            }
        }
        office.advance("15d").await;
        let said = sam.types("/agent certifications").await;
        for words in ["Reviews of 3 agents", "1 certified within 90 days", "1 late", "late-agent"] {
            assert!(said.contains(words), "no “{words}” in {said}");
        }
        let said = sam.types("/agent certifications late team support").await;
        assert!(said.contains("Reviews of 1 agent of team support, late"), "{said}");
        assert!(said.contains("late-agent") && !said.contains("done-agent"), "{said}");
        let said = sam.types("/agent certifications certified").await;
        assert!(said.contains("done-agent") && said.contains("new-agent"), "{said}");
        let said = sam.types("/agent certifications marketing").await;
        assert!(said.contains("No agent at work or suspended is so"), "{said}");
        let said = dana.types("/agent certifications").await;
        assert!(said.contains("Only security"), "{said}");
        let (well, csv) = countersign(office, &["certifications"]);
        assert!(well, "{csv}");
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines[0].starts_with("agent,team,tier,owner,standing,due"), "{csv}");
        // The command goes by the wall clock, where all of that is yet to come.
        assert_eq!(lines.len(), 4, "{csv}");
        let (well, csv) = countersign(office, &["certifications", "--team", "nobody"]);
        assert!(well && csv.lines().count() == 1, "{csv}");
        let chosen = ["certifications", "--standing", "certified", "--team", "support"];
        let (well, csv) = countersign(office, &chosen);
        assert!(well && csv.lines().count() == 3, "{csv}");
        let (well, csv) = countersign(office, &["certifications", "--standing", "sleepy"]);
        assert!(!well, "{csv}");
        let (well, json) = countersign(office, &["certifications", "--format", "json"]);
        assert!(well, "{json}");
        let one: serde_json::Value =
            serde_json::from_str(json.lines().find(|line| line.contains("done-agent")).expect("it"))
                .expect("JSON");
        assert_eq!(one["certified_by"], "T0ACME/U0DANA");
        let sam = PersonId::new("T0ACME", "U0SAM");
        let campaign = service.campaign(&sam, ReviewChoice::default()).await.expect("a read").expect("for security");
        assert_eq!(campaign.count(Standing::Late), 1);
        assert_eq!(campaign.count(Standing::Certified), 2);
        office.advance("6d").await;
        let campaign = service.campaign(&sam, ReviewChoice::default()).await.expect("a read").expect("for security");
        assert_eq!(campaign.count(Standing::Suspended), 1);
        assert_eq!(campaign.lines[0].agent.slug.as_str(), "late-agent", "the most pressing first");
    }
}

/// A suspended agent's grants open nothing and its tokens are good for nothing, at once; its owner's
/// word opens what is left of them. What was used is counted, and said.
async fn suspended_and_back(office: &Office) {
    let dana = office.dana();
    dana.has_agent(AGENT, &["writes"]).await;
    // Asked in time: whoever is asked late has the whole time to answer.
    office.advance("76d").await;
    office.advance("20d").await;
    office.advance("23h59m").await;
    let key = Key::make();
    let reference = dana.adds_key(AGENT, "production", &key.public()).await;
    office.everybody_approves(&reference).await;
    let grant = dana.gets(AGENT, "database:write", "8h").await;
    let idle = dana.gets(AGENT, "tickets:comment", "8h").await;
    let desk = Program::with(office, DESK);
    let asked = question("orders");
    assert_eq!(desk.asks_whether(&asked).await["decision"], true);
    assert_eq!(desk.asks_whether(&asked).await["decision"], true);
    let listed = dana.types(&format!("/agent grants {AGENT}")).await;
    assert!(listed.contains("Used 2 times") && listed.contains("Never used"), "{listed}");
    // The keys that sign have changed in all that time; the server takes the new one by the way.
    let signs = || async { key.asks_for_token(office, AGENT).await.status == 200 };
    office.until_so("a key that signs", signs).await;
    let token = key.token(office, AGENT).await;
    assert_eq!(desk.introspects(&token).await["active"], true);
    let listed = dana.types(&format!("/agent show {AGENT}")).await;
    assert!(listed.contains("never asked about; 2 tokens carried it"), "{listed}");

    office.advance("1m").await;
    assert_eq!(office.agent(AGENT).await.cause(), Some(Cause::Uncertified));
    let denied = desk.asks_whether(&asked).await;
    assert_eq!(
        (&denied["decision"], &denied["context"]["reason"]),
        (&json!(false), &json!("agent_not_active"))
    );
    let words = denied["context"].to_string();
    assert!(words.contains(&format!("/agent certify {AGENT}")), "{words}");
    assert_eq!(desk.introspects(&token).await, json!({ "active": false }));
    let refused = key.asks_for_token(office, AGENT).await;
    assert!((400..402).contains(&refused.status), "{refused:?}");
    assert!(refused.body.to_string().contains("/agent certify"), "{refused:?}");
    assert_eq!(office.grant(&grant).await.state.word(), "active", "it is not taken away");

    let card = dana.reads("is suspended since").await;
    let words = card.words();
    for said in ["database : write", "used 2 times", "2 calls allowed", "Give up", &idle] {
        assert!(words.contains(said) || card.text.contains(said), "no “{said}” in {words}");
    }
    let said = dana.clicks(&dana.dm(), &card.ts, "certify").await;
    assert!(said.contains("goes on"), "{said}");
    assert_eq!(desk.asks_whether(&asked).await["decision"], true);
    key.token(office, AGENT).await;
    let store = office.store().await;
    let mut session = store.read().await.expect("a session");
    let id = office.agent(AGENT).await.id;
    let newest = session.newest_certification(id).await.expect("a read").expect("a review");
    assert!(matches!(newest.state, CertificationState::Certified { .. }));
}

on_both!(suspended_and_back);
