//! The page: the workspace as people know it, in a browser.
//!
//! The files under `static/` are built into the binary; they ask the addresses here. Nothing in
//! between: no framework, no build step, no request to anywhere else.

mod deeds;
mod events;
mod files;
mod guard;
mod show;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::core::Core;

/// The page's addresses.
pub(crate) fn routes(core: &Arc<Core>) -> Router<Arc<Core>> {
    Router::new()
        .route("/", get(files::index))
        .route("/_page/{file}", get(files::file))
        .route("/_page/state", get(show::state))
        .route("/_page/messages", get(show::messages))
        .route("/_page/picture/{id}", get(show::picture))
        .route("/_page/events", get(events::events))
        .route("/_page/say", post(deeds::say))
        .route("/_page/action", post(deeds::action))
        .route("/_page/view_state", post(deeds::view_state))
        .route("/_page/submit", post(deeds::submit))
        .route("/_page/close", post(deeds::close))
        .route("/_page/open_home", post(deeds::open_home))
        .route("/_page/read", post(deeds::read))
        .route("/_page/person", post(deeds::person))
        .route("/_page/clock", post(deeds::clock))
        .layer(middleware::from_fn_with_state(Arc::clone(core), guard::own_page_only))
}

/// An answer in JSON.
fn answer(body: &Value) -> Response {
    super::web_api::json_response(StatusCode::OK, body)
}

/// Something that did not work, in words for the person at the page.
fn failed(words: impl std::fmt::Display) -> Response {
    answer(&json!({"ok": false, "error": words.to_string()}))
}

/// What is not there at all.
fn not_found(words: &str) -> Response {
    (StatusCode::NOT_FOUND, answer(&json!({"ok": false, "error": words}))).into_response()
}
