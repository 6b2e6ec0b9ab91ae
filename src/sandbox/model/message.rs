//! A message in a channel.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Model;
use super::people::set;

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Author {
    /// A person.
    Person {
        /// `U…`
        user: String,
    },
    /// The app under test.
    App,
    /// Slack itself: an answer that only one person sees, such as "the app did not respond".
    Slack,
}

/// Who changed a message, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// `U…`
    pub user: String,
    /// A timestamp such as messages have.
    pub ts: String,
}

/// A message as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The name of the message in its channel: seconds and microseconds of its posting.
    pub ts: String,
    /// Who wrote it.
    pub author: Author,
    /// The text: what notifications and screen readers read when there are blocks.
    pub text: String,
    /// Blocks as they were sent, with the ids Slack adds.
    pub blocks: Option<Vec<Value>>,
    /// Attachments as they were sent.
    pub attachments: Vec<Value>,
    /// The ids of the files that it shows.
    #[serde(default)]
    pub files: Vec<String>,
    /// What the app put beside it.
    pub metadata: Option<Value>,
    /// Set when the text was changed; a change of blocks shows no "edited".
    pub edited: Option<Edited>,
    /// The message it answers in a thread.
    pub thread_ts: Option<String>,
    /// The only person who sees it.
    pub ephemeral_to: Option<String>,
    /// How often it was changed since it was posted.
    pub revision: u32,
    /// What people have chosen in its menus: `{block_id: {action_id: {…}}}`.
    #[serde(default)]
    pub state: serde_json::Map<String, Value>,
}

impl Message {
    /// Whether the app under test wrote it.
    pub fn is_by_app(&self) -> bool {
        self.author == Author::App
    }

    /// Whether only one person sees it.
    pub fn is_ephemeral(&self) -> bool {
        self.ephemeral_to.is_some()
    }

    /// Everything a person reads in it: text, blocks, buttons, a line each. For tests that look
    /// for words.
    pub fn words(&self) -> String {
        let mut lines = vec![self.text.clone()];
        for block in self.blocks.iter().flatten() {
            collect_words(block, &mut lines);
        }
        for attachment in &self.attachments {
            collect_words(attachment, &mut lines);
        }
        lines.join("\n")
    }

    /// The action ids of everything that can be pressed or chosen in it.
    pub fn action_ids(&self) -> Vec<String> {
        let mut found = Vec::new();
        for block in self.blocks.iter().flatten() {
            collect_action_ids(block, &mut found);
        }
        found
    }

    /// The message as the Web API and interactions carry it.
    pub(crate) fn as_slack(&self, model: &Model) -> Value {
        let mut message = json!({
            "type": "message",
            "ts": self.ts,
            "text": self.text,
            "team": model.team.id,
        });
        match &self.author {
            Author::Person { user } => set(&mut message, "user", json!(user)),
            Author::Slack => set(&mut message, "user", json!("USLACKBOT")),
            Author::App => {
                let app = &model.app;
                set(&mut message, "user", json!(app.bot_user_id));
                set(&mut message, "bot_id", json!(app.bot_id));
                set(&mut message, "app_id", json!(app.id));
                set(
                    &mut message,
                    "bot_profile",
                    json!({
                        "id": app.bot_id,
                        "app_id": app.id,
                        "user_id": app.bot_user_id,
                        "name": app.name,
                        "icons": {"image_36": "https://a.slack-edge.com/80588/img/plugins/app/bot_36.png"},
                        "deleted": false,
                        "updated": 1_700_000_000,
                        "team_id": model.team.id,
                    }),
                );
            }
        }
        if let Some(blocks) = &self.blocks {
            set(&mut message, "blocks", json!(blocks));
        }
        if !self.attachments.is_empty() {
            set(&mut message, "attachments", json!(self.attachments));
        }
        if !self.files.is_empty() {
            let files = self.files.iter().filter_map(|id| model.files.get(id));
            let files: Vec<Value> = files.map(super::File::as_slack).collect();
            set(&mut message, "files", json!(files));
        }
        if let Some(metadata) = &self.metadata {
            set(&mut message, "metadata", metadata.clone());
        }
        if let Some(edited) = &self.edited {
            set(&mut message, "edited", json!(edited));
        }
        if let Some(thread) = &self.thread_ts {
            set(&mut message, "thread_ts", json!(thread));
        }
        message
    }
}

/// The words of any piece of Block Kit, in reading order.
pub(crate) fn collect_words(piece: &Value, lines: &mut Vec<String>) {
    match piece {
        Value::Object(fields) => {
            for key in ["title", "label", "text", "hint", "placeholder", "description", "alt_text"]
            {
                match fields.get(key) {
                    Some(Value::String(words)) => lines.push(words.clone()),
                    Some(nested) => collect_words(nested, lines),
                    None => {}
                }
            }
            let nested = [
                "fields",
                "accessory",
                "elements",
                "element",
                "options",
                "initial_option",
                "blocks",
                "rows",
                "submit",
                "close",
            ];
            for key in nested {
                if let Some(nested) = fields.get(key) {
                    collect_words(nested, lines);
                }
            }
        }
        Value::Array(pieces) => pieces.iter().for_each(|piece| collect_words(piece, lines)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The action ids in any piece of Block Kit.
pub(crate) fn collect_action_ids(piece: &Value, found: &mut Vec<String>) {
    match piece {
        Value::Object(fields) => {
            if let Some(Value::String(id)) = fields.get("action_id") {
                found.push(id.clone());
            }
            for key in ["accessory", "elements", "element", "blocks"] {
                if let Some(nested) = fields.get(key) {
                    collect_action_ids(nested, found);
                }
            }
        }
        Value::Array(pieces) => pieces.iter().for_each(|piece| collect_action_ids(piece, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
