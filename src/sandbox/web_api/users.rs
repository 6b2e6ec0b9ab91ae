//! `users.*`, `dnd.teamInfo`, `bots.info`

use serde_json::{Value, json};

use super::{ApiResult, Ctx};
use crate::sandbox::model::people_set as set;
use crate::sandbox::model::{Person, PersonKind};

fn object(ctx: &Ctx<'_>, person: &Person) -> Value {
    let model = &ctx.state.model;
    let stranger = person.kind == PersonKind::Outsider
        && !model.share_a_channel(&person.id, &model.app.bot_user_id);
    person.as_slack(ctx.has_scope("users:read.email"), stranger)
}

/// `users.info`
pub(super) fn info(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = ctx.required("user")?;
    let person = ctx.state.model.person(&id).ok_or("user_not_found")?;
    let mut user = object(ctx, person);
    // People of other workspaces keep their language to themselves.
    if ctx.args.flag("include_locale") && person.kind != PersonKind::Outsider {
        set(&mut user, "locale", json!("en-US"));
    }
    Ok(json!({"user": user}))
}

/// `users.list`: everybody of the workspace and those it shares channels with.
pub(super) fn list(ctx: &mut Ctx<'_>) -> ApiResult {
    ctx.require_team_id()?;
    let all: Vec<Value> = ctx.state.model.people.iter().map(|person| object(ctx, person)).collect();
    let (members, cursor) = ctx.page(all, 1000)?;
    Ok(json!({
        "members": members,
        "cache_ts": ctx.now.timestamp(),
        "response_metadata": {"next_cursor": cursor},
    }))
}

/// `users.lookupByEmail`: deactivated people are not found.
pub(super) fn lookup_by_email(ctx: &mut Ctx<'_>) -> ApiResult {
    let email = ctx.required("email")?;
    let person = ctx
        .state
        .model
        .people
        .iter()
        .filter(|person| person.kind != PersonKind::Deactivated)
        .find(|person| person.email.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(&email)))
        .ok_or("users_not_found")?;
    Ok(json!({"user": object(ctx, person)}))
}

/// `dnd.teamInfo`: up to 50 people, named with commas; who is not known is left out.
pub(super) fn dnd_team_info(ctx: &mut Ctx<'_>) -> ApiResult {
    ctx.require_team_id()?;
    let named = ctx.required("users")?;
    let ids: Vec<&str> = named.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.len() > 50 {
        return Err("too_many_users".into());
    }
    let known = ids.iter().filter_map(|id| ctx.state.model.person(id));
    let users: serde_json::Map<String, Value> =
        known.map(|person| (person.id.clone(), person.dnd_as_slack())).collect();
    Ok(json!({"cached": true, "users": users}))
}

/// `users.profile.get`
pub(super) fn profile_get(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = ctx.args.text("user").unwrap_or_else(|| ctx.state.model.app.bot_user_id.clone());
    let person = ctx.state.model.person(&id).ok_or("user_not_found")?;
    let profile = object(ctx, person).get("profile").cloned().unwrap_or_default();
    Ok(json!({"profile": profile}))
}

/// `bots.info`
pub(super) fn bot_info(ctx: &mut Ctx<'_>) -> ApiResult {
    ctx.require_team_id()?;
    let id = ctx.required("bot")?;
    let bot = ctx
        .state
        .model
        .people
        .iter()
        .find(|person| person.bot_id.as_ref() == Some(&id))
        .ok_or("bot_not_found")?;
    Ok(json!({"bot": {
        "id": id,
        "deleted": false,
        "name": bot.real_name,
        "updated": 1_700_000_000,
        "app_id": bot.app_id,
        "user_id": bot.id,
        "icons": {"image_36": "https://a.slack-edge.com/80588/img/plugins/app/bot_36.png"},
    }}))
}
