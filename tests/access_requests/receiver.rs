//! Who is called back: an HTTPS server on loopback that answers as it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::http::{Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use serde_json::Value;
use tokio_rustls::TlsAcceptor;

const CA: &[u8] = include_bytes!("../data/tls/ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../data/tls/hooks.pem");
const KEY: &[u8] = include_bytes!("../data/tls/hooks.key");

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Path and query.
    pub path: String,
    /// `Authorization`.
    pub authorization: String,
    /// The delivery's name.
    pub delivery: String,
    /// The body's text.
    pub text: String,
    /// The body.
    pub body: Value,
}

/// The receiver.
#[derive(Clone)]
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    answers: Arc<Mutex<StatusCode>>,
}

/// Trusts the receiver, and nobody else.
pub fn trust() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CA).expect("a certificate")).expect("a root");
    ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}

impl Receiver {
    /// Listens, and takes everything.
    pub async fn start() -> Self {
        let certificate = CertificateDer::from_pem_slice(CERTIFICATE).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(KEY).expect("a key");
        let tls = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("a server");
        let tls = TlsAcceptor::from(Arc::new(tls));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let receiver = Self {
            address: listener.local_addr().expect("an address"),
            calls: Arc::default(),
            answers: Arc::new(Mutex::new(StatusCode::NO_CONTENT)),
        };
        let this = receiver.clone();
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.expect("a connection");
                let (tls, this) = (tls.clone(), this.clone());
                tokio::spawn(async move {
                    let Ok(stream) = tls.accept(tcp).await else { return };
                    let service = service_fn(move |request| this.clone().take(request));
                    let http = hyper::server::conn::http1::Builder::new();
                    // Who calls may hang up after the answer.
                    let _ = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        receiver
    }

    async fn take(
        self,
        request: Request<hyper::body::Incoming>,
    ) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let (parts, body) = request.into_parts();
        let text = String::from_utf8(body.collect().await?.to_bytes().to_vec()).expect("a text");
        let header = |name: &str| {
            parts.headers.get(name).map_or("", |v| v.to_str().expect("a text")).to_owned()
        };
        let call = Call {
            path: parts.uri.to_string(),
            authorization: header("authorization"),
            delivery: header("countersign-delivery"),
            body: serde_json::from_str(&text).expect("JSON"),
            text,
        };
        self.calls.lock().expect("the calls").push(call);
        let mut response = Response::new(Full::default());
        *response.status_mut() = *self.answers.lock().expect("the answer");
        Ok(response)
    }

    /// From now on it answers so.
    pub fn answers(&self, status: StatusCode) {
        *self.answers.lock().expect("the answer") = status;
    }

    /// What it was told.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("the calls").clone()
    }

    /// Where it is reached, as the policy knows it.
    pub fn url(&self) -> String {
        format!("https://hooks.example.com:{}/callbacks?a=b", self.address.port())
    }
}
