//! Slack over HTTP: what is let in, what is not, and what is answered in time.

use std::sync::Arc;
use std::time::Duration;

use countersign::domain::person::PersonId;
use countersign::sandbox::{
    ClickOutcome, CommandOutcome, Fault, Lasting, SignedRequest, SubmitOutcome,
};
use countersign::slack::actions::Button;
use countersign::slack::wire::desk::{Ack, Answer, FollowUp, Message, Prepared};
use countersign::slack::wire::inbound::Inbound;
use serde_json::json;
use tokio::sync::Semaphore;

use super::common::*;
use super::desk::{PATIENCE, Special, TestDesk, Wire};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_command_is_answered_with_words_and_told_apart_by_its_trigger() {
    let desk = TestDesk::says("hello Dana");
    let wire = Wire::to(Arc::clone(&desk)).await;
    wire.serve_http().await;
    let outcome = types(&wire, "/agent list all").await;
    assert_eq!(outcome.words(), "hello Dana");
    types(&wire, "/agent list all").await;
    let seen = desk.wait_for(2).await;
    let [Inbound::Slash(first), Inbound::Slash(second)] = seen.as_slice() else {
        panic!("not two commands: {seen:?}");
    };
    assert_eq!(first.by, PersonId::new("T0ACME", "U0DANA"));
    assert_eq!((first.command.as_str(), first.text.as_str()), ("/agent", "list all"));
    assert_eq!(first.channel, "C0GENERAL");
    assert_ne!(first.once, second.once, "typed twice is two commands");
}

#[tokio::test]
async fn words_that_were_prepared_are_the_same_words() {
    let prepared = Prepared::new(Message { text: "help".to_owned(), ..card() });
    let wire = Wire::to(TestDesk::answers(Answer::ack(Ack::Prepared(prepared)))).await;
    wire.serve_http().await;
    let outcome = types(&wire, "/agent help").await;
    let CommandOutcome::Answered(message) = outcome else { panic!("{outcome:?}") };
    assert_eq!((message.text.as_str(), message.blocks.map(|b| b.len())), ("help", Some(1)));
    assert!(is_to(&wire.workspace().messages("C0GENERAL")[0], "U0DANA"));
}

#[tokio::test]
async fn a_click_names_the_button_the_message_and_the_person() {
    let desk = TestDesk::says("counted");
    let wire = Wire::to(Arc::clone(&desk)).await;
    wire.serve_http().await;
    let posted = post_card(&wire).await;
    let workspace = wire.workspace();
    let click = click(workspace, &posted).await;
    assert_eq!(click, ClickOutcome::Acknowledged);
    let seen = desk.wait_for(1).await;
    let Some(Inbound::Button(click)) = seen.first() else { panic!("no click: {seen:?}") };
    assert_eq!(click.button, Some(Button::Approve(request_id())));
    assert_eq!(click.message.as_ref(), Some(&posted));
    assert_eq!(click.by, PersonId::new("T0ACME", "U0THEO"));
    // Words cannot be in the acknowledgement of a click: they follow, for this person only.
    let words = workspace
        .wait_for(PATIENCE, "the words for Theo", |model| {
            let channel = model.channels.get("C0APPROVALS")?;
            channel.messages.iter().find(|m| m.ephemeral_to.as_deref() == Some("U0THEO")).cloned()
        })
        .await
        .unwrap();
    assert_eq!(words.text, "counted");
    assert_eq!(workspace.messages("C0APPROVALS").len(), 2, "the card itself stays");
}

#[tokio::test]
async fn a_form_opens_is_sent_and_shows_what_is_wrong_with_it() {
    let errors = Ack::FieldErrors([("reason".to_owned(), "say more".to_owned())].into());
    let desk = forms(errors);
    let wire = Wire::to(Arc::clone(&desk)).await;
    wire.serve_http().await;
    let view = fill_in(&wire).await;
    for _ in 0..2 {
        let outcome = wire.workspace().submit("U0DANA", &view).await.unwrap();
        let said = [("reason".to_owned(), "say more".to_owned())].into();
        assert_eq!(outcome, SubmitOutcome::Errors(said));
    }
    let seen = desk.wait_for(3).await;
    let [_, Inbound::Submitted(first), Inbound::Submitted(second)] = seen.as_slice() else {
        panic!("not two submissions: {seen:?}");
    };
    assert_eq!(first.view.text("reason").as_deref(), Some("no need"));
    assert_eq!(first.form, Some(countersign::slack::actions::Form::Deny { request: request_id() }));
    assert_eq!(first.once, second.once, "the same form, sent twice, is one form");
    assert_ne!(first.trigger_id, second.trigger_id);
}

#[tokio::test]
async fn a_form_closes_changes_and_clears() {
    let update = Ack::UpdateView(form());
    for (ack, expected) in [
        (Ack::Empty, SubmitOutcome::Closed),
        (Ack::ClearViews, SubmitOutcome::Closed),
        (update, SubmitOutcome::Updated),
        (Ack::PushView(form()), SubmitOutcome::Pushed),
        (Ack::Message(Message::text("done")), SubmitOutcome::Closed),
    ] {
        let wire = Wire::to(forms(ack.clone())).await;
        wire.serve_http().await;
        let view = fill_in(&wire).await;
        let outcome = wire.workspace().submit("U0DANA", &view).await.unwrap();
        assert_eq!(outcome, expected, "{ack:?}");
        if matches!(ack, Ack::Message(_)) {
            let dm = wire.workspace().dm_with_bot("U0DANA");
            let what = "the words, which a closing form cannot show";
            let told = wire.workspace().wait_for(PATIENCE, what, |model| {
                model.channel(&dm)?.messages.iter().find(|m| m.text == "done").cloned()
            });
            told.await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_slack_did_not_sign_does_nothing() {
    let desk = TestDesk::says("hello");
    let wire = Wire::to(Arc::clone(&desk)).await;
    let base = wire.serve_http().await;
    let workspace = wire.workspace();
    let fields = workspace.command_fields("U0DANA", "C0GENERAL", "/agent", "list").unwrap();
    let body = serde_urlencoded::to_string(&fields).unwrap().into_bytes();
    let good = workspace.signed_request(&base, "/slack/commands", FORM, body.clone());
    let at = |seconds: i64| {
        let now: i64 = good.timestamp.parse().unwrap();
        let timestamp = (now + seconds).to_string();
        SignedRequest { signature: workspace.sign(now + seconds, &body), timestamp, ..good.clone() }
    };
    let with = |change: &dyn Fn(&mut SignedRequest)| {
        let mut request = good.clone();
        change(&mut request);
        request
    };
    let refused = [
        ("forged", with(&|r| r.signature = format!("v0={}", "0".repeat(64)))),
        ("another body", with(&|r| r.body.push(b'x'))),
        ("no signature", with(&|r| r.signature = String::new())),
        ("another version", with(&|r| r.signature = r.signature.replace("v0=", "v1="))),
        ("another time than signed", with(&|r| r.timestamp = "1".to_owned())),
        ("six minutes old", at(-360)),
        ("six minutes early", at(360)),
    ];
    for (what, request) in &refused {
        let answer = workspace.send(request).await.unwrap();
        assert_eq!((answer.status, answer.text()), (401, String::new()), "{what}");
    }
    for path in ["/slack/interactions", "/slack/events"] {
        let request = with(&|r| {
            r.url = format!("{base}{path}");
            r.signature = format!("v0={}", "0".repeat(64));
        });
        assert_eq!(workspace.send(&request).await.unwrap().status, 401, "{path}");
    }
    assert!(desk.seen().is_empty(), "nothing was done");
    assert_eq!(workspace.send(&good).await.unwrap().status, 200, "the right one passes");
}

#[tokio::test]
async fn the_same_request_byte_for_byte_is_answered_once() {
    let (desk, open) = held(Answer::say(Message::text("done")));
    let wire = Wire::to(Arc::clone(&desk)).await;
    let base = wire.serve_http().await;
    let workspace = wire.workspace().clone();
    let fields = workspace.command_fields("U0DANA", "C0GENERAL", "/agent", "list").unwrap();
    let body = serde_urlencoded::to_string(&fields).unwrap().into_bytes();
    let request = workspace.signed_request(&base, "/slack/commands", FORM, body);
    let (first, again) = (request.clone(), workspace.clone());
    let first = tokio::spawn(async move { again.send(&first).await });
    desk.wait_for(1).await;
    assert_eq!(workspace.send(&request).await.unwrap().status, 401, "while it is answered");
    open.add_permits(1);
    assert_eq!(first.await.unwrap().unwrap().status, 200);
    assert_eq!(workspace.send(&request).await.unwrap().status, 401, "after it was answered");
    assert_eq!(desk.seen().len(), 1);
}

#[tokio::test]
async fn what_was_not_recorded_may_come_again() {
    let desk = TestDesk::answers(Answer::ack(Ack::Again));
    let wire = Wire::to(Arc::clone(&desk)).await;
    let base = wire.serve_http().await;
    let event = json!({
        "type": "event_callback", "team_id": "T0ACME", "event_id": "Ev1",
        "event": {"type": "app_home_opened", "user": "U0DANA", "tab": "home"},
    });
    let body = event.to_string().into_bytes();
    let request = wire.workspace().signed_request(&base, "/slack/events", "application/json", body);
    for _ in 0..2 {
        // Slack's first retry comes at once and may be signed in the same second.
        assert_eq!(wire.workspace().send(&request).await.unwrap().status, 503);
    }
    assert_eq!(desk.seen().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_without_reading_on() {
    let desk = TestDesk::says("hello");
    let wire = Wire::to(Arc::clone(&desk)).await;
    let base = wire.serve_http().await;
    let workspace = wire.workspace();
    let json = "application/json";
    for (path, content_type, body, expected) in [
        ("/slack/commands", FORM, b"\xff\xfe%%%".to_vec(), 400),
        ("/slack/commands", FORM, b"command=%2Fagent".to_vec(), 400),
        ("/slack/commands", FORM, b"user_id=U1&user_id=U2".to_vec(), 400),
        ("/slack/interactions", FORM, b"payload=%7Bnot+json".to_vec(), 400),
        ("/slack/interactions", FORM, b"x=1".to_vec(), 400),
        (
            "/slack/interactions",
            FORM,
            b"payload=%7B%22type%22%3A%22block_actions%22%7D".to_vec(),
            400,
        ),
        ("/slack/events", json, b"{".to_vec(), 400),
        ("/slack/events", json, b"[]".to_vec(), 400),
        ("/slack/events", json, vec![b'x'; 256 * 1024 + 1], 413),
        ("/slack/events", json, vec![b' '; 256 * 1024], 400),
    ] {
        let shown = String::from_utf8_lossy(body.get(..body.len().min(60)).unwrap()).into_owned();
        let request = workspace.signed_request(&base, path, content_type, body);
        let answer = workspace.send(&request).await.unwrap();
        assert_eq!(answer.status, expected, "{path} {shown}");
    }
    // Far too much, unsigned, is not even read to its end.
    let huge = vec![b'x'; 40 * 1024 * 1024];
    let mut request = workspace.signed_request(&base, "/slack/commands", FORM, huge);
    request.signature = String::new();
    match workspace.send(&request).await {
        Ok(answer) => assert_eq!(answer.status, 413),
        // Or the door was shut while it was still being sent.
        Err(failure) => assert!(format!("{failure:?}").contains("Connection"), "{failure:?}"),
    }
    assert!(desk.seen().is_empty());
}

#[tokio::test]
async fn slack_may_check_the_address() {
    let desk = TestDesk::says("hello");
    let wire = Wire::to(Arc::clone(&desk)).await;
    let base = wire.serve_http().await;
    let workspace = wire.workspace();
    assert!(workspace.verify_url(&base).await.unwrap());
    let body = b"ssl_check=1&token=x".to_vec();
    let mut check = workspace.signed_request(&base, "/slack/commands", FORM, body);
    assert_eq!(workspace.send(&check).await.unwrap().status, 200);
    check.signature = format!("v0={}", "0".repeat(64));
    assert_eq!(workspace.send(&check).await.unwrap().status, 401, "a forged one is none");
    assert!(desk.seen().is_empty());
}

#[tokio::test]
async fn whoever_waits_is_told_in_time_and_hears_the_answer_later() {
    let (desk, open) = held(Answer::say(Message::text("recorded after all")));
    let special = Special { deadline: Duration::from_millis(200), ..Special::default() };
    let wire = Wire::special(Arc::clone(&desk), special).await;
    wire.serve_http().await;
    let workspace = wire.workspace();
    let outcome = types(&wire, "/agent list").await;
    let words = outcome.words();
    assert!(words.contains("taking longer"), "{words}");
    assert!(!words.contains("Nothing was recorded"), "which nobody knows yet: {words}");
    let posted = post_card(&wire).await;
    let click = click(workspace, &posted).await;
    assert_eq!(click, ClickOutcome::Acknowledged);
    open.add_permits(2);
    for (channel, person) in [("C0GENERAL", "U0DANA"), ("C0APPROVALS", "U0THEO")] {
        let what = format!("the late answer for {person}");
        let told = workspace.wait_for(PATIENCE, &what, |model| {
            let mut all = model.channels.get(channel)?.messages.iter();
            let to = |m: &&_| is_to(m, person);
            all.find(|m| m.text == "recorded after all" && to(m)).cloned()
        });
        told.await.unwrap();
    }
}

#[tokio::test]
async fn a_slow_form_stays_open_with_everything_in_it() {
    let open = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&open);
    let desk = TestDesk::new(move |inbound| {
        let gate = Arc::clone(&gate);
        async move {
            match inbound {
                Inbound::Slash(slash) => {
                    Answer::then(FollowUp::OpenView { trigger_id: slash.trigger_id, view: form() })
                }
                _ => {
                    gate.acquire().await.unwrap().forget();
                    Answer::empty()
                }
            }
        }
    });
    let special = Special { deadline: Duration::from_millis(200), ..Special::default() };
    let wire = Wire::special(Arc::clone(&desk), special).await;
    wire.serve_http().await;
    let view = fill_in(&wire).await;
    let outcome = wire.workspace().submit("U0DANA", &view).await.unwrap();
    let SubmitOutcome::Errors(errors) = outcome else { panic!("not kept open: {outcome:?}") };
    assert!(
        errors.get("reason").is_some_and(|e| e.contains("nothing is done twice")),
        "{errors:?}"
    );
    open.add_permits(1);
}

#[tokio::test]
async fn a_desk_that_breaks_down_says_so() {
    let desk = TestDesk::new(|inbound| async move {
        assert!(!matches!(inbound, Inbound::Slash(_)), "on purpose");
        Answer::empty()
    });
    let wire = Wire::to(desk).await;
    wire.serve_http().await;
    let outcome = types(&wire, "/agent list").await;
    assert!(outcome.words().contains("Something went wrong"), "{outcome:?}");
}

#[tokio::test]
async fn a_form_that_does_not_open_is_explained() {
    let wire = Wire::to(forms(Ack::Empty)).await;
    wire.serve_http().await;
    let fault = Fault::Error("expired_trigger_id".to_owned());
    wire.sandbox.faults().inject("views.open", fault, Lasting::Calls(1));
    let workspace = wire.workspace();
    let outcome = types(&wire, "/agent form").await;
    assert_eq!(outcome, CommandOutcome::Quiet);
    let told = workspace.wait_for(PATIENCE, "an explanation", |model| {
        let mut all = model.channels.get("C0GENERAL")?.messages.iter();
        all.find(|m| m.text.contains("did not open in time")).cloned()
    });
    assert!(is_to(&told.await.unwrap(), "U0DANA"));
}

#[tokio::test]
async fn a_private_answer_finds_another_way_when_one_is_closed() {
    let wire = Wire::to(TestDesk::says("only for you")).await;
    wire.serve_http().await;
    let workspace = wire.workspace();
    let posted = post_card(&wire).await;
    let used = Fault::Error("used_url".to_owned());
    wire.sandbox.faults().inject("response_url", used, Lasting::UntilCleared);
    click(workspace, &posted).await;
    let told = workspace.wait_for(PATIENCE, "an ephemeral message", |model| {
        let mut all = model.channels.get("C0APPROVALS")?.messages.iter();
        all.find(|m| m.text == "only for you").cloned()
    });
    assert!(is_to(&told.await.unwrap(), "U0THEO"));

    let gone = Fault::Error("user_not_in_channel".to_owned());
    wire.sandbox.faults().inject("chat.postEphemeral", gone, Lasting::UntilCleared);
    workspace.click("U0SAM", &posted.channel, &posted.ts, "approve").await.unwrap();
    let dm = workspace.dm_with_bot("U0SAM");
    let told = workspace.wait_for(PATIENCE, "a direct message", |model| {
        model.channel(&dm)?.messages.iter().find(|m| m.text == "only for you").cloned()
    });
    told.await.unwrap();
}

#[tokio::test]
async fn people_of_other_workspaces_are_never_taken_for_ours() {
    let desk = TestDesk::says("who are you?");
    let wire = Wire::to(Arc::clone(&desk)).await;
    wire.serve_http().await;
    let posted = wire.client.post_message("C0PARTNERS", &card()).await.unwrap();
    let workspace = wire.workspace();
    workspace.click("U0OSCAR", &posted.channel, &posted.ts, "approve").await.unwrap();
    let seen = desk.wait_for(1).await;
    let Some(Inbound::Button(click)) = seen.first() else { panic!("no click: {seen:?}") };
    assert_eq!(click.by, PersonId::new("T0OTHER", "U0OSCAR"));
}

#[tokio::test]
async fn while_slack_cannot_say_who_somebody_is_nothing_is_done() {
    let desk = TestDesk::says("hello");
    let wire = Wire::to(Arc::clone(&desk)).await;
    wire.serve_http().await;
    let posted = wire.client.post_message("C0PARTNERS", &card()).await.unwrap();
    wire.sandbox.faults().inject("users.info", Fault::Html { status: 503 }, Lasting::UntilCleared);
    let workspace = wire.workspace();
    workspace.click("U0OSCAR", &posted.channel, &posted.ts, "approve").await.unwrap();
    let told = workspace.wait_for(PATIENCE, "words for Oscar", |model| {
        let mut all = model.channels.get("C0PARTNERS")?.messages.iter();
        all.find(|m| m.text.contains("nothing was recorded")).cloned()
    });
    assert!(is_to(&told.await.unwrap(), "U0OSCAR"));
    assert!(desk.seen().is_empty());
}

#[tokio::test]
async fn in_an_organisation_clicks_without_a_team_arrive() {
    let desk = TestDesk::says("hello");
    let special = Special { org_wide: true, ..Special::default() };
    let wire = Wire::special(Arc::clone(&desk), special).await;
    wire.serve_http().await;
    let workspace = wire.workspace();
    let posted = post_card(&wire).await;
    click(workspace, &posted).await;
    types(&wire, "/agent list").await;
    workspace.open_home("U0DANA").unwrap();
    let seen = desk.wait_for(3).await;
    for (inbound, user) in seen.iter().zip(["U0THEO", "U0DANA", "U0DANA"]) {
        let by = match inbound {
            Inbound::Slash(slash) => &slash.by,
            Inbound::Button(click) => &click.by,
            Inbound::HomeOpened { person } => person,
            other => panic!("not expected: {other:?}"),
        };
        assert_eq!(*by, PersonId::new("E0ACME", user));
    }
}

#[tokio::test]
async fn at_the_end_what_was_taken_is_finished() {
    let (desk, open) = held(Answer::say(Message::text("finished")));
    let special = Special { deadline: Duration::from_millis(100), ..Special::default() };
    let wire = Wire::special(Arc::clone(&desk), special).await;
    wire.serve_http().await;
    types(&wire, "/agent list").await;
    let mut drained = Box::pin(wire.intake.drain());
    assert!(futures::poll!(&mut drained).is_pending(), "something is still being done");
    open.add_permits(1);
    tokio::time::timeout(PATIENCE, drained).await.expect("drained");
    let told = wire.workspace().visible_to("U0DANA", "C0GENERAL");
    assert!(told.iter().any(|m| m.text == "finished"), "with all that follows: {told:?}");
}
