//! Forms and App Home: triggers, hashes, stacks, what is filled in.

use chrono::Duration;
use countersign::sandbox::{Sandbox, SandboxConfig, SubmitOutcome, TimeMachine, WallTime};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::{App, call, config, error, form, ok, sandbox};

fn trigger(sandbox: &Sandbox) -> String {
    let fields = sandbox.workspace().command_fields("U0DANA", "C0GENERAL", "/agent", "").unwrap();
    fields["trigger_id"].clone()
}

#[tokio::test]
async fn a_trigger_opens_one_view_within_three_seconds() {
    let clock = Arc::new(WallTime::new());
    let config = SandboxConfig { clock: Arc::clone(&clock) as _, ..config() };
    let sandbox = Sandbox::start(config).await.unwrap();
    let open = |trigger: &str| json!({"trigger_id": trigger, "view": form()});
    assert_eq!(error(&sandbox, "views.open", open("1.2.3")).await, "invalid_trigger_id");
    let first = trigger(&sandbox);
    // What is refused for its content does not use the trigger up.
    let bad = call(&sandbox, "views.open", json!({"trigger_id": first, "view": {"type": "modal"}}));
    let bad = bad.await;
    assert_eq!(bad["error"], "invalid_arguments");
    let said = bad["response_metadata"]["messages"].to_string();
    assert!(said.contains("missing required field: title"), "{said}");
    let opened = ok(&sandbox, "views.open", open(&first)).await;
    assert_eq!(opened["view"]["root_view_id"], opened["view"]["id"]);
    assert_eq!(error(&sandbox, "views.open", open(&first)).await, "exchanged_trigger_id");
    let late = trigger(&sandbox);
    clock.advance(Duration::seconds(4));
    assert_eq!(error(&sandbox, "views.open", open(&late)).await, "expired_trigger_id");
    let huge = json!({"trigger_id": trigger(&sandbox), "view": {"type": "modal",
        "private_metadata": "x".repeat(250_000)}});
    assert_eq!(error(&sandbox, "views.open", huge).await, "view_too_large");
}

#[tokio::test]
async fn a_view_is_updated_by_those_who_have_seen_it_as_it_is() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let args = json!({"trigger_id": trigger(&sandbox), "view": form()});
    let view = ok(&sandbox, "views.open", args).await["view"].clone();
    let id = view["id"].as_str().unwrap();
    workspace.fill("U0DANA", id, "name", "text", json!("typed")).unwrap();
    let mut newer = form();
    newer["blocks"].as_array_mut().unwrap().push(json!({"type": "divider"}));
    let update = |hash: &Value| json!({"view_id": id, "hash": hash, "view": newer});
    let updated = ok(&sandbox, "views.update", update(&view["hash"])).await["view"].clone();
    assert_ne!(updated["hash"], view["hash"]);
    let kept = &updated["state"]["values"]["name"]["text"];
    assert_eq!(kept, &json!({"type": "plain_text_input", "value": "typed"}));
    assert_eq!(error(&sandbox, "views.update", update(&view["hash"])).await, "hash_conflict");
    let gone = json!({"view_id": "V0NONE", "view": form()});
    assert_eq!(error(&sandbox, "views.update", gone).await, "not_found");
    workspace.close("U0DANA", id).unwrap();
    assert_eq!(error(&sandbox, "views.update", update(&updated["hash"])).await, "not_found");
}

#[tokio::test]
async fn views_lie_three_deep() {
    let sandbox = sandbox().await;
    let args = || json!({"trigger_id": trigger(&sandbox), "view": form()});
    assert_eq!(error(&sandbox, "views.push", args()).await, "not_found");
    let root = ok(&sandbox, "views.open", args()).await["view"]["id"].clone();
    let second = ok(&sandbox, "views.push", args()).await["view"].clone();
    assert_eq!((&second["root_view_id"], &second["previous_view_id"]), (&root, &root));
    ok(&sandbox, "views.push", args()).await;
    assert_eq!(error(&sandbox, "views.push", args()).await, "push_limit_reached");
}

#[tokio::test]
async fn a_home_is_published_for_one_person() {
    let sandbox = sandbox().await;
    let home = |words: &str| {
        json!({"type": "home", "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": words}}]})
    };
    let publish = |user: &str, words: &str| json!({"user_id": user, "view": home(words)});
    let first = ok(&sandbox, "views.publish", publish("U0DANA", "one")).await;
    let second = ok(&sandbox, "views.publish", publish("U0DANA", "two")).await;
    assert_eq!(first["view"]["id"], second["view"]["id"]);
    assert!(sandbox.workspace().home("U0DANA").unwrap().words().contains("two"));
    assert!(sandbox.workspace().home("U0THEO").is_none());
    let mut stale = publish("U0DANA", "three");
    stale["hash"] = first["view"]["hash"].clone();
    assert_eq!(error(&sandbox, "views.publish", stale).await, "hash_conflict");
    let nobody = error(&sandbox, "views.publish", publish("U0NOBODY", "x")).await;
    assert_eq!(nobody, "invalid_arguments");
}

/// What a person sees after submitting, when the app answers like this.
async fn outcome(answer: Value) -> (SubmitOutcome, Sandbox) {
    let sandbox = sandbox().await;
    let app = App::start(&sandbox).await;
    let args = json!({"trigger_id": trigger(&sandbox), "view": form()});
    let id = ok(&sandbox, "views.open", args).await["view"]["id"].as_str().unwrap().to_owned();
    let workspace = sandbox.workspace();
    // Slack asks for required fields itself: the app hears nothing.
    let empty = workspace.submit("U0DANA", &id).await.unwrap();
    assert!(
        matches!(&empty, SubmitOutcome::Errors(wrong) if wrong.contains_key("name")),
        "{empty:?}"
    );
    assert_eq!(app.requests().len(), 0);
    workspace.fill("U0DANA", &id, "", "text", json!("support-agent")).unwrap();
    app.answer_json(answer);
    let outcome = workspace.submit("U0DANA", &id).await.unwrap();
    let payload = app.request(0).await.payload();
    assert_eq!(payload["type"], "view_submission");
    assert_eq!(payload["view"]["private_metadata"], "kept");
    assert_eq!(payload["view"]["state"]["values"]["name"]["text"]["value"], "support-agent");
    (outcome, sandbox)
}

#[tokio::test]
async fn the_app_decides_what_follows_a_submission() {
    let (closed, sandbox) = outcome(json!({})).await;
    assert_eq!(closed, SubmitOutcome::Closed);
    assert!(sandbox.workspace().modal("U0DANA").is_none());

    let errors = json!({"response_action": "errors", "errors": {"name": "Somebody has it."}});
    let (wrong, sandbox) = outcome(errors).await;
    assert_eq!(wrong, SubmitOutcome::Errors([("name".into(), "Somebody has it.".into())].into()));
    assert!(sandbox.workspace().modal("U0DANA").unwrap().words().contains("Somebody has it."));

    let nowhere = json!({"response_action": "errors", "errors": {"nome": "?"}});
    let (refused, _) = outcome(nowhere).await;
    assert!(
        matches!(&refused, SubmitOutcome::Refused(why) if why.contains("no input block `nome`; there are: name")),
        "{refused:?}"
    );

    let mut other = form();
    other["title"]["text"] = json!("Other");
    let update = json!({"response_action": "update", "view": other});
    let (updated, sandbox) = outcome(update).await;
    assert_eq!(updated, SubmitOutcome::Updated);
    assert_eq!(sandbox.workspace().modal("U0DANA").unwrap().title(), "Other");

    let (pushed, sandbox) = outcome(json!({"response_action": "push", "view": other})).await;
    assert_eq!(pushed, SubmitOutcome::Pushed);
    let top = sandbox.workspace().modal("U0DANA").unwrap();
    assert!(top.previous_view_id.is_some());
    sandbox.workspace().close("U0DANA", &top.id).unwrap();
    assert_eq!(sandbox.workspace().modal("U0DANA").unwrap().title(), "Register");

    other["title"]["text"] = json!("A title that is longer than 24");
    let (refused, _) = outcome(json!({"response_action": "update", "view": other})).await;
    assert!(matches!(refused, SubmitOutcome::Refused(why) if why.contains("25 characters")));
    let (cleared, sandbox) = outcome(json!({"response_action": "clear"})).await;
    assert_eq!(cleared, SubmitOutcome::Closed);
    assert!(sandbox.workspace().modal("U0DANA").is_none());
}
