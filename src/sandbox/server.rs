//! The stand-in's own listener: Slack's addresses and the page, on loopback only.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, RawQuery, State, WebSocketUpgrade};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};

use super::core::Core;
use super::{page, response_url, socket, web_api};

/// Marks an answer that is never sent: the connection ends instead.
#[derive(Clone, Copy, Debug)]
struct Cut;

/// Ends the connection without an answer.
pub(crate) fn cut() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Cut);
    response
}

/// Longest body that is read; a view may have 250 kB.
const LONGEST_BODY: usize = 2 << 20;

/// Serves until the stand-in is stopped.
pub(crate) async fn serve(core: Arc<Core>, listener: TcpListener) {
    let router = Router::new()
        .route("/api/{method}", any(api))
        .route("/commands/{team}/{number}/{mark}", post(answer_url))
        .route("/actions/{team}/{number}/{mark}", post(answer_url))
        .route("/upload/v1/{ticket}", post(upload))
        .route("/link/", get(link))
        .merge(page::routes(&core))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(Arc::clone(&core));
    loop {
        tokio::select! {
            () = core.stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (core_again, router) = (Arc::clone(&core), router.clone());
                    core.tasks.spawn(async move {
                        tokio::select! {
                            () = core_again.stop.cancelled() => {}
                            () = connection(stream, router) => {}
                        }
                    });
                }
                Err(error) => {
                    // Such as too many open files: it passes.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            },
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small packets may be held back");
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        use hyper::service::Service as _;
        let answer = router.call(request.map(Body::new));
        async move {
            let response: Result<Response, Infallible> = answer.await;
            let response = match response {
                Ok(response) => response,
                Err(never) => match never {},
            };
            match response.extensions().get::<Cut>() {
                None => Ok(response),
                Some(_) => Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
            }
        }
    });
    let connection =
        http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    if let Err(error) = connection.await {
        tracing::trace!(%error, "a connection ended early");
    }
}

async fn api(
    State(core): State<Arc<Core>>,
    Path(name): Path<String>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = web_api::Incoming {
        method: &name,
        headers: &headers,
        query: query.as_deref(),
        body: &body,
        is_post: method == Method::POST,
    };
    web_api::answer(core, call).await
}

async fn answer_url(
    State(core): State<Arc<Core>>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    response_url::answer(core, uri.path(), &headers, &body).await
}

async fn upload(
    State(core): State<Arc<Core>>,
    Path(ticket): Path<String>,
    body: Bytes,
) -> Response {
    web_api::take_bytes(&core, &ticket, &body).into_response()
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    ticket: String,
}

async fn link(
    State(core): State<Arc<Core>>,
    Query(link): Query<Link>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !core.sockets.admit(&link.ticket) {
        return (StatusCode::UNAUTHORIZED, "this ticket is not good any more").into_response();
    }
    let tasks = core.tasks.clone();
    upgrade.on_upgrade(move |socket| async move {
        // Followed here, so that stopping waits for it.
        let _ = tasks.spawn(socket::talk(core, socket)).await;
    })
}
