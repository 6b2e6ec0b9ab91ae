//! `files.*`: a picture comes in three steps. An address for its bytes, the bytes, and where to show it.

use axum::body::Bytes;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{ApiError, ApiResult, Ctx};
use crate::sandbox::blocks;
use crate::sandbox::core::Core;
use crate::sandbox::model::{Author, File};
use crate::sandbox::state::Draft;

/// Files kept before the oldest are forgotten.
const KEPT: usize = 60;
/// Slack's limit for what is said of a picture.
const LONGEST_ALT: usize = 1_000;

/// `files.getUploadURLExternal`
pub(super) fn get_upload_url(ctx: &mut Ctx<'_>) -> ApiResult {
    let name = ctx.required("filename")?;
    let length = ctx.required("length")?.parse::<usize>().ok().filter(|length| *length > 0);
    let length = length.ok_or_else(|| ApiError::missing("length"))?;
    let alt = ctx.args.text("alt_txt").unwrap_or_default();
    if alt.chars().count() > LONGEST_ALT {
        return Err("alt_txt_too_large".into());
    }
    let (id, ticket) = (ctx.state.model.next_id("F"), ctx.state.model.next_id("up"));
    let url = format!("http://{}/upload/v1/{ticket}", ctx.core.address);
    let files = &mut ctx.state.model.files;
    while files.len() >= KEPT {
        files.pop_first();
    }
    let title = name.clone();
    let (ticket, content) = (Some(ticket), None);
    let file = File { id: id.clone(), name, title, alt, length, ticket, content, shared: false };
    files.insert(id.clone(), file);
    Ok(json!({"upload_url": url, "file_id": id}))
}

/// `POST /upload/v1/{ticket}`: the bytes.
pub(crate) fn take_bytes(core: &Core, ticket: &str, bytes: &Bytes) -> (StatusCode, String) {
    core.change(|state, _| {
        let files = &mut state.model.files;
        let file = files.values_mut().find(|file| file.ticket.as_deref() == Some(ticket));
        match file {
            None => (StatusCode::NOT_FOUND, "there is no such upload".to_owned()),
            Some(file) if file.length != bytes.len() => {
                (StatusCode::BAD_REQUEST, "that is not the length that was said".to_owned())
            }
            Some(file) => {
                file.keep(bytes);
                (StatusCode::OK, format!("OK - {}", bytes.len()))
            }
        }
    })
}

/// `files.completeUploadExternal`: shows files in a channel, in a message of the app's.
pub(super) fn complete_upload(ctx: &mut Ctx<'_>) -> ApiResult {
    let wanted = ctx.args.json("files").map_err(|()| ApiError::new("invalid_arguments"))?;
    let wanted = wanted.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    if wanted.is_empty() {
        return Err(ApiError::missing("files"));
    }
    for one in &wanted {
        let id = one.get("id").and_then(Value::as_str).unwrap_or_default();
        let file = ctx.state.model.files.get(id).ok_or("file_not_found")?;
        if file.content.is_none() || file.shared {
            return Err("file_not_found".into());
        }
    }
    // Words go to any public channel with `chat:write.public`; files only where the app is.
    let channel = ctx.args.text("channel_id");
    if let Some(id) = &channel {
        let found = ctx.visible_channel(id)?;
        if !found.members.contains(&ctx.state.model.app.bot_user_id) {
            return Err("channel_not_found".into());
        }
        if found.archived {
            return Err("is_archived".into());
        }
    }
    let comment = ctx.args.text("initial_comment");
    let blocks = match &comment {
        // With a comment the blocks are left out.
        Some(_) => None,
        None => blocks::read(ctx.args)?.blocks,
    };
    let mut shown = Vec::new();
    for one in &wanted {
        let id = one.get("id").and_then(Value::as_str).unwrap_or_default();
        let Some(file) = ctx.state.model.files.get_mut(id) else { continue };
        if let Some(title) = one.get("title").and_then(Value::as_str) {
            file.title = title.to_owned();
        }
        file.shared = true;
        shown.push(file.clone());
    }
    if let Some(channel) = channel {
        let text = comment.unwrap_or_default();
        let files = shown.iter().map(|file| file.id.clone()).collect();
        let thread_ts = ctx.args.text("thread_ts");
        let draft = Draft { text, blocks, files, thread_ts, ..Draft::default() };
        ctx.state.post(&channel, Author::App, draft, ctx.now).ok_or("channel_not_found")?;
    }
    Ok(json!({"files": shown.iter().map(File::as_slack).collect::<Vec<_>>()}))
}
