//! Which server this is, and what it speaks.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::take::NoQuery;
use super::{Answer, Api, answer};
use crate::contract::about::{API_VERSION, About};

/// The oldest version of the interface that is still spoken.
const OLDEST: u32 = 1;

/// Which server this is, and what it speaks. For everybody.
#[utoipa::path(
    get,
    path = "/api/v1/about",
    operation_id = "about",
    tag = "server",
    security(()),
    responses((status = 200, description = "This server", body = About))
)]
pub(super) async fn about(State(api): State<Arc<Api>>, _: NoQuery) -> Answer {
    let about = About {
        product: "countersign".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api_version: API_VERSION,
        oldest_api_version: OLDEST,
        address: api.signer.issuer().to_owned(),
        slash_command: "/agent".to_owned(),
        now: Some(api.service.now()),
    };
    Ok(answer(StatusCode::OK, &about))
}
