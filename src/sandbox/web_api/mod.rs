//! The Web API: a file for each family of methods.

mod apps;
mod auth;
mod chat;
mod conversations;
mod files;
mod usergroups;
mod users;
mod views;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::args::Args;
use super::core::{Core, RecordedCall};
use super::faults::Fault;
use super::limits::Tier;
use super::model::{Channel, ChannelKind, FROM_TOMORROW, people_set as set};
use super::server::cut;
use super::state::State;
pub(crate) use files::take_bytes;

/// What a method works with.
pub(crate) struct Ctx<'a> {
    pub state: &'a mut State,
    pub args: &'a Args,
    pub now: DateTime<Utc>,
    pub core: &'a Core,
}

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiError {
    /// Slack's code.
    pub code: String,
    /// `response_metadata.messages`.
    pub messages: Vec<String>,
    /// Other fields of the answer.
    pub fields: Map<String, Value>,
}

impl ApiError {
    pub(crate) fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), messages: Vec::new(), fields: Map::new() }
    }

    /// A required argument is not there.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new("invalid_arguments")
            .with_messages(vec![format!("[ERROR] missing required field: {name}")])
    }

    pub(crate) fn with_messages(mut self, messages: Vec<String>) -> Self {
        self.messages = messages;
        self
    }

    pub(crate) fn with_field(mut self, name: &str, value: Value) -> Self {
        self.fields.insert(name.to_owned(), value);
        self
    }
}

impl From<&str> for ApiError {
    fn from(code: &str) -> Self {
        Self::new(code)
    }
}

/// The fields of an answer beside `ok`.
pub(crate) type ApiResult = Result<Value, ApiError>;

/// What a method needs to be called with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    None,
    Bot,
    App,
}

struct Method {
    tier: Tier,
    token: Token,
    /// Any one of them will do.
    scopes: &'static [&'static str],
    run: fn(&mut Ctx<'_>) -> ApiResult,
}

const READ_CONVERSATIONS: &[&str] = &["channels:read", "groups:read", "im:read", "mpim:read"];
const READ_HISTORY: &[&str] = &["channels:history", "groups:history", "im:history", "mpim:history"];
const WRITE_CONVERSATIONS: &[&str] = &["channels:manage", "groups:write", "im:write", "mpim:write"];

/// The method of this name, with its tier and scopes as Slack documents them.
fn method(name: &str) -> Option<Method> {
    let bot = |tier, scopes, run| Some(Method { tier, token: Token::Bot, scopes, run });
    match name {
        "api.test" => {
            Some(Method { tier: Tier::Four, token: Token::None, scopes: &[], run: auth::api_test })
        }
        "apps.connections.open" => Some(Method {
            tier: Tier::Three,
            token: Token::App,
            scopes: &[],
            run: apps::connections_open,
        }),
        "auth.test" => bot(Tier::Special, &[], auth::test),
        "auth.teams.list" => bot(Tier::Two, &[], auth::teams),
        "auth.revoke" => bot(Tier::Three, &[], auth::revoke),
        "blocks.validate" => bot(Tier::Three, &[], chat::validate_blocks),
        "bots.info" => bot(Tier::Three, &["users:read"], users::bot_info),
        "chat.delete" => bot(Tier::Three, &["chat:write"], chat::delete),
        "chat.getPermalink" => bot(Tier::Special, &[], chat::get_permalink),
        "chat.postEphemeral" => bot(Tier::Four, &["chat:write"], chat::post_ephemeral),
        "chat.postMessage" => bot(Tier::Posting, &["chat:write"], chat::post_message),
        "chat.update" => bot(Tier::Three, &["chat:write"], chat::update),
        "conversations.history" => bot(Tier::Three, READ_HISTORY, conversations::history),
        "conversations.info" => bot(Tier::Three, READ_CONVERSATIONS, conversations::info),
        "conversations.join" => bot(Tier::Three, &["channels:join"], conversations::join),
        "conversations.list" => bot(Tier::Two, READ_CONVERSATIONS, conversations::list),
        "conversations.members" => bot(Tier::Four, READ_CONVERSATIONS, conversations::members),
        "conversations.open" => bot(Tier::Three, WRITE_CONVERSATIONS, conversations::open),
        "conversations.replies" => bot(Tier::Three, READ_HISTORY, conversations::replies),
        "files.completeUploadExternal" => bot(Tier::Four, &["files:write"], files::complete_upload),
        "files.getUploadURLExternal" => bot(Tier::Four, &["files:write"], files::get_upload_url),
        "dnd.teamInfo" => bot(Tier::Two, &["dnd:read"], users::dnd_team_info),
        "team.info" => bot(Tier::Three, &["team:read"], auth::team_info),
        "usergroups.list" => bot(Tier::Two, &["usergroups:read"], usergroups::list),
        "usergroups.users.list" => bot(Tier::Two, &["usergroups:read"], usergroups::users_list),
        "users.conversations" => bot(Tier::Three, READ_CONVERSATIONS, conversations::of_user),
        "users.info" => bot(Tier::Four, &["users:read"], users::info),
        "users.list" => bot(Tier::Two, &["users:read"], users::list),
        "users.lookupByEmail" => bot(Tier::Three, &["users:read.email"], users::lookup_by_email),
        "users.profile.get" => bot(Tier::Four, &["users.profile:read"], users::profile_get),
        "views.open" => bot(Tier::Four, &[], views::open),
        "views.publish" => bot(Tier::Four, &[], views::publish),
        "views.push" => bot(Tier::Four, &[], views::push),
        "views.update" => bot(Tier::Four, &[], views::update),
        _ => None,
    }
}

/// One call as it came.
pub(crate) struct Incoming<'a> {
    pub method: &'a str,
    pub headers: &'a HeaderMap,
    pub query: Option<&'a str>,
    pub body: &'a [u8],
    pub is_post: bool,
}

/// Answers one call, with whatever goes wrong on demand.
pub(crate) async fn answer(core: Arc<Core>, call: Incoming<'_>) -> Response {
    let mut clearing = core.faults.clearing();
    let fault = core.faults.next(call.method);
    let parsed = Args::parse(call.headers, call.query, call.body);
    let args = parsed.as_ref().map(Args::for_record).unwrap_or_default();
    let record = |status: u16, error: Option<String>| {
        let (method, args) = (call.method.to_owned(), args.clone());
        core.record(RecordedCall { method, args, status, error, at: core.now() });
    };
    let mut late = Duration::ZERO;
    match fault {
        None => {}
        Some(Fault::SlowAfter(pause)) => late = pause,
        Some(Fault::RateLimited { retry_after }) => {
            record(429, Some("ratelimited".to_owned()));
            return too_many(retry_after);
        }
        Some(Fault::Html { status }) => {
            record(status, None);
            return html(status);
        }
        Some(Fault::Hang) => {
            record(0, None);
            wait_for_clearing(&core, &mut clearing).await;
            return cut();
        }
        Some(Fault::ResetBefore) => {
            record(0, None);
            return cut();
        }
        Some(Fault::NotOkWithoutError) => {
            record(200, None);
            return json_response(StatusCode::OK, &json!({"ok": false}));
        }
        Some(Fault::Error(code)) => {
            record(200, Some(code.clone()));
            return json_response(StatusCode::OK, &json!({"ok": false, "error": code}));
        }
        Some(Fault::Garbage) => {
            record(200, None);
            return (StatusCode::OK, "upstream connect error").into_response();
        }
        Some(Fault::Slow(pause)) => tokio::time::sleep(pause).await,
        Some(Fault::ResetAfter) => {
            let _ = run(&core, &call, parsed);
            record(0, None);
            return cut();
        }
        Some(Fault::HangAfter) => {
            let _ = run(&core, &call, parsed);
            record(0, None);
            wait_for_clearing(&core, &mut clearing).await;
            return cut();
        }
    }
    let (status, response, error) = match run(&core, &call, parsed) {
        Outcome::TooMany(seconds) => (429, too_many(seconds), Some("ratelimited".to_owned())),
        Outcome::Answer { body, headers } => {
            let error = body.get("error").and_then(Value::as_str).map(str::to_owned);
            let mut response = json_response(StatusCode::OK, &body);
            response.headers_mut().extend(headers);
            (200, response, error)
        }
    };
    record(status, error);
    if !late.is_zero() {
        tokio::time::sleep(late).await;
    }
    response
}

async fn wait_for_clearing(core: &Core, clearing: &mut tokio::sync::watch::Receiver<u64>) {
    tokio::select! {
        () = core.stop.cancelled() => {}
        // An error means that nobody is left to clear them.
        _ = clearing.changed() => {}
    }
}

enum Outcome {
    TooMany(u64),
    Answer { body: Value, headers: HeaderMap },
}

fn run(core: &Core, call: &Incoming<'_>, args: Result<Args, &'static str>) -> Outcome {
    let mut headers = HeaderMap::new();
    let mut warnings = Vec::new();
    let result = match args {
        Err(code) => Err(ApiError::new(code)),
        Ok(args) => {
            warnings.clone_from(&args.warnings);
            match checked(core, call, &args, &mut headers) {
                Err(Refusal::TooMany(seconds)) => return Outcome::TooMany(seconds),
                Err(Refusal::Error(error)) => Err(*error),
                Ok(method) => core
                    .change(|state, now| (method.run)(&mut Ctx { state, args: &args, now, core })),
            }
        }
    };
    Outcome::Answer { body: envelope(result, &warnings), headers }
}

enum Refusal {
    TooMany(u64),
    Error(Box<ApiError>),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Error(Box::new(error))
    }
}

/// Everything that is looked at before a method runs: name, token, scopes, rate.
fn checked(
    core: &Core,
    call: &Incoming<'_>,
    args: &Args,
    headers: &mut HeaderMap,
) -> Result<Method, Refusal> {
    let Some(method) = method(call.method) else {
        let error = ApiError::new("unknown_method").with_field("req_method", json!(call.method));
        return Err(error.into());
    };
    if call.method == "apps.connections.open" && !call.is_post {
        return Err(ApiError::new("insecure_request").into());
    }
    check_token(core, method.token, args)?;
    let scopes = core.read(|state| state.model.scopes.clone());
    if method.token == Token::Bot {
        let provided = scopes.join(",");
        let accepted = method.scopes.join(",");
        for (name, value) in [("x-oauth-scopes", &provided), ("x-accepted-oauth-scopes", &accepted)]
        {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        if !method.scopes.is_empty() && !scopes.iter().any(|s| method.scopes.contains(&s.as_str()))
        {
            let needed = method.scopes.first().copied().unwrap_or_default();
            return Err(missing_scope(needed, &scopes).into());
        }
    }
    // A person's id means the direct messages with that person.
    let channel = args
        .text("channel")
        .map(|id| core.read(|state| state.model.dm_of(&id).map(|dm| dm.id.clone())).unwrap_or(id));
    core.limiter
        .take(call.method, method.tier, channel.as_deref(), Instant::now())
        .map_err(Refusal::TooMany)?;
    Ok(method)
}

fn check_token(core: &Core, wanted: Token, args: &Args) -> Result<(), ApiError> {
    if wanted == Token::None {
        return Ok(());
    }
    let Some(token) = args.token.as_deref().filter(|token| !token.is_empty()) else {
        return Err(if wanted == Token::App { "missing_args" } else { "not_authed" }.into());
    };
    if core.read(|state| state.revoked.iter().any(|revoked| revoked == token)) {
        return Err("token_revoked".into());
    }
    let secrets = &core.secrets;
    match wanted {
        Token::Bot if token == secrets.bot_token => Ok(()),
        Token::App if token == secrets.app_token => Ok(()),
        Token::Bot | Token::App if token == secrets.bot_token || token == secrets.app_token => {
            Err("not_allowed_token_type".into())
        }
        _ => Err("invalid_auth".into()),
    }
}

fn missing_scope(needed: &str, provided: &[String]) -> ApiError {
    ApiError::new("missing_scope")
        .with_field("needed", json!(needed))
        .with_field("provided", json!(provided.join(",")))
}

/// The body of an answer: `ok`, the fields or the error, remarks, and something nobody expects.
fn envelope(result: ApiResult, warnings: &[&str]) -> Value {
    let mut body = Map::new();
    let mut metadata = Map::new();
    match result {
        Ok(fields) => {
            body.insert("ok".to_owned(), json!(true));
            if let Value::Object(fields) = fields {
                for (name, value) in fields {
                    match (name.as_str(), value) {
                        ("response_metadata", Value::Object(own)) => metadata.extend(own),
                        (_, mut value) => {
                            if value.is_object() {
                                set(&mut value, FROM_TOMORROW, json!({"x": [1, 2, null]}));
                            }
                            body.insert(name, value);
                        }
                    }
                }
            }
        }
        Err(error) => {
            body.insert("ok".to_owned(), json!(false));
            body.insert("error".to_owned(), json!(error.code));
            body.extend(error.fields);
            if !error.messages.is_empty() {
                metadata.insert("messages".to_owned(), json!(error.messages));
            }
        }
    }
    body.insert(FROM_TOMORROW.to_owned(), json!({"x": [1, 2, null]}));
    if !warnings.is_empty() {
        body.insert("warning".to_owned(), json!(warnings.join(",")));
        metadata.insert("warnings".to_owned(), json!(warnings));
    }
    if !metadata.is_empty() {
        body.insert("response_metadata".to_owned(), Value::Object(metadata));
    }
    Value::Object(body)
}

/// An answer in JSON, with the headers Slack sends.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "private, no-cache, no-store, must-revalidate"),
    ];
    (status, headers, body.to_string()).into_response()
}

/// HTTP 429.
pub(crate) fn too_many(seconds: u64) -> Response {
    let body = json!({"ok": false, "error": "ratelimited"});
    let mut response = json_response(StatusCode::TOO_MANY_REQUESTS, &body);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// A page for people where a program expected JSON.
pub(crate) fn html(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let page = "<!DOCTYPE html><html><head><title>Server Error</title></head>\
        <body><h1>There has been a glitch</h1><p>We are on it.</p></body></html>";
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

impl Ctx<'_> {
    /// A text argument that must be there.
    fn required(&self, name: &str) -> Result<String, ApiError> {
        self.args.text(name).ok_or_else(|| ApiError::missing(name))
    }

    /// The channel with this id, if the app may know of it.
    fn visible_channel(&self, id: &str) -> Result<&Channel, ApiError> {
        let bot = &self.state.model.app.bot_user_id;
        self.state
            .model
            .channel(id)
            .filter(|channel| channel.kind != ChannelKind::Private || channel.members.contains(bot))
            .ok_or_else(|| "channel_not_found".into())
    }

    /// Whether the scope for this kind of channel was granted: `channels:read`, `groups:read`, …
    fn require_channel_scope(&self, kind: &ChannelKind, what: &str) -> Result<(), ApiError> {
        let needed = match kind {
            ChannelKind::Public => format!("channels:{what}"),
            ChannelKind::Private => format!("groups:{what}"),
            ChannelKind::Dm { .. } => format!("im:{what}"),
        };
        self.require_scope(&needed)
    }

    fn has_scope(&self, scope: &str) -> bool {
        self.state.model.scopes.iter().any(|granted| granted == scope)
    }

    fn require_scope(&self, needed: &str) -> Result<(), ApiError> {
        if self.has_scope(needed) {
            return Ok(());
        }
        Err(missing_scope(needed, &self.state.model.scopes))
    }

    /// With an org-wide installation, methods about a workspace must name it.
    fn require_team_id(&self) -> Result<(), ApiError> {
        if !self.state.model.org_wide {
            return Ok(());
        }
        match self.args.text("team_id") {
            None => Err(ApiError::new("missing_argument")
                .with_messages(vec!["[ERROR] missing required field: team_id".to_owned()])),
            Some(team) if team == self.state.model.team.id => Ok(()),
            Some(_) => Err("team_access_not_granted".into()),
        }
    }

    /// One page of a list, and the cursor of the next.
    fn page<T>(&self, all: Vec<T>, usual: usize) -> Result<(Vec<T>, String), ApiError> {
        let limit = match self.args.text("limit") {
            None => usual,
            Some(limit) => match limit.parse::<usize>() {
                Ok(limit @ 1..=1000) => limit,
                Ok(0) => usual,
                _ => return Err("invalid_limit".into()),
            },
        };
        let from = match self.args.text("cursor") {
            None => 0,
            Some(cursor) => cursor
                .strip_prefix("from:")
                .and_then(|from| from.parse::<usize>().ok())
                .ok_or_else(|| ApiError::new("invalid_cursor"))?,
        };
        let next = from.saturating_add(limit);
        let cursor = if next < all.len() { format!("from:{next}") } else { String::new() };
        Ok((all.into_iter().skip(from).take(limit).collect(), cursor))
    }
}
