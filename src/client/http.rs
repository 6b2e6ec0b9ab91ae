//! The way to the server: HTTP/1.1 over TLS (or to this machine without), bounded in time and size,
//! without following redirections. What to try again is decided here: reads, and posts that the server
//! takes once only.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};

use super::address::Address;
use super::trouble::Trouble;
use crate::clock::Entropy;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take; a question that waits for something to change is answered within 25 s.
const PATIENCE: Duration = Duration::from_secs(40);
/// The longest answer that is read.
const LONGEST: usize = 8 * 1024 * 1024;
/// How often something is sent at most.
const TRIES: u32 = 3;
/// The longest that is waited because the server asked for it.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// The pause before the second try, where the server names none; doubled each time.
const PAUSE: Duration = Duration::from_millis(250);

/// What is sent.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<(&'static str, Bytes)>,
    pub(super) token: Option<SecretString>,
    /// Set where sending it twice does it once.
    pub(super) key: Option<String>,
}

impl Sent {
    /// A question.
    pub(super) fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned(), body: None, token: None, key: None }
    }

    /// Whether sending it again does no harm.
    fn is_safe(&self) -> bool {
        self.method == Method::GET || self.key.is_some()
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Without parameters, in small letters.
    pub(super) kind: String,
    pub(super) retry_after: Option<u64>,
    pub(super) body: Bytes,
}

/// Why nothing came back.
enum Lost {
    /// Nothing was sent.
    NotSent(String),
    /// It may have arrived.
    Unknown(String),
}

/// The way to one server.
pub(super) struct Http {
    address: Address,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    chance: Entropy,
}

impl Http {
    /// The way to this server. Nothing is sent yet.
    pub(super) fn to(address: Address) -> Result<Self, Trouble> {
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT));
        http.set_nodelay(true);
        http.enforce_http(false);
        let tls = if address.is_plain() {
            // Reading the machine's roots takes longer than all the rest; nobody would be judged by them.
            rustls_without_roots()?
        } else {
            HttpsConnectorBuilder::new().with_native_roots().map_err(|error| {
                Trouble::fault("This machine's root certificates could not be read.", error)
            })?
        };
        let connector = tls.https_or_http().enable_http1().wrap_connector(http);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { address, client, chance: Entropy::from_system() })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Sends something, again where that does no harm, and gives the last answer.
    pub(super) async fn send(&self, sent: &Sent) -> Result<Answer, Trouble> {
        let mut pause = PAUSE;
        let mut tries = 1;
        loop {
            let last = tries >= TRIES || !sent.is_safe();
            match self.once(sent).await {
                Ok(answer) if last || !is_passing(answer.status) => return Ok(answer),
                Ok(answer) => {
                    let asked = answer.retry_after.map(Duration::from_secs);
                    // Too long to sit and wait: whoever called decides.
                    if asked.is_some_and(|asked| asked > LONGEST_WAIT) {
                        return Ok(answer);
                    }
                    tokio::time::sleep(asked.unwrap_or(pause).max(self.jittered(pause))).await;
                }
                // Nobody listens: asking again at once finds nobody again.
                Err(Lost::NotSent(why)) => return Err(self.unreachable(why)),
                Err(Lost::Unknown(why)) if last => return Err(self.unreachable(why)),
                Err(Lost::Unknown(_)) => tokio::time::sleep(self.jittered(pause)).await,
            }
            tries += 1;
            pause *= 2;
        }
    }

    fn jittered(&self, pause: Duration) -> Duration {
        let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        pause / 2 + Duration::from_millis(self.chance.below(millis.max(1)))
    }

    fn unreachable(&self, why: String) -> Trouble {
        Trouble::Unreachable { address: self.address.to_string(), why }
    }

    async fn once(&self, sent: &Sent) -> Result<Answer, Lost> {
        let uri: Uri = format!("{}{}", self.address, sent.path)
            .parse()
            .map_err(|_| Lost::NotSent(format!("{} is no path", sent.path)))?;
        let mut request = Request::builder()
            .method(sent.method.clone())
            .uri(uri)
            .header(ACCEPT, "application/json, application/problem+json")
            .header(USER_AGENT, concat!("agent-cli/", env!("CARGO_PKG_VERSION")));
        if let Some((kind, _)) = &sent.body {
            request = request.header(CONTENT_TYPE, *kind);
        }
        if let Some(key) = &sent.key {
            request = request.header("idempotency-key", key.as_str());
        }
        if let Some(token) = &sent.token {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
                .map_err(|_| Lost::NotSent("the token has characters that none has".to_owned()))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let body = sent.body.as_ref().map(|(_, body)| body.clone()).unwrap_or_default();
        let request = request
            .body(Full::new(body))
            .map_err(|error| Lost::NotSent(format!("it cannot be asked so: {error}")))?;
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| lost(&error))?;
            let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
            let kind = header(CONTENT_TYPE).unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            let retry_after = header(RETRY_AFTER).and_then(|text| text.trim().parse().ok());
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), LONGEST).collect().await;
            let body =
                body.map_err(|error| Lost::Unknown(format!("the answer broke off: {error}")))?;
            Ok(Answer { status, kind, retry_after, body: body.to_bytes() })
        };
        let slow = || Lost::Unknown(format!("no answer within {} seconds", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, exchange).await.unwrap_or_else(|_| Err(slow()))
    }
}

/// A builder that trusts nobody, for where no TLS is spoken.
fn rustls_without_roots()
-> Result<HttpsConnectorBuilder<hyper_rustls::builderstates::WantsSchemes>, Trouble> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Trouble::fault("TLS could not be set up.", error))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(config))
}

const fn is_passing(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// The innermost cause: the outer ones say only that there was one.
fn lost(error: &ClientError) -> Lost {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let why = cause.to_string();
    // The system's number says nothing to people that its words do not.
    let why = why.split(" (os error").next().unwrap_or_default().to_owned();
    if error.is_connect() { Lost::NotSent(why) } else { Lost::Unknown(why) }
}
