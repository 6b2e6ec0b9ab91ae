//! `conversations.*`, `users.conversations`

use serde_json::{Value, json};

use super::{ApiError, ApiResult, Ctx};
use crate::sandbox::model::{Author, Channel, ChannelKind, Message, PersonKind};
use crate::sandbox::state::{Change, Draft};

/// `conversations.info`
pub(super) fn info(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = ctx.required("channel")?;
    let channel = ctx.visible_channel(&id)?;
    ctx.require_channel_scope(&channel.kind, "read")?;
    Ok(json!({"channel": object(ctx, channel)}))
}

fn object(ctx: &Ctx<'_>, channel: &Channel) -> Value {
    let model = &ctx.state.model;
    channel.as_slack(&model.team.id, &model.app.bot_user_id)
}

/// `conversations.members`
pub(super) fn members(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = ctx.required("channel")?;
    let channel = ctx.visible_channel(&id)?;
    ctx.require_channel_scope(&channel.kind, "read")?;
    let (members, cursor) = ctx.page(channel.members.iter().cloned().collect(), 100)?;
    Ok(json!({"members": members, "response_metadata": {"next_cursor": cursor}}))
}

/// `conversations.list`
pub(super) fn list(ctx: &mut Ctx<'_>) -> ApiResult {
    ctx.require_team_id()?;
    listed(ctx, |_| true)
}

/// `users.conversations`: the channels of a person, or of the app itself.
pub(super) fn of_user(ctx: &mut Ctx<'_>) -> ApiResult {
    ctx.require_team_id()?;
    let user = ctx.args.text("user").unwrap_or_else(|| ctx.state.model.app.bot_user_id.clone());
    listed(ctx, |channel| channel.members.contains(&user))
}

fn listed(ctx: &Ctx<'_>, wanted: impl Fn(&Channel) -> bool) -> ApiResult {
    let mut types = ctx.args.list("types");
    if types.is_empty() {
        types.push("public_channel".to_owned());
    }
    let known = ["public_channel", "private_channel", "im", "mpim"];
    if types.iter().any(|kind| !known.contains(&kind.as_str())) {
        return Err("invalid_types".into());
    }
    for (kind, scope) in [
        ("public_channel", "channels:read"),
        ("private_channel", "groups:read"),
        ("im", "im:read"),
        ("mpim", "mpim:read"),
    ] {
        if types.iter().any(|wanted| wanted == kind) {
            ctx.require_scope(scope)?;
        }
    }
    let all: Vec<Value> = ctx
        .state
        .model
        .channels
        .values()
        .filter(|channel| ctx.visible_channel(&channel.id).is_ok())
        .filter(|channel| {
            let kind = match channel.kind {
                ChannelKind::Public => "public_channel",
                ChannelKind::Private => "private_channel",
                ChannelKind::Dm { .. } => "im",
            };
            types.iter().any(|wanted| wanted == kind)
        })
        .filter(|channel| !(ctx.args.flag("exclude_archived") && channel.archived))
        .filter(|channel| wanted(channel))
        .map(|channel| object(ctx, channel))
        .collect();
    let (channels, cursor) = ctx.page(all, 100)?;
    Ok(json!({"channels": channels, "response_metadata": {"next_cursor": cursor}}))
}

/// `conversations.join`
pub(super) fn join(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = ctx.required("channel")?;
    let channel = ctx.visible_channel(&id)?;
    if channel.kind != ChannelKind::Public {
        return Err("method_not_supported_for_channel_type".into());
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    let bot = ctx.state.model.app.bot_user_id.clone();
    if let Some(channel) = ctx.state.model.channels.get_mut(&id)
        && channel.members.insert(bot)
    {
        ctx.state.changes.push(Change::State);
        let draft = Draft { text: "has joined the channel".to_owned(), ..Draft::default() };
        ctx.state.post(&id, Author::App, draft, ctx.now);
    }
    let channel = ctx.visible_channel(&id)?;
    Ok(json!({"channel": object(ctx, channel)}))
}

/// `conversations.open`: direct messages with one person.
pub(super) fn open(ctx: &mut Ctx<'_>) -> ApiResult {
    if let Some(id) = ctx.args.text("channel") {
        let channel = ctx.visible_channel(&id)?;
        if !channel.is_dm() {
            return Err("method_not_supported_for_channel_type".into());
        }
        return Ok(json!({"no_op": true, "already_open": true, "channel": {"id": id}}));
    }
    let users = ctx.args.list("users");
    let user = match users.as_slice() {
        [user] => user.as_str(),
        [] => return Err("users_list_not_supplied".into()),
        // Group conversations need a scope that a bot like this is not installed with.
        _ => {
            ctx.require_scope("mpim:write")?;
            return Err("method_not_supported_for_channel_type".into());
        }
    };
    ctx.require_scope("im:write")?;
    can_be_written_to(ctx, user)?;
    let existed = ctx.state.model.dm_of(user).is_some();
    let id = ctx.state.model.open_dm(user);
    if !existed {
        ctx.state.changes.push(Change::State);
    }
    let channel = if ctx.args.flag("return_im") {
        object(ctx, ctx.visible_channel(&id)?)
    } else {
        json!({"id": id})
    };
    Ok(json!({"no_op": existed, "already_open": existed, "channel": channel}))
}

/// Whether the app can open direct messages with this person.
pub(super) fn can_be_written_to(ctx: &Ctx<'_>, user: &str) -> Result<(), ApiError> {
    let model = &ctx.state.model;
    let person = model.person(user).ok_or("user_not_found")?;
    match person.kind {
        PersonKind::Deactivated => Err("user_disabled".into()),
        PersonKind::Bot | PersonKind::WorkflowBot | PersonKind::Slackbot => {
            Err("cannot_dm_bot".into())
        }
        PersonKind::Outsider if !model.share_a_channel(user, &model.app.bot_user_id) => {
            Err("user_not_visible".into())
        }
        _ => Ok(()),
    }
}

/// `conversations.history`: newest first, without ephemeral messages and answers in threads.
pub(super) fn history(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = ctx.required("channel")?;
    let channel = ctx.visible_channel(&id)?;
    ctx.require_channel_scope(&channel.kind, "history")?;
    if !channel.members.contains(&ctx.state.model.app.bot_user_id) {
        return Err("not_in_channel".into());
    }
    let messages =
        channel.messages.iter().rev().filter(|message| {
            message.thread_ts.as_ref().is_none_or(|thread| *thread == message.ts)
        });
    answer_with(ctx, messages)
}

/// `conversations.replies`: a message and the answers to it, oldest first.
pub(super) fn replies(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = ctx.required("channel")?;
    let ts = ctx.required("ts")?;
    let channel = ctx.visible_channel(&id)?;
    ctx.require_channel_scope(&channel.kind, "history")?;
    if channel.message(&ts).is_none() {
        return Err("thread_not_found".into());
    }
    let messages = channel
        .messages
        .iter()
        .filter(|message| message.ts == ts || message.thread_ts.as_ref() == Some(&ts));
    answer_with(ctx, messages)
}

fn answer_with<'m>(ctx: &Ctx<'_>, messages: impl Iterator<Item = &'m Message>) -> ApiResult {
    let oldest = ctx.args.text("oldest").unwrap_or_default();
    let latest = ctx.args.text("latest");
    let inclusive = ctx.args.flag("inclusive");
    let with_metadata =
        ctx.args.flag("include_all_metadata") && ctx.has_scope("metadata.message:read");
    let all: Vec<Value> = messages
        .filter(|message| !message.is_ephemeral())
        .filter(|message| {
            let ts = message.ts.as_str();
            let after = ts > oldest.as_str() || (inclusive && ts == oldest);
            let before = latest.as_ref().is_none_or(|l| ts < l.as_str() || (inclusive && ts == l));
            after && before
        })
        .map(|message| {
            let mut object = message.as_slack(&ctx.state.model);
            if let (false, Value::Object(fields)) = (with_metadata, &mut object) {
                fields.remove("metadata");
            }
            object
        })
        .collect();
    let (messages, cursor) = ctx.page(all, 100)?;
    Ok(json!({
        "messages": messages,
        "has_more": !cursor.is_empty(),
        "pin_count": 0,
        "response_metadata": {"next_cursor": cursor},
    }))
}
