//! Slack's Web API: one way to call it, with a deadline for each call and errors that never carry
//! a body or a token. The methods are in [`calls`](super::calls).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::{SlackClientHttpConnector, SlackClientHyperHttpsConnector};
use slack_morphism::{SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext};

use tokio::sync::watch;

use super::inbound::ResponseUrl;
use super::limits::{Limits, UNSAID};

/// Slack's own address.
pub const SLACK: &str = "https://slack.com/api";

/// The longest answer that is read where we read it ourselves.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// What is needed to call Slack.
#[derive(Debug)]
pub struct ClientSettings {
    /// Where the API is: [`SLACK`], or a stand-in's address on this machine.
    pub api_url: String,
    /// The bot's token, `xoxb-…`.
    pub bot_token: SecretString,
    /// The app's token for Socket Mode, `xapp-…`.
    pub app_token: Option<SecretString>,
    /// How long a call may take.
    pub patience: Duration,
    /// How long opening a form may take; its ticket is good for three seconds in all.
    pub view_patience: Duration,
}

impl ClientSettings {
    /// Slack's own address, eight seconds for a call and two for a form.
    pub fn new(bot_token: SecretString) -> Self {
        Self {
            api_url: SLACK.to_owned(),
            bot_token,
            app_token: None,
            patience: Duration::from_secs(8),
            view_patience: Duration::from_secs(2),
        }
    }
}

/// Why there can be no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadClient {
    /// Not an address that tokens may be sent to.
    #[error(
        "slack.api_url must begin with https:// (http:// only for a stand-in on this machine, like \
         http://127.0.0.1:4545/api); it is `{0}`"
    )]
    Address(String),
    /// The machine's certificates cannot be read.
    #[error("no root certificates ({0}): install the package ca-certificates")]
    Certificates(String),
}

/// What went wrong with a call. Safe to log: no bodies, no tokens, no addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Too many calls; try again after this time.
    #[error("ratelimited")]
    RateLimited {
        /// How long to wait.
        after: Duration,
    },
    /// Slack says no.
    #[error("{code}{}", messages.first().map(|m| format!(" ({m})")).unwrap_or_default())]
    Slack {
        /// Slack's error code.
        code: String,
        /// What exactly, if Slack says: which block is wrong, which scope is missing.
        messages: Vec<String>,
    },
    /// The call did not get through, or something between us and Slack answered.
    #[error("{0}")]
    Transport(String),
    /// No answer in time. It may have been done.
    #[error("no answer in time")]
    Timeout,
    /// An answer that Slack would not give.
    #[error("an answer that is not understood")]
    Malformed,
}

impl CallError {
    /// Slack's error code, if it says that the token is not good any more.
    pub fn token_gone(&self) -> Option<&str> {
        self.code().filter(|code| TOKEN_GONE.contains(code))
    }

    /// Slack's error code, if it is one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Slack { code, .. } => Some(code),
            _ => None,
        }
    }
}

/// Which of the tokens a call is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// The bot.
    Bot,
    /// The app, for Socket Mode.
    App,
}

/// How arguments travel: Slack's reading methods take a query, the writing ones JSON.
pub(super) enum Arguments<'a> {
    Query(Vec<(&'a str, Option<&'a str>)>),
    Json(Value),
}

/// Calls Slack.
pub struct Client {
    slack: SlackClient<SlackClientHyperHttpsConnector>,
    /// For the one answer whose headers matter.
    plain: HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    settings: ClientSettings,
    local: bool,
    limits: Arc<Limits>,
    /// The code with which Slack refused the bot's token, once it did.
    refused: watch::Sender<Option<String>>,
}

/// What Slack says of a token that is not good any more, and will not be again.
const TOKEN_GONE: [&str; 5] =
    ["account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"];

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("api_url", &self.settings.api_url).finish_non_exhaustive()
    }
}

impl Client {
    /// A client. The process must have a rustls crypto provider installed (`main` does that).
    pub fn new(mut settings: ClientSettings, limits: Arc<Limits>) -> Result<Self, BadClient> {
        settings.api_url.truncate(settings.api_url.trim_end_matches('/').len());
        let local = is_local(&settings.api_url)?;
        let builder = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| BadClient::Certificates(error.to_string()))?;
        let builder = if local { builder.https_or_http() } else { builder.https_only() };
        let connector = builder.enable_http1().build();
        let slack = SlackClientHyperHttpsConnector::with_connector(connector.clone())
            .with_slack_api_url(&settings.api_url);
        Ok(Self {
            slack: SlackClient::new(slack),
            plain: HyperClient::builder(TokioExecutor::new()).build(connector),
            settings,
            local,
            limits,
            refused: watch::Sender::new(None),
        })
    }

    /// The limits that calls keep to.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Tells when Slack refuses the bot's token: the code of the last refusal.
    pub fn refused(&self) -> watch::Receiver<Option<String>> {
        self.refused.subscribe()
    }

    /// Whether a stand-in on this machine is called instead of Slack.
    pub const fn is_local(&self) -> bool {
        self.local
    }

    /// Whether there is a token for Socket Mode.
    pub const fn has_app_token(&self) -> bool {
        self.settings.app_token.is_some()
    }

    /// How long opening a form may take.
    pub(super) const fn view_patience(&self) -> Duration {
        self.settings.view_patience
    }

    /// How long a call may take.
    pub(super) const fn patience(&self) -> Duration {
        self.settings.patience
    }

    fn token(&self, who: As) -> Result<SlackApiToken, CallError> {
        let token = match who {
            As::Bot => Some(&self.settings.bot_token),
            As::App => self.settings.app_token.as_ref(),
        };
        let missing = || CallError::Slack { code: "not_authed".to_owned(), messages: Vec::new() };
        let token = token.map(|token| token.expose_secret().trim()).filter(|t| !t.is_empty());
        token.map(|t| SlackApiToken::new(SlackApiTokenValue::new(t.to_owned()))).ok_or_else(missing)
    }

    /// Calls a method. `channel` is whom Slack's limits for posting count it to.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        who: As,
        method: &'static str,
        channel: Option<&str>,
        arguments: Arguments<'_>,
        patience: Duration,
    ) -> Result<T, CallError> {
        if let Some(after) = self.limits.paused(method, channel) {
            return Err(CallError::RateLimited { after });
        }
        let token = self.token(who)?;
        let session = self.slack.open_session(&token);
        let api = &session.http_session_api;
        let call = async {
            match &arguments {
                Arguments::Query(query) => api.http_get::<Value, _, _>(method, query, None).await,
                Arguments::Json(json) => api.http_post::<_, Value>(method, json, None).await,
            }
        };
        let found = match tokio::time::timeout(patience, call).await {
            Ok(found) => found.map_err(|error| told(&error)),
            Err(_) => Err(CallError::Timeout),
        };
        let result = found.and_then(understood);
        self.note(method, channel, &result);
        if let (As::Bot, Err(error)) = (who, &result)
            && let Some(code) = error.token_gone()
        {
            self.refused.send_replace(Some(code.to_owned()));
        }
        result
    }

    /// Posts to an address for answers.
    pub async fn respond(&self, url: &ResponseUrl, body: &Value) -> Result<(), CallError> {
        let address = url.expose().parse().map_err(|_| CallError::Malformed)?;
        let span = tracing::Span::none();
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &span,
            is_sensitive_url: true,
        };
        let call = self.slack.http_api.connector.http_post_uri::<_, Value>(address, body, context);
        let found = match tokio::time::timeout(self.settings.patience, call).await {
            Ok(found) => found.map_err(|error| told(&error)),
            Err(_) => Err(CallError::Timeout),
        };
        // Slack answers `ok` as text, or an object.
        let result = found.and_then(|answer| match answer.get("ok") {
            Some(Value::Bool(false)) => Err(CallError::Malformed),
            _ => Ok(()),
        });
        self.note("response_url", None, &result);
        result
    }

    /// Calls a method without arguments as the bot, and gives the answer's headers too.
    pub(super) async fn call_with_headers<T: DeserializeOwned>(
        &self,
        method: &'static str,
    ) -> Result<(T, HeaderMap), CallError> {
        let token = self.token(As::Bot)?;
        let address: Uri = format!("{}/{method}", self.settings.api_url)
            .parse()
            .map_err(|_| CallError::Transport("no address".to_owned()))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(address)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Bearer {}", token.token_value.0))
            .body(Full::new(Bytes::new()))
            .map_err(|_| CallError::Transport("a token that is no token".to_owned()))?;
        let call = async {
            let answer = self.plain.request(request).await.map_err(|error| {
                CallError::Transport(
                    if error.is_connect() { CANNOT_CONNECT } else { BROKEN }.into(),
                )
            })?;
            let (parts, body) = answer.into_parts();
            if !parts.status.is_success() {
                let after = retry_after(&parts.headers);
                return Err(status(parts.status.as_u16(), after, None));
            }
            let body = Limited::new(body, LONGEST_ANSWER).collect().await;
            let body = body.map_err(|_| CallError::Transport(BROKEN.to_owned()))?.to_bytes();
            let value: Value = serde_json::from_slice(&body).map_err(|_| CallError::Malformed)?;
            Ok((refusal(value)?, parts.headers))
        };
        let found = match tokio::time::timeout(self.settings.patience, call).await {
            Ok(found) => found.and_then(|(value, headers)| Ok((understood(value)?, headers))),
            Err(_) => Err(CallError::Timeout),
        };
        self.note(method, None, &found);
        found
    }

    /// Sends a request of our own, without a token; only whether it was taken is of interest. The
    /// connector refuses what is not encrypted, unless a stand-in on this machine is called.
    pub(super) async fn send_plain(&self, request: Request<Full<Bytes>>) -> Result<(), CallError> {
        let call = async {
            let answer = self.plain.request(request).await.map_err(|error| {
                CallError::Transport(
                    if error.is_connect() { CANNOT_CONNECT } else { BROKEN }.into(),
                )
            })?;
            let (code, headers) = (answer.status(), answer.headers());
            if code.is_success() {
                return Ok(());
            }
            Err(status(code.as_u16(), retry_after(headers), None))
        };
        match tokio::time::timeout(self.settings.patience, call).await {
            Ok(sent) => sent,
            Err(_) => Err(CallError::Timeout),
        }
    }

    fn note<T>(&self, method: &'static str, channel: Option<&str>, result: &Result<T, CallError>) {
        match result {
            Ok(_) => tracing::trace!(method, "called Slack"),
            Err(error) => {
                if let CallError::RateLimited { after } = error {
                    self.limits.pause(method, channel, *after);
                }
                tracing::debug!(method, %error, "a call to Slack failed");
            }
        }
    }
}

const CANNOT_CONNECT: &str = "no connection to Slack";
const BROKEN: &str = "the connection to Slack broke";

/// Whether the address is of a stand-in on this machine; an error if it is neither that nor https.
fn is_local(api_url: &str) -> Result<bool, BadClient> {
    let bad = || BadClient::Address(api_url.chars().take(120).collect());
    let uri: Uri = api_url.parse().map_err(|_| bad())?;
    let host = uri.host().ok_or_else(bad)?.trim_matches(['[', ']']);
    match uri.scheme_str() {
        Some("https") => Ok(false),
        Some("http")
            if host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) =>
        {
            Ok(true)
        }
        _ => Err(bad()),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn status(status: u16, after: Option<Duration>, body: Option<&str>) -> CallError {
    if status == 429 {
        return CallError::RateLimited { after: after.unwrap_or(UNSAID) };
    }
    // A used-up or expired address for answers says so in the body of a 404.
    let named = body.and_then(|body| serde_json::from_str::<Value>(body).ok());
    match named.as_ref().and_then(|value| value.get("error")).and_then(Value::as_str) {
        Some(code) if status < 500 => slack_error(code, None),
        _ if status < 500 => slack_error(&format!("http_{status}"), None),
        _ => CallError::Transport(format!("http {status}")),
    }
}

/// The library's error without what it carries: bodies, addresses.
fn told(error: &SlackClientError) -> CallError {
    match error {
        SlackClientError::ApiError(api) => {
            let body = api.http_response_body.as_deref();
            slack_error(&api.code, body.and_then(|body| serde_json::from_str(body).ok()).as_ref())
        }
        SlackClientError::RateLimitError(limit) => {
            CallError::RateLimited { after: limit.retry_after.unwrap_or(UNSAID) }
        }
        SlackClientError::HttpError(http) => {
            status(http.status_code.as_u16(), None, http.http_response_body.as_deref())
        }
        SlackClientError::ProtocolError(_) => CallError::Malformed,
        SlackClientError::HttpProtocolError(protocol) => {
            let cause = protocol.cause.as_ref().map(ToString::to_string).unwrap_or_default();
            let refused = cause.contains("(Connect)");
            CallError::Transport(if refused { CANNOT_CONNECT } else { BROKEN }.to_owned())
        }
        SlackClientError::EndOfStream(_)
        | SlackClientError::SystemError(_)
        | SlackClientError::SocketModeProtocolError(_) => CallError::Transport(BROKEN.to_owned()),
    }
}

/// Slack's "no", with what it says about it: `needed` scopes, `response_metadata.messages`.
fn slack_error(code: &str, answer: Option<&Value>) -> CallError {
    if code == "ratelimited" || code == "rate_limited" {
        return CallError::RateLimited { after: UNSAID };
    }
    let code: String =
        code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect();
    let short = |text: &str| text.chars().take(200).collect::<String>();
    let mut messages: Vec<String> = Vec::new();
    if let Some(needed) = answer.and_then(|a| a.get("needed")).and_then(Value::as_str) {
        messages.push(short(&format!("needs {needed}")));
    }
    let told = answer.and_then(|a| a.pointer("/response_metadata/messages"));
    let told = told.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    messages.extend(told.take(5).map(short));
    CallError::Slack { code: if code.is_empty() { "unnamed".to_owned() } else { code }, messages }
}

/// The answer, if it is a yes.
fn refusal(answer: Value) -> Result<Value, CallError> {
    match (answer.get("ok"), answer.get("error").and_then(Value::as_str)) {
        (Some(Value::Bool(true)), _) => Ok(answer),
        (_, Some(code)) => Err(slack_error(code, Some(&answer))),
        // A no without a reason, or no answer of Slack's at all.
        _ => Err(CallError::Malformed),
    }
}

fn understood<T: DeserializeOwned>(answer: Value) -> Result<T, CallError> {
    serde_json::from_value(refusal(answer)?).map_err(|_| CallError::Malformed)
}
