//! An issuer outside: a server with discovery and keys, as GitHub, a cluster or an identity provider
//! has.

use std::sync::{Arc, Mutex};

use axum::routing::get;
use axum::{Json, Router};
use countersign::domain::signing_key::Algorithm;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::tools::Pair;

/// An issuer.
pub struct Outside {
    pub url: String,
    pub pair: Pair,
    keys: Arc<Mutex<Value>>,
}

impl Outside {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let pair = Pair::make(Algorithm::Es256);
        let keys = Arc::new(Mutex::new(json!({ "keys": [pair.jwk()] })));
        let (issuer, shown) = (url.clone(), Arc::clone(&keys));
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async move || {
                    Json(json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")}))
                }),
            )
            .route("/keys", get(async move || Json(shown.lock().expect("keys").clone())));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, pair, keys }
    }

    /// It has other keys now.
    pub fn show(&self, keys: Value) {
        *self.keys.lock().expect("keys") = keys;
    }
}
