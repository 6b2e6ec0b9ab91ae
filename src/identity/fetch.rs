//! Reading small documents of other servers: discovery, keys.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// The longest document that is read.
const LONGEST: usize = 256 * 1024;
/// How long reading one may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a document was not read. Safe to log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not an address that is read from.
    #[error("the address must begin with https:// (http:// only for this machine)")]
    Address,
    /// The server could not be reached, or broke off.
    #[error("the server could not be reached")]
    Away,
    /// No answer in time.
    #[error("no answer in time")]
    Slow,
    /// Another answer than 200; redirections are not followed.
    #[error("it answered {0}")]
    Status(u16),
    /// Longer than is read.
    #[error("the document is too long")]
    TooLong,
}

/// Reads documents.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// The document at this address.
    async fn get(&self, url: &str) -> Result<Bytes, FetchError>;
}

/// Reads documents over HTTPS, and over HTTP from this machine.
pub struct HttpFetch {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl HttpFetch {
    /// A reader. The process must have a rustls crypto provider installed.
    ///
    /// # Errors
    ///
    /// When the machine's root certificates cannot be read.
    pub fn new() -> std::io::Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector) })
    }
}

/// Whether documents are read from this address.
pub fn may_read(url: &str) -> Option<Uri> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?.trim_matches(['[', ']']);
    let here = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let fits = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => here,
        _ => false,
    };
    fits.then_some(uri)
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn get(&self, url: &str) -> Result<Bytes, FetchError> {
        let uri = may_read(url).ok_or(FetchError::Address)?;
        let request = Request::get(uri)
            .header("accept", "application/json")
            .body(Empty::new())
            .map_err(|_| FetchError::Address)?;
        let reading = async {
            let answer = self.client.request(request).await.map_err(|_| FetchError::Away)?;
            let status = answer.status().as_u16();
            if status != 200 {
                return Err(FetchError::Status(status));
            }
            match Limited::new(answer.into_body(), LONGEST).collect().await {
                Ok(body) => Ok(body.to_bytes()),
                Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                    Err(FetchError::TooLong)
                }
                Err(_) => Err(FetchError::Away),
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or(Err(FetchError::Slow))
    }
}
