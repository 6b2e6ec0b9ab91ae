//! The checks of elements: buttons, menus, inputs.

use serde_json::{Map, Value};

use super::block::type_of;
use super::check::{Checker, TextKind};

/// An element of an `actions` block.
pub(super) fn check_in_actions(checker: &mut Checker, element: &Value) {
    let kind = type_of(element);
    let fits = matches!(
        kind,
        "button"
            | "workflow_button"
            | "overflow"
            | "checkboxes"
            | "radio_buttons"
            | "datepicker"
            | "timepicker"
            | "datetimepicker"
            | "rich_text_input"
    ) || is_select(kind);
    check(checker, element, fits);
}

/// The accessory of a `section` block.
pub(super) fn check_in_section(checker: &mut Checker, element: &Value) {
    if let (Some(fields), "image") = (element.as_object(), type_of(element)) {
        checker.only(fields, &["type", "image_url", "slack_file", "alt_text"], &[]);
        return check_image(checker, fields);
    }
    let kind = type_of(element);
    let fits = matches!(
        kind,
        "button"
            | "workflow_button"
            | "overflow"
            | "checkboxes"
            | "radio_buttons"
            | "datepicker"
            | "timepicker"
    ) || is_select(kind);
    check(checker, element, fits);
}

/// The element of an `input` block.
pub(super) fn check_in_input(checker: &mut Checker, element: &Value) {
    let kind = type_of(element);
    let fits = matches!(
        kind,
        "plain_text_input"
            | "rich_text_input"
            | "number_input"
            | "email_text_input"
            | "url_text_input"
            | "file_input"
            | "checkboxes"
            | "radio_buttons"
            | "datepicker"
            | "timepicker"
            | "datetimepicker"
    ) || is_select(kind);
    check(checker, element, fits);
}

fn is_select(kind: &str) -> bool {
    matches!(
        kind.strip_prefix("multi_").unwrap_or(kind),
        "static_select"
            | "external_select"
            | "users_select"
            | "conversations_select"
            | "channels_select"
    )
}

fn check(checker: &mut Checker, element: &Value, fits: bool) {
    let Some(fields) = checker.object(element) else { return };
    let kind = type_of(element);
    if !fits {
        return checker.wrong(format!("unsupported type: {kind}"));
    }
    identity(checker, fields);
    match kind {
        "button" => button(checker, fields),
        "overflow" => {
            checker.only(fields, &COMMON, &["options"]);
            options(checker, fields, (1, 5), TextKind::Plain);
        }
        "checkboxes" | "radio_buttons" => {
            let initial = if kind == "checkboxes" { "initial_options" } else { "initial_option" };
            checker.only(fields, &COMMON, &["options", initial, "focus_on_load"]);
            options(checker, fields, (1, 10), TextKind::Any);
            initial_options(checker, fields);
        }
        "datepicker" | "timepicker" => {
            let (initial, pattern) = if kind == "datepicker" {
                ("initial_date", "9999-99-99")
            } else {
                ("initial_time", "99:99")
            };
            checker.only(fields, &COMMON, &[initial, "placeholder", "focus_on_load", "timezone"]);
            checker.text_field(fields, "placeholder", TextKind::Plain, 150);
            if let Some(value) = fields.get(initial)
                && !value.as_str().is_some_and(|text| looks_like(text, pattern))
            {
                checker.at(initial, |checker| checker.wrong("must match the format of the picker"));
            }
        }
        "datetimepicker" => {
            checker.only(fields, &COMMON, &["initial_date_time", "focus_on_load"]);
            if let Some(value) = fields.get("initial_date_time")
                && value.as_i64().is_none_or(|time| time.to_string().len() != 10)
            {
                checker.at("initial_date_time", |checker| {
                    checker.wrong("must be seconds since 1970, ten digits");
                });
            }
        }
        "plain_text_input" | "number_input" | "email_text_input" | "url_text_input" => {
            typed(checker, fields, kind);
        }
        select if is_select(select) => menu(checker, fields, select),
        // What the bot cannot be expected to send is taken as it is.
        _ => {}
    }
}

const COMMON: [&str; 3] = ["type", "action_id", "confirm"];

fn identity(checker: &mut Checker, fields: &Map<String, Value>) {
    checker.maybe_empty(fields, "action_id", 255);
    if let Some(id) = fields.get("action_id").and_then(Value::as_str)
        && !id.is_empty()
        && !checker.action_ids.insert(id.to_owned())
    {
        checker.wrong(format!("`action_id` \"{id}\" already exists"));
    }
    if fields.get("focus_on_load").and_then(Value::as_bool).unwrap_or(false) {
        checker.focused += 1;
        if checker.focused > 1 {
            checker.wrong("only one element can have focus_on_load");
        }
    }
    checker.boolean(fields, "focus_on_load");
    if let Some(confirm) = fields.get("confirm") {
        checker.at("confirm", |checker| confirmation(checker, confirm));
    }
}

fn confirmation(checker: &mut Checker, confirm: &Value) {
    let Some(fields) = checker.object(confirm) else { return };
    checker.only(fields, &["title", "text", "confirm", "deny", "style"], &[]);
    checker.required_text(fields, "title", TextKind::Plain, 100);
    checker.required_text(fields, "text", TextKind::Any, 300);
    checker.required_text(fields, "confirm", TextKind::Plain, 30);
    checker.required_text(fields, "deny", TextKind::Plain, 30);
    checker.one_of(fields, "style", &["primary", "danger"]);
}

fn button(checker: &mut Checker, fields: &Map<String, Value>) {
    checker.only(fields, &COMMON, &["text", "url", "value", "style", "accessibility_label"]);
    checker.required_text(fields, "text", TextKind::Plain, 75);
    checker.string(fields, "url", 3000);
    checker.maybe_empty(fields, "value", 2000);
    checker.maybe_empty(fields, "accessibility_label", 75);
    checker.one_of(fields, "style", &["primary", "danger"]);
}

fn options(
    checker: &mut Checker,
    fields: &Map<String, Value>,
    bounds: (usize, usize),
    kind: TextKind,
) {
    if let Some(list) = checker.required(fields, "options") {
        checker.at("options", |checker| {
            checker.list(list, bounds, |checker, each| option(checker, each, kind));
        });
    }
}

fn option(checker: &mut Checker, value: &Value, kind: TextKind) {
    let Some(fields) = checker.object(value) else { return };
    checker.only(fields, &["text", "value", "description", "url"], &[]);
    checker.required_text(fields, "text", kind, 75);
    if checker.required(fields, "value").is_some() {
        checker.string(fields, "value", 150);
    }
    checker.text_field(fields, "description", kind, 75);
    checker.string(fields, "url", 3000);
}

/// What is chosen at first must be among what can be chosen.
fn initial_options(checker: &mut Checker, fields: &Map<String, Value>) {
    let element = Value::Object(fields.clone());
    let known = crate::sandbox::kit::options(&element);
    if let Some(initial) = fields.get("initial_option")
        && !known.contains(&initial)
    {
        checker.at("initial_option", |checker| {
            checker.wrong("initial_option must match a provided option");
        });
    }
    if let Some(initial) = fields.get("initial_options") {
        checker.at("initial_options", |checker| {
            checker.list(initial, (1, 100), |checker, each| {
                if !known.contains(&each) {
                    checker.wrong("initial_options must match provided options");
                }
            });
        });
    }
}

fn menu(checker: &mut Checker, fields: &Map<String, Value>, kind: &str) {
    let many = kind.starts_with("multi_");
    let own: &[&str] = match kind.strip_prefix("multi_").unwrap_or(kind) {
        "static_select" => &["options", "option_groups", "initial_option", "initial_options"],
        "external_select" => &["min_query_length", "initial_option", "initial_options"],
        "users_select" => &["initial_user", "initial_users"],
        "channels_select" => &["initial_channel", "initial_channels", "response_url_enabled"],
        _ => &[
            "initial_conversation",
            "initial_conversations",
            "default_to_current_conversation",
            "response_url_enabled",
            "filter",
        ],
    };
    let common = ["type", "action_id", "confirm", "placeholder", "focus_on_load"];
    let common_many =
        ["type", "action_id", "confirm", "placeholder", "focus_on_load", "max_selected_items"];
    checker.only(fields, if many { &common_many } else { &common }, own);
    checker.text_field(fields, "placeholder", TextKind::Plain, 150);
    if fields.get("max_selected_items").is_some_and(|most| most.as_u64().is_none_or(|n| n == 0)) {
        checker.at("max_selected_items", |checker| checker.wrong("must be 1 or more"));
    }
    if !kind.ends_with("static_select") {
        return;
    }
    match (fields.get("options"), fields.get("option_groups")) {
        (Some(_), Some(_)) => checker.wrong("only one of options and option_groups is allowed"),
        (None, Some(groups)) => checker.at("option_groups", |checker| {
            checker.list(groups, (1, 100), |checker, group| {
                let Some(fields) = checker.object(group) else { return };
                checker.required_text(fields, "label", TextKind::Plain, 75);
                options(checker, fields, (1, 100), TextKind::Plain);
            });
        }),
        _ => options(checker, fields, (1, 100), TextKind::Plain),
    }
    initial_options(checker, fields);
}

fn typed(checker: &mut Checker, fields: &Map<String, Value>, kind: &str) {
    let own: &[&str] = match kind {
        "plain_text_input" => &["multiline", "min_length", "max_length"],
        "number_input" => &["is_decimal_allowed", "min_value", "max_value"],
        _ => &[],
    };
    let common = [
        "type",
        "action_id",
        "initial_value",
        "placeholder",
        "focus_on_load",
        "dispatch_action_config",
    ];
    checker.only(fields, &common, own);
    checker.text_field(fields, "placeholder", TextKind::Plain, 150);
    checker.maybe_empty(fields, "initial_value", 3000);
    checker.boolean(fields, "multiline");
    if kind == "number_input" && checker.required(fields, "is_decimal_allowed").is_some() {
        checker.boolean(fields, "is_decimal_allowed");
    }
    let bound = |name: &str| fields.get(name).map(|n| n.as_u64().unwrap_or(u64::MAX));
    let (shortest, longest) = (bound("min_length"), bound("max_length"));
    if shortest.is_some_and(|n| n > 3000) {
        checker.at("min_length", |checker| checker.wrong("must be between 0 and 3000"));
    }
    if longest.is_some_and(|n| !(1..=3000).contains(&n)) {
        checker.at("max_length", |checker| checker.wrong("must be between 1 and 3000"));
    }
    if let (Some(shortest), Some(longest)) = (shortest, longest)
        && shortest > longest
    {
        checker.wrong("min_length must not be greater than max_length");
    }
}

/// An image block or element.
pub(super) fn check_image(checker: &mut Checker, fields: &Map<String, Value>) {
    if !fields.contains_key("slack_file") && checker.required(fields, "image_url").is_some() {
        checker.string(fields, "image_url", 3000);
    }
    if checker.required(fields, "alt_text").is_some() {
        checker.string(fields, "alt_text", 2000);
    }
}

/// Whether every 9 of the pattern is a digit and the rest is the same.
fn looks_like(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.chars().zip(pattern.chars()).all(
            |(c, p)| {
                if p == '9' { c.is_ascii_digit() } else { c == p }
            },
        )
}
