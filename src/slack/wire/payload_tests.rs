//! Payloads as Slack sends them, whole and with holes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::ids::RequestId;
use crate::slack::actions::Form;

fn acme() -> Installation {
    Installation::workspace("T0ACME", None)
}

fn org() -> Installation {
    Installation::organisation("E0ACME", [])
}

fn request() -> RequestId {
    RequestId::new(ulid::Ulid::from_parts(1_700_000_000_000, 7))
}

fn block_actions() -> Value {
    json!({
        "type": "block_actions",
        "team": {"id": "T0ACME", "domain": "acme"},
        "enterprise": null,
        "is_enterprise_install": false,
        "user": {"id": "U0THEO", "username": "theo", "name": "theo", "team_id": "T0ACME"},
        "api_app_id": "A1",
        "token": "verification-token",
        "container": {
            "type": "message", "message_ts": "1700000000.000100", "channel_id": "C1",
            "is_ephemeral": false,
        },
        "trigger_id": "1.2.abc",
        "channel": {"id": "C1", "name": "approvals"},
        "message": {
            "ts": "1700000000.000100", "text": "x",
            "metadata": {"event_type": "e", "event_payload": {"n": 1, "deep": [{"a": null}]}},
        },
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T0ACME/1/secret",
        "actions": [{
            "action_id": "approve", "block_id": "decide", "type": "button",
            "text": {"type": "plain_text", "text": "Approve"}, "value": request().to_string(),
            "action_ts": "1700000001.1",
        }],
        "a_field_from_tomorrow": {"x": [1, null]},
    })
}

fn view_submission() -> Value {
    json!({
        "type": "view_submission",
        "team": {"id": "T0ACME", "domain": "acme"},
        "user": {"id": "U0DANA", "name": "dana", "team_id": "T0ACME"},
        "trigger_id": "3.4.def",
        "view": {
            "id": "V1", "team_id": "T0ACME", "type": "modal", "hash": "1.abc",
            "callback_id": "deny",
            "private_metadata": json!({"form": "deny", "request": request()}).to_string(),
            "state": {"values": {
                "reason": {"text": {"type": "plain_text_input", "value": "no need"}},
                "writes": {"tier_answers": {"type": "radio_buttons", "selected_option": {"value": "yes"}}},
                "more": {"x": {"type": "checkboxes", "selected_options": [{"value": "a"}, {"value": "b"}]}},
                "owner": {"x": {"type": "users_select", "selected_user": null}},
            }},
        },
        "response_urls": [],
    })
}

fn read(payload: Value, at: &Installation) -> Inbound {
    interaction_json(payload, at).unwrap()
}

fn click(payload: Value, at: &Installation) -> Click {
    match read(payload, at) {
        Inbound::Button(click) | Inbound::Changed(click) => click,
        other => panic!("no click: {other:?}"),
    }
}

fn without(mut payload: Value, path: &[&str]) -> Value {
    let (last, parents) = path.split_last().unwrap();
    let object = parents.iter().fold(&mut payload, |at, key| &mut at[*key]);
    object.as_object_mut().unwrap().remove(*last);
    payload
}

fn with(mut payload: Value, path: &[&str], value: Value) -> Value {
    *path.iter().fold(&mut payload, |at, key| &mut at[*key]) = value;
    payload
}

#[test]
fn a_click_in_a_message() {
    let click = click(block_actions(), &acme());
    assert_eq!(click.by, PersonId::new("T0ACME", "U0THEO"));
    assert_eq!(click.button, Some(Button::Approve(request())));
    assert_eq!(click.message.unwrap().ts, "1700000000.000100");
    assert_eq!(click.channel.as_deref(), Some("C1"));
    assert_eq!(click.once, OnceKey("trigger:1.2.abc".to_owned()));
    assert!(click.response_url.is_some() && click.view.is_none());
}

#[test]
fn nothing_that_may_be_missing_loses_a_click() {
    for path in [
        &["channel"][..],
        &["message"],
        &["state"],
        &["response_url"],
        &["trigger_id"],
        &["team"],
        &["container"],
        &["enterprise"],
        &["user", "team_id"],
    ] {
        let gone = click(without(block_actions(), path), &acme());
        let null = click(with(block_actions(), path, Value::Null), &acme());
        assert_eq!(gone.button, Some(Button::Approve(request())), "{path:?}");
        assert_eq!(null.button, gone.button, "{path:?}");
        assert!(!gone.once.0.ends_with(':'), "{path:?}: {:?}", gone.once);
    }
    let untold = click(without(block_actions(), &["user", "team_id"]), &acme());
    assert_ne!(untold.by.workspace, "T0ACME", "where a person is from is never guessed");
}

#[test]
fn a_click_without_a_trigger_still_has_a_name_of_its_own() {
    let first = click(without(block_actions(), &["trigger_id"]), &acme()).once;
    let mut later = without(block_actions(), &["trigger_id"]);
    later["actions"][0]["action_ts"] = json!("1700000002.1");
    assert_ne!(click(later, &acme()).once, first);
    assert_eq!(click(without(block_actions(), &["trigger_id"]), &acme()).once, first);
}

#[test]
fn an_ephemeral_message_has_no_lasting_name() {
    let payload = with(block_actions(), &["container", "is_ephemeral"], json!(true));
    assert!(click(payload, &acme()).message.is_none());
}

#[test]
fn a_button_that_is_none_of_ours_is_told_as_such() {
    for (action, value) in [("approve", "nonsense"), ("old_button", "x"), ("", "")] {
        let mut payload = block_actions();
        payload["actions"][0]["action_id"] = json!(action);
        payload["actions"][0]["value"] = json!(value);
        assert_eq!(click(payload, &acme()).button, None, "{action}");
    }
}

#[test]
fn a_change_in_a_form_is_told_from_a_button_in_it() {
    let mut payload = with(block_actions(), &["message"], Value::Null);
    payload["container"] = json!({"type": "view", "view_id": "V1"});
    payload["view"] = view_submission()["view"].clone();
    let Inbound::Button(button) = read(payload.clone(), &acme()) else { panic!("no button") };
    assert_eq!(button.view.unwrap().id, "V1");
    payload["actions"] = json!([{
        "action_id": "tier_answers", "block_id": "writes", "type": "radio_buttons",
        "selected_option": {"value": "yes"},
    }]);
    let Inbound::Changed(change) = read(payload, &acme()) else { panic!("no change") };
    assert_eq!((change.value, change.block_id.as_str()), (json!("yes"), "writes"));
    assert_eq!(change.view.unwrap().text("reason").as_deref(), Some("no need"));
}

#[test]
fn a_form_with_what_was_filled_in() {
    let Inbound::Submitted(form) = read(view_submission(), &acme()) else { panic!("no form") };
    assert_eq!(form.form, Some(Form::Deny { request: request() }));
    let again = with(view_submission(), &["trigger_id"], json!("5.6.ghi"));
    let Inbound::Submitted(again) = read(again, &acme()) else { panic!("no form") };
    assert_eq!(form.once, again.once, "the same form, sent again");
    let path = ["view", "state", "values", "reason", "text", "value"];
    let corrected = with(view_submission(), &path, json!("another reason"));
    let Inbound::Submitted(corrected) = read(corrected, &acme()) else { panic!("no form") };
    assert_ne!(form.once, corrected.once);
    assert_eq!(form.view.text("reason").as_deref(), Some("no need"));
    assert_eq!(form.view.text("writes").as_deref(), Some("yes"));
    assert_eq!(form.view.choices("more"), ["a", "b"]);
    assert_eq!(form.view.text("owner"), None);
    assert_eq!(form.view.text("no such block"), None);
    assert_eq!(form.view.hash.as_deref(), Some("1.abc"));
}

#[test]
fn a_form_with_nothing_filled_in() {
    for state in [json!({}), json!({"values": null}), Value::Null] {
        let payload = with(view_submission(), &["view", "state"], state);
        let Inbound::Submitted(form) = read(payload, &acme()) else { panic!("no form") };
        assert_eq!(form.view.values, json!({}));
    }
}

#[test]
fn a_form_whose_kind_and_content_differ_is_none_of_ours() {
    for (field, value) in [("callback_id", "revoke"), ("private_metadata", "{}")] {
        let payload = with(view_submission(), &["view", field], json!(value));
        let Inbound::Submitted(form) = read(payload, &acme()) else { panic!("no form") };
        assert_eq!(form.form, None, "{field}");
    }
}

#[test]
fn in_an_organisation_the_team_may_be_null_and_is_learnt_from_slack_only() {
    let at = org();
    let mut payload = with(block_actions(), &["team"], Value::Null);
    payload["enterprise"] = json!({"id": "E0ACME", "name": "Acme"});
    payload["is_enterprise_install"] = json!(true);
    let unknown = click(payload.clone(), &at).by;
    assert_eq!(unknown.workspace, "T0ACME", "not known to belong: to be looked up");
    // A message of a workspace of ours, clicked by somebody who is from there.
    payload["team"] = json!({"id": "T0ACME", "enterprise_id": "E0ACME"});
    assert_eq!(click(payload.clone(), &at).by, PersonId::new("E0ACME", "U0THEO"));
    payload["team"] = Value::Null;
    assert_eq!(click(payload.clone(), &at).by, PersonId::new("E0ACME", "U0THEO"));
    // A message of ours in a shared channel, clicked by somebody who is not.
    payload["team"] = json!({"id": "T0ACME", "enterprise_id": "E0ACME"});
    payload["user"]["team_id"] = json!("T0OTHER");
    assert_eq!(click(payload, &at).by, PersonId::new("T0OTHER", "U0THEO"));
}

#[test]
fn a_command() {
    let body = "token=x&team_id=T0ACME&channel_id=C1&channel_name=general&user_id=U0DANA\
                &user_name=dana&command=%2Fagent&text=request+a+b%3Ac+because+%C3%BC%26\
                &is_enterprise_install=false&new=1&response_url=https%3A%2F%2Fh%2Fx\
                &trigger_id=1.2.x";
    let Ok(Inbound::Slash(slash)) = slash_form(body.as_bytes(), &acme()) else {
        panic!("no command");
    };
    assert_eq!(slash.by, PersonId::new("T0ACME", "U0DANA"));
    assert_eq!(slash.text, "request a b:c because ü&");
    assert_eq!(slash.once, OnceKey("trigger:1.2.x".to_owned()));
    assert_eq!((slash.command.as_str(), slash.channel_name.as_str()), ("/agent", "general"));
    let fields: serde_json::Map<String, Value> =
        serde_urlencoded::from_str::<Vec<(String, String)>>(body)
            .unwrap()
            .into_iter()
            .map(|(name, value)| (name, json!(value)))
            .collect();
    let Ok(Inbound::Slash(same)) = slash_json(Value::Object(fields), &acme()) else {
        panic!("no command");
    };
    assert_eq!(format!("{same:?}"), format!("{slash:?}"), "through a socket it is the same");
    assert_eq!(
        slash_form(b"command=%2Fagent&user_id=U1&team_id=T1&channel_id=C1", &acme()).unwrap_err(),
        BadPayload::Missing("trigger_id")
    );
}

#[test]
fn only_a_command_that_says_so_is_a_check_of_the_certificate() {
    assert!(is_ssl_check(b"ssl_check=1&token=x"));
    assert!(is_ssl_check(b"token=x&ssl_check=1"));
    for other in
        [&b"command=%2Fagent&text=ssl_check%3D1"[..], b"text=ssl_check=1", b"ssl_check=10", b""]
    {
        assert!(!is_ssl_check(other), "{}", String::from_utf8_lossy(other));
    }
}

fn event(event: Value) -> Value {
    json!({
        "token": "x", "team_id": "T0ACME", "api_app_id": "A1", "type": "event_callback",
        "event_id": "Ev1", "event_time": 1_700_000_000, "event": event,
        "authorizations": [{"enterprise_id": null, "team_id": "T0ACME", "is_enterprise_install": false}],
    })
}

#[test]
fn events() {
    for (sent, expected) in [
        (
            json!({"type": "app_home_opened", "user": "U1", "tab": "home"}),
            "HomeOpened { person: PersonId { workspace: \"T0ACME\", user: \"U1\" } }",
        ),
        (
            json!({"type": "app_home_opened", "user": "U1", "tab": "messages"}),
            "Ignored { kind: \"app_home_opened\" }",
        ),
        (
            json!({"type": "user_change", "user": {"id": "U1", "deleted": true}}),
            "PeopleChanged { user: Some(PersonId { workspace: \"T0ACME\", user: \"U1\" }) }",
        ),
        (
            json!({"type": "team_join", "user": {"id": "U2"}}),
            "PeopleChanged { user: Some(PersonId { workspace: \"T0ACME\", user: \"U2\" }) }",
        ),
        (
            json!({"type": "team_join", "user": {"id": "U3", "is_bot": true}}),
            "MachineChanged { user: \"U3\" }",
        ),
        (
            json!({"type": "user_change", "user": {"id": "U4", "is_workflow_bot": true}}),
            "MachineChanged { user: \"U4\" }",
        ),
        (
            json!({"type": "user_change", "user": {"id": "U5", "is_bot": false, "deleted": true}}),
            "PeopleChanged { user: Some(PersonId { workspace: \"T0ACME\", user: \"U5\" }) }",
        ),
        (
            json!({"type": "subteam_updated", "subteam": {"id": "S1", "user_count": "2"}}),
            "GroupChanged { group: Some(\"S1\") }",
        ),
        (
            json!({"type": "subteam_members_changed", "subteam_id": "S1"}),
            "GroupChanged { group: Some(\"S1\") }",
        ),
        (
            json!({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U9"]}}),
            "Revoked { uninstalled: false, bots: [\"U9\"] }",
        ),
        (json!({"type": "app_uninstalled"}), "Revoked { uninstalled: true, bots: [] }"),
        (json!({"type": "message", "user": "U1", "text": "hi"}), "Ignored { kind: \"message\" }"),
    ] {
        match event_json(event(sent.clone()), &acme()).unwrap() {
            Event::Happened(inbound) => assert_eq!(format!("{inbound:?}"), expected, "{sent}"),
            other @ Event::Challenge(_) => panic!("{other:?}"),
        }
    }
    let limited = json!({"type": "app_rate_limited", "minute_rate_limited": 1});
    assert!(matches!(
        event_json(limited, &acme()).unwrap(),
        Event::Happened(Inbound::Ignored { .. })
    ));
    let challenge = br#"{"type":"url_verification","challenge":"c1","token":"x"}"#;
    assert!(matches!(event_body(challenge, &acme()).unwrap(), Event::Challenge(c) if c == "c1"));
}

#[test]
fn an_organisation_hears_where_it_is_allowed() {
    let at = org();
    let granted = json!({
        "type": "event_callback", "enterprise_id": "E0ACME", "event_id": "Ev1",
        "event": {"type": "team_access_granted", "team_ids": ["T1", "T2"]},
    });
    event_json(granted, &at).unwrap();
    assert_eq!(at.teams(), ["T1", "T2"]);
    let opened = json!({
        "type": "event_callback", "enterprise_id": "E0ACME", "team_id": "T3", "event_id": "Ev2",
        "event": {"type": "app_home_opened", "user": "W1", "tab": "home"},
        "authorizations": [{"enterprise_id": "E0ACME", "team_id": null, "is_enterprise_install": true}],
    });
    let Ok(Event::Happened(Inbound::HomeOpened { person })) = event_json(opened, &at) else {
        panic!("no home");
    };
    assert_eq!(person, PersonId::new("E0ACME", "W1"));
}

/// Every place in a payload, as a path of keys.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(all) => all.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => return,
    };
    for (key, child) in children {
        let path = format!("{at}/{key}");
        places(child, &path, into);
        into.push(path);
    }
}

proptest! {
    /// Whatever one part of a payload becomes, reading it ends in an answer or an error that gives
    /// nothing away; and another's workspace never becomes ours.
    #[test]
    fn any_damaged_payload_is_read_or_refused(
        which in 0_usize..2,
        place in any::<prop::sample::Index>(),
        instead in prop::sample::select(vec![
            json!(null), json!("SECRETWORD"), json!(7), json!([]), json!({}), json!(["SECRETWORD"]),
            json!({"id": null}), json!(true),
        ]),
    ) {
        let mut payload = if which == 0 { block_actions() } else { view_submission() };
        let mut all = Vec::new();
        places(&payload, "", &mut all);
        let place: &String = place.get(&all);
        *payload.pointer_mut(place).unwrap() = instead;
        let body = serde_urlencoded::to_string([("payload", payload.to_string())]).unwrap();
        match interaction_form(body.as_bytes(), &acme()) {
            Err(error) => {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("SECRETWORD"), "{}", shown);
            }
            Ok(Inbound::Button(click) | Inbound::Changed(click)) => {
                let told = payload.pointer("/user/team_id");
                prop_assert_eq!(click.by.workspace == "T0ACME", told == Some(&json!("T0ACME")));
            }
            Ok(_) => {}
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = slash_form(&body, &acme());
        let _ = interaction_form(&body, &acme());
        let _ = event_body(&body, &acme());
        let _ = is_ssl_check(&body);
    }
}
