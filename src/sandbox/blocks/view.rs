//! The checks of views.

use serde_json::Value;

use super::block::{self, type_of};
use super::check::{Checker, Surface, TextKind};
use crate::sandbox::model::ViewKind;

/// What is wrong with a view of this kind, in Slack's words.
pub(crate) fn check_view(view: &Value, kind: ViewKind) -> Vec<String> {
    let (surface, name) = match kind {
        ViewKind::Modal => (Surface::Modal, "modal"),
        ViewKind::Home => (Surface::Home, "home"),
    };
    let mut checker = Checker::new(surface);
    checker.at("view", |checker| check(checker, view, name));
    checker.found().into_iter().map(|wrong| format!("[ERROR] {wrong}")).collect()
}

fn check(checker: &mut Checker, view: &Value, name: &str) {
    let Some(fields) = checker.object(view) else { return };
    let common = ["type", "blocks", "private_metadata", "callback_id", "external_id"];
    let modal =
        ["title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"];
    // Fields that only modals show are taken and forgotten for the home tab.
    checker.only(fields, &common, &modal);
    if checker.required(fields, "type").is_some() && type_of(view) != name {
        checker.at("type", |checker| checker.wrong(format!("must be {name}")));
    }
    checker.maybe_empty(fields, "private_metadata", 3000);
    checker.maybe_empty(fields, "callback_id", 255);
    checker.maybe_empty(fields, "external_id", 255);
    if name == "modal" {
        checker.required_text(fields, "title", TextKind::Plain, 24);
        checker.text_field(fields, "submit", TextKind::Plain, 24);
        checker.text_field(fields, "close", TextKind::Plain, 24);
        for flag in ["clear_on_close", "notify_on_close", "submit_disabled"] {
            checker.boolean(fields, flag);
        }
    }
    let Some(blocks) = checker.required(fields, "blocks") else { return };
    let Some(list) = blocks.as_array() else {
        return checker.at("blocks", |checker| checker.wrong("must provide an array"));
    };
    checker.at("blocks", |checker| block::check_all(checker, list, 100));
    let asks = list.iter().any(|block| type_of(block) == "input");
    if name == "modal" && asks && fields.get("submit").is_none_or(Value::is_null) {
        checker.wrong("submit is required when an input is in the blocks array");
    }
}
