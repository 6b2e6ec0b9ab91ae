//! `usergroups.*`

use serde_json::{Value, json};

use super::{ApiResult, Ctx};

/// `usergroups.list`
pub(super) fn list(ctx: &mut Ctx<'_>) -> ApiResult {
    ctx.require_team_id()?;
    let disabled_too = ctx.args.flag("include_disabled");
    let (users, count) = (ctx.args.flag("include_users"), ctx.args.flag("include_count"));
    let team = &ctx.state.model.team.id;
    let groups: Vec<Value> = ctx
        .state
        .model
        .groups
        .values()
        .filter(|group| disabled_too || !group.disabled)
        .map(|group| group.as_slack(team, users, count))
        .collect();
    Ok(json!({"usergroups": groups}))
}

/// `usergroups.users.list`
pub(super) fn users_list(ctx: &mut Ctx<'_>) -> ApiResult {
    ctx.require_team_id()?;
    let id = ctx.required("usergroup")?;
    let group = ctx
        .state
        .model
        .groups
        .get(&id)
        .filter(|group| !group.disabled || ctx.args.flag("include_disabled"))
        .ok_or("no_such_subteam")?;
    Ok(json!({"users": group.members}))
}
