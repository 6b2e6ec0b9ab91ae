//! The checks of blocks.

use serde_json::{Map, Value};

use super::check::{Checker, Surface, TextKind};
use super::element;

/// Checks all blocks of a message or view.
pub(super) fn check_all(checker: &mut Checker, blocks: &[Value], most: usize) {
    if blocks.len() > most {
        checker.wrong(format!("no more than {most} items allowed"));
    }
    let tables = blocks.iter().filter(|block| type_of(block) == "table").count();
    if tables > 1 {
        checker.wrong("only one table is allowed");
    }
    for (at, block) in blocks.iter().enumerate() {
        checker.at(at, |checker| check(checker, block));
    }
}

pub(super) fn type_of(piece: &Value) -> &str {
    piece.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// Kinds of block that stand in some places only.
fn may_stand(kind: &str, surface: Surface) -> bool {
    match kind {
        "alert" => surface == Surface::Modal,
        "card" | "carousel" => surface != Surface::Modal,
        "container" | "table" | "markdown" | "context_actions" | "task_card" | "plan"
        | "data_table" | "data_visualization" | "file" => surface == Surface::Message,
        _ => true,
    }
}

const COMMON: [&str; 2] = ["type", "block_id"];

fn check(checker: &mut Checker, block: &Value) {
    let Some(fields) = checker.object(block) else { return };
    let kind = type_of(block);
    if kind.is_empty() {
        checker.required(fields, "type");
        return;
    }
    if !may_stand(kind, checker.surface) {
        return checker.wrong(format!("unsupported type: {kind}"));
    }
    checker.action_ids.clear();
    checker.maybe_empty(fields, "block_id", 255);
    if let Some(id) = fields.get("block_id").and_then(Value::as_str)
        && !id.is_empty()
        && !checker.block_ids.insert(id.to_owned())
    {
        checker.wrong(format!("`block_id` \"{id}\" already exists"));
    }
    match kind {
        "section" => section(checker, fields),
        "header" => {
            checker.only(fields, &COMMON, &["text", "level"]);
            checker.required_text(fields, "text", TextKind::Plain, 150);
        }
        "divider" => checker.only(fields, &COMMON, &[]),
        "image" => {
            checker.only(
                fields,
                &COMMON,
                &["image_url", "slack_file", "alt_text", "title", "image_width", "image_height"],
            );
            element::check_image(checker, fields);
            checker.text_field(fields, "title", TextKind::Plain, 2000);
        }
        "actions" => {
            checker.only(fields, &COMMON, &["elements"]);
            elements(checker, fields, 25, element::check_in_actions);
        }
        "context_actions" => {
            checker.only(fields, &COMMON, &["elements"]);
            elements(checker, fields, 5, |checker, element| {
                if !matches!(type_of(element), "feedback_buttons" | "icon_button") {
                    checker.wrong(format!("unsupported type: {}", type_of(element)));
                }
            });
        }
        "context" => {
            checker.only(fields, &COMMON, &["elements"]);
            elements(checker, fields, 10, |checker, element| match element.as_object() {
                Some(fields) if type_of(element) == "image" => {
                    checker.only(fields, &["type", "image_url", "slack_file", "alt_text"], &[]);
                    element::check_image(checker, fields);
                }
                _ => checker.text(element, TextKind::Any, 3000),
            });
        }
        "input" => input(checker, fields),
        "rich_text" => {
            checker.only(fields, &COMMON, &["elements"]);
            elements(checker, fields, 1000, |checker, element| {
                if !type_of(element).starts_with("rich_text_") {
                    checker.wrong(format!("unsupported type: {}", type_of(element)));
                }
            });
        }
        "markdown" => {
            checker.only(fields, &COMMON, &["text"]);
            if checker.required(fields, "text").is_some() {
                checker.string(fields, "text", 12_000);
            }
        }
        "table" => {
            checker.only(fields, &COMMON, &["rows", "column_settings"]);
            if let Some(rows) = checker.required(fields, "rows") {
                checker.at("rows", |checker| {
                    checker.list(rows, (1, 100), |checker, row| {
                        checker.list(row, (1, 20), |checker, cell| {
                            checker.object(cell);
                        });
                    });
                });
            }
        }
        "alert" => checker.text_field(fields, "text", TextKind::Any, 200),
        "card" => card(checker, fields),
        "carousel" => {
            if let Some(cards) = checker.required(fields, "elements") {
                checker.at("elements", |checker| {
                    checker.list(cards, (1, 10), |checker, card_value| {
                        if let Some(fields) = checker.object(card_value) {
                            card(checker, fields);
                        }
                    });
                });
            }
        }
        "container" => {
            checker.text_field(fields, "title", TextKind::Any, 150);
            if let Some(children) = fields.get("child_blocks") {
                checker.at("child_blocks", |checker| {
                    checker.list(children, (1, 10), check);
                });
            }
        }
        "file" | "video" | "task_card" | "plan" | "data_table" | "data_visualization" => {}
        unknown => checker.wrong(format!("unsupported type: {unknown}")),
    }
}

fn elements(
    checker: &mut Checker,
    fields: &Map<String, Value>,
    most: usize,
    look: impl FnMut(&mut Checker, &Value),
) {
    if let Some(elements) = checker.required(fields, "elements") {
        checker.at("elements", |checker| checker.list(elements, (1, most), look));
    }
}

fn section(checker: &mut Checker, fields: &Map<String, Value>) {
    checker.only(fields, &COMMON, &["text", "fields", "accessory", "expand"]);
    checker.boolean(fields, "expand");
    checker.text_field(fields, "text", TextKind::Any, 3000);
    if let Some(list) = fields.get("fields") {
        checker.at("fields", |checker| {
            checker.list(list, (1, 10), |checker, field| checker.text(field, TextKind::Any, 2000));
        });
    } else if fields.get("text").is_none_or(Value::is_null) {
        checker.required(fields, "text");
    }
    if let Some(accessory) = fields.get("accessory") {
        checker.at("accessory", |checker| element::check_in_section(checker, accessory));
    }
}

fn input(checker: &mut Checker, fields: &Map<String, Value>) {
    checker.only(fields, &COMMON, &["label", "element", "dispatch_action", "hint", "optional"]);
    checker.required_text(fields, "label", TextKind::Plain, 2000);
    checker.text_field(fields, "hint", TextKind::Plain, 2000);
    checker.boolean(fields, "optional");
    checker.boolean(fields, "dispatch_action");
    if let Some(element) = checker.required(fields, "element") {
        checker.at("element", |checker| element::check_in_input(checker, element));
    }
}

fn card(checker: &mut Checker, fields: &Map<String, Value>) {
    checker.text_field(fields, "title", TextKind::Any, 150);
    checker.text_field(fields, "subtitle", TextKind::Any, 150);
    checker.text_field(fields, "body", TextKind::Any, 200);
    if let Some(actions) = fields.get("actions") {
        checker.at("actions", |checker| {
            checker.list(actions, (1, 3), element::check_in_actions);
        });
    }
}
