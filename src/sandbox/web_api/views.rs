//! `views.*`

use serde_json::{Value, json};

use super::{ApiError, ApiResult, Ctx};
use crate::sandbox::blocks;
use crate::sandbox::model::{View, ViewKind};
use crate::sandbox::state::Change;

/// Views that can lie on top of each other.
const DEEPEST_STACK: usize = 3;
/// Longest view, in bytes of JSON.
const LARGEST_VIEW: usize = 250_000;

/// The view that was sent, checked.
fn definition(ctx: &Ctx<'_>, kind: ViewKind) -> Result<Value, ApiError> {
    let view = ctx
        .args
        .json("view")
        .map_err(|()| {
            ApiError::new("invalid_arguments")
                .with_messages(vec!["[ERROR] must be valid json [json-pointer:/view]".to_owned()])
        })?
        .ok_or_else(|| ApiError::missing("view"))?;
    if view.to_string().len() > LARGEST_VIEW {
        return Err("view_too_large".into());
    }
    let wrong = blocks::check_view(&view, kind);
    if !wrong.is_empty() {
        return Err(ApiError::new("invalid_arguments").with_messages(wrong));
    }
    Ok(view)
}

fn check_external_id(ctx: &Ctx<'_>, view: &Value, but: Option<&str>) -> Result<(), ApiError> {
    let wanted = view.get("external_id").and_then(Value::as_str).unwrap_or_default();
    if !wanted.is_empty()
        && find_by_external_id(ctx, wanted).is_some_and(|other| Some(other.id.as_str()) != but)
    {
        return Err("duplicate_external_id".into());
    }
    Ok(())
}

fn find_by_external_id<'a>(ctx: &'a Ctx<'_>, external_id: &str) -> Option<&'a View> {
    let model = &ctx.state.model;
    model
        .modals
        .values()
        .flatten()
        .chain(model.homes.values())
        .find(|view| view.fields.get("external_id").and_then(Value::as_str) == Some(external_id))
}

/// Whose screen the trigger of the call opens.
fn trigger(ctx: &Ctx<'_>) -> Result<(String, String), ApiError> {
    let id = ctx
        .args
        .text("trigger_id")
        .or_else(|| ctx.args.text("interactivity_pointer"))
        .ok_or_else(|| ApiError::missing("trigger_id"))?;
    let user = ctx.state.triggers.check(&id, ctx.now).map_err(|refusal| refusal.code())?;
    Ok((id, user))
}

/// `views.open`: a form on the screen of whoever commanded or clicked.
pub(super) fn open(ctx: &mut Ctx<'_>) -> ApiResult {
    let view = definition(ctx, ViewKind::Modal)?;
    check_external_id(ctx, &view, None)?;
    let (trigger, user) = trigger(ctx)?;
    ctx.state.triggers.exchange(&trigger);
    let view = ctx.state.new_view(&user, &view, ctx.now);
    ctx.state.model.modals.remove(&user);
    let view = ctx.state.push_view(view);
    Ok(json!({"view": view.as_slack(&ctx.state.model)}))
}

/// `views.push`: a form over the one that is open.
pub(super) fn push(ctx: &mut Ctx<'_>) -> ApiResult {
    let view = definition(ctx, ViewKind::Modal)?;
    check_external_id(ctx, &view, None)?;
    let (trigger, user) = trigger(ctx)?;
    match ctx.state.model.modals.get(&user).map_or(0, Vec::len) {
        0 => return Err("not_found".into()),
        DEEPEST_STACK.. => return Err("push_limit_reached".into()),
        _ => {}
    }
    ctx.state.triggers.exchange(&trigger);
    let view = ctx.state.new_view(&user, &view, ctx.now);
    let view = ctx.state.push_view(view);
    Ok(json!({"view": view.as_slack(&ctx.state.model)}))
}

/// `views.update`: other content for a view that is open.
pub(super) fn update(ctx: &mut Ctx<'_>) -> ApiResult {
    let id = match (ctx.args.text("view_id"), ctx.args.text("external_id")) {
        (Some(id), _) => id,
        (None, Some(external)) => {
            find_by_external_id(ctx, &external).ok_or("not_found")?.id.clone()
        }
        (None, None) => return Err(ApiError::missing("view_id")),
    };
    let old = ctx.state.model.view(&id).ok_or("not_found")?.clone();
    let view = definition(ctx, old.kind)?;
    check_external_id(ctx, &view, Some(&id))?;
    if ctx.args.text("hash").is_some_and(|seen| seen != old.hash) {
        return Err("hash_conflict".into());
    }
    let view = ctx.state.replace_view(&id, &view, ctx.now).ok_or("not_found")?;
    Ok(json!({"view": view.as_slack(&ctx.state.model)}))
}

/// `views.publish`: the App Home of one person.
pub(super) fn publish(ctx: &mut Ctx<'_>) -> ApiResult {
    let user = ctx.required("user_id")?;
    let view = definition(ctx, ViewKind::Home)?;
    let reachable = ctx.state.model.person(&user).is_some_and(|person| person.can_sign_in());
    if !reachable {
        return Err(ApiError::new("invalid_arguments")
            .with_messages(vec!["[ERROR] user not found [json-pointer:/user_id]".to_owned()]));
    }
    let old = ctx.state.model.homes.get(&user).cloned();
    check_external_id(ctx, &view, old.as_ref().map(|old| old.id.as_str()))?;
    let seen = ctx.args.text("hash");
    if let (Some(seen), Some(old)) = (seen, &old)
        && seen != old.hash
    {
        return Err("hash_conflict".into());
    }
    let view = match old {
        Some(old) => ctx.state.replace_view(&old.id, &view, ctx.now).ok_or("not_found")?,
        None => {
            let view = ctx.state.new_view(&user, &view, ctx.now);
            ctx.state.model.homes.insert(user.clone(), view.clone());
            ctx.state.changes.push(Change::Home { user });
            view
        }
    };
    Ok(json!({"view": view.as_slack(&ctx.state.model)}))
}
