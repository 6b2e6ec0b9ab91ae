//! What there is, in words: for the message of a test that waited in vain.

use std::fmt::Write as _;

use super::core::RecordedCall;
use super::model::{Author, Model};

const LAST_MESSAGES: usize = 12;
const LAST_CALLS: usize = 25;

/// Messages, forms, homes and the last calls of the app.
pub(crate) fn transcript(model: &Model, calls: &[RecordedCall], sockets: usize) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_all(&mut text, model, calls, sockets);
    text
}

fn write_all(
    text: &mut String,
    model: &Model,
    calls: &[RecordedCall],
    sockets: usize,
) -> std::fmt::Result {
    for channel in model.channels.values().filter(|channel| !channel.messages.is_empty()) {
        let name = if channel.name.is_empty() { "direct messages" } else { &channel.name };
        writeln!(text, "{} ({name})", channel.id)?;
        let skipped = channel.messages.len().saturating_sub(LAST_MESSAGES);
        for message in channel.messages.iter().skip(skipped) {
            let author = match &message.author {
                Author::Person { user } => user.as_str(),
                Author::App => "the app",
                Author::Slack => "Slack",
            };
            let only = message.ephemeral_to.as_ref().map(|user| format!(" to {user} only"));
            write!(text, "  {} {author}{}: ", message.ts, only.unwrap_or_default())?;
            writeln!(text, "{}", message.words().replace('\n', "\n      "))?;
            let buttons = message.action_ids();
            if !buttons.is_empty() {
                writeln!(text, "      [{}]", buttons.join("] ["))?;
            }
        }
    }
    for (user, stack) in &model.modals {
        for view in stack {
            writeln!(text, "form {} of {user}: {}", view.id, view.words().replace('\n', " | "))?;
        }
    }
    for (user, home) in &model.homes {
        writeln!(text, "home of {user}: {}", home.words().replace('\n', " | "))?;
    }
    writeln!(text, "{sockets} sockets open; last calls of {}:", calls.len())?;
    for call in calls.iter().skip(calls.len().saturating_sub(LAST_CALLS)) {
        let error = call.error.as_deref().unwrap_or("ok");
        writeln!(text, "  {} {} {} {error}", call.at.format("%T%.3f"), call.method, call.status)?;
    }
    Ok(())
}
