//! What reaches the app over HTTP: signatures, fields, answers, repetitions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use axum::response::IntoResponse;
use chrono::Duration;
use countersign::sandbox::model::PersonKind;
use countersign::sandbox::{
    ActError, ClickOutcome, CommandOutcome, DeliveryFailure, Sandbox, SandboxConfig, TimeMachine,
    WallTime,
};
use serde_json::{Value, json};

use crate::support::{App, SOON, card, config, ok, post_card, post_json, sandbox};

#[tokio::test]
async fn a_command_is_signed_and_has_all_its_fields() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let typed = "/agent transfer support-agent-v2 @theo & co";
    let outcome = workspace.slash_command("U0DANA", "C0SUPPORT", typed).await.unwrap();
    assert_eq!(outcome, CommandOutcome::Quiet);
    let request = app.request(0).await;
    assert_eq!(request.path, "/slack/commands");
    let timestamp = request.headers["x-slack-request-timestamp"].to_str().unwrap();
    let signature = request.headers["x-slack-signature"].to_str().unwrap();
    assert_eq!(workspace.sign(timestamp.parse().unwrap(), &request.body), signature);
    let fields = request.form();
    for (name, value) in [
        ("team_id", "T0ACME"),
        ("team_domain", "acme"),
        ("channel_id", "C0SUPPORT"),
        ("channel_name", "support"),
        ("user_id", "U0DANA"),
        ("user_name", "dana"),
        ("command", "/agent"),
        ("text", "transfer support-agent-v2 <@U0THEO|theo> &amp; co"),
        ("api_app_id", "A0COUNTERSIGN"),
        ("is_enterprise_install", "false"),
    ] {
        assert_eq!(fields[name], value, "{name}");
    }
    assert!(fields["response_url"].starts_with(&format!("http://{}/commands/", sandbox.address())));
    assert!(!fields["trigger_id"].is_empty());
    assert!(!fields.contains_key("enterprise_id"));
    assert!(fields.contains_key("a_field_from_tomorrow"));
}

#[tokio::test]
async fn the_answer_to_a_command_is_for_the_person_or_for_all() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    app.answer(|_| Some("in **plain** text".into_response()));
    let outcome = workspace.slash_command("U0DANA", "C0SUPPORT", "list").await.unwrap();
    assert_eq!(outcome.words(), "in **plain** text");
    assert_eq!(workspace.visible_to("U0DANA", "C0SUPPORT").len(), 1);
    assert_eq!(workspace.visible_to("U0THEO", "C0SUPPORT").len(), 0);
    app.answer_json(json!({"response_type": "in_channel", "text": "for all"}));
    workspace.slash_command("U0DANA", "C0SUPPORT", "list").await.unwrap();
    let seen: Vec<_> = workspace.visible_to("U0THEO", "C0SUPPORT");
    let seen: Vec<_> = seen.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(seen, ["/agent list", "for all"], "then the command is seen, too");
    app.answer_json(json!({"text": "x", "blocks": [{"type": "no such"}]}));
    let refused = workspace.slash_command("U0DANA", "C0SUPPORT", "list").await.unwrap();
    assert_eq!(refused.words(), "/agent failed with the error “invalid_blocks”");
}

#[tokio::test]
async fn a_person_is_told_when_a_command_fails() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let failed = async |text: &str| match workspace.slash_command("U0DANA", "C0SUPPORT", text).await
    {
        Ok(CommandOutcome::Failed(words)) => words,
        other => panic!("{other:?}"),
    };
    app.answer(|_| Some(StatusCode::INTERNAL_SERVER_ERROR.into_response()));
    assert_eq!(failed("list").await, "/agent failed with the error “dispatch_failed”");
    app.answer(|_| None);
    assert_eq!(failed("list").await, "/agent failed with the error “operation_timeout”");
    assert!(failed("/agnet list").await.starts_with("/agnet is not a valid command"));
    let seen = workspace.visible_to("U0DANA", "C0SUPPORT");
    assert_eq!(seen.len(), 3, "each time in words that only this person reads");
    assert!(workspace.visible_to("U0THEO", "C0SUPPORT").is_empty());
}

#[tokio::test]
async fn only_those_who_can_sign_in_act_and_outsiders_have_no_commands() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let ts = post_card(&sandbox, "C0PARTNERS").await;
    for nobody in ["U0DORA", "U0ROBO"] {
        let refused = workspace.click(nobody, "C0PARTNERS", &ts, "approve").await.unwrap_err();
        assert!(matches!(refused, ActError::CannotSignIn(_)), "{refused}");
    }
    let refused = workspace.click("U0GINA", "C0PARTNERS", &ts, "approve").await.unwrap_err();
    assert!(matches!(refused, ActError::NoSuchChannel(_)), "{refused}");
    let command = workspace.slash_command("U0OSCAR", "C0PARTNERS", "list").await.unwrap();
    assert!(command.words().contains("not a valid command"), "{command:?}");
    assert_eq!(app.requests().len(), 0);
    // But an outsider can press buttons in a shared channel: the app has to look.
    let pressed = workspace.click("U0OSCAR", "C0PARTNERS", &ts, "approve").await.unwrap();
    assert_eq!(pressed, ClickOutcome::Acknowledged);
    let payload = app.request(0).await.payload();
    assert_eq!(payload["user"]["team_id"], "T0OTHER");
    assert_eq!(payload["team"]["id"], "T0ACME");
}

#[tokio::test]
async fn a_click_carries_the_message_and_what_was_chosen() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let ts = post_card(&sandbox, "C0APPROVALS").await;
    workspace.choose("U0THEO", "C0APPROVALS", &ts, "for", json!("1h")).await.unwrap();
    let chosen = app.request(0).await.payload();
    assert_eq!(chosen["actions"][0]["selected_option"]["value"], "1h");
    workspace.click("U0THEO", "C0APPROVALS", &ts, "approve").await.unwrap();
    let payload = app.request(1).await.payload();
    assert_eq!(app.requests()[1].path, "/slack/interactions");
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(payload["container"]["message_ts"], Value::String(ts.clone()));
    assert_eq!(payload["channel"]["id"], "C0APPROVALS");
    assert_eq!(payload["channel"]["name"], "agent-approvals");
    for of_slack in ["/channel", "/user", "/message", "/actions/0"] {
        let known = payload.pointer(of_slack).expect(of_slack);
        assert!(known["a_field_from_tomorrow"].is_array(), "{of_slack} has no field from tomorrow");
    }
    assert_eq!(payload["message"]["blocks"][1]["block_id"], "vote");
    assert_eq!(payload["enterprise"], Value::Null);
    let action = &payload["actions"][0];
    let key = ["action_id", "block_id", "value", "type"].map(|key| action[key].as_str().unwrap());
    assert_eq!(key, ["approve", "vote", "G-1", "button"]);
    let state = &payload["state"]["values"]["vote"]["for"]["selected_option"]["value"];
    assert_eq!(state, "1h", "the other menus of the message come along");
    let missing = workspace.click("U0THEO", "C0APPROVALS", &ts, "aprove").await.unwrap_err();
    assert!(missing.to_string().contains("vote/approve, vote/deny"), "{missing}");
    // A card that changed can still be pressed as it was when the person looked.
    let seen = workspace.messages("C0APPROVALS")[0].clone();
    ok(&sandbox, "chat.update", json!({"channel": "C0APPROVALS", "ts": ts, "text": "over"})).await;
    assert!(workspace.click("U0THEO", "C0APPROVALS", &ts, "approve").await.is_err());
    workspace.click_as_seen("U0THEO", "C0APPROVALS", &seen, "approve").await.unwrap();
    assert_eq!(app.request(2).await.payload()["actions"][0]["value"], "G-1");
}

#[tokio::test]
async fn a_response_url_changes_adds_and_deletes_five_times() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let ts = post_card(&sandbox, "C0APPROVALS").await;
    workspace.click("U0THEO", "C0APPROVALS", &ts, "approve").await.unwrap();
    let url = app.request(0).await.payload()["response_url"].as_str().unwrap().to_owned();
    let private = post_json(&url, &json!({"text": "only you", "replace_original": false})).await;
    assert_eq!((private.status, private.json()), (200, json!({"ok": true})));
    assert!(workspace.visible_to("U0THEO", "C0APPROVALS")[1].is_ephemeral());
    post_json(&url, &json!({"response_type": "in_channel", "text": "all"})).await;
    assert_eq!(workspace.visible_to("U0SAM", "C0APPROVALS").len(), 2);
    let bad = post_json(&url, &json!({"text": "x", "blocks": [{"type": "no such"}]})).await;
    assert_eq!((bad.status, bad.json()["error"].clone()), (400, json!("invalid_blocks")));
    post_json(&url, &json!({"text": "changed", "replace_original": true})).await;
    assert_eq!(workspace.messages("C0APPROVALS")[0].text, "changed");
    post_json(&url, &json!({"delete_original": true})).await;
    assert!(workspace.messages("C0APPROVALS").iter().all(|message| message.ts != ts));
    assert_eq!(post_json(&url, &json!({"text": "five"})).await.status, 200);
    let sixth = post_json(&url, &json!({"text": "six"})).await;
    assert_eq!((sixth.status, sixth.json()["error"].clone()), (404, json!("used_url")));
    let forged = url.replace("/actions/T0ACME/", "/actions/T0ACME/9");
    assert_eq!(post_json(&forged, &json!({"text": "x"})).await.status, 404);
}

#[tokio::test]
async fn a_response_url_lives_half_an_hour_and_replaces_ephemeral_messages() {
    let clock = Arc::new(WallTime::new());
    let config = SandboxConfig { clock: Arc::clone(&clock) as _, ..config() };
    let sandbox = Sandbox::start(config).await.unwrap();
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let args = json!({"channel": "C0APPROVALS", "user": "U0DANA", "text": "x", "blocks": card()});
    let ts = ok(&sandbox, "chat.postEphemeral", args).await["message_ts"].clone();
    let ts = ts.as_str().unwrap();
    workspace.click("U0DANA", "C0APPROVALS", ts, "approve").await.unwrap();
    let payload = app.request(0).await.payload();
    assert_eq!(payload["container"]["is_ephemeral"], true);
    assert_eq!(payload.get("message"), None, "Slack does not send ephemeral messages along");
    let url = payload["response_url"].as_str().unwrap();
    post_json(url, &json!({"text": "changed", "replace_original": true})).await;
    assert_eq!(workspace.visible_to("U0DANA", "C0APPROVALS")[0].text, "changed");
    clock.advance(Duration::minutes(31));
    let late = post_json(url, &json!({"text": "late"})).await;
    assert_eq!((late.status, late.json()["error"].clone()), (404, json!("expired_url")));
}

#[tokio::test]
async fn moving_the_clock_by_a_month_does_not_break_a_command_in_flight() {
    let clock = Arc::new(WallTime::new());
    let config = SandboxConfig { clock: Arc::clone(&clock) as _, ..config() };
    let sandbox = Sandbox::start(config).await.unwrap();
    let app = App::start(&sandbox).await;
    app.answer(move |_| {
        clock.advance(Duration::days(30));
        Some(axum::Json(json!({"text": "a month later"})).into_response())
    });
    let workspace = sandbox.workspace();
    let outcome = workspace.slash_command("U0DANA", "C0SUPPORT", "list").await.unwrap();
    assert_eq!(outcome.words(), "a month later");
}

#[tokio::test]
async fn events_are_sent_to_subscribers_until_they_are_taken() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let failures = Arc::new(AtomicUsize::new(2));
    app.answer(move |_| {
        let left = failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        Some(if left.is_ok() { StatusCode::BAD_GATEWAY } else { StatusCode::OK }.into_response())
    });
    workspace.say("U0DANA", "C0GENERAL", "nobody subscribed to this").unwrap();
    workspace.open_home("U0DANA").unwrap();
    let third = app.request(2).await;
    let (first, events) = (app.request(0).await, [0, 1, 2].map(|n| app.requests()[n].json()));
    assert_eq!(first.headers.get("x-slack-retry-num"), None);
    assert_eq!(third.headers["x-slack-retry-num"], "2");
    assert_eq!(third.headers["x-slack-retry-reason"], "http_error");
    assert_eq!(events[0]["event"]["type"], "app_home_opened");
    assert!(events.iter().all(|event| event["event_id"] == events[0]["event_id"]));
    workspace.set_group_members("S0SECURITY", &["U0SAM", "U0OMAR"]).unwrap();
    let changed = [app.request(3).await.json(), app.request(4).await.json()];
    let changed = changed.iter().find(|e| e["event"]["type"] == "subteam_members_changed").unwrap();
    assert_eq!(changed["event"]["added_users"], json!(["U0OMAR"]));
    assert_eq!(changed["event"]["removed_users"], json!(["U0SARA", "U0DORA"]));
    workspace.set_person_kind("U0SAM", PersonKind::Deactivated).unwrap();
    let user = app.request(5).await.json();
    assert_eq!(
        (&user["event"]["type"], &user["event"]["user"]["deleted"]),
        (&json!("user_change"), &json!(true))
    );
}

#[tokio::test]
async fn what_arrives_twice_is_the_same_thing_twice() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let ts = post_card(&sandbox, "C0APPROVALS").await;
    sandbox.faults().deliver_twice(1);
    workspace.click("U0THEO", "C0APPROVALS", &ts, "approve").await.unwrap();
    let (one, two) = (app.request(0).await, app.request(1).await);
    assert_eq!(one.payload(), two.payload());
    workspace.click("U0THEO", "C0APPROVALS", &ts, "approve").await.unwrap();
    assert_ne!(app.request(2).await.payload()["trigger_id"], one.payload()["trigger_id"]);
}

#[tokio::test]
async fn an_installation_for_the_organisation_has_no_team_in_its_interactions() {
    let wide = SandboxConfig { org_wide_install: true, ..config() };
    let sandbox = Sandbox::start(wide).await.unwrap();
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let ts = post_card(&sandbox, "C0APPROVALS").await;
    workspace.click("U0THEO", "C0APPROVALS", &ts, "approve").await.unwrap();
    let payload = app.request(0).await.payload();
    assert_eq!(payload["team"], Value::Null);
    assert_eq!(payload["enterprise"]["id"], "E0ACME");
    assert_eq!(payload["user"]["team_id"], "T0ACME");
    workspace.slash_command("U0DANA", "C0SUPPORT", "list").await.unwrap();
    let fields = app.request(1).await.form();
    assert_eq!(fields["is_enterprise_install"], "true");
    assert_eq!(
        (fields["team_id"].as_str(), fields["enterprise_id"].as_str()),
        ("T0ACME", "E0ACME")
    );
}

#[tokio::test]
async fn a_form_that_is_closed_tells_those_who_asked() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let workspace = sandbox.workspace();
    let mut form = crate::support::form();
    form["notify_on_close"] = json!(true);
    let fields = workspace.command_fields("U0DANA", "C0GENERAL", "/agent", "").unwrap();
    let args = json!({"trigger_id": fields["trigger_id"], "view": form});
    let id = ok(&sandbox, "views.open", args).await["view"]["id"].as_str().unwrap().to_owned();
    workspace.close("U0DANA", &id).unwrap();
    let payload = app.request(0).await.payload();
    assert_eq!((&payload["type"], &payload["is_cleared"]), (&json!("view_closed"), &json!(false)));
    let what = "no form on Dana's screen";
    let gone = |model: &countersign::sandbox::model::Model| {
        (!model.modals.contains_key("U0DANA")).then_some(())
    };
    workspace.wait_for(SOON, what, gone).await.unwrap();
}

#[tokio::test]
async fn nothing_is_sent_beyond_this_machine_and_unreachable_apps_are_told_apart() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let ts = post_card(&sandbox, "C0APPROVALS").await;
    let to =
        |base_url: &str| countersign::sandbox::AppTransport::Http { base_url: base_url.into() };
    sandbox.set_transport(to("http://countersign.example:8080"));
    let away = workspace.click("U0THEO", "C0APPROVALS", &ts, "approve").await.unwrap();
    assert!(
        matches!(&away, ClickOutcome::Failed(DeliveryFailure::Connection(why)) if why.contains("this machine")),
        "{away:?}"
    );
    sandbox.set_transport(to("http://127.0.0.1:1"));
    let down = workspace.slash_command("U0THEO", "C0APPROVALS", "list").await.unwrap();
    assert_eq!(down.words(), "/agent failed with the error “dispatch_failed”");
}

#[tokio::test]
async fn the_address_for_events_can_be_asked_to_prove_itself() {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    app.answer(|request| {
        let asked = request.json();
        Some(asked["challenge"].as_str().unwrap_or_default().to_owned().into_response())
    });
    assert!(sandbox.workspace().verify_url(&app.base_url).await.unwrap());
    app.answer(|_| Some("ok".into_response()));
    assert!(!sandbox.workspace().verify_url(&app.base_url).await.unwrap());
}
