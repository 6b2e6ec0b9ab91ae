//! `chat.*`, `blocks.validate`

use serde_json::{Value, json};

use super::{ApiError, ApiResult, Ctx, conversations};
use crate::sandbox::blocks::{self, Content};
use crate::sandbox::model::{Author, ChannelKind, PersonKind};
use crate::sandbox::state::{Draft, Edit};

/// `blocks.validate`: whether these blocks would be taken.
pub(super) fn validate_blocks(ctx: &mut Ctx<'_>) -> ApiResult {
    let content = blocks::read(ctx.args)?;
    if content.blocks.is_none() {
        return Err(ApiError::missing("blocks"));
    }
    Ok(json!({}))
}

/// Where a message goes: a channel by id or name, or the direct messages with a person.
fn destination(ctx: &mut Ctx<'_>) -> Result<String, ApiError> {
    let wanted = ctx.required("channel")?;
    let model = &ctx.state.model;
    if wanted.starts_with(['U', 'W']) && model.person(&wanted).is_some() {
        conversations::can_be_written_to(ctx, &wanted)
            .map_err(|_| ApiError::new("channel_not_found"))?;
        ctx.require_scope("im:write").or_else(|_| ctx.require_scope("chat:write"))?;
        return Ok(ctx.state.model.open_dm(&wanted));
    }
    let name = wanted.trim_start_matches('#');
    let named = model
        .channels
        .values()
        .find(|channel| channel.name == name && !channel.is_dm())
        .map(|channel| channel.id.clone());
    let id = if model.channels.contains_key(&wanted) { Some(wanted) } else { named };
    let id = id.ok_or("channel_not_found")?;
    may_post(ctx, &id)?;
    Ok(id)
}

fn may_post(ctx: &Ctx<'_>, id: &str) -> Result<(), ApiError> {
    let model = &ctx.state.model;
    let channel = ctx.visible_channel(id)?;
    if let ChannelKind::Dm { user } = &channel.kind
        && model.person(user).is_none_or(|person| person.kind == PersonKind::Deactivated)
    {
        return Err("channel_not_found".into());
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    let member = channel.members.contains(&model.app.bot_user_id);
    let open_to_all = channel.kind == ChannelKind::Public && ctx.has_scope("chat:write.public");
    if !member && !open_to_all {
        return Err("not_in_channel".into());
    }
    Ok(())
}

fn draft(ctx: &Ctx<'_>, content: Content) -> Draft {
    Draft {
        text: content.text.unwrap_or_default(),
        blocks: content.blocks,
        attachments: content.attachments.unwrap_or_default(),
        files: Vec::new(),
        metadata: content.metadata.flatten(),
        thread_ts: ctx.args.text("thread_ts"),
        ephemeral_to: None,
    }
}

/// `chat.postMessage`
pub(super) fn post_message(ctx: &mut Ctx<'_>) -> ApiResult {
    let channel = destination(ctx)?;
    let mut content = blocks::read(ctx.args)?;
    let truncated = content.fit_for_posting()?;
    let draft = draft(ctx, content);
    let message =
        ctx.state.post(&channel, Author::App, draft, ctx.now).ok_or("channel_not_found")?;
    let mut answer = json!({
        "channel": channel,
        "ts": message.ts,
        "message": message.as_slack(&ctx.state.model),
    });
    if let (true, Value::Object(fields)) = (truncated, &mut answer) {
        fields.insert("warning".to_owned(), json!("message_truncated"));
        fields.insert("response_metadata".to_owned(), json!({"warnings": ["message_truncated"]}));
    }
    Ok(answer)
}

/// `chat.postEphemeral`: for one person's eyes, and gone when they reload.
pub(super) fn post_ephemeral(ctx: &mut Ctx<'_>) -> ApiResult {
    let user = ctx.required("user")?;
    let id = ctx.required("channel")?;
    ctx.visible_channel(&id)?;
    may_post(ctx, &id)?;
    let mut content = blocks::read(ctx.args)?;
    if content.text.as_ref().is_some_and(|text| text.chars().count() > blocks::LONGEST_TEXT) {
        return Err("msg_too_long".into());
    }
    content.fit_for_posting()?;
    let active =
        ctx.state.model.person(&user).is_some_and(|person| person.kind != PersonKind::Deactivated);
    if !active || !ctx.visible_channel(&id)?.members.contains(&user) {
        return Err("user_not_in_channel".into());
    }
    let draft = Draft { ephemeral_to: Some(user), ..draft(ctx, content) };
    let message = ctx.state.post(&id, Author::App, draft, ctx.now).ok_or("channel_not_found")?;
    Ok(json!({"message_ts": message.ts}))
}

/// `chat.update`: another text, other blocks, for a message of the app's own.
pub(super) fn update(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = ctx.required("channel")?;
    let ts = ctx.required("ts")?;
    let channel = ctx.visible_channel(&id)?;
    let message = channel
        .message(&ts)
        .filter(|message| !message.is_ephemeral())
        .ok_or("message_not_found")?;
    if !message.is_by_app() {
        return Err("cant_update_message".into());
    }
    if channel.archived {
        return Err("is_inactive".into());
    }
    let content = blocks::read(ctx.args)?;
    if content.text.as_ref().is_some_and(|text| text.chars().count() > blocks::LONGEST_TEXT) {
        return Err("msg_too_long".into());
    }
    if content.text.is_none() && content.blocks.is_none() && content.attachments.is_none() {
        return Err("no_text".into());
    }
    // A text without blocks takes the blocks away.
    let blocks = match (content.blocks, &content.text) {
        (None, Some(_)) => Some(Vec::new()),
        (blocks, _) => blocks,
    };
    let edit = Edit {
        text: content.text,
        blocks,
        attachments: content.attachments,
        metadata: content.metadata,
    };
    let message = ctx.state.edit(&id, &ts, edit, ctx.now).ok_or("message_not_found")?;
    Ok(json!({
        "channel": id,
        "ts": ts,
        "text": message.text,
        "message": message.as_slack(&ctx.state.model),
    }))
}

/// `chat.delete`: a message of the app's own.
pub(super) fn delete(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = ctx.required("channel")?;
    let ts = ctx.required("ts")?;
    let message = ctx
        .visible_channel(&id)?
        .message(&ts)
        .filter(|message| !message.is_ephemeral())
        .ok_or("message_not_found")?;
    if !message.is_by_app() {
        return Err("cant_delete_message".into());
    }
    ctx.state.delete(&id, &ts);
    Ok(json!({"channel": id, "ts": ts}))
}

/// `chat.getPermalink`
pub(super) fn get_permalink(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = ctx.required("channel")?;
    let ts = ctx.required("message_ts")?;
    ctx.visible_channel(&id)?
        .message(&ts)
        .filter(|message| !message.is_ephemeral())
        .ok_or("message_not_found")?;
    let domain = &ctx.state.model.team.domain;
    let digits = ts.replace('.', "");
    let permalink = format!("https://{domain}.slack.com/archives/{id}/p{digits}");
    Ok(json!({"channel": id, "permalink": permalink}))
}
