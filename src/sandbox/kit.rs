//! What Slack does with the pieces of Block Kit: gives them ids, keeps what people fill in, and
//! says what was pressed.

use serde_json::{Map, Value, json};

/// A thing in a message or view that people can press, choose in or fill in.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    /// The block it is in.
    pub block_id: String,
    /// Its own name.
    pub action_id: String,
    /// `button`, `static_select`, …
    pub kind: String,
    /// The element as it was sent.
    pub body: Value,
    /// Set when it stands in an `input` block.
    pub input: Option<Input>,
}

/// What an `input` block says of its element.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// May be left empty.
    pub optional: bool,
    /// Sends `block_actions` when changed.
    pub dispatch: bool,
}

/// Everything that can be pressed, chosen in or filled in, from top to bottom.
pub(crate) fn elements(blocks: &[Value]) -> Vec<Element> {
    let mut found = Vec::new();
    for block in blocks {
        collect(block, "", None, &mut found);
    }
    found
}

fn collect(piece: &Value, block_id: &str, input: Option<&Input>, found: &mut Vec<Element>) {
    match piece {
        Value::Array(pieces) => {
            for piece in pieces {
                collect(piece, block_id, input, found);
            }
        }
        Value::Object(fields) => {
            let block_id = str_of(piece, "block_id").unwrap_or(block_id);
            if let (Some(action_id), Some(kind)) =
                (str_of(piece, "action_id"), str_of(piece, "type"))
            {
                found.push(Element {
                    block_id: block_id.to_owned(),
                    action_id: action_id.to_owned(),
                    kind: kind.to_owned(),
                    body: piece.clone(),
                    input: input.cloned(),
                });
            }
            let own = (str_of(piece, "type") == Some("input")).then(|| Input {
                optional: flag(piece, "optional"),
                dispatch: flag(piece, "dispatch_action"),
            });
            for key in PLACES {
                if let Some(nested) = fields.get(key) {
                    collect(nested, block_id, own.as_ref().or(input), found);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Where elements, or blocks with elements, are found in a block.
const PLACES: [&str; 6] = ["elements", "accessory", "element", "blocks", "actions", "child_blocks"];

/// Gives every block without a `block_id` and every element without an `action_id` one of
/// Slack's own.
pub(crate) fn assign_ids(blocks: &mut [Value], next_id: &mut dyn FnMut() -> String) {
    for block in blocks {
        if let Value::Object(fields) = block {
            if str_in(fields, "block_id").is_none_or(str::is_empty) {
                fields.insert("block_id".to_owned(), json!(next_id()));
            }
            for key in PLACES {
                if let Some(nested) = fields.get_mut(key) {
                    assign_action_ids(nested, next_id);
                }
            }
        }
    }
}

fn assign_action_ids(piece: &mut Value, next_id: &mut dyn FnMut() -> String) {
    match piece {
        Value::Array(pieces) => {
            for piece in pieces {
                assign_action_ids(piece, next_id);
            }
        }
        Value::Object(fields) => {
            let interactive = str_in(fields, "type").is_some_and(is_interactive);
            if interactive && str_in(fields, "action_id").is_none_or(str::is_empty) {
                fields.insert("action_id".to_owned(), json!(next_id()));
            }
            for key in PLACES {
                if let Some(nested) = fields.get_mut(key) {
                    assign_action_ids(nested, next_id);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_interactive(kind: &str) -> bool {
    state_key(kind).is_some()
        || matches!(
            kind,
            "button" | "overflow" | "workflow_button" | "icon_button" | "feedback_buttons"
        )
}

/// The field under which an element of this kind keeps what was chosen; `None` for those that
/// keep nothing.
pub(crate) fn state_key(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "plain_text_input" | "number_input" | "email_text_input" | "url_text_input" => "value",
        "rich_text_input" => "rich_text_value",
        "static_select" | "external_select" | "radio_buttons" => "selected_option",
        "checkboxes" | "multi_static_select" | "multi_external_select" => "selected_options",
        "users_select" => "selected_user",
        "multi_users_select" => "selected_users",
        "conversations_select" => "selected_conversation",
        "multi_conversations_select" => "selected_conversations",
        "channels_select" => "selected_channel",
        "multi_channels_select" => "selected_channels",
        "datepicker" => "selected_date",
        "timepicker" => "selected_time",
        "datetimepicker" => "selected_date_time",
        _ => return None,
    })
}

fn initial_key(kind: &str) -> &'static str {
    match kind {
        "static_select" | "external_select" | "radio_buttons" => "initial_option",
        "checkboxes" | "multi_static_select" | "multi_external_select" => "initial_options",
        "users_select" => "initial_user",
        "multi_users_select" => "initial_users",
        "conversations_select" => "initial_conversation",
        "multi_conversations_select" => "initial_conversations",
        "channels_select" => "initial_channel",
        "multi_channels_select" => "initial_channels",
        "datepicker" => "initial_date",
        "timepicker" => "initial_time",
        "datetimepicker" => "initial_date_time",
        _ => "initial_value",
    }
}

fn is_list(kind: &str) -> bool {
    kind == "checkboxes" || kind.starts_with("multi_")
}

/// What is filled in before anybody touched anything.
pub(crate) fn initial_state(blocks: &[Value]) -> Map<String, Value> {
    let mut state = Map::new();
    for element in elements(blocks) {
        let Some(key) = state_key(&element.kind) else { continue };
        let empty = if is_list(&element.kind) { json!([]) } else { Value::Null };
        let initial = element.body.get(initial_key(&element.kind)).cloned().unwrap_or(empty);
        put(&mut state, &element, json!({"type": element.kind, key: initial}));
    }
    state
}

/// Records what a person chose.
pub(crate) fn put(state: &mut Map<String, Value>, element: &Element, entry: Value) {
    let block = state.entry(element.block_id.clone()).or_insert_with(|| json!({}));
    if let Value::Object(actions) = block {
        actions.insert(element.action_id.clone(), entry);
    }
}

/// Turns what a person chose into what Slack keeps and sends: `{"type": …, "selected_option": …}`.
///
/// `choice` is the value of an option (or a list of them), an id, a date, or typed text; null or
/// an empty text empties the field. An option that is not there is refused with a sentence.
pub(crate) fn choose(element: &Element, choice: &Value) -> Result<Value, String> {
    let kind = element.kind.as_str();
    if kind == "overflow" {
        return Ok(json!({"type": kind, "selected_option": option(element, choice)?}));
    }
    let Some(key) = state_key(kind) else { return Ok(json!({"type": kind})) };
    let empty = choice.is_null() || choice.as_str().is_some_and(str::is_empty);
    let chosen = match kind {
        "static_select" | "external_select" | "radio_buttons" if empty => Value::Null,
        "static_select" | "external_select" | "radio_buttons" => option(element, choice)?,
        "checkboxes" | "multi_static_select" | "multi_external_select" => Value::Array(
            list(choice)
                .iter()
                .map(|choice| option(element, choice))
                .collect::<Result<Vec<_>, _>>()?,
        ),
        _ if is_list(kind) => Value::Array(list(choice)),
        _ if empty => Value::Null,
        "datetimepicker" => json!(choice.as_i64().or(choice.as_str().and_then(|n| n.parse().ok()))),
        _ => choice.clone(),
    };
    Ok(json!({"type": kind, key: chosen}))
}

fn list(choice: &Value) -> Vec<Value> {
    match choice {
        Value::Array(choices) => choices.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn option(element: &Element, choice: &Value) -> Result<Value, String> {
    if element.kind.contains("external_select") && choice.is_object() {
        return Ok(choice.clone());
    }
    let known = options(&element.body);
    known
        .iter()
        .find(|option| option.get("value").is_some_and(|value| value == choice))
        .map(|option| (*option).clone())
        .ok_or_else(|| {
            let values: Vec<_> =
                known.iter().filter_map(|option| option.get("value")?.as_str()).collect();
            format!("`{}` has no option {choice}; it has: {}", element.action_id, values.join(", "))
        })
}

/// The options of a menu, those in groups included.
pub(crate) fn options(element: &Value) -> Vec<&Value> {
    let plain = element.get("options").and_then(Value::as_array).into_iter().flatten();
    let grouped = element
        .get("option_groups")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|group| group.get("options")?.as_array())
        .flatten();
    plain.chain(grouped).collect()
}

/// What was pressed or chosen, as `block_actions` carries it.
pub(crate) fn action(element: &Element, choice: &Value, ts: &str) -> Result<Value, String> {
    let mut action = match choose(element, choice)? {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for (key, value) in [
        ("action_id", json!(element.action_id)),
        ("block_id", json!(element.block_id)),
        ("action_ts", json!(ts)),
    ] {
        action.insert(key.to_owned(), value);
    }
    let carried: &[&str] = if element.kind == "button" {
        &["text", "value", "style", "url", "confirm"]
    } else {
        &["placeholder", "confirm"]
    };
    for key in carried {
        if let Some(value) = element.body.get(*key) {
            action.insert((*key).to_owned(), value.clone());
        }
    }
    Ok(Value::Object(action))
}

/// What Slack itself says of a form before it sends it to the app: by block id.
pub(crate) fn incomplete(
    blocks: &[Value],
    state: &Map<String, Value>,
) -> std::collections::BTreeMap<String, String> {
    let mut wrong = std::collections::BTreeMap::new();
    for element in elements(blocks) {
        let (Some(input), Some(key)) = (&element.input, state_key(&element.kind)) else { continue };
        let chosen = state
            .get(&element.block_id)
            .and_then(|block| block.get(&element.action_id)?.get(key))
            .unwrap_or(&Value::Null);
        if let Some(complaint) = complaint(&element, chosen, input.optional) {
            wrong.insert(element.block_id.clone(), complaint);
        }
    }
    wrong
}

fn complaint(element: &Element, chosen: &Value, optional: bool) -> Option<String> {
    let empty = match chosen {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(choices) => choices.is_empty(),
        _ => false,
    };
    if empty {
        return (!optional).then(|| "Please complete this required field.".to_owned());
    }
    let typed = chosen.as_str()?;
    let length = typed.chars().count() as u64;
    match element.kind.as_str() {
        "plain_text_input" => {
            let shortest = number(&element.body, "min_length").unwrap_or(0);
            let longest = number(&element.body, "max_length").unwrap_or(3000);
            if length < shortest {
                Some(format!("Please enter at least {shortest} characters."))
            } else if length > longest {
                Some(format!("Please enter no more than {longest} characters."))
            } else {
                None
            }
        }
        "number_input" => match typed.parse::<f64>() {
            Err(_) => Some("Please enter a number.".to_owned()),
            Ok(typed) => {
                let bound = |key| str_of(&element.body, key).and_then(|n| n.parse::<f64>().ok());
                let whole = !flag(&element.body, "is_decimal_allowed");
                if whole && typed.fract() != 0.0 {
                    Some("Please enter a whole number.".to_owned())
                } else if bound("min_value").is_some_and(|least| typed < least) {
                    Some("That number is too small.".to_owned())
                } else if bound("max_value").is_some_and(|most| typed > most) {
                    Some("That number is too large.".to_owned())
                } else {
                    None
                }
            }
        },
        "email_text_input" if !typed.contains('@') => {
            Some("Please enter a valid email address.".to_owned())
        }
        "url_text_input" if !typed.contains("://") => Some("Please enter a valid URL.".to_owned()),
        _ => None,
    }
}

pub(crate) fn str_of<'a>(piece: &'a Value, key: &str) -> Option<&'a str> {
    piece.get(key)?.as_str()
}

fn str_in<'a>(fields: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    fields.get(key)?.as_str()
}

fn flag(piece: &Value, key: &str) -> bool {
    piece.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn number(piece: &Value, key: &str) -> Option<u64> {
    piece.get(key)?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Vec<Value> {
        vec![
            json!({"type": "input", "block_id": "name", "label": {"type": "plain_text", "text": "Name"},
                "element": {"type": "plain_text_input", "action_id": "text", "max_length": 5}}),
            json!({"type": "input", "block_id": "why", "optional": true,
                "label": {"type": "plain_text", "text": "Why"},
                "element": {"type": "plain_text_input", "action_id": "text"}}),
            json!({"type": "section", "block_id": "menu", "text": {"type": "mrkdwn", "text": "x"},
                "accessory": {"type": "static_select", "action_id": "tier", "options": [
                    {"text": {"type": "plain_text", "text": "One"}, "value": "1"}]}}),
        ]
    }

    #[test]
    fn every_input_has_a_place_in_the_state_before_anybody_typed() {
        let state = initial_state(&form());
        assert_eq!(
            Value::Object(state),
            json!({
                "name": {"text": {"type": "plain_text_input", "value": null}},
                "why": {"text": {"type": "plain_text_input", "value": null}},
                "menu": {"tier": {"type": "static_select", "selected_option": null}},
            })
        );
    }

    #[test]
    fn required_fields_are_asked_for_and_lengths_are_kept() {
        let blocks = form();
        let mut state = initial_state(&blocks);
        assert_eq!(incomplete(&blocks, &state).into_keys().collect::<Vec<_>>(), ["name"]);
        let name = &elements(&blocks)[0];
        put(&mut state, name, choose(name, &json!("abcdef")).unwrap());
        assert!(incomplete(&blocks, &state)["name"].contains("no more than 5"));
        put(&mut state, name, choose(name, &json!("abcde")).unwrap());
        assert!(incomplete(&blocks, &state).is_empty());
    }

    #[test]
    fn an_option_that_is_not_there_cannot_be_chosen() {
        let blocks = form();
        let menu = &elements(&blocks)[2];
        assert!(choose(menu, &json!("2")).unwrap_err().contains("it has: 1"));
        let action = action(menu, &json!("1"), "1.0").unwrap();
        assert_eq!(action["selected_option"]["text"]["text"], "One");
        assert_eq!(action["block_id"], "menu");
    }

    #[test]
    fn blocks_and_elements_without_ids_get_them_and_others_keep_theirs() {
        let mut blocks = vec![
            json!({"type": "actions", "elements": [{"type": "button"}, {"type": "button", "action_id": "b"}]}),
            json!({"type": "context", "block_id": "kept", "elements": [{"type": "mrkdwn", "text": "x"}]}),
        ];
        let mut count = 0;
        assign_ids(&mut blocks, &mut || {
            count += 1;
            format!("id{count}")
        });
        assert_eq!(blocks[0]["block_id"], "id1");
        assert_eq!(blocks[0]["elements"][0]["action_id"], "id2");
        assert_eq!(blocks[0]["elements"][1]["action_id"], "b");
        assert_eq!(blocks[1]["block_id"], "kept");
        assert!(blocks[1]["elements"][0].get("action_id").is_none());
    }
}
