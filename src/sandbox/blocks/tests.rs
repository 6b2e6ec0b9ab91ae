use serde_json::{Value, json};

use super::*;
use crate::sandbox::model::ViewKind;

fn text(length: usize) -> String {
    "ä".repeat(length)
}

fn plain(length: usize) -> Value {
    json!({"type": "plain_text", "text": text(length)})
}

fn button(id: &str) -> Value {
    json!({"type": "button", "action_id": id, "text": {"type": "plain_text", "text": "Approve"}})
}

/// What is wrong with one block of a message.
fn wrong(block: Value) -> String {
    match check_message(&[block]) {
        Ok(()) => String::new(),
        Err(error) => {
            assert_eq!(error.code, "invalid_blocks");
            error.messages.join("; ")
        }
    }
}

/// A name, what it is with so many of something, and how many are allowed.
type Case<'a> = (&'a str, &'a dyn Fn(usize) -> Value, usize);

#[test]
fn every_limit_holds_at_its_last_character_and_breaks_one_later() {
    let section = |n| json!({"type": "section", "text": {"type": "mrkdwn", "text": text(n)}});
    let field = |n| json!({"type": "section", "fields": [{"type": "mrkdwn", "text": text(n)}]});
    let header = |n| json!({"type": "header", "text": plain(n)});
    let caption = |n| {
        json!({"type": "actions", "elements": [
        {"type": "button", "action_id": "a", "text": plain(n)}]})
    };
    let value = |n| {
        json!({"type": "actions", "elements": [
        {"type": "button", "action_id": "a", "text": plain(1), "value": text(n)}]})
    };
    let option = |n: usize| {
        json!({"type": "section", "text": plain(1), "accessory": {
        "type": "static_select", "action_id": "a", "options": [{"text": plain(n), "value": "v"}]}})
    };
    let option_value = |n: usize| {
        json!({"type": "section", "text": plain(1), "accessory": {
        "type": "static_select", "action_id": "a",
        "options": [{"text": plain(1), "value": text(n)}]}})
    };
    let block_id = |n: usize| json!({"type": "divider", "block_id": text(n)});
    let action_id = |n: usize| {
        json!({"type": "actions", "elements": [
        {"type": "button", "action_id": text(n), "text": plain(1)}]})
    };
    let label = |n| {
        json!({"type": "input", "label": plain(n),
        "element": {"type": "plain_text_input", "action_id": "a"}})
    };
    let cases: [Case<'_>; 10] = [
        ("section", &section, 3000),
        ("field", &field, 2000),
        ("header", &header, 150),
        ("caption", &caption, 75),
        ("value", &value, 2000),
        ("option", &option, 75),
        ("option value", &option_value, 150),
        ("block_id", &block_id, 255),
        ("action_id", &action_id, 255),
        ("label", &label, 2000),
    ];
    for (name, block, longest) in cases {
        assert_eq!(wrong(block(longest)), "", "{name} of {longest}");
        let complaint = wrong(block(longest + 1));
        assert!(
            complaint.contains(&format!("must be less than {} characters", longest + 1)),
            "{name}: {complaint}"
        );
    }
}

#[test]
fn every_count_holds_at_its_last_item_and_breaks_one_later() {
    let many = |n: usize, of: &dyn Fn(usize) -> Value| (0..n).map(of).collect::<Vec<_>>();
    let buttons = |n| json!({"type": "actions", "elements": many(n, &|i| button(&i.to_string()))});
    let context = |n| json!({"type": "context", "elements": many(n, &|_| plain(1))});
    let fields = |n| json!({"type": "section", "fields": many(n, &|_| plain(1))});
    let options = |n| {
        json!({"type": "section", "text": plain(1), "accessory": {
        "type": "static_select", "action_id": "a",
        "options": many(n, &|i| json!({"text": plain(1), "value": i.to_string()}))}})
    };
    let boxes = |n| {
        json!({"type": "section", "text": plain(1), "accessory": {
        "type": "checkboxes", "action_id": "a",
        "options": many(n, &|i| json!({"text": plain(1), "value": i.to_string()}))}})
    };
    let overflow = |n| {
        json!({"type": "section", "text": plain(1), "accessory": {
        "type": "overflow", "action_id": "a",
        "options": many(n, &|i| json!({"text": plain(1), "value": i.to_string()}))}})
    };
    let cases: [Case<'_>; 6] = [
        ("buttons", &buttons, 25),
        ("context", &context, 10),
        ("fields", &fields, 10),
        ("options", &options, 100),
        ("checkboxes", &boxes, 10),
        ("overflow", &overflow, 5),
    ];
    for (name, block, most) in cases {
        assert_eq!(wrong(block(most)), "", "{name} of {most}");
        let complaint = wrong(block(most + 1));
        assert!(complaint.contains("items allowed"), "{name}: {complaint}");
        let complaint = wrong(block(0));
        assert!(complaint.contains("items required"), "{name}: {complaint}");
    }
    let dividers = |n| check_message(&many(n, &|_| json!({"type": "divider"})));
    assert!(dividers(50).is_ok());
    assert_eq!(dividers(51).unwrap_err().code, "invalid_blocks");
}

#[test]
fn a_complaint_names_its_place() {
    let complaint = wrong(json!({"type": "actions", "elements": [
        button("a"), {"type": "button", "action_id": "b", "text": plain(76)}]}));
    assert_eq!(
        complaint,
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/elements/1/text/text]"
    );
}

#[test]
fn shapes_that_slack_does_not_know_are_refused() {
    for (block, words) in [
        (json!({"type": "banner"}), "unsupported type: banner"),
        (json!({"type": "alert", "text": plain(1)}), "unsupported type: alert"),
        (json!({"type": "section"}), "missing required field: text"),
        (json!({"type": "section", "text": "words"}), "must provide an object"),
        (json!({"type": "section", "text": {"type": "mrkdwn", "text": ""}}), "more than 0"),
        (
            json!({"type": "section", "text": plain(1), "colour": "red"}),
            "invalid additional property: colour",
        ),
        (json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}), "must be plain_text"),
        (
            json!({"type": "actions", "elements": [button("same"), button("same")]}),
            "already exists",
        ),
        (
            json!({"type": "actions", "elements": [{"type": "plain_text_input", "action_id": "a"}]}),
            "unsupported type: plain_text_input",
        ),
        (
            json!({"type": "actions", "elements": [{"type": "button", "action_id": "a",
                "text": plain(1), "style": "green"}]}),
            "must be one of: primary, danger",
        ),
        (
            json!({"type": "section", "text": plain(1), "accessory": {"type": "static_select",
                "action_id": "a", "options": [{"text": plain(1), "value": "v"}],
                "initial_option": {"text": plain(1), "value": "other"}}}),
            "initial_option must match a provided option",
        ),
    ] {
        let complaint = wrong(block.clone());
        assert!(complaint.contains(words), "{block}: {complaint}");
    }
    let twice =
        [json!({"type": "divider", "block_id": "x"}), json!({"type": "divider", "block_id": "x"})];
    assert!(check_message(&twice).unwrap_err().messages[0].contains("already exists"));
}

#[test]
fn blocks_that_are_together_too_long_have_their_own_code() {
    let section = json!({"type": "section", "text": {"type": "mrkdwn", "text": text(3000)}});
    assert!(check_message(&vec![section.clone(); 4]).is_ok());
    assert_eq!(check_message(&vec![section; 5]).unwrap_err().code, "msg_blocks_too_long");
}

fn modal(change: impl FnOnce(&mut Value)) -> String {
    let mut view = json!({
        "type": "modal",
        "title": {"type": "plain_text", "text": "Register"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [{"type": "input", "block_id": "b", "label": {"type": "plain_text", "text": "Name"},
            "element": {"type": "plain_text_input", "action_id": "a"}}],
    });
    change(&mut view);
    check_view(&view, ViewKind::Modal).join("; ")
}

#[test]
fn views_are_held_to_their_limits() {
    assert_eq!(modal(|_| ()), "");
    assert_eq!(modal(|view| view["title"]["text"] = json!(text(24))), "");
    let long = modal(|view| view["title"]["text"] = json!(text(25)));
    assert!(
        long.contains("must be less than 25 characters [json-pointer:/view/title/text]"),
        "{long}"
    );
    let mute = modal(|view| view["submit"] = Value::Null);
    assert!(mute.contains("submit is required"), "{mute}");
    let heavy = modal(|view| view["private_metadata"] = json!(text(3001)));
    assert!(heavy.contains("/view/private_metadata"), "{heavy}");
    let stray = modal(|view| view["hash"] = json!("x"));
    assert!(stray.contains("invalid additional property: hash"), "{stray}");
    let table = modal(|view| view["blocks"][0] = json!({"type": "table", "rows": []}));
    assert!(table.contains("unsupported type: table"), "{table}");
    let home = check_view(&json!({"type": "modal", "blocks": []}), ViewKind::Home);
    assert!(home[0].contains("must be home"), "{home:?}");
}
