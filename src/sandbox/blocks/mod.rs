//! Whether Slack would take these blocks: their shapes, their limits, the places they may stand.
//!
//! Limits count characters as Unicode code points. <https://docs.slack.dev/reference/block-kit>

mod block;
mod check;
mod element;
mod view;

use serde_json::{Value, json};

pub(crate) use view::check_view;

use self::check::{Checker, Surface};
use super::args::Args;
use super::web_api::ApiError;

/// Longest text of `chat.update` and of an ephemeral message.
pub(crate) const LONGEST_TEXT: usize = 4_000;
/// Where the text of `chat.postMessage` is cut off.
const TRUNCATED_AT: usize = 40_000;
/// Characters that all blocks of a message may have together.
const LONGEST_BLOCKS: usize = 13_200;
const MOST_ATTACHMENTS: usize = 100;
const LARGEST_METADATA: usize = 16_000;

/// What a message says, as the arguments of a call gave it, checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub text: Option<String>,
    /// `Some` of an empty list takes the blocks of a message away.
    pub blocks: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    /// `Some(None)` takes the metadata of a message away.
    pub metadata: Option<Option<Value>>,
}

impl Content {
    /// Whether there is anything to post. A text that is too long is cut off: `true`.
    pub(crate) fn fit_for_posting(&mut self) -> Result<bool, ApiError> {
        let empty = |list: &Option<Vec<Value>>| list.as_ref().is_none_or(Vec::is_empty);
        if self.text.is_none() && empty(&self.blocks) && empty(&self.attachments) {
            return Err("no_text".into());
        }
        self.blocks = self.blocks.take().filter(|blocks| !blocks.is_empty());
        let Some(text) = &mut self.text else { return Ok(false) };
        match text.char_indices().nth(TRUNCATED_AT) {
            Some((at, _)) => {
                text.truncate(at);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

/// Reads and checks `text`, `blocks`, `attachments` and `metadata`.
pub(crate) fn read(args: &Args) -> Result<Content, ApiError> {
    let mut text = args.text("text");
    if let Some(markdown) = args.text("markdown_text") {
        if text.is_some() || args.has("blocks") {
            return Err("markdown_text_conflict".into());
        }
        if markdown.chars().count() > 12_000 {
            return Err("msg_too_long".into());
        }
        text = Some(markdown);
    }
    let blocks = match args.json("blocks") {
        Ok(None) => None,
        Ok(Some(Value::Array(blocks))) => Some(blocks),
        Ok(Some(_)) | Err(()) => return Err("invalid_blocks_format".into()),
    };
    if let Some(blocks) = &blocks {
        check_message(blocks)?;
    }
    let attachments = match args.json("attachments") {
        Ok(None) => None,
        Ok(Some(Value::Array(attachments))) => Some(attachments),
        Ok(Some(_)) | Err(()) => return Err("invalid_attachments".into()),
    };
    if let Some(attachments) = &attachments {
        if attachments.len() > MOST_ATTACHMENTS {
            return Err("too_many_attachments".into());
        }
        for attachment in attachments {
            if let Some(Value::Array(blocks)) = attachment.get("blocks") {
                check_message(blocks)?;
            }
        }
    }
    Ok(Content { text, blocks, attachments, metadata: metadata(args)? })
}

fn metadata(args: &Args) -> Result<Option<Option<Value>>, ApiError> {
    let metadata = match args.json("metadata") {
        Ok(None) => return Ok(None),
        Ok(Some(metadata)) => metadata,
        Err(()) => return Err("invalid_metadata_format".into()),
    };
    let Value::Object(fields) = &metadata else { return Err("invalid_metadata_format".into()) };
    if fields.is_empty() {
        return Ok(Some(None));
    }
    let named = fields.get("event_type").is_some_and(Value::is_string);
    let carries = fields.get("event_payload").is_some_and(Value::is_object);
    let is_event = named && carries;
    if !is_event && !fields.contains_key("entities") {
        return Err("invalid_metadata_schema".into());
    }
    if metadata.to_string().len() > LARGEST_METADATA {
        return Err("metadata_too_large".into());
    }
    Ok(Some(Some(metadata)))
}

/// What is wrong with the blocks of a message.
pub(crate) fn check_message(blocks: &[Value]) -> Result<(), ApiError> {
    let mut checker = Checker::new(Surface::Message);
    checker.at("blocks", |checker| block::check_all(checker, blocks, 50));
    let wrong = checker.found();
    if !wrong.is_empty() {
        let messages = wrong.iter().map(|wrong| format!("[ERROR] {wrong}")).collect();
        return Err(ApiError::new("invalid_blocks")
            .with_messages(messages)
            .with_field("errors", json!(wrong)));
    }
    let characters: usize = blocks.iter().map(characters).sum();
    if characters > LONGEST_BLOCKS {
        return Err("msg_blocks_too_long".into());
    }
    Ok(())
}

/// The characters that people read in a piece of Block Kit.
fn characters(piece: &Value) -> usize {
    match piece {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) if name == "text" => text.chars().count(),
                other => characters(other),
            })
            .sum(),
        Value::Array(pieces) => pieces.iter().map(characters).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests;
