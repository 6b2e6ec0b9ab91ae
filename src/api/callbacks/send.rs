//! A program is told: one small POST, signed, to an address that was looked at.
//!
//! `Authorization: Bearer` carries a JWT of ours (`typ` `callback+jwt`, by a key of our JWK set): `aud`
//! is the address, `jti` the delivery, `body_sha256` the hash of the body, hexadecimal. The body tells
//! how the task stands and opens nothing: who is told fetches the result.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use axum::http::{HeaderName, Request, StatusCode};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;

use super::address::{Resolver, Unfit, addresses, endpoint};
use crate::api::requests::task::told;
use crate::domain::ids::DeliveryId;
use crate::domain::task::Callback;
use crate::identity::{Kind, Signer};
use crate::policy::PolicyHandle;
use crate::service::access_requests::TaskView;
use crate::service::access_requests::callback::Callbacks;
use crate::service::messenger::Delivered;

/// How long one try may take.
const TRIED_WITHIN: Duration = Duration::from_secs(8);
/// How long one address may take to answer the connection.
const CONNECTED_WITHIN: Duration = Duration::from_secs(3);
/// How many are told at once: slow receivers must not hold up messages to people.
const AT_ONCE: usize = 8;
/// How long a signature holds.
const SIGNED_FOR: i64 = 300;
/// The longest wait that a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(900);

/// The delivery: the same with every try.
const DELIVERY: HeaderName = HeaderName::from_static("countersign-delivery");

/// Tells programs over HTTPS.
pub struct HttpsCallbacks {
    signer: Arc<dyn Signer>,
    policy: PolicyHandle,
    resolver: Arc<dyn Resolver>,
    tls: TlsConnector,
    places: Semaphore,
}

/// Why it could not be told.
enum Failed {
    /// For now.
    Now(String),
    /// For ever.
    Ever(String),
}

impl HttpsCallbacks {
    /// Signs with this, allows what the policy allows, and trusts what `tls` trusts.
    pub fn new(
        signer: Arc<dyn Signer>,
        policy: PolicyHandle,
        resolver: Arc<dyn Resolver>,
        tls: ClientConfig,
    ) -> Self {
        let tls = TlsConnector::from(Arc::new(tls));
        Self { signer, policy, resolver, tls, places: Semaphore::new(AT_ONCE) }
    }

    async fn post(
        &self,
        id: DeliveryId,
        view: &TaskView,
        callback: &Callback,
    ) -> Result<Delivered, Failed> {
        let policy = self.policy.current();
        let allowed = policy.callbacks();
        // The policy may have changed since it was asked, and so may what the name says.
        let at = endpoint(&callback.endpoint, allowed).map_err(unfit)?;
        let found = addresses(&at, allowed, self.resolver.as_ref()).await.map_err(unfit)?;
        let body = body(self.signer.as_ref(), view, callback).to_string();
        let token = self
            .proof(id, callback, &body, view.now.timestamp())
            .ok_or_else(|| Failed::Now("no_key_to_sign_with".to_owned()))?;
        let request = Request::post(at.path.as_str())
            .header(HOST, at.authority.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .header(DELIVERY, id.to_string())
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| Failed::Ever("not_an_address".to_owned()))?;
        let tcp = connect(&found).await?;
        let name = ServerName::try_from(at.host.clone())
            .map_err(|_| Failed::Ever("not_an_address".to_owned()))?;
        let tls = self.tls.connect(name, tcp).await;
        let tls = tls.map_err(|_| Failed::Now("tls_handshake_failed".to_owned()))?;
        let broken = |_| Failed::Now("connection_broken".to_owned());
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(tls)).await.map_err(broken)?;
        let told = async {
            let answer = sender.send_request(request).await.map_err(broken)?;
            let wait = answer.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok());
            Ok(outcome(answer.status(), wait))
        };
        // The connection ends with the answer's head: nobody reads the body, and no redirect.
        tokio::select! {
            told = told => told,
            _ = connection => Err(Failed::Now("connection_broken".to_owned())),
        }
    }

    fn proof(&self, id: DeliveryId, callback: &Callback, body: &str, now: i64) -> Option<String> {
        let mut claims = Map::new();
        claims.insert("aud".to_owned(), callback.endpoint.as_str().into());
        claims.insert("exp".to_owned(), (now + SIGNED_FOR).into());
        claims.insert("jti".to_owned(), id.to_string().into());
        let hash = hex::encode(Sha256::digest(body.as_bytes()));
        claims.insert("body_sha256".to_owned(), hash.into());
        self.signer.sign(Kind::Callback, &claims)
    }
}

/// What is told.
pub fn body(signer: &dyn Signer, view: &TaskView, callback: &Callback) -> Value {
    let mut body = json!({ "task": told(signer, view) });
    if let (Value::Object(members), Some(state)) = (&mut body, &callback.state) {
        members.insert("state".to_owned(), state.clone());
    }
    body
}

/// A connection to the first of these addresses that takes one.
async fn connect(addresses: &[std::net::SocketAddr]) -> Result<TcpStream, Failed> {
    for address in addresses {
        let connecting = TcpStream::connect(address);
        if let Ok(Ok(tcp)) = tokio::time::timeout(CONNECTED_WITHIN, connecting).await {
            return Ok(tcp);
        }
    }
    Err(Failed::Now("cannot_connect".to_owned()))
}

fn unfit(why: Unfit) -> Failed {
    match why {
        Unfit::NotFound => Failed::Now("host_not_found".to_owned()),
        Unfit::NotAllowed => Failed::Ever("host_not_allowed".to_owned()),
        Unfit::Internal => Failed::Ever("internal_address".to_owned()),
        Unfit::NoAddress | Unfit::NotHttps => Failed::Ever("not_an_address".to_owned()),
    }
}

fn outcome(status: StatusCode, wait: Option<&str>) -> Delivered {
    let wait = wait.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    match status {
        status if status.is_success() => Delivered::Shown,
        StatusCode::GONE => Delivered::Never { error: "http_410".to_owned() },
        status => Delivered::Retry {
            after: wait.map(|wait| wait.min(LONGEST_WAIT)),
            error: format!("http_{}", status.as_u16()),
        },
    }
}

#[async_trait]
impl Callbacks for HttpsCallbacks {
    async fn tell(&self, id: DeliveryId, task: &TaskView) -> Delivered {
        let Some(callback) = &task.task.callback else { return Delivered::Shown };
        let Ok(_place) = self.places.try_acquire() else {
            let after = Some(Duration::from_secs(1));
            return Delivered::Retry { after, error: "our_own_limit".to_owned() };
        };
        match tokio::time::timeout(TRIED_WITHIN, self.post(id, task, callback)).await {
            Ok(Ok(delivered)) => delivered,
            Ok(Err(Failed::Now(error))) => Delivered::Retry { after: None, error },
            Ok(Err(Failed::Ever(error))) => Delivered::Never { error },
            Err(_) => Delivered::Retry { after: None, error: "too_slow".to_owned() },
        }
    }
}

impl std::fmt::Debug for HttpsCallbacks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpsCallbacks")
    }
}
