//! `apps.*`

use serde_json::json;

use super::{ApiResult, Ctx};

/// `apps.connections.open`: an address for one web socket.
pub(super) fn connections_open(ctx: &mut Ctx<'_>) -> ApiResult {
    let Some(ticket) = ctx.core.sockets.ticket(&ctx.core.secrets.signing) else {
        return Err("forbidden_team".into());
    };
    let app = &ctx.state.model.app.id;
    let url = format!("ws://{}/link/?ticket={ticket}&app_id={app}", ctx.core.address);
    Ok(json!({"url": url}))
}
