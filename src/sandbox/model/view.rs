//! A modal or an App Home as one person has it before them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Model;
use super::message::{collect_action_ids, collect_words};
use super::people::set;
use crate::sandbox::kit;

/// Where a view is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    /// A form over everything else.
    Modal,
    /// The app's own tab.
    Home,
}

/// A modal or an App Home as one person has it before them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// `V…`
    pub id: String,
    /// Whose screen it is on.
    pub user: String,
    /// Where it is shown.
    pub kind: ViewKind,
    /// The first view of the stack it is in.
    pub root_view_id: String,
    /// The view below it in the stack.
    pub previous_view_id: Option<String>,
    /// Changes with every change of the view; `views.update` may name the one it has seen.
    pub hash: String,
    /// The blocks, with the ids Slack adds.
    pub blocks: Vec<Value>,
    /// Every other field as the app sent it: `title`, `submit`, `private_metadata`, …
    pub fields: Map<String, Value>,
    /// What has been filled in: `{block_id: {action_id: {"type": …, "value": …}}}`.
    pub state: Map<String, Value>,
    /// What the app found wrong at the last submission, by block id.
    pub errors: BTreeMap<String, String>,
}

impl View {
    /// A view as the app described it. `id` and `hash` are Slack's; blocks without ids get theirs
    /// from `next_id`.
    pub(crate) fn new(
        id: String,
        user: &str,
        hash: String,
        definition: &Value,
        mut next_id: impl FnMut() -> String,
    ) -> Self {
        let mut fields = definition.as_object().cloned().unwrap_or_default();
        let mut blocks = match fields.remove("blocks") {
            Some(Value::Array(blocks)) => blocks,
            _ => Vec::new(),
        };
        kit::assign_ids(&mut blocks, &mut next_id);
        let kind = match fields.remove("type") {
            Some(Value::String(kind)) if kind == "home" => ViewKind::Home,
            _ => ViewKind::Modal,
        };
        let state = kit::initial_state(&blocks);
        Self {
            root_view_id: id.clone(),
            id,
            user: user.to_owned(),
            kind,
            previous_view_id: None,
            hash,
            blocks,
            fields,
            state,
            errors: BTreeMap::new(),
        }
    }

    /// Takes over the content of `newer`, staying the same view: what was filled in stays where
    /// block id, action id and kind of element are the same.
    pub(crate) fn replace_content(&mut self, newer: View) {
        let mut state = newer.state;
        for (block_id, actions) in &mut state {
            let Some(actions) = actions.as_object_mut() else { continue };
            for (action_id, entry) in actions {
                let old = self.state.get(block_id).and_then(|block| block.get(action_id));
                if let Some(old) = old
                    && old.get("type") == entry.get("type")
                {
                    *entry = old.clone();
                }
            }
        }
        self.state = state;
        self.blocks = newer.blocks;
        self.fields = newer.fields;
        self.hash = newer.hash;
        self.errors.clear();
    }

    /// The heading.
    pub fn title(&self) -> &str {
        self.fields.get("title").and_then(|title| title.get("text")).map_or("", text)
    }

    /// The name the app gave this kind of view.
    pub fn callback_id(&self) -> &str {
        self.fields.get("callback_id").map_or("", text)
    }

    /// What the app keeps in it for itself.
    pub fn private_metadata(&self) -> &str {
        self.fields.get("private_metadata").map_or("", text)
    }

    /// Whether it can be submitted.
    pub fn has_submit(&self) -> bool {
        self.fields.get("submit").is_some_and(|submit| !submit.is_null())
    }

    /// Whether the app wants to know when it is closed.
    pub fn notify_on_close(&self) -> bool {
        self.fields.get("notify_on_close").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether closing it closes the whole stack.
    pub fn clear_on_close(&self) -> bool {
        self.fields.get("clear_on_close").and_then(Value::as_bool).unwrap_or(false)
    }

    /// What is filled in at this place, as the app would get it.
    pub fn filled_in(&self, block_id: &str, action_id: &str) -> Option<&Value> {
        self.state.get(block_id)?.get(action_id)
    }

    /// Everything a person reads in it, a line each. For tests that look for words.
    pub fn words(&self) -> String {
        let mut lines = Vec::new();
        for key in ["title", "submit", "close"] {
            if let Some(text) = self.fields.get(key) {
                collect_words(text, &mut lines);
            }
        }
        for block in &self.blocks {
            collect_words(block, &mut lines);
        }
        lines.extend(self.errors.values().cloned());
        lines.join("\n")
    }

    /// The action ids of everything in it that can be pressed, chosen or filled in.
    pub fn action_ids(&self) -> Vec<String> {
        let mut found = Vec::new();
        for block in &self.blocks {
            collect_action_ids(block, &mut found);
        }
        found
    }

    /// The block ids, from top to bottom.
    pub fn block_ids(&self) -> Vec<String> {
        self.blocks
            .iter()
            .filter_map(|block| block.get("block_id")?.as_str().map(str::to_owned))
            .collect()
    }

    /// The view as the Web API and interactions carry it.
    pub(crate) fn as_slack(&self, model: &Model) -> Value {
        let mut view = json!({
            "id": self.id,
            "team_id": model.team.id,
            "type": match self.kind { ViewKind::Modal => "modal", ViewKind::Home => "home" },
            "blocks": self.blocks,
            "private_metadata": self.private_metadata(),
            "callback_id": self.callback_id(),
            "state": {"values": self.state},
            "hash": self.hash,
            "title": self.fields.get("title").cloned().unwrap_or(json!(
                {"type": "plain_text", "text": "View Title", "emoji": true})),
            "clear_on_close": self.clear_on_close(),
            "notify_on_close": self.notify_on_close(),
            "close": self.fields.get("close").cloned().unwrap_or(Value::Null),
            "submit": self.fields.get("submit").cloned().unwrap_or(Value::Null),
            "previous_view_id": self.previous_view_id,
            "root_view_id": self.root_view_id,
            "app_id": model.app.id,
            "external_id": self.fields.get("external_id").cloned().unwrap_or(json!("")),
            "app_installed_team_id": model.install_team_id(),
            "bot_id": model.app.bot_id,
        });
        if self.kind == ViewKind::Home {
            set(&mut view, "previous_view_id", Value::Null);
        }
        view
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
