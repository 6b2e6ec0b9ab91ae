//! Whether it lives, and whether it can work: `/livez`, `/readyz`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::slack::wire::socket::SocketHealth;
use crate::store::Store;

/// What readiness depends on.
#[derive(Clone)]
pub struct Health {
    store: Store,
    socket: Option<SocketHealth>,
}

impl Health {
    /// The store must answer.
    pub const fn new(store: Store) -> Self {
        Self { store, socket: None }
    }

    /// A connection to Slack must be open, too.
    #[must_use]
    pub fn with_socket(self, socket: SocketHealth) -> Self {
        Self { socket: Some(socket), ..self }
    }
}

/// `GET /livez`: 200 while the process answers. `GET /readyz`: 200 when the database answers and
/// Slack is connected, 503 with what is missing otherwise.
pub fn router(health: Health) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .with_state(health)
}

async fn ready(State(health): State<Health>) -> (StatusCode, Json<Value>) {
    let database = health.store.ping().await.is_ok();
    let connections = health.socket.as_ref().map(|socket| socket.state().connected);
    let slack = connections != Some(0);
    let status = if database && slack { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": database && slack,
        "database": if database { "answers" } else { "does not answer" },
        "slack": match connections {
            Some(0) => json!("no connection is open"),
            Some(n) => json!(format!("{n} connections are open")),
            None => json!("calls by HTTP"),
        },
    });
    (status, Json(body))
}
