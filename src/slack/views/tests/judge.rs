//! What holds for every view, whatever anybody typed: Slack's limits, and no markup but ours.

use std::collections::BTreeSet;

use serde_json::Value;

use super::sample::{CHANNELS, PEOPLE};

/// What is wrong with a view; empty if nothing is.
pub fn faults(view: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let message = view.get("type").is_none();
    let blocks = view["blocks"].as_array().unwrap();
    if blocks.is_empty() || blocks.len() > if message { 50 } else { 100 } {
        faults.push(format!("{} blocks", blocks.len()));
    }
    let size = view["blocks"].to_string().chars().count();
    if size > if message { 12_000 } else { 200_000 } {
        faults.push(format!("blocks of {size} characters"));
    }
    if message {
        let text = view["text"].as_str().unwrap();
        if text.trim().is_empty() || text.chars().count() > 4_000 {
            faults.push(format!("a fallback of {} characters", text.chars().count()));
        }
        mrkdwn(text, &mut faults);
    }
    let mut block_ids = BTreeSet::new();
    for block in blocks {
        if let Some(id) = block.get("block_id").and_then(Value::as_str)
            && (!block_ids.insert(id) || id.chars().count() > 255)
        {
            faults.push(format!("block_id {id} is long or there twice"));
        }
        let mut action_ids = BTreeSet::new();
        walk(block, "", &mut faults, &mut action_ids);
    }
    for key in ["title", "submit", "close"] {
        if let Some(text) = view.get(key) {
            length(text["text"].as_str().unwrap(), 24, key, &mut faults);
        }
    }
    if let Some(metadata) = view.get("private_metadata").and_then(Value::as_str) {
        length(metadata, 3_000, "private_metadata", &mut faults);
    }
    faults
}

fn length(text: &str, longest: usize, what: &str, faults: &mut Vec<String>) {
    let length = text.chars().count();
    if length == 0 || length > longest {
        faults.push(format!("{what} has {length} characters, of 1 to {longest}"));
    }
}

fn walk(value: &Value, key: &str, faults: &mut Vec<String>, action_ids: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => {
            let most = match key {
                "options" | "option_groups" => 100,
                "elements" => 400,
                _ => 10,
            };
            if items.len() > most || items.is_empty() {
                faults.push(format!("{key} has {} items", items.len()));
            }
            for item in items {
                walk(item, key, faults, action_ids);
            }
        }
        Value::Object(fields) => {
            kind(value, key, faults, action_ids);
            for (name, nested) in fields {
                walk(nested, name, faults, action_ids);
            }
        }
        // What is being typed is given back as it was typed.
        Value::String(text) if key != "initial_value" => {
            if text.chars().any(|c| (c.is_control() && c != '\n') || deceptive(c)) {
                faults.push(format!("{key} holds a control or direction character: {text:?}"));
            }
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn kind(value: &Value, key: &str, faults: &mut Vec<String>, action_ids: &mut BTreeSet<String>) {
    if let Some(id) = value.get("action_id").and_then(Value::as_str) {
        if !action_ids.insert(id.to_owned()) {
            faults.push(format!("action_id {id} is there twice in a block"));
        }
        length(id, 255, "action_id", faults);
    }
    let string = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    match string("type") {
        "mrkdwn" => {
            length(string("text"), 3_000, "mrkdwn", faults);
            if value["verbatim"] != true {
                faults.push(format!("not verbatim: {}", string("text")));
            }
            mrkdwn(string("text"), faults);
        }
        "plain_text" => {
            let longest = match key {
                "label" => 2_000,
                "text" | "description" => 300,
                "hint" => 2_000,
                _ => 150,
            };
            length(string("text"), longest, key, faults);
            if value["emoji"] != false {
                faults.push(format!("emoji codes are read in {}", string("text")));
            }
        }
        "button" => {
            length(value["text"]["text"].as_str().unwrap(), 75, "button", faults);
            length(string("value"), 2_000, "value", faults);
            if value.get("url").is_some() {
                faults.push("a button with a link".to_owned());
            }
            let known = crate::slack::actions::Button::read(string("action_id"), string("value"));
            if known.is_none() {
                faults.push(format!("a button that we cannot read: {value}"));
            }
        }
        "user" if !PEOPLE.contains(&string("user_id")) => {
            faults.push(format!("somebody else is mentioned: {value}"));
        }
        "channel" if !CHANNELS.contains(&string("channel_id")) => {
            faults.push(format!("another channel is mentioned: {value}"));
        }
        "text" => length(string("text"), 2_500, "text", faults),
        "link" | "broadcast" | "usergroup" | "emoji" | "color" | "image" => {
            faults.push(format!("{} on a page of ours", string("type")));
        }
        "plain_text_input" if string("initial_value").chars().count() > 3_000 => {
            faults.push("a draft of more than 3,000 characters".to_owned());
        }
        _ => {}
    }
}

/// In mrkdwn nothing stands in angle brackets but mentions of those whom we mean, and times.
fn mrkdwn(text: &str, faults: &mut Vec<String>) {
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let tail = &rest[start + 1..];
        let Some(end) = tail.find('>') else {
            faults.push(format!("an open bracket in {text}"));
            return;
        };
        let inside = &tail[..end];
        let ours = if let Some(user) = inside.strip_prefix('@') {
            PEOPLE.contains(&user)
        } else if let Some(channel) = inside.strip_prefix('#') {
            CHANNELS.contains(&channel)
        } else if let Some(date) = inside.strip_prefix("!date^") {
            date.split('^').next().is_some_and(|n| n.parse::<i64>().is_ok())
                && date.matches('|').count() == 1
                && !date.contains("http")
        } else {
            false
        };
        if !ours {
            faults.push(format!("<{inside}> in {text}"));
        }
        rest = &tail[end + 1..];
    }
    if rest.contains('>') {
        faults.push(format!("a closing bracket alone in {text}"));
    }
}

/// The characters that turn the reading direction round or hide others.
fn deceptive(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
        | '\u{FEFF}' | '\u{00AD}' | '\u{E0000}'..='\u{E007F}')
}

/// How many buttons and inputs a view has, by their ids.
pub fn controls(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| controls(item, found)),
        Value::Object(fields) => {
            if let Some(id) = fields.get("action_id").and_then(Value::as_str) {
                found.push(id.to_owned());
            }
            fields.values().for_each(|nested| controls(nested, found));
        }
        _ => {}
    }
}
