//! `auth.*`, `api.test`, `team.info`

use serde_json::{Value, json};

use super::{ApiError, ApiResult, Ctx};

/// `api.test`
pub(super) fn api_test(ctx: &mut Ctx<'_>) -> ApiResult {
    let args = ctx.args.for_record();
    match ctx.args.text("error") {
        Some(code) => Err(ApiError::new(code).with_field("args", Value::Object(args))),
        None => Ok(json!({"args": args})),
    }
}

/// `auth.test`: whose token it is.
pub(super) fn test(ctx: &mut Ctx<'_>) -> ApiResult {
    let model = &ctx.state.model;
    let installed = if model.org_wide { &model.enterprise } else { &model.team };
    let bot = model.person(&model.app.bot_user_id).map_or("", |bot| bot.name.as_str());
    let mut answer = json!({
        "url": format!("https://{}.slack.com/", installed.domain),
        "team": installed.name,
        "user": bot,
        "team_id": installed.id,
        "user_id": model.app.bot_user_id,
        "bot_id": model.app.bot_id,
        "is_enterprise_install": model.org_wide,
    });
    if let (true, Value::Object(fields)) = (model.org_wide, &mut answer) {
        fields.insert("enterprise_id".to_owned(), json!(model.enterprise.id));
    }
    Ok(answer)
}

/// `auth.teams.list`: where the app is allowed; the organisation has one workspace.
pub(super) fn teams(ctx: &mut Ctx<'_>) -> ApiResult {
    let team = &ctx.state.model.team;
    Ok(json!({
        "teams": [{"id": team.id, "name": team.name}],
        "response_metadata": {"next_cursor": ""},
    }))
}

/// `auth.revoke`: the token is worth nothing from now on.
pub(super) fn revoke(ctx: &mut Ctx<'_>) -> ApiResult {
    if ctx.args.flag("test") {
        return Ok(json!({"revoked": false}));
    }
    ctx.state.revoked.extend(ctx.args.token.clone());
    Ok(json!({"revoked": true}))
}

/// `team.info`
pub(super) fn team_info(ctx: &mut Ctx<'_>) -> ApiResult {
    let team = &ctx.state.model.team;
    if ctx.args.text("team").is_some_and(|wanted| wanted != team.id) {
        return Err("team_not_found".into());
    }
    let enterprise = ctx.state.model.org_wide.then_some(&ctx.state.model.enterprise);
    Ok(json!({"team": {
        "id": team.id,
        "name": team.name,
        "url": format!("https://{}.slack.com/", team.domain),
        "domain": team.domain,
        "email_domain": format!("{}.example", team.domain),
        "icon": {"image_default": true},
        "avatar_base_url": "https://ca.slack-edge.com/",
        "is_verified": false,
        "enterprise_id": enterprise.map(|enterprise| &enterprise.id),
        "enterprise_name": enterprise.map(|enterprise| &enterprise.name),
    }}))
}
