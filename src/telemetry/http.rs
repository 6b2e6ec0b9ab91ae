//! What is seen of each request over HTTP, and the numbers for whoever asks.

use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tracing::field::Empty;
use tracing::{Instrument, Level, Span};

use super::prometheus;
use crate::meters::{HTTP, SPANS, read};

/// `GET /metrics`.
pub fn metrics() -> Router {
    let answer = || async {
        ([(CONTENT_TYPE, prometheus::CONTENT_TYPE)], prometheus::text(&read())).into_response()
    };
    Router::new().route("/metrics", get(answer))
}

/// Each request to these routes is timed, and is a span that goes on with its caller's trace.
pub fn watched(router: Router) -> Router {
    router.layer(from_fn(watch))
}

/// Methods by their names; others are of the caller's invention.
const fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

async fn watch(request: Request, next: Next) -> Response {
    let method = method(request.method());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let route = path.as_ref().map_or("none", MatchedPath::as_str);
    let span = if tracing::enabled!(target: SPANS, Level::INFO) {
        let parent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
        tracing::info_span!(
            target: SPANS,
            "http",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            traceparent = parent,
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            otel.error = Empty,
        )
    } else {
        Span::none()
    };
    let started = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.error", true);
    }
    HTTP.took(&[method, route, status.as_str()], started.elapsed());
    response
}
