//! The addresses at which an app answers a command or a click.
//!
//! <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::args::Args;
use super::blocks;
use super::core::{Core, RecordedCall};
use super::faults::Fault;
use super::model::Author;
use super::server::cut;
use super::state::{Draft, Edit, State};
use super::triggers::{Origin, ResponseUrl};
use super::web_api::{ApiError, html, json_response, too_many};

const NAME: &str = "response_url";

/// Answers one call of a response URL.
pub(crate) async fn answer(
    core: Arc<Core>,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let mut clearing = core.faults.clearing();
    let args = read(headers, body);
    let record = |status: u16, error: Option<String>| {
        let args = args.as_ref().map(Args::for_record).unwrap_or_default();
        core.record(RecordedCall { method: NAME.to_owned(), args, status, error, at: core.now() });
    };
    let mut late = Duration::ZERO;
    match core.faults.next(NAME) {
        None => {}
        Some(Fault::SlowAfter(pause)) => late = pause,
        Some(Fault::Slow(pause)) => tokio::time::sleep(pause).await,
        Some(Fault::RateLimited { retry_after }) => {
            record(429, Some("ratelimited".to_owned()));
            return too_many(retry_after);
        }
        Some(Fault::Html { status }) => {
            record(status, None);
            return html(status);
        }
        Some(Fault::NotOkWithoutError | Fault::Garbage) => {
            record(500, None);
            return (StatusCode::INTERNAL_SERVER_ERROR, "error").into_response();
        }
        Some(Fault::Error(code)) => {
            record(404, Some(code.clone()));
            return refusal(&ApiError::new(code));
        }
        Some(fault) => {
            if matches!(fault, Fault::ResetAfter | Fault::HangAfter)
                && let Ok(args) = &args
            {
                let _ = core.change(|state, now| act(state, path, args, now));
            }
            record(0, None);
            if matches!(fault, Fault::Hang | Fault::HangAfter) {
                tokio::select! {
                    () = core.stop.cancelled() => {}
                    _ = clearing.changed() => {}
                }
            }
            return cut();
        }
    }
    let outcome = match &args {
        Ok(args) => core.change(|state, now| act(state, path, args, now)),
        Err(code) => Err(ApiError::new(*code)),
    };
    if !late.is_zero() {
        tokio::time::sleep(late).await;
    }
    match outcome {
        Ok(origin) => {
            record(200, None);
            match origin {
                Origin::Command => (StatusCode::OK, "ok").into_response(),
                Origin::Message { .. } => json_response(StatusCode::OK, &json!({"ok": true})),
            }
        }
        Err(error) => {
            let response = refusal(&error);
            record(response.status().as_u16(), Some(error.code));
            response
        }
    }
}

/// The body is JSON, or a form whose `payload` is; Slack does not insist on the header.
fn read(headers: &HeaderMap, body: &[u8]) -> Result<Args, &'static str> {
    if body.first() == Some(&b'{') {
        let mut headers = HeaderMap::new();
        let json = axum::http::HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(axum::http::header::CONTENT_TYPE, json);
        return Args::parse(&headers, None, body).map_err(|_| "invalid_payload");
    }
    let args = Args::parse(headers, None, body).map_err(|_| "invalid_payload")?;
    match args.json("payload") {
        Ok(Some(payload @ Value::Object(_))) => read(headers, payload.to_string().as_bytes()),
        _ => Err("invalid_payload"),
    }
}

fn refusal(error: &ApiError) -> Response {
    let status = match error.code.as_str() {
        "no_such_url" | "expired_url" | "used_url" | "message_not_found" | "channel_not_found" => {
            StatusCode::NOT_FOUND
        }
        _ => StatusCode::BAD_REQUEST,
    };
    let mut body = json!({"ok": false, "error": error.code});
    if let (false, Value::Object(fields)) = (error.messages.is_empty(), &mut body) {
        fields.insert("response_metadata".to_owned(), json!({"messages": error.messages}));
    }
    json_response(status, &body)
}

fn act(state: &mut State, path: &str, args: &Args, now: DateTime<Utc>) -> Result<Origin, ApiError> {
    let url = state.response_urls.check(path, now).map_err(|refusal| refusal.code())?;
    apply(state, &url, args, now)?;
    state.response_urls.used(path);
    Ok(url.origin)
}

/// What an answer does, whether it came to a response URL or with the acknowledgement of a
/// command.
pub(crate) fn apply(
    state: &mut State,
    url: &ResponseUrl,
    args: &Args,
    now: DateTime<Utc>,
) -> Result<Option<String>, ApiError> {
    let original = match &url.origin {
        Origin::Message { ts, .. } => Some(ts.as_str()),
        // A command leaves nothing behind that could be replaced.
        Origin::Command => None,
    };
    if args.flag("delete_original") {
        let ts = original.ok_or("message_not_found")?;
        state.delete(&url.channel, ts).ok_or("message_not_found")?;
        return Ok(None);
    }
    let mut content = blocks::read(args)?;
    let replace = match args.json("replace_original") {
        Ok(Some(Value::Bool(replace))) => replace,
        _ => args.flag("replace_original"),
    };
    if let (true, Some(ts)) = (replace, original) {
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
        let message = state.edit(&url.channel, ts, edit, now).ok_or("message_not_found")?;
        return Ok(Some(message.ts));
    }
    content.fit_for_posting()?;
    let seen_by_all = args.text("response_type").as_deref() == Some("in_channel");
    let draft = Draft {
        files: Vec::new(),
        text: content.text.unwrap_or_default(),
        blocks: content.blocks,
        attachments: content.attachments.unwrap_or_default(),
        metadata: content.metadata.flatten(),
        thread_ts: args.text("thread_ts").filter(|_| seen_by_all),
        ephemeral_to: (!seen_by_all).then(|| url.user.clone()),
    };
    let message = state.post(&url.channel, Author::App, draft, now).ok_or("channel_not_found")?;
    Ok(Some(message.ts))
}
